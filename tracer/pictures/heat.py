"""The attention weights as a heat map: the darker the cell, the larger the weight, and the weight stands in it."""

from __future__ import annotations

from dataclasses import dataclass

from tracer.document import Picture
from tracer.drawing import Area, Drawing, Label, Mark, Stroke
from tracer.evaluate import place
from tracer.expr import Expr, Num
from tracer.pictures import pictures
from tracer.pictures.composing import WIDEST, beside, fitted, outline, rectangle
from tracer.pictures.ink import MOST_PANELS, Print, all_equal, asked, every, inks, titled, whose
from tracer.pictures.lettering import shortened, width
from tracer.trace import Trace
from tracer.views import CellView, StepView

TALL, SIZE, SMALL = 1.75, 0.85, 0.62  # of a cell and its number, in em
LABEL, HEAD = 9.0, 9.0  # em for the label of a row, of a column
IN_PERCENT = 12  # columns: with more of them the weights stand there in whole percent
MOST_NUMBERS = 40  # rows or columns: with more of them no number fits in
PALE, DARK = (
    (0.0, 0.40),
    (0.60, 0.90),
)  # the shades of small and of large weights; none between, no number is legible there
FEW = 6  # weights that are told one by one


@pictures.register("heat")
def heat(trace: Trace) -> Picture | None:
    """All weights of a pass, one map for each head; None where a word has nothing to choose from."""
    say, rows = trace.problem.paper.style.language, asked(trace)
    known = [(step, values) for step in every(trace, "weights") if (values := inks(step, rows))]
    shown = known[:MOST_PANELS]
    if not shown or all_equal(weight for _, values in shown for row in values for weight in row):
        return None
    size = _size(shown[0][0], rows)
    most = max((abs(w) for _, values in shown for row in values for w in row), default=0.0)
    full = 1.0 if size.full else most or 1.0
    maps = [_map(trace, step, rows, values, size, full) for step, values in shown]
    caption = [
        say.text(
            "Attention weights: each row says where one word looks; the stronger the shade, the larger the weight."
        )
    ]
    if not size.full:
        caption.append(say.text("The strongest shade is the largest weight."))
    if size.numbers and not size.full:
        caption.append(say.text("The numbers are whole percent; an empty cell has less than half of one."))
    if not size.numbers:
        caption.append(say.text("There are too many words to write the numbers in."))
    if size.numbered:
        caption.append(say.text("The columns have the numbers of the words."))
    if any(_masked(step[i, j]) for step, _ in shown for i in rows for j in range(step.shape[1])):
        caption.append(say.text("A cell that is struck out is masked."))
    if any(w < 0 for _, values in shown for row in values for w in row):
        caption.append(say.text("A dashed frame stands round a negative weight."))
    if len(known) > len(shown):
        caption.append(say.text("The first {few} of {all} heads.", few=len(shown), all=len(known)))
    return Picture(beside(maps), (" ".join(caption),), _says(trace, shown, rows))


@dataclass(frozen=True, slots=True)
class Size:
    """How a map is set: with numbers, in full or in percent, how wide a cell is, columns by word or by number."""

    numbers: bool
    full: bool
    cell: float
    tall: float
    numbered: bool


def _size(step: StepView, rows: tuple[int, ...]) -> Size:
    columns = step.shape[1]
    full = columns <= IN_PERCENT
    numbers = max(columns, len(rows)) <= MOST_NUMBERS
    free = WIDEST - LABEL
    if full:
        places = step.problem.paper.places
        longest = max(width(_number(step[i, j], places), SIZE) for i in rows for j in range(columns))
        heads = max(width(label, SIZE) for label in step.columns)
        cell = max(longest + 0.7, min(heads + 0.5, HEAD, free / columns), 2.2)
        numbered = heads + 0.3 > cell and step.columns == step.problem.tokens
        return Size(numbers, full, cell, TALL if numbers else 0.7, numbered)
    cell = min(1.6, free / columns)
    return Size(numbers, full, cell, max(cell, 1.0) if numbers else cell, numbered=True)


def _number(cell: CellView, places: int) -> Expr:
    return cell.printed(places)[0]


