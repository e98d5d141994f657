"""The words as arrows in the plane, before and after attention, with the way that each one moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import hypot

from tracer.checks import traits
from tracer.document import Picture
from tracer.drawing import Area, Drawing, Label, Mark, Point, Stroke
from tracer.expr import Cell
from tracer.pictures import pictures
from tracer.pictures.composing import WIDEST, beside, dot, fitted
from tracer.pictures.field import Field, unit_for
from tracer.pictures.ink import MOST_PANELS, Print, asked, every, ink, sibling, titled
from tracer.pictures.lettering import shortened
from tracer.trace import Trace
from tracer.views import CellView, StepView

MOST = 8  # words that are drawn
TOLD, ARRIVED = 6, 2  # so many words have their coordinates with them; so many, where they arrive too
TALL, LABEL = 14.0, 9.0  # em: of the plane, of a word
BEFORE, AFTER, WAY = (0.07, 0.5), (0.11, 1.0), (0.07, 0.85)  # width and shade of the arrows

Vector = list[CellView]


@dataclass(frozen=True, slots=True)
class Word:
    """A word and the vectors it has, one after the other; `moves` if attention was worked for it."""

    label: str
    stages: tuple[Vector, ...]
    moves: bool


@dataclass(frozen=True, slots=True)
class Space:
    """Words that live in one space; `kind` says which, `weights` are those that move them."""

    kind: str
    title: str
    words: tuple[Word, ...]
    weights: StepView | None

    @property
    def size(self) -> int:
        """How many coordinates there are."""
        return len(self.words[0].stages[0])


CAPTIONS = {
    "words": "The words before attention (thin arrows) and after it (bold); dashed arrows show how they move.",
    "values": "The words’ values (thin arrows) and their outputs (bold); dashed arrows lead from one to the other.",
    "mixed": "The values that are mixed (thin arrows) and the outputs (bold).",
}


@pictures.register("plane")
def plane(trace: Trace) -> Picture | None:
    """Each word's way; None where there is no plane, no number, or only one place for all words."""
    say = trace.problem.paper.style.language
    spaces = [space for space in _spaces(trace) if space.size > 1]
    pairs = [_main(space) for space in spaces[:MOST_PANELS]]
    drawn = [
        (space, pair, drawing)
        for space, pair in zip(spaces, pairs, strict=False)
        if (drawing := _drawing(trace, space, pair, len(spaces)))
    ]
    if not drawn:
        return None
    first, pair, _ = drawn[0]
    caption = [say.text(CAPTIONS[first.kind])]
    if first.size > 2:
        a, b = (n + 1 for n in pair)
        caption.append(
            say.text(
                "Of {n} coordinates the picture shows {a} and {b}, in which the words are spread out most.",
                n=first.size,
                a=a,
                b=b,
            )
        )
    if len(first.words) > MOST:
        caption.append(say.text("The first {few} of {all} words.", few=MOST, all=len(first.words)))
    if len(spaces) > len(drawn):
        caption.append(say.text("The first {few} of {all} heads.", few=len(drawn), all=len(spaces)))
    says = " ".join(_says(trace, space, pair) for space, pair, _ in drawn)
    return Picture(beside([drawing for _, _, drawing in drawn]), (" ".join(caption),), says)


def _spaces(trace: Trace) -> list[Space]:
    """What moves where: the words themselves where nothing is projected, else their values, head by head."""
    words = next((trace[id_] for id_ in ("encoded", "X", "embedding") if id_ in trace), None)
    if trace.problem.wiring.repeat > 1 and words is not None:
        return [Space("words", "", _moving(trace, _stages(trace, words)), None)]
    found = []
    for O in every(trace, "outputs"):
        V, A = sibling(trace, O, "value"), sibling(trace, O, "weights")
        if V is None or A is None:
            continue
        same = trace.problem.tokens == trace.problem.key_tokens and V.shape[0] == O.shape[0]
        if not same:
            fixed = tuple(Word(label, (V.row(j),), moves=False) for j, label in enumerate(V.rows))
            mixed = tuple(Word(O.rows[i], (O.row(i),), moves=True) for i in asked(trace))
            found.append(Space("mixed", titled(trace, O), (*fixed, *mixed), A))
        elif words is not None and _is_copy(V, words):
            found.append(Space("words", titled(trace, O), _moving(trace, [words, O]), A))
        else:
            found.append(Space("values", titled(trace, O), _moving(trace, [V, O]), A))
    return found


