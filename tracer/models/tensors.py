"""A layer out of named tensors: given matrices, Q, K and V, or the weights of a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tracer.errors import ModelError
from tracer.models.layer import floats, layer
from tracer.models.naming import attention_of, weights
from tracer.problem import Problem
from tracer.problem_file import MATRICES, PER_HEAD, VECTORS

SPELLED = {"q": "Q", "k": "K", "v": "V", "query": "Q", "key": "K", "value": "V", "x": "X", "hidden_states": "X"}
WORDS = ("tokens", "key_tokens")
SOURCE = "source"  # where the numbers come from, in words
TOLD = ("n_heads", "n_kv_heads", "scale", "is_causal", "softcap")


def from_tensors(tensors: Mapping[str, Any], at: int, source: str) -> Problem:
    """The layer that named tensors make.

    Their names are those of [given] (X, W_Q, …, or Q, K, V, in small letters too), one matrix or one for each head
    along a first axis; or those of a checkpoint, with X, what goes into the layer. Beside them n_heads, n_kv_heads,
    scale, is_causal and softcap may be told, and tokens. Raises `ModelError`.
    """
    words = {name: [str(one) for one in np.asarray(tensors[name]).tolist()] for name in WORDS if name in tensors}
    told = {name: np.asarray(tensors[name]).item() for name in TOLD if name in tensors}
    given = {
        name: floats(tensors[spelled])
        for spelled in tensors
        if (name := SPELLED.get(spelled, spelled)) in (*MATRICES, *VECTORS) and name != "mask"
    }
    given = {name: _per_head(name, array) for name, array in given.items()}
    prefix = attention_of(tensors, at)
    inside = {name.removeprefix(prefix): name for name in tensors if name.startswith(prefix)}
    found = weights({name: floats(tensors[full]) for name, full in inside.items() if _is_weight(name)})
    if not found and not {"Q", "W_Q", "X", "A"} & given.keys():
        raise ModelError(
            f"{source} has no Q, K and V, no X, and no weights of a layer; its tensors are {_few(tensors)}"
        )
    if found and "X" not in given and "Q" not in given:
        raise ModelError(
            f"{source} has weights, but not what goes into the layer; give X [seq_len, d_model] "
            "in an .npz with --inputs"
        )
    given = {**given, **({} if "Q" in given else found)}
    heads = _heads(given, told)
    if heads is None:
        raise ModelError(f"{source} does not say how many heads there are; tell n_heads in the inputs, or config.json")
    name = str(tensors[SOURCE]) if SOURCE in tensors else f"{source}, layer {at}" if prefix else source
    mask = tensors.get("mask")
    return layer(
        given,
        heads=heads,
        scale=told.get("scale"),
        softcap=told.get("softcap") or 0,
        is_causal=bool(told.get("is_causal", False)),
        mask=None if mask is None else np.asarray(mask) != 0,
        tokens=words.get("tokens", ()),
        key_tokens=words.get("key_tokens", ()),
        source=name,
    )


def _per_head(name: str, array: Any) -> Any:
    """A matrix, or a list of them where a first axis counts heads; a batch of one is taken out of it."""
    flat = 1 if name in VECTORS else 2
    while array.ndim > flat + 1 and array.shape[0] == 1:
        array = array[0]
    if array.ndim == flat:
        return array
    if array.ndim == flat + 1 and name in PER_HEAD:
        return list(array) if len(array) > 1 else array[0]
    if array.ndim == flat + 1 and array.shape[0] == 1:
        return array[0]
    raise ModelError(f"{name} has the shape {array.shape}; expected a matrix, or one for each head, of one sequence")


def _heads(given: Mapping[str, Any], told: Mapping[str, Any]) -> tuple[int, int] | None:
    listed = {name: len(array) if isinstance(array, list) else 1 for name, array in given.items()}
    n = told.get("n_heads") or max((listed.get(name, 0) for name in ("Q", "W_Q", "S", "A")), default=0)
    if "n_heads" not in told and n <= 1 and isinstance(given.get("W_Q"), np.ndarray) and "W_O" in given:
        return None
    m = told.get("n_kv_heads") or max((listed.get(name, 0) for name in ("K", "V", "W_K")), default=0)
    return max(n, 1), (m if m > 1 or "n_kv_heads" in told else max(n, 1))


def _is_weight(name: str) -> bool:
    return "weight" in name or name.endswith("bias")


def _few(names: Sequence[str] | Mapping[str, Any]) -> str:
    listed = list(names)
    return ", ".join(listed[:4]) + (", …" if len(listed) > 4 else "")
