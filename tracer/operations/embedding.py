"""Words become vectors: a one-hot row times the embedding table."""

from __future__ import annotations

from tracer.expr import Axis, Index, Mul, Tensor, total
from tracer.trace import Recorder


def lookup(rec: Recorder, H: Tensor, table: Tensor) -> Tensor:
    """Look each word up in the table, shown as the product that a lookup is.

    X[i, a] = sum over v of H[i, v] · Emb[v, a]        H [seq_len, vocabulary], Emb [vocabulary, d_model]

    H is one-hot: a single 1 in each row, at the word's id.
    """
    i, v, a = Index("i"), Index("v"), Index("a")
    words = Axis("v", table.axes[0].size)
    return rec.step(
        "embedding",
        (Axis("i", H.axes[0].size, "query"), Axis("a", table.axes[1].size)),
        total(words, Mul((H[i, v], table[v, a]))),
        "Embeddings",
        "A one-hot row times the table picks out one row of the table: the word's vector.",
    )
