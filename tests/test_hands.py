"""Simulated people who work by hand (tests/hands), first themselves, then as what `tracer.check` is held to."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

import numpy as np
import pytest
import reference
from hands import cases, mistakes, report
from hands.mistakes import WAYS, Mistake
from hands.person import STEPS, Habits
from hands.quantity import Span, angle, pi
from hands.writing import Text, Writing, rounded_to, write

import tracer
from tracer.problem_file import from_dict

TWO_WORDS = {
    "given": {"Q": [[1, 0], [1, 1]], "K": [[1, 0], [0, 2]], "V": [[2, 0], [0, 4]]},
    "pass": {
        "projection": "X W",
        "similarity": "dot",
        "normalisation": "softmax",
        "logits": [{"use": "scale"}, {"use": "mask", "rule": "causal"}],
    },
}
UNMASKED: dict[str, Any] = {**TWO_WORDS, "pass": {**TWO_WORDS["pass"], "logits": [{"use": "scale"}]}}
TWO_PLACES = dict.fromkeys(STEPS, 2)


def written(problem: dict[str, Any], habits: Habits, mistake: Mistake | None = None) -> dict[str, list[list[str]]]:
    """What somebody writes, without the lengths and angles beside the pass."""
    return cases.worked(problem, habits, mistake).submission()["written"]


# The simulator itself


def test_somebody_with_a_pencil() -> None:
    """Two places, half up, each step from the numbers written before: checked with a pencil."""
    found = written(UNMASKED, Habits(TWO_PLACES))
    assert found["query_norms"] == [["1.00"], ["1.41"]]
    assert found["cosines"] == [["1.00", "0.00"], ["0.71", "0.71"]]
    assert found["angles"] == [["0.00", "90.00"], ["44.77", "44.77"]]  # of 0.71, not of √2/2
    assert found["scores"] == [["1.00", "0.00"], ["1.00", "2.00"]]
    assert found["scaled"] == [["0.71", "0.00"], ["0.71", "1.41"]]
    assert found["exponentials"] == [["2.03", "1.00"], ["2.03", "4.10"]]
    assert found["row_sums"] == [["3.03"], ["6.13"]]
    assert found["weights"] == [["0.67", "0.33"], ["0.33", "0.67"]]
    assert found["row2.contributions"] == [["0.66", "0.00"], ["0.00", "2.68"]]
    assert found["outputs"] == [["1.34", "1.32"], ["0.66", "2.68"]]


def test_somebody_who_cuts_off() -> None:
    """The same, with what comes after two places cut off."""
    found = written(UNMASKED, Habits(TWO_PLACES, rounding="cut"))
    assert found["scaled"] == [["0.70", "0.00"], ["0.70", "1.41"]]
    assert found["exponentials"] == [["2.01", "1.00"], ["2.01", "4.09"]]
    assert found["weights"] == [["0.66", "0.33"], ["0.32", "0.67"]]
    assert found["outputs"] == [["1.32", "1.32"], ["0.64", "2.68"]]


def test_somebody_with_a_calculators_memory() -> None:
    """The same, rounded only on paper: e^(1/√2) = 2.0281, and 4.1133 / 6.1414 = 0.6698."""
    found = written(UNMASKED, Habits(TWO_PLACES, goes_on="memory"))
    assert found["angles"][1] == ["45.00", "45.00"]
    assert found["exponentials"] == [["2.03", "1.00"], ["2.03", "4.11"]]
    assert found["row_sums"] == [["3.03"], ["6.14"]]
    assert found["outputs"] == [["1.34", "1.32"], ["0.66", "2.68"]]


@pytest.mark.parametrize(
    ("code", "step", "rows"),
    [
        ("added", "scores", [["2.00", "3.00"], ["3.00", "4.00"]]),  # (1+1)+(0+0), …
        ("q_k_exchanged", "scores", [["1.00", "1.00"], ["0.00", "2.00"]]),
        ("k_not_transposed", "scores", [["1.00", "0.00"], ["1.00", "2.00"]]),  # K is its own transpose
        ("cosine_for_dot", "scores", [["1.00", "0.00"], ["0.71", "0.71"]]),
        ("norm_without_root", "query_norms", [["1.00"], ["2.00"]]),
        ("radians", "angles", [["0.00", "1.57"], ["0.78", "0.78"]]),
        ("not_scaled", "scaled", [["1.00", "0.00"], ["1.00", "2.00"]]),
        ("divided_by_d_k", "scaled", [["0.50", "0.00"], ["0.50", "1.00"]]),
        ("scaled_twice", "scaled", [["0.50", "0.00"], ["0.50", "1.00"]]),
        ("mask_forgotten", "masked", [["0.71", "0.00"], ["0.71", "1.41"]]),
        ("mask_zero", "masked", [["0.71", "0.00"], ["0.71", "1.41"]]),
        ("base_2", "exponentials", [["1.64", "0.00"], ["1.64", "2.66"]]),
        ("base_10", "exponentials", [["5.13", "0.00"], ["5.13", "25.70"]]),
        ("sum_of_scores", "row_sums", [["0.71"], ["2.12"]]),
        ("softmax_whole_matrix", "weights", [["0.25", "0.00"], ["0.25", "0.50"]]),  # of 8.16
        ("masked_after_softmax", "weights", [["0.67", "0.00"], ["0.33", "0.67"]]),
        ("v_transposed", "outputs", [["2.00", "0.00"], ["0.66", "2.68"]]),  # V is its own transpose too
        ("weights_copied", "outputs", [["1.00", "0.00"], ["0.33", "0.67"]]),
    ],
)
def test_mistakes_checked_with_a_pencil(code: str, step: str, rows: list[list[str]]) -> None:
    """Each in its step, the person going on from the numbers that are written."""
    way = next(way for way in WAYS[code] if step in way.steps)
    assert written(TWO_WORDS, Habits(TWO_PLACES), Mistake(code, way, 0))[step] == rows


NOT_SIMULATED = {"softcap_after_mask"}  # problems with a softcap are not drawn


def test_every_mistake_is_simulated() -> None:
    """The list is that of the rack, slips of the pen included."""
    from tracer.mistakes import load, slips
    from tracer.mistakes import mistakes as rack

    load()
    assert {*mistakes.CODES} | NOT_SIMULATED == {*rack, *slips}


@pytest.mark.parametrize(
    ("value", "places", "way", "text"),
    [
        ("0.125", 2, {}, "0.13"),
        ("3", 2, {}, "3.00"),
        ("3", 2, {"zeros": "exact"}, "3"),
        ("2.999", 2, {"zeros": "exact"}, "3.00"),
        ("2.999", 2, {"zeros": "trimmed"}, "3"),
        ("-0.571", 2, {"comma": True, "minus": "−"}, "−0,57"),
        ("0.571", 2, {"bare_point": True}, ".57"),
        ("0.571", 2, {"percent": True}, "57%"),
        ("0.5714", 3, {"percent": True, "comma": True}, "57,1 %"),
        ("0.0057", 4, {"scientific": True}, "5.7e-3"),
        ("-0.001", 2, {}, "0.00"),
        ("-0.001", 2, {"negative_zero": True}, "-0.00"),
        ("0.4", 2, {"fractions": True}, "2/5"),
        ("-Infinity", 2, {"minus": "−", "zeros": "exact"}, "−∞"),
    ],
)
def test_how_people_write(value: str, places: int, way: dict[str, Any], text: str) -> None:
    """A number in one person's way."""
    assert write(Decimal(value), places, Writing(**way), "half-up", is_weight=True).raw == text


