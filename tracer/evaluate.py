"""The folds over a formula: its value in any arithmetic, and the formula with its numbers put in.

    value(formula, where, table)            tree -> number
    substitute(formula, where, put)         tree -> tree with numbers at the leaves, sums written out
    instantiate(formula, where)             tree -> tree about one cell, sums left as sums

`where` says which position each index stands at: {"i": 0, "j": 1}. A `Table` holds the values of a whole
pass in one arithmetic, each computed when somebody looks, once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Protocol, TypeAlias

from tracer.arithmetic import Arithmetic, Undefined
from tracer.expr import (
    ZERO,
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
    Piece,
    Pieces,
    Position,
    Pow,
    Ranked,
    Row,
    Same,
    Some,
    Sum,
    Tensor,
    num,
    position,
)

Where: TypeAlias = dict[str, int]
Key: TypeAlias = tuple[str, tuple[int, ...]]
MAX_NESTING = 40


class Definition(Protocol):
    """What a table knows of a tensor: it is given, cell by cell, or it has a formula."""

    @property
    def tensor(self) -> Tensor:
        """What it makes."""
        ...

    @property
    def kind(self) -> str:
        """One of given, calculate, arrange."""
        ...

    @property
    def formula(self) -> Expr | None:
        """The formula of all its cells."""
        ...

    def entry(self, at: tuple[int, ...]) -> Expr:
        """The given number at a place; only where there is no formula."""


class _TooDeep(Exception):
    """Cells waiting for cells waiting for cells: start again from this one."""


class Table:
    """The values of a pass in one arithmetic: cell -> number, computed when asked for.

    `written` may know a cell's value already (a submission, say): then its formula is not used.
    """

    def __init__(
        self,
        definitions: Mapping[str, Definition],
        arithmetic: Arithmetic,
        written: Callable[[Key], Any] = lambda key: None,
    ) -> None:
        self.definitions, self.arithmetic, self.written = definitions, arithmetic, written
        self._known: dict[Key, Any] = {}
        self._nesting = 0

    def __getitem__(self, key: Key) -> Any:
        """The value of a cell. Raises `Undefined` with its `origin` where there is none."""
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._compute(key)
        if isinstance(known, Undefined):
            raise known
        return known

    def _compute(self, key: Key) -> Any:
        if self._nesting:
            return self._one(key)
        waiting = [key]
        while waiting:
            try:
                value = self._one(waiting[-1])
            except _TooDeep as deep:
                self._nesting = 0
                waiting.append(deep.args[0])
            else:
                self._known[waiting.pop()] = value
        return value

    def _one(self, key: Key) -> Any:
        if self._nesting > MAX_NESTING:
            raise _TooDeep(key)
        known = self.written(key)
        if known is not None:
            return known
        self._nesting += 1
        try:
            return self._evaluate(key)
        except Undefined as undefined:
            if not hasattr(undefined, "origin"):
                undefined.origin = key  # type: ignore[attr-defined]
            return undefined
        finally:
            self._nesting = max(0, self._nesting - 1)

    def _evaluate(self, key: Key) -> Any:
        definition = self.definitions[key[0]]
        if definition.formula is None:
            return value(definition.entry(key[1]), {}, self)
        where = place(definition.tensor, key[1])
        return self.arithmetic.written(key[0], definition.kind, value(definition.formula, where, self))

    def holds(self, condition: Condition, where: Where) -> bool:
        """Whether a condition is met at a place; conditions are about positions and given cells."""
        if isinstance(condition, AtMost):
            return condition.left.at(where) <= condition.right.at(where)
        if isinstance(condition, Same):
            return condition.left.at(where) == condition.right.at(where)
        if isinstance(condition, Every):
            return all(self.holds(one, where) for one in condition.of)
        if isinstance(condition, Some):
            return any(self.holds(condition.when, {**where, condition.index: n}) for n in range(condition.size))
        return (self._given(condition.cell, where) == condition.value) is isinstance(condition, Is)

    def _given(self, cell: Cell, where: Where) -> Expr:
        """The number that was given for a cell, also where it has only been copied from another."""
        id_, at = key_of(cell, where)
        definition = self.definitions[id_]
        if isinstance(definition.formula, Cell):
            return self._given(definition.formula, place(definition.tensor, at))
        return definition.entry(at)


def place(tensor: Tensor, at: tuple[int, ...]) -> Where:
    """Which index of the tensor stands where."""
    return {axis.index: n for axis, n in zip(tensor.axes, at, strict=True)}


def key_of(cell: Cell, where: Where) -> Key:
    """The tensor's id and the positions that a cell of a formula refers to."""
    return cell.tensor.id, tuple([index.at(where) for index in cell.at])


