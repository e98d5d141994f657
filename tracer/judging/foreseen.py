"""What may be typed into a cell when everything before it is right: the numbers that are accepted, and known mistakes.

A learning platform looks at one cell at a time. It accepts what `check` accepts there from somebody whose other numbers
are right, be they exact and rounded once, or worked by hand; a mistake is worked on the right numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from tracer import mistakes, numbers
from tracer.arithmetic import Undecided, ball
from tracer.arithmetic.interval import BALL, Span, meet
from tracer.evaluate import Key
from tracer.judging.attempts import Attempts
from tracer.judging.judge import SLIP, Answer, Judge
from tracer.judging.numbers import right
from tracer.judging.ways import other_ways
from tracer.judging.writing import Number, is_decimal, number, unit
from tracer.submission import entry
from tracer.trace import Trace
from tracer.views import decimal_text

RIGHT, NEARLY = FIRST = "right", "nearly"  # in the place of mistakes, which are not asked for then
ORDER = (*FIRST, *mistakes.RACK)
CLOSER = range(4)  # places more, where a number lies on the border between two


class Typed(NamedTuple):
    """Every number with so many places from low to high, both included."""

    low: Fraction
    high: Fraction


Found: TypeAlias = tuple[Typed, str]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What may be typed into one cell with so many places.

    `accepted` are the numbers that are right, `nearly` those that are a slip of rounding away, `mistaken` others that
    known mistakes lead to, with the names of all that lead there. No two overlap. Nothing is accepted where the value
    is infinite: that is no decimal.
    """

    key: Key
    places: int
    accepted: tuple[Typed, ...]
    nearly: tuple[Typed, ...]
    mistaken: tuple[tuple[Typed, tuple[str, ...]], ...]


def foreseen(trace: Trace, known: Collection[Key], asked: Iterable[Key]) -> list[Foreseen]:
    """What may be typed into the cells that are asked for, where all the `known` ones are right.

    The places are those of the problem's by-hand rule. `asked` are among the known ones, which have values.
    """
    mistakes.load()
    tables = trace.tables
    places = {key: tables.places_by_hand(key[0]) for key in known}
    once = {key: right(trace, key, places[key]) or "" for key in known}
    by_hand = {key: once[key] if (hand := tables.by_hand(key)) is None else decimal_text(hand) for key in known}
    with ball.precision(ball.PRECISIONS[0]):
        judges = [_judge(trace, texts) for texts in ([once] if once == by_hand else [once, by_hand])]
        return [_cell(judges, key, places[key]) for key in asked]


def _judge(trace: Trace, texts: Mapping[Key, str]) -> Judge:
    """Somebody who wrote these numbers, judged."""
    read = {key: (text, entry(text).number) for key, text in texts.items()}
    judge = Judge(trace, {key: Answer(text, number(expr)) for key, (text, expr) in read.items() if expr is not None})
    judge.follow({key: judge.is_exact(key) for key in judge.answers})
    return judge


def _cell(judges: Sequence[Judge], key: Key, places: int) -> Foreseen:
    found = [one for judge in judges for one in (*_right(judge, key, places), *_nearly(judge, key, places))]
    found += _mistaken(judges[0], key, places)
    told_apart = list(_told_apart(found, unit(places)))
    return Foreseen(
        key,
        places,
        tuple(one for one, names in told_apart if names == (RIGHT,)),
        tuple(one for one, names in told_apart if names == (NEARLY,)),
        tuple((one, names) for one, names in told_apart if names[0] not in FIRST),
    )


def _honest(judge: Judge, key: Key) -> list[Span]:
    """Everything that can honestly come out at a cell."""
    spans = (judge.true(key), judge.own.follows(key), *other_ways(judge.own, key))
    return [span for span in spans if span is not None]


def _right(judge: Judge, key: Key, places: int) -> Iterator[Found]:
    for span in _honest(judge, key):
        if one := typed(span, places):
            yield one, RIGHT


def _nearly(judge: Judge, key: Key, places: int) -> Iterator[Found]:
    """A unit or two beside what is right; and what only other numbers that round to the same could give."""
    for span in _honest(judge, key):
        if (one := typed(span, places)) and not is_decimal(span, places):
            more = unit(places) * (SLIP if places else 1)
            yield Typed(one.low - more, one.high + more), NEARLY
    loosely = judge.own.loosely(key)
    if loosely and (one := typed(loosely, places)):
        yield one, NEARLY


def _mistaken(judge: Judge, key: Key, places: int) -> Iterator[Found]:
    """What mistakes lead to, each worked on right numbers, and what slips of the pen leave of the right one."""
    step = [one for one in judge.numbers if one[0] == key[0]]
    for name, outcome in Attempts(judge, step, [key], [], []).foreseen():
        span = outcome(key)
        if span is not None and (one := typed(span, places)):
            yield one, name
    for slip in map(mistakes.slips.__getitem__, mistakes.slips):
        for text in slip.meant(judge.texts.get(key, "")):
            value = numbers.decimal(text.lstrip("-")).value * (-1 if text.startswith("-") else 1)
            if (value / unit(places)).denominator == 1:
                yield Typed(value, value), slip.name


def _told_apart(found: Sequence[Found], one: Fraction) -> Iterator[tuple[Typed, tuple[str, ...]]]:
    """The numbers in ranges that do not overlap, each with all names that lead there; what is right is only that."""
    borders = sorted({border for low, high in (typed for typed, _ in found) for border in (low, high + one)})
    last: tuple[Typed, tuple[str, ...]] | None = None
    for start, end in pairwise(borders):
        there = {name for (low, high), name in found if low <= start and end <= high + one}
        names = tuple(sorted(there, key=ORDER.index))
        names = names[:1] if names[:1] and names[0] in FIRST else names
        if last and last[1] == names and last[0].high + one == start:
            last = Typed(last[0].low, end - one), names
            continue
        if last and last[1]:
            yield last
        last = Typed(start, end - one), names
    if last and last[1]:
        yield last


def typed(span: Span, places: int) -> Typed | None:
    """The numbers with so many places that stand for one in the span, ties either way; None if it has no end."""
    if not span.is_bounded or ball.infinite(span.low) or ball.infinite(span.high):
        return None
    one = unit(places)

    def stands(of: Fraction) -> bool:
        return meet(Number(BALL.number(of), places).stands_for(places), span)

    low, high = (_near(end, places) for end in span)
    return Typed(
        next(n for n in (low - one, low, low + one) if stands(n)),
        next(n for n in (high + one, high, high - one) if stands(n)),
    )


def _near(value: ball.Value, places: int) -> Fraction:
    """A number with so many places within one unit of a value."""
    for more in CLOSER:
        try:
            return ball.nearest(BALL.number(ball.nearest(value, places + more)), places)
        except Undecided:
            continue
    raise Undecided
