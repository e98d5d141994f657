"""The arithmetic of closed numbers: `+ − · /`, small powers, √, e to a power, and the largest, proved by enclosures."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from tracer.arithmetic import Reason, Undefined, closed, terms
from tracer.arithmetic.closed import UNDER_ONE, Closed, Value, plain, sign
from tracer.arithmetic.terms import Beyond

LARGEST_EXPONENT = 1_000  # to which a fraction is raised
LARGEST_EXPANDED = 8  # to which a sum is


class ClosedForm:
    """The arithmetic of these numbers; it raises `Beyond` for other values and for other results."""

    def constant(self, name: str) -> Value:
        if name != "e":
            raise Beyond
        return self.call("exp", Fraction(1))

    def add(self, values: list[Any]) -> Value:
        if all(isinstance(value, Fraction) for value in values):
            return sum(values, Fraction(0))
        return closed.add(ours(values))

    def multiply(self, values: list[Any]) -> Value:
        return closed.multiply(ours(values))

    def divide(self, top: Any, bottom: Any) -> Value:
        ours([top, bottom])
        if bottom == Fraction(0):
            raise Undefined(Reason.BY_ZERO)
        return closed.divide(top, bottom)

    def negate(self, body: Any) -> Value:
        ours([body])
        return closed.negate(body)

    def power(self, base: Any, exponent: Any) -> Value:
        ours([base, exponent])
        if isinstance(exponent, Fraction) and exponent.denominator % 2 == 0 and isinstance(base, Fraction) and base > 0:
            return self.power(self.call("sqrt", base), 2 * exponent)  # 10000^(1/4) is 10
        if not isinstance(exponent, Fraction) or exponent.denominator != 1:
            raise Beyond
        n = abs(int(exponent))
        if n > (LARGEST_EXPONENT if isinstance(base, Fraction) else LARGEST_EXPANDED):
            raise Beyond
        value = Fraction(base**n) if isinstance(base, Fraction) else closed.multiply([base] * n)
        return value if exponent >= 0 else self.divide(Fraction(1), value)

    def call(self, function: str, body: Any) -> Value:
        ours([body])
        if function not in FUNCTIONS:
            raise Beyond
        return FUNCTIONS[function](body)

    def largest(self, values: list[Any]) -> Value:
        best, *others = ours(values)
        for value in others:
            if sign(closed.add([value, closed.negate(best)])) > 0:
                best = value
        return best

    def ranked(self, values: list[Any], rank: int) -> Value:
        rest = list(ours(values))
        for _ in range(rank - 1):
            rest.remove(self.largest(rest))
        return self.largest(rest)


def ours(values: list[Any]) -> list[Value]:
    """The values, if all are of this form. Raises `Beyond` where one is not."""
    if all(isinstance(value, Fraction | Closed) for value in values):
        return values
    raise Beyond


def _sqrt(body: Value) -> Value:
    if body == 0:
        return Fraction(0)
    if isinstance(body, Fraction) and body < 0:
        raise Undefined(Reason.ROOT)
    return closed.number({UNDER_ONE: terms.square_root(plain(body))})


def _exp(body: Value) -> Value:
    return closed.number({UNDER_ONE: terms.exponential(plain(body))})


def _ln(body: Value) -> Value:
    if body == 0:
        raise Undefined(Reason.LOGARITHM)
    return closed.number({UNDER_ONE: terms.logarithm(plain(body))})


def _tanh(body: Value) -> Value:
    """Tanh of 0; any other is left to SymPy, which keeps its name."""
    if body != 0:
        raise Beyond
    return Fraction(0)


def _abs(body: Value) -> Value:
    return closed.negate(body) if sign(body) < 0 else body


def _sin(body: Value) -> Value:
    if body == 0:
        return Fraction(0)
    raise Beyond


def _cos(body: Value) -> Value:
    if body == 0:
        return Fraction(1)
    raise Beyond


FUNCTIONS = {"sqrt": _sqrt, "exp": _exp, "ln": _ln, "tanh": _tanh, "sin": _sin, "cos": _cos, "abs": _abs}
