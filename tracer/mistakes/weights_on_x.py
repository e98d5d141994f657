"""The words were mixed instead of their values."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Cell, Expr, Mul, Tensor
from tracer.mistakes import Tensors, mistake
from tracer.rewriting import first, instead, projected_from
from tracer.trace import Step


@mistake(
    "weights_on_x",
    "the weights were applied to X instead of V",
    "What is mixed are the values: first V = X W_V, then the weights times the rows of V.",
)
def weights_on_x(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """O[i, c] = sum over j of A[i, j] · X[j, c]."""
    V, whole = tensors["value"], first(Mul, step.formula)
    if step.name not in ("outputs", "contributions") or V is None or whole is None:
        return
    value = whole.factors[1]
    assert isinstance(value, Cell)
    made = tensors.origin(value)
    words = _words(tensors, made.tensor)
    if words is None:
        return
    if words.shape[1] == V.shape[1]:
        yield instead(step.formula, value, words[value.at])
    elif words.shape[1] == made.tensor.shape[1]:  # the head's own columns
        yield instead(step.formula, value, words[made.at])


def _words(tensors: Tensors, made: Tensor) -> Tensor | None:
    """What values were projected from; where they are given, the words beside them; None where they are the words."""
    formula = tensors.definitions[made.id].formula
    if formula is not None:
        words = projected_from(formula)
        return words.tensor if words and made.id.endswith("value") else None
    beside = tensors["Y"] or tensors["X"] or tensors["embedding"]
    return beside if beside and beside is not made and beside.shape[0] == made.shape[0] else None
