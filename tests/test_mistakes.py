"""The mistakes as worked examples: what somebody writes who makes one, on a problem that a pencil can check.

Each row is a tiny problem, a step of it, and the numbers of that step with the mistake in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from strategies import problems

from tracer import Trace, mistakes, numbers
from tracer.arithmetic import Undecided, Undefined
from tracer.arithmetic.ball import Ball, agree, nearest, precision
from tracer.composition import solve
from tracer.evaluate import Table, place, value
from tracer.expr import Expr, Num
from tracer.mistakes import RACK, Tensors
from tracer.problem_file import from_dict
from tracer.trace import Step

mistakes.load()

Q, K = [[1, 2], [3, 4]], [[5, 6], [7, 8]]
PLAIN: dict[str, Any] = {"logits": []}
CAUSAL: dict[str, Any] = {"logits": [{"use": "mask", "rule": "causal"}]}
MASK: dict[str, Any] = {"logits": [{"use": "mask"}]}
PADDING: dict[str, Any] = {"logits": [{"use": "mask", "rule": "padding", "length": 2}]}


def window(left: int, right: int) -> dict[str, Any]:
    """A pass with a sliding window."""
    return {"logits": [{"use": "mask", "rule": "window", "left": left, "right": right}]}


CAP: dict[str, Any] = {"use": "softcap", "cap": "ln 3"}  # −ln 3 in place of −∞ has the exponential 1/3
HALF: dict[str, Any] = {"logits": [{"use": "scale", "by": 2}]}
SHIFTED = "softmax-shifted"
SQUARE = [[1, 2], [3, 4]]
NINE = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
LN_3 = [[0, 0], ["ln 3", 0]]  # its exponentials are 1, 1 and 3, 1


class Row(NamedTuple):
    """A mistake in a step of a problem: the numbers that come out, row by row; `before` has been written already."""

    mistake: str
    given: dict[str, Any]
    wiring: dict[str, Any]
    step: str
    numbers: str
    before: dict[str, str] = {}  # noqa: RUF012


ROWS = [
    Row("product_dropped", {"Q": Q, "K": K}, {}, "scores", "5 7, 15 21"),
    Row("product_dropped", {"Q": Q, "K": K}, {}, "scores", "12 16, 24 32"),
    Row("product_dropped", {"X": [[1, 2]], "W_Q": [[3], [4]], "W_K": [[1], [1]], "b_Q": [10]}, {}, "query", "11"),
    Row("product_dropped", {"X": [[1, 2]], "W_Q": [[3], [4]], "W_K": [[1], [1]], "b_Q": [10]}, {}, "query", "13"),
    Row("product_dropped", {"Q": [[3, 4]], "K": [[1, 0]]}, {}, "query_norms", "3"),
    Row("product_dropped", {"Q": [[3, 4]], "K": [[4, 3]]}, {}, "cosines", "12/25"),
    Row("product_dropped", {"A": [["1/2", "1/4", "1/4"]], "V": [[4], [8], [12]]}, {}, "outputs", "5"),
    Row("product_dropped", {"X": [[1, 2]], "W_Q": [[3], [4]], "W_K": [[1], [1]]}, {}, "bilinear_scores", "27"),
    Row("sign_slipped", {"Q": Q, "K": K}, {}, "scores", "-17 -23, -39 -53"),
    Row("sign_slipped", {"Q": Q, "K": K}, {}, "scores", "-7 -9, -9 -11"),
    Row("sign_slipped", {"S": [[1, 0]]}, PLAIN, "exponentials", "0.37 1"),
    Row("sign_slipped", {"S": [[1, 0]]}, {**PLAIN, "normalisation": SHIFTED}, "exponentials", "7.39 2.72"),
    Row("sign_slipped", {"S": SQUARE}, {"logits": [*HALF["logits"], *CAUSAL["logits"]]}, "exponentials", "0.61 0, 0.22 0.14"),
    Row("elementwise", {"Q": Q, "K": K}, {}, "scores", "5 12, 21 32"),
    Row("elementwise", {"Q": Q, "K": K}, {}, "scores", "5 14, 18 32"),
    Row("elementwise", {"Q": [[1, 2, 3]], "K": [[4, 5, 6]]}, {}, "scores", "10"),
    Row("added", {"Q": Q, "K": K}, {}, "scores", "14 18, 18 22"),
    Row("added", {"Q": Q, "K": K}, {}, "scores", "13 17, 25 33"),
    Row("added", {"Q": [[3, 4]], "K": [[1, 0]]}, {}, "query_norms", "√14"),
    Row("added", {"A": [["1/2", "1/2"]], "V": [[4], [8]]}, {}, "row1.contributions", "4.5, 8.5"),
    Row("k_not_transposed", {"Q": Q, "K": K}, {}, "scores", "19 22, 43 50"),
    Row("k_not_transposed", {"Q": Q, "K": K}, {}, "scores", "26 30, 38 44"),
    Row("q_k_exchanged", {"Q": Q, "K": K}, {}, "scores", "17 39, 23 53"),
    Row("q_k_exchanged", {"X": [[1, 2]], "W_Q": [[3], [4]], "W_K": [[5], [6]]}, {}, "query", "17"),
    Row("q_k_exchanged", {"X": [[1, 2]], "Y": [[2, 1]], "W_Q": [[3], [4]], "W_K": [[5], [6]]}, {}, "key", "10"),
    Row("w_transposed", {"X": [[1, 2]], "W_Q": SQUARE, "W_K": SQUARE}, {}, "query", "5 11"),
    Row("w_transposed", {"X": [[1, 2]], "W_Q": SQUARE, "W_K": SQUARE, "b_K": [10, 20]}, {}, "key", "15 31"),
    Row("w_transposed", {"X": [[1, 2]], "W_V": SQUARE}, {"projection": "X W^T"}, "value", "7 10"),
    Row("w_transposed", {"X": [[1, 2]], "W_V": SQUARE}, {"projection": "W x"}, "value", "7 10"),
    Row("w_transposed", {"A": [[1]], "V": [[1, 2]], "W_O": SQUARE, "b_O": [10, 20]}, {}, "projected", "15 31"),
    Row("not_scaled", {"Q": Q, "K": K}, {}, "scaled", "17 23, 39 53"),
    Row("divided_by_d_k", {"Q": Q, "K": K}, {}, "scaled", "17/2 23/2, 39/2 53/2"),
    Row("divided_by_sqrt_d_model", {"X": [[1, 2, 0, 0]], "W_Q": [[1, 0], [0, 1], [0, 0], [0, 0]],
        "W_K": [[1, 0], [0, 1], [0, 0], [0, 0]]}, {}, "scaled", "5/2"),
    Row("divided_by_sqrt_d_model", {"Q": [[1, 2, 0, 0]], "K": [[1, 2, 0, 0]]}, {"n_heads": 2}, "head1.scaled", "5/2"),
    Row("divided_by_sqrt_n", {"Q": [[2, 0], [0, 2], [1, 1], [0, 0]], "K": [[2, 4]]}, {}, "scaled", "2, 4, 3, 0"),
    Row("scaled_twice", {"S": [[4, 0]]}, HALF, "scaled", "1 0"),
    Row("scaled_twice", {"S": [[4, 0]]}, HALF, "exponentials", "2.72 1"),
    Row("scaled_twice", {"S": [["ln 81", 0]]}, HALF, "weights", "3/4 1/4"),
    Row("cosine_for_dot", {"Q": [[3, 4]], "K": [[4, 3], [3, 4]]}, {}, "scores", "24/25 1"),
    Row("dot_for_cosine", {"Q": [[3, 4]], "K": [[4, 3], [3, 4]]}, {}, "cosines", "24 25"),
    Row("dot_for_cosine", {"Q": [[3, 4]], "K": [[4, 3], [3, 4]]}, {"similarity": "cosine"}, "scores", "24 25"),
    Row("exponentials_forgotten", {"S": [[1, 3]]}, PLAIN, "weights", "1/4 3/4"),
    Row("exponentials_forgotten", {"S": [[1, 3]]}, PLAIN, "exponentials", "1 3"),
    Row("exponentials_forgotten", {"S": [[1, 2], [1, 3]]}, CAUSAL, "weights", "1 0, 1/4 3/4"),
    Row("base_10", {"S": [[1, 3]]}, PLAIN, "exponentials", "10 1000"),
    Row("base_10", {"S": [[1, 2], [1, 0]]}, CAUSAL, "weights", "1 0, 10/11 1/11"),
    Row("base_2", {"S": [[1, 3]]}, PLAIN, "exponentials", "2 8"),
    Row("base_2", {"S": [[1, 0]]}, {**PLAIN, "normalisation": SHIFTED}, "weights", "2/3 1/3"),
    Row("softmax_down_columns", {"S": LN_3}, PLAIN, "weights", "1/4 1/2, 3/4 1/2"),
    Row("softmax_down_columns", {"S": LN_3}, PLAIN, "row_sums", "4, 2"),
    Row("softmax_down_columns", {"S": SQUARE}, {**CAUSAL, "normalisation": "sum"}, "weights", "1/4 0, 3/4 1"),
    Row("softmax_whole_matrix", {"S": LN_3}, PLAIN, "weights", "1/6 1/6, 1/2 1/6"),
    Row("softmax_whole_matrix", {"S": LN_3}, PLAIN, "row_sums", "6, 6"),
    Row("sum_of_scores", {"S": [[1, 3]]}, PLAIN, "row_sums", "4"),
    Row("sum_of_scores", {"S": [[0, 2]]}, PLAIN, "weights", "1/2 3.69"),
    Row("sum_of_wrong_row", {"S": LN_3}, PLAIN, "weights", "1/2 1/2, 3/2 1/2"),
    Row("sum_of_wrong_row", {"S": LN_3}, PLAIN, "row_sums", "2, 2"),
    Row("mask_forgotten", {"S": SQUARE}, CAUSAL, "masked", "1 2, 3 4"),
    Row("mask_forgotten", {"S": [[0, "ln 3"], [0, 0]]}, CAUSAL, "exponentials", "1 3, 1 1"),
    Row("mask_forgotten", {"S": [[0, "ln 3"], [0, 0]]}, CAUSAL, "row_sums", "4, 2"),
    Row("mask_forgotten", {"S": [[0, "ln 3"], [0, 0]]}, CAUSAL, "weights", "1/4 3/4, 1/2 1/2"),
    Row("mask_forgotten", {"S": [[0, "ln 9"]], "mask": [[1, 0]]},
        {"logits": [*MASK["logits"], *HALF["logits"]]}, "weights", "1/4 3/4"),
    Row("mask_forgotten", {"S": [[1, 3]], "mask": [[1, 0]]}, {**MASK, "normalisation": "sum"}, "weights", "1/4 3/4"),
    Row("mask_zero", {"S": SQUARE}, CAUSAL, "masked", "1 0, 3 4"),
    Row("mask_zero", {"S": [["ln 3", 5], [0, 0]]}, CAUSAL, "weights", "3/4 1/4, 1/2 1/2"),
    Row("masked_after_softmax", {"S": [[0, "ln 3"], [0, 0]]}, CAUSAL, "weights", "1/4 0, 1/2 1/2"),
    Row("masked_after_softmax", {"S": [[0, "ln 3"]], "mask": [[0, 1]]}, {**MASK, "normalisation": SHIFTED},
        "weights", "0 3/4"),
    Row("mask_shifted", {"S": NINE}, CAUSAL, "masked", "1 2 -inf, 4 5 6, 7 8 9"),
    Row("mask_shifted", {"S": NINE}, CAUSAL, "masked", "-inf -inf -inf, 4 -inf -inf, 7 8 -inf"),
    Row("mask_shifted", {"S": NINE, "mask": [[1, 0, 0], [1, 1, 0], [1, 1, 1]]}, MASK, "masked", "1 2 -inf, 4 5 6, 7 8 9"),
    Row("mask_shifted", {"S": NINE, "mask": [[1, 0, 0], [1, 1, 0], [1, 1, 1]]}, MASK, "masked",
        "-inf -inf -inf, 4 -inf -inf, 7 8 -inf"),
    Row("mask_shifted", {"S": [[0, 0, 0], [0, 0, 0], [0, 0, 0]]}, CAUSAL, "weights", "1/2 1/2 0, 1/3 1/3 1/3, 1/3 1/3 1/3"),
    Row("mask_shifted", {"S": NINE}, window(1, 1), "masked", "1 2 -inf, 4 5 6, 7 8 9"),
    Row("mask_shifted", {"S": NINE}, window(0, 0), "masked", "1 2 -inf, -inf 5 6, -inf -inf 9"),
    Row("mask_shifted", {"S": NINE}, window(0, 0), "masked", "-inf 2 -inf, -inf -inf 6, -inf -inf -inf"),
    Row("mask_shifted", {"S": NINE}, PADDING, "masked", "1 -inf -inf, 4 -inf -inf, 7 -inf -inf"),
    Row("mask_flipped", {"S": NINE}, PADDING, "masked", "-inf -inf 3, -inf -inf 6, -inf -inf 9"),
    Row("mask_flipped", {"S": NINE}, PADDING, "masked", "1 2 3, 4 5 6, -inf -inf -inf"),
    Row("mask_flipped", {"S": NINE}, window(1, 0), "masked", "1 2 -inf, -inf 5 6, -inf -inf 9"),
    Row("mask_flipped", {"S": NINE}, window(0, 0), "masked", "-inf 2 3, 4 -inf 6, 7 8 -inf"),
    Row("mask_flipped", {"S": SQUARE}, CAUSAL, "masked", "-inf 2, -inf -inf"),
    Row("mask_flipped", {"S": SQUARE}, CAUSAL, "masked", "1 2, -inf 4"),
    Row("mask_flipped", {"S": SQUARE, "mask": [[1, 0], [1, 1]]}, MASK, "masked", "1 2, -inf 4"),
    Row("maximum_in_numerator_only", {"S": [["ln 2", 0]]}, {**PLAIN, "normalisation": SHIFTED}, "weights", "1/3 1/6"),
    Row("maximum_in_numerator_only", {"S": [["ln 2", 0]]}, {**PLAIN, "normalisation": SHIFTED}, "row_sums", "3"),
    Row("forced_to_one", {"S": [[0, 0, 0]]}, PLAIN, "weights", "0.33 0.33 0.34",
        {"weights": "0.33 0.33 0.34"}),
    Row("weights_on_x", {"A": [["1/2", "1/2"]], "X": [[1, 2], [3, 4]], "W_V": [[0, 1], [1, 0]]}, {}, "outputs", "2 3"),
    Row("weights_on_x", {"A": [["1/2", "1/2"]], "X": [[1, 2], [3, 4]], "W_V": [[0, 1], [1, 0]]}, {},
        "row1.contributions", "1/2 1, 3/2 2"),
    Row("weights_on_x", {"A": [[["1/2", "1/2"]]] * 2, "X": [[1, 2], [3, 4]], "W_V": [[0, 1], [1, 0]]},
        {"n_heads": 2}, "head2.outputs", "3"),
    Row("weights_on_k", {"Q": [[0, 0]], "K": [[1, 2], [3, 4]], "V": [[5, 6], [7, 8]]}, {}, "outputs", "2 3"),
    Row("v_transposed", {"A": [["1/2", "1/2"]], "V": [[1, 2], [3, 4]]}, {}, "outputs", "3/2 7/2"),
    Row("weights_copied", {"A": [["1/2", "1/2"]], "V": [[1, 2], [3, 4]]}, {}, "outputs", "1/2 1/2"),
    Row("heads_by_rows", {"A": [[[1, 0], [0, 1]]] * 2, "V": SQUARE}, {"n_heads": 2}, "head1.value", "1, 2"),
    Row("heads_by_rows", {"A": [[[1, 0], [0, 1]]] * 2, "V": SQUARE}, {"n_heads": 2}, "head2.value", "3, 4"),
    Row("heads_by_rows", {"A": [[[1, 0], [0, 1]]] * 2, "V": SQUARE}, {"n_heads": 2}, "joined", "1 3, 2 4"),
    Row("heads_interleaved", {"A": [[[1]]] * 2, "V": [[1, 2, 3, 4]]}, {"n_heads": 2}, "head1.value", "1 3"),
    Row("heads_interleaved", {"A": [[[1]]] * 2, "V": [[1, 2, 3, 4]]}, {"n_heads": 2}, "head2.value", "2 4"),
    Row("heads_interleaved", {"A": [[[1]]] * 2, "V": [[1, 2, 3, 4]]}, {"n_heads": 2}, "joined", "1 3 2 4"),
    Row("heads_added", {"A": [[[1]]] * 2, "V": [[1, 2, 3, 4]]}, {"n_heads": 2}, "joined", "4 6 4 6"),
    Row("w_o_forgotten", {"A": [[1]], "V": [[1, 2]], "W_O": SQUARE, "b_O": [10, 20]}, {}, "projected", "1 2"),
    Row("w_o_forgotten", {"A": [[1]], "V": [[1, 2]], "W_O": SQUARE, "b_O": [10, 20]}, {}, "projected", "11 22"),
    Row("softcap_after_mask", {"S": [["ln 2", 0], [0, "ln 3"]]}, {"logits": [{"use": "softcap", "cap": 1}, *CAUSAL["logits"]]},
        "capped", "3/5 -1, 0 4/5"),
    Row("softcap_after_mask", {"S": [["ln 2", 0], [0, "ln 3"]]}, {"logits": [{"use": "softcap", "cap": 1}, *CAUSAL["logits"]]},
        "masked", "3/5 -1, 0 4/5"),
    Row("softcap_after_mask", {"S": [[0, 5], [0, 0]]}, {"logits": [CAP, *CAUSAL["logits"]]}, "exponentials", "1 1/3, 1 1"),
    Row("softcap_after_mask", {"S": [[0, 5], [0, 0]]}, {"logits": [CAP, *CAUSAL["logits"]]}, "row_sums", "4/3, 2"),
    Row("softcap_after_mask", {"S": [[0, 5], [0, 0]]}, {"logits": [CAP, *CAUSAL["logits"]]}, "weights", "3/4 1/4, 1/2 1/2"),
    Row("softcap_after_mask", {"S": [[5, 0], [0, 0]], "mask": [[0, 1], [0, 0]]},
        {"logits": [CAP, *MASK["logits"]], "normalisation": SHIFTED}, "masked", "-ln(3) 0, -ln(3) -ln(3)"),
    Row("softcap_after_mask", {"S": [[5, 0]], "mask": [[0, 1]]}, {"logits": [CAP, *MASK["logits"]], "normalisation": SHIFTED},
        "weights", "1/4 3/4"),
    Row("softcap_after_mask", {"S": [[0, 5]], "mask": [[1, 0]]},
        {"logits": [{"use": "softcap", "cap": "ln 9"}, *HALF["logits"], *MASK["logits"]]}, "weights", "3/4 1/4"),
    Row("softcap_after_mask", {"S": [["ln 2", 5]], "mask": [[1, 0]]},
        {"logits": [{"use": "softcap", "cap": 1}, *MASK["logits"]], "normalisation": "sum"}, "weights", "-3/2 5/2"),
    Row("norm_without_root", {"Q": [[3, 4]], "K": [[4, 3]]}, {}, "query_norms", "25"),
    Row("norm_without_root", {"Q": [[3, 4]], "K": [[4, 3]]}, {}, "cosines", "24/625"),
    Row("one_norm_only", {"Q": [[3, 4]], "K": [[6, 8]]}, {}, "cosines", "10"),
    Row("one_norm_only", {"Q": [[3, 4]], "K": [[6, 8]]}, {}, "cosines", "5"),
    Row("radians", {"Q": [[1, 0]], "K": [[0, 1]]}, {}, "angles", "1.5708"),
]  # fmt: skip
SLIPS = [
    ("digits_exchanged", "57", ["75"]),
    ("digits_exchanged", "0.57", ["5.07", "0.75"]),
    ("digits_exchanged", "-1,23", ["-2,13", "-1,32"]),
    ("digits_exchanged", "4/7", []),
    ("digits_exchanged", "33", []),
    ("point_misplaced", "0.57", ["0.0057", "0.057", "5.7", "57"]),
    ("point_misplaced", "−12,5", ["−0,125", "−1,25", "−125", "−1250"]),
    ("point_misplaced", "57", ["0.57", "5.7", "570", "5700"]),
    ("point_misplaced", "5.7 %", ["0.057 %", "0.57 %", "57 %", "570 %"]),
    ("point_misplaced", "0.0", []),
    ("point_misplaced", "4/7", []),
    ("point_misplaced", "√2", []),
]


def passed(given_: dict[str, Any], wiring: dict[str, Any]) -> Trace:
    """The pass of a problem."""
    return solve(from_dict({"given": given_, "pass": wiring}))


def rewritten(trace: Trace, step: Step, name: str) -> Iterator[Expr]:
    """The formulas of somebody with a mistake."""
    tensors = Tensors(trace.tables.definitions, step.id.removesuffix(step.name))
    yield from mistakes.mistakes[name].rewrites(step, tensors)


def wanted(text: str) -> list[list[str]]:
    """The numbers of a matrix, row by row."""
    return [row.split() for row in text.split(", ")]


def says(text: str, found: Any) -> bool:
    """Whether a text says this number: a decimal when it is rounded to it, any other when it is equal."""
    number = numbers.read(text)
    if isinstance(number, Num) and number.places:
        return nearest(found, number.places) == number.value
    return agree(found, value(number, {}, Table({}, Ball())))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.mistake}-{row.step}")
def test_a_mistake_gives_these_numbers(row: Row) -> None:
    """Somebody who makes the mistake writes exactly the numbers of the row, and they are not the right ones."""
    trace = passed(row.given, row.wiring)
    step = next(step for step in trace.steps if step.id == row.step)
    before = {
        (name, (i, j)): value(numbers.read(text), {}, Table({}, Ball()))
        for name, matrix in row.before.items()
        for i, line in enumerate(wanted(matrix))
        for j, text in enumerate(line)
    }
    table = Table(trace.tables.definitions, Ball(), before.get)

    def gives(formula: Expr) -> bool:
        for i, line in enumerate(wanted(row.numbers)):
            for j, text in enumerate(line):
                if not says(text, value(formula, place(step.tensor, (i, j)[: len(step.tensor.axes)]), table)):
                    return False
        return True

    with precision(128):
        found = [formula for formula in rewritten(trace, step, row.mistake) if gives(formula)]
        assert found
        assert row.mistake == "forced_to_one" or not gives(step.formula)
        assert (len(wanted(row.numbers)), len(wanted(row.numbers)[0])) == (*step.tensor.shape, 1)[:2]


NOWHERE: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("added", {"S": SQUARE}, PLAIN, "row_sums"),
    ("elementwise", {"Q": [[1, 2]], "K": [[3, 4]]}, {}, "scores"),
    ("k_not_transposed", {"Q": [[1, 2]], "K": [[3, 4]]}, {}, "scores"),
    ("q_k_exchanged", {"X": SQUARE}, {}, "scores"),
    ("w_transposed", {"X": [[1, 2]], "W_Q": [[1], [2]], "W_K": [[1], [2]]}, {}, "query"),
    ("not_scaled", {"Q": [[1]], "K": [[3]]}, {}, "scaled"),
    ("softmax_whole_matrix", {"S": [[1, 2]]}, PLAIN, "weights"),
    ("sum_of_scores", {"S": [[1, 2]]}, {**PLAIN, "normalisation": "sum"}, "row_sums"),
    ("mask_forgotten", {"S": SQUARE}, PLAIN, "weights"),
    ("mask_zero", {"S": SQUARE}, {**CAUSAL, "normalisation": "sum"}, "weights"),
    ("maximum_in_numerator_only", {"S": [[1, 2]]}, PLAIN, "weights"),
    ("softcap_after_mask", {"S": SQUARE}, {"logits": [CAP]}, "capped"),
    ("softcap_after_mask", {"S": SQUARE}, CAUSAL, "masked"),
    ("softcap_after_mask", {"Q": Q, "K": K}, {"logits": [CAP, *CAUSAL["logits"]]}, "scores"),
    ("weights_on_x", {"X": SQUARE}, {}, "outputs"),
    ("weights_on_k", {"X": SQUARE}, {}, "outputs"),
    ("heads_by_rows", {"A": [[[1]], [[1]]], "V": [[1, 2]]}, {"n_heads": 2}, "head2.value"),
    ("heads_interleaved", {"A": [[[1]], [[1]]], "V": [[1, 2]]}, {"n_heads": 2}, "joined"),
]


@pytest.mark.parametrize(("name", "given_", "wiring", "id_"), NOWHERE)
def test_a_mistake_that_cannot_be_made_is_not_tried(
    name: str, given_: dict[str, Any], wiring: dict[str, Any], id_: str
) -> None:
    """Nothing is rewritten where the sizes, the pass or the numbers leave no room for the mistake."""
    trace = passed(given_, wiring)
    step = next(step for step in trace.steps if step.id == id_)
    assert list(rewritten(trace, step, name)) == []


@pytest.mark.parametrize(("name", "text", "meant"), SLIPS)
def test_a_slip_of_the_pen_was_meant_so(name: str, text: str, meant: list[str]) -> None:
    """What was written may have been meant as one of these; each can be read as a number."""
    assert list(mistakes.slips[name].meant(text)) == meant
    for other in meant:
        numbers.read(other)


def test_every_mistake_has_a_row() -> None:
    """The rack holds every file of its folder, in teaching order, and each is worked above."""
    files = {path.stem for path in Path(mistakes.__file__).parent.glob("[!_]*.py")} - {"softmaxes"}
    assert {row.mistake for row in ROWS} == set(mistakes.mistakes)
    assert {name for name, *_ in SLIPS} == set(mistakes.slips)
    assert [*mistakes.mistakes, *mistakes.slips] == list(RACK)
    assert files == set(RACK)


def test_sentences_end_as_they_should() -> None:
    """What happened is half a sentence, what helps is a whole one."""
    for rack in (mistakes.mistakes, mistakes.slips):
        for name in rack:
            assert rack[name].what[0].islower() or rack[name].what[0] in "QKVW"
            assert not rack[name].what.endswith(".")
            assert rack[name].helps.endswith((".", "?"))


def every_value(data: dict[str, Any]) -> Iterator[tuple[str, str, bool, bool]]:
    """Of each formula of each mistake in each step: mistake, step, whether all cells were computed, and are right."""
    trace = solve(from_dict(data))
    with precision(128):
        table = Table(trace.tables.definitions, Ball())
        for step in trace.steps:
            places = [place(step.tensor, at) for at in product(*map(range, step.tensor.shape))]
            right = [computed(step.formula, where, table) for where in places]
            for name in mistakes.mistakes:
                for formula in rewritten(trace, step, name):
                    found = [computed(formula, where, table) for where in places]
                    same = all(
                        a is not None and b is not None and agree(a, b) for a, b in zip(found, right, strict=True)
                    )
                    yield name, step.id, all(x is not None for x in found), same


def computed(formula: Expr, where: dict[str, int], table: Table) -> Any:
    """A value, or None where there is none."""
    try:
        return value(formula, where, table)
    except (Undefined, Undecided):
        return None


@settings(max_examples=60)
@given(problems())
def test_every_formula_has_a_value_or_says_why_not(data: dict[str, Any]) -> None:
    """In each step of any pass a rewritten formula is a number in every cell, or undefined, and nothing else."""
    for _ in every_value(data):
        pass


GENERIC = {
    "one head, X W": ({"X": [[2, 3, 5], [7, 11, 13]], "W_Q": [[1, 4, 6], [8, 9, 10], [12, 15, 14]], "b_Q": [3, 1, 2],
        "W_K": [["1/9", "1/7", "1/5"], ["1/6", "1/8", "1/11"], ["1/13", "1/12", "1/4"]],
        "W_V": [[3, 1, 2], [5, 2, 7], [1, 8, 2]]}, {"projection": "X W^T", "logits": [{"use": "scale", "by": 99}]}),
    "two heads": ({"Q": [[1, 2, 3, 5], [2, -1, 4, 7], [3, 1, 1, 2]], "K": [[1, 0, 2, -1], [3, 1, 1, 2], [1, 5, -2, 1]],
        "V": [[2, 3, 5, 7], [11, 13, 17, 19], [23, 29, 31, 37]], "W_O": [[1, 2, 3, 4], [5, 6, 7, 9], [2, 3, 5, 7],
        [3, 1, 4, 1]], "b_O": [1, 2, 3, 4]}, {"n_heads": 2, "normalisation": SHIFTED}),
    "mask": ({"S": [[1, 2, 4], [3, 5, 7], [6, 11, 8]], "mask": [[1, 1, 0], [0, 1, 1], [1, 0, 1]], "V": [[2], [3], [5]]},
        {"logits": [{"use": "scale", "by": 3}, {"use": "mask"}]}),
    "causal": ({"Q": NINE, "K": [[1, 0, 2], [2, 1, 0], [1, 1, 3]], "V": [[2, 4, 3], [3, 7, 5], [1, 5, 8]]},
        {"logits": [{"use": "scale"}, {"use": "mask", "rule": "causal"}]}),
    "softcap": ({"Q": NINE, "K": [[1, 0, 2], [2, 1, 0], [1, 1, 3]], "V": [[2, 4, 3], [3, 7, 5], [1, 5, 8]]},
        {"logits": [{"use": "scale"}, {"use": "softcap", "cap": 30}, {"use": "mask", "rule": "causal"}]}),
    "two words": ({"Q": Q, "K": K, "V": [[1, 2], [4, 3]]}, {"logits": [{"use": "scale", "by": 20}, *CAUSAL["logits"]]}),
    "one word": ({"X": [[2, 3]], "W_Q": [[3], [5]], "W_K": [[-5], [-7]], "W_V": [[7], [1]], "W_O": [[11, 12]]}, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", GENERIC)
def test_a_mistake_makes_a_difference(name: str) -> None:
    """On numbers without coincidences no mistake gives all the right numbers of a step.

    But for weights that add up to 1 by force: these are right until somebody rounds.
    """
    given_, wiring = GENERIC[name]
    same = {found[:2] for found in every_value({"given": given_, "pass": wiring}) if found[3]}
    assert {mistake for mistake, _ in same} <= {"forced_to_one"}, same
