"""The cosine was divided by one length."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Div, Expr, Mul
from tracer.mistakes import Tensors, mistake
from tracer.trace import Step


@mistake(
    "one_norm_only",
    "the dot product was divided by only one of the two lengths",
    "A cosine is the dot product divided by the length of the query and by that of the key.",
)
def one_norm_only(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """Cos θ[i, j] = (sum over c of Q[i, c] · K[j, c]) / ‖q‖[i], or / ‖k‖[j]."""
    match step.formula:
        case Div(top, Mul((q, k))) if step.name == "cosines":
            yield Div(top, q)
            yield Div(top, k)
