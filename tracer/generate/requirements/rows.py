"""What must hold of the scores and the weights of a row."""

from __future__ import annotations

from fractions import Fraction

from tracer.arithmetic import ball
from tracer.arithmetic.ball import Value
from tracer.evaluate import Key
from tracer.generate.draft import BALL, Draft, distance, largest, number, smallest
from tracer.generate.requirements import requirement

SIMPLE = 10_000  # no exact weight has a larger number below the line


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
