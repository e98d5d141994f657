"""A layer of a PyTorch model: what reaches its attention when it runs, and the weights that it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from tracer.errors import ModelError
from tracer.models import missing
from tracer.models.layer import agrees, floats, layer, one_batch
from tracer.models.naming import weights
from tracer.models.watching import OF_MULTIHEAD, quiet, recorded
from tracer.problem import Problem

N_HEADS = ("num_heads", "n_heads", "num_attention_heads", "n_head", "heads", "nhead")
N_KV_HEADS = ("num_key_value_heads", "num_kv_heads", "n_kv_heads", "n_kv_head")


def from_torch(module: Any, *x: Any, at: int = 0, tokens: Sequence[str] = (), **more: Any) -> Problem:
    """The attention of a PyTorch module, or of layer `at` of a whole model, on an input.

    `module` is called as module(*x, **more) and is left as it was: x [seq_len, d_model], or a batch of one; an
    `nn.MultiheadAttention` may be given x alone, for queries, keys and values. What is returned has X and the weight
    matrices where the layer's queries are just X W_Q + b_Q (nn.MultiheadAttention, GPT-2, BERT, OPT and what names
    its projections alike), else Q, K and V as they reach the attention, after rotations and norms. It reproduces
    what the module computes: where it would not, there is an error.

    Raises `ModelError` without PyTorch, for a batch, and for a layer that does more than attention.
    """
    try:
        import torch
    except ImportError:
        raise missing("torch") from None
    with quiet(torch, module):
        if isinstance(module, torch.nn.MultiheadAttention):
            return _multihead(torch, module, x, tokens, **more)
        calls, result = recorded(torch, module, x, more)
        if calls:
            return _layer(torch, module, x, calls, at, tokens)
        return _by_names(module, x, result, tokens)


# nn.MultiheadAttention


def _multihead(
    torch: Any,
    module: Any,
    x: Sequence[Any],
    tokens: Sequence[str],
    key: Any = None,
    value: Any = None,
    attn_mask: Any = None,
    key_padding_mask: Any = None,
    is_causal: bool = False,
    **idle: Any,
) -> Problem:
    """Queries from x, keys and values from x, or from what else is given."""
    if module.bias_k is not None or module.add_zero_attn:
        raise ModelError("add_bias_kv and add_zero_attn put a key there that no token has; take a module without them")
    query, *others = x
    key = others[0] if others else query if key is None else key
    value = others[1] if len(others) > 1 else key if value is None else value
    X, Y, Z = (floats(_rows(one, module.batch_first, name))
               for one, name in ((query, "query"), (key, "key"), (value, "value")))  # fmt: skip
    given: dict[str, Any] = {"X": X, **weights({name: floats(one) for name, one in module.state_dict().items()})}
    if key is not query or value is not query:
        if value is key:
            given["Y"] = Y
        else:
            for letter, source in (("K", Y), ("V", Z)):
                given[letter] = source @ given.pop(f"W_{letter}") + given.pop(f"b_{letter}", 0)
    if is_causal and attn_mask is None:
        attn_mask = torch.ones(len(X), len(Y), dtype=torch.bool).triu(1)
    mask = _hidden(attn_mask, key_padding_mask, (len(X), len(Y)))
    found = layer(given, heads=(module.num_heads,) * 2, mask=mask, tokens=tokens, source=_name(module))
    told = {"attn_mask": attn_mask, "key_padding_mask": key_padding_mask}
    real = module(query, key, value, need_weights=False, **told)[0]
    return _checked(found, _rows(real, module.batch_first, "output"), real.dtype)


def _rows(x: Any, batch_first: bool, name: str) -> Any:
    """[seq_len, d] of an array [seq_len, d], [1, seq_len, d], or [seq_len, 1, d]."""
    return one_batch(x if batch_first or x.dim() < 3 else x.transpose(0, 1), 2, name)


def _hidden(mask: Any, padding: Any, shape: tuple[int, int]) -> Any:
    """The masks of torch, in which True hides a key, as one in which True shows it, or as what is added to scores."""
    added = np.zeros(shape)
    for one in (mask, padding):
        if one is not None:
            part = one if one is mask else one_batch(one, 1, "key_padding_mask")
            part = np.asarray(part.detach())
            added = added + (np.where(part, -np.inf, 0) if part.dtype == bool else part)
    return added if added.any() else None


# What reaches scaled_dot_product_attention


def _layer(
    torch: Any, module: Any, x: Sequence[Any], calls: Sequence[Mapping[str, Any]], at: int, tokens: Sequence[str]
) -> Problem:
    """The layer of one of the calls."""
    if not 0 <= at < len(calls):
        raise ModelError(f"there is no layer {at}; this module has the layers 0 to {len(calls) - 1}")
    call, source = dict(calls[at]), _name(module) + (f", layer {at}" if len(calls) > 1 else "")
    if one := call.pop("module", None):
        trio = [call.pop(name) for name in OF_MULTIHEAD[:3]]
        return replace(_multihead(torch, one, trio, tokens, **call), source=source)
    given, told = _from_call(call)
    told |= {"tokens": tokens, "source": source}
    direct = layer(given, **told)
    result = one_batch(call["result"], 3, "output")
    joined = result.transpose(0, 1).reshape(result.shape[1], -1)
    _checked(direct, joined, joined.dtype, "joined" if len(result) > 1 else "outputs")
    return _with_words(module, x, direct, given, told) if len(calls) == 1 else direct


def _from_call(call: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Q, K and V as they reach the attention function; and what a layer is told of them."""
    q, k, v = (one_batch(call[name], 3, name) for name in ("query", "key", "value"))
    mask = call.get("attn_mask")
    n, m = q.shape[1], k.shape[1]
    if mask is not None:
        mask = _of_heads(mask)
        mask = np.broadcast_to(mask, (*mask.shape[:-2], n, m))
    elif call.get("is_causal"):
        mask = np.tri(n, m, dtype=bool)
    given = {name: [floats(one) for one in part] for name, part in zip("QKV", (q, k, v), strict=True)}
    if len(q) == 1:
        given = {name: one[0] for name, one in given.items()}
    return given, {"heads": (len(q), len(k)), "scale": call.get("scale"), "mask": mask}


