"""Two numbers were added that are to be multiplied."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Add, Cell, Expr, Mul, Pow, Sum, square
from tracer.mistakes import Tensors, mistake
from tracer.rewriting import one_term, variants
from tracer.trace import Step


@mistake(
    "added",
    "numbers were added where they should be multiplied",
    "In a product of matrices the entries are multiplied pair by pair, and only the products are added; the "
    "square of 3 is 3 · 3.",
)
def added(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """S[i, j] = sum over c of Q[i, c] + K[j, c], or so in one term; q + q for the square of q."""
    yield from variants(step.formula, _plus)
    yield from variants(step.formula, _plus_once)


def _plus(node: Expr) -> Iterator[Expr]:
    match node:
        case Mul(factors) if all(isinstance(factor, Cell) for factor in factors):
            yield Add(factors)
        case Pow(Cell() as base, _) if node == square(base):
            yield Add((base, base))


def _plus_once(node: Expr) -> Iterator[Expr]:
    if isinstance(node, Sum) and node.size > 1 and isinstance(node.body, Mul | Pow):
        yield from one_term(node, lambda term: next(_plus(term), None))
