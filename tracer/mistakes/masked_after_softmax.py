"""The weights were masked, not the scores."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import ZERO, Case, Expr
from tracer.mistakes import Tensors, mistake
from tracer.mistakes.softmaxes import remasked
from tracer.trace import Step


@mistake(
    "masked_after_softmax",
    "the mask was applied after the softmax, and the rest no longer adds up to 1",
    "Mask the scores first: then the sum of the row holds only what may be seen, and the weights that remain add "
    "up to 1.",
)
def masked_after_softmax(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """A[i, j] = exp(S[i, j]) / sum over all j of exp(S[i, j]) where the mask allows it, else 0; no mask before."""
    for unmasked in remasked(step, tensors, lambda mask, seen, hidden: seen):
        allowed = step.tensor.allowed if step.name == "weights" else None
        yield Case(allowed, unmasked, ZERO) if allowed else unmasked
