"""What a student hands in is read as it was meant, or refused in one line that says where and what to do."""

from __future__ import annotations

import csv
import datetime
import io
import json
import subprocess
import sys
import zipfile
from fractions import Fraction
from math import isfinite
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import tracer
from tracer.answers import MAX_BYTES, reader, suffixes
from tracer.arithmetic import ball
from tracer.errors import SubmissionError
from tracer.evaluate import Table, value
from tracer.expr import INFINITY, MINUS_INFINITY, Num
from tracer.names import SYMBOLS
from tracer.references import named_step, step_name
from tracer.stored import seen
from tracer.submission import IS_A_DATE, MAX_TEXT, Submission, entry

ROOT = Path(__file__).parent.parent
PUBLISHED = sorted(ROOT.glob("examples/published/*/submission*.toml"))


def cells(submission: Submission) -> dict[str, str]:
    """What stands in each cell, by its name in files; blanks are left out."""
    texts = {f"{id_}[{i + 1},{j + 1}]": one.raw for (id_, (i, j)), one in submission.cells.items() if not one.is_blank}
    return dict(sorted(texts.items()))


def read(content: str | bytes, suffix: str) -> Submission:
    """A submission from the content of a file."""
    return reader(suffix)(content.encode() if isinstance(content, str) else content)


def refused(content: str | bytes, suffix: str, *says: str) -> None:
    """One line that says all this."""
    with pytest.raises(SubmissionError) as caught:
        read(content, suffix)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 500
    for words in says:
        assert words in message, message


# A number as people write it


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.57", "0.57"),
        ("0,57", "0.57"),
        (".5", "0.5"),
        ("4/7", "4/7"),
        ("= 4/7", "4/7"),
        ("≈ 0.57", "0.57"),
        ("~0.57", "0.57"),
        ("= ≈ 0,57", "0.57"),
        ("ca. 0.57", "0.57"),
        ("approx. 0.57", "0.57"),
        ("etwa 3", "3"),
        ("57 %", "0.57"),
        ("57%", "0.57"),
        ("−1", "-1"),
        ("– 1", "-1"),
        ("１．５", "1.5"),
        ("1⁄2", "1/2"),
        ("2e-3", "0.002"),
        ("4,88 · 10^(−5)", "0.0000488"),
        (r"$-4.88 \cdot 10^{3}$", "-4880"),
        ("45°", "45"),
        ("45,0 °", "45"),
        ("1,000", "1"),
        ("√2/2", "0.70710678118654752440"),
        ("$0.57$", "0.57"),
        (r"$\approx 0{,}57$", "0.57"),
        (r"\frac{1}{3}", "1/3"),
        (r"\(-\dfrac{\sqrt{2}}{2}\)", "-0.70710678118654752440"),
        (r"2 \cdot \sqrt{3}", "3.46410161513775458705"),
        (r"e^{\frac{1}{2}}", "1.64872127070012814685"),
        (r"60^\circ", "60"),
        (r"57\,\%", "0.57"),
        ("0.5\u200b7", "0.57"),
        ("\u00a00.57\u202f", "0.57"),
    ],
)
def test_a_number_is_read_as_people_write_it(text: str, number: str) -> None:
    """Signs in front, percent, decimal commas, degrees, LaTeX, signs of other alphabets."""
    found = entry(text).number
    assert found is not None, entry(text).reason
    with ball.precision(200):
        distance = ball.Ball().add([value(found, {}, Table({}, ball.Ball())), ball.Ball().number(-Fraction(number))])
        assert ball.magnitude(abs(distance) + ball.Ball().number(Fraction(1, 10**30))) < -18


def test_a_decimal_keeps_its_places() -> None:
    """0.570 stands for less than 0.57 does; 57.0 % has three places; 1,000 is no thousand; so has 1.2·10^(−2)."""
    assert entry("1.2·10^(−2)").number == entry("0.012").number
    assert entry("(−1.2)·10^(−2)").number == entry("-0.012").number
    places = {text: entry(text).number.places for text in ("0.57", "0.570", "≈ 0,570", "57.0 %", "1,000", "1")}  # type: ignore[union-attr]
    assert places == {"0.57": 2, "0.570": 3, "≈ 0,570": 3, "57.0 %": 3, "1,000": 3, "1": None}


