"""The mask was applied first, and the softcap made finite scores of its −∞."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import MINUS_INFINITY, Case, Cell, Expr, Mul, Neg, Tensor
from tracer.mistakes import Tensors, mistake
from tracer.mistakes.softmaxes import remasked
from tracer.rewriting import at_cell, changed
from tracer.trace import Step


@mistake(
    "softcap_after_mask",
    "the softcap was applied after the mask",
    "Cap the scores first, then mask them: the softcap makes −∞ a finite number again, the cap with a minus sign, "
    "and a key that the mask hides would weigh something.",
)
def softcap_after_mask(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """Z[i, j] = c · tanh(−∞ / c) = −c for hidden keys; the ONNX operator Attention said so until 2026 (onnx, #7867)."""
    masked, capped, cap = tensors.formula("masked"), tensors["capped"], tensors.formula("capped")
    if not isinstance(masked, Case) or capped is None or not isinstance(cap, Mul):
        return
    lowest = Neg(cap.factors[0])
    if step.name == "capped":
        yield Case(masked.when, cap, lowest)
    leaked = _with(masked.then, capped, lowest, tensors)
    yield from remasked(
        step, tensors, lambda mask, seen, hidden: Case(mask, seen, leaked) if hidden == MINUS_INFINITY else seen
    )


def _with(expr: Expr, capped: Tensor, other: Expr, tensors: Tensors) -> Expr:
    """What comes of a score between softcap and mask, where the softcap gave this other number."""

    def put(node: Expr) -> Expr | None:
        if not isinstance(node, Cell):
            return None
        formula = tensors.definitions[node.tensor.id].formula
        return other if node.tensor is capped else formula and changed(at_cell(formula, node), put)

    return changed(expr, put)
