"""All values that can come out, over all that the numbers going in can be: a lower and an upper end.

The ends are balls' values, so a rational end is exact and every other one certainly encloses. Each operation is
enclosed by itself (Moore 1966): what comes out of one is tight, and wider than need be only where a formula uses the
same number twice.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from tracer.arithmetic import Undecided
from tracer.arithmetic.ball import Ball, Value, at_most, ends, holding, infinite, nearest, sign

BALL = Ball()
ZERO, ONE = BALL.number(Fraction(0)), BALL.number(Fraction(1))


class Span(NamedTuple):
    """Every number from low to high, both included."""

    low: Value
    high: Value

    @property
    def is_point(self) -> bool:
        """Whether it holds one number only."""
        return self.low is self.high or bool(self.low == self.high)

    @property
    def is_bounded(self) -> bool:
        """Whether it says anything at all: a quotient by what may be 0 can be any number."""
        return self is not EVERYTHING


def point(value: Value) -> Span:
    """One number."""
    return Span(value, value)


EVERYTHING = Span(BALL.negate(BALL.constant("∞")), BALL.constant("∞"))


def between(low: Fraction, high: Fraction) -> Span:
    """The numbers between two fractions."""
    return Span(BALL.number(low), BALL.number(high))


def meet(a: Span, b: Span) -> bool:
    """Whether some number may be in both."""
    return not (_below(a.high, b.low) or _below(b.high, a.low))


def common(a: Span, b: Span) -> Span | None:
    """The numbers that may be in both; None where there are none."""
    return Span(_larger(a.low, b.low), _smaller(a.high, b.high)) if meet(a, b) else None


def hull(*spans: Span) -> Span:
    """Everything from the lowest to the highest of them."""
    if not all(span.is_bounded for span in spans):
        return EVERYTHING
    first, low, high = spans[0], spans[0].low, spans[0].high
    for span in spans[1:]:
        low, high = _smaller(low, span.low), _larger(high, span.high)
    return first if low is first.low and high is first.high else Span(low, high)


def _below(a: Value, b: Value) -> bool:
    """Whether a is certainly smaller than b."""
    return not at_most(b, a)


def _has_a_sign(span: Span) -> bool:
    """Whether it is certainly on one side of 0."""
    return _below(ZERO, span.low) or _below(span.high, ZERO)


def _smaller(a: Value, b: Value) -> Value:
    return a if a is b else BALL.negate(BALL.largest([BALL.negate(a), BALL.negate(b)]))


def _larger(a: Value, b: Value) -> Value:
    return a if a is b else BALL.largest([a, b])


class Interval:
    """Spans, and what a step's end does to them: `rounding` widens a value that was not written down."""

    def __init__(self, rounding: Callable[[str, str, Span], Span] = lambda step, kind, value: value) -> None:
        self.rounding = rounding

    def number(self, value: Fraction) -> Span:
        return point(BALL.number(value))

    def constant(self, name: str) -> Span:
        return point(BALL.constant(name))

    def letter(self, name: str) -> Span:
        return point(BALL.letter(name))

    def add(self, terms: list[Span]) -> Span:
        if not all(term.is_bounded for term in terms):
            return EVERYTHING
        low = BALL.add([term.low for term in terms])
        return point(low) if all(term.is_point for term in terms) else Span(low, BALL.add([t.high for t in terms]))

    def negate(self, body: Span) -> Span:
        if body.is_point:
            return point(BALL.negate(body.low))
        return Span(BALL.negate(body.high), BALL.negate(body.low)) if body.is_bounded else EVERYTHING

    def multiply(self, factors: list[Span]) -> Span:
        value = factors[0]
        for factor in factors[1:]:
            value = _product(value, factor)
        return value

    def divide(self, top: Span, bottom: Span) -> Span:
        if not (top.is_bounded and bottom.is_bounded) or not (bottom.is_point or _has_a_sign(bottom)):
            return EVERYTHING
        return _ends(BALL.divide, _of(top), _of(bottom))

    def power(self, base: Span, exponent: Span) -> Span:
        if not (base.is_bounded and exponent.is_bounded):
            return EVERYTHING
        span = _ends(BALL.power, _of(base), _of(exponent))
        return span if base.is_point or _has_a_sign(base) else hull(span, point(ZERO))  # the square of what may be 0

    def call(self, function: str, body: Span) -> Span:
        if not body.is_bounded:
            return EVERYTHING
        if body.is_point:
            return point(BALL.call(function, body.low))
        if function in ("sin", "cos"):
            return _wave(function, body)
        if function == "sqrt":
            body = Span(_larger(body.low, ZERO), body.high)
        if function == "arccos":
            body = Span(_larger(body.low, BALL.negate(ONE)), _smaller(body.high, ONE))
        low, high = BALL.call(function, body.low), BALL.call(function, body.high)
        if function == "abs" and not _has_a_sign(body):
            return Span(ZERO, _larger(low, high))
        return Span(_smaller(low, high), _larger(low, high))

    def largest(self, of: list[Span]) -> Span:
        if not all(span.is_bounded for span in of):
            return EVERYTHING
        low, high = BALL.largest([span.low for span in of]), BALL.largest([span.high for span in of])
        return Span(low, high)

    def ranked(self, of: list[Span], rank: int) -> Span:
        if not all(span.is_bounded for span in of):
            return EVERYTHING
        return Span(BALL.ranked([span.low for span in of], rank), BALL.ranked([span.high for span in of], rank))

    def written(self, step: str, kind: str, value: Span) -> Span:
        return self.rounding(step, kind, value)


def _wave(function: str, body: Span) -> Span:
    """Sine or cosine, which do not only rise: of one ball that holds the span."""
    value = BALL.call(function, holding(body.low, body.high))
    return Span(*ends(value))


def _product(a: Span, b: Span) -> Span:
    if not (a.is_bounded and b.is_bounded):
        return EVERYTHING
    return _ends(lambda x, y: BALL.multiply([x, y]), _of(a), _of(b))


def _of(span: Span) -> list[Value]:
    """Its ends, once where they are one."""
    return [span.low] if span.is_point else [span.low, span.high]


def _ends(of: Callable[[Value, Value], Value], lefts: list[Value], rights: list[Value]) -> Span:
    """The lowest and the highest of all pairs; any number where a pair cannot be computed with certainty."""
    try:
        found = [of(a, b) for a in lefts for b in rights]
    except Undecided:
        return EVERYTHING
    if len(found) == 1:
        return point(found[0])
    return Span(BALL.negate(BALL.largest([BALL.negate(value) for value in found])), BALL.largest(found))


def rounded_to(span: Span, places: int) -> Span:
    """The span with everything that its numbers round or are cut to, at so many places."""
    if not span.is_bounded or infinite(span.low) or infinite(span.high):
        return span
    try:
        ends = [BALL.number(f(end, places)) for end in span for f in (nearest, cut)]
    except Undecided:
        half = BALL.number(Fraction(1, 10**places))
        ends = [BALL.add([span.low, BALL.negate(half)]), BALL.add([span.high, half])]
    return hull(span, *map(point, ends))


def cut(value: Value, places: int) -> Fraction:
    """The value with its further places cut off. Raises `Undecided` while the ball does not settle it."""
    unit = Fraction(1, 10**places)
    near = nearest(value, places)
    beyond = BALL.add([value, BALL.negate(BALL.number(near))])
    side = sign(beyond)
    return near + side * unit if near and side and (near > 0) is not (side > 0) else near
