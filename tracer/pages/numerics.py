"""The same pass in number formats: what each holds, how far that is off, and where the first number is lost."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import dropwhile, groupby

from tracer.arithmetic.narrow import FORMATS, Format
from tracer.composition import solve
from tracer.document import (
    Block,
    Card,
    Document,
    Entry,
    Grid,
    Heading,
    Inline,
    Ledger,
    Line,
    Math,
    Said,
    Text,
    Together,
)
from tracer.errors import ProblemError
from tracer.expr import ZERO, Expr, Letter, Mul, Num, Pow, num, position
from tracer.fields import whole
from tracer.handout import Told, carried, makers
from tracer.language import Language
from tracer.notation.plain import plain
from tracer.operations import indices
from tracer.origins import origins
from tracer.pages import Details, Form, forms
from tracer.parts.narrowed import (
    LOST,
    NAN,
    OVERFLOW,
    UNDERFLOW,
    Loss,
    Narrowed,
    error,
    error_of,
    exactly,
    leading,
    losses,
    told,
)
from tracer.parts.words import labels
from tracer.parts.working import Detail
from tracer.problem import MAX_SIZE, Setting
from tracer.show import show
from tracer.trace import Trace
from tracer.views import SHORT, CellView, StepView

UNSHIFTED, SHIFTED = "softmax", "softmax-shifted"
BEGIN = {SHIFTED: ("maxima",)}  # what a table begins with: what comes before is in the other one
USUALLY = ("scores", "weights")
TOGETHER = ("joined", "projected")  # of all heads
ALL_DIGITS = 10**7  # whole bounds below it are printed with all their digits
HEADS = ("Format", "Bits", "Largest", "Smallest normal", "Smallest", "From 1 to the next", "Decimal digits kept")
TITLES = {
    "": "The pass in every format",
    UNSHIFTED: "The maximum not subtracted",
    SHIFTED: "The maximum subtracted",
}
SENTENCES = {
    OVERFLOW: "{format}: {value} is larger than {bound}, the largest number there is: overflow in {cell}.",
    UNDERFLOW: "{format}: {value} is so small beside {bound}, the smallest number there is, that it becomes 0: "
    "underflow in {cell}.",
    NAN: "{format}: {value} comes out as nan, which is not a number, in {cell}.",
    LOST: "{format}: {value} comes out as {held}, which has no digit right, in {cell}.",
}
FITS = (
    "{format}: {value} would fit, but what it is computed from has been rounded, and it comes out larger than {bound}: "
    "overflow in {cell}."
)
CURED = "With the maximum subtracted nothing overflows."
ASSUMED = {
    "Rounding": "every given number, and the result of every single operation, is rounded to the format: to the "
    "nearest number, a tie to the even one (IEEE 754).",
    "Sums": "from left to right, rounded after each term. Real hardware often adds up in a wider format and rounds "
    "at the end; then less is lost.",
    "Functions": "e to a power and roots are rounded correctly; a library may be off by the last digit.",
    "Too large": "a number beyond the largest one becomes infinite (inf); float8 e4m3fn has no infinity, there it "
    "becomes nan, and so does a masked score (PyTorch writes its largest number, 448, instead).",
    "Printed": "a number is printed as the shortest decimal that names it among the numbers of its format.",
    "Lost": "a number is lost where no digit of it is right: its relative error is more than one half.",
}


@dataclass(frozen=True)
class Run:
    """A pass in every format, and the rows of queries that are looked at."""

    name: str
    trace: Trace
    rows: tuple[int, ...]

    @cached_property
    def found(self) -> list[Narrowed]:
        """Its numbers in each format."""
        return [Narrowed(self.trace, format_) for format_ in FORMATS]

    @cached_property
    def first(self) -> list[Loss | None]:
        """The first number that each format loses."""
        return [next(losses(one, self.rows), None) for one in self.found]

    def overflows(self, n: int) -> bool:
        """Whether any number is too large for a format."""
        return any(loss.word == OVERFLOW for loss in losses(self.found[n], self.rows))


def numerics(trace: Trace, details: Details) -> Document:
    """The pass in every number format, with and without the maximum subtracted where it has a softmax.

    Raises `ProblemError` where letters have no numbers.
    """
    if trace.open_letters:
        letter = trace.open_letters[0]
        raise ProblemError(
            f"the page in number formats needs numbers, but {letter} is a letter; put one in with --let {letter}=2"
        )
    every = trace.problem.wiring.queries or tuple(range(len(trace.problem.tokens)))
    rows, say, style = details(trace, every).worked or every[:1], _say(trace), trace.problem.paper.style
    runs = [Run(name, one, rows) for name, one in _shifted_or_not(trace).items()]
    blocks = [
        Text(say.line("The same pass, its numbers held in fewer and fewer bits.")),
        *_at_a_glance(runs),
        *_facts(trace),
        Card(say.text("What is assumed"), tuple((say.text(k), (say.text(v),)) for k, v in ASSUMED.items())),
        *(block for run in runs for block in _followed(run)),
    ]
    title = say.text("{title}: in number formats", title=trace.problem.title)
    attached = carried("numerics", trace, {"worked": [n + 1 for n in rows]})
    return Document(title, tuple(blocks), trace.problem.source, style, origins(trace), labels(trace), attached=attached)


def _all_or_first(trace: Trace, rows: tuple[int, ...]) -> Detail:
    """Every row where there are few, else the first."""
    return Detail(rows if len(rows) <= FEW else rows[:1], (), beside=False)


NONE = "–"  # where there is no error to tell
FEW = 2  # rows that are all followed
forms.register("numerics")(Form(numerics, _all_or_first, is_solution=False))


@makers.register("numerics")
def again(trace: Trace, asked: Told) -> Document:
    """The page as it was asked for."""
    rows = tuple(whole(n, "worked", 1, MAX_SIZE) - 1 for n in asked["worked"])
    return numerics(trace, lambda trace, every: Detail(rows, (), beside=False))


def _say(trace: Trace) -> Language:
    return trace.problem.paper.style.language


def _shifted_or_not(trace: Trace) -> dict[str, Trace]:
    """The pass with and without the maximum subtracted; as it is where it has no softmax."""
    wiring = trace.problem.wiring
    if "A" in trace.problem.given or wiring.normalisation.use not in (UNSHIFTED, SHIFTED):
        return {"": trace}
    return {
        use: solve(replace(trace.problem, wiring=replace(wiring, normalisation=Setting(use))))
        for use in (UNSHIFTED, SHIFTED)
    }


# At a glance


def _at_a_glance(runs: list[Run]) -> Iterator[Block]:
    """What each format loses first, in a table and in sentences."""
    say = _say(runs[0].trace)
    yield Heading(say.text("At a glance"), 2, "glance")
    heads = (say.text("Format"), *(say.text(TITLES[run.name]) for run in runs))
    yield Ledger(heads, tuple(((_name(f),), *(_outcome(run, n) for run in runs)) for n, f in enumerate(FORMATS)))
    for n in range(len(FORMATS)):
        for run in runs:
            if loss := run.first[n]:
                cured = run is not runs[-1] and loss.word == OVERFLOW and not runs[-1].overflows(n)
                line = _sentence(run.found[n], loss)
                yield Text((*line, " ", *say.line(CURED)) if cured else line)


def _outcome(run: Run, n: int) -> Line:
    """What is lost first, and how far off the results are."""
    say, loss = _say(run.trace), run.first[n]
    lost = (
        say.line("{word} in {cell}", word=say.text(loss.word), cell=loss.cell.id) if loss else say.line("nothing lost")
    )
    return say.line("{lost}; {off}", lost=lost, off=_off(run, run.found[n]))


def _off(run: Run, found: Narrowed) -> Line:
    """How far the last results are off at most."""
    say, last = _say(run.trace), leading(run.trace)[-1]
    name = say.text(last.name)
    cells = [cell for i in run.rows for cell in last.row(i) if not cell.undefined]
    if not all(math.isfinite(found[cell.key]) for cell in cells):
        return say.line("{results}: without a value", results=name)
    worst = max(cells, key=lambda cell: error_of(found[cell.key], cell))
    return say.line(
        "{results}: relative error at most {error}", results=name, error=Math(error(found[worst.key], worst))
    )


def _sentence(found: Narrowed, loss: Loss) -> Line:
    """Which number is lost, and why."""
    cell, say, exact = loss.cell, _say(found.trace), loss.cell.exact_up_to(SHORT)
    value: Line = (Math(cell.name),)
    rounded, is_equal = cell.printed(found.trace.problem.paper.places)
    if exact is not None and exact != rounded:
        value = (*value, " = ", Math(exact))
    value = (*value, " = " if is_equal else " ≈ ", Math(rounded))
    fits = loss.word == OVERFLOW and math.isfinite(found.rounded(cell.key))
    bound = found.format.smallest if loss.word == UNDERFLOW else found.format.largest
    return say.line(
        FITS if fits else SENTENCES[loss.word],
        format=_name(found.format), value=value, bound=_bound(bound), cell=cell.id,
        held=_inline(told(found[cell.key], found.format)),
    )  # fmt: skip


def _fact(f: Format) -> tuple[Line, ...]:
    sizes: list[Line] = [(Math(_size(bound)),) for bound in (f.largest, f.smallest_normal, f.smallest)]
    epsilon = Math(Pow(num(2), num(1 - f.digits)))
    return ((_name(f),), (str(f.bits),), *sizes, (epsilon,), (str(f.decimal_digits),))


def _inline(said: Said) -> Inline:
    return said if isinstance(said, str) else Math(said)


# What the formats are


def _facts(trace: Trace) -> Iterator[Block]:
    say = _say(trace)
    rows = tuple(map(_fact, FORMATS))
    yield Heading(say.text("The formats"), 2, "formats")
    yield Ledger(tuple(map(say.text, HEADS)), rows)
    yield Text(say.line("Sizes with a power of ten are rounded to three digits."), "note")


def _bound(bound: float) -> Line:
    """A bound of a format inside a sentence."""
    return ("≈ " if _is_long(bound) else "", Math(_size(bound)))


def _is_long(bound: float) -> bool:
    return not bound.is_integer() or bound >= ALL_DIGITS


def _size(bound: float) -> Expr:
    """A bound of a format: a short whole number with all its digits, else three digits."""
    if not _is_long(bound):
        return num(int(bound))
    mantissa, _, power = f"{bound:.2e}".partition("e")
    return Mul((Num(Fraction(mantissa), 2), Pow(num(10), num(int(power)))))


def _name(format_: Format) -> str:
    return format_.name.replace("_", " ")


# Row by row


def _followed(run: Run) -> Iterator[Block]:
    """The rows of queries, each followed from the scores to the outputs."""
    say = _say(run.trace)
    yield Heading(say.text(TITLES[run.name]), 2, run.name or "formats-in-use")
    if run.name in BEGIN:
        yield Text(say.line("The scores are those of the tables above."))
    for steps in _groups(run):
        if run.trace.problem.wiring.n_heads > 1:
            head = steps[0].head
            yield Heading(say.text("Head {n}", n=head) if head else say.text("All heads together"), 3)
        for i in run.rows:
            yield from _row(run, steps, i)


def _groups(run: Run) -> Iterator[list[StepView]]:
    """The steps of each head that have a row for each query, in order."""
    begin = (*BEGIN.get(run.name, USUALLY), *TOGETHER)
    steps = [step for step in leading(run.trace) if step.tensor.axes[0].counts == "query"]
    for _, group in groupby(steps, key=lambda step: step.id.rpartition(".")[0]):
        found = list(dropwhile(lambda step: step.name not in begin, group))
        if found:
            yield found


def _row(run: Run, steps: list[StepView], i: int) -> Iterator[Block]:
    say = _say(run.trace)
    yield Heading(say.text("Row {n}: {word}", n=i + 1, word=run.trace.problem.tokens[i]), 3)
    for step in steps:
        cells = step.row(i)
        errors = Grid(
            Letter(say.text("relative error")), "", tuple(map(_name, FORMATS)), step.columns,
            tuple(tuple(_error(found, cell) for cell in cells) for found in run.found),
        )  # fmt: skip
        has_errors = any(entry not in (ZERO, NONE) for row in errors.cells for entry in row)
        yield Together((_numbers(run, step, i), *([errors] if has_errors else [])))


def _numbers(run: Run, step: StepView, i: int) -> Grid:
    """One row of a step, below each other in every format."""
    say, cells, places = _say(run.trace), step.row(i), run.trace.problem.paper.places
    exact = tuple(exactly(cell, places) for cell in cells)
    held = tuple(tuple(_held(run, n, cell) for cell in cells) for n in range(len(FORMATS)))
    rows = (say.text("exact, rounded"), *map(_name, FORMATS))
    name = step.tensor[(position(i), *indices(step.tensor)[1:])]
    return Grid(name, "", rows, step.columns, (exact, *held), (say.text(step.title),))


def _held(run: Run, n: int, cell: CellView) -> Entry:
    """A number of a format; the first that it loses says so."""
    found, loss = run.found[n], run.first[n]
    number = told(found[cell.key], found.format)
    if loss is None or loss.cell.key != cell.key:
        return number
    return f"{number if isinstance(number, str) else show(number, plain)} ({_say(run.trace).text(loss.word)})"


def _error(found: Narrowed, cell: CellView) -> Entry:
    held = found[cell.key]
    has_error = math.isfinite(held) and not cell.undefined and not cell.infinite
    return error(held, cell) if has_error else NONE
