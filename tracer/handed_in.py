"""What was handed in, put together: which cell each text stands in, none of them twice, and not too many.

A step has its public id: scores, head1.scores, pass2.head1.scores, row1.contributions. A cell is scores[2,3]; a vector
is a column: row_sums[2] is row_sums[2,1]. Whether a problem has such a step is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, time
from difflib import get_close_matches
from typing import Any, NamedTuple

from tracer.errors import ProblemError, SubmissionError
from tracer.evaluate import Key
from tracer.fields import kind, known_keys, section, short, string
from tracer.names import GRADIENTS, IN_ROWS, SYMBOLS
from tracer.registry import did_you_mean
from tracer.submission import IS_A_DATE, MAX_TEXT, Entry, Submission, entry

MAX_CELLS = 200_000
MAX_SIDE = 10_000  # rows, or columns, of one step
TOP = ("by", "code", "title", "source", "written")
VECTORS = (
    "query_sizes", "key_sizes", "query_norms", "key_norms", "maxima", "correction", "row_sums", "rest",
    "threshold", "key_sums", "mean_gradients", "d_logits", "d_sink_logits", "d_sinks", "d_relative",
    "d_query_sizes", "d_key_sizes", "d_g_Q", "d_g_K",
    "d_b_Q", "d_b_K", "d_b_V", "d_b_O",
)  # fmt: skip
A_STEP = "a step such as scores, head1.scores or row1.contributions"
NUMBERED = r"{}[1-9]\d{{0,3}}\."
STEP = re.compile(
    rf"(?:{NUMBERED.format('pass')})?(?:prefill\.|{NUMBERED.format('token')})?(?:{NUMBERED.format('head')})?"
    rf"(?:{NUMBERED.format('block')})?"
    f"(?:{NUMBERED.format('row')}(?:{'|'.join(IN_ROWS)})|{'|'.join(name for name in SYMBOLS if name not in IN_ROWS)})",
    re.ASCII | re.IGNORECASE,
)
SPELLED = {name.casefold(): name for name in SYMBOLS}
CELL = re.compile(r"([^\[\]]+)\[\s*(\d{1,9})\s*(?:,\s*(\d{1,9})\s*)?\]", re.ASCII)


class Found(NamedTuple):
    """What was read of one cell, and where."""

    where: str
    key: Key
    entry: Entry


def from_dict(data: Any) -> Submission:
    """The submission that a dictionary says: {"by": …, "written": {"scores": [["9", "6"], ["6", ""]]}}.

    A row that is no list is a row of one, so a vector may be a flat list. "", null and a missing cell are blank. Raises
    `SubmissionError`.
    """
    if not isinstance(data, Mapping):
        raise SubmissionError("is a list or a single value; expected the keys " + ", ".join(TOP))
    try:
        known_keys(data, TOP, "the file")
        written = section(data, "written")
    except ProblemError as error:
        raise SubmissionError(str(error)) from None
    return submission(_cells(written, ""), data)


def submission(cells: Iterable[Found], told: Mapping[str, Any]) -> Submission:
    """The cells of one submission, and what is told of it: `by` whom it is, the `code` of the sheet.

    Raises `SubmissionError`.
    """
    return Submission(collected(cells), *(_named(told.get(key), key) for key in ("by", "code")))


def _named(value: Any, where: str) -> str:
    """A name, or a number. Raises `SubmissionError` for another thing, or a name without end."""
    told = "" if value is None else value
    try:
        return string(str(told) if isinstance(told, int) and not isinstance(told, bool) else told, where).strip()
    except ProblemError as error:
        raise SubmissionError(str(error)) from None


def collected(found: Iterable[Found]) -> dict[Key, Entry]:
    """All cells by their places. Raises `SubmissionError` for a cell twice, for too many, for none."""
    cells: dict[Key, Entry] = {}
    places: dict[Key, str] = {}
    for where, key, one in found:
        if key in cells:
            first, again = (f" ({text.raw.strip() or 'blank'})" for text in (cells[key], one))
            raise SubmissionError(
                f"{where}: {cell_name(key)}{again} stands there a second time, the first is in {places[key]}{first}; "
                "leave one of them out"
            )
        if len(cells) >= MAX_CELLS:
            raise SubmissionError(f"{where}: has more than {MAX_CELLS:,} cells; hand in the steps that were asked for")
        cells[key], places[key] = one, where
    if not cells:
        raise SubmissionError(f"nothing is written in it; expected cells of {A_STEP}")
    return cells


# Names


def cell_name(key: Key) -> str:
    """A cell as files call it: scores[2,3]."""
    return f"{key[0]}[{','.join(str(n + 1) for n in key[1])}]"


def is_step(text: str) -> bool:
    """Whether a text is the id of a step, capitals or not."""
    return STEP.fullmatch(text.strip()) is not None


def is_almost_step(text: str) -> bool:
    """Whether a text looks like the id of a step with a slip in it, or like that of a step nobody knows: head1.x."""
    last = text.strip().casefold().rpartition(".")[2]
    return bool(get_close_matches(last, SYMBOLS, n=1, cutoff=0.7)) and not is_step(text)


def step(text: str, where: str) -> str:
    """The id of a step. Raises `SubmissionError` for a text that is none, with the nearest one that is."""
    prefix, dot, last = text.strip().rpartition(".")
    if is_step(text):
        return prefix.casefold() + dot + SPELLED[last.casefold()]
    if last in IN_ROWS:
        raise SubmissionError(f"{where}: “{short(text)}” lacks its row; write row1.{last}, row2.{last}, …")
    if last in SYMBOLS and dot:
        raise SubmissionError(f"{where}: “{short(prefix)}.” means nothing in front of {last}; expected {A_STEP}")
    raise SubmissionError(f"{where}: no step is called “{short(text)}”; {did_you_mean(last, _known(last))}")


def _known(near: str) -> list[str]:
    """The steps that a name may be meant for: of the backward pass only where one is like it, for they are many."""
    forward = [name for name in SYMBOLS if name not in GRADIENTS]
    return [*forward, *get_close_matches(near, GRADIENTS, n=1, cutoff=0.6)]


def cell(text: str, where: str) -> Key:
    """The place of a cell, counted from 0: scores[2,3] is ("scores", (1, 2)). Raises `SubmissionError`."""
    match = CELL.fullmatch(text.strip())
    if match is None:
        raise SubmissionError(f"{where}: “{short(text)}” is no cell; expected one such as scores[2,3], or row_sums[2]")
    row, column = int(match[2]), int(match[3] or 1)
    if not (1 <= row <= MAX_SIDE and 1 <= column <= MAX_SIDE):
        raise SubmissionError(f"{where}: “{short(text)}” is no cell; rows and columns count from 1 to {MAX_SIDE:,}")
    return step(match[1], where), (row - 1, column - 1)


# The tables of TOML and JSON


def _cells(table: Mapping[str, Any], prefix: str) -> Iterator[Found]:
    """The cells of all steps; head1.scores without quotes is a table inside a table."""
    for key, value in table.items():
        id_ = f"{prefix}{key}"
        if isinstance(value, Mapping) and id_.count(".") < 4:
            yield from _cells(value, f"{id_}.")
        else:
            yield from _matrix(value, step(id_, "[written]"))


def _matrix(rows: Any, id_: str) -> Iterator[Found]:
    if not isinstance(rows, list | tuple):
        raise SubmissionError(f'[written] {id_} is {kind(rows)}; expected rows such as [["9", "6"], ["6", ""]]')
    if len(rows) > MAX_SIDE:
        raise SubmissionError(f"[written] {id_} has {len(rows)} rows; at most {MAX_SIDE:,}")
    for i, row in enumerate(rows):
        texts = row if isinstance(row, list | tuple) else [row]
        if len(texts) > MAX_SIDE:
            raise SubmissionError(f"[written] {id_} row {i + 1} has {len(texts)} cells; at most {MAX_SIDE:,}")
        for j, text in enumerate(texts):
            key = id_, (i, j)
            yield Found("[written]", key, _entry(text, cell_name(key)))


def _entry(value: Any, where: str) -> Entry:
    match value:
        case None:
            return entry("")
        case str():
            return entry(value)
        case bool():
            return entry(str(value).lower())
        case int() if abs(value) >= 10**MAX_TEXT:
            return Entry("…", None, f"has more than {MAX_TEXT} digits")
        case int():
            return entry(str(value))
        case date() | time():
            return Entry(str(value), None, IS_A_DATE)
    raise SubmissionError(f'[written] {where} is {kind(value)}; expected a whole number, or a text such as "0.57"')
