"""The cosine was taken for the dot product."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Cell, Expr, Sum, children
from tracer.mistakes import Tensors, mistake
from tracer.operations import indices
from tracer.trace import Step


@mistake(
    "cosine_for_dot",
    "the cosine was taken instead of the dot product",
    "The score is the dot product itself: do not divide by the lengths, which say how strongly a word asks or answers.",
)
def cosine_for_dot(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """S[i, j] = cos θ[i, j], copied or worked once more."""
    cosines, formula = tensors["cosines"], tensors.formula("cosines")
    is_dot = isinstance(step.formula, Sum) and all(isinstance(part, Cell) for part in children(step.formula.body))
    if step.name == "scores" and is_dot and cosines and formula:
        yield cosines[indices(cosines)]
        yield formula
