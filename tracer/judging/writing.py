"""What a written number stands for (MARKING section 1): 0.57 is every number that rounds to it, 4/7 is exact."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from tracer.arithmetic import ball
from tracer.arithmetic.interval import Span, between, hull, point
from tracer.evaluate import Table
from tracer.evaluate import value as value_of
from tracer.expr import Expr, Num

HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Number:
    """A written number: its value, and the decimal places it was written with; None where it is meant exactly.

    `is_whole` is an integer without a point: exact where the value is an integer, else a rounding to no places.
    """

    value: ball.Value
    places: int | None
    is_whole: bool = False

    @property
    def exactly(self) -> Span:
        """The number itself."""
        return point(self.value)

    def stands_for(self, places: int | None) -> Span:
        """Every number that rounds to it at so many places, ties in either direction."""
        number = ball.fraction_of(self.value)
        if places is None or number is None:
            return self.exactly
        half = HALF * unit(places)
        return between(number - half, number + half)

    def may_come_from(self, target: Span) -> Span:
        """What may have stood on a calculator: what it stands for beside that number, and what it is cut off from."""
        said, number = self.about(target), ball.fraction_of(self.value)
        if said.is_point or number is None:
            return said
        below, above = -unit(self.places or 0) * (number <= 0), unit(self.places or 0) * (number >= 0)
        return hull(said, between(number + below, number + above))

    def about(self, target: Span) -> Span:
        """What it stands for beside a number that is to be met: an integer beside an integer is exact."""
        if self.is_whole:
            return self.exactly if is_integer(target) else self.stands_for(0)
        return self.stands_for(self.places)


def unit(places: int) -> Fraction:
    """One in the last of so many places."""
    return Fraction(10) ** -places


def is_integer(span: Span) -> bool:
    """Whether a span is one integer."""
    if not span.is_point:
        return False
    number = ball.fraction_of(span.low)
    return number is not None and number.denominator == 1


def is_decimal(span: Span, places: int) -> bool:
    """Whether a span is one number that so many decimals write in full."""
    if not span.is_point:
        return False
    number = ball.fraction_of(span.low)
    return number is not None and (number / unit(places)).denominator == 1


def number(expr: Expr) -> Number:
    """A written number, read off its expression, which is known to be one (`submission.none_such`)."""
    if isinstance(expr, Num):
        is_whole = expr.places is None and expr.value.denominator == 1
        return Number(ball.Ball().number(expr.value), expr.places, is_whole)
    return Number(value_of(expr, {}, Table({}, ball.Ball())), None)