def _stages(trace: Trace, words: StepView) -> list[StepView]:
    """The words, and what each pass makes of them."""
    passes = range(1, trace.problem.wiring.repeat + 1)
    last = [
        next(trace[f"pass{n}.{s}"] for s in ("projected", "joined", "outputs") if f"pass{n}.{s}" in trace)
        for n in passes
    ]
    return [words, *last]


def _is_copy(V: StepView, words: StepView) -> bool:
    return isinstance(V.formula, Cell) and V.formula.tensor.id == words.id and V.shape == words.shape


def _moving(trace: Trace, stages: Sequence[StepView]) -> tuple[Word, ...]:
    rows = asked(trace)
    return tuple(
        Word(label, tuple(s.row(i) for s in (stages if i in rows else stages[:1])), i in rows)
        for i, label in enumerate(stages[-1].rows)
    )


def _main(space: Space) -> tuple[int, int]:
    """The two coordinates in which the words, before and after, are spread out most."""
    vectors = [stage for word in space.words[:MOST] for stage in word.stages]
    columns = [_centred([ink(vector[c]) or 0.0 for vector in vectors]) for c in range(space.size)]
    return max(combinations(range(space.size), 2), key=lambda pair: round(_spread(*(columns[c] for c in pair)), 9))


def _centred(values: list[float]) -> list[float]:
    mean = sum(values) / len(values)
    return [value - mean for value in values]


def _spread(xs: list[float], ys: list[float]) -> float:
    """How large a piece of the plane points take: the determinant of their covariances, 0 for points on one line."""
    xx, yy = sum(x * x for x in xs), sum(y * y for y in ys)
    return xx * yy - sum(x * y for x, y in zip(xs, ys, strict=True)) ** 2


def _drawing(trace: Trace, space: Space, pair: tuple[int, int], panels: int) -> Drawing | None:
    a, b = pair
    places: list[tuple[Word, list[Point]]] = []
    for word in space.words[:MOST]:
        points = [(ink(stage[a]), ink(stage[b])) for stage in word.stages]
        if any(x is None or y is None for x, y in points):
            return None
        places.append((word, [(x, y) for x, y in points if x is not None and y is not None]))
    every_point = [point for _, points in places for point in points]
    wide = 22.0 if panels == 1 else WIDEST / min(panels, 3) - 6.5
    unit = unit_for(every_point, wide, TALL if panels == 1 else wide)
    if unit is None or _one_place([points[0] for _, points in places], unit):
        return None
    field = Field(every_point, unit, trace.problem.paper.style.signs)
    say = trace.problem.paper.style.language
    axes = field.axes((say.text("coordinate {n}", n=a + 1), say.text("coordinate {n}", n=b + 1)))
    marks = [*axes, *_arrows(field, places), *_labels(trace, field, places, space)]
    if space.title:
        drawing = fitted(marks)
        return fitted([*drawing.marks, Label(drawing.width / 2, -0.6, space.title, "middle")])
    return fitted(marks)


def _one_place(points: list[Point], unit: float) -> bool:
    return all(hypot(x - points[0][0], y - points[0][1]) * unit < 0.1 for x, y in points)


