"""A trace: what is given, and the steps in order, pure data.

`Recorder` is what an operation writes to; `Step` and `Given` are what it leaves behind. Numbers appear
when somebody looks: `trace["weights"][0, 1]` is a view on one (`views.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from tracer.errors import UnknownName
from tracer.evaluate import Definition, Key
from tracer.expr import MINUS_INFINITY, Axis, Condition, Expr, Index, IsNot, Num, Tensor, letters
from tracer.names import SYMBOLS
from tracer.problem import Problem, Values
from tracer.registry import did_you_mean
from tracer.tables import Tables
from tracer.views import StepView


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

    def entry(self, at: tuple[int, ...]) -> Expr:  # noqa: ARG002
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


def numbered(head: int) -> tuple[str, str]:
    """How what belongs to a head is told apart: its prefix and its mark."""
    return f"head{head}.", f"({head})"


class Recorder:
    """What operations write to. It knows which pass and which head is being written, nothing else."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.given_: list[Given] = []
        self.steps: list[Step] = []
        self.prefix, self.mark = "", ""
        self.head: int | None = None

    @contextmanager
    def under(self, prefix: str, mark: str, head: int | None = None) -> Iterator[None]:
        """Everything recorded inside belongs to this pass or head."""
        before = self.prefix, self.mark, self.head
        self.prefix, self.mark, self.head = self.prefix + prefix, self.mark + mark, head or self.head
        yield
        self.prefix, self.mark, self.head = before

    def given(self, id_: str, symbol: str, axes: tuple[Axis, ...], values: Values) -> Tensor:
        """Take a given matrix in, and get a handle on it. Where an entry is −∞, its key takes no part."""
        tensor = Tensor(self.prefix + id_, symbol, axes, self.mark)
        if values.count(MINUS_INFINITY):
            allowed = IsNot(tensor[tuple(Index(axis.index) for axis in axes)], MINUS_INFINITY)
            tensor = replace(tensor, allowed=allowed)
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

    def made(self, name: str) -> Tensor:
        """What the step of this name made in the pass and head that is being written."""
        return next(step.tensor for step in self.steps if step.tensor.id == self.prefix + name)

    def trace(self) -> Trace:
        """What has been recorded."""
        return Trace(self.problem, tuple(self.given_), tuple(self.steps))


@dataclass(frozen=True)
class Trace:
    """Everything that happens in a pass, in order. `trace["weights"][0, 1]` looks at one number.

    `written` are numbers that somebody has put in place of computed ones: what follows is computed from these.
    """

    problem: Problem
    given: tuple[Given, ...]
    steps: tuple[Step, ...]
    written: Mapping[Key, Expr] = field(default_factory=dict)

    @cached_property
    def tables(self) -> Tables:
        """All values of the pass, each computed when somebody looks."""
        definitions: list[Definition] = [*self.given, *self.steps]
        return Tables({d.tensor.id: d for d in definitions}, self.problem.paper, self.written)

    def __getitem__(self, id_: str) -> StepView:
        definitions = self.tables.definitions
        if id_ not in definitions:
            raise UnknownName(f"there is no step “{id_}” in this pass; {did_you_mean(id_, definitions)}")
        return StepView(self.tables, self.problem, definitions[id_])

    def __iter__(self) -> Iterator[StepView]:
        return (self[step.tensor.id] for step in self.steps)

    def __contains__(self, id_: object) -> bool:
        return id_ in self.tables.definitions

    @cached_property
    def open_letters(self) -> tuple[str, ...]:
        """The letters that have no number: those among the given numbers, and sizes nobody has said."""
        formulas = [name for step in self.steps for name in letters(step.formula)]
        return tuple(dict.fromkeys(self.problem.letters() + formulas))

    @property
    def speaks_decimals(self) -> bool:
        """Whether numbers are written with a decimal point, so that 9.08 is clearer than 227/25."""
        return self.problem.speaks_decimals or any(isinstance(one, Num) and one.places for one in self.written.values())

    def floats(self, id_: str) -> Any:
        """A step as a NumPy float64 array, computed in floating point from start to end; what has no value is nan.

        Where a number on the way is too large for a double, what is found from it is the double nearest to its value.
        With several heads "weights" is that of all, [n_heads, seq_len, key_len], and "head1.weights" that of one.
        """
        heads = [f"head{h}.{id_}" for h in range(1, self.problem.wiring.n_heads + 1)]
        if id_ not in self and heads[0] in self:
            return self.tables.floats.stacked([self.tables.doubles(name) for name in heads if name in self])
        return self.tables.doubles(self[id_].id)

    def exact(self, id_: str) -> Any:
        """A step as a SymPy matrix; a vector is a column. Raises `Undefined` where a value does not exist."""
        from tracer.arithmetic.exact import matrix

        return matrix([[self.tables.exact[cell.key] for cell in row] for row in self[id_].cells])

    def _repr_html_(self) -> str:
        """How a notebook shows a trace: its worked solution."""
        from tracer.formats import notebook

        return notebook(self)
