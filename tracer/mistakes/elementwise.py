"""The products were not added up."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Cell, Expr, Mul, Sum, Tensor, position
from tracer.mistakes import Tensors, mistake
from tracer.operations import indices
from tracer.rewriting import bind, variants
from tracer.trace import Step


@mistake(
    "elementwise",
    "the products were multiplied out but not added up",
    "A dot product is one number: multiply coordinate by coordinate, then add up all the products.",
)
def elementwise(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """S[i, j] = Q[i, j] · K[i, j], or one product alone."""
    if len(step.tensor.axes) == 2:
        yield from variants(step.formula, lambda node: _alone(node, step.tensor))


def _alone(node: Expr, made: Tensor) -> Iterator[Expr]:
    match node:
        case Sum(index, size, Mul((Cell(A), Cell(B)))) if size > 1:
            here = indices(made)
            for a, b in ((A[here], B[here]), (A[here], B[here[::-1]]), (A[here[::-1]], B[here])):
                if _fills(a, made) and _fills(b, made):
                    yield Mul((a, b))
            if size > 2:  # of two products, one alone is one dropped
                yield from (bind(node.body, {index: position(k)}) for k in range(size))


def _fills(cell: Cell, made: Tensor) -> bool:
    sizes = {axis.index: axis.size for axis in made.axes}
    return all(sizes[index.name or ""] == size for index, size in zip(cell.at, cell.tensor.shape, strict=True))
