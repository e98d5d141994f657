"""Negative squared distance: what comes of subtracting instead of multiplying."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracer.expr import Add, Index, Mul, Neg, Tensor, minus, num, position, square, total
from tracer.operations.similarity import compared, similarities
from tracer.trace import Recorder


def differences(rec: Recorder, Q: Tensor, K: Tensor, row: int) -> Tensor:
    """One query less each key.

    Δ[j, c] = Q[i, c] − K[j, c] for this row i        shape (m, d_k)
    """
    j, c = Index("j"), Index("c")
    return rec.step(
        f"row{row + 1}.differences",
        K.axes,
        minus(Q[position(row), c], K[j, c]),
        "Query minus key",
        "Subtracting two vectors gives a vector and no score: its length, the distance, says how far apart they are.",
        symbol=f"Δ_{row + 1}",
    )


@similarities.operation("negative-squared-distance")
def negative_squared_distance(rec: Recorder, Q: Tensor, K: Tensor, told: Mapping[str, Any]) -> Tensor:
    """How near a key is to a query: 0 where they are equal, far below 0 where they are far apart.

    S[i, j] = −(sum over c of (Q[i, c] − K[j, c])²)        shape (n, m), never above 0; S = −‖q − k‖²

    With softmax a Gaussian kernel: weights fall as e to the negative squared distance (Nadaraya 1964, Watson 1964; Tsai
    et al. 2019, section 3.1).
    """
    q, k, _ = compared(rec, Q, K)
    for row in range(Q.shape[0]):
        differences(rec, Q, K, row)
    i, j, c = Index("i"), Index("j"), Index("c")
    S = rec.step(
        "scores",
        (Q.axes[0], K.axes[0]),
        Neg(total(Q.axes[1], square(minus(Q[i, c], K[j, c])))),
        "Scores",
        "A distance is small where words are alike and a score must be large there, so it gets a minus sign: equal "
        "vectors have 0, the largest score there is, and far ones a very negative one. Squared, it needs no root.",
    )
    expanded(rec, Q, K, q, k)
    return S


def expanded(rec: Recorder, Q: Tensor, K: Tensor, q: Tensor, k: Tensor) -> Tensor:
    """The same scores from dot products and lengths.

    S′[i, j] = −‖q‖[i]² + 2 · (sum over c of Q[i, c] · K[j, c]) − ‖k‖[j]²        shape (n, m), equal to S
    """
    i, j, c = Index("i"), Index("j"), Index("c")
    dot = total(Q.axes[1], Mul((Q[i, c], K[j, c])))
    return rec.step(
        "expanded_scores",
        (Q.axes[0], K.axes[0]),
        Add((Neg(square(q[i])), Mul((num(2), dot)), Neg(square(k[j])))),
        "The same without subtracting",
        "Multiplied out, it is a dot product again: twice the dot product, less both squared lengths. The query’s is "
        "the same in its whole row, and a softmax does not notice it; what is left is that long keys lose. So that is "
        "why one need not subtract: where all keys are equally long, the dot product says the same with less work.",
    )
