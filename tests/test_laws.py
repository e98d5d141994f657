"""What is true of every attention pass, tried on random small problems."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import reference
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import SOFTMAXES, entries, integers, matrices, problems

from tracer import Trace
from tracer.composition import solve
from tracer.formats import render
from tracer.pages.solution import solution
from tracer.problem_file import from_dict

PLACES = (0, 2, 4, 12)
TINY = Decimal("1e-45")


def traced(data: dict[str, Any]) -> Trace:
    """The trace of a problem."""
    return solve(from_dict(data))


def compared(trace: Trace) -> list[Any]:
    """The steps that the reference computes too: all but the bilinear view, which has a law of its own."""
    return [step for step in trace if not step.name.startswith("bilinear")]


def rows_of(trace: Trace, name: str) -> list[list[Any]]:
    """All rows of all heads of a step."""
    return [row for step in trace if step.name == name for row in step.cells]


@settings(max_examples=120)
@given(problems())
def test_every_step_is_the_independent_one(data: dict[str, Any]) -> None:
    """Which steps there are, their sizes, and every number of them to 12 decimals, as computed without tracer."""
    trace, truth = traced(data), reference.worked(data)
    assert {step.id for step in compared(trace)} == set(truth)
    for step in compared(trace):
        for row, wanted in zip(step.cells, truth[step.id], strict=True):
            for cell, value in zip(row, wanted, strict=True):
                agrees(cell, value, is_rational="√" not in str(data) and "sqrt" not in str(data))


def agrees(cell: Any, value: Decimal, is_rational: bool) -> None:
    """A cell's certified digits are those of a value known to 80, and = stands only between equal numbers.

    From rational numbers it stands between all equal ones; equal nested roots, √(3 + 2√2) and 1 + √2, may get ≈.
    """
    assert bool(cell.undefined) == value.is_nan(), cell.id
    if value.is_nan() or value.is_infinite():
        assert cell.infinite == (0 if value.is_nan() else 1 if value > 0 else -1)
        assert cell.decimal(4) is None
        return
    for places in PLACES:
        rounded = reference.half_up(value, places)
        assert Decimal(cell.decimal(places)) == rounded, (cell.id, places)
        is_equal = abs(value - rounded) < TINY
        assert cell.rounded(places).is_equal == is_equal or (is_equal and not is_rational), (cell.id, places)


@settings(max_examples=60)
@given(problems(), st.integers(0, 4), st.dictionaries(st.sampled_from(
    ["query", "scores", "scaled", "capped", "exponentials", "row_sums", "weights", "outputs", "joined"]), st.integers(0, 5)))  # fmt: skip
def test_by_hand_is_what_a_person_gets(data: dict[str, Any], places: int, rule: dict[str, int]) -> None:
    """Each written step rounded half-up, the next one worked from the rounded numbers: digit for digit."""
    trace = traced({**data, "paper": {"places": places, "by_hand": rule}})
    written = reference.worked(data, reference.by_hand(places, rule))
    for step in compared(trace):
        for row, wanted in zip(step.cells, written[step.id], strict=True):
            for cell, value in zip(row, wanted, strict=True):
                digits = rule.get(step.name, places)
                expected = f"{reference.half_up(value, digits):f}" if value.is_finite() else None
                assert cell.by_hand == expected, cell.id


@settings(max_examples=100)
@given(problems(normalisations=SOFTMAXES))
def test_floats_are_those_of_numpy(data: dict[str, Any]) -> None:
    """The floating-point view is what a plain NumPy computation of the same pass gives."""
    trace, arrays = traced(data), reference.floats(data)
    for step in compared(trace):
        close = 1e-5 if step.name == "angles" else 1e-11  # an angle near 0° has half the digits
        np.testing.assert_allclose(trace.floats(step.id), arrays[step.id], rtol=close, atol=close, err_msg=step.id)


@settings(max_examples=40)
@given(problems(numbers=st.one_of(integers, st.just("1/2"), st.just("√2")), most_heads=1, most=2))
def test_the_exact_value_lies_in_the_ball(data: dict[str, Any]) -> None:
    """SymPy's exact value, evaluated to 50 digits, rounds to the digits that the enclosure certified."""
    trace = traced(data)
    for step in trace:
        if step.id.startswith("pass2") or any(c.undefined or c.infinite for row in step.cells for c in row):
            continue
        for row, values in zip(step.cells, trace.exact(step.id).tolist(), strict=True):
            for cell, value in zip(row, values, strict=True):
                about = Decimal(str(sympy.N(value, 50)))
                number = cell.rounded(30).number.value
                assert abs(Fraction(about) - number) <= Fraction(1, 2 * 10**30) + abs(number) / 10**45, cell.id


@settings(max_examples=40)
@given(
    problems(
        sources=("X", "Y", "QKV", "S"),
        normalisations=SOFTMAXES,
        similarities=("dot",),
        numbers=integers,
        most_heads=1,
        most=2,
    )
)
def test_weights_add_up_to_one(data: dict[str, Any]) -> None:
    """The weights of a row add up to exactly 1, unless the row is masked altogether: then all are 0."""
    data["pass"].pop("repeat", None)
    trace = traced(data)
    for row in trace.exact("weights").tolist():
        assert abs(sympy.N(sum(row), 50) - (0 if not any(row) else 1)) < 1e-48


