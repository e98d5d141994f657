"""Sums of terms q·√r·e^a as data, {(a, r): q}: what exact values are made of.

    q   a fraction, never 0
    r   a squarefree positive integer
    a   the exponent, itself a sum of p/q·√r: ((r, p, q), …) with ascending r; () is 0. Integers hash fast.

A sum is zero only if the dict is empty, so equal sums are equal dicts. Square roots of different squarefree
integers are linearly independent over the rational numbers (Besicovitch 1940), and powers e^a of
different algebraic a over the algebraic numbers (Lindemann and Weierstrass; Baker 1975, theorem 1.4).
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import gcd, isqrt
from typing import TypeAlias

Exponent: TypeAlias = tuple[tuple[int, int, int], ...]
Terms: TypeAlias = dict[tuple[Exponent, int], Fraction]

NO_EXPONENT: Exponent = ()
EXPONENT_ONE: Exponent = ((1, 1, 1),)
LONGEST_PRODUCT = 20_000  # pairs of terms that are multiplied out
LARGEST_DIVISOR = 10_000  # of a number under a root


class Beyond(Exception):
    """The result is no number of this form."""


def rational(q: Fraction) -> Terms:
    """A fraction as a sum of one term, or of none."""
    return {(NO_EXPONENT, 1): q} if q else {}


def as_rational(terms: Terms) -> Fraction | None:
    """The fraction that a sum is, if it is one."""
    if not terms:
        return Fraction(0)
    return terms.get((NO_EXPONENT, 1)) if len(terms) == 1 else None


def plus(*sums: Terms) -> Terms:
    """The sum of sums."""
    total: Terms = {}
    for terms in sums:
        for key, q in terms.items():
            total[key] = total[key] + q if key in total else q
    return {key: q for key, q in total.items() if q}


def scaled(terms: Terms, factor: Fraction) -> Terms:
    """A sum times a fraction."""
    return {key: q * factor for key, q in terms.items()} if factor else {}


def times(left: Terms, right: Terms) -> Terms:
    """A product, multiplied out. Raises `Beyond` where that would be too long for anybody."""
    for terms, other in ((left, right), (right, left)):
        if (factor := as_rational(terms)) is not None:
            return scaled(other, factor)
    if len(left) * len(right) > LONGEST_PRODUCT:
        raise Beyond
    total: Terms = {}
    for (a, r), q in left.items():
        for (b, s), p in right.items():
            common = gcd(r, s)  # √r·√s = common·√(r·s/common²)
            key = _together(a, b), r * s // common**2
            total[key] = total.get(key, 0) + q * p * common
    return {key: q for key, q in total.items() if q}


def inverse(terms: Terms) -> Terms:
    """1 over a sum of one term: 1/√r = √r/r, 1/e^a = e^(−a)."""
    (((a, r), q),) = terms.items()
    return {(tuple([(s, -p, d) for s, p, d in a]), r): 1 / (q * r)}


@lru_cache(maxsize=4096)
def root(q: Fraction) -> tuple[Fraction, int]:
    """√q = p·√r for a positive fraction. Raises `Beyond` where the square in it is too hard to find."""
    (top, r), (bottom, s) = _square_in(q.numerator), _square_in(q.denominator)
    return Fraction(top, bottom * s), r * s


def exponential(terms: Terms) -> Terms:
    """E to the power of a sum without exponentials."""
    if any(a for a, _ in terms):
        raise Beyond
    return {(_exponent({r: q for (_, r), q in terms.items()}), 1): Fraction(1)}


def logarithm(terms: Terms) -> Terms:
    """Ln of a power of e, the power; of anything else it is no sum of this form."""
    if len(terms) == 1:
        (((exponent, r), q),) = terms.items()
        if r == 1 and q == 1:
            return power_of(exponent)
    raise Beyond


def power_of(exponent: Exponent) -> Terms:
    """The exponent of a term as a sum of its own."""
    return {(NO_EXPONENT, r): q for r, q in _coefficients(exponent).items()}


def square_root(terms: Terms) -> Terms:
    """√ of a sum, where that is one again: √(4e^6) = 2e^3, √(3 + 2√2) = 1 + √2. Raises `Beyond` elsewhere."""
    if len(terms) == 1:
        (((exponent, r), q),) = terms.items()
        if r == 1 and q > 0:
            p, s = root(q)
            return {(_exponent({t: x / 2 for t, x in _coefficients(exponent).items()}), s): p}
    if len(terms) == 2 and not any(exponent for exponent, _ in terms):
        ((_, r), a), ((_, s), b) = sorted(terms.items())
        squared = a * a - b * b * s  # (x − y)², where √(a ± |b|√s) = √x ± √y with x + y = a and 4xy = b²s
        if r == 1 and a > 0 and squared > 0 and (difference := root(squared))[1] == 1:
            (p, u), (q, v) = root((a + difference[0]) / 2), root((a - difference[0]) / 2)
            return {(NO_EXPONENT, u): p, (NO_EXPONENT, v): q if b > 0 else -q}
    raise Beyond


def _exponent(coefficients: dict[int, Fraction]) -> Exponent:
    return tuple(sorted((r, q.numerator, q.denominator) for r, q in coefficients.items() if q))


def _coefficients(exponent: Exponent) -> dict[int, Fraction]:
    return {r: Fraction(p, q) for r, p, q in exponent}


def _together(a: Exponent, b: Exponent) -> Exponent:
    """The sum of two exponents."""
    if not a or not b:
        return a or b
    total = _coefficients(a)
    for r, q in _coefficients(b).items():
        total[r] = total.get(r, Fraction(0)) + q
    return _exponent(total)


@lru_cache(maxsize=4096)
def _square_in(n: int) -> tuple[int, int]:
    """P and r in n = p²·r with a squarefree r."""
    p, r, divisor = 1, 1, 2
    while divisor**3 <= n and divisor <= LARGEST_DIVISOR:
        while n % divisor**2 == 0:
            n, p = n // divisor**2, p * divisor
        if n % divisor == 0:
            n, r = n // divisor, r * divisor
        divisor += 1
    if isqrt(n) ** 2 == n:
        return p * isqrt(n), r
    if divisor**3 <= n:  # three large primes or more: two of them may be the same
        raise Beyond
    return p, r * n


def in_order(terms: Terms) -> list[tuple[Exponent, list[tuple[int, Fraction]]]]:
    """The terms in the order in which they came up, as students collect them; those without a power of e first.

    The terms of each power are together, the one without a root first.
    """
    powers: dict[Exponent, list[tuple[int, Fraction]]] = {NO_EXPONENT: []}
    for (a, r), q in terms.items():
        powers.setdefault(a, []).append((r, q))
    return [(a, sorted(roots, key=lambda root: root[0] != 1)) for a, roots in powers.items() if roots]
