"""Verdicts on a page: the sign, the word and the tone of each, and the rule behind it; what was written, made safe."""

from __future__ import annotations

import unicodedata
from fractions import Fraction
from typing import NamedTuple

from tracer import numbers
from tracer.document import Inline, Math
from tracer.marking import Verdict

JOINERS = "\u200c\u200d"  # hold the parts of some letters and of emoji together
PILED = 2  # marks above or below one letter


class Look(NamedTuple):
    """How a verdict is shown in a matrix: a sign, a word, and how far it stands out (document.Judged)."""

    sign: str
    word: str
    tone: str


LOOKS = {
    Verdict.EXACT: Look("✓", "right", ""),
    Verdict.BY_HAND: Look("✓", "right by hand", ""),
    Verdict.CARRIED: Look("→", "follows", "light"),
    Verdict.ROUNDING_SLIP: Look("≈", "rounding", "light"),
    Verdict.MISTAKE: Look("✗", "mistake", "strong"),
    Verdict.WRONG: Look("✗", "wrong", "strong"),
    Verdict.MISSING: Look("–", "blank", "light"),
    Verdict.UNREADABLE: Look("?", "unreadable", "light"),
}
RULES = {
    Verdict.EXACT: "the exact value, or the exact value correctly rounded to the places written.",
    Verdict.BY_HAND:
        "not the exact value rounded, but what follows from the earlier accepted numbers on the sheet: each of these "
        "stands for every number that rounds to it, and one of the results rounds to the number written.",
    Verdict.CARRIED:
        "follows in the same way from an earlier number on the sheet that is wrong; the work in this step is right.",
    Verdict.ROUNDING_SLIP:
        "one or two units of the last written place away from an accepted value, or cut off instead of rounded.",
    Verdict.MISTAKE: "none of these, but what a known mistake makes of the earlier numbers on the sheet.",
    Verdict.WRONG: "none of these, and no known mistake explains it.",
    Verdict.MISSING: "nothing is written in this cell.",
    Verdict.UNREADABLE: "what is written in this cell is not a number.",
}  # fmt: skip


def number(text: str | None) -> Inline:
    """A number as text in the signs of the page; what is none stays as it is, a dash where there is nothing."""
    if text is None:
        return "–"
    try:
        return Math(numbers.read(text))
    except numbers.Unreadable:
        return text


def in_parts(credit: Fraction) -> str:
    """A credit as it is written on a sheet: 6 1/2."""
    whole, rest = divmod(credit, 1)
    return f"{whole} {rest}" if whole and rest else str(credit)


def written(raw: str) -> str:
    """What somebody wrote in a cell, as a page can show it."""
    text = visible(raw)
    return text if len(text) <= numbers.MAX_CHARACTERS else text[: numbers.MAX_CHARACTERS] + "…"


def visible(text: str) -> str:
    """A text of somebody’s in one line: what cannot be seen, or would change the page around it, is a □."""
    shown: list[str] = []
    piled = 0
    for char in " ".join(text.split()):
        category = unicodedata.category(char)
        piled = piled + 1 if category in ("Mn", "Me") else 0
        if piled > PILED:
            continue
        shown.append("□" if category[0] == "C" and char not in JOINERS else char)
    return "".join(shown)
