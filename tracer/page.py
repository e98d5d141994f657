"""A document as HTML text: what the browser shows, and what WeasyPrint turns into PDF. Jinja2's home.

How a formula looks is the typesetter's: MathML for the screen (`formats/html.py`), painted boxes for paper
(`formats/pdf.py`).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Protocol

from tracer import __version__
from tracer.document import Chain, Document, Equation, bands
from tracer.drawing import Point, head, shaft
from tracer.expr import Expr
from tracer.notation.plain import plain
from tracer.notation.tspans import Tspans
from tracer.show import show
from tracer.templates import templates

WIDTH = 78  # characters that a grid may be wide before it is cut into bands


class Typesetter(Protocol):
    """Turns formulas into HTML for the screen."""

    def inline(self, expr: Expr) -> str:
        """A formula in a line of text."""
        ...

    def equation(self, equation: Equation) -> str:
        """A displayed formula, all its sides."""
        ...

    def chain(self, chain: Chain) -> str:
        """A worked number, all its links, over several lines if it must."""
        ...


def page(document: Document, typesetter: Typesetter) -> str:
    """The document as one HTML page."""
    tspans = Tspans(document.style.signs)
    return filled(
        "page.html.j2",
        document,
        {
            "math": typesetter.inline,
            "equation_of": typesetter.equation,
            "chain_of": typesetter.chain,
            "lettered": lambda expr: show(expr, tspans),
        },
        bands=lambda grid: bands(grid, WIDTH, measure),
    )


def filled(template: str, document: Document, typeset: Mapping[str, Callable[[Any], str]], **others: Any) -> str:
    """A template with a document in it; `typeset` names the functions that turn blocks into HTML."""
    from markupsafe import Markup

    def safe(function: Callable[[Any], str]) -> Callable[[Any], Markup]:
        return lambda block: Markup(function(block))  # noqa: S704  typesetters escape what people typed

    text: str = (
        _environment()
        .get_template(template)
        .render(
            document=document,
            version=__version__,
            say=document.style.language.text,
            sheet=Markup,
            **{name: safe(function) for name, function in typeset.items()},
            **others,
        )
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
    environment.filters |= {
        "shaft": shaft,
        "head": head,
        "points": points,
        "twentieths": twentieths,
        "percent": percent,
    }
    environment.globals["style"] = lambda name: Markup((templates() / name).read_text("utf-8"))  # noqa: S704
    environment.globals["font"] = lambda name: base64.b64encode((templates() / "fonts" / name).read_bytes()).decode()
    return environment


def twentieths(length: float) -> float:
    """A length in em as a picture's own unit."""
    return round(length * 20, 1)


def points(places: tuple[Point, ...]) -> str:
    """Places as SVG writes them."""
    return " ".join(f"{twentieths(x):g},{twentieths(y):g}" for x, y in places)


def percent(shade: float) -> str:
    """A shade as CSS writes it."""
    return f"{shade:.0%}"


def measure(cell: Expr | str) -> int:
    """How wide an entry of a grid is, in characters."""
    return len(cell if isinstance(cell, str) else show(cell, plain))
