"""What a problem must be like so that it is pleasant by hand and tells one mistake from another.

    @requirement("largest_weight", "No word gets more than {high} of a row's attention.", relax, high=…)
    def largest_weight(draft: Draft) -> Value | None:
        return largest([weight for row in draft.shares("weights") for weight in row])

A requirement measures a draft: one figure, certified, None where there is nothing to measure. It holds where the
figure is between its bounds; a bound may depend on the wishes. Distances are in units of the last stated place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import TypeAlias

from tracer.arithmetic import ball
from tracer.arithmetic.ball import Value
from tracer.evaluate import Key
from tracer.expr import Call, Expr, Mul, Neg, Num
from tracer.generate.draft import BALL, Draft, distance, largest, number, smallest
from tracer.generate.plan import Answer, answer, keys
from tracer.generate.wishes import Wishes
from tracer.generate.work import counted
from tracer.problem import Written
from tracer.registry import Registry

Bound: TypeAlias = Callable[[Wishes], Fraction | int]
Measure: TypeAlias = "Callable[[Draft], Value | None]"
HALF = Fraction(1, 2)
LARGEST_GIVEN = 9  # a number, or a number below ln
SIMPLE = 10_000  # no exact weight has a larger number below the line


@dataclass(frozen=True, slots=True)
class Requirement:
    """One entry of the certificate. `relax` says what to wish instead where it cannot be met.

    `of_rows` is one that each row meets or fails for itself.
    """

    name: str
    sentence: str
    relax: str
    low: Bound | None
    high: Bound | None
    of_rows: bool
    measure: Measure

    def holds(self, figure: Value | None, wishes: Wishes) -> bool:
        """Whether a figure is certainly between the bounds."""
        return figure is None or (
            (self.low is None or ball.surely_at_most(number(self.low(wishes)), figure))
            and (self.high is None or ball.surely_at_most(figure, number(self.high(wishes))))
        )


requirements: Registry[Requirement] = Registry("requirement")


def requirement(
    name: str, sentence: str, relax: str, *, low: Bound | None = None, high: Bound | None = None, of_rows: bool = True
) -> Callable[[Measure], Measure]:
    """Decorator: put a measure with its bounds into the rack."""

    def keep(measure: Measure) -> Measure:
        requirements.register(name)(Requirement(name, sentence, relax, low, high, of_rows, measure))
        return measure

    return keep


def _units(draft: Draft, value: Value) -> Value:
    """A distance in units of the last stated place."""
    return BALL.multiply([value, number(10**draft.wishes.places)])


# The given numbers


@requirement(
    "friendly_numbers",
    "Every given number is an integer, an integer times √d_k or the logarithm of an integer; none is beyond {high}.",
    "write --d-k 4, whose root is 2",
    high=lambda wishes: LARGEST_GIVEN,
    of_rows=False,
)
def friendly_numbers(draft: Draft) -> Value | None:
    """The largest integer in the given numbers; ∞ where one is written otherwise."""
    found = [
        _size(one, draft.wishes.d_k)
        for _, values in draft.trace.problem.tables()
        if isinstance(values, Written)
        for row in values.rows
        for one in row
    ]
    return largest([BALL.constant("∞") if size is None else number(size) for size in found])


def _size(written: Expr, d_k: int) -> Fraction | None:
    match written:
        case Num(value, None) if value.denominator == 1:
            return abs(value)
        case Neg(body):
            return _size(body, d_k)
        case Call("sqrt", Num(value)) if value == d_k:
            return Fraction(1)
        case Mul((Num(value, None), Call("sqrt", Num(under)))) if value.denominator == 1 and under == d_k:
            return abs(value)
        case Call("ln", Num(value, None)) if value.denominator == 1:
            return value
    return None


@requirement("no_zero_query", "No query is zero.", "write more --d-k", low=lambda wishes: 1)
def no_zero_query(draft: Draft) -> Value | None:
    """The fewest numbers other than 0 in a query."""
    return _fewest(draft, "query")


@requirement("no_zero_key", "No key is zero.", "write more --d-k", low=lambda wishes: 1)
def no_zero_key(draft: Draft) -> Value | None:
    """The fewest numbers other than 0 in a key."""
    return _fewest(draft, "key")


@requirement("no_zero_value", "No value vector is zero.", "write more --d-k", low=lambda wishes: 1)
def no_zero_value(draft: Draft) -> Value | None:
    """The fewest numbers other than 0 in a value."""
    return _fewest(draft, "value")


def _fewest(draft: Draft, name: str) -> Value | None:
    return smallest([number(sum(ball.sign(x) != 0 for x in vector)) for vector in draft.vectors(name)])


@requirement(
    "different_queries",
    "No two queries are equal, nor two keys.",
    "write more --d-k",
    low=lambda wishes: 1,
)
def different_queries(draft: Draft) -> Value | None:
    """The fewest numbers in which a query or a key differs from one before it."""
    return smallest([number(n) for name in ("query", "key") for n in _differences(draft, name)])


def _differences(draft: Draft, name: str) -> Iterator[int]:
    for head in draft.heads():
        for i in draft.rows:
            for j in range(i):
                pairs = zip(draft.vector(head, name, i), draft.vector(head, name, j), strict=True)
                yield sum(not ball.agree(a, b) for a, b in pairs)


# The rows


@requirement(
    "unequal_scores",
    "In every row the scores differ: the largest logit is at least {low} above the smallest.",
    "write another --difficulty",
    low=lambda wishes: Fraction(1, 4),
)
def unequal_scores(draft: Draft) -> Value | None:
    """The smallest difference between the largest and the smallest logit of a row."""
    spreads = []
    for row in draft.shares("logits"):
        high, low = largest(row), smallest(row)
        if high is not None and low is not None:
            spreads.append(distance(high, low))
    return smallest(spreads)


@requirement(
    "largest_weight",
    "No row is saturated: the largest weight is at most {high}.",
    "write smaller --d-k, or --difficulty easy",
    high=lambda wishes: Fraction(9, 10),
)
def largest_weight(draft: Draft) -> Value | None:
    """The largest weight of a row with a choice."""
    return largest([weight for row in draft.shares("weights") for weight in row])


@requirement(
    "smallest_weight",
    "No weight that is not masked vanishes: the smallest is at least {low}.",
    "write fewer --tokens, or --difficulty easy",
    low=lambda wishes: Fraction(1, 100),
)
def smallest_weight(draft: Draft) -> Value | None:
    """The smallest weight of a word that may be seen."""
    return smallest([weight for row in draft.shares("weights") for weight in row])


@requirement(
    "exact_weights",
    "Every weight is exactly a fraction, with at most {high} below the line.",
    "write fewer --tokens, or --difficulty hard",
    high=lambda wishes: wishes.level.divisor,
)
def exact_weights(draft: Draft) -> Value | None:
    """The largest divisor of a weight, ∞ where one is no simple fraction; nothing where that is not wished."""
    if not draft.wishes.exact_weights:
        return None
    cells = [cell for row in draft.choices() for cell in row]
    found = [_divisor(draft, cell) for cell in cells]
    return largest([BALL.constant("∞") if n is None else number(n) for n in found])


def _divisor(draft: Draft, key: Key) -> int | None:
    from tracer.arithmetic import exact

    near = Fraction(ball.to_float(draft.table[key])).limit_denominator(SIMPLE)
    if near.denominator > draft.wishes.level.divisor or not ball.agree(draft.table[key], number(near)):
        return None
    return near.denominator if exact.is_proved(draft.tables.exact[key], near) else None


# Rounding


@requirement(
    "far_from_ties",
    "No number comes nearer than {low} units in the last place to where rounding turns.",
    "write fewer --tokens, or other --places",
    low=lambda wishes: Fraction(1, 50),
)
def far_from_ties(draft: Draft) -> Value | None:
    """The smallest distance of a number to the middle of two decimals."""
    return smallest([_to_tie(draft, draft.table[key]) for key in draft.calculated()])


def _to_tie(draft: Draft, value: Value) -> Value:
    away = distance(value, number(ball.nearest(value, draft.wishes.places)))
    return BALL.add([number(HALF), BALL.negate(_units(draft, away))])


@requirement(
    "far_from_ties_by_hand",
    "Nor does any by hand, where every step is rounded.",
    "write fewer --tokens, or other --places",
    low=lambda wishes: Fraction(1, 100),
)
def far_from_ties_by_hand(draft: Draft) -> Value | None:
    """The same of the numbers of somebody who rounds each step; nothing where the work is exact."""
    if draft.wishes.exact_weights:
        return None
    return smallest([_to_tie(draft, draft.before_rounding(key)) for key in draft.calculated()])


@requirement(
    "same_by_hand",
    "Worked by hand, no number is more than {high} units in the last place off.",
    "write --difficulty hard, which allows 2, or fewer --tokens",
    high=lambda wishes: wishes.level.off,
)
def same_by_hand(draft: Draft) -> Value | None:
    """The largest distance between what is rounded at each step and what is rounded once."""
    if draft.wishes.exact_weights:
        return None
    places = draft.wishes.places
    return largest(
        [
            _units(draft, distance(draft.hand[key], number(ball.nearest(draft.table[key], places))))
            for key in draft.calculated()
        ]
    )


@requirement(
    "rows_add_up",
    "The rounded weights of every row add up to 1, exactly and by hand: they are {figure} units off.",
    "write fewer --tokens",
    high=lambda wishes: 0,
)
def rows_add_up(draft: Draft) -> Value | None:
    """The largest distance from 1 of a row of rounded weights."""
    places, one = draft.wishes.places, number(1)
    off = []
    for row in draft.choices():
        once = [number(ball.nearest(draft.table[key], places)) for key in row]
        by_hand = once if draft.wishes.exact_weights else [draft.hand[key] for key in row]
        off += [_units(draft, distance(BALL.add(weights), one)) for weights in (once, by_hand)]
    return largest(off)


# The work


@requirement(
    "work",
    "The work takes from {low} to {high} minutes: about {figure}.",
    "write another --difficulty, or other sizes",
    low=lambda wishes: wishes.level.minutes[0],
    high=lambda wishes: wishes.level.minutes[1],
    of_rows=False,
)
def work(draft: Draft) -> Value | None:
    """The minutes for all that is asked."""
    return number(counted(draft.tables, keys(draft.plan.asked)).minutes)


# The mistakes


@requirement(
    "mistakes_show",
    "Every mistake changes a number of its step by at least {low} units in the last place.",
    "write more --places, or fewer --steps",
    low=lambda wishes: 3,
    of_rows=False,
)
def mistakes_show(draft: Draft) -> Value | None:
    """The smallest change that a mistake makes, wherever in its step it makes the largest."""
    found = []
    for step in draft.plan.asked:
        right = [draft.table[step.id, at] for _, at in keys([step])]
        found += [_apart(right, wrong) for _, wrong in _answers(draft, step.id)]
    return _in_units(draft, smallest(found))


@requirement(
    "mistakes_differ",
    "No two mistakes give the same answer, but for those named below: somewhere they are at least {low} units apart.",
    "write more --places, or fewer --steps",
    low=lambda wishes: 3,
    of_rows=False,
)
def mistakes_differ(draft: Draft) -> Value | None:
    """The smallest distance between the answers of two mistakes, wherever in their step it is largest."""
    least: Value | None = None
    excepted = draft.plan.twins | draft.plan.near
    for step in draft.plan.asked:
        found = list(enumerate(_answers(draft, step.id)))
        for (n, (name, one)), (m, (other_name, other)) in combinations(found, 2):
            if name != other_name and (step.id, n, m) not in excepted:
                least = _apart(one, other, least)
    return _in_units(draft, least)


def _answers(draft: Draft, id_: str) -> list[tuple[str, Answer]]:
    """The answer of each mistake in a step."""
    step = next(step for step in draft.plan.asked if step.id == id_)
    return [(wrong.name, answer(draft.table, step, wrong.formula)) for wrong in draft.plan.wrong[id_]]


def _apart(one: Answer, other: Answer, enough: Value | None = None) -> Value:
    """The largest distance of two answers in a cell, or `enough` where it is at least that."""
    most: Value = number(0)
    for a, b in zip(one, other, strict=True):
        most = BALL.largest([most, _gap(a, b)])
        if enough is not None and ball.surely_at_most(enough, most):
            return enough
    return most


def _gap(a: Value | None, b: Value | None) -> Value:
    """|a − b|; ∞ between a number and what is none, 0 between two that are none, or the same infinity."""
    if a is None or b is None or ball.infinite(a) or ball.infinite(b):
        alike = a is b or (a is not None and b is not None and ball.infinite(a) == ball.infinite(b))
        return number(0) if alike else BALL.constant("∞")
    return distance(a, b)


def _in_units(draft: Draft, value: Value | None) -> Value | None:
    return None if value is None else _units(draft, value)
