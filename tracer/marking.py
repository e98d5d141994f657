"""Marks: what is right, what is right by hand, what is right given an earlier slip, and which mistake it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from tracer.evaluate import Key
from tracer.submission import Entry, Submission
from tracer.trace import Trace


class Verdict(StrEnum):
    """What becomes of a cell, in the order in which it is tried (MARKING section 2). The codes are public."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    EXACT = "exact"
    BY_HAND = "by_hand"
    CARRIED = "carried"
    ROUNDING_SLIP = "rounding_slip"
    MISTAKE = "mistake"
    WRONG = "wrong"


ACCEPTED = (Verdict.EXACT, Verdict.BY_HAND, Verdict.CARRIED)
WRONG = (Verdict.MISTAKE, Verdict.WRONG)


@dataclass(frozen=True, slots=True)
class Mark:
    """What became of one cell.

    `mistakes` are the names of all that explain it equally well, in the order of the rack. `expected` is the true value
    to the places written, None where there is none; `from_yours` is what the person's own earlier numbers give,
    None where that is the same.
    """

    key: Key
    cell: str
    entry: Entry
    verdict: Verdict
    credit: Fraction
    expected: str | None
    from_yours: str | None
    mistakes: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Marks:
    """All marks of a submission, in the order of the work."""

    trace: Trace
    submission: Submission
    marks: tuple[Mark, ...]

    @property
    def first_wrong(self) -> Mark | None:
        """The first cell that is wrong or a mistake, in the order of the work."""
        return next((mark for mark in self.marks if mark.verdict in WRONG), None)

    @property
    def accepted(self) -> int:
        """How many cells are accepted."""
        return sum(mark.verdict in ACCEPTED for mark in self.marks)

    @property
    def blanks(self) -> int:
        """How many cells there were to fill in: those of every step of which anything was handed in."""
        return len(self.marks)

    @property
    def credit(self) -> Fraction:
        """The credits added up."""
        return sum((mark.credit for mark in self.marks), Fraction(0))
