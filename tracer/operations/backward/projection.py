"""Back through the projections: to the weights, to the biases, and to the words."""

from __future__ import annotations

from tracer.expr import Add, Axis, Cell, Expr, Index, Mul, Tensor, total
from tracer.operations.backward import gradient, name_of
from tracer.operations.projection import projections
from tracer.trace import Recorder

REASONS = {
    "weights": "A weight takes part in every row, so what comes in there times what comes back there is added up over "
    "all rows.",
    "bias": "A bias is added to every row, so what comes back is added up over all rows.",
    "inputs": "Back through the weights: an input gets from each output the gradient times the weight between the two.",
}
TITLES = {
    "query": "To the words, through the queries",
    "key": "To the words, through the keys",
    "value": "To the words, through the values",
}


def weights(rec: Recorder, W: Tensor, X: Tensor, dQ: Tensor) -> Tensor:
    """The gradient of a weight matrix, laid out as the matrix is.

    dW[a, c] = sum over i of X[i, a] · dQ[i, c]        shape (d_in, d_out); dW = Xᵀ dQ, or dQᵀ X for W [d_out, d_in]
    """
    row = dQ.axes[0]
    i, a, c = Index(row.index), Index("a"), Index("c")
    factors = {a: X[i, a], c: dQ[i, c]}
    order = _at(rec, W, a, c).at
    axes = tuple(Axis(str(index.name), size) for index, size in zip(order, W.shape, strict=True))
    product = Mul(tuple(factors[index] for index in order))
    return gradient(rec, Tensor(W.id, W.symbol, axes), total(row, product), REASONS["weights"])


def bias(rec: Recorder, b: Tensor, dQ: Tensor) -> Tensor:
    """The gradient of a bias.

    db[c] = sum over i of dQ[i, c]        shape (d_out,)
    """
    row = dQ.axes[0]
    return gradient(rec, b, total(row, dQ[Index(row.index), Index("c")]), REASONS["bias"])


def inputs(rec: Recorder, J: Tensor, W: Tensor, dP: Tensor) -> Tensor:
    """The gradient of what went into a projection, and nowhere else.

    dJ[i, a] = sum over c of dP[i, c] · W[a, c]        shape (n, d_in); dJ = dP Wᵀ
    """
    row = J.axes[0]
    as_input = Tensor(J.id, J.symbol, (row, Axis("a", J.shape[1])))
    return gradient(rec, as_input, _back(rec, W, dP, Index(row.index), Index("a")), REASONS["inputs"])


def path(rec: Recorder, name: str, X: Tensor, W: Tensor, dQ: Tensor) -> Tensor:
    """One of the ways in which the words were used: through queries, keys or values.

    dX_Q[i, a] = sum over c of dQ[i, c] · W_Q[a, c]        shape (n, d_model); dX_Q = dQ W_Qᵀ
    """
    row, a = (Index(axis.index) for axis in X.axes)
    symbol = f"d{X.symbol}_{name_of(W)[-1]}"
    return rec.step(
        f"through_{name}", X.axes, _back(rec, W, dQ, row, a), TITLES[name], REASONS["inputs"], symbol=symbol
    )


def words(rec: Recorder, X: Tensor, paths: list[Tensor]) -> Tensor:
    """The gradient of the words: what comes back on all the ways in which they were used, added up.

    dX[i, a] = dX_Q[i, a] + dX_K[i, a] + dX_V[i, a]        shape (n, d_model)
    """
    at = tuple(Index(axis.index) for axis in X.axes)
    return gradient(
        rec,
        X,
        Add(tuple(one[at] for one in paths)),
        "The words were used in several ways at once, so what comes back on each way is added up.",
    )


def table(rec: Recorder, H: Tensor, table: Tensor, dX: Tensor) -> Tensor:
    """The gradient of the embedding table.

    dEmb[v, a] = sum over i of H[i, v] · dX[i, a]        shape (vocabulary, d_model); dEmb = Hᵀ dX
    """
    i, v, a = Index("i"), Index("v"), Index("a")
    return gradient(
        rec,
        table,
        total(H.axes[0], Mul((H[i, v], dX[i, a]))),
        "A row of the table was looked up wherever its word stands, so it gets the gradients of all these places.",
    )


def _back(rec: Recorder, W: Tensor, dQ: Tensor, row: Index, a: Index) -> Expr:
    """Sum over c of dQ[row, c] · W[a, c], W laid out as the convention says."""
    c = Index("c")
    return total(Axis("c", dQ.shape[1]), Mul((dQ[row, c], _at(rec, W, a, c))))


def _at(rec: Recorder, W: Tensor, a: Index, c: Index) -> Cell:
    """The weight between input a and output c."""
    return W[(a, c) if projections[rec.problem.wiring.projection].inputs_axis == 0 else (c, a)]
