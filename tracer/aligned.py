r"""Displayed formulas as rows of LaTeX, below each other at their signs, for pdflatex and for MathJax.

A row that is too long is broken before = and ≈, and before the + of a sum. How wide a piece will be is told by
laying it out (`notation/boxes.py`): the mathematical fonts of TeX are within a few percent of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from tracer.document import Block, Chain, Em, Equation, Line, Link, flat
from tracer.expr import Add, Expr
from tracer.layout.box import Box, space
from tracer.layout.font import math_font
from tracer.notation.boxes import Boxes
from tracer.notation.latex import Latex
from tracer.show import Signs, addends, show
from tracer.tex_words import readable

RELATIONS = {"=": "= ", "≈": r"\approx "}
HANGING = 1.0  # how far in a broken sum goes on, in em
WIDE = 0.6  # of a letter that no font of ours has
THIN = 0.17  # the space that TeX puts beside a bracket that grows, in em
WIDER = 1.1  # the fonts of TeX, against ours: more room around a dot and a bracket


def in_turn(blocks: Sequence[Block]) -> Iterator[Block | list[Chain]]:
    """The blocks one after the other, groups opened, the chains that follow each other as one list."""
    for is_chain, group in groupby(flat(blocks), key=lambda block: isinstance(block, Chain)):
        if is_chain:
            yield [block for block in group if isinstance(block, Chain)]
        else:
            yield from group


class Piece(NamedTuple):
    """Source that is not broken, its width in em, and whether a link of the chain begins with it."""

    source: str
    width: float
    is_link: bool = False


class Ruler(Boxes):
    """Lays formulas out to see how wide they will be: a name that TeX has no letters for is spelled out there."""

    def name(self, text: str) -> Box:
        """A name, or what it is spelled out as."""
        spelled = readable(text)
        return super().name(text) if spelled == text else self.upright(spelled)


class Rows:
    """Chains and equations as rows of an alignment.

    `words` is how text is written inside a formula, `width` the width of the column in em, and `fitted` how a piece
    that is wider than this is set smaller.
    """

    def __init__(
        self, signs: Signs, words: Callable[[str], str], width: float, fitted: Callable[[str, float], str]
    ) -> None:
        self.tex, self.ruler = Latex(signs), Ruler(math_font(), signs, lambda text: space(WIDE * len(text)))
        self.words, self.width, self.fitted = words, width, fitted

    def chains(self, chains: Sequence[Chain]) -> list[str]:
        """A row for each chain, more where it is too long: the name, & and the links."""
        names = max(self.measure(chain.name) for chain in chains)
        rows = []
        for chain in chains:
            lines = self.broken(self.links(chain), self.width - names)
            rows += [f"{show(chain.name, self.tex)} &{lines[0]}", *(f"&{line}" for line in lines[1:])]
        return rows

    def equation(self, equation: Equation) -> list[str]:
        """All sides in one row, or in several, and behind them what is said of them."""
        parts: list[Piece] = []
        for sign, expr in equation.sides:
            before = RELATIONS.get(sign, self.spoken((f"{sign} ",)) if sign else "")
            first, *others = self.pieces(expr)
            parts += [Piece(before + first.source, first.width + self.widths((sign,)), is_link=True), *others]
        return self.broken(parts, self.width)

    def links(self, chain: Chain) -> list[Piece]:
        """The links of a chain, its unit and its remark in pieces between which a row may end."""
        parts: list[Piece] = []
        for sign, expr in chain.links:
            first, *others = self.pieces(expr)
            parts += [Piece(RELATIONS[sign] + first.source, first.width + 1.4, is_link=True), *others]
        if chain.unit:
            unit = r"^{\circ}" if chain.unit == "°" else self.spoken((chain.unit,))
            parts[-1] = parts[-1]._replace(source=parts[-1].source + unit)
        return parts + self.remark(chain.remark)

    def remark(self, line: Line) -> list[Piece]:
        """What is said behind a formula, in brackets."""
        if not line:
            return []
        return [Piece(rf"\quad ({self.spoken(line)})", self.widths(line) + 2, is_link=True)]

    def pieces(self, expr: Expr) -> list[Piece]:
        """An expression in pieces between which a row may end: before the signs of a sum."""
        if not isinstance(expr, Add):
            return [Piece(show(expr, self.tex), self.measure(expr))]
        found = []
        for sign, body, source in addends(expr.terms, self.tex):
            before = f" {sign.replace('−', '-')} " if sign else ""
            found.append(Piece(before + source, self.measure(body) + 1.4 * bool(sign)))
        return found

    def broken(self, parts: Sequence[Piece], width: float) -> list[str]:
        """Pieces in rows no wider than this."""
        rows, used = [""], 0.0
        for part in parts:
            source, wide = part.source, part.width
            if wide > width - HANGING:
                source, wide = self.fitted(source, width - HANGING), width - HANGING
            if used + wide > width and rows[-1]:
                rows.append("" if part.is_link else r"\quad {}")
                used = 0.0 if part.is_link else HANGING
            rows[-1] += f" {source}" if rows[-1] and part.is_link else source
            used += wide
        return rows

    def spoken(self, line: Line) -> str:
        """A line of words and formulas inside a formula."""
        return "".join(
            rf"\text{{{self.words(p)}}}"
            if isinstance(p, str)
            else rf"\text{{{self.words(f'“{p.text}”')}}}"
            if isinstance(p, Em)
            else self.spoken(p.line)
            if isinstance(p, Link)
            else show(p.expr, self.tex)
            for p in line
        )

    def measure(self, expr: Expr) -> float:
        """How wide an expression will be, in em."""
        return show(expr, self.ruler).width * WIDER + show(expr, self.tex).count(r"\left(") * THIN

    def widths(self, line: Line) -> float:
        """How wide a line of words and formulas will be, in em."""
        boxes = self.ruler
        return sum(
            boxes.upright(p if isinstance(p, str) else p.text).width * WIDER
            if isinstance(p, str | Em)
            else self.widths(p.line)
            if isinstance(p, Link)
            else self.measure(p.expr)
            for p in line
        )
