"""The columns were made to add up to 1."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Expr, Index, Sum
from tracer.mistakes import Tensors, mistake
from tracer.mistakes.softmaxes import over
from tracer.rewriting import bind
from tracer.trace import Step


@mistake(
    "softmax_down_columns",
    "the softmax was taken down the columns",
    "Each query shares out its own attention, so each row adds up to 1; the columns need not.",
)
def softmax_down_columns(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """A[i, j] = E[i, j] / sum over i of E[i, j]; D[j] = sum over i of E[i, j]."""
    whole = tensors.formula("row_sums")
    if not isinstance(whole, Sum):
        return
    i, j, every = "i", whole.index, "r"
    n = step.tensor.shape[0]
    if n == whole.size == 1:
        return
    if step.name == "row_sums" and n <= whole.size:
        yield Sum(every, n, bind(whole.body, {i: Index(every), j: Index(i)}))
    elif step.name == "weights":
        down = Sum(every, n, bind(whole.body, {i: Index(every)}))
        yield over(step.formula, down)
