"""The mask was moved by one column."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tracer.evaluate import bind_condition
from tracer.expr import AtMost, Case, Condition, Every, Expr, Index, Is, IsNot, every, position
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
    """Z[i, j] = S[i, j] where j ± 1 is allowed, −∞ elsewhere; a given mask moves in as it begins.

    A window is moved on one of its sides, or as a whole.
    """
    masked = tensors.formula("masked")
    if not isinstance(masked, Case):
        return
    parts = masked.when.of if isinstance(masked.when, Every) else (masked.when,)
    shape = tensors["masked"].shape if tensors["masked"] else ()
    others = [_border(parts, n, by) for n, one in enumerate(parts) for by in (1, -1) if isinstance(one, AtMost)]
    others += [_whole(parts, by) for by in (1, -1) if sum(_is_side(one) for one in parts) > 1]
    for other in others:
        if any(_hides_still(one, shape) for one in other):
            yield from remasked(step, tensors, partial(_moved, every(*other)))
    if isinstance(masked.when, Is | IsNot):
        yield from remasked(step, tensors, _one_more)
        yield from remasked(step, tensors, _one_less)


Parts = tuple[Condition, ...]


def _border(parts: Parts, n: int, by: int) -> Parts:
    """Of several conditions, one whose border is moved."""
    return tuple(AtMost(m.left, m.right + by) if k == n and isinstance(m, AtMost) else m for k, m in enumerate(parts))


def _whole(parts: Parts, by: int) -> Parts:
    """Both sides of a window moved the same way."""
    return tuple(bind_condition(one, {"j": Index("j") + by}) if _is_side(one) else one for one in parts)


def _is_side(one: Condition) -> bool:
    """Whether it is a border that goes along with the query."""
    return isinstance(one, AtMost) and {one.left.name, one.right.name} == {"i", "j"}


def _hides_still(one: Condition, shape: tuple[int, ...]) -> bool:
    """Whether any key is hidden by it; where none is, the mask is forgotten rather than shifted."""
    corners = ({"i": i, "j": j} for i in (0, shape[0] - 1) for j in (0, shape[1] - 1))
    return not isinstance(one, AtMost) or any(one.left.at(place) > one.right.at(place) for place in corners)


def _moved(other: Condition | None, mask: Condition, seen: Expr, hidden: Expr) -> Expr:
    return Case(other or mask, seen, hidden)


def _one_more(mask: Condition, seen: Expr, hidden: Expr) -> Expr:
    assert isinstance(mask, Is | IsNot)
    i, j = mask.cell.at
    moved = type(mask)(mask.cell.tensor[i, j - 1], mask.value)
    return Case(AtMost(position(1), j), Case(moved, seen, hidden), seen)


def _one_less(mask: Condition, seen: Expr, hidden: Expr) -> Expr:
    assert isinstance(mask, Is | IsNot)
    i, j = mask.cell.at
    moved = type(mask)(mask.cell.tensor[i, j + 1], mask.value)
    return Case(AtMost(j, position(mask.cell.tensor.shape[1] - 2)), Case(moved, seen, hidden), hidden)
