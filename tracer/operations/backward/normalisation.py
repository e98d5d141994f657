"""Back through the normalisation: all weights of a row hang on all its logits, as the row's Jacobian says."""

from __future__ import annotations

from tracer.expr import ONE, Axis, Case, Div, Expr, Index, Mul, Neg, Same, Tensor, minus, position, total
from tracer.operations import attending, indices
from tracer.operations.backward import gradient, normalisations
from tracer.trace import Recorder


@normalisations.register("softmax-shifted")
@normalisations.register("softmax")
def softmax(rec: Recorder, Z: Tensor, A: Tensor, dA: Tensor) -> Tensor:
    """Back through a softmax: the Jacobian of each row, and the same in short for all rows.

    ∂A[i, j] / ∂Z[i, k] = A[i, j] · (δ[j, k] − A[i, k])        one (m, m) matrix for each row i
    dZ[i, j] = A[i, j] · (dA[i, j] − μ[i]) with μ[i] = sum over j of A[i, j] · dA[i, j]        shape (n, m)

    Subtracting the row's maximum first changes no weight, so it changes no gradient. A masked key has weight 0, and so
    gradient 0. Source: Dao et al. 2022, FlashAttention, appendix B.2.
    """

    def entries(own: Expr, other: Expr) -> Expr:
        diagonal = Mul((own, minus(ONE, other)))
        return Case(Same(Index("j"), Index("k")), diagonal, Neg(Mul((own, other))))

    for row in range(A.shape[0]):
        i = position(row)
        _jacobian(
            rec,
            A,
            row,
            entries(A[i, Index("j")], A[i, Index("k")]),
            "A larger logit raises its own weight and lowers all others, for together they stay 1: the entry in row j "
            "and column k says how fast weight j changes with logit k.",
        )
    _through_jacobians(rec, A, dA)
    i, j = indices(Z)
    mean = _mean(rec, A, dA)
    return gradient(
        rec,
        Z,
        Mul((A[i, j], minus(dA[i, j], mean[i]))),
        "The same for all rows, without a Jacobian: a logit's gradient is its weight times how far the weight's "
        "gradient lies above the mean of its row.",
    )


@normalisations.register("sum")
def by_sum(rec: Recorder, Z: Tensor, A: Tensor, dA: Tensor) -> Tensor:
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
    mean = _mean(rec, A, dA)
    return gradient(
        rec,
        Z,
        attending(Z, Div(minus(dA[i, j], mean[i]), D[i])),
        "The same for all rows, without a Jacobian: how far the weight's gradient lies above the mean of its row, "
        "divided by the row's sum.",
    )


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


def _mean(rec: Recorder, A: Tensor, dA: Tensor) -> Tensor:
    """μ[i] = sum over j of A[i, j] · dA[i, j]        shape (n,)."""
    i, j = indices(A)
    return rec.step(
        "mean_gradients",
        A.axes[:1],
        total(A.axes[1], Mul((A[i, j], dA[i, j]))),
        "Mean gradient of each row",
        "The weights of a row always add up to 1, so only what lies above or below their mean gradient can matter.",
    )
