"""House style: the language, the signs, the paper, the title block, and one's own style sheet and templates.

A style is keys and values, in `[paper]` of a problem file, or in a file of its own for all problems of a course
(`--style house.toml`); `styles/` beside the templates has the ready-made ones.
"""

from __future__ import annotations

from dataclasses import dataclass

from tracer.language import Language, language
from tracer.show import Signs

SIZES = {"A4": (210.0, 297.0), "letter": (215.9, 279.4), "slides": (280.0, 157.5)}  # of the paper, in mm
PIXELS = {"mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0, "pt": 96 / 72}  # in CSS pixels
GUTTER = 2.0  # between two columns, in em


@dataclass(frozen=True, slots=True)
class Style:
    """How a page is made up. Every key has a default; lengths are CSS lengths such as "20mm" or "10.5pt"."""

    lang: str = "en"
    decimal: str = ""  # "." or ","; the language's own where nothing is said
    times: str = "·"  # or "×"
    vectors: str = "row"  # or "column": (2, 2) beside or above each other
    size: str = "A4"  # or "letter", or "slides" for the shape of a screen
    fit: str = ""  # or "one-page": the text as small as it takes
    columns: str = "1"  # or "2", side by side
    margins: str = "20mm"
    text: str = "10.5pt"
    font: str = ""  # a family that goes before our own
    course: str = ""  # the title block: three lines at most
    name: str = ""
    date: str = ""
    css: str = ""  # the text of a style sheet that comes after ours
    templates: str = ""  # a folder whose templates go before ours
    line: int = 100  # characters in a line of plain text

    @property
    def paper(self) -> tuple[float, float]:
        """Width and height of the paper in mm."""
        return SIZES[self.size]

    @property
    def column(self) -> float:
        """How wide a line of text is, in em."""
        _, right, _, left = sides(self.margins)
        width, columns = (self.paper[0] * PIXELS["mm"] - left - right) / pixels(self.text), int(self.columns)
        return (width - (columns - 1) * GUTTER) / columns

    @property
    def language(self) -> Language:
        """The language of all words."""
        return language(self.lang)

    @property
    def signs(self) -> Signs:
        """The signs of all formulas."""
        say = self.language.text
        words = say("if"), say("otherwise"), say("for some")
        return Signs(self.decimal or self.language.decimal, self.times, self.vectors, *words)


def pixels(text: str) -> float:
    """A CSS length in CSS pixels."""
    return float(text[:-2]) * PIXELS[text[-2:]]


def four(margins: str) -> tuple[str, str, str, str]:
    """One to four lengths, as in CSS, as those above, right, below and left."""
    told = margins.split()
    above = told[0]
    right = told[1] if len(told) > 1 else above
    below = told[2] if len(told) > 2 else above
    return above, right, below, told[3] if len(told) > 3 else right


def sides(margins: str) -> tuple[float, float, float, float]:
    """The same in CSS pixels."""
    above, right, below, left = map(pixels, four(margins))
    return above, right, below, left
