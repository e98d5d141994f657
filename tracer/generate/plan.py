"""What all drafts of a problem have in common: the steps that are asked for, what leads to them, the mistakes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, product
from typing import Any, TypeAlias

from tracer import mistakes
from tracer.arithmetic import Undecided, Undefined, ball
from tracer.evaluate import Key, Table, place
from tracer.evaluate import value as value_of
from tracer.expr import Cell, Expr, num, walk
from tracer.generate.stream import Stream
from tracer.generate.wishes import Wishes
from tracer.problem import Written
from tracer.rewriting import Tensors
from tracer.trace import Step, Trace

BITS = 128
PRIME = 9973  # numbers over it have no coincidences


@dataclass(frozen=True, slots=True)
class Wrong:
    """A mistake in a step, in one of the ways in which it can be made there."""

    name: str
    formula: Expr


Pair: TypeAlias = tuple[str, int, int]  # a step, and the numbers of two of its mistakes


@dataclass(frozen=True, slots=True)
class Plan:
    """What is the same whatever the numbers are.

    `wrong` are the mistakes of each step that is asked for. `idle` change nothing, each pair of `twins` gives the
    same answer, and each of `near` almost the same, whatever the numbers are: nobody can tell them apart.
    """

    wishes: Wishes
    trace: Trace
    asked: tuple[Step, ...]
    needed: tuple[Step, ...]
    wrong: Mapping[str, tuple[Wrong, ...]]
    idle: tuple[tuple[str, str], ...]
    twins: frozenset[Pair]
    near: frozenset[Pair]

    @property
    def worked(self) -> tuple[Step, ...]:
        """The steps on the way to what is asked for that are worked out, and no mere copies."""
        return tuple(step for step in self.needed if step.kind == "calculate")

    @property
    def rounded(self) -> tuple[str, ...]:
        """The names of these steps."""
        return tuple(dict.fromkeys(step.name for step in self.worked))


def plan(trace: Trace, wishes: Wishes, rack: Sequence[str], alike: Collection[frozenset[str]]) -> Plan:
    """The plan of a pass; `alike` are mistakes that give almost the same answer."""
    asked = tuple(step for step in trace.steps if step.name in wishes.steps)
    mistakes.load()
    table = without_coincidences(trace)
    wrong: dict[str, tuple[Wrong, ...]] = {}
    idle: dict[tuple[str, str], None] = {}
    twins, near = set(), set()
    for step in asked:
        right = answer(table, step, step.formula)
        found = [(one, answer(table, step, one.formula)) for one in _wrong(trace, step, rack)]
        idle.update({(step.id, one.name): None for one, given in found if same(given, right)})
        acting = [(one, given) for one, given in found if not same(given, right)]
        wrong[step.id] = tuple(one for one, _ in acting)
        for (n, (one, given)), (m, (other, given_too)) in combinations(enumerate(acting), 2):
            if one.name != other.name and same(given, given_too):
                twins.add((step.id, n, m))
            elif {one.name, other.name} in alike:
                near.add((step.id, n, m))
    needed = tuple(_leading_to(trace, asked))
    return Plan(wishes, trace, asked, needed, wrong, tuple(idle), frozenset(twins), frozenset(near))


def _wrong(trace: Trace, step: Step, rack: Iterable[str]) -> Iterator[Wrong]:
    tensors = Tensors(trace.tables.definitions, step.id.removesuffix(step.name))
    for name in rack:
        for formula in mistakes.mistakes[name].rewrites(step, tensors):
            yield Wrong(name, formula)


def _leading_to(trace: Trace, asked: Iterable[Step]) -> Iterator[Step]:
    """The steps that somebody works who is asked for these, in order."""
    needed: set[str] = set()
    waiting = [step.id for step in asked]
    steps = {step.id: step for step in trace.steps}
    while waiting:
        id_ = waiting.pop()
        if id_ in steps and id_ not in needed:
            needed.add(id_)
            waiting += [node.tensor.id for node in _cells(steps[id_].formula)]
    yield from (step for step in trace.steps if step.id in needed)


def _cells(formula: Expr) -> Iterator[Cell]:
    for node in walk(formula):
        if isinstance(node, Cell):
            yield node


# Answers

Answer = list[Any]  # a value for each cell; None where there is none


def answer(table: Table, step: Step, formula: Expr) -> Answer:
    """What a formula gives in each cell of a step, row by row."""
    return [value_or_none(formula, place(step.tensor, at), table) for at in places(step)]


def places(step: Step) -> Iterator[tuple[int, ...]]:
    """The places in a step, row by row."""
    return product(*map(range, step.tensor.shape))


def keys(steps: Iterable[Step]) -> Iterator[Key]:
    """The cells of some steps."""
    for step in steps:
        for at in places(step):
            yield step.id, at


def value_or_none(formula: Expr, where: dict[str, int], table: Table) -> Any:
    """The value of a formula, None where there is none."""
    try:
        return value_of(formula, where, table)
    except (Undefined, Undecided):
        return None


def same(one: Answer, other: Answer) -> bool:
    """Whether two answers agree in every cell, as far as their enclosures tell."""
    return all(
        (a is None and b is None) if a is None or b is None else ball.agree(a, b)
        for a, b in zip(one, other, strict=True)
    )


def without_coincidences(trace: Trace) -> Table:
    """The pass on given numbers of which nothing holds but what always holds."""
    stream = Stream("generic")

    def number() -> Expr:
        return num(Fraction(stream.below(4 * PRIME) - 2 * PRIME, PRIME))

    other = [
        replace(one, values=Written(tuple(tuple(number() for _ in range(shape[1])) for _ in range(shape[0]))))
        for one in trace.given
        for shape in [one.values.shape]
    ]
    with ball.precision(BITS):
        return replace(trace, given=tuple(other)).tables.balls(BITS)
