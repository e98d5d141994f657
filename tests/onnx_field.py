"""An ONNX backend for the nodes around Attention: what they ask is asked of tracer, and read from its traces.

As in `onnx_backend.py` nothing is computed here but shapes. FlexAttention brings graphs of its own, for scores and for
weights: ONNX's reference runs them on what tracer has found, and what comes out is given to tracer as S or as A.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
import onnx
from onnx.backend.base import BackendRep
from onnx.reference import ReferenceEvaluator
from onnx_backend import TracerBackend, in_heads

import tracer
from tracer.arrays import values
from tracer.problem import Setting, Wiring

Node = Callable[[dict[str, Any], dict[str, Any]], tuple[Any, ...]]


def rms_normalization(given: dict[str, Any], told: dict[str, Any]) -> tuple[Any, ...]:
    """The QK-norm of queries whose rows hold all that is normalised together."""
    X = given["X"]
    rows = X.reshape(prod(X.shape[: told.get("axis", -1) % X.ndim]), -1)
    ones = np.ones_like(rows[:1])
    norm = {"use": "rms-norm", "epsilon": told.get("epsilon", 1e-5)}
    trace = tracer.attention(rows, ones, ones, encoding=[norm], given={"g_Q": given["scale"].ravel()})
    return (trace.floats("normed_query").reshape(X.shape),)


def softmax(given: dict[str, Any], told: dict[str, Any]) -> tuple[Any, ...]:
    """The weights of given scores, without scaling; another axis than the last is put last, and back."""
    logits = np.moveaxis(given["input"], told.get("axis", -1), -1)
    found = weights(logits.reshape(1, 1, -1, logits.shape[-1]))
    return (np.moveaxis(found.reshape(logits.shape), -1, told.get("axis", -1)),)


def flex_attention(given: dict[str, Any], told: dict[str, Any]) -> tuple[Any, ...]:
    """Scores by tracer, their graph by ONNX; weights by tracer, their graph by ONNX; outputs by tracer."""
    Q, K, V = (given[name] for name in "QKV")
    scale = 1 / told["scale"] if "scale" in told else None
    S = stacked("scaled", [tracer.attention(Q[b], K[b], V[b], scale=scale) for b in range(len(Q))])
    A = weights(run(told.get("score_mod"), S.astype(Q.dtype)))
    return (mixed(run(told.get("prob_mod"), A.astype(Q.dtype)), V),)


def linear_attention(given: dict[str, Any], told: dict[str, Any]) -> tuple[Any, ...]:
    """Masked scores are the weights, nothing is divided; the state is the keys' own coordinates as weights of values."""
    assert told.get("update_rule") == b"linear" and given.keys() == {"query", "key", "value"}
    Q = in_heads(given["query"], told["q_num_heads"])
    K, V = (in_heads(given[name], told["kv_num_heads"]) for name in ("key", "value"))
    scale = 1 / told["scale"] if told.get("scale") else None
    traces = [tracer.attention(Q[b], K[b], V[b], mask="causal", scale=scale) for b in range(len(Q))]
    Z = stacked("masked", traces)
    O = mixed(np.where(np.isneginf(Z), 0, Z), V)
    return O.swapaxes(1, 2).reshape(*given["query"].shape[:2], -1), mixed(K.swapaxes(2, 3), V)


def rotary_embedding(given: dict[str, Any], told: dict[str, Any]) -> tuple[Any, ...]:
    """Rows turned as far as their positions say, by the angles whose cosine and sine the tables have at position 1."""
    X = in_heads(given["X"], told.get("num_heads") or None)
    width = told.get("rotary_embedding_dim") or X.shape[-1]
    angles = np.arctan2(given["sin_cache"][1], given["cos_cache"][1]).tolist()
    rotary = {"use": "rotary", "pairing": "adjacent" if told.get("interleaved") else "half", "dimensions": width}
    Y = np.empty_like(X)
    for b, row in np.ndindex(given["position_ids"].shape):
        place = int(given["position_ids"][b, row])
        one = X[b, :, row]
        trace = tracer.attention(one[:, None], one[:, None], one[:, None],
                                 encoding=[{**rotary, "angles": angles, "start": place}])  # fmt: skip
        Y[b, :, row] = trace.floats("rotated_query").reshape(one.shape)
    return (Y if given["X"].ndim > 3 else Y.swapaxes(1, 2).reshape(given["X"].shape),)


def weights(S: Any) -> Any:
    """The softmax of given scores [batch, heads, n, m]."""
    wiring = Wiring(n_heads=S.shape[1], logits=(), normalisation=Setting("softmax-shifted"))
    return stacked("weights", [solved({"S": one}, wiring) for one in S])


def mixed(A: Any, V: Any) -> Any:
    """The outputs of given weights [batch, heads, n, m]."""
    wiring = Wiring(n_heads=A.shape[1], n_kv_heads=V.shape[1])
    return stacked("outputs", [solved({"A": A[b], "V": V[b]}, wiring) for b in range(len(A))])


def solved(given: dict[str, Any], wiring: Wiring) -> tracer.Trace:
    """A pass from given matrices, one for each head."""
    heads = {name: tuple(values(one, name) for one in parts) for name, parts in given.items()}
    return tracer.solve(
        tracer.Problem({name: parts if len(parts) > 1 else parts[0] for name, parts in heads.items()}, wiring=wiring)
    )


def stacked(step: str, traces: list[tracer.Trace]) -> Any:
    """A step of several traces, [batch, heads, rows, columns]."""
    found = np.stack([trace.floats(step) for trace in traces])
    return found if found.ndim > 3 else found[:, None]


def run(graph: onnx.GraphProto | None, tensor: Any) -> Any:
    """What ONNX makes of a tensor by a graph that a node brings."""
    if graph is None:
        return tensor
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 26)])
    return ReferenceEvaluator(model).run(None, {graph.input[0].name: tensor})[0]


NODES: dict[str, Node] = {
    "RMSNormalization": rms_normalization,
    "Softmax": softmax,
    "FlexAttention": flex_attention,
    "LinearAttention": linear_attention,
    "RotaryEmbedding": rotary_embedding,
}


class Rep(BackendRep):
    """A model of a single node, ready to run."""

    def __init__(self, model: onnx.ModelProto) -> None:
        (self.node,), self.graph = model.graph.node, model.graph

    def run(self, inputs: Any, **_: Any) -> tuple[Any, ...]:
        """The node's outputs, in the type of its first input."""
        known = dict(zip((one.name for one in self.graph.input), inputs, strict=True))
        schema = onnx.defs.get_schema(self.node.op_type, domain=self.node.domain)
        given = {one.name: known[name] for one, name in zip(schema.inputs, self.node.input, strict=False) if name}
        told = {one.name: onnx.helper.get_attribute_value(one) for one in self.node.attribute}
        return tuple(one.astype(inputs[0].dtype) for one in NODES[self.node.op_type](given, told))


class FieldBackend(TracerBackend):
    """What the suite's runner asks."""

    @classmethod
    def prepare(cls, model: onnx.ModelProto, *_: Any, **_told: Any) -> Rep:
        """A model, ready to run."""
        return Rep(model)
