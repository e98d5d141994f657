"""The worksheet of a trace, and its key: the same sheet, blank for blank, filled in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from tracer.document import (
    Blank,
    Block,
    Document,
    Entry,
    Equation,
    Field,
    Fields,
    Grid,
    Heading,
    Ledger,
    Line,
    Text,
    Together,
)
from tracer.expr import Cell, Expr, Letter, Named, num, walk
from tracer.handout import Told, carried, makers
from tracer.parts.given import grid as given_grid
from tracer.parts.scratch import Scratch
from tracer.parts.words import labels, titled
from tracer.parts.working import EVERY, Detail, Working, equation, shown
from tracer.problem import TITLE
from tracer.sheet_told import again, told
from tracer.spoken import Spoken
from tracer.trace import Trace
from tracer.views import CellView, StepView
from tracer.worksheet import Worksheet

SIZES = {  # numbers that formulas call by a name
    "d_model": "coordinates of a word",
    "d_k": "coordinates of a key",
    "d_r": "coordinates that are turned",
}
MADE = "Made with tracer {version}."
COLUMNS = ("Step", "Numbers", "Points each", "Points")
ACCEPTED = (
    "A number is right if it is exact, or rounded correctly to the places it is written with, or what comes out by "
    "hand from the student's own earlier numbers.",
    "A number that follows correctly from an earlier wrong one has its points: the mistake costs them once.",
    "A number in brackets is right as well: it is the exact value, or that rounded once.",
    "One or two units off in the last place is a slip of rounding: half the points.",
)


def sheet(work: Worksheet, *, form: bool = False) -> Document:
    """What a student gets: no number that is left blank is anywhere in it. With `form` a PDF can be filled in."""
    return _Page(work, is_key=False).document(form)


def key(work: Worksheet) -> Document:
    """The same sheet filled in, with the working on its lines; behind it the marking scheme."""
    return _Page(work, is_key=True).document(form=False)


@makers.register("key")
def key_again(trace: Trace, of: Told) -> Document:
    """The key of a worksheet that was told so. Raises `ProblemError` where that does not fit the trace."""
    return key(again(trace, of))


class _Page:
    def __init__(self, work: Worksheet, *, is_key: bool) -> None:
        self.work, self.trace, self.is_key = work, work.trace, is_key
        self.style = work.trace.problem.paper.style
        self.say = self.style.language
        rows = tuple(range(len(work.trace.problem.tokens)))
        self.scratch = Scratch(Working(work.trace, rows, Detail(rows, EVERY, beside=True)), {s.id for s in work.steps})
        self.spoken = Spoken(Document("", (), style=self.style, labels=labels(work.trace)))
        self.behind = behind(work)
        rounded = {*work.asked, *(one.id for steps in self.behind.values() for one in steps if one.kind == "calculate")}
        self.places = {self.scratch.places(id_) for id_ in rounded}

    def document(self, form: bool) -> Document:
        """The whole sheet."""
        say, work = self.say.text, self.work
        title = say(TITLE) if self.trace.problem.title == TITLE else self.trace.problem.title
        running = " · ".join(part for part in (say("Key") if self.is_key else "", work.code, work.name, title) if part)
        blocks = [self.top(), self.task(), *self.given(), Heading(say("Your work"), 2, "work")]
        for n, step in enumerate(work.steps, 1):
            blocks += self.step(n, step)
        if self.is_key:
            blocks += self.scheme()
        return Document(
            title,
            tuple(blocks),
            self.trace.problem.source,
            self.style,
            labels=labels(self.trace),
            running=running,
            code=work.code,
            is_form=form,
            made=MADE,
            attached=carried("key", self.trace, told(work)) if self.is_key else {},
        )

    # Above the work

    def top(self) -> Fields:
        """Name and date to fill in; what tells this sheet from all others."""
        say, work = self.say.text, self.work
        whose = (say("Key"), 6, work.name or say("the sheet filled in")) if self.is_key else (say("Name"), 6, work.name)
        entries = [Field("name", *whose)]
        entries += [Field("date", say("Date"), 4)]
        entries += [Field("", say("Seed"), 3, work.seed)] if work.seed else []
        entries += [Field("code", say("Code"), 3, work.code)]
        total = str(work.total)
        entries += [Field("", say("Points"), 3, total if self.is_key else "", f"/ {total}")] if work.blanks else []
        return Fields(tuple(entries))

    def task(self) -> Text:
        """What is to be done, and how numbers are rounded."""
        say, work = self.say, self.work
        if not work.blanks:
            return Text((say.text("Everything is worked here: follow it line by line."),))
        told = [say.text("Work out the number for every empty box; the lines are for your working.")]
        if work.optional:
            told.append(say.text("Where there is no number to write, a box stays empty."))
        if not self.trace.open_letters:
            told += self.rounding()
        return Text((" ".join(told),))

    def rounding(self) -> list[str]:
        """How numbers are rounded."""
        say, (places, *others) = self.say, self.places
        rule = say.text("Round each number to as many decimals as its step asks for.")
        told = [rule if others else say.count(places, "Round to {n} decimal.", "Round to {n} decimals.")]
        told.append(
            say.text("Go on with the rounded numbers.")
            if self.trace.problem.paper.by_hand
            else say.text("Where a number is exactly a fraction or a root, that is right as well.")
        )
        return told

    def given(self) -> list[Block]:
        """Every given matrix, in places of one size, and the numbers that formulas call by a name."""
        grids = [given_grid(self.trace[given.tensor.id]) for given in self.trace.given]
        steps = [one for step in self.work.steps for one in (*self.behind[step.id], step)]
        formulas = [step.formula for step in steps if step.formula is not None]
        calls = [node for one in formulas for node in walk(one) if isinstance(node, Named)]
        named = {node.name: node.value for node in calls if not isinstance(node.value, Letter)}
        sizes = [
            Equation((("", Letter(name)), ("=", value)), (self.say.text(SIZES[name]),)) for name, value in named.items()
        ]
        return [Heading(self.say.text("What is given"), 2, "given"), *(fixed(grid) for grid in grids), *sizes]

    # The work

    def step(self, n: int, step: StepView) -> list[Block]:
        """A step: its title and formula, its matrix with the boxes, and room for the working."""
        title = f"{n}. {titled(step)}"
        boxes = sum(key[0] == step.id for key in self.work.blanks)
        if boxes:
            title += f" ({self.points(boxes * self.work.worth(step.id))})"
        formulas = [replace(equation(one), remark=self.decimals(one)) for one in self.behind[step.id]]
        return [
            Together((Heading(title, 3, step.id), *formulas, equation(step), self.grid(step))),
            *self.room(step),
        ]

    def points(self, points: Fraction) -> str:
        """So many points."""
        return self.say.text("1 point") if points == 1 else self.say.text("{n} points", n=str(points))

    def grid(self, step: StepView) -> Grid:
        """The matrix of a step: printed numbers, boxes, and nothing where a number would give a blank away."""
        rows = shown(step)
        cells = tuple(tuple(self.entry(cell) for cell in step.row(i)) for i in rows)
        ids = tuple(tuple(cell.id for cell in step.row(i)) for i in rows)
        names = tuple(step.rows[i] for i in rows)
        remark = self.say.line("in degrees, {unit}", unit=step.unit) if step.unit else ()
        if step.id in self.work.asked:
            remark = remark or self.decimals(step)
        return fixed(Grid(Cell(step.tensor, ()), "", names, step.columns, cells, remark, ids))

    def decimals(self, step: StepView) -> Line:
        """The decimals of a step's numbers, where steps differ."""
        if len(self.places) == 1 or step.kind != "calculate":
            return ()
        return (self.say.count(self.scratch.places(step.id), "{n} decimal", "{n} decimals"),)

    def entry(self, cell: CellView) -> Entry:
        """What stands in a cell."""
        if cell.key in self.work.boxes:
            blank = Blank(cell.id, self.spoken.inline(cell.name))
            if not self.is_key:
                return blank
            return replace(blank, answer=self.scratch.result(cell), otherwise=self.scratch.otherwise(cell))
        return self.scratch.result(cell) if cell.key in self.work.printed else ""

    def room(self, step: StepView) -> list[Block]:
        """Lines for every number with a box; worked rows are worked on them."""
        work = self.work
        there, worked = work.boxes | work.printed, (work.boxes if self.is_key else frozenset()) | work.printed
        rows = [[cell for cell in step.row(i) if cell.key in there] for i in shown(step)]
        if len(step.shape) == 1:
            rows = [[cell for row in rows for cell in row]]
        return [self.scratch.room(rows, step.unit, worked)] if step.id in work.asked else []

    # Behind the key

    def scheme(self) -> list[Block]:
        """What each step is worth, and what is accepted."""
        say, work = self.say, self.work
        entries: list[tuple[Line, ...]] = []
        for step in work.steps:
            if count := sum(key[0] == step.id for key in work.blanks):
                worth = work.worth(step.id)
                entries.append(((titled(step),), (str(count),), (str(worth),), (str(count * worth),)))
        entries.append(((say.text("All"),), (str(len(work.blanks)),), ("",), (str(work.total),)))
        return [
            Heading(say.text("Marking scheme"), 2, "scheme"),
            Ledger(tuple(map(say.text, COLUMNS)), tuple(entries)),
            *(Text((say.text(one),)) for one in ACCEPTED),
        ]


def behind(work: Worksheet) -> dict[str, list[StepView]]:
    """Of every step on a sheet, those that lead to it and are not there: their formulas are needed. Each once."""
    told = {step.id for step in work.steps}
    found: dict[str, list[StepView]] = {}

    def needed(formula: Expr | None) -> Iterator[str]:
        for id_ in dict.fromkeys(node.tensor.id for node in walk(formula or num(0)) if isinstance(node, Cell)):
            if id_ not in told and (inner := work.trace[id_].formula) is not None:
                told.add(id_)
                yield from needed(inner)
                yield id_

    for step in work.steps:
        found[step.id] = [work.trace[id_] for id_ in needed(step.formula)]
    return found


def fixed(grid: Grid) -> Grid:
    """The matrix with the same room for every entry."""
    return replace(grid, is_fixed=True)
