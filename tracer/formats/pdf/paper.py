"""A document made ready for the printer: its page as HTML, and its formulas, matrices and pictures as pieces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from tracer.document import Block, Chain, Document, Equation, Grid, Picture, Together
from tracer.expr import Expr
from tracer.formats.pdf import drawings, grids, sheets
from tracer.formats.pdf.job import Job
from tracer.formats.pdf.setting import Setting, is_plain_number
from tracer.layout.box import Box
from tracer.layout.piece import Piece
from tracer.page import filled
from tracer.show import show
from tracer.style import PIXELS, pixels, sides

if TYPE_CHECKING:
    from tracer.formats.pdf.painting import Faces

Run = list[Any]  # of chains, of grids, or of pictures
NARROW = 0.45  # of the column: one of two pictures beside each other, as in print.css
FAMILY = "STIX Two Text, STIX Two Math, STIX Two Text Extended, STIX Two Text Greek, STIX Two Text Cyrillic, serif"


def job_of(document: Document) -> Job:
    """A document ready for the printer."""
    paper = Paper(document)
    source = filled("print.html.j2", document, paper.typeset(), arranged=paper.arranged)
    code = document.code if document.is_form else ""
    return Job(source, paper.pieces, paper.em, paper.family, code, document.attached)


class Others:
    """The boxes of texts with letters that the mathematical font lacks: Pango measures them."""

    def __init__(self, em: float, family: str) -> None:
        self.em, self.family = em, family
        self._faces: Faces | None = None

    def words(self, text: str) -> Box:
        """The box of a text."""
        from tracer.formats.pdf.painting import Faces, House

        if self._faces is None:
            self._faces = Faces(House.opened().fonts, self.em, self.family)
        return self._faces.words(text)


class Paper:
    """Blocks as images for WeasyPrint to find, each under an address of its own."""

    def __init__(self, document: Document) -> None:
        style = document.style
        self.em = pixels(style.text)
        self.family = ", ".join(family for family in (style.font, FAMILY) if family)
        above, _, below, _ = sides(style.margins)
        height = (style.paper[1] * PIXELS["mm"] - above - below) / self.em
        self.setting = Setting(document, style.column, height, Others(self.em, self.family).words)
        self.pieces: dict[str, Piece] = {}

    def typeset(self) -> dict[str, Callable[[Any], str]]:
        """What the template calls for each kind of block."""
        return {
            "math": self.inline,
            "equation_of": self.equation,
            "run_of": self.run,
            "picture_of": self.picture,
            "running_of": lambda text: self.image(self.setting.running(text)),
            "room_of": lambda room: "".join(map(self.image, sheets.room(self.setting, room))),
            "fields_of": lambda fields: self.image(sheets.fields(self.setting, fields)),
        }

    def arranged(self, blocks: Sequence[Block]) -> list[Block | Run]:
        """The blocks; worked numbers that follow each other, matrices, and two narrow pictures, in one list."""
        found: list[Block | Run] = []
        for block in blocks:
            for part in block.blocks if isinstance(block, Together) else (block,):
                if not isinstance(part, Chain | Grid) and not self.is_narrow(part):
                    found.append(part)
                elif found and self.joins(found[-1], part):
                    found[-1].append(part)  # type: ignore[union-attr]
                else:
                    found.append([part])
        return found

    def joins(self, run: Block | Run, part: Block) -> bool:
        """Whether a block stands in one list with those before it."""
        if not isinstance(run, list) or type(run[0]) is not type(part):
            return False
        return not isinstance(part, Picture) or len(run) < 2

    def is_narrow(self, block: Block) -> bool:
        """A picture beside which another one fits."""
        return isinstance(block, Picture) and block.drawing.width <= NARROW * self.setting.width

    def inline(self, expr: Expr) -> str:
        """A formula in a line of text; a plain decimal is text like any other."""
        if is_plain_number(expr):
            return show(expr, self.setting.plain)
        return self.level(self.setting.inline(expr))

    def equation(self, equation: Equation) -> str:
        """All sides, over several lines if they are too wide."""
        piece = self.setting.equation(equation)
        return self.level(piece) if equation.remark else self.image(piece)

    def run(self, run: Run) -> str:
        """Worked numbers or matrices, in pieces between which a page may end."""
        pieces = grids.pieces(self.setting, run) if isinstance(run[0], Grid) else self.setting.chains(run)
        return "".join(map(self.image, pieces))

    def picture(self, picture: Picture) -> str:
        """A drawing, no wider than the column."""
        return self.image(drawings.piece(picture, self.setting.boxes, self.setting.width))

    def level(self, piece: Piece) -> str:
        """The element of a piece whose baseline is that of the words beside it."""
        return self.image(piece, f"vertical-align:{-piece.depth * self.em:.3f}px")

    def image(self, piece: Piece, style: str = "") -> str:
        """The element that stands for a piece in the page."""
        address = f"piece:{len(self.pieces)}"
        self.pieces[address] = piece
        said = escape(piece.root.says) if piece.root.role == "Figure" else "-"
        where = f' style="{style}"' if style else ""
        return f'<img src="{address}" alt="{said}"{where}>'
