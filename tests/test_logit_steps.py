"""Temperature, ALiBi and relative positions: laws, other programs' numbers; and orders that would uncover masked keys."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import read
from strategies import matrices

import tracer
from tracer.errors import ProblemError
from tracer.notation.plain import plain
from tracer.problem_file import from_dict
from tracer.show import show

EXAMPLES = Path(__file__).parent.parent / "examples"
CAUSAL = {"use": "mask", "rule": "causal"}
sizes = st.integers(1, 4)


def solved(given: dict[str, Any], *logits: Any, **wiring: Any) -> tracer.Trace:
    return tracer.solve(from_dict({"given": given, "pass": {"logits": list(logits), **wiring}}))


def example(name: str) -> tracer.Trace:
    folder, _, file = name.partition("/")
    return tracer.solve(tracer.load(EXAMPLES / folder / f"{file or 'problem'}.toml"))


def exactly(trace: tracer.Trace, step: str) -> list[list[str]]:
    return [[show(cell.exact, plain) for cell in row] for row in trace[step].cells]


def array(rows: Any) -> np.ndarray:
    return np.array([[float(read(x)) for x in row] for row in rows])


def softmax(Z: np.ndarray) -> np.ndarray:
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


@st.composite
def scores(draw: Any) -> list[list[Any]]:
    return draw(matrices(draw(sizes), draw(sizes)))


# Temperature


@settings(max_examples=25)
@given(scores(), st.sampled_from(["1/2", "2", "√2", "10", "0.1"]))
def test_a_temperature_divides_the_scores(S: list[list[Any]], T: str) -> None:
    """The weights are those of the scores divided by T; above 1 the largest of a row never grows."""
    weights = solved({"S": S}, {"use": "temperature", "by": T}).floats("weights")
    np.testing.assert_allclose(weights, softmax(array(S) / float(read(T))), rtol=1e-12)
    usual = softmax(array(S)).max(axis=1)
    grows = weights.max(axis=1) - usual
    assert (grows <= 1e-12).all() if float(read(T)) > 1 else (grows >= -1e-12).all()


def test_warm_and_cold() -> None:
    """The example's weights: 4/7, 2/7, 1/7 at temperature 2, and 256/273, 16/273, 1/273 at 1/2."""
    assert exactly(example("temperature"), "weights") == [["4/7", "2/7", "1/7"]]
    assert exactly(example("temperature/cold"), "weights") == [["256/273", "16/273", "1/273"]]
    assert exactly(solved({"S": [["ln 16", "ln 4", 0]]}), "weights") == [["16/21", "4/21", "1/21"]]


# ALiBi


