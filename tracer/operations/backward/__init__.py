"""The backward pass, operation by operation: each file here goes back through what its namesake above records.

| backward of | signature | rack |
|---|---|---|
| normalisation | `(rec, Z [i, j], A [i, j], dA [i, j], told) -> dZ [i, j]` | `normalisations` |
| logit step | `(rec, S [i, j], Z [i, j], dZ [i, j], told) -> dS [i, j]` | `logit_steps` |
| similarity | `(rec, Q [i, c], K [j, c], dS [i, j]) -> dQ [i, c], dK [j, c]` | `similarities` |
| encoding | `(rec, Q [i, c], Q′ [i, c], dQ′ [i, c], told) -> dQ [i, c]` | `encodings` |
| word encoding | `(rec, X [i, a], X′ [i, a], dX′ [i, a], told) -> dX [i, a]` | `word_encodings` |

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

Back = Callable[[Recorder, Tensor, Tensor, Tensor, Mapping[str, Any]], Tensor]  # before, after, gradient of after

normalisations: Registry[Back] = Registry("normalisation to go back through")
logit_steps: Registry[Back] = Registry("logit step to go back through")
similarities: Registry[Callable[[Recorder, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]] = Registry(
    "similarity to go back through"
)
encodings: Registry[Back] = Registry("encoding to go back through")
word_encodings: Registry[Back] = Registry("encoding to go back through")

TITLES = {  # of the gradients, by the names of what they are the gradients of
    "X": "Gradient of the words",
    "Y": "Gradient of the other sequence",
    "encoded": "Gradient of the words with their positions",
    "embedding": "Gradient of the embeddings",
    "table": "Gradient of the embedding table",
    "query": "Gradient of the queries",
    "key": "Gradient of the keys",
    "rotated_query": "Gradient of the rotated queries",
    "rotated_key": "Gradient of the rotated keys",
    "query_sizes": "Gradient of the sizes of the queries",
    "key_sizes": "Gradient of the sizes of the keys",
    "normed_query": "Gradient of the normed queries",
    "normed_key": "Gradient of the normed keys",
    "g_Q": "Gradient of the query gain",
    "g_K": "Gradient of the key gain",
    "value": "Gradient of the values",
    "scores": "Gradient of the scores",
    "scaled": "Gradient of the scaled scores",
    "tempered": "Gradient of the scores at this temperature",
    "capped": "Gradient of the capped scores",
    "biased": "Gradient of the biased scores",
    "bias": "Gradient of the bias",
    "alibi": "Gradient of the scores less the distance",
    "relative_scores": "Gradient of the scores with relative positions",
    "relative": "Gradient of the relative positions",
    "sinks": "Gradient of the sinks",
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
    encoding,
    heads,
    logits,
    mixing,
    normalisation,
    projection,
    similarity,
)

__all__ = ["encoding", "encodings", "gradient", "heads", "logit_steps", "logits", "mixing", "name_of", "normalisation",
           "normalisations", "projection", "similarities", "similarity", "word_encodings"]  # fmt: skip
