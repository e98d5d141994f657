"""The width of the words was taken for that of the keys."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Div, Expr, Named, num, position, sqrt
from tracer.mistakes import Tensors, mistake
from tracer.rewriting import squared
from tracer.trace import Step


@mistake(
    "divided_by_sqrt_d_model",
    "the scores were divided by √d_model instead of √d_k",
    "A score is a sum over the d_k coordinates of one key, in one head; how long the word vectors are plays no "
    "part in it.",
)
def divided_by_sqrt_d_model(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """Z[i, j] = S[i, j] / √d_model, with the columns of X, or of the queries of all heads."""
    if step.name == "scaled" and isinstance(step.formula, Div):
        for size in dict.fromkeys(_widths(tensors)):
            if squared(step.formula.bottom) != size:
                yield Div(step.formula.top, sqrt(Named("d_model", num(size))))


def _widths(tensors: Tensors) -> Iterator[int]:
    for name in ("X", "Y", "embedding"):
        if words := tensors[name]:
            yield words.shape[1]
    if Q := tensors["query"]:
        yield tensors.origin(Q[position(0), position(0)]).tensor.shape[1]
