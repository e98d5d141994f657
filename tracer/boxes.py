"""What a worksheet asks for, out of its document: whose it is, its code, and every matrix that has a box, as texts.

The texts are those that `answers/` read back: an empty box is "", one of the key has its number, and what is printed
beside the boxes stands in its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tracer.document import Blank, Document, Entry, Fields, Grid, Judged, flat
from tracer.errors import RenderError
from tracer.evaluate import Key
from tracer.handed_in import cell
from tracer.notation.plain import Plain
from tracer.show import Signs, show

NAME = "name"  # the field with a person's name
NOTHING = "nothing is left blank on this sheet, so there is no file to fill in; choose .pdf or another --level"


class Box(NamedTuple):
    """A place of a matrix that has a box: its id, its step and place counted from 0, its text, and what it is."""

    id: str
    key: Key
    text: str
    says: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Who fills a sheet in, its code, and every place of the matrices in which something is left blank."""

    by: str
    code: str
    boxes: tuple[Box, ...]

    @property
    def matrices(self) -> dict[str, list[list[str]]]:
        """The rows of each step; a place of which the sheet says nothing is empty."""
        rows: dict[str, list[list[str]]] = {}
        for box in self.boxes:
            step, (i, j) = box.key
            matrix = rows.setdefault(step, [])
            matrix += [[] for _ in range(i + 1 - len(matrix))]
            matrix[i] += [""] * (j + 1 - len(matrix[i]))
            matrix[i][j] = box.text
        return rows


def asked(document: Document) -> Asked:
    """What a sheet or its key asks for. Raises `RenderError` where nothing is left blank."""
    boxes = tuple(box for grid in grids(document) for row in boxes_of(grid, document.style.signs) for box in row)
    if not boxes:
        raise RenderError(NOTHING)
    fields = [one for block in flat(document.blocks) if isinstance(block, Fields) for one in block.entries]
    return Asked(next((field.text for field in fields if field.id == NAME), ""), document.code, boxes)


def grids(document: Document) -> list[Grid]:
    """The matrices that have a box."""
    return [block for block in flat(document.blocks) if isinstance(block, Grid) and has_box(block)]


def has_box(grid: Grid) -> bool:
    """Whether there is something to be filled in, or filled in as on a key."""
    return any(isinstance(entry, Blank) for row in grid.cells for entry in row)


def empty(document: Document) -> int:
    """How many boxes are to be filled in."""
    entries = [entry for grid in grids(document) for row in grid.cells for entry in row]
    return sum(isinstance(entry, Blank) and entry.answer is None for entry in entries)


def boxes_of(grid: Grid, signs: Signs) -> Iterator[list[Box]]:
    """The rows of a matrix."""
    for ids, entries in zip(grid.ids, grid.cells, strict=True):
        yield [
            Box(id_, cell(id_, "the sheet"), text(entry, signs), entry.says if isinstance(entry, Blank) else "")
            for id_, entry in zip(ids, entries, strict=True)
        ]


def text(entry: Entry, signs: Signs) -> str:
    """An entry as a person would type it; an empty box is ""."""
    if isinstance(entry, Blank):
        return "" if entry.answer is None else text(entry.answer, signs)
    if isinstance(entry, Judged):
        return entry.text
    return entry if isinstance(entry, str) else show(entry, Plain(signs))
