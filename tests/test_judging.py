"""Marks, as a teacher expects them: each verdict on a small example, and the rules that hold for any submission."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracer
from tests.test_published import FOLDERS, data, truth
from tracer.answers import read_submission
from tracer.errors import ProblemError, SubmissionError
from tracer.judging import CREDIT, check
from tracer.marking import ACCEPTED, Mark, Marks, Verdict
from tracer.parts.verdicts import LOOKS
from tracer.problem_file import from_dict
from tracer.submission import Submission

APPLE = {"given": {"X": [[0, 3], [2, 2]]}, "tokens": ["orange", "apple"], "pass": {"logits": []}}  # the classic lesson
SCORES = [["9", "6"], ["6", "8"]]


def marked(problem: dict[str, Any], **written: Any) -> Marks:
    """The marks of some written steps."""
    return check(from_dict(problem), read_submission({"written": written}))


def at(marks: Marks, cell: str) -> Mark:
    """The mark of one cell."""
    return next(mark for mark in marks.marks if mark.cell == cell)


def verdicts(marks: Marks) -> list[str]:
    """All verdicts in the order of the work."""
    return [str(mark.verdict) for mark in marks.marks]


# One example for each verdict


def test_exact_is_the_value_or_the_value_rounded() -> None:
    """The weights of orange are 1/(1 + e^−3) = 0.95257… and 0.04742…; 95 % and 0,0474 are those rounded."""
    marks = marked(APPLE, scores=SCORES, weights=[["0.9526", "0,0474"], ["12 %", "e^2/(1 + e^2)"]])
    assert verdicts(marks) == ["exact"] * 8


def test_right_by_hand_follows_from_rounded_numbers() -> None:
    """√3 = 1.7320…; from 9/√3 ≈ 5.2 follows e^5.2 = 181.27, though e^(9/√3) is 180.58."""
    problem = {"given": {"S": [[9, 6]]}, "pass": {"logits": [{"use": "scale", "by": "√3"}]}}
    marks = marked(problem, scaled=[["5.2", "3.5"]], exponentials=[["181.27", "33.1"]])
    assert verdicts(marks) == ["exact", "exact", "by_hand", "by_hand"]
    assert at(marks, "exponentials[1,1]").expected == "180.58"


def test_what_follows_from_a_slip_is_carried() -> None:
    """One score is wrong, and everything after it is worked rightly from it: one mark is lost, not four."""
    marks = marked(APPLE, scores=[["9", "4.5"], ["6", "8"]], weights=[["0.9890", "0.0110"], ["0.12", "0.88"]])
    assert verdicts(marks) == ["exact", "wrong", "exact", "exact", "carried", "carried", "exact", "exact"]
    assert marks.first_wrong is not None
    assert (marks.first_wrong.cell, marks.accepted, marks.blanks, marks.credit) == ("scores[1,2]", 7, 8, 7)
    assert (at(marks, "weights[1,1]").expected, at(marks, "weights[1,1]").from_yours) == ("0.9526", "0.9890")


def test_cut_off_or_a_unit_in_the_last_place_is_a_rounding_slip() -> None:
    """2/3 cut off is 0.66; 0.68 is one more than 0.67. An integer cannot slip: 8 for 9 is wrong."""
    thirds = {"given": {"A": [["2/3", "1/3"]], "V": [[1], [0]]}}
    assert verdicts(marked(thirds, outputs=[["0.66"]])) == ["rounding_slip"]
    assert verdicts(marked(thirds, outputs=[["0.68"]])) == ["rounding_slip"]
    assert verdicts(marked(thirds, outputs=[["0.70"]])) == ["wrong"]
    assert at(marked(APPLE, scores=[["8", "6"], ["6", "8"]]), "scores[1,1]").verdict is Verdict.WRONG


def test_a_mistake_has_a_name_for_the_whole_matrix() -> None:
    """All scores copied: not scaled, though one of them is 0 either way."""
    problem = {"given": {"S": [[4, 0], [2, 6]]}, "pass": {"logits": [{"use": "scale", "by": 2}]}}
    marks = marked(problem, scaled=[["4", "0"], ["2", "6"]])
    assert [mark.mistakes for mark in marks.marks] == [("not_scaled",), (), ("not_scaled",), ("not_scaled",)]
    assert "not scaled" in marks.marks[0].sentence


def test_a_mistake_in_a_step_that_was_not_written_is_found_where_it_shows() -> None:
    """Only the weights are there: those of base 2."""
    problem = {"given": {"S": [[1, 3]]}, "pass": {"logits": []}}
    assert {mark.mistakes for mark in marked(problem, weights=[["1/5", "4/5"]]).marks} == {("base_2",)}


def test_two_mistakes_at_once() -> None:
    """Not divided by 2, and powers of 2: 2⁴/(2² + 2⁴) is 0.8, 2⁸/(2⁴ + 2⁸) is 16/17."""
    problem = {"given": {"S": [[2, 4], [4, 8]]}, "pass": {"logits": [{"use": "scale", "by": 2}]}}
    marks = marked(problem, weights=[["0.2000", "0.8000"], ["0.0588", "0.9412"]])
    assert all("not_scaled+base_2" in mark.mistakes for mark in marks.marks)
    assert marks.marks[0].sentence.startswith("It looks as if")


def test_ties_between_mistakes_are_admitted() -> None:
    """With d_k = 4 and four words, dividing by d_k and dividing twice by √d_k come to the same."""
    problem = {"given": {"Q": [[2, 2, 2, 2]], "K": [[2, 2, 2, 2]]}}
    (mark,) = marked(problem, scaled=[["4"]]).marks
    assert {"divided_by_d_k", "scaled_twice"} <= set(mark.mistakes)


def test_two_digits_exchanged_and_a_point_misplaced() -> None:
    """12 for 21, 0.0952 for 0.952: slips of the pen."""
    problem = {"given": {"Q": [[7, 3]], "K": [[0, 7], [3, 0]]}, "pass": {"logits": []}}
    assert "digits_exchanged" in at(marked(problem, scores=[["12", "21"]]), "scores[1,1]").mistakes
    assert at(marked(APPLE, weights=[["0.09526", "0.0474"], ["", ""]]), "weights[1,1]").mistakes == ("point_misplaced",)


def test_nothing_there_and_no_number() -> None:
    """A blank is missing; what cannot be read says why, in its own cell only."""
    marks = marked(APPLE, scores=[["9", ""], ["six", "8"]])
    assert verdicts(marks) == ["exact", "missing", "unreadable", "exact"]
    assert "six" in at(marks, "scores[2,1]").sentence


def test_masked_cells_and_rows_nobody_asked_for_may_stay_blank() -> None:
    """A hidden key needs no number; if one is written, it is −∞ before and 0 after the softmax."""
    causal = {**APPLE, "pass": {"logits": [{"use": "mask", "rule": "causal"}]}}
    marks = marked(causal, masked=[["9", ""], ["6", "8"]], weights=[["1", "0"], ["", ""]])
    assert verdicts(marks) == ["exact"] * 5 + ["missing"] * 2
    assert at(marked(causal, masked=[["9", "-inf"], ["6", "8"]]), "masked[1,2]").verdict is Verdict.EXACT
    first = {**APPLE, "pass": {"logits": [], "queries": [1]}}
    assert verdicts(marked(first, scores=[["9", "6"], ["", ""]])) == ["exact", "exact"]


def test_what_does_not_exist_can_be_written() -> None:
    """The cosine of a zero vector is undefined: so says the exact answer; a blank is no gap."""
    zero = {"given": {"Q": [[0, 0]], "K": [[1, 0]]}}
    assert verdicts(marked(zero, cosines=[["undefined"]])) == ["exact"]
    assert verdicts(marked(zero, cosines=[[""]])) == []
    assert verdicts(marked(zero, cosines=[["0.5"]])) == ["wrong"]


def test_an_integer_among_decimals_is_not_a_rounding_to_no_places() -> None:
    """1 for 1/√2 could be rounded; but all three are the undivided scores, from somebody who writes thirds."""
    problem = {"given": {"Q": [[1, 0], [0, 1]], "K": [[1, 0], [0, 1]]}}
    assert verdicts(marked(problem, scaled=[["1", "0"], ["0", "1"]])) == ["exact"] * 4
    marks = marked(problem, scaled=[["1", "0"], ["0", "1"]], weights=[["0.73", "0.27"], ["0.27", "0.73"]])
    assert verdicts(marks)[:4] == ["mistake", "exact", "exact", "mistake"]


def test_a_wrong_answer_that_leaves_nothing_to_work_out_earns_nothing_after_it() -> None:
    """All scores 0: the weights 1/2 follow, but there was no work in them."""
    marks = marked(APPLE, scores=[["0", "0"], ["6", "8"]], weights=[["0.5", "0.5"], ["0.12", "0.88"]])
    assert verdicts(marks)[:2] == ["wrong"] * 2 or "mistake" in verdicts(marks)[:2]
    marks = marked(
        {"given": {"S": [[9, 6, 3]]}, "pass": {"logits": []}}, exponentials=[["5", "5", "5"]], weights=[["1/3"] * 3]
    )
    assert verdicts(marks) == ["wrong"] * 6
    assert "does not count" in at(marks, "weights[1,1]").sentence


def test_from_what_may_be_0_not_everything_follows() -> None:
    """e^−4, e^−5, e^−6 are 0.0 each, and nobody divides by 0.0: neither 5.1 nor an output of 77.7 is right by hand."""
    problem = {"given": {"S": [[-4, -5, -6]], "V": [[1], [2], [3]]}, "pass": {"logits": []}}
    assert verdicts(marked(problem, outputs=[["77.7"]])) == ["wrong"]
    marks = marked(problem, exponentials=[["0.0", "0.0", "0.0"]], weights=[["0.7", "5.1", "0.1"]])
    assert verdicts(marks) == ["exact"] * 4 + ["wrong", "exact"]


def test_a_row_of_zeros_is_marked_like_any_other() -> None:
    """A weight that may be fitted to its row is recomputed from 0/0, which is no value and no crash."""
    problem = {"given": {"S": [[1, 2]]}, "pass": {"logits": []}}
    marks = marked(problem, exponentials=[["0.00", "0.00"]], row_sums=["0.00"], weights=[["0.25", "0.73"]])
    assert verdicts(marks)[-2:] == ["rounding_slip", "exact"]


# The rules around it


def test_the_declared_rounding_runs_through_what_was_not_written() -> None:
    """With one decimal for the exponentials, e^1 + e^2 is 2.7 + 7.4 = 10.1; without, 10.11."""
    problem = {"given": {"S": [[1, 2]]}, "pass": {"logits": []}}
    declared = {**problem, "paper": {"by_hand": {"exponentials": 1}}}
    assert verdicts(marked(declared, row_sums=[["10.100"]])) == ["by_hand"]
    assert verdicts(marked(problem, row_sums=[["10.100"]])) == ["wrong"]


def test_places_that_were_not_asked_for_are_a_note_and_no_error() -> None:
    """Two decimals are asked for: three are right all the same, and one that says everything needs no note."""
    problem = {"given": {"A": [["2/3", "1/2"]], "V": [[1, 0], [0, 1]]}, "paper": {"by_hand": {"outputs": 2}}}
    first, second = marked(problem, outputs=[["0.667", "0.5"]]).marks
    assert (first.verdict, first.sentence) == (Verdict.EXACT, "Right. 2 decimals are asked for here.")
    assert second.sentence == "Right."


def test_numbers_follow_from_another_printing() -> None:
    """A program's listing prints exact weights, and outputs that were worked from the rounded ones on the page."""
    problem = from_dict({"given": {"A": [["2/3", "1/3"]], "V": [[30], [0]]}})
    page, listing = ({"written": {"outputs": [["20.1"]]}}, {"written": {"outputs": [["20.0"]]}})
    assert verdicts(check(problem, read_submission(listing), read_submission(page))) == ["exact"]
    folder = next(folder for folder in FOLDERS if folder.name.startswith("karim"))
    code, main = (read_submission(folder / f"{name}.toml") for name in ("submission-code", "submission"))
    outputs = verdicts(check(tracer.load(folder / "problem.toml"), code, main))[9:]
    assert outputs == ["carried"] * 3 + ["exact"] + ["by_hand"] * 5


