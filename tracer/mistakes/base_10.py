"""Powers of 10 were taken."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Expr, Pow, num
from tracer.mistakes import Tensors, mistake
from tracer.mistakes.softmaxes import unlike_exponentials
from tracer.trace import Step


@mistake(
    "base_10",
    "powers of 10 were taken instead of powers of e",
    "Softmax uses e ≈ 2.718: on a calculator that is the key eˣ, not 10ˣ, which makes the differences between the"
    " weights larger.",
)
def base_10(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """E[i, j] = 10 to the power of Z[i, j]."""
    yield from unlike_exponentials(step, tensors, lambda body: Pow(num(10), body))