@settings(max_examples=40)
@given(problems(sources=("X", "Y", "QKV", "S"), masks=("causal", "top-left", "given")))
def test_a_masked_key_weighs_nothing(data: dict[str, Any]) -> None:
    """Exactly the masked keys have the logit −∞ and the weight 0; a row that sees nothing has outputs 0."""
    trace = traced(data)
    mask = next(step for step in data["pass"]["logits"] if step["use"] == "mask")
    for logits, weights in ((rows_of(trace, "masked"), rows_of(trace, "weights")),):
        n, m = len(trace.problem.tokens), len(trace.problem.key_tokens)
        for place, (Z, A) in enumerate(zip(logits, weights, strict=True)):
            seen = [reference.may_attend(mask, data["given"], place % n, j, n, m) for j in range(m)]
            assert [cell.infinite < 0 for cell in Z] == [not s for s in seen]
            for cell, s in zip(A, seen, strict=True):
                if not s:
                    assert (cell.decimal(0), cell.rounded(0).is_equal, cell.float) == ("0", True, 0.0)
            if not any(seen) and rows_of(trace, "outputs"):
                O = rows_of(trace, "outputs")[place]
                assert [(cell.decimal(9), cell.by_hand) for cell in O] == [("0.000000000", "0.0000")] * len(O)


def of_scores(S: list[list[Any]], normalisation: str = "softmax", V: Any = None) -> Trace:
    """The pass from scores, without scaling."""
    given_ = {"S": S} if V is None else {"S": S, "V": V}
    return traced({"given": given_, "pass": {"logits": [], "normalisation": normalisation}})


def decimals(trace: Trace, name: str, places: int = 20) -> list[list[str]]:
    """A step's certified decimals."""
    return [[cell.decimal(places) for cell in row] for row in trace[name].cells]


@settings(max_examples=40)
@given(matrices(2, 3), integers)
def test_a_constant_added_to_a_row_changes_no_weight(S: list[list[Any]], constant: int) -> None:
    """Softmax sees only differences."""
    moved = [[f"({x})+({constant})" for x in S[0]], S[1]]
    assert decimals(of_scores(moved), "weights") == decimals(of_scores(S), "weights")


@settings(max_examples=40)
@given(matrices(2, 3))
def test_the_shifted_softmax_is_the_softmax(S: list[list[Any]]) -> None:
    """Subtracting the maximum first changes the exponentials, and no weight; no exponential is above 1."""
    shifted = of_scores(S, "softmax-shifted")
    assert decimals(shifted, "weights") == decimals(of_scores(S), "weights")
    assert all(max(map(Decimal, row)) == 1 for row in decimals(shifted, "exponentials"))


@settings(max_examples=40)
@given(matrices(2, 2), matrices(3, 2), matrices(3, 2), st.permutations(range(3)), st.sampled_from(SOFTMAXES))
def test_the_order_of_the_keys_does_not_matter(Q: Any, K: Any, V: Any, order: list[int], kind: str) -> None:
    """Permuting the keys together with their values permutes the weights and changes no output."""

    def outputs(order: Any) -> Trace:
        rows = {"Q": Q, "K": [K[j] for j in order], "V": [V[j] for j in order]}
        return traced({"given": rows, "pass": {"normalisation": kind}})

    permuted, plain = outputs(order), outputs(range(3))
    assert decimals(permuted, "outputs") == decimals(plain, "outputs")
    weights = decimals(plain, "weights")
    assert decimals(permuted, "weights") == [[row[j] for j in order] for row in weights]


@settings(max_examples=30)
@given(problems(sources=("X", "Y"), similarities=("dot",)))
def test_the_bilinear_view_finds_the_same_scores(data: dict[str, Any]) -> None:
    """X W_Q W_Kᵀ yᵀ is the dot product of query and key."""
    trace = traced(data)
    for step in trace:
        if step.name == "bilinear_scores":
            assert decimals(trace, step.id) == decimals(trace, step.id.replace("bilinear_scores", "scores"))


@settings(max_examples=30)
@given(matrices(2, 2), matrices(3, 4), matrices(3, 4))
def test_grouped_heads_with_all_keys_are_multi_head(Q: Any, K: Any, V: Any) -> None:
    """Two key heads for two query heads are ordinary heads; one key head is the same key twice."""
    Q = [[*row, *row] for row in Q]
    both = traced({"given": {"Q": Q, "K": K, "V": V}, "pass": {"n_heads": 2, "n_kv_heads": 2}})
    assert decimals(both, "joined") == decimals(
        traced({"given": {"Q": Q, "K": K, "V": V}, "pass": {"n_heads": 2}}), "joined")  # fmt: skip
    shared = [row[:2] for row in K]
    one = traced({"given": {"Q": Q, "K": shared, "V": V}, "pass": {"n_heads": 2, "n_kv_heads": 1}})
    twice = {"Q": Q, "K": [[*row, *row] for row in shared], "V": [[*row, *row] for row in V]}
    assert decimals(one, "joined") == decimals(traced({"given": twice, "pass": {"n_heads": 2}}), "joined")


@settings(max_examples=30)
@given(problems(masks=("none",), most_heads=1))
def test_worked_rows_do_not_depend_on_which_are_asked_for(data: dict[str, Any]) -> None:
    """Asking for the first row only changes no number of it."""
    one = {**data, "pass": {**data["pass"], "queries": [1]}}
    for step in traced(data):
        assert decimals(traced(one), step.id, 6) == decimals(traced(data), step.id, 6)


@settings(max_examples=30)
@given(problems(numbers=st.one_of(entries, st.sampled_from(["1+√2", "ln 2", "π", 100, "1e9", "1e-9", "a", "2b"]))))
def test_every_problem_can_be_printed(data: dict[str, Any]) -> None:
    """Whatever is worked can be written as text, HTML and JSON: large, tiny, irrational and symbolic numbers."""
    trace = traced(data)
    for suffix in (".txt", ".html", ".json"):
        assert render(trace, lambda: solution(trace), suffix)
