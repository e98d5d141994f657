"""A formula about one cell of a tensor, its cells, sums and conditions put in as cells and ranges of sheets.

    Sum(c, Q[i, c]·K[j, c])      ->  SUMPRODUCT(query!B9:D9,key!B10:D10)
    exp(Z[i, j])                 ->  EXP(scaled!C9)
    {Z[i, j] if M[i, j] = 1, …}  ->  IF(Given!C20=1,scaled!C9,"−∞")

Spreadsheets have no infinity. A masked score is the text −∞, and a formula that meets one says what becomes of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from tracer.evaluate import Where, part_of, piece_of, rebuild
from tracer.expr import (
    MINUS_INFINITY,
    ZERO,
    Add,
    AtMost,
    Call,
    Case,
    Cell,
    Condition,
    Div,
    Every,
    Expr,
    Is,
    IsNot,
    Join,
    Largest,
    Letter,
    Max,
    Mul,
    Named,
    Pieces,
    Position,
    Pow,
    Ranked,
    Same,
    Some,
    Sum,
    num,
)
from tracer.notation.spreadsheet import spreadsheet
from tracer.show import show

STEP_NAME = "step_"
PLACE = re.compile(r"(?<![a-z])(prefill|(?:pass|token|head|block|row)\d+)_")  # in the name of a step's cells
INFINITE = '"−∞"'
BARE = re.compile(r"[^\W\d]{3,}")  # a sheet's name that needs no quotes and is no cell's: scores, but not A1


class Place(NamedTuple):
    """Where a tensor stands: a sheet, and its first cell. A vector runs down, or across."""

    sheet: str
    row: int
    column: int
    across: bool = False

    def at(self, position: tuple[int, ...]) -> tuple[int, int]:
        """The row and column of one entry."""
        down, right = position if len(position) == 2 else (0, *position) if self.across else (*position, 0)
        return self.row + down, self.column + right


class Span(NamedTuple):
    """A range of cells, and the index that runs down it and the one that runs across, where there is one."""

    text: str
    down: str | None
    across: str | None


def a1(row: int, column: int, fixed: str = "") -> str:
    """The name of a cell, both counted from 0: B9, or $B$9 where it is fixed by dollar signs."""
    letters, left = "", column + 1
    while left:
        left, n = divmod(left - 1, 26)
        letters = chr(65 + n) + letters
    return f"{fixed}{letters}{fixed}{row + 1}"


def quoted(sheet: str) -> str:
    """A sheet's name as formulas write it: scores, 'head1.scores'."""
    return sheet if BARE.fullmatch(sheet) else "'" + sheet.replace("'", "''") + "'"


def step_name(id_: str) -> str:
    """What the cells of a step are called in a spreadsheet, as its names allow: head1.scores is step_head1_scores."""
    return STEP_NAME + id_.replace(".", "_")


def named_step(name: str) -> str:
    """The step whose cells have this name, "" if it names something else."""
    if not name.startswith(STEP_NAME):
        return ""
    return PLACE.sub(r"\1.", name.removeprefix(STEP_NAME))