def test_a_rounded_constant_is_honest_work() -> None:
    """Whoever divides by 1.73 gets 5.78; by √3 it is 5.77."""
    problem = {"given": {"S": [[10]]}, "pass": {"logits": [{"use": "scale", "by": "√3"}]}}
    assert verdicts(marked(problem, scaled=[["5.78"]])) == ["by_hand"]


def test_outputs_may_be_added_up_from_written_contributions() -> None:
    """0.33 · 10 three times is 9.9."""
    problem = {"given": {"A": [["1/3", "1/3", "1/3"]], "V": [[10], [10], [10]]}}
    contributions = {"row1.contributions": [["3.3"], ["3.3"], ["3.3"]]}
    assert verdicts(marked(problem, **contributions, outputs=[["9.9"]]))[-1] == "by_hand"


def test_d_k_is_found_where_only_scores_are_given() -> None:
    """Nobody says d_k; the numbers fit 2."""
    problem = {"given": {"S": [[0, 2]]}}
    assert verdicts(marked(problem, scaled=[["0", "1.4142"]], weights=[["0.1956", "0.8044"]])) == ["exact"] * 4
    with pytest.raises(ProblemError, match=r"letters without numbers: a; give them with --let a=1"):
        marked({"given": {"S": [["a", 2]]}, "pass": {"logits": []}}, weights=[["0.5", "0.5"]])


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"scorse": [["1"]]}, "scores"),
        ({"scores": [["1", "2", "3"]]}, r"scores\[1,3\] does not exist: scores is 2 × 2"),
        ({"row_sums": [["1", "2"]]}, r"row_sums\[1,2\] does not exist: row_sums is 2 × 1"),
    ],
)
def test_what_does_not_fit_the_problem_is_one_clear_error(written: dict[str, Any], message: str) -> None:
    """Where, what, what is expected."""
    with pytest.raises(SubmissionError, match=message):
        marked(APPLE, **written)


