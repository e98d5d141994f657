"""Masks: what each rule hides, how several act together, and what is said where one makes no sense."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracer
from tracer.arithmetic.ball import precision, to_float
from tracer.formats import render
from tracer.notation.plain import plain
from tracer.pages.solution import solution
from tracer.parts.conventions import card
from tracer.problem_file import from_dict
from tracer.show import show

FEW = settings(max_examples=40, deadline=None)
Table = dict[str, Any]


def solved(given_: Table, *logits: Table, **wiring: Any) -> tracer.Trace:
    """A pass with these logit steps."""
    return tracer.solve(from_dict({"given": given_, "pass": {"logits": list(logits), **wiring}}))


def mask(**told: Any) -> Table:
    """A mask as a problem file has it."""
    return {"use": "mask", **told}


def seen(trace: tracer.Trace) -> list[str]:
    """For each query, which keys it may attend to, as 1 and 0."""
    return ["".join("01"[int(np.isfinite(x))] for x in row) for row in trace.floats("masked")]


FOUR_BY_FOUR: list[tuple[list[Table], str]] = [
    ([mask(rule="causal")], "1000 1100 1110 1111"),
    ([mask(rule="causal", align=1)], "1100 1110 1111 1111"),
    ([mask(rule="causal", align=-1)], "0000 1000 1100 1110"),
    ([mask(rule="window", left=1, right=1)], "1100 1110 0111 0011"),
    ([mask(rule="window", left=1)], "1111 1111 0111 0011"),
    ([mask(rule="window", right=0)], "1000 1100 1110 1111"),
    ([mask(rule="window", left=0, right=0)], "1000 0100 0010 0001"),
    ([mask(rule="window", left=0, right=0, align=2)], "0010 0001 0000 0000"),
    ([mask(rule="padding", length=3)], "1110 1110 1110 1110"),
    ([mask(rule="padding", length=0)], "0000 0000 0000 0000"),
    ([mask(rule="causal"), mask(rule="window", left=1)], "1000 1100 0110 0011"),
    ([mask(rule="causal"), mask(rule="padding", length=2)], "1000 1100 1100 1100"),
]
TWO_BY_FOUR: list[tuple[list[Table], str]] = [
    ([mask(rule="causal")], "1110 1111"),
    ([mask(rule="causal", align="top-left")], "1000 1100"),
    ([mask(rule="window", left=1, right=0)], "0110 0011"),
    ([mask(rule="window", left=1, right=0, align="top-left")], "1000 1100"),
]


@pytest.mark.parametrize(("logits", "wanted"), FOUR_BY_FOUR)
def test_what_four_queries_see_of_four_keys(logits: list[Table], wanted: str) -> None:
    """1 is a key that may be attended to; next to each other, masks hide what any of them hides."""
    assert seen(solved({"S": [[1] * 4] * 4}, *logits)) == wanted.split()


@pytest.mark.parametrize(("logits", "wanted"), TWO_BY_FOUR)
def test_where_two_queries_stand_among_four_keys(logits: list[Table], wanted: str) -> None:
    """The last query stands at the last key, unless the first is to stand at the first."""
    assert seen(solved({"S": [[1] * 4] * 2}, *logits)) == wanted.split()


def test_a_mask_matrix_is_read_either_way() -> None:
    """A 1 means “may attend”, or “hidden” where the mask says so."""
    given_ = {"S": [[1, 2, 3]], "mask": [[1, 0, True]]}
    assert seen(solved(given_, mask())) == ["101"]
    assert seen(solved(given_, mask(ones="hidden"))) == ["010"]


def test_each_head_has_its_mask_and_its_bias() -> None:
    """Lists of matrices go to the heads one by one."""
    given_ = {
        "S": [[[1, 2]], [[1, 2]]],
        "mask": [[[1, 0]], [[1, 1]]],
        "bias": [[[0, 5]], [["ln 2", 1]]],
        "V": [[1, 0], [0, 1]],
    }
    trace = solved(given_, {"use": "bias"}, mask())
    assert [cell.decimal(0) for cell in trace["head1.weights"].cells[0]] == ["1", "0"]
    assert trace["head2.biased"][0, 1].float == 3
    assert trace.floats("weights").shape == (2, 1, 2)


def test_a_row_that_sees_nothing() -> None:
    """All its weights are 0, its output is the zero vector, and the page says so."""
    trace = solved({"S": [[1, 2], [3, 4]], "V": [[1], [2]], "bias": [["-inf", "-inf"], [0, 0]]}, {"use": "bias"})
    assert (trace.floats("weights")[0] == 0).all()
    assert trace.floats("outputs")[0, 0] == 0
    page = render(trace, lambda: solution(trace), ".txt").decode()
    assert "may see no word at all" in page
    assert "as the bias says: −∞ hides a key; a masked score becomes −∞ and weighs 0" in " ".join(page.split())


def test_a_large_negative_number_is_no_mask() -> None:
    """Where every key of a row has a bias of −10⁹, it cancels out exactly, in double precision it drowns the scores."""
    trace = solved({"S": [[0, "ln 3"], [0, 0]], "bias": [[-(10**9)] * 2, [0, -(10**9)]]}, {"use": "bias"})
    assert [cell.decimal(4) for cell in trace["weights"].cells[0]] == ["0.2500", "0.7500"]
    assert [cell.decimal(4) for cell in trace["weights"].cells[1]] == ["1.0000", "0.0000"]
    assert trace["weights"][1, 1].exact is not None
    page = " ".join(render(trace, lambda: solution(trace), ".txt").decode().split())
    assert "−1000000000 is a number like any other and masks nothing" in page


def test_what_is_masked_prints_as_masked() -> None:
    """−∞ in every grid, and never a large number in its place."""
    trace = solved({"S": [[1, 2]], "bias": [[0, "-inf"]]}, {"use": "bias"}, mask(rule="padding", length=1))
    page = render(trace, lambda: solution(trace), ".txt").decode()
    assert trace["biased"][0, 1].decimal(4) is None
    assert "Z[i, j] = {S[i, j] + B[i, j] if B[i, j] ≠ −∞, −∞ otherwise}" in page
    assert "e9" not in page


# The examples

EXAMPLES = Path(__file__).parents[1] / "examples"
OUTPUTS = {
    "sliding-window/problem": [["16"], ["18"], ["12"], ["6"], ["15"], ["28"]],
    "sliding-window/looking-back": [["12"], ["20"], ["15"], ["9"], ["9"], ["21"]],
    "padding/problem": [["6", "8"], ["4", "10"], ["9", "9"]],
    "padding/without-mask": [["9/2", "6"], ["3", "15/2"], ["36/5", "36/5"]],
    "additive-mask/problem": [["42", "0"], ["14", "28"], ["18", "24"]],
    "grouped-queries/problem": [["5", "8", "6", "7"]],
    "grouped-queries/multi-query": [["15", "24", "10", "20"]],
}


@pytest.mark.parametrize("example", OUTPUTS)
def test_what_the_examples_give(example: str) -> None:
    """Worked with a pencil: a band of 1/4, 1/2, 1/4; shares without padding; 1/7, 2/7, 4/7; four heads side by side."""
    trace = tracer.solve(tracer.load(EXAMPLES / f"{example}.toml"))
    step = "joined" if "joined" in trace else "outputs"
    assert [[show(cell.exact, plain) for cell in row] for row in trace[step].cells] == OUTPUTS[example]


def test_a_large_number_in_place_of_infinity() -> None:
    """A row of −10⁹ alone weighs what it would weigh without: 1/4, 1/2, 1/4, where a masked row has zeros."""
    trace = tracer.solve(tracer.load(EXAMPLES / "additive-mask/no-mask.toml"))
    assert [show(cell.exact, plain) for cell in trace["weights"].cells[2]] == ["1/4", "1/2", "1/4"]


# Laws


sizes = st.integers(1, 4)
rules = st.one_of(
    st.builds(lambda align: mask(rule="causal", align=align), st.sampled_from(["bottom-right", "top-left", -1, 1])),
    st.builds(lambda a, b: mask(rule="window", left=a, right=b), st.integers(0, 2), st.integers(0, 2)),
    st.builds(lambda n: mask(rule="padding", length=n), st.integers(0, 1)),
    st.just(mask()),
)


@st.composite
def masked(draw: st.DrawFn) -> tuple[Table, list[Table]]:
    """Scores, values and perhaps a mask matrix, and one to three masks."""
    n, m = draw(sizes), draw(sizes)

    def matrix(rows: int, columns: int, entries: st.SearchStrategy[Any]) -> list[list[Any]]:
        return draw(st.lists(st.lists(entries, min_size=columns, max_size=columns), min_size=rows, max_size=rows))

    logits = draw(st.lists(rules, min_size=1, max_size=3))
    given_ = {
        "S": matrix(n, m, st.sampled_from([-2, 0, 1, "1/2", "√2", "ln 2"])),
        "V": matrix(m, 2, st.integers(-2, 2)),
    }
    if mask() in logits:
        given_["mask"] = matrix(n, m, st.integers(0, 1))
    return given_, logits


@FEW
@given(masked())
def test_masks_combine_by_and(drawn: tuple[Table, list[Table]]) -> None:
    """What several masks hide together is what one or the other hides alone, in whatever order they stand."""
    given_, logits = drawn
    alone = []
    for one in logits:
        own = given_ if one == mask() else {name: given_[name] for name in "SV"}
        alone.append(np.isfinite(solved(own, one).floats("masked")))
    assert np.array_equal(np.isfinite(solved(given_, *logits).floats("masked")), np.all(alone, axis=0))
    assert np.array_equal(
        solved(given_, *logits).floats("weights"), solved(given_, *reversed(logits)).floats("weights")
    )


@FEW
@given(masked())
def test_a_masked_cell_weighs_nothing_and_exact_lies_within_the_ball(drawn: tuple[Table, list[Table]]) -> None:
    """Exactly 0 in every arithmetic; and every exact weight and output is what the certified arithmetic encloses."""
    trace = solved(drawn[0], *drawn[1])
    hidden = np.isneginf(trace.floats("masked"))
    assert (trace.floats("weights")[hidden] == 0).all()
    with precision(128):
        for step in ("weights", "outputs"):
            for row, column in product(*map(range, trace[step].shape)):
                enclosed = to_float(trace.tables.balls(128)[step, (row, column)])
                assert float(trace.exact(step)[row, column]) == pytest.approx(enclosed, abs=1e-12)
                if step == "weights" and hidden[row, column]:
                    assert trace.exact(step)[row, column] == 0


@FEW
@given(masked())
def test_a_bias_of_minus_infinity_is_a_mask(drawn: tuple[Table, list[Table]]) -> None:
    """0 where a key is seen and −∞ where it is hidden: the weights are the mask's."""
    given_, logits = drawn
    by_mask = solved(given_, *logits)
    bias = [["-inf" if hidden else 0 for hidden in row] for row in np.isneginf(by_mask.floats("masked")).tolist()]
    by_bias = solved({"S": given_["S"], "V": given_["V"], "bias": bias}, {"use": "bias"})
    assert np.array_equal(by_bias.floats("weights"), by_mask.floats("weights"))


