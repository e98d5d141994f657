"""What rewrites of a softmax and of a mask share: its exponentials, weights and logits made another way."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tracer.expr import ZERO, Call, Case, Cell, Condition, Div, Expr, Pow, total
from tracer.operations import attending
from tracer.rewriting import Tensors, at_cell, changed, first, instead
from tracer.trace import Step


def exponential(tensors: Tensors) -> Call | Pow | None:
    """The e^(…) of the pass: exp(Z[i, j]), exp(Z[i, j] − m[i]), or 2^Z[i, j]; None where no softmax is taken."""
    formula = tensors.formula("exponentials")
    return first(Call, formula) or first(Pow, formula)


def logit(tensors: Tensors) -> Cell | None:
    """Z[i, j], what the normalisation shares out; None where weights are given, and in a block of the keys."""
    Z, E = first(Cell, exponential(tensors) or tensors.formula("weights")), tensors["exponentials"]
    return None if Z and E and E.shape != Z.tensor.shape else Z


def unlike_exponentials(step: Step, tensors: Tensors, of: Callable[[Expr], Expr]) -> Iterator[Expr]:
    """The exponentials, and the weights straight from the logits, with something else than e to the power of them."""
    power, Z = exponential(tensors), logit(tensors)
    if power is None or Z is None:
        return
    other = attending(Z.tensor, of(power.body if isinstance(power, Call) else power.exponent))
    if step.name == "exponentials":
        yield other
    elif step.name == "weights" and step.tensor.shape[1] > 1:  # a single weight is 1 in any case
        yield attending(Z.tensor, Div(other, total(Z.tensor.axes[1], other)))


def over(weights: Expr, bottom: Expr) -> Expr:
    """The weights with something else below the line."""
    return changed(weights, lambda node: Div(node.top, bottom) if isinstance(node, Div) else None)


Masking = Callable[[Condition, Expr, Expr], Expr]


def remasked(step: Step, tensors: Tensors, mask: Masking) -> Iterator[Expr]:
    """The masked logits, and what follows from them, where the mask did something else.

    `mask(allowed, seen, hidden)` is what stands in a cell: the right one is Case(allowed, seen, hidden).
    """
    masked, Z = tensors.formula("masked"), logit(tensors)
    if not isinstance(masked, Case) or Z is None:
        return
    allowed = masked.when

    def written_out(expr: Expr) -> Expr | None:
        if not isinstance(expr, Cell) or not expr.tensor.allowed:
            return None
        formula = tensors.definitions[expr.tensor.id].formula
        if formula is masked:
            return mask(allowed, masked.then, masked.otherwise)
        return None if formula is None else changed(at_cell(formula, expr), written_out)

    logits = changed(Z, written_out)
    power = exponential(tensors)
    share = mask(allowed, logits if power is None else instead(power, Z, logits), ZERO)
    match step.name:
        case "masked":
            yield mask(allowed, masked.then, masked.otherwise)
        case "exponentials":
            yield share
        case "row_sums":
            yield total(Z.tensor.axes[1], share)
        case "weights":
            yield mask(allowed, Div(share, total(Z.tensor.axes[1], share)), ZERO)
