"""A document as HTML text in a notation: what the browser shows, and what WeasyPrint turns into PDF. Jinja2's home."""

from __future__ import annotations

import base64
from functools import lru_cache
from pathlib import Path
from typing import Any

from tracer import __version__
from tracer.document import Document, bands
from tracer.expr import Add, Expr
from tracer.notation.plain import plain
from tracer.show import Notation, bracketed, show, shown

WIDTH = {"screen": 76, "print": 78}  # characters that a grid may be wide
LONG = 4  # terms of a sum before it may be broken over lines


@lru_cache
def templates() -> Path:
    """The folder with the templates: inside the installed package, or at the top of a checkout."""
    inside = Path(__file__).parent / "templates"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "templates"


def page(document: Document, notation: Notation, medium: str) -> str:
    """The document as one HTML page for a medium, "screen" or "print"."""
    template = _environment().get_template("page.html.j2")
    text: str = template.render(
        document=document,
        medium=medium,
        version=__version__,
        pieces=lambda expr: _pieces(expr, notation),
        math=lambda expr: _math(show(expr, notation), medium),
        display=lambda expr: _math(show(expr, notation), medium, ' displaystyle="true"'),
        bands=lambda grid: bands(grid, WIDTH[medium], measure),
    )
    return text


@lru_cache
def _environment() -> Any:
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates()),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["kind"] = lambda block: type(block).__name__
    environment.globals["style"] = lambda name: Markup((templates() / name).read_text("utf-8"))  # noqa: S704  our own style sheets
    environment.globals["font"] = lambda name: base64.b64encode((templates() / "fonts" / name).read_bytes()).decode()
    return environment


def _math(text: str, medium: str, style: str = "") -> Any:
    from markupsafe import Markup

    return Markup(  # noqa: S704  the notations escape what people typed
        f"<math{style}>{text}</math>" if medium == "screen" else f'<span class="m">{text}</span>'
    )


def _pieces(expr: Expr, notation: Notation) -> list[tuple[str, str]]:
    """An expression in pieces that may stand on different lines, each behind its sign."""
    if not isinstance(expr, Add) or len(expr.terms) <= LONG:
        return [("", show(expr, notation))]
    first, *others = expr.terms
    return [("", show(first, notation)), *(("+", bracketed(shown(term, notation), 1, notation)) for term in others)]


def measure(cell: Expr | str) -> int:
    """How wide an entry of a grid is, in characters."""
    return len(cell if isinstance(cell, str) else show(cell, plain))