@FEW
@given(sizes, sizes, st.integers(0, 2**32))
def test_a_window_of_full_width_is_no_window(n: int, m: int, seed: int) -> None:
    """Where a window reaches beyond both ends, every weight is what it is without."""
    rng = np.random.default_rng(seed)
    Q, K, V = (rng.standard_normal((size, 2)) for size in (n, m, m))
    plain = tracer.attention(Q, K, V).floats("weights")
    assert np.array_equal(tracer.attention(Q, K, V, window=(n + m, n + m)).floats("weights"), plain)
    assert np.array_equal(tracer.attention(Q, K, V, window=(None, None)).floats("weights"), plain)


@FEW
@given(sizes, st.integers(1, 3), st.integers(1, 3), st.integers(0, 2**32))
def test_equal_heads_make_grouped_queries_multi_head(n: int, kv: int, group: int, seed: int) -> None:
    """Grouped queries are multi-head attention in which neighbouring heads have the same keys and values."""
    rng = np.random.default_rng(seed)
    Q, K, V = (rng.standard_normal(shape) for shape in ((kv * group, n, 2), (kv, 3, 2), (kv, 3, 4)))
    grouped = tracer.attention(Q, K, V, mask="causal")
    repeated = tracer.attention(Q, *(np.repeat(one, group, axis=0) for one in (K, V)), mask="causal")
    assert np.array_equal(grouped.floats("outputs"), repeated.floats("outputs"))