def test_numbers_in_a_german_sentence_have_a_comma() -> None:
    """As those beside it on the page; codes and values stay as they are."""
    marks = marked({**APPLE, "paper": {"lang": "de"}}, weights=[["0.77", "0.0474"]])
    mark = at(marks, "weights[1,1]")
    assert (mark.sentence, mark.expected) == ("Richtig wäre 0,95.", "0.95")


def test_the_readme_tells_every_verdict() -> None:
    """The table has the code, the sign and the word on a page, and the credit of each verdict."""
    page = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\S+) ([a-z ]+) \| .+ \| (\S+) \|$", page, re.MULTILINE)
    expected = [(str(one), *LOOKS[one][:2], str(CREDIT.get(one, 0))) for one in Verdict]
    assert sorted(rows) == sorted(expected)


# The published examples


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_published_examples(folder: Any) -> None:
    """Every number wrong at its origin is found, what follows from it follows, and nothing else is flagged."""
    problem = tracer.load(folder / "problem.toml")
    main = read_submission(folder / "submission.toml")
    for file in sorted(folder.glob("submission*.toml")):
        name = file.stem.removeprefix("submission").strip("-") or "main"
        earlier = None if name == "main" else main
        kinds = {e["cell"]: e["kind"] for e in truth(folder)["not_exact_or_rounded"] if e["printing"] == name}
        for mark in check(problem, read_submission(file), earlier).marks:
            if mark.entry.is_blank:
                continue
            match kinds.get(mark.cell):
                case "origin":
                    assert mark.verdict not in ACCEPTED, mark
                case "propagated":
                    assert mark.verdict is Verdict.CARRIED, mark
                case None:
                    assert mark.verdict in ACCEPTED, mark
    assert data(folder, "submission")["written"]