def _with_words(
    module: Any, x: Sequence[Any], direct: Problem, given: Mapping[str, Any], told: Mapping[str, Any]
) -> Problem:
    """The same layer from X and its weights, where its queries, keys and values are nothing but X W + b."""
    found = weights({name: floats(one) for name, one in module.state_dict().items()})
    if not found or not x or len(getattr(x[0], "shape", ())) not in (2, 3) or not x[0].is_floating_point():
        return direct
    X, times = floats(one_batch(x[0], 2, "x")), dict[str, float]()
    for letter in "QKV":
        W, b = found[f"W_{letter}"], found.get(f"b_{letter}", 0)
        real = np.concatenate(given[letter], axis=1) if isinstance(given[letter], list) else given[letter]
        if len(W) != X.shape[1] or W.shape[1] != real.shape[1]:
            return direct
        times[letter] = _times(X @ W + b, real)
    if times["K"] != 1 or times["V"] != 1 or not times["Q"]:
        return direct
    scale = told["scale"] if times["Q"] == 1 else times["Q"] * (told["scale"] or given["Q"][0].shape[-1] ** -0.5)
    return layer({"X": X, **found}, **{**told, "scale": scale})


def _times(ours: Any, real: Any) -> float:
    """How many times our numbers a model's are (OPT scales its queries, not its scores); 0 where they are others."""
    if np.allclose(ours, real, atol=1e-3):
        return 1
    times = float((ours * real).sum() / (ours * ours).sum())
    return times if np.allclose(times * ours, real, atol=1e-3 * abs(times)) else 0


def _of_heads(mask: Any) -> Any:
    """A mask as torch's attention function takes it (True may attend, or added to scores), without its batch."""
    array = mask.numpy() if str(mask.dtype) == "torch.bool" else floats(mask)
    if array.ndim == 4:
        array = one_batch(array, 3, "attn_mask")
    return array[0] if array.ndim == 3 and len(array) == 1 else array


# By the names of its projections


def _by_names(module: Any, x: Sequence[Any], result: Any, tokens: Sequence[str]) -> Problem:
    """A module that computes attention in its own way, known by its projections."""
    found = weights({name: floats(one) for name, one in module.state_dict().items()})
    n_heads = _count(module, N_HEADS)
    if not found or n_heads is None or not x:
        raise ModelError(
            f"{_name(module)} never calls scaled_dot_product_attention, and has no projections with names such as "
            "q_proj, k_proj, v_proj and a number of heads num_heads; give its Q, K and V as an .npz"
        )
    given = {"X": floats(one_batch(x[0], 2, "x")), **found}
    output = result[0] if isinstance(result, tuple | list) else result
    real = floats(one_batch(output, 2, "output"))
    last = "projected" if "W_O" in found else "joined" if n_heads > 1 else "outputs"
    for scale, is_causal in product((None, 1.0), (False, True)):
        told = layer(given, heads=(n_heads, _count(module, N_KV_HEADS) or n_heads), is_causal=is_causal, scale=scale,
                     tokens=tokens, source=_name(module))  # fmt: skip
        if agrees(told, real, last, _dtype(output.dtype)):
            return told
    raise ModelError(_does_more(module))


def _count(module: Any, names: Sequence[str]) -> int | None:
    for holder in (module, getattr(module, "config", None)):
        for name in names:
            if isinstance(found := getattr(holder, name, None), int):
                return found
    return None


def _checked(problem: Problem, real: Any, dtype: Any, step: str = "projected") -> Problem:
    if not agrees(problem, real, step, _dtype(dtype)):
        raise ModelError(_does_more(problem.source))
    return problem


def _does_more(module: Any) -> str:
    name = module if isinstance(module, str) else _name(module)
    return f"{name} computes something else than softmax(Q Kᵀ · scale + mask) V; give its Q, K and V as an .npz"


def _dtype(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")


def _name(module: Any) -> str:
    return type(module).__name__
