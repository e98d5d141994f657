"""A plane with axes: the same scale both ways, round ticks, and labels beside points that do not overlap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from math import ceil, cos, floor, hypot, log10, pi, sin

from tracer.drawing import Area, Label, Mark, Point, Stroke
from tracer.expr import Num
from tracer.notation.plain import Plain
from tracer.pictures.composing import rectangle
from tracer.pictures.lettering import frame
from tracer.show import Signs, show

TICK = 0.7  # the size of a number at an axis
GRID, AXIS = 0.14, 0.75  # shades
SMALLEST, LARGEST = 1e-3, 1e6  # what round numbers at an axis can be written for
RINGS = 9
CROSSED, TURNED, FURTHER = (
    1.2,
    0.45,
    0.7,
)  # how bad it is to lie on a line, not to point outward, to be a ring further out
LEAD = 1.6  # em: a label further away than this gets a line to its point


class Field:
    """A piece of the plane around points and the origin, `unit` em to the unit."""

    def __init__(self, points: Sequence[Point], unit: float, signs: Signs) -> None:
        self.unit, self.plain = unit, Plain(signs)
        self.step = round_step(2.8 / unit)
        (self.left, self.right), (self.bottom, self.top) = (reach([p[n] for p in points], self.step) for n in (0, 1))
        self.taken: list[tuple[float, float, float, float]] = []
        self.strokes: list[Stroke] = []

    def at(self, point: Point) -> Point:
        """Where a point stands."""
        return point[0] * self.unit, -point[1] * self.unit

    def axes(self, names: tuple[str, str]) -> list[Mark]:
        """A pale grid, two axes through the origin with their names, and round numbers at them."""
        marks: list[Mark] = []
        over = 0.5 / self.unit
        for n in range(ceil(self.left / self.step), floor(self.right / self.step) + 1):
            x = n * float(self.step)
            marks.append(Stroke((self.at((x, self.bottom)), self.at((x, self.top))), 0.04, GRID))
        for n in range(ceil(self.bottom / self.step), floor(self.top / self.step) + 1):
            y = n * float(self.step)
            marks.append(Stroke((self.at((self.left, y)), self.at((self.right, y))), 0.04, GRID))
        ends = self.at((float(self.right) + over * 1.6, 0)), self.at((0, float(self.top) + over * 1.6))
        starts = self.at((self.left, 0)), self.at((0, self.bottom))
        for start, end in zip(starts, ends, strict=True):
            marks.append(self.stroke(Stroke((start, end), 0.045, AXIS, arrow=True)))
        for n in range(ceil(self.left / self.step), floor(self.right / self.step) + 1):
            if n:
                x, y = self.at((n * float(self.step), 0))
                marks.append(self.keep(Label(x, y + 0.85, self.number(n), "middle", TICK)))
        for n in range(ceil(self.bottom / self.step), floor(self.top / self.step) + 1):
            if n:
                x, y = self.at((0, n * float(self.step)))
                marks.append(self.keep(Label(x - 0.35, y + 0.22, self.number(n), "end", TICK)))
        (x, y), above = ends
        marks.append(self.keep(Label(x + 0.3, y + 0.25, names[0], "start", TICK)))
        marks.append(self.keep(Label(above[0], above[1] - 0.4, names[1], "middle", TICK)))
        return marks

    def number(self, n: int) -> str:
        """The n-th round number."""
        value, places = n * self.step, 0
        while (self.step * 10**places).denominator != 1:
            places += 1
        return show(Num(value, places or None), self.plain)

    def keep(self, label: Label) -> Label:
        """A label that others must stay away from."""
        self.taken.append(frame(label))
        return label

    def stroke(self, stroke: Stroke) -> Stroke:
        """A line that labels should not cross."""
        self.strokes.append(stroke)
        return stroke

    def beside(self, point: Point, text: str, size: float = 0.85) -> list[Mark]:
        """A label near a point, on clear ground: away from other labels always, from lines where that can be.

        Places are tried in rings around the point, outward from the origin first.
        """
        x, y = self.at(point)
        ahead = (x, y) if hypot(x, y) else (1.0, -1.0)
        found: tuple[float, Label] | None = None
        for ring in range(RINGS):
            for place in self._ring((x, y), ahead, ring, text, size):
                if found is None or place[0] < found[0]:
                    found = place
            if found is not None and found[0] <= (ring + 1) * FURTHER:
                break
        if found is None:
            return []
        _, label = found
        box = frame(self.keep(label))
        marks: list[Mark] = [label]
        if any(_crosses(stroke, box) for stroke in self.strokes):
            marks.insert(0, Area(rectangle(*box), 0.0))
        return [*_lead((x, y), box), *marks]

    def _ring(self, at: Point, ahead: Point, ring: int, text: str, size: float) -> Iterable[tuple[float, Label]]:
        """The free places of one ring, each with how bad it is."""
        length = hypot(*ahead)
        away = 0.45 + 0.55 * ring
        for across, down in SPREAD:
            anchor = "start" if across > 0.3 else "end" if across < -0.3 else "middle"
            label = Label(at[0] + across * away, at[1] + down * away + (0.25 + 0.25 * down) * size, text, anchor, size)
            box = _grown(frame(label), 0.08)
            if any(_meet(box, other) for other in self.taken):
                continue
            if any(_crosses(lead, other) for lead in _lead(at, box) for other in self.taken):
                continue
            crossed = sum(_crosses(stroke, box) for stroke in self.strokes)
            turned = 1 - (across * ahead[0] + down * ahead[1]) / length
            yield crossed * CROSSED + turned * TURNED + ring * FURTHER, label


SPREAD = [(cos(n * pi / 8), -sin(n * pi / 8)) for n in range(16)]  # the ways out from a point


def unit_for(points: Sequence[Point], wide: float, tall: float) -> float | None:
    """How many em a unit may be for points to fit; None where they are all at the origin, or out of all measure."""
    (left, right), (bottom, top) = ((min(0.0, *v), max(0.0, *v)) for v in ([p[n] for p in points] for n in (0, 1)))
    across, up = max(right - left, (top - bottom) / 6), max(top - bottom, (right - left) / 6)
    if not SMALLEST < max(across, up) < LARGEST:
        return None
    return min(wide / across, tall / up)


def round_step(least: float) -> Fraction:
    """The smallest of …, 0.1, 0.2, 0.5, 1, 2, 5, 10, … that is not below `least`."""
    power = floor(log10(least))
    for leading in (1, 2, 5, 10):
        if leading * 10.0**power >= least * 0.999:
            return leading * Fraction(10) ** power
    return Fraction(10) ** (power + 1)


def reach(values: Sequence[float], step: Fraction) -> tuple[float, float]:
    """From where to where an axis goes: over all values and the origin, and at least one step."""
    low, high = min(0.0, *values), max(0.0, *values)
    if high - low < float(step):
        high = low + float(step)
    return low, high


def _lead(at: Point, box: tuple[float, float, float, float]) -> list[Stroke]:
    """The line from a point to a label that does not stand right beside it."""
    near = min(max(at[0], box[0]), box[2]), min(max(at[1], box[1]), box[3])
    return [Stroke((at, near), 0.035, 0.6)] if hypot(near[0] - at[0], near[1] - at[1]) > LEAD else []


def _grown(box: tuple[float, float, float, float], by: float) -> tuple[float, float, float, float]:
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by


def _meet(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _crosses(stroke: Stroke, box: tuple[float, float, float, float]) -> bool:
    """Whether a line runs through a box: each of its pieces is cut off at the box's four sides."""
    for (x0, y0), (x1, y1) in pairwise(stroke.points):
        start, end = 0.0, 1.0
        for at, by, low, high in ((x0, x1 - x0, box[0], box[2]), (y0, y1 - y0, box[1], box[3])):
            if by:
                near, far = sorted(((low - at) / by, (high - at) / by))
                start, end = max(start, near), min(end, far)
            elif not low <= at <= high:
                end = -1.0
        if start <= end:
            return True
    return False
