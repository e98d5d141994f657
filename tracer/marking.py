"""Marks: what is right, what is right by hand, what is right given an earlier slip, and which mistake it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from tracer.evaluate import Key
from tracer.submission import Entry


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


@dataclass(frozen=True, slots=True)
class Mark:
    """What became of one cell.

    `mistakes` are the names of all that explain it equally well, in the order of the rack; `expected` is the true value
    rounded to the places written, `from_yours` what the person's own earlier numbers give, where that is another number.
    """

    key: Key
    cell: str
    entry: Entry
    verdict: Verdict
    credit: Fraction
    expected: str
    from_yours: str | None
    mistakes: tuple[str, ...]
    sentence: str
