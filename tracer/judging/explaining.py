"""Which mistake it is: the smallest explanation that covers most cells; ties are admitted, never resolved by luck.

Each mistake is tried on the step itself and on every step before it that was not written down, with the person's own
earlier numbers. What explains most of the lost cells wins, one formula for all of them before several.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracer.evaluate import Key
from tracer.judging.attempts import Attempts, Explanation
from tracer.marking import Verdict
from tracer.mistakes import load

if TYPE_CHECKING:
    from tracer.judging.judge import Judge


Found = dict[Key, list[Explanation]]


def explained(judge: Judge, keys: list[Key], lost: list[Key]) -> Found:
    """The mistakes that explain cells of a step equally well: the lost ones, and others that the same mistake made.

    A doubtful cell, an integer that may just be rounded to no places, is open only to a mistake that gives it exactly.
    """
    doubtful = [key for key in keys if key not in lost and judge.is_doubtful(key)]
    slipped = [key for key in keys if judge.verdicts.get(key) is Verdict.ROUNDING_SLIP and not judge.may_be_cut(key)]
    if not (lost or doubtful or slipped):
        return {}
    load()
    attempts = Attempts(judge, keys, lost, slipped, doubtful)
    found: Found = {key: [one] for one in attempts.fitted() for key in one.cells}
    if not (lost or doubtful):
        return found
    for explanations in (attempts.one_mistake(), attempts.on_true_numbers(), attempts.two_mistakes()):
        _assign(list(explanations), {*lost, *doubtful} - found.keys(), found)
        if found.keys() >= {*lost}:
            break
    return found


def _assign(explanations: list[Explanation], open_: set[Key], found: Found) -> None:
    """Give cells what explains most of the open ones, until nothing explains any."""
    while best := _best(explanations, open_):
        cells = frozenset.union(*(one.cells for one in best)) - found.keys()
        found |= dict.fromkeys(cells, best)
        open_ -= cells


def _best(explanations: list[Explanation], open_: set[Key]) -> list[Explanation]:
    """The explanations that cover most of the open cells, with the fewest formulas; for all of the matrix or row."""
    ranks = [(len(one.cells & open_), -one.formulas, one.reach, len(one.cells)) for one in explanations]
    most = max(ranks, default=(0, 0, 0, 0))
    return [one for one, rank in zip(explanations, ranks, strict=True) if rank == most] if most[0] else []