# formula -> value


def value(expr: Expr, where: Where, table: Table) -> Any:
    """The value of a formula at a place, in the table's arithmetic."""
    return _VALUE[type(expr)](expr, where, table)


def _each(expr: Sum | Max | Ranked, where: Where, table: Table) -> list[Any]:
    inner, body = dict(where), expr.body
    fold, values = _VALUE[type(body)], []
    for n in range(expr.size):
        inner[expr.index] = n
        values.append(fold(body, inner, table))
    return values


_VALUE: dict[type, Callable[[Any, Where, Table], Any]] = {
    Num: lambda e, w, t: t.arithmetic.number(e.value),
    Constant: lambda e, w, t: t.arithmetic.constant(e.name),
    Letter: lambda e, w, t: t.arithmetic.letter(e.name),
    Named: lambda e, w, t: value(e.value, w, t),
    Cell: lambda e, w, t: t[e.tensor.id, tuple([index.at(w) for index in e.at])],
    Position: lambda e, w, t: t.arithmetic.number(Fraction(e.of.at(w) + 1)),
    Add: lambda e, w, t: t.arithmetic.add([value(x, w, t) for x in e.terms]),
    Neg: lambda e, w, t: t.arithmetic.negate(value(e.body, w, t)),
    Mul: lambda e, w, t: t.arithmetic.multiply([value(x, w, t) for x in e.factors]),
    Div: lambda e, w, t: t.arithmetic.divide(value(e.top, w, t), value(e.bottom, w, t)),
    Pow: lambda e, w, t: t.arithmetic.power(value(e.base, w, t), value(e.exponent, w, t)),
    Call: lambda e, w, t: t.arithmetic.call(e.function, value(e.body, w, t)),
    Sum: lambda e, w, t: t.arithmetic.add(_each(e, w, t)),
    Max: lambda e, w, t: t.arithmetic.largest(_each(e, w, t)),
    Ranked: lambda e, w, t: t.arithmetic.ranked(_each(e, w, t), e.rank.at(w) + 1),
    Largest: lambda e, w, t: _largest([value(x, w, t) for x in e.of], e.rank, t),
    Case: lambda e, w, t: value(e.then if t.holds(e.when, w) else e.otherwise, w, t),
    Join: lambda e, w, t: t[key_of(*part_of(e, w))],
    Pieces: lambda e, w, t: value(*piece_of(e, w), t),
}


def _largest(values: list[Any], rank: int, table: Table) -> Any:
    return table.arithmetic.largest(values) if rank == 1 else table.arithmetic.ranked(values, rank)


def part_of(join: Join, where: Where) -> tuple[Cell, Where]:
    """The part of a join that holds a place, and the place within it."""
    n = where[join.index]
    for cell in join.parts:
        size = next(
            axis.size - ix.shift for axis, ix in zip(cell.tensor.axes, cell.at, strict=True) if ix.name == join.index
        )
        if n < size:
            return cell, {**where, join.index: n}
        n -= size
    raise IndexError(f"{join.index} = {where[join.index]} lies beyond all parts")


def piece_of(pieces: Pieces, where: Where) -> tuple[Expr, Where]:
    """The formula for a place along an axis that has several, and the place with that formula's own index."""
    for piece in pieces.parts:
        steps, rest = divmod(where[pieces.index] - piece.at.shift, piece.at.scale)
        if not rest and 0 <= steps < piece.size:
            return piece.body, {**where, piece.at.name: steps} if piece.at.name else where
    raise IndexError(f"{pieces.index} = {where[pieces.index]} lies beyond all pieces")


# formula -> formula


def rebuild(expr: Expr, each: Callable[[Expr], Expr]) -> Expr:
    """The same node with `each` applied to what is directly inside it."""
    match expr:
        case Num() | Cell():  # most of them
            return expr
        case Add(parts):
            return Add(tuple([each(part) for part in parts]))
        case Mul(parts):
            return Mul(tuple([each(part) for part in parts]))
        case Largest(parts, rank):
            return Largest(tuple([each(part) for part in parts]), rank)
        case Row(parts):
            return Row(tuple([each(part) for part in parts]))
        case Neg(body):
            return Neg(each(body))
        case Div(top, bottom):
            return Div(each(top), each(bottom))
        case Pow(base, exponent):
            return Pow(each(base), each(exponent))
        case Call(function, body):
            return Call(function, each(body))
        case Sum(index, size, body):
            return Sum(index, size, each(body))
        case Max(index, size, body):
            return Max(index, size, each(body))
        case Ranked(rank, index, size, body):
            cell = each(body)
            assert isinstance(cell, Cell)
            return Ranked(rank, index, size, cell)
        case Case(when, then, otherwise):
            return Case(when, each(then), each(otherwise))
        case Pieces(index, pieces):
            return Pieces(index, tuple([Piece(piece.at, piece.size, each(piece.body)) for piece in pieces]))
    return expr


