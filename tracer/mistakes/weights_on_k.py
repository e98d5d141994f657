"""The keys were mixed instead of the values."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Cell, Expr, Mul
from tracer.mistakes import Tensors, mistake
from tracer.rewriting import first, instead
from tracer.trace import Step


@mistake(
    "weights_on_k",
    "the weights were applied to K instead of V",
    "Keys are only compared with; what is passed on and mixed are the values, the rows of V.",
)
def weights_on_k(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """O[i, c] = sum over j of A[i, j] · K[j, c]."""
    K, V = tensors["key_cache"] or tensors["key"], tensors["value_cache"] or tensors["value"]
    whole = first(Mul, step.formula)
    if step.name not in ("outputs", "contributions") or not (K and V and whole):
        return
    value = whole.factors[1]
    assert isinstance(value, Cell)
    key = K[value.at]
    if K.shape == V.shape and tensors.origin(key) != tensors.origin(value):
        yield instead(step.formula, value, key)
