"""How much work it may be."""

from __future__ import annotations

from tracer.arithmetic.ball import Value
from tracer.generate.draft import Draft, number
from tracer.generate.plan import keys
from tracer.generate.requirements import requirement
from tracer.generate.work import counted


@requirement(
    "work",
    "The work is estimated at {low} to {high} minutes.",
    "write another --difficulty, other sizes, or other --steps",
    low=lambda wishes: wishes.level.minutes[0],
    high=lambda wishes: wishes.level.minutes[1],
    of_rows=False,
)
def work(draft: Draft) -> Value | None:
    """The minutes for all that is asked."""
    return number(counted(draft.tables, keys(draft.plan.asked)).minutes)
