"""The dot product was taken for the cosine."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Cell, Div, Expr
from tracer.mistakes import Tensors, mistake
from tracer.trace import Step


@mistake(
    "dot_for_cosine",
    "the dot product was taken instead of the cosine",
    "A cosine is the dot product divided by both lengths: it lies between −1 and 1 and only looks at directions.",
)
def dot_for_cosine(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """Cos θ[i, j] = sum over c of Q[i, c] · K[j, c]; so for the scores where these are cosines."""
    cosines = tensors.formula("cosines")
    if isinstance(cosines, Div) and (
        step.name == "cosines" or (step.name == "scores" and isinstance(step.formula, Cell))
    ):
        yield cosines.top
