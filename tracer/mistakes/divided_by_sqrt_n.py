"""The number of words was taken for the number of coordinates."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Div, Expr, Named, num, sqrt
from tracer.mistakes import Tensors, mistake
from tracer.rewriting import squared
from tracer.trace import Step


@mistake(
    "divided_by_sqrt_n",
    "the scores were divided by the root of the number of words",
    "d_k counts the coordinates of a key, which are the columns of K; how many words there are plays no part in a"
    " dot product.",
)
def divided_by_sqrt_n(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """Z[i, j] = S[i, j] / √n, or √m."""
    if step.name == "scaled" and isinstance(step.formula, Div):
        for size in dict.fromkeys(step.tensor.shape):
            if squared(step.formula.bottom) != size:
                yield Div(step.formula.top, sqrt(Named("n", num(size))))
