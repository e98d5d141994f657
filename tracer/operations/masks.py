"""Masks: which keys a query may not attend to. A masked logit is −∞, so that its exponential is 0."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tracer.errors import ProblemError
from tracer.expr import MINUS_INFINITY, ONE, AtMost, Case, Condition, Index, Is, Tensor
from tracer.operations import indices, logit_symbol
from tracer.operations.scaling import logit_steps
from tracer.registry import Registry
from tracer.trace import Recorder

mask_rules: Registry[Callable[[Tensor, Mapping[str, Any]], Condition]] = Registry("mask rule")
ALIGNMENTS = {"bottom-right": "the last query sees the last key", "top-left": "the first query sees the first key"}


@mask_rules.register("causal")
def causal(Z: Tensor, told: Mapping[str, Any]) -> Condition:
    """A word sees itself and what came before: j ≤ i + (m − n), or j ≤ i aligned at the top left."""
    i, j = indices(Z)
    n, m = Z.shape
    return AtMost(j, i if told.get("align") == "top-left" else i + (m - n))


@mask_rules.register("given")
def given(Z: Tensor, told: Mapping[str, Any]) -> Condition:
    """The mask matrix of the problem decides: M[i, j] = 1 means that query i may attend to key j."""
    return Is(told["M"][Index("i"), Index("j")], ONE)


@logit_steps.register("mask")
def mask(rec: Recorder, S: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Set the logit of each key that may not be attended to, to −∞.

    Z[i, j] = S[i, j] where the rule allows it, −∞ elsewhere        shape (n, m)

    Several masks add up: a key must be allowed by each. Source: the ONNX operator Attention.
    """
    rule = mask_rules[told.get("rule", "given")]
    allowed = rule(S, told)
    if S.allowed:
        raise ProblemError("[pass] logits masks twice; put both into one mask matrix under [given]")
    return rec.step(
        "masked",
        S.axes,
        Case(allowed, S[indices(S)], MINUS_INFINITY),
        "Masked scores",
        "A key that must not be seen gets the score −∞, which no other score is as small as: it will weigh nothing.",
        symbol=logit_symbol(S),
        kind="arrange",
        allowed=allowed,
    )
