"""What a spreadsheet is made of, before a file is written: sheets, and on each of them cells that hold something.

A cell holds words, a number, a formula with the value it has, or a link to another sheet. `role` says what a reader
should take it for; how that looks is the format's own matter. Rows and columns count from 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from tracer.references import Place
from tracer.style import Style


@dataclass(frozen=True, slots=True)
class Formula:
    """What a cell computes, and its value for programs that show a file without computing it."""

    text: str
    value: float | str


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead to another sheet."""

    text: str
    sheet: str


TEXT = "@"  # the number format of a cell in which whatever is typed stays as it is
Content: TypeAlias = "str | float | Formula | Link"
ROLES = (  # what a cell is to its reader
    "title", "words", "why", "formula", "strong", "head", "label", "input", "computed", "certified", "symbolic",
    "check", "link", "box", "line", "printed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """What a cell holds; `look` is its number format, such as 0.00."""

    content: Content
    role: str
    look: str = "General"


@dataclass
class Sheet:
    """One sheet. What stands above and left of `frozen` stays in sight, `header` is printed on every page."""

    name: str
    entries: dict[tuple[int, int], Entry] = field(default_factory=dict)
    widths: dict[int, float] = field(default_factory=dict)  # of a column, in characters
    frozen: tuple[int, int] = (0, 0)
    header: int | None = None
    next: int = 0  # the first row below everything that stands here

    def put(self, row: int, column: int, content: Content, role: str, look: str = "General") -> None:
        """Fill a cell."""
        self.entries[row, column] = Entry(content, role, look)
        self.next = max(self.next, row + 1)

    def widen(self, column: int, width: float) -> None:
        """Make a column at least so many characters wide."""
        self.widths[column] = max(width, self.widths.get(column, 0))


@dataclass(frozen=True, slots=True)
class Workbook:
    """A spreadsheet: its sheets in order, the names that formulas call cells by, and where each tensor stands."""

    title: str
    sheets: tuple[Sheet, ...]
    names: Mapping[str, str]
    places: Mapping[str, Place]
    style: Style = Style()
