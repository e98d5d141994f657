"""A document as PDF: WeasyPrint sets the words and turns the pages, our own layout the formulas. WeasyPrint's home.

A formula is laid out in boxes (`layout/`) and painted as text onto the PDF's stream, through an image object
that stands in WeasyPrint's `cache` option under the formula's address. The object needs two methods of
WeasyPrint's images, `get_intrinsic_size` and `draw`, which are no promised interface: WeasyPrint's minor
version is pinned, and tests/test_pages.py reads the painted text back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape
from typing import Any

from tracer.document import HEAD, LABEL, Chain, Document, Em, Equation, Grid, Line
from tracer.errors import RenderError
from tracer.expr import Add, Expr, Neg, Num
from tracer.formats import documents
from tracer.layout.box import Box, Rule, lines, overlaid, row, scaled, space
from tracer.layout.font import math_font
from tracer.notation.boxes import Boxes
from tracer.notation.plain import Plain
from tracer.show import bracketed, show, shown
from tracer.style import Style

MISSING = (
    "PDF needs the Pango library, which is not installed; on Debian or Ubuntu type  "
    "sudo apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0  (HTML and JSON work without it)"
)
EM = 14.0  # the size of the text in CSS pixels: 10.5 points
COLUMN = {"A4": 170 / 25.4 * 96 / EM, "letter": 175.9 / 25.4 * 96 / EM}  # the width of the text in em
NAMES = 5.0  # where the first sign of a chain stands, in em
INDENT = 1.5
LEADING = 0.45
REMARK = 0.92  # the size of a remark
WIDEST_ENTRY = 0.75  # of the column: a formula in a line of text or in a table
MOST_IN_TABLE = 400  # entries of a table; WeasyPrint takes milliseconds for each
ROWS, LINE, GAP = 40, 1.5, 0.9  # of a painted grid: rows on a page, from line to line, between columns (em)


@documents.register(".pdf")
def pdf(document: Document) -> bytes:
    """Pages with running title and page numbers, real text throughout; the same bytes every time.

    Raises `RenderError` where Pango is missing.
    """
    from tracer.page import page
    from tracer.templates import templates

    try:
        import weasyprint
        from weasyprint.text.fonts import FontConfiguration
    except OSError:
        raise RenderError(MISSING) from None

    class OwnFontsOnly(weasyprint.urls.URLFetcher):  # type: ignore[misc]
        """The fonts beside the templates, and nothing else."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            if not url.startswith((templates() / "fonts").as_uri()):
                raise ValueError("a page fetches nothing")
            return super().fetch(url, headers)

    fonts = FontConfiguration()
    paper = Paper(document.style, Face(fonts))
    source = page(document, paper)
    html = weasyprint.HTML(string=source, base_url=templates().as_uri() + "/", url_fetcher=OwnFontsOnly())
    return bytes(html.write_pdf(font_config=fonts, cache=paper.painted, pdf_identifier=b"tracer"))


