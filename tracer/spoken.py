"""The blocks of a document in spoken words: what a screen reader says where the page shows a formula."""

from __future__ import annotations

from collections.abc import Sequence

from tracer.document import Blank, Chain, Document, Em, Entry, Equation, Grid, Judged, Line, Link
from tracer.expr import Expr
from tracer.notation.speech import Speech
from tracer.show import show

MATRICES = {
    "=": "{name} equals the matrix with columns {columns}: {rows}",
    "≈": "{name} is approximately the matrix with columns {columns}: {rows}",
    "": "{name} as it was filled in, with columns {columns}: {rows}",
}
VECTORS = {
    "=": "{name} equals: {rows}",
    "≈": "{name} is approximately: {rows}",
    "": "{name} as it was filled in: {rows}",
}


class Spoken:
    """Speaks one document, a block when somebody asks for it."""

    def __init__(self, document: Document) -> None:
        self.say = document.style.language
        self.speech = Speech(document.style.signs, self.say, document.labels)

    def inline(self, expr: Expr) -> str:
        """A formula in a line of text."""
        return show(expr, self.speech)

    def line(self, line: Line) -> str:
        """A line of words and formulas."""
        return "".join(
            p
            if isinstance(p, str)
            else p.text
            if isinstance(p, Em)
            else self.line(p.line)
            if isinstance(p, Link)
            else self.inline(p.expr)
            for p in line
        )

    def equation(self, equation: Equation) -> str:
        """All sides of a displayed formula, without what is said behind it."""
        return self._joined(equation.sides)

    def chain(self, chain: Chain) -> str:
        """A worked number: its name, every link, its unit, and what is said behind it."""
        text = self._joined((("", chain.name), *chain.links))
        if chain.unit == "°":
            text = self.say.text("{number} degrees", number=text)
        return f"{text}, {self.line(chain.remark)}" if chain.remark else text

    def grid(self, grid: Grid, rows: range, columns: range) -> str:
        """Some rows and columns of a matrix, row by row under the labels of the columns."""
        separator = f"{self.speech.signs.separator} "
        entries = [separator.join(self.entry(grid.cells[r][c]) for c in columns) for r in rows]
        if any(grid.rows):
            pairs = zip((grid.rows[r] for r in rows), entries, strict=True)
            entries = [self.say.text("row {label}: {entries}", label=label, entries=row) for label, row in pairs]
        heads, name = separator.join(grid.columns[c] for c in columns), self.inline(grid.name)
        template = (MATRICES if heads else VECTORS)[grid.sign]
        return self.say.text(template, name=name, columns=heads, rows="; ".join(entries))

    def entry(self, cell: Entry) -> str:
        """An entry of a matrix, or the word that stands in its place; what was filled in, and its verdict."""
        if isinstance(cell, Blank):
            return (
                self.say.text("{number}: to fill in", number=cell.says)
                if cell.answer is None
                else self.entry(cell.answer)
            )
        if isinstance(cell, Judged):
            return self.say.text("{number}: {verdict}", number=cell.text, verdict=cell.word)
        return cell if isinstance(cell, str) else self.inline(cell)

    def _joined(self, sides: Sequence[tuple[str, Expr]]) -> str:
        """Sides of a formula; a comma, which is heard as a pause, stands before every relation but a first one."""
        text = pause = ""
        for sign, expr in sides:
            if not sign or sign.startswith(","):
                text, pause = text + f"{sign} ".lstrip(), ""
            else:
                text, pause = text + pause + self.speech.operator(sign), ","
            text += self.inline(expr)
        return text
