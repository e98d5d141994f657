"""The online softmax: keys are read block by block, and no row of scores is ever needed as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tracer.expr import ZERO, Add, Axis, Case, Div, Expr, Index, Largest, Max, Mul, Some, Tensor, exp, minus, total
from tracer.operations import attending, indices
from tracer.operations.normalisation import normalisations
from tracer.operations.sharing import weights
from tracer.options import required, whole_number
from tracer.problem import MAX_SIZE
from tracer.rewriting import bind
from tracer.trace import Recorder


class Running(NamedTuple):
    """What is known of each row after some blocks: its maximum, its sum, its outputs before they are divided."""

    m: Tensor
    D: Tensor
    U: Tensor | None


@normalisations.operation(
    "softmax-online",
    traits=("rows add up to 1", "rows may be shifted"),
    block=required(whole_number(1, MAX_SIZE)),
)
def softmax_online(rec: Recorder, Z: Tensor, told: Mapping[str, Any]) -> Tensor:
    """The softmax and its outputs, from one block of keys after another; `block` is how many keys are read at once.

    m_b[i] = max(m_{b−1}[i], max over j in block b of Z[i, j]);   r_b[i] = exp(m_{b−1}[i] − m_b[i])
    D_b[i] = D_{b−1}[i] · r_b[i] + sum over j in block b of exp(Z[i, j] − m_b[i])
    U_b[i, c] = U_{b−1}[i, c] · r_b[i] + sum over j in block b of exp(Z[i, j] − m_b[i]) · V[j, c]
    O[i, c] = U_B[i, c] / D_B[i];   A[i, j] = exp(Z[i, j] − m_B[i]) / D_B[i]        shapes (n,), (n, d_v), (n, m)

    While a row has met no key that it may see, m = −∞, r = 0, D = 0 and U = 0; a fully masked row gives 0.
    Sources: Milakov and Gimelshein 2018, algorithm 3; Rabe and Staats 2021; Dao et al. 2022, algorithm 1.
    """
    keys, size = Z.axes[1].size, told["block"]
    running: Running | None = None
    for number, start in enumerate(range(0, keys, size), 1):
        with rec.under(f"block{number}.", f"[{number}]"):
            running = _block(rec, Z, told.get("V"), range(start, min(start + size, keys)), running)
    assert running
    return _ended(rec, Z, running)


def _block(rec: Recorder, Z: Tensor, V: Tensor | None, keys: range, before: Running | None) -> Running:
    """The state of every row after one more block of keys."""
    i, j = indices(Z)
    here = {j.name or "": j + keys.start}  # j runs through the block
    block = Axis(Z.axes[1].index, len(keys), Z.axes[1].counts, Z.axes[1].first + keys.start)
    largest: Expr = Max(block.index, block.size, bind(Z[i, j], here))
    m = rec.step(
        "maxima",
        Z.axes[:1],
        Largest((before.m[i], largest)) if before else largest,
        "Row maxima so far",
        "The largest score that has been met: no exponential will be larger than 1.",
    )
    r = _correction(rec, Z, before.m, m, keys.start) if before else None
    E = rec.step(
        "exponentials",
        (Z.axes[0], block),
        bind(attending(Z, exp(minus(Z[i, j], m[i]))), here),
        "Exponentials of this block",
        "Only the keys of this block are needed for them; no other score has to be kept.",
    )
    block_sum = total(block, E[i, j])
    D = rec.step(
        "row_sums",
        Z.axes[:1],
        Add((Mul((before.D[i], r[i])), block_sum)) if before and r else block_sum,
        "Row sums so far",
        "What was added up before is corrected to the new maximum; then the exponentials of the block are added."
        if before
        else "The exponentials of the first block are added up: these are the sums to begin with.",
    )
    return Running(m, D, None if V is None else _mixed(rec, E, V, keys.start, before.U if before else None, r))


def _correction(rec: Recorder, Z: Tensor, before: Tensor, m: Tensor, met: int) -> Tensor:
    """By what everything found so far is multiplied; a row that has seen no key yet has nothing to correct."""
    i, j = indices(Z)
    ratio = exp(minus(before[i], m[i]))
    return rec.step(
        "correction",
        Z.axes[:1],
        Case(Some(j.name or "", met, Z.allowed), ratio, ZERO) if Z.allowed else ratio,
        "Correction of what came before",
        "Where the maximum has grown, all earlier exponentials were too large by the same factor. Where no key has "
        "been seen yet, there is nothing to correct."
        if Z.allowed
        else "Where the maximum has grown, all earlier exponentials were too large by the same factor; where it has "
        "not, the factor is 1.",
    )


def _mixed(rec: Recorder, E: Tensor, V: Tensor, start: int, before: Tensor | None, r: Tensor | None) -> Tensor:
    """The values of the block, each as often as its exponential says, added to what was mixed before."""
    i, j = indices(E)
    c = Index(V.axes[1].index)
    added = total(E.axes[1], Mul((E[i, j], V[j + start, c])))
    return rec.step(
        "running_outputs",
        (E.axes[0], V.axes[1]),
        Add((Mul((before[i, c], r[i])), added)) if before and r else added,
        "Outputs so far, before dividing",
        "The values are mixed with the exponentials as they are; one division at the very end makes shares of them.",
    )


def _ended(rec: Recorder, Z: Tensor, running: Running) -> Tensor:
    """Outputs and weights, once every block has been read."""
    (i, j), (m, D, U) = indices(Z), running
    if U is not None:
        share: Expr = Div(U[indices(U)], D[i])
        rec.step(
            "online_outputs",
            U.axes,
            Case(Some(j.name or "", Z.shape[1], Z.allowed), share, ZERO) if Z.allowed else share,
            "Outputs from all blocks",
            "The last sum belongs to all keys, so dividing by it gives the outputs: no matrix of weights was needed.",
        )
    because = (
        "With the last maximum and the last sum the weights can be written down afterwards: they are those of the "
        "softmax."
    )
    return weights(rec, Z, Div(exp(minus(Z[i, j], m[i])), D[i]), because)
