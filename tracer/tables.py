"""The numbers of a pass in every arithmetic, each computed when somebody looks; and how they are rounded.

Two words are kept apart: *rounded* is the exact value rounded once, *by hand* is what comes out when
each written step is rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

from tracer.arithmetic import Arithmetic, Reason, Undecided, Undefined, Unknown
from tracer.evaluate import Definition, Key, Table
from tracer.evaluate import value as value_of
from tracer.expr import INFINITY, MINUS_INFINITY, Expr, Mul, Num, Pow, length, num
from tracer.problem import Paper

MAX_EXACT = 2_000  # leaves: beyond that nobody reads an exact value, and SymPy would take minutes
LARGEST = 15  # digits before the point: from here on a decimal is printed with a power of ten
MAX_SEEN, MAX_PROVED = 100, 400  # leaves of a value that is looked at, or proved, to be a decimal exactly
HOPELESS = 40  # times as long as what is wanted: an exact value that will not shrink to it
SHORT_DECIMAL = 6  # places
MANTISSA = 4  # decimals before a power of ten, at most


class Rounded(NamedTuple):
    """A number rounded once to some decimal places, and whether it is equal to the value."""

    number: Num
    is_equal: bool


class Tables:
    """All values of a pass: exactly, enclosed, by hand, in floating point."""

    def __init__(self, definitions: Mapping[str, Definition], paper: Paper) -> None:
        self.definitions, self.paper = definitions, paper
        self._balls: dict[int, Table] = {}
        self._by_hand: dict[int, Table] = {}
        self._rounded: dict[tuple[Key, int], Rounded] = {}
        self._exact_forms: dict[Key, Expr | None] = {}
        self._short: dict[Any, Expr | None] = {}

    @cached_property
    def conditions(self) -> Table:
        """For looking up given cells and deciding cases; it computes nothing."""
        return Table(self.definitions, NO_ARITHMETIC)

    @cached_property
    def floats(self) -> Any:
        """Every tensor as a NumPy array, computed in floating point from start to end."""
        from tracer.arithmetic.floating import Floats

        return Floats(self.definitions)

    @cached_property
    def exact(self) -> Table:
        """All values as SymPy numbers, or as fractions where they are rational."""
        from tracer.arithmetic.ball import fraction_of
        from tracer.arithmetic.exact import Exact

        def rational(key: Key) -> Fraction | None:
            try:
                return fraction_of(self._first_ball(key))
            except (Undefined, Undecided):
                return None

        return Table(self.definitions, Exact(), rational)

    @cached_property
    def sizes(self) -> Table:
        """How long each exact value would be on paper."""
        from tracer.arithmetic import ball
        from tracer.arithmetic.size import Size

        def short(key: Key) -> int | None:
            try:
                return 1 if ball.is_exact(self._first_ball(key)) else None
            except (Undefined, Undecided):
                return None

        return Table(self.definitions, Size(), short)

    def balls(self, bits: int) -> Table:
        """All values as enclosures. Look up inside `ball.precision(bits)`."""
        from tracer.arithmetic.ball import Ball

        if bits not in self._balls:
            self._balls[bits] = Table(self.definitions, Ball())
        return self._balls[bits]

    def ball(self, key: Key, bits: int = 128) -> Any:
        """An enclosure of a value. Raises `Undefined`, or `Undecided` where it takes more bits."""
        from tracer.arithmetic import ball

        with ball.precision(bits):
            return self._enclosed(key, bits)

    def _first_ball(self, key: Key) -> Any:
        from tracer.arithmetic import ball

        with ball.precision(ball.PRECISIONS[0]):
            return self.balls(ball.PRECISIONS[0])[key]

    def _enclosed(self, key: Key, bits: int) -> Any:
        """The value in the ball table; where that cannot decide (the arccos of an exact 1), of its exact form."""
        try:
            return self.balls(bits)[key]
        except Undecided:
            if key not in self._exact_forms:
                self._exact_forms[key] = self._exact_form(key)
            form = self._exact_forms[key]
            if form is None:
                raise
        from tracer.arithmetic.ball import Ball

        return value_of(form, {}, Table({}, Ball()))

    def _exact_form(self, key: Key) -> Expr | None:
        from tracer.arithmetic.exact import tree

        return tree(self.exact[key]) if self.sizes[key] <= MAX_EXACT else None

    def undefined(self, key: Key) -> Undefined | None:
        """Why there is no such value, with its `origin`; None where there is one, or where it hangs on a letter."""
        try:
            self.ball(key)
        except Unknown:
            return None
        except Undefined as undefined:
            return undefined
        except Undecided:
            return Undefined(Reason.UNCERTAIN)
        return None

    def unknown(self, key: Key) -> bool:
        """Whether the value depends on a letter without a number."""
        try:
            self.ball(key)
        except Unknown:
            return True
        except (Undefined, Undecided):
            pass
        return False

    def infinite(self, key: Key) -> int:
        """+1 or −1 for an infinite value, else 0."""
        from tracer.arithmetic import ball

        try:
            return ball.infinite(self.ball(key))
        except (Undefined, Undecided):
            return 0

    # The exact value

    def exactly(self, key: Key, number: Callable[[Fraction], Expr] = num) -> Expr | None:
        """The exact value as a tree, its rational numbers written by `number`.

        None where there is no value, or where it is too long for anybody to read.
        """
        from tracer.arithmetic import ball

        try:
            value = self.ball(key)
            if (fraction := ball.fraction_of(value)) is not None:
                return number(fraction)
            if side := ball.infinite(value):
                return INFINITY if side > 0 else MINUS_INFINITY
        except (Unknown, Undecided):
            pass
        except Undefined:
            return None
        try:
            if self.sizes[key] > MAX_EXACT:
                return None
            from tracer.arithmetic.exact import tree

            return tree(self.exact[key], number)
        except Undefined:
            return None

    def exactly_up_to(self, key: Key, leaves: int, number: Callable[[Fraction], Expr] = num) -> Expr | None:
        """The exact value if it is no longer than so many leaves; the hopelessly long are not even computed."""
        asked = (key, leaves, number)
        if asked not in self._short:
            hopeless = self._is_hopeless(key, leaves)
            exact = None if hopeless else self.exactly(key, number)
            self._short[asked] = exact if exact is not None and length(exact) <= leaves else None
        return self._short[asked]

    def _is_hopeless(self, key: Key, leaves: int) -> bool:
        from tracer.arithmetic.exact import is_longer

        try:
            if self.sizes[key] <= leaves:
                return False
            if self.sizes[key] > HOPELESS * leaves and not self._may_be_decimal(key):
                return True
            return self.sizes[key] > MAX_EXACT or is_longer(self.exact[key], HOPELESS * leaves)
        except Undefined:
            return True

    def _may_be_decimal(self, key: Key) -> bool:
        """Whether no enclosure tells the value from a short decimal: long sums may cancel to one."""
        from tracer.arithmetic import ball

        try:
            value = self.ball(key)
            if ball.is_exact(value):
                return True
            with ball.precision(ball.PRECISIONS[0]):
                ball.rounded(value, SHORT_DECIMAL)
        except Undecided:
            return True
        except Undefined:
            return False
        return False

    # Rounding

    def rounded(self, key: Key, places: int) -> Rounded:
        """The value rounded once, half up, every digit certain. Raises `Undefined` where there is no finite value."""
        if (key, places) not in self._rounded:
            self._rounded[key, places] = self._round(key, places)
        return self._rounded[key, places]

    def _round(self, key: Key, places: int) -> Rounded:
        from tracer.arithmetic import ball

        for bits in ball.PRECISIONS:
            with ball.precision(bits):
                try:
                    value = self._enclosed(key, bits)
                    if ball.infinite(value):
                        raise Undefined(Reason.INFINITE)
                    found, is_equal = ball.rounded(value, places)
                    return Rounded(Num(found, max(places, 0)), is_equal)
                except Undecided:
                    if bits == ball.PRECISIONS[0] and (settled := self._settled(key, places, prove=False)):
                        return settled
        if settled := self._settled(key, places, prove=True):
            return settled
        with ball.precision(ball.PRECISIONS[-1]):
            value = self._enclosed(key, ball.PRECISIONS[-1])
            try:
                number = ball.nearest(value, places)
            except Undecided:  # within 10^-2000 of a tie: as good as one, and rounded up like one
                try:
                    number = ball.nearest(ball.Ball().number(ball.nearest(value, places + 1)), places)
                except Undecided:
                    raise Undefined(Reason.TOO_LONG) from None
        return Rounded(Num(number, max(places, 0)), is_equal=False)

    def _settled(self, key: Key, places: int, *, prove: bool) -> Rounded | None:
        """The rounding settled exactly, where the value is a decimal that no enclosure tells from its neighbours.

        First by looking whether the exact value is a fraction; where more digits have not helped, by proving it.
        """
        from tracer.arithmetic import ball, exact

        try:
            with ball.precision(ball.PRECISIONS[0]):
                near = ball.nearest(self._enclosed(key, ball.PRECISIONS[0]), places + 1)
        except Undecided:
            return None
        if self.sizes[key] > (MAX_PROVED if prove else MAX_SEEN):
            return None
        value = self.exact[key]
        if value != near and not (prove and exact.is_rational(value, near)):
            return None
        found, is_equal = ball.rounded(ball.Ball().number(near), places)
        return Rounded(Num(found, max(places, 0)), is_equal)

    def printed(self, key: Key, places: int) -> tuple[Expr, bool]:
        """The value as a page prints it, and whether that is equal to it.

        An equal value is printed without zeros behind its last digit. One that would round to 0, or be longer
        than a line, is printed with a power of ten, so that a small weight never looks like none.
        """
        if side := self.infinite(key):
            return (INFINITY if side > 0 else MINUS_INFINITY), True
        if self._magnitude(key) >= LARGEST:
            return self._with_power_of_ten(key, places)
        number, is_equal = self.rounded(key, places)
        if number.value == 0 and not is_equal:
            return self._with_power_of_ten(key, places)
        return (trimmed(number) if is_equal else number), is_equal

    def _with_power_of_ten(self, key: Key, places: int) -> tuple[Expr, bool]:
        mantissa, exponent = self.scientific(key, max(2, min(places, MANTISSA)))
        if mantissa.value == 0:  # as near to 0 as anybody can tell
            return num(0), False
        return Mul((mantissa, Pow(num(10), num(exponent)))), False

    def scientific(self, key: Key, places: int) -> tuple[Num, int]:
        """Mantissa, rounded to so many places, and exponent of a value of any size."""
        from tracer.arithmetic import ball

        for bits in ball.PRECISIONS:
            try:
                with ball.precision(bits):
                    mantissa, exponent = ball.scientific(self._enclosed(key, bits), places)
                    return Num(mantissa, places), exponent
            except Undecided:
                continue
        return Num(Fraction(0), places), 0

    def double(self, key: Key) -> float:
        """The double nearest to a value, as far as an enclosure tells; `floats` has what double precision computes."""
        from tracer.arithmetic import ball

        with ball.precision(ball.PRECISIONS[0]):
            return ball.to_float(self._enclosed(key, ball.PRECISIONS[0]))

    def _magnitude(self, key: Key) -> int:
        from tracer.arithmetic import ball

        try:
            with ball.precision(ball.PRECISIONS[0]):
                return ball.magnitude(self._enclosed(key, ball.PRECISIONS[0]))
        except Undecided:
            return 0

    # By hand

    def places_by_hand(self, step: str) -> int:
        """The decimals a step is written with when working by hand."""
        return self.paper.by_hand.get(step.rpartition(".")[2], self.paper.places)

    def by_hand(self, key: Key) -> Num | None:
        """What comes out when every written step is rounded by the paper's rule; None where there is no value."""
        from tracer.arithmetic import ball

        for bits in ball.PRECISIONS:
            try:
                with ball.precision(bits):
                    value = self._hand_table(bits)[key]
                    if ball.infinite(value):
                        return None
                    places = self.places_by_hand(key[0])
                    return Num(ball.nearest(value, places), places)
            except Undefined:
                return None
            except Undecided:
                continue
        return None

    def _hand_table(self, bits: int) -> Table:
        from tracer.arithmetic import ball
        from tracer.arithmetic.by_hand import ByHand

        if bits not in self._by_hand:
            rule = ByHand(ball.Ball(), ball.nearest, ball.infinite, self.paper.by_hand, self.paper.places)
            self._by_hand[bits] = Table(self.definitions, rule)
        return self._by_hand[bits]


NO_ARITHMETIC: Arithmetic = None  # type: ignore[assignment]  # a table that is only asked for conditions


def rounds_to(written: Expr, number: Num) -> bool:
    """Whether a formula with its numbers put in comes to this number, rounded to its places."""
    from tracer.arithmetic import ball

    places = number.places or 0
    with ball.precision(ball.PRECISIONS[0]):
        try:
            found = ball.nearest(value_of(written, {}, Table({}, ball.Ball())), places)
        except (Undefined, Undecided):
            return True
    return found == number.value


def trimmed(number: Num) -> Num:
    """The same decimal without the zeros behind its last digit."""
    places = number.places or 0
    while places and (number.value * 10 ** (places - 1)).denominator == 1:
        places -= 1
    return Num(number.value, places or None)
