"""Lengths, cosines and angles: similarity without the lengths."""

from __future__ import annotations

from fractions import Fraction

from tracer.expr import Axis, Call, Constant, Div, Index, Mul, Num, Tensor, sqrt, square, total
from tracer.operations import indices
from tracer.trace import Recorder

TITLES = {"query_norms": "Lengths of the queries", "key_norms": "Lengths of the keys"}


def norms(rec: Recorder, name: str, Q: Tensor) -> Tensor:
    """The length of each row.

    ‖q‖[i] = √(sum over c of Q[i, c]²)        shape (n,)
    """
    i, c = indices(Q)
    return rec.step(
        name,
        Q.axes[:1],
        sqrt(total(Q.axes[1], square(Q[i, c]))),
        TITLES[name],
        "The length of a vector, by Pythagoras, is what a cosine divides by.",
    )


def cosines(rec: Recorder, Q: Tensor, K: Tensor, q: Tensor, k: Tensor) -> Tensor:
    """The cosine of the angle between each query and each key.

    cos θ[i, j] = (sum over c of Q[i, c] · K[j, c]) / (‖q‖[i] · ‖k‖[j])        shape (n, m), between −1 and 1
    """
    i, j, c = Index("i"), Index("j"), Index("c")
    dot = total(Q.axes[1], Mul((Q[i, c], K[j, c])))
    return rec.step(
        "cosines",
        (Q.axes[0], Axis("j", K.shape[0], "key")),
        Div(dot, Mul((q[i], k[j]))),
        "Cosines",
        "Dividing by both lengths leaves only the direction: 1 for the same direction, 0 for a right angle.",
    )


def angles(rec: Recorder, C: Tensor) -> Tensor:
    """The angle whose cosine it is, in degrees.

    θ[i, j] = 180/π · arccos(cos θ[i, j])        shape (n, m), degrees from 0 to 180
    """
    degrees = Div(Num(Fraction(180)), Constant("π"))
    return rec.step(
        "angles",
        C.axes,
        Mul((degrees, Call("arccos", C[indices(C)]))),
        "Angles",
        "The same comparison as an angle, which can be seen in a drawing.",
        unit="°",
    )
