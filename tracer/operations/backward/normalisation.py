"""Back through the normalisation: all weights of a row hang on all its logits, as the row's Jacobian says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tracer.expr import (
    ONE,
    Axis,
    Call,
    Case,
    Div,
    Expr,
    Index,
    Mul,
    Neg,
    Piece,
    Pieces,
    Same,
    Tensor,
    minus,
    num,
    position,
    total,
)
from tracer.operations import attending, indices
from tracer.operations.backward import gradient, normalisations
from tracer.trace import Recorder

Sloped = Callable[[tuple[Expr, ...]], Expr]
IN_SHORT = (
    "The same for all rows, without a Jacobian: a logit's gradient is its weight times how far the weight's gradient "
    "lies above the mean of its row."
)


@normalisations.register("softmax-online")
@normalisations.register("softmax-shifted")
@normalisations.register("softmax")
def softmax(rec: Recorder, Z: Tensor, A: Tensor, dA: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Back through a softmax: the Jacobian of each row, and the same in short for all rows.

    ∂A[i, j] / ∂Z[i, k] = A[i, j] · (δ[j, k] − A[i, k])        one (m, m) matrix for each row i
    dZ[i, j] = A[i, j] · (dA[i, j] − μ[i]) with μ[i] = sum over j of A[i, j] · dA[i, j]        shape (n, m)

    Subtracting the row's maximum first, or reading the keys block by block, changes no weight, so it changes no
    gradient. A masked key has weight 0, and so gradient 0. Source: Dao et al. 2022, FlashAttention, appendix B.2.
    """
    return _shares(rec, Z, A, dA, Mul)


