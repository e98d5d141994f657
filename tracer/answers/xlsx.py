"""A submission in a spreadsheet, read with openpyxl, whose home this is.

What is read of a workbook: the cells that bear the name of a step, as tracer's own workbooks have them (step_scores),
whatever was typed into them, with the cells called `by` and `code`; and every other sheet that is laid out as `grids`
says, or is called as a step.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from datetime import date, time, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from zipfile import ZipFile

from tracer.answers import readers
from tracer.errors import SubmissionError
from tracer.fields import short
from tracer.grids import BLANK, LAYOUTS, TOLD, Line, is_laid_out, told_and_cells
from tracer.handed_in import MAX_CELLS, Found, is_almost_step, is_step, step, submission
from tracer.references import a1, named_step
from tracer.stored import seen
from tracer.submission import IS_A_DATE, MAX_TEXT, Entry, Submission, entry, printable

if TYPE_CHECKING:
    from openpyxl import Workbook

MAX_UNPACKED = 50_000_000  # bytes
MAX_TAGS, MAX_OTHER_TAGS = 2_000_000, 100_000  # of XML: all, and those that are no cells, rows and texts
MAX_TAG = 1_000_000  # bytes up to the next tag; a parser's time may grow with their square
MAX_PLACES = 3_000_000  # cells with everything that is empty between them
CELLS = re.compile(rb"</?(?:\w+:)?(?:c|v|f|row|is|si|t|r)[ />]")
BETWEEN = re.compile(rb"[^<]+")
FORMULA = re.compile(rb"<(?:\w+:)?f[ />]")
UNCOMPUTED = "is a formula without its value; open the file in a spreadsheet program, save it, and hand in that"

Sheet: TypeAlias = dict[tuple[int, int], Entry]  # by row and column, counted from 0, where something stands


class Named(NamedTuple):
    """The range of a sheet that bears the name of a step, or `by`, or `code`."""

    step: str
    sheet: str
    rows: range
    columns: range


@readers.register(".xlsx")
def read(raw: bytes) -> Submission:
    """The submission. Raises `SubmissionError` for a file that is broken, too large, or has no table in it."""
    try:
        sheets, ranges = _read(raw)
    except SubmissionError:
        raise
    except Exception as error:  # whatever a parser of ZIP and XML comes to in a file that somebody else made
        what = type(error).__name__
        raise SubmissionError(f"is no spreadsheet that can be read ({what}); save it again, as .xlsx or .csv") from None
    named = [one for one in ranges if one.step not in TOLD]
    found: list[Found] = [cell for one in named for cell in _cells(sheets, one)]
    told = {one.step: _first(sheets, one) for one in ranges if one.step in TOLD}
    for title, sheet in sheets.items():
        if title not in {one.sheet for one in named}:
            above, cells = _laid_out(title, sheet, is_ours=bool(named))
            told = above | told
            found += cells
    if not found:
        raise SubmissionError(f"has no sheet with answers on it; expected {LAYOUTS} at the top of one")
    return submission(found, told)


# The file


def _read(raw: bytes) -> tuple[dict[str, Sheet], list[Named]]:
    """All sheets by their titles, and where the cells of steps stand."""
    has_formulas = _checked(raw)
    with warnings.catch_warnings(action="ignore"):
        formulas = {title: sheet for title, sheet, _ in _sheets(raw, data_only=False)} if has_formulas else {}
        sheets, named = dict[str, Sheet](), list[Named]()
        for title, sheet, book in _sheets(raw, data_only=True):
            sheets[title] = {**formulas.get(title, {}), **sheet}
            named = named or list(_named(book))
    return sheets, named


def _checked(raw: bytes) -> bool:
    """Whether there are formulas. Raises `SubmissionError` for more XML than can be read in bearable time."""
    with ZipFile(BytesIO(raw)) as archive:
        if sum(file.file_size for file in archive.infolist()) > MAX_UNPACKED:
            raise SubmissionError(f"unpacks to more than {MAX_UNPACKED // 1_000_000} MB; hand in the numbers alone")
        contents = [archive.read(file) for file in archive.infolist()]
    tags = sum(content.count(b"<") for content in contents)
    others = tags - sum(len(CELLS.findall(content)) for content in contents)
    longest = max(
        (match.end() - match.start() for content in contents for match in BETWEEN.finditer(content)), default=0
    )
    if tags > MAX_TAGS or others > MAX_OTHER_TAGS or longest > MAX_TAG:
        raise SubmissionError("has too much in it beside numbers; hand in the numbers alone")
    return any(FORMULA.search(content) for content in contents)


def _sheets(raw: bytes, data_only: bool) -> Iterator[tuple[str, Sheet, Workbook]]:
    """The sheets with their workbook: the values, or else only the formulas, each as a cell without its value."""
    import openpyxl

    book = openpyxl.load_workbook(BytesIO(raw), read_only=True, data_only=data_only, keep_links=False)
    if len(book.worksheets) > len({sheet._worksheet_path for sheet in book.worksheets}):
        raise SubmissionError("shows one sheet under two names; save it again as .xlsx")
    places = 0
    for page in book.worksheets:
        page.reset_dimensions()  # what a file says of its size may be wrong
        sheet: Sheet = {}
        for i, row in enumerate(page.iter_rows()):
            places += 1 + len(row)
            if places > MAX_PLACES:
                raise SubmissionError(f"sheet “{page.title}” is laid out too widely; put the numbers side by side")
            for j, cell in enumerate(row):
                if cell.value is not None and (data_only or cell.data_type == "f"):
                    sheet[i, j] = _entry(cell) if data_only else Entry(_formula(cell)[:MAX_TEXT], None, UNCOMPUTED)
        yield page.title, sheet, book
    book.close()


def _formula(cell: Any) -> str:
    """The text of a formula; that of an array has it inside."""
    return printable(str(getattr(cell.value, "text", cell.value)))


def _entry(cell: Any) -> Entry:
    """What a person sees in a cell."""
    match cell.value:
        case bool():
            return entry(str(cell.value).upper())
        case int() | float():
            return entry(seen(cell.value, cell.number_format))
        case date() | time() | timedelta():
            return Entry(str(cell.value), None, IS_A_DATE)
    return entry(str(cell.value))


# What is on the sheets


def _named(book: Workbook) -> Iterator[Named]:
    """The ranges that bear the names of steps, and where there are such, those called `by` and `code`."""
    from openpyxl.utils import range_boundaries

    steps = {title: id_ for title in book.defined_names if is_step(id_ := named_step(title))}
    told = {title: title for title in TOLD if steps and title in book.defined_names}
    for title, id_ in {**steps, **told}.items():
        for sheet, cells in book.defined_names[title].destinations:
            left, top, right, bottom = range_boundaries(cells)
            yield Named(id_, sheet, range(top - 1, bottom), range(left - 1, right))


def _cells(sheets: dict[str, Sheet], named: Named) -> Iterator[Found]:
    """The cells of a named step."""
    if named.sheet not in sheets:
        raise SubmissionError(f"{named.step} is looked for on the sheet “{short(named.sheet)}”, which is not there")
    sheet = sheets[named.sheet]
    if len(named.rows) * len(named.columns) > MAX_CELLS:
        raise SubmissionError(f"sheet “{short(named.sheet)}”: {named.step} has more than {MAX_CELLS:,} cells")
    for i, row in enumerate(named.rows):
        for j, column in enumerate(named.columns):
            where = f"sheet “{short(named.sheet)}”, {a1(row, column)}"
            yield Found(where, (named.step, (i, j)), sheet.get((row, column), BLANK))


def _first(sheets: dict[str, Sheet], named: Named) -> str:
    """What stands in the first cell of a range."""
    return sheets.get(named.sheet, {}).get((named.rows.start, named.columns.start), BLANK).raw.strip()


def _laid_out(title: str, sheet: Sheet, is_ours: bool) -> tuple[dict[str, str], Iterator[Found]]:
    """What stands above a sheet, and its cells; nothing where it is laid out in no way that we know."""
    lines, default = _lines(title, sheet), step(title, "") if is_step(title) else ""
    if lines and (default or is_laid_out(lines)):
        return told_and_cells(lines, default)
    if not is_ours and is_almost_step(title):
        step(title, f"sheet “{short(title)}”")
    first = next((line for line in lines if line.fields), None)
    if not is_ours and first and is_almost_step(first.first):
        step(first.first, first.where)
    return {}, iter(())


def _lines(title: str, sheet: Sheet) -> list[Line]:
    rows: dict[int, dict[int, Entry]] = {}
    for (row, column), one in sheet.items():
        if not one.is_blank:
            rows.setdefault(row, {})[column] = one
    return [
        Line(f"sheet “{short(title)}”, row {n + 1}", tuple(row.get(c, BLANK) for c in range(max(row, default=-1) + 1)))
        for n, row in ((n, rows.get(n, {})) for n in range(max(rows, default=-1) + 1))
    ]
