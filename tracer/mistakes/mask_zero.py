"""Hidden scores were set to 0."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import MINUS_INFINITY, ZERO, Case, Expr
from tracer.mistakes import Tensors, mistake
from tracer.mistakes.softmaxes import exponential, remasked
from tracer.trace import Step


@mistake(
    "mask_zero",
    "hidden scores were set to 0 instead of −∞",
    "A score of 0 still counts, because e⁰ = 1; only −∞ has the exponential 0, and so no weight at all.",
)
def mask_zero(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """Z[i, j] = 0 for hidden keys, and its exponential is 1."""
    if step.name == "masked" or exponential(tensors):
        yield from remasked(
            step, tensors, lambda mask, seen, hidden: Case(mask, seen, ZERO) if hidden == MINUS_INFINITY else seen
        )
