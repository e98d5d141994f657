"""The fonts in a PDF: which text its glyphs say that they are, and what they look like."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

DIGITS = rb"<\s*([0-9a-fA-F]+)\s*>\s*"
BLOCK = re.compile(rb"begin(bfchar|bfrange)(.*?)end\1", re.DOTALL)
CHARACTER, RANGE = re.compile(DIGITS * 2), re.compile(DIGITS * 3)
UNKNOWN = "\N{REPLACEMENT CHARACTER}"
WIDEST = 10_000  # codes of one range


@dataclass(frozen=True, eq=False)
class Face:
    """A font: its name without the tag of its subset, its map from codes to text, and its program."""

    name: str
    texts: dict[int, str]
    program: bytes
    width: int  # bytes of a code
    used: set[int]

    def codes(self, shown: bytes) -> tuple[int, ...]:
        """The codes of glyphs that are shown together."""
        found = tuple(int.from_bytes(shown[n : n + self.width], "big") for n in range(0, len(shown), self.width))
        self.used.update(found)
        return found

    def text(self, code: int) -> str:
        """What a glyph says that it is."""
        return self.texts.get(code, UNKNOWN if self.width > 1 else chr(code))

    def outlines(self) -> dict[int, Any]:
        """What each glyph that is used looks like; nothing where the font cannot be read."""
        from io import BytesIO

        from fontTools.pens.recordingPen import RecordingPen
        from fontTools.ttLib import TTFont

        try:
            font = TTFont(BytesIO(self.program), lazy=True)
            glyphs, scale = font.getGlyphSet(), font["head"].unitsPerEm
            found: dict[int, Any] = {}
            for code in sorted(self.used):
                pen = RecordingPen()
                glyphs[font.getGlyphName(code)].draw(pen)
                found[code] = (scale, pen.value)
        except Exception:  # whatever a broken font makes its reader stumble over
            return {}
        return found


def face_of(font: Any) -> Face:
    """A font of a PDF."""
    inner = font.DescendantFonts[0] if "/DescendantFonts" in font else font
    descriptor = inner.get("/FontDescriptor", {})
    programs = [descriptor[key].read_bytes() for key in ("/FontFile2", "/FontFile3", "/FontFile") if key in descriptor]
    name = str(font.get("/BaseFont", "/Unnamed")).removeprefix("/")
    map_ = font.ToUnicode.read_bytes() if "/ToUnicode" in font else b""
    width = 2 if "/DescendantFonts" in font else 1
    return Face(name.rpartition("+")[2], texts(map_), programs[0] if programs else b"", width, set())


def texts(map_: bytes) -> dict[int, str]:
    """The text behind each code in a map to Unicode (ISO 32000-1, 9.10.3)."""
    found: dict[int, str] = {}
    for kind, block in BLOCK.findall(map_):
        if kind == b"bfchar":
            found |= {int(code, 16): said(text) for code, text in CHARACTER.findall(block)}
            continue
        for start, end, text in RANGE.findall(block):
            first, head = int(start, 16), said(text)
            last = min(int(end, 16), first + WIDEST)
            found |= {code: head[:-1] + chr(ord(head[-1]) + code - first) for code in range(first, last + 1)}
    return found


def said(code: bytes) -> str:
    """A text in UTF-16, as hexadecimal digits."""
    return bytes.fromhex(code.decode().zfill(-(-len(code) // 4) * 4)).decode("utf-16-be", "replace") or UNKNOWN
