"""The whole matrix was made to add up to 1."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Expr, Index, Sum
from tracer.mistakes import Tensors, mistake
from tracer.mistakes.softmaxes import over
from tracer.rewriting import bind
from tracer.trace import Step


@mistake(
    "softmax_whole_matrix",
    "the softmax was taken over the whole matrix",
    "Each row is a softmax of its own: divide by the sum of that row, not by the sum of all exponentials.",
)
def softmax_whole_matrix(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """A[i, j] = E[i, j] / sum over all i, j of E[i, j]; D[i] = sum over all of them."""
    whole = tensors.formula("row_sums")
    n = step.tensor.shape[0]
    if not isinstance(whole, Sum) or n == 1:
        return
    everything = Sum("r", n, bind(whole, {"i": Index("r")}))
    if step.name == "row_sums":
        yield everything
    elif step.name == "weights":
        yield over(step.formula, everything)
