"""The operations, each written once as formulas over cells; the files are in teaching order.

| slot | signature | rack |
|---|---|---|
| projection | `(X, W, row, column) -> Expr` and how W is laid out | `projections` |
| word encoding | `(rec, X [i, a], told) -> X [i, a]`, an ordered list | `word_encodings` |
| encoding | `(rec, Q [i, c], told) -> Q [i, c]`, an ordered list, of queries and of keys | `encodings` |
| similarity | `(rec, Q [i, c], K [j, c], told) -> S [i, j]` | `similarities` |
| logit step | `(rec, S [i, j], told) -> Z [i, j]`, an ordered list | `logit_steps` |
| mask rule | `(Z [i, j], told) -> Condition` | `mask_rules` |
| normalisation | `(rec, Z [i, j], told) -> A [i, j]` | `normalisations` |

`told` has what the problem file tells the operation, by the names of its options; the given matrices that it needs,
by theirs; and what it may want to know of the pass: `d_k`, `head` (from 1), `n_heads`, `start`, the number of tokens
before the first row, `V`, the values that the weights will mix (None where there are none); `name`, the step that it
encodes ("query", "key"); and `together`, what the steps of its name are told that stand behind each other.

`backward` has an operation of its own for each that can be gone back through.

An operation computes nothing. It records formulas, with a title and the reason for the step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracer.errors import UnknownName
from tracer.expr import ZERO, Case, Expr, Index, Tensor
from tracer.options import Operation, Rack
from tracer.registry import did_you_mean


def indices(tensor: Tensor) -> tuple[Index, ...]:
    """The tensor's own indices, ready to be put into a cell."""
    return tuple(Index(axis.index) for axis in tensor.axes)


def logit_symbol(S: Tensor) -> str:
    """The symbol of what a logit step makes: Z, and with a prime more than the scores that it begins with."""
    return f"{S.symbol}′" if S.symbol.rstrip("′") == "Z" else "Z"


def attending(Z: Tensor, body: Expr) -> Expr:
    """Body for a key that may be attended to, 0 for a masked one; body alone where no mask was applied."""
    return Case(Z.allowed, body, ZERO) if Z.allowed else body


from tracer.operations import (  # noqa: E402  teaching order
    additive,
    alignment,
    backward,
    bias,
    bilinear,
    cache,
    distance,
    embedding,
    encodings,
    feature_map,
    general,
    heads,
    linear,
    masks,
    mixing,
    normalisation,
    norms,
    online,
    positions,
    projection,
    qk_norm,
    relative,
    rotary,
    scaling,
    sharing,
    sigmoid,
    similarity,
    sinks,
    softcap,
    sparsemax,
    tempered,
)

SLOTS: dict[str, tuple[Rack[Any], ...]] = {  # the keys of [pass] that name operations, and where they are found
    "encoding": (encodings.word_encodings, encodings.encodings),
    "similarity": (similarity.similarities,),
    "logits": (scaling.logit_steps,),
    "normalisation": (normalisation.normalisations,),
}


def entry(slot: str, use: str, told: Mapping[str, Any], where: str) -> Operation[Any]:
    """The operation of a name that fits a slot; for a mask, with what its rule can be told.

    Raises `UnknownName` where there is none.
    """
    racks = SLOTS[slot]
    found = next((rack[use] for rack in racks if use in rack), None)
    if found is None:
        raise UnknownName(f"{where}: “{use}” is not known; {did_you_mean(use, [n for rack in racks for n in rack])}")
    return masks.ruled(found, told, where) if found.run is masks.mask else found


__all__ = ["SLOTS", "additive", "alignment", "attending", "backward", "bias", "bilinear", "cache", "distance",
           "embedding", "encodings", "entry", "feature_map", "general", "heads", "indices", "linear", "logit_symbol",
           "masks", "mixing", "normalisation", "norms", "online", "positions", "projection", "qk_norm", "relative",
           "rotary", "scaling", "sharing", "sigmoid", "similarity", "sinks", "softcap", "sparsemax",
           "tempered"]  # fmt: skip
