"""Values with certain digits: rationals and square roots exactly, everything else as a ball. python-flint's home.

A value is an `fmpq` (a rational number), a `Root` (± the square root of a rational number: norms, √d_k
and their products and quotients), or an `arb` (a midpoint and a radius that hold the true value, after
Johansson 2017). Rounding asks whether the whole ball rounds to one number, and raises `Undecided`
where it does not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any, TypeAlias, TypeVar

from flint import arb, ctx, fmpq

from tracer.arithmetic import Reason, Undecided, Undefined, Unknown

PRECISIONS = (128, 512, 2048, 8192)  # bits, tried in this order
FIRST = PRECISIONS[:1]
MAX_BITS = 1_000_000  # of a rational power that is written out


@dataclass(frozen=True, slots=True)
class Root:
    """sign · √square, irrational: the square is no square of a rational."""

    sign: int
    square: fmpq


T = TypeVar("T")
Value: TypeAlias = "fmpq | Root | arb"


def precision(bits: int) -> AbstractContextManager[Any]:
    """Balls are computed to so many bits inside; the caller's own setting is put back after."""
    return ctx.workprec(bits)


def decided(attempt: Callable[[int], T], precisions: Sequence[int] = PRECISIONS) -> T:
    """What an attempt comes to at the first precision that settles it. Raises `Undecided` where none does."""
    for bits in precisions:
        try:
            with precision(bits):
                return attempt(bits)
        except Undecided:
            continue
    raise Undecided


