"""A worksheet as CSV to fill in, or its key: a line for each number, as `answers/csv.py` reads them.

Between the fields stands what spreadsheet programs expect: a semicolon where decimals have a comma.
"""

from __future__ import annotations

import csv
from io import StringIO

from tracer.boxes import asked
from tracer.document import Document
from tracer.formats import worksheets
from tracer.submission import printable

TYPED = ("=", "+", "-", "@")  # what a name may begin with that a spreadsheet program would compute; a space prevents it


@worksheets.register(".csv")
def write(document: Document) -> bytes:
    """The file, with the mark of UTF-8 that spreadsheet programs look for. Raises `RenderError` where it has no box."""
    sheet, file = asked(document), StringIO()
    by = printable(sheet.by)
    lines = csv.writer(file, delimiter=";" if document.style.signs.decimal == "," else ",", lineterminator="\n")
    lines.writerows([("by", f" {by}" if by.startswith(TYPED) else by), ("code", sheet.code)])
    lines.writerow(("cell", "written", document.style.language.text("what it is")))
    lines.writerows((box.id, box.text, box.says) for box in sheet.boxes)
    return file.getvalue().encode("utf-8-sig")
