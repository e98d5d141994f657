"""General bilinear similarity: a learned matrix stands between query and key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracer.expr import Axis, Index, Mul, Tensor, total
from tracer.operations.similarity import beside, similarities
from tracer.trace import Recorder


@similarities.operation("bilinear", needs=("W_S",))
def general(rec: Recorder, Q: Tensor, K: Tensor, told: Mapping[str, Any]) -> Tensor:
    """A dot product of the keys with queries that a matrix has carried over to them.

    S[i, j] = sum over b of U[i, b] · K[j, b]        U = Q W_S [n, d_k], W_S [d_q, d_k]; S = Q W_S Kᵀ

    With W_S = 1 it is the dot product. Source: Luong, Pham and Manning 2015, section 3.1, “general”: h_tᵀ W_a h_s.
    """
    beside(rec, Q, K)
    W = told["W_S"]
    i, j, a, b = Index("i"), Index("j"), Index("a"), Index("b")
    inner = Axis("b", W.shape[1])
    U = rec.step(
        "carried_query",
        (Q.axes[0], inner),
        total(Axis("a", W.shape[0]), Mul((Q[i, a], W[a, b]))),
        "Queries carried over",
        "W_S says which coordinate of a query goes with which coordinate of a key; a dot product pairs each only with "
        "the one at the same place.",
    )
    return rec.step(
        "scores",
        (Q.axes[0], K.axes[0]),
        total(inner, Mul((U[i, b], K[j, b]))),
        "Scores",
        "The query that was carried over is compared with the keys by a dot product.",
    )
