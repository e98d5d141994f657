"""Float64 values, a whole tensor at a time: an index is a NumPy axis, a sum of products one einsum. NumPy's home."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from tracer.arithmetic import Undefined
from tracer.expr import (
    Add,
    AtMost,
    Call,
    Case,
    Cell,
    Condition,
    Constant,
    Div,
    Every,
    Expr,
    Index,
    Is,
    Join,
    Largest,
    Letter,
    Max,
    Mul,
    Named,
    Neg,
    Num,
    Pieces,
    Position,
    Pow,
    Ranked,
    Same,
    Some,
    Sum,
    walk,
)

FUNCTIONS: dict[str, Any] = {
    "sqrt": np.sqrt,
    "exp": np.exp,
    "ln": np.log,
    "tanh": np.tanh,
    "sin": np.sin,
    "cos": np.cos,
    "abs": np.abs,
    "arccos": lambda x: np.arccos(np.clip(x, -1, 1)),
}
CONSTANTS = {"π": np.pi, "e": np.e, "∞": np.inf}


class Labelled(NamedTuple):
    """An array whose axes have the names of indices."""

    axes: tuple[str, ...]
    array: Any


class Floats:
    """Every tensor of a pass as a float64 array, computed when asked for. What has no value is nan."""

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self.definitions = definitions
        self._known: dict[str, Any] = {}
        self._mended: dict[str, Any] = {}
        self._too_large: set[str] = set()
        self._met: dict[tuple[Condition, tuple[tuple[str, int], ...]], Labelled] = {}

    def __getitem__(self, id_: str) -> Any:
        if id_ not in self._known:
            with np.errstate(all="ignore", over="call", call=lambda *_: self._too_large.add(id_)):
                self._known[id_] = self._compute(self.definitions[id_])
        return self._known[id_]

    def mended(self, id_: str, nearest: Callable[[tuple[str, tuple[int, ...]]], float]) -> Any:
        """A tensor whose entries are not spoilt by an overflow on the way to it, or by a sum that came out as 0.

        `nearest` finds the double nearest to the value of a cell, nan where it has none.
        """
        if id_ not in self._mended:
            array = self[id_]
            spoilt = ~np.isinf(array) if self._overflows(id_) else np.isnan(array)
            found = array.copy() if spoilt.any() else array
            for at in np.argwhere(spoilt):
                found[tuple(at)] = nearest((id_, tuple(int(n) for n in at)))
            self._mended[id_] = found
        return self._mended[id_]

    def _overflows(self, id_: str) -> bool:
        """Whether a number too large for a double came out in a tensor, or in one that it is computed from."""
        met, ahead = {id_}, [id_]
        while ahead and not met & self._too_large:
            formula = self.definitions[ahead.pop()].formula
            found = {one.tensor.id for one in walk(formula) if isinstance(one, Cell)} - met if formula else set()
            met |= found
            ahead += found
        return bool(met & self._too_large)

    @staticmethod
    def stacked(arrays: list[Any]) -> Any:
        """Several tensors of one shape, one behind the other."""
        return np.stack(arrays)

    def text(self, id_: str, places: int) -> str:
        """A tensor as NumPy shows it."""
        with np.printoptions(precision=places, suppress=True):
            return repr(self[id_])

    def _compute(self, definition: Any) -> Any:
        tensor = definition.tensor
        if definition.formula is None:
            return given(definition.values)
        sizes = {axis.index: axis.size for axis in tensor.axes}
        names = tuple(sizes)
        found = self.fold(definition.formula, sizes)
        array = _spread(found, names)
        return array if array.shape == tensor.shape else np.broadcast_to(array, tensor.shape)

    def fold(self, expr: Expr, sizes: dict[str, int]) -> Labelled:
        """The values of a formula over all its indices at once."""
        match expr:
            case Num(value, _):
                return Labelled((), np.float64(_double(value)))
            case Constant(name):
                return Labelled((), np.float64(CONSTANTS[name]))
            case Letter():
                return Labelled((), np.float64(np.nan))
            case Named(_, body):
                return self.fold(body, sizes)
            case Cell(tensor, at):
                return _cut(self[tensor.id], at, sizes)
            case Add(terms):
                return _together(np.add, [self.fold(term, sizes) for term in terms])
            case Mul(factors):
                return _together(np.multiply, [self.fold(factor, sizes) for factor in factors])
            case Neg(body):
                found = self.fold(body, sizes)
                return Labelled(found.axes, -found.array)
            case Div(top, bottom):
                return _together(np.divide, [self.fold(top, sizes), self.fold(bottom, sizes)])
            case Pow(base, exponent):
                return _together(np.power, [self.fold(base, sizes), self.fold(exponent, sizes)])
            case Call(function, body):
                found = self.fold(body, sizes)
                return Labelled(found.axes, FUNCTIONS[function](found.array))
            case Sum(index, size, body):
                return self._sum(index, body, {**sizes, index: size})
            case Max(index, size, body):
                return _reduce(np.max, index, size, self.fold(body, {**sizes, index: size}))
            case Ranked(rank, index, size, body):
                return _ranked(rank, index, self.fold(body, {**sizes, index: size}), sizes)
            case Largest(of, 1):
                return _together(np.maximum, [self.fold(part, sizes) for part in of])
            case Largest(of, rank):
                return Labelled((), np.sort([self.fold(part, sizes).array for part in of])[-rank])
            case Case(when, then, otherwise):
                return _together3(self._condition(when, sizes), self.fold(then, sizes), self.fold(otherwise, sizes))
            case Join(index, parts):
                return self._join(index, parts, sizes)
            case Pieces():
                return self._pieces(expr, sizes)
            case Position(of):
                found = _positions(of, sizes)
                return Labelled(found.axes, np.float64(found.array + 1))
        raise TypeError(f"no floating value for {expr!r}")

    def _sum(self, index: str, body: Expr, sizes: dict[str, int]) -> Labelled:
        factors = body.factors if isinstance(body, Mul) else (body,)
        while isinstance(factors[-1], Sum):  # a sum inside a sum is one contraction
            inner = factors[-1]
            sizes = {**sizes, inner.index: inner.size}
            factors = (*factors[:-1], *(inner.body.factors if isinstance(inner.body, Mul) else (inner.body,)))
        if len(factors) == 1:
            return _reduce(np.sum, index, sizes[index], self.fold(body, sizes))
        found = [self.fold(factor, sizes) for factor in factors]
        summed = {index} | {name for part in found for name in part.axes if name not in sizes}
        inner_names = {n.index for n in _sums(body)}
        axes = tuple(dict.fromkeys(name for part in found for name in part.axes if name not in summed | inner_names))
        letters = {
            name: chr(97 + n) for n, name in enumerate(dict.fromkeys(name for part in found for name in part.axes))
        }
        spec = ",".join("".join(letters[name] for name in part.axes) for part in found)
        arrays = [part.array for part in found]
        total = np.einsum(f"{spec}->{''.join(letters[name] for name in axes)}", *arrays, optimize=True)
        return Labelled(axes, total + 0.0)  # as a sum from 0 on: never −0, which 0 · (−1) is

    def _condition(self, when: Condition, sizes: dict[str, int]) -> Labelled:
        """Where a condition is met; a mask is asked for in several steps, and looked at once."""
        key = when, tuple(sizes.items())
        if key not in self._met:
            self._met[key] = self._where(when, sizes)
        return self._met[key]

    def _where(self, when: Condition, sizes: dict[str, int]) -> Labelled:
        if isinstance(when, AtMost | Same):
            test: Callable[..., Any] = np.less_equal if isinstance(when, AtMost) else np.equal
            return _together(test, [_positions(when.left, sizes), _positions(when.right, sizes)])
        if isinstance(when, Every):
            return _together(np.logical_and, [self._condition(one, sizes) for one in when.of])
        if isinstance(when, Some):
            return _reduce(np.any, when.index, when.size, self._condition(when.when, {**sizes, when.index: when.size}))
        cell = self.fold(when.cell, sizes)
        test = np.equal if isinstance(when, Is) else np.not_equal
        return _together(test, [cell, self.fold(when.value, sizes)])

    def _join(self, index: str, parts: tuple[Cell, ...], sizes: dict[str, int]) -> Labelled:
        found = []
        for part in parts:
            along = next(a.size - ix.shift for a, ix in zip(part.tensor.axes, part.at, strict=True) if ix.name == index)
            found.append(self.fold(part, {**sizes, index: along}))
        return Labelled(found[0].axes, np.concatenate([f.array for f in found], axis=found[0].axes.index(index)))

    def _pieces(self, pieces: Pieces, sizes: dict[str, int]) -> Labelled:
        found = []
        for piece in pieces.parts:
            part = self.fold(piece.body, {**sizes, piece.at.name: piece.size} if piece.at.name else sizes)
            found.append(Labelled(tuple(pieces.index if a == piece.at.name else a for a in part.axes), part.array))
        axes = tuple(dict.fromkeys((*_union(found), pieces.index)))
        array = np.empty([sizes[name] for name in axes])
        for piece, part in reversed(
            list(zip(pieces.parts, found, strict=True))
        ):  # the first that fits is the last word
            end = piece.at.shift + piece.at.scale * (piece.size - 1) + 1
            along = slice(piece.at.shift, end, piece.at.scale)
            array[tuple(along if name == pieces.index else slice(None) for name in axes)] = _spread(part, axes)
        return Labelled(axes, array)


def given(values: Any) -> Any:
    """A given matrix as float64: each number the double nearest to what was written."""
    array = getattr(values, "array", None)
    if array is not None:
        return np.asarray(array, dtype=np.float64)
    shape = values.shape
    return np.array([number(values.entry(at)) for at in np.ndindex(*shape)], dtype=np.float64).reshape(shape)


def number(expr: Expr) -> float:
    """The double nearest to a written number; a letter is nan."""
    from tracer.arithmetic import ball
    from tracer.evaluate import Table, value

    if isinstance(expr, Num):
        return _double(expr.value)
    try:
        with ball.precision(ball.PRECISIONS[0]):
            return ball.to_float(value(expr, {}, Table({}, ball.Ball())))
    except Undefined:
        return float("nan")


def _double(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _sums(expr: Expr) -> list[Sum]:
    return [] if not isinstance(expr, Sum) else [expr, *_sums(expr.body)]


def _cut(array: Any, at: tuple[Index, ...], sizes: dict[str, int]) -> Labelled:
    names = [name for index in at for name in index.names]
    if any(index.less for index in at) or len(set(names)) < len(names):  # a distance, or a diagonal
        places = [_positions(index, sizes) for index in at]
        axes = _union(places)
        return Labelled(axes, array[tuple(_spread(place, axes) for place in places)])
    cuts = tuple(
        index.shift
        if index.name is None
        else slice(index.shift, index.at({index.name: sizes[index.name] - 1}) + 1, index.scale)
        for index in at
    )
    return Labelled(tuple(index.name for index in at if index.name is not None), array[cuts])


def _positions(index: Index, sizes: dict[str, int]) -> Labelled:
    if index.name is None:
        return Labelled((), np.asarray(index.shift))
    places = Labelled((index.name,), index.scale * np.arange(sizes[index.name]) + index.shift)
    if index.less is None:
        return places
    return _together(np.subtract, [places, Labelled((index.less,), np.arange(sizes[index.less]))])


def _spread(part: Labelled, axes: tuple[str, ...]) -> Any:
    """The array with its axes in this order, and an axis of length one for each that it lacks."""
    here = [name for name in axes if name in part.axes]
    array = (
        np.transpose(part.array, [part.axes.index(name) for name in here]) if tuple(here) != part.axes else part.array
    )
    return array[tuple(slice(None) if name in part.axes else None for name in axes)]


def _union(parts: list[Labelled]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for part in sorted(parts, key=lambda p: -len(p.axes)) for name in part.axes))


def _together(function: Any, parts: list[Labelled]) -> Labelled:
    axes = _union(parts)
    total = _spread(parts[0], axes)
    for part in parts[1:]:
        total = function(total, _spread(part, axes))
    return Labelled(axes, total)


def _together3(when: Labelled, then: Labelled, otherwise: Labelled) -> Labelled:
    axes = _union([when, then, otherwise])
    return Labelled(axes, np.where(_spread(when, axes), _spread(then, axes), _spread(otherwise, axes)))


def _ranked(rank: Index, index: str, part: Labelled, sizes: dict[str, int]) -> Labelled:
    """The array sorted along an index, the largest first, and that index called as the rank."""
    axis = part.axes.index(index)
    falling = np.flip(np.sort(part.array, axis=axis), axis=axis)
    places = _positions(rank, sizes)
    named = part.axes[:axis] + places.axes + part.axes[axis + 1 :]
    return Labelled(named, np.take(falling, places.array, axis=axis))


def _reduce(function: Any, index: str, size: int, part: Labelled) -> Labelled:
    if index not in part.axes:
        return Labelled(part.axes, part.array * size if function is np.sum else part.array)
    axis = part.axes.index(index)
    return Labelled(part.axes[:axis] + part.axes[axis + 1 :], function(part.array, axis=axis))
