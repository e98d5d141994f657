"""The worksheet of a trace, and its key: the same sheet, blank for blank, filled in."""

from __future__ import annotations

from fractions import Fraction

from tracer.document import (
    Blank,
    Block,
    Chain,
    Document,
    Entry,
    Equation,
    Field,
    Fields,
    Grid,
    Heading,
    Ledger,
    Line,
    Room,
    Said,
    Text,
    Together,
    Writing,
)
from tracer.expr import Add, Cell, Div, Expr, Letter, Mul, Named, Neg, Num, length, walk
from tracer.parts.given import grid as given_grid
from tracer.parts.given import letters
from tracer.parts.words import labels, titled
from tracer.parts.working import EVERY, Detail, Working, equation, shown
from tracer.problem import TITLE
from tracer.spoken import Spoken
from tracer.views import CellView, StepView
from tracer.worksheet import Worksheet

BESIDE = ((2, 4), (4, 3), (6, 2))  # numbers looked up for a result at most: so many results on one line
WHOLE, MOST = 14, 4  # numbers looked up for a result on a whole line; lines at most
LONG = 3  # leaves of an exact value that is written down when working
MADE = "Made with tracer {version}."
COLUMNS = ("Step", "Numbers", "Points each", "Points")
ACCEPTED = (
    "A number is right if it is exact, or rounded correctly to the places it is written with, or what comes out by "
    "hand from the student's own earlier numbers.",
    "A number that follows correctly from an earlier wrong one has its points: the mistake costs them once.",
    "One or two units off in the last place is a slip of rounding: half the points.",
)


def sheet(work: Worksheet, *, form: bool = False) -> Document:
    """What a student gets: no number that is left blank is anywhere in it. With `form` a PDF can be filled in."""
    return _Page(work, is_key=False).document(form)


def key(work: Worksheet) -> Document:
    """The same sheet filled in, with the working on its lines; behind it the marking scheme."""
    return _Page(work, is_key=True).document(form=False)


