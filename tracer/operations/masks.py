"""Masks: which keys a query may not attend to. A masked logit is −∞, so that its exponential is 0."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tracer.errors import UnknownName
from tracer.expr import MINUS_INFINITY, ONE, AtMost, Case, Condition, Index, Is, Tensor, every
from tracer.operations import indices, logit_symbol
from tracer.operations.scaling import logit_steps
from tracer.options import Operation, Option, Rack, one_of
from tracer.registry import did_you_mean
from tracer.trace import Recorder

mask_rules: Rack[Callable[[Tensor, Mapping[str, Any]], Condition]] = Rack("mask rule")
ALIGNMENTS = {"bottom-right": "the last query sees the last key", "top-left": "the first query sees the first key"}
ALIGN = one_of(ALIGNMENTS)


@mask_rules.operation("causal", align=ALIGN)
def causal(Z: Tensor, told: Mapping[str, Any]) -> Condition:
    """A word sees itself and what came before: j ≤ i + (m − n), or j ≤ i aligned at the top left."""
    return AtMost(Index("j"), aligned(Z, told))


@mask_rules.operation("given", needs=("mask",))
def given(Z: Tensor, told: Mapping[str, Any]) -> Condition:
    """The mask matrix of the problem decides: M[i, j] = 1 means that query i may attend to key j."""
    return Is(told["mask"][Index("i"), Index("j")], ONE)


def aligned(Z: Tensor, told: Mapping[str, Any]) -> Index:
    """The key that stands where query i does: i + (m − n), or i aligned at the top left."""
    n, m = Z.shape
    return Index("i") if told.get("align") == "top-left" else Index("i") + (m - n)


@logit_steps.operation("mask", rule=Option(str, "the name of a mask rule"))
def mask(rec: Recorder, S: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Set the logit of each key that may not be attended to, to −∞.

    Z[i, j] = S[i, j] where the rule allows it, −∞ elsewhere        shape (n, m)

    Source: the ONNX operator Attention.
    """
    allowed = every(*[mask_rules[rule].run(S, also) for rule, also in told["rules"]])
    assert allowed
    return rec.step(
        "masked",
        S.axes,
        Case(allowed, S[indices(S)], MINUS_INFINITY),
        "Masked scores",
        "A key that must not be seen gets the score −∞, which no other score is as small as: it will weigh nothing.",
        symbol=logit_symbol(S),
        kind="arrange",
        allowed=every(S.allowed, allowed),
    )


def ruled(found: Operation[Any], told: Mapping[str, Any], where: str) -> Operation[Any]:
    """The operation `mask` with what its rule can be told, and what that needs. Raises `UnknownName`."""
    rule = told.get("rule", "given")
    if not isinstance(rule, str) or rule not in mask_rules:
        raise UnknownName(f"{where}: the mask rule “{rule}” is not known; {did_you_mean(str(rule), mask_rules)}")
    chosen = mask_rules[rule]
    return replace(found, options={**found.options, **chosen.options}, needs=chosen.needs)
