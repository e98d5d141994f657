"""What number formats lose of a pass: which number first, and why; how far off the results are; what formats are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from tracer.arithmetic.narrow import FORMATS, Format
from tracer.document import Block, Heading, Inline, Ledger, Line, Math, Said, Text
from tracer.expr import Expr, Mul, Num, Pow, num
from tracer.language import Language
from tracer.parts.narrowed import LOST, NAN, OVERFLOW, UNDERFLOW, Loss, Narrowed, error, error_of, leading, losses, told
from tracer.trace import Trace
from tracer.views import SHORT

NOT_FINITE = {OVERFLOW, NAN}
ALL_DIGITS = 10**7  # whole bounds below it are printed with all their digits
HEADS = ("Format", "Bits", "Largest", "Smallest normal", "Smallest", "From 1 to the next", "Decimal digits kept")
SENTENCES = {
    OVERFLOW: "{format}: {value} is larger than {bound}, the largest number there is: overflow in {cell}.",
    UNDERFLOW: "{format}: {value} is so small beside {bound}, the smallest number there is, that it becomes 0: "
    "underflow in {cell}.",
    NAN: "{format}: {value} comes out as nan, which is not a number, in {cell}.",
    LOST: "{format}: {value} comes out as {held}, which has no digit right, in {cell}.",
}
FITS = "{format}: {value} would fit, but on the way a number comes out larger than {bound}: overflow in {cell}."
CURED = "With the maximum subtracted nothing overflows."


@dataclass(frozen=True)
class Run:
    """A pass in every format, what is said about it in a heading, and the rows of queries that are looked at."""

    title: str
    trace: Trace
    rows: tuple[int, ...]

    @cached_property
    def found(self) -> list[Narrowed]:
        """Its numbers in each format."""
        return [Narrowed(self.trace, format_) for format_ in FORMATS]

    @cached_property
    def first(self) -> list[dict[str, Loss]]:
        """What each format loses first in each way, in the order of the work, up to a number that is not finite."""
        return [self._first(found) for found in self.found]

    def _first(self, found: Narrowed) -> dict[str, Loss]:
        firsts: dict[str, Loss] = {}
        for loss in losses(found, self.rows):
            firsts.setdefault(loss.word, loss)
            if loss.word in NOT_FINITE:  # what follows, follows from it
                break
        return firsts

    @property
    def say(self) -> Language:
        """The language of the page."""
        return self.trace.problem.paper.style.language


def name(format_: Format) -> str:
    """What a format is called on the page."""
    return format_.name.replace("_", " ")


# At a glance


def at_a_glance(runs: Sequence[Run]) -> Iterator[Block]:
    """What each format loses first, in a table and in sentences."""
    say = runs[0].say
    yield Heading(say.text("At a glance"), 2, "glance")
    heads = (say.text("Format"), *(say.text(run.title) for run in runs))
    yield Ledger(heads, tuple(((name(f),), *(_outcome(run, n) for run in runs)) for n, f in enumerate(FORMATS)))
    for n in range(len(FORMATS)):
        said: list[Line] = []
        for run in runs:
            for loss in run.first[n].values():
                line = _sentence(run.found[n], loss)
                if loss.word == OVERFLOW and not NOT_FINITE & runs[-1].first[n].keys():
                    line = (*line, " ", *say.line(CURED))
                if _is_new(run, loss, runs, n):
                    said.append(line)
        yield from map(Text, said)


def _is_new(run: Run, loss: Loss, runs: Sequence[Run], n: int) -> bool:
    """Whether no run before loses the same number in the same way."""
    same = [other.first[n].get(loss.word) for other in runs[: runs.index(run)]]
    places = run.trace.problem.paper.places
    return not any(
        one and one.cell.key == loss.cell.key and one.cell.printed(places) == loss.cell.printed(places) for one in same
    )


def _outcome(run: Run, n: int) -> Line:
    """What is lost first in each way, and how far off the results are."""
    say, parts = run.say, run.first[n].values()
    words = [say.line("{word} in {cell}", word=say.text(loss.word), cell=loss.cell.id) for loss in parts]
    line = words[0] if words else say.line("nothing lost")
    for part in (*words[1:], _off(run, run.found[n])):
        line = say.line("{lost}; {off}", lost=line, off=part)
    return line


def _off(run: Run, found: Narrowed) -> Line:
    """How far the last results are off at most."""
    say, last = run.say, leading(run.trace)[-1]
    results = say.text(last.name)
    cells = [cell for i in last.tensor.axes[0].along(run.rows) for cell in last.row(i) if not cell.undefined]
    if not cells or not all(math.isfinite(found[cell.key]) for cell in cells):
        return say.line("{results}: without a value", results=results)
    worst = max(cells, key=lambda cell: error_of(found[cell.key], cell))
    return say.line(
        "{results}: relative error at most {error}", results=results, error=Math(error(found[worst.key], worst))
    )


def _sentence(found: Narrowed, loss: Loss) -> Line:
    """Which number is lost, and why."""
    cell, exact = loss.cell, loss.cell.exact_up_to(SHORT)
    say, places = found.trace.problem.paper.style.language, found.trace.problem.paper.places
    rounded, is_equal = cell.printed(places)
    value: Line = (Math(cell.name),)
    if exact is not None and not is_equal:
        value = (*value, " = ", Math(exact))
    value = (*value, " = " if is_equal else " ≈ ", Math(rounded))
    fits = loss.word == OVERFLOW and math.isfinite(found.rounded(cell.key))
    return say.line(
        FITS if fits else SENTENCES[loss.word],
        format=name(found.format),
        value=value,
        bound=_bound(found.format.smallest if loss.word == UNDERFLOW else found.format.largest),
        cell=cell.id,
        held=_inline(told(found[cell.key], found.format)),
    )


def _inline(said: Said) -> Inline:
    return said if isinstance(said, str) else Math(said)


# What the formats are


def facts(say: Language) -> Iterator[Block]:
    """The bounds of every format."""
    yield Heading(say.text("The formats"), 2, "formats")
    yield Ledger(tuple(map(say.text, HEADS)), tuple(map(_fact, FORMATS)))
    yield Text(say.line("Sizes with a power of ten are rounded to three digits."), "note")


def _fact(f: Format) -> tuple[Line, ...]:
    sizes: list[Line] = [(Math(_size(bound)),) for bound in (f.largest, f.smallest_normal, f.smallest)]
    epsilon = Math(Pow(num(2), num(1 - f.digits)))
    return ((name(f),), (str(f.bits),), *sizes, (epsilon,), (str(f.decimal_digits),))


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
