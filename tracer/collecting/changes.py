"""Who changes when a class is marked again, and why: other rules, another file, another verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from tracer.collecting.results import Results, decimal
from tracer.collecting.scoring import Cell, Score, step_of


@dataclass(frozen=True, slots=True)
class Change:
    """A student whose points are others than before, and the reasons."""

    name: str
    code: str
    before: Fraction
    after: Fraction
    reasons: tuple[str, ...]


def changes(before: Results, after: Results) -> list[Change]:
    """All who change, in the order of the roster; who was not there before is no change."""
    known = before.by_identity
    pairs = [(known[score.identity], score) for score in after.scores if score.identity in known]
    return [
        Change(new.name, new.code, old.points, new.points, tuple(_reasons(old, new)))
        for old, new in pairs
        if old.points != new.points or old.of != new.of
    ]


def _reasons(old: Score, new: Score) -> list[str]:
    """Why: another file first, then for how many numbers what has changed."""
    found = []
    if old.file != new.file:
        found.append(f"another file: {new.file or 'none'} instead of {old.file or 'none'}")
    kinds: Counter[str] = Counter()
    for name in [*new.cells, *(name for name in old.cells if name not in new.cells)]:
        kinds.update(_why(step_of(name), old.cells.get(name), new.cells.get(name)))
    return [*found, *(f"{why} ({n})" for why, n in kinds.items())]


def _why(step: str, old: Cell | None, new: Cell | None) -> Iterator[str]:
    """What is another thing about a number: whether it is asked for, its verdict, what that earns, what it is worth."""
    if old is None or new is None:
        yield f"{step}: no longer asked for" if new is None else f"{step}: asked for now"
        return
    if old.verdict != new.verdict:
        yield f"{step}: {_words(new)} now, {_words(old)} before"
    elif old.worth and new.worth and old.earned / old.worth != new.earned / new.worth:
        after, before = (decimal(cell.earned / cell.worth) for cell in (new, old))
        yield f"{_words(new)}: {after} of a number's points, not {before}"
    if old.worth != new.worth:
        yield f"{step}: worth {decimal(new.worth)}, not {decimal(old.worth)}"


def _words(cell: Cell) -> str:
    return cell.verdict.replace("_", " ")
