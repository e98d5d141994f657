"""The numbers of a trace for a picture: where the ink goes, and what is printed beside it."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite

from tracer.arithmetic import Undecided, Undefined
from tracer.expr import Expr
from tracer.notation.plain import Plain
from tracer.parts import words
from tracer.show import show
from tracer.trace import Trace
from tracer.views import CellView, StepView

MOST_PANELS = 4  # heads or passes in one picture


def ink(cell: CellView) -> float | None:
    """A value to draw by; None where there is no finite one, or it hangs on a letter."""
    from tracer.arithmetic import ball

    try:
        value = ball.to_float(cell.tables.ball(cell.key))
    except (Undefined, Undecided):  # a letter without a number counts as undefined
        return None
    return value if isfinite(value) else None


def inks(step: StepView, rows: tuple[int, ...]) -> list[list[float]] | None:
    """Some rows of a step to draw by; None where a value is missing."""
    found = [[ink(cell) for cell in step.row(i)] for i in rows]
    if any(value is None for row in found for value in row):
        return None
    return [[value for value in row if value is not None] for row in found]


def all_equal(values: Iterable[float]) -> bool:
    """Whether numbers are the same, so that there is nothing to see."""
    found = list(values)
    return max(found) - min(found) < 1e-9


class Print:
    """Numbers as text, in the signs and with the places of the page."""

    def __init__(self, trace: Trace) -> None:
        self.plain = Plain(trace.problem.paper.style.signs)
        self.places = trace.problem.paper.places

    def number(self, cell: CellView) -> str:
        """A number as it was given, or rounded once."""
        return show(cell.given if cell.given is not None else cell.printed(self.places)[0], self.plain)

    def shown(self, cell: CellView) -> str | Expr:
        """The same to be set: a power of ten has its exponent raised."""
        return self.number(cell) if cell.given is not None else cell.printed(self.places)[0]

    def vector(self, cells: list[CellView]) -> str:
        """(2, 2)"""
        return self.plain.vector([self.number(cell) for cell in cells])


def asked(trace: Trace) -> tuple[int, ...]:
    """The query rows that the problem asks for."""
    return trace.problem.wiring.queries or tuple(range(len(trace.problem.tokens)))


def every(trace: Trace, name: str) -> list[StepView]:
    """The steps or given matrices of a name, of all passes and heads."""
    return [trace[id_] for id_ in trace.tables.definitions if id_.rpartition(".")[2] == name]


def sibling(trace: Trace, step: StepView, name: str) -> StepView | None:
    """The step of another name in the same pass and head, or the one that all heads share."""
    prefix = step.id.removesuffix(step.name)
    for id_ in (prefix + name, name):
        if id_ in trace:
            return trace[id_]
    return None


def titled(trace: Trace, step: StepView) -> str:
    """The same as the title of a panel: "Pass 2, head 1"."""
    return words.headed(step.id, trace.problem.paper.style.language)


def whose(trace: Trace, step: StepView) -> str:
    """Pass and head of a step in words: "pass 2, head 1"; nothing where there is only one."""
    return words.whose(step.id, trace.problem.paper.style.language)
