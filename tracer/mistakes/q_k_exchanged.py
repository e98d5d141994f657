"""Queries and keys changed places."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Expr, Index, position
from tracer.mistakes import Tensors, mistake
from tracer.rewriting import bind, changed, projected_from
from tracer.trace import Step

OTHER = {"query": "key", "key": "query"}


@mistake(
    "q_k_exchanged",
    "Q and K were exchanged",
    "The rows of the scores belong to the queries, which ask; the columns belong to the keys, which are asked. "
    "W_Q makes the one, W_K the other.",
)
def q_k_exchanged(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """S[i, j] = sum over c of K[i, c] · Q[j, c]; Q[i, c] = sum over a of X[i, a] · W_K[a, c]."""
    if step.name in OTHER:
        yield from _other_weights(step, tensors)
    elif step.name in ("scores", "cosines", "bilinear", "bilinear_scores"):
        (row, n), (column, m) = ((axis.index, axis.size) for axis in step.tensor.axes)
        if n == m > 1 and not _same(tensors):
            yield bind(step.formula, {row: Index(column), column: Index(row)})


def _other_weights(step: Step, tensors: Tensors) -> Iterator[Expr]:
    (row, _), (_, width) = ((axis.index, axis.size) for axis in step.tensor.axes)
    other, formula = tensors[OTHER[step.name]], tensors.formula(OTHER[step.name])
    words, others = projected_from(step.formula), projected_from(formula)
    if other is None or formula is None or words is None or others is None or other.shape[1] < width:
        return
    if words.tensor.shape[1] == others.tensor.shape[1]:
        own = bind(formula, {other.axes[0].index: Index(row)})
        yield changed(own, lambda node: words if node == bind(others, {other.axes[0].index: Index(row)}) else None)


def _same(tensors: Tensors) -> bool:
    """Whether queries and keys are copied from the same words: then nothing changes when they are exchanged."""
    Q, K = tensors["query"], tensors["key"]
    at = position(0), position(0)
    return Q is not None and K is not None and tensors.origin(Q[at]) == tensors.origin(K[at])
