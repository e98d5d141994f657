"""The sum of another row was taken."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Div, Expr, position
from tracer.mistakes import Tensors, mistake
from tracer.mistakes.softmaxes import over
from tracer.rewriting import bind, first
from tracer.trace import Step


@mistake(
    "sum_of_wrong_row",
    "the sum of another row was used",
    "Each weight is divided by the sum of its own row: row 2 by the second sum.",
)
def sum_of_wrong_row(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """A[i, j] = E[i, j] / D[r] with another row r; D[i] = sum over j of E[r, j]."""
    n, share = step.tensor.shape[0], first(Div, step.formula)
    for r in range(n) if n > 1 else ():
        if step.name == "row_sums":
            yield bind(step.formula, {"i": position(r)})
        elif step.name == "weights" and share is not None:
            yield over(step.formula, bind(share.bottom, {"i": position(r)}))
