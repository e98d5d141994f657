"""Worksheets as files to fill in: the key in each of them, read back and checked, has full marks."""

from __future__ import annotations

import subprocess
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import tracer
from tracer.answers import read_submission
from tracer.errors import RenderError, UnknownName
from tracer.evaluate import Key
from tracer.formats import render_sheet
from tracer.judging import check
from tracer.problem_file import from_dict
from tracer.submission import Submission
from tracer.worksheet import Worksheet, worksheet

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*/problem.toml"))
MARKABLE = [path for path in EXAMPLES if path.parent.name != "letters"]
SUFFIXES = [".csv", ".toml", ".xlsx"]
FORMS: dict[str, dict[str, Any]] = {
    "two heads": {"given": {"X": [[1, 0, 2, 0], [0, 1, 0, 1]]}, "pass": {"n_heads": 2}},
    "masked": {"given": {"X": [[1, 2], [2, 0], [0, 3]]}, "pass": {"logits": [{"use": "mask", "rule": "causal"}]}},
    "not defined": {"given": {"X": [[0, 0], [1, 2]]}, "pass": {"similarity": "cosine"}},
    "only the second word": {"given": {"X": [[0, 3], [2, 2], [1, 0]]}, "pass": {"queries": [2]}},
    "German": {"given": {"X": [["0,5", 3], [2, "1/3"]]}, "paper": {"lang": "de", "by_hand": {"scores": 1, "weights": 3}}},
}  # fmt: skip
NAMES = ["Ada", "Zoë “Z” O'Neill, jr.; 1", "=cmd|' /C calc'!A0", "+1", "🍎 שלום", 'a"b\\c', "two\nlines"]


@cache
def solved(name: str) -> tracer.Trace:
    if name in FORMS:
        return tracer.solve(from_dict(FORMS[name]))
    return tracer.solve(tracer.load(next(path for path in EXAMPLES if path.parent.name == name)))


def sheet(name: str, level: str = "blank", by: str = "Ada", blank: str = "") -> Worksheet:
    return worksheet(solved(name), blank, level, name=by, seed="7")


def sheets(examples: list[Path], *levels: str) -> list[tuple[str, str]]:
    """All that leave something blank: where there is one row, its first row is all."""
    names = [*(path.parent.name for path in examples), *FORMS]
    return [(name, level) for name in names for level in levels if sheet(name, level).boxes]


