"""Boxes: a width, a height above and a depth below the baseline, and what stands inside.

Everything is built from three moves: put boxes in a row, put one above another, make one smaller. A box holds
boxes at places; only `marks`, at the very end, turns the tree into what is painted, so that a formula of n
pieces costs n steps however deep it is. Coordinates run to the right and downwards from the left end of the
baseline; lengths are in em.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

from tracer.layout.font import Glyph


class Run(NamedTuple):
    """Glyphs one behind the other, at a size, with their baseline at (x, y); `shade` 0 is the colour of the paper."""

    x: float
    y: float
    size: float
    glyphs: tuple[Glyph, ...]
    shade: float = 1.0


class Rule(NamedTuple):
    """A filled rectangle with its upper left corner at (x, y)."""

    x: float
    y: float
    width: float
    height: float


class Words(NamedTuple):
    """Text that the mathematical font cannot write, at a size, with its baseline at (x, y)."""

    x: float
    y: float
    size: float
    text: str
    shade: float = 1.0


class Shape(NamedTuple):
    """A polygon filled in a shade; with a width, the line through its points."""

    x: float
    y: float
    points: tuple[tuple[float, float], ...]
    shade: float
    width: float = 0.0
    dash: tuple[float, ...] = ()


Mark: TypeAlias = Run | Rule | Words | Shape


class Part(NamedTuple):
    """A box inside a box: where it stands, and how large."""

    x: float
    y: float
    size: float
    box: Box


class Box(NamedTuple):
    """A piece of a formula, laid out: a mark, or other boxes at places."""

    width: float
    height: float
    depth: float
    parts: tuple[Part, ...] = ()
    mark: Mark | None = None

    @property
    def total(self) -> float:
        """Height and depth together."""
        return self.height + self.depth


EMPTY = Box(0, 0, 0)


def space(width: float) -> Box:
    """Nothing, so wide."""
    return Box(width, 0, 0)


def run(glyphs: Iterable[Glyph]) -> Box:
    """Glyphs one behind the other."""
    taken = tuple(glyphs)
    if not taken:
        return EMPTY
    height, depth = max(g.top for g in taken), max(g.bottom for g in taken)
    return Box(sum(g.advance for g in taken), height, depth, mark=Run(0, 0, 1, taken))


def rule(width: float, thickness: float, top: float) -> Box:
    """A bar with its upper edge so far above the baseline."""
    return Box(width, top, thickness - top, mark=Rule(0, -top, width, thickness))


def scaled(box: Box, by: float) -> Box:
    """The same box, larger or smaller."""
    return Box(box.width * by, box.height * by, box.depth * by, (Part(0, 0, by, box),))


def shifted(box: Box, down: float) -> Box:
    """The same box, lowered against the baseline (raised, if negative)."""
    return Box(box.width, box.height - down, box.depth + down, (Part(0, down, 1, box),))


def row(boxes: Iterable[Box]) -> Box:
    """Boxes on one baseline, from left to right."""
    x = height = depth = 0.0
    parts: list[Part] = []
    for box in boxes:
        width, up, down, inner, mark = box
        if inner or mark:
            parts.append(Part(x, 0, 1, box))
        x += width
        height = up if up > height else height
        depth = down if down > depth else depth
    return Box(x, height, depth, tuple(parts))


def overlaid(boxes: Iterable[tuple[float, float, Box]]) -> Box:
    """Boxes at places (x, y): as wide, high and deep as together they reach."""
    placed = list(boxes)
    return Box(
        max(x + box.width for x, _, box in placed),
        max(box.height - y for _, y, box in placed),
        max(box.depth + y for _, y, box in placed),
        tuple(Part(x, y, 1, box) for x, y, box in placed),
    )


def centred(box: Box, width: float) -> float:
    """Where a box begins that stands in the middle of a width."""
    return (width - box.width) / 2


def lines(rows: list[Box], leading: float) -> Box:
    """Boxes below each other, left-aligned; the first has the baseline."""
    placed, y = [], 0.0
    for n, box in enumerate(rows):
        if n:
            y += rows[n - 1].depth + leading + box.height
        placed.append((0.0, y, box))
    return overlaid(placed)


def last_glyph(box: Box) -> Glyph | None:
    """The glyph that ends a box, where one does."""
    while box.parts:
        box = box.parts[-1].box
    return box.mark.glyphs[-1] if isinstance(box.mark, Run) else None


def marks(box: Box, x: float = 0.0, y: float = 0.0) -> tuple[Mark, ...]:
    """What is painted of a box at a place, in reading order; runs that meet become one."""
    found: list[Mark] = []
    end = 0.0  # of the last run
    waiting = [(box, x, y, 1.0)]
    while waiting:
        (width, _, _, parts, mark), left, base, size = waiting.pop()
        if mark is None:
            waiting += [(inner, left + dx * size, base + dy * size, size * by) for dx, dy, by, inner in reversed(parts)]
        elif isinstance(mark, Run):
            last = found[-1] if found else None
            if isinstance(last, Run) and last.y == base and last.size == size and abs(end - left) < 1e-6:
                found[-1] = Run(last.x, base, size, last.glyphs + mark.glyphs)
            else:
                found.append(Run(left, base, size, mark.glyphs))
            end = left + size * width
        elif isinstance(mark, Rule):
            found.append(Rule(left + mark.x * size, base + mark.y * size, mark.width * size, mark.height * size))
        elif isinstance(mark, Words):
            found.append(Words(left, base, size, mark.text))
    return tuple(found)
