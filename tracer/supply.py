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
    name, direct, weight, bias = GIVEN_AS[letter], given.get(letter), given.get(f"W_{letter}"), given.get(f"b_{letter}")
    if letter != "V" and ("S" in given or "A" in given):
        return lambda part: None
    if isinstance(direct, list):
        return lambda part: direct[part]
    if direct is None and isinstance(weight, list) and X is not None:
        return lambda part: _of_a_head(rec, name, X, weight, bias, part)
    if direct is None and X is None:
        return lambda part: None
    if direct is not None:
        whole = direct
    elif weight is not None and X is not None:
        whole = projection.project(rec, name, X, one(weight), None if bias is None else one(bias))
    elif X is not None:
        whole = projection.as_it_is(rec, name, X)
    return (
        (lambda part: whole)
        if parts == rec.problem.wiring.n_heads == 1
        else lambda part: heads.split(rec, name, whole, part, parts)
    )


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
