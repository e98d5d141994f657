"""A piece of a page: boxes at places, and what they are to somebody who hears the page instead of seeing it.

A piece is a tree. Its leaves hold marks; each node has a role of PDF's structure (Formula, Table, TR, TH, TD, …)
and, where its marks would not read aloud well, what is said instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from tracer.layout.box import Box, Mark, marks


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a piece: marks, or parts of its own. `scope` is a header's: "Row" or "Column"."""

    role: str
    marks: tuple[Mark, ...] = ()
    kids: tuple[Node, ...] = ()
    says: str = ""
    scope: str = ""

    def moved(self, x: float, y: float) -> Node:
        """The same part at another place."""
        marks = tuple(replace(mark, x=mark.x + x, y=mark.y + y) for mark in self.marks)
        return replace(self, marks=marks, kids=tuple(kid.moved(x, y) for kid in self.kids))


@dataclass(frozen=True, slots=True)
class Piece:
    """What is painted as one, so wide, so high and so deep; `bars` are ornaments, never read."""

    width: float
    height: float
    depth: float
    root: Node
    bars: tuple[Mark, ...] = field(default=())


def leaf(role: str, box: Box, x: float = 0.0, y: float = 0.0, says: str = "", scope: str = "") -> Node:
    """A box at a place, in a role."""
    return Node(role, marks(box, x, y), says=says, scope=scope)


def whole(box: Box, says: str) -> Piece:
    """A formula that is a piece by itself."""
    return Piece(box.width, box.height, box.depth, leaf("Formula", box, says=says))


def stacked(nodes: Iterable[Node], width: float, total: float) -> Piece:
    """Nodes placed below the upper left corner, as one piece."""
    return Piece(width, 0.0, total, Node("Div", kids=tuple(nodes)))
