"""What a PDF of ours really prints: from its structure to marked sequences, to glyphs, to their text.

Nothing is taken from a copy: the text of a number is that of the glyphs on the page, by the font's own map.
Source: ISO 32000-1, 14.7 (structure).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf

from tracer.errors import HandoutError
from tracer.files import at_most
from tracer.verifying.content import Ink, Painting
from tracer.verifying.faces import Face, face_of

MAX_BYTES = 200_000_000
CELL = re.compile(r"[^\[\]]+\[\d+(,\d+)?\]( \d+)?")  # as formats/pdf/setting.py names them
WHOLE = {"P", "H1", "H2", "H3", "TD", "TH", "LBody", "Lbl", "Caption", "Formula", "Figure"}  # read in one go
DEEPEST = 200  # elements inside elements


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part of the structure that holds text. `strokes` is how it is painted: each run of glyphs, each line.

    `id` is the name of the cell that it shows, `heard` what is read aloud in its place, `sign` the sign of its matrix.
    """

    page: int
    role: str
    id: str
    text: str
    heard: str
    strokes: tuple[Any, ...]
    sign: str


@dataclass(frozen=True, slots=True)
class Printed:
    """A file as it is printed: its leaves in reading order, text outside of them, and the number of painted shapes."""

    attached: dict[str, bytes]
    leaves: tuple[Leaf, ...]
    margins: tuple[tuple[int, str], ...]
    painted: tuple[Counter[str], ...]
    notes: tuple[tuple[int, str], ...]
    faces: tuple[Face, ...]


def of_file(path: str | Path) -> Printed:
    """What a file prints; `-` is standard input. Raises `HandoutError` where it is no whole, open PDF."""
    try:
        content = at_most(MAX_BYTES, path)
    except OSError as error:
        raise HandoutError(f"cannot be read ({error.strerror or error}); expected a PDF that tracer made") from None
    if len(content) > MAX_BYTES:
        raise HandoutError(f"is larger than {MAX_BYTES // 1_000_000} MB; expected a PDF that tracer made")
    return of_bytes(content)


def of_bytes(content: bytes) -> Printed:
    """What a PDF prints. Raises `HandoutError` with what is wrong where it is no whole, open PDF."""
    if b"%PDF-" not in content[:1024]:
        raise HandoutError("is not a PDF; expected one that tracer made")
    try:
        with pikepdf.open(BytesIO(content), attempt_recovery=False) as pdf:
            return _Reading(pdf).printed()
    except pikepdf.PasswordError:
        raise HandoutError("is encrypted; take its password off first") from None
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError):
        raise HandoutError("is damaged or cut off; make it, or fetch it, once more") from None


class _Reading:
    """Reads one open PDF."""

    def __init__(self, pdf: pikepdf.Pdf) -> None:
        self.pdf = pdf
        self.faces: dict[Any, Face] = {}
        self.pages = {page.obj.objgen: n for n, page in enumerate(pdf.pages)}
        self.paintings = [Painting(page, self.face) for page in pdf.pages]
        self.caption = ""

    def printed(self) -> Printed:
        """All of it."""
        leaves = tuple(self.walk(self.pdf.Root.StructTreeRoot, 0, 0)) if "/StructTreeRoot" in self.pdf.Root else ()
        return Printed(
            {name: spec.get_file().read_bytes() for name, spec in self.pdf.attachments.items()},
            leaves,
            tuple((n, text) for n, painting in enumerate(self.paintings, 1) for text in painting.rest()),
            tuple(painting.paints for painting in self.paintings),
            tuple((n, kind) for n, page in enumerate(self.pdf.pages, 1) for kind in put_upon(page)),
            tuple(self.faces.values()),
        )

    def walk(self, element: Any, page: int, depth: int) -> Iterator[Leaf]:
        """The leaves below an element: what has a name, and what holds text itself."""
        if not isinstance(element, pikepdf.Dictionary) or depth > DEEPEST:
            return
        page = self.page_of(element, page)
        kids = kids_of(element)
        if role_of(element) in WHOLE or any(is_sequence(kid) for kid in kids):
            yield self.leaf(element, page)
            return
        for kid in kids:
            yield from self.walk(kid, page, depth + 1)

    def leaf(self, element: Any, page: int) -> Leaf:
        """An element with all the text in and below it; lines of words with a space between them."""
        role, parts = role_of(element), [*self.parts(element, page, 0)]
        between = "" if role == "Formula" else " "
        text = " ".join(between.join("".join(ink.text) for _, ink, _ in parts).split())
        if role == "Caption":
            self.caption = text
        name = str(element.get("/ID", ""))
        first = next((on for on, ink, _ in parts if ink.text), page)
        return Leaf(
            max(first, 0) + 1,
            role,
            name if CELL.fullmatch(name) else "",
            text,
            "; ".join(heard for _, _, heard in parts if heard),
            tuple(stroke for _, ink, _ in parts for stroke in ink.strokes),
            self.caption[-1:] if role == "TD" else "",
        )

    def parts(self, part: Any, page: int, depth: int) -> Iterator[tuple[int, Ink, str]]:
        """The marked sequences in and below an element, each with its page; and what is read aloud in their place."""
        if is_sequence(part):
            page = page if isinstance(part, int) else self.page_of(part, page)
            number = part if isinstance(part, int) else int(part.MCID)
            yield page, self.paintings[page].take(number) if page >= 0 else Ink(), ""
        elif isinstance(part, pikepdf.Dictionary) and depth < DEEPEST:
            page = self.page_of(part, page)
            yield page, Ink(), str(part.get("/Alt", ""))
            for kid in kids_of(part):
                yield from self.parts(kid, page, depth + 1)

    def page_of(self, element: Any, page: int) -> int:
        """The number of the page an element stands on; −1 where that was taken out of the file."""
        return self.pages.get(element.Pg.objgen, -1) if "/Pg" in element else page

    def face(self, font: Any) -> Face:
        """A font of the file, read once."""
        key = font.objgen if font.is_indirect else object()
        if key not in self.faces:
            self.faces[key] = face_of(font)
        return self.faces[key]


def role_of(element: Any) -> str:
    """What an element is: P, Table, Formula."""
    return str(element.get("/S", "")).removeprefix("/")


def kids_of(element: Any) -> list[Any]:
    """What an element holds."""
    kids = element.get("/K", [])
    return list(kids) if isinstance(kids, pikepdf.Array) else [kids]


def is_sequence(kid: Any) -> bool:
    """Whether a kid is a marked sequence: its number, or its number with its page."""
    return isinstance(kid, int) or (isinstance(kid, pikepdf.Dictionary) and kid.get("/Type") == "/MCR")


def put_upon(page: pikepdf.Page) -> list[str]:
    """What was put upon a page that is no link: a note, a stamp, a field."""
    kinds = [str(one.get("/Subtype", "/Unknown")) for one in page.obj.get("/Annots", [])]
    return [kind.removeprefix("/") for kind in kinds if kind != "/Link"]
