"""How models name the tensors of an attention layer, and how these become X W_Q + b_Q.

Weights are named as the module that holds them names them: torch's `nn.Linear` keeps W as [d_out, d_in], GPT-2's
`Conv1D` as [d_in, d_out]; here they are [d_in, d_out], as in the formula.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tracer.errors import ModelError

PROJECTIONS = {  # where each projection is found, relative to the layer's attention
    "Q": ("q_proj", "query", "self.query", "q_lin", "q", "wq", "to_q", "W_q", "w_q", "linear_q"),
    "K": ("k_proj", "key", "self.key", "k_lin", "k", "wk", "to_k", "W_k", "w_k", "linear_k"),
    "V": ("v_proj", "value", "self.value", "v_lin", "v", "wv", "to_v", "W_v", "w_v", "linear_v"),
    "O": (
        "o_proj", "out_proj", "c_proj", "output.dense", "out_lin", "o", "wo", "to_out.0", "to_out", "W_o", "w_o",
        "dense",
    ),
}  # fmt: skip
FUSED = ("in_proj_", "c_attn.", "qkv.", "Wqkv.", "qkv_proj.")  # queries, keys and values side by side, in this order
ATTENTION = re.compile(  # the module of an attention layer inside a model, and its number
    r"^(?P<prefix>(?:.*?\.)?(?:layers?|h|blocks?|block)\.(?P<layer>\d+)\.(?:.*?\.)?"
    r"(?:self_attn|attention|attn|self_attention|SelfAttention|mha))\."
)


def attention_of(names: Iterable[str], layer: int) -> str:
    """What stands before the names of a layer's tensors; "" where there is only one layer. Raises `ModelError`."""
    found: dict[int, list[str]] = {}
    for name in names:
        if match := ATTENTION.match(name):
            prefixes = found.setdefault(int(match["layer"]), [])
            if match["prefix"] not in prefixes:
                prefixes.append(match["prefix"])
    if not found:
        return ""
    if layer not in found:
        raise ModelError(f"there is no layer {layer}; this model has the layers {min(found)} to {max(found)}")
    return min(found[layer], key=len) + "."


def weights(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """W_Q, W_K, W_V, W_O and their biases [d_in, d_out], by the names inside one attention module; {} for others."""
    for fused in FUSED:
        if fused + "weight" in tensors:
            return _apart(tensors, fused) | _projection(
                tensors, "O", is_turned=fused == "c_attn." and _is_conv(tensors)
            )
    found = {name: array for letter in "QKV" for name, array in _projection(tensors, letter).items()}
    if "W_Q" not in found:
        found |= _by_torch(tensors)
    return {**found, **_projection(tensors, "O")} if {"W_Q", "W_K", "W_V"} <= found.keys() else {}


def _projection(tensors: Mapping[str, Any], letter: str, *, is_turned: bool = False) -> dict[str, Any]:
    for name in PROJECTIONS[letter]:
        if f"{name}.weight" in tensors:
            W = tensors[f"{name}.weight"]
            bias = tensors.get(f"{name}.bias")
            return {f"W_{letter}": W if is_turned else W.T, **({} if bias is None else {f"b_{letter}": bias})}
    return {}


def _by_torch(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """The weights of `nn.MultiheadAttention` with sizes of their own for keys and values."""
    names = {letter: f"{letter.lower()}_proj_weight" for letter in "QKV"}
    if not all(name in tensors for name in names.values()):
        return {}
    return {f"W_{letter}": tensors[name].T for letter, name in names.items()} | _biases(tensors.get("in_proj_bias"))


def _apart(tensors: Mapping[str, Any], fused: str) -> dict[str, Any]:
    W = tensors[fused + "weight"]
    W = W if W.shape[1] == 3 * W.shape[0] else W.T
    third = W.shape[1] // 3
    if W.shape[1] != 3 * third:
        return {}
    return {f"W_{x}": W[:, n * third : (n + 1) * third] for n, x in enumerate("QKV")} | _biases(
        tensors.get(fused + "bias")
    )


def _biases(bias: Any) -> dict[str, Any]:
    if bias is None:
        return {}
    third = len(bias) // 3
    return {f"b_{x}": bias[n * third : (n + 1) * third] for n, x in enumerate("QKV")}


def _is_conv(tensors: Mapping[str, Any]) -> bool:
    """Whether a fused projection is a Conv1D [d_in, 3·d_in]; then its output projection is one too."""
    W = tensors["c_attn.weight"]
    return bool(W.shape[1] == 3 * W.shape[0])