def _map(
    trace: Trace, step: StepView, rows: tuple[int, ...], values: list[list[float]], size: Size, full: float
) -> Drawing:
    """One map: labels at the left and on top, a cell for each weight."""
    marks: list[Mark] = []
    lettering = SIZE if size.tall >= 0.95 else SMALL
    columns = step.shape[1]
    if title := titled(trace, step):
        marks.append(Label(size.cell * columns / 2, -1.6, title, "middle"))
    every_label = max(1, round(0.8 / size.cell))  # so small are the cells of a large map that not each has its label
    for j, label in enumerate(step.columns):
        if j % every_label == 0:
            text = str(j + 1) if size.numbered else shortened(label, size.cell - 0.2, lettering)
            marks.append(Label(size.cell * (j + 0.5), -0.4, text, "middle", min(lettering, size.cell * 0.85)))
    for n, i in enumerate(rows):
        top = size.tall * n
        label = f"{i + 1}  {step.rows[i]}" if size.numbered and step.rows[i] != str(i + 1) else step.rows[i]
        if n % every_label == 0:
            base = top + size.tall / 2 + 0.3 * lettering
            marks.append(Label(-0.5, base, shortened(label, LABEL, lettering), "end", lettering))
        for j in range(columns):
            marks += _cell(trace, step[i, j], values[n][j] / full, size, top, size.cell * j)
    marks.append(outline(rectangle(0, 0, size.cell * columns, size.tall * len(rows)), 0.07))
    return fitted(marks)


def _cell(trace: Trace, cell: CellView, weight: float, size: Size, top: float, left: float) -> list[Mark]:
    corners = rectangle(left, top, left + size.cell, top + size.tall)
    if _masked(cell):
        return [Stroke((corners[3], corners[1]), 0.05, 0.5), outline(corners, 0.04, 0.5)]
    marks: list[Mark] = [Area(corners, shade(weight)), outline(corners, 0.04, 0.5 if size.numbers else 0.15)]
    if weight < 0:
        inner = rectangle(left + 0.12, top + 0.12, left + size.cell - 0.12, top + size.tall - 0.12)
        marks.append(outline(inner, 0.06, 1.0, (0.25, 0.18)))
    if size.numbers:
        lettering = SIZE if size.full else min(SIZE, size.cell * 0.62)
        text = _number(cell, trace.problem.paper.places) if size.full else _percent(cell)
        base = top + size.tall / 2 + 0.3 * lettering
        if text:
            marks.append(Label(left + size.cell / 2, base, text, "middle", lettering, on_ink=shade(weight) > PALE[1]))
    return marks


def shade(weight: float) -> float:
    """How dark a cell is: the shades that black and white numbers can both be read on are left out."""
    part = min(max(weight, 0.0), 1.0)
    low, high = PALE if part <= 0.5 else DARK
    return low + (high - low) * (part if part <= 0.5 else part - 0.5) * 2


def _percent(cell: CellView) -> Expr | str:
    number, is_equal = cell.rounded(2)
    return "" if number.value == 0 and not is_equal else Num(number.value * 100)


def _masked(cell: CellView) -> bool:
    """Whether the mask keeps a query from a key."""
    tensor = cell.definition.tensor
    return tensor.allowed is not None and not cell.tables.conditions.holds(tensor.allowed, place(tensor, cell.at))


def _says(trace: Trace, shown: list[tuple[StepView, list[list[float]]]], rows: tuple[int, ...]) -> str:
    """Every row with its weights where they are few, else with its largest one."""
    say, print_ = trace.problem.paper.style.language, Print(trace)
    sentences = [say.text("A heat map of the attention weights.")]
    for step, values in shown:
        of = f" ({name})" if (name := whose(trace, step)) else ""
        for n, i in enumerate(rows):
            word = step.rows[i] + of
            if len(step.columns) > FEW:
                best = max(range(len(step.columns)), key=lambda j: (values[n][j], -j))
                largest = print_.number(step[i, best])
                sentences.append(
                    say.text("{word} looks most at {key}, {share}.", word=word, key=step.columns[best], share=largest)
                )
                continue
            weights = ", ".join(
                f"{key} {say.text('masked') if _masked(step[i, j]) else print_.number(step[i, j])}"
                for j, key in enumerate(step.columns)
            )
            sentences.append(say.text("{word} gives {weights}.", word=word, weights=weights))
    return " ".join(sentences)
