"""A trace as a spreadsheet with live formulas, written with XlsxWriter, whose home this is.

XlsxWriter stores a formula's value beside it, so that programs which compute nothing show the numbers, starts in 30 ms
and, with its files kept in memory and a fixed date of creation, writes the same bytes for the same input.
"""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from tracer.document import Document
from tracer.errors import RenderError
from tracer.formats import traces, worksheets
from tracer.pages.to_fill_in import to_fill_in
from tracer.pages.workbook import workbook
from tracer.references import a1, quoted
from tracer.style import PIXELS, Style, sides
from tracer.trace import Trace
from tracer.workbook import Entry, Formula, Link, Sheet, Workbook

if TYPE_CHECKING:
    from xlsxwriter import Workbook as Book
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

CREATED = datetime(2000, 1, 1)
LONGEST = 8192  # characters of a formula
PAPERS = {"letter": 1, "A4": 9, "slides": 9}
LONGEST_TEXT, LONGEST_HEAD = 32_767, 120  # characters of a text in a cell, and of a title above a printed page
PLAIN = 8.43  # characters of a column that nobody has set
WIDE = 110  # characters on a page that stands upright, made somewhat smaller
LINE = 92  # characters of the words above a grid
HIGH, BOX = 15, 24  # points of a line, and of a row with boxes: one can write in them by hand
THIN, MEDIUM, DOTTED = 1, 2, 4
TYPED = ("=", "+", "-", "@")  # what a text may begin with that a person who edits it would turn into a formula
GREY, PALE = "#595959", "#FFF9DB"
MIDDLE = {"valign": "vcenter"}
LOOKS: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 16},
    "words": {},
    "why": {"italic": True},
    "formula": {"indent": 1},
    "strong": {"bold": True},
    "head": {"bold": True, "align": "right", "text_wrap": True, "bottom": THIN},
    "label": {"bold": True, "align": "left", "text_wrap": True, **MIDDLE},
    "input": {"italic": True, "border": MEDIUM, "bg_color": PALE, "align": "right", **MIDDLE},
    "computed": {"border": THIN, "align": "right", **MIDDLE},
    "certified": {"border": DOTTED, "font_color": GREY, "align": "right", **MIDDLE},
    "symbolic": {"border": DOTTED, "font_color": GREY, "align": "right", "text_wrap": True, **MIDDLE},
    "check": {"align": "right", **MIDDLE},
    "box": {"border": MEDIUM, "align": "right", "locked": False, **MIDDLE},
    "line": {"border": THIN, "align": "left", "locked": False, **MIDDLE},
    "printed": {"align": "right", **MIDDLE},
    "link": {"underline": 1, "font_color": "#0B4F9E"},
}


@traces.register(".xlsx")
def xlsx(trace: Trace) -> bytes:
    """The file. Raises `RenderError` where a formula is longer than spreadsheets allow."""
    return _file(workbook(trace), trace.problem.source)


@worksheets.register(".xlsx")
def sheet(document: Document) -> bytes:
    """A worksheet to fill in, or its key. Raises `RenderError` where nothing is left blank."""
    return _file(to_fill_in(document), document.source)


def _file(made: Workbook, source: str) -> bytes:
    import xlsxwriter

    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        book.set_properties({"title": made.title, "comments": source, "created": CREATED})
        look = _Looks(book)
        for sheet in made.sheets:
            page = book.add_worksheet(sheet.name)
            for (row, column), entry in sheet.entries.items():
                _fill(page, row, column, entry, look)
            _lay_out(page, sheet)
            _set_up(page, sheet, made.title, made.style)
            if any(entry.role == "box" for entry in sheet.entries.values()):
                page.protect(options={"format_columns": True, "format_rows": True})  # Tab leads from box to box
        for name, cell in made.names.items():
            book.define_name(name, f"={cell}")
    return file.getvalue()


class _Looks:
    """The format of each entry, made once for all entries that look the same."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.made: dict[tuple[str, str, bool], Format] = {}

    def __call__(self, entry: Entry) -> Format:
        """A text that looks like a formula is marked as a text, so that it stays one when somebody edits it."""
        is_typed = isinstance(entry.content, str) and entry.content.startswith(TYPED)
        key = entry.role, entry.look, is_typed
        if key not in self.made:
            self.made[key] = self.book.add_format(
                {"num_format": entry.look, **LOOKS[entry.role], **({"quote_prefix": True} if is_typed else {})}
            )
        return self.made[key]


def _fill(page: Worksheet, row: int, column: int, entry: Entry, look: _Looks) -> None:
    content, how = entry.content, look(entry)
    match content:
        case Formula(text, value):
            if len(text) >= LONGEST:
                raise RenderError(
                    f"the formula in {page.name}!{a1(row, column)} has {len(text)} characters, a spreadsheet allows "
                    f"{LONGEST}; nothing was changed, choose another format"
                )
            page.write_formula(row, column, f"={text}", how, value)
        case Link(text, sheet):
            page.write_url(row, column, f"internal:{quoted(sheet)}!A1", how, text)
        case "":
            page.write_blank(row, column, None, how)
        case str():
            page.write_string(row, column, content[:LONGEST_TEXT], how)
        case _:
            page.write_number(row, column, content, how)


def _lay_out(page: Worksheet, sheet: Sheet) -> None:
    """Widths, what stays in sight, and no warnings about labels that are numbers."""
    for column, width in sheet.widths.items():
        page.set_column(column, column, width)
    boxes = {row: BOX for (row, _), entry in sheet.entries.items() if entry.role == "box"}
    for row, height in (boxes | {row: HIGH * lines for row, lines in _lines(sheet).items()}).items():
        page.set_row(row, height)
    page.hide_gridlines(2)
    if any(sheet.frozen):
        page.freeze_panes(*sheet.frozen)
    last = max((column for _, column in sheet.entries), default=0)
    everywhere = f"A1:{a1(sheet.next, last)}"
    page.ignore_errors(dict.fromkeys(("number_stored_as_text", "formula_differs", "formula_range"), everywhere))


def _lines(sheet: Sheet) -> dict[int, int]:
    """The lines of each row that has a text too long for its column: not every program finds them out by itself."""
    found: dict[int, int] = {}
    for (row, column), entry in sheet.entries.items():
        if isinstance(entry.content, str) and "text_wrap" in LOOKS[entry.role]:
            lines = len(wrap(entry.content, max(int(sheet.widths.get(column, PLAIN)) - 2, 1)))
            if lines > 1:
                found[row] = max(lines, found.get(row, 1))
    return found


def _set_up(page: Worksheet, sheet: Sheet, title: str, style: Style) -> None:
    """The printed page: paper and margins of the house, as wide as the sheet, its labels on every page."""
    page.set_paper(PAPERS[style.size])
    above, right, below, left = (side / PIXELS["in"] for side in sides(style.margins))
    page.set_margins(left, right, above, below)
    columns = max((column for _, column in sheet.entries), default=0) + 1
    wide = sum(sheet.widths.get(column, PLAIN) for column in range(columns))
    if wide > WIDE:
        page.set_landscape()
    page.fit_to_pages(1, 0)
    while wide < LINE:  # the words above a narrow grid run on beside it
        columns, wide = columns + 1, wide + PLAIN
    page.print_area(0, 0, sheet.next, columns - 1)
    if sheet.header is not None:
        page.repeat_rows(sheet.header)
    page.set_header("&L" + title[:LONGEST_HEAD].replace("&", "&&"))
    page.set_footer("&L&A&R&P / &N")
