"""A step as one line about whole matrices: S = Q Kᵀ, derived from its index formula."""

from __future__ import annotations

from tracer.expr import Add, Cell, Constant, Expr, Mul, Pow, Sum
from tracer.views import StepView


def as_product(step: StepView) -> tuple[Expr, str] | None:
    """The product, and its sizes as text: (4 × 3) · (3 × 2) = 4 × 2. None where the step is no product of two.

    out[r, c] = sum over k of L[r, k] · R[k, c]  (+ b[c])  is L R (+ b); an index in the other place is a ᵀ.
    """
    formula, bias = step.formula, None
    if isinstance(formula, Add) and len(formula.terms) == 2:
        formula, bias = formula.terms
    if not isinstance(formula, Sum) or not isinstance(formula.body, Mul) or len(step.shape) != 2:
        return None
    row, column = (axis.index for axis in step.tensor.axes)
    left = _with(formula.body, row, formula.index)
    right = _with(formula.body, column, formula.index)
    if left is None or right is None or len(formula.body.factors) != 2:
        return None
    (rows, inner), (columns, depth) = _sizes(left, row), _sizes(right, column)
    if not inner == depth == formula.size:  # a sum over a part of the values only
        return None
    product: Expr = Mul((_upright(left, 0, row), _upright(right, 1, column)))
    if isinstance(bias, Cell):
        product = Add((product, Cell(bias.tensor, ())))
    return product, f"({rows} × {inner}) · ({inner} × {columns}) = {rows} × {columns}"


def _with(product: Mul, outer: str, inner: str) -> Cell | None:
    """The factor that runs over these two indices, whole."""
    for factor in product.factors:
        if (
            isinstance(factor, Cell)
            and {i.name for i in factor.at} == {outer, inner}
            and not any(i.shift for i in factor.at)
        ):
            return factor
    return None


def _upright(cell: Cell, side: int, outer: str) -> Expr:
    """The whole matrix, transposed where its outer index stands on the other side."""
    whole = Cell(cell.tensor, ())
    return whole if cell.at[side].name == outer else Pow(whole, Constant("⊤"))


def _sizes(cell: Cell, outer: str) -> tuple[int, int]:
    """The size of a matrix along the outer index, and along the other one."""
    at = 0 if cell.at[0].name == outer else 1
    return cell.tensor.shape[at], cell.tensor.shape[1 - at]
