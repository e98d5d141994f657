"""The heads were cut along the rows."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Cell, Expr, Index, Join, position
from tracer.mistakes import Tensors, mistake
from tracer.rewriting import piecewise
from tracer.trace import Step


@mistake(
    "heads_by_rows",
    "the heads were split by rows",
    "Every head sees every word: keep all rows, and give each head its own columns.",
)
def heads_by_rows(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """The numbers of Q in reading order, the first so many for head 1: Q refilled, not cut by columns."""
    n, width = step.tensor.shape[0], step.tensor.shape[-1]
    row, column = Index(step.tensor.axes[0].index), Index(step.tensor.axes[-1].index)
    match step.formula:
        case Cell(whole, (_, Index(_, 1, shift))) if n > 1 and width < whole.shape[1]:
            heads, first = whole.shape[1] // width, shift // width * n
            places = [divmod(first + i, heads) for i in range(n)]
            yield piecewise(row, [whole[position(r), column + block * width] for r, block in places])
        case Join("c", parts) if n > 1:
            size = width // len(parts)
            yield piecewise(row, [piecewise(column, _refilled(parts, i, n, size, column), size) for i in range(n)])


def _refilled(parts: tuple[Cell, ...], i: int, n: int, size: int, column: Index) -> list[Expr]:
    places = [divmod(i * len(parts) + block, n) for block in range(len(parts))]
    return [parts[head].tensor[position(r), column - block * size] for block, (head, r) in enumerate(places)]