# Any submission at all

TEXTS = st.one_of(
    st.text(max_size=12), st.sampled_from(["", "0", "-0", "1", "1e400", "∞", "-inf", "9^9^9^9", "0/0", "e^e^9"])
)
STEPS = ["scores", "scaled", "masked", "exponentials", "row_sums", "weights", "outputs", "cosines", "query_norms"]
MASKED = from_dict(
    {
        "given": {"X": [[0, 3], [2, 2], [0, 0]]},
        "pass": {"logits": [{"use": "scale"}, {"use": "mask", "rule": "causal"}]},
    }
)
TRACE = tracer.solve(MASKED)


@st.composite
def submissions(draw: st.DrawFn) -> Submission:
    """Any texts in any cells of the right shape."""
    written = {}
    for step in draw(st.lists(st.sampled_from(STEPS), unique=True)):
        rows, columns = (*TRACE[step].shape, 1)[:2]
        written[step] = draw(st.lists(st.lists(TEXTS, max_size=columns), max_size=rows))
    return read_submission({"written": {"angles": [["1"]], **written}})


@settings(deadline=None, max_examples=120)
@given(submissions())
def test_any_text_in_any_cell_ends_in_marks(submission: Submission) -> None:
    """Each cell has one verdict and a credit between 0 and 1; the numbers add up; nothing fails."""
    marks = check(TRACE, submission)
    assert all(0 <= mark.credit <= 1 and mark.sentence for mark in marks.marks)
    assert marks.credit <= marks.blanks
    assert marks.accepted == sum(mark.verdict in ACCEPTED for mark in marks.marks)
    assert json.dumps([mark.expected for mark in marks.marks])


