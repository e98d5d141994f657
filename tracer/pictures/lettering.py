"""How much room words and numbers take, near enough to place them: browsers set them in fonts of their own."""

from __future__ import annotations

from functools import lru_cache
from unicodedata import combining, east_asian_width

from tracer.drawing import Label
from tracer.expr import Expr
from tracer.notation.plain import plain
from tracer.show import show

WIDTHS = {"fijlrtI.,;:!|'()[]·- ": 0.34, "mwMW%@—…×−+=<>≈": 0.88}  # in em; capitals, digits and the rest below
CAPITAL, DIGIT, WIDE, USUAL = 0.72, 0.52, 1.05, 0.54
ABOVE, BELOW = 0.74, 0.24  # of a line, in its own size
CLASSES = {character: width for characters, width in WIDTHS.items() for character in characters}


def width(text: str | Expr, size: float = 0.85) -> float:
    """The width of a text or formula, in em."""
    characters = text if isinstance(text, str) else show(text, plain)
    return size * sum(_width(character) for character in characters)


@lru_cache(maxsize=1000)
def _width(character: str) -> float:
    if character in CLASSES:
        return CLASSES[character]
    if combining(character):
        return 0.0
    if east_asian_width(character) in "WF" or character > "\uffff":
        return WIDE
    return DIGIT if character.isdigit() else CAPITAL if character.isupper() else USUAL


def shortened(text: str, most: float, size: float = 0.85) -> str:
    """A text cut to a width, with … where something is missing."""
    if width(text, size) <= most:
        return text
    while text and width(text + "…", size) > most:
        text = text[:-1]
    return text.rstrip() + "…"


def frame(label: Label) -> tuple[float, float, float, float]:
    """The rectangle that a label fills: left, top, right, bottom."""
    wide = width(label.text, label.size)
    left = label.x - {"start": 0.0, "middle": wide / 2, "end": wide}[label.at]
    return left, label.y - ABOVE * label.size, left + wide, label.y + BELOW * label.size
