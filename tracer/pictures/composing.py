"""Drawings from marks and from other drawings: moved, fitted to their marks, put side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import cos, pi, sin

from tracer.drawing import Drawing, Label, Mark, Point, Stroke, head
from tracer.pictures.lettering import frame

WIDEST = 43.0  # em: what stands between the margins of a page
MARGIN = 0.15
DOT = 0.17  # the radius of a dot


def rectangle(left: float, top: float, right: float, bottom: float) -> tuple[Point, ...]:
    """Its corners."""
    return (left, top), (right, top), (right, bottom), (left, bottom)


def dot(at: Point) -> tuple[Point, ...]:
    """A small disc, as a polygon."""
    return tuple((at[0] + DOT * cos(n * pi / 8), at[1] + DOT * sin(n * pi / 8)) for n in range(16))


def outline(points: Sequence[Point], width: float = 0.06, shade: float = 1.0, dash: tuple[float, ...] = ()) -> Stroke:
    """A closed line round a polygon."""
    return Stroke((*points, points[0]), width, shade, dash)


def moved(mark: Mark, x: float, y: float) -> Mark:
    """The same mark at another place."""
    if isinstance(mark, Label):
        return replace(mark, x=mark.x + x, y=mark.y + y)
    return replace(mark, points=tuple((a + x, b + y) for a, b in mark.points))


def bounds(marks: Iterable[Mark]) -> tuple[float, float, float, float]:
    """The rectangle that marks fill: left, top, right, bottom."""
    boxes = [_bounds(mark) for mark in marks]
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)


def _bounds(mark: Mark) -> tuple[float, float, float, float]:
    if isinstance(mark, Label):
        return frame(mark)
    half = mark.width / 2 if isinstance(mark, Stroke) else 0.0
    points = (*mark.points, *head(mark)) if isinstance(mark, Stroke) else mark.points
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs) - half, min(ys) - half, max(xs) + half, max(ys) + half


def fitted(marks: Sequence[Mark]) -> Drawing:
    """A drawing just large enough for its marks."""
    left, top, right, bottom = bounds(marks)
    placed = tuple(moved(mark, MARGIN - left, MARGIN - top) for mark in marks)
    return Drawing(right - left + 2 * MARGIN, bottom - top + 2 * MARGIN, placed)


def beside(drawings: Sequence[Drawing], gap: float = 1.6) -> Drawing:
    """Drawings in rows no wider than a page, their upper edges on one line."""
    rows: list[list[Drawing]] = [[]]
    for drawing in drawings:
        if rows[-1] and sum(d.width + gap for d in rows[-1]) + drawing.width > WIDEST:
            rows.append([])
        rows[-1].append(drawing)
    marks: list[Mark] = []
    wide = max(sum(d.width for d in row) + gap * (len(row) - 1) for row in rows)
    y = 0.0
    for n, row in enumerate(rows):
        tall = max(d.height for d in row)
        y += gap / 2 if n else 0.0
        x = (wide - sum(d.width for d in row) - gap * (len(row) - 1)) / 2
        for drawing in row:
            marks += [moved(mark, x, y) for mark in drawing.marks]
            x += drawing.width + gap
        y += tall
    return Drawing(wide, y, tuple(marks))
