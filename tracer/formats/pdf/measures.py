"""How wide the columns of a matrix are, how high its rows, and the boxes of its entries and labels."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from tracer.document import Blank, Entry, Grid, Judged
from tracer.expr import Expr
from tracer.formats.pdf.labels import label, share, worded
from tracer.formats.pdf.setting import Setting, fitted, is_plain_number, paragraph
from tracer.formats.pdf.sheets import cut
from tracer.layout.box import Box, lines, row, scaled, space
from tracer.show import show

LABEL, HEAD = 16.0, 7.0  # the width of a row's and a column's label before it is broken over lines
LINE, GAP = 1.35, 1.1  # from line to line, between columns
SMALLEST = 0.8  # how much smaller a matrix may be set before it is cut
WIDEST_ENTRY = 0.5  # of the page's column
FILLED = 9.0  # what was filled in: its width before it is broken over lines
VERDICT, UNDER = 0.76, 0.25  # below it: the size of its verdict, and how far
SIGNS = {"✗": "×"}  # the font has no ballot cross
FIXED, TO_FILL_IN = (2.3, 1.5), (4.8, 2.4)  # a place on a sheet: for a number, and for handwriting (18 × 9 mm)
NAME, OF_A_ROW, FRAME = 2.4, 4.5, 0.12  # of a sheet's matrix: room for its name, a row's label; around a box
DECIMALS = 3.6  # room for a number with its decimals, or below a word
BESIDES, AROUND = 0.5, 0.6  # left empty beside a number, and above and below it in a box


class Column:
    """The entries of a column: numbers with their decimal signs below each other, anything else centred."""

    def __init__(self, entries: Sequence[tuple[Box, Box]]) -> None:
        self.boxes = [row(parts) for parts in entries]
        numbers = [(left, right) for left, right in entries if left.width]
        before = max((left.width for left, _ in numbers), default=0.0)
        after = max((right.width for _, right in numbers), default=0.0)
        self.width = max(before + after, *(box.width for box in self.boxes))
        spare = (self.width - before - after) / 2
        self.offsets = [
            spare + before - left.width if left.width else (self.width - box.width) / 2
            for (left, _), box in zip(entries, self.boxes, strict=True)
        ]


class Measures:
    """How wide the columns of a matrix are, how high its rows, and the boxes in them."""

    def __init__(self, setting: Setting, grid: Grid) -> None:
        self.name = row([show(grid.name, setting.boxes), setting.boxes.operator(grid.sign)])
        self.labels = [label(setting, text, LABEL) for text in grid.rows]
        self.heads = [label(setting, text, HEAD) for text in grid.columns]
        self.columns = [Column([entry(setting, cells[c]) for cells in grid.cells]) for c in range(len(grid.columns))]
        self.start = 0.0
        self.left = self.name.width + max(box.width for box in self.labels) + (0.9 if any(grid.rows) else 0.2)
        self.widths = [max(c.width, head.width) + GAP for c, head in zip(self.columns, self.heads, strict=True)]
        self.heights = [
            max(LINE, self.labels[r].total + 0.35, *(column.boxes[r].total + 0.75 for column in self.columns))
            for r in range(len(grid.rows))
        ]
        self.top = max((head.total for head in self.heads), default=0.0) + 0.25 if any(grid.columns) else 0.0
        self.margins = [self.name.width + 0.4] * len(grid.rows)

    def bands(self, widest: float) -> tuple[float, list[range]]:
        """How much smaller it is set, and its columns in ranges that then fit."""
        size = max(min(1.0, widest / sum(self.widths)), SMALLEST)
        return size, list(cut(self.widths, widest / size))


class Place(Column):
    """The entries of a column in which every entry has the same room: centred, and set smaller where it is wider."""

    def __init__(self, boxes: Sequence[Box], width: float, height: float) -> None:
        self.boxes, self.width = [scaled(box, share(box, width, height)) for box in boxes], width
        self.offsets = [(width - box.width) / 2 for box in self.boxes]


class Places(Measures):
    """The same for a sheet: nothing depends on what stands in the matrix, only on how many places it has."""

    def __init__(self, setting: Setting, grid: Grid) -> None:
        entries = [cell for row in grid.cells for cell in row]
        has_blanks, has_labels = any(isinstance(cell, Blank) for cell in entries), any(grid.rows)
        wide, high = TO_FILL_IN if has_blanks else FIXED
        is_worked = not grid.sign
        if is_worked or not all(text == "" or text.isdigit() for text in grid.columns):
            wide = max(wide, DECIMALS)
        most = OF_A_ROW if has_labels else 0.0
        self.labels = [worded(setting, text, most, high) for text in grid.rows]
        self.heads = [worded(setting, text, wide - 2 * FRAME, LINE) for text in grid.columns]
        name = row([show(grid.name, setting.boxes), setting.boxes.operator(grid.sign)])
        free = NAME + most - max(box.width for box in self.labels)
        self.name = fitted(name, free)
        self.start = free - self.name.width
        self.columns = [
            Place(
                [row(entry(setting, cells[c])) for cells in grid.cells],
                wide - BESIDES,
                high - (AROUND if has_blanks else 0),
            )
            for c in range(len(grid.columns))
        ]
        self.left = NAME + most + (0.9 if has_labels else 0.2)
        self.widths, self.heights = [wide] * len(grid.columns), [high] * len(grid.rows)
        self.top = LINE if any(grid.columns) else 0.0
        self.margins = [self.left - 0.4 - box.width for box in self.labels]

    def bands(self, widest: float) -> tuple[float, list[range]]:
        """The same, with as many columns in each range; no smaller than these ask for."""
        wide, columns = self.widths[0], len(self.widths)
        most = ceil(columns / ceil(columns / max(widest / SMALLEST // wide, 1)))
        size = max(min(1.0, widest / (most * wide)), SMALLEST)
        return size, list(cut(self.widths, (most + 0.5) * wide))


def filled(setting: Setting, cell: Judged) -> tuple[Box, Box]:
    """What somebody filled in, over several lines where it is long, and its verdict."""
    sign = SIGNS.get(cell.sign, cell.sign)
    verdict = scaled(setting.boxes.upright(f"{sign} {cell.word}"), VERDICT)
    return label(setting, cell.text, FILLED, 1.0), verdict


def entry(setting: Setting, cell: Entry) -> tuple[Box, Box]:
    """An entry of a matrix: the digits before its decimal sign, nothing where it is no plain number, and the rest."""
    if isinstance(cell, Judged):
        number, verdict = filled(setting, cell)
        return space(0), lines([number, verdict], UNDER)
    if isinstance(cell, Blank):
        return space(0), answered(setting, cell)
    if isinstance(cell, str):
        return space(0), setting.boxes.upright(cell)
    if not is_plain_number(cell):
        return space(0), held(setting, cell)
    before, sign, after = show(cell, setting.plain).partition(setting.plain.signs.decimal)
    return setting.boxes.upright(before), setting.boxes.upright(sign + after)


def answered(setting: Setting, cell: Blank) -> Box:
    """What stands in a box on the key; another right answer in brackets below it."""
    told = cell.answer or ""
    answer = setting.boxes.upright(told) if isinstance(told, str) else show(told, setting.level)
    if cell.otherwise is None:
        return answer
    upright = setting.level.upright
    other = scaled(row([upright("("), show(cell.otherwise, setting.level), upright(")")]), VERDICT)
    wide = max(answer.width, other.width)
    return lines([row([space((wide - box.width) / 2), box]) for box in (answer, other)], UNDER)


def held(setting: Setting, cell: Expr) -> Box:
    """A formula that a column can hold, over several lines where it is long."""
    most = setting.width * WIDEST_ENTRY
    return paragraph(setting.parts(cell, setting.boxes), most, 0.0)
