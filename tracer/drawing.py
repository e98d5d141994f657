"""A picture as data: lines, areas and labels at places, before any format draws it.

Lengths are in em, the size of the text around; x runs to the right, y downwards, from the upper left corner.
Ink is told by shade, from 0 (paper) to 1 (ink), so that a picture reads the same in grey, in dark mode and on a
copier; where two things must be told apart, they differ in dash or shape, not in colour alone.
"""

from __future__ import annotations

from dataclasses import dataclass
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
