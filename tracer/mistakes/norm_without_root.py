"""The squares were added up and that was all."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Call, Div, Expr, Mul, square
from tracer.mistakes import Tensors, mistake
from tracer.trace import Step


@mistake(
    "norm_without_root",
    "the square root of a length was forgotten",
    "By Pythagoras the sum of the squares is the square of the length; the length is its root.",
)
def norm_without_root(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """‖q‖[i] = sum over c of Q[i, c]²; cos θ[i, j] with the squares of the lengths."""
    match step.formula:
        case Call("sqrt", body):
            yield body
        case Div(top, Mul((q, k))) if step.name == "cosines":
            yield Div(top, Mul((square(q), square(k))))
