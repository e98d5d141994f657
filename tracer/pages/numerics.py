"""The same pass in number formats: what each holds, how far that is off, and where the first number is lost."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import dropwhile, groupby

from tracer.arithmetic.narrow import FORMATS
from tracer.composition import solve
from tracer.document import Block, Card, Document, Entry, Grid, Heading, Text, Together
from tracer.errors import ProblemError
from tracer.expr import ZERO, Letter, position
from tracer.fields import whole
from tracer.handout import Told, carried, makers
from tracer.notation.plain import plain
from tracer.operations import indices
from tracer.origins import origins
from tracer.pages import Details, Form, forms
from tracer.parts.lost import Run, at_a_glance, facts, name
from tracer.parts.narrowed import Narrowed, error, exactly, leading, told
from tracer.parts.words import labels
from tracer.parts.working import Detail
from tracer.problem import MAX_SIZE, Setting
from tracer.show import show
from tracer.trace import Trace
from tracer.views import CellView, StepView

UNSHIFTED, SHIFTED = "softmax", "softmax-shifted"
FROM = ("scores", "weights")  # what is followed begins with the first of these that there is
TOGETHER = ("joined", "projected")  # of all heads
ALL, NOT_SUBTRACTED, SUBTRACTED = TITLES = (
    "The pass in every format",
    "The maximum not subtracted",
    "The maximum subtracted",
)
ASSUMED = {
    "Rounding": "every given number, and the result of every single operation, is rounded to the format: to the "
    "nearest number, a tie to the even one (IEEE 754).",
    "Sums": "from left to right, rounded after each term. Real hardware often adds up in a wider format and rounds "
    "at the end; then less is lost.",
    "Functions": "e to a power and roots are rounded correctly; a library may be off by the last digit.",
    "Too large": "a number beyond the largest one becomes infinite (inf); float8 e4m3fn has no infinity, there it "
    "becomes nan, and so does a masked score (PyTorch writes its largest number, 448, instead).",
    "Printed": "a number is printed as the shortest decimal that names it among the numbers of its format.",
    "Lost": "a number is lost where no digit of it is right: its relative error is more than one half.",
}
NONE = "–"  # where there is no error to tell
FEW = 2  # rows that are all followed


def numerics(trace: Trace, details: Details) -> Document:
    """The pass in every number format, with and without the maximum subtracted where it has a softmax.

    Raises `ProblemError` where letters have no numbers.
    """
    if trace.open_letters:
        letter = trace.open_letters[0]
        raise ProblemError(
            f"the page in number formats needs numbers, but {letter} is a letter; put one in with --let {letter}=2"
        )
    every = trace.problem.wiring.queries or tuple(range(len(trace.problem.tokens)))
    rows, style = details(trace, every).worked or every[:1], trace.problem.paper.style
    runs, say = [Run(title, one, rows) for title, one in _shifted_or_not(trace).items()], style.language
    blocks = [
        Text(say.line("The same pass, its numbers held in fewer and fewer bits.")),
        *at_a_glance(runs),
        *facts(say),
        Card(say.text("What is assumed"), tuple((say.text(k), (say.text(v),)) for k, v in ASSUMED.items())),
        *(block for run in runs for block in _followed(run)),
    ]
    title = say.text("{title}: in number formats", title=trace.problem.title)
    attached = carried("numerics", trace, {"worked": [n + 1 for n in rows]})
    return Document(title, tuple(blocks), trace.problem.source, style, origins(trace), labels(trace), attached=attached)


def _all_or_first(trace: Trace, rows: tuple[int, ...]) -> Detail:
    """Every row where there are few, else the first."""
    return Detail(rows if len(rows) <= FEW else rows[:1], (), beside=False)


forms.register("numerics")(Form(numerics, _all_or_first, is_solution=False))


@makers.register("numerics")
def again(trace: Trace, asked: Told) -> Document:
    """The page as it was asked for. Raises `ProblemError` where that is not told."""
    worked = asked.get("worked")
    rows = tuple(whole(n, "worked", 1, MAX_SIZE) - 1 for n in (worked if isinstance(worked, list) else [worked]))
    return numerics(trace, lambda trace, every: Detail(rows, (), beside=False))


def _shifted_or_not(trace: Trace) -> dict[str, Trace]:
    """The pass without and with the maximum subtracted, by its title; as it is where it has no softmax."""
    problem, wiring = trace.problem, trace.problem.wiring
    if "A" in problem.given or wiring.normalisation.use not in (UNSHIFTED, SHIFTED):
        return {ALL: trace}
    uses = {NOT_SUBTRACTED: UNSHIFTED, SUBTRACTED: SHIFTED}
    return {
        title: solve(replace(problem, wiring=replace(wiring, normalisation=Setting(use))))
        for title, use in uses.items()
    }


# Row by row


def _followed(run: Run) -> Iterator[Block]:
    """The rows of queries, each followed from the scores to the outputs."""
    yield Heading(run.say.text(run.title), 2, "maximum-subtracted" if run.title == SUBTRACTED else "followed")
    if run.title == SUBTRACTED:
        yield Text(run.say.line("The scores are those of the tables above."))
    for steps in _groups(run):
        if run.trace.problem.wiring.n_heads > 1:
            head = steps[0].head
            yield Heading(run.say.text("Head {n}", n=head) if head else run.say.text("All heads together"), 3)
        for i in steps[0].tensor.axes[0].along(run.rows):
            yield from _row(run, steps, i)


def _groups(run: Run) -> Iterator[list[StepView]]:
    """The steps of each head that have a row for each query, in order."""
    begin = (*(("maxima",) if run.title == SUBTRACTED else FROM), *TOGETHER)
    steps = [step for step in leading(run.trace) if step.tensor.axes[0].counts == "query"]
    for _, group in groupby(steps, key=lambda step: step.id.rpartition(".")[0]):
        found = list(dropwhile(lambda step: step.name not in begin, group))
        if found:
            yield found


def _row(run: Run, steps: list[StepView], i: int) -> Iterator[Block]:
    first = steps[0].tensor.axes[0].first
    yield Heading(run.say.text("Row {n}: {word}", n=first + i + 1, word=run.trace.problem.tokens[first + i]), 3)
    for step in steps:
        errors = _errors(run, step, i)
        has_errors = any(entry not in (ZERO, NONE) for row in errors.cells for entry in row)
        yield Together((_numbers(run, step, i), *([errors] if has_errors else [])))


def _numbers(run: Run, step: StepView, i: int) -> Grid:
    """One row of a step, below each other in every format."""
    cells, places = step.row(i), run.trace.problem.paper.places
    exact = tuple(exactly(cell, places) for cell in cells)
    held = tuple(tuple(_held(run, n, cell) for cell in cells) for n in range(len(FORMATS)))
    rows = (run.say.text("exact, rounded"), *map(name, FORMATS))
    row = step.tensor[(position(i), *indices(step.tensor)[1:])]
    return Grid(row, "", rows, step.columns, (exact, *held), (run.say.text(step.title),))


def _held(run: Run, n: int, cell: CellView) -> Entry:
    """A number of a format; the first that it loses in some way says so."""
    found = run.found[n]
    number = told(found[cell.key], found.format)
    word = next((loss.word for loss in run.first[n].values() if loss.cell.key == cell.key), "")
    if not word:
        return number
    return f"{number if isinstance(number, str) else show(number, plain)} ({run.say.text(word)})"


def _errors(run: Run, step: StepView, i: int) -> Grid:
    """How far off each number of a row is."""
    entries = tuple(tuple(_error(found, cell) for cell in step.row(i)) for found in run.found)
    return Grid(Letter(run.say.text("relative error")), "", tuple(map(name, FORMATS)), step.columns, entries)


def _error(found: Narrowed, cell: CellView) -> Entry:
    held = found[cell.key]
    has_error = math.isfinite(held) and not cell.undefined and not cell.infinite
    return error(held, cell) if has_error else NONE