class Paper:
    """Formulas as boxes, each under an address of its own for WeasyPrint to find."""

    medium = "print"

    def __init__(self, style: Style, face: Face) -> None:
        self.face = face
        self.boxes = Boxes(math_font(), style.signs)
        self.plain = Plain(style.signs)
        self.width = COLUMN[style.size]
        self.painted: dict[str, Painted] = {}

    def inline(self, expr: Expr) -> str:
        """A formula in a line of text; a plain decimal is text like any other."""
        if is_plain_number(expr):
            return show(expr, self.plain)
        return self.image(fitted(show(expr, self.boxes), self.width * WIDEST_ENTRY), show(expr, self.plain))

    def equation(self, equation: Equation) -> str:
        """All sides, over several lines if they are too wide."""
        parts: list[Box] = []
        spoken = []
        for sign, expr in equation.sides:
            words = self.boxes.upright(sign + " ") if sign.startswith(",") else None
            before = words or (self.boxes.operator(sign) if sign else space(0))
            parts += [row([before, first]) if n == 0 else first for n, first in enumerate(self.pieces(expr))]
            spoken.append(f"{sign} {show(expr, self.plain)}".strip())
        return self.image(self.paragraph(parts, self.width - 2 * INDENT, 2.0), " ".join(spoken))

    def chain(self, chain: Chain) -> str:
        """Name, links and remark, with the signs of all chains of a page below each other."""
        name = show(chain.name, self.boxes)
        parts: list[Box] = []
        spoken = [show(chain.name, self.plain)]
        for n, (sign, expr) in enumerate(chain.links, 1):
            pieces = self.pieces(expr)
            pieces[0] = row([self.boxes.operator(sign), pieces[0]])
            if n == len(chain.links):
                pieces[-1] = row([pieces[-1], self.boxes.upright(chain.unit)])
            parts += pieces
            spoken.append(f"{sign} {show(expr, self.plain)}")
        if chain.remark:
            remark = row([self.boxes.upright("("), self.words(chain.remark), self.boxes.upright(")")])
            parts.append(row([space(0.5), scaled(remark, REMARK)]))
            spoken.append(f"({self.text(chain.remark)})")
        start = max(NAMES, name.width)
        body = self.paragraph(parts, self.width - INDENT - start, 1.2)
        return self.image(row([space(start - name.width), name, body]), " ".join(spoken))

    def large_grid(self, grid: Grid, columns: range) -> list[str]:
        """A grid with more entries than WeasyPrint's tables bear: painted, a piece for as many rows as a page takes."""
        if len(grid.rows) * len(grid.columns) <= MOST_IN_TABLE:
            return []
        starts = range(0, len(grid.rows), ROWS)
        return [self.piece(grid, columns, range(n, min(n + ROWS, len(grid.rows)))) for n in starts]

    def piece(self, grid: Grid, columns: range, rows: range) -> str:
        """Some rows and columns of a grid: labels at the left and on top, numbers flush right between two bars."""
        cells = [[self.entry(grid.cells[r][c]) for c in columns] for r in rows]
        heads = [scaled(self.boxes.upright(short_label(grid.columns[c], HEAD)), REMARK) for c in columns]
        labels = [scaled(self.boxes.upright(short_label(grid.rows[r], LABEL)), REMARK) for r in rows]
        name = row([show(grid.name, self.boxes), self.boxes.operator(grid.sign)])
        left = name.width + 0.5 + max(label.width for label in labels) + 0.6
        widths = [max(box.width for box in column) for column in zip(heads, *cells, strict=True)]
        ends = [left + sum(widths[: n + 1]) + GAP * n + GAP / 2 for n in range(len(widths))]
        placed = [(end - head.width, 0.0, head) for end, head in zip(ends, heads, strict=True)]
        placed.append((0.0, LINE * (len(rows) + 1) / 2, name))
        for n, (label, entries) in enumerate(zip(labels, cells, strict=True), 1):
            placed.append((name.width + 0.5, LINE * n, label))
            placed += [(end - box.width, LINE * n, box) for end, box in zip(ends, entries, strict=True)]
        body = overlaid(placed)
        top, height = LINE * 0.3, LINE * len(rows)
        bars = tuple(Rule(x, top, self.boxes.rule, height) for x in (left, ends[-1] + GAP / 2))
        spoken = "; ".join(f"{grid.rows[r]}: " + ", ".join(self.said(grid.cells[r][c]) for c in columns) for r in rows)
        return self.image(replace(body, marks=body.marks + bars), f"{show(grid.name, self.plain)} {grid.sign} {spoken}")

    def entry(self, cell: Expr | str) -> Box:
        """An entry of a grid as a box."""
        return self.boxes.upright(cell) if isinstance(cell, str) else show(cell, self.boxes)

    def pieces(self, expr: Expr) -> list[Box]:
        """An expression as boxes between which a line may end: before the signs of a sum."""
        if not isinstance(expr, Add):
            return [show(expr, self.boxes)]
        pieces = []
        for n, term in enumerate(expr.terms):
            sign, body = ("−", term.body) if isinstance(term, Neg) and n else ("+", term)
            box = bracketed(shown(body, self.boxes), 1 if n else 0, self.boxes)
            pieces.append(row([self.boxes.operator(sign), box]) if n else box)
        return pieces

    def paragraph(self, parts: Sequence[Box], width: float, hanging: float) -> Box:
        """Boxes in lines no wider than `width`; lines after the first begin a little further in."""
        rows: list[list[Box]] = [[]]
        used = 0.0
        for part in (fitted(part, width - hanging) for part in parts):
            if used + part.width > width and rows[-1]:
                rows.append([space(hanging)])
                used = hanging
            rows[-1].append(part)
            used += part.width
        return lines([row(line) for line in rows], LEADING)

    def words(self, line: Line) -> Box:
        """A line of words and formulas as one box."""
        boxes = self.boxes
        return row(
            boxes.upright(p)
            if isinstance(p, str)
            else boxes.upright(p.text)
            if isinstance(p, Em)
            else show(p.expr, boxes)
            for p in line
        )

    def text(self, line: Line) -> str:
        """A line of words and formulas as plain text."""
        parts = (p if isinstance(p, str) else p.text if isinstance(p, Em) else show(p.expr, self.plain) for p in line)
        return "".join(parts)

    def said(self, cell: Expr | str) -> str:
        """An entry of a grid as plain text."""
        return cell if isinstance(cell, str) else show(cell, self.plain)

    def image(self, box: Box, spoken: str) -> str:
        """The element that stands for a box in the page."""
        address = f"formula:{len(self.painted)}"
        self.painted[address] = Painted(box, self.face)
        return f'<img src="{address}" alt="{escape(spoken)}" style="vertical-align:{-box.depth * EM:.3f}px">'


