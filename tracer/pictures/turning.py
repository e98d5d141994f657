"""Queries turning in the plane of each pair of coordinates: where they point before and after, and the angle."""

from __future__ import annotations

from collections.abc import Iterator
from math import atan2, cos, fmod, hypot, pi, sin

from tracer.document import Picture
from tracer.drawing import Drawing, Mark, Point, Stroke
from tracer.expr import Cell, position, walk
from tracer.operations.rotary import PAIRINGS, USUAL_PAIRING
from tracer.pictures import pictures
from tracer.pictures.composing import beside, fitted
from tracer.pictures.field import Field, unit_for
from tracer.pictures.ink import MOST_PANELS, Print, asked, every, ink, sibling, titled
from tracer.pictures.lettering import shortened
from tracer.trace import Trace
from tracer.views import StepView

MOST, LABEL = 6, 9.0  # words that are drawn; em of a label
WIDE, TALL = 20.0, 11.0  # em: of one plane
NARROW = 12.0  # of one among several
BEFORE, AFTER, ARC = (0.07, 0.5), (0.11, 1.0), (0.06, 0.85)  # width and shade
STEP, CLOSE = pi / 24, 0.3  # of an arc; em: what is hardly seen

Turn = tuple[str, Point, Point, float]  # a word, its pair before and after, the angle


@pictures.register("turning")
def turning(trace: Trace) -> Picture | None:
    """The queries of one head; None where nothing is turned, or where a number is missing."""
    steps = every(trace, "rotated_query")
    if not steps:
        return None
    Q, angles = steps[-1], sibling(trace, steps[-1], "query_angles")
    assert angles is not None
    pairs = [_pair(trace, t, angles.shape[1]) for t in range(angles.shape[1])][:MOST_PANELS]
    planes = [(pair, turns) for t, pair in enumerate(pairs) if (turns := _turns(trace, Q, angles, t, pair))]
    wide = WIDE if len(pairs) == 1 else NARROW
    drawn = [drawing for pair, turns in planes if (drawing := _drawing(trace, pair, turns, wide))]
    if not drawn:
        return None
    say = trace.problem.paper.style.language
    caption = [
        say.text("The queries before they are turned (thin arrows) and after (bold); an arc shows the angle of each.")
    ]
    if len(asked(trace)) > MOST:
        caption.append(say.text("The first {few} of {all} words.", few=MOST, all=len(asked(trace))))
    if len(drawn) < angles.shape[1]:
        caption.append(say.text("The first {few} of {all} pairs.", few=len(drawn), all=angles.shape[1]))
    if title := titled(trace, Q):
        caption.insert(0, f"{title}.")
    return Picture(beside(drawn), (" ".join(caption),), " ".join(_says(trace, Q, pairs)))


def _pair(trace: Trace, t: int, pairs: int) -> tuple[int, int]:
    """The two coordinates that are pair t."""
    told = next(setting.told for setting in trace.problem.wiring.encoding if setting.use == "rotary")
    a, b = PAIRINGS[told.get("pairing", USUAL_PAIRING)].pair(position(t), pairs)
    return a.shift, b.shift


def _before(trace: Trace, Q: StepView) -> StepView:
    """What is turned."""
    assert Q.formula is not None
    return next(trace[n.tensor.id] for n in walk(Q.formula) if isinstance(n, Cell) and n.tensor.axes == Q.tensor.axes)


def _turns(trace: Trace, Q: StepView, angles: StepView, t: int, pair: tuple[int, int]) -> list[Turn]:
    """The turn of each word; none where a value is missing."""
    a, b = pair
    found: list[Turn] = []
    for i in asked(trace)[:MOST]:
        values = [ink(step[i, c]) for step in (_before(trace, Q), Q) for c in (a, b)] + [ink(angles[i, t])]
        known = [value for value in values if value is not None]
        if len(known) < len(values):
            return []
        found.append((Q.rows[i], (known[0], known[1]), (known[2], known[3]), known[4]))
    return found


def _drawing(trace: Trace, pair: tuple[int, int], turns: list[Turn], wide: float) -> Drawing | None:
    points = [point for _, before, after, _ in turns for point in (before, after)]
    unit = unit_for(points, wide, TALL)
    if unit is None:
        return None
    say, field = trace.problem.paper.style.language, Field(points, unit, trace.problem.paper.style.signs)
    marks = field.axes((say.text("coordinate {n}", n=pair[0] + 1), say.text("coordinate {n}", n=pair[1] + 1)))
    arrows = dict.fromkeys(Stroke(((0.0, 0.0), field.at(before)), *BEFORE, arrow=True) for _, before, _, _ in turns)
    arrows |= dict.fromkeys(Stroke(((0.0, 0.0), field.at(after)), *AFTER, arrow=True) for _, _, after, _ in turns)
    marks += [field.stroke(arrow) for arrow in arrows if arrow.points[0] != arrow.points[-1]]
    marks += [
        field.stroke(arc) for n, turn in enumerate(turns) for arc in _arc(field, turn, (n + 1) / (len(turns) + 1))
    ]
    return fitted([*marks, *_labels(field, turns)])


def _arc(field: Field, turn: Turn, part: float) -> Iterator[Stroke]:
    """From the old direction to the new one, at this part of the arrow's length; whole turns are left out."""
    _, (x, y), _, angle = turn
    start, sweep, radius = atan2(y, x), fmod(angle, 2 * pi), part * hypot(x, y)
    count = int(abs(sweep) / STEP) + 1
    if abs(sweep) * radius * field.unit > CLOSE:
        ways = [start + sweep * n / count for n in range(count + 1)]
        points = tuple(field.at((radius * cos(way), radius * sin(way))) for way in ways)
        yield Stroke(points, *ARC, (0.28, 0.2), arrow=True)


def _labels(field: Field, turns: list[Turn]) -> list[Mark]:
    """Words where they point to, if anywhere; those at one place share their label."""
    at: dict[Point, tuple[Point, list[str]]] = {}
    for word, _, after, _ in turns:
        x, y = field.at(after)
        if hypot(x, y) < CLOSE:
            continue
        at.setdefault((round(x, 2), round(y, 2)), (after, []))[1].append(shortened(word, LABEL))
    marks: list[Mark] = []
    for point, words in at.values():
        marks += field.beside(point, shortened(", ".join(words), 1.5 * LABEL))
    return marks


def _says(trace: Trace, Q: StepView, pairs: list[tuple[int, int]]) -> Iterator[str]:
    """Where each pair of each word points, before and after."""
    say, print_, raw = trace.problem.paper.style.language, Print(trace), _before(trace, Q)
    for a, b in pairs:
        yield say.text("Coordinates {a} and {b}:", a=a + 1, b=b + 1)
        for i in asked(trace)[:MOST]:
            before, after = (print_.vector([step[i, a], step[i, b]]) for step in (raw, Q))
            yield (
                say.text("{word} stays at {place}.", word=Q.rows[i], place=after)
                if before == after
                else say.text("{word} turns from {before} to {after}.", word=Q.rows[i], before=before, after=after)
            )
