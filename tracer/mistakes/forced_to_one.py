"""One weight is what the others of its row leave over."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tracer.expr import ONE, AtMost, Case, Div, Expr, Index, minus, position, total
from tracer.mistakes import Tensors, mistake
from tracer.operations import indices
from tracer.rewriting import changed, one_term
from tracer.trace import Step


@mistake(
    "forced_to_one",
    "one weight was chosen so that the row adds up to 1",
    "Round each weight by itself: rounded weights need not add up to exactly 1, and a weight that is fitted hides"
    " a slip in the others.",
)
def forced_to_one(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """A[i, k] = 1 − sum over all j but k of A[i, j], for one k."""
    if step.name != "weights":
        return
    i, j = indices(step.tensor)
    row = total(step.tensor.axes[1], step.tensor[i, j])
    if row.size > 1:
        for k, others in enumerate(one_term(row, lambda term: None)):
            yield changed(step.formula, partial(_only, j, k, minus(ONE, others)))


def _only(j: Index, k: int, forced: Expr, node: Expr) -> Expr | None:
    if not isinstance(node, Div):
        return None
    return Case(AtMost(j, position(k)), Case(AtMost(position(k), j), forced, node), node)
