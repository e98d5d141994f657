"""Back through the heads: apart what was joined, joined what was split, added up what was shared."""

from __future__ import annotations

from tracer.expr import Add, Axis, Index, Join, Tensor
from tracer.operations.backward import TITLES, gradient, name_of
from tracer.trace import Recorder

SHARED = {
    "key": "Gradient of shared keys",
    "value": "Gradient of shared values",
    "scores": "Gradient of shared scores",
    "weights": "Gradient of shared weights",
}


def of_head(rec: Recorder, O: Tensor, dJ: Tensor, start: int) -> Tensor:
    """The columns that came from one head.

    dOʰ[i, c] = dJ[i, c + start]        shape (n, d_v)
    """
    return gradient(
        rec,
        O,
        dJ[Index("i"), Index("c", 1, start)],
        "The heads were only written side by side, so each gets the gradient of its own columns back.",
        kind="arrange",
    )


def shared(rec: Recorder, step: str, shares: list[Tensor]) -> Tensor:
    """The gradient of keys or values that several query heads used: what each of them sends back, added up.

    dK[j, c] = dK¹[j, c] + dK²[j, c] + …        shape (m, d_k)

    Source: Ainslie et al. 2023, GQA, for the sharing; the chain rule for the sum.
    """
    first = shares[0]
    at = tuple(Index(axis.index) for axis in first.axes)
    name = step.removeprefix("d_").removesuffix("_shared")
    return rec.step(
        step,
        first.axes,
        Add(tuple(share[at] for share in shares)),
        SHARED.get(name, TITLES[name]),
        "These heads used the same numbers, so the gradients that they send back are added up.",
        symbol=first.symbol,
    )


def whole(rec: Recorder, parts: list[Tensor]) -> Tensor:
    """The gradients of all heads side by side, as their columns had been taken apart.

    dQ[i, ·] = [dQ¹[i, ·] | dQ²[i, ·] | …]        shape (n, n_heads · d_k)
    """
    first = parts[0]
    row, c = Index(first.axes[0].index), Index("c")
    name = name_of(first).removesuffix("_shared")
    return rec.step(
        name,
        (first.axes[0], Axis("c", sum(part.shape[1] for part in parts))),
        Join("c", tuple(part[row, c] for part in parts)),
        TITLES[name.removeprefix("d_")],
        "Each head had columns of its own, so the gradients of the heads are written side by side.",
        symbol=first.symbol,
        kind="arrange",
    )
