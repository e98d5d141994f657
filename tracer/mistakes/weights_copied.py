"""The weights were written down as the outputs."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Expr
from tracer.mistakes import Tensors, mistake
from tracer.operations import indices
from tracer.trace import Step


@mistake(
    "weights_copied",
    "the weights were copied as the output",
    "The weights only say how much of each word is taken; multiply them with the rows of V and add up.",
)
def weights_copied(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """O[i, c] = A[i, c]."""
    A = tensors["weights"]
    if step.name == "outputs" and A is not None and step.tensor.shape[1] <= A.shape[1]:
        yield A[indices(step.tensor)]
