"""The one fold from a tree to text: one precedence table, one rule for brackets, any notation.

A notation knows how a fraction or a root looks; this file knows when brackets are needed and which
sign stands between two factors. Negative numbers stand in brackets behind every other sign: 2·(−1) + (−3)·4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Generic, NamedTuple, Protocol, TypeVar

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
    IsNot,
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
    walk,
)

WITH_A_SIGN = ("exp", "sqrt", "abs")  # functions that are written with a sign, the others by their names
SIGN = re.compile("([+−])")
SUM, NEGATIVE, PRODUCT, FRACTION, POWER, ATOM = range(6)  # how tightly a shown expression holds together


T = TypeVar("T")  # what a notation makes: text, or boxes


class Shown(NamedTuple, Generic[T]):
    """A piece of a shown formula, and how tightly it holds together."""

    text: T
    level: int


@dataclass(frozen=True, slots=True)
class Symbol:
    """A tensor's name on paper, taken apart: ‖q‖ is (‖, q, , ‖), W_Q is (, W, Q, ), cos θ is (cos, θ, , ).

    The tensor itself is there for a notation that does not write the symbol but says what it stands for.
    """

    before: str
    base: str
    sub: str
    after: str
    tensor: Tensor


@lru_cache
def symbol(tensor: Tensor) -> Symbol:
    """The parts of a tensor's symbol."""
    text = tensor.symbol
    before, after = "", ""
    if text.startswith("‖"):
        before = after = "‖"
        text = text.strip("‖")
    elif text.startswith("cos "):
        before, text = "cos", text.removeprefix("cos ")
    base, _, sub = text.partition("_")
    return Symbol(before, base, sub, after, tensor)


def is_differential(name: str) -> bool:
    """Whether a name is a letter behind a d, which stays upright: dX."""
    return len(name) == 2 and name[0] == "d" and name[1].isalpha()


class Signs(NamedTuple):
    """What houses and languages write differently.

    The decimal sign, the sign of multiplication, a vector as a row or as a column, the words of a case distinction.
    """

    decimal: str = "."
    times: str = "·"
    vectors: str = "row"
    when: str = "if"
    otherwise: str = "otherwise"
    some: str = "for some"

    @property
    def separator(self) -> str:
        """What stands between the entries of a list: a comma, unless that is the decimal sign."""
        return ";" if self.decimal == "," else ","


class Notation(Protocol[T]):
    """How a formula looks: plain text, LaTeX, MathML, or boxes of glyphs."""

    @property
    def signs(self) -> Signs:
        """The house's signs; a notation writes the decimal sign, `operator` is asked for the sign of multiplication."""
        ...

    @property
    def always_dot(self) -> bool:
        """Whether every product has its dot (2·√2), or only those between numbers (2√2)."""
        ...

    def number(self, text: str) -> T: ...
    def letter(self, name: str) -> T: ...
    def constant(self, name: str) -> T: ...
    def operator(self, sign: str) -> T: ...
    def sign(self, body: T) -> T: ...
    def brackets(self, body: T) -> T: ...
    def bars(self, body: T) -> T: ...
    def row(self, parts: Sequence[T]) -> T: ...
    def tensor(self, symbol: Symbol, mark: str, indices: Sequence[str]) -> T: ...
    def fraction(self, top: Shown[T], bottom: Shown[T]) -> Shown[T]: ...
    def root(self, body: Shown[T]) -> Shown[T]: ...
    def power(self, base: Shown[T], exponent: Shown[T]) -> Shown[T]: ...
    def call(self, function: str, arguments: Sequence[T]) -> Shown[T]: ...
    def vector(self, entries: Sequence[T]) -> T: ...
    def large(self, operator: str, index: str, end: str, body: T) -> T: ...
    def cases(self, rows: Sequence[tuple[T, T]], otherwise: T | None = None) -> T: ...
    def side_by_side(self, parts: Sequence[T]) -> T: ...
    def stacked(self, parts: Sequence[T]) -> T: ...
    def some(self, condition: T, index: str, size: int) -> T: ...


def show(expr: Expr, notation: Notation[T]) -> T:
    """An expression in a notation."""
    return shown(expr, notation).text


