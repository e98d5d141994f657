"""What a class hands in, marked: each file found, each student's points, and what the class is told."""

from __future__ import annotations

import csv
import json
import re
import shutil
import tomllib
from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from random import Random
from typing import Any

import pypdf
import pytest
from hands import cases, mistakes
from hands.person import Habits

import tracer
from tracer import cli
from tracer.classes.manifest import Record
from tracer.collecting.matching import HandedIn, matched, read
from tracer.collecting.results import as_csv, as_json, parsed
from tracer.collecting.rules import from_table
from tracer.errors import ClassError, ProblemError
from tracer.submission import Submission

ASKED = ("scores", "scaled", "weights", "outputs")
SPEC = 'title = "By hand"\nseed = 7\nform = true\n[sheet]\nblank = "scores, scaled, weights, outputs"\n'
NAMES = ["Ada Lovelace", "Alan Turing", "Emmy Noether", "Kurt Gödel"]
UNIQUE = (  # mistakes that leave a trace of their own in every problem of this class
    "q_k_exchanged", "not_scaled", "divided_by_d_k", "exponentials_forgotten", "base_10", "softmax_down_columns",
    "softmax_whole_matrix", "weights_on_k",
)  # fmt: skip


def run(*arguments: str | Path) -> int:
    return cli.main([*map(str, arguments), "--quiet"])


def a_class(folder: Path, names: list[str], spec: str = SPEC) -> Path:
    """The folder of a class with sheets to fill in."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "spec.toml").write_text(spec, "utf-8")
    roster = "name,id\n" + "".join(f"{name},{n}\n" for n, name in enumerate(names, 4711))
    (folder / "roster.csv").write_text(roster, "utf-8")
    assert run("class", folder / "spec.toml", folder / "roster.csv", "-o", folder / "out") == 0
    return folder / "out"


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four sheets."""
    return a_class(tmp_path_factory.mktemp("class"), NAMES)


