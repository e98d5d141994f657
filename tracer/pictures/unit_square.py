"""What a projection does to the plane: the unit square, the unit vectors and the words, before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from tracer.document import Picture
from tracer.drawing import Area, Drawing, Label, Mark, Point, Stroke
from tracer.expr import Cell, Expr, Num, walk
from tracer.operations.projection import projections
from tracer.parts.products import as_product
from tracer.pictures import pictures
from tracer.pictures.composing import DOT, WIDEST, beside, dot, fitted, outline
from tracer.pictures.field import Field, unit_for
from tracer.pictures.ink import ink
from tracer.pictures.lettering import shortened
from tracer.trace import Trace
from tracer.views import CellView, StepView

MOST, LABEL = 8, 7.0  # words, em of one
SQUARE = 0.2  # its shade
SMALLEST = 0.7  # em: a smaller unit shows nothing


@dataclass(frozen=True, slots=True)
class Image:
    """A panel: the unit vectors and the words, there or projected, and the number by which areas grow."""

    title: str
    name: Expr
    origin: Point
    units: tuple[Point, ...]
    words: tuple[tuple[str, Point], ...]
    area: Fraction | None = None


@pictures.register("unit_square")
def unit_square(trace: Trace) -> Picture | None:
    """The projections to two coordinates, from two or three; None where there is none that changes anything."""
    say = trace.problem.paper.style.language
    found = [
        (step, parts)
        for name in ("query", "key", "value")
        if (step := _step(trace, name)) and (parts := _of(trace, step))
    ]
    images = [image for step, (X, W, b) in found if (image := _image(trace, step, X, W, b))]
    if not images or all(image.origin == (0, 0) and image.units == ((1, 0), (0, 1)) for image in images):
        return None
    flat = len(images[0].units) == 2
    before: list[Image] = []
    for _, (X, _, _) in found:
        if flat and Cell(X.tensor, ()) not in [image.name for image in before] and (start := _start(trace, X)):
            before.append(start)
    panels = [*before, *images]
    unit = _unit(panels)
    if unit is None:
        return None
    heights = [y for image in panels for _, y in _corners(image)]
    tall = ((0.0, min(heights)), (0.0, max(heights)))  # all panels are as tall as the tallest
    drawings = [_panel(trace, image, min(unit, 4.0), tall) for image in panels]
    caption = (
        say.text(
            "What the projections do: the unit square (shaded) and the words (dots), first as they are, then projected."
        )
        if flat
        else say.text(
            "Where the projections put the words (dots) and the unit vectors of the three coordinates (arrows)."
        )
    )
    return Picture(beside(drawings, 1.4), (caption,), _says(trace, images, flat=flat))


def _unit(panels: list[Image]) -> float | None:
    """One scale for all panels: as many as there are beside each other, or in two rows if they would be too small."""
    for per_row in (len(panels), 2):
        wide = WIDEST / per_row - 4.6
        units = [unit_for(_corners(image), wide, 11.0) for image in panels]
        known = [unit for unit in units if unit is not None and unit > SMALLEST]
        if len(known) == len(panels):
            return min(known)
    return None


def _step(trace: Trace, name: str) -> StepView | None:
    """The first projection of a name: in the first pass, for all heads or for the first."""
    for prefix in ("", "pass1.", "head1.", "pass1.head1."):
        if (id_ := prefix + name) in trace and trace[id_].kind == "calculate":
            return trace[id_]
    return None


Parts = tuple[StepView, StepView, StepView | None]


def _of(trace: Trace, step: StepView) -> Parts | None:
    """The words, the weight matrix and the bias that a projection is made of, if it leads to two coordinates."""
    assert step.formula is not None
    tensors = {
        node.tensor.id.rpartition(".")[2]: node.tensor.id for node in walk(step.formula) if isinstance(node, Cell)
    }
    W = next((trace[id_] for name, id_ in tensors.items() if name.startswith("W_")), None)
    b = next((trace[id_] for name, id_ in tensors.items() if name.startswith("b_")), None)
    X = next((trace[id_] for name, id_ in tensors.items() if not name.startswith(("W_", "b_"))), None)
    if X is None or W is None or step.shape[1] != 2 or X.shape[1] not in (2, 3):
        return None
    return X, W, b


def _point(cells: Sequence[CellView]) -> Point | None:
    x, y = (ink(cell) for cell in cells)
    return None if x is None or y is None else (x, y)


def _start(trace: Trace, X: StepView) -> Image | None:
    """The words before they are projected."""
    words = [(label, _point(X.row(i))) for i, label in enumerate(X.rows[:MOST])]
    say = trace.problem.paper.style.language
    known = tuple((label, point) for label, point in words if point is not None)
    return Image(say.text("before"), Cell(X.tensor, ()), (0, 0), ((1, 0), (0, 1)), known, Fraction(1))


def _image(trace: Trace, step: StepView, X: StepView, W: StepView, b: StepView | None) -> Image | None:
    inputs = projections[trace.problem.wiring.projection].inputs_axis
    cells = [[W[(a, c) if inputs == 0 else (c, a)] for c in (0, 1)] for a in range(X.shape[1])]
    origin = _point([b[0], b[1]]) if b is not None else (0.0, 0.0)
    vectors = [_point(row) for row in cells]
    words = [(label, _point(step.row(i))) for i, label in enumerate(step.rows[:MOST])]
    if origin is None or any(v is None for v in vectors) or any(point is None for _, point in words):
        return None
    units = tuple((v[0] + origin[0], v[1] + origin[1]) for v in vectors if v is not None)
    product = as_product(step)
    name = product[0] if product else Cell(step.tensor, ())
    say = trace.problem.paper.style.language
    known = tuple((label, point) for label, point in words if point is not None)
    return Image(say.text(step.title), name, origin, units, known, _area(cells))


def _area(cells: list[list[CellView]]) -> Fraction | None:
    """By how much areas grow: the determinant, negative where the square is turned over; None unless rational."""
    given = [cell.given for row in cells for cell in row]
    numbers = [number.value for number in given if isinstance(number, Num)]
    if len(numbers) != 4:
        return None
    return numbers[0] * numbers[3] - numbers[1] * numbers[2]


def _corners(image: Image) -> list[Point]:
    """Every point of a panel."""
    far = [_far(image)] if len(image.units) == 2 else []
    return [image.origin, *image.units, *(point for _, point in image.words), *far]


def _panel(trace: Trace, image: Image, unit: float, tall: tuple[Point, Point]) -> Drawing:
    """Axes, the square or the unit vectors, and the words as dots."""
    field = Field([*_corners(image), *tall], unit, trace.problem.paper.style.signs)
    marks: list[Mark] = []
    o, arrows = field.at(image.origin), [field.at(u) for u in image.units]
    if len(image.units) == 2:
        corners = (o, arrows[0], field.at(_far(image)), arrows[1])
        marks += [Area(corners, SQUARE), outline(corners, 0.05, 0.7)]
    marks += field.axes(("", ""))
    for arrow in arrows:
        if arrow != o:
            marks.append(field.stroke(Stroke((o, arrow), 0.1, 0.9, arrow=True)))
    at: dict[Point, list[str]] = {}
    for label, point in image.words:
        at.setdefault((round(point[0], 6), round(point[1], 6)), []).append(label)
    for point in at:
        marks.append(Area(dot(field.at(point)), 1.0))
        x, y = field.at(point)
        field.taken.append((x - DOT, y - DOT, x + DOT, y + DOT))
    for point, labels in at.items():
        marks += field.beside(point, shortened(", ".join(labels), LABEL, 0.8), 0.8)
    named: dict[Point, list[str]] = {}
    for n, vector in enumerate(image.units, 1):
        named.setdefault(vector, []).append(f"e{SUBSCRIPTS[n]}")
    for vector, names in named.items():
        marks += field.beside(vector, ", ".join(names), 0.75)
    drawing = fitted(marks)
    heads: list[Mark] = [
        Label(drawing.width / 2, -1.75, image.title, "middle"),
        Label(drawing.width / 2, -0.55, image.name, "middle"),
    ]
    return fitted([*drawing.marks, *heads])


SUBSCRIPTS = "₀₁₂₃"


def _far(image: Image) -> Point:
    (a, b), (c, d), (x, y) = *image.units, image.origin
    return a + c - x, b + d - y


def _says(trace: Trace, images: list[Image], *, flat: bool) -> str:
    """What becomes of the square under each projection."""
    say = trace.problem.paper.style.language
    sentences = [
        say.text("The unit square and the words before and after the projections.")
        if flat
        else say.text("The words after the projections, with the images of the three unit vectors.")
    ]
    for image in images:
        if not flat or image.area is None:
            continue
        parts = {"what": image.title}
        if image.area == 0:
            sentences.append(say.text("{what}: the unit square is flattened to a line.", **parts))
        else:
            size = str(abs(image.area)).replace(".", trace.problem.paper.style.signs.decimal)
            sentences.append(
                say.text("{what}: the unit square becomes a parallelogram of area {size}.", **parts, size=size)
                if image.area > 0
                else say.text(
                    "{what}: the unit square becomes a parallelogram of area {size}, turned over.", **parts, size=size
                )
            )
    return " ".join(sentences)
