"""What may be seen was hidden, and the other way round."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.evaluate import bind_condition
from tracer.expr import Case, Expr, Index
from tracer.mistakes import Tensors, mistake
from tracer.mistakes.softmaxes import remasked
from tracer.trace import Step


@mistake(
    "mask_flipped",
    "the mask was flipped",
    "1 means “may attend”, and a causal mask hides what comes later, not what came before.",
)
def mask_flipped(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """Z[i, j] = −∞ where the mask allows it, S[i, j] elsewhere; or the mask transposed."""
    yield from remasked(step, tensors, lambda mask, seen, hidden: Case(mask, hidden, seen))
    weights = tensors["weights"]
    if weights and weights.shape[0] == weights.shape[1] > 1:
        exchanged = {"i": Index("j"), "j": Index("i")}
        yield from remasked(
            step, tensors, lambda mask, seen, hidden: Case(bind_condition(mask, exchanged), seen, hidden)
        )
