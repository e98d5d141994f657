"""The joined heads were not projected."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Add, Expr
from tracer.mistakes import Tensors, mistake
from tracer.operations import indices
from tracer.rewriting import projected_from
from tracer.trace import Step


@mistake(
    "w_o_forgotten",
    "W_O was forgotten",
    "The joined heads are still to be multiplied by W_O, which mixes them into one vector of the model's size.",
)
def w_o_forgotten(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """P[i, c] = J[i, c], with the bias or without."""
    joined = projected_from(step.formula)
    if step.name == "projected" and joined and joined.tensor.shape[1] >= step.tensor.shape[1]:
        copied = joined.tensor[indices(step.tensor)]
        yield copied
        if isinstance(step.formula, Add):
            yield Add((copied, *step.formula.terms[1:]))
