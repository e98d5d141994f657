"""Each word moves to a mixture of all words."""

from __future__ import annotations

from tracer.expr import Axis, Index, Mul, Tensor, position, total
from tracer.operations.normalisation import normalisations
from tracer.problem import Problem
from tracer.trace import Recorder

MIXTURE = "Every word moves to a mixture of all words, in the proportions of its weights."
REASONS = {  # by what is true of the weights
    "weights stand alone": "Every word gets the values of all words, each times its weight; the weights need not add "
    "up to 1, so it can get more or less than a mixture.",
    "rows leave something over": "Every word moves to a mixture of all words in the proportions of its weights, "
    "shorter by the part of its attention that goes to no word.",
}


def _traits(problem: Problem) -> tuple[str, ...]:
    return () if "A" in problem.given else normalisations[problem.wiring.normalisation.use].traits


def contributions(rec: Recorder, A: Tensor, V: Tensor, row: int) -> Tensor:
    """What each key brings to one query: its weight times its value vector.

    C[j, c] = A[i, j] · V[j, c] for this row i        shape (m, d_v)
    """
    j, c, number = Index("j"), Index("c"), A.axes[0].first + row + 1
    return rec.step(
        f"row{number}.contributions",
        (Axis("j", V.shape[0], "key"), V.axes[1]),
        Mul((A[position(row), j], V[j, c])),
        "Contributions",
        "Each word brings its value vector, made shorter by its weight.",
        symbol=f"C_{number}",
    )


def mix(rec: Recorder, A: Tensor, V: Tensor) -> Tensor:
    """Add up the value vectors, each as often as its weight says.

    O[i, c] = sum over j of A[i, j] · V[j, c]        shape (n, d_v); O = A V

    Source: Vaswani et al. 2017, eq. (1).
    """
    i, j, c = Index("i"), Index("j"), Index("c")
    for row in range(A.shape[0]):
        contributions(rec, A, V, row)
    return rec.step(
        "outputs",
        (A.axes[0], V.axes[1]),
        total(A.axes[1], Mul((A[i, j], V[j, c]))),
        "Outputs",
        next((REASONS[trait] for trait in _traits(rec.problem) if trait in REASONS), MIXTURE),
    )
