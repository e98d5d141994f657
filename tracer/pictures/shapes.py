"""The flow of shapes: every matrix of a pass as a rectangle of its size, and above it how it is made."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tracer.document import Picture
from tracer.drawing import Label, Mark, Point, Stroke
from tracer.evaluate import rebuild
from tracer.expr import Cell, Expr, walk
from tracer.parts.products import as_product
from tracer.parts.words import listed_words
from tracer.pictures import pictures
from tracer.pictures.composing import bounds, fitted, outline, rectangle
from tracer.pictures.lettering import width
from tracer.trace import Trace
from tracer.views import StepView

LEAST, PER, MOST = 1.7, 0.4, 8  # of a side: em for one row, for each further one, up to so many
SIZE, SMALL = 0.95, 0.75  # of a symbol, of what stands above and below its rectangle (em)
ACROSS, DOWN = 1.5, 2.5  # em between columns, and between the rectangles of a column
LOGITS = {
    "scaled": "scaled", "tempered": "temperature", "capped": "capped", "alibi": "ALiBi", "relative_scores": "relative",
    "biased": "with bias", "masked": "masked",
}  # fmt: skip
COLUMNS = (  # from left to right; those of a column stand below each other
    ("H", "table"), ("X", "embedding", "positions", "Y"), ("encoded",), ("query", "key"),
    ("normed_query", "normed_key"), ("rotated_query", "rotated_key"), ("mapped_query", "mapped_key"),
    ("query_features", "key_features", "carried_query"), ("scores",), *((name,) for name in LOGITS), ("weights",),
    ("outputs",), ("joined",), ("projected",),
)  # fmt: skip
BESIDE = "carried_query"  # beside the queries, alone in its column
LOWER = "value"  # goes round below the others, to the outputs
WORDS = {**LOGITS, "mapped_query": "φ", "mapped_key": "φ", "joined": "side by side"}
SIMILARITIES = {"cosine": "cosine", "additive": "tanh", "negative-squared-distance": "distance"}
NORMALISATIONS = {  # where the name of the operation is too long, or no word
    "softmax-shifted": "softmax", "sum": "shares", "softmax-off-by-one": "softmax + 1", "softmax-sink": "softmax, sink",
    "softmax-base-2": "powers of 2", "softmax-temperature": "softmax", "softmax-online": "softmax",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Matrix:
    """A rectangle: its step, and the middle of its left side."""

    step: StepView
    x: float
    y: float

    @property
    def wide(self) -> float:
        """Its width in em."""
        return side(self.step.shape[1])

    @property
    def half(self) -> float:
        """Half its height in em."""
        return side(self.step.shape[0]) / 2


def side(n: int) -> float:
    """The length of a side of n rows or columns: longer for more, up to a measure."""
    return LEAST + PER * (min(n, MOST) - 1)


@pictures.register("shapes")
def shapes(trace: Trace) -> Picture | None:
    """The first pass, with the first of its heads; None for a single word."""
    say, wiring = trace.problem.paper.style.language, trace.problem.wiring
    columns = _columns(trace)
    V = _find(trace, LOWER)
    weights = _find(trace, "weights")
    if weights is None or weights.shape == (1, 1):
        return None
    matrices = _placed(trace, columns, V)
    marks: list[Mark] = []
    for matrix in matrices.values():
        marks += _rectangle(trace, matrix)
    joins = _joins(matrices)
    for start, end in joins:
        marks.append(_arrow(matrices[start], matrices[end]))
    caption = [say.text("The shapes of the matrices, rows × columns, from the words to the result.")]
    inside = [matrix for matrix in matrices.values() if matrix.step.head is not None]
    if wiring.n_heads > 1 and inside:
        marks += _frame(trace, inside)
        caption.append(say.text("The dashed frame is one of {n} heads.", n=wiring.n_heads))
    if wiring.repeat > 1:
        caption.append(say.text("The result goes in again, {n} times in all.", n=wiring.repeat))
    return Picture(fitted(marks), (" ".join(caption),), _says(trace, matrices, joins))


def _columns(trace: Trace) -> list[list[StepView]]:
    """What there is, what comes first on the left: some steps may change places with others."""
    found = [[step for name in names if (step := _find(trace, name))] for names in COLUMNS]
    order = {step.tensor.id: n for n, step in enumerate(trace.steps)}
    return sorted((column for column in found if column), key=lambda column: order.get(column[0].id, -1))


def _find(trace: Trace, name: str) -> StepView | None:
    """The matrix of a name in the first pass and head."""
    for prefix in ("head1.", "pass1.head1.", "pass1.", ""):
        if prefix + name in trace and len(trace[prefix + name].shape) == 2:
            return trace[prefix + name]
    return None


def _joins(matrices: dict[str, Matrix]) -> list[tuple[str, str]]:
    """From which rectangle to which an arrow goes: the shown matrices that each formula looks up."""
    shown = {matrix.step.id: name for name, matrix in matrices.items()}
    joins: dict[tuple[str, str], None] = {}
    for name, matrix in matrices.items():
        for id_ in _sources(matrix.step):
            joins.update({(source, name): None for source in _shown(id_, shown, matrix)})
    return list(joins)


def _shown(id_: str, shown: dict[str, str], matrix: Matrix, depth: int = 6) -> list[str]:
    """The rectangle of a matrix, or those that it is made of, where it has none itself."""
    if id_ in shown:
        return [shown[id_]]
    definition = matrix.step.tables.definitions[id_]
    if definition.formula is None or depth == 0 or getattr(definition, "head", None) not in (None, 1):
        return []
    ids = dict.fromkeys(node.tensor.id for node in walk(definition.formula) if isinstance(node, Cell))
    return [name for other in ids for name in _shown(other, shown, matrix, depth - 1)]


def _sources(step: StepView) -> list[str]:
    formula = step.formula
    return [] if formula is None else list(dict.fromkeys(n.tensor.id for n in walk(formula) if isinstance(n, Cell)))


def _placed(trace: Trace, columns: list[list[StepView]], V: StepView | None) -> dict[str, Matrix]:
    """Columns from left to right, each centred on one line; the values on a line of their own below."""
    placed: dict[str, Matrix] = {}
    x = deepest = 0.0
    lower: tuple[float, float] | None = None
    for column in columns:
        of_words = any(step.name in ("query", "scores", "weights") for step in column)
        if V is not None and lower is None and of_words:
            lower = x, max(_room(trace, step) for step in [*column, V])
        total = sum(side(step.shape[0]) for step in column) + DOWN * (len(column) - 1)
        deepest = max(deepest, total / 2)
        wide = max(_room(trace, step) for step in column)
        if lower is not None and lower[0] == x:
            wide = max(wide, lower[1])
        y = -total / 2
        if [step.name for step in column] == [BESIDE]:  # not on the way of the arrow from the keys to the scores
            y = next((one.y for one in placed.values() if one.step.id in _sources(column[0])), 0.0) + y
        for step in column:
            half = side(step.shape[0]) / 2
            placed[step.name] = Matrix(step, x + (wide - side(step.shape[1])) / 2, y + half)
            y += 2 * half + DOWN
        x += wide + ACROSS
    if V is not None and lower is not None:
        left, wide = lower
        placed[V.name] = Matrix(V, left + (wide - side(V.shape[1])) / 2, deepest + DOWN + side(V.shape[0]) / 2)
    return placed


def _room(trace: Trace, step: StepView) -> float:
    """How wide a rectangle is with what stands above and below it."""
    return max(side(step.shape[1]), width(_size(step), SMALL), width(_made(trace, step), SMALL))


def unmarked(expr: Expr) -> Expr:
    """A formula without the marks of heads and passes: it is about each of them."""
    if isinstance(expr, Cell):
        return Cell(replace(expr.tensor, mark=""), expr.at)
    return rebuild(expr, unmarked)


def _size(step: StepView) -> str:
    return " × ".join(map(str, step.shape))


def _made(trace: Trace, step: StepView) -> str | Expr:
    """How a matrix is made: the product that it is, or a word."""
    product = as_product(step) if step.formula is not None else None
    if product is not None:
        return unmarked(product[0])
    say, wiring = trace.problem.paper.style.language, trace.problem.wiring
    if step.name == "weights" and step.formula is not None:
        return say.text(NORMALISATIONS.get(wiring.normalisation.use, wiring.normalisation.use))
    if step.name == "scores" and step.formula is not None:
        return say.text(SIMILARITIES[wiring.similarity.use])
    return say.text(WORDS[step.name]) if step.name in WORDS else ""


def _rectangle(trace: Trace, matrix: Matrix) -> list[Mark]:
    x, y, wide, half = matrix.x, matrix.y, matrix.wide, matrix.half
    marks: list[Mark] = [
        outline(rectangle(x, y - half, x + wide, y + half), 0.07),
        Label(x + wide / 2, y + 0.3 * SIZE, unmarked(Cell(matrix.step.tensor, ())), "middle", SIZE),
        Label(x + wide / 2, y + half + 0.8, _size(matrix.step), "middle", SMALL),
    ]
    if made := _made(trace, matrix.step):
        marks.append(Label(x + wide / 2, y - half - 0.4, made, "middle", SMALL))
    return marks


def _arrow(start: Matrix, end: Matrix) -> Stroke:
    """From the right side of one to the left side of the next; from the values round the corner, up to the outputs."""
    begin: Point = (start.x + start.wide + 0.12, start.y)
    if start.step.name == LOWER and end.step.name == "outputs":
        middle = end.x + end.wide / 2
        return Stroke((begin, (middle, start.y), (middle, end.y + end.half + 1.15)), 0.06, 0.8, arrow=True)
    return Stroke((begin, (end.x - 0.12, end.y)), 0.06, 0.8, arrow=True)


def _frame(trace: Trace, inside: list[Matrix]) -> list[Mark]:
    """A dashed frame round what each head does for itself."""
    marks = [mark for matrix in inside for mark in _rectangle(trace, matrix)]
    left, top, right, bottom = bounds(marks)
    corners = rectangle(left - 0.5, top - 0.5, right + 0.5, bottom + 0.5)
    say, n = trace.problem.paper.style.language, trace.problem.wiring.n_heads
    return [
        outline(corners, 0.06, 0.7, (0.4, 0.3)),
        Label(left - 0.5, top - 0.85, say.text("{n} heads, each with its own", n=n), "start", SMALL),
    ]


def _says(trace: Trace, matrices: dict[str, Matrix], joins: list[tuple[str, str]]) -> str:
    """Each matrix with its size, and from which ones it comes."""
    say = trace.problem.paper.style.language
    sentences = []
    for name, matrix in matrices.items():
        step, sources = matrix.step, [matrices[start].step.symbol for start, end in joins if end == name]
        what = f"{step.symbol} ({_size(step)})"
        if sources:
            sentences.append(
                say.text(
                    "{matrix} comes from {sources}.",
                    matrix=what,
                    sources=listed_words(sources, say),
                )
            )
        else:
            sentences.append(say.text("{matrix} is given.", matrix=what))
    return " ".join(sentences)
