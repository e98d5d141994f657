"""A step and a number of a trace, looked at in every way there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import Any

from tracer.arithmetic import Undefined
from tracer.evaluate import Definition, Key, Where, inputs, instantiate, place, substitute
from tracer.expr import Expr, Num, Tensor, num, position
from tracer.problem import Problem
from tracer.rounding import Rounded, trimmed
from tracer.show import digits
from tracer.tables import Tables

SHORT = 3  # leaves: an exact value that can be put into a formula


@dataclass(frozen=True, slots=True)
class StepView:
    """A step of a trace: its description, and its cells."""

    tables: Tables
    problem: Problem
    definition: Definition

    @property
    def tensor(self) -> Tensor:
        """The tensor that the step makes."""
        return self.definition.tensor

    @property
    def id(self) -> str:
        """Its public name: head1.scores."""
        return self.tensor.id

    @property
    def name(self) -> str:
        """The id without pass and head: scores."""
        return self.id.rpartition(".")[2]

    @property
    def symbol(self) -> str:
        """Its symbol on paper."""
        return self.tensor.symbol

    @property
    def shape(self) -> tuple[int, ...]:
        """Its sizes."""
        return self.tensor.shape

    @property
    def title(self) -> str:
        """What the step is called; a given matrix is called by its symbol."""
        return getattr(self.definition, "title", self.symbol)

    @property
    def because(self) -> str:
        """Why the step is done, in one sentence."""
        return getattr(self.definition, "because", "")

    @property
    def kind(self) -> str:
        """calculate, arrange, or given."""
        return self.definition.kind

    @property
    def head(self) -> int | None:
        """The number of the head it belongs to."""
        return getattr(self.definition, "head", None)

    @property
    def unit(self) -> str:
        """What is written behind its values: ° for an angle."""
        return getattr(self.definition, "unit", "")

    @property
    def formula(self) -> Expr | None:
        """The formula of all its cells; None where the numbers are given."""
        return self.definition.formula

    @property
    def rows(self) -> tuple[str, ...]:
        """The label of each row: a word, or a number."""
        return self._labels(0)

    @property
    def columns(self) -> tuple[str, ...]:
        """The label of each column; one empty label for a vector, which is a column."""
        return self._labels(1) if len(self.shape) > 1 else ("",)

    def _labels(self, axis: int) -> tuple[str, ...]:
        words = {"query": self.problem.tokens, "key": self.problem.key_tokens}
        counted, first = words.get(self.tensor.axes[axis].counts), self.tensor.axes[axis].first
        numbers = tuple(str(n) for n in range(1, self.shape[axis] + 1))
        return numbers if counted is None else counted[first : first + self.shape[axis]]

    def __getitem__(self, at: int | tuple[int, ...]) -> CellView:
        where = at if isinstance(at, tuple) else (at,)
        if len(where) != len(self.shape):
            raise IndexError(f"{self.id} has {len(self.shape)} axes; {len(where)} numbers were given")
        for n, axis in zip(where, self.tensor.axes, strict=True):
            if not 0 <= n < axis.size:
                raise IndexError(
                    f"{self.id} has {axis.size} places along {axis.index}, counted from 0; there is no {n}"
                )
        return CellView(self.tables, self.definition, where)

    @property
    def cells(self) -> list[list[CellView]]:
        """Its cells, row by row; a vector is a column."""
        return [self.row(i) for i in range(self.shape[0])]

    def row(self, i: int) -> list[CellView]:
        """The cells of one row."""
        if len(self.shape) == 1:
            return [self[i]]
        return [CellView(self.tables, self.definition, (i, j)) for j in range(self.shape[1])]


@dataclass(frozen=True, slots=True)
class CellView:
    """One number of a trace."""

    tables: Tables
    definition: Definition
    at: tuple[int, ...]

    @property
    def key(self) -> Key:
        """The step's id and the place in it."""
        return self.definition.tensor.id, self.at

    @property
    def id(self) -> str:
        """Its public name, counted from 1: scores[2,3]."""
        return f"{self.definition.tensor.id}[{','.join(str(n + 1) for n in self.at)}]"

    @property
    def name(self) -> Expr:
        """Its name on paper: S₂₃."""
        return self.definition.tensor[tuple(position(n) for n in self.at)]

    @property
    def _where(self) -> Where:
        return place(self.definition.tensor, self.at)

    @property
    def given(self) -> Expr | None:
        """The number as it was given, or written by somebody; None where it is computed."""
        if self.definition.formula is None:
            return self.definition.entry(self.at)
        return self.tables.written.get(self.key)

    @property
    def formula(self) -> Expr | None:
        """The step's formula about this cell; None where the number is given."""
        formula = self.definition.formula
        return None if formula is None else instantiate(formula, self._where, self.tables.conditions)

    @property
    def inputs(self) -> list[CellView]:
        """The cells that the formula looks up, in order, each once."""
        formula = self.definition.formula
        keys = [] if formula is None else inputs(formula, self._where, self.tables.conditions)
        return [self.other(key) for key in keys]

    def other(self, key: Key) -> CellView:
        """Another number of the same trace."""
        return CellView(self.tables, self.tables.definitions[key[0]], key[1])

    @property
    def substitution(self) -> Expr:
        """The formula with its numbers put in: exactly where they are short, else rounded to the paper's places."""
        return self.substituted(lambda cell: cell.written)

    def substituted(self, write: Callable[[CellView], Expr]) -> Expr:
        """The formula with its numbers put in as `write` writes them."""
        formula = self.definition.formula
        if formula is None:
            return self.definition.entry(self.at)
        return substitute(formula, self._where, self.tables.conditions, lambda key: write(self.other(key)))

    @property
    def written(self) -> Expr:
        """The value as one writes it into the next formula; its name where it has none, or only a long symbolic one."""
        if self.given is not None:
            return self.given
        short = self.exact_up_to(SHORT)
        if short is not None:
            return short
        return self.name if self.undefined or self.unknown else self.printed(self.tables.paper.places)[0]

    @property
    def undefined(self) -> Undefined | None:
        """Why there is no such value, or None; its `origin` is the cell where that begins."""
        return self.tables.undefined(self.key)

    @property
    def unknown(self) -> bool:
        """Whether the value depends on a letter without a number."""
        return self.tables.unknown(self.key)

    @property
    def infinite(self) -> int:
        """+1 or −1 for an infinite value, else 0."""
        return self.tables.infinite(self.key)

    @property
    def exact(self) -> Expr | None:
        """The exact value as a tree; None where it does not exist or is too long for anybody to read."""
        return self.tables.exactly(self.key)

    def exact_up_to(self, leaves: int, number: Callable[[Fraction], Expr] = num) -> Expr | None:
        """The exact value if it is no longer than so many leaves, its rational numbers written by `number`."""
        return self.tables.exactly_up_to(self.key, leaves, number)

    def rounded(self, places: int) -> Rounded:
        """The value rounded once, every digit certain. Raises `Undefined` where there is no finite value."""
        return self.tables.rounding.rounded(self.key, places)

    def decimal(self, places: int) -> str | None:
        """The value rounded once to so many places, as text: "0.3302". None where there is no finite value.

        A value with thousands of digits is given as "8.8068e+4342".
        """
        if self.undefined or self.unknown or self.infinite:
            return None
        try:
            return decimal_text(self.rounded(places).number)
        except Undefined:
            mantissa, exponent = self.tables.rounding.scientific(self.key, max(places, 1))
            return f"{decimal_text(mantissa)}e{exponent:+d}"

    def printed(self, places: int) -> tuple[Expr, bool]:
        """The value as a page prints it, and whether that is equal to it."""
        return self.tables.rounding.printed(self.key, places)

    @property
    def float(self) -> Any:
        """The value in floating point, as `trace.floats` has it; None where floating point has no finite answer."""
        value = self.tables.doubles(self.definition.tensor.id)[self.at]
        return float(value) if isfinite(value) else None

    @property
    def by_hand(self) -> str | None:
        """What comes out when every written step is rounded by the problem's rule, as text."""
        number = self.by_hand_number
        return None if number is None else decimal_text(number)

    @property
    def by_hand_number(self) -> Num | None:
        """The same as a number, with the places it is written with."""
        return self.tables.by_hand(self.key)

    @property
    def by_hand_differs(self) -> bool:
        """Whether working by hand gives other digits than rounding once."""
        hand = self.by_hand_number
        return hand is not None and self.rounded(hand.places or 0).number.value != hand.value

    @property
    def by_hand_written(self) -> Num | None:
        """What is written by hand: all places of a rounded number, no zeros where nothing was rounded away."""
        hand = self.by_hand_number
        if hand is None:
            return None
        number, is_equal = self.rounded(hand.places or 0)
        return trimmed(hand) if is_equal and number.value == hand.value else hand


def decimal_text(number: Num) -> str:
    """A decimal in ASCII digits: -0.0500."""
    sign = "-" if number.value < 0 else ""
    return sign + digits(abs(number.value), number.places or 0)