def shown(expr: Expr, to: Notation[T]) -> Shown[T]:
    """An expression in a notation, with how tightly it holds together."""
    match expr:
        case Num(value, places):
            return _number(value, places, to)
        case Constant(name):
            return Shown(to.constant(name), ATOM)
        case Letter(name) | Named(name, _):
            return Shown(to.letter(name), ATOM)
        case Cell(tensor, at):
            return Shown(to.tensor(symbol(tensor), tensor.mark, [index_text(index) for index in at]), ATOM)
        case Add(terms):
            return Shown(_added(terms, to), SUM)
        case Neg(body):
            return Shown(to.sign(bracketed(shown(body, to), NEGATIVE, to)), NEGATIVE)
        case Mul(factors):
            return Shown(_multiplied(factors, to), PRODUCT)
        case Div(top, bottom):
            return to.fraction(shown(top, to), shown(bottom, to))
        case Pow(base, exponent):
            return to.power(bracketed_shown(shown(base, to), POWER, to), shown(exponent, to))
        case Call("exp", body):
            return to.power(Shown(to.constant("e"), ATOM), shown(body, to))
        case Call("sqrt", body):
            return to.root(shown(body, to))
        case Call("abs", body):
            return Shown(to.bars(show(body, to)), ATOM)
        case Call(function, body):
            return to.call(function, [show(body, to)])
        case Largest(of, rank):
            return to.call("max" if rank == 1 else f"max_({rank})", [show(part, to) for part in of])
        case Ranked():
            return Shown(_ranked(expr, to), ATOM)
        case Row(of):
            return Shown(to.vector([show(part, to) for part in of]), ATOM)
        case Sum(index, _, Case(AtMost(Index(first, 1, 0, None), end), body, otherwise)) if (
            index == first and otherwise == ZERO and index not in end.names
        ):
            return Shown(to.large("∑≤", index, index_text(end), bracketed(shown(body, to), SUM, to)), SUM)
        case Sum(index, size, body):
            return Shown(to.large("∑", index, str(size), bracketed(shown(body, to), SUM, to)), SUM)
        case Max(index, size, body):
            operator = "max≤" if _is_part(expr) else "max"
            return Shown(to.large(operator, index, str(size), bracketed(shown(body, to), SUM, to)), SUM)
        case Case(when, then, otherwise):
            return Shown(to.cases([(show(then, to), condition_text(when, to))], show(otherwise, to)), SUM)
        case Join(index, parts):
            tensors = [show_tensor(part.tensor, to) for part in parts]
            is_below = parts[0].at[0].name == index
            return Shown(to.stacked(tensors) if is_below else to.side_by_side(tensors), ATOM)
        case Pieces():
            return Shown(_pieces(expr, to), SUM)
        case Position(of):
            signs = _index(of, to)
            return Shown(to.row(signs), SUM if len(signs) > 1 else ATOM)
    raise TypeError(f"no way to show {expr!r}")


def _is_part(largest: Max) -> bool:
    """Whether the largest is looked for among some numbers of a row only, so that it must be said among which."""
    axes = (
        axis
        for node in walk(largest.body)
        if isinstance(node, Cell)
        for axis, at in zip(node.tensor.axes, node.at, strict=True)
        if at.name == largest.index
    )
    return any(axis.size != largest.size for axis in axes)


def show_tensor(tensor: Tensor, to: Notation[T]) -> T:
    """A whole matrix or vector by its symbol."""
    return to.tensor(symbol(tensor), tensor.mark, ())


def bracketed(part: Shown[T], above: int, to: Notation[T]) -> T:
    """The text, in brackets unless it holds together more tightly than `above`."""
    return part.text if part.level > above else to.brackets(part.text)


def bracketed_shown(part: Shown[T], above: int, to: Notation[T]) -> Shown[T]:
    """The same, still with its level."""
    return part if part.level > above else Shown(to.brackets(part.text), ATOM)


def _ranked(ranked: Ranked, to: Notation[T]) -> T:
    """The cell with its rank in brackets in place of the index that is sorted along: z_(k)."""
    tensor, rank = ranked.body.tensor, f"({index_text(ranked.rank)})"
    places = [rank if index.name == ranked.index else index_text(index) for index in ranked.body.at]
    return to.tensor(symbol(tensor), tensor.mark, places)


def _number(value: Fraction, places: int | None, to: Notation[T]) -> Shown[T]:
    if value.numerator < 0:
        return Shown(to.sign(_number(-value, places, to).text), NEGATIVE)
    if places is not None:
        return Shown(to.number(digits(value, places)), ATOM)
    if value.denominator == 1:
        return Shown(to.number(str(value.numerator)), ATOM)
    top, bottom = (Shown(to.number(str(n)), ATOM) for n in (value.numerator, value.denominator))
    return to.fraction(top, bottom)


def digits(value: Fraction, places: int) -> str:
    """A non-negative decimal fraction in digits: 1/20 with 3 places is 0.050."""
    whole, rest = divmod(value.numerator * 10**places, value.denominator)
    if rest:
        raise ValueError(f"{value} has more than {places} decimal places")
    text = str(whole).rjust(places + 1, "0")
    return f"{text[:-places]}.{text[-places:]}" if places else text


def addends(terms: Sequence[Expr], to: Notation[T]) -> Iterator[tuple[str, Expr, T]]:
    """The terms of a sum as they stand in it: the sign before each, none before the first, and what is behind it."""
    for n, term in enumerate(terms):
        if n == 0:
            yield "", term, bracketed(shown(term, to), SUM, to)
        elif isinstance(term, Neg):
            yield "−", term.body, bracketed(shown(term.body, to), NEGATIVE, to)
        else:
            is_last_sum = isinstance(term, Sum) and n == len(terms) - 1  # nothing follows that it could swallow
            yield "+", term, bracketed(shown(term, to), -1 if is_last_sum else NEGATIVE, to)


