"""A trace: what is given, the steps in order, and a view on each number in every arithmetic.

`Recorder` is what an operation writes to; `Step` and `Given` are what it leaves behind, pure data.
Numbers appear when somebody looks at a `StepView` or a `CellView`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

from tracer.arithmetic import Undecided, Undefined, Unknown
from tracer.evaluate import Key, Table, Where, inputs, instantiate, place, substitute
from tracer.expr import INFINITY, MINUS_INFINITY, Axis, Condition, Expr, Index, Mul, Num, Pow, Tensor, length, letters, num
from tracer.problem import Problem, Values
from tracer.registry import did_you_mean
from tracer.errors import UnknownName

SYMBOLS = {
    "embedding": "X", "query": "Q", "key": "K", "value": "V", "query_norms": "‖q‖", "key_norms": "‖k‖",
    "cosines": "cos θ", "angles": "θ", "bilinear": "T", "bilinear_scores": "B", "scores": "S", "maxima": "m",
    "exponentials": "E", "row_sums": "D", "weights": "A", "contributions": "C", "outputs": "O", "joined": "J",
    "projected": "P",
}  # fmt: skip
LARGEST = 10**15  # beyond that a decimal is printed with a power of ten
MAX_EXACT = 2_000  # leaves: beyond that nobody reads an exact value, and SymPy would take minutes


@dataclass(frozen=True, slots=True)
class Given:
    """A matrix or vector that the problem gives."""

    tensor: Tensor
    values: Values
    kind: str = "given"
    formula: None = None

    def entry(self, at: tuple[int, ...]) -> Expr:
        """The number at a place, as it was written."""
        return self.values.entry(at)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the work: the tensor it makes, and the formula for each of its cells.

    `kind` is "calculate", or "arrange" where numbers are only copied to another place. `because` says
    in one sentence why the step is done; `unit` is written behind its values.
    """

    tensor: Tensor
    title: str
    formula: Expr
    because: str
    kind: str = "calculate"
    head: int | None = None
    unit: str = ""

    def entry(self, at: tuple[int, ...]) -> Expr:
        """A step has a formula and no given numbers."""
        raise TypeError(f"{self.tensor.id} is computed, not given")

    @property
    def id(self) -> str:
        """The step's public name: head1.scores."""
        return self.tensor.id

    @property
    def name(self) -> str:
        """The id without pass and head: scores."""
        return self.tensor.id.rpartition(".")[2]