@pytest.fixture
def folder(handed_out: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    return Path(shutil.copytree(handed_out, tmp_path / "out"))


def students(folder: Path) -> list[dict[str, Any]]:
    """The students of a class, from its manifest."""
    found: list[dict[str, Any]] = json.loads((folder / "manifest.json").read_text("utf-8"))["students"]
    return found


def problem_of(folder: Path, student: dict[str, Any]) -> Path:
    return folder / next(name for name in student["files"] if name.startswith("problems/"))


def by_hand(folder: Path, student: dict[str, Any], mistake: mistakes.Mistake | None = None) -> dict[str, str]:
    """What somebody writes who rounds each step to two places: worked by a program that shares nothing with ours."""
    problem = tomllib.loads(problem_of(folder, student).read_text("utf-8"))
    problem["pass"] = {"projection": "X W", "similarity": "dot", "normalisation": "softmax", **problem["pass"]}
    hand = cases.worked(problem, Habits(defaultdict(lambda: 2)), mistake)
    return {
        f"{step}[{i + 1},{j + 1}]": text.raw
        for (step, i, j), text in hand.written.items()
        if step in ASKED and text is not None
    }


def rounded(folder: Path, student: dict[str, Any]) -> dict[str, str]:
    """The key: every number exactly, rounded once."""
    trace = tracer.solve(tracer.load(problem_of(folder, student)))
    cells = (cell for step in ASKED for row in trace[step].cells for cell in row)
    return {cell.id: cell.decimal(2) or "" for cell in cells}


def filled_in(folder: Path, student: dict[str, Any], written: dict[str, str]) -> bytes:
    """The student's own sheet as a PDF reader saves it."""
    sheet = next(name for name in student["files"] if name.startswith("sheets/"))
    writer = pypdf.PdfWriter()
    writer.append(pypdf.PdfReader(folder / sheet))
    for page in writer.pages:
        writer.update_page_form_field_values(page, written, auto_regenerate=False)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def in_csv(student: dict[str, Any], written: dict[str, str], by: str = "") -> str:
    """The same as a file of pairs."""
    pairs = "".join(f'"{cell}",{text}\n' for cell, text in written.items())
    return f"by,{by}\ncode,{student['code']}\ncell,written\n{pairs}"


def marks(out: Path) -> dict[str, dict[str, str]]:
    """The list of marks, by name."""
    rows = csv.DictReader(StringIO((out / "marks.csv").read_text("utf-8-sig")))
    return {row["name"]: row for row in rows}


# The round trip


def test_the_key_and_the_by_hand_key_get_full_marks(folder: Path, tmp_path: Path) -> None:
    """Filled into the forms by a program, read back and marked."""
    answers = tmp_path / "answers"
    answers.mkdir()
    for n, student in enumerate(students(folder)):
        written = (rounded if n % 2 else by_hand)(folder, student)
        (answers / f"{n}.pdf").write_bytes(filled_in(folder, student, written))
    assert run("mark", folder, answers, "--feedback", "none") == 0
    found = marks(folder / "marks")
    assert list(found) == NAMES
    assert {(row["points"], row["of"], row["percent"]) for row in found.values()} == {("33", "33", "100")}


@pytest.mark.full
def test_a_class_of_thirty_goes_there_and_back(tmp_path: Path) -> None:
    """Full marks for every key and every by-hand key; one mistake for each student is found, and named."""
    folder = a_class(tmp_path, [f"Student {n}" for n in range(1, 31)])
    for how, make in (("key", rounded), ("hand", by_hand)):
        for student in students(folder):
            place = tmp_path / how / f"{student['code']}.pdf"
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(filled_in(folder, student, make(folder, student)))
        assert run("mark", folder, tmp_path / how, "-o", tmp_path / f"marks {how}", "--feedback", "none") == 0
        assert {row["percent"] for row in marks(tmp_path / f"marks {how}").values()} == {"100"}
    injected = {}
    (tmp_path / "wrong").mkdir()
    for n, student in enumerate(students(folder)):
        code = UNIQUE[n % len(UNIQUE)]
        mistake = replace(mistakes.draw(code, Random(n)), steps=None, row=None, column=None)
        injected[student["name"]] = code
        written = by_hand(folder, student, mistake)
        (tmp_path / "wrong" / f"{student['code']}.pdf").write_bytes(filled_in(folder, student, written))
    assert run("mark", folder, tmp_path / "wrong", "--feedback", "pdf") == 0
    found = marks(folder / "marks")
    missed = {
        name: (code, found[name])
        for name, code in injected.items()
        if code not in re.split(", | or ", found[name]["mistakes"])
    }
    assert missed == {}
    assert len(list((folder / "marks" / "feedback").glob("*.pdf"))) == 30


# Whose it is


def record(name: str, code: str, id_: str = "", email: str = "") -> Record:
    return Record(f"name 1 {name}", name, id_, email, code, 1, "", "")


ADA, ALAN = record("Ada Lovelace", "K7QABC", "4711", "ada@example.org"), record("Alan Türing", "M2WXYZ", "4712")
TWIN = record("Ada Lovelace", "P9RSTU", "4713")


@pytest.mark.parametrize(
    ("path", "by", "code", "whose"),
    [
        ("a.csv", "", "K7QABC", ADA), ("a.csv", "", " k7qabc", ADA), ("a.csv", "Alan Türing", "K7QABC", ADA),
        ("sheet-M2WXYZ.pdf", "", "", ALAN), ("a.csv", "ada  lovelace", "", ADA), ("a.csv", "Lovelace Ada", "", ADA),
        ("a.csv", "4712", "", ALAN), ("a.csv", "ada@example.org", "", ADA), ("a.csv", "alan turing", "", ALAN),
        ("Alan Türing_123_assignsubmission_file_/answers.pdf", "", "", ALAN), ("ada-lovelace.csv", "me", "", ADA),
        ("answers 4711.xlsx", "", "", ADA), ("a.csv", "Grace", "", None), ("a.csv", "", "ZZZZZZ", None), ("a.csv", "", "", None),
    ],
)  # fmt: skip
def test_a_file_is_whose_code_or_name_it_has(path: str, by: str, code: str, whose: Record | None) -> None:
    """The code first, wherever it stands; then who it says it is by; then the name of the file or its folder."""
    one = HandedIn(Path(path), Submission({}, by, code))
    found = matched([one], [ADA, ALAN])
    assert list(found.of) == ([whose.identity] if whose else [])
    assert len(found.strays) == (whose is None)


def test_a_name_that_two_have_is_nobodys() -> None:
    """It could be either's: the code decides, and where there is none, nobody does."""
    one = HandedIn(Path("a.csv"), Submission({}, "Ada Lovelace"))
    found = matched([one], [ADA, replace(TWIN, identity="name 2 Ada Lovelace")])
    assert not found.of
    assert "no code and no name of one student is in it" in found.strays[0][1]


def test_what_cannot_be_read_is_told_by_its_name(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One broken file stops nobody else."""
    answers = tmp_path / "answers"
    answers.mkdir()
    ada, alan, *_ = students(folder)
    (answers / "alan.csv").write_text(in_csv(alan, rounded(folder, alan)), "utf-8")
    (answers / f"{ada['code']}.pdf").write_bytes(b"%PDF-1.7 no more")
    (answers / ".hidden.csv").write_text("nothing", "utf-8")
    (answers / "notes.docx").write_bytes(b"PK")
    assert run("mark", folder, answers, "--feedback", "none") == 1
    assert "is no PDF that can be read" in capsys.readouterr().err
    found = marks(folder / "marks")
    assert (found["Alan Turing"]["points"], found["Ada Lovelace"]["points"]) == ("33", "0")
    assert "is no PDF" in found["Ada Lovelace"]["problem"]


def test_of_two_files_the_fuller_one_counts(folder: Path, tmp_path: Path) -> None:
    """Somebody handed in a draft first; the marks say which file was marked."""
    ada = students(folder)[0]
    written = rounded(folder, ada)
    (tmp_path / "a.csv").write_text(in_csv(ada, written), "utf-8")
    (tmp_path / "b.csv").write_text(in_csv(ada, dict(list(written.items())[:5])), "utf-8")
    run("mark", folder, tmp_path / "a.csv", tmp_path / "b.csv", "--feedback", "none")
    found = marks(folder / "marks")["Ada Lovelace"]
    assert (found["points"], Path(found["file"]).name) == ("33", "a.csv")


# Points


def test_a_step_that_is_missing_has_no_points(folder: Path, tmp_path: Path) -> None:
    """All that was asked for counts, handed in or not."""
    ada = students(folder)[0]
    written = {cell: text for cell, text in rounded(folder, ada).items() if not cell.startswith("outputs")}
    (tmp_path / "a.csv").write_text(in_csv(ada, written), "utf-8")
    assert run("mark", folder, tmp_path / "a.csv", "--feedback", "none") == 0
    found = marks(folder / "marks")
    assert (found["Ada Lovelace"]["points"], found["Ada Lovelace"]["blank"]) == ("27", "6")
    assert (found["Emmy Noether"]["points"], found["Emmy Noether"]["blank"]) == ("0", "33")


def test_other_rules_tell_who_changes_and_why(folder: Path, tmp_path: Path) -> None:
    """Rounding slips count whole now, and weights twice: exactly those with such numbers change."""
    ada, alan, *_ = students(folder)
    right, slipped = rounded(folder, alan), rounded(folder, ada)
    slipped["scaled[1,1]"] = str(Decimal(slipped["scaled[1,1]"]) + Decimal("0.01"))
    (tmp_path / "ada.csv").write_text(in_csv(ada, slipped), "utf-8")
    (tmp_path / "alan.csv").write_text(in_csv(alan, {"scores[1,1]": right["scores[1,1]"]}), "utf-8")
    (tmp_path / "rules.toml").write_text("[credit]\nrounding_slip = 1\n", "utf-8")
    arguments = ("mark", folder, tmp_path / "ada.csv", tmp_path / "alan.csv", "--feedback", "none")
    assert run(*arguments) == 0
    assert marks(folder / "marks")["Ada Lovelace"]["points"] == "32.5"
    assert run(*arguments, "--rules", tmp_path / "rules.toml") == 0
    rows = list(csv.DictReader(StringIO((folder / "marks" / "changes.csv").read_text("utf-8-sig"))))
    assert [(row["name"], row["before"], row["after"], row["why"]) for row in rows] == [
        ("Ada Lovelace", "32.5", "33", "rounding slip: 1 of a number's points, not 0.5 (1)")
    ]


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"credit": {"carryed": 1}}, "carried"), ({"credit": {"carried": 2}}, "from 0 to 1"), ({"points": {"weights": True}}, "points"),
        ({"credits": {}}, "credit"), ({"credit": {"carried": "a"}}, "expected a number"),
    ],
)  # fmt: skip
def test_rules_that_mean_nothing_say_so(told: dict[str, Any], says: str) -> None:
    """One sentence with the key."""
    with pytest.raises(ProblemError, match=says):
        from_table(told)


def test_the_marks_are_read_back_as_they_were(folder: Path, tmp_path: Path) -> None:
    """JSON is what the next marking compares with."""
    ada = students(folder)[0]
    (tmp_path / "a.csv").write_text(in_csv(ada, rounded(folder, ada)), "utf-8")
    run("mark", folder, tmp_path / "a.csv", "--feedback", "none")
    raw = (folder / "marks" / "marks.json").read_bytes()
    assert as_json(parsed(raw)) == raw
    with pytest.raises(ClassError, match="holds no marks"):
        parsed(b"[]")


def test_a_name_is_no_formula_in_a_spreadsheet() -> None:
    """=1+1 stays what it is."""
    scores = parsed(as_json_of("=HYPERLINK(1)")).scores
    assert "'=HYPERLINK(1)" in as_csv(scores).decode("utf-8-sig")


def as_json_of(name: str) -> bytes:
    student = {
        "identity": "x", "name": name, "id": "", "code": "K7QABC", "file": "", "others": [], "problem": "",
        "points": "0", "of": "0", "first_wrong": None, "cells": {},
    }  # fmt: skip
    data = {
        "schema": "tracer/class-marks/1",
        "tracer": "0",
        "rules": {"credit": {}, "points": {}},
        "students": [student],
        "strays": [],
    }
    return json.dumps(data).encode()


# The page about the class


def test_the_class_page_says_what_went_wrong(folder: Path, tmp_path: Path) -> None:
    """Which step, which mistake, who may need help."""
    ada, alan, emmy, _ = students(folder)
    forgotten = replace(mistakes.draw("not_scaled", Random(1)), steps=None, row=None, column=None)
    (tmp_path / "ada.csv").write_text(in_csv(ada, by_hand(folder, ada, forgotten)), "utf-8")
    (tmp_path / "alan.csv").write_text(in_csv(alan, rounded(folder, alan)), "utf-8")
    (tmp_path / "emmy.csv").write_text(in_csv(emmy, {"scores[1,1]": "99"}), "utf-8")
    run("mark", folder, *(tmp_path / f"{name}.csv" for name in ("ada", "alan", "emmy")), "--feedback", "html")
    page = (folder / "marks" / "class.html").read_text("utf-8")
    for words in ("3 of 4", "the scores were not scaled", "nothing was handed in", "Who may need help", "Kurt Gödel"):
        assert words in page, words
    feedback = sorted(path.name for path in (folder / "marks" / "feedback").iterdir())
    assert len(feedback) == 3
    text = (folder / "marks" / "feedback" / feedback[0]).read_text("utf-8")
    assert "Ada Lovelace" in text
    assert ada["code"] in text


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda folder: ("mark", folder / "nothing", folder), "manifest.json: cannot be read"),
        (lambda folder: ("mark", folder, folder / "nothing"), "nothing: is not there"),
        (lambda folder: ("mark", folder, folder, "--feedback", "xls"), "expected pdf, html or none"),
    ],
)  # fmt: skip
def test_one_clear_error(make: Any, says: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is wrong, and what is expected."""
    assert run(*make(folder)) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1


def test_a_damaged_folder_is_told(folder: Path, tmp_path: Path) -> None:
    """A problem's file is gone: that student cannot be marked, the others are."""
    ada, alan, *_ = students(folder)
    problem_of(folder, ada).unlink()
    (tmp_path / "alan.csv").write_text(in_csv(alan, rounded(folder, alan)), "utf-8")
    assert run("mark", folder, tmp_path / "alan.csv", "--feedback", "none") == 1
    assert "run tracer class again" in marks(folder / "marks")["Ada Lovelace"]["problem"]


def test_a_file_is_read_once(tmp_path: Path) -> None:
    """What is in it, or why it cannot be read."""
    (tmp_path / "a.csv").write_text("by,Ada\ncell,written\nscores[1,1],2\n", "utf-8")
    found = read(tmp_path / "a.csv")
    assert found.submission is not None
    assert found.submission.by == "Ada"
    assert read(tmp_path / "b.csv").error
