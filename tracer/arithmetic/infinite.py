"""∞ and −∞, the logits of masked keys, beside closed numbers."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any

from tracer.arithmetic import Arithmetic, Reason, Undefined
from tracer.arithmetic.closed import Value, sign
from tracer.arithmetic.closed_form import ClosedForm, ours
from tracer.arithmetic.terms import Beyond
from tracer.arithmetic.writing import Number
from tracer.expr import INFINITY, MINUS_INFINITY, Expr


@dataclass(frozen=True, slots=True, order=True)
class Infinite:
    """∞ with its sign."""

    sign: int

    def to(self, arithmetic: Arithmetic) -> Any:
        """The same in another arithmetic."""
        infinity = arithmetic.constant("∞")
        return infinity if self.sign > 0 else arithmetic.negate(infinity)

    def tree(self, number: Number) -> Expr:
        """The same as an expression."""
        return INFINITY if self.sign > 0 else MINUS_INFINITY

    def is_longer(self, leaves: int) -> bool:
        """Whether it is longer than so many leaves."""
        return leaves < 1


class Infinities:
    """What is defined for infinite values and closed numbers, where at least one is infinite."""

    def constant(self, name: str) -> Infinite:
        if name != "∞":
            raise Beyond
        return Infinite(1)

    def add(self, values: list[Any]) -> Infinite:
        infinite, _ = _apart(values)
        if len(set(infinite)) > 1:
            raise Undefined(Reason.INFINITY_MINUS_INFINITY)
        return infinite[0]

    def multiply(self, values: list[Any]) -> Infinite:
        infinite, finite = _apart(values)
        signs = prod([*(value.sign for value in infinite), *map(sign, finite)])
        if signs == 0:
            raise Undefined(Reason.ZERO_TIMES_INFINITY)
        return Infinite(signs)

    def divide(self, top: Any, bottom: Any) -> Infinite | Fraction:
        _, finite = _apart([top, bottom])
        if not finite:
            raise Undefined(Reason.INFINITY_BY_INFINITY)
        if isinstance(bottom, Infinite):
            return Fraction(0)
        if sign(bottom) == 0:
            raise Undefined(Reason.BY_ZERO)
        return Infinite(top.sign * sign(bottom))

    def negate(self, body: Any) -> Infinite:
        _apart([body])
        return Infinite(-body.sign)

    def power(self, base: Any, exponent: Any) -> Any:
        raise Beyond

    def call(self, function: str, body: Any) -> Infinite | Fraction:
        _apart([body])
        if function == "exp" and body.sign < 0:
            return Fraction(0)
        if function in ("exp", "abs") or (function in ("sqrt", "ln") and body.sign > 0):
            return Infinite(1)
        if function == "tanh":
            return Fraction(body.sign)
        raise Beyond

    def largest(self, values: list[Any]) -> Infinite | Value:
        infinite, finite = _apart(values)
        return ClosedForm().largest(finite) if finite and Infinite(1) not in infinite else max(infinite)

    def ranked(self, values: list[Any], rank: int) -> Infinite | Value:
        infinite, finite = _apart(values)
        above = infinite.count(Infinite(1))
        if above < rank <= above + len(finite):
            return ClosedForm().ranked(finite, rank - above)
        return Infinite(1 if rank <= above else -1)


def _apart(values: list[Any]) -> tuple[list[Infinite], list[Value]]:
    """The infinite and the finite ones. Raises `Beyond` where there is nothing infinite, or something else."""
    infinite = [value for value in values if isinstance(value, Infinite)]
    finite = ours([value for value in values if not isinstance(value, Infinite)])
    if not infinite:
        raise Beyond
    return infinite, finite
