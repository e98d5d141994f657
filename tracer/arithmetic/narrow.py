"""Floating point of few bits, as machines compute: the result of every single operation is rounded to the format.

A number is held as a Python float, which holds every number of every format here, with ∞ and nan. Rounding is to the
nearest number of the format, a tie to the even one (IEEE 754-2019, section 4.3.1); sums run from left to right.

Sums, products, quotients and square roots are taken in double precision first: where a format has p bits and double
precision at least 2p + 2, rounding twice is rounding once (Figueroa 1995). Other functions are enclosed by balls
until the rounding is certain.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any

from tracer.arithmetic import Reason, Undecided, Undefined, Unknown
from tracer.arithmetic.ball import Ball, decided, enclosing, nearest

BALL = Ball()
FARTHEST = 2_000  # binary digits before or behind the point: no format here reaches so far
MIDDLE = 1_075  # decimals that the middle between two doubles has at most
DOUBLE_DIGITS = 17  # decimal digits that name every double


@dataclass(frozen=True, slots=True)
class Format:
    """A format of floating-point numbers: ± m · 2^e, where m has so many binary `digits`.

    `least` is the exponent of its smallest normal number 2^least; `beyond` is what a number becomes that is too large.
    """

    name: str
    bits: int
    digits: int
    least: int
    largest: float
    beyond: float = math.inf

    @property
    def smallest_normal(self) -> float:
        """The smallest positive number with all its digits."""
        return math.ldexp(1, self.least)

    @property
    def smallest(self) -> float:
        """The smallest positive number at all, with one digit left."""
        return math.ldexp(1, self.least - self.digits + 1)

    @property
    def epsilon(self) -> float:
        """From 1 to the next larger number."""
        return math.ldexp(1, 1 - self.digits)

    @property
    def decimal_digits(self) -> int:
        """Decimal digits that every decimal keeps when it is put into the format and read back (C's FLT_DIG)."""
        return int((self.digits - 1) * math.log10(2))

    def nearest(self, number: Fraction | float) -> float:
        """The number of the format that is nearest, a tie to the even one; `beyond` where it is too large."""
        rounded = self.rounded(number)
        return math.copysign(self.beyond, rounded) if math.isinf(rounded) else rounded

    def rounded(self, number: Fraction | float) -> float:
        """The same, but infinite where it is too large, in a format without ∞ too."""
        if number == 0 or (isinstance(number, float) and not math.isfinite(number)):
            return float(number)
        last = max(_exponent(number), self.least) - self.digits + 1  # the power of two that the last digit counts
        whole = math.ldexp(number, -last) if isinstance(number, float) else number / Fraction(2) ** last
        try:
            size = math.ldexp(abs(round(whole)), last)
        except OverflowError:
            size = math.inf
        size = math.inf if size > self.largest else size
        return -size if number < 0 else size

    def shortest(self, number: float) -> tuple[Fraction, int]:
        """The shortest decimal that is nearest to no other number of the format, as mantissa and power of ten."""
        for digits in range(DOUBLE_DIGITS):
            text = f"{number:.{digits}e}"
            if self.nearest(Fraction(text)) == number:
                break
        mantissa, _, power = text.partition("e")
        return Fraction(mantissa), int(power)


def _exponent(number: Fraction | float) -> int:
    """The k with 2^k ≤ |number| < 2^(k+1)."""
    if isinstance(number, float):
        return math.frexp(number)[1] - 1
    k = abs(number.numerator).bit_length() - number.denominator.bit_length()
    return k if abs(number) >= Fraction(2) ** k else k - 1


def _largest(digits: int, exponent: int) -> float:
    """1.11…1 in binary, times 2^exponent."""
    return math.ldexp(2 - math.ldexp(1, 1 - digits), exponent)


FORMATS = (
    Format("float64", 64, 53, -1022, _largest(53, 1023)),
    Format("float32", 32, 24, -126, _largest(24, 127)),
    Format("bfloat16", 16, 8, -126, _largest(8, 127)),
    Format("float16", 16, 11, -14, _largest(11, 15)),
    Format("float8_e4m3fn", 8, 4, -6, 448.0, math.nan),
    Format("float8_e5m2", 8, 3, -14, _largest(3, 15)),
)


class Narrow:
    """Arithmetic in a format. Nothing is undefined here: what has no value is nan, what is divided by zero infinite."""

    def __init__(self, format_: Format) -> None:
        self.format = format_

    def number(self, value: Fraction) -> float:
        return self.format.nearest(value)

    def constant(self, name: str) -> float:
        return self.format.nearest(math.inf) if name == "∞" else self.real(lambda bits: BALL.constant(name))

    def letter(self, name: str) -> float:
        raise Unknown(Reason.LETTER)

    def add(self, terms: list[float]) -> float:
        return reduce(lambda a, b: self.format.nearest(a + b), terms)

    def multiply(self, factors: list[float]) -> float:
        return reduce(lambda a, b: self.format.nearest(a * b), factors)

    def divide(self, top: float, bottom: float) -> float:
        if bottom == 0:
            sign = math.copysign(1, top) * math.copysign(1, bottom)
            return math.nan if top == 0 or math.isnan(top) else self.format.nearest(sign * math.inf)
        return self.format.nearest(top / bottom)

    def negate(self, body: float) -> float:
        return -body

    def power(self, base: float, exponent: float) -> float:
        if not (math.isfinite(base) and math.isfinite(exponent)):
            return self.format.nearest(base**exponent)
        size = exponent * math.log2(abs(base)) if base else 0
        if abs(size) > FARTHEST:
            sign = -1 if base < 0 and exponent % 2 == 1 else 1
            return self.format.nearest(sign * Fraction(2) ** int(math.copysign(FARTHEST, size)))
        try:
            return self.real(lambda bits: BALL.power(_exactly(base), _exactly(exponent)))
        except Undefined as undefined:
            return self.format.nearest(math.inf) if undefined.reason is Reason.BY_ZERO else math.nan

    def call(self, function: str, body: float) -> float:
        if math.isnan(body) or function == "abs":
            return abs(body)
        if math.isinf(body):
            return self.format.nearest(AT_INFINITY.get((function, body > 0), math.nan))
        if function == "sqrt":
            return self.format.nearest(math.sqrt(body)) if body >= 0 else math.nan
        if function == "ln" and body == 0:
            return self.format.nearest(-math.inf)
        if function == "exp":
            body = max(-FARTHEST, min(body, FARTHEST))
        try:
            return self.real(lambda bits: BALL.call(function, _exactly(body)))
        except Undefined:
            return math.nan

    def largest(self, of: list[float]) -> float:
        return math.nan if any(map(math.isnan, of)) else max(of)

    def ranked(self, of: list[float], rank: int) -> float:
        return math.nan if any(map(math.isnan, of)) else sorted(of)[-rank]

    def written(self, step: str, kind: str, value: float) -> float:
        return value

    def real(self, ball: Callable[[int], Any]) -> float:
        """A real number rounded once; `ball` encloses it with so many bits.

        What no enclosure tells from the middle between two numbers of the format is taken for that middle.
        """
        try:
            found: float | Fraction = decided(lambda bits: enclosing(ball(bits), self.format.rounded))
        except Undecided:
            found = decided(lambda bits: nearest(ball(bits), MIDDLE))
        return self.format.nearest(found)


AT_INFINITY = {
    ("exp", True): math.inf, ("exp", False): 0.0, ("ln", True): math.inf, ("sqrt", True): math.inf,
    ("tanh", True): 1.0, ("tanh", False): -1.0,
}  # fmt: skip


def _exactly(number: float) -> Any:
    return BALL.number(Fraction(number))
