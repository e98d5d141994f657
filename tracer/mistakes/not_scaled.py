"""The division by √d_k was forgotten."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Div, Expr
from tracer.mistakes import Tensors, mistake
from tracer.rewriting import squared
from tracer.trace import Step


@mistake(
    "not_scaled",
    "the scores were not divided by √d_k",
    "Dot products grow with the number of coordinates; dividing by √d_k takes that growth out again.",
)
def not_scaled(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """Z[i, j] = S[i, j]."""
    if step.name == "scaled" and isinstance(step.formula, Div) and squared(step.formula.bottom) != 1:
        yield step.formula.top
