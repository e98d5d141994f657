"""What somebody wrote: the text of each cell, and the number that it says, or why it says none.

A cell is called as in files, `scores[2,3]`, counted from 1; in here its place is counted from 0. Nothing is known of
the problem yet: whether there is such a step, and such a cell in it, is asked when the numbers are judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tracer import numbers
from tracer.evaluate import Key
from tracer.expr import Expr, letters


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands in one cell: the text as written, and its number; where there is none, the reason."""

    raw: str
    number: Expr | None = None
    reason: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether nothing was written."""
        return not self.raw.strip()


@dataclass(frozen=True, slots=True)
class Submission:
    """The cells that somebody filled in, or left blank. A vector is a column: its places are (i, 0)."""

    cells: Mapping[Key, Entry]
    by: str = ""


SAID_BEFORE = "=≈~"  # a sign that people write in front of a number


def entry(raw: str) -> Entry:
    """The text of a cell, read as people write numbers: 0,57 · 4/7 · −1 · 57 % · .5 · 2e-3 · −∞."""
    text = raw.strip().lstrip(SAID_BEFORE).strip()
    if not text:
        return Entry(raw, None, "is empty")
    try:
        number = numbers.read(text)
    except numbers.Unreadable as reason:
        return Entry(raw, None, str(reason))
    if names := letters(number):
        return Entry(raw, None, f"has the letter “{names[0]}” in it; write a number")
    return Entry(raw, number)
