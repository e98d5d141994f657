"""Back through the encodings: turned back, scaled back, or passed on as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracer.expr import Add, Call, Div, Expr, Index, Mul, Neg, Piece, Pieces, Tensor, minus, position, total
from tracer.operations import indices
from tracer.operations.backward import TITLES, encodings, gradient, word_encodings
from tracer.operations.qk_norm import GAINS
from tracer.operations.rotary import PAIRINGS, USUAL_PAIRING
from tracer.operations.scaling import d_k
from tracer.trace import Recorder


@word_encodings.register("sinusoidal")
def sinusoidal(rec: Recorder, X: Tensor, encoded: Tensor, d: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Back through X′ = X + PE, whose positions hang on nothing that is given.

    dX[i, a] = dX′[i, a]        shape (n, d_model)
    """
    return gradient(
        rec,
        X,
        d[indices(X)],
        "The positions were only added, so a word passes on the whole gradient of the word with its position.",
        kind="arrange",
    )


@encodings.register("rotary")
def rotary(rec: Recorder, Q: Tensor, rotated: Tensor, d: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Back through a rotation of each pair (a, b): the gradient is turned by the same angle the other way.

    dQ[i, a] = dQ′[i, a] · cos φ[i, t] + dQ′[i, b] · sin φ[i, t]
    dQ[i, b] = −dQ′[i, a] · sin φ[i, t] + dQ′[i, b] · cos φ[i, t]        shape (n, d_k)

    Coordinates that were not turned pass theirs on. A rotation has its inverse for its transpose. Source: Su et al.
    2021 (RoFormer), section 3.4.2, for the rotation.
    """
    width = told.get("dimensions", Q.shape[1])
    F = rec.made(f"{told['name']}_angles")
    row, column = indices(Q)
    t = Index("t") if width > 2 else position(0)
    a, b = PAIRINGS[told.get("pairing", USUAL_PAIRING)].pair(t, width // 2)
    cos, sin = Call("cos", F[row, t]), Call("sin", F[row, t])
    pieces = [
        Piece(a, width // 2, Add((Mul((d[row, a], cos)), Mul((d[row, b], sin))))),
        Piece(b, width // 2, Add((Neg(Mul((d[row, a], sin))), Mul((d[row, b], cos))))),
    ]
    if width < Q.shape[1]:
        pieces.append(Piece(column, Q.shape[1], d[row, column]))
    return gradient(
        rec,
        Q,
        Pieces(column.name or "", tuple(pieces)),
        "On the way back each pair is turned by the same angle the other way: the sine has the opposite sign.",
    )


@encodings.register("l2-norm")
def l2_norm(rec: Recorder, Q: Tensor, normed: Tensor, d: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Back through Q′ = Q / r with the length r of the row.

    dQ[i, c] = (dQ′[i, c] − Q′[i, c] · sum over k of dQ′[i, k] · Q′[i, k]) / r[i]        shape (n, d_k)

    The quotient rule, with ∂r / ∂Q = Q / r.
    """
    i, c, k = *indices(Q), Index("k")
    r = rec.made(f"{told['name']}_sizes")
    along = _over(Q, Mul((d[i, k], normed[i, k])))
    return gradient(
        rec,
        Q,
        Div(minus(d[i, c], Mul((normed[i, c], along))), r[i]),
        "A longer vector has the same direction, so what points along the vector itself is taken away; and the longer "
        "it was, the less a change of it matters.",
    )


@encodings.register("rms-norm")
def rms_norm(rec: Recorder, Q: Tensor, normed: Tensor, d: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Back through Q′ = Q / r · g with r = √(mean of the squares + ε), and to the gain g where there is one.

    dQ[i, c] = (dQ′[i, c] · g[c] − Q[i, c] / r[i] · (sum over k of dQ′[i, k] · Q′[i, k]) / d_k) / r[i]    shape (n, d_k)
    dg[c] = sum over i of dQ′[i, c] · Q[i, c] / r[i]                                                     shape (d_k,)

    The quotient rule, with ∂r / ∂Q = Q / (d_k · r).
    """
    i, c, k = *indices(Q), Index("k")
    r, gain = rec.made(f"{told['name']}_sizes"), told.get(GAINS[told["name"]])
    mean = Div(_over(Q, Mul((d[i, k], normed[i, k]))), d_k(Q.shape[1]))
    own: Expr = d[i, c]
    if gain:
        own = Mul((d[i, c], gain[c]))
        name = GAINS[told["name"]]
        rec.step(
            f"d_{name}",
            gain.axes,
            total(Q.axes[0], Mul((d[i, c], Div(Q[i, c], r[i])))),
            TITLES[name],
            "A gain multiplies its coordinate in every row, so what comes back there is added up over all rows.",
            symbol=f"d{gain.symbol}",
        )
    return gradient(
        rec,
        Q,
        Div(minus(own, Mul((Div(Q[i, c], r[i]), mean))), r[i]),
        "A larger vector is made as small as any other, so what points along the vector itself is taken away; and the "
        "larger it was, the less a change of it matters.",
    )


def _over(Q: Tensor, body: Expr) -> Expr:
    """The sum over the coordinates, counted by k, for c stands at one of them."""
    axis = Q.axes[1]
    return total(type(axis)("k", axis.size), body)
