"""How a row shares its attention out: the steps that most normalisations have, whatever is shared out."""

from __future__ import annotations

from tracer.expr import Div, Expr, Tensor, total
from tracer.operations import attending, indices
from tracer.trace import Recorder


def exponentials(rec: Recorder, Z: Tensor, exponential: Expr) -> Tensor:
    """E[i, j], e to some power for each logit        shape (n, m)."""
    return rec.step(
        "exponentials",
        Z.axes,
        exponential,
        "Exponentials",
        "e to any power is positive, so the sum of a row can never be 0.",
    )


def row_sums(rec: Recorder, Z: Tensor, added: Expr) -> Tensor:
    """D[i], what a row is divided by        shape (n,)."""
    return rec.step("row_sums", Z.axes[:1], added, "Row sums", "Each row needs its own total to share out.")


def shares(rec: Recorder, Z: Tensor, E: Tensor) -> Tensor:
    """A[i, j] = E[i, j] / D[i] with D[i] = sum over j of E[i, j]        shape (n, m)."""
    i, j = indices(Z)
    D = row_sums(rec, Z, total(Z.axes[1], E[i, j]))
    because = "Dividing by its sum makes each row add up to 1: a share of attention for every word."
    return weights(rec, Z, Div(E[i, j], D[i]), because)


def weights(rec: Recorder, Z: Tensor, share: Expr, because: str) -> Tensor:
    """A[i, j], a share for each key that may be attended to, and 0 for a masked one        shape (n, m)."""
    return rec.step("weights", Z.axes, attending(Z, share), "Attention weights", because, allowed=Z.allowed)
