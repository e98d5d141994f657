"""What a pass leaves behind for those who go on with it: the next token, which uses its keys, and the backward pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tracer.expr import Tensor


@dataclass(frozen=True, slots=True)
class Passed:
    """An operation that something went through: its name, what it was told, and what was before and after it."""

    use: str
    told: Mapping[str, Any]
    before: Tensor
    after: Tensor


@dataclass(frozen=True, slots=True)
class Head:
    """What a head did: the logits went through the logit steps and the normalisation; none where weights are given.

    Queries and keys are as they were compared; what they went through before is in `encoded`. Keys and values of a
    cache stand above the new ones.
    """

    query: Tensor | None
    key: Tensor | None
    value: Tensor | None
    logits: tuple[Passed, ...]
    weights: Tensor
    outputs: Tensor | None
    encoded: Mapping[str, tuple[Passed, ...]]


@dataclass(frozen=True, slots=True)
class Done:
    """A finished pass: the words and the other sequence, the heads, their outputs joined, and the result."""

    X: Tensor | None
    Y: Tensor | None
    heads: tuple[Head, ...]
    joined: Tensor | None
    result: Tensor | None
