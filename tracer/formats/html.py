"""A document as one HTML file: MathML, no script, nothing fetched."""

from __future__ import annotations

from html import escape

from tracer.document import Chain, Document, Em, Equation, Line
from tracer.expr import Add, Expr
from tracer.formats import documents
from tracer.notation.mathml import MathML
from tracer.show import bracketed, show, shown
from tracer.style import Style

LONG = 4  # terms of a sum before it may be broken over lines


@documents.register(".html")
def html(document: Document) -> bytes:
    """One self-contained file that any browser shows, on a phone too."""
    from tracer.page import page

    return page(document, Screen(document.style)).encode()


class Screen:
    """Formulas as MathML; a long chain breaks where the browser's line ends, before = and before +."""

    def __init__(self, style: Style) -> None:
        self.mathml = MathML(style.signs)

    def inline(self, expr: Expr) -> str:
        """A formula in a line of text."""
        return f"<math>{show(expr, self.mathml)}</math>"

    def equation(self, equation: Equation) -> str:
        """All sides in one line."""
        sides = []
        for sign, expr in equation.sides:
            word = f"{sign} " if sign.startswith(",") else f" {_sign(sign)} " if sign else ""
            sides.append(word + _display(show(expr, self.mathml)))
        return "".join(sides)

    def chain(self, chain: Chain) -> str:
        """Name and links; each link may stand on a line of its own."""
        links = "".join(f' <span class="link">{_sign(sign)} {self._pieces(expr)}</span>' for sign, expr in chain.links)
        remark = f' <span class="remark">({self._line(chain.remark)})</span>' if chain.remark else ""
        return f'<span class="name">{_display(show(chain.name, self.mathml))}</span>{links}{escape(chain.unit)}{remark}'

    def _line(self, line: Line) -> str:
        parts = [
            self.inline(p.expr) if not isinstance(p, str | Em) else escape(p if isinstance(p, str) else p.text)
            for p in line
        ]
        return "".join(parts)

    def _pieces(self, expr: Expr) -> str:
        """An expression, a long sum in pieces that may stand on different lines."""
        if not isinstance(expr, Add) or len(expr.terms) <= LONG:
            return _display(show(expr, self.mathml))
        first, *others = (bracketed(shown(term, self.mathml), 1, self.mathml) for term in expr.terms)
        return _display(first) + "".join(f" {_sign('+')} {_display(term)}" for term in others)


def _display(text: str) -> str:
    return f'<math displaystyle="true">{text}</math>'


def _sign(sign: str) -> str:
    return f"<math><mo>{sign}</mo></math>"
