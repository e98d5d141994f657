"""A document as HTML text: what the browser shows, and what WeasyPrint turns into PDF. Jinja2's home.

How a formula looks is the typesetter's: MathML for the screen (`formats/html.py`), painted boxes for paper
(`formats/pdf.py`).
"""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import Any, Protocol

from tracer import __version__
from tracer.document import Chain, Document, Equation, Grid, bands
from tracer.expr import Expr
from tracer.notation.plain import plain
from tracer.show import show
from tracer.templates import templates

WIDTH = 78  # characters that a grid may be wide before it is cut into bands


class Typesetter(Protocol):
    """Turns formulas into HTML for one medium, "screen" or "print"."""

    @property
    def medium(self) -> str:
        """Which medium."""
        ...

    def inline(self, expr: Expr) -> str:
        """A formula in a line of text."""
        ...

    def equation(self, equation: Equation) -> str:
        """A displayed formula, all its sides."""
        ...

    def chain(self, chain: Chain) -> str:
        """A worked number, all its links, over several lines if it must."""
        ...

    def large_grid(self, grid: Grid, columns: range) -> list[str]:
        """A grid too large for a table, in pieces; none where a table will do."""
        ...


def page(document: Document, typesetter: Typesetter) -> str:
    """The document as one HTML page."""
    from markupsafe import Markup

    template = _environment().get_template("page.html.j2")
    text: str = template.render(
        document=document,
        medium=typesetter.medium,
        version=__version__,
        math=lambda expr: Markup(typesetter.inline(expr)),  # noqa: S704  typesetters escape what people typed
        equation_of=lambda block: Markup(typesetter.equation(block)),  # noqa: S704
        chain_of=lambda block: Markup(typesetter.chain(block)),  # noqa: S704
        pieces_of=lambda grid, columns: list(map(Markup, typesetter.large_grid(grid, columns))),
        bands=lambda grid: bands(grid, WIDTH, measure),
    )
    return text.lstrip()


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
    environment.globals["style"] = lambda name: Markup((templates() / name).read_text("utf-8"))  # noqa: S704
    environment.globals["font"] = lambda name: base64.b64encode((templates() / "fonts" / name).read_bytes()).decode()
    return environment


def measure(cell: Expr | str) -> int:
    """How wide an entry of a grid is, in characters."""
    return len(cell if isinstance(cell, str) else show(cell, plain))