def _added(terms: Sequence[Expr], to: Notation[T]) -> T:
    parts: list[T] = []
    for sign, _, text in addends(terms, to):
        parts += [to.operator(sign), text] if sign else [text]
    return to.row(parts)


def _multiplied(factors: Sequence[Expr], to: Notation[T]) -> T:
    parts: list[T] = []
    for n, factor in enumerate(factors):
        if n and (to.always_dot or _needs_dot(factors[n - 1], factor)):
            parts.append(to.operator(to.signs.times))
        part = shown(factor, to)
        parts.append(bracketed(part, NEGATIVE, to) if n or isinstance(factor, Num | Neg) else bracketed(part, SUM, to))
    return to.row(parts)


def _needs_dot(left: Expr, right: Expr) -> bool:
    """Between numbers a dot keeps 2·3 from being 23, and before tanh it keeps 4·tanh(2) and c·tanh(2) readable.

    Before a letter or a root nothing is needed, but 1·√2 keeps it.
    """
    first = _first(right)
    if isinstance(first, Call) and first.function not in WITH_A_SIGN:
        return not isinstance(left, Div)
    return isinstance(first, Num | Constant | Named | Div) or (isinstance(left, Num) and left.value in (0, 1))


def _first(expr: Expr) -> Expr:
    """What a shown expression begins with."""
    if isinstance(expr, Mul):
        return _first(expr.factors[0])
    return _first(expr.base) if isinstance(expr, Pow) else expr


def index_text(index: Index) -> str:
    """An index as on paper, where counting starts at 1."""
    if index.name is None:
        return str(index.shift + 1)
    scale = "" if index.scale == 1 else str(index.scale)
    shift = index.shift - index.scale + (2 if index.less else 1)
    if index.scale == -1:  # the rest of a distance, one of its ends at a fixed place
        return f"{shift}−{index.name}"
    less = f"−{index.less}" if index.less else ""
    return f"{scale}{index.name}{less}" + (f"+{shift}" if shift > 0 else f"−{-shift}" if shift else "")


def _index(index: Index, to: Notation[T]) -> list[T]:
    """An index as a formula of its own: i, +, 1."""
    parts = [
        to.operator(part) if part in "+−" else to.number(part) if part.isdecimal() else to.letter(part)
        for part in re.findall(r"\d+|[+−]|[^\d+−]+", index_text(index))
    ]
    return [to.row(parts[:2]), *parts[2:]] if index.name and index.scale > 1 else parts


def _pieces(pieces: Pieces, to: Notation[T]) -> T:
    """A formula for each piece; the one for all other entries is the last."""
    *told, last = pieces.parts
    if last.at != Index(pieces.index):
        return to.cases([(show(piece.body, to), _where(pieces, piece, to)) for piece in pieces.parts])
    return to.cases([(show(piece.body, to), _where(pieces, piece, to)) for piece in told], show(last.body, to))


def _where(pieces: Pieces, piece: Piece, to: Notation[T]) -> T:
    """Which entries a piece is about: c = 2t − 1; with t ≤ 2 behind it where more of these are left to others."""
    parts = [to.letter(pieces.index), to.operator("="), *_index(piece.at, to)]
    if piece.at.name and piece.at.at({piece.at.name: piece.size}) < pieces.end:
        parts += [to.operator(","), to.letter(piece.at.name), to.operator("≤"), to.number(str(piece.size))]
    return to.row(parts)


def _place(index: Index, to: Notation[T]) -> T:
    """An index that is compared, written as a sum: i + 2."""
    parts = [_part(part, to) for part in SIGN.split(index_text(index)) if part]
    return parts[0] if len(parts) == 1 else to.row(parts)


def _part(part: str, to: Notation[T]) -> T:
    if part in "+−":
        return to.operator(part)
    return to.number(part) if part.isdecimal() else to.letter(part)


def condition_text(condition: Condition, to: Notation[T]) -> T:
    """A condition as on paper: j ≤ i, j = k, M_ij = 1."""
    if isinstance(condition, AtMost | Same):
        sign = to.operator("≤" if isinstance(condition, AtMost) else "=")
        return to.row([_place(condition.left, to), sign, _place(condition.right, to)])
    if isinstance(condition, Every):
        return to.row(list(_all_of(condition, to)))
    if isinstance(condition, Some):
        return to.some(condition_text(condition.when, to), condition.index, condition.size)
    sign = to.operator("≠" if isinstance(condition, IsNot) else "=")
    return to.row([show(condition.cell, to), sign, show(condition.value, to)])


def _all_of(conditions: Every, to: Notation[T]) -> Iterator[T]:
    """Conditions with commas between them; two that meet are one chain: i − 1 ≤ j ≤ i."""
    before: Condition | None = None
    for one in conditions.of:
        if isinstance(one, AtMost) and isinstance(before, AtMost) and one.left == before.right:
            yield from (to.operator("≤"), _place(one.right, to))
        else:
            yield from (condition_text(one, to),) if before is None else (to.operator(","), condition_text(one, to))
        before = one
