"""What a cell follows from: whether an earlier number is wrong, and whether it made the rest trivial."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import IntEnum

from tracer.arithmetic.ball import Value, agree
from tracer.arithmetic.interval import Span
from tracer.evaluate import Key
from tracer.judging.writing import Number
from tracer.marking import WRONG, Verdict


class Taint(IntEnum):
    """How bad the numbers are that a cell follows from."""

    NONE = 0
    ROUNDING = 1
    WRONG = 2


TAINTS = {Verdict.ROUNDING_SLIP: Taint.ROUNDING, Verdict.MISTAKE: Taint.WRONG, Verdict.WRONG: Taint.WRONG}
FARMED = 2  # wrong numbers in a row, from which on it is no slip


class Lineage:
    """Looks back from cells, through steps of which nothing was written, to verdicts that are already given."""

    def __init__(self, inputs: Callable[[Key], Iterable[Key]], verdicts: Mapping[Key, Verdict]) -> None:
        self.inputs, self.verdicts = inputs, verdicts
        self.systematic: set[Key] = set()  # mistakes that made a whole row, which is work and no farming
        self.trivial: set[tuple[str, int]] = set()  # rows that were wrongly made trivial
        self._taints: dict[Key, Taint] = {}
        self._farmed: dict[Key, bool] = {}

    def taint(self, key: Key) -> Taint:
        """The worst of what a cell follows from."""
        if key not in self._taints:
            self._taints[key] = max(map(self._taint_of, self.inputs(key)), default=Taint.NONE)
        return self._taints[key]

    def _taint_of(self, key: Key) -> Taint:
        verdict = self.verdicts.get(key, Verdict.CARRIED)
        return self.taint(key) if verdict is Verdict.CARRIED else TAINTS.get(verdict, Taint.NONE)

    def is_farmed(self, key: Key) -> bool:
        """Whether a cell follows from a row that was wrongly made trivial."""
        if key not in self._farmed:
            self._farmed[key] = any(
                (one[0], one[1][0]) in self.trivial if one in self.verdicts else self.is_farmed(one)
                for one in self.inputs(key)
            )
        return self._farmed[key]

    def note(self, keys: list[Key], numbers: Mapping[Key, Number], true: Callable[[Key], Span | None]) -> None:
        """Note the rows of a judged step that are trivial, all equal or zeros and a single 1, and wrong.

        A row that is as trivial in truth is not meant.
        """
        rows: dict[int, list[Key]] = {}
        for key in keys:
            rows.setdefault(key[1][0], []).append(key)
        for row, cells in rows.items():
            pattern = _pattern([numbers[key].value if key in numbers else None for key in cells])
            truth = [span and span.low for span in map(true, cells)]
            wrong = sum(self.verdicts[key] in WRONG and key not in self.systematic for key in cells)
            if pattern and wrong >= FARMED and pattern != _pattern(truth):
                self.trivial.add((cells[0][0], row))


def _pattern(row: list[Value | None]) -> str:
    """What makes a row trivial: zeros and a single 1 somewhere, or all the same; "" where nothing does."""
    values = [value for value in row if value is not None]
    others = [n for n, value in enumerate(row) if value is not None and value != 0]
    if not others or (len(others) == 1 and row[others[0]] == 1):
        return f"only {others}"
    return "all equal" if all(agree(value, values[0]) for value in values) else ""
