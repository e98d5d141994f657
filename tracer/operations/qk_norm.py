"""QK-norm: queries and keys are brought to one size before they are compared, so that only their directions count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracer.expr import ZERO, Add, Div, Expr, Mul, Tensor, sqrt, square, total
from tracer.operations import indices
from tracer.operations.encodings import encodings
from tracer.operations.scaling import d_k
from tracer.options import NOT_NEGATIVE
from tracer.trace import Recorder

GAINS = {"query": "g_Q", "key": "g_K"}
SIZES = {"query": "Sizes of the queries", "key": "Sizes of the keys"}
LENGTHS = {"query": "Lengths of the raw queries", "key": "Lengths of the raw keys"}
NORMED = {"query": "Normed queries", "key": "Normed keys"}


@encodings.operation("rms-norm", takes=("g_Q", "g_K"), traits=("sizes are taken out",), epsilon=NOT_NEGATIVE)
def rms_norm(rec: Recorder, Q: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Divide each row by the root of the mean of its squares, and multiply by the gain where there is one.

    r[i] = √((sum over c of Q[i, c]²) / d_k + ε)        shape (n,); ε is `epsilon`, 0 unless it is told
    Q′[i, c] = Q[i, c] / r[i] · g[c]                    shape (n, d_k); g is g_Q for queries, g_K for keys

    Source: Zhang and Sennrich 2019, eq. (4); for queries and keys Qwen 3 (Yang et al. 2025), section 2.
    """
    name, (i, c) = told["name"], indices(Q)
    mean: Expr = Div(total(Q.axes[1], square(Q[i, c])), d_k(Q.shape[1]))
    epsilon = told.get("epsilon", ZERO)
    r = rec.step(
        f"{name}_sizes",
        Q.axes[:1],
        sqrt(mean if epsilon == ZERO else Add((mean, epsilon))),
        SIZES[name],
        "The root of the mean of the squares says how large the coordinates of a vector are, whatever their signs.",
    )
    normed: Expr = Div(Q[i, c], r[i])
    gain = told.get(GAINS[name])
    return rec.step(
        f"normed_{name}",
        Q.axes,
        Mul((normed, gain[c])) if gain else normed,
        NORMED[name],
        "Divided by its size, each vector has coordinates of size 1 on average; its gain then says how much each of "
        "them counts."
        if gain
        else "Divided by its size, each vector has coordinates of size 1 on average: none wins by being large.",
        symbol=f"{Q.symbol}′",
    )


@encodings.operation("l2-norm", traits=("sizes are taken out",))
def l2_norm(rec: Recorder, Q: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Divide each row by its length, so that a dot product of two rows is the cosine of their angle.

    r[i] = √(sum over c of Q[i, c]²)        shape (n,)
    Q′[i, c] = Q[i, c] / r[i]               shape (n, d_k)

    Source: Henry et al. 2020, Query-Key Normalization for Transformers, section 3.
    """
    name, (i, c) = told["name"], indices(Q)
    length = rec.step(
        f"{name}_sizes",
        Q.axes[:1],
        sqrt(total(Q.axes[1], square(Q[i, c]))),
        LENGTHS[name],
        "The length of a vector, by Pythagoras, is what its coordinates are divided by.",
    )
    return rec.step(
        f"normed_{name}",
        Q.axes,
        Div(Q[i, c], length[i]),
        NORMED[name],
        "Divided by its length, each vector has the length 1, and the dot product of two is the cosine of their angle.",
        symbol=f"{Q.symbol}′",
    )
