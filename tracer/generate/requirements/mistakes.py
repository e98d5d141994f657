"""What must hold so that a wrong number tells which mistake was made."""

from __future__ import annotations

from itertools import combinations

from tracer.arithmetic import ball
from tracer.arithmetic.ball import Value
from tracer.generate.draft import BALL, Draft, distance, number, smallest
from tracer.generate.plan import Answer, answer, keys
from tracer.generate.requirements import requirement, units
from tracer.trace import Step


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
        right = [draft.table[key] for key in keys([step])]
        found += [_apart(right, wrong) for _, wrong in _answers(draft, step)]
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
        found = list(enumerate(_answers(draft, step)))
        for (n, (name, one)), (m, (other_name, other)) in combinations(found, 2):
            if name != other_name and (step.id, n, m) not in excepted:
                least = _apart(one, other, least)
    return _in_units(draft, least)


def _answers(draft: Draft, step: Step) -> list[tuple[str, Answer]]:
    """The answer of each mistake in a step."""
    return [(wrong.name, answer(draft.table, step, wrong.formula)) for wrong in draft.plan.wrong[step.id]]


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
    return None if value is None else units(draft, value)
