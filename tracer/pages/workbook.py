"""The pass as a spreadsheet: the contents, what is given, and a sheet for each step, every number a live formula.

Whoever changes a number on the sheet “Given” sees it flow through all the others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby

from tracer.expr import MINUS_INFINITY, Expr, Num
from tracer.names import IN_ROWS, parts_of
from tracer.notation.plain import Plain
from tracer.parts.conventions import card
from tracer.parts.given import grid as given_grid
from tracer.parts.lines import LINE, formula, plainly, write
from tracer.parts.tabulated import (
    ERRORS,
    LABEL,
    NUMBER,
    Agreement,
    tabulate,
    told,
)
from tracer.parts.words import headed
from tracer.parts.working import equation
from tracer.readings import NO_NUMBER, read
from tracer.references import Place, Sheets, a1, quoted, step_name
from tracer.show import show
from tracer.trace import Trace
from tracer.views import CellView, StepView
from tracer.workbook import Formula, Link, Sheet, Workbook

LONGEST_NAME = 31  # characters of a sheet's name
MASKED = "−∞: the score of a masked key; a text, because spreadsheets have no infinity, and e to it counts as 0."
RESERVED = {"history"}  # no sheet may be called so


def workbook(trace: Trace) -> Workbook:
    """All sheets of a trace."""
    return _Book(trace).made()


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of the contents."""

    sheet: str
    title: str
    sizes: str
    agreements: tuple[Agreement, ...]