@normalisations.register("softmax-temperature")
def temperature(rec: Recorder, Z: Tensor, A: Tensor, dA: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Back through a softmax of Z / T: all slopes are divided by the temperature T.

    ∂A[i, j] / ∂Z[i, k] = A[i, j] · (δ[j, k] − A[i, k]) / T        one (m, m) matrix for each row i
    dZ[i, j] = A[i, j] · (dA[i, j] − μ[i]) / T        shape (n, m), with μ as for the softmax
    """
    return _shares(rec, Z, A, dA, lambda factors: Div(Mul(factors), told["temperature"]))


@normalisations.register("softmax-base-2")
def base_2(rec: Recorder, Z: Tensor, A: Tensor, dA: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Back through a softmax with powers of 2: the derivative of 2^x is ln 2 · 2^x, so all slopes have the factor ln 2.

    ∂A[i, j] / ∂Z[i, k] = ln 2 · A[i, j] · (δ[j, k] − A[i, k])        one (m, m) matrix for each row i
    dZ[i, j] = ln 2 · A[i, j] · (dA[i, j] − μ[i])        shape (n, m), with μ as for the softmax
    """
    return _shares(rec, Z, A, dA, lambda factors: Mul((Call("ln", num(2)), *factors)))


def _shares(rec: Recorder, Z: Tensor, A: Tensor, dA: Tensor, sloped: Sloped) -> Tensor:
    """Back through a softmax; `sloped` makes one expression of its factors, with what all its slopes have in common."""
    _jacobians(
        rec,
        A,
        sloped,
        "A larger logit raises its own weight and lowers all others, for together they stay 1: the entry in row j "
        "and column k says how fast weight j changes with logit k.",
    )
    _through_jacobians(rec, A, dA)
    mean = _mean(
        rec,
        A,
        dA,
        "The weights of a row always add up to 1, so only what lies above or below their mean gradient can matter.",
    )
    i, j = indices(Z)
    return gradient(rec, Z, sloped((A[i, j], minus(dA[i, j], mean[i]))), IN_SHORT)


@normalisations.register("softmax-off-by-one")
def off_by_one(rec: Recorder, Z: Tensor, A: Tensor, dA: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Back through a softmax with 1 more below the line: as for the softmax, though rows add up to less than 1.

    ∂A[i, j] / ∂Z[i, k] = A[i, j] · (δ[j, k] − A[i, k])        one (m, m) matrix for each row i
    dZ[i, j] = A[i, j] · (dA[i, j] − μ[i]) with μ[i] = sum over j of A[i, j] · dA[i, j]        shape (n, m)
    """
    return _beside_a_rest(rec, Z, A, dA)


@normalisations.register("softmax-sink")
def sink(rec: Recorder, Z: Tensor, A: Tensor, dA: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Back through a softmax with a sink, to its logit s too: its weight is the rest r, and it brings no value.

    dZ[i, j] = A[i, j] · (dA[i, j] − μ[i]) with μ[i] = sum over j of A[i, j] · dA[i, j]        shape (n, m)
    dz_s[i] = −r[i] · μ[i]        shape (n,), what each row says about s
    """
    dZ = _beside_a_rest(rec, Z, A, dA)
    r, mean = rec.made("rest"), rec.made("mean_gradients")
    i, _ = indices(Z)
    rec.step(
        "d_sink_logits",
        Z.axes[:1],
        Neg(Mul((r[i], mean[i]))),
        "Gradient of the sink in each row",
        "The sink is one more logit, and its weight is the rest. That weight brings no value, so its gradient is 0, "
        "which lies below the mean by the mean itself: hence the minus sign.",
    )
    return dZ


def sinks(rec: Recorder, s: Tensor, heads: list[Tensor]) -> Tensor:
    """The gradient of the logits of the sinks, one for each head.

    ds[h] = sum over i of dz_s[i] of head h        shape (n_heads,)
    """
    parts = tuple(Piece(position(h), 1, total(one.axes[0], one[Index("i")])) for h, one in enumerate(heads))
    return gradient(
        rec,
        s,
        Pieces(s.axes[0].index, parts) if len(parts) > 1 else parts[0].body,
        "All rows of a head have the same sink, so what they say about it is added up.",
    )


def _beside_a_rest(rec: Recorder, Z: Tensor, A: Tensor, dA: Tensor) -> Tensor:
    _jacobians(
        rec,
        A,
        Mul,
        "A larger logit raises its own weight and lowers all others and the rest, for together they stay 1: the entry "
        "in row j and column k says how fast weight j changes with logit k.",
    )
    _through_jacobians(rec, A, dA)
    mean = _mean(
        rec,
        A,
        dA,
        "The rest of the attention brings no value, so it counts with gradient 0: with it this is the mean, and only "
        "what lies above or below it can matter.",
    )
    i, j = indices(Z)
    return gradient(rec, Z, Mul((A[i, j], minus(dA[i, j], mean[i]))), IN_SHORT)


@normalisations.register("sigmoid")
def sigmoid(rec: Recorder, Z: Tensor, A: Tensor, dA: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Back through a sigmoid, whose slope is A · (1 − A); no logit moves any other weight.

    dZ[i, j] = dA[i, j] · A[i, j] · (1 − A[i, j])        shape (n, m)
    """
    at = indices(Z)
    return gradient(
        rec,
        Z,
        Mul((dA[at], A[at], minus(ONE, A[at]))),
        "The slope of the sigmoid is its value times 1 less its value: most at one half, hardly any near 0 and 1. Each "
        "logit moves its own weight alone, so no Jacobian of a row is needed.",
    )


@normalisations.register("sum")
def by_sum(rec: Recorder, Z: Tensor, A: Tensor, dA: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Back through a division by the sum of the row, D[i].

    ∂A[i, j] / ∂Z[i, k] = (δ[j, k] − A[i, j]) / D[i]        one (m, m) matrix for each row i, where no key is masked
    dZ[i, j] = (dA[i, j] − μ[i]) / D[i] with μ[i] = sum over j of A[i, j] · dA[i, j]        shape (n, m)

    The quotient rule; a masked key takes no part, so its gradient is 0.
    """
    D = rec.made("row_sums")
    j, k = Index("j"), Index("k")
    for row in range(A.shape[0] if Z.allowed is None else 0):
        i = position(row)
        _jacobian(
            rec,
            A,
            row,
            Case(Same(j, k), Div(minus(ONE, A[i, j]), D[i]), Neg(Div(A[i, j], D[i]))),
            "By the quotient rule: the entry in row j and column k says how fast weight j changes with logit k.",
        )
    if Z.allowed is None:
        _through_jacobians(rec, A, dA)
    i, j = indices(Z)
    mean = _mean(
        rec,
        A,
        dA,
        "The weights of a row always add up to 1, so only what lies above or below their mean gradient can matter.",
    )
    return gradient(
        rec,
        Z,
        attending(Z, Div(minus(dA[i, j], mean[i]), D[i])),
        "The same for all rows, without a Jacobian: how far the weight's gradient lies above the mean of its row, "
        "divided by the row's sum.",
    )


def _jacobians(rec: Recorder, A: Tensor, sloped: Sloped, because: str) -> None:
    """A[i, j] · (δ[j, k] − A[i, k]) for each row i, with what all slopes have in common."""
    j, k = Index("j"), Index("k")
    for row in range(A.shape[0]):
        i = position(row)
        own, other = A[i, j], A[i, k]
        entry = Case(Same(j, k), sloped((own, minus(ONE, other))), Neg(sloped((own, other))))
        _jacobian(rec, A, row, entry, because)


def _jacobian(rec: Recorder, A: Tensor, row: int, entry: Expr, because: str) -> None:
    m = A.shape[1]
    rec.step(
        f"row{row + 1}.jacobian",
        (Axis("j", m, "key"), Axis("k", m, "key")),
        entry,
        "Jacobian of a row",
        because,
        symbol=f"Jac_{row + 1}",
    )


def _through_jacobians(rec: Recorder, A: Tensor, dA: Tensor) -> None:
    """dz[k] = sum over j of dA[i, j] · Jac[j, k] for each row i        shape (m,)."""
    j, k = Index("j"), Index("k")
    for row in range(A.shape[0]):
        jacobian = rec.made(f"row{row + 1}.jacobian")
        rec.step(
            f"row{row + 1}.d_logits",
            (Axis("k", A.shape[1], "key"),),
            total(A.axes[1], Mul((dA[position(row), j], jacobian[j, k]))),
            "Through the Jacobian",
            "The chain rule: a logit moves every weight of its row, so what each of them does to the loss is added up.",
            symbol=f"dz_{row + 1}",
        )


def _mean(rec: Recorder, A: Tensor, dA: Tensor, because: str) -> Tensor:
    """μ[i] = sum over j of A[i, j] · dA[i, j]        shape (n,)."""
    i, j = indices(A)
    return rec.step(
        "mean_gradients",
        A.axes[:1],
        total(A.axes[1], Mul((A[i, j], dA[i, j]))),
        "Mean gradient of each row",
        because,
    )