class _Page:
    def __init__(self, work: Worksheet, *, is_key: bool) -> None:
        self.work, self.trace, self.is_key = work, work.trace, is_key
        self.style = work.trace.problem.paper.style
        self.say = self.style.language
        rows = tuple(range(len(work.trace.problem.tokens)))
        self.working = Working(work.trace, rows, Detail(rows, EVERY, beside=True))
        self.spoken = Spoken(Document("", (), style=self.style, labels=labels(work.trace)))
        self.there = {step.id for step in work.steps}

    def document(self, form: bool) -> Document:
        """The whole sheet."""
        title = self.say.text(TITLE) if self.trace.problem.title == TITLE else self.trace.problem.title
        running = " · ".join(part for part in (title, self.who, self.work.code) if part)
        blocks = [self.top(), self.task(), *self.given(), *letters(self.trace)]
        blocks.append(Heading(self.say.text("Your work"), 2, "work"))
        for n, step in enumerate(self.work.steps, 1):
            blocks += self.step(n, step)
        if self.is_key:
            blocks += self.scheme()
        return Document(
            title,
            tuple(blocks),
            self.trace.problem.source,
            self.style,
            (),
            labels(self.trace),
            running,
            self.work.code,
            form,
            MADE,
        )

    @property
    def who(self) -> str:
        """Whose sheet it is; on the key, that it is the key."""
        name = self.work.name
        if not self.is_key:
            return name
        return self.say.text("the key for {name}", name=name) if name else self.say.text("the key")

    # Above the work

    def top(self) -> Fields:
        """Name and date to fill in; what tells this sheet from all others."""
        say, work = self.say.text, self.work
        entries = [Field("name", say("Name"), 6, self.who), Field("date", say("Date"), 4)]
        entries += [Field("", say("Seed"), 3, work.seed)] if work.seed else []
        entries += [Field("", say("Code"), 3, work.code)]
        entries += [Field("", say("Points"), 3, f"{work.total if self.is_key else '       '} / {work.total}")]
        return Fields(tuple(entries))

    def task(self) -> Text:
        """What is to be done, and how numbers are rounded."""
        say, paper = self.say, self.trace.problem.paper
        places, *others = {self.places(id_) for id_ in self.work.asked}
        rounding = (
            say.text("Round each number to as many decimals as its step asks for.")
            if others
            else say.count(places, "Round to {n} decimal.", "Round to {n} decimals.")
        )
        task = say.text("Work out the number for every empty box; the lines are for your working.")
        by_hand = say.text("Go on with the rounded numbers.") if paper.by_hand else ""
        return Text((" ".join(part for part in (task, rounding, by_hand) if part),))

    def given(self) -> list[Block]:
        """Every given matrix, in places of one size, and the numbers that formulas call by a name."""
        grids = [given_grid(self.trace[given.tensor.id]) for given in self.trace.given]
        steps = [one for step in self.work.steps for one in (*self.behind(step), step)]
        formulas = [step.formula for step in steps if step.formula is not None]
        named = {node.name: node.value for one in formulas for node in walk(one) if isinstance(node, Named)}
        sizes = [Equation((("", Letter(name)), ("=", value))) for name, value in named.items()]
        return [Heading(self.say.text("What is given"), 2, "given"), *(fixed(grid) for grid in grids), *sizes]

    # The work

    def step(self, n: int, step: StepView) -> list[Block]:
        """A step: its title and formula, its matrix with the boxes, and room for the working."""
        title = f"{n}. {titled(step)}"
        boxes = sum(key[0] == step.id for key in self.work.blanks)
        if boxes:
            title += f" ({self.points(boxes * self.work.worth(step.id))})"
        opening: list[Block] = [Heading(title, 3, step.id), *map(equation, self.behind(step)), equation(step)]
        grid, room = self.grid(step), self.room(step)
        return [Together((*opening, grid)), *room]

    def points(self, points: Fraction) -> str:
        """So many points."""
        return self.say.text("1 point") if points == 1 else self.say.text("{n} points", n=str(points))

    def behind(self, step: StepView) -> list[StepView]:
        """The steps that lead to this one and are not on the sheet: their formulas are needed."""
        needed, waiting = list[str](), [step.id]
        while waiting:
            for other in self.trace[waiting.pop()].row(0)[0].inputs:
                id_ = other.key[0]
                if other.formula is not None and id_ not in self.there and id_ not in needed:
                    needed.append(id_)
                    waiting.append(id_)
        return [one for one in self.trace if one.id in needed and one.kind == "calculate"]

    def grid(self, step: StepView) -> Grid:
        """The matrix of a step: printed numbers, boxes, and nothing where a number would give a blank away."""
        rows = shown(step)
        cells = tuple(tuple(self.entry(cell) for cell in step.row(i)) for i in rows)
        ids = tuple(tuple(cell.id for cell in step.row(i)) for i in rows)
        names = tuple(step.rows[i] for i in rows)
        return fixed(Grid(Cell(step.tensor, ()), "", names, step.columns, cells, self.unit(step), ids))

    def unit(self, step: StepView) -> Line:
        """The unit of a step's numbers, and its decimals where steps differ."""
        if step.unit:
            return self.say.line("in degrees, {unit}", unit=step.unit)
        places = self.places(step.id)
        if len({self.places(id_) for id_ in self.work.asked}) > 1 and step.id in self.work.asked:
            return (self.say.count(places, "{n} decimal", "{n} decimals"),)
        return ()

    def entry(self, cell: CellView) -> Entry:
        """What stands in a cell."""
        if cell.key in self.work.boxes:
            says = self.spoken.inline(cell.name)
            return Blank(cell.id, says, self.result(cell) if self.is_key else None)
        return self.result(cell) if cell.key in self.work.printed else ""

    def result(self, cell: CellView) -> Said:
        """The number as it is to be written."""
        if cell.undefined:
            return self.say.text("undefined")
        if cell.unknown:
            return self.working.result(cell)[0]
        return cell.printed(self.places(cell.key[0]))[0]

    def places(self, id_: str) -> int:
        """The decimals that are asked for."""
        paper = self.trace.problem.paper
        return self.trace.tables.places_by_hand(id_) if paper.by_hand else paper.places

    # Room for the working

    def room(self, step: StepView) -> list[Block]:
        """Lines for every number with a box; worked rows are worked on them."""
        if step.id not in self.work.asked:
            return []
        there = self.work.boxes | self.work.printed
        rows = [[cell for cell in step.row(i) if cell.key in there] for i in shown(step)]
        if len(step.shape) == 1:
            rows = [[cell for row in rows for cell in row]]
        effort = max(self.effort(cell) for row in rows for cell in row)
        beside = next((most for numbers, most in BESIDE if effort <= numbers), 1)
        width = max(map(len, rows))
        beside = -(-width // -(-width // beside))
        lines = min(MOST, -(-effort // WHOLE))
        writings = [[self.writing(step, cell, lines) for cell in row] for row in rows]
        return [Room(tuple(tuple(row[n : n + beside]) for row in writings for n in range(0, len(row), beside)), beside)]

    def writing(self, step: StepView, cell: CellView, lines: int) -> Writing:
        """The lines for one number, with its working where that is printed."""
        is_worked = self.is_key or cell.key in self.work.printed
        return Writing(cell.name, lines, self.chain(step, cell) if is_worked else None)

    def effort(self, cell: CellView) -> int:
        """How many numbers are looked up for it, on the way through steps that are not on the sheet too."""
        return sum(1 + (0 if self.is_seen(one) else self.effort(one)) for one in cell.inputs)

    def is_seen(self, cell: CellView) -> bool:
        """Whether a number stands on the sheet, or will."""
        return cell.formula is None or cell.key[0] in self.there

    def chain(self, step: StepView, cell: CellView) -> Chain:
        """The working as one writes it: the numbers put in, and the result."""
        chain = self.working.chain(cell, step.unit)
        *before, result = chain.links[1:] or chain.links
        short = [link for link in before if length(link[1]) <= LONG or is_sum_of_numbers(link[1])]
        return Chain(chain.name, (*short, result), chain.remark, "", chain.unit)

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


def is_sum_of_numbers(expr: Expr) -> bool:
    """Whether there are only numbers in it, no roots and powers: 0.87·2 + 0.03·3."""
    return all(isinstance(node, Num | Add | Neg | Mul | Div) for node in walk(expr))


def fixed(grid: Grid) -> Grid:
    """The matrix with the same room for every entry."""
    return Grid(grid.name, grid.sign, grid.rows, grid.columns, grid.cells, grid.remark, grid.ids, is_fixed=True)
