"""A piece of a page: boxes at places, and what they are to somebody who hears the page instead of seeing it.

A piece is a tree. Its leaves hold marks; each node has a role of PDF's structure (Formula, Table, TR, TH, TD, …)
and, where its marks would not read aloud well, what is said instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tracer.layout.box import Box, Mark, marks


class Slot(NamedTuple):
    """Where somebody types in a PDF: a form field's name, what it is, and its rectangle from the upper left corner."""

    name: str
    says: str
    x: float
    y: float
    width: float
    height: float


class Node(NamedTuple):
    """A part of a piece: marks, or parts of its own, at a place and in a size.

    `scope` is a header's, "Row" or such; `slot` is where a leaf can be filled in; `id` names what shows a cell of
    the trace: "weights[1,2]".
    """

    role: str
    marks: tuple[Mark, ...] = ()
    kids: tuple[Node, ...] = ()
    says: str = ""
    scope: str = ""
    x: float = 0.0
    y: float = 0.0
    size: float = 1.0
    slot: Slot | None = None
    id: str = ""

    def leaves(self, x: float = 0.0, y: float = 0.0, size: float = 1.0) -> Iterator[tuple[Node, float, float, float]]:
        """The nodes that hold marks, in reading order, each with its place and size on the piece."""
        x, y, size = x + self.x * size, y + self.y * size, size * self.size
        if not self.kids:
            yield self, x, y, size
        for kid in self.kids:
            yield from kid.leaves(x, y, size)


class Piece(NamedTuple):
    """What is painted as one, so wide, so high and so deep; `bars` are ornaments, never read."""

    width: float
    height: float
    depth: float
    root: Node
    bars: tuple[Mark, ...] = ()


def leaf(role: str, box: Box, x: float = 0.0, y: float = 0.0, says: str = "", scope: str = "", id_: str = "") -> Node:
    """A box at a place, in a role."""
    return Node(role, marks(box, x, y), says=says, scope=scope, id=id_)


def whole(box: Box, says: str) -> Piece:
    """A formula that is a piece by itself."""
    return Piece(box.width, box.height, box.depth, leaf("Formula", box, says=says))


def stacked(nodes: Iterable[Node], width: float, total: float) -> Piece:
    """Nodes placed below the upper left corner, as one piece."""
    return Piece(width, 0.0, total, Node("Div", kids=tuple(nodes)))
