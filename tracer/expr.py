"""Formulas in index notation, as data.

A formula is a tree of frozen nodes. Its leaves are numbers, letters, and cells of tensors whose
indices are linear: `Q[i, c]`, `X[2*t + 1, c]`. It says what is to be computed and computes nothing;
`evaluate` gives it values, `show` writes it down.

    S[i, j] = Sum(c, Q[i, c] * K[j, c])      ->      Sum("c", d_k, Mul((Cell(Q, …), Cell(K, …))))

Indices count from 0 in here and from 1 on paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Index:
    """A linear index expression `scale · name + shift − less`; a fixed position has no name.

    `less` is the name of an index that is taken away: a distance j − i.
    """

    name: str | None
    scale: int = 1
    shift: int = 0
    less: str | None = None

    def __add__(self, n: int) -> Index:
        return Index(self.name, self.scale, self.shift + n, self.less)

    def __sub__(self, n: int) -> Index:
        return self + -n

    def __rmul__(self, n: int) -> Index:
        assert self.less is None or n == 1
        return Index(self.name, n * self.scale, n * self.shift, self.less)

    def at(self, where: dict[str, int]) -> int:
        """Its position, with the names put in."""
        if self.name is None:
            return self.shift
        return self.scale * where[self.name] + self.shift - (where[self.less] if self.less else 0)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the indices in it."""
        return tuple(name for name in (self.name, self.less) if name)

    def bound(self, where: dict[str, int]) -> Index:
        """The same index with the names that `where` knows put in."""
        return self.put({name: Index(None, 1, where[name]) for name in self.names if name in where})

    def put(self, to: Mapping[str, Index]) -> Index:
        """The same index with others in place of its names."""
        if self.name is None:
            return Index(None, 1, self.shift)
        if not any(name in to for name in self.names):
            return self
        added, taken = (to.get(name or "", Index(name)) for name in (self.name, self.less))
        shift = self.scale * added.shift + self.shift - taken.shift
        if added.name is None:
            return Index(None, 1, shift) if taken.name is None else Index(taken.name, -1, shift)
        assert added.less is None or (self.scale == 1 and taken.name is None)
        return Index(added.name, self.scale * added.scale, shift, taken.name or added.less)


def position(n: int) -> Index:
    """A fixed index."""
    return Index(None, 1, n)


@dataclass(frozen=True, slots=True)
class Num:
    """A rational number; with `places`, written as a decimal with so many places."""

    value: Fraction
    places: int | None = None


@dataclass(frozen=True, slots=True)
class Constant:
    """A number with a name of its own: π, e or ∞."""

    name: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A number nobody has given: the pass stays symbolic in it."""

    name: str


@dataclass(frozen=True, slots=True)
class Named:
    """A size or setting that a formula calls by name and a worked line by value: d_k, which is 3."""

    name: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Cell:
    """One entry of a tensor: Q[i, c]."""

    tensor: Tensor
    at: tuple[Index, ...]


@dataclass(frozen=True, slots=True)
class Position:
    """The number of a place, counted from 1 as on paper: i, or i − 1."""

    of: Index


@dataclass(frozen=True, slots=True)
class Add:
    terms: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Neg:
    body: Expr


@dataclass(frozen=True, slots=True)
class Mul:
    factors: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Div:
    top: Expr
    bottom: Expr


@dataclass(frozen=True, slots=True)
class Pow:
    base: Expr
    exponent: Expr


@dataclass(frozen=True, slots=True)
class Call:
    """A function of one number: sqrt, exp, ln, tanh, sin, cos, arccos, abs."""

    function: str
    body: Expr


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of `body` over `index` = 0 … size − 1."""

    index: str
    size: int
    body: Expr


@dataclass(frozen=True, slots=True)
class Max:
    """The largest `body` over `index` = 0 … size − 1."""

    index: str
    size: int
    body: Expr


@dataclass(frozen=True, slots=True)
class Ranked:
    """The cell that stands at a rank when `body` is sorted along `index`, the largest first: Z_i(k)."""

    rank: Index
    index: str
    size: int
    body: Cell


@dataclass(frozen=True, slots=True)
class Largest:
    """The largest of some numbers, or the one of a lower rank: `Max` or `Ranked` with its numbers put in."""

    of: tuple[Expr, ...]
    rank: int = 1


@dataclass(frozen=True, slots=True)
class Row:
    """Numbers side by side in brackets, a vector in a line of text: (2, 2)."""

    of: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """`then` where the condition holds, `otherwise` elsewhere: what a mask is made of."""

    when: Condition
    then: Expr
    otherwise: Expr


