"""Judges what somebody wrote: trace + submission -> marks (MARKING.md). Marking is tracing again.

asked.py       which cells there are, and which numbers can be read
writing.py     what a written number stands for; places.py: how many places somebody writes
own.py         what follows from the person's own numbers; ways.py: other ways to the same number
judge.py       the verdicts, one step away from these numbers
explaining.py  which mistake it is; attempts.py: mistakes tried out; patience.py: for how long
lineage.py     what a cell follows from, and whether that was made trivial
sentences.py   what is said; numbers.py: what should stand there; unsaid.py: a d_k that nobody says
"""

from __future__ import annotations

from fractions import Fraction

from tracer.errors import SubmissionError
from tracer.evaluate import Key
from tracer.judging.asked import answers, fitted
from tracer.judging.judge import Answer, Judge
from tracer.judging.numbers import from_yours, places_of, right
from tracer.judging.sentences import no_number, sentence, with_places
from tracer.judging.unsaid import with_sizes
from tracer.marking import Mark, Marks, Verdict
from tracer.problem import Problem
from tracer.submission import Entry, Submission
from tracer.trace import Trace

CREDIT = {
    Verdict.EXACT: Fraction(1),
    Verdict.BY_HAND: Fraction(1),
    Verdict.CARRIED: Fraction(1),
    Verdict.ROUNDING_SLIP: Fraction(1, 2),
}


def check(problem: Problem | Trace, submission: Submission, earlier: Submission | None = None) -> Marks:
    """Mark a hand calculation: each written cell one step away from the person's own earlier numbers.

    Verdicts and their order are MARKING.md's, section 2. Whoever marks many submissions of one problem gives its trace,
    whose numbers are then computed once. A number may also follow from those of an `earlier` printing.
    Raises `SubmissionError` where the submission does not fit the problem.
    """
    from tracer.composition import solve

    trace = problem if isinstance(problem, Trace) else solve(problem)
    cells = fitted(trace, submission)
    read, unreadable = answers(cells)
    trace = with_sizes(trace, read)
    judge = _judged(trace, read, None if earlier is None else _judged(trace, _earlier(trace, earlier), None))
    marks = tuple(_mark(judge, key, entry, unreadable) for key, entry in cells.items())
    return Marks(trace, submission, marks)


def _earlier(trace: Trace, submission: Submission) -> dict[Key, Answer]:
    try:
        return answers(fitted(trace, submission))[0]
    except SubmissionError as error:
        raise SubmissionError(f"the earlier printing: {error}") from None


def _judged(trace: Trace, answers: dict[Key, Answer], earlier: Judge | None) -> Judge:
    judge = Judge(trace, answers, earlier)
    judge.judge()
    return judge


def _mark(judge: Judge, key: Key, entry: Entry, unreadable: dict[Key, str]) -> Mark:
    say = judge.trace.problem.paper.style.language
    cell = judge.trace[key[0]][key[1]].id
    if key not in judge.verdicts:
        verdict = Verdict.UNREADABLE if key in unreadable else Verdict.MISSING
        words = no_number(unreadable.get(key), say)
        return Mark(key, cell, entry, verdict, Fraction(0), right(judge.trace, key, None), None, (), words)
    verdict, expected = judge.verdicts[key], right(judge.trace, key, places_of(judge, key))
    yours = None if verdict is Verdict.EXACT else from_yours(judge, key)
    yours = None if yours == expected else yours
    words = with_places(judge, key, sentence(judge, key, expected, yours, say), say)
    credit = CREDIT.get(verdict, Fraction(0))
    return Mark(key, cell, entry, verdict, credit, expected, yours, judge.mistakes.get(key, ()), words)
