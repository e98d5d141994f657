"""A step as cells of a sheet: each number computed there, tracer's certified number, and whether the two agree."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tracer.evaluate import place
from tracer.expr import Cell
from tracer.language import Language
from tracer.notation.plain import Plain
from tracer.notation.spreadsheet import Live, literal, sentence
from tracer.problem import Paper
from tracer.readings import NO_NUMBER, NO_VALUE, OVERFLOW, Reading, read
from tracer.references import Place, Sheets, a1
from tracer.show import show
from tracer.views import CellView, StepView
from tracer.workbook import Content, Formula, Sheet

AGREES, DIFFERS, UNTOLD = "✓", "✗", "–"
LABEL, NUMBER = 24, 14  # characters of a column of labels, and of a column of numbers, at most
ERROR = 9  # characters that an error sign needs
GAP = 3  # rows from the end of one grid to the first number of the next: an empty one, words, and the labels
ERRORS = {  # what ERROR.TYPE counts, what it stands for, and what is said about it
    2: (NO_VALUE, "#DIV/0!: undefined, because nothing can be divided by zero."),
    3: ("#VALUE!", "#VALUE!: an input is empty or no number."),
    6: (OVERFLOW, "#NUM!: there is no such real number, or it is too large for a spreadsheet."),
    7: (NO_NUMBER, "#N/A: a letter has no number yet."),
}

Put = Callable[[CellView, int, int], None]


class Agreement(NamedTuple):
    """The cells that say ✓ or ✗: where they stand, how many there are, and how many say ✓ as the file is written."""

    cells: str
    of: int
    agree: int

    @property
    def agreeing(self) -> str:
        """The formula that counts how many say ✓."""
        return f'COUNTIF({self.cells},"{AGREES}")'


def tabulate(sheet: Sheet, step: StepView, sheets: Sheets, paper: Paper) -> Agreement:
    """Write what is to be said about a step's numbers, and its three grids, under what already stands on the sheet."""
    say, labels = paper.style.language, columns(step, paper)
    readings = {cell.at: read(cell, paper) for row in step.cells for cell in row}
    top = sheet.next
    home = sheets.places[step.id] = Place(sheet.name, top + 3, 1)
    height, verdicts = step.shape[0], list[str]()

    def computed(cell: CellView, row: int, column: int) -> None:
        assert step.formula is not None
        formula = sheets.formula(step.formula, place(step.tensor, cell.at))
        reading = readings[cell.at]
        sheet.put(row, column, Formula(formula, reading.stored), "computed", reading.look)

    def certified(cell: CellView, row: int, column: int) -> None:
        reading = readings[cell.at]
        role = "symbolic" if isinstance(reading.certified, str) else "certified"
        sheet.put(row, column, reading.certified, role, reading.look)
        sheet.widen(column, width(reading, paper.places))

    def agreement(cell: CellView, row: int, column: int) -> None:
        here, there = (a1(row - distance, column) for distance in (2 * (height + GAP), height + GAP))
        formula, verdict = compared(readings[cell.at], cell, here, there)
        verdicts.append(verdict)
        sheet.put(row, column, Formula(formula, verdict) if formula else verdict, "check")

    sheet.put(top, 0, trouble(sheets.whole(home, step.shape), list(readings.values()), say), "words")
    grid(sheet, home.row - 1, step, labels, computed)
    rounded = say.count(
        paper.places,
        "tracer's certified values, rounded once to {n} decimal; they never change",
        "tracer's certified values, rounded once to {n} decimals; they never change",
    )
    sheet.put(sheet.next + 1, 0, rounded, "strong")
    grid(sheet, sheet.next, step, labels, certified)
    sheet.put(sheet.next + 1, 0, say.text("Do they agree, to half a unit of the last place?"), "strong")
    grid(sheet, sheet.next, step, labels, agreement)
    marks = sheets.whole(home._replace(row=home.row + 2 * (height + GAP)), step.shape)
    agreed = Agreement(marks, len(verdicts) - verdicts.count(UNTOLD), verdicts.count(AGREES))
    sheet.put(top + 1, 0, told([agreed], agreed.agreeing, say), "strong")
    return agreed


def columns(step: StepView, paper: Paper) -> tuple[str, ...]:
    """The labels of the columns; a vector's one column has its symbol."""
    return step.columns if len(step.shape) > 1 else (show(Cell(step.tensor, ()), Plain(paper.style.signs)),)


def grid(sheet: Sheet, top: int, step: StepView, labels: tuple[str, ...], put: Put) -> None:
    """Labels in the row `top`, and under them a row for each row of the step."""
    for n, label in enumerate(labels, 1):
        sheet.put(top, n, label, "head")
        sheet.widen(n, min(len(label) + 3, NUMBER))
    for i, label in enumerate(step.rows):
        sheet.put(top + 1 + i, 0, label, "label")
        sheet.widen(0, min(len(label) + 3, LABEL))
        for n, cell in enumerate(step.row(i), 1):
            put(cell, top + 1 + i, n)


def width(reading: Reading, places: int) -> float:
    """The characters that a number needs, or an error in its place; a long text takes several lines."""
    if isinstance(reading.certified, str):
        return max(ERROR, min(len(reading.certified) + 3, LABEL))
    return max(ERROR, len(reading.look if "E" in reading.look else f"{reading.certified:.{places}f}") + 4)


def compared(reading: Reading, cell: CellView, here: str, there: str) -> tuple[str, str]:
    """The formula that compares a computed cell with a certified one, and its verdict; none without a value."""
    verdicts = f'"{AGREES}","{DIFFERS}"'
    if reading.near is not None and isinstance(reading.certified, float):
        found = cell.float
        verdict = AGREES if found is not None and abs(found - reading.certified) <= reading.near else DIFFERS
        return f'IFERROR(IF(ABS({here}-{there})<={reading.near:.7G},{verdicts}),"{DIFFERS}")', verdict
    if cell.unknown:
        return "", UNTOLD
    if cell.undefined:
        return f"IF(ISERROR({here}),{verdicts})", AGREES
    if cell.infinite:
        return f'IFERROR(IF({here}={there},{verdicts}),"{DIFFERS}")', AGREES
    return "", UNTOLD


# Sentences


def told(agreements: list[Agreement], count: str, say: Language) -> Content:
    """Whether all numbers agree, computed; `count` is the formula that counts those that do."""
    of, agree = sum(one.of for one in agreements), sum(one.agree for one in agreements)
    if not of:
        return say.text("Nothing to compare: the results depend on letters, or are too large for a spreadsheet.")
    every = say.count(
        of,
        "The number agrees with tracer's certified value.",
        "All {n} numbers agree with tracer's certified values.",
    )
    some = "{agree} of {n} numbers agree with tracer's certified values, which belong to the inputs as they were given."
    broken = sentence(say.line(some, agree=Live(count), n=str(of)))
    now = every if agree == of else say.text(some, agree=agree, n=of)
    return Formula(f"IF({count}={of},{literal(every)},{broken})", now)


def trouble(cells: str, readings: list[Reading], say: Language) -> Formula:
    """What the first error in a range means; nothing where there is none."""
    kind, text, now = f"IFERROR(ERROR.TYPE(SUM({cells.partition('!')[2]})),0)", literal(""), ""
    held = {reading.stored for reading in readings}
    for code, (sign, words) in ERRORS.items():
        text = f"IF({kind}={code},{literal(say.text(words))},{text})"
        now = say.text(words) if sign in held else now
    return Formula(text, now)
