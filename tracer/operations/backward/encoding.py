"""Back through the encodings: turned back, scaled back, or passed on as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracer.expr import Add, Call, Div, Index, Mul, Neg, Piece, Pieces, Tensor, position, total
from tracer.operations import indices
from tracer.operations.backward import encodings, gradient, word_encodings
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
    """Back through Q′ = Q / r with the length r of the row, which hangs on all of its coordinates.

    dr[i] = −(sum over c of dQ′[i, c] · Q′[i, c]) / r[i]            shape (n,)
    dQ[i, c] = dQ′[i, c] / r[i] + dr[i] · Q′[i, c]                  shape (n, d_k), with ∂r / ∂Q = Q / r = Q′
    """
    (i, c), r = indices(Q), rec.made(f"{told['name']}_sizes")
    dr = _sizes(rec, r, normed, d)
    return gradient(
        rec,
        Q,
        Add((Div(d[i, c], r[i]), Mul((dr[i], normed[i, c])))),
        "A coordinate counts twice: it is divided by the length, and it makes the length, as much as it points along "
        "the vector.",
    )


@encodings.register("rms-norm")
def rms_norm(rec: Recorder, Q: Tensor, normed: Tensor, d: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Back through Q′ = Q / r · g with r = √(mean of the squares + ε), and to the gain g where there is one.

    dg[c] = sum over i of dQ′[i, c] · Q[i, c] / r[i]                               shape (d_k,)
    dr[i] = −(sum over c of dQ′[i, c] · Q′[i, c]) / r[i]                           shape (n,)
    dQ[i, c] = dQ′[i, c] · g[c] / r[i] + dr[i] · Q[i, c] / (d_k · r[i])            shape (n, d_k)

    The chain rule, with ∂r / ∂Q = Q / (d_k · r).
    """
    (i, c), r = indices(Q), rec.made(f"{told['name']}_sizes")
    gain = told.get(GAINS[told["name"]])
    if gain:
        _gain(rec, gain, Q, r, d)
    dr = _sizes(rec, r, normed, d)
    passed = Mul((d[i, c], gain[c])) if gain else d[i, c]
    return gradient(
        rec,
        Q,
        Add((Div(passed, r[i]), Mul((dr[i], Div(Q[i, c], Mul((d_k(Q.shape[1]), r[i]))))))),
        "A coordinate counts twice: it is divided by the size, and it makes the size, together with all others.",
    )


def _sizes(rec: Recorder, r: Tensor, normed: Tensor, d: Tensor) -> Tensor:
    """What the sizes that all coordinates of a row were divided by mean for the loss: a quotient falls as r grows."""
    i, c = indices(normed)
    return gradient(
        rec,
        r,
        Neg(Div(total(normed.axes[1], Mul((d[i, c], normed[i, c]))), r[i])),
        "All coordinates of a row were divided by the same number; were it larger, all of them would be smaller: hence "
        "the minus sign.",
    )


def _gain(rec: Recorder, g: Tensor, Q: Tensor, r: Tensor, d: Tensor) -> Tensor:
    i, c = indices(Q)
    return gradient(
        rec,
        g,
        total(Q.axes[0], Mul((d[i, c], Div(Q[i, c], r[i])))),
        "A gain multiplies its coordinate in every row, so what comes back there is added up over all rows.",
    )
