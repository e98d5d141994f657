"""Softmaxes with another base: two in place of e, or a root of e, which is a temperature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracer.expr import Div, Pow, Tensor, exp, num
from tracer.operations import attending, indices
from tracer.operations.normalisation import normalisations
from tracer.operations.sharing import exponentials, shares
from tracer.options import POSITIVE, required
from tracer.trace import Recorder


@normalisations.operation("softmax-base-2", traits=("rows add up to 1", "rows may be shifted"))
def base_2(rec: Recorder, Z: Tensor, told: Mapping[str, Any]) -> Tensor:
    """The softmax with powers of 2: a score that is 1 higher weighs twice as much.

    A[i, j] = 2^Z[i, j] / sum over j of 2^Z[i, j]        shape (n, m); the softmax of Z · ln 2

    Source: Dao 2023, FlashAttention-2, whose kernels take 2 to the power of Z · log₂ e, which is faster.
    """
    E = rec.step(
        "exponentials",
        Z.axes,
        attending(Z, Pow(num(2), Z[indices(Z)])),
        "Powers of 2",
        "Powers of 2 are positive too, and for whole scores one knows them by heart: one more is twice as much.",
    )
    return shares(rec, Z, E)


@normalisations.operation(
    "softmax-temperature", traits=("rows add up to 1", "rows may be shifted"), temperature=required(POSITIVE)
)
def temperature(rec: Recorder, Z: Tensor, told: Mapping[str, Any]) -> Tensor:
    """The softmax at a temperature T: e to Z/T, so a high T makes the weights alike, a low one picks the largest.

    A[i, j] = exp(Z[i, j] / T) / sum over j of exp(Z[i, j] / T)        shape (n, m); `temperature` is T > 0

    Source: Hinton, Vinyals and Dean 2015, eq. (1).
    """
    return shares(rec, Z, exponentials(rec, Z, attending(Z, exp(Div(Z[indices(Z)], told["temperature"])))))
