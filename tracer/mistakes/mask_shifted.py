"""The mask was moved by one column."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tracer.expr import AtMost, Case, Condition, Every, Expr, Is, IsNot, Tensor, position
from tracer.mistakes import Tensors, mistake
from tracer.mistakes.softmaxes import remasked
from tracer.trace import Step


@mistake(
    "mask_shifted",
    "the mask was shifted by one",
    "Check on which side of the border each key lies: in a causal mask a query still sees its own word, and the "
    "first hidden one is the next.",
)
def mask_shifted(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """Z[i, j] = S[i, j] where j ± 1 is allowed, −∞ elsewhere; a given mask moves in as it begins."""
    masked = tensors["masked"]
    if masked is not None and isinstance(masked.allowed, Every):
        for n, one in enumerate(masked.allowed.of):
            if isinstance(one, AtMost):
                yield from remasked(step, tensors, partial(_border, n, 1))
                yield from remasked(step, tensors, partial(_border, n, -1))
        return
    if masked is not None and _hides_still(masked):
        yield from remasked(step, tensors, _one_more)
    yield from remasked(step, tensors, _one_less)


def _hides_still(masked: Tensor) -> bool:
    """Whether one column more leaves any key hidden; where it does not, the mask is forgotten rather than shifted."""
    mask, last = masked.allowed, masked.shape[1] - 1
    return not isinstance(mask, AtMost) or mask.right.at({"i": 0}) + 1 < last


def _border(n: int, by: int, mask: Condition, seen: Expr, hidden: Expr) -> Expr:
    """Of several masks together, one whose border is moved."""
    assert isinstance(mask, Every)
    each = [AtMost(m.left, m.right + by) if k == n and isinstance(m, AtMost) else m for k, m in enumerate(mask.of)]
    return Case(Every(tuple(each)), seen, hidden)


def _one_more(mask: Condition, seen: Expr, hidden: Expr) -> Expr:
    if isinstance(mask, AtMost):
        return Case(AtMost(mask.left, mask.right + 1), seen, hidden)
    assert isinstance(mask, Is | IsNot)
    i, j = mask.cell.at
    moved = type(mask)(mask.cell.tensor[i, j - 1], mask.value)
    return Case(AtMost(position(1), j), Case(moved, seen, hidden), seen)


def _one_less(mask: Condition, seen: Expr, hidden: Expr) -> Expr:
    if isinstance(mask, AtMost):
        return Case(AtMost(mask.left, mask.right - 1), seen, hidden)
    assert isinstance(mask, Is | IsNot)
    i, j = mask.cell.at
    moved = type(mask)(mask.cell.tensor[i, j + 1], mask.value)
    return Case(AtMost(j, position(mask.cell.tensor.shape[1] - 2)), Case(moved, seen, hidden), hidden)
