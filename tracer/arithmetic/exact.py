"""Exact values: fractions, closed numbers, angles and infinities of our own, and SymPy's for everything else.

Each operation is tried where it costs least; what no file of ours can hold becomes a SymPy number (`cas`) and stays
one. SymPy takes a third of a second to import and is asked for only then.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from typing import Any

from tracer.arithmetic import angles, closed, closed_form, infinite
from tracer.arithmetic.terms import Beyond
from tracer.expr import Expr, num

KINDS = (closed_form.ClosedForm(), infinite.Infinities(), angles.Angles())
OURS = (closed.Closed, infinite.Infinite, angles.Angle)


class Exact:
    """Values are fractions while they are rational, then the simplest kind of number that holds them."""

    def number(self, value: Fraction) -> Any:
        return value

    def constant(self, name: str) -> Any:
        return _tried("constant", name)

    def letter(self, name: str) -> Any:
        return _symbolic().letter(name)

    def add(self, terms: list[Any]) -> Any:
        return _tried("add", terms)

    def multiply(self, factors: list[Any]) -> Any:
        return _tried("multiply", factors)

    def divide(self, top: Any, bottom: Any) -> Any:
        return _tried("divide", top, bottom)

    def negate(self, body: Any) -> Any:
        return _tried("negate", body)

    def power(self, base: Any, exponent: Any) -> Any:
        return _tried("power", base, exponent)

    def call(self, function: str, body: Any) -> Any:
        return _tried("call", function, body)

    def largest(self, of: list[Any]) -> Any:
        return _tried("largest", of)

    def ranked(self, of: list[Any], rank: int) -> Any:
        return _tried("ranked", of, rank)

    def written(self, step: str, kind: str, value: Any) -> Any:
        return value


def _tried(operation: str, *operands: Any) -> Any:
    """The result of the first kind of numbers that can hold it."""
    for kind in KINDS:
        with suppress(Beyond):
            return getattr(kind, operation)(*operands)
    return getattr(_symbolic(), operation)(*map(_for_sympy, operands))


def _symbolic() -> Any:
    from tracer.arithmetic.cas import Symbolic

    return Symbolic()


def _for_sympy(operand: Any) -> Any:
    if isinstance(operand, list):
        return [_for_sympy(value) for value in operand]
    return operand.to(_symbolic()) if isinstance(operand, OURS) else operand


def is_seen(value: Any, fraction: Fraction) -> bool:
    """Whether the form of the value shows that it is this fraction."""
    with suppress(Beyond):
        return isinstance(value, Fraction | closed.Closed) and value == fraction
    return False


def is_proved(value: Any, fraction: Fraction) -> bool:
    """Whether SymPy proves that the value is this fraction; our own numbers are proved by their form."""
    if isinstance(value, (Fraction, *OURS)):
        return is_seen(value, fraction)
    from tracer.arithmetic.cas import is_zero, number_of

    return is_zero(value - number_of(fraction))


def is_longer(value: Any, nodes: int) -> bool:
    """Whether an expression has more nodes than so many; looks at no more than these."""
    if isinstance(value, Fraction):
        return nodes < 1
    if isinstance(value, OURS):
        return value.is_longer(nodes)
    from tracer.arithmetic import cas

    return cas.is_longer(value, nodes)


def tree(value: Any, number: Callable[[Fraction], Expr] = num) -> Expr:
    """A value as one of our expressions; `number` says how a rational is written."""
    if isinstance(value, Fraction):
        return number(value)
    if isinstance(value, OURS):
        return value.tree(number)
    from tracer.arithmetic import cas

    return cas.tree(value, number)


def matrix(rows: list[list[Any]]) -> Any:
    """Rows of values as a SymPy matrix."""
    from tracer.arithmetic import cas

    return cas.matrix(_for_sympy(rows))
