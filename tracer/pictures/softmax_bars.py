"""The softmax as bars: from the scores of one word over their exponentials to its weights."""

from __future__ import annotations

from tracer.document import Picture
from tracer.drawing import Area, Label, Mark, Stroke
from tracer.evaluate import rebuild
from tracer.expr import Case, Cell, Expr, walk
from tracer.pictures import pictures
from tracer.pictures.composing import fitted, outline, rectangle
from tracer.pictures.ink import Print, all_equal, asked, every, ink, inks, sibling, whose
from tracer.pictures.lettering import shortened, width
from tracer.trace import Trace
from tracer.views import CellView, StepView

MOST = 12  # keys; of more of them the ones with the largest weights are drawn
LINE, BAR, SIZE = 1.5, 0.85, 0.85  # from bar to bar, a bar, its number (em)
LONGEST, LABEL, GAP = 5.5, 8.0, 2.4  # of all bars of a group, of a word, between the groups
SHADES = (0.3, 0.5, 0.8)  # of the three groups


@pictures.register("softmax_bars")
def softmax_bars(trace: Trace) -> Picture | None:
    """The first row that is asked for; None where there are no exponentials, or no number to draw."""
    exponentials = next(iter(every(trace, "exponentials")), None)
    if exponentials is None:
        return None
    weights = sibling(trace, exponentials, "weights")
    logits = _logits(trace, exponentials)
    if weights is None or logits is None or weights.shape != exponentials.shape:
        return None
    row = asked(trace)[0]
    groups = [(step, [step[row, j] for j in range(step.shape[1])]) for step in (logits, exponentials, weights)]
    found = inks(weights, (row,))
    if found is None or all_equal(found[0]):
        return None
    kept = sorted(sorted(range(len(found[0])), key=lambda j: (-found[0][j], j))[:MOST])
    lengths = [[length for j in kept if (length := _length(cells[j])) is not None] for _, cells in groups]
    if any(len(group) < len(kept) for group in lengths):
        return None
    marks = _marks(trace, groups, kept, lengths)
    return Picture(fitted(marks), (_caption(trace, row, kept, groups),), _says(trace, row, groups, kept))


Group = tuple[StepView, list[CellView]]


def _logits(trace: Trace, exponentials: StepView) -> StepView | None:
    """The step that the exponentials are taken of."""
    formula = exponentials.formula
    assert formula is not None
    found = [node.tensor for node in walk(formula) if isinstance(node, Cell) and len(node.tensor.axes) == 2]
    return next((trace[tensor.id] for tensor in found if tensor.id != "mask"), None)


def _length(cell: CellView) -> float | None:
    """A value to draw by; −∞ is a bar of no length."""
    return 0.0 if cell.infinite < 0 else ink(cell)


def _marks(trace: Trace, groups: list[Group], kept: list[int], lengths: list[list[float]]) -> list[Mark]:
    """A line for each key: its word, then a bar and a number in each of three groups."""
    say, print_ = trace.problem.paper.style.language, Print(trace)
    words = [shortened(trace.problem.key_tokens[j], LABEL) for j in kept]
    marks: list[Mark] = [Label(0, LINE * (n + 0.5) + 0.28, word, "end") for n, word in enumerate(words)]
    left = 0.7
    for (step, cells), values, title, shade in zip(groups, lengths, _titles(groups), SHADES, strict=True):
        low, high = min(0.0, *values), max(0.0, *values)
        unit = LONGEST / (high - low) if high > low else 0.0
        zero = left - low * unit
        numbers = [print_.shown(cells[j]) for j in kept]
        edge = left + LONGEST + 0.4 + max(width(number) for number in numbers)
        marks += [
            Label((left + edge) / 2, -1.7, say.text("Scores" if step.kind == "given" else step.title), "middle"),
            Label((left + edge) / 2, -0.5, title, "middle"),
        ]
        for n, (j, value, number) in enumerate(zip(kept, values, numbers, strict=True)):
            middle = LINE * (n + 0.5)
            if cells[j].infinite:
                marks.append(Stroke(((zero, middle), (left + LONGEST, middle)), 0.05, 0.5, (0.2, 0.2)))
            else:
                start, end = sorted((zero, zero + value * unit))
                bar = rectangle(start, middle - BAR / 2, end, middle + BAR / 2)
                marks += [Area(bar, shade), outline(bar, 0.05)]
            marks.append(Label(edge, middle + 0.28, number, "end"))
        marks.append(Stroke(((zero, -0.1), (zero, LINE * len(kept) + 0.1)), 0.06))
        left = edge + GAP
    return marks


def _titles(groups: list[Group]) -> list[Expr]:
    """Z, e to the Z, A."""
    logits, _, weights = (Cell(step.tensor, ()) for step, _ in groups)
    formula = groups[1][0].formula
    assert formula is not None
    return [logits, whole(formula.then if isinstance(formula, Case) else formula), weights]


def whole(formula: Expr) -> Expr:
    """The formula with tensors in place of their cells: e to the Z − m."""
    return Cell(formula.tensor, ()) if isinstance(formula, Cell) else rebuild(formula, whole)


def _caption(trace: Trace, row: int, kept: list[int], groups: list[Group]) -> str:
    say, word = trace.problem.paper.style.language, trace.problem.tokens[row]
    if of := whose(trace, groups[2][0]):
        word = f"{word} ({of})"
    parts = [
        say.text("The softmax for {word}: scores, their exponentials, and each one’s share of the sum.", word=word)
    ]
    if len(kept) < len(groups[0][1]):
        parts.append(say.text("The {few} largest of {all} weights.", few=len(kept), all=len(groups[0][1])))
    if any(cell.infinite for cell in groups[0][1]):
        parts.append(say.text("A dotted line stands for −∞, the score of a masked word."))
    return " ".join(parts)


def _says(trace: Trace, row: int, groups: list[Group], kept: list[int]) -> str:
    say, print_ = trace.problem.paper.style.language, Print(trace)
    sentences = [say.text("Bars for the softmax of {word}.", word=trace.problem.tokens[row])]
    for j in kept:
        score, exponential, weight = (print_.number(cells[j]) for _, cells in groups)
        sentences.append(
            say.text(
                "{key}: score {score}, exponential {exponential}, weight {weight}.",
                key=trace.problem.key_tokens[j],
                score=score,
                exponential=exponential,
                weight=weight,
            )
        )
    return " ".join(sentences)
