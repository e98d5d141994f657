"""The measures of the mathematical font, STIX Two Math, as its own tables give them.

A glyph is known by its number in the font. What stands at a place is a `Glyph`: its number, its advance,
how far it reaches above and below the baseline, and the plain text that copying it gives.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

EM = 1000


class Glyph(NamedTuple):
    """A glyph and its measures, in em."""

    number: int
    advance: float
    top: float
    bottom: float
    text: str


class MathFont:
    """Glyphs by character, taller variants, and the MATH constants by their OpenType names."""

    def __init__(self, measures: Mapping[str, Any]) -> None:
        self._glyphs, self._taller, self._lean = measures["glyphs"], measures["taller"], measures["lean"]
        self._constants = measures["constants"]
        self._known: dict[str, Glyph] = {}

    def constant(self, name: str) -> float:
        """A MATH constant in em: FractionRuleThickness, AxisHeight, …"""
        return float(self._constants[name]) / EM

    @property
    def script(self) -> float:
        """How large an index is, against its base."""
        return float(self._constants["ScriptPercentScaleDown"]) / 100

    def glyph(self, character: str, *, italic: bool = False) -> Glyph | None:
        """The glyph of a character, as a letter of a formula where `italic`; None where the font has none."""
        key = slanted(character) if italic else character
        if key not in self._known:
            if key not in self._glyphs:
                return None
            self._known[key] = _measured(self._glyphs[key], character)
        return self._known[key]

    def taller(self, character: str, height: float) -> Glyph:
        """The smallest variant of a bracket, root or sum that is at least so tall, or the tallest there is."""
        variants = self._taller[character]
        _, *measures = next((v for v in variants if v[0] >= height * EM), variants[-1])
        return _measured(measures, character)

    def lean(self, glyph: Glyph) -> float:
        """How far a slanted letter leans out at its upper right: its italic correction."""
        return float(self._lean.get(str(glyph.number), 0)) / EM


def _measured(measures: list[int], text: str) -> Glyph:
    number, advance, top, bottom = measures
    return Glyph(number, advance / EM, top / EM, bottom / EM, text)


def slanted(letter: str) -> str:
    """The mathematical italic of a Latin or Greek letter."""
    if letter == "h":
        return "ℎ"
    for first, last, start in (("A", "Z", 0x1D434), ("a", "z", 0x1D44E), ("α", "ω", 0x1D6FC)):
        if first <= letter <= last:
            return chr(start + ord(letter) - ord(first))
    return letter


@lru_cache
def math_font() -> MathFont:
    """The font that comes with tracer, by the measures that fonts/subset.py has read from it."""
    from tracer.templates import templates

    return MathFont(json.loads((templates() / "fonts" / "STIXTwoMath-subset.json").read_text("utf-8")))