class Recorder:
    """What operations write to. It knows which pass and which head is being written, nothing else."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.given_: list[Given] = []
        self.steps: list[Step] = []
        self.prefix, self.mark, self.head = "", "", None

    @contextmanager
    def under(self, prefix: str, mark: str, head: int | None = None) -> Iterator[None]:
        """Everything recorded inside belongs to this pass or head."""
        before = self.prefix, self.mark, self.head
        self.prefix, self.mark, self.head = self.prefix + prefix, self.mark + mark, head or self.head
        yield
        self.prefix, self.mark, self.head = before

    def given(self, id_: str, symbol: str, axes: tuple[Axis, ...], values: Values) -> Tensor:
        """Take a given matrix in, and get a handle on it."""
        tensor = Tensor(self.prefix + id_, symbol, axes, self.mark)
        self.given_.append(Given(tensor, values))
        return tensor

    def step(
        self,
        name: str,
        axes: tuple[Axis, ...],
        formula: Expr,
        title: str,
        because: str,
        *,
        symbol: str = "",
        kind: str = "calculate",
        unit: str = "",
        allowed: Condition | None = None,
    ) -> Tensor:
        """Record one step, and get a handle on what it makes."""
        house = self.problem.paper.symbols.get(name.rpartition(".")[2])
        tensor = Tensor(self.prefix + name, house or symbol or SYMBOLS[name], axes, self.mark, allowed)
        self.steps.append(Step(tensor, title, formula, because, kind, self.head, unit))
        return tensor

    def trace(self) -> Trace:
        """What has been recorded."""
        return Trace(self.problem, tuple(self.given_), tuple(self.steps))


class Rounded(NamedTuple):
    """A number rounded once to some decimal places, and whether it is equal to the value."""

    number: Num
    is_equal: bool


@dataclass(frozen=True)
class Trace:
    """Everything that happens in a pass, in order. `trace["weights"][0, 1]` looks at one number."""

    problem: Problem
    given: tuple[Given, ...]
    steps: tuple[Step, ...]
    _tables: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def definitions(self) -> Mapping[str, Given | Step]:
        """Every tensor of the pass by its id."""
        return {d.tensor.id: d for d in (*self.given, *self.steps)}

    def __getitem__(self, id_: str) -> StepView:
        if id_ not in self.definitions:
            raise UnknownName(f"there is no step “{id_}” in this pass; {did_you_mean(id_, self.definitions)}")
        return StepView(self, self.definitions[id_])

    def __iter__(self) -> Iterator[StepView]:
        return (StepView(self, step) for step in self.steps)

    def __contains__(self, id_: object) -> bool:
        return id_ in self.definitions

    @cached_property
    def open_letters(self) -> tuple[str, ...]:
        """The letters that have no number: those among the given numbers, and sizes nobody has said."""
        formulas = [name for step in self.steps for name in letters(step.formula)]
        return tuple(dict.fromkeys(self.problem.letters() + formulas))

    def floats(self, id_: str) -> Any:
        """A step as a NumPy float64 array, computed in floating point from start to end."""
        from tracer.arithmetic.floating import Floats

        if "floats" not in self._tables:
            self._tables["floats"] = Floats(self.definitions)
        return self._tables["floats"][self[id_].definition.tensor.id]

    def exact(self, id_: str) -> Any:
        """A step as a SymPy matrix; a vector is a column. Raises `Undefined` where a value does not exist."""
        from tracer.arithmetic import exact

        step = self[id_]
        return exact.matrix([[self.exact_table[cell.key] for cell in row] for row in step.cells])

    @property
    def exact_table(self) -> Table:
        """All values as SymPy numbers."""
        from tracer.arithmetic.exact import Exact

        return self._table("exact", lambda: Table(self.definitions, Exact()))

    def ball_table(self, bits: int) -> Table:
        """All values as enclosures at a precision. Look up inside `ball.precision(bits)`."""
        from tracer.arithmetic.ball import Ball

        return self._table(bits, lambda: Table(self.definitions, Ball()))

    def by_hand_table(self, bits: int) -> Table:
        """All values as they come out by hand, each step rounded by the problem's rule."""
        from tracer.arithmetic import ball
        from tracer.arithmetic.by_hand import ByHand

        paper = self.problem.paper
        rule = ByHand(ball.Ball(), ball.rounded, ball.infinite, paper.by_hand, paper.places)
        return self._table(("by hand", bits), lambda: Table(self.definitions, rule))

    @property
    def size_table(self) -> Table:
        """How long each exact value would be."""
        from tracer.arithmetic import ball
        from tracer.arithmetic.size import Size

        def short(key: Key) -> int | None:
            try:
                return 1 if ball.is_exact(self.ball(key)) else None
            except (Undefined, Undecided):
                return None

        return self._table("size", lambda: Table(self.definitions, Size(), short))

    def _table(self, name: Any, make: Any) -> Table:
        if name not in self._tables:
            self._tables[name] = make()
        table: Table = self._tables[name]
        return table

    def ball(self, key: Key, bits: int = 128) -> Any:
        """An enclosure of a cell's value. Raises `Undefined`, or `Undecided` where more bits are needed."""
        from tracer.arithmetic import ball

        with ball.precision(bits):
            return self.ball_table(bits)[key]


@dataclass(frozen=True)
class StepView:
    """A step of a trace, looked at."""

    trace: Trace
    definition: Given | Step

    def __getattr__(self, name: str) -> Any:
        return getattr(object.__getattribute__(self, "definition"), name)

    @property
    def tensor(self) -> Tensor:
        """The tensor that the step makes."""
        return self.definition.tensor

    @property
    def id(self) -> str:
        """Its public name."""
        return self.tensor.id

    @property
    def symbol(self) -> str:
        """Its symbol on paper."""
        return self.tensor.symbol

    @property
    def shape(self) -> tuple[int, ...]:
        """Its sizes."""
        return self.tensor.shape

    @property
    def labels(self) -> list[tuple[str, ...] | None]:
        """What each axis counts: the words, or None for plain coordinates."""
        words = {"query": self.trace.problem.tokens, "key": self.trace.problem.key_tokens}
        return [words.get(axis.counts) for axis in self.tensor.axes]

    def __getitem__(self, at: int | tuple[int, ...]) -> CellView:
        where = at if isinstance(at, tuple) else (at,)
        for n, axis in zip(where, self.tensor.axes, strict=True):
            if not 0 <= n < axis.size:
                raise IndexError(f"{self.id} has {axis.size} {axis.index}, counted from 0; there is no {n}")
        return CellView(self.trace, self.definition, where)

    @property
    def cells(self) -> list[list[CellView]]:
        """Its cells, row by row; a vector is a column."""
        rows = range(self.shape[0])
        if len(self.shape) == 1:
            return [[self[i]] for i in rows]
        return [[self[i, j] for j in range(self.shape[1])] for i in rows]


