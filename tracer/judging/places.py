"""How many places somebody writes: what a number left out may have been rounded to, and dropped zeros put back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from tracer.arithmetic.interval import Span
from tracer.evaluate import Key
from tracer.judging.writing import Number, is_decimal, is_integer
from tracer.trace import Trace


class Places:
    """The decimal places of a submission: those that its problem declares, and those that it shows itself."""

    def __init__(self, trace: Trace, numbers: Mapping[Key, Number], true: Callable[[Key], Span | None]) -> None:
        self.paper, self.numbers, self.true = trace.problem.paper, numbers, true

    @cached_property
    def seen(self) -> dict[str, int]:
        """The most places that a step's numbers are written with."""
        found: dict[str, int] = {}
        for (step, _), number in self.numbers.items():
            if number.places is not None:
                found[step] = max(found.get(step, 0), number.places)
        return found

    @cached_property
    def rounded(self) -> frozenset[int]:
        """The places to which whole steps were really rounded."""
        steps = {key[0] for key, number in self.numbers.items() if self._is_rounded(key, number)}
        return frozenset(self.seen[step] for step in steps)

    def _is_rounded(self, key: Key, number: Number) -> bool:
        true = self.true(key)
        return number.places is not None and true is not None and not is_decimal(true, number.places)

    def unwritten(self, step: str) -> frozenset[int]:
        """The places to one of which a number that was not written down may have been rounded: declared, or seen."""
        declared = self.paper.by_hand.get(step.rpartition(".")[2])
        if declared is not None:
            return frozenset([declared])
        return self.rounded or frozenset([self.paper.places])

    @cached_property
    def mixes_integers(self) -> bool:
        """Whether an integer stands for another number somewhere, and others are written more exactly."""
        return self.writes_exactly and any(self._stands_for_another(key, n) for key, n in self.numbers.items())

    def _stands_for_another(self, key: Key, number: Number) -> bool:
        true = self.true(key)
        return number.is_whole and true is not None and not is_integer(true)

    @cached_property
    def writes_exactly(self) -> bool:
        """Whether anything is written as a fraction or with decimals: then an integer is hardly a rounded number."""
        return any(not number.is_whole for number in self.numbers.values())
