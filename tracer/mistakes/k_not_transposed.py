"""The rows of Q met the columns of K."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Cell, Expr, Mul, Sum
from tracer.mistakes import Tensors, mistake
from tracer.rewriting import variants
from tracer.trace import Step


@mistake(
    "k_not_transposed",
    "the rows of Q were multiplied with the columns of K",
    "A score compares a query with a key, and both are rows: row i of Q with row j of K. That is what the ᵀ in Q "
    "Kᵀ stands for.",
)
def k_not_transposed(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """S[i, j] = sum over c of Q[i, c] · K[c, j], or of Q[c, i] · K[c, j]; where Q and K are square."""
    if step.name in ("scores", "cosines"):
        yield from variants(step.formula, _columns)


def _columns(node: Expr) -> Iterator[Expr]:
    match node:
        case Sum(_, size, Mul((Cell(Q, (i, c)), Cell(K, (j, d))))) if size > 1 and K.shape == (size, size):
            yield Sum(node.index, size, Mul((Q[i, c], K[d, j])))
            if Q.shape == (size, size):
                yield Sum(node.index, size, Mul((Q[c, i], K[d, j])))
