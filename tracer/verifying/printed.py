"""What a PDF of ours really prints: from its structure to marked sequences, glyphs, and their text. pikepdf's home here.

Nothing is taken from a copy: the text of a number is that of the glyphs on the page, by the font's own map.
Source: ISO 32000-1, 8.4 (graphics state), 9.4 (text), 14.6 to 14.8 (marked content, structure).
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf

from tracer.errors import HandoutError
from tracer.verifying.faces import Face, face_of

MAX_BYTES = 200_000_000
CELL = re.compile(r"[^\[\]]+\[\d+(,\d+)?\]( \d+)?")  # as formats/pdf/setting.py names them
PAINTS = {"f", "F", "f*", "B", "B*", "b", "b*", "S", "s", "sh", "INLINE IMAGE", "image"}
SHAPES = {"re", "m", "l", "c", "v", "y", "h", "w", "d"}
WHOLE = {"P", "H1", "H2", "H3", "TD", "TH", "LBody", "Lbl", "Caption", "Formula", "Figure"}  # read in one go
DEEPEST = 200  # elements inside elements, forms inside forms


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
    """What a file prints; `-` is standard input. Raises `HandoutError` with what is wrong where it is no whole, open PDF."""
    try:
        with sys.stdin.buffer if str(path) == "-" else Path(path).open("rb") as file:
            content = file.read(MAX_BYTES + 1)
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
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise HandoutError(f"is damaged or cut off ({reason[:80]}); make it, or fetch it, once more") from None


class _Ink:
    """What stands inside one marked sequence."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.strokes: list[Any] = []


