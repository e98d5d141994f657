"""The measures of the mathematical font, read from the font itself. fontTools' home.

A glyph is known by its number in the font. What stands at a place is a `Glyph`: its number, its advance,
how far it reaches above and below the baseline, and the plain text that copying it gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Glyph:
    """A glyph and its measures, in em."""

    number: int
    advance: float
    top: float
    bottom: float
    text: str


class MathFont:
    """STIX Two Math: glyphs by character, taller variants, and the MATH constants by their OpenType names."""

    def __init__(self, path: Path) -> None:
        from fontTools.ttLib import TTFont

        self.path = path
        font: Any = TTFont(path, lazy=True)
        self._font = font
        self._em = font["head"].unitsPerEm
        self._cmap = font.getBestCmap()
        math = font["MATH"].table
        self._variants = math.MathVariants
        self._coverage = {name: n for n, name in enumerate(self._variants.VertGlyphCoverage.glyphs)}
        self._constants = math.MathConstants
        self._italics = math.MathGlyphInfo.MathItalicsCorrectionInfo
        self._known: dict[str, Glyph] = {}

    def constant(self, name: str) -> float:
        """A MATH constant in em: FractionRuleThickness, AxisHeight, …"""
        value = getattr(self._constants, name)
        return float(getattr(value, "Value", value)) / float(self._em)

    @property
    def script(self) -> float:
        """How large an index is, against its base."""
        return float(self._constants.ScriptPercentScaleDown) / 100

    def glyph(self, character: str, *, italic: bool = False) -> Glyph | None:
        """The glyph of a character, as a letter of a formula where `italic`; None where the font has none."""
        key = character + ("i" if italic else "")
        if key not in self._known:
            name = self._cmap.get(ord(_italic(character) if italic else character))
            if name is None:
                return None
            self._known[key] = self._measured(name, character)
        return self._known[key]

    def taller(self, character: str, height: float) -> Glyph:
        """The smallest variant of a bracket, root or sum that is at least so tall, or the tallest there is."""
        name = self._cmap[ord(character)]
        construction = self._variants.VertGlyphConstruction[self._coverage[name]]
        records = construction.MathGlyphVariantRecord
        fitting = [r for r in records if r.AdvanceMeasurement / self._em >= height]
        return self._measured((fitting or records[-1:])[0].VariantGlyph, character)

    def lean(self, glyph: Glyph) -> float:
        """How far a slanted letter leans out at its upper right: its italic correction."""
        info, name = self._italics, self._font.getGlyphName(glyph.number)
        if info is None or name not in info.Coverage.glyphs:
            return 0.0
        return float(info.ItalicsCorrection[info.Coverage.glyphs.index(name)].Value) / float(self._em)

    def _measured(self, name: str, text: str) -> Glyph:
        outline = self._font["glyf"][name]
        top = getattr(outline, "yMax", 0) / self._em
        bottom = -getattr(outline, "yMin", 0) / self._em
        advance = self._font["hmtx"][name][0] / self._em
        return Glyph(self._font.getGlyphID(name), advance, top, bottom, text)


def _italic(letter: str) -> str:
    """The mathematical italic of a Latin or Greek letter."""
    if letter == "h":
        return "ℎ"
    for first, last, start in (("A", "Z", 0x1D434), ("a", "z", 0x1D44E), ("α", "ω", 0x1D6FC)):
        if first <= letter <= last:
            return chr(start + ord(letter) - ord(first))
    return letter


@lru_cache
def math_font() -> MathFont:
    """The font that comes with tracer."""
    from tracer.templates import templates

    return MathFont(templates() / "fonts" / "STIXTwoMath-subset.ttf")
