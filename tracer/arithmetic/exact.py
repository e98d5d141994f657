"""Exact values as SymPy numbers, and their way back into our own trees. SymPy's home.

SymPy computes here and never prints: it would re-order factors and multiply out what a student reads
term by term. `tree` converts a value node by node.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy

from tracer.arithmetic import BY_ZERO, ZERO_TIMES_INFINITY, Undefined
from tracer.expr import (
    MINUS_INFINITY,
    ONE,
    Add,
    Call,
    Constant,
    Div,
    Expr,
    Largest,
    Letter,
    Mul,
    Neg,
    Num,
    Pow,
    num,
)

FUNCTIONS: dict[str, Any] = {"sqrt": sympy.sqrt, "exp": sympy.exp, "ln": sympy.log, "arccos": sympy.acos}
NAMES: dict[str, Any] = {"sqrt": sympy.sqrt, "exp": sympy.exp, "log": sympy.log, "acos": sympy.acos}
CONSTANTS = {"π": sympy.pi, "e": sympy.E, "∞": sympy.oo}
ONE_DIGIT = 10


class Exact:
    """Values are SymPy expressions; sums and products are built in one call each, which is what makes it fast."""

    def number(self, value: Fraction) -> Any:
        return sympy.Rational(value.numerator, value.denominator)

    def constant(self, name: str) -> Any:
        return CONSTANTS[name]

    def letter(self, name: str) -> Any:
        return sympy.Symbol(name, real=True)

    def add(self, terms: list[Any]) -> Any:
        return _defined(_over_one_bar(sympy.Add(*terms)), "infinity minus infinity has no value")

    def multiply(self, factors: list[Any]) -> Any:
        return _defined(sympy.Mul(*factors), ZERO_TIMES_INFINITY)

    def divide(self, top: Any, bottom: Any) -> Any:
        if is_zero(bottom):
            raise Undefined(BY_ZERO)
        return _defined(top / bottom, "infinity divided by infinity has no value")

    def negate(self, body: Any) -> Any:
        return -body

    def power(self, base: Any, exponent: Any) -> Any:
        if is_zero(base) and exponent.is_negative:
            raise Undefined(BY_ZERO)
        return _real(base**exponent, "this power")

    def call(self, function: str, body: Any) -> Any:
        if function == "ln" and is_zero(body):
            raise Undefined("the logarithm of zero has no value")
        return _real(FUNCTIONS[function](body), f"{function} of this number")

    def largest(self, of: list[Any]) -> Any:
        return sympy.Max(*of)

    def written(self, step: str, kind: str, value: Any) -> Any:
        return value


def is_zero(value: Any) -> bool:
    """Whether a SymPy number is zero; put over one bar and multiplied out where the form does not show it."""
    known = value.is_zero
    if known is None and not value.free_symbols:
        known = sympy.expand(sympy.fraction(sympy.together(value))[0]).is_zero
    return bool(known)


def is_rational(value: Any, fraction: Fraction) -> bool:
    """Whether the value is proved to be this fraction."""
    return is_zero(value - sympy.Rational(fraction.numerator, fraction.denominator))


def _over_one_bar(value: Any) -> Any:
    """Terms over one sum, added up where that cancels: a/(a + b) + b/(a + b) is 1. Else the value as it is."""
    if not value.is_Add:
        return value
    bottoms = {_denominator(term) for term in value.args}
    if len(bottoms) != 1 or (bottom := bottoms.pop()) == 1:
        return value
    top = sympy.Add(*[term * bottom for term in value.args])
    lead = bottom.args[-1].as_coeff_Mul()[1]
    ratio = top.coeff(lead) / bottom.coeff(lead)
    return ratio if ratio.is_Rational and ratio != 0 and sympy.expand(top - ratio * bottom) == 0 else value


def _denominator(term: Any) -> Any:
    """The sums that a term is divided by, multiplied together; 1 where there are none."""
    return sympy.Mul(*[1 / f for f in sympy.Mul.make_args(term) if _inverse(f) and f.args[0].is_Add])


def matrix(rows: list[list[Any]]) -> Any:
    """Rows of SymPy numbers as a SymPy matrix."""
    return sympy.Matrix(rows)


def _defined(value: Any, reason: str) -> Any:
    if value is sympy.nan or value is sympy.zoo:
        raise Undefined(reason)
    return value


def _real(value: Any, what: str) -> Any:
    if value is sympy.zoo or value is sympy.nan or value.is_real is False and value.is_infinite is not True:
        raise Undefined(f"{what} is no real number")
    return value


# From a SymPy number back to a tree


def tree(value: Any, number: Callable[[Fraction], Expr] = num) -> Expr:
    """A SymPy number as one of our expressions; `number` says how a rational is written.

    A root under ten leaves the denominator as at school (√2/2); a larger one stays where it is
    shorter (4/√17). Terms over one denominator are put over one fraction bar.
    """
    match value:
        case sympy.Rational():
            return number(Fraction(int(value.p), int(value.q)))
        case sympy.Symbol():
            return Letter(value.name)
        case sympy.Add():
            return _sum(value, number)
        case sympy.Mul() | sympy.Pow():
            return _product(value, number)
        case sympy.exp():
            return Call("exp", tree(value.args[0], number))
        case sympy.log():
            return Call("ln", tree(value.args[0], number))
        case sympy.acos():
            return Call("arccos", tree(value.args[0], number))
        case sympy.Max():
            return Largest(tuple(tree(arg, number) for arg in value.args))
    if value is sympy.E:
        return Constant("e")
    if value is sympy.pi:
        return Constant("π")
    if value is sympy.oo:
        return Constant("∞")
    if value is -sympy.oo:
        return MINUS_INFINITY
    raise TypeError(f"no tree for the SymPy number {value!r}")


def _sum(value: Any, number: Callable[[Fraction], Expr]) -> Expr:
    groups: dict[Any, list[Any]] = {}
    for term in value.args:
        groups.setdefault(_denominator(term), []).append(term)
    parts: list[Expr] = []
    for bottom, terms in groups.items():
        if bottom == 1 or len(terms) == 1:
            parts += [tree(term, number) for term in terms]
        else:
            parts.append(Div(Add(tuple(tree(term * bottom, number) for term in terms)), tree(bottom, number)))
    return parts[0] if len(parts) == 1 else Add(tuple(parts))


def _inverse(factor: Any) -> bool:
    return isinstance(factor, sympy.Pow) and bool(factor.args[1].is_negative)


def _product(value: Any, number: Callable[[Fraction], Expr]) -> Expr:
    coefficient, factors = value.as_coeff_mul()
    scale, tops, bottoms = Fraction(int(coefficient.p), int(coefficient.q)), [], []
    for factor in factors:
        if _inverse(factor):
            bottoms.append(1 / factor)
        elif (radicand := _radicand(factor)) >= ONE_DIGIT and scale.denominator % radicand == 0:
            scale *= radicand
            bottoms.append(factor)
        else:
            tops.append(factor)
    sign, scale = scale < 0, abs(scale)
    written = number(scale)
    if isinstance(written, Num) and written.places is not None:  # a decimal stays in one piece: 4.54·√2
        top = ([written] if scale != 1 else []) + [_factor(f, number) for f in tops]
        bottom = [_factor(f, number) for f in bottoms]
    else:
        top = ([num(scale.numerator)] if scale.numerator != 1 else []) + [_factor(f, number) for f in tops]
        bottom = ([num(scale.denominator)] if scale.denominator != 1 else []) + [_factor(f, number) for f in bottoms]
    shown = _times(top) if not bottom else Div(_times(top), _times(bottom))
    return Neg(shown) if sign else shown


def _factor(value: Any, number: Callable[[Fraction], Expr]) -> Expr:
    if isinstance(value, sympy.Pow):
        base, exponent = value.args
        if exponent == sympy.S.Half:
            return Call("sqrt", tree(base, number))
        return Pow(tree(base, number), tree(exponent, number))
    return tree(value, number)


def _radicand(factor: Any) -> int:
    is_root = isinstance(factor, sympy.Pow) and factor.args[1] == sympy.S.Half and factor.args[0].is_Integer
    return int(factor.args[0]) if is_root else 0


def _times(factors: list[Expr]) -> Expr:
    return ONE if not factors else factors[0] if len(factors) == 1 else Mul(tuple(factors))
