"""A job printed by WeasyPrint, its pieces painted as text that can be selected, each part marked with what it is.

WeasyPrint sets the words and turns the pages. A piece stands under an address in its `cache` option, as an image
would; `Painted` needs the two methods of WeasyPrint's images, `get_intrinsic_size` and `draw`, which are no promised
interface: WeasyPrint's minor version is pinned, and tests/test_pages.py reads the painted text back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from itertools import groupby
from typing import Any, TypeAlias

from tracer.formats.pdf.attaching import attach
from tracer.formats.pdf.job import Job, Sheet
from tracer.formats.pdf.tags import Marked, finish
from tracer.formats.pdf.weasy import compressed_as_usual, imported
from tracer.layout.box import Box, Mark, Rule, Run, Shape, Words
from tracer.layout.font import Glyph
from tracer.layout.piece import Piece, Slot

Sizes: TypeAlias = tuple[tuple[str, float, float, float], ...]  # width, height and depth of the piece at an address
KEPT = 2  # layouts: of a sheet and of its key


def printed(job: Job) -> Sheet:
    """The PDF of a job: the same bytes every time. Raises `RenderError` where Pango is missing."""
    sizes = tuple((address, piece.width, piece.height, piece.depth) for address, piece in job.pieces.items())
    pages, places = laid_out(job.source, sizes, job.em)
    faces, marked = Faces(House.opened().fonts, job.em, job.family), list[Marked]()
    for address, painted in places.items():
        painted.begin(job.pieces[address], faces, marked)
    with compressed_as_usual():
        content = pages.copy().write_pdf(
            pdf_variant="pdf/ua-1", finisher=lambda _, written: finished(written, marked, job)
        )
    marked.clear()
    for painted in places.values():
        painted.end()
    return Sheet(bytes(content), len(pages.pages))


@lru_cache(maxsize=KEPT)
def laid_out(source: str, sizes: Sizes, em: float) -> tuple[Any, Mapping[str, Painted]]:
    """The pages of a source whose pieces have these sizes, and where these are painted.

    The sheets of a class, and their keys, differ in their pieces alone: their pages are turned once.
    """
    house = House.opened()
    html = house.weasyprint.HTML(string=source, base_url=house.address, url_fetcher=house.fetcher)
    places = {address: Painted(width, height, depth, em) for address, width, height, depth in sizes}
    pages = html.render(font_config=house.fonts, stylesheets=[house.sheet], cache=places, pdf_variant="pdf/ua-1")
    return pages, places


def finished(written: Any, marked: list[Marked], job: Job) -> None:
    """What is put into a PDF when all its pages are written: what each part is, and the files inside."""
    finish(written, marked, job.code)
    attach(written, job.attached)


class House:
    """WeasyPrint with our fonts and our style sheet, read once for all jobs. It fetches nothing but these."""

    def __init__(self) -> None:
        from tracer.templates import templates

        self.weasyprint = imported()
        from weasyprint.text.fonts import FontConfiguration

        class OwnFontsOnly(self.weasyprint.urls.URLFetcher):  # type: ignore[misc,name-defined]
            """The fonts beside the templates, and nothing else."""

            def fetch(self, url: str, headers: Any = None) -> Any:
                if not url.startswith((templates() / "fonts").as_uri()):
                    raise ValueError("a page fetches nothing")
                return super().fetch(url, headers)

        self.address, self.fetcher, self.fonts = templates().as_uri() + "/", OwnFontsOnly(), FontConfiguration()
        self.sheet = self.weasyprint.CSS(
            string=(templates() / "print.css").read_text("utf-8"),
            base_url=self.address,
            url_fetcher=self.fetcher,
            font_config=self.fonts,
        )

    @staticmethod
    @cache
    def opened() -> House:
        """The one house there is."""
        return House()


class Faces:
    """The mathematical font, and the fonts for all else, as WeasyPrint's PDF knows them."""

    def __init__(self, fonts: Any, em: float, family: str) -> None:
        self.fonts, self.em, self.family = fonts, em, family
        self._math: Any = None
        self._codes: dict[int, str] = {}

    def layout(self, text: str, family: str, size: float) -> tuple[Any, Any]:
        """A line of text, laid out by Pango, and its style."""
        from weasyprint.css.properties import INITIAL_VALUES
        from weasyprint.text.line_break import create_layout

        style = _Style(INITIAL_VALUES)
        style.font_config = self.fonts
        style.update(font_family=tuple(name.strip(' "') for name in family.split(",")), font_size=size)
        return create_layout(text, style, None, float("inf"), 0), style

    def math(self, stream: Any) -> Any:
        """The mathematical font, entered into the PDF that a stream belongs to; there is one for each job."""
        if self._math is None:
            layout, _ = self.layout("0", "STIX Two Math", self.em)
            line, _ = layout.get_first_line()
            self._math, _ = stream.add_font(line.runs[0].data.item.analysis.font)
        return self._math

    def codes(self, glyphs: Sequence[Glyph]) -> str:
        """Glyphs of the mathematical font as PDF writes them, each entered into the font with its width and text."""
        for number, advance, _, _, text in glyphs:
            if number not in self._codes:
                self._codes[number] = f"{number:04x}"
                self._math.to_unicode[number] = text
                self._math.widths[number] = round(advance * 1000)
        return "".join([self._codes[glyph[0]] for glyph in glyphs])

    def words(self, text: str) -> Box:
        """The box of a text that the mathematical font cannot write."""
        from weasyprint.text.line_break import line_size

        layout, style = self.layout(text, self.family, self.em)
        width, _ = line_size(layout.get_first_line()[0], style)
        return Box(width / self.em, 0.75, 0.25, mark=Words(0, 0, 1, text))


