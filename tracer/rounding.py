"""How a value is rounded: once, half up, every digit certain; and how a page prints what it comes to.

A value between two roundings is enclosed ever more tightly. One that lies on the border itself, a decimal or a tie,
no enclosure tells from its neighbours: there the exact value decides.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from tracer.arithmetic import Reason, Undecided, Undefined
from tracer.evaluate import Key
from tracer.expr import INFINITY, MINUS_INFINITY, Expr, Mul, Num, Pow, num

LARGEST = 15  # digits before the point: from here on a decimal is printed with a power of ten
MANTISSA = 4  # decimals before a power of ten, at most
NOTHING = (num(0), False)  # as near to 0 as anybody can tell


class Rounded(NamedTuple):
    """A number rounded once to some decimal places, and whether it is equal to the value."""

    number: Num
    is_equal: bool


Test: TypeAlias = Callable[[Key, Fraction], bool]


class Rounding:
    """Rounds the values of a pass.

    `enclosed` gives a value as a ball of so many bits; `seen` and `proved` say whether it is a fraction, by a look at
    its exact form and by a proof, which may take longer.
    """

    def __init__(self, enclosed: Callable[[Key, int], Any], seen: Test, proved: Test) -> None:
        self.enclosed, self.seen, self.proved = enclosed, seen, proved
        self._rounded: dict[tuple[Key, int], Rounded] = {}
        self._printed: dict[tuple[Key, int], tuple[Expr, bool]] = {}

    def rounded(self, key: Key, places: int) -> Rounded:
        """The value rounded once, half up, every digit certain. Raises `Undefined` where there is no finite value."""
        if (key, places) not in self._rounded:
            self._rounded[key, places] = self._round(key, places)
        return self._rounded[key, places]

    def _round(self, key: Key, places: int) -> Rounded:
        """What the first of these settles: a look, the exact value's form, more digits, a proof, the nearest guess."""
        from tracer.arithmetic import ball

        at = partial(self._at, key, places)
        for settled in (
            partial(ball.decided, at, ball.FIRST),
            partial(self._exactly, key, places, self.seen),
            partial(ball.decided, at, ball.PRECISIONS[1:]),
            partial(self._exactly, key, places, self.proved),
            partial(ball.decided, partial(self._as_a_tie, key, places), ball.PRECISIONS[-1:]),
        ):
            try:
                number, is_equal = settled()
            except Undecided:
                continue
            return Rounded(Num(number, max(places, 0)), is_equal)
        raise Undefined(Reason.TOO_LONG)

    def _at(self, key: Key, places: int, bits: int) -> tuple[Fraction, bool]:
        """The rounding as the ball of so many bits settles it."""
        from tracer.arithmetic import ball

        value = self.enclosed(key, bits)
        if ball.infinite(value):
            raise Undefined(Reason.INFINITE)
        return ball.rounded(value, places)

    def _exactly(self, key: Key, places: int, is_fraction: Test) -> tuple[Fraction, bool]:
        """The rounding of the decimal with one more place, where the exact value is that decimal."""
        from tracer.arithmetic import ball

        near = ball.decided(lambda bits: ball.nearest(self.enclosed(key, bits), places + 1), ball.FIRST)
        if not is_fraction(key, near):
            raise Undecided
        return ball.rounded(ball.Ball().number(near), places)

    def _as_a_tie(self, key: Key, places: int, bits: int) -> tuple[Fraction, bool]:
        """The rounding of a value within 10^−2000 of a tie: as good as one, and rounded up like one."""
        from tracer.arithmetic import ball

        value = self.enclosed(key, bits)
        try:
            return ball.nearest(value, places), False
        except Undecided:
            return ball.nearest(ball.Ball().number(ball.nearest(value, places + 1)), places), False

    # On a page

    def printed(self, key: Key, places: int) -> tuple[Expr, bool]:
        """The value as a page prints it, and whether that is equal to it.

        An equal value is printed without zeros behind its last digit. One that would round to 0, or be longer
        than a line, is printed with a power of ten, so that a small weight never looks like none.
        """
        if (key, places) not in self._printed:
            self._printed[key, places] = self._print(key, places)
        return self._printed[key, places]

    def _print(self, key: Key, places: int) -> tuple[Expr, bool]:
        if side := self._infinite(key):
            return (INFINITY if side > 0 else MINUS_INFINITY), True
        if self._magnitude(key) >= LARGEST:
            return self._with_power_of_ten(key, places)
        try:
            number, is_equal = self.rounded(key, places)
        except Undefined:  # too large for its digits to be told apart: e^(10^40)
            found = self._with_power_of_ten(key, places)
            if found == NOTHING:
                raise
            return found
        if number.value == 0 and not is_equal:
            return self._with_power_of_ten(key, places)
        return (trimmed(number) if is_equal else number), is_equal

    def _with_power_of_ten(self, key: Key, places: int) -> tuple[Expr, bool]:
        mantissa, exponent = self.scientific(key, max(2, min(places, MANTISSA)))
        if mantissa.value == 0:
            return NOTHING
        return Mul((mantissa, Pow(num(10), num(exponent)))), False

    def scientific(self, key: Key, places: int) -> tuple[Num, int]:
        """Mantissa, rounded to so many places, and exponent of a value of any size."""
        from tracer.arithmetic import ball

        try:
            mantissa, exponent = ball.decided(lambda bits: ball.scientific(self.enclosed(key, bits), places))
        except Undecided:
            return Num(Fraction(0), places), 0
        return Num(mantissa, places), exponent

    def _infinite(self, key: Key) -> int:
        from tracer.arithmetic import ball

        try:
            return ball.decided(lambda bits: ball.infinite(self.enclosed(key, bits)), ball.FIRST)
        except (Undefined, Undecided):
            return 0

    def _magnitude(self, key: Key) -> int:
        from tracer.arithmetic import ball

        try:
            return ball.decided(lambda bits: ball.magnitude(self.enclosed(key, bits)), ball.FIRST)
        except Undecided:
            return 0


def trimmed(number: Num) -> Num:
    """The same decimal without the zeros behind its last digit."""
    places = number.places or 0
    while places and 10 ** (places - 1) % number.value.denominator == 0:
        places -= 1
    return Num(number.value, places or None)
