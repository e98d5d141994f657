"""A weight matrix was read by columns instead of rows."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Cell, Expr
from tracer.mistakes import Tensors, mistake
from tracer.rewriting import variants
from tracer.trace import Step


@mistake(
    "w_transposed",
    "a weight matrix was used transposed",
    "In X W a row of X meets a column of W; in X Wᵀ and in W x the coordinates of a word meet a row of W. The "
    "conventions say which it is.",
)
def w_transposed(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """Q[i, c] = sum over a of X[i, a] · W_Q[c, a]; where W is square."""
    yield from variants(step.formula, _turned)


def _turned(node: Expr) -> Iterator[Expr]:
    match node:
        case Cell(W, (a, c)) if "W_" in W.id and W.shape[0] == W.shape[1] > 1:
            yield W[c, a]
