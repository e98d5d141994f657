"""Back through the logit steps, the last one first: each multiplies by its own slope."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracer.expr import (
    ONE,
    ZERO,
    Axis,
    Case,
    Div,
    Expr,
    Index,
    Mul,
    Piece,
    Pieces,
    Tensor,
    minus,
    position,
    sqrt,
    square,
    total,
)
from tracer.operations import indices
from tracer.operations.backward import gradient, logit_steps
from tracer.operations.scaling import d_k
from tracer.trace import Recorder

PASSED = "To this score something was only added, so it passes its gradient on as it is."


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


@logit_steps.register("temperature")
def temperature(rec: Recorder, S: Tensor, Z: Tensor, dZ: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Back through a division by the temperature T.

    dS[i, j] = dZ[i, j] / T        shape (n, m); `by` is T
    """
    return gradient(
        rec,
        S,
        Div(dZ[indices(S)], told["by"]),
        "The hotter it is, the less one score matters to the weights, and so to the loss.",
    )


@logit_steps.register("bias")
def bias(rec: Recorder, S: Tensor, Z: Tensor, dZ: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Back through Z = S + B, to both of them.

    dB[i, j] = dZ[i, j];   dS[i, j] = dZ[i, j]        shapes (n, m)

    A key that is masked by −∞ has gradient 0 in dZ already.
    """
    at = indices(S)
    gradient(
        rec,
        told["bias"],
        dZ[at],
        "The bias was added as it is, so each of its numbers gets the gradient of the score it was added to.",
        kind="arrange",
    )
    return gradient(rec, S, dZ[at], PASSED, kind="arrange")


@logit_steps.register("alibi")
def alibi(rec: Recorder, S: Tensor, Z: Tensor, dZ: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Back through Z = S − s · |i − j|, whose distances hang on nothing that is given.

    dS[i, j] = dZ[i, j]        shape (n, m)
    """
    return gradient(rec, S, dZ[indices(S)], PASSED, kind="arrange")


@logit_steps.register("relative")
def relative(rec: Recorder, S: Tensor, Z: Tensor, dZ: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Back through Z[i, j] = S[i, j] + r[j − i + n], to both: a number of r was used all along its diagonal.

    dr[c] = sum of dZ[i, j] over all i, j with j − i + n = c        shape (n + m − 1,)
    dS[i, j] = dZ[i, j]                                             shape (n, m)
    """
    r = told["relative"]
    diagonals = (Piece(position(c), 1, _diagonal(dZ, c - dZ.shape[0] + 1)) for c in range(r.shape[0]))
    gradient(
        rec,
        r,
        Pieces(r.axes[0].index, tuple(diagonals)),
        "The number of a distance was added all along a diagonal, so what comes back on that diagonal is added up.",
    )
    return gradient(rec, S, dZ[indices(S)], PASSED, kind="arrange")


def _diagonal(dZ: Tensor, distance: int) -> Expr:
    """The sum of all dZ[i, i + distance]."""
    (n, m), i = dZ.shape, Index("i")
    row, column = max(0, -distance), max(0, distance)
    size = min(n - row, m - column)
    return total(Axis("i", size), dZ[i + row, i + column]) if size > 1 else dZ[position(row), position(column)]


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