def test_infinity_is_a_number_and_an_undefined_value_has_a_word() -> None:
    """A masked score is −∞. Where there is no value, people write undefined, n/a, nicht definiert."""
    assert entry("−∞").number == entry("-inf").number == MINUS_INFINITY
    assert entry(r"$\infty$").number == INFINITY
    for text in ("undefined", "Undef.", "n/a", "N/A", "not defined", "= undefined", "nicht definiert"):
        assert entry(text).number is None
        assert entry(text).is_undefined
    assert not entry("").is_undefined
    assert not entry("1/0").is_undefined


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("≈", "is empty"),
        ("abc", "has the word “abc”"),
        ("x", "has the letter “x”"),
        ("3 apples", "apples"),
        ("1 000", "right behind another"),
        ("1 1/2", "right behind another"),
        (r"1\frac{1}{2}", "“\\”"),
        ("½", "½"),
        ("0.5 ± 0.1", "“±”"),
        ("4/7 ≈ 0.57", "“≈”"),
        ("1/0", "divides by zero"),
        ("√(-2)", "is no number: the square root of a negative number"),
        ("ln 0", "is no number: the logarithm"),
        ("9^9^9^9", "is no number"),
        ("1e500", "exponent beyond ±400"),
        ("2026-01-02", "is a date"),
        ("1/2/2026", "is a date"),
        ("#DIV/0!", "“#”"),
        ("=SUM(B2:B4)", "“:”"),
        ("__import__('os').system('x')", "no part of a number"),
        ("0" * 101, "longer than 100 characters"),
    ],
)
def test_what_is_no_number_says_why(text: str, reason: str) -> None:
    """The reason goes on where the text ends: “abc” has the word …."""
    found = entry(text)
    assert found.number is None
    assert reason in found.reason
    assert len(found.raw) <= MAX_TEXT


@settings(max_examples=500)
@given(st.text(max_size=120) | st.text("0123456789.,%/√^()-−+eπ∞ $\\{}frac~≈=", max_size=30))
def test_any_text_is_a_number_or_has_a_reason(text: str) -> None:
    """A text that can be shown, and a number or a reason, never both."""
    found = entry(text)
    assert (found.number is None) == bool(found.reason)
    assert found.raw.isprintable()
    assert len(found.raw) <= max(MAX_TEXT, len(text))


# The same submission in every format

TOML = """
by = "student 17"
[written]
scores   = [["9", "6"], [6, 0.80]]
row_sums = ["6.14", "", "4,06"]
head1.weights = [["0.85"], [], ["", "0.15"]]
"pass2.head1.row1.contributions" = [["1/3"]]
"""
JSON = """{"by": "student 17", "title": "ignored", "source": "", "written": {
    "scores": [["9", "6"], [6, 0.80]], "row_sums": [["6.14"], [null], ["4,06"]],
    "head1.weights": [["0.85"], [], [null, "0.15"]], "pass2": {"head1": {"row1.contributions": [["1/3"]]}}}}"""
PAIRS = """by,student 17
no,Cell,Written,remark
1,"scores[1,1]",9,
2,scores[1,2],6,sure
3,"scores[ 2 , 1 ]",6,
4," Scores[2,2] ",0.80,
5,row_sums[1],6.14,
6,row_sums[2],,
,,,
7,"row_sums[3,1]","4,06",not so sure
8,head1.weights[1],0.85,
9,"head1.weights[3,2]",0.15,
10,"pass2.head1.row1.contributions[1,1]",1/3,
"""
BLOCKS = """by;student 17;
scores;orange;apple
orange;9;6
apple;6;0.80

row_sums;;
6.14;;
;;
4,06;;
;;
head1.weights;"a;b";
x;0.85;
y;;
z;;0.15
pass2.head1.row1.contributions
1/3
"""
SAME = {
    "head1.weights[1,1]": "0.85",
    "head1.weights[3,2]": "0.15",
    "pass2.head1.row1.contributions[1,1]": "1/3",
    "row_sums[1,1]": "6.14",
    "row_sums[3,1]": "4,06",
    "scores[1,1]": "9",
    "scores[1,2]": "6",
    "scores[2,1]": "6",
    "scores[2,2]": "0.80",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("content", "suffix"),
    [(TOML, ".toml"), (JSON, ".json"), (PAIRS, ".csv"), (BLOCKS.replace('"a;b";', "ä;ö"), ".csv")],
)
def test_every_format_says_the_same(content: str, suffix: str, newline: str, encoding: str) -> None:
    """Quoted and dotted keys, flat vectors, ragged rows, both layouts of CSV; whatever a computer does to text files."""
    found = read(content.replace("\n", newline).encode(encoding), suffix)
    assert cells(found) == SAME
    assert found.by == "student 17"


