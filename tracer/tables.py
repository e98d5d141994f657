"""The numbers of a pass in every arithmetic, each computed when somebody looks.

Two words are kept apart: *rounded* is the exact value rounded once, *by hand* is what comes out when
each written step is rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cached_property
from typing import Any

from tracer.arithmetic import Arithmetic, Reason, Undecided, Undefined, Unknown
from tracer.evaluate import Definition, Key, Table
from tracer.evaluate import value as value_of
from tracer.expr import INFINITY, MINUS_INFINITY, Expr, Num, length, num
from tracer.problem import Paper
from tracer.rounding import Rounding

MAX_EXACT = 2_000  # leaves: beyond that nobody reads an exact value, and SymPy would take minutes
HOPELESS = 40  # times as long as what is wanted: an exact value that will not shrink to it
MAX_SEEN, MAX_PROVED = 100, 400  # leaves of a value that is looked at, or proved, to be a decimal exactly
SHORT_DECIMAL = 6  # places


class Tables:
    """All values of a pass: exactly, enclosed, by hand, in floating point.

    `written` are numbers that somebody has put in place of computed ones; what is computed from these follows them.
    """

    def __init__(self, definitions: Mapping[str, Definition], paper: Paper, written: Mapping[Key, Expr]) -> None:
        self.definitions, self.paper, self.written = definitions, paper, written
        self._balls: dict[int, Table] = {}
        self._by_hand: dict[int, Table] = {}
        self._exact_forms: dict[Key, Expr | None] = {}
        self._hopeless: dict[tuple[Key, int], bool] = {}
        self._trees: dict[tuple[Key, Callable[[Fraction], Expr]], tuple[Expr | None, int]] = {}

    @cached_property
    def conditions(self) -> Table:
        """For looking up given cells and deciding cases; it computes nothing."""
        return Table(self.definitions, NO_ARITHMETIC)

    @cached_property
    def floats(self) -> Any:
        """Every tensor as a NumPy array, computed in floating point from start to end."""
        from tracer.arithmetic.floating import Floats

        return Floats(self.definitions)

    def doubles(self, id_: str) -> Any:
        """A tensor in floating point; what an overflow has spoilt on the way is the double nearest to its value."""
        return self.floats.mended(id_, self._nearest)

    def _nearest(self, key: Key) -> float:
        try:
            return self.double(key)
        except (Undefined, Undecided):
            return float("nan")

    @cached_property
    def exact(self) -> Table:
        """All values exactly: fractions, closed numbers, SymPy numbers where nothing less holds them."""
        from tracer.arithmetic.ball import fraction_of
        from tracer.arithmetic.exact import Exact

        def rational(key: Key) -> Fraction | None:
            try:
                return fraction_of(self._first_ball(key))
            except (Undefined, Undecided):
                return None

        return self._table(Exact(), rational)

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

        return self._table(Size(), short)

    def balls(self, bits: int) -> Table:
        """All values as enclosures. Look up inside `ball.precision(bits)`."""
        from tracer.arithmetic.ball import Ball

        if bits not in self._balls:
            self._balls[bits] = self._table(Ball())
        return self._balls[bits]

    def _table(self, arithmetic: Arithmetic, known: Callable[[Key], Any] = lambda key: None) -> Table:
        """The values in an arithmetic, but for what is written and what is known without it."""
        if not self.written:
            return Table(self.definitions, arithmetic, known)

        def found(key: Key) -> Any:
            number = self.written.get(key)
            return known(key) if number is None else value_of(number, {}, table)

        table = Table(self.definitions, arithmetic, found)
        return table

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
        from tracer.arithmetic import ball

        try:
            ball.infinite(self.ball(key))
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
        if (key, leaves) not in self._hopeless:
            self._hopeless[key, leaves] = self._is_hopeless(key, leaves)
        if self._hopeless[key, leaves]:
            return None
        if (key, number) not in self._trees:
            exact = self.exactly(key, number)
            self._trees[key, number] = exact, 0 if exact is None else length(exact)
        exact, found = self._trees[key, number]
        return exact if found <= leaves else None

    def _is_hopeless(self, key: Key, leaves: int) -> bool:
        try:
            if self.sizes[key] <= leaves:
                return False
            if self.sizes[key] > HOPELESS * leaves and not self._may_be_decimal(key):
                return True
            from tracer.arithmetic.exact import is_longer

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

    @cached_property
    def rounding(self) -> Rounding:
        """The values rounded, every digit certain."""
        return Rounding(self._enclosed, self._seen, self._proved)

    def _seen(self, key: Key, near: Fraction) -> bool:
        from tracer.arithmetic import exact

        return self.sizes[key] <= MAX_SEEN and exact.is_seen(self.exact[key], near)

    def _proved(self, key: Key, near: Fraction) -> bool:
        from tracer.arithmetic import exact

        return self.sizes[key] <= MAX_PROVED and exact.is_proved(self.exact[key], near)

    # By hand

    def double(self, key: Key) -> float:
        """The double nearest to a value, as far as an enclosure tells; `floats` has what double precision computes."""
        from tracer.arithmetic import ball

        with ball.precision(ball.PRECISIONS[0]):
            return ball.to_float(self._enclosed(key, ball.PRECISIONS[0]))

    def places_by_hand(self, step: str) -> int:
        """The decimals a step is written with when working by hand."""
        return self.paper.by_hand.get(step.rpartition(".")[2], self.paper.places)

    def by_hand(self, key: Key) -> Num | None:
        """What comes out when every written step is rounded by the paper's rule; None where there is no value."""
        from tracer.arithmetic import ball

        places = self.places_by_hand(key[0])

        def at(bits: int) -> Num | None:
            value = self._hand_table(bits)[key]
            return None if ball.infinite(value) else Num(ball.nearest(value, places), places)

        try:
            return ball.decided(at)
        except (Undefined, Undecided):
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


def fraction_of(written: Expr) -> Fraction | None:
    """The rational number that a formula with its numbers put in comes to; None where it is no such number."""
    from tracer.arithmetic import ball

    with ball.precision(ball.PRECISIONS[0]):
        try:
            return ball.fraction_of(value_of(written, {}, Table({}, ball.Ball())))
        except (Undefined, Undecided):
            return None