# The library


def test_a_batch_is_several_traces() -> None:
    """Each sequence has its own mask, bias and number of words; what has fewer axes is the same for all."""
    rng = np.random.default_rng(5)
    Q, K, V = (rng.standard_normal((3, 2, 4, 2)) for _ in range(3))
    keep = rng.random((3, 1, 4, 4)) < 0.7
    traces = tracer.batches(Q, K, V, lengths=[4, 2, 3], mask=("causal", keep), bias=np.zeros(4))
    for b, (trace, length) in enumerate(zip(traces, (4, 2, 3), strict=True)):
        sees = np.tri(4, dtype=bool) & keep[b, 0] & (np.arange(4) < length)
        assert trace.floats("masked").shape == (2, 4, 4)
        assert np.array_equal(np.isfinite(trace.floats("masked")[1]), sees)


def test_the_library_takes_all_that_a_problem_file_can_say() -> None:
    """Tables name operations with their options; floats, texts and arrays are numbers wherever one is told."""
    trace = tracer.attention(
        [[1.5, 2]], [[1, 0], [0, 1]], [[1], [2]], scale=0.5, softcap="1/3", bias=[[0.25, "-inf"]],
        mask={"rule": "window", "left": 1}, similarity="cosine", given={"W_O": [[2]]},
    )  # fmt: skip
    assert [step.id for step in trace][4:10] == ["scores", "scaled", "capped", "biased", "masked", "exponentials"]
    assert trace["projected"][0, 0].float == 2


