"""A pass in a floating-point format: what each number becomes, how far that is from its exact value, what is lost."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from typing import NamedTuple

from tracer.arithmetic import Undecided, ball
from tracer.arithmetic.narrow import Format, Narrow
from tracer.document import Said
from tracer.evaluate import Key, Table
from tracer.expr import ZERO, Expr, Mul, Num, Pow, num
from tracer.parts.working import beside
from tracer.rounding import LARGEST
from tracer.trace import Trace
from tracer.views import CellView, StepView

LEAST = -5  # power of ten from which on a number is printed without one
DIGIT_LOST = Fraction(1, 2)  # a relative error from which on no digit of a number is right
ERROR_PLACES = 1  # decimals of an error's mantissa

OVERFLOW, NAN, UNDERFLOW, LOST = "overflow", "not a number", "underflow", "all digits lost"


class Narrowed:
    """The numbers of a trace in one format, each computed when somebody looks."""

    def __init__(self, trace: Trace, format_: Format) -> None:
        self.trace, self.format, self.arithmetic = trace, format_, Narrow(format_)
        self.table = Table(trace.tables.definitions, self.arithmetic, self._given)

    def __getitem__(self, key: Key) -> float:
        return self.table[key]  # type: ignore[no-any-return]

    def _given(self, key: Key) -> float | None:
        """A given number, rounded once."""
        if self.trace.tables.definitions[key[0]].formula is not None:
            return None
        return self.rounded(key)

    def rounded(self, key: Key) -> float:
        """The exact value of a cell, rounded once."""
        side = self.trace.tables.infinite(key)
        if side:
            return self.format.nearest(side * math.inf)
        return self.arithmetic.real(partial(self.trace.tables.ball, key))

    def lost(self, cell: CellView) -> str:
        """What was lost of a number so that no digit of it is right: one of the four words above, or ""."""
        held = self[cell.key]
        if cell.undefined or cell.infinite:
            return NAN if cell.infinite and math.isnan(held) else ""
        exact = self.rounded(cell.key)
        if not math.isfinite(held):
            return OVERFLOW if math.isinf(held) or not math.isfinite(exact) or self._overflows_inside(cell) else NAN
        if error_of(held, cell) <= DIGIT_LOST:
            return ""
        return UNDERFLOW if held == 0 and exact == 0 else LOST

    def _overflows_inside(self, cell: CellView) -> bool:
        """Whether a nan comes of a number on the way that is too large, in a format without ∞, and not of 0/0."""
        inputs = [(self[one.key], one) for one in cell.inputs]
        is_whole = all(math.isfinite(held) and (held or self.rounded(one.key) == 0) for held, one in inputs)
        return math.isnan(self.format.beyond) and is_whole


class Loss(NamedTuple):
    """A number of a pass of which a format keeps no digit, and what became of it."""

    cell: CellView
    word: str


def losses(found: Narrowed, rows: tuple[int, ...]) -> Iterator[Loss]:
    """The numbers of which a format keeps no digit, in the order of the work; of the queries, these rows."""
    return (Loss(cell, word) for cell in in_order(found.trace, rows) if (word := found.lost(cell)))


def in_order(trace: Trace, rows: tuple[int, ...]) -> Iterator[CellView]:
    """The numbers that lead to the outputs of these rows, in the order of the work."""
    for step in leading(trace):
        yield from (cell for i in _rows(step, rows) for cell in step.row(i))


def leading(trace: Trace) -> list[StepView]:
    """What the outputs are computed from: the given matrices, and every step that is no comparison beside the pass."""
    apart = beside(trace)
    return [trace[id_] for id_ in trace.tables.definitions if id_ not in apart]


def _rows(step: StepView, rows: tuple[int, ...]) -> tuple[int, ...]:
    axis = step.tensor.axes[0]
    return tuple(axis.along(rows) if axis.counts == "query" else range(axis.size))


# Errors


def error_of(held: float, cell: CellView) -> Fraction:
    """How far a number is from the exact value, as a part of that: |held − exact| / |exact|, to two digits."""
    mantissa, power = _error(held, cell)
    return mantissa * Fraction(10) ** power


def error(held: float, cell: CellView) -> Expr:
    """The same as a page prints it."""
    mantissa, power = _error(held, cell)
    return times_ten(Num(mantissa, ERROR_PLACES), power) if mantissa else ZERO


def _error(held: float, cell: CellView) -> tuple[Fraction, int]:
    def at(bits: int) -> tuple[Fraction, int]:
        arithmetic, exact = ball.Ball(), cell.tables.ball(cell.key, bits)
        off = arithmetic.add([arithmetic.number(Fraction(held)), arithmetic.negate(exact)])
        if ball.fraction_of(off) == 0:
            return Fraction(0), 0
        if ball.fraction_of(exact) == 0:  # any error is all of nothing
            return Fraction(1), 0
        return ball.scientific(arithmetic.call("abs", arithmetic.divide(off, exact)), ERROR_PLACES)

    try:
        return ball.decided(at)
    except Undecided:  # nearer than anybody can tell
        return Fraction(0), 0


# On the page


def told(held: float, format_: Format) -> Said:
    """A number of a format: the shortest decimal that names it; whole numbers with all their digits."""
    if not math.isfinite(held):
        return f"{held:g}".replace("-", "−")
    if held.is_integer() and abs(held) < 10**LARGEST:
        return num(int(held))
    mantissa, power = format_.shortest(held)
    return times_ten(_decimal(mantissa), power)


def times_ten(mantissa: Num, power: int) -> Expr:
    """The number m · 10^k, written without a power of ten where that is easily read."""
    if not LEAST < power < LARGEST:
        return Mul((mantissa, Pow(num(10), num(power))))
    places = max(0, (mantissa.places or 0) - power)
    return Num(mantissa.value * Fraction(10) ** power, places or None)


def _decimal(value: Fraction) -> Num:
    """A decimal with as many places as it has."""
    places = next(n for n in range(LARGEST + 5) if (value * 10**n).denominator == 1)
    return Num(value, places or None)


def exactly(cell: CellView, places: int) -> Said:
    """The exact value, rounded once."""
    return "–" if cell.undefined else cell.printed(places)[0]
