"""The scaled scores were scaled again."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Div, Expr, exp
from tracer.mistakes import Tensors, mistake
from tracer.mistakes.softmaxes import unlike_exponentials
from tracer.rewriting import squared
from tracer.trace import Step


@mistake(
    "scaled_twice",
    "the scores were scaled twice",
    "The scores are divided once, before the exponentials; what has been scaled already goes into the softmax as "
    "it is.",
)
def scaled_twice(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """Z[i, j] = S[i, j] / √d_k / √d_k, which is S[i, j] / d_k; or E[i, j] = exp(Z[i, j] / √d_k)."""
    scaled = tensors.formula("scaled")
    if not isinstance(scaled, Div) or squared(scaled.bottom) == 1:
        return
    by = scaled.bottom
    if step.name == "scaled":
        yield Div(scaled, by)
    yield from unlike_exponentials(step, tensors, lambda body: exp(Div(body, by)))
