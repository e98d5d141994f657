"""What a page is made of: heading, text, equation, chain, grid, picture, card, checks, ledger, room, form.

Blocks hold words and formula trees, never HTML or LaTeX. `pages/` choose the blocks, `formats/` turn
them into files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from tracer.drawing import Drawing
from tracer.evaluate import rebuild
from tracer.expr import Add, Constant, Expr
from tracer.style import Style


@dataclass(frozen=True, slots=True)
class Em:
    """A word of the sentence that is being worked: apple."""

    text: str


@dataclass(frozen=True, slots=True)
class Math:
    """A formula inside a line of text."""

    expr: Expr


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead to another place on the page, as far as the format can lead anywhere."""

    line: Line
    anchor: str


Inline: TypeAlias = "str | Em | Math | Link"
Line: TypeAlias = "tuple[Inline, ...]"


@dataclass(frozen=True, slots=True)
class Heading:
    """A title; `anchor` is where a link to it leads, `level` 1 is the document's own."""

    text: str
    level: int
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph. `kind` is "" or "why" (the reason for a step), "note", "aside"."""

    line: Line
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Equation:
    """A displayed formula: sides joined by relations, and what is said behind it (the shapes)."""

    sides: tuple[tuple[str, Expr], ...]
    remark: Line = ()


@dataclass(frozen=True, slots=True)
class Chain:
    """One worked number: its name, then formula, numbers put in, exact value, decimal, each behind = or ≈."""

    name: Expr
    links: tuple[tuple[str, Expr], ...]
    remark: Line = ()
    anchor: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """An entry as somebody filled it in: their text, and what became of it, in a sign and a word.

    `tone` says how far it stands out: "" not at all, "light" a little, "strong" so that one sees it from afar.
    """

    text: str
    sign: str
    word: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Blank:
    """An entry to be filled in; `answer` stands in it on the key, and nowhere in what a student gets.

    `otherwise` is another answer that is right as well.
    """

    id: str
    says: str
    answer: Expr | str | None = None
    otherwise: Expr | None = None


Said: TypeAlias = Expr | str
Entry: TypeAlias = Said | Judged | Blank


@dataclass(frozen=True, slots=True)
class Grid:
    """A matrix with labels. `sign` is = where every entry is equal to its value, else ≈; "" where nothing is claimed.

    `ids` names the cell behind each entry, where there is one: "weights[1,2]"; `view` how the page looks at it where
    that is not its value rounded once: "exact", "by hand". With `is_fixed` every entry has the same room, whatever
    stands in it: the sheets of a class have their blanks at the same places.
    """

    name: Expr
    sign: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[Entry, ...], ...]
    remark: Line = ()
    ids: tuple[tuple[str, ...], ...] = ()
    is_fixed: bool = False
    view: str = ""

    @property
    def is_calm(self) -> bool:
        """Whether it was filled in, and no entry stands out."""
        return all(isinstance(cell, Judged) and not cell.tone for row in self.cells for cell in row)


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing with its caption, and a text that says what it shows to who cannot see it."""

    drawing: Drawing
    caption: Line
    says: str


@dataclass(frozen=True, slots=True)
class Card:
    """A small table of what is agreed: a keyword and a line for each."""

    title: str
    entries: tuple[tuple[str, Line], ...]
    anchor: str = "conventions"


@dataclass(frozen=True, slots=True)
class Checks:
    """Statements about the result, each of which holds, or not (False), or has no meaning here (None)."""

    entries: tuple[tuple[bool | None, Line], ...]


@dataclass(frozen=True, slots=True)
class Ledger:
    """A table of words: a row for each thing that is told, under the heads of its columns; its first entry names it."""

    columns: tuple[str, ...]
    entries: tuple[tuple[Line, ...], ...]


class Writing(NamedTuple):
    """Room for one number to be worked, so many lines high; `chain` stands there where it is worked already."""

    name: Expr
    lines: int
    chain: Chain | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """Room for the working of several numbers, so many beside each other, each number's name at its beginning."""

    entries: tuple[tuple[Writing, ...], ...]
    beside: int


class Field(NamedTuple):
    """A word, and what is written behind it, by hand or already; `share` is its part of the line.

    `after` stands at its end: the points that there are.
    """

    id: str
    label: str
    share: int
    text: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Fields:
    """A line at the top of a sheet: name, date, seed, code, points."""

    entries: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Together:
    """Blocks that must not be torn apart by the end of a page."""

    blocks: tuple[Block, ...]


Block: TypeAlias = (
    Heading | Text | Equation | Chain | Grid | Picture | Card | Checks | Ledger | Room | Fields | Together
)


class Along(NamedTuple):
    """Places along one axis of what a cell is computed from: `scale` · (the cell's place on `axis`) + `first` … `last`.

    Counted from 1. Where `scale` is 0, the places are the same for every cell.
    """

    axis: int
    scale: int
    first: int
    last: int


class Source(NamedTuple):
    """A range of a step's cells, in relation to the cell that is computed from them."""

    step: str
    at: tuple[Along, ...]


class Origin(NamedTuple):
    """Where some cells of a step come from; `ranges` says which, first and last place along each axis."""

    step: str
    ranges: tuple[tuple[int, int], ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A page or several, before they are typeset. `origins` says from which cells each cell was computed.

    `labels` has the words of the rows and columns that count something, by what an axis counts: "query", "key".
    `running` stands at the top of every page but the first, where it is not the title; on paper `made` is then at the
    foot of every page, else below everything. `code` is a worksheet's, and `is_form` says that its blanks can be
    filled in where it is read: in a PDF's form fields.
    `attached` are files that a PDF carries inside, by their names.
    """

    title: str
    blocks: tuple[Block, ...]
    source: str = ""
    style: Style = Style()
    origins: tuple[Origin, ...] = ()
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    running: str = ""
    code: str = ""
    is_form: bool = False
    made: str = "Worked by tracer {version}. Every digit printed is certain."
    attached: Mapping[str, bytes] = field(default_factory=dict)


LABEL, HEAD = 24, 12  # characters of a row's and a column's label before it is broken over lines
FILLED = 16  # characters of what somebody filled in before it is


def elided(expr: Expr, most: int) -> Expr:
    """Long sums with their middle left out, at every depth; what is short stays as it is."""
    if isinstance(expr, Add) and len(expr.terms) > most:
        head = most - 3
        expr = Add((*expr.terms[:head], Constant("…"), *expr.terms[-2:]))
    return rebuild(expr, lambda part: elided(part, most))


def bands(grid: Grid, width: int, measure: Callable[[Entry], int]) -> list[range]:
    """The columns of a grid cut into ranges that fit a width, measured in characters."""
    free = max(width - min(LABEL, max((len(label) for label in grid.rows), default=0)) - 3, 12)
    cuts, start, used = [], 0, 0
    for n, label in enumerate(grid.columns):
        needed = 3 + max([min(HEAD, len(label)), *(measure(row[n]) for row in grid.cells)])
        if used + needed > free and n > start:
            cuts.append(range(start, n))
            start, used = n, 0
        used += needed
    return [*cuts, range(start, len(grid.columns))]


def flat(blocks: Sequence[Block]) -> list[Block]:
    """The blocks with groups opened."""
    found: list[Block] = []
    for block in blocks:
        found += flat(block.blocks) if isinstance(block, Together) else [block]
    return found
