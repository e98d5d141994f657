"""Numbers with 60 digits, and spans of them: the same operators and the same few functions for both."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from functools import cache
from typing import Any, NamedTuple, TypeAlias

DIGITS = Context(prec=60, traps=[InvalidOperation, DivisionByZero, Overflow], Emin=-9999, Emax=9999)
NEAR = Decimal("1e-38")  # closer than that, two numbers are the same
GRID = Decimal("1e-42")
INFINITY = Decimal("Infinity")
HIDDEN = -INFINITY  # a masked logit
ZERO, ONE = Decimal(0), Decimal(1)


class Undefined(Exception):
    """There is no such number: a division by zero, the angle of a cosine above 1."""


class Span(NamedTuple):
    """All numbers from low to high."""

    low: Decimal
    high: Decimal

    def __add__(self, other: Any) -> Span:  # type: ignore[override]
        other = span(other)
        return Span(self.low + other.low, self.high + other.high)

    def __radd__(self, other: Any) -> Span:
        return self + other

    def __neg__(self) -> Span:
        return Span(-self.high, -self.low)

    def __sub__(self, other: Any) -> Span:
        other = span(other)
        return Span(self.low - other.high, self.high - other.low)

    def __rsub__(self, other: Any) -> Span:
        return span(other) - self

    def __mul__(self, other: Any) -> Span:  # type: ignore[override]
        ends = [_times(a, b) for a in self for b in span(other)]
        return Span(min(ends), max(ends))

    def __rmul__(self, other: Any) -> Span:  # type: ignore[override]
        return self * other

    def wider(self, by: Decimal) -> Span:
        """The same with so much on both sides."""
        return self if self.low == HIDDEN else Span(self.low - by, self.high + by)

    def away(self, other: Span) -> Decimal:
        """How far the nearest numbers of two spans lie apart; 0 where they meet."""
        if HIDDEN in (self.low, other.low) and (self.low == other.low or self.high >= HIDDEN >= other.low):
            return ZERO if self.low == other.low else INFINITY
        return max(ZERO, self.low - other.high, other.low - self.high)


Quantity: TypeAlias = Any  # Decimal or Span


def _times(a: Decimal, b: Decimal) -> Decimal:
    return ZERO if a == 0 or b == 0 else a * b


def span(x: Quantity) -> Span:
    """A number as the span that holds it alone."""
    return x if isinstance(x, Span) else Span(Decimal(x), Decimal(x))


def tidy(x: Decimal) -> Decimal:
    """Without the dust in the last digits: thrice a third is one."""
    return x.quantize(GRID, context=DIGITS) if x.is_finite() and abs(x) < Decimal("1e15") else x


def over(a: Quantity, b: Quantity) -> Quantity:
    """A quotient."""
    if isinstance(a, Span) or isinstance(b, Span):
        b = span(b)
        if b.low <= NEAR and b.high >= -NEAR:
            raise Undefined
        return span(a) * Span(1 / b.high, 1 / b.low)
    if abs(b) < NEAR:
        raise Undefined
    return a / b


def exp(x: Quantity) -> Quantity:
    """The number e to that power."""
    return Span(x.low.exp(), x.high.exp()) if isinstance(x, Span) else x.exp()


def root(x: Quantity) -> Quantity:
    """The square root; of a span, that of what is not negative in it."""
    if isinstance(x, Span):
        return Span(max(x.low, ZERO).sqrt(), max(x.high, ZERO).sqrt())
    return max(x, ZERO).sqrt()


def square(x: Quantity) -> Quantity:
    """A number times itself, which is never negative."""
    if not isinstance(x, Span):
        return x * x
    ends = sorted((x.low * x.low, x.high * x.high))
    return Span(ZERO if x.low <= 0 <= x.high else ends[0], ends[1])


def largest(xs: Sequence[Quantity]) -> Quantity:
    """The largest of some numbers."""
    if any(isinstance(x, Span) for x in xs):
        return Span(max(span(x).low for x in xs), max(span(x).high for x in xs))
    return max(xs)


def total(xs: Sequence[Quantity]) -> Quantity:
    """A sum."""
    found: Quantity = ZERO
    for x in xs:
        found = x + found
    return found


def angle(x: Quantity, full: Any = 180) -> Quantity:
    """The angle whose cosine it is, in degrees (or as a multiple of `full` to the half turn)."""
    if isinstance(x, Span):
        if x.low > 1 + NEAR or x.high < -1 - NEAR:
            raise Undefined
        return Span(angle(min(x.high, ONE), full), angle(max(x.low, -ONE), full))
    if abs(x) > 1 + NEAR:
        raise Undefined
    if 1 - abs(x) < NEAR:
        return ZERO if x > 0 else Decimal(full)
    return 2 * _arctan(((1 - x) / (1 + x)).sqrt()) / pi() * full


@cache
def pi() -> Decimal:
    """The half turn in radians, by Machin's formula."""
    return 16 * _series(1 / Decimal(5)) - 4 * _series(1 / Decimal(239))


def _arctan(x: Decimal) -> Decimal:
    if x > 1:
        return pi() / 2 - _arctan(1 / x)
    for _ in range(4):
        x = x / (1 + (1 + x * x).sqrt())
    return 16 * _series(x)


def _series(x: Decimal) -> Decimal:
    found, power, n = ZERO, x, 1
    while abs(power) > Decimal("1e-60"):
        found += power / n if n % 4 == 1 else -power / n
        power, n = power * x * x, n + 2
    return found


def read(text: Any) -> Decimal:
    """A given number: 2, "-1/3", "0.25", "√2", "sqrt(3)", "-inf"."""
    if isinstance(text, bool | int):
        return Decimal(int(text))
    match = re.fullmatch(r"(-?)(?:(√|sqrt)\(?(\d+)\)?|([\d.]+|inf))(?:/(\d+))?", text)
    assert match, text
    sign, is_root, radicand, top, bottom = match.groups()
    value = (Decimal(radicand).sqrt() if is_root else Decimal(top)) / Decimal(bottom or 1)
    return -value if sign else value
