"""What somebody wrote: the text of each cell, and the number that it says, or why it says none.

A cell is called as in files, `scores[2,3]`, counted from 1; in here its place is counted from 0. Nothing is known of
the problem yet: whether there is such a step, and such a cell in it, is asked when the numbers are judged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from unicodedata import category

from tracer import numbers
from tracer.evaluate import Key
from tracer.expr import INFINITY, MINUS_INFINITY, Expr, Num, letters
from tracer.real import MAX_MAGNITUDE, not_real

MAX_TEXT = numbers.MAX_CHARACTERS
UNDEFINED = "says that there is no value"
UNDEFINED_WORDS = {"undefined", "undef", "undef.", "not defined", "n/a", "nicht definiert", "undefiniert"}
DATE = re.compile(r"\d{4}-\d\d?-\d\d?(?:[ T].*)?|\d\d?/\d\d?/\d{4}")  # what spreadsheet programs make of 1/2
IS_A_DATE = "is a date; a fraction such as 1/2 has to be typed as a text"
SAID_BEFORE = re.compile(r"(?:\s*(?:[=≈~∼≃≅]|(?:approximately|approx|circa|ca|about|etwa|rund)\b\.?))+", re.IGNORECASE)
ASCII = {0xFF01 + n: 0x21 + n for n in range(94)} | {ord("⁄"): "/"}  # full-width signs; the slash of fractions
LATEX = {
    "$": "", r"\(": "", r"\)": "", r"\left": "", r"\right": "", r"\,": "", r"\%": "%", "{,}": ",", r"\approx": "≈",
    r"\cdot": "·", r"\times": "·", r"\infty": "∞", r"\pi": "π", r"^\circ": "°", r"^{\circ}": "°",
}  # fmt: skip
SCIENTIFIC = re.compile(r"(\(?)\s*([+−–-]?\s*[\d.,]+)\s*(\)?)\s*[·⋅*×]\s*10\s*\^\s*(\(?)\s*([+−–-]?\d+)\s*(\)?)")
TYPESET = frozenset(r"\${")  # what LaTeX has in it, and no plain number
LATEX_GROUPS = (  # innermost braces first; a fraction right behind a number is a mixed number or a product: not read
    (re.compile(r"(?<![\d.,])\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}"), r"((\1)/(\2))"),
    (re.compile(r"\\sqrt\{([^{}]*)\}"), r"√(\1)"),
    (re.compile(r"\^\{([^{}]*)\}"), r"^(\1)"),
)


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

    @property
    def is_undefined(self) -> bool:
        """Whether it was written that this value does not exist: undefined, n/a."""
        return self.reason == UNDEFINED


@dataclass(frozen=True, slots=True)
class Submission:
    """The cells that somebody filled in, or left blank; one that is not in here is blank too.

    A vector is a column: its places are (i, 0). `by` is who wrote it, `code` that of the worksheet.
    """

    cells: Mapping[Key, Entry]
    by: str = ""
    code: str = ""


def entry(raw: str) -> Entry:
    r"""The text of a cell, as people write numbers: 0,57 · ≈ 4/7 · ca. −1 · 57 % · 45° · $\frac{1}{3}$ · undefined.

    A comma is a decimal comma, never a separator of thousands: 1,000 is one, written with three places. What is no
    number, or none of bearable size, has its reason, as the end of a sentence about the text.
    """
    raw = printable(raw)
    if len(raw.strip()) > MAX_TEXT:
        return Entry(raw[:MAX_TEXT], None, f"is longer than {MAX_TEXT} characters")
    text = plain(raw)
    if not text:
        return Entry(raw, None, "is empty")
    if text.casefold() in UNDEFINED_WORDS:
        return Entry(raw, None, UNDEFINED)
    if DATE.fullmatch(text):
        return Entry(raw, None, IS_A_DATE)
    try:
        number = numbers.read(text)
    except numbers.Unreadable as reason:
        return Entry(raw, None, str(reason))
    why = none_such(number)
    return Entry(raw, None, why) if why else Entry(raw, number)


def printable(text: str) -> str:
    """The text as it can be shown: without invisible marks, any white space a space, broken characters as �."""
    if text.isprintable():
        return text
    seen = (c for c in text if category(c) != "Cf")
    return "".join(" " if c.isspace() else c if c.isprintable() else "�" for c in seen)


def plain(raw: str) -> str:
    """The number alone, in plain notation: without LaTeX, without a sign or word in front, without ° behind.

    4.88·10^(−5) is 4.88e-5: a rounded number, of which seven places were written. So is (−4.88)·10^(−5).
    """
    text = raw.translate(ASCII)
    if not TYPESET.isdisjoint(text):
        text = without_latex(text)
    if said := SAID_BEFORE.match(text):
        text = text[said.end() :]
    text = text.strip().removesuffix("°").strip()
    if (power := SCIENTIFIC.fullmatch(text)) and len(power[1] + power[4]) == len(power[3] + power[6]):
        return f"{power[2]}e{power[5].replace('−', '-').replace('–', '-')}"
    return text


def without_latex(text: str) -> str:
    r"""LaTeX in plain notation: \frac{\sqrt{2}}{2} as ((√(2))/(2)); what is not known stays, and is no number."""
    text = re.sub(r"\s+(?=\\)", "", text)
    for command, sign in LATEX.items():
        text = text.replace(command, sign)
    before = ""
    while before != text:
        before = text
        for group, meaning in LATEX_GROUPS:
            text = group.sub(meaning, text)
    return text


def none_such(number: Expr) -> str:
    """Why an expression is neither ±∞ nor a real number of bearable size; "" where it is one."""
    if number in (INFINITY, MINUS_INFINITY) or (isinstance(number, Num) and abs(number.value) < 10**MAX_MAGNITUDE):
        return ""
    if names := letters(number):
        return f"has the letter “{names[0]}” in it; write a number"
    why = not_real(number)
    return f"is no number: {why}" if why else ""
