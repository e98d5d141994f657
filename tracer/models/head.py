"""One head out of the trace of a layer: its own matrices in floats, and a problem of some tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from tracer.arrays import Array
from tracer.errors import ModelError
from tracer.expr import Cell, num, sqrt, walk
from tracer.problem import Problem, Setting, Values
from tracer.trace import Step, Trace


@dataclass(frozen=True, slots=True)
class Head:
    """One head as its model uses it, in floats: queries and keys as they are compared, weights of all tokens."""

    queries: Any
    keys: Any
    values: Any
    weights: Any
    masked: Any  # true where a query may not attend; None without a mask
    bias: Any


def of_trace(trace: Trace, head: int) -> Head:
    """The head's own matrices, from the formulas that compare and mix them."""
    problem = trace.problem
    count = problem.wiring.n_heads
    if not 0 <= head < count:
        raise ModelError(f"there is no head {head}; this layer has the heads 0 to {count - 1}")
    if problem.wiring.repeat > 1 or {"S", "A"} & problem.given.keys() or problem.wiring.similarity.use != "dot":
        raise ModelError("a head is taken from one pass with queries and keys whose dot products are the scores")
    for setting in problem.wiring.logits:
        if setting.use not in KEPT:
            raise ModelError(f"the scores go through {setting.use}; a head is taken from {', '.join(KEPT)} only")
    prefix = f"head{head + 1}." if count > 1 else ""
    steps = {step.id: step for step in trace.steps}
    queries, keys = _read(steps[prefix + "scores"])
    mixed = _read(steps[prefix + "outputs"]) if prefix + "outputs" in steps else []
    weights = prefix + "weights"
    values = [id_ for id_ in mixed if id_ != weights]
    masked = prefix + "masked"
    bias = problem.given.get("bias")
    own = bias[head] if isinstance(bias, tuple) else bias
    return Head(
        trace.floats(queries),
        trace.floats(keys),
        trace.floats(values[0]) if values else None,
        trace.floats(weights),
        np.isneginf(trace.floats(masked)) if masked in steps else None,
        None if own is None else Array(_floats(own)).array,
    )


def _read(step: Step) -> list[str]:
    """The tensors that a formula reads, in their order."""
    return list(dict.fromkeys(node.tensor.id for node in walk(step.formula) if isinstance(node, Cell)))


def _floats(values: Values) -> Any:
    from tracer.arithmetic.floating import given

    return given(values)


def among(layer: Problem, head: Head, rows: list[int], columns: list[int]) -> Problem:
    """The real head on the tokens kept, all its coordinates."""
    given = {"Q": head.queries[rows], "K": head.keys[columns]}
    if head.values is not None:
        given["V"] = head.values[columns]
    logits: list[Setting] = []
    for setting in layer.wiring.logits:
        if setting.use not in [one.use for one in logits]:  # the masks of a head are one already
            kept, matrices = KEPT[setting.use](setting, head, rows, columns)
            logits += kept
            given |= matrices
    tokens, keys = (tuple(labels[n] for n in places)
                    for labels, places in ((layer.tokens, rows), (layer.key_tokens, columns)))  # fmt: skip
    same = layer.tokens == layer.key_tokens
    return replace(
        layer,
        given={name: Array(array) for name, array in given.items()},
        tokens=tokens,
        key_tokens=() if same else keys,
        wiring=replace(layer.wiring, n_heads=1, n_kv_heads=1, encoding=(), logits=tuple(logits), queries=None),
    )


Kept: TypeAlias = tuple[list[Setting], dict[str, Any]]  # a logit step on the tokens kept, and its matrices there


def _scale(setting: Setting, head: Head, rows: list[int], columns: list[int]) -> Kept:
    return [Setting("scale", {"by": setting.told.get("by") or sqrt(num(head.keys.shape[1]))})], {}


def _softcap(setting: Setting, head: Head, rows: list[int], columns: list[int]) -> Kept:
    return [setting], {}


def _bias(setting: Setting, head: Head, rows: list[int], columns: list[int]) -> Kept:
    return [setting], {"bias": head.bias[np.ix_(rows, columns)]}


def _mask(setting: Setting, head: Head, rows: list[int], columns: list[int]) -> Kept:
    """Causal where that is what is left of all masks, else a mask matrix; none where nothing is hidden."""
    hidden = None if head.masked is None else head.masked[np.ix_(rows, columns)]
    if hidden is None or not hidden.any():
        return [], {}
    if rows == columns and bool((hidden == ~np.tri(len(rows), dtype=bool)).all()):
        return [Setting("mask", {"rule": "causal"})], {}
    return [Setting("mask")], {"mask": (~hidden).astype(int)}


KEPT: dict[str, Callable[[Setting, Head, list[int], list[int]], Kept]] = {  # what a few tokens have as all do
    "scale": _scale,
    "softcap": _softcap,
    "bias": _bias,
    "mask": _mask,
}
