"""Back through the logit steps, the last one first: each multiplies by its own slope."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracer.expr import ONE, ZERO, Case, Div, Mul, Tensor, minus, sqrt, square
from tracer.operations import indices
from tracer.operations.backward import gradient, logit_steps
from tracer.operations.scaling import d_k
from tracer.trace import Recorder


@logit_steps.register("scale")
def scale(rec: Recorder, S: Tensor, Z: Tensor, dZ: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Back through a division.

    dS[i, j] = dZ[i, j] / √d_k, or whatever the scores were divided by        shape (n, m)
    """
    return gradient(
        rec,
        S,
        Div(dZ[indices(S)], told.get("by") or sqrt(d_k(told.get("d_k")))),
        "A score that is divided by a number moves the loss that many times less.",
    )


@logit_steps.register("softcap")
def softcap(rec: Recorder, S: Tensor, Z: Tensor, dZ: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Back through Z = c · tanh(S / c), whose slope is 1 − tanh²(S / c) = 1 − (Z / c)².

    dS[i, j] = dZ[i, j] · (1 − (Z[i, j] / c)²)        shape (n, m)
    """
    at = indices(S)
    return gradient(
        rec,
        S,
        Mul((dZ[at], minus(ONE, square(Div(Z[at], told["cap"]))))),
        "The slope of tanh is 1 − tanh², and that tanh is known already: the capped score divided by the cap. A score "
        "that was pressed hard passes hardly anything back.",
    )


@logit_steps.register("mask")
def mask(rec: Recorder, S: Tensor, Z: Tensor, dZ: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Back through a mask.

    dS[i, j] = dZ[i, j] where the key may be attended to, 0 elsewhere        shape (n, m)
    """
    assert Z.allowed
    return gradient(
        rec,
        S,
        Case(Z.allowed, dZ[indices(S)], ZERO),
        "A score that was seen passes its gradient on as it is; one that was hidden took no part, so its gradient "
        "is 0.",
        kind="arrange",
    )
