"""A picture as data: lines, areas and labels at places, before any format draws it.

Lengths are in em, the size of the text around; x runs to the right, y downwards, from the upper left corner.
Ink is told by shade, from 0 (paper) to 1 (ink), so that a picture reads the same in grey, in dark mode and on a
copier; where two things must be told apart, they differ in dash or shape, not in colour alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot
from typing import TypeAlias

from tracer.expr import Expr

Point: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line through points; `arrow` gives its end a head, `dash` lengths of line and gap."""

    points: tuple[Point, ...]
    width: float = 0.08
    shade: float = 1.0
    dash: tuple[float, ...] = ()
    arrow: bool = False


@dataclass(frozen=True, slots=True)
class Area:
    """A polygon filled in a shade."""

    points: tuple[Point, ...]
    shade: float


@dataclass(frozen=True, slots=True)
class Label:
    """Words or a formula on a baseline at (x, y); `at` says which end stands there: "start", "middle", "end".

    `on_ink` is for a label on a dark area: it is drawn in the colour of the paper.
    """

    x: float
    y: float
    text: str | Expr
    at: str = "start"
    size: float = 0.85
    on_ink: bool = False


Mark: TypeAlias = Stroke | Area | Label


@dataclass(frozen=True, slots=True)
class Drawing:
    """Marks on a field of a size."""

    width: float
    height: float
    marks: tuple[Mark, ...]


def shaft(stroke: Stroke) -> tuple[Point, ...]:
    """The points of a line, which ends inside its head where it has one."""
    if not stroke.arrow or len(stroke.points) < 2:
        return stroke.points
    (x, y), long = stroke.points[-1], _head_length(stroke) * 0.8
    (across, down), _ = _direction(stroke)
    return (*stroke.points[:-1], (x - across * long, y - down * long))


def head(stroke: Stroke) -> tuple[Point, ...]:
    """The triangle at the end of a line with an arrow; no points where it has none."""
    if not stroke.arrow or len(stroke.points) < 2:
        return ()
    (x, y), long = stroke.points[-1], _head_length(stroke)
    (across, down), _ = _direction(stroke)
    wide = long * 0.38
    back = (x - across * long, y - down * long)
    return (x, y), (back[0] - down * wide, back[1] + across * wide), (back[0] + down * wide, back[1] - across * wide)


def _direction(stroke: Stroke) -> tuple[Point, float]:
    """Where the last piece of a line points to, and its length."""
    (x0, y0), (x1, y1) = stroke.points[-2:]
    length = hypot(x1 - x0, y1 - y0)
    return ((x1 - x0) / length, (y1 - y0) / length) if length else (1.0, 0.0), length


def _head_length(stroke: Stroke) -> float:
    return min(0.32 + 2.6 * stroke.width, _direction(stroke)[1] * 0.7)