class _Style(dict):  # type: ignore[type-arg]
    """WeasyPrint's styles are dictionaries that also know their font configuration."""

    font_config: Any


class Place:
    """Where the marks of a leaf stand on a piece, in CSS pixels."""

    def __init__(self, x: float, y: float, size: float, em: float, height: float) -> None:
        self.left, self.base, self.em = x * em, (height + y) * em, em * size

    def at(self, x: float, y: float) -> str:
        """A place in em, as PDF writes it."""
        return f"{self.left + x * self.em:.2f} {self.base + y * self.em:.2f}"


def corners(slot: Slot, place: Place, matrix: Any) -> tuple[float, ...]:
    """Left, bottom, right and top of a slot on its page, in points."""
    left, top = place.left + slot.x * place.em, place.base + slot.y * place.em
    (x, y), (to_x, to_y) = (
        matrix.transform_point(left, top),
        matrix.transform_point(left + slot.width * place.em, top + slot.height * place.em),
    )
    return min(x, to_x), min(y, to_y), max(x, to_x), max(y, to_y)


class Painted:
    """A piece as WeasyPrint's images are: it knows its size, and draws itself."""

    piece: Piece
    faces: Faces
    marked: list[Marked]

    def __init__(self, width: float, height: float, depth: float, em: float) -> None:
        self.width, self.height, self.em = max(width, 0.01) * em, max(height + depth, 0.01) * em, em
        self.shade = -1.0

    def begin(self, piece: Piece, faces: Faces, marked: list[Marked]) -> None:
        """What is painted now, in which fonts, and who is told of it."""
        self.piece, self.faces, self.marked = piece, faces, marked

    def end(self) -> None:
        """Let go of it: WeasyPrint's boxes, a circle, wait until Python searches for garbage."""
        del self.piece, self.faces, self.marked

    def get_intrinsic_size(self, _resolution: float, _font_size: float) -> tuple[float, float, float]:
        """Width, height and their ratio, in CSS pixels."""
        return self.width, self.height, self.width / self.height

    def draw(self, stream: Any, _width: float, _height: float, style: Any) -> None:
        """Every leaf in a marked sequence of its own; WeasyPrint has opened the first and ends the last."""
        marked = Marked(stream, self.piece.root)
        if self.piece.root.role != "Artifact":
            self.marked.append(marked)
        with stream.stacked():
            self.shade = -1.0
            for n, (leaf, x, y, size) in enumerate(self.piece.root.leaves()):
                if n:
                    marked.next()
                place = Place(x, y, size, self.em, self.piece.height)
                self.paint(stream, leaf.marks, place, style)
                if leaf.slot:
                    marked.slot(corners(leaf.slot, place, stream.ctm))
            if self.piece.bars:
                marked.artifact()
                self.paint(stream, self.piece.bars, Place(0, 0, 1, self.em, self.piece.height), style)

    def paint(self, stream: Any, marks: tuple[Mark, ...], place: Place, style: Any) -> None:
        """Mark upon mark; what follows each other of a kind in one go, as text that can be copied."""
        for (kind, shade), alike in groupby(marks, key=lambda mark: (type(mark), getattr(mark, "shade", 1.0))):
            if shade != self.shade:
                self.shade, ink = shade, style["color"].to("srgb").coordinates
                red, green, blue = (f"{1 - (1 - part) * shade:.3g}" for part in ink)
                stream.stream.append(f"{red} {green} {blue} rg {red} {green} {blue} RG")
            if kind is Words:
                for words in alike:
                    assert isinstance(words, Words)
                    self.write(stream, words, place, style)
            else:
                stream.stream.append(getattr(self, PAINTED[kind])(list(alike), place, stream))

    def bars(self, rules: list[Rule], place: Place, _stream: Any) -> str:
        """Filled rectangles."""
        em = place.em
        return " ".join(
            [f"{place.at(bar.x, bar.y)} {bar.width * em:.2f} {bar.height * em:.3f} re" for bar in rules] + ["f"]
        )

    def shapes(self, shapes: list[Shape], place: Place, _stream: Any) -> str:
        """Polygons and lines."""
        parts, em = ["1 j"], place.em
        for shape in shapes:
            first, *others = (place.at(shape.x + x, shape.y + y) for x, y in shape.points)
            path = f"{first} m " + " ".join(f"{other} l" for other in others)
            dash = " ".join(f"{part * em:.2f}" for part in shape.dash)
            parts.append(f"{shape.width * em:.3f} w [{dash}] 0 d {path} S" if shape.width else f"{path} h f")
        return " ".join(parts)

    def glyphs(self, runs: list[Run], place: Place, stream: Any) -> str:
        """Runs of glyphs as one text object; WeasyPrint's own calls would cost ten times as much."""
        font, parts = self.faces.math(stream), ["BT"]
        for mark in runs:
            size, codes = mark.size * place.em, self.faces.codes(mark.glyphs)
            parts.append(f"/{font.hash} {size:.2f} Tf 1 0 0 -1 {place.at(mark.x, mark.y)} Tm <{codes}> Tj")
        return " ".join([*parts, "ET"])

    def write(self, stream: Any, words: Words, place: Place, of: Any) -> None:
        """Text in whatever font has its letters, right to left where it runs so."""
        from types import SimpleNamespace

        from weasyprint.draw.text import draw_emojis, draw_first_line
        from weasyprint.matrix import Matrix

        layout, style = self.faces.layout(words.text, self.faces.family, words.size * place.em)
        style["color"] = of["color"]
        x, y = place.left + words.x * place.em, place.base + words.y * place.em
        stream.begin_text()
        line = SimpleNamespace(text=words.text, style=style, pango_layout=layout)
        emojis = draw_first_line(stream, line, "clip", "none", Matrix(d=-1, e=x, f=y))
        stream.end_text()
        draw_emojis(stream, style, x, y, emojis)


PAINTED = {Rule: "bars", Shape: "shapes", Run: "glyphs"}
