"""Matrices set in type: in brackets, decimal signs below each other, side by side where they fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tracer.document import Blank, Grid, Judged
from tracer.formats.pdf.labels import REMARK
from tracer.formats.pdf.measures import FRAME, UNDER, Measures, Places, filled
from tracer.formats.pdf.setting import Setting, is_plain_number, paragraph
from tracer.formats.pdf.sheets import corners, cut, framed
from tracer.layout.box import Box, Rule, Shape, marks, scaled
from tracer.layout.piece import Node, Piece, Slot, leaf

INDENT = 1.5
ARM, INSIDE = 0.28, 0.35  # of a bracket: the length of its arms, the space inside
NARROWEST = 18.0  # a remark is broken over lines where the matrix below it is narrower, but no narrower than this
TONES = {"light": (0.05, 0.0), "strong": (0.2, 0.09)}  # of an entry that stands out: its shade, the line around it
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
    around = corners(width, height)
    ground = Shape(x, y, around, shade)
    return (ground, Shape(x, y, around, 1.0, line)) if line else (ground,)
