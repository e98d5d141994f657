"""A layer of an ONNX model: one of its `Attention` nodes, with what reaches it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tracer.errors import ModelError
from tracer.models import missing, readers
from tracer.models.layer import agrees, floats, layer, one_batch
from tracer.models.npz import arrays
from tracer.problem import Problem

INPUTS = ("Q", "K", "V", "attn_mask", "past_key", "past_value", "nonpad_kv_seqlen")
KNOWN = (
    *("is_causal", "kv_num_heads", "q_num_heads", "qk_matmul_output_mode", "scale", "softcap", "softmax_precision"),
    *("left_window_size", "right_window_size"),
)


@readers.register(".onnx")
def from_onnx(path: str | Path, layer: int = 0, inputs: str | Path | None = None) -> Problem:
    """The Attention node number `layer`, with what reaches it.

    That is made of initializers, of the arrays of the .npz `inputs` by the names of the model's inputs, and of what
    the nodes before it make of them. Source: the ONNX operator Attention (opset 23 and later). Raises `ModelError`.
    """
    try:
        import onnx
    except ImportError:
        raise missing("onnx") from None
    try:
        model = onnx.load(str(path))
    except Exception as error:  # protobuf and the checker raise whatever they like
        raise ModelError(f"{path} cannot be read as .onnx ({error})") from None
    nodes = [node for node in model.graph.node if node.op_type == "Attention" and node.domain in ("", "ai.onnx")]
    if not nodes:
        raise ModelError(
            f"{path} has no node of the operator Attention (opset 23 and later); run the model with from_torch, or "
            "save Q, K and V as .npz"
        )
    if not 0 <= layer < len(nodes):
        raise ModelError(f"there is no Attention node {layer}; {path} has the nodes 0 to {len(nodes) - 1}")
    node, given = nodes[layer], {} if inputs is None else arrays(inputs)
    made = _reaching(onnx, model, node, given)
    tokens = given["tokens"].tolist() if "tokens" in given else ()
    source = Path(path).name + (f", Attention node {layer}" if len(nodes) > 1 else "")
    return _problem(onnx, node, made, tokens, source)


def _reaching(onnx: Any, model: Any, node: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """The arrays that go into a node, and what comes out of it, by the names of the operator's inputs and Y."""
    from onnx.reference import ReferenceEvaluator

    constants = {one.name for one in model.graph.initializer}
    for one in model.graph.input:
        if one.name not in constants and one.name not in given:
            raise ModelError(
                f"the model's input “{one.name}” is not given; put an array with this name into the .npz of --inputs"
            )
    places = dict(zip(INPUTS, node.input, strict=False))
    wanted = {place: name for place, name in {**places, "Y": node.output[0]}.items() if name}
    short = onnx.ModelProto()
    short.CopyFrom(model)
    before = list(model.graph.node)[: [one.output[:1] for one in model.graph.node].index(node.output[:1]) + 1]
    del short.graph.node[:], short.graph.output[:]
    short.graph.node.extend(before)
    short.graph.output.extend(onnx.ValueInfoProto(name=name) for name in dict.fromkeys(wanted.values()))
    feeds = {one.name: given[one.name] for one in model.graph.input if one.name in given}
    try:
        results = ReferenceEvaluator(short).run(None, feeds)
    except Exception as error:  # whatever one of its operators raises
        raise ModelError(f"the model does not run on these inputs ({error})") from None
    found = dict(zip(dict.fromkeys(wanted.values()), results, strict=True))
    return {place: found[name] for place, name in wanted.items()}


def _problem(onnx: Any, node: Any, made: Mapping[str, Any], tokens: Any, source: str) -> Problem:
    told = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
    for name in told:
        if name not in KNOWN:
            raise ModelError(f"the Attention node has the attribute {name}, which is not known here")
    q, k, v = (_heads(made[name], told.get(count, 0), name)
               for name, count in (("Q", "q_num_heads"), ("K", "kv_num_heads"), ("V", "kv_num_heads")))  # fmt: skip
    past = 0
    if "past_key" in made:
        old = one_batch(made["past_key"], 3, "past_key")
        past, k = old.shape[1], np.concatenate((old, k), axis=1)
        v = np.concatenate((one_batch(made["past_value"], 3, "past_value"), v), axis=1)
    heads = (len(q), len(k))
    mask = _mask(made, told, q.shape[1], k.shape[1], past)
    given = {name: list(one) if heads[0] > 1 else one[0] for name, one in zip("QKV", (q, k, v), strict=True)}
    found = layer(given, heads=heads, scale=told.get("scale"), softcap=told.get("softcap", 0), mask=mask,
                  tokens=tokens, source=source)  # fmt: skip
    real = _heads(made["Y"], told.get("q_num_heads", 0), "Y")
    joined, step = np.concatenate(list(real), axis=1), "joined" if heads[0] > 1 else "outputs"
    if not agrees(found, joined, step, str(made["Y"].dtype)):
        raise ModelError(f"{source} comes to something else than its formula says; tell us with the model")
    return found


def _heads(array: Any, count: int, name: str) -> Any:
    """[heads, seq_len, d] of [1, heads, seq_len, d], or of [1, seq_len, heads · d]."""
    if array.ndim == 4:
        return one_batch(floats(array), 3, name)
    flat = one_batch(floats(array), 2, name)
    return flat.reshape(len(flat), count or 1, -1).transpose(1, 0, 2)


def _mask(made: Mapping[str, Any], told: Mapping[str, Any], n: int, m: int, past: int) -> Any:
    """What is added to the scores of every head; None where that is nothing."""
    added = np.zeros((n, m))
    if (mask := made.get("attn_mask")) is not None:
        mask = np.where(mask, 0, -np.inf) if mask.dtype == bool else floats(mask)
        mask = mask[0] if mask.ndim == 4 and len(mask) == 1 else mask
        if mask.ndim > 3:
            raise ModelError("attn_mask has a batch of several sequences; give one at a time")
        short = np.broadcast_to(mask, (*mask.shape[:-2], n, mask.shape[-1]))
        added = np.pad(short, [(0, 0)] * (short.ndim - 1) + [(0, m - short.shape[-1])], constant_values=-np.inf)
    if (lengths := made.get("nonpad_kv_seqlen")) is not None:
        length = int(np.asarray(lengths).ravel()[0])
        added = np.where(np.arange(m) < length, added, -np.inf)
        past = length - n
    ahead = np.arange(m) - (past + np.arange(n)[:, None])  # how far a key stands after its query
    left, right = told.get("left_window_size", -1), told.get("right_window_size", -1)
    for hidden, is_meant in (
        (ahead > 0, told.get("is_causal", 0)),
        (-ahead > left, left >= 0),
        (ahead > right, right >= 0),
    ):
        if is_meant:
            added = np.where(hidden, -np.inf, added)
    return added if added.any() else None
