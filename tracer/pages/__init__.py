"""What we print: one file a page. A page chooses what is said and in which order, and holds no HTML.

`forms` are the pages that a solution can be handed out as, by the word behind `--form`. Each stands beside its page.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple

from tracer.document import Document
from tracer.parts.working import Detail
from tracer.registry import Registry
from tracer.trace import Trace

Details = Callable[[Trace, tuple[int, ...]], Detail]


class Form(NamedTuple):
    """What is handed out: the page, how much of it is worked, and the ready-made styles it is set in.

    `is_solution` says whether a file that holds the whole trace (.xlsx, .ipynb, .json) can stand for it.
    """

    page: Callable[[Trace, Details], Document]
    detail: Details
    styles: tuple[str, ...] = ()
    is_solution: bool = True


forms: Registry[Form] = Registry("form")
RACK = ("solution", "ladder", "numerics")


def form(name: str) -> Form:
    """The form of a name; of all pages only its own is imported. Raises `UnknownName`."""
    import_module(f"tracer.pages.{name if name in RACK else RACK[0]}")
    return forms[name]


def load() -> None:
    """Import every page that is a form."""
    for name in RACK:
        import_module(f"tracer.pages.{name}")
