"""The heads took their columns in turns."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Cell, Expr, Index, Join, position
from tracer.mistakes import Tensors, mistake
from tracer.rewriting import piecewise
from tracer.trace import Step


@mistake(
    "heads_interleaved",
    "the heads were interleaved",
    "Columns go to the heads in blocks: the first d_k columns to head 1, the next to head 2.",
)
def heads_interleaved(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """Qʰ[i, c] = Q[i, c · heads + h]; J[i, c · heads + h] = Oʰ[i, c]."""
    match step.formula:
        case Cell(whole, (row, Index(name, 1, shift))) if (
            len(step.tensor.axes) == 2 and 1 < (width := step.tensor.shape[1]) < whole.shape[1]
        ):
            yield whole[row, Index(name, whole.shape[1] // width, shift // width)]
        case Join("c" as index, parts) if (width := parts[0].tensor.shape[1]) > 1:
            row = parts[0].at[0]
            yield piecewise(Index(index), [part.tensor[row, position(c)] for c in range(width) for part in parts])
