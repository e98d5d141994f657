"""Matrices set in type: in brackets, decimal signs below each other, side by side where they fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from tracer.document import Blank, Entry, Grid, Judged
from tracer.expr import Expr
from tracer.formats.pdf.labels import REMARK, label, share, worded
from tracer.formats.pdf.setting import Setting, fitted, is_plain_number, paragraph
from tracer.formats.pdf.sheets import cut, framed
from tracer.layout.box import Box, Rule, Shape, lines, marks, row, scaled, space
from tracer.layout.piece import Node, Piece, Slot, leaf
from tracer.show import show

INDENT = 1.5
LABEL, HEAD = 16.0, 7.0  # the width of a row's and a column's label before it is broken over lines
LINE, GAP = 1.35, 1.1  # from line to line, between columns
ARM, INSIDE = 0.28, 0.35  # of a bracket: the length of its arms, the space inside
SMALLEST = 0.8  # how much smaller a matrix may be set before it is cut
NARROWEST = 18.0  # a remark is broken over lines where the matrix below it is narrower, but no narrower than this
WIDEST_ENTRY = 0.5  # of the page's column
FILLED = 9.0  # what was filled in: its width before it is broken over lines
VERDICT, UNDER = 0.76, 0.25  # below it: the size of its verdict, and how far
SIGNS = {"✗": "×"}  # the font has no ballot cross
TONES = {"light": (0.05, 0.0), "strong": (0.2, 0.09)}  # of an entry that stands out: its shade, the line around it
FIXED, TO_FILL_IN = (2.3, 1.5), (4.8, 2.4)  # a place on a sheet: for a number, and for handwriting (18 × 9 mm)
NAME, OF_A_ROW, FRAME = 2.4, 4.5, 0.12  # of a sheet's matrix: room for its name, a row's label; around a box
OF_A_WORD = 3.6  # room for a number below a word
BESIDES, AROUND = 0.5, 0.6  # left empty beside a number, and above and below it in a box
BESIDE, BELOW = 2.4, 0.6  # between matrices
ABOVE = 14.0  # of a page: left to the headings above


@dataclass(frozen=True, slots=True)
class Tile:
    """A matrix, or as much of it as fits a page: its table, its remark, its brackets, from the upper left corner."""

    width: float
    total: float
    nodes: tuple[Node, ...]
    bars: tuple[Rule, ...]


def pieces(setting: Setting, grids: Sequence[Grid]) -> Iterator[Piece]:
    """Matrices that follow each other, as many beside each other as the column holds."""
    waiting: list[Tile] = []
    used = 0.0
    for tile in (tile for grid in grids for tile in tiles(setting, grid)):
        if waiting and used + BESIDE + tile.width > setting.width - INDENT:
            yield beside(setting, waiting)
            waiting, used = [], 0.0
        used += tile.width + (BESIDE if waiting else 0)
        waiting.append(tile)
    if waiting:
        yield beside(setting, waiting)


def beside(setting: Setting, row_of: Sequence[Tile]) -> Piece:
    """Matrices in a row, their last lines level."""
    total = max(tile.total for tile in row_of)
    x, nodes, bars = INDENT, [], []
    for tile in row_of:
        nodes += [node._replace(x=node.x + x, y=node.y + total - tile.total) for node in tile.nodes]
        bars += [Rule(bar.x + x, bar.y + total - tile.total, bar.width, bar.height) for bar in tile.bars]
        x += tile.width + BESIDE
    root = nodes[0] if len(nodes) == 1 else Node("Div", kids=tuple(nodes))
    return Piece(setting.width, 0.0, total + BELOW, root, tuple(bars))


def tiles(setting: Setting, grid: Grid) -> Iterator[Tile]:
    """A matrix in parts, no wider than the column and no higher than a page."""
    measures = (Places if grid.is_fixed else Measures)(setting, grid)
    has_remark = any(grid.remark)
    widest = setting.width - INDENT - measures.left - 4 * INSIDE
    size, bands = measures.bands(widest)
    for across in bands:
        for down in cut(measures.heights, setting.height - measures.top - ABOVE):
            tile = Band(setting, grid, measures, across, down).tile()
            tile = smaller(tile, min(size, (setting.width - INDENT) / tile.width))
            yield with_remark(setting, grid, tile) if has_remark else tile
            has_remark = False


def smaller(tile: Tile, size: float) -> Tile:
    """A tile set smaller, so that a matrix that is a little too wide stays in one piece."""
    if size == 1:
        return tile
    nodes = tuple(node._replace(size=size) for node in tile.nodes)
    bars = tuple(Rule(bar.x * size, bar.y * size, bar.width * size, bar.height * size) for bar in tile.bars)
    return Tile(tile.width * size, tile.total * size, nodes, bars)


def with_remark(setting: Setting, grid: Grid, tile: Tile) -> Tile:
    """A matrix with its remark above, broken over lines where it is much wider."""
    words = [setting.words((part,)) for part in setting.broken(grid.remark)]
    box = scaled(paragraph(words, max(tile.width, NARROWEST) / REMARK, 0.0), REMARK)
    down = box.total + 0.5
    nodes = (leaf("P", box, 0, box.height), *(node._replace(y=node.y + down) for node in tile.nodes))
    bars = tuple(Rule(bar.x, bar.y + down, bar.width, bar.height) for bar in tile.bars)
    return Tile(max(tile.width, box.width), tile.total + down, nodes, bars)


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
        if not all(text == "" or text.isdigit() for text in grid.columns):
            wide = max(wide, OF_A_WORD)
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


class Band:
    """Some columns and rows of a matrix, set."""

    def __init__(self, setting: Setting, grid: Grid, measures: Measures, across: range, down: range) -> None:
        self.setting, self.grid, self.measures, self.across, self.down = setting, grid, measures, across, down
        self.axis, self.rule = setting.boxes.axis, setting.boxes.rule
        x, self.middles = measures.left + INSIDE, {}
        for c in across:
            self.middles[c] = x + measures.widths[c] / 2
            x += measures.widths[c]
        self.right = x + INSIDE
        self.bottom = measures.top + sum(measures.heights[r] for r in down)

    def tile(self) -> Tile:
        """The whole: a table that can be read aloud, and its brackets."""
        measures, name = self.measures, self.measures.name
        middle = (measures.top + self.bottom) / 2 + self.axis
        spoken = self.setting.spoken
        sign = spoken.speech.operator(self.grid.sign) if self.grid.sign else ""
        says = (spoken.inline(self.grid.name) + sign).strip()
        rows = [self.row(r, measures.top + sum(measures.heights[self.down.start : r])) for r in self.down]
        heads = [self.heads()] if any(self.grid.columns) else []
        table = Node("Table", kids=(leaf("Caption", name, measures.start, middle, says), *heads, *rows))
        bars = (*self.bracket(measures.left, 1), *self.bracket(self.right, -1))
        return Tile(self.right + self.rule, self.bottom + self.rule, (table,), bars)

    def heads(self) -> Node:
        """The labels of the columns, on one line."""
        heads = self.measures.heads
        line = self.measures.top - 0.25 - max(heads[c].depth for c in self.across)
        cells = [Node("TD")] if any(self.grid.rows) else []
        for c in self.across:
            x = self.middles[c] - heads[c].width / 2
            cells.append(leaf("TH", heads[c], x, line - lowered(heads[c]), scope="Column"))
        return Node("TR", kids=tuple(cells))

    def row(self, r: int, top: float) -> Node:
        """The label of a row and its numbers, on one line."""
        measures = self.measures
        line = top + measures.heights[r] / 2 + self.axis
        cells = []
        if any(self.grid.rows):
            box = measures.labels[r]
            cells.append(leaf("TH", box, measures.margins[r], self.level(box, line), scope="Row"))
        for c in self.across:
            column, cell = measures.columns[c], self.grid.cells[r][c]
            id_ = self.setting.id(self.grid.ids[r][c], self.grid.view) if self.grid.ids else ""
            if isinstance(cell, Judged):
                cells.append(self.judged(cell, c, top, measures.heights[r])._replace(id=id_))
                continue
            if isinstance(cell, Blank):
                cells.append(self.blank(cell, c, top, column.boxes[r], line)._replace(id=id_))
                continue
            x = self.middles[c] - column.width / 2 + column.offsets[r]
            says = "" if isinstance(cell, str) or is_plain_number(cell) else self.setting.spoken.inline(cell)
            cells.append(leaf("TD", column.boxes[r], x, self.level(column.boxes[r], line), says, id_=id_))
        return Node("TR", kids=tuple(cells))

    def judged(self, cell: Judged, c: int, top: float, height: float) -> Node:
        """What was filled in and its verdict, each read by itself; on a ground that stands out where it is to."""
        number, verdict = filled(self.setting, cell)
        gap = UNDER if cell.text else 0.0
        y = top + (height - number.total - gap - verdict.total) / 2 + number.height
        under = y + number.depth + gap + verdict.height
        middle, half = self.middles[c], self.measures.widths[c] / 2 - 0.15
        ground = shaded(cell.tone, middle - half, top + 0.08, 2 * half, height - 0.16)
        written = Node("Span", (*ground, *marks(number, middle - number.width / 2, y)))
        return Node("TD", kids=(written, leaf("Span", verdict, middle - verdict.width / 2, under, cell.word)))

    def blank(self, cell: Blank, c: int, top: float, box: Box, line: float) -> Node:
        """A box to fill in; on the key, filled in."""
        measures, setting = self.measures, self.setting
        width, height = measures.widths[c] - 2 * FRAME, measures.heights[0] - 2 * FRAME
        left = self.middles[c] - width / 2
        answer = marks(box, self.middles[c] - box.width / 2, self.level(box, line))
        slot = Slot(cell.id, cell.says, left, top + FRAME, width, height) if setting.is_form else None
        says = setting.say("{number}: to fill in", number=cell.says) if cell.answer is None else ""
        span = Node("Span", (framed(left, top + FRAME, width, height), *answer), says=says, slot=slot)
        return Node("TD", kids=(span,))

    def level(self, box: Box, line: float) -> float:
        """The baseline of an entry: the row's own for a line of text, the row's middle for what is taller."""
        return line if box.total < 1.1 else line - self.axis + (box.height - box.depth) / 2

    def bracket(self, x: float, side: int) -> tuple[Rule, ...]:
        """A square bracket: an upright and two arms, to the right (1) or to the left (−1)."""
        arm = x if side > 0 else x - ARM + self.rule
        top, bottom = self.measures.top, self.bottom
        uprights = Rule(x, top, self.rule * 1.1, bottom - top)
        return uprights, Rule(arm, top, ARM, self.rule), Rule(arm, bottom - self.rule, ARM, self.rule)


def lowered(box: Box) -> float:
    """How far the first line of a box must stand above the last."""
    return box.depth - min(box.depth, 0.25) if box.total > 1.1 else 0.0


def shaded(tone: str, x: float, y: float, width: float, height: float) -> tuple[Shape, ...]:
    """The ground of an entry that stands out, and the line around it."""
    if tone not in TONES:
        return ()
    shade, line = TONES[tone]
    corners = ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height), (0.0, 0.0))
    ground = Shape(x, y, corners, shade)
    return (ground, Shape(x, y, corners, 1.0, line)) if line else (ground,)


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