@pytest.mark.parametrize(
    ("rounding", "texts"), [("half-up", "0.13 -0.13"), ("half-even", "0.12 -0.12"), ("cut", "0.12 -0.12")]
)
def test_ties(rounding: str, texts: str) -> None:
    """Half a unit goes up, to the even digit, or away."""
    assert texts.split() == [str(rounded_to(Decimal(x), 2, rounding)) for x in ("0.125", "-0.125")]


def test_what_a_written_number_stands_for() -> None:
    """0.57 for all that rounds to it; 3 for itself where it is 3, else for a rounding to no places."""
    assert Text("0.57", Decimal("0.57"), 2).stands_for(None) == Span(Decimal("0.565"), Decimal("0.575"))
    assert Text("3", Decimal(3), 0).stands_for(Decimal(3)) == Span(Decimal(3), Decimal(3))
    assert Text("3", Decimal(3), 0).stands_for(Decimal("3.2")) == Span(Decimal("2.5"), Decimal("3.5"))
    assert Text("4/7", Decimal(4) / 7, None).stands_for(None).low == Decimal(4) / 7


def test_angles() -> None:
    """Of cosines, against NumPy."""
    assert float(pi()) == np.pi
    for x in np.linspace(-1, 1, 41):
        assert float(angle(Decimal(float(x)))) == pytest.approx(np.degrees(np.arccos(x)), abs=1e-12)