def _arrows(field: Field, places: list[tuple[Word, list[Point]]]) -> list[Mark]:
    """Grey arrows to where words begin, black ones to where they end, dashed ones from stage to stage."""
    marks: dict[Mark, None] = {}
    for word, points in places:
        is_result = word.moves and len(points) == 1
        width, shade = AFTER if is_result else BEFORE
        marks[Stroke(((0.0, 0.0), field.at(points[0])), width, shade, arrow=True)] = None
    for word, points in places:
        if word.moves and len(points) > 1:
            marks[Stroke(((0.0, 0.0), field.at(points[-1])), *AFTER, arrow=True)] = None
    for _, points in places:
        for start, end in pairwise(points):
            if hypot(end[0] - start[0], end[1] - start[1]) * field.unit > 0.3:
                marks[Stroke((field.at(start), field.at(end)), *WAY, (0.28, 0.2), arrow=True)] = None
    if any(point == (0, 0) for _, points in places for point in points):
        marks[Area(dot((0.0, 0.0)), 0.8)] = None
    drawn = [mark for mark in marks if isinstance(mark, Area) or _is_long(mark)]
    return [field.stroke(mark) if isinstance(mark, Stroke) else mark for mark in drawn]


def _is_long(mark: Mark) -> bool:
    return isinstance(mark, Stroke) and mark.points[0] != mark.points[-1]


def _labels(trace: Trace, field: Field, places: list[tuple[Word, list[Point]]], space: Space) -> list[Mark]:
    """Words where they begin, coordinates where they end; what stands at one place shares its label."""
    print_ = Print(trace)
    with_numbers = space.size == 2 and len(places) <= TOLD and not space.title
    moving = sum(word.moves for word, _ in places)
    at: dict[Point, tuple[Point, list[str], str]] = {}

    def put(point: Point, text: str, vector: Vector) -> None:
        x, y = field.at(point)
        numbers = " " + print_.vector(vector) if with_numbers else ""
        _, texts, _ = at.setdefault((round(x, 3), round(y, 3)), (point, [], numbers))
        if text and text not in texts:
            texts.append(text)

    for word, points in places:
        put(points[0], shortened(word.label, LABEL), word.stages[0])
    for word, points in places:
        if len(points) > 1 and with_numbers and moving <= ARRIVED:
            put(points[-1], "", word.stages[-1])
    marks: list[Mark] = []
    for point, texts, numbers in at.values():
        marks += field.beside(point, (shortened(", ".join(texts), 1.5 * LABEL) + numbers).strip())
    return marks


def _says(trace: Trace, space: Space, pair: tuple[int, int]) -> str:
    """Where each word starts and where it goes."""
    say, print_ = trace.problem.paper.style.language, Print(trace)
    a, b = pair
    sentences = [f"{space.title}:"] if space.title else []
    for i, word in enumerate(space.words[:MOST]):
        before, after = (print_.vector([stage[a], stage[b]]) for stage in (word.stages[0], word.stages[-1]))
        if not word.moves or len(word.stages) == 1:
            sentences.append(say.text("{word} is at {place}.", word=word.label, place=before))
        elif before == after:
            sentences.append(say.text("{word} stays at {place}.", word=word.label, place=before))
        else:
            way = _way(trace, space, i)
            parts = {"word": word.label, "before": before, "after": after}
            sentences.append(
                say.text("{word} starts at {before} and moves to {after}, {way}.", **parts, way=way)
                if way
                else say.text("{word} starts at {before} and moves to {after}.", **parts)
            )
    return " ".join(sentences)


def _way(trace: Trace, space: Space, i: int) -> str:
    """43 % of the way to orange: where there are two words, one takes just that share from the other."""
    if space.weights is None or len(space.words) != 2 or space.kind == "mixed":
        return ""
    if "rows add up to 1" not in traits(trace.problem):
        return ""
    say, other = trace.problem.paper.style.language, 1 - i
    share = space.weights[i, other].rounded(2).number
    if not 0 < share.value < 1:
        return ""
    percent = f"{share.value * 100}\u00a0%"
    return say.text("{share} of the way to {word}", share=percent, word=space.words[other].label)
