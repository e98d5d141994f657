"""The heads were added up."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Add, Expr, Index, Join
from tracer.mistakes import Tensors, mistake
from tracer.rewriting import piecewise
from tracer.trace import Step


@mistake(
    "heads_added",
    "the heads were added instead of joined",
    "The heads' outputs are written side by side, so that none is lost in the others; W_O is what mixes them.",
)
def heads_added(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """J[i, c] = sum over heads of Oʰ[i, c]; the same again in each head's columns."""
    if isinstance(step.formula, Join) and step.formula.index == "c":  # side by side, not below each other
        width = step.formula.parts[0].tensor.shape[1]
        blocks = [
            Add(tuple([part.tensor[part.at[0], part.at[1] - n * width] for part in step.formula.parts]))
            for n in range(len(step.formula.parts))
        ]
        yield piecewise(Index(step.formula.index), blocks, width)
