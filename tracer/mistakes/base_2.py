"""Powers of 2 were taken."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Expr, Pow, num
from tracer.mistakes import Tensors, mistake
from tracer.mistakes.softmaxes import unlike_exponentials
from tracer.trace import Step


@mistake(
    "base_2",
    "powers of 2 were taken instead of powers of e",
    "Softmax uses e ≈ 2.718, the key eˣ on a calculator; powers of 2 make the differences between the weights smaller.",
)
def base_2(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """E[i, j] = 2 to the power of Z[i, j]."""
    yield from unlike_exponentials(step, tensors, lambda body: Pow(num(2), body))
