"""Verdicts on all written cells, in the order of the work, each one step away from the person's own numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from tracer.arithmetic import Undecided, Undefined, ball
from tracer.arithmetic.interval import BALL, Span, meet, point
from tracer.evaluate import Key
from tracer.judging.explaining import explained
from tracer.judging.lineage import Lineage, Taint
from tracer.judging.own import Own, overlap
from tracer.judging.patience import Patience
from tracer.judging.places import Places
from tracer.judging.ways import other_ways
from tracer.judging.writing import Number, is_decimal, unit
from tracer.judging.writing import number as read
from tracer.marking import ACCEPTED, WRONG, Verdict
from tracer.submission import entry
from tracer.trace import Trace

SLIP = 2  # units in the last place
NEAR = Fraction(1, 10)  # an integer may be a number with one place whose 0 was dropped


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody wrote in a cell: the text, and its number; None says that there is no such value."""

    text: str
    number: Number | None


class Judge:
    """The verdicts on a submission's readable cells."""

    def __init__(self, trace: Trace, answers: Mapping[Key, Answer], earlier: Judge | None = None) -> None:
        self.trace, self.answers, self.earlier = trace, answers, earlier
        self.numbers = {key: a.number for key, a in answers.items() if a.number is not None}
        self.places = Places(trace, self.numbers, self.true)
        self.own = Own(trace, self.numbers, self.places.unwritten)
        self.texts = {key: answer.text for key, answer in answers.items()}
        self._true: dict[Key, Span | None] = {}
        self.met: dict[Key, Span] = {}  # what a number follows from, where that is not the usual way
        self.verdicts: dict[Key, Verdict] = {}
        self.mistakes: dict[Key, tuple[str, ...]] = {}
        self.guarded: set[Key] = set()
        self.lineage = Lineage(self.own.inputs, self.verdicts)
        self.patience = Patience(len(self.steps))

    def true(self, key: Key) -> Span | None:
        """The true value, as a span, rational where so many places as are written hold it; None where there is none."""
        if key not in self._true:
            self._true[key] = self._true_value(key)
        return self._true[key]

    def _true_value(self, key: Key) -> Span | None:
        tables, number = self.trace.tables, self.numbers.get(key)
        try:
            value = tables.ball(key)
            if not ball.is_exact(value) and not ball.infinite(value):
                rounded, is_equal = tables.rounding.rounded(key, (number and number.places) or 0)
                value = BALL.number(rounded.value) if is_equal else value
        except (Undefined, Undecided):
            return None
        return point(value)

    def judge(self) -> None:
        """Judge everything. Where all is exact, nothing else is computed."""
        with ball.precision(ball.PRECISIONS[0]):
            exact = {key: self.is_exact(key) for key in self.answers}
            if all(exact.values()) and not self.places.mixes_integers:
                self.verdicts |= dict.fromkeys(self.answers, Verdict.EXACT)
                self.own.kept = {key: number.about(point(number.value)) for key, number in self.numbers.items()}
                return
            self.follow(exact)

    def follow(self, exact: Mapping[Key, bool]) -> None:
        """Judge step by step, and note what later numbers may have used of each. Call at a ball's precision."""
        for keys in self.steps:
            self._step(keys, exact)

    @cached_property
    def steps(self) -> list[list[Key]]:
        """The written cells, step by step in the order of the work."""
        found: dict[str, list[Key]] = {id_: [] for id_ in self.trace.tables.definitions}
        for key in sorted(self.answers):
            found[key[0]].append(key)
        return [keys for keys in found.values() if keys]

    def _step(self, keys: list[Key], exact: Mapping[Key, bool]) -> None:
        self.patience.next_step()
        lost: list[Key] = []
        for key in keys:
            verdict = Verdict.EXACT if exact[key] else self._verdict(key)
            if verdict is None:
                lost.append(key)
            else:
                self.verdicts[key] = verdict
        for key, found in explained(self, keys, [key for key in lost if key not in self.guarded]).items():
            self.verdicts[key] = Verdict.MISTAKE
            self.mistakes[key] = tuple(dict.fromkeys(one.name for one in found))
            if any(one.reach for one in found):
                self.lineage.systematic.add(key)
        for key in keys:
            self.verdicts.setdefault(key, Verdict.WRONG)
            if key in self.numbers:
                self._keep(key)
        self.lineage.note(keys, self.numbers, self.true)

    def is_exact(self, key: Key) -> bool:
        """Whether the exact value is written, or that value correctly rounded."""
        number, true = self.answers[key].number, self.true(key)
        if number is None or true is None:
            return number is None and true is None
        return meet(number.about(true), true)

    def _verdict(self, key: Key) -> Verdict | None:
        """What a cell is without any mistake that explains it; None where it is nothing of the kind."""
        number, own = self.answers[key].number, self.own.follows(key)
        if number is None:
            follows = own is None
            return (Verdict.CARRIED if self.lineage.taint(key) else Verdict.BY_HAND) if follows else None
        ways = [] if own is None else [own]
        if not any(self.follows(key, number, way) for way in ways):
            ways += other_ways(self.own, key)
        met = next((way for way in ways if self.follows(key, number, way)), None)
        if met is not None:
            return self._followed(key, met)
        if self.earlier and (verdict := self.earlier.otherwise(key, number)):
            return verdict
        is_slip = any(slipped(number, target) for target in (self.true(key), *ways) if target is not None)
        return Verdict.ROUNDING_SLIP if is_slip or self.may_be_rounding(key, number) else None

    def _followed(self, key: Key, way: Span) -> Verdict | None:
        """What a number is that follows from the person's own; None where these were made trivial."""
        self.met[key] = way
        if not self.lineage.taint(key):
            return Verdict.BY_HAND
        if not self.lineage.is_farmed(key):
            return Verdict.CARRIED
        self.guarded.add(key)
        return None

    def may_be_rounding(self, key: Key, number: Number) -> bool:
        """Whether any numbers that round to the earlier ones give this one: more than honest work, less than a slip."""
        way = self.own.loosely(key)
        return way is not None and way.is_bounded and meet(number.about(way), way)

    def otherwise(self, key: Key, number: Number) -> Verdict | None:
        """What a number of another printing is that follows from the numbers of this one."""
        way = self.own.follows(key)
        if way is None or not self.follows(key, number, way):
            return None
        return Verdict.CARRIED if self.lineage.taint(key) else Verdict.BY_HAND

    def follows(self, key: Key, number: Number, way: Span) -> bool:
        """Whether a number follows from the person's own.

        Where these leave all open, a divisor that may be 0, nothing does: but whoever honestly comes to a number where
        there is no true one may write it.
        """
        is_open = self.true(key) is None and self.lineage.taint(key) is not Taint.WRONG
        return meet(number.about(way), way) and (way.is_bounded or is_open)

    def is_doubtful(self, key: Key) -> bool:
        """Whether an integer was accepted as a number rounded to no places, by somebody who writes others exactly."""
        number, accepted = self.answers[key].number, self.verdicts.get(key) in ACCEPTED
        if number is None or not (accepted and number.is_whole and self.places.writes_exactly):
            return False
        targets = [target for target in (self.true(key), self.own.follows(key)) if target is not None]
        about = Span(*(BALL.add([number.value, BALL.number(more)]) for more in (-NEAR, NEAR)))
        return not any(not target.is_bounded or meet(about, target) for target in targets)

    def could_be(self, key: Key, number: Number) -> bool:
        """Whether a number is right in a cell, or follows there, rounded or cut off."""
        targets = [target for target in (self.true(key), self.own.follows(key)) if target is not None]
        return any(target.is_bounded and meet(number.may_come_from(target), target) for target in targets)

    def may_be_cut(self, key: Key) -> bool:
        """Whether a number may be a right one that was cut off; an integer among decimals hardly is."""
        number = self.numbers.get(key)
        if number is None or (number.is_whole and self.places.writes_exactly):
            return False
        return self.could_be(key, number)

    def fits(self, key: Key, text: str) -> bool:
        """Whether another text would have been right in a cell."""
        expr = entry(text).number
        return expr is not None and self.could_be(key, read(expr))

    def _keep(self, key: Key) -> None:
        number, verdict = self.numbers[key], self.verdicts[key]
        if verdict in WRONG:
            self.own.keep(key, number.may_come_from(point(number.value)))
            return
        own, true = self.met.get(key) or self.own.follows(key), self.true(key)
        if verdict is Verdict.ROUNDING_SLIP:
            places = number.places or 0
            reach = widened(number.stands_for(places), SLIP, places)
            self.own.keep(key, overlap(own, reach), overlap(true, reach))
        else:
            before = number.may_come_from(true if true is not None else point(number.value))
            self.own.keep(key, overlap(own, before), true if verdict is Verdict.EXACT else None)


def widened(span: Span, units: int, places: int) -> Span:
    """A span with so many units of the last place on either side."""
    more = BALL.number(units * unit(places))
    return Span(BALL.add([span.low, BALL.negate(more)]), BALL.add([span.high, more]))


def slipped(number: Number, target: Span) -> bool:
    """Whether a number is one or two units in its last place from a value, or that value cut off.

    A value that so many decimals write in full cannot slip: there is nothing to round.
    """
    if number.places is None and not number.is_whole:
        return False
    places = number.places or 0
    if not target.is_bounded or is_decimal(target, places) or ball.infinite(number.value):
        return False
    return meet(widened(number.stands_for(places), 1 if number.is_whole else SLIP, places), target)
