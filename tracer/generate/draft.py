"""A draft of a problem: numbers put into a plan, and what is looked at to judge them. Every number is certified."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache, cached_property
from typing import Any

from tracer.arithmetic import ball
from tracer.arithmetic.ball import Ball, Value
from tracer.arithmetic.by_hand import ByHand
from tracer.evaluate import Key, Table, place
from tracer.evaluate import value as value_of
from tracer.generate.plan import BITS, Plan, places
from tracer.generate.wishes import Wishes
from tracer.problem import Written
from tracer.trace import Step, Trace

BALL = Ball()
LOGITS = ("masked", "scaled", "scores")


@cache
def number(value: Fraction | int) -> Value:
    """A rational number."""
    return BALL.number(Fraction(value))


class Draft:
    """A plan with numbers. Looked at are the rows and the heads with these numbers. Use under `ball.precision`."""

    def __init__(self, plan: Plan, trace: Trace, rows: Sequence[int], heads: Sequence[int]) -> None:
        self.plan, self.trace, self.rows = plan, trace, rows
        self.wishes, self.tables = plan.wishes, trace.tables
        self.table = self.tables.balls(BITS)
        self.heads = [head_prefix(self.wishes, h) for h in heads]

    @property
    def is_whole(self) -> bool:
        """Whether everything is looked at."""
        return (len(self.rows), len(self.heads)) == (self.wishes.tokens, self.wishes.heads)

    @cached_property
    def hand(self) -> Table:
        """The numbers of somebody who rounds each written step."""
        paper = self.trace.problem.paper
        rule = ByHand(BALL, ball.nearest, ball.infinite, paper.by_hand, paper.places)
        return Table(self.tables.definitions, rule)

    def before_rounding(self, key: Key) -> Value:
        """What somebody who rounds each written step has on the calculator before rounding this number."""
        definition = self.tables.definitions[key[0]]
        assert definition.formula is not None
        value: Value = value_of(definition.formula, place(definition.tensor, key[1]), self.hand)
        return value

    def cells(self, steps: Sequence[Step]) -> Iterator[Key]:
        """The finite numbers that are looked at: those of a query in its head, and all if everything is looked at."""
        for step in steps:
            of_query = step.tensor.axes[0].counts == "query" and step.id.removesuffix(step.name) in self.heads
            if self.is_whole or of_query:
                for at in places(step):
                    key = step.id, at
                    if (self.is_whole or at[0] in self.rows) and not ball.infinite(self.table[key]):
                        yield key

    def calculated(self) -> Iterator[Key]:
        """Those among them that are worked out on the way to what is asked for."""
        return self.cells(self.plan.worked)

    def vectors(self, name: str) -> Iterator[list[Value]]:
        """The queries, keys or values of every head, in the rows that are looked at."""
        for head in self.heads:
            for i in self.rows:
                yield self.vector(head, name, i)

    def vector(self, head: str, name: str, i: int) -> list[Value]:
        """A query, a key or a value of a head."""
        definitions = self.tables.definitions
        tensor = definitions[f"{head}{name}" if f"{head}{name}" in definitions else name].tensor
        return [self.table[tensor.id, (i, c)] for c in range(tensor.shape[1])]

    def shares(self, name: str) -> Iterator[list[Value]]:
        """Of each row with a choice, the weights, or the logits before them, of the words that it may see."""
        for keys in self.choices():
            step = next(id_ for id_ in self._ids(name, keys[0][0]) if id_ in self.tables.definitions)
            yield [self.table[step, at] for _, at in keys]

    @staticmethod
    def _ids(name: str, weights: str) -> list[str]:
        head = weights.removesuffix("weights")
        return [head + one for one in (LOGITS if name == "logits" else (name,))]

    def choices(self) -> Iterator[list[Key]]:
        """The weights that a row shares out among the words that it may see, two at least."""
        for head in self.heads:
            tensor = self.tables.definitions[f"{head}weights"].tensor
            for i in self.rows:
                row = [(i, j) for j in range(tensor.shape[1])]
                seen = [at for at in row if self._is_seen(tensor, at)]
                if len(seen) > 1:
                    yield [(tensor.id, at) for at in seen]

    def _is_seen(self, tensor: Any, at: tuple[int, ...]) -> bool:
        return tensor.allowed is None or self.table.holds(tensor.allowed, place(tensor, at))


def head_prefix(wishes: Wishes, head: int) -> str:
    """What the ids of a head's steps begin with, the first head being 0."""
    return f"head{head + 1}." if wishes.heads > 1 else ""


def with_numbers(plan: Plan, given: dict[str, Written], rows: Sequence[int], heads: Sequence[int]) -> Draft:
    """A draft of other given numbers, named and shaped as those of the plan."""
    names = list(plan.trace.problem.given)
    changed = [replace(one, values=given[name]) for name, one in zip(names, plan.trace.given, strict=True)]
    return Draft(plan, replace(plan.trace, given=tuple(changed)), rows, heads)


def largest(values: list[Value]) -> Value | None:
    """The largest of some values; None where there are none."""
    return BALL.largest(values) if values else None


def smallest(values: list[Value]) -> Value | None:
    """The smallest of some values; None where there are none."""
    return BALL.negate(BALL.largest([BALL.negate(value) for value in values])) if values else None


def distance(a: Value, b: Value) -> Value:
    """|a − b|."""
    return BALL.call("abs", BALL.add([a, BALL.negate(b)]))