class _Reading:
    """Reads one open PDF."""

    def __init__(self, pdf: pikepdf.Pdf) -> None:
        self.pdf = pdf
        self.faces: dict[Any, Face] = {}
        self.pages = {page.obj.objgen: n for n, page in enumerate(pdf.pages)}
        self.paintings = [Painting(self, page) for page in pdf.pages]
        self.caption = ""

    def printed(self) -> Printed:
        """All of it."""
        leaves = tuple(self.walk(self.pdf.Root.StructTreeRoot, 0, 0)) if "/StructTreeRoot" in self.pdf.Root else ()
        return Printed(
            {name: spec.get_file().read_bytes() for name, spec in self.pdf.attachments.items()},
            leaves,
            tuple((n, text) for n, painting in enumerate(self.paintings, 1) for text in painting.rest()),
            tuple(painting.paints for painting in self.paintings),
            tuple((n, kind) for n, page in enumerate(self.pdf.pages, 1) for kind in annotations(page)),
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
        ink, heard, first = _Ink(), list[str](), [page]
        between = "" if role_of(element) == "Formula" else " "

        def gather(part: Any, page: int, depth: int) -> None:
            if is_sequence(part):
                number = part if isinstance(part, int) else int(part.MCID)
                page = page if isinstance(part, int) else self.page_of(part, page)
                first.append(page)
                found = self.paintings[page].take(number) if page >= 0 else _Ink()
                ink.text += [*found.text, between]
                ink.strokes += found.strokes
            elif isinstance(part, pikepdf.Dictionary) and depth < DEEPEST and part.get("/Type") != "/OBJR":
                heard.extend([str(part.Alt)] if "/Alt" in part else [])
                for kid in kids_of(part):
                    gather(kid, self.page_of(part, page), depth + 1)

        gather(element, page, 0)
        text, role = " ".join("".join(ink.text).split()), role_of(element)
        if role == "Caption":
            self.caption = text
        name = str(element.get("/ID", ""))
        name = name if CELL.fullmatch(name) else ""
        sign = self.caption[-1:] if role == "TD" else ""
        return Leaf(max(first[min(1, len(first) - 1)], 0) + 1, role, name, text, "; ".join(heard), tuple(ink.strokes), sign)

    def page_of(self, element: Any, page: int) -> int:
        """The number of the page an element stands on; −1 where that was taken out of the file."""
        return self.pages.get(element.Pg.objgen, -1) if "/Pg" in element else page

    def face(self, font: Any) -> Face:
        """A font of the file, read once."""
        key = font.objgen if font.objgen != (0, 0) else id(font)
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


def annotations(page: pikepdf.Page) -> list[str]:
    """What was put upon a page that is no link: a note, a stamp, a field."""
    kinds = [str(one.get("/Subtype", "/Unknown")) for one in page.obj.get("/Annots", [])]
    return [kind.removeprefix("/") for kind in kinds if kind != "/Link"]


@dataclass(frozen=True, slots=True)
class _State:
    """As much of the graphics state as tells whether, and how, glyphs are seen."""

    fill: tuple[Any, ...] = ()
    mode: int = 0
    alpha: float = 1.0
    face: Face | None = None
    size: float = 0.0
    matrix: tuple[float, ...] = ()


class Painting:
    """The content of one page: what is inside each marked sequence, and what is in none."""

    def __init__(self, reading: _Reading, page: pikepdf.Page) -> None:
        self.reading = reading
        self.sequences: dict[int, _Ink] = {}
        self.others: list[_Ink] = []
        self.taken: set[int] = set()
        self.paints: Counter[str] = Counter()
        self.marked: list[int | None] = []
        self.run(page.obj, page.resources, _State(), 0)

    def take(self, number: int) -> _Ink:
        """What stands in a marked sequence, from now on somewhere in the structure."""
        self.taken.add(number)
        return self.sequences.get(number) or _Ink()

    def rest(self) -> list[str]:
        """The text that no part of the structure holds."""
        loose = [ink for number, ink in self.sequences.items() if number not in self.taken]
        return [text for ink in (*self.others, *loose) if (text := "".join(ink.text).strip())]

    def run(self, content: Any, resources: Any, state: _State, depth: int) -> None:
        """Go through a content stream, sign by sign."""
        states, depth_of_marks = [state], len(self.marked)
        for operands, operator in pikepdf.parse_content_stream(content):
            name = str(operator)
            if name == "q":
                states.append(states[-1])
            elif name == "Q" and len(states) > 1:
                states.pop()
            elif name in ("BDC", "BMC"):
                self.begin(name, operands, resources)
            elif name == "EMC" and len(self.marked) > depth_of_marks:
                self.marked.pop()
            elif name == "Do":
                self.form(resources.XObject[str(operands[0])], resources, states[-1], depth)
            elif name in ("Tj", "TJ", "'", '"'):
                self.show(operands[-1], states[-1])
            elif name in PAINTS or name in SHAPES:
                self.paints[name] += name in PAINTS
                self.ink().strokes.append((name, *rounded(operands), states[-1].fill if name in PAINTS else ()))
            else:
                states[-1] = changed(states[-1], name, operands, resources, self.reading)

    def begin(self, name: str, operands: Any, resources: Any) -> None:
        """A marked sequence begins, with a number or without."""
        number = None
        if name == "BDC":
            properties = operands[1]
            if isinstance(properties, pikepdf.Name):
                properties = resources.Properties[str(properties)]
            number = int(properties.MCID) if "/MCID" in properties else None
        self.marked.append(number)
        if number is None:
            self.others.append(_Ink())

    def ink(self) -> _Ink:
        """Where that goes which is painted now."""
        if not self.marked or self.marked[-1] is None:
            if not self.others:
                self.others.append(_Ink())
            return self.others[-1]
        return self.sequences.setdefault(self.marked[-1], _Ink())

    def form(self, thing: Any, resources: Any, state: _State, depth: int) -> None:
        """A picture, or a piece of content of its own."""
        if str(thing.Subtype) == "/Form" and depth < DEEPEST:
            self.run(thing, thing.get("/Resources", resources), state, depth + 1)
        else:
            self.paints["image"] += 1

    def show(self, shown: Any, state: _State) -> None:
        """Glyphs are painted."""
        ink, face = self.ink(), state.face
        pieces = shown if isinstance(shown, pikepdf.Array) else [shown]
        for piece in pieces:
            if face is not None and isinstance(piece, pikepdf.String):
                codes = face.codes(bytes(piece))
                ink.text += [face.text(code) for code in codes]
                ink.strokes.append((face.name, state.size, state.matrix, state.fill, state.mode, state.alpha, codes))


def changed(state: _State, name: str, operands: Any, resources: Any, reading: _Reading) -> _State:
    """The graphics state behind an operator."""
    told: dict[str, Any] = {name: getattr(state, name) for name in _State.__slots__}
    if name in ("rg", "g", "k", "sc", "scn"):
        told["fill"] = (name, *rounded(operands))
    elif name == "Tr":
        told["mode"] = int(operands[0])
    elif name == "gs":
        told["alpha"] = float(resources.ExtGState[str(operands[0])].get("/ca", state.alpha))
    elif name == "Tf":
        told["face"], told["size"] = reading.face(resources.Font[str(operands[0])]), float(operands[1])
    elif name == "Tm":
        told["matrix"] = rounded(operands)
    elif name in ("Td", "TD", "T*", "Tz", "Ts", "Tc", "Tw"):
        told["matrix"] = (*state.matrix, name, *rounded(operands))
    elif name == "BT":
        told["matrix"] = ()
    else:
        return state
    return _State(**told)


def rounded(operands: Any) -> tuple[Any, ...]:
    """Numbers as they are compared; anything else as text."""
    found: list[Any] = []
    for one in operands:
        try:
            found.append(round(float(one), 2))
        except (TypeError, ValueError):
            found.append(str(one))
    return tuple(found)
