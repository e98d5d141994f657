"""The backward pass, operation by operation: each file here goes back through what its namesake above records.

| backward of | signature | rack |
|---|---|---|
| normalisation | `(rec, Z [i, j], A [i, j], dA [i, j]) -> dZ [i, j]` | `normalisations` |
| logit step | `(rec, S [i, j], Z [i, j], dZ [i, j], told) -> dS [i, j]` | `logit_steps` |
| similarity | `(rec, Q [i, c], K [j, c], dS [i, j]) -> dQ [i, c], dK [j, c]` | `similarities` |

dX stands for the derivatives of the loss L with respect to the numbers of X: dX[i, a] = ∂L / ∂X[i, a], of X's shape.
The racks are looked up by the names of the forward operations; one that is not in them has no backward pass here.

Source: Vaswani et al. 2017 for the pass; the chain rule for all that follows; in this form e.g. Dao et al. 2022,
FlashAttention, appendix B.2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tracer.expr import Expr, Tensor
from tracer.registry import Registry
from tracer.trace import Recorder

normalisations: Registry[Callable[[Recorder, Tensor, Tensor, Tensor], Tensor]] = Registry(
    "normalisation to go back through"
)
logit_steps: Registry[Callable[[Recorder, Tensor, Tensor, Tensor, Mapping[str, Any]], Tensor]] = Registry(
    "logit step to go back through"
)
similarities: Registry[Callable[[Recorder, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]] = Registry(
    "similarity to go back through"
)

TITLES = {  # of the gradients, by the names of what they are the gradients of
    "X": "Gradient of the words",
    "Y": "Gradient of the other sequence",
    "embedding": "Gradient of the embeddings",
    "table": "Gradient of the embedding table",
    "query": "Gradient of the queries",
    "key": "Gradient of the keys",
    "value": "Gradient of the values",
    "scores": "Gradient of the scores",
    "scaled": "Gradient of the scaled scores",
    "capped": "Gradient of the capped scores",
    "biased": "Gradient of the biased scores",
    "masked": "Gradient of the masked scores",
    "weights": "Gradient of the attention weights",
    "outputs": "Gradient of the outputs",
    "joined": "Gradient of the joined heads",
    "W_Q": "Gradient of the query weights",
    "W_K": "Gradient of the key weights",
    "W_V": "Gradient of the value weights",
    "W_O": "Gradient of the output weights",
    "b_Q": "Gradient of the query bias",
    "b_K": "Gradient of the key bias",
    "b_V": "Gradient of the value bias",
    "b_O": "Gradient of the output bias",
}


def name_of(T: Tensor) -> str:
    """The name of a tensor without pass and head: scores."""
    return T.id.rpartition(".")[2]


def gradient(rec: Recorder, T: Tensor, formula: Expr, because: str, kind: str = "calculate") -> Tensor:
    """Record dT, the gradient of a tensor: it has the tensor's axes, and its symbol with a d in front."""
    name = name_of(T)
    return rec.step(f"d_{name}", T.axes, formula, TITLES[name], because, symbol=f"d{T.symbol}", kind=kind)


from tracer.operations.backward import (  # noqa: E402  in the order of the backward pass
    heads,
    logits,
    mixing,
    normalisation,
    projection,
    similarity,
)

__all__ = ["gradient", "heads", "logit_steps", "logits", "mixing", "name_of", "normalisation", "normalisations",
           "projection", "similarities", "similarity"]  # fmt: skip