@settings(max_examples=25)
@given(scores(), st.sampled_from(["1/2", "√2", "0", "-1"]), st.sampled_from(["bottom-right", "top-left"]))
def test_alibi_takes_the_distance_away(S: list[list[Any]], slope: str, align: str) -> None:
    """Z = S − slope · |place of the query − place of the key|, the last query at the last key unless told otherwise."""
    n, m = len(S), len(S[0])
    places = np.arange(n) + (m - n if align == "bottom-right" else 0)
    expected = array(S) - float(read(slope)) * np.abs(places[:, None] - np.arange(m))
    trace = solved({"S": S}, {"use": "alibi", "slopes": [slope], "align": align})
    np.testing.assert_allclose(trace.floats("alibi"), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("heads", [1, 2, 4, 8, 16])
def test_the_slopes_of_the_paper(heads: int) -> None:
    """They fall from 2^(−8/n) to 2^(−8), each 2^(−8/n) times the one before: 1/2, 1/4, … 1/256 for eight heads."""
    zeros = [[[0, 0], [0, 0]]] * heads
    trace = solved({"S": zeros if heads > 1 else zeros[0]}, {"use": "alibi"}, n_heads=heads)
    prefix = [f"head{h + 1}." if heads > 1 else "" for h in range(heads)]
    found = [-trace[f"{one}alibi"][0, 1].float for one in prefix]
    np.testing.assert_allclose(found, [2 ** (-8 * (h + 1) / heads) for h in range(heads)], rtol=1e-15)
    if heads <= 8:
        texts = [show(trace[f"{one}alibi"][0, 1].exact, plain).replace("−", "-") for one in prefix]
        assert [Fraction(t) for t in texts] == [-Fraction(1, 2 ** (8 * (h + 1) // heads)) for h in range(heads)]


def test_each_step_farther_away_halves_the_weight() -> None:
    """The example's last row is 1/15, 2/15, 4/15, 8/15."""
    assert exactly(example("alibi"), "weights")[3] == ["1/15", "2/15", "4/15", "8/15"]
    assert exactly(example("alibi"), "weights")[1] == ["1/3", "2/3", "0", "0"]


@pytest.mark.full
@pytest.mark.parametrize("heads", [1, 2, 4, 8])
def test_alibi_of_bloom(heads: int) -> None:
    """BLOOM adds slope · j, which differs from −slope · (i − j) by the same number in a whole row: equal weights."""
    import torch
    from transformers.models.bloom.modeling_bloom import build_alibi_tensor

    n = 4
    theirs = build_alibi_tensor(torch.ones(1, n), heads, torch.float64).reshape(heads, 1, n).numpy()
    S = np.random.default_rng(5).normal(size=(heads, n, n)).round(3)
    mask = np.where(np.tri(n, dtype=bool), 0, -np.inf)
    each = [[[str(x) for x in row] for row in one] for one in S]
    trace = solved({"S": each if heads > 1 else each[0]}, {"use": "alibi"}, CAUSAL, n_heads=heads)
    for h in range(heads):
        ours = trace.floats(f"head{h + 1}.weights" if heads > 1 else "weights")
        np.testing.assert_allclose(ours, softmax(S[h] + theirs[h] + mask), rtol=1e-6)


# Relative positions


@settings(max_examples=25)
@given(scores(), st.data())
def test_relative_positions_stand_on_diagonals(S: list[list[Any]], draw: st.DataObject) -> None:
    """Z − S is the same all along each diagonal: the number of its distance j − i."""
    n, m = len(S), len(S[0])
    r = draw.draw(matrices(1, n + m - 1))[0]
    trace = solved({"S": S, "relative": r}, {"use": "relative"})
    of = dict(zip(range(-(n - 1), m), array([r])[0], strict=True))
    expected = array(S) + [[of[j - i] for j in range(m)] for i in range(n)]
    np.testing.assert_allclose(trace.floats("relative_scores"), expected, rtol=1e-12, atol=1e-12)


def test_a_head_that_looks_at_the_word_before() -> None:
    """The example gives 4/7 to the word before, wherever it stands."""
    weights = exactly(example("relative-positions"), "weights")
    assert [weights[i][i - 1] for i in (1, 2, 3)] == ["4/7"] * 3
    assert weights[0] == ["1/4"] * 4


def test_each_head_has_relative_positions_of_its_own() -> None:
    """A list of vectors gives each head its own."""
    trace = solved({"S": [[[0, 0]], [[0, 0]]], "relative": [[1, 2], [3, 4]]}, {"use": "relative"})
    assert [exactly(trace, f"head{h}.relative_scores") for h in (1, 2)] == [[["1", "2"]], [["3", "4"]]]


def test_where_a_score_with_a_relative_position_comes_from() -> None:
    """The page knows which number of r went into each score: r₅ into row 1, column 2 of four words."""
    from tracer.origins import origins

    found = {origin.ranges: origin.sources for origin in origins(example("relative-positions"))
             if origin.step == "relative_scores"}  # fmt: skip
    sources = found[((1, 1), (1, 4))]
    (along,) = next(source.at for source in sources if source.step == "relative")
    assert along.scale * 2 + along.first == 5
    (along,) = next(source.at for source in found[((3, 3), (1, 4))] if source.step == "relative")
    assert along.scale * 1 + along.first == 2


@pytest.mark.full
def test_relative_positions_of_t5() -> None:
    """T5's bias of each distance, near enough for buckets of their own, added to the scores."""
    import torch
    from transformers import T5Config
    from transformers.models.t5.modeling_t5 import T5Attention

    torch.manual_seed(2)
    config = T5Config(d_model=4, d_kv=2, num_heads=2, relative_attention_num_buckets=32)
    theirs = T5Attention(config, has_relative_attention_bias=True)
    torch.nn.init.normal_(theirs.relative_attention_bias.weight)
    n = m = 5
    bias = theirs.compute_bias(n, m)[0].detach().numpy()
    distances = range(-(n - 1), m)
    relative = [[repr(float(bias[h][max(-d, 0)][max(d, 0)])) for d in distances] for h in (0, 1)]
    trace = solved({"S": [[[0] * m] * n] * 2, "relative": relative}, {"use": "relative"})
    for h in (0, 1):
        np.testing.assert_allclose(trace.floats(f"head{h + 1}.relative_scores"), bias[h], rtol=1e-6, atol=1e-7)


# Together, and in which order


@settings(max_examples=20)
@given(st.permutations(["scale", "temperature", "softcap", "alibi", "relative"]), matrices(2, 3))
def test_the_order_of_the_steps_is_the_order_on_the_page(order: list[str], S: list[list[Any]]) -> None:
    """Steps before a mask may stand in any order, each works on what the one before it made; and the mask is last."""
    told = {"scale": {"by": 2}, "temperature": {"by": "1/2"}, "softcap": {"cap": 3}, "alibi": {"slopes": ["1/4"]}}
    does = {
        "scale": ("scaled", lambda Z: Z / 2),
        "temperature": ("tempered", lambda Z: Z * 2),
        "softcap": ("capped", lambda Z: 3 * np.tanh(Z / 3)),
        "alibi": ("alibi", lambda Z: Z - np.abs(np.arange(2)[:, None] + 1 - np.arange(3)) / 4),
        "relative": ("relative_scores", lambda Z: Z + np.array([[2, 3, 4], [1, 2, 3]])),
    }
    steps = [{"use": use, **told.get(use, {})} for use in order]
    trace = solved({"S": S, "relative": [1, 2, 3, 4]}, *steps, CAUSAL)
    logits = [step.id for step in trace if step.id in {name for name, _ in does.values()} | {"masked"}]
    assert logits == [*(does[use][0] for use in order), "masked"]
    symbols = [trace[id_].symbol for id_ in logits]
    assert symbols == ["Z" + "′" * k for k in range(6)]
    Z = array(S)
    for use in order:
        Z = does[use][1](Z)
        np.testing.assert_allclose(trace.floats(does[use][0]), Z, rtol=1e-12, atol=1e-12)


AFTER = {"scale": {}, "temperature": {"by": 3}, "alibi": {}, "relative": {}}


@pytest.mark.parametrize("use", AFTER)
def test_what_leaves_a_masked_score_alone_may_come_after_the_mask(use: str) -> None:
    """Divided by a positive number, or with a finite one added, −∞ stays −∞, and a hidden key weighs nothing."""
    given = {"Q": [[1, 0], [0, 1]], "K": [[1, 2], [3, 1]]} | ({"relative": [1, 2, 3]} if use == "relative" else {})
    trace = solved(given, CAUSAL, {"use": use, **AFTER[use]})
    assert exactly(trace, "weights")[0] == ["1", "0"]


LEAKS: dict[str, tuple[tuple[dict[str, Any], ...], str]] = {
    "a softcap": (({"use": "softcap", "cap": 4},), "4·tanh(−∞/4) = −4"),
    "a negative scale": (({"use": "scale", "by": -2},), "−∞/(−2) = ∞"),
    "a number whose sign is hidden": (({"use": "scale", "by": "1-√2"},), "−∞/(1 − √2) = ∞"),
    "a letter": (({"use": "temperature", "by": "t"},), "−∞/t, and nobody knows with which sign"),
    "a softcap of a letter": (({"use": "softcap", "cap": "c"},), "nobody knows with which sign"),
    "something harmless in between": (({"use": "alibi"}, {"use": "softcap", "cap": 4}), "4·tanh(−∞/4) = −4"),
}


@pytest.mark.parametrize("case", LEAKS)
def test_an_order_that_uncovers_a_masked_key_is_refused(case: str) -> None:
    """The reason is the step's own formula with −∞ put in; before the mask the same step may stand."""
    steps, reason = LEAKS[case]
    use = steps[-1]["use"]
    with pytest.raises(ProblemError) as error:
        solved({"S": [[1, 2], [3, 4]]}, CAUSAL, *steps)
    assert f"[pass] logits {len(steps) + 1}, {use}," in str(error.value)
    assert reason in str(error.value)
    assert f"put {use} before mask" in str(error.value)
    with pytest.raises(ProblemError) as error:
        solved({"S": [[1, 2], [3, "-inf"]]}, *steps)
    assert reason in str(error.value)
    assert "give a mask matrix instead of scores of −inf" in str(error.value)
    assert "masked" in solved({"S": [[1, 2], [3, 4]]}, *steps, CAUSAL)


REFUSED: dict[str, tuple[dict[str, Any], Any, str]] = {
    "no temperature": ({}, {"use": "temperature"}, "temperature has no by"),
    "absolute zero": ({}, {"use": "temperature", "by": 0}, "is not positive"),
    "a slope too many": ({}, {"use": "alibi", "slopes": [1, 2]}, "has 2 slopes, but n_heads is 1"),
    "a slope that is no list": ({}, {"use": "alibi", "slopes": 1}, "is no list of numbers"),
    "no relative positions": ({}, {"use": "relative"}, "relative, needs a vector relative"),
    "too few relative positions": (
        {"relative": [1, 2]}, {"use": "relative"}, "relative is 2 numbers long; it needs 3 numbers",
    ),
    "relative positions nobody adds": ({"relative": [1, 2, 3]}, {"use": "alibi"}, "relative has nothing to do"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_said(case: str) -> None:
    """A step that lacks something, or is told something else, is refused in one sentence."""
    given, step, words = REFUSED[case]
    with pytest.raises(ProblemError) as error:
        solved({"S": [[1, 2], [3, 4]], **given}, step)
    assert words in str(error.value)
