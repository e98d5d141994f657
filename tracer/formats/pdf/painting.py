"""A job printed by WeasyPrint, its pieces painted as text that can be selected, each part marked with what it is.

WeasyPrint sets the words and turns the pages. A piece stands under an address in its `cache` option, as an image
would; `Painted` needs the two methods of WeasyPrint's images, `get_intrinsic_size` and `draw`, which are no promised
interface: WeasyPrint's minor version is pinned, and tests/test_pages.py reads the painted text back.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from tracer.errors import RenderError
from tracer.formats.pdf.job import Job, Sheet
from tracer.formats.pdf.tags import Marked, finish
from tracer.layout.box import Box, Mark, Rule, Run, Shape, Words
from tracer.layout.piece import Node, Piece

MISSING = (
    "PDF needs the Pango library, which is not installed; on Debian or Ubuntu type  "
    "sudo apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0  (HTML and JSON work without it)"
)


def printed(job: Job) -> Sheet:
    """The PDF of a job: the same bytes every time. Raises `RenderError` where Pango is missing."""
    from tracer.templates import templates

    weasyprint = imported()

    class OwnFontsOnly(weasyprint.urls.URLFetcher):  # type: ignore[misc,name-defined]
        """The fonts beside the templates, and nothing else."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            if not url.startswith((templates() / "fonts").as_uri()):
                raise ValueError("a page fetches nothing")
            return super().fetch(url, headers)

    faces, marked = Faces(job.em, job.family), list[Marked]()
    html = weasyprint.HTML(string=job.source, base_url=templates().as_uri() + "/", url_fetcher=OwnFontsOnly())
    pieces = {address: Painted(piece, faces, marked) for address, piece in job.pieces.items()}
    pages = html.render(font_config=faces.fonts, cache=pieces, pdf_variant="pdf/ua-1")
    content = pages.write_pdf(
        pdf_identifier=b"tracer",
        pdf_variant="pdf/ua-1",
        finisher=lambda _, written: finish(written, marked),
    )
    return Sheet(bytes(content), len(pages.pages))


def imported() -> Any:
    """WeasyPrint, without the 86 processes that its look-up of libraries starts (a third of a second).

    It asks `ctypes.util.find_library`, which runs ldconfig, gcc and ld, before it tries the plain names that load.
    """
    import ctypes.util

    slow, ctypes.util.find_library = ctypes.util.find_library, lambda name: None
    try:
        import weasyprint
    except OSError:
        raise RenderError(MISSING) from None
    finally:
        ctypes.util.find_library = slow
    return weasyprint


class Faces:
    """The mathematical font, and the fonts for all else, as WeasyPrint's PDF knows them."""

    def __init__(self, em: float, family: str) -> None:
        imported()
        from weasyprint.text.fonts import FontConfiguration

        self.fonts, self.em, self.family = FontConfiguration(), em, family
        self._math: Any = None

    def layout(self, text: str, family: str, size: float) -> tuple[Any, Any]:
        """A line of text, laid out by Pango, and its style."""
        from weasyprint.css.properties import INITIAL_VALUES
        from weasyprint.text.line_break import create_layout

        style = _Style(INITIAL_VALUES)
        style.font_config = self.fonts
        style.update(font_family=tuple(name.strip(' "') for name in family.split(",")), font_size=size)
        return create_layout(text, style, None, float("inf"), 0), style

    def math(self, stream: Any) -> Any:
        """The mathematical font, entered into the PDF that a stream belongs to."""
        if self._math is None:
            self._math, _ = self.layout("0", "STIX Two Math", self.em)
        line, _ = self._math.get_first_line()
        font, _ = stream.add_font(line.runs[0].data.item.analysis.font)
        return font

    def words(self, text: str) -> Box:
        """The box of a text that the mathematical font cannot write."""
        from weasyprint.text.line_break import line_size

        layout, style = self.layout(text, self.family, self.em)
        width, _ = line_size(layout.get_first_line()[0], style)
        return Box(width / self.em, 0.75, 0.25, mark=Words(0, 0, 1, text))


class _Style(dict):  # type: ignore[type-arg]
    """WeasyPrint's styles are dictionaries that also know their font configuration."""

    font_config: Any


