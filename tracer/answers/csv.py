"""A submission in CSV, in either layout of `grids`: fields between commas, semicolons or tabs.

The first of these signs in the first line, outside quotes, tells which it is. Where that line has none, it is the tab
if there are tabs in the file, else the semicolon, else the comma. With semicolons and tabs a decimal comma needs no
quotes. `scores[2,3]` needs none between commas either.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from tracer.answers import decoded, readers
from tracer.errors import SubmissionError
from tracer.grids import BLANK, Line, told_and_cells
from tracer.handed_in import MAX_SIDE, submission
from tracer.submission import Submission, entry

MAX_LINES = 300_000
DELIMITERS = "\t;,"
QUOTED = re.compile(r'"[^"]*"')
FIELD = re.compile(rf"\s*[^\n{DELIMITERS}]*([{DELIMITERS}])")  # the first of the first line
TOLD = re.compile(r"sep=(.)\n")  # the line with which spreadsheet programs say what is between the fields
OPEN = re.compile(r"\s*[\w.]+\s*\[\s*\d+\s*", re.ASCII)


@readers.register(".csv")
def read(raw: bytes) -> Submission:
    """The submission. Raises `SubmissionError` where a line cannot be read."""
    text = decoded(raw)
    told, cells = told_and_cells(list(_lines(text)))
    return submission(cells, told)


def delimiter(text: str) -> str:
    """What stands between the fields."""
    bare = QUOTED.sub("", text)
    if told := FIELD.match(bare):
        return told[1]
    return next((sign for sign in DELIMITERS if sign in bare), ",")


def _lines(text: str) -> Iterator[Line]:
    told = TOLD.match(text)
    sign = told[1] if told else delimiter(text)
    lines = text.rstrip("\n").split("\n")
    if len(lines) > MAX_LINES:
        raise SubmissionError(f"has {len(lines):,} lines; at most {MAX_LINES:,}")
    reader = csv.reader((f"{line}\n" for line in lines[1 if told else 0 :]), delimiter=sign, strict=True)
    where = "line 1"
    try:
        for row in reader:
            where = f"line {reader.line_num + bool(told)}"
            fields = _trimmed(_rejoined(row) if sign == "," else row)
            if len(fields) > MAX_SIDE:
                raise SubmissionError(f"{where} has {len(fields)} fields; at most {MAX_SIDE:,}")
            yield Line(where, tuple(entry(field) if field else BLANK for field in fields))
    except csv.Error as error:
        raise SubmissionError(f"{where} or the next cannot be read: {error}; check the quotes") from None


def _trimmed(fields: list[str]) -> list[str]:
    """The fields up to the last in which something stands."""
    last = max((n for n, field in enumerate(fields, 1) if field.strip()), default=0)
    return fields[:last]


def _rejoined(fields: list[str]) -> list[str]:
    """The fields, with scores[2 and 3] as the one field that they are."""
    whole: list[str] = []
    for field in fields:
        if whole and OPEN.fullmatch(whole[-1]):
            whole[-1] += f",{field}"
        else:
            whole.append(field)
    return whole
