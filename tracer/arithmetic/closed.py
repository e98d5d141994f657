"""Exact values of ordinary passes: sums of shares N/D, where N and D are sums of terms q·√r·e^a (`terms`).

D is 1, or a sum of several terms: one of a single term is divided through. A share whose N is its D times q·√r is
that number, so the weights of a row add up to 1. What leaves this form raises `Beyond`.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, TypeAlias

from tracer.arithmetic import Arithmetic, Undecided, ball, terms
from tracer.arithmetic.terms import NO_EXPONENT, Beyond, Terms, plus, times
from tracer.arithmetic.writing import Number, added, parts, share
from tracer.expr import Expr


class Bottom:
    """A sum that others are divided by: equal sums are the same key."""

    __slots__ = ("_hash", "terms")

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self._hash = hash(frozenset(terms))

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Bottom) and self.terms == other.terms)

    def __hash__(self) -> int:
        return self._hash


ONE = terms.rational(Fraction(1))
UNDER_ONE = Bottom(ONE)


class Closed:
    """An irrational number: the sum of top/bottom over its shares."""

    __slots__ = ("shares",)

    def __init__(self, shares: dict[Bottom, Terms]) -> None:
        self.shares = shares

    def __eq__(self, other: object) -> bool:
        """Whether it is the same number; raises `Beyond` where that takes too long to prove."""
        return is_zero(add([self, negate(other)])) if isinstance(other, Fraction | Closed) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # equal numbers may be written over different bottoms

    def __repr__(self) -> str:
        return f"Closed({self.shares!r})"

    def to(self, arithmetic: Arithmetic) -> Any:
        """The same number in another arithmetic."""
        found = []
        for bottom, top in self.shares.items():
            tops = _each(top, arithmetic)
            if bottom != UNDER_ONE:
                under = arithmetic.add(_each(bottom.terms, arithmetic))
                tops = [arithmetic.divide(term, under) for term in tops]
            found += tops
        return arithmetic.add(found)

    def tree(self, number: Number) -> Expr:
        """The number as an expression: what stands over 1 first, then each share."""
        found = parts(self.shares.get(UNDER_ONE, {}), number)
        found += [share(top, under.terms, number) for under, top in self.shares.items() if under != UNDER_ONE]
        return added(found)

    def is_longer(self, leaves: int) -> bool:
        """Whether there are more terms to write than so many."""
        return sum(len(top) + len(bottom.terms) for bottom, top in self.shares.items()) > leaves


Value: TypeAlias = Fraction | Closed


def _each(sum_: Terms, arithmetic: Arithmetic) -> list[Any]:
    """The terms of a sum as values of another arithmetic."""
    found = []
    for (exponent, r), q in sum_.items():
        factors = [arithmetic.number(q)]
        if r > 1:
            factors.append(arithmetic.call("sqrt", arithmetic.number(Fraction(r))))
        if exponent:
            factors.append(arithmetic.call("exp", arithmetic.add(_each(terms.power_of(exponent), arithmetic))))
        found.append(arithmetic.multiply(factors))
    return found


# Shares


def _shares(value: Value) -> dict[Bottom, Terms]:
    return value.shares if isinstance(value, Closed) else {UNDER_ONE: terms.rational(value)}


def plain(value: Value) -> Terms:
    """The sum that a number is, where nothing is divided by one."""
    shares = _shares(value)
    if len(shares) > 1 or UNDER_ONE not in shares:
        raise Beyond
    return shares[UNDER_ONE]


def number(shares: dict[Bottom, Terms]) -> Value:
    """The sum of the shares, with those that cancel cancelled."""
    whole, rest = shares.get(UNDER_ONE, {}), {}
    for bottom, top in shares.items():
        if bottom == UNDER_ONE or not top:
            continue
        if (ratio := _ratio(top, bottom.terms)) is not None:
            whole = plus(whole, ratio)
        else:
            rest[bottom] = top
    if not rest and (fraction := terms.as_rational(whole)) is not None:
        return fraction
    return Closed({UNDER_ONE: whole, **rest} if whole else rest)


def _ratio(top: Terms, bottom: Terms) -> Terms | None:
    """q·√r where the top is so many times the bottom."""
    if len(top) != len(bottom):
        return None
    (exponent, r), q = next(iter(bottom.items()))
    under = terms.inverse({(NO_EXPONENT, r): q})
    for (a, s), p in top.items():
        ratio = times({(NO_EXPONENT, s): p}, under)
        if a == exponent and times(bottom, ratio) == top:
            return ratio
    return None


def add(values: list[Value]) -> Value:
    """The sum."""
    found: dict[Bottom, list[Terms]] = {}
    for value in values:
        for bottom, top in _shares(value).items():
            found.setdefault(bottom, []).append(top)
    return number({bottom: plus(*tops) for bottom, tops in found.items()})


def multiply(values: list[Value]) -> Value:
    """The product; one factor at most may have a bottom."""
    fraction, whole, divided = Fraction(1), ONE, []
    for value in values:
        if isinstance(value, Fraction):
            fraction *= value
        elif value.shares.keys() == {UNDER_ONE}:
            whole = times(whole, value.shares[UNDER_ONE])
        else:
            divided.append(value)
    if len(divided) > 1:
        raise Beyond
    shares = divided[0].shares if divided else {UNDER_ONE: ONE}
    factor = terms.scaled(whole, fraction)
    return number({bottom: times(top, factor) for bottom, top in shares.items()})


def negate(value: Value) -> Value:
    """The number with the other sign."""
    if isinstance(value, Fraction):
        return -value
    return Closed({bottom: terms.scaled(top, Fraction(-1)) for bottom, top in value.shares.items()})


def divide(top: Value, bottom: Value) -> Value:
    """Top / bottom, where the bottom is a sum that is not zero."""
    under = plain(bottom)
    if len(under) == 1:
        return multiply([top, Closed({UNDER_ONE: terms.inverse(under)})])
    return number({Bottom(under): plain(top)})


# Comparing


def is_zero(value: Value) -> bool:
    """Whether a number is zero: by its form, where it is one share; else by its digits, or multiplied out."""
    if isinstance(value, Fraction):
        return value == 0
    if len(value.shares) == 1:
        return False
    try:
        with ball.precision(ball.PRECISIONS[0]):
            return ball.sign(value.to(ball.Ball())) == 0
    except Undecided:
        return not _multiplied_out(value)


def _multiplied_out(value: Closed) -> Terms:
    """The number times all its bottoms, which are not zero."""
    found = []
    for bottom, top in value.shares.items():
        product = top
        for other in value.shares.keys() - {bottom}:
            product = times(product, other.terms)
        found.append(product)
    return plus(*found)


def sign(value: Value) -> int:
    """1, 0 or −1. Raises `Beyond` for a number closer to zero than anybody computes."""
    if isinstance(value, Fraction):
        return (value > 0) - (value < 0)
    if is_zero(value):
        return 0
    try:
        return ball.decided(lambda bits: ball.sign(value.to(ball.Ball())))
    except Undecided:
        raise Beyond from None
