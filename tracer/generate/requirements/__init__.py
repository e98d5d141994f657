"""What a problem must be like so that it is pleasant by hand and tells one mistake from another: a sentence each.

    @requirement("largest_weight", "No row is saturated: the largest weight is at most {high}.", relax, high=…)
    def largest_weight(draft: Draft) -> Value | None:
        return largest([weight for row in draft.shares("weights") for weight in row])

A requirement measures a draft: one figure, certified, None where there is nothing to measure. It holds where the
figure is between its bounds; a bound may depend on the wishes. Distances are in units of the last stated place.

What a generator asks for is part of it: an entry that a generator names is never changed, another one is added.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from tracer.arithmetic import ball
from tracer.arithmetic.ball import Value
from tracer.expr import Num
from tracer.generate.draft import BALL, Draft, number
from tracer.generate.wishes import Wishes
from tracer.language import Language
from tracer.registry import Registry
from tracer.rounding import trimmed
from tracer.views import decimal_text

Bound: TypeAlias = Callable[[Wishes], Fraction | int]
Measure: TypeAlias = "Callable[[Draft], Value | None]"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One entry of the certificate. `relax` says what to wish instead where it cannot be met.

    `of_rows` is one that each row of each head meets or fails for itself.
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

    def said(self, wishes: Wishes, say: Language) -> str:
        """The sentence with its bounds."""
        bounds = {"low": self.low, "high": self.high}
        return say.text(
            self.sentence,
            **{name: written(bound(wishes)).replace(".", say.decimal) for name, bound in bounds.items() if bound},
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


def units(draft: Draft, value: Value) -> Value:
    """A distance in units of the last stated place."""
    return BALL.multiply([value, number(10**draft.wishes.places)])


def written(value: Fraction | int, places: int = 3) -> str:
    """A bound or a figure as a decimal, without zeros at its end."""
    return decimal_text(trimmed(Num(Fraction(value), places)))


from tracer.generate.requirements import effort, given, mistakes, rounding, rows  # noqa: E402  they register themselves

__all__ = ["Requirement", "effort", "given", "mistakes", "requirement", "requirements", "rounding", "rows", "units",
           "written"]  # fmt: skip