def test_slips_of_the_pen() -> None:
    """Neighbouring digits change places; the point moves by one place."""
    assert [t.raw for t in mistakes.exchanged(Text("12.34", Decimal("12.34"), 2))] == ["21.34", "12.43"]
    assert [t.raw for t in mistakes.shifted(Text("12.34", Decimal("12.34"), 2))] == ["123.4", "1.234"]
    assert [t.raw for t in mistakes.shifted(Text("0.5", Decimal("0.5"), 1))] == ["5", "0.05"]


def test_exact_values_against_numpy() -> None:
    """Every step of a hundred problems, in plain floating point."""
    for seed in range(100):
        problem, shapes, true = cases.bearable_problem(Random(seed))
        for id_, array in reference.floats(problem).items():
            n, m = shapes[id_]
            ours = [[np.nan if (x := true[id_, i, j]) is None else float(x) for j in range(m)] for i in range(n)]
            np.testing.assert_allclose(ours, array.reshape(n, m), rtol=1e-9, atol=2e-6, err_msg=f"{seed} {id_}")


def test_the_steps_are_those_of_a_trace() -> None:
    """The same ids, in the same order, of the same sizes."""
    for seed in range(100):
        problem, shapes, _ = cases.bearable_problem(Random(seed))
        steps = [(step.id, (*step.shape, 1)[:2]) for step in tracer.solve(from_dict(problem))]
        assert steps == list(shapes.items()), seed


def test_every_kind_of_problem_and_person_occurs() -> None:
    """Nothing is drawn so seldom that it would not be tested."""
    seen: Counter[str] = Counter()
    for seed in range(200):
        case = cases.honest(seed)
        given, wiring, habits = case.problem["given"], case.problem["pass"], case.habits
        seen.update(list(given))
        seen.update(
            [wiring["projection"], wiring["similarity"], wiring["normalisation"], habits.rounding, habits.goes_on]
        )
        seen.update(str(step.get("rule", step["use"])) for step in wiring.get("logits", []))
        seen.update(key for key in ("n_heads", "repeat") if wiring.get(key, 1) > 1)
        seen.update(f"zeros {habits.writing.zeros}" for _ in "x")
        seen.update(
            name
            for name in ("comma", "percent", "fractions", "roots", "other_ways")
            if getattr(habits.writing, name, False) or getattr(habits, name, False)
        )
        seen.update(["gaps"] if habits.gaps else [])
    wanted = """X Y Q S A embedding W_Q W_O b_Q b_O mask  causal given scale  n_heads repeat  cosine dot  softmax softmax-shifted
        sum  half-up half-even cut  memory written mixed  comma percent fractions roots other_ways gaps"""
    assert [word for word in [*wanted.split(), "X W^T", "W x"] if seen[word] < 3] == []


