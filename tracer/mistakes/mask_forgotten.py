"""The mask was not applied."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Expr
from tracer.mistakes import Tensors, mistake
from tracer.mistakes.softmaxes import remasked
from tracer.trace import Step


@mistake(
    "mask_forgotten",
    "the mask was forgotten",
    "A key that the mask hides must not be seen: its score becomes −∞ before the exponentials, so that it weighs "
    "exactly 0.",
)
def mask_forgotten(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """Z[i, j] = S[i, j] for hidden keys too."""
    yield from remasked(step, tensors, lambda mask, seen, hidden: seen)