def by_turns(names: list[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """Each sheet in one format, the next in another, so that every kind of step is in each of them."""
    return [(name, level, SUFFIXES[(n + n // len(SUFFIXES)) % len(SUFFIXES)]) for n, (name, level) in enumerate(names)]


def read(content: bytes, suffix: str, folder: Path) -> Submission:
    file = folder / f"answers{suffix}"
    file.write_bytes(content)
    return read_submission(file)


def place(key: Key) -> Key:
    """A vector is a column, in what is handed in."""
    step, at = key
    return step, (*at, 0)[:2]


@pytest.mark.parametrize(("name", "level", "suffix"), by_turns(sheets(MARKABLE, "blank", "first-row", "faded")))
def test_the_key_has_full_marks(name: str, level: str, suffix: str, tmp_path: Path) -> None:
    """Every number of it is accepted, those that are printed beside the boxes too; nothing is missing."""
    work = sheet(name, level)
    found = read(render_sheet(work, suffix, key=True), suffix, tmp_path)
    marks = check(solved(name), found)

    assert found.code == work.code
    assert work.blanks <= {mark.key for mark in marks.marks}
    assert [(mark.cell, mark.entry.raw) for mark in marks.marks if mark.credit != 1] == []


@pytest.mark.parametrize(("name", "level", "suffix"), by_turns(sheets(EXAMPLES, "blank", "first-row")))
def test_the_sheet_is_blank_in_every_box(name: str, level: str, suffix: str, tmp_path: Path) -> None:
    """It is read as what it is: a sheet of which nobody has filled in a box, with its name and its code."""
    work = sheet(name, level)
    found = read(render_sheet(work, suffix), suffix, tmp_path)

    assert (found.by, found.code) == ("Ada", work.code)
    boxes, printed = {place(key) for key in work.boxes}, {place(key) for key in work.printed}
    assert {key for key in boxes if key in found.cells and found.cells[key].is_blank} == boxes
    assert {key for key, entry in found.cells.items() if not entry.is_blank} <= printed


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("by", NAMES)
def test_a_name_comes_back_as_it_went(by: str, suffix: str, tmp_path: Path) -> None:
    """Whatever people are called; and no spreadsheet program computes a name."""
    content = render_sheet(sheet("masked", by=by), suffix)

    assert read(content, suffix, tmp_path).by == " ".join(by.split())
    if suffix == ".csv":
        assert not content.decode("utf-8-sig").partition(",")[2].startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_sheet_without_a_box_is_refused(suffix: str) -> None:
    """With everything worked there is nothing to fill in."""
    with pytest.raises(RenderError, match="nothing is left blank on this sheet"):
        render_sheet(sheet("masked", "full"), suffix)


def test_what_is_no_sheet_is_refused() -> None:
    """The formats of a sheet are not those of a solution, and the other way round."""
    with pytest.raises(UnknownName, match=r"sheets are not written as \.json; known are: \.csv, \.html, \.md, \.pdf"):
        render_sheet(sheet("masked"), ".json")


def test_a_csv_file_is_as_programs_of_its_language_want_it() -> None:
    """Semicolons where decimals have a comma, so that 0,57 needs no quotes; each line says what its number is."""
    german, english = (render_sheet(sheet(name), ".csv").decode("utf-8-sig") for name in ("German", "masked"))

    assert german.startswith("by;Ada\ncode;")
    assert "\nscores[1,2];;Score von" in german
    assert '\n"scores[1,2]",,score of token 1 with token 2\n' in english


def test_a_toml_file_shows_where_to_write() -> None:
    """A row of quotes for each row of the matrix; what is printed on the sheet stands in its place."""
    text = render_sheet(sheet("masked", "first-row", blank="scores"), ".toml").decode()

    assert 'scores = [\n  ["5", "2", "6"],\n  ["", "", ""],\n  ["", "", ""],\n]\n' in text


# The spreadsheet


@cache
def opened(name: str, level: str = "blank") -> Any:
    return openpyxl.load_workbook(BytesIO(render_sheet(sheet(name, level), ".xlsx")))


def test_only_boxes_can_be_typed_into() -> None:
    """The sheet is protected without a password, so that Tab leads from box to box; a box keeps what is typed."""
    page = opened("masked", "first-row").active
    free = [cell for row in page.iter_rows() for cell in row if not cell.protection.locked]

    assert page.protection.sheet
    assert not page.protection.password
    assert len(free) == len(sheet("masked", "first-row").boxes) + 1  # the date: the name is known
    assert {cell.number_format for cell in free} == {"@"}
    assert all(cell.value is None and cell.border.left.style for cell in free)


def test_names_lead_to_the_places_of_each_step() -> None:
    """The top left cell of a step's range is its cell [1,1], with the labels left of it and above."""
    book = opened("two heads")
    page = book.active
    assert {"by", "code", "step_head1_scores", "step_head2_outputs"} <= {*book.defined_names}
    ((_, cells),) = book.defined_names["step_head2_weights"].destinations
    first = page[cells][0][0]
    assert (page.cell(first.row, 1).value, page.cell(first.row - 1, first.column).value) == ("token 1", "token 1")


@pytest.mark.parametrize("typed", ["1/2", "0,50", "√2/2", "−∞", "=1/2"])
def test_what_is_typed_is_read_as_it_was_typed(typed: str, tmp_path: Path) -> None:
    """A fraction does not become a date, nor a number lose its last zero."""
    book = openpyxl.load_workbook(BytesIO(render_sheet(sheet("masked", by=""), ".xlsx")))
    page = book.active
    for name, text in (("by", "Bob"), ("step_scores", typed)):
        ((_, cells),) = book.defined_names[name].destinations
        cell = page[cells][0][0]
        cell.value, cell.data_type = text, "s"
    book.save(tmp_path / "typed.xlsx")
    found = read_submission(tmp_path / "typed.xlsx")

    assert (found.by, found.code) == ("Bob", sheet("masked", by="").code)
    assert found.cells["scores", (0, 0)].raw == typed
    assert found.cells["scores", (0, 0)].number is not None


@pytest.mark.full
def test_libreoffice_opens_it_and_saves_it_again(tmp_path: Path) -> None:
    """Names, boxes and numbers survive: what comes back from there has the key's full marks."""
    for name in ("masked", "two heads", "German"):
        work = sheet(name, "first-row")
        (tmp_path / "key.xlsx").write_bytes(render_sheet(work, ".xlsx", key=True))
        command = ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to",
                   "xlsx:Calc MS Excel 2007 XML", "--outdir", tmp_path / "saved", tmp_path / "key.xlsx"]  # fmt: skip
        subprocess.run(command, capture_output=True, timeout=90, check=True)
        found = read_submission(tmp_path / "saved/key.xlsx")

        assert found.code == work.code
        assert [mark.cell for mark in check(solved(name), found).marks if mark.credit != 1] == []
        page = openpyxl.load_workbook(tmp_path / "saved/key.xlsx").active
        assert page.protection.sheet
        free = sum(not cell.protection.locked for row in page.iter_rows() for cell in row)
        assert free == len(work.boxes) + 1