@settings(deadline=None, max_examples=30)
@given(st.lists(st.lists(st.fractions(-3, 3, max_denominator=7), min_size=2, max_size=2), min_size=1, max_size=3),
       st.integers(1, 5))  # fmt: skip
def test_the_exact_key_and_the_key_by_hand_get_full_marks(rows: list[list[Fraction]], places: int) -> None:
    """Rounded once or rounded at each step, each key is accepted whole, and shuffled it is too."""
    trace = tracer.solve(from_dict({"given": {"X": [[str(x) for x in row] for row in rows]},
                                    "paper": {"places": places}}))  # fmt: skip
    keys = [[cell for row in step.cells for cell in row if not cell.undefined] for step in trace]
    exact = {cell.key: cell.decimal(places) for step in keys for cell in step}
    by_hand = {cell.key: cell.by_hand for step in keys for cell in step if cell.by_hand is not None}
    for written in (exact, by_hand, dict(reversed(by_hand.items()))):
        texts = {f"{step}[{','.join(str(n + 1) for n in place)}]": text for (step, place), text in written.items()}
        marks = check(trace, read_submission({"written": _rows(trace, texts)}))
        assert [mark for mark in marks.marks if mark.verdict not in ACCEPTED and not mark.entry.is_blank] == []


def _rows(trace: tracer.Trace, texts: dict[str, str]) -> dict[str, list[list[str]]]:
    return {step.id: [[texts.get(cell.id, "") for cell in row] for row in step.cells] for step in trace}
