"""Exact values that have no closed form of ours, as SymPy numbers: letters, π, ln, nested roots. SymPy's home.

SymPy computes here and never prints: it would re-order factors and multiply out what a student reads
term by term. `tree` converts a value node by node.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy

from tracer.arithmetic import Reason, Undefined, Unknown
from tracer.arithmetic.writing import Number, product, stays_below
from tracer.expr import (
    MINUS_INFINITY,
    Add,
    Call,
    Constant,
    Div,
    Expr,
    Largest,
    Letter,
    Pow,
)

LARGEST_WAVES = 200  # nodes of a sum of sines and cosines that is put together
MOST_RANKED = 4  # letters that are put in order: what comes out doubles with each
LARGEST_POWER = 1_000  # to which a number is raised inside a tanh


def _tanh(body: Any) -> Any:
    """Tanh; of a logarithm the rational number that it is: tanh(ln 2) = (2² − 1)/(2² + 1)."""
    factor, logarithm = body.as_coeff_Mul()
    if isinstance(logarithm, sympy.log) and abs(factor) <= LARGEST_POWER:
        square = sympy.exp(2 * body)
        if square.is_Rational:
            return (square - 1) / (square + 1)
    return sympy.tanh(body)


FUNCTIONS: dict[str, Any] = {
    "sqrt": sympy.sqrt,
    "exp": sympy.exp,
    "ln": sympy.log,
    "tanh": _tanh,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "arccos": sympy.acos,
    "abs": sympy.Abs,
}
NOT_REAL = {"sqrt": Reason.ROOT, "ln": Reason.LOGARITHM, "arccos": Reason.ARCCOS}
CONSTANTS = {"π": sympy.pi, "e": sympy.E, "∞": sympy.oo}


class Symbolic:
    """Values are fractions where they are rational, else SymPy expressions; `number_of` makes either SymPy's.

    Sums and products are built in one call each, which is what makes SymPy fast.
    """

    def number(self, value: Fraction) -> Any:
        return value

    def constant(self, name: str) -> Any:
        return CONSTANTS[name]

    def letter(self, name: str) -> Any:
        return sympy.Symbol(name, positive=True) if name.startswith("d_") else sympy.Symbol(name, real=True)

    def add(self, terms: list[Any]) -> Any:
        rational, others = Fraction(0), []
        for term in terms:
            if isinstance(term, Fraction):
                rational += term
            else:
                others.append(term)
        if not others:
            return rational
        value = _waves_added(_over_one_bar(sympy.Add(number_of(rational), *others)))
        return _defined(value, Reason.INFINITY_MINUS_INFINITY)

    def multiply(self, factors: list[Any]) -> Any:
        rational, others = Fraction(1), []
        for factor in factors:
            if isinstance(factor, Fraction):
                rational *= factor
            else:
                others.append(factor)
        return _defined(sympy.Mul(number_of(rational), *others), Reason.ZERO_TIMES_INFINITY) if others else rational

    def divide(self, top: Any, bottom: Any) -> Any:
        if is_zero(bottom):
            raise Undefined(Reason.BY_ZERO)
        if isinstance(bottom, Fraction):
            return self.multiply([top, 1 / bottom])
        return _defined(number_of(top) / bottom, Reason.INFINITY_BY_INFINITY)

    def negate(self, body: Any) -> Any:
        return -body

    def power(self, base: Any, exponent: Any) -> Any:
        base, exponent = number_of(base), number_of(exponent)
        if is_zero(base) and exponent.is_negative:
            raise Undefined(Reason.BY_ZERO)
        return _real(base**exponent, Reason.POWER)

    def call(self, function: str, body: Any) -> Any:
        if function == "ln" and is_zero(body):
            raise Undefined(Reason.LOGARITHM)
        return _real(FUNCTIONS[function](number_of(body)), NOT_REAL.get(function, Reason.POWER))

    def largest(self, of: list[Any]) -> Any:
        return _fraction(sympy.Max(*map(number_of, of)))

    def ranked(self, of: list[Any], rank: int) -> Any:
        """The larger of each two goes on; what is left behind is ranked again."""
        rest = [number_of(value) for value in of]
        if sum(bool(value.free_symbols) for value in rest) > MOST_RANKED:
            raise Unknown(Reason.TOO_LONG)
        for _ in range(rank - 1):
            best, others = rest[0], []
            for value in rest[1:]:
                best, less = sympy.Max(best, value), sympy.Min(best, value)
                others.append(less)
            rest = others
        return self.largest(rest)

    def written(self, step: str, kind: str, value: Any) -> Any:
        return value


def number_of(value: Any) -> Any:
    """A value of this arithmetic as a SymPy number."""
    return sympy.Rational(value.numerator, value.denominator) if isinstance(value, Fraction) else value


def _fraction(value: Any) -> Any:
    return Fraction(int(value.p), int(value.q)) if value.is_Rational else value


def is_zero(value: Any) -> bool:
    """Whether a number is zero by its form, put over one bar and multiplied out where that shows it.

    It never asks SymPy for a numerical answer, which for 1 − e^(−5000) would take thousands of digits.
    """
    if isinstance(value, Fraction) or not value.is_Add:
        return bool(value == 0)
    if is_positive(value):
        return False
    top = sympy.expand(sympy.fraction(sympy.together(value))[0])
    return bool(_single_waves(top) == 0)


def _waves_added(value: Any) -> Any:
    """Products of sines and cosines added up, where that is shorter: cos a · cos b + sin a · sin b is cos(a − b)."""
    if not value.has(sympy.sin, sympy.cos) or value.has(sympy.exp) or is_longer(value, LARGEST_WAVES):
        return value
    single = _single_waves(sympy.expand(value))
    return single if sympy.count_ops(single) < sympy.count_ops(value) else value


def _single_waves(value: Any) -> Any:
    """Products of sines and cosines as sums of single ones, in which cos² + sin² is 1; other numbers as they are."""
    if not value.has(sympy.sin, sympy.cos):
        return value
    from sympy.simplify.fu import TR8

    return sympy.expand(TR8(value))


def is_positive(value: Any) -> bool:
    """Whether a number is positive by its form: a power of e, a root, and what is made of these by + and ·."""
    if value.is_Rational:
        return bool(value > 0)
    if value.is_Add or value.is_Mul:
        return all(is_positive(part) for part in value.args)
    return isinstance(value, sympy.exp) or value in (sympy.E, sympy.pi) or (value.is_Pow and is_positive(value.base))


def is_longer(value: Any, nodes: int) -> bool:
    """Whether an expression has more nodes than so many; looks at no more than these."""
    waiting = [value]
    while waiting and nodes >= 0:
        nodes -= 1
        waiting += getattr(waiting.pop(), "args", ())
    return nodes < 0


def _over_one_bar(value: Any) -> Any:
    """Terms over one sum, added up where that cancels: a/(a + b) + b/(a + b) is 1. Else the value as it is."""
    if not value.is_Add:
        return value
    bottoms = {_denominator(term) for term in value.args}
    if len(bottoms) != 1 or (bottom := bottoms.pop()) == 1:
        return value
    shares = bottom.as_coefficients_dict()
    tops = sympy.Add(*[_numerator(term) for term in value.args]).as_coefficients_dict()
    ratios = {tops.get(part, 0) / share for part, share in shares.items()}
    return ratios.pop() if len(ratios) == 1 and tops.keys() == shares.keys() else value


def _numerator(term: Any) -> Any:
    return sympy.Mul(*[f for f in sympy.Mul.make_args(term) if not (_inverse(f) and f.args[0].is_Add)])


def _denominator(term: Any) -> Any:
    """The sums that a term is divided by, multiplied together; 1 where there are none."""
    return sympy.Mul(*[1 / f for f in sympy.Mul.make_args(term) if _inverse(f) and f.args[0].is_Add])


def matrix(rows: list[list[Any]]) -> Any:
    """Rows of SymPy numbers as a SymPy matrix."""
    return sympy.Matrix([[number_of(value) for value in row] for row in rows])


def _defined(value: Any, reason: Reason) -> Any:
    if value is sympy.nan or value is sympy.zoo:
        raise Undefined(reason)
    return _fraction(value)


def _real(value: Any, reason: Reason) -> Any:
    if value.has(sympy.I):
        raise Undefined(reason)
    return _defined(value, reason)


# From a SymPy number back to a tree


def tree(value: Any, number: Number) -> Expr:
    """A SymPy number as one of our expressions, terms over one denominator over one fraction bar."""
    match value:
        case Fraction():
            return number(value)
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
        case sympy.tanh():
            return Call("tanh", tree(value.args[0], number))
        case sympy.sin():
            return Call("sin", tree(value.args[0], number))
        case sympy.cos():
            return Call("cos", tree(value.args[0], number))
        case sympy.acos():
            return Call("arccos", tree(value.args[0], number))
        case sympy.Abs():
            return Call("abs", tree(value.args[0], number))
        case sympy.Max():
            return Largest(tuple(tree(arg, number) for arg in value.args))
        case sympy.Min():
            return Largest(tuple(tree(arg, number) for arg in value.args), len(value.args))
    if value is sympy.E:
        return Constant("e")
    if value is sympy.pi:
        return Constant("π")
    if value is sympy.oo:
        return Constant("∞")
    if value is -sympy.oo:
        return MINUS_INFINITY
    raise TypeError(f"no tree for the SymPy number {value!r}")


def _sum(value: Any, number: Number) -> Expr:
    groups: dict[Any, list[Any]] = {}
    for term in value.args:
        groups.setdefault(_denominator(term), []).append(term)
    parts: list[Expr] = []
    for bottom, terms in groups.items():
        if bottom == 1 or len(terms) == 1:
            parts += [tree(term, number) for term in terms]
        else:
            parts.append(Div(Add(tuple(tree(_numerator(term), number) for term in terms)), tree(bottom, number)))
    return parts[0] if len(parts) == 1 else Add(tuple(parts))


def _inverse(factor: Any) -> bool:
    return isinstance(factor, sympy.Pow) and bool(factor.args[1].is_negative)


def _product(value: Any, number: Number) -> Expr:
    coefficient, factors = value.as_coeff_mul()
    scale, tops, bottoms = Fraction(int(coefficient.p), int(coefficient.q)), [], []
    for factor in factors:
        if _inverse(factor):
            bottoms.append(1 / factor)
        elif stays_below(radicand := _radicand(factor), scale):
            scale *= radicand
            bottoms.append(factor)
        else:
            tops.append(factor)
    return product(scale, [_factor(f, number) for f in tops], [_factor(f, number) for f in bottoms], number)


def _factor(value: Any, number: Number) -> Expr:
    if isinstance(value, sympy.Pow):
        base, exponent = value.args
        if exponent == sympy.S.Half:
            return Call("sqrt", tree(base, number))
        return Pow(tree(base, number), tree(exponent, number))
    return tree(value, number)


def _radicand(factor: Any) -> int:
    is_root = isinstance(factor, sympy.Pow) and factor.args[1] == sympy.S.Half and factor.args[0].is_Integer
    return int(factor.args[0]) if is_root else 1
