"""The root of d_k was forgotten."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Call, Div, Expr
from tracer.mistakes import Tensors, mistake
from tracer.rewriting import squared
from tracer.trace import Step


@mistake(
    "divided_by_d_k",
    "the scores were divided by d_k instead of √d_k",
    "The typical size of a dot product grows like √d_k, so √d_k takes the growth out; dividing by d_k makes all "
    "weights too equal.",
)
def divided_by_d_k(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """Z[i, j] = S[i, j] / d_k."""
    match step.name, step.formula:
        case "scaled", Div(top, Call("sqrt", d_k) as bottom) if squared(bottom) != 1:
            yield Div(top, d_k)
