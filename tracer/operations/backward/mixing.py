"""Back through the mixing O = A V: the product rule for two matrices."""

from __future__ import annotations

from tracer.expr import Index, Mul, Tensor, total
from tracer.operations.backward import gradient
from tracer.trace import Recorder


def values(rec: Recorder, A: Tensor, V: Tensor, dO: Tensor) -> Tensor:
    """The gradient of the values.

    dV[j, c] = sum over i of A[i, j] · dO[i, c]        shape (m, d_v); dV = Aᵀ dO
    """
    i, j, c = Index("i"), Index("j"), Index("c")
    return gradient(
        rec,
        V,
        total(A.axes[0], Mul((A[i, j], dO[i, c]))),
        "A value goes into every output with a weight, so it gets a share of every output's gradient with the same "
        "weight.",
    )


def weights(rec: Recorder, A: Tensor, V: Tensor, dO: Tensor) -> Tensor:
    """The gradient of the weights.

    dA[i, j] = sum over c of dO[i, c] · V[j, c]        shape (n, m); dA = dO Vᵀ
    """
    i, j, c = Index("i"), Index("j"), Index("c")
    return gradient(
        rec,
        A,
        total(V.axes[1], Mul((dO[i, c], V[j, c]))),
        "A weight multiplies a value vector, so the loss changes with it by the dot product of that vector with the "
        "output's gradient.",
    )
