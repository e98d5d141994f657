"""Queries, keys and values: each word's vector seen through a matrix of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tracer.expr import Add, Axis, Expr, Index, Mul, Tensor, total
from tracer.registry import Registry
from tracer.trace import Recorder


@dataclass(frozen=True, slots=True)
class Projection:
    """A convention for multiplying by a weight matrix, and which of W's axes runs over the inputs."""

    entry: Callable[[Tensor, Tensor, Index, Index], Expr]
    inputs_axis: int
    words: str

    @property
    def outputs_axis(self) -> int:
        """Which of W's axes runs over the outputs."""
        return 1 - self.inputs_axis


projections: Registry[Projection] = Registry("projection")


def _x_w(X: Tensor, W: Tensor, row: Index, column: Index) -> Expr:
    """(X W)[row, column] = sum over a of X[row, a] · W[a, column]        W [d_in, d_out]"""
    a = Index("a")
    return total(Axis("a", W.shape[0]), Mul((X[row, a], W[a, column])))


def _x_wt(X: Tensor, W: Tensor, row: Index, column: Index) -> Expr:
    """(X Wᵀ)[row, column] = sum over a of X[row, a] · W[column, a]        W [d_out, d_in], as in torch.nn.Linear"""
    a = Index("a")
    return total(Axis("a", W.shape[1]), Mul((X[row, a], W[column, a])))


def _w_x(X: Tensor, W: Tensor, row: Index, column: Index) -> Expr:
    """(W x)[column] = sum over a of W[column, a] · x[a], where x is word `row` as a column        W [d_out, d_in]"""
    a = Index("a")
    return total(Axis("a", W.shape[1]), Mul((W[column, a], X[row, a])))


projections.register("X W")(Projection(_x_w, 0, "words are rows, multiplied from the right: X W."))
projections.register("X W^T")(
    Projection(_x_wt, 1, "words are rows, multiplied by the transposed matrix: X Wᵀ (torch.nn.Linear).")
)
projections.register("W x")(Projection(_w_x, 1, "words are columns, multiplied from the left: W x."))

TITLES = {"query": "Queries", "key": "Keys", "value": "Values", "projected": "Output projection"}
REASONS = {
    "query": "The query is what a word looks for: W_Q turns its vector to the side that matters for comparing.",
    "key": "The key is what a word is found by: W_K prepares the vectors that the queries are compared with.",
    "value": "The value is what a word passes on: W_V says in which space the words are mixed.",
    "projected": "W_O mixes what the heads found back into one vector of the model's size.",
}
AS_THEY_ARE = {
    "query": "No W_Q is given, so the words themselves are the queries.",
    "key": "No W_K is given, so the words themselves are the keys.",
    "value": "No W_V is given, so the words themselves are the values.",
}
FED_BACK = {
    "query": "No W_Q is given, so the results of the pass before themselves are the queries.",
    "key": "No W_K is given, so the results of the pass before themselves are the keys.",
    "value": "No W_V is given, so the results of the pass before themselves are the values.",
}
COUNTS = {"query": ("i", "query"), "key": ("j", "key"), "value": ("j", "key"), "projected": ("i", "query")}


def project(rec: Recorder, name: str, X: Tensor, W: Tensor, b: Tensor | None, first: int = 0) -> Tensor:
    """Multiply every row by a weight matrix, and add the bias where there is one.

    Q[i, c] = sum over a of X[i, a] · W_Q[a, c] + b_Q[c + first]        Q [n, d_out], in the projection's convention

    `first` is where the numbers of this matrix begin in a bias that others share.

    Source: Vaswani et al. 2017, section 3.2.2.
    """
    convention = projections[rec.problem.wiring.projection]
    rows = _rows(rec, name, X)
    row, column = Index(rows.index), Index("c")
    entry = convention.entry(X, W, row, column)
    return rec.step(
        name,
        (rows, Axis("c", W.shape[convention.outputs_axis])),
        entry if b is None else Add((entry, b[column + first])),
        TITLES[name],
        REASONS[name],
    )


def _rows(rec: Recorder, name: str, X: Tensor) -> Axis:
    """The words that are projected; as keys they stand behind those of the cache."""
    letter, counts = COUNTS[name]
    rows = X.axes[0]
    before = rec.problem.past if counts == "key" and rows.counts == "query" else 0
    return Axis(letter, rows.size, counts, rows.first + before)


def as_it_is(rec: Recorder, name: str, X: Tensor) -> Tensor:
    """Use the words themselves where no weight matrix is given: Q[i, c] = X[i, c]."""
    rows = _rows(rec, name, X)
    return rec.step(
        name,
        (rows, Axis("c", X.shape[1])),
        X[Index(rows.index), Index("c")],
        TITLES[name],
        (FED_BACK if X.id.startswith("pass") else AS_THEY_ARE)[name],
        kind="arrange",
    )
