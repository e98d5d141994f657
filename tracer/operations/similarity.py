"""How similar a query is to a key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tracer.expr import Axis, Index, Mul, Tensor, total
from tracer.operations import indices, norms
from tracer.options import Rack
from tracer.trace import Recorder

similarities: Rack[Callable[[Recorder, Tensor, Tensor, Mapping[str, Any]], Tensor]] = Rack("similarity")


def compared(rec: Recorder, Q: Tensor, K: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Lengths, cosines and angles, beside the pass or used by its similarity. Returns both lengths, and the cosines."""
    q, k = norms.norms(rec, "query_norms", Q), norms.norms(rec, "key_norms", K)
    C = norms.cosines(rec, Q, K, q, k)
    norms.angles(rec, C)
    return q, k, C


def beside(rec: Recorder, Q: Tensor, K: Tensor) -> None:
    """The same comparisons beside a similarity that does without them, where queries and keys have as many columns."""
    if Q.shape[1] == K.shape[1]:
        compared(rec, Q, K)


@similarities.operation("dot")
def dot(rec: Recorder, Q: Tensor, K: Tensor, told: Mapping[str, Any]) -> Tensor:
    """The dot product of each query with each key.

    S[i, j] = sum over c of Q[i, c] · K[j, c]        shape (n, m); S = Q Kᵀ

    Source: Vaswani et al. 2017, section 3.2.1.
    """
    compared(rec, Q, K)
    i, j, c = Index("i"), Index("j"), Index("c")
    return rec.step(
        "scores",
        (Q.axes[0], Axis("j", K.shape[0], "key")),
        total(Q.axes[1], Mul((Q[i, c], K[j, c]))),
        "Scores",
        "The dot product is large where query and key point the same way, and 0 where they have nothing in common.",
    )


@similarities.operation("cosine")
def cosine(rec: Recorder, Q: Tensor, K: Tensor, told: Mapping[str, Any]) -> Tensor:
    """The cosine of the angle between each query and each key.

    S[i, j] = cos θ[i, j]        shape (n, m), between −1 and 1
    """
    _, _, C = compared(rec, Q, K)
    return rec.step(
        "scores",
        C.axes,
        C[indices(C)],
        "Scores",
        "In this pass the cosine itself is the score: only directions count.",
        kind="arrange",
    )
