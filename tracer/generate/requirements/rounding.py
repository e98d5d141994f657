"""What must hold so that everybody who rounds writes the same."""

from __future__ import annotations

from fractions import Fraction

from tracer.arithmetic import ball
from tracer.arithmetic.ball import Value
from tracer.generate.draft import BALL, Draft, distance, largest, number, smallest
from tracer.generate.requirements import requirement, units

HALF = Fraction(1, 2)


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
    return BALL.add([number(HALF), BALL.negate(units(draft, away))])


@requirement(
    "far_from_ties_by_hand",
    "Nor does any by hand, where every step is rounded: {low} units at least.",
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
    "write fewer --tokens, or --difficulty medium or hard, which allow 2",
    high=lambda wishes: wishes.level.off,
)
def same_by_hand(draft: Draft) -> Value | None:
    """The largest distance between what is rounded at each step and what is rounded once."""
    if draft.wishes.exact_weights:
        return None
    places = draft.wishes.places
    return largest(
        [
            units(draft, distance(draft.hand[key], number(ball.nearest(draft.table[key], places))))
            for key in draft.calculated()
        ]
    )


@requirement(
    "rows_add_up",
    "The rounded weights of every row add up to 1, exactly and by hand: they are {high} units off.",
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
        off += [units(draft, distance(BALL.add(weights), one)) for weights in (once, by_hand)]
    return largest(off)
