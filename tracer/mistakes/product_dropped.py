"""One term of a sum was left out."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Add, Expr, Sum
from tracer.mistakes import Tensors, mistake
from tracer.rewriting import one_term, variants
from tracer.trace import Step


@mistake(
    "product_dropped",
    "one term of the sum was left out",
    "A sum has one term for every coordinate or every word, zeros included, and a bias is one more: count them first.",
)
def product_dropped(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """S[i, j] = sum over all c but one of Q[i, c] · K[j, c]; a bias is a term too."""
    yield from variants(step.formula, _one_less)


def _one_less(node: Expr) -> Iterator[Expr]:
    if isinstance(node, Sum):
        yield from one_term(node, lambda term: None)
    elif isinstance(node, Add) and isinstance(node.terms[0], Sum):
        yield node.terms[0]
