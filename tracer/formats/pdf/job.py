"""What goes to the printer: a page as HTML, and the pieces that stand in it, each under an address of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from tracer.layout.piece import Piece


class Sheet(NamedTuple):
    """What comes back: the PDF, and how many pages it has."""

    content: bytes
    pages: int


@dataclass(frozen=True, slots=True)
class Job:
    """`em` is the size of the text in CSS pixels, `family` the fonts of words that formulas cannot write.

    `code` is that of a worksheet that can be filled in; `attached` are files that the PDF carries inside, by their
    names.
    """

    source: str
    pieces: Mapping[str, Piece]
    em: float
    family: str
    code: str = ""
    attached: Mapping[str, bytes] = field(default_factory=dict)
