"""The sparsemax: scores far below the largest get no weight at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracer.expr import ONE, ZERO, AtMost, Axis, Case, Div, Index, Largest, Max, Position, Ranked, Tensor, minus, total
from tracer.operations import indices
from tracer.operations.normalisation import normalisations
from tracer.operations.sharing import weights
from tracer.trace import Recorder


@normalisations.operation("sparsemax", traits=("rows add up to 1", "rows may be shifted"))
def sparsemax(rec: Recorder, Z: Tensor, told: Mapping[str, Any]) -> Tensor:
    """The point of the simplex that is nearest to a row of logits: what stands above a threshold, and 0 elsewhere.

    R[i, k] = Z[i, (k)], the k-th largest of the row;   t[i, k] = (sum over r ≤ k of R[i, r] − 1) / k
    τ[i] = max over k of t[i, k];   A[i, j] = max(Z[i, j] − τ[i], 0)        shape (n, m)

    Source: Martins and Astudillo 2016, eq. (2) to (4), algorithm 1; their τ is the largest t, since t rises as long as
    the next score stands above it, and then falls.
    """
    i, j = indices(Z)
    k, r, words = Index("k"), Index("r"), Z.shape[1]
    ranks = Axis("k", words)
    R = rec.step(
        "ranked",
        (Z.axes[0], ranks),
        Ranked(k, Z.axes[1].index, words, Z[i, j]),
        "Scores in order",
        "The largest score of each row first: only the first few will get any weight.",
        kind="arrange",
    )
    first = total(Axis("r", words), Case(AtMost(r, k), R[i, r], ZERO))
    t = rec.step(
        "candidates",
        (Z.axes[0], ranks),
        Div(minus(first, ONE), Position(k)),
        "Thresholds for the first k",
        "If the first k scores alone get weight, this is what each of them has to give up so that 1 remains.",
    )
    tau = rec.step(
        "threshold",
        Z.axes[:1],
        Max("k", words, t[i, k]),
        "Threshold",
        "The largest of these is the right one: what stands above it adds up to exactly 1.",
    )
    because = "What stands above the threshold is the weight; everything below it weighs 0, not merely little."
    return weights(rec, Z, Largest((minus(Z[i, j], tau[i]), ZERO)), because)