def test_zero_sums_are_left_blank() -> None:
    """A row of exponentials that rounds to nothing has no weights, and no outputs."""
    S = [["-9", "-9"], ["0", "0"]]
    problem = {"given": {"S": S, "V": [[1], [3]]}, "pass": {**UNMASKED["pass"], "logits": []}}
    found = written(problem, Habits(TWO_PLACES))
    assert found["row_sums"] == [["0.00"], ["2.00"]]
    assert found["weights"] == [["", ""], ["0.50", "0.50"]]
    assert found["outputs"] == [[""], ["2.00"]]


# The laws of checking

HONEST, MISTAKEN, SLIPPED = 60, 3, 60
MANY_HONEST, MANY_MISTAKEN, MANY_SLIPPED = 200, 8, 200
NAMED = 95  # of a hundred


def explained(found: list[report.Finding]) -> str:
    """What went wrong, to be worked through: python -m tests.hands.report --show NAME SEED."""
    return "\n".join(f"{finding.case.seed}: {fault}" for finding in found for fault in finding.faults[:1])


def test_no_honest_person_is_marked_wrong() -> None:
    """Whatever they round to, and however they write: nothing is wrong, nothing is unreadable."""
    found = [finding for finding in map(report.honest, range(HONEST)) if finding.faults]
    assert not found, explained(found)


@cache
def mistaken() -> dict[str, list[report.Finding]]:
    """A few people with each mistake."""
    return {code: list(report.findings(code, range(MISTAKEN))) for code in mistakes.CODES}


def test_no_mistake_slips_through() -> None:
    """The first wrong cell of each is found, and named in 95 of 100."""
    every = [finding for found in mistaken().values() for finding in found]
    lost = {
        code: explained(missed) for code, found in mistaken().items() if (missed := [f for f in found if not f.found])
    }
    assert not lost
    unnamed = {
        code: explained(missed) for code, found in mistaken().items() if (missed := [f for f in found if not f.named])
    }
    assert 100 * sum(finding.named for finding in every) >= NAMED * len(every), unnamed


def test_what_follows_from_a_mistake_is_accepted() -> None:
    """Who goes on honestly from wrong numbers makes no further mistake."""
    accused = {
        code: seeds for code, found in mistaken().items() if (seeds := [f.case.seed for f in found if f.accused])
    }
    assert not accused


def test_one_slip_costs_one_cell() -> None:
    """One wrong number is one wrong cell; all others are exact, by hand or carried."""
    found = [finding for finding in map(report.slipped, range(SLIPPED)) if finding.faults]
    assert not found, explained(found)


@pytest.mark.full
@pytest.mark.parametrize("start", range(0, MANY_HONEST, 200))
def test_many_honest_people(start: int) -> None:
    """None of them is marked wrong."""
    found = [finding for finding in map(report.honest, range(start, start + 200)) if finding.faults]
    assert not found, explained(found)


@pytest.mark.full
@pytest.mark.parametrize("code", mistakes.CODES)
def test_many_problems_with_a_mistake(code: str) -> None:
    """It is found, but for one where sums nearly cancel, and named in 95 of 100, but for one."""
    found = list(report.findings(code, range(MANY_MISTAKEN)))
    lost = [finding for finding in found if not finding.found]
    assert len(lost) <= 1, explained(lost)
    unnamed = [finding for finding in found if not finding.named]
    assert 100 * (len(unnamed) - 1) <= (100 - NAMED) * len(found), explained(unnamed)


@pytest.mark.full
@pytest.mark.parametrize("start", range(0, MANY_SLIPPED, 200))
def test_many_slips(start: int) -> None:
    """Each costs one cell, but for one of two hundred who cuts off and rounds √d_k on scratch paper."""
    found = [finding for finding in map(report.slipped, range(start, start + 200)) if finding.faults]
    assert len(found) <= 1, explained(found)