@dataclass(frozen=True)
class CellView:
    """One number of a trace, looked at in every way there is."""

    trace: Trace
    definition: Given | Step
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
        return self.definition.tensor[tuple(Index(None, 1, n) for n in self.at)]

    @property
    def where(self) -> Where:
        """Which index stands where."""
        return place(self.definition.tensor, self.at)

    @property
    def formula(self) -> Expr | None:
        """The step's formula about this cell; None where the number is given."""
        formula = self.definition.formula
        return None if formula is None else instantiate(formula, self.where, self._any_table)

    @property
    def _any_table(self) -> Table:
        return self.trace._table("conditions", lambda: Table(self.trace.definitions, None))  # type: ignore[arg-type]

    @property
    def inputs(self) -> list[CellView]:
        """The cells that the formula looks up, in order, each once."""
        formula = self.definition.formula
        keys = [] if formula is None else inputs(formula, self.where, self._any_table)
        return [CellView(self.trace, self.trace.definitions[id_], at) for id_, at in keys]

    def substitution(self, write: Any = None) -> Expr:
        """The formula with its numbers put in: each exactly where it is short, else rounded to the paper's places.

        `write` may choose otherwise: it gets a cell and returns what is written for it.
        """
        if self.definition.formula is None:
            return self.definition.entry(self.at)
        choose = write or (lambda cell: cell.written)

        def put(key: Key) -> Expr:
            chosen: Expr = choose(CellView(self.trace, self.trace.definitions[key[0]], key[1]))
            return chosen

        return substitute(self.definition.formula, self.where, self._any_table, put)

    @property
    def undefined(self) -> Undefined | None:
        """Why there is no such value, or None where there is one; `origin` names the cell it begins at."""
        try:
            self.trace.ball(self.key)
        except Unknown:
            pass
        except Undefined as undefined:
            return undefined
        except Undecided:
            try:
                _ = self.trace.exact_table[self.key]
            except Undefined as undefined:
                return undefined
        return None

    @property
    def unknown(self) -> bool:
        """Whether the value depends on a letter without a number."""
        try:
            self.trace.ball(self.key)
        except Unknown:
            return True
        except (Undefined, Undecided):
            pass
        return False

    @property
    def infinite(self) -> int:
        """+1 or −1 for an infinite value, else 0."""
        from tracer.arithmetic import ball

        try:
            return ball.infinite(self.trace.ball(self.key))
        except (Undefined, Undecided):
            return 0

    @property
    def exact(self) -> Expr | None:
        """The exact value as a tree; None where it does not exist or is too long for anybody to read."""
        return self.exact_as(num)

    def exact_as(self, number: Any) -> Expr | None:
        """The exact value, its rational numbers written by `number`."""
        from tracer.arithmetic import ball

        if self.definition.formula is None and isinstance(given := self.definition.entry(self.at), Num):
            return number(given.value) if number is not num else num(given.value)
        try:
            value = self.trace.ball(self.key)
        except Undefined as undefined:
            if not isinstance(undefined, Unknown):
                return None
        except Undecided:
            pass
        else:
            if ball.is_rational(value):
                written: Expr = number(Fraction(int(value.p), int(value.q)))
                return written
            if ball.infinite(value):
                return INFINITY if ball.infinite(value) > 0 else MINUS_INFINITY
        try:
            if self.trace.size_table[self.key] > MAX_EXACT:
                return None
            from tracer.arithmetic.exact import tree

            return tree(self.trace.exact_table[self.key], number)
        except Undefined:
            return None

    def rounded(self, places: int) -> Rounded:
        """The value rounded once, every digit certain. Raises `Undefined` where there is no finite value."""
        known = self.trace._table(("rounded", places), dict)
        if self.key not in known:
            known[self.key] = self._rounded(places)  # type: ignore[index]
        found: Rounded = known[self.key]  # type: ignore[assignment]
        return found

    def _rounded(self, places: int) -> Rounded:
        from tracer.arithmetic import ball

        for bits in ball.PRECISIONS:
            with ball.precision(bits):
                try:
                    value = self.trace.ball_table(bits)[self.key]
                    if ball.infinite(value):
                        raise Undefined("the value is infinite")
                    found, is_equal = ball.rounded(value, places)
                    return Rounded(Num(found, max(places, 0)), is_equal)
                except Undecided:
                    if bits == ball.PRECISIONS[0] and (settled := self._settled(places)):
                        return settled
        raise Undefined("the value cannot be told from a tie between two decimals")

    def _settled(self, places: int) -> Rounded | None:
        """The rounding settled exactly, where the value is a decimal that no enclosure can tell from its neighbours."""
        from tracer.arithmetic import ball, exact

        try:
            if self.trace.size_table[self.key] > MAX_EXACT:
                return None
            value = self.trace.exact_table[self.key]
            near = ball.candidate(self.trace.ball(self.key), places + 1)
        except Undecided:
            near = None
        if near is None or not exact.is_rational(value, near):
            return None
        found, is_equal = ball.rounded(ball.Ball().number(near), places)
        return Rounded(Num(found, max(places, 0)), is_equal)

    def decimal(self, places: int) -> str | None:
        """The value rounded once to so many places, as text: "0.3302". None where there is no finite value."""
        try:
            number, _ = self.rounded(places)
        except Undefined:
            return None
        return decimal_text(number)

    @property
    def written(self) -> Expr:
        """The value as one would write it down: exactly where that is short, else rounded."""
        return self.exact_if_short(3) or self.printed(self.trace.problem.paper.places)[0]

    def exact_if_short(self, leaves: int, number: Any = num) -> Expr | None:
        """The exact value if it is no longer than so many leaves."""
        exact = self.exact_as(number)
        return exact if exact is not None and length(exact) <= leaves else None

    def printed(self, places: int) -> tuple[Expr, bool]:
        """The value as a page prints it, and whether that is equal to it.

        An equal value is printed without zeros behind its last decimal; one that would round to 0 or be
        longer than a line is printed with a power of ten, so that a small weight never looks like none.
        """
        from tracer.arithmetic import ball

        if self.infinite:
            return (INFINITY if self.infinite > 0 else MINUS_INFINITY), True
        number, is_equal = self.rounded(places)
        if not is_equal and number.value == 0 or abs(number.value) >= LARGEST:
            return self._with_power_of_ten(places)
        return (trimmed(number), True) if is_equal else (number, False)

    def _with_power_of_ten(self, places: int) -> tuple[Expr, bool]:
        """The value as digits · 10^k, with three digits, or as many as there are places."""
        from tracer.arithmetic import ball

        for bits in ball.PRECISIONS:
            try:
                with ball.precision(bits):
                    exponent = ball.magnitude(self.trace.ball_table(bits)[self.key])
                break
            except Undecided:
                continue
        digits = max(2, min(places, 4))
        number, is_equal = self.rounded(digits - exponent)
        mantissa = Num(number.value / Fraction(10) ** exponent, digits)
        if abs(mantissa.value) >= 10:
            exponent, mantissa = exponent + 1, Num(mantissa.value / 10, digits)
            mantissa = Num(Fraction(round(mantissa.value * 10**digits), 10**digits), digits)
        return Mul((trimmed(mantissa) if is_equal else mantissa, Pow(num(10), num(exponent)))), is_equal

    @property
    def float(self) -> Any:
        """The value in floating point, as `trace.floats` has it."""
        return float_of(self.trace.floats(self.definition.tensor.id)[self.at])

    @property
    def by_hand(self) -> str | None:
        """What comes out when every written step is rounded by the problem's rule; None where nothing does."""
        value = self.by_hand_number
        return None if value is None else decimal_text(value)

    @property
    def by_hand_number(self) -> Num | None:
        """The same as a number, with the places it is written with."""
        from tracer.arithmetic import ball

        paper = self.trace.problem.paper
        name = self.definition.tensor.id.rpartition(".")[2]
        for bits in ball.PRECISIONS:
            try:
                with ball.precision(bits):
                    value = self.trace.by_hand_table(bits)[self.key]
                    if ball.infinite(value):
                        return None
                    places = paper.by_hand.get(name, paper.places)
                    return Num(ball.rounded(value, places)[0], places)
            except Undefined:
                return None
            except Undecided:
                continue
        return None


def decimal_text(number: Num) -> str:
    """A decimal in ASCII digits: -0.0500."""
    from tracer.show import digits

    sign = "-" if number.value < 0 else ""
    return sign + digits(abs(number.value), number.places or 0)


def trimmed(number: Num) -> Num:
    """The same decimal without the zeros behind its last digit."""
    places = number.places or 0
    while places and (number.value * 10 ** (places - 1)).denominator == 1:
        places -= 1
    return Num(number.value, places or None)


def float_of(value: Any) -> float | None:
    """A float, or None where floating point has no finite answer."""
    from math import isfinite

    return float(value) if isfinite(value) else None


__all__ = ["CellView", "Given", "Recorder", "Rounded", "Step", "StepView", "Trace", "decimal_text", "replace"]
