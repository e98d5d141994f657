"""A document as HTML text, by a template: what the browser shows, and what WeasyPrint turns into PDF. Jinja2's home.

How a formula looks is the typesetter's: MathML for the screen (`formats/html.py`), painted pieces for paper
(`formats/pdf/paper.py`). A house's own templates go before ours and run in Jinja2's sandbox.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import quote

from tracer import __version__
from tracer.boxes import empty, has_box, text
from tracer.document import (
    FILLED,
    Blank,
    Chain,
    Document,
    Entry,
    Equation,
    Grid,
    Heading,
    Judged,
    Room,
    bands,
    flat,
)
from tracer.drawing import Point, head, shaft
from tracer.errors import RenderError
from tracer.expr import Cell, Div, Expr, Index
from tracer.notation.plain import plain
from tracer.notation.tspans import Tspans
from tracer.outline import Section, sections
from tracer.show import show
from tracer.spoken import Spoken
from tracer.style import Style, pixels
from tracer.templates import templates

WIDTH = 78  # characters that a grid may be wide before it is cut into bands
USUAL = "10.5pt"  # a screen shows this size of text as large as its reader likes it
GENERIC = {"serif", "sans-serif", "monospace", "cursive", "fantasy", "system-ui", "math"}
SPACES = re.compile(rb"""("[^"]*"|`[^`]*`)|\s*([][{}()=,;:+*/%<>!&|?-])\s*""")  # in a script: strings, signs
EMPTY = 8  # characters that a box to fill in is wide
HOLE = "□"  # where the indices of a cell go, in the name of a step


class Typesetter(Protocol):
    """Turns formulas into HTML for the screen, and into what is said of them."""

    @property
    def spoken(self) -> Spoken:
        """The document aloud."""
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


def page(document: Document, typesetter: Typesetter) -> str:
    """The document as one HTML page for the screen."""
    from markupsafe import Markup

    style = document.style
    tspans, to_fill = Tspans(style.signs), empty(document)
    typeset: dict[str, Callable[[Any], str]] = {
        "math": typesetter.inline,
        "equation_of": typesetter.equation,
        "chain_of": typesetter.chain,
        "lettered": lambda expr: show(expr, tspans),
    }
    return filled(
        "page.html.j2",
        document,
        typeset,
        said=typesetter.spoken.inline,
        heard=typesetter.spoken.line,
        bands=lambda grid: bands(grid, WIDTH, breadth),
        outline=sections(document.blocks),
        to_fill=to_fill,
        is_asked=lambda grid: to_fill > 0 and has_box(grid),
        as_text=lambda entry: text(entry, style.signs),
        has_room=has_room,
        is_new=Places(document).is_new,
        origins=Markup(_origins(document, typesetter)),  # noqa: S704  "<" is escaped in it
        scale=round(pixels(style.text) / pixels(USUAL) * 100, 1),
    )


def filled(template: str, document: Document, typeset: Mapping[str, Callable[[Any], str]], **others: Any) -> str:
    """A template with a document in it; `typeset` names the functions that turn blocks into HTML.

    Raises `RenderError` with the template's name where a template of the house's own fails.
    """
    from markupsafe import Markup

    def safe(function: Callable[[Any], str]) -> Callable[[Any], Markup]:
        return lambda block: Markup(function(block))  # noqa: S704  typesetters escape what people typed

    style = document.style
    values = {
        "document": document,
        "say": style.language.text,
        "families": Markup(_families(style.font)),  # noqa: S704  letters, digits, spaces, hyphens
        "own_css": Markup(style.css),  # noqa: S704  the house's own, without "</"
        **{name: safe(function) for name, function in typeset.items()},
        **others,
    }
    return written(template, style, values)


def written(template: str, style: Style, values: Mapping[str, Any]) -> str:
    """A template with these values in it, whatever is made of them.

    Raises `RenderError` with the template's name where a template of the house's own fails.
    """
    import jinja2

    try:
        page = _environment(style.templates).get_template(template)
        context = page.new_context({"version": __version__, **values})
        text = "".join(page.root_render_func(context))
    except jinja2.TemplateError as error:
        raise _failed(style, error) from None
    except Exception as error:
        if not style.templates:
            raise
        raise _failed(style, error) from None
    context.parent.clear()  # its macros refer to it in a circle; the document need not wait for a search for garbage
    return text.lstrip()


