"""The same score in one step: W_Q and W_K act together as one matrix between the two words."""

from __future__ import annotations

from tracer.expr import Axis, Expr, Index, Mul, Tensor, total
from tracer.trace import Recorder


def bilinear(rec: Recorder, W_Q: Tensor, W_K: Tensor, inputs_axis: int, columns: range) -> Tensor:
    """The matrix that compares two words.

    T[a, b] = sum over c of W_Q[a, c] · W_K[b, c]        shape (d_model, d_model); T = W_Q W_Kᵀ

    `inputs_axis` says which axis of the weights runs over the inputs, `columns` which outputs belong to
    the head.
    """
    a, b, c = Index("a"), Index("b"), Index("c", 1, columns.start)

    def at(W: Tensor, x: Index) -> Expr:
        return W[(x, c) if inputs_axis == 0 else (c, x)]

    return rec.step(
        "bilinear",
        (Axis("a", W_Q.shape[inputs_axis]), Axis("b", W_K.shape[inputs_axis])),
        total(Axis("c", len(columns)), Mul((at(W_Q, a), at(W_K, b)))),
        "One matrix for both",
        "A score needs W_Q and W_K only together: this matrix says which coordinates of two words go with each other.",
    )


def bilinear_scores(rec: Recorder, X: Tensor, T: Tensor, Y: Tensor) -> Tensor:
    """The scores, found through T.

    S_T[i, j] = sum over a, b of X[i, a] · T[a, b] · Y[j, b]        shape (n, m); x T yᵀ for each pair of words
    """
    i, j, a, b = Index("i"), Index("j"), Index("a"), Index("b")
    return rec.step(
        "bilinear_scores",
        (Axis("i", X.shape[0], "query"), Axis("j", Y.shape[0], "key")),
        total(T.axes[0], total(T.axes[1], Mul((X[i, a], T[a, b], Y[j, b])))),
        "The scores through that matrix",
        "The same scores come out, without queries and keys.",
    )
