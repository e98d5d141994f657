"""Rows and columns of V changed places."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Cell, Expr
from tracer.mistakes import Tensors, mistake
from tracer.rewriting import changed
from tracer.trace import Step


@mistake(
    "v_transposed",
    "rows and columns of V were exchanged",
    "The weight of word j multiplies row j of V: for coordinate c of an output, go down column c of V.",
)
def v_transposed(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """O[i, c] = sum over j of A[i, j] · V[c, j]; where V is square."""
    V = tensors["value"]
    if step.name in ("outputs", "contributions") and V is not None and V.shape[0] == V.shape[1] > 1:
        yield changed(
            step.formula, lambda node: V[node.at[::-1]] if isinstance(node, Cell) and node.tensor is V else None
        )
