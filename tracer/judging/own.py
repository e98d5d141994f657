"""A person's own numbers, and what follows from them: error carried forward, whole.

A table of a pass looks a written number up instead of computing it. What a later step may have used is not the whole
of what a written number stands for: whoever calculates honestly used the number as it is written, or what stood on
the calculator before it was rounded, and that follows from the numbers before. Where nothing was written the enclosure
runs through, rounded or not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property

from tracer.arithmetic import Undecided, Undefined, ball
from tracer.arithmetic.interval import Interval, Span, common, hull, point, rounded_to
from tracer.evaluate import Definition, Key, Table, inputs, place, rebuild
from tracer.evaluate import value as value_of
from tracer.expr import ZERO, Case, Expr
from tracer.judging.writing import Number
from tracer.trace import Step, Trace

Kept = Callable[[Key], Span | None]


class Own:
    """What follows from the numbers that somebody wrote; `places` is how an unwritten step may have been rounded."""

    def __init__(self, trace: Trace, numbers: Mapping[Key, Number], places: Callable[[str], frozenset[int]]) -> None:
        self.trace, self.numbers, self.places = trace, numbers, places
        self.definitions: Mapping[str, Definition] = trace.tables.definitions
        is_softmax = any(id_.rpartition(".")[2] == "exponentials" for id_ in self.definitions)
        self.hides = is_softmax and any(one.tensor.allowed for one in self.definitions.values())
        self.kept: dict[Key, Span] = {}  # what a later step may have used of a written number
        self._follows: dict[Key, Span | None] = {}
        self.table = self.table_with(self.looked_up)
        self.as_written = Table(self.definitions, ball.Ball(), self._number)

    def table_with(self, written: Kept) -> Table:
        """All steps as spans; what `written` knows is not computed."""
        return Table(self.definitions, Interval(self.unwritten), written)

    def loosely(self, key: Key) -> Span | None:
        """Everything that comes out of any numbers that round to those written before."""
        formula = self.definitions[key[0]].formula
        return None if formula is None else self.of(formula, key, self._loose)

    @cached_property
    def _loose(self) -> Table:
        def stands_for(key: Key) -> Span | None:
            number = self.numbers.get(key)
            return number.stands_for(number.places) if number and key in self.kept else self._given(key)

        return self.table_with(stands_for)

    @cached_property
    def unmasked(self) -> Table:
        """The same table where a hidden key counts as its own numbers say, which are 0 if its score is −∞."""
        seen = {id_: _seen(one) if isinstance(one, Step) else one for id_, one in self.definitions.items()}
        return Table(seen, Interval(self.unwritten), self.looked_up)

    def looked_up(self, key: Key) -> Span | None:
        """What a later step may have used of a written or a rounded given number."""
        if key in self.kept:
            return self.kept[key]
        return self._given(key)

    def read(self, key: Key) -> Span | None:
        """The same, and a number that is written and not yet judged stands for what it says."""
        if key in self.numbers and key not in self.kept:
            return self.numbers[key].stands_for(self.numbers[key].places)
        return self.looked_up(key)

    def plainly(self, key: Key) -> Span | None:
        """What the numbers give as they are written, nothing rounded in between; None where they give nothing."""
        definition = self.definitions[key[0]]
        if definition.formula is None:
            return None
        formula, where = definition.formula, place(definition.tensor, key[1])
        return self.computed(lambda: point(value_of(formula, where, self.as_written)))

    def settled(self, key: Key) -> Span | None:
        """What follows from the written numbers at a cell of which nothing was written; None where nothing does."""
        return self.computed(lambda: self.table[key])

    def _given(self, key: Key) -> Span | None:
        definition = self.definitions[key[0]]
        places = self.trace.problem.paper.rounded_given.get(definition.tensor.symbol)
        if definition.kind != "given" or places is None:
            return None
        value = value_of(definition.entry(key[1]), {}, Table({}, ball.Ball()))
        return Number(value, places).stands_for(places)

    def _number(self, key: Key) -> ball.Value | None:
        return self.numbers[key].value if key in self.numbers else None

    def unwritten(self, step: str, kind: str, value: Span) -> Span:
        """What a number that was not written down may have been: as it comes out, or rounded."""
        if kind != "calculate":
            return value
        return hull(value, *[rounded_to(value, places) for places in self.places(step)])

    def follows(self, key: Key) -> Span | None:
        """Everything that can honestly come out at a cell; None where nothing can. Ask when all before it is judged."""
        if key not in self._follows:
            formula = self.definitions[key[0]].formula
            self._follows[key] = (
                self.computed(lambda: self._given(key) or self.table[key])
                if formula is None
                else self.of(formula, key, self.table)
            )
        return self._follows[key]

    def of(self, formula: Expr, key: Key, table: Table) -> Span | None:
        """Everything that can come out of a formula at a cell; None where nothing can."""
        where = place(self.definitions[key[0]].tensor, key[1])
        return self.computed(lambda: value_of(formula, where, table))

    @staticmethod
    def computed(attempt: Callable[[], Span]) -> Span | None:
        """What an attempt comes to; None where there is no such value, or none that can be computed."""
        try:
            span = attempt()
            if span.is_bounded:
                ball.infinite(span.low), ball.infinite(span.high)
        except (Undefined, Undecided, OverflowError):
            return None
        return span

    def keep(self, key: Key, *parts: Span | None) -> None:
        """Note what later steps may have used of a written number: the number itself, and everything in `parts`."""
        self.kept[key] = hull(self.numbers[key].exactly, *[part for part in parts if part is not None])

    def inputs(self, key: Key) -> list[Key]:
        """The cells that a cell is computed from, if every key is seen."""
        definition = self.definitions[key[0]]
        if definition.formula is None:
            return []
        return inputs(
            every_key_seen(definition.formula), place(definition.tensor, key[1]), self.trace.tables.conditions
        )


def _seen(step: Step) -> Step:
    return replace(step, formula=every_key_seen(step.formula))


def every_key_seen(formula: Expr) -> Expr:
    """The formula without its exception for hidden keys."""
    match formula:
        case Case(_, then, otherwise) if otherwise == ZERO:
            return every_key_seen(then)
    return rebuild(formula, every_key_seen)


def overlap(a: Span | None, b: Span) -> Span | None:
    """What two spans have in common; None where there is nothing."""
    return None if a is None else common(a, b)
