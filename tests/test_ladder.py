"""The normaliser ladder: three normalisations of the same scores side by side, and what fails on which rung."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import tracer
from tracer import cli
from tracer.document import Ledger, Math, flat
from tracer.errors import ProblemError
from tracer.notation.plain import plain
from tracer.pages.ladder import FAILURES, ladder
from tracer.problem_file import from_dict
from tracer.show import show

EXAMPLE = Path(__file__).parent.parent / "examples/normaliser-ladder/problem.toml"


def told(S: list[list[Any]], **more: Any) -> tuple[list[list[list[str]]], list[str]]:
    """The tables, row by row as texts, and what is said below each."""
    wiring = {"logits": [{"use": "mask"}] if "mask" in more else []}
    page = ladder(tracer.solve(from_dict({"given": {"S": S, **more}, "pass": wiring, "paper": {"places": 4}})))
    blocks = flat(page.blocks)
    tables = [
        [
            ["".join(show(p.expr, plain) if isinstance(p, Math) else p for p in line) for line in row]
            for row in b.entries
        ]
        for b in blocks
        if isinstance(b, Ledger)
    ]
    named = {text: name for name, text in FAILURES.items()}
    after = [named[block.line[0]] for block in blocks if getattr(block, "line", ("",))[0] in named]
    return tables, after


def test_opposite_scores_have_a_softmax_and_no_shares() -> None:
    """1 and −1 add up to 0: undefined by the sum, e/(e + 1/e) ≈ 0.8808 by the softmax."""
    (table,), failures = told([[1, -1]])
    assert table == [
        ["key 1", "1", "undefined", "≈\u00a02.7183", "≈\u00a00.8808", "1", "≈\u00a00.8808"],
        ["key 2", "−1", "undefined", "≈\u00a00.3679", "≈\u00a00.1192", "≈\u00a00.1353", "≈\u00a00.1192"],
        ["Sum", "0", "", "≈\u00a03.0862", "1", "≈\u00a01.1353", "1"],
    ]
    assert failures == ["zero"]


@pytest.mark.parametrize(
    ("scores", "failure"),
    [
        ([1, 3], ""),
        ([3, -1], "negative"),
        ([-1, -3], ""),
        ([1000, 999], "overflow"),
        ([709, 709], ""),
        (["709.7", "709.7"], "overflow"),  # each exponential is a double, their sum is not
        ([-1000, -1001], "underflow"),
        ([1000, -1000], "overflow"),
        ([0, 0], "zero"),
    ],
)
def test_what_fails_first(scores: list[Any], failure: str) -> None:
    """Exactly the rows in which a computer has no softmax, or the sum has no shares, say so."""
    assert told([scores])[1] == [failure]


def test_hidden_keys_weigh_nothing_on_any_rung() -> None:
    """A masked key is −∞ and weighs 0; a row of them has weights 0, and nothing is divided by zero."""
    tables, failures = told([[1, 2], [1, 2]], mask=[[1, 0], [0, 0]])
    assert tables[0][1] == ["token 2", "−∞", "0", "0", "0", "0", "0"]
    assert [row[2] for row in tables[1]] == ["0", "0", "0"]
    assert failures == ["", "hidden"]


def test_a_score_without_a_value_is_no_fault_of_any_rung() -> None:
    """A vector of length 0 has no cosine; the row says so, and blames no normalisation."""
    trace = tracer.solve(from_dict({"given": {"X": [[0, 0], [1, 1]]}, "pass": {"similarity": "cosine", "logits": []}}))
    said = [block.line[0] for block in flat(ladder(trace).blocks) if getattr(block, "kind", "") == "note"]
    assert said == [FAILURES["undefined"]] * 2


def test_every_head_has_its_tables() -> None:
    """Two heads, two rows each: four tables."""
    trace = tracer.solve(from_dict({"given": {"X": [[1, 0, 2, 1], [0, 1, 1, 3]]}, "pass": {"n_heads": 2}}))
    blocks = flat(ladder(trace).blocks)
    assert sum(isinstance(block, Ledger) for block in blocks) == 4


@pytest.mark.parametrize("given", [{"A": [[1]], "V": [[1]]}, {"S": [["a", 1]]}])
def test_a_ladder_needs_scores_that_are_numbers(given: dict[str, Any]) -> None:
    """Weights have no rungs, and a letter has no size."""
    with pytest.raises(ProblemError, match="the ladder needs"):
        ladder(tracer.solve(from_dict({"given": given, "pass": {"logits": []}})))


def test_what_only_the_other_normalisation_needs_is_left_out() -> None:
    """Sinks, and the gradient of what the problem's own normalisation gives, are not asked for on the rungs."""
    given = {"S": [[1, 3]], "V": [[1], [2]], "sinks": [0]}
    sinking = {"given": given, "pass": {"logits": [], "normalisation": "softmax-sink"}}
    going_back = {"given": {"S": [[1, 3]], "V": [[1], [2]], "dO": [[1]]}, "pass": {"logits": []}}
    for problem in (sinking, going_back):
        assert any(isinstance(b, Ledger) for b in flat(ladder(tracer.solve(from_dict(problem))).blocks))


@pytest.mark.parametrize("suffix", [".html", ".pdf", ".md", ".tex", ".txt"])
def test_it_is_written_in_every_format_of_pages(suffix: str, tmp_path: Path) -> None:
    """By one command; a file that holds a whole trace holds no ladder."""
    path = tmp_path / f"ladder{suffix}"
    assert cli.main(["solve", str(EXAMPLE), "--form", "ladder", "--quiet", "-o", str(path)]) == 0
    assert path.stat().st_size > 1000
    assert cli.main(["solve", str(EXAMPLE), "--form", "ladder", "--quiet", "-o", str(tmp_path / "a.xlsx")]) == 2
