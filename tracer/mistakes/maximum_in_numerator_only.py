"""The maximum was subtracted above the line and not below."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Expr, exp, total
from tracer.mistakes import Tensors, mistake
from tracer.mistakes.softmaxes import logit, over
from tracer.operations import attending
from tracer.trace import Step


@mistake(
    "maximum_in_numerator_only",
    "the maximum was subtracted only in the numerator",
    "Subtracting the maximum changes no weight only when it happens in every exponential, those in the sum included.",
)
def maximum_in_numerator_only(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """A[i, j] = exp(Z[i, j] − m[i]) / sum over j of exp(Z[i, j])."""
    Z = logit(tensors)
    if Z is None or tensors["maxima"] is None:
        return
    unshifted = total(Z.tensor.axes[1], attending(Z.tensor, exp(Z)))
    if step.name == "row_sums":
        yield unshifted
    elif step.name == "weights":
        yield over(step.formula, unshifted)
