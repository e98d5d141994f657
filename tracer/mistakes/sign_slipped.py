"""A minus sign was lost, or one too many was written."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.expr import Add, Call, Case, Cell, Expr, Neg, Sum, exp
from tracer.mistakes import Tensors, mistake
from tracer.operations import attending
from tracer.rewriting import first, one_term, variants
from tracer.trace import Step


@mistake(
    "sign_slipped",
    "a sign slipped",
    "Two minus signs make a plus and a single one stays a minus: settle the sign of each product first, then its size.",
)
def sign_slipped(step: Step, tensors: Tensors) -> Iterator[Expr]:
    """S[i, j] = −sum over c of Q[i, c] · K[j, c], or with the sign of one term turned."""
    turned, allowed = _turned(step.formula), step.tensor.allowed
    yield Case(allowed, turned, step.formula) if allowed else turned
    yield from variants(step.formula, _one_turned)


def _one_turned(node: Expr) -> Iterator[Expr]:
    match node:
        case Sum(_, size) if size > 1:
            yield from one_term(node, _turned)
        case Add(terms):
            for n, term in enumerate(terms):
                yield Add((*terms[:n], _turned(term), *terms[n + 1 :]))
        case Call("exp", body):
            Z = first(Cell, body)
            assert Z is not None
            yield attending(Z.tensor, exp(_turned(body)))


def _turned(expr: Expr) -> Expr:
    return expr.body if isinstance(expr, Neg) else Neg(expr)
