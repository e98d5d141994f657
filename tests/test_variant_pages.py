"""What the page of a variant says: about this variant, and nothing that is true of another one only."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import tracer
from tracer.expr import Add, Axis, Index, Tensor, num, total
from tracer.formats import render
from tracer.formats.html import html
from tracer.formats.pdf.setting import Setting
from tracer.notation.latex import latex
from tracer.notation.mathml import mathml
from tracer.notation.plain import plain
from tracer.pages.solution import solution
from tracer.parts.special import special
from tracer.problem_file import from_dict
from tracer.show import addends, show

EXAMPLES = Path(__file__).parent.parent / "examples"
VARIANTS = sorted(
    path
    for folder in [
        "sinusoidal-positions",
        "rotary",
        "qk-norm",
        "additive-similarity",
        "why-not-subtract",
        "bilinear-similarity",
        "temperature",
        "alibi",
        "relative-positions",
        "sliding-window",
        "padding",
        "additive-mask",
        "grouped-queries",
        "off-by-one",
        "attention-sink",
        "sigmoid-attention",
        "sparsemax",
        "base-2",
        "linear-attention",
    ]
    for path in (EXAMPLES / folder).glob("*.toml")
)
TWO = [[1, 2], [3, 1]]


def solved(given: dict[str, Any], **wiring: Any) -> tracer.Trace:
    return tracer.solve(from_dict({"tokens": ["apple", "orange"], "given": given, "pass": wiring}))


def example(name: str) -> tracer.Trace:
    return tracer.solve(tracer.load(EXAMPLES / f"{name}.toml"))


def text(trace: tracer.Trace) -> str:
    return " ".join(render(trace, lambda: solution(trace), ".txt").decode().split())


MANY = solved(  # nearly everything at once
    {"X": TWO, "relative": [0, 1, 2], "sinks": [1]},
    encoding=["sinusoidal", "rms-norm", "rotary"],
    logits=[{"use": "scale"}, {"use": "relative"}, {"use": "mask", "rule": "causal"}],
    normalisation="softmax-sink",
)


@pytest.mark.parametrize("path", [None, *VARIANTS], ids=lambda path: path and f"{path.parent.name}/{path.stem}")
def test_no_symbol_stands_for_two_things(path: Path | None) -> None:
    trace = MANY if path is None else tracer.solve(tracer.load(path))
    symbols = Counter((one.tensor.mark, one.tensor.symbol) for one in (*trace.given, *trace.steps))
    assert [symbol for symbol, times in symbols.items() if times > 1] == []


def test_scores_behind_a_feature_map_are_never_said_to_be_negative() -> None:
    said = str(special(example("linear-attention/problem")))
    assert "behind the feature map no score is negative" in said
    assert "can be negative" not in said
    assert "can be negative" in str(special(solved({"S": TWO, "V": TWO}, logits=[], normalisation="sum")))


def test_the_extra_term_below_the_line_has_its_reason() -> None:
    assert "as for one more key with the score 0" in text(example("off-by-one/problem"))
    assert "e to the logit of the sink is added" in text(example("attention-sink/problem"))


def test_outputs_are_a_mixture_only_where_the_weights_add_up() -> None:
    mixture = "moves to a mixture of all words, in the proportions of its weights."
    assert mixture in text(example("base-2/problem"))
    assert mixture not in text(example("sigmoid-attention/problem"))
    assert mixture not in text(example("off-by-one/problem"))


def test_e_to_a_masked_score_is_not_called_positive() -> None:
    assert "e to any power is positive" not in text(example("padding/problem"))
    assert "e to any power is positive" in text(example("padding/without-mask"))


def test_a_word_with_its_position_is_not_said_to_be_the_bare_word() -> None:
    assert "becomes" not in text(example("sinusoidal-positions/problem"))


def test_given_scores_are_called_so_above_their_bars() -> None:
    assert b">Scores<" in html(solution(example("base-2/problem")))


def test_a_sum_that_comes_last_needs_no_brackets() -> None:
    """1 + Σ, in each notation and in the pieces of a long line; before another term it does."""
    E = Tensor("exponentials", "E", (Axis("j", 3),))
    summed = total(Axis("j", 3), E[Index("j")])
    last, first = Add((num(1), summed)), Add((summed, num(1)))
    assert show(last, plain) == "1 + Σ_j E[j]"
    assert show(first, plain) == "(Σ_j E[j]) + 1"
    for notation in (latex, mathml):
        assert [sign for sign, _, _ in addends(last.terms, notation)] == ["", "+"]
        assert [text for _, _, text in addends(last.terms, notation)][1] == show(summed, notation)
    page = Setting(solution(example("off-by-one/problem")), 40, 60, lambda text: None)  # type: ignore[arg-type,return-value]
    assert sum(box.width for box in page.parts(last, page.boxes)) < sum(
        box.width for box in page.parts(first, page.boxes)
    )
