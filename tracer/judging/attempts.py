"""Mistakes tried out: what would stand in the cells of a step if somebody had used another formula."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from math import prod
from typing import TYPE_CHECKING

from tracer.arithmetic import Undecided, Undefined
from tracer.arithmetic.interval import Span, meet
from tracer.evaluate import Key, place
from tracer.evaluate import value as value_of
from tracer.expr import ZERO, Cell, Expr, walk
from tracer.judging.own import Kept
from tracer.mistakes import Mistake, Tensors, mistakes, slips
from tracer.trace import Step

if TYPE_CHECKING:
    from tracer.judging.judge import Judge

SAMPLE = 4  # lost cells that a mistake is tried on before it is tried on all
FEW = 24  # formulas of a mistake; one that has more, a term for each of many, is tried last, and never far back


@dataclass(frozen=True, slots=True)
class Explanation:
    """A mistake, or two (not_scaled+base_2), in how many different formulas, and the cells that it explains."""

    name: str
    formulas: int
    cells: frozenset[Key]
    reach: int = 0  # 2: every written number of the step comes out, 1: every one of these rows, 0: these cells


@dataclass(frozen=True, slots=True)
class Basis:
    """The numbers that a mistake is worked on: those that were written, and those that it does not change."""

    written: Kept
    settled: Kept


class Attempts:
    """Mistakes tried on the open cells of one step, as long as the judge's patience lasts."""

    def __init__(self, judge: Judge, keys: list[Key], lost: list[Key], slipped: list[Key], doubtful: list[Key]) -> None:
        self.judge, self.own, self.keys, self.id = judge, judge.own, keys, keys[0][0]
        self.lost, self.slipped, self.doubtful = lost, slipped, doubtful
        self.sample = [*lost[:: max(1, len(lost) // SAMPLE)], *doubtful[:SAMPLE]]
        self.definitions = judge.own.definitions
        self.right = self.definitions[self.id].formula or ZERO  # whatever a given number is, no formula explains it
        self.basis = Basis(judge.own.read, judge.own.settled)
        self._hanging: dict[tuple[str, frozenset[str]], bool] = {}
        self._formulas: dict[tuple[str, str], list[Expr]] = {}

    # One mistake

    def one_mistake(self) -> Iterator[Explanation]:
        """Each mistake on the step and on the unwritten ones before it; slips of the pen, cell by cell."""
        steps = self._steps(self._is_unwritten)
        for step in steps:
            yield from self._each(step, self.basis, range(FEW + 1))
        yield from self._everywhere(steps)
        for step in steps:
            yield from self._each(step, self.basis, range(FEW + 1, sys.maxsize))
        for slip in map(slips.__getitem__, slips):
            for key in self.lost:
                if any(self.judge.fits(key, text) for text in slip.meant(self.judge.texts[key])):
                    yield Explanation(slip.name, 1, frozenset([key]))

    def fitted(self) -> Iterator[Explanation]:
        """Slips that are none: a number not cut off, but what the others of its row leave over to the last digit."""
        step = self.definitions[self.id]
        if not (self.slipped and isinstance(step, Step)):
            return
        for mistake in map(mistakes.__getitem__, mistakes):
            for formula in self._rewrites(mistake, step):
                if self.id in sources(formula):
                    for key in self.slipped:
                        if self._is_alone(key) and self._is_exactly(key, formula):
                            yield Explanation(mistake.name, 1, frozenset([key]), 1)

    def on_true_numbers(self) -> Iterator[Explanation]:
        """Each mistake on any earlier step, worked from the true numbers: somebody copied what he had not written.

        So far back many mistakes lead to some number; what counts is one that leads to a whole row.
        """
        true = Basis(lambda key: None, self.judge.true)
        rows = Counter(key[1][0] for key in self.lost)
        for step in self._steps(lambda id_: True) if max(rows.values(), default=0) > 1 else ():
            for one in self._each(step, true, range(FEW + 1)):
                if one.reach and len(one.cells) > 1:
                    yield one

    def _each(self, step: Step, basis: Basis, many: range) -> Iterator[Explanation]:
        """Each mistake on one step, where it can be made in so many ways."""
        for mistake in map(mistakes.__getitem__, mistakes):
            formulas = self._rewrites(mistake, step)
            found = [
                Explanation(mistake.name, 1, *reached)
                for formula in (formulas if len(formulas) in many else ())
                if (reached := self._cells_of({step.id: formula}, basis, any))[0]
            ]
            yield from found
            if len(found) > 1:
                yield Explanation(mistake.name, len(found), frozenset.union(*(one.cells for one in found)))

    def _everywhere(self, steps: list[Step]) -> Iterator[Explanation]:
        """Each mistake on all of these steps at once: whoever cuts the queries wrongly cuts the keys so too."""
        for name, formulas in self._together(steps):
            cells, reach = self._cells_of(formulas, self.basis, any)
            if cells:
                yield Explanation(name, 1, cells, reach)

    def _together(self, steps: list[Step]) -> Iterator[tuple[str, dict[str, Expr]]]:
        """Each mistake that can be made on several of these steps, in one way on each."""
        for mistake in map(mistakes.__getitem__, mistakes):
            found = {step.id: self._rewrites(mistake, step) for step in steps}
            formulas = {id_: one[0] for id_, one in found.items() if len(one) == 1}
            if len(formulas) > 1:
                yield mistake.name, formulas

    def _rewrites(self, mistake: Mistake, step: Step) -> list[Expr]:
        if (mistake.name, step.id) not in self._formulas:
            tensors = Tensors(self.definitions, step.id.removesuffix(step.name))
            self._formulas[mistake.name, step.id] = list(mistake.rewrites(step, tensors))
        return self._formulas[mistake.name, step.id]

    # Two mistakes, one after the other

    def two_mistakes(self) -> Iterator[Explanation]:
        """Each pair of mistakes on two steps that explains all of the lost cells, two at least.

        Only mistakes that can be made in one way are paired: of two slips anywhere, some would always fit.
        """
        if len(self.lost) < 2:
            return
        single = [
            (step.id, mistake.name, formulas[0])
            for step in self._steps(self._is_unwritten)
            for mistake in map(mistakes.__getitem__, mistakes)
            if len(formulas := self._rewrites(mistake, step)) == 1
        ]
        for (s, m, f), (t, n, g) in combinations(reversed(single), 2):  # in the order of the work
            if s != t and m != n:
                cells, reach = self._cells_of({s: f, t: g}, self.basis, all)
                if cells >= {*self.lost}:
                    yield Explanation(f"{m}+{n}", 2, cells, reach)

    # What comes out of a rewritten step

    def _steps(self, goes_on: Callable[[str], bool]) -> list[Step]:
        """The step itself, and those before it as far as they go on, the nearest first."""
        found: dict[str, Step] = {}
        waiting = [self.id]
        while waiting:
            definition = self.definitions[waiting.pop(0)]
            if isinstance(definition, Step) and definition.id not in found:
                found[definition.id] = definition
                waiting += [id_ for id_ in sources(definition.formula) if goes_on(id_)]
        return list(found.values())

    def _is_unwritten(self, id_: str) -> bool:
        shape = self.definitions[id_].tensor.shape
        return sum(key[0] == id_ for key in self.own.numbers) < prod(shape)

    def outcome(self, formulas: dict[str, Expr], basis: Basis) -> Callable[[Key], Span | None]:
        """What stands in each cell of the step where these formulas are used; None where nothing does."""

        def put_in(key: Key) -> Span | None:
            self.judge.patience.look_up()
            known = basis.written(key)
            if known is not None:
                return known
            if key[0] in formulas and key[0] != self.id:
                definition = self.definitions[key[0]]
                value = value_of(formulas[key[0]], place(definition.tensor, key[1]), table)
                return self.own.unwritten(key[0], definition.kind, value)
            return None if self._hangs_on(key[0], frozenset(formulas)) else basis.settled(key)

        table = self.own.table_with(put_in)
        formula = formulas.get(self.id) or self.right
        return lambda key: self.own.of(formula, key, table)

    def foreseen(self) -> Iterator[tuple[str, Callable[[Key], Span | None]]]:
        """Each mistake that `one_mistake` tries in few formulas, by name, and what it puts into the cells."""
        steps = self._steps(self._is_unwritten)
        for step in steps:
            for mistake in map(mistakes.__getitem__, mistakes):
                formulas = self._rewrites(mistake, step)
                for formula in formulas if len(formulas) <= FEW else ():
                    yield mistake.name, self.outcome({step.id: formula}, self.basis)
        for name, together in self._together(steps):
            yield name, self.outcome(together, self.basis)

    def _cells_of(
        self, formulas: dict[str, Expr], basis: Basis, enough: Callable[[Iterable[bool]], bool]
    ) -> tuple[frozenset[Key], int]:
        """The cells that come out as they are written where these formulas are used, and how far that reaches."""
        if self.judge.patience.is_over:
            return frozenset(), 0
        outcome = self.outcome(formulas, basis)
        formula = formulas.get(self.id) or self.right
        refers_to_itself = self.id in sources(formula)

        @cache
        def comes_out(key: Key) -> bool:
            if refers_to_itself and not self._is_alone(key):
                return False
            span = outcome(key)
            return span is not None and span.is_bounded and self._is_met(key, span)

        if not enough(comes_out(key) for key in self.sample):
            return frozenset(), 0
        cells = frozenset(key for key in (*self.lost, *self.slipped, *self.doubtful) if comes_out(key))
        if refers_to_itself:
            return cells, int(all(self._is_exactly(key, formula) for key in cells))
        rows = {key[1][0] for key in cells}
        others = [key for key in self.keys if key not in cells]
        if all(comes_out(key) for key in others if key[1][0] in rows):
            return cells, 2 if all(map(comes_out, others)) else 1
        return cells - {*self.slipped}, 0  # what may just be cut off is no mistake unless its whole row is

    def _hangs_on(self, id_: str, ids: frozenset[str]) -> bool:
        """Whether a step is one of these, or computed from one, at whatever distance."""
        if (id_, ids) not in self._hanging:
            definition = self.definitions[id_]
            self._hanging[id_, ids] = id_ in ids or any(self._hangs_on(one, ids) for one in sources(definition.formula))
        return self._hanging[id_, ids]

    def _is_alone(self, key: Key) -> bool:
        """Whether all other numbers of a row are accepted: only then can one have been fitted to them."""
        return all(
            other not in self.lost and other not in self.slipped
            for other in self.keys
            if other[1][0] == key[1][0] and other != key
        )

    def _is_exactly(self, key: Key, formula: Expr) -> bool:
        """Whether a number is what a formula gives of the others as they are written, to the last digit."""
        where = place(self.definitions[self.id].tensor, key[1])
        try:
            return bool(value_of(formula, where, self.own.as_written) == self.own.numbers[key].value)
        except (Undefined, Undecided, OverflowError):
            return False

    def _is_met(self, key: Key, span: Span) -> bool:
        number = self.own.numbers.get(key)
        if number is None:
            return False
        if key in self.doubtful:
            return span.is_point and span.low == number.value
        return meet(number.may_come_from(span), span)


@cache
def sources(formula: Expr | None) -> tuple[str, ...]:
    """The steps that a formula looks up, in order."""
    return (
        ()
        if formula is None
        else tuple(dict.fromkeys(node.tensor.id for node in walk(formula) if isinstance(node, Cell)))
    )
