"""A layer from a TransformerLens cache: `blocks.{l}.attn.hook_q`, `hook_k`, `hook_v`, and its own `hook_pattern`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from tracer.errors import ModelError
from tracer.models.layer import agrees, floats, layer
from tracer.problem import Problem

HOOK = "blocks.{layer}.attn.hook_{name}"


def is_cache(names: Mapping[str, Any]) -> bool:
    """Whether there are activations of TransformerLens among the names."""
    return any(str(name).startswith("blocks.") and ".attn.hook_" in str(name) for name in names)


def from_cache(
    cache: Any, at: int = 0, *, tokens: Sequence[str] = (), source: str = "TransformerLens cache"
) -> Problem:
    """All heads of layer `at`, from an `ActivationCache` or any mapping with its names, of one sequence.

    Queries and keys are those that are compared: hook_rot_q and hook_rot_k where positions rotate them. Scale and
    mask are those with which softmax gives the cache's own pattern. Raises `ModelError` where none does.
    """
    names = [str(name) for name in cache.keys()]  # noqa: SIM118  an ActivationCache iterates otherwise
    q, k, v, pattern = (_activation(cache, names, at, *options)
                        for options in (("rot_q", "q"), ("rot_k", "k"), ("v",), ("pattern", "attn")))  # fmt: skip
    given = {name: [one[:, h] for h in range(one.shape[1])] for name, one in zip("QKV", (q, k, v), strict=True)}
    heads = (q.shape[1], k.shape[1])
    given = {name: one[0] if len(one) == 1 else one for name, one in given.items()}
    n, m = pattern.shape[1:]
    visible = (pattern > 0).any(axis=0)
    causal = np.tri(n, m, m - n, dtype=bool)
    masks = [visible] if (visible & ~causal).any() else [causal, visible]
    for scale, mask in product((None, 1.0), masks):
        found = layer(given, heads=heads, scale=scale, mask=mask, tokens=tokens, source=f"{source}, layer {at}")
        prefix = "head1." if heads[0] > 1 else ""
        if agrees(found, pattern[0], prefix + "weights"):
            return found
    raise ModelError(
        f"softmax of the scores of layer {at} is not the pattern in the cache: "
        "the model does something else to its scores"
    )


def _activation(cache: Any, names: Sequence[str], at: int, *options: str) -> Any:
    """The first of these that the cache has, without its batch."""
    for option in options:
        name = HOOK.format(layer=at, name=option)
        if name in names:
            found = floats(cache[name])
            if found.ndim == 4 and found.shape[0] == 1:
                found = found[0]
            if found.ndim != 3:
                raise ModelError(f"{name} has the shape {found.shape}; expected one sequence, a batch of one")
            return found
    raise ModelError(f"the cache has no {HOOK.format(layer=at, name=options[-1])}; run the model with run_with_cache")
