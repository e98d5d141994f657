"""Which mistake it is: the smallest explanation that covers most cells; ties are admitted, never resolved by luck.

Each mistake is tried on the step itself and on every step before it that was not written down, with the person's own
earlier numbers. What explains most of the lost cells wins, one formula for all of them before several.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from math import prod
from typing import TYPE_CHECKING

from tracer.arithmetic.interval import Span, meet
from tracer.evaluate import Key, place
from tracer.evaluate import value as value_of
from tracer.expr import Cell, Expr, walk
from tracer.judging.own import Kept
from tracer.marking import Verdict
from tracer.mistakes import Mistake, Tensors, load, mistakes, slips
from tracer.trace import Step

if TYPE_CHECKING:
    from tracer.judging.judge import Judge

SAMPLE = 4  # lost cells that a mistake is tried on before it is tried on all
MOST_PAIRED = 150  # rewrites that are tried two at a time


@dataclass(frozen=True, slots=True)
class Explanation:
    """A mistake, or two (not_scaled+base_2), in how many different formulas, and the cells that it explains."""

    name: str
    formulas: int
    cells: frozenset[Key]


def explained(judge: Judge, keys: list[Key], lost: list[Key]) -> dict[Key, tuple[str, ...]]:
    """The names of the mistakes that explain cells of a step: the lost ones, and others that the same mistake made.

    A doubtful cell, an integer that may just be rounded to no places, is open only to a mistake that gives it exactly.
    """
    doubtful = [key for key in keys if key not in lost and judge.is_doubtful(key)]
    if not lost and not doubtful:
        return {}
    load()
    slipped = [key for key in keys if judge.verdicts.get(key) is Verdict.ROUNDING_SLIP]
    attempts = Attempts(judge, keys[0][0], lost, slipped, doubtful)
    found: dict[Key, tuple[str, ...]] = {}
    for explanations in (attempts.one_mistake(), attempts.on_true_numbers(), attempts.two_mistakes()):
        _assign(list(explanations), {*lost, *doubtful} - found.keys(), found)
        if found.keys() >= {*lost}:
            break
    return found


def _assign(explanations: list[Explanation], open_: set[Key], found: dict[Key, tuple[str, ...]]) -> None:
    """Give cells the names of what explains most of the open ones, until nothing explains any."""
    while best := _best(explanations, open_):
        cells = frozenset.union(*(one.cells for one in best)) - found.keys()
        found |= dict.fromkeys(cells, tuple(dict.fromkeys(one.name for one in best)))
        open_ -= cells


def _best(explanations: list[Explanation], open_: set[Key]) -> list[Explanation]:
    """The explanations that cover most of the open cells, with the fewest formulas; with most other cells besides."""
    ranks = [(len(one.cells & open_), -one.formulas, len(one.cells)) for one in explanations]
    most = max(ranks, default=(0, 0, 0))
    return [one for one, rank in zip(explanations, ranks, strict=True) if rank == most] if most[0] else []


class Attempts:
    """Mistakes tried on the open cells of one step."""

    def __init__(self, judge: Judge, id_: str, lost: list[Key], slipped: list[Key], doubtful: list[Key]) -> None:
        self.judge, self.own, self.id = judge, judge.own, id_
        self.lost, self.slipped, self.doubtful = lost, slipped, doubtful
        self.sample = [*lost[:: max(1, len(lost) // SAMPLE)], *doubtful[:SAMPLE]]
        self.definitions = judge.own.definitions

    # One mistake

    def one_mistake(self) -> Iterator[Explanation]:
        """Each mistake on the step and on the unwritten ones before it; slips of the pen, cell by cell."""
        for step in self._steps(self._is_unwritten):
            yield from self._each(step, self.own.read)
        for slip in map(slips.__getitem__, slips):
            for key in self.lost:
                if any(self.judge.fits(key, text) for text in slip.meant(self.judge.texts[key])):
                    yield Explanation(slip.name, 1, frozenset([key]))

    def on_true_numbers(self) -> Iterator[Explanation]:
        """Each mistake on any earlier step, worked from the true numbers: somebody copied what he had not written."""
        if len(self.lost) > 1:
            for step in self._steps(lambda id_: True):
                yield from self._each(step, lambda key: None)

    def _each(self, step: Step, written: Kept) -> Iterator[Explanation]:
        for mistake in map(mistakes.__getitem__, mistakes):
            found = [
                cells for formula in self._rewrites(mistake, step) if (cells := self._cells(step, formula, written))
            ]
            yield from (Explanation(mistake.name, 1, cells) for cells in dict.fromkeys(found))
            if len(found) > 1:
                yield Explanation(mistake.name, len(found), frozenset.union(*found))

    def _rewrites(self, mistake: Mistake, step: Step) -> Iterable[Expr]:
        return mistake.rewrites(step, Tensors(self.definitions, step.id.removesuffix(step.name)))

    # Two mistakes, one after the other

    def two_mistakes(self) -> Iterator[Explanation]:
        """Each pair of mistakes on these steps that explains all of the lost cells, two at least."""
        if len(self.lost) < 2:
            return
        single = [(s, m, f) for s in self._steps(self._is_unwritten) for m in map(mistakes.__getitem__, mistakes)
                  for f in self._rewrites(m, s)][:MOST_PAIRED]  # fmt: skip
        for (s, m, f), (t, n, g) in combinations(single, 2):
            if s.id == t.id or m.name == n.name:
                continue
            cells = self._cells_of({s.id: f, t.id: g}, self.own.read, all)
            if cells >= {*self.lost}:
                yield Explanation(f"{m.name}+{n.name}", 2, cells)

    # What comes out of a rewritten step

    def _steps(self, goes_on: Callable[[str], bool]) -> list[Step]:
        """The step itself, and those before it as far as they go on, the nearest first."""
        found: dict[str, Step] = {}
        waiting = [self.id]
        while waiting:
            definition = self.definitions[waiting.pop(0)]
            if isinstance(definition, Step) and definition.id not in found:
                found[definition.id] = definition
                waiting += [id_ for id_ in _sources(definition.formula) if goes_on(id_)]
        return list(found.values())

    def _is_unwritten(self, id_: str) -> bool:
        shape = self.definitions[id_].tensor.shape
        return sum(key[0] == id_ for key in self.own.numbers) < prod(shape)

    def _cells(self, step: Step, formula: Expr, written: Kept) -> frozenset[Key]:
        return self._cells_of({step.id: formula}, written, any)

    def _cells_of(
        self, formulas: dict[str, Expr], written: Kept, enough: Callable[[Iterable[bool]], bool]
    ) -> frozenset[Key]:
        """The cells that come out as they are written where these formulas are used instead of the right ones."""

        def put_in(key: Key) -> Span | None:
            known = written(key)
            if known is not None or key[0] not in formulas or key[0] == self.id:
                return known
            definition = self.definitions[key[0]]
            value = value_of(formulas[key[0]], place(definition.tensor, key[1]), table)
            return self.own.unwritten(key[0], definition.kind, value)

        table = self.own.table_with(put_in)
        right = self.definitions[self.id].formula
        assert right is not None
        formula = formulas.get(self.id, right)

        def comes_out(key: Key) -> bool:
            span = self.own.of(formula, key, table)
            return span is not None and span.is_bounded and self._is_met(key, span)

        if not enough(comes_out(key) for key in self.sample):
            return frozenset()
        return frozenset(key for key in (*self.lost, *self.slipped, *self.doubtful) if comes_out(key))

    def _is_met(self, key: Key, span: Span) -> bool:
        number = self.own.numbers.get(key)
        if number is None:
            return False
        if key in self.doubtful:
            return span.is_point and span.low == number.value
        return meet(number.about(span), span)


def _sources(formula: Expr) -> list[str]:
    """The steps that a formula looks up, in order."""
    return list(dict.fromkeys(node.tensor.id for node in walk(formula) if isinstance(node, Cell)))
