"""The bias: a number of its own for each pair of query and key, added to their score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracer.expr import MINUS_INFINITY, Add, Case, Tensor, every
from tracer.operations import indices, logit_symbol
from tracer.operations.scaling import logit_steps
from tracer.trace import Recorder


@logit_steps.operation("bias", needs=("bias",))
def bias(rec: Recorder, S: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Add the given matrix B to the scores; where it is −∞, the key is masked.

    Z[i, j] = S[i, j] + B[i, j]        shape (n, m)

    Source: the ONNX operator Attention, a float attn_mask; Raffel et al. 2020 (T5), section 2.1, where B is learnt.
    """
    B = told["bias"]
    added = Add((S[indices(S)], B[indices(B)]))
    allowed = every(S.allowed, B.allowed)
    return rec.step(
        "biased",
        S.axes,
        Case(allowed, added, MINUS_INFINITY) if allowed else added,
        "Scores with their bias",
        "Each score is moved by a number of its own; where that is −∞, no score is left, and the key weighs nothing."
        if B.allowed
        else "Each score is moved by a number of its own: up where a key is to count more, down where less.",
        symbol=logit_symbol(S),
        allowed=allowed,
    )
