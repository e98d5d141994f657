"""Additive similarity: a small network looks at query and key together; the score is what it says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracer.expr import Add, Axis, Call, Expr, Index, Mul, Tensor, position, total
from tracer.operations.projection import projections
from tracer.operations.similarity import beside, similarities
from tracer.trace import Recorder

TITLES = {"query_features": "Features of the queries", "key_features": "Features of the keys"}
REASONS = {
    "query_features": "W_1 brings the query to the features in which the two are put together.",
    "key_features": "W_2 brings the key to the same features; a key may have more or fewer coordinates than a query.",
}


def features(rec: Recorder, name: str, Q: Tensor, W: Tensor) -> Tensor:
    """A query or a key in the features in which the two are added.

    F[i, c] = sum over a of Q[i, a] · W_1[a, c]        shape (n, d_a); G = K W_2, in the projection's convention
    """
    convention, (rows, _) = projections[rec.problem.wiring.projection], Q.axes
    return rec.step(
        name,
        (rows, Axis("c", W.shape[convention.outputs_axis])),
        convention.entry(Q, W, Index(rows.index), Index("c")),
        TITLES[name],
        REASONS[name],
    )


def activation(F: Tensor, G: Tensor, row: Index) -> Expr:
    """Tanh of the sum of a query's feature and a key's."""
    j, c = Index("j"), Index("c")
    return Call("tanh", Add((F[row, c], G[j, c])))


def activations(rec: Recorder, F: Tensor, G: Tensor, row: int) -> Tensor:
    """What becomes of one query together with each key.

    T[j, c] = tanh(F[i, c] + G[j, c]) for this row i        shape (m, d_a), each between −1 and 1
    """
    return rec.step(
        f"row{row + 1}.activations",
        (G.axes[0], F.axes[1]),
        activation(F, G, position(row)),
        "Query and key together",
        "The features of both are added, and tanh presses each sum between −1 and 1: this is what is new beside a dot "
        "product, in which query and key only meet by multiplication.",
        symbol=f"T_{row + 1}",
    )


@similarities.operation("additive", needs=("W_1", "W_2", "v"))
def additive(rec: Recorder, Q: Tensor, K: Tensor, told: Mapping[str, Any]) -> Tensor:
    """A network with one hidden layer that is shown a query and a key.

    S[i, j] = sum over c of v[c] · tanh(F[i, c] + G[j, c])        F = Q W_1 [n, d_a], G = K W_2 [m, d_a], v [d_a]

    Queries and keys may have different numbers of columns. Source: Bahdanau, Cho and Bengio 2015, appendix A.1.2:
    v_aᵀ tanh(W_a s + U_a h), with W_a as W_1 and U_a as W_2.
    """
    beside(rec, Q, K)
    F = features(rec, "query_features", Q, told["W_1"])
    G = features(rec, "key_features", K, told["W_2"])
    for row in range(Q.shape[0]):
        activations(rec, F, G, row)
    return rec.step(
        "scores",
        (Q.axes[0], G.axes[0]),
        total(F.axes[1], Mul((told["v"][Index("c")], activation(F, G, Index("i"))))),
        "Scores",
        "v says how much each feature counts: a learned answer to the question whether key and query go together.",
    )