def test_a_dictionary_says_the_same() -> None:
    """A program hands over what a JSON file would hold."""
    assert cells(tracer.read_submission(json.loads(JSON, parse_float=str))) == SAME


@pytest.mark.parametrize("content", [TOML, JSON, PAIRS])
def test_standard_input_is_recognised_by_its_content(content: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` has no suffix."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
    assert cells(tracer.read_submission("-")) == SAME


def test_a_blank_is_a_cell_that_nobody_filled_in() -> None:
    """What stands in the file as blank is there, and blank; the reason says so."""
    found = read('[written]\nscores = [["1", "", " "]]\n', ".toml").cells
    assert [found["scores", (0, j)].is_blank for j in range(3)] == [False, True, True]
    assert ("scores", (0, 3)) not in found


def test_no_float_comes_out_of_a_file() -> None:
    """0.1 is one tenth, with its places, however it stands in the file."""
    for content, suffix in [("[written]\nscores=[[0.10]]", ".toml"), ('{"written":{"scores":[[0.10]]}}', ".json")]:
        number = read(content, suffix).cells["scores", (0, 0)].number
        assert number == entry("0.10").number


def test_a_program_in_german_writes_semicolons_and_decimal_commas() -> None:
    """The separator is told by the first line, else by the whole file, or by `sep=`."""
    assert cells(read("row_sums\n0,5\nscores\n1;2\n", ".csv"))["row_sums[1,1]"] == "0,5"
    assert read("by,Mia; Tom\nscores\n1,2\n", ".csv").by == "Mia; Tom"
    assert cells(read("cell;written\nscores[2,3];0,57\n", ".csv")) == {"scores[2,3]": "0,57"}
    assert cells(read("cell\twritten\nscores[2,3]\t0,57\n", ".csv")) == {"scores[2,3]": "0,57"}
    assert cells(read("sep=;\nscores\n0,5;0,6\n", ".csv")) == {"scores[1,1]": "0,5", "scores[1,2]": "0,6"}
    assert cells(read('scores\n"0,5","0,6"\n', ".csv")) == {"scores[1,1]": "0,5", "scores[1,2]": "0,6"}


def test_a_word_is_no_slip_in_the_name_of_a_step() -> None:
    """“apple” looks like “capped”, and is the row of the apple: in the first line of a block, or below a row left blank."""
    first = read("scores,apple,orange\napple,2,3\n\nweights,apple,orange\napple,0.3,0.7\n", ".csv")
    assert cells(first)["scores[1,2]"] == "3"
    assert cells(read("scores,orange,apple\n\napple,6,8\n", ".csv"))["scores[2,1]"] == "6"


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_published_calculations_are_read(path: Path) -> None:
    """Every cell of the twelve published examples is blank or a number."""
    found = tracer.read_submission(path)
    assert found.cells
    assert all(one.is_blank or one.number is not None for one in found.cells.values())


# What is wrong with a file

REFUSED = {
    "an empty file": ("", ".toml", "nothing is written", "scores"),
    "an empty sheet of CSV": ("", ".csv", "nothing is written"),
    "nothing but a name": ("by,Mia\n", ".csv", "nothing is written"),
    "no TOML": ("Dear teacher", ".toml", "cannot be read", "expected TOML"),
    "broken JSON": ('{"written": ', ".json", "cannot be read", "line 1"),
    "a list": ("[[1]]", ".json", "expected the keys by"),
    "an unknown key": ("[writen]\n", ".toml", "“writen”", "did you mean “written”?"),
    "a name that is a list": ('by = []\n[written]\nscores = ["1"]', ".toml", "by is a list", "expected a text"),
    "an endless name": (f"by,{'a' * 99}\n", ".csv", "nothing is written"),
    "an unknown step": ("[written]\nweigths = [[1]]\n", ".toml", "“weigths”", "did you mean “weights”?"),
    "a given matrix": ("[written]\nX = [[1]]\n", ".toml", "“X”", "known are: embedding, positions"),
    "an unknown step of a head": ("[written]\nhead1.scors = [[1]]\n", ".toml", "“head1.scors”", "“scores”?"),
    "a slip in the head": ('[written]\n"haed1.scores" = [[1]]\n', ".toml", "“haed1.”", "head1.scores"),
    "head 0": ('[written]\n"head0.scores" = [[1]]\n', ".toml", "“head0.”", "head1.scores"),
    "a row of scores": ('[written]\n"row1.scores" = [[1]]\n', ".toml", "“row1.”"),
    "contributions to no row": ("[written]\ncontributions = [[1]]\n", ".toml", "row1.contributions"),
    "a number for a matrix": ("[written]\nscores = 3\n", ".toml", "scores is a number", "expected rows"),
    "a matrix in a cell": ("[written]\nscores = [[[1]]]\n", ".toml", "scores[1,1] is a list", "expected"),
    "a table in a cell": ('{"written": {"scores": [["1", {}]]}}', ".json", "scores[1,2] is a table"),
    "a key twice": ('{"written": {"scores": [], "scores": []}}', ".json", "“scores” twice"),
    "a step twice": ('[written]\nhead1.scores=[[1]]\n"head1.scores"=[[2]]', ".toml", "head1.scores[1,1]", "(2)", "(1)"),
    "brackets without end": ("[" * 100_000, ".json", "brackets inside brackets"),
    "tables without end": ('{"written": ' + '{"a": ' * 500 + "1" + "}" * 501, ".json", "no step is called"),
    "a key without end": (f"[written]\n{'a.' * 500_000}a = 1\n", ".toml", "more than 20 parts"),
    "a quoted key without end": ('[written]\nx = """\n""" \n' + '"a".' * 500_000 + "a=1", ".toml", "more than 20 parts"),
    "an endless integer": (f"[written]\nscores = [[{'1' * 5000}]]", ".toml", "more than 4,300 digits"),
    "a column too far": ("cell,written\nscores[1,99999],1\n", ".csv", "line 2", "from 1 to 10,000"),
    "row 0": ("cell,written\nscores[0,1],1\n", ".csv", "line 2", "“scores[0,1]”", "from 1"),
    "no cell": ("cell,written\nscores,1\n", ".csv", "line 2", "“scores” is no cell", "scores[2,3]"),
    "a cell without a name": ("cell,written\n,1\n", ".csv", "line 2", "“” is no cell"),
    "a cell of a given matrix": ("cell,written\nX[1,1],1\n", ".csv", "line 2", "no step is called “X”"),
    "a cell twice": ('cell,written\nscores[1],1\n\n"scores[1,1]",2\n', ".csv", "line 4", "(2)", "line 2", "(1)"),
    "decimal commas between commas": ("cell,written\nscores[1,1],0,57\n", ".csv", "line 2", "3 fields", "decimal comma"),
    "the same in a block": ("scores,a,b\nx,0,57,0,43\n", ".csv", "line 2", "4 numbers", "2 columns", "decimal comma"),
    "decimal commas of a vector": ("row_sums\n0,57\n", ".csv", "line 2", "2 numbers", "1 column", "decimal comma"),
    "no layout": ("hello\n1,2\n", ".csv", "line 1", "“hello”", "cell,written", "scores"),
    "a slip in the first block": ("weigths,a\nx,1\n", ".csv", "line 1", "did you mean “weights”?"),
    "a slip in the next block": ("scores,a\nx,1\n\nweigths,a\nx,1\n", ".csv", "line 4", "did you mean “weights”?"),
    "a slip below numbers": ("scores\n1\nweigths\n1\n", ".csv", "line 3", "did you mean “weights”?"),
    "an open quote": ('scores\n"0,5', ".csv", "line 1", "quotes"),
    "a line without end": ("scores\n" + ",1" * 20_000, ".csv", "line 2", "at most 10,000"),
    "too many lines": ("scores\n" + "\n" * 300_000 + "1", ".csv", "300,002 lines", "at most 300,000"),
    "too many cells": ("scores\n" + (",1" * 5000 + "\n") * 50, ".csv", "more than 200,000 cells"),
    "a picture": (bytes(range(256)), ".csv", "no text"),
    "a picture called TOML": (b"\x89PNG\r\n\x1a\n\x00\x00", ".toml", "no text"),
    "a text called xlsx": ("cell,written", ".xlsx", "no spreadsheet", "save it again"),
    "half a ZIP": (b"PK\x03\x04abc", ".xlsx", "no spreadsheet"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_read_is_refused_in_one_line(name: str) -> None:
    """Where, what was found, what was expected, what to do."""
    content, suffix, *says = REFUSED[name]
    refused(content, suffix, *says)


def test_the_line_begins_with_the_name_of_the_file(tmp_path: Path) -> None:
    """Whichever file it was, and whatever was wrong with it."""
    for name, content, says in [
        ("a.toml", b"[writen]", "“writen”"),
        ("a.ods", b"", "answers are not read from “.ods”; known are: .csv, .json, .pdf, .toml, .xlsx"),
        ("answers", b"", "no suffix"),
        ("a.csv", b"1" * (MAX_BYTES + 1), "larger than 5 MB"),
    ]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(SubmissionError) as caught:
            tracer.read_submission(tmp_path / name)
        assert str(caught.value).startswith(f"{tmp_path / name}: ")
        assert says in str(caught.value)
    with pytest.raises(SubmissionError, match=r"none.csv: cannot be read \(No such file"):
        tracer.read_submission(tmp_path / "none.csv")
    with pytest.raises(SubmissionError, match="cannot be read"):
        tracer.read_submission(tmp_path / "a\0.csv")


# Spreadsheets


def book(sheets: dict[str, list[list[Any]]], looks: dict[str, str] | None = None) -> bytes:
    """A workbook with these rows on its sheets; `looks` are number formats of cells on the first."""
    made = openpyxl.Workbook()
    made.remove(made.active)  # type: ignore[arg-type]
    for title, rows in sheets.items():
        page = made.create_sheet(title)
        for i, row in enumerate(rows, 1):
            for j, content in enumerate(row, 1):
                if content is not None:
                    page.cell(i, j, content)
    for place, look in (looks or {}).items():
        made.worksheets[0][place].number_format = look
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def test_a_spreadsheet_in_either_layout_is_read() -> None:
    """A pair of columns on any sheet, blocks, and a sheet that is called as a step; notes elsewhere mean nothing."""
    pairs_ = [[None, "no", "Cell", "Written"], [], [None, 1, "row_sums[2]", "4,06"], [None, 2, "row_sums[1]", 6.14]]
    blocks = [["by", "Mia"], ["scores", "orange", "apple"], ["orange", 9, None], ["apple", None, "≈ 8"]]
    found = read(book({"Notes": [["Dear teacher"]], "Sheet1": pairs_, "Sheet2": blocks}), ".xlsx")
    assert found.by == "Mia"
    assert cells(found) == {"row_sums[1,1]": "6.14", "row_sums[2,1]": "4,06", "scores[1,1]": "9", "scores[2,2]": "≈ 8"}
    found = read(book({"scores": [["", "a", "b"], ["x", 1, 2]], "Head1.Weights": [[0.5], [0.25]]}), ".xlsx")
    assert cells(found) == {
        "head1.weights[1,1]": "0.5", "head1.weights[2,1]": "0.25", "scores[1,1]": "1", "scores[1,2]": "2",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("stored", "look", "text"),
    [
        (3, "General", "3"),
        (3.0, "General", "3"),
        (0.57, "General", "0.57"),
        (0.1 + 0.2, "General", "0.3"),
        (2 / 3, "General", "0.666666666667"),
        (0.57, "0%", "57 %"),
        (0.575, "0%", "58 %"),
        (0.5, "0.00%", "50 %"),
        (2 / 3, "0.00", "0.67"),
        (0.125, "0.00", "0.13"),
        (-0.125, "0.00", "-0.13"),
        (2.675, "0.00", "2.68"),
        (0.5, "0.00", "0.5"),
        (0.996, "0.00", "1.00"),
        (1234.5678, "#,##0.00", "1234.57"),
        (0.6, "0", "1"),
        (1.5, '0.0" m"', "1.5"),
        (1e-9, "General", "0.000000001"),
        (1.23456e-9, "0.00E+00", "0.00000000123"),
        (1e300, "General", "1E+300"),
        (0, "0.00", "0"),
        (2 / 3, "@", "0.666666666667"),
    ],
)
def test_a_stored_number_is_the_text_that_a_person_sees(stored: float, look: str, text: str) -> None:
    """Rounded half up to the places of its format, else the shortest decimal, of at most 12 digits."""
    assert seen(stored, look) == text
    found = read(book({"scores": [[stored]]}, {"A1": look}), ".xlsx").cells["scores", (0, 0)]
    assert found.raw == text
    assert found.number is not None


@given(
    st.floats(allow_subnormal=False),
    st.sampled_from(["General", "0", "0.000", "0%", "0.0%", "#,##0.00", "0.0E+00", "@", ";;;", ""]),
)
def test_any_double_has_a_text(stored: float, look: str) -> None:
    """Of bearable length, and near the number."""
    text = seen(stored, look)
    if isfinite(stored):
        number = Fraction(text.removesuffix(" %")) / (100 if text.endswith("%") else 1)
        distance = abs(number - Fraction(stored))
        if look in ("General", "@", ";;;", ""):
            assert distance <= abs(Fraction(stored)) / 10**11
        else:
            assert distance <= max(Fraction(1, 2), abs(Fraction(stored)) / 10)


def test_what_is_no_number_in_a_sheet_is_unreadable_in_its_cell_only() -> None:
    """Dates, true, errors, formulas that nobody computed."""
    row = [datetime.date(2026, 1, 2), datetime.time(1, 2), True, "#DIV/0!", "=B2*2", 5, "1" * 200]
    found = read(book({"scores": [row]}), ".xlsx").cells
    assert [found["scores", (0, j)].number is None for j in range(7)] == [True] * 5 + [False, True]
    assert found["scores", (0, 0)].reason == found["scores", (0, 1)].reason == IS_A_DATE
    assert [found["scores", (0, j)].raw for j in (2, 3, 4)] == ["TRUE", "#DIV/0!", "=B2*2"]
    assert "open the file in a spreadsheet program, save it" in found["scores", (0, 4)].reason
    assert len(found["scores", (0, 6)].raw) == MAX_TEXT


HEADS = {"given": {"X": [[1, 0], [0, 1], [1, 1]]}, "pass": {"n_heads": 2, "queries": [2, 3], "repeat": 1}}


@pytest.mark.parametrize("problem", ["examples/apple-and-orange/problem.toml", "HEADS", "masked"])
def test_a_workbook_of_ours_can_be_typed_over_and_handed_in(problem: str, tmp_path: Path) -> None:
    """Every number of every step stands in its cell, and what a student typed stands in place of ours."""
    from tracer.problem_file import from_dict

    masked = {"given": {"X": [[1, 0], [0, 1]]}, "pass": {"logits": [{"use": "mask", "rule": "causal"}]}}
    given_ = {"HEADS": HEADS, "masked": masked}
    trace = tracer.solve(from_dict(given_[problem]) if problem in given_ else tracer.load(ROOT / problem))
    tracer.save(trace, tmp_path / "ours.xlsx")
    found = tracer.read_submission(tmp_path / "ours.xlsx")
    wanted = {
        (step.id, (*cell.at, 0)[:2]): cell for step in trace for row in step.cells for cell in row
    }  # a vector is a column
    assert set(found.cells) == set(wanted)
    for key, cell in wanted.items():
        number = found.cells[key].number
        if cell.infinite:
            assert number == MINUS_INFINITY
        elif not cell.undefined:
            assert isinstance(number, Num)
            assert abs(float(number.value) - (cell.float or 0)) < 1e-4

    made = openpyxl.load_workbook(tmp_path / "ours.xlsx", data_only=True)
    name = "step_outputs" if "step_outputs" in made.defined_names else "step_head2_outputs"
    (sheet, place), *_ = made.defined_names[name].destinations
    made[sheet][place.split(":")[0].replace("$", "")].value = "≈ 4/7"
    made.save(tmp_path / "typed.xlsx")
    id_ = named_step(name)
    assert tracer.read_submission(tmp_path / "typed.xlsx").cells[id_, (0, 0)].raw == "≈ 4/7"
    made[sheet].title = "My work"  # as no spreadsheet program does it, which would take the names along
    made.save(tmp_path / "renamed.xlsx")
    with pytest.raises(SubmissionError, match=f"{id_} is looked for on the sheet “{sheet}”"):
        tracer.read_submission(tmp_path / "renamed.xlsx")


@pytest.mark.parametrize(
    "id_", ["scores", "row_sums", "head1.scores", "pass2.head12.row_sums", "pass2.head1.row3.contributions"]
)
def test_a_step_has_a_name_in_spreadsheets(id_: str) -> None:
    """As spreadsheet programs allow, and back."""
    assert step_name(id_).replace("_", "").isalnum()
    assert named_step(step_name(id_)) == id_
    assert named_step("letter_a") == ""


def archive(files: dict[str, bytes]) -> bytes:
    """A ZIP with these files in place of those of a small workbook."""
    made, small = io.BytesIO(), zipfile.ZipFile(io.BytesIO(book({"scores": [[1]]})))
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for file in small.namelist():
            new.writestr(file, files.get(file, small.read(file)))
        for file in files.keys() - set(small.namelist()):
            new.writestr(file, files[file])
    return made.getvalue()


def page(rows: str, after: str = "") -> bytes:
    """The XML of a sheet."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<worksheet xmlns="{space}"><sheetData>{rows}</sheetData>{after}</worksheet>'.encode()


SHEET = "xl/worksheets/sheet1.xml"
BOMBS = {
    "a hundred megabytes of nothing": ({"xl/media/a.png": b"\0" * 100_000_000}, "unpacks to more than 50 MB"),
    "millions of cells": ({SHEET: page("<c/>" * 2_100_000)}, "too much in it"),
    "a tag without end": ({SHEET: page('<c r="' + "A" * 20_000_000 + '"/>')}, "too much in it"),
    "many merged cells": ({SHEET: page("", '<mergeCell ref="A1:B2"/>' * 200_000)}, "too much in it"),
    "rows far below": ({SHEET: page('<row r="99999999"><c r="A99999999"><v>1</v></c></row>')}, "too widely"),
    "wide rows": ({SHEET: page('<row><c r="XFD1"><v>1</v></c></row>' * 10_000)}, "too widely"),
    "broken XML": ({SHEET: b"<worksheet>"}, "no spreadsheet that can be read"),
    "XML that grows": (
        {"xl/workbook.xml": b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
         + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%s;" % (b"%d" % (n - 1) if n else b"") * 10) for n in range(12))
         + b"]><a>&a11;</a>"},
        "no spreadsheet that can be read",
    ),
    "nothing in it": ({SHEET: page("")}, "no sheet with answers"),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_spreadsheet_that_is_made_to_harm_is_refused(name: str) -> None:
    """Bounded before it is unpacked, before it is parsed, and while it is read."""
    files, says = BOMBS[name]
    refused(archive(files), ".xlsx", says)


def test_a_merged_area_over_the_whole_sheet_does_no_harm() -> None:
    """Nor do a hyperlink over all of it, or a size that is not true."""
    after = '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells><hyperlinks><hyperlink ref="A1:XFD1048576"/></hyperlinks>'
    content = page('<row r="1"><c r="A1"><v>7</v></c></row>', after)
    content = content.replace(b"<sheetData>", b'<dimension ref="A1:XFD1048576"/><sheetData>')
    assert cells(read(archive({SHEET: content}), ".xlsx")) == {"scores[1,1]": "7"}


# Laws


@settings(max_examples=150)
@given(st.binary(max_size=300), st.sampled_from([".toml", ".json", ".csv", ".xlsx"]))
@example(b"\xff\xfe", ".csv")
@example(b"\xff\xfea", ".toml")
@example(b"PK\x05\x06" + b"\0" * 18, ".xlsx")
def test_any_bytes_are_a_submission_or_refused(raw: bytes, suffix: str) -> None:
    """No traceback and no hang, whatever is in the file."""
    _refused_in_one_line(raw, suffix)


@settings(max_examples=300)
@given(
    st.lists(
        st.sampled_from(["by", "scores", "row_sums", "cell", "written", "[written]", "=", '"', ",", ";", "\t", "\n", "\r",
                         "scores[1,1]", "0,5", "[", "]", "{", "}", ":", "head1.", "1", " ", "weigths", "null", "'", "é"]),
        max_size=25,
    ),
    st.sampled_from([".toml", ".json", ".csv"]),
)  # fmt: skip
def test_any_words_are_a_submission_or_refused(words: list[str], suffix: str) -> None:
    """Near to what a file holds, in any order."""
    _refused_in_one_line("".join(words).encode(), suffix)


nested = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.dates()
    | st.builds(lambda: 10**5000),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*SYMBOLS, "head1", "by", ""]), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=300)
@given(nested | st.dictionaries(st.sampled_from(["by", "written", "title"]), nested))
def test_any_dictionary_is_a_submission_or_refused(data: Any) -> None:
    """Lists, tables, dates and huge numbers in any place."""
    from tracer.handed_in import from_dict

    try:
        assert isinstance(from_dict(data), Submission)
    except SubmissionError as error:
        assert "\n" not in str(error)


SPREADSHEET = book({"scores": [["", "a"], ["x", 0.5]], "Sheet": [["cell", "written"], ["weights[1]", "=1/2"]]})


@settings(max_examples=60)
@given(st.data())
def test_a_spreadsheet_with_bytes_changed_is_a_submission_or_refused(data: Any) -> None:
    """In the packed file, and in the XML inside."""
    raw = bytearray(SPREADSHEET)  # made once: openpyxl writes the time into it, and every example is of this length
    if data.draw(st.booleans()):
        with zipfile.ZipFile(io.BytesIO(raw)) as small:
            file = data.draw(st.sampled_from(small.namelist()))
            raw_xml = bytearray(small.read(file))
        for _ in range(data.draw(st.integers(1, 5))):
            raw_xml[data.draw(st.integers(0, len(raw_xml) - 1))] = data.draw(st.integers(0, 255))
        raw = bytearray(archive({file: bytes(raw_xml)}))
    else:
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    _refused_in_one_line(bytes(raw), ".xlsx")


def _refused_in_one_line(raw: bytes, suffix: str) -> None:
    try:
        assert isinstance(read(raw, suffix), Submission)
    except SubmissionError as error:
        assert str(error)
        assert "\n" not in str(error)
        assert len(str(error)) < 1000


texts = st.sampled_from(
    ["", "0.57", "0,5", "≈ 4/7", "57 %", "−1", "1e-3", "abc", "a:b", 'say "x"', "=1", "'", "√2", "#"]
)
ids = st.sampled_from(["scores", "row_sums", "head1.weights", "pass2.head1.scores", "row2.contributions", "outputs"])


@st.composite
def tables(draw: Any) -> dict[str, list[list[str]]]:
    """What stands in the steps; something in at least one cell."""
    made = {}
    for id_ in draw(st.lists(ids, min_size=1, max_size=3, unique=True)):
        width = 1 if id_ == "row_sums" else draw(st.integers(1, 3))
        made[id_] = draw(st.lists(st.lists(texts, min_size=width, max_size=width), min_size=1, max_size=3))
    made.setdefault("query", [["1"]])
    return made


@settings(max_examples=80)
@given(tables(), st.sampled_from(",;\t"))
def test_what_is_written_in_any_format_is_read_back(table: dict[str, list[list[str]]], delimiter: str) -> None:
    """The same texts in the same cells, in TOML, JSON, both layouts of CSV and of a spreadsheet."""

    def comma(rows: list[list[str]]) -> str:
        file = io.StringIO()
        needs_quotes = max(map(len, rows)) == 1  # then nothing tells 0,5 from two fields
        quoting = csv.QUOTE_ALL if needs_quotes else csv.QUOTE_MINIMAL
        csv.writer(file, delimiter=delimiter, quoting=quoting).writerows(rows)
        return file.getvalue()

    named = [(f"{id_}[{i},{j}]", text) for id_, rows in table.items() for i, row in enumerate(rows, 1)
             for j, text in enumerate(row, 1)]  # fmt: skip
    pairs_ = [["cell", "written"], *map(list, named)]
    plain = [line for id_, rows in table.items() for line in ([id_], *rows, [])]
    labelled = [
        line for id_, rows in table.items()
        for line in ([id_, *(f"c{j}" for j in range(len(rows[0])))], *([f"r{i}", *row] for i, row in enumerate(rows)))
    ]  # fmt: skip
    toml = "[written]\n" + "".join(f'"{id_}" = {json.dumps(rows, ensure_ascii=False)}\n' for id_, rows in table.items())
    files = [
        (toml, ".toml"),
        (json.dumps({"written": table}), ".json"),
        *((comma(rows), ".csv") for rows in (pairs_, plain, labelled)),
    ]
    as_text = lambda rows: [[f"’{x}" if x.startswith("=") else x or None for x in row] for row in rows]  # noqa: E731
    spreadsheets = [book({"Sheet": as_text(rows)}) for rows in (pairs_, plain, labelled)]
    wanted = dict(sorted((name, text) for name, text in named if text))
    for content, suffix in files:
        assert cells(read(content, suffix)) == wanted, content
    for content in spreadsheets:
        found = {name: text.removeprefix("’") for name, text in cells(read(content, ".xlsx")).items()}
        assert found == wanted


def test_every_format_is_told_in_the_error() -> None:
    """A format is a file in the rack."""
    assert suffixes() == [".csv", ".json", ".pdf", ".toml", ".xlsx"]


def test_openpyxl_is_loaded_only_for_spreadsheets() -> None:
    """Reading TOML loads no library for spreadsheets."""
    code = (
        "import sys, tracer; tracer.read_submission({'written': {'scores': [[1]]}}); print('openpyxl' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
