"""Whom a page about marks speaks to, and of whom: you, the student, or a published page."""

from __future__ import annotations

from typing import NamedTuple


class Voice(NamedTuple):
    """The sentences that differ."""

    first: str
    is_the: str
    worked: str
    from_own: str
    wrote: str
    follows_one: str
    follows_many: str


YOU = Voice(
    "Your first slip, worked in full",
    "{cell}, {name}: you wrote {written}.",
    "Worked from your earlier numbers it is:",
    "Worked from your own earlier numbers it would be:",
    "{cell} in {step}: you wrote {written}, and your earlier numbers give {value}.",
    "{n} number follows from a wrong one and is worked correctly from it ({where}): nothing to rework.",
    "{n} numbers follow from a wrong one and are worked correctly from it ({where}): nothing to rework.",
)
SHEET = Voice(
    "The first slip, worked in full",
    "{cell}, {name}: the sheet says {written}.",
    "Worked from the earlier numbers on the sheet it is:",
    "Worked from the earlier numbers on the sheet it would be:",
    "{cell} in {step}: the sheet says {written}, and its earlier numbers give {value}.",
    "{n} number follows from a wrong one and is worked correctly from it ({where}).",
    "{n} numbers follow from a wrong one and are worked correctly from it ({where}).",
)
PAGE = Voice(
    "The first wrong number, worked in full",
    "{cell}, {name}: the page prints {written}.",
    "Worked from the page’s earlier numbers it is:",
    "Worked from the page’s own earlier numbers it would be:",
    "{cell} in {step}: the page prints {written}, and its earlier numbers give {value}.",
    "{n} number is wrong only because an earlier one is ({where}).",
    "{n} numbers are wrong only because an earlier one is ({where}).",
)
