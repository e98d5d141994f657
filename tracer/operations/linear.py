"""Linear attention in its other order: first keys with values, then each query once; no matrix of weights at all."""

from __future__ import annotations

from tracer.expr import Axis, Div, Index, Mul, Tensor, total
from tracer.trace import Recorder


def other_order(rec: Recorder, Q: Tensor, K: Tensor, V: Tensor) -> Tensor:
    """The outputs of scores that are divided by their sum, found without scores.

    G[a, c] = sum over j of K[j, a] · V[j, c];   g[a] = sum over j of K[j, a]
    O′[i, c] = (sum over a of Q[i, a] · G[a, c]) / (sum over a of Q[i, a] · g[a])        shape (n, d_v)

    G and g have the size of one word, however many words there are. Source: Katharopoulos et al. 2020, eq. (5), (6).
    """
    i, j, a, c = Index("i"), Index("j"), Index("a"), Index("c")
    keys, inside = Axis("j", K.shape[0], "key"), Axis("a", K.shape[1])
    G = rec.step(
        "key_values",
        (inside, V.axes[1]),
        total(keys, Mul((K[j, a], V[j, c]))),
        "Keys times values",
        "Three matrices may be multiplied from the right: keys with values first, all words in one small table.",
    )
    g = rec.step(
        "key_sums",
        (inside,),
        total(keys, K[j, a]),
        "Sum of the keys",
        "What every row is divided by needs only the sum of all keys.",
    )
    return rec.step(
        "linear_outputs",
        (Q.axes[0], V.axes[1]),
        Div(total(inside, Mul((Q[i, a], G[a, c]))), total(inside, Mul((Q[i, a], g[a])))),
        "The outputs in the other order",
        "The same outputs, and the work grows with the number of words, not with its square: each query reads the "
        "small table once.",
    )