LIBRARY: list[tuple[Table, str]] = [
    ({"mask": "casual"}, "did you mean “causal”?"),
    ({"window": (1,)}, "window has 1 numbers; expected two, (left, right)"),
    ({"window": (-1, 0)}, "left: “-1” does not fit"),
    ({"mask": np.ones((2, 3))}, "mask has the shape (2, 3), which cannot be broadcast to (1, 2, 2)"),
    ({"mask": np.full((2, 2), 0.5)}, "numbers to be added to the scores are a bias"),
    ({"mask": (np.ones((2, 2)), np.ones((2, 2)))}, "mask has 2 matrices"),
    ({"bias": np.array([[np.nan, 0]])}, "bias holds nan; expected finite numbers or -inf"),
    ({"bias": np.array([[np.inf, 0]])}, "bias holds inf; expected finite numbers or -inf"),
    ({"scale": 0}, "nothing can be divided by zero"),
    ({"scale": float("nan")}, "a number: “nan”"),
    ({"softcap": -1.5}, "is not positive"),
    ({"Q": np.array([[np.inf, 0], [0, 0]])}, "Q holds inf; expected finite numbers"),
    ({"Q": np.ones((3, 2, 2)), "K": np.ones((2, 2, 2)), "V": np.ones((2, 2, 2))}, "Q has 3 heads, K 2 and V 2"),
    ({"Q": np.ones(2)}, "Q has 1 axes; expected a matrix, or one for each head"),
]


