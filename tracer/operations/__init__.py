"""The operations, each written once as formulas over cells; the files are in teaching order.

| slot | signature | registry |
|---|---|---|
| projection | `(X, W, row, column) -> Expr` and how W is laid out | `projections` |
| similarity | `(rec, Q [i, c], K [j, c]) -> S [i, j]` | `similarities` |
| logit step | `(rec, S [i, j], told) -> Z [i, j]`, an ordered list | `logit_steps` |
| mask rule | `(rec, Z [i, j], told) -> Condition` | `mask_rules` |
| normalisation | `(rec, Z [i, j]) -> A [i, j]` | `normalisations` |

An operation computes nothing. It records formulas, with a title and the reason for the step.
"""

from __future__ import annotations

from tracer.expr import ZERO, Case, Expr, Index, Tensor


def indices(tensor: Tensor) -> tuple[Index, ...]:
    """The tensor's own indices, ready to be put into a cell."""
    return tuple(Index(axis.index) for axis in tensor.axes)


def logit_symbol(S: Tensor) -> str:
    """The symbol of what a logit step makes: Z, and with a prime more than the scores that it begins with."""
    return f"{S.symbol}′" if S.symbol.rstrip("′") == "Z" else "Z"


def attending(Z: Tensor, body: Expr) -> Expr:
    """Body for a key that may be attended to, 0 for a masked one; body alone where no mask was applied."""
    return Case(Z.allowed, body, ZERO) if Z.allowed else body


from tracer.operations import (  # noqa: E402  teaching order
    bilinear,
    embedding,
    heads,
    masks,
    mixing,
    normalisation,
    norms,
    projection,
    scaling,
    similarity,
    softcap,
)

__all__ = ["attending", "bilinear", "embedding", "heads", "indices", "logit_symbol", "masks", "mixing", "normalisation",
           "norms", "projection", "scaling", "similarity", "softcap"]  # fmt: skip
