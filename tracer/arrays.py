"""What a library user has, as given numbers: NumPy arrays, PyTorch tensors, lists, texts."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import isnan
from numbers import Rational
from typing import Any

import numpy as np

from tracer.arithmetic import floating
from tracer.errors import ProblemError, ShapeError
from tracer.expr import INFINITY, MINUS_INFINITY, Expr, Num
from tracer.numbers import Unreadable, decimal, read
from tracer.problem import PerHead, Values, Written
from tracer.problem_file import MAY_BE_INFINITE

MATRIX, HEADS = 2, 3  # axes: of a matrix, of one for each head
WRITTEN, NO_REAL_NUMBERS = "OSUT", "cMm"  # kinds of NumPy arrays: of objects and texts; of complex numbers and times


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

    def count(self, number: Expr) -> int:
        """How many of them are this number."""
        return int((self.array == floating.number(number)).sum())


def exactly(value: float | int) -> Expr:
    """A float or integer as the exact number that its shortest decimal names."""
    if isinstance(value, int):
        return Num(Fraction(value))
    if isnan(value):
        raise Unreadable("is no number")
    if value in (float("inf"), float("-inf")):
        return INFINITY if value > 0 else MINUS_INFINITY
    number = decimal(repr(abs(value)))
    places = number.places if number.value.denominator > 1 else None
    return Num(number.value if value >= 0 else -number.value, places)


def values(matrix: Any, name: str) -> Values:
    """A matrix or vector as given numbers. Raises `ShapeError`, and `ProblemError` for what is no number."""
    if is_array(matrix):
        array = as_numpy(matrix, name)
        return values(array.tolist(), name) if array.dtype.kind in WRITTEN else _array(array, name)
    if len(matrix) and depth(matrix) == 1:
        return Written((tuple(number(x, name) for x in matrix),), is_vector=True)
    rows = [list(row) for row in matrix]
    if not rows or any(len(row) != len(rows[0]) or not row for row in rows):
        raise ShapeError(f"{name} must be a list of rows of one length")
    return Written(tuple(tuple(number(x, name) for x in row) for row in rows))


def per_head(matrix: Any, name: str) -> PerHead:
    """One matrix for each head; a matrix alone is that of one head. Raises `ShapeError`, `ProblemError`."""
    axes = depth(matrix)
    if axes not in (MATRIX, HEADS):
        raise ShapeError(f"{name} has {axes} axes; expected a matrix, or one for each head")
    return tuple(values(one, name) for one in (matrix if axes == HEADS else [matrix]))


def spread(matrix: Any, name: str, shape: tuple[int, int, int]) -> Values | PerHead:
    """A mask or a bias for all heads, or one for each. An array is broadcast as in NumPy, a list is taken as it is."""
    if is_array(matrix):
        rows = np.atleast_2d(as_numpy(matrix, name))
        try:
            matrix = np.broadcast_to(rows, (*rows.shape[:-2], *shape[1:]))
            np.broadcast_to(matrix, shape)
        except ValueError:
            raise ShapeError(f"{name} has the shape {rows.shape}, which cannot be broadcast to {shape}") from None
    parts = per_head(matrix, name)
    if len(parts) not in (1, shape[0]):
        raise ShapeError(f"{name} lists {len(parts)} matrices for {shape[0]} heads; give one for all or one for each")
    return parts[0] if len(parts) == 1 else parts


def number(value: Any, name: str) -> Expr:
    """An integer, a fraction, a decimal, a float, a NumPy scalar or a text as its number. Raises `ProblemError`."""
    try:
        if hasattr(value, "item"):  # of NumPy or PyTorch
            value = value.item()
        if isinstance(value, Rational):
            return Num(Fraction(value))
        return read(str(value)) if isinstance(value, str | Decimal) else exactly(float(value))
    except (Unreadable, TypeError, ValueError, RuntimeError) as reason:
        raise ProblemError(f"{name}: “{value}” {reason}; expected a number") from None


def is_array(matrix: Any) -> bool:
    """Whether it has axes of its own, and is no list of lists."""
    return hasattr(matrix, "dtype") and hasattr(matrix, "shape")


def depth(matrix: Any) -> int:
    """How many axes an array or a list of lists has."""
    if is_array(matrix):
        return len(matrix.shape)
    return 1 + depth(matrix[0]) if isinstance(matrix, list | tuple) and len(matrix) else 0


def as_numpy(matrix: Any, name: str) -> Any:
    """An array or a tensor as a NumPy array of integers or float64; a float of fewer bits is the same number.

    One of objects or texts stays as it is. Raises `ProblemError` for complex numbers and times.
    """
    if hasattr(matrix, "detach"):  # a tensor of PyTorch
        matrix = matrix.detach().cpu()
        matrix = (matrix.double() if matrix.is_floating_point() else matrix).numpy()
    array = np.asarray(matrix)
    if array.dtype.kind in NO_REAL_NUMBERS:
        raise ProblemError(f"{name} holds {array.dtype}; expected real numbers")
    if array.dtype.kind in WRITTEN:
        return array
    return array.astype(int) if array.dtype == bool else array if array.dtype.kind in "iu" else array.astype(np.float64)


def _array(array: Any, name: str) -> Array:
    if array.ndim not in (1, MATRIX) or 0 in array.shape:
        raise ShapeError(f"{name} has the shape {array.shape}; expected a matrix with two axes, none of them empty")
    masked = np.isneginf(array) if name in MAY_BE_INFINITE else np.zeros(array.shape, dtype=bool)
    if not (np.isfinite(array) | masked).all():
        found = array[~(np.isfinite(array) | masked)][0]
        raise ProblemError(f"{name} holds {found}; expected finite numbers" + " or -inf" * (name in MAY_BE_INFINITE))
    return Array(array)
