"""Logit steps that scale the scores; `logit_steps` is the rack of all logit steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tracer.expr import Div, Expr, Letter, Named, Tensor, num, sqrt
from tracer.operations import indices, logit_symbol
from tracer.options import NOT_ZERO, POSITIVE, Rack, required
from tracer.trace import Recorder

logit_steps: Rack[Callable[[Recorder, Tensor, Mapping[str, Any]], Tensor]] = Rack("logit step")


def d_k(size: int | None) -> Expr:
    """The number of coordinates of a key, called by its name; a letter where nobody has said it."""
    return Named("d_k", num(size) if size else Letter("d_k"))


@logit_steps.operation("scale", by=NOT_ZERO)
def scale(rec: Recorder, S: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Divide every score by the same number, √d_k unless `by` says otherwise.

    Z[i, j] = S[i, j] / √d_k        shape (n, m)

    Source: Vaswani et al. 2017, section 3.2.1: the dot product of two vectors of d_k independent
    coordinates with variance 1 has variance d_k.
    """
    by = told.get("by") or sqrt(d_k(told.get("d_k")))
    return rec.step(
        "scaled",
        S.axes,
        Div(S[indices(S)], by),
        "Scaled scores",
        "Dot products grow with the number of coordinates; dividing takes that growth out again."
        if "by" not in told
        else "All scores are divided by the same number, so that the weights come out neither too flat nor too sharp.",
        symbol=logit_symbol(S),
        allowed=S.allowed,
    )


@logit_steps.operation("temperature", by=required(POSITIVE))
def temperature(rec: Recorder, S: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Divide every score by a temperature: above 1 the weights become more equal, below 1 more unequal.

    Z[i, j] = S[i, j] / T        shape (n, m); `by` is T

    Near 0 the largest score gets everything, and with a very high temperature all keys weigh the same. Source: Hinton,
    Vinyals and Dean 2015, eq. (1).
    """
    return rec.step(
        "tempered",
        S.axes,
        Div(S[indices(S)], told["by"]),
        "Scores at this temperature",
        "The order of the scores stays; only how far apart they are changes, and with it how much the first is "
        "preferred.",
        symbol=logit_symbol(S),
        allowed=S.allowed,
    )