@dataclass(frozen=True, slots=True)
class Sheets:
    """Where every tensor stands, and the name of the cell in which a letter's number is typed."""

    places: dict[str, Place]
    letters: Mapping[str, str]

    def formula(self, expr: Expr, where: Where) -> str:
        """What a cell computes, in the formula language of spreadsheets."""
        return show(self.put(expr, where, ()), spreadsheet)

    def put(self, expr: Expr, where: Where, met: tuple[Condition, ...]) -> Expr:
        """The formula with references in it; `met` are the conditions that are known to hold around it."""

        def inside(part: Expr) -> Expr:
            return self.put(part, where, met)

        match expr:
            case Cell():
                return Letter(self.cell(expr, where))
            case Letter(name):
                return Letter(self.letters[name])
            case Named(_, body):
                return inside(body)
            case Call("exp", Cell() as cell) if is_hidden(cell, met):
                return self._unless_masked(cell, where, "0", Call("exp", inside(cell)))
            case Div(Cell() as cell, by) if is_hidden(cell, met):
                return self._unless_masked(cell, where, INFINITE, Div(inside(cell), inside(by)))
            case Add((Cell() as cell, *others)) if is_hidden(cell, met):
                added = Add((inside(cell), *map(inside, others)))
                return self._unless_masked(cell, where, INFINITE, added)
            case Sum():
                return self._sum(expr, where, met)
            case Max(index, size, Cell() as cell):
                cells = self.span(cell, where, {index: size}).text
                return Letter(f"IF(COUNT({cells})=0,{INFINITE},MAX({cells}))")
            case Ranked(rank, index, size, cell):
                cells, place = self.span(cell, where, {index: size}).text, rank.at(where) + 1
                return Letter(f"IF(COUNT({cells})<{place},{INFINITE},LARGE({cells},{place}))")
            case Div(Add((Sum(index, size, Case(AtMost() as when, Cell() as cell, _)), *_)) as top, by):
                seen = sum(holds(when, {**where, index: n}) for n in range(size))
                cells = self.span(cell, where, {index: seen}).text
                worked = show(Div(inside(top), inside(by)), spreadsheet)
                return Letter(f"IF(COUNT({cells})<{seen},{INFINITE},{worked})")
            case Largest((Cell() as one, Max(index, size, Cell() as cell))):
                cells = f"{self.cell(one, where)},{self.span(cell, where, {index: size}).text}"
                return Letter(f"IF(COUNT({cells})=0,{INFINITE},MAX({cells}))")
            case Case(when, then, otherwise):
                chosen = show(self.put(then, where, (*met, when)), spreadsheet)
                return Letter(f"IF({self.condition(when, where)},{chosen},{self._value(otherwise, where)})")
            case Join():
                return Letter(self.cell(*part_of(expr, where)))
            case Pieces():
                return self.put(*piece_of(expr, where), met)
            case Position(of):
                return num(of.at(where) + 1)
        return rebuild(expr, inside)

    def _value(self, expr: Expr, where: Where) -> str:
        return INFINITE if expr == MINUS_INFINITY else self.formula(expr, where)

    def _unless_masked(self, cell: Cell, where: Where, masked: str, otherwise: Expr) -> Expr:
        return Letter(f"IF({self.cell(cell, where)}={INFINITE},{masked},{show(otherwise, spreadsheet)})")

    # Cells and ranges

    def cell(self, cell: Cell, where: Where) -> str:
        """One cell: scores!B9."""
        place = self.places[cell.tensor.id]
        return f"{quoted(place.sheet)}!{a1(*place.at(tuple(index.at(where) for index in cell.at)))}"

    def whole(self, place: Place, shape: tuple[int, ...], fixed: str = "") -> str:
        """All cells of a tensor: scores!B9:E12."""
        first, last = place.at(tuple(0 for _ in shape)), place.at(tuple(size - 1 for size in shape))
        return f"{quoted(place.sheet)}!{a1(*first, fixed)}:{a1(*last, fixed)}"

    def span(self, cell: Cell, where: Where, sizes: Mapping[str, int]) -> Span:
        """The range that a cell runs through while the indices in `sizes` do; each of them in steps of 1."""
        place = self.places[cell.tensor.id]
        running = [index.name if index.name in sizes else None for index in cell.at]
        assert all(index.scale == 1 and index.less not in sizes for index in cell.at if index.name in sizes)
        first, last = (
            place.at(tuple(index.at({**where, **ends}) for index in cell.at))
            for ends in (dict.fromkeys(sizes, 0), {name: size - 1 for name, size in sizes.items()})
        )
        down, across = running if len(running) == 2 else (None, *running) if place.across else (*running, None)
        return Span(f"{quoted(place.sheet)}!{a1(*first)}:{a1(*last)}", down, across)

    def condition(self, when: Condition, where: Where) -> str:
        """A condition with its positions or its cell put in: 3<=2, Given!C20=1."""
        if isinstance(when, AtMost | Same):
            sign = "<=" if isinstance(when, AtMost) else "="
            return f"{when.left.at(where) + 1}{sign}{when.right.at(where) + 1}"
        if isinstance(when, Every):
            return f"AND({','.join(self.condition(one, where) for one in when.of)})"
        if isinstance(when, Some):
            places = [{**where, when.index: n} for n in range(when.size)]
            return f"OR({','.join(self.condition(when.when, at) for at in places)})"
        return f"{self.cell(when.cell, where)}{SIGN[type(when)]}{self._value(when.value, where)}"

    # Sums

    def _sum(self, expr: Sum, where: Where, met: tuple[Condition, ...]) -> Expr:
        """A range where the numbers stand side by side, else the terms one by one."""
        if expr.size == 1:
            return self.put(expr.body, {**where, expr.index: 0}, met)
        if text := self._added_in_ranges(expr, where):
            return Letter(text)
        return Add(tuple(self.put(expr.body, {**where, expr.index: n}, met) for n in range(expr.size)))

    def _added_in_ranges(self, expr: Sum, where: Where) -> str | None:
        index, size, body = expr.index, expr.size, expr.body
        match body:
            case Cell():
                return f"SUM({self.span(body, where, {index: size}).text})"
            case Case(AtMost() as when, Cell() as cell, otherwise) if otherwise == ZERO:
                seen = [n for n in range(size) if holds(when, {**where, index: n})]
                if seen == list(range(len(seen))):
                    return f"SUM({self.span(cell, where, {index: len(seen)}).text})" if seen else "0"
            case Case(Is() | IsNot() as when, Cell() as cell, otherwise) if otherwise == ZERO:
                tested, added = (self.span(one, where, {index: size}).text for one in (when.cell, cell))
                return f"SUMIF({tested},{_criterion(when, self._value(when.value, where))},{added})"
            case Pow(Cell() as cell, exponent) if exponent == num(2):
                return f"SUMSQ({self.span(cell, where, {index: size}).text})"
            case Mul(factors):
                return self._products(factors, where, {index: size})
            case Sum(inner, inner_size, Mul(factors)):
                return self._products(factors, where, {index: size, inner: inner_size})
        return None

    def _products(self, factors: tuple[Expr, ...], where: Where, sizes: Mapping[str, int]) -> str | None:
        """Products of cells added up: two rows, a row and a column, or a row, a matrix and a row."""
        cells = [factor for factor in factors if isinstance(factor, Cell)]
        if len(cells) != len(factors):
            return None
        spans = [self.span(cell, where, sizes) for cell in cells]
        texts = ",".join(span.text for span in spans)
        match [(span.down, span.across) for span in spans]:
            case [(None, str(a)), (None, str(b))] | [(str(a), None), (str(b), None)] if a == b:
                return f"SUMPRODUCT({texts})"
            case [(None, str(a)), (str(b), None)] if a == b:
                return f"SUM(MMULT({texts}))"
            case [(None, str(a)), (str(b), str(c)), (None, str(d))] if a == b and c == d:
                row, matrix, other = (span.text for span in spans)
                return f"SUMPRODUCT(MMULT({row},{matrix}),{other})"
        return None


SIGN: dict[type, str] = {Is: "=", IsNot: "<>"}


def _criterion(when: Is | IsNot, value: str) -> str:
    """The condition as SUMIF wants it, a text without the cell: "<>−∞"."""
    return f'"{SIGN[type(when)]}{value.strip(chr(34))}"'


def holds(when: AtMost, where: Where) -> bool:
    """Whether a condition on positions is met at a place."""
    return when.left.at(where) <= when.right.at(where)


def is_hidden(cell: Cell, met: tuple[Condition, ...]) -> bool:
    """Whether a score may be masked here, and then be no number."""
    return cell.tensor.allowed is not None and cell.tensor.allowed not in met