@dataclass(frozen=True, slots=True)
class Join:
    """Tensors side by side: along `index`, first all of parts[0], then all of parts[1], …"""

    index: str
    parts: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some entries along an axis: those at `at` are `body`.

    `at` runs over 0 … size − 1 by a name of its own, or it is one place. By the name of the axis itself it stands for
    all entries that no piece before it has taken.
    """

    at: Index
    size: int
    body: Expr


@dataclass(frozen=True, slots=True)
class Pieces:
    """Another formula for other entries along `index`: one for each 2t − 1 and one for each 2t, say."""

    index: str
    parts: tuple[Piece, ...]

    @property
    def end(self) -> int:
        """How many entries the pieces reach."""
        return max(piece.at.shift + piece.at.scale * (piece.size - 1) + 1 for piece in self.parts)


Expr: TypeAlias = (
    Num
    | Constant
    | Letter
    | Named
    | Cell
    | Position
    | Add
    | Neg
    | Mul
    | Div
    | Pow
    | Call
    | Sum
    | Max
    | Ranked
    | Largest
    | Row
    | Case
    | Join
    | Pieces
)


@dataclass(frozen=True, slots=True)
class AtMost:
    """left ≤ right, for positions."""

    left: Index
    right: Index


@dataclass(frozen=True, slots=True)
class Same:
    """left = right, for positions: the diagonal j = k."""

    left: Index
    right: Index


@dataclass(frozen=True, slots=True)
class Is:
    """A given cell has this value: M[i, j] = 1."""

    cell: Cell
    value: Expr


@dataclass(frozen=True, slots=True)
class IsNot:
    """A given cell has another value than this: S[i, j] ≠ −∞."""

    cell: Cell
    value: Expr


@dataclass(frozen=True, slots=True)
class Every:
    """All of these conditions hold."""

    of: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """The condition holds for one of `index` = 0 … size − 1 at least: some key up to here may be seen."""

    index: str
    size: int
    when: Condition


Condition: TypeAlias = AtMost | Same | Is | IsNot | Every | Some


def every(*conditions: Condition | None) -> Condition | None:
    """All of the conditions at once, each said once; None where there are none."""
    parts = [part for one in conditions if one for part in (one.of if isinstance(one, Every) else (one,))]
    different = tuple(dict.fromkeys(parts))
    return Every(different) if len(different) > 1 else different[0] if different else None


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a tensor: the letter of its index, its size, and what it counts."""

    index: str
    size: int
    counts: str = ""  # "query", "key" or "" for plain coordinates: which labels belong to it
    first: int = 0  # the label that its first entry has: 2 for the keys from the third word on

    def along(self, words: Iterable[int]) -> list[int]:
        """Where these words stand along the axis, those of them that do."""
        return [word - self.first for word in words if 0 <= word - self.first < self.size]


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """A handle on a matrix or vector of the pass; `Q[i, c]` makes a cell of a formula.

    `id` is its name in files (`head1.scores`), `symbol` its name on paper (S), `mark` what stands at
    the symbol's upper right ((1) for head 1). `allowed` is the condition under which an entry takes
    part, where a mask has been applied.
    """

    id: str
    symbol: str
    axes: tuple[Axis, ...]
    mark: str = ""
    allowed: Condition | None = None

    def __getitem__(self, at: Index | tuple[Index, ...]) -> Cell:
        return Cell(self, at if isinstance(at, tuple) else (at,))

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of its axes, in order."""
        return tuple([axis.size for axis in self.axes])


ZERO, ONE = Num(Fraction(0)), Num(Fraction(1))
INFINITY = Constant("∞")
MINUS_INFINITY = Neg(INFINITY)


def num(value: int | Fraction) -> Num:
    """A number, shown as an integer or a fraction."""
    return Num(Fraction(value))


def sqrt(body: Expr) -> Call:
    """√body."""
    return Call("sqrt", body)


def exp(body: Expr) -> Call:
    """E to the power of body."""
    return Call("exp", body)


def minus(left: Expr, right: Expr) -> Add:
    """Left − right."""
    return Add((left, Neg(right)))


def square(body: Expr) -> Pow:
    """body²."""
    return Pow(body, num(2))


def total(axis: Axis, body: Expr) -> Sum:
    """The sum of body along an axis."""
    return Sum(axis.index, axis.size, body)


def children(expr: Expr) -> tuple[Expr, ...]:
    """The expressions directly inside one."""
    match expr:
        case Num() | Cell():  # most of them
            return ()
        case Named(_, body) | Neg(body) | Call(_, body) | Sum(_, _, body) | Max(_, _, body) | Ranked(_, _, _, body):
            return (body,)
        case Add(parts) | Mul(parts) | Largest(parts) | Row(parts) | Join(_, parts):
            return parts
        case Div(left, right) | Pow(left, right) | Case(_, left, right):
            return (left, right)
        case Pieces(_, pieces):
            return tuple(piece.body for piece in pieces)
    return ()


def walk(expr: Expr) -> Iterator[Expr]:
    """The expression and everything inside it, outside first."""
    yield expr
    for child in children(expr):
        yield from walk(child)


def letters(expr: Expr) -> list[str]:
    """The letters that have no number yet, in order of appearance."""
    return list(dict.fromkeys(node.name for node in walk(expr) if isinstance(node, Letter)))


DIGITS = 6  # of a number that is as easily read as one sign
WAVE = 2  # leaves that a sine or cosine counts for beyond its own, because nobody sees its value


def length(expr: Expr) -> int:
    """How long an expression is on paper, in leaves: what decides whether it is worth printing.

    A number of many digits counts as several: 1/2 is one leaf, 12345678/87654321 three. So does a sine or cosine.
    """
    parts = children(expr)
    if not parts:
        return _leaves(expr)
    return sum([length(part) for part in parts]) + (WAVE if is_wave(expr) else 0)


def is_wave(expr: Expr) -> bool:
    """Whether it is a sine or a cosine."""
    return isinstance(expr, Call) and expr.function in ("sin", "cos")


def _leaves(leaf: Expr) -> int:
    if not isinstance(leaf, Num):
        return 1
    digits = len(str(leaf.value.numerator)) + (len(str(leaf.value.denominator)) if leaf.places is None else 0)
    return 1 + (digits - 1) // DIGITS
