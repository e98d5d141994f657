"""Masks: which keys a query may not attend to. A masked logit is −∞, so that its exponential is 0."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from tracer.errors import UnknownName
from tracer.expr import MINUS_INFINITY, ONE, ZERO, AtMost, Case, Condition, Index, Is, Num, Tensor, every, position
from tracer.operations import indices, logit_symbol
from tracer.operations.alignment import ALIGN, FURTHEST, aligned
from tracer.operations.scaling import logit_steps
from tracer.options import Operation, Option, Rack, one_of, required, whole_number
from tracer.registry import did_you_mean
from tracer.trace import Recorder

mask_rules: Rack[Callable[[Tensor, Mapping[str, Any]], Condition]] = Rack("mask rule")
USUAL_RULE = "given"


class Polarity(NamedTuple):
    """How a mask matrix is meant: the entry of a key that may be seen; and what is said of it."""

    seen: Num
    words: str


POLARITIES = {
    "seen": Polarity(ONE, "as given: 1 means “may attend”"),
    "hidden": Polarity(ZERO, "as given: 1 means “hidden”, 0 “may attend”"),
}
USUAL_POLARITY = "seen"
REACH = whole_number(0, FURTHEST)


@mask_rules.operation("causal", align=ALIGN)
def causal(Z: Tensor, told: Mapping[str, Any]) -> Condition:
    """A word sees itself and what came before: j ≤ i + p.

    `align` says p, as in `alignment.aligned`. Source: the ONNX operator Attention, attribute is_causal.
    """
    return AtMost(Index("j"), aligned(Z, told))


@mask_rules.operation("window", left=REACH, right=REACH, align=ALIGN)
def window(Z: Tensor, told: Mapping[str, Any]) -> Condition:
    """A word sees only its neighbours: i + p − left ≤ j ≤ i + p + right.

    A side that is not told is unlimited; `align` says p.

    Source: Beltagy, Peters and Cohan 2020 (Longformer), section 3.1; Jiang et al. 2023 (Mistral 7B), section 2, whose
    window of W words is left = W − 1, right = 0; the ONNX operator Attention, left_window_size and right_window_size.
    """
    here, j = aligned(Z, told), Index("j")
    sides = [AtMost(here - told["left"], j)] if "left" in told else []
    sides += [AtMost(j, here + told["right"])] if "right" in told else []
    both = every(*sides)
    assert both
    return both


@mask_rules.operation("padding", length=required(REACH))
def padding(Z: Tensor, told: Mapping[str, Any]) -> Condition:
    """Only the first `length` keys are words, and what comes behind them is padding: j ≤ length.

    Source: the ONNX operator Attention, input nonpad_kv_seqlen.
    """
    return AtMost(Index("j"), position(told["length"] - 1))


@mask_rules.operation("given", needs=("mask",), ones=one_of(POLARITIES))
def given(Z: Tensor, told: Mapping[str, Any]) -> Condition:
    """The mask matrix of the problem decides: M[i, j] = 1 means that query i may attend to key j.

    With ones = "hidden" it is the other way round, as in torch.nn.MultiheadAttention: M[i, j] = 0 may be attended to.
    """
    return Is(told["mask"][Index("i"), Index("j")], POLARITIES[told.get("ones", USUAL_POLARITY)].seen)


@logit_steps.operation("mask", rule=Option(str, "the name of a mask rule"))
def mask(rec: Recorder, S: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Set the logit of each key that may not be attended to, to −∞.

    Z[i, j] = S[i, j] where the rule allows it, −∞ elsewhere        shape (n, m)

    Masks that stand behind each other are one step, in which all rules must allow the key: `together` has what each of
    them is told. Source: the ONNX operator Attention.
    """
    allowed = every(*[mask_rules[rule_of(one)].run(S, one) for one in told["together"]])
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


def rule_of(told: Mapping[str, Any]) -> str:
    """The rule of a mask: that of the mask matrix, where no other is told."""
    return str(told.get("rule", USUAL_RULE))


def ruled(found: Operation[Any], told: Mapping[str, Any], where: str) -> Operation[Any]:
    """The operation `mask` with what its rule can be told, and what that needs. Raises `UnknownName`."""
    rule = told.get("rule", USUAL_RULE)
    if not isinstance(rule, str) or rule not in mask_rules:
        raise UnknownName(f"{where}: the mask rule “{rule}” is not known; {did_you_mean(str(rule), mask_rules)}")
    chosen = mask_rules[rule]
    return replace(found, options={**found.options, **chosen.options}, needs=chosen.needs)
