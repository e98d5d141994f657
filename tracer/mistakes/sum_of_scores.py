"""The row of scores was added up, not that of the exponentials."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Expr, total
from tracer.mistakes import Tensors, mistake
from tracer.mistakes.softmaxes import exponential, logit, over
from tracer.operations import attending
from tracer.trace import Step


@mistake(
    "sum_of_scores",
    "the scores of the row were added up instead of the exponentials",
    "What is shared out are the exponentials, so what a weight is divided by is the sum of the exponentials of "
    "its row.",
)
def sum_of_scores(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """D[i] = sum over j of Z[i, j]; A[i, j] = E[i, j] / sum over j of Z[i, j]."""
    Z = logit(tensors)
    if Z is None or exponential(tensors) is None:
        return
    scores = total(Z.tensor.axes[1], attending(Z.tensor, Z))
    if step.name == "row_sums":
        yield scores
    elif step.name == "weights":
        yield over(step.formula, scores)
