"""NumPy in, a trace out: attention on arrays, lists, or texts."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tracer.composition import solve
from tracer.errors import ShapeError
from tracer.expr import INFINITY, MINUS_INFINITY, Expr, Num
from tracer.numbers import decimal, read
from tracer.problem import Problem, Setting, Values, Wiring, Written
from tracer.trace import Trace


@dataclass(frozen=True, slots=True)
class Array:
    """A NumPy array as given numbers: the floats as they are, and each as the shortest decimal that names it."""

    array: Any

    @property
    def shape(self) -> tuple[int, ...]:
        """Its sizes."""
        return tuple(int(n) for n in self.array.shape)

    def entry(self, at: tuple[int, ...]) -> Expr:
        """The number at a place, as it would be printed: 0.1 is one tenth."""
        return exactly(self.array[at].item())


def exactly(value: float | int) -> Expr:
    """A float or integer as the exact number that its shortest decimal names."""
    if isinstance(value, int):
        return Num(Fraction(value))
    if value in (float("inf"), float("-inf")):
        return INFINITY if value > 0 else MINUS_INFINITY
    number = decimal(repr(abs(value)))
    places = number.places if number.value.denominator > 1 else None
    return Num(number.value if value >= 0 else -number.value, places)


def attention(
    Q: Any,
    K: Any,
    V: Any,
    *,
    mask: Any = None,
    scale: Any = None,
    normalisation: str = "softmax",
    places: int = 4,
    dO: Any = None,
) -> Trace:
    """Trace softmax(Q Kᵀ / √d_k) V, and back through it where dO is given.

    Q [seq_len, d_k], K [key_len, d_k], V [key_len, d_v]: NumPy arrays, lists of numbers, or lists of texts
    such as "√2/2". `mask` is "causal", or a matrix in which 1 or True means “may attend”; `scale` is what
    scores are divided by (√d_k without it; 1 for no scaling). `dO` [seq_len, d_v] has the derivatives of a loss with
    respect to the outputs; the steps d_value, d_weights, d_scores, d_query, d_key follow from it.

    Raises `ShapeError` where sizes disagree. Source: Vaswani et al. 2017, eq. (1).
    """
    from tracer.problem import Paper

    given = {"Q": values(Q, "Q"), "K": values(K, "K"), "V": values(V, "V")}
    logits = [Setting("scale", {} if scale is None else {"by": _number(scale)})]
    if isinstance(mask, str):
        logits.append(Setting("mask", {"rule": mask}))
    elif mask is not None:
        given["mask"] = values(mask, "mask")
        logits.append(Setting("mask"))
    if dO is not None:
        given["dO"] = values(dO, "dO")
    n, m = given["Q"].shape[0], given["K"].shape[0]
    wiring = Wiring(logits=tuple(logits), normalisation=Setting(normalisation))
    words = tuple(f"token {i}" for i in range(1, max(n, m) + 1))
    return solve(Problem(given, tokens=words[:n], key_tokens=words[:m], wiring=wiring, paper=Paper(places=places)))


def values(matrix: Any, name: str) -> Values:
    """A matrix of a library user as given numbers."""
    if hasattr(matrix, "dtype") and hasattr(matrix, "item"):
        if len(matrix.shape) != 2 or 0 in matrix.shape:
            raise ShapeError(
                f"{name} has the shape {tuple(matrix.shape)}; expected a matrix with two axes, none of them empty"
            )
        return Array(matrix.astype(int) if matrix.dtype == bool else matrix)
    rows = [list(row) for row in matrix]
    if not rows or any(len(row) != len(rows[0]) or not row for row in rows):
        raise ShapeError(f"{name} must be a list of rows of one length")
    return Written(tuple(tuple(_number(x) for x in row) for row in rows))


def _number(value: Any) -> Expr:
    if isinstance(value, str):
        return read(value)
    if isinstance(value, bool | int):
        return Num(Fraction(int(value)))
    return exactly(value.item() if hasattr(value, "item") else value)
