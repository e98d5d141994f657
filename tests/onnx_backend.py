"""An ONNX backend for one node, Attention: its inputs are handed to `tracer.attention`, its outputs read from the trace.

No attention is computed here. Tensors are cut into batches and heads, a mask that is too short is filled up, and
attributes are given tracer's names.
"""

from __future__ import annotations

import unittest
import warnings
from typing import Any

import numpy as np
import onnx
from onnx.backend.base import Backend, BackendRep

import tracer

LOGITS = ("scaled", "capped", "biased", "masked")  # the steps between scores and weights, in their order


class Rep(BackendRep):
    """A model of a single node, ready to run."""

    def __init__(self, model: onnx.ModelProto) -> None:
        (self.node,), self.graph = model.graph.node, model.graph
        assert self.node.op_type == "Attention"

    def run(self, inputs: Any, **_: Any) -> tuple[Any, ...]:
        """The outputs that the model names, in its order."""
        known = dict(zip((one.name for one in self.graph.input), inputs, strict=True))
        schema = onnx.defs.get_schema("Attention")
        given = {one.name: known[name] for one, name in zip(schema.inputs, self.node.input, strict=False) if name}
        told = {one.name: onnx.helper.get_attribute_value(one) for one in self.node.attribute}
        made = dict(zip(self.node.output, attention(given, told), strict=False))
        return tuple(made[one.name] for one in self.graph.output)


class TracerBackend(Backend):
    """What the suite's runner asks."""

    @classmethod
    def prepare(cls, model: onnx.ModelProto, *_: Any, **_told: Any) -> Rep:
        """A model, ready to run."""
        return Rep(model)

    @classmethod
    def supports_device(cls, device: str) -> bool:
        """Traces are made on the processor."""
        return device == "CPU"


def attention(given: dict[str, Any], told: dict[str, Any]) -> tuple[Any, ...]:
    """Y, present_key, present_value and qk_matmul_output of one node, by its inputs and its attributes."""
    Q = in_heads(given["Q"], told.get("q_num_heads"))
    K, V = (in_heads(given[name], told.get("kv_num_heads")) for name in "KV")
    before = 0
    if "past_key" in given:
        before = given["past_key"].shape[2]
        K, V = (np.concatenate((given[past], new), axis=2) for past, new in (("past_key", K), ("past_value", V)))
    mask = given.get("attn_mask")
    if mask is not None:
        mask = filled_up(mask, K.shape[2])
        mask = np.broadcast_to(mask, (*Q.shape[:3], K.shape[2]))
    lengths = given.get("nonpad_kv_seqlen")
    traces = []
    for b in range(len(Q)):
        align = before if lengths is None else int(lengths[b]) - Q.shape[2]
        masks = rules(told, align)
        if lengths is not None:
            masks.append({"rule": "padding", "length": int(lengths[b])})
        if mask is not None and mask.dtype == bool:
            masks.append(mask[b])
        traces.append(
            tracer.attention(
                Q[b],
                K[b],
                V[b],
                mask=tuple(masks),
                bias=None if mask is None or mask.dtype == bool else mask[b],
                scale=1 / told["scale"] if "scale" in told else None,
                softcap=told.get("softcap") or None,
                normalisation="softmax-shifted",
            )
        )

    def of(step: str) -> Any:
        found = np.stack([trace.floats(step) for trace in traces])
        return found.reshape(*Q.shape[:3], -1).astype(given["Q"].dtype)

    Y = of("outputs")
    if given["Q"].ndim == 3:
        Y = Y.swapaxes(1, 2).reshape(*given["Q"].shape[:2], -1)
    recorded = {step.id.rpartition(".")[2] for step in traces[0]}
    logits = [step for step in LOGITS if step in recorded]
    capped = "capped" if "capped" in recorded else "scaled"
    shown = ("scaled", capped, logits[-1], "weights")[told.get("qk_matmul_output_mode", 0)]
    return Y, K, V, of(shown)


def in_heads(tensor: Any, heads: int | None) -> Any:
    """[batch, n, heads · d] as [batch, heads, n, d], which 4 axes are already."""
    return tensor if tensor.ndim > 3 else tensor.reshape(*tensor.shape[:2], heads, -1).swapaxes(1, 2)


def filled_up(mask: Any, m: int) -> Any:
    """A mask for the first keys only hides all others."""
    beyond = np.full((*mask.shape[:-1], m - mask.shape[-1]), False if mask.dtype == bool else -np.inf, mask.dtype)
    return np.concatenate((mask, beyond), axis=-1)


def rules(told: dict[str, Any], align: int) -> list[Any]:
    """The masks that attributes stand for; `align` keys come before the first query's own."""
    sides = {side: told.get(f"{side}_window_size", -1) for side in ("left", "right")}
    window = {side: n for side, n in sides.items() if n >= 0}
    found: list[Any] = [{"rule": "causal", "align": align}] if told.get("is_causal") else []
    return [*found, {"rule": "window", "align": align, **window}] if window else found


def ran(backend: type, cases: str) -> tuple[dict[str, str], int]:
    """Onnx's own runner on the cases of a pattern, without their expanded twins: what went wrong, and how many ran."""
    import onnx.backend.test

    runner = onnx.backend.test.BackendTest(backend, __name__)
    runner.include(cases)
    runner.exclude("_expanded")
    result = unittest.TestResult()
    with warnings.catch_warnings(record=True):
        runner.test_suite.run(result)
    wrong = (*result.failures, *result.errors)
    found = {case.id().rpartition(".")[2]: why.strip().splitlines()[-1] for case, why in wrong}
    return found, result.testsRun - len(result.skipped)
