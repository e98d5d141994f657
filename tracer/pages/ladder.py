"""The normaliser ladder: the same scores divided by their sum, by the softmax, and by the shifted softmax.

Each rung repairs what the one before cannot do: a sum may be 0 and a share negative; an exponential may be too large
for a computer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import isclose
from typing import NamedTuple

from tracer.composition import solve
from tracer.decoding import at_once
from tracer.document import Block, Document, Heading, Ledger, Line, Math, Text, Together
from tracer.errors import ProblemError
from tracer.expr import ONE, ZERO
from tracer.handout import Told, carried, makers
from tracer.operations.normalisation import normalisations
from tracer.pages import Details, Form, forms
from tracer.parts.working import Detail, equation, shown
from tracer.problem import TITLE, Setting
from tracer.trace import Trace
from tracer.views import CellView, StepView

RUNGS = {  # by the name of the normalisation: its title, and why the next one is needed
    "sum": (
        "Divided by the sum",
        "The first idea: every score is a share of the sum. It fails where the sum is 0, because nothing can be "
        "divided by zero, and a negative score becomes a negative weight. What is shared out must be positive.",
    ),
    "softmax": (
        "Softmax",
        "e to any power is positive, so no sum is 0 and no weight is negative. But e to a large score is huge: numbers "
        "in a computer (float64) end near 10 to the power of 308, and a score of 710 is already too large.",
    ),
    "softmax-shifted": (
        "Shifted softmax",
        "Subtracting the largest score of the row changes no weight. Now the largest exponential is 1, so no number is "
        "too large, and the sum is at least 1.",
    ),
}
COLUMNS = ("Key", "Score", "By the sum", "e to the score", "Softmax", "e, shifted", "Shifted softmax")
FAILURES = {
    "zero": "The scores add up to 0, and nothing can be divided by zero: by the sum this row has no weights.",
    "negative": "A score has another sign than the sum, so its weight is negative: by the sum this row has no shares.",
    "overflow": "A computer gets no softmax here: e to a score, or the sum of the row, is too large a number for "
    "it and becomes infinity, which nobody can share out. The shifted softmax is the same on paper, and the computer "
    "has it too.",
    "underflow": "A computer gets no softmax here: e to every score is so small that it becomes 0, and 0 divided by 0 "
    "has no value. The shifted softmax is the same on paper, and the computer has it too.",
    "undefined": "A score of this row has no value, so there is nothing to share out.",
    "hidden": "Every key is hidden in this row, so every weight is 0.",
    "": "All three work in this row, but the first gives other weights than the softmax.",
}
TOLERANCE = 1e-6  # how far from 1 the float weights of a row may add up that are a softmax


class Column(NamedTuple):
    """What stands under a heading of the table: a step, and the sums of its rows where these are worth telling."""

    step: StepView
    sums: StepView | None = None


def results(trace: Trace, rows: tuple[int, ...]) -> Detail:
    """Nothing is worked line by line."""
    return Detail((), (), beside=False)


def ladder(trace: Trace, details: Details = results) -> Document:
    """The scores of a trace under three normalisations, a table for each row. Raises `ProblemError` without scores."""
    if "A" in trace.problem.given:
        raise ProblemError("[given] A are weights already; the ladder needs what they are made of: give S, or Q and K")
    if trace.open_letters:
        raise ProblemError(
            f"the letter {trace.open_letters[0]} has no number; the ladder needs numbers: put one in with --let"
        )
    say, own = trace.problem.paper.style.language, trace.problem.title
    traces = {name: _normalised(trace, name) for name in RUNGS}
    opening = say.line("The same scores, shared out in three ways: each repairs what the one before cannot do.")
    blocks: list[Block] = [Text(opening)]
    for number, (name, other) in enumerate(traces.items(), 1):
        blocks.append(Together(tuple(_rung(other, name, number))))
    for columns in _heads(traces):
        blocks += _side_by_side(trace, columns)
    title = say.text("The normaliser ladder") if own == TITLE else own
    attached = carried("ladder", trace, {})
    return Document(title, tuple(blocks), trace.problem.source, trace.problem.paper.style, attached=attached)


@makers.register("ladder")
def again(trace: Trace, told: Told) -> Document:
    """The ladder, as it was made."""
    return ladder(trace)


forms.register("ladder")(Form(ladder, results, is_solution=False))


def _normalised(trace: Trace, name: str) -> Trace:
    """The pass with this normalisation, all tokens at once, and nothing given that only its own needed."""
    problem = trace.problem if trace.problem.wiring.prefill is None else at_once(trace.problem)
    idle = {"dO", *normalisations[problem.wiring.normalisation.use].needs}
    given = {key: values for key, values in problem.given.items() if key not in idle}
    wiring = replace(problem.wiring, normalisation=Setting(name), repeat=1)
    return solve(replace(problem, given=given, wiring=wiring))


def _rung(trace: Trace, name: str, number: int) -> Iterator[Block]:
    """What a rung does, and why the next one is needed."""
    say, (title, sentence) = trace.problem.paper.style.language, RUNGS[name]
    yield Heading(f"{number}. {say.text(title)}", 2, name)
    for step in trace:
        if step.name in ("maxima", "exponentials", "row_sums", "weights") and step.head in (None, 1):
            yield equation(step)
    yield Text(say.line(sentence), "why")


def _heads(traces: Mapping[str, Trace]) -> Iterator[tuple[Column, ...]]:
    """What stands side by side for each head."""
    by_sum, softmax, shifted = traces.values()
    for step in softmax:
        if step.name == "exponentials":
            prefix = step.id.removesuffix("exponentials")
            sums, weights = prefix + "row_sums", prefix + "weights"
            logits = softmax[step[0, 0].inputs[0].key[0]]
            yield (
                Column(logits, by_sum[sums]),
                Column(by_sum[weights]),
                Column(step, softmax[sums]),
                Column(softmax[weights]),
                Column(shifted[step.id], shifted[sums]),
                Column(shifted[weights]),
            )


def _side_by_side(trace: Trace, columns: tuple[Column, ...]) -> Iterator[Block]:
    """A table for each row: the keys below each other, the rungs side by side, and what fails."""
    say, (logits, _, exponentials, *_) = trace.problem.paper.style.language, [column.step for column in columns]
    head = exponentials.head
    yield Heading(say.text("Head {n}", n=head) if head else say.text("Side by side"), 2, f"rows{head or ''}")
    heads, sum_ = tuple(map(say.text, COLUMNS)), say.text("Sum")
    for i in shown(exponentials):
        entries: list[tuple[Line, ...]] = [
            ((key,), *(_shown(trace, column.step[i, j]) for column in columns))
            for j, key in enumerate(trace.problem.key_tokens)
        ]
        failure = _failure(columns, i)
        totals = [
            _shown(trace, column.sums[i]) if column.sums else _whole(column.step, i, failure) for column in columns
        ]
        title = say.text("The row of {word}", word=trace.problem.tokens[i])
        yield Together((
            Heading(title, 3, f"{logits.id}-row{i + 1}"),
            Ledger(heads, (*entries, ((sum_,), *totals))),
            Text(say.line(FAILURES[failure]), "note"),
        ))  # fmt: skip


def _shown(trace: Trace, cell: CellView) -> Line:
    """A number as a page prints it."""
    if cell.undefined:
        return trace.problem.paper.style.language.line("undefined")
    number, is_equal = cell.printed(trace.problem.paper.places)
    return (Math(number),) if is_equal else ("≈\u00a0", Math(number))


def _whole(weights: StepView, row: int, failure: str) -> Line:
    """What the weights of a row add up to: 1, 0 where all keys are hidden, nothing where there are no weights."""
    if any(cell.undefined for cell in weights.row(row)):
        return ()
    return (Math(ZERO if failure == "hidden" else ONE),)


def _failure(columns: tuple[Column, ...], row: int) -> str:
    """What goes wrong in a row first, by its name in `FAILURES`."""
    logits, by_sum, exponentials, softmax, *_ = [column.step for column in columns]
    if any(cell.undefined for cell in logits.row(row)):
        return "undefined"
    if all(cell.infinite for cell in logits.row(row)):
        return "hidden"
    floats = exponentials.tables.floats
    if not isclose(sum(floats[softmax.id][row]), 1, abs_tol=TOLERANCE):
        return "overflow" if any(floats[exponentials.id][row]) else "underflow"
    if any(cell.undefined for cell in by_sum.row(row)):
        return "zero"
    return "negative" if any(cell.rounded(1).number.value < 0 for cell in by_sum.row(row)) else ""
