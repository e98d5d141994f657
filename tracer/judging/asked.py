"""Fits a submission to its problem: which cells there are, which were asked for, which numbers can be read."""

from __future__ import annotations

from itertools import product

from tracer.arithmetic import ball
from tracer.errors import SubmissionError
from tracer.evaluate import Key, place
from tracer.fields import short
from tracer.judging.judge import Answer
from tracer.judging.writing import number
from tracer.registry import did_you_mean
from tracer.submission import Entry, Submission
from tracer.trace import Trace
from tracer.views import StepView


def fitted(trace: Trace, submission: Submission) -> dict[Key, Entry]:
    """Every cell of each step that anything was handed in for, blank where nothing is written.

    Left out are blank cells that need no number: masked ones, those without a value, rows nobody asked for. Raises
    `SubmissionError` for a step or a cell that the pass does not have.
    """
    written: dict[Key, Entry] = {}
    for (id_, at), entry in submission.cells.items():
        if id_ not in trace:
            raise SubmissionError(
                f"there is no step “{short(id_)}” in this pass; {did_you_mean(id_, trace.tables.definitions)}"
            )
        written[_key(trace[id_], at)] = entry
    handed_in = {key[0] for key in written}
    cells: dict[Key, Entry] = {}
    for id_ in trace.tables.definitions:
        if id_ not in handed_in:
            continue
        for at in product(*map(range, trace[id_].shape)):
            entry = written.get((id_, at), BLANK)
            if not entry.is_blank or is_asked(trace, (id_, at)):
                cells[id_, at] = entry
    return cells


BLANK = Entry("")


def _key(step: StepView, at: tuple[int, ...]) -> Key:
    if len(step.shape) == 1 and len(at) == 2 and at[1] == 0:  # a vector, written as a column
        at = at[:1]
    if len(at) == len(step.shape) and all(0 <= n < size for n, size in zip(at, step.shape, strict=True)):
        return step.id, at
    place_ = ",".join(str(n + 1) for n in at)
    size = " × ".join(map(str, (*step.shape, 1)[:2]))
    raise SubmissionError(
        f"{step.id}[{place_}] does not exist: {step.id} is {size}, counted from 1, row first; "
        "move the number to its cell, or leave it out"
    )


def is_asked(trace: Trace, key: Key) -> bool:
    """Whether somebody has to write a number there: not where a mask is, nor where there is no value."""
    tensor, (row, *_) = trace[key[0]].tensor, key[1]
    queries = trace.problem.wiring.queries
    if queries is not None and tensor.axes[0].counts == "query" and row not in tensor.axes[0].along(queries):
        return False
    if tensor.allowed and not trace.tables.conditions.holds(tensor.allowed, place(tensor, key[1])):
        return False
    return trace.tables.undefined(key) is None


def answers(cells: dict[Key, Entry]) -> tuple[dict[Key, Answer], dict[Key, str]]:
    """What is written in the cells that can be read, and why the others cannot."""
    found: dict[Key, Answer] = {}
    unreadable: dict[Key, str] = {}
    for key, entry in cells.items():
        if entry.is_blank:
            continue
        if entry.is_undefined:
            found[key] = Answer(entry.raw, None)
        elif entry.number is None:
            unreadable[key] = entry.reason
        else:
            with ball.precision(ball.PRECISIONS[0]):
                found[key] = Answer(entry.raw, number(entry.number))
    return found, unreadable
