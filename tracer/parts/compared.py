"""A problem by the rules of other software, and the numbers that come out differently."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from tracer.arithmetic import Undecided, Undefined, ball
from tracer.composition import solve
from tracer.errors import ProblemError
from tracer.frameworks import Framework, Rule, frameworks, load
from tracer.problem import Problem
from tracer.trace import Trace
from tracer.views import CellView

RESULTS = ("weights", "outputs", "projected")
BITS = 512  # of the enclosures that are compared


class Change(NamedTuple):
    """A number of the pass here, and what it is there."""

    here: CellView
    there: CellView


class Effect(NamedTuple):
    """A rule that is not the problem's own, and how many results it alone changes; None where the sizes forbid it."""

    rule: Rule
    changes: int | None


@dataclass(frozen=True)
class Compared:
    """A trace beside the trace of the same problem under the rules of a framework; of the queries, some rows."""

    trace: Trace
    framework: Framework
    rows: tuple[int, ...]

    @cached_property
    def effects(self) -> list[Effect]:
        """The rules that are not the problem's own, each alone."""
        problem = self.trace.problem
        alone = [(rule, rule.problem(problem)) for rule in self.framework.rules]
        return [Effect(rule, self._alone(rule)) for rule, there in alone if _differs(rule, self.trace, there)]

    def _alone(self, rule: Rule) -> int | None:
        there = _under([rule], self.trace.problem)
        return None if there is None else sum(1 for _ in changed(self.trace, there, self.rows))

    @cached_property
    def alike(self) -> list[Rule]:
        """The rules that are the problem's own too."""
        differing = [effect.rule for effect in self.effects]
        return [rule for rule in self.framework.rules if rule not in differing]

    @cached_property
    def there(self) -> Trace:
        """The trace under all rules together."""
        found = _under([effect.rule for effect in self.effects if effect.changes is not None], self.trace.problem)
        assert found is not None
        return found

    @cached_property
    def changes(self) -> list[Change]:
        """The weights and outputs that change."""
        return list(changed(self.trace, self.there, self.rows))

    @property
    def results(self) -> int:
        """How many weights and outputs there are."""
        return sum(1 for _ in _results(self.trace, self.rows))


def compare(trace: Trace, names: Sequence[str]) -> dict[str, Compared]:
    """The trace beside itself under each framework's rules. Raises `UnknownName` for one that is not known."""
    load()
    rows = trace.problem.wiring.queries or tuple(range(len(trace.problem.tokens)))
    return {name: Compared(trace, frameworks[name], rows) for name in names}


def _differs(rule: Rule, trace: Trace, there: Problem) -> bool:
    return there != trace.problem or rule.trace(trace) is not trace


def _under(rules: Sequence[Rule], problem: Problem) -> Trace | None:
    """The trace of a problem under some rules; None where its sizes or names forbid that."""
    for rule in rules:
        problem = rule.problem(problem)
    try:
        trace = solve(problem)
    except ProblemError:
        return None
    for rule in rules:
        trace = rule.trace(trace)
    return trace


def changed(here: Trace, there: Trace, rows: tuple[int, ...]) -> Iterator[Change]:
    """The weights and outputs of these rows that are not the same, in the order of the work."""
    for cell in _results(here, rows):
        other = there[cell.key[0]][cell.at]
        if not is_same(cell, other):
            yield Change(cell, other)


def _results(trace: Trace, rows: tuple[int, ...]) -> Iterator[CellView]:
    for step in trace:
        if step.name in RESULTS:
            yield from (cell for i in step.tensor.axes[0].along(rows) for cell in step.row(i))


def is_same(a: CellView, b: CellView) -> bool:
    """Whether two numbers are equal, as far as enclosures of many digits tell; letters by their formulas."""
    if a.unknown or b.unknown:
        return a.exact == b.exact
    if a.undefined or b.undefined:
        return bool(a.undefined and b.undefined)
    if a.infinite or b.infinite:
        return a.infinite == b.infinite
    try:
        with ball.precision(BITS):
            return ball.agree(a.tables.ball(a.key, BITS), b.tables.ball(b.key, BITS))
    except (Undecided, Undefined):
        return True
