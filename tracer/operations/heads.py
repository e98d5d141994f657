"""Several heads: cut the columns apart, work each on its own, put the results side by side."""

from __future__ import annotations

from tracer.expr import Axis, Index, Join, Tensor
from tracer.trace import Recorder

TITLES = {"query": "Queries of this head", "key": "Keys of this head", "value": "Values of this head",
          "past_key": "Cached keys of this head", "past_value": "Cached values of this head"}  # fmt: skip


def split(rec: Recorder, name: str, Q: Tensor, part: int, parts: int) -> Tensor:
    """The columns of one head, head after head.

    Qʰ[i, c] = Q[i, c + h·d_k]        shape (n, d_k) with d_k = columns / heads
    """
    width = Q.shape[1] // parts
    row = Index(Q.axes[0].index)
    return rec.step(
        name,
        (Q.axes[0], Axis("c", width)),
        Q[row, Index("c", 1, part * width)],
        TITLES[name],
        "Each head looks at its own columns only, so that it can attend to something of its own.",
        symbol=Q.symbol,
        kind="arrange",
    )


def join(rec: Recorder, outputs: list[Tensor]) -> Tensor:
    """The heads' outputs side by side.

    J[i, ·] = [O¹[i, ·] | O²[i, ·] | …]        shape (n, n_heads · d_v)
    """
    i, c = Index("i"), Index("c")
    return rec.step(
        "joined",
        (outputs[0].axes[0], Axis("c", sum(O.shape[1] for O in outputs))),
        Join("c", tuple(O[i, c] for O in outputs)),
        "Heads joined",
        "What the heads found is written side by side, head after head.",
        kind="arrange",
    )
