"""Boxes: a width, a height above and a depth below the baseline, and what is painted inside.

Everything is built from three moves: put boxes in a row, put one above another, make one smaller.
Coordinates run to the right and downwards from the left end of the baseline; lengths are in em.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tracer.layout.font import Glyph


@dataclass(frozen=True, slots=True)
class Run:
    """Glyphs one behind the other, at a size, with their baseline at (x, y)."""

    x: float
    y: float
    size: float
    glyphs: tuple[Glyph, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A filled rectangle with its upper left corner at (x, y)."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Box:
    """A piece of a formula, laid out."""

    width: float
    height: float
    depth: float
    marks: tuple[Run | Rule, ...] = ()

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
    return Box(sum(g.advance for g in taken), height, depth, (Run(0, 0, 1, taken),))


def moved(box: Box, x: float, y: float) -> tuple[Run | Rule, ...]:
    """What is painted in a box, from another place."""
    return tuple(
        Run(m.x + x, m.y + y, m.size, m.glyphs) if isinstance(m, Run) else Rule(m.x + x, m.y + y, m.width, m.height)
        for m in box.marks
    )


def scaled(box: Box, by: float) -> Box:
    """The same box, larger or smaller."""
    marks = tuple(
        Run(m.x * by, m.y * by, m.size * by, m.glyphs)
        if isinstance(m, Run)
        else Rule(m.x * by, m.y * by, m.width * by, m.height * by)
        for m in box.marks
    )
    return Box(box.width * by, box.height * by, box.depth * by, marks)


def shifted(box: Box, down: float) -> Box:
    """The same box, lowered against the baseline (raised, if negative)."""
    return Box(box.width, box.height - down, box.depth + down, moved(box, 0, down))


def row(boxes: Iterable[Box]) -> Box:
    """Boxes on one baseline, from left to right; runs that meet become one."""
    x, height, depth = 0.0, 0.0, 0.0
    marks: list[Run | Rule] = []
    for box in boxes:
        for mark in moved(box, x, 0):
            last = marks[-1] if marks else None
            if isinstance(mark, Run) and isinstance(last, Run) and _meet(last, mark):
                marks[-1] = Run(last.x, last.y, last.size, last.glyphs + mark.glyphs)
            else:
                marks.append(mark)
        x += box.width
        height, depth = max(height, box.height), max(depth, box.depth)
    return Box(x, height, depth, tuple(marks))


def _meet(left: Run, right: Run) -> bool:
    end = left.x + left.size * sum(g.advance for g in left.glyphs)
    return left.y == right.y and left.size == right.size and abs(end - right.x) < 1e-6


def overlaid(boxes: Iterable[tuple[float, float, Box]]) -> Box:
    """Boxes at places (x, y): as wide, high and deep as together they reach."""
    placed = list(boxes)
    return Box(
        max(x + box.width for x, _, box in placed),
        max(box.height - y for _, y, box in placed),
        max(box.depth + y for _, y, box in placed),
        tuple(mark for x, y, box in placed for mark in moved(box, x, y)),
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
