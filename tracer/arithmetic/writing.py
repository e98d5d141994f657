"""How exact values are written, as trees: products over one bar, sums in the order in which people write them.

A root under ten leaves the denominator as at school (√2/2); a larger one stays where it is shorter (4/√17).
`number` says how a rational is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TypeAlias

from tracer.arithmetic.terms import EXPONENT_ONE, Exponent, Terms, in_order, power_of
from tracer.expr import ONE, Add, Call, Constant, Div, Expr, Mul, Neg, Num, num, sqrt

Number: TypeAlias = Callable[[Fraction], Expr]

ONE_DIGIT = 10


def product(scale: Fraction, tops: Sequence[Expr], bottoms: Sequence[Expr], number: Number) -> Expr:
    """Scale · tops / bottoms over one bar; a decimal stays in one piece: 4.54·√2."""
    written = number(abs(scale))
    if isinstance(written, Num) and written.places is not None:
        over, under = written, ONE
    else:
        over, under = num(abs(scale.numerator)), num(scale.denominator)
    top = _multiplied([factor for factor in (over, *tops) if factor != ONE])
    bottom = _multiplied([factor for factor in (under, *bottoms) if factor != ONE])
    shown = top if bottom == ONE else Div(top, bottom)
    return Neg(shown) if scale < 0 else shown


def _multiplied(factors: Sequence[Expr]) -> Expr:
    return ONE if not factors else factors[0] if len(factors) == 1 else Mul(tuple(factors))


def stays_below(radicand: int, scale: Fraction) -> bool:
    """Whether scale·√radicand is written with the root in the denominator."""
    return radicand >= ONE_DIGIT and scale.denominator % radicand == 0


def added(terms: Sequence[Expr]) -> Expr:
    """The sum, its first positive term first: √2 − 1 is no −1 + √2."""
    if len(terms) == 1:
        return terms[0]
    first = next((n for n, term in enumerate(terms) if not _is_negative(term)), 0)
    rest = [_with_sign_outside(term) for n, term in enumerate(terms) if n != first]
    return Add((terms[first], *rest))


def _is_negative(term: Expr) -> bool:
    return isinstance(term, Neg) or (isinstance(term, Num) and term.value < 0)


def _with_sign_outside(term: Expr) -> Expr:
    return Neg(Num(-term.value, term.places)) if isinstance(term, Num) and term.value < 0 else term


def parts(terms: Terms, number: Number) -> list[Expr]:
    """What a sum adds up, in order; several roots times the same power of e are put in brackets before it."""
    found: list[Expr] = []
    for exponent, roots in in_order(terms):
        if len(roots) == 1 or not exponent:
            found += [_term(q, r, exponent, [], number) for r, q in roots]
        else:
            found.append(Mul((added([_term(q, r, (), [], number) for r, q in roots]), _power(exponent, number))))
    return found


def share(top: Terms, bottom: Terms, number: Number) -> Expr:
    """One sum over another."""
    under = added(parts(bottom, number))
    if len(top) == 1:
        (((exponent, r), q),) = top.items()
        return _term(q, r, exponent, [under], number)
    return Div(added(parts(top, number)), under)


def _term(q: Fraction, r: int, exponent: Exponent, bottoms: list[Expr], number: Number) -> Expr:
    """q·√r·e^a / bottoms."""
    if r == 1 and not exponent and not bottoms:
        return number(q)
    tops: list[Expr] = []
    if stays_below(r, q):
        q, bottoms = q * r, [sqrt(num(r)), *bottoms]
    elif r > 1:
        tops.append(sqrt(num(r)))
    if exponent:
        tops.append(_power(exponent, number))
    return product(q, tops, bottoms, number)


def _power(exponent: Exponent, number: Number) -> Expr:
    if exponent == EXPONENT_ONE:
        return Constant("e")
    return Call("exp", added(parts(power_of(exponent), number)))
