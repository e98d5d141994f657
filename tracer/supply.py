"""Where a head gets its queries, keys and values: given, projected, the words themselves, below those of a cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from tracer.expr import Tensor
from tracer.operations import cache, heads, projection
from tracer.taken import GIVEN_AS, Given, one
from tracer.trace import Recorder

Supply: TypeAlias = Callable[[int], Tensor | None]


def supply(rec: Recorder, given: Given, letter: str, X: Tensor | None, parts: int) -> Supply:
    """The queries, keys or values of a head by its number, of so many."""
    name, direct, weight = GIVEN_AS[letter], given.get(letter), given.get(f"W_{letter}")
    is_not_needed = letter != "V" and ("S" in given or "A" in given)
    if is_not_needed or (direct is None and X is None):
        return lambda part: None
    if isinstance(direct, list):
        return lambda part: direct[part]
    if direct is None and X is not None and isinstance(weight, list):
        return lambda part: _of_a_head(rec, name, X, weight, given.get(f"b_{letter}"), part)
    whole = _of_all_heads(rec, given, letter, X) if direct is None and X is not None else one(direct)
    if parts == rec.problem.wiring.n_heads == 1:
        return lambda part: whole
    return lambda part: heads.split(rec, name, whole, part, parts)


def _of_all_heads(rec: Recorder, given: Given, letter: str, X: Tensor) -> Tensor:
    """Projected by one weight matrix, each head having columns of its own; the words themselves where there is none."""
    if f"W_{letter}" not in given:
        return projection.as_it_is(rec, GIVEN_AS[letter], X)
    bias = one(given[f"b_{letter}"]) if f"b_{letter}" in given else None
    return projection.project(rec, GIVEN_AS[letter], X, one(given[f"W_{letter}"]), bias)


def _of_a_head(
    rec: Recorder, name: str, X: Tensor, weights: list[Tensor], bias: Tensor | list[Tensor] | None, part: int
) -> Tensor:
    """Projected by a weight matrix of the head's own; of a bias for all heads it takes its own numbers."""
    if bias is None or isinstance(bias, list):
        return projection.project(rec, name, X, weights[part], bias[part] if bias else None)
    width = bias.shape[0] // len(weights)
    return projection.project(rec, name, X, weights[part], bias, part * width)


def below_past(rec: Recorder, given: Given, letter: str, new: Tensor | None, kv: int) -> Tensor | None:
    """The new keys or values below those of the cache, where there is one."""
    past, parts = given.get(f"past_{letter}"), rec.problem.wiring.n_kv_heads
    if past is None or new is None:
        return new
    if isinstance(past, Tensor):
        name = GIVEN_AS[f"past_{letter}"]
        past = past if parts == rec.problem.wiring.n_heads == 1 else heads.split(rec, name, past, kv, parts)
    return cache.below(rec, f"{GIVEN_AS[letter]}_cache", past[kv] if isinstance(past, list) else past, new)
