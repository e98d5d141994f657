"""Lines of fields, from CSV or a sheet of a spreadsheet, as cells of steps. There are two layouts.

A pair of columns. Their order does not matter, other columns mean nothing:

    cell;written              cell,written
    scores[2,3];0,57          "scores[2,3]",0.57
    row_sums[2];6,14          row_sums[2],6.14

Blocks, as a worksheet is laid out. A line that begins with the id of a step begins its block; column labels behind the
id say that each line below has a row label in front, and without them every field is a number:

    scores,orange,apple       row_sums
    orange,9,6                6.14
    apple,6,8                 4.06

A field with nothing in it is blank, and so is an empty line between two lines of a block: a row left blank. Above
either layout may stand a line `by,` and a name, and a line `code,` and the code of a worksheet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tracer.errors import SubmissionError
from tracer.fields import short
from tracer.handed_in import VECTORS, Found, cell, is_almost_step, is_step, step
from tracer.submission import Entry

LAYOUTS = "a line “cell,written”, or the id of a step such as scores"
TOLD = ("by", "code")  # what may stand above a layout
SEPARATE = "a decimal comma needs quotes around its number, or ; between the fields"


@dataclass(frozen=True, slots=True)
class Line:
    """The fields of one line, up to the last in which something stands, and where it was read."""

    where: str
    fields: tuple[Entry, ...]

    @property
    def first(self) -> str:
        """The text of the first field."""
        return self.fields[0].raw.strip() if self.fields else ""

    @property
    def head(self) -> list[str]:
        """All texts, as the names of columns are compared."""
        return [field.raw.strip().casefold() for field in self.fields]


BLANK = Entry("", None, "is empty")


def told_and_cells(lines: Sequence[Line], default: str = "") -> tuple[dict[str, str], Iterator[Found]]:
    """What stands above (by, code), and the cells, in whichever layout; `default` is the step of lines that name none.

    Raises `SubmissionError`, some of it while the cells are taken.
    """
    rest, told = [*lines], dict[str, str]()
    while rest and (not rest[0].fields or rest[0].head[0] in TOLD):
        line = rest.pop(0)
        if line.fields:
            told[line.head[0]] = line.fields[1].raw.strip() if len(line.fields) > 1 else ""
    if rest and {"cell", "written"} <= set(rest[0].head):
        return told, pairs(rest)
    return told, blocks(rest, default)


def is_laid_out(lines: Sequence[Line]) -> bool:
    """Whether the first line in which something stands begins one of the layouts."""
    head = next((line.head for line in lines if line.fields), [""])
    return head[0] in TOLD or {"cell", "written"} <= set(head) or is_step(head[0])


def pairs(lines: Sequence[Line]) -> Iterator[Found]:
    """The cells below a line that names the columns `cell` and `written`."""
    head = lines[0].head
    named, written = head.index("cell"), head.index("written")
    for line in lines[1:]:
        texts = line.fields + (BLANK,) * (len(head) - len(line.fields))
        if len(texts) > len(head):
            raise SubmissionError(
                f"{line.where} has {len(texts)} fields, but there are {len(head)} columns; {SEPARATE}"
            )
        if line.fields and (not texts[named].is_blank or not texts[written].is_blank):
            yield Found(line.where, cell(texts[named].raw, line.where), texts[written])


def blocks(lines: Sequence[Line], default: str) -> Iterator[Found]:
    """The cells of blocks one below the other, each up to the line that begins the next."""
    if default and lines and not is_step(lines[0].first):
        lines = _headed(lines, default)
    starts = [n for n, line in enumerate(lines) if is_step(line.first)]
    if lines and starts[:1] != [0]:
        if is_almost_step(lines[0].first):
            step(lines[0].first, lines[0].where)
        raise SubmissionError(f"{lines[0].where}: “{short(lines[0].first)}” begins no table; expected {LAYOUTS}")
    for start, end in pairwise([*starts, len(lines)]):
        yield from _block(lines[start], lines[start + 1 : end])


def _headed(lines: Sequence[Line], default: str) -> list[Line]:
    """Lines that name no step, below their own labels or below none, with the step's id where it belongs."""
    where, fields = lines[0].where, lines[0].fields
    has_labels = not lines[0].first
    head = Line(where, (Entry(default), *(fields[1:] if has_labels else ())))
    return [head, *lines[has_labels:]]


def _block(head: Line, rows: Sequence[Line]) -> Iterator[Found]:
    """The cells of one block; the empty lines below it are no part of it."""
    id_, labels = step(head.first, head.where), len(head.fields) - 1
    height = max((n for n, line in enumerate(rows, 1) if line.fields), default=0)
    is_vector = id_.rpartition(".")[2] in VECTORS
    width = labels or (1 if is_vector else max((len(line.fields) for line in rows), default=0))
    for i, line in enumerate(rows[:height]):
        is_apart = i > 0 and not rows[i - 1].fields and line.first.casefold() not in head.head
        if is_almost_step(line.first) and (not labels or is_apart):
            step(line.first, line.where)
        numbers = line.fields[1:] if labels else line.fields
        if len(numbers) > width:
            columns = f"{width} column{'s' if width > 1 else ''}"
            raise SubmissionError(f"{line.where} has {len(numbers)} numbers, but {id_} has {columns}; {SEPARATE}")
        for j in range(width):
            yield Found(line.where, (id_, (i, j)), numbers[j] if j < len(numbers) else BLANK)
