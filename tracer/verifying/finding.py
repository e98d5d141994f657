"""What was found where a page does not print what it should: on which page, of which cell, what, and what is right."""

from __future__ import annotations

from dataclasses import dataclass

QUOTED = 90  # characters of what is quoted
SENTENCES = {
    "number": "{cell} prints {prints}, but is {expected}",
    "working": "{cell} prints {prints} in its working, where {expected} belongs",
    "missing": "{cell} is not printed; it is {expected}",
    "added": "{cell} prints {prints}, where nothing belongs",
    "spoken": "{cell} is read aloud as {prints}, but is {expected}",
    "drawn": "{cell} reads {prints}, but is not drawn as tracer draws it",
    "words": "prints {prints}, where {expected} belongs",
    "words missing": "does not print {expected}",
    "words added": "prints {prints}, which does not belong there",
    "words spoken": "is read aloud as {prints}, where {expected} belongs",
    "letters": "has a font in which {prints} is not drawn as tracer draws it",
    "painted": "has more lines or areas painted on it than tracer paints",
    "note": "has something put upon it: {prints}",
    "sign": "{cell} prints {prints}, but is not equal to it: ≈ belongs there",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not stand. `kind` is a key of SENTENCES; `cell` is "" where it is about words."""

    kind: str
    page: int
    cell: str = ""
    prints: str = ""
    expected: str = ""

    @property
    def sentence(self) -> str:
        """What is told about it."""
        quotes = "{}" if self.cell and self.kind not in ("working", "spoken") else "“{}”"
        prints, expected = (quotes.format(short(text)) for text in (self.prints, self.expected))
        return f"page {self.page}: " + SENTENCES[self.kind].format(cell=self.cell, prints=prints, expected=expected)


def short(text: str) -> str:
    """A text as far as it is quoted, in characters that a terminal can show."""
    text = "".join(c if c.isprintable() else "�" for c in text)
    return text if len(text) <= QUOTED else text[: QUOTED - 1] + "…"