class Ball:
    """Enclosures in which every step is outward rounded: the true value is always inside."""

    def number(self, value: Fraction) -> Value:
        return fmpq(value.numerator, value.denominator)

    def constant(self, name: str) -> Value:
        match name:
            case "π":
                return arb.pi()
            case "e":
                return arb(1).exp()
        return arb("inf")

    def letter(self, name: str) -> Value:
        raise Unknown(Reason.LETTER)

    def add(self, terms: list[Value]) -> Value:
        rational, balls = fmpq(0), []
        for term in terms:
            if isinstance(term, fmpq):
                rational += term
            else:
                balls.append(_arb(term))
        if not balls:
            return rational
        return _defined(sum(balls, arb(rational)), Reason.INFINITY_MINUS_INFINITY)

    def multiply(self, factors: list[Value]) -> Value:
        value = factors[0]
        for factor in factors[1:]:
            value = _times(value, factor)
        return value

    def divide(self, top: Value, bottom: Value) -> Value:
        if isinstance(bottom, fmpq):
            if bottom == 0:
                raise Undefined(Reason.BY_ZERO)
            return _times(top, 1 / bottom)
        if isinstance(bottom, Root):
            return _times(top, Root(bottom.sign, 1 / bottom.square))
        if bottom.contains(0):
            raise Undecided
        return _defined(_arb(top) / bottom, Reason.INFINITY_BY_INFINITY)

    def negate(self, body: Value) -> Value:
        return Root(-body.sign, body.square) if isinstance(body, Root) else -body

    def power(self, base: Value, exponent: Value) -> Value:
        if isinstance(exponent, fmpq) and exponent.q == 1 and abs(exponent.p) <= 1000:
            n = int(exponent.p)
            if isinstance(base, Root):
                whole = base.square ** (abs(n) // 2)
                value: Value = whole if n % 2 == 0 else _times(whole, base)
            elif isinstance(base, fmpq) and (base.p.bit_length() + base.q.bit_length()) * abs(n) < MAX_BITS:
                value = base ** abs(n)
            else:
                value = prod([_arb(base)] * abs(n), start=arb(1))  # arb ** n takes the logarithm, which 0 has not
            return value if n >= 0 else self.divide(fmpq(1), value)
        if isinstance(exponent, fmpq) and exponent.q % 2 == 0 and isinstance(base, fmpq) and base > 0:
            return self.power(_sqrt(base), 2 * exponent)  # 10000^(1/4) is 10
        positive = _arb(base)
        if not positive > 0:
            raise Undefined(Reason.POWER)
        return positive ** _arb(exponent)

    def call(self, function: str, body: Value) -> Value:
        return FUNCTIONS[function](body)

    def largest(self, of: list[Value]) -> Value:
        best = of[0]
        for value in of[1:]:
            if isinstance(value, fmpq) and isinstance(best, fmpq):
                best = max(best, value)
            elif _arb(value) > _arb(best):
                best = value
            elif not _arb(value) <= _arb(best):  # they overlap: hold both
                best = _arb(best).max(_arb(value))
        return best

    def ranked(self, of: list[Value], rank: int) -> Value:
        """The value itself where the order is certain; else a ball over this rank of the lower and the upper ends."""
        rest = list(of)
        for _ in range(rank - 1):
            first = next((value for value in rest if all(surely_at_most(other, value) for other in rest)), None)
            if first is None:
                low, high = [_arb(value).lower() for value in of], [_arb(value).upper() for value in of]
                return holding(sorted(low)[-rank], sorted(high)[-rank])
            rest.remove(first)
        return self.largest(rest)

    def written(self, step: str, kind: str, value: Value) -> Value:
        return value


def _arb(value: Value) -> arb:
    if isinstance(value, Root):
        return value.sign * arb(value.square).sqrt()
    return arb(value)


def _defined(value: arb, reason: Reason) -> arb:
    if value.is_nan():
        raise Undefined(reason)
    return value


def _root(sign: int, square: fmpq) -> Value:
    """Sign · √square, rational where it can be."""
    top, bottom = square.p, square.q
    if top.is_square() and bottom.is_square():
        return sign * fmpq(top.isqrt(), bottom.isqrt())
    return Root(sign, square)


def _times(a: Value, b: Value) -> Value:
    if isinstance(a, fmpq) and isinstance(b, fmpq):
        return a * b
    if isinstance(a, arb) or isinstance(b, arb):
        if a == 0 or b == 0:
            if not (_arb(a).is_finite() and _arb(b).is_finite()):
                raise Undefined(Reason.ZERO_TIMES_INFINITY)
            return fmpq(0)
        return _defined(_arb(a) * _arb(b), Reason.ZERO_TIMES_INFINITY)
    a, b = _as_root(a), _as_root(b)
    return fmpq(0) if not (a.sign and b.sign) else _root(a.sign * b.sign, a.square * b.square)


def _as_root(value: fmpq | Root) -> Root:
    return value if isinstance(value, Root) else Root(int(value > 0) - int(value < 0), value * value)


def _sqrt(body: Value) -> Value:
    if isinstance(body, fmpq):
        if body < 0:
            raise Undefined(Reason.ROOT)
        return _root(1, body)
    ball = _arb(body)
    if ball < 0:
        raise Undefined(Reason.ROOT)
    if not ball >= 0:
        raise Undecided
    return ball.sqrt()


def _exp(body: Value) -> Value:
    if body == 0:
        return fmpq(1)
    value = _arb(body).exp()
    return fmpq(0) if value == 0 else value


def _ln(body: Value) -> Value:
    if body == 1:
        return fmpq(0)
    ball = _arb(body)
    if ball <= 0:
        raise Undefined(Reason.LOGARITHM)
    if not ball > 0:
        raise Undecided
    return ball.log()


def _tanh(body: Value) -> Value:
    return fmpq(0) if body == 0 else _arb(body).tanh()


def _sin(body: Value) -> Value:
    return fmpq(0) if body == 0 else _arb(body).sin()


def _cos(body: Value) -> Value:
    return fmpq(1) if body == 0 else _arb(body).cos()


def _abs(body: Value) -> Value:
    if isinstance(body, Root):
        return Root(1, body.square)
    return -body if isinstance(body, fmpq) and body < 0 else body if isinstance(body, fmpq) else body.__abs__()


def _arccos(body: Value) -> Value:
    if body == 1:
        return fmpq(0)
    ball = _arb(body)
    if abs(ball) > 1:
        raise Undefined(Reason.ARCCOS)
    value = ball.acos()
    if not value.is_nan():
        return value
    if ball > 0:  # a cosine that may be 1 and cannot be more: its angle is between 0 and that of the lower end
        return arb(0).union(ball.lower().acos())
    return arb.pi().union(ball.upper().acos())


FUNCTIONS: dict[str, Callable[[Value], Value]] = {
    "sqrt": _sqrt,
    "exp": _exp,
    "ln": _ln,
    "tanh": _tanh,
    "sin": _sin,
    "cos": _cos,
    "arccos": _arccos,
    "abs": _abs,
}


# Reading a value off


def fraction_of(value: Value) -> Fraction | None:
    """The value as a fraction, where it is held as a rational number."""
    return Fraction(int(value.p), int(value.q)) if isinstance(value, fmpq) else None


def is_exact(value: Value) -> bool:
    """Whether the value is held exactly, as a rational number or a square root of one."""
    return not isinstance(value, arb)


def infinite(value: Value) -> int:
    """+1 for ∞, −1 for −∞, 0 for a finite value. Raises `Undecided` where a number is beyond what a ball can hold."""
    if not isinstance(value, arb) or value.is_finite():
        return 0
    if value.is_nan() or not value.rad().is_finite():
        raise Undecided
    return 1 if value > 0 else -1  # −∞ + 1/3 too, whose radius is that of 1/3


def sign(value: Value) -> int:
    """1, 0 or −1. Raises `Undecided` while the ball holds numbers of both signs."""
    if isinstance(value, Root):
        return value.sign
    if not isinstance(value, fmpq) and value.contains(0):
        raise Undecided
    return int(value > 0) - int(value < 0)


def nearest(value: Value, places: int) -> Fraction:
    """The value rounded once, half away from zero, to so many places; negative places are tens and hundreds.

    Raises `Undecided` while the ball does not round to one number.
    """
    scale = fmpq(10) ** places
    if isinstance(value, fmpq):
        result = fmpq((abs(value) * scale + fmpq(1, 2)).floor()) / scale * (1 if value >= 0 else -1)
    else:
        whole = (_arb(value) * scale + fmpq(1, 2)).floor().unique_fmpz()
        if whole is None:
            raise Undecided
        result = fmpq(whole) / scale
    return Fraction(int(result.p), int(result.q))


def rounded(value: Value, places: int) -> tuple[Fraction, bool]:
    """The value rounded once, and whether it is equal to the result.

    Raises `Undecided` while the ball does not settle either question.
    """
    number = nearest(value, places)
    if isinstance(value, fmpq):
        return number, fmpq(number.numerator, number.denominator) == value
    if isinstance(value, arb) and value.overlaps(arb(fmpq(number.numerator, number.denominator))):  # 1/5 is a ball, too
        raise Undecided
    return number, False


def scientific(value: Value, places: int) -> tuple[Fraction, int]:
    """Mantissa and exponent: m · 10^k with 1 ≤ |m| < 10, m rounded to so many places; of any size, zero excepted.

    Raises `Undecided` while the ball settles neither.
    """
    size = _arb(value).__abs__()
    if not size > 0:
        raise Undecided
    ten = arb(10).log()
    exponent = (size.log() / ten).mid().floor().unique_fmpz()
    if exponent is None:
        raise Undecided
    sign = 1 if _arb(value) > 0 else -1
    for k in (int(exponent) - 1, int(exponent), int(exponent) + 1):
        mantissa = nearest((size.log() - k * ten).exp(), places)
        if 1 <= mantissa < 10:
            return sign * mantissa, k
    raise Undecided


def magnitude(value: Value) -> int:
    """About how many digits the value has before its point; negative for a small one, 0 for zero."""
    whole = (_arb(value).__abs__().log() / arb(10).log()).mid().floor().unique_fmpz() if value != 0 else 0
    if whole is None:
        raise Undecided
    return int(whole)


def to_float(value: Value) -> float:
    """The nearest double, as far as the ball tells."""
    return float(_arb(value).mid())


def agree(a: Value, b: Value) -> bool:
    """Whether two enclosures can hold the same number."""
    return bool(_arb(a).overlaps(_arb(b)))


def at_most(a: Value, b: Value) -> bool:
    """Whether a ≤ b can hold."""
    if isinstance(a, fmpq) and isinstance(b, fmpq):
        return bool(a <= b)
    return not _arb(a) > _arb(b)


def holding(low: Value, high: Value) -> Value:
    """One ball with everything between two numbers in it."""
    return _arb(low).union(_arb(high))


def ends(value: Value) -> tuple[Value, Value]:
    """The lowest and the highest number that a value may be."""
    return (_arb(value).lower(), _arb(value).upper()) if isinstance(value, arb) else (value, value)


def surely_at_most(a: Value, b: Value) -> bool:
    """Whether a ≤ b is certain."""
    if isinstance(a, fmpq) and isinstance(b, fmpq):
        return bool(a <= b)
    return bool(_arb(a) <= _arb(b))


def enclosing(value: Value, read: Callable[[Fraction], T]) -> T:
    """What a reader that never falls makes of the value, where it makes the same of both ends of the ball.

    Raises `Undecided` where it does not.
    """
    known = fraction_of(value)
    low, high = (known, known) if known is not None else map(_fraction, ends(_arb(value)))
    if read(low) != read(high):
        raise Undecided
    return read(low)


def _fraction(end: Any) -> Fraction:
    """An end of a ball, which has no width."""
    mantissa, exponent = end.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