class Painted:
    """A piece as WeasyPrint's images are: it knows its size, and draws itself."""

    def __init__(self, piece: Piece, faces: Faces, marked: list[Marked]) -> None:
        self.piece, self.faces, self.marked, self.em = piece, faces, marked, faces.em

    def get_intrinsic_size(self, _resolution: float, _font_size: float) -> tuple[float, float, float]:
        """Width, height and their ratio, in CSS pixels."""
        piece = self.piece
        width, height = max(piece.width, 0.01) * self.em, max(piece.height + piece.depth, 0.01) * self.em
        return width, height, width / height

    def draw(self, stream: Any, _width: float, _height: float, style: Any) -> None:
        """Every leaf in a marked sequence of its own; WeasyPrint has opened the first and ends the last."""
        marked = Marked(stream, self.piece.root)
        self.marked.append(marked)
        with stream.stacked():
            for n, leaf in enumerate(leaves(self.piece.root)):
                if n:
                    marked.next(leaf)
                self.paint(stream, leaf.marks, style)
            if self.piece.bars:
                marked.artifact()
                self.paint(stream, self.piece.bars, style)

    def paint(self, stream: Any, marks: tuple[Mark, ...], style: Any) -> None:
        """Mark upon mark; what follows each other of a kind in one go, as text that can be copied."""
        ink = style["color"].to("srgb").coordinates
        base = self.piece.height * self.em
        for (kind, shade), alike in groupby(marks, key=lambda mark: (type(mark), getattr(mark, "shade", 1.0))):
            red, green, blue = (f"{1 - (1 - part) * shade:.3g}" for part in ink)
            stream.stream.append(f"{red} {green} {blue} rg {red} {green} {blue} RG")
            if kind is Words:
                for words in alike:
                    assert isinstance(words, Words)
                    self.write(stream, words, base, style)
            else:
                stream.stream.append(getattr(self, PAINTED[kind])(list(alike), base, stream))

    def bars(self, rules: list[Rule], base: float, _stream: Any) -> str:
        """Filled rectangles."""
        em = self.em
        return (
            "".join(
                f"{bar.x * em:.2f} {base + bar.y * em:.2f} {bar.width * em:.2f} {bar.height * em:.3f} re "
                for bar in rules
            )
            + "f"
        )

    def shapes(self, shapes: list[Shape], base: float, _stream: Any) -> str:
        """Polygons and lines."""
        em, parts = self.em, ["1 j"]
        for shape in shapes:
            places = [f"{(shape.x + x) * em:.2f} {base + (shape.y + y) * em:.2f}" for x, y in shape.points]
            path = f"{places[0]} m " + " ".join(f"{place} l" for place in places[1:])
            dash = " ".join(f"{part * em:.2f}" for part in shape.dash)
            parts.append(f"{shape.width * em:.3f} w [{dash}] 0 d {path} S" if shape.width else f"{path} h f")
        return " ".join(parts)

    def glyphs(self, runs: list[Run], base: float, stream: Any) -> str:
        """Runs of glyphs as one text object; WeasyPrint's own calls would cost ten times as much."""
        font, parts, em = self.faces.math(stream), ["BT"], self.em
        for mark in runs:
            for glyph in mark.glyphs:
                if glyph.number not in font.widths:
                    font.to_unicode[glyph.number] = glyph.text
                    font.widths[glyph.number] = round(glyph.advance * 1000)
            codes = "".join(f"{glyph.number:04x}" for glyph in mark.glyphs)
            at = f"{mark.x * em:.2f} {base + mark.y * em:.2f}"
            parts.append(f"/{font.hash} {mark.size * em:.2f} Tf 1 0 0 -1 {at} Tm <{codes}> Tj")
        return " ".join([*parts, "ET"])

    def write(self, stream: Any, words: Words, base: float, of: Any) -> None:
        """Text in whatever font has its letters, right to left where it runs so."""
        from types import SimpleNamespace

        from weasyprint.draw.text import draw_emojis, draw_first_line
        from weasyprint.matrix import Matrix

        layout, style = self.faces.layout(words.text, self.faces.family, words.size * self.em)
        style["color"] = of["color"]
        x, y = words.x * self.em, base + words.y * self.em
        stream.begin_text()
        line = SimpleNamespace(text=words.text, style=style, pango_layout=layout)
        emojis = draw_first_line(stream, line, "clip", "none", Matrix(d=-1, e=x, f=y))
        stream.end_text()
        draw_emojis(stream, style, x, y, emojis)


PAINTED = {Rule: "bars", Shape: "shapes", Run: "glyphs"}


def leaves(node: Node) -> Iterator[Node]:
    """The nodes that hold marks, in reading order."""
    if not node.kids:
        yield node
    for kid in node.kids:
        yield from leaves(kid)