def fitted(box: Box, width: float) -> Box:
    """A box no wider than this: what cannot be broken is set smaller."""
    return box if box.width <= width else scaled(box, width / box.width)


def is_plain_number(expr: Expr) -> bool:
    """A number that is the same as text: no fraction, no root."""
    return isinstance(expr, Num) and (expr.places is not None or expr.value.denominator == 1)


def short_label(label: str, most: int) -> str:
    """A label that leaves room for the numbers."""
    return label if len(label) <= most else label[: most - 1] + "…"


class Face:
    """The mathematical font as WeasyPrint's PDF knows it."""

    def __init__(self, fonts: Any) -> None:
        self.fonts = fonts
        self._layout: Any = None

    def on(self, stream: Any) -> Any:
        """The font, entered into the PDF that a stream belongs to."""
        if self._layout is None:
            from weasyprint.css.properties import INITIAL_VALUES
            from weasyprint.text.line_break import create_layout

            style = _Style(INITIAL_VALUES)
            style.font_config = self.fonts
            style.update(font_family=("STIX Two Math",), font_size=EM)
            self._layout = create_layout("0", style, None, float("inf"), 0)
        line, _ = self._layout.get_first_line()
        font, _ = stream.add_font(line.runs[0].data.item.analysis.font)
        return font


class _Style(dict):  # type: ignore[type-arg]
    """WeasyPrint's styles are dictionaries that also know their font configuration."""

    font_config: Any


class Painted:
    """A box as WeasyPrint's images are: it knows its size, and draws itself."""

    def __init__(self, box: Box, face: Face) -> None:
        self.box, self.face = box, face

    def get_intrinsic_size(self, _resolution: float, _font_size: float) -> tuple[float, float, float]:
        """Width, height and their ratio, in CSS pixels."""
        width, height = max(self.box.width, 0.01) * EM, max(self.box.total, 0.01) * EM
        return width, height, width / height

    def draw(self, stream: Any, _width: float, _height: float, style: Any) -> None:
        """Rules as filled rectangles, glyphs as text that can be copied."""
        font = self.face.on(stream)
        base = self.box.height * EM
        with stream.stacked():
            stream.set_color(style["color"])
            rules = [mark for mark in self.box.marks if isinstance(mark, Rule)]
            for bar in rules:
                stream.rectangle(bar.x * EM, base + bar.y * EM, bar.width * EM, bar.height * EM)
            if rules:
                stream.fill()
            stream.begin_text()
            for mark in self.box.marks:
                if isinstance(mark, Rule):
                    continue
                for glyph in mark.glyphs:
                    font.to_unicode.setdefault(glyph.number, glyph.text)
                    font.widths.setdefault(glyph.number, round(glyph.advance * 1000))
                stream.set_font_size(font.hash, mark.size * EM)
                stream.set_text_matrix(1, 0, 0, -1, mark.x * EM, base + mark.y * EM)
                stream.show_text("<" + "".join(f"{glyph.number:04x}" for glyph in mark.glyphs) + ">")
            stream.end_text()