def _failed(style: Style, error: Exception) -> RenderError:
    name, line = getattr(error, "name", None), getattr(error, "lineno", None)
    where = f"{style.templates or templates()}" + (f", {name}" if name else "") + (f", line {line}" if line else "")
    return RenderError(f"{where}: the template cannot be used: {error}")


@lru_cache
def _environment(own: str) -> Any:
    """Our templates, a house's own before them; ours can be reached from there as "tracer/page.html.j2"."""
    from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment
    from markupsafe import Markup

    ours = FileSystemLoader(templates())
    houses = [FileSystemLoader(own)] if own else []
    environment = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader([*houses, ours, PrefixLoader({"tracer": ours})]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["kind"] = lambda block: type(block).__name__
    environment.filters |= {
        "shaft": shaft,
        "head": head,
        "points": points,
        "twentieths": twentieths,
        "percent": percent,
    }
    environment.filters["fragment"] = lambda anchor: quote(anchor, safe=",")
    environment.globals["file"] = lambda name: Markup(_file(name).decode())  # noqa: S704
    environment.filters["digest"] = _digest
    environment.globals["font"] = lambda name: base64.b64encode(_file(f"fonts/{name}")).decode()
    return environment


def _digest(text: str) -> str:
    """A text's SHA-256, as a Content-Security-Policy names it."""
    import hashlib

    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@lru_cache
def _file(name: str) -> bytes:
    """A file beside the templates; a script without comments, and without spaces but in its strings."""
    content = (templates() / name).read_bytes()
    if not name.endswith(".js"):
        return content
    code = b"\n".join(line for line in content.splitlines() if not line.lstrip().startswith(b"//"))
    return SPACES.sub(lambda found: found[1] or found[2], code)


class Places:
    """Which element carries the id of a step or cell that is shown more than once: a worked line, else the first."""

    def __init__(self, document: Document) -> None:
        self.taken = {block.anchor for block in flat(document.blocks) if isinstance(block, Chain | Heading)}

    def is_new(self, anchor: str) -> bool:
        """Whether nothing carries this id yet; from now on something does."""
        is_new = bool(anchor) and anchor not in self.taken
        self.taken.add(anchor)
        return is_new


def _origins(document: Document, typesetter: Typesetter) -> str:
    """What the script needs to know: how each step's cells are called, and where they come from."""
    names: dict[str, str] = {}
    for block in flat(document.blocks):
        if isinstance(block, Grid) and isinstance(block.name, Cell) and block.ids:
            tensor = block.name.tensor
            names.setdefault(tensor.id, typesetter.inline(Cell(tensor, (Index(HOLE),))))
    data = {"names": names, "origins": document.origins}
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _families(font: str) -> str:
    """Names of fonts as CSS wants them, each followed by a comma: "Libertinus Serif", serif, ."""
    names = [name.strip() for name in font.split(",") if name.strip()]
    return "".join(f"{name}, " if name in GENERIC else f'"{name}", ' for name in names)


def has_room(section: Section) -> bool:
    """Whether there is something to be worked in a step."""
    rooms = [block for block in flat(section.blocks) if isinstance(block, Room)]
    return any(not writing.chain for room in rooms for beside in room.entries for writing in beside)


def measure(cell: Entry) -> int:
    """How wide an entry of a grid is, in characters."""
    if isinstance(cell, Blank):
        return EMPTY if cell.answer is None else measure(cell.answer)
    if isinstance(cell, Judged):
        return max(min(len(cell.text), FILLED), len(cell.word))
    return len(cell if isinstance(cell, str) else show(cell, plain))


def breadth(cell: Entry) -> int:
    """How wide a browser sets it, in characters: a fraction as wide as its wider half, and small in a table."""
    if isinstance(cell, Div):
        return max(measure(cell.top), measure(cell.bottom)) * 2 // 3
    return measure(cell)


def twentieths(length: float) -> float:
    """A length in em as a picture's own unit."""
    return round(length * 20, 1)


def points(places: tuple[Point, ...]) -> str:
    """Places as SVG writes them."""
    return " ".join(f"{twentieths(x):g},{twentieths(y):g}" for x, y in places)


def percent(shade: float) -> str:
    """A shade as CSS writes it."""
    return f"{shade:.0%}"
