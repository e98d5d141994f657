"""A worksheet as a spreadsheet: its matrices with boxes that can be typed into, all else as it is printed.

The places of each step with a box bear its name (step_scores), and two more cells are called `by` and `code`: so
`answers/xlsx.py` reads the sheet back. Every number is a text, or a program would make a date of 1/2.
"""

from __future__ import annotations

from tracer.boxes import NAME, NOTHING, boxes_of, grids, text
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
    Room,
    Text,
    flat,
)
from tracer.errors import RenderError
from tracer.notation.plain import Plain
from tracer.parts.lines import formula, plainly, worked, write
from tracer.references import a1, quoted, step_name
from tracer.show import show
from tracer.workbook import TEXT, Sheet, Workbook

LABEL, NUMBER = 24, 12  # characters of a column of labels at most, and of a column of numbers


def to_fill_in(document: Document) -> Workbook:
    """One sheet with everything but the room for the working. Raises `RenderError` where nothing is left blank."""
    if not grids(document):
        raise RenderError(NOTHING)
    made = _Made(document)
    made.sheet.put(0, 0, document.title, "title")
    for block in flat(document.blocks):
        made.block(block)
    return Workbook(document.title, (made.sheet,), made.names, {}, document.style)


class _Made:
    """The sheet as it is written, block under block."""

    def __init__(self, document: Document) -> None:
        self.sheet, self.names = Sheet(document.style.language.text("Worksheet")), dict[str, str]()
        self.plain, self.asked = Plain(document.style.signs), grids(document)
        self.sheet.widen(0, NUMBER)

    def block(self, block: Block) -> None:
        """Write a block under what stands there."""
        sheet = self.sheet
        match block:
            case Heading(title):
                sheet.put(sheet.next + 1, 0, title, "strong")
            case Text(line):
                write(sheet, plainly(line, self.plain))
            case Equation():
                write(sheet, formula(block, self.plain), "formula")
            case Chain():
                write(sheet, worked(block, self.plain), "formula")
            case Fields(entries):
                self.fields(entries)
            case Grid():
                self.grid(block)
            case Room(entries):
                for chain in (one.chain for beside in entries for one in beside if one.chain):
                    self.block(chain)
            case Ledger(columns, rows):
                for row in (columns, *(tuple(plainly(line, self.plain) for line in row) for row in rows)):
                    top = sheet.next
                    for column, words in enumerate(row):
                        sheet.put(top, column, words, "label")

    def fields(self, entries: tuple[Field, ...]) -> None:
        """A line for each, its name in front."""
        sheet = self.sheet
        for field in entries:
            row = sheet.next
            sheet.put(row, 0, field.label, "label")
            told = f"{field.text} {field.after}".strip()
            sheet.put(row, 1, told, "words" if told else "line", TEXT)
            if name := {NAME: "by", "code": "code"}.get(field.id):
                self.names[name] = self.range(row, 1, row, 1)
        sheet.next += 1

    def grid(self, grid: Grid) -> None:
        """The name of a matrix, its labels, and a row for each of its rows, in the place that the row's number says."""
        sheet, is_asked = self.sheet, grid in self.asked
        remark = f": {plainly(grid.remark, self.plain)}" if grid.remark else ""
        sheet.put(sheet.next + 1, 0, show(grid.name, self.plain) + remark, "strong")
        top = sheet.next + 1
        for n, label in enumerate(grid.columns, 1):
            sheet.put(top - 1, n, label, "head")
            sheet.widen(n, NUMBER)
        keys = [[box.key for box in row] for row in boxes_of(grid, self.plain.signs)] if is_asked else []
        rows = [row[0][1][0] for row in keys] or range(len(grid.rows))
        for i, label, cells in zip(rows, grid.rows, grid.cells, strict=True):
            sheet.put(top + i, 0, label, "label")
            sheet.widen(0, min(len(label) + 3, LABEL))
            for n, cell in enumerate(cells, 1):
                self.entry(top + i, n, cell)
        if is_asked:
            name, last = step_name(keys[0][0][0]), max(key[1][1] for row in keys for key in row)
            self.names[name] = self.range(top, 1, top + rows[-1], 1 + last)
        sheet.next += 1

    def entry(self, row: int, column: int, cell: Entry) -> None:
        """A box, a number that is printed, or nothing."""
        written = text(cell, self.plain.signs)
        if isinstance(cell, Blank) or written:
            self.sheet.put(row, column, written, "box" if isinstance(cell, Blank) else "printed", TEXT)

    def range(self, top: int, left: int, bottom: int, right: int) -> str:
        """A range of the sheet, as a name is defined."""
        return f"{quoted(self.sheet.name)}!{a1(top, left, '$')}:{a1(bottom, right, '$')}"
