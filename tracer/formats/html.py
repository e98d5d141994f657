"""A document as one HTML file: MathML, a small script for looking things up, nothing fetched."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from tracer.document import Chain, Document, Em, Equation, Line, Link
from tracer.expr import Add, Expr
from tracer.formats import documents
from tracer.notation.mathml import MathML
from tracer.show import addends, show
from tracer.spoken import Spoken

LONG = 2  # terms of a sum before it may be broken over lines


@documents.register(".html")
def html(document: Document) -> bytes:
    """One self-contained file that any browser shows, on a phone too."""
    from tracer.page import page

    return page(document, Screen(document)).encode()


class Screen:
    """Formulas as MathML; a long chain breaks where the browser's line ends, before = and before +.

    A line may end between two <math> elements and never inside one: so a sign stands in one with what follows it.
    """

    def __init__(self, document: Document) -> None:
        self.mathml = MathML(document.style.signs)
        self.spoken = Spoken(document)

    def inline(self, expr: Expr) -> str:
        """A formula in a line of text."""
        return f"<math>{show(expr, self.mathml)}</math>"

    def equation(self, equation: Equation) -> str:
        """All sides, each with the sign before it."""
        sides = []
        for sign, expr in equation.sides:
            is_words = sign.startswith(",")
            sides.append((f"{escape(sign)} " if is_words else " ") + self._pieces("" if is_words else sign, expr))
        return "".join(sides).strip()

    def chain(self, chain: Chain) -> str:
        """Name and links; each link may stand on a line of its own. The name is a link to itself."""
        name = _display(show(chain.name, self.mathml))
        before = [f'<span class="link">{self._pieces(sign, expr)}</span>' for sign, expr in chain.links[:-1]]
        value = [
            f'<span class="link value">{self._pieces(sign, expr)}{escape(chain.unit)}</span>'
            for sign, expr in chain.links[-1:]
        ]
        remark = [f'<span class="remark">({self._line(chain.remark)})</span>'] if chain.remark else []
        address = (
            f' href="#{quote(chain.anchor, safe=",")}" title="{escape(self.spoken.inline(chain.name))}"'
            if chain.anchor
            else ""
        )
        return " ".join([f'<a class="name"{address}>{name}</a>', *before, *value, *remark])

    def _line(self, line: Line) -> str:
        return "".join(
            escape(p)
            if isinstance(p, str)
            else escape(p.text)
            if isinstance(p, Em)
            else self._line(p.line)
            if isinstance(p, Link)
            else self.inline(p.expr)
            for p in line
        )

    def _pieces(self, sign: str, expr: Expr) -> str:
        """An expression behind its sign, a long sum in pieces that may stand on different lines."""
        if not isinstance(expr, Add) or len(expr.terms) <= LONG:
            return _display(show(expr, self.mathml), sign)
        return " ".join(_display(text, between or sign) for between, _, text in addends(expr.terms, self.mathml))


def _display(text: str, sign: str = "") -> str:
    before = f'<mo form="infix" lspace="0.05em">{sign}</mo>' if sign else ""
    return f'<math displaystyle="true">{before}{text}</math>'
