"""Masks: which keys a query may not attend to. A masked logit is −∞, so that its exponential is 0."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tracer.errors import UnknownName
from tracer.expr import MINUS_INFINITY, ONE, ZERO, AtMost, Case, Condition, Index, Is, Tensor, every, position
from tracer.operations import indices, logit_symbol
from tracer.operations.scaling import logit_steps
from tracer.options import Operation, Option, Rack, one_of, required, whole_number
from tracer.registry import did_you_mean
from tracer.trace import Recorder

FURTHEST = 1_000_000  # keys that an alignment or a window may span: more than any row has

mask_rules: Rack[Callable[[Tensor, Mapping[str, Any]], Condition]] = Rack("mask rule")
ALIGNMENTS = {"bottom-right": "the last query sees the last key", "top-left": "the first query sees the first key"}
BEFORE = whole_number(-FURTHEST, FURTHEST)


def _alignment(raw: Any) -> str | int:
    return one_of(ALIGNMENTS).read(raw) if isinstance(raw, str) else BEFORE.read(raw)  # type: ignore[no-any-return]


ALIGN = Option(_alignment, f"{one_of(ALIGNMENTS).expected}, or how many keys come before the first query's own")
POLARITIES = {"seen": ONE, "hidden": ZERO}  # what a 1 of a mask matrix means, and the entry of a key that may be seen
REACH = whole_number(0, FURTHEST)


@mask_rules.operation("causal", align=ALIGN)
def causal(Z: Tensor, told: Mapping[str, Any]) -> Condition:
    """A word sees itself and what came before: j ≤ i + p.

    `align` says which key stands where query i does: "bottom-right", p = m − n, so that the last query sees the last
    key; "top-left", p = 0; or p itself, the number of keys that come before the first query's own.

    Source: the ONNX operator Attention, attribute is_causal, where p is called offset.
    """
    return AtMost(Index("j"), aligned(Z, told))


@mask_rules.operation("window", left=REACH, right=REACH, align=ALIGN)
def window(Z: Tensor, told: Mapping[str, Any]) -> Condition:
    """A word sees only its neighbours: i + p − left ≤ j ≤ i + p + right.

    A side that is not told is unlimited; `align` is that of `causal`.

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
    return Is(told["mask"][Index("i"), Index("j")], POLARITIES[told.get("ones", "seen")])


def aligned(Z: Tensor, told: Mapping[str, Any]) -> Index:
    """The key that stands where query i does: i + p."""
    n, m = Z.shape
    align = told.get("align", "bottom-right")
    before: int = {"bottom-right": m - n, "top-left": 0}.get(align, align)
    return Index("i") + before


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
        "A key that must not be seen gets the score −∞, smaller than any other: it will weigh nothing.",
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
