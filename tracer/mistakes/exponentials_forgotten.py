"""The scores themselves were shared out."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Expr
from tracer.mistakes import Tensors, mistake
from tracer.mistakes.softmaxes import logit, unlike_exponentials
from tracer.trace import Step


@mistake(
    "exponentials_forgotten",
    "the exponentials were forgotten, and the scores were divided by their own sum",
    "Softmax first takes e to the power of every score, so that negative scores too give positive weights, and "
    "only then divides by the sum of the row.",
)
def exponentials_forgotten(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """A[i, j] = Z[i, j] / sum over j of Z[i, j]; E[i, j] = Z[i, j], or Z[i, j] − m[i]."""
    if Z := logit(tensors):
        yield from unlike_exponentials(step, tensors, lambda body: Z)
        yield from unlike_exponentials(step, tensors, lambda body: body) if tensors["maxima"] else ()
