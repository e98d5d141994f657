"""Back through the similarity: what the gradients of the scores mean for queries and keys."""

from __future__ import annotations

from tracer.expr import Div, Index, Mul, Tensor, minus, total
from tracer.operations.backward import gradient, similarities
from tracer.trace import Recorder

REASONS = {
    "query": "A query meets every key, so its gradient is a mixture of the keys, each as much as its score's gradient "
    "says.",
    "key": "A key meets every query, so its gradient is a mixture of the queries, each as much as its score's gradient "
    "says.",
    "query, turned": "Only the direction of a query counts, so of each key's direction the part along the query itself "
    "is taken away.",
    "key, turned": "Only the direction of a key counts, so of each query's direction the part along the key itself is "
    "taken away.",
}


@similarities.register("dot")
def dot(rec: Recorder, Q: Tensor, K: Tensor, dS: Tensor) -> tuple[Tensor, Tensor]:
    """Back through the dot products S = Q Kᵀ.

    dQ[i, c] = sum over j of dS[i, j] · K[j, c]        shape (n, d_k); dQ = dS K
    dK[j, c] = sum over i of dS[i, j] · Q[i, c]        shape (m, d_k); dK = dSᵀ Q
    """
    i, j, c = Index("i"), Index("j"), Index("c")
    rows, columns = dS.axes
    return (
        gradient(rec, Q, total(columns, Mul((dS[i, j], K[j, c]))), REASONS["query"]),
        gradient(rec, K, total(rows, Mul((dS[i, j], Q[i, c]))), REASONS["key"]),
    )


@similarities.register("cosine")
def cosine(rec: Recorder, Q: Tensor, K: Tensor, dS: Tensor) -> tuple[Tensor, Tensor]:
    """Back through the cosines C[i, j] = q·k / (‖q‖ ‖k‖).

    dQ[i, c] = sum over j of dS[i, j] · (K[j, c] / ‖k‖[j] − C[i, j] · Q[i, c] / ‖q‖[i]) / ‖q‖[i]
    dK[j, c] = sum over i of dS[i, j] · (Q[i, c] / ‖q‖[i] − C[i, j] · K[j, c] / ‖k‖[j]) / ‖k‖[j]

    The quotient rule, with ∂‖q‖ / ∂q = q / ‖q‖.
    """
    i, j, c = Index("i"), Index("j"), Index("c")
    q, k, C = (rec.made(name) for name in ("query_norms", "key_norms", "cosines"))
    key, query = Div(K[j, c], k[j]), Div(Q[i, c], q[i])
    along_query, along_key = Mul((C[i, j], query)), Mul((C[i, j], key))
    rows, columns = dS.axes
    return (
        gradient(rec, Q, Div(total(columns, Mul((dS[i, j], minus(key, along_query)))), q[i]), REASONS["query, turned"]),
        gradient(rec, K, Div(total(rows, Mul((dS[i, j], minus(query, along_key)))), k[j]), REASONS["key, turned"]),
    )