def substitute(expr: Expr, where: Where, table: Table, put: Callable[[Key], Expr]) -> Expr:
    """The formula at a place with its numbers put in: sums written out in index order, sizes by value."""

    def inside(part: Expr) -> Expr:
        return substitute(part, where, table, put)

    def each(repeated: Sum | Max | Ranked) -> tuple[Expr, ...]:
        places = [{**where, repeated.index: n} for n in range(repeated.size)]
        return tuple([substitute(repeated.body, at, table, put) for at in places])

    match expr:
        case Cell():
            return put(key_of(expr, where))
        case Sum(index, size, Case(AtMost() as when, body, otherwise)) if otherwise == ZERO:
            places = [n for n in range(size) if table.holds(when, {**where, index: n})]
            terms = tuple([substitute(body, {**where, index: n}, table, put) for n in places])
            return terms[0] if len(terms) == 1 else Add(terms) if terms else ZERO
        case Sum():
            terms = each(expr)
            return terms[0] if len(terms) == 1 else Add(terms)
        case Max():
            return Largest(each(expr))
        case Ranked(rank):
            return Largest(each(expr), rank.at(where) + 1)
        case Named(_, body):
            return inside(body)
        case Case(when, then, otherwise):
            return inside(then if table.holds(when, where) else otherwise)
        case Join():
            return put(key_of(*part_of(expr, where)))
        case Pieces():
            body, within = piece_of(expr, where)
            return substitute(body, within, table, put)
        case Position(index):
            return num(index.at(where) + 1)
    return rebuild(expr, inside)


def instantiate(expr: Expr, where: Where, table: Table) -> Expr:
    """The formula about one cell: its indices at their positions, sums left as sums, a case decided where it can be."""

    def inside(part: Expr) -> Expr:
        return instantiate(part, where, table)

    match expr:
        case Cell(tensor, at):
            return Cell(tensor, tuple([index.bound(where) for index in at]))
        case Case(when, then, otherwise) if {name for i in _indices(when) for name in i.names} <= set(where):
            return inside(then if table.holds(when, where) else otherwise)
        case Case(when, then, otherwise):
            return Case(
                bind_condition(when, {name: position(n) for name, n in where.items()}), inside(then), inside(otherwise)
            )
        case Join():
            cell, at_part = part_of(expr, where)
            return Cell(cell.tensor, tuple([position(index.at(at_part)) for index in cell.at]))
        case Pieces(index) if index in where:
            body, within = piece_of(expr, where)
            return instantiate(body, within, table)
        case Ranked(rank, index, size, Cell(tensor, at)):
            outer = {name: n for name, n in where.items() if name != index}
            return Ranked(rank.bound(where), index, size, Cell(tensor, tuple([one.bound(outer) for one in at])))
        case Position(index):
            bound = index.bound(where)
            return Position(bound) if bound.name else num(bound.shift + 1)
    return rebuild(expr, inside)


def _indices(condition: Condition) -> tuple[Index, ...]:
    if isinstance(condition, Every):
        return tuple(index for one in condition.of for index in _indices(one))
    if isinstance(condition, Some):
        return tuple(index.bound({condition.index: 0}) for index in _indices(condition.when))
    return (condition.left, condition.right) if isinstance(condition, AtMost | Same) else condition.cell.at


def bind_condition(when: Condition, to: Mapping[str, Index]) -> Condition:
    """The condition with other indices in it. The index that `Some` runs over is its own."""
    if isinstance(when, AtMost | Same):
        return type(when)(when.left.put(to), when.right.put(to))
    if isinstance(when, Every):
        return Every(tuple(bind_condition(one, to) for one in when.of))
    if isinstance(when, Some):
        outer = {name: index for name, index in to.items() if name != when.index}
        return Some(when.index, when.size, bind_condition(when.when, outer))
    cell = Cell(when.cell.tensor, tuple([index.put(to) for index in when.cell.at]))
    return type(when)(cell, when.value)


def inputs(expr: Expr, where: Where, table: Table) -> list[Key]:
    """The cells a formula looks up at a place, in the order of the work, each once."""
    found: dict[Key, None] = {}

    def note(key: Key) -> Expr:
        found[key] = None
        return Letter("")

    substitute(expr, where, table, note)
    return list(found)
