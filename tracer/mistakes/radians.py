"""The angle is in radians."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Expr, Mul
from tracer.mistakes import Tensors, mistake
from tracer.trace import Step


@mistake(
    "radians",
    "the angle is in radians",
    "The angle is asked for in degrees: multiply radians by 180/π, or set the calculator to degrees.",
)
def radians(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """θ[i, j] = arccos(cos θ[i, j])."""
    if step.name == "angles" and isinstance(step.formula, Mul):
        yield step.formula.factors[1]