class _Book:
    """The sheets as they are written, one after the other: a formula refers to what stands already."""

    def __init__(self, trace: Trace) -> None:
        self.trace, self.paper = trace, trace.problem.paper
        self.say, self.plain = self.paper.style.language, Plain(self.paper.style.signs)
        self.taken = set(RESERVED)
        self.contents, self.given = Sheet(self.named("Contents")), Sheet(self.named("Given"))
        self.sheets = Sheets({}, letter_names(trace.open_letters))
        self.names: dict[str, str] = {}

    def made(self) -> Workbook:
        """The contents come first and are written last."""
        self.write_given()
        steps: list[Sheet] = []
        listed: list[Listed] = []
        for id_, group in groupby(self.trace, key=sheet_of):
            sheet, line = self.written(id_, list(group))
            steps.append(sheet)
            listed.append(line)
        for step in self.trace:
            self.names[step_name(step.id)] = self.sheets.whole(self.sheets.places[step.id], step.shape, "$")
        self.write_contents(listed)
        sheets = (self.contents, self.given, *steps)
        return Workbook(self.trace.problem.title, sheets, self.names, self.sheets.places, self.paper.style)

    def named(self, name: str) -> str:
        """A name for a sheet: translated, short enough, and like no other."""
        name = self.say.text(name)
        found, n = name[:LONGEST_NAME], 1
        while found.casefold() in self.taken:
            n += 1
            found = f"{name[: LONGEST_NAME - 4]}~{n}"
        self.taken.add(found.casefold())
        return found

    # Words

    def opening(self, sheet: Sheet, title: str) -> None:
        """The title of a sheet, and the way back."""
        sheet.put(0, 0, title, "title")
        sheet.put(1, 0, Link(self.say.text("Back to the contents"), self.contents.name), "link")

    # What is given

    def write_given(self) -> None:
        """The letters, and all given matrices one under the other."""
        sheet = self.given
        self.opening(sheet, self.say.text("What is given"))
        write(sheet, self.say.text("Change a framed number here, and every other sheet follows."), "why")
        if self.sheets.letters:
            self.write_letters()
        sheet.widen(0, 12)
        for given in self.trace.given:
            self.write_matrix(self.trace[given.tensor.id])

    def write_letters(self) -> None:
        """A cell for each letter, in which a number can be typed, and one beside it that formulas look at."""
        sheet = self.given
        words = "Type a number into the frame beside a letter; until then, what depends on it says #N/A."
        write(sheet, self.say.text(words), "why")
        for letter, name in self.sheets.letters.items():
            row = sheet.next
            sheet.put(row, 0, letter, "label")
            sheet.put(row, 1, "", "input")
            typed = a1(row, 1)
            sheet.put(row, 2, Formula(f"IF(ISNUMBER({typed}),{typed},NA())", NO_NUMBER), "computed")
            self.names[name] = f"{quoted(sheet.name)}!{a1(row, 2, '$')}"

    def write_matrix(self, step: StepView) -> None:
        """A given matrix with its name; a vector runs across, as a row."""
        sheet, table = self.given, given_grid(step)
        name = show(table.name, self.plain)
        sheet.put(sheet.next + 1, 0, f"{name}: {plainly(table.remark, self.plain)}", "strong")
        top = sheet.next
        home = self.sheets.places[step.id] = Place(sheet.name, top + 1, 1, across=len(step.shape) == 1)
        for n, label in enumerate(table.columns, 1):
            sheet.put(top, n, label, "head")
            sheet.widen(n, min(len(label) + 3, NUMBER))
        for i, label in enumerate(table.rows):
            sheet.put(top + 1 + i, 0, label or name, "label")
            sheet.widen(0, min(len(label) + 3, LABEL))
        for row in step.cells:
            for cell in row:
                self.write_given_number(cell, *home.at(cell.at))

    def write_given_number(self, cell: CellView, row: int, column: int) -> None:
        """A number as it was written: a decimal, or a formula such as SQRT(2)/2."""
        entry = cell.given
        assert entry is not None
        sheet = self.given
        if entry == MINUS_INFINITY:
            sheet.put(row, column, "−∞", "input")
        elif is_decimal(entry) and isinstance(value := read(cell, self.paper).stored, float):
            sheet.put(row, column, value, "input")
            sheet.widen(column, min(len(f"{value:.10G}") + 4, NUMBER))
        else:
            sheet.put(row, column, Formula(self.sheets.formula(entry, {}), read(cell, self.paper).stored), "input")
            sheet.widen(column, NUMBER)

    # The steps

    def written(self, id_: str, steps: list[StepView]) -> tuple[Sheet, Listed]:
        """One sheet: a step, or all that there are for each row."""
        sheet, first, say = Sheet(self.named(id_)), steps[0], self.say.text
        title = f"{self.before(first)}{say(first.title)}"
        self.opening(sheet, title)
        if first.because:
            write(sheet, say(first.because), "why")
        agreements: list[Agreement] = []
        for step in steps:
            if len(steps) > 1:
                sheet.put(sheet.next + 1, 0, self.row_title(step), "strong")
            write(sheet, formula(equation(step), self.plain), "formula")
            if step.unit:
                write(sheet, say("in degrees"), "words")
            agreements.append(tabulate(sheet, step, self.sheets, self.paper))
        sheet.frozen = (self.sheets.places[first.id].row, 1) if len(steps) == 1 else (0, 1)
        sheet.header = sheet.frozen[0] - 1 if sheet.frozen[0] else None
        sizes = (f"{len(steps)} · " if len(steps) > 1 else "") + " × ".join(map(str, first.shape))
        return sheet, Listed(sheet.name, title, sizes, tuple(agreements))

    def before(self, step: StepView) -> str:
        """The pass and the head a step belongs to, in front of its title."""
        parts = [f"{part}{number}." for part, number in parts_of(step.id).items() if part != "row"]
        return "".join(f"{headed(part, self.say)}: " for part in parts)

    def row_title(self, step: StepView) -> str:
        """Which row's step it is, by its word."""
        row = int(step.id.split(".")[-2].removeprefix("row")) - 1
        return self.say.text(IN_ROWS[step.name].title, word=self.trace.problem.tokens[row])

    # The contents

    def write_contents(self, listed: list[Listed]) -> None:
        """Title, whether everything agrees, how to read the sheets, a link to each of them, the conventions."""
        sheet, say, problem = self.contents, self.say.text, self.trace.problem
        for column, width in enumerate((28, 32, 12, 10, 10)):
            sheet.widen(column, width)
        write(sheet, problem.title, "title", width=60)
        style = self.paper.style
        for text in (style.course, style.name, style.date):
            if text:
                write(sheet, text)
        if problem.source:
            write(sheet, say("Source: {source}", source=problem.source))
        for term, text in problem.note.items():
            write(sheet, f"{term}: {text}")
        status = sheet.next + 1
        sheet.put(status, 0, "", "strong")
        self.write_legend()
        top = sheet.next + 1
        for column, head in enumerate(("Sheet", "Step", "Size", "Numbers", "Agree")):
            sheet.put(top, column, say(head), "label" if column < 2 else "head")
        sheet.put(top + 1, 0, Link(self.given.name, self.given.name), "link")
        sheet.put(top + 1, 1, say("What is given"), "words")
        for row, line in enumerate(listed, top + 2):
            sheet.put(row, 0, Link(line.sheet, line.sheet), "link")
            sheet.put(row, 1, line.title, "words")
            sheet.put(row, 2, line.sizes, "check")
            sheet.put(row, 3, float(sum(one.of for one in line.agreements)), "check")
            agree = sum(one.agree for one in line.agreements)
            counts = "+".join(one.agreeing for one in line.agreements)
            sheet.put(row, 4, Formula(counts, float(agree)), "check")
            sheet.widen(1, min(len(line.title) + 2, 50))
        counted = f"SUM({a1(top + 2, 4)}:{a1(sheet.next - 1, 4)})"
        every = [one for line in listed for one in line.agreements]
        sheet.put(status, 0, told(every, counted, self.say), "strong")
        self.write_conventions()

    def write_legend(self) -> None:
        """How to tell the kinds of cells apart, and what the signs in them mean."""
        sheet, say = self.contents, self.say.text
        change = "Change a number on the sheet “{sheet}”, and every other sheet follows."
        write(sheet, say(change, sheet=self.given.name), "why")
        kinds = {"input": "an input: change it", "computed": "computed here, by a formula",
                 "certified": "certified by tracer, never changes"}  # fmt: skip
        top = sheet.next + 1
        for row, (role, words) in enumerate(kinds.items(), top):
            sheet.put(row, 0, say(words), role)
        sheet.next += 1
        for words in [*(words for _, words in ERRORS.values()), MASKED]:
            write(sheet, say(words))

    def write_conventions(self) -> None:
        """What is agreed about the pass, in words. Nothing here is rounded by hand."""
        sheet, problem = self.contents, self.trace.problem
        agreed = card(replace(self.trace, problem=replace(problem, paper=replace(self.paper, by_hand={}))))
        sheet.put(sheet.next + 1, 0, self.say.text(agreed.title), "strong")
        for key, line in agreed.entries:
            top = sheet.next
            write(sheet, plainly(line, self.plain), column=1, width=LINE - 28)
            sheet.put(top, 0, key, "label")


def sheet_of(step: StepView) -> str:
    """The name of a step's sheet: its id, and one for all that there are for each row."""
    if step.name not in IN_ROWS:
        return step.id
    return ".".join([*step.id.split(".")[:-2], step.name])


def is_decimal(entry: Expr) -> bool:
    """Whether a number is written with digits alone, so that a cell can hold it as a number."""
    return isinstance(entry, Num) and (entry.places is not None or entry.value.denominator == 1)


def letter_names(letters: tuple[str, ...]) -> dict[str, str]:
    """A name for each letter that no cell has, and that differs from others by more than capitals: letter_a."""
    names: dict[str, str] = {}
    for letter in letters:
        name, taken = f"letter_{letter}", {one.casefold() for one in names.values()}
        names[letter] = f"{name}_{len(names) + 1}" if name.casefold() in taken else name
    return names
