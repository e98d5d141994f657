"""Formulas made from other formulas: what the rewrites of `mistakes/` are written with.

    bind(expr, {"i": position(2)})         other indices in place of some
    instead(expr, old, new)                every `old` replaced
    variants(expr, change)                 one node changed at a time, wherever it can be
    one_term(sum, change)                  one term of a sum changed, or left out
    piecewise(index, formulas)             another formula at each position

`Tensors` are the matrices and formulas of a pass by their names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from typing import TypeVar

from tracer.evaluate import Definition, bind_condition, part_of, piece_of, rebuild
from tracer.expr import (
    Add,
    AtMost,
    Call,
    Case,
    Cell,
    Expr,
    Index,
    Join,
    Max,
    Named,
    Num,
    Piece,
    Pieces,
    Position,
    Ranked,
    Sum,
    Tensor,
    children,
    position,
    walk,
)

Indices = Mapping[str, Index]
Node = TypeVar("Node", bound=Expr)


@dataclass(frozen=True, slots=True)
class Tensors:
    """The tensors of a pass by their names, as a step sees them: its own head's, its pass's, or all heads'.

    `tensors["scores"]` is the handle, and None where there is no such step and no such given matrix.
    """

    definitions: Mapping[str, Definition]
    prefix: str  # of the step: "pass2.head1."

    def __getitem__(self, name: str) -> Tensor | None:
        parts = self.prefix.split(".")[:-1]
        for depth in range(len(parts), -1, -1):
            found = self.definitions.get(".".join([*parts[:depth], name]))
            if found is not None:
                return found.tensor
        return None

    def formula(self, name: str) -> Expr | None:
        """The formula of a step by its name, over the step's own indices; None where there is none."""
        tensor = self[name]
        return None if tensor is None else self.definitions[tensor.id].formula

    def origin(self, cell: Cell) -> Cell:
        """The cell that a number was copied from, back through all steps that only arrange."""
        formula = self.definitions[cell.tensor.id].formula
        return self.origin(at_cell(formula, cell)) if isinstance(formula, Cell) else cell


# Indices


def bind(expr: Node, to: Indices) -> Node:
    """The formula with other indices in place of some. The index that a sum runs over is its own."""
    return _bind(expr, to)  # type: ignore[return-value]


def _bind(expr: Expr, to: Indices) -> Expr:
    match expr:
        case Cell():
            return _moved(expr, to)
        case Sum(index) | Max(index):
            inner = _without(index, to)
            return rebuild(expr, lambda part: _bind(part, inner))
        case Case(when, then, otherwise):
            return Case(bind_condition(when, to), _bind(then, to), _bind(otherwise, to))
        case Position(of):
            return Position(of.put(to))
        case Ranked(rank, index, size, cell):
            return Ranked(rank.put(to), index, size, _moved(cell, _without(index, to)))
        case Join(index) if index in to and to[index].name is None:
            cell, where = part_of(expr, {index: to[index].shift})
            return _moved(cell, {**to, index: position(where[index])})
        case Pieces(index) if index in to and to[index].name is None:
            body, where = piece_of(expr, {index: to[index].shift})
            return _bind(body, {**to, **{name: position(n) for name, n in where.items() if name != index}})
        case Pieces(index, pieces):
            return Pieces(index, tuple(Piece(p.at, p.size, _bind(p.body, _without(p.at.name, to))) for p in pieces))
    return rebuild(expr, lambda part: _bind(part, to))


def _without(name: str | None, to: Indices) -> Indices:
    return {key: index for key, index in to.items() if key != name}


def _moved(cell: Cell, to: Indices) -> Cell:
    return Cell(cell.tensor, tuple([index.put(to) for index in cell.at]))


def at_cell(formula: Node, cell: Cell) -> Node:
    """The formula of a tensor where one of its cells stands."""
    return bind(formula, {axis.index: index for axis, index in zip(cell.tensor.axes, cell.at, strict=True)})


# Nodes


def first(kind: type[Node], expr: Expr | None) -> Node | None:
    """The first node of a kind, outside first."""
    return next((node for node in walk(expr) if isinstance(node, kind)), None) if expr is not None else None


def changed(expr: Expr, change: Callable[[Expr], Expr | None]) -> Expr:
    """The formula with each node replaced for which `change` has another."""
    other = change(expr)
    return rebuild(expr, lambda part: changed(part, change)) if other is None else other


def instead(expr: Expr, old: Expr, new: Expr) -> Expr:
    """The formula with `new` wherever `old` stands."""
    return changed(expr, lambda node: new if node == old else None)


def variants(expr: Expr, change: Callable[[Expr], Iterable[Expr]]) -> Iterator[Expr]:
    """The formulas that differ in one node, for each node and each of its changes."""
    yield from change(expr)
    if isinstance(expr, Named | Join):
        return
    for n, child in enumerate(children(expr)):
        for other in variants(child, change):
            yield _with_child(expr, n, other)


def _with_child(expr: Expr, n: int, other: Expr) -> Expr:
    number = count()
    return rebuild(expr, lambda part: other if next(number) == n else part)


def one_term(whole: Sum, change: Callable[[Expr], Expr | None]) -> Iterator[Expr]:
    """The sum with one of its terms changed, for each of them; left out where the change is None."""
    for k in range(whole.size):
        before = [Sum(whole.index, k, whole.body)] if k else []
        rest = whole.size - k - 1
        after = [Sum(whole.index, rest, bind(whole.body, {whole.index: Index(whole.index, 1, k + 1)}))] if rest else []
        term = bind(whole.body, {whole.index: position(k)})
        others = one_term(term, change) if isinstance(term, Sum) else [change(term)]
        for other in others:
            terms = (*before, *([] if other is None else [other]), *after)
            if terms:
                yield terms[0] if len(terms) == 1 else Add(terms)


def piecewise(index: Index, formulas: Sequence[Expr], width: int = 1, start: int = 0) -> Expr:
    """The first formula for the first `width` positions of an index, the second for the next, and so on."""
    if len(formulas) == 1:
        return formulas[0]
    half = len(formulas) // 2
    border = start + half * width
    return Case(
        AtMost(index, position(border - 1)),
        piecewise(index, formulas[:half], width, start),
        piecewise(index, formulas[half:], width, border),
    )


def projected_from(formula: Expr | None) -> Cell | None:
    """X[i, a] in a projection, X times a weight matrix; None in any other formula."""
    whole = first(Sum, formula)
    cells = [node for node in walk(whole) if isinstance(node, Cell)] if whole else []
    words = [cell for cell in cells if "W_" not in cell.tensor.id]
    return words[0] if len(words) == 1 and len(cells) == 2 else None


def squared(expr: Expr) -> Fraction | None:
    """The square of a number or a root of one: what stands under the root in √d_k."""
    match expr:
        case Num(value):
            return value * value
        case Call("sqrt", Num(value) | Named(_, Num(value))):
            return value
    return None
