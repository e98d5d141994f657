"""The division by √d_k was forgotten."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Div, Expr
from tracer.mistakes import Tensors, mistake
from tracer.rewriting import squared
from tracer.trace import Step


@mistake(
    "not_scaled",
    "the scores were not scaled",
    "Divide every score by √d_k, or by the number that the problem names: it takes out the growth that comes with"
    " more coordinates.",
)
def not_scaled(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """Z[i, j] = S[i, j]."""
    if step.name == "scaled" and isinstance(step.formula, Div) and squared(step.formula.bottom) != 1:
        yield step.formula.top