@pytest.mark.parametrize(("told", "says"), LIBRARY)
def test_what_the_library_refuses(told: Table, says: str) -> None:
    """One error that says what is wrong."""
    usual = {name: np.eye(2) for name in "QKV"}
    with pytest.raises(tracer.ProblemError) as error:
        tracer.attention(**(usual | told))
    assert says in str(error.value)


REFUSED: list[tuple[Table, list[Table], str]] = [
    ({}, [mask(rule="window")], "[pass] logits 1, mask: a window has a left side, a right side or both"),
    (
        {},
        [mask(rule="window", left=-1)],
        "[pass] logits 1, mask, left: “-1” does not fit; expected a whole number from 0",
    ),
    ({}, [mask(rule="window", left="2")], "left: “2” does not fit"),
    ({}, [mask(rule="window", left=1, width=3)], "has the key “width”"),
    ({}, [mask(rule="padding")], "[pass] logits 1, mask has no length"),
    ({}, [mask(rule="padding", length=3)], "3 keys would be no padding, but there are only 2; give at most 2"),
    ({}, [mask(rule="causal", align="middle")], "align: “middle” is not known"),
    ({}, [mask(rule="causal", align=1.5)], "align"),
    ({"mask": [[1, 2]]}, [mask()], "[given] mask row 1, column 2, must be 0 or 1"),
    ({"mask": [[1, 0]]}, [mask(ones="allowed")], "ones: “allowed” is not known"),
    ({"mask": [[1, 0], [1, 1]]}, [mask()], "[given] mask is 2 × 2, but with 1 queries and 2 keys it must be 1 × 2"),
    ({}, [{"use": "bias"}], "[pass] logits 1, bias, needs a matrix bias to add to the scores"),
    ({"bias": [[0, "inf"]]}, [{"use": "bias"}], "[given] bias row 1, column 2"),
    ({"bias": [[0]]}, [{"use": "bias"}], "[given] bias is 1 × 1"),
    ({"bias": [[0, 0]]}, [], "[given] bias has nothing to do"),
    ({}, [mask(rule="causal"), {"use": "scale"}, mask(rule="padding", length=1)], "put masks next to each other"),
]


@pytest.mark.parametrize(("given_", "logits", "says"), REFUSED)
def test_what_a_problem_file_cannot_say(given_: Table, logits: list[Table], says: str) -> None:
    """Refused before the first step, with the place, what is wrong and what to do."""
    with pytest.raises(tracer.ProblemError) as error:
        solved({"S": [[1, 2]], **given_}, *logits)
    assert says in str(error.value)


def test_a_distance_can_be_counted_from_any_alignment() -> None:
    """ALiBi is told how many keys come before the first query's own, as a mask is; the card says so in words."""
    trace = solved({"S": [[0, 0, 0, 0]]}, {"use": "alibi", "slopes": [1], "align": 2})
    said = "".join(part for part in dict(card(trace).entries)["ALiBi"] if isinstance(part, str))

    assert trace.floats("alibi").tolist() == [[-2, -1, 0, -1]]
    assert "2 keys come before the first query’s own" in said


def test_a_bias_behind_a_mask_leaves_minus_infinity() -> None:
    """−∞ + 2/3 is −∞, so no hidden key weighs anything."""
    trace = solved({"S": [[1, 2]], "bias": [["2/3", "1/3"]]}, mask(rule="padding", length=1), {"use": "bias"})
    assert [cell.infinite for cell in trace["biased"].row(0)] == [0, -1]
    assert [cell.decimal(1) for cell in trace["weights"].row(0)] == ["1.0", "0.0"]
