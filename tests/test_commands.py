"""The command line: what it prints, what it writes, and with which exit code.

The texts in golden/ are whole worked solutions whose numbers were checked with a pencil. After a wanted change
write them anew, and read the difference:  TRACER_GOLDEN=write python -m pytest tests/test_commands.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

ROOT = Path(__file__).parents[1]
GOLDEN = Path(__file__).parent / "golden"
TWO_WORDS = """
tokens = ["orange", "apple"]
[given]
X = [[0, 1], [1, 1]]
[pass]
logits = []
"""
PROBLEMS = {
    "two-words": TWO_WORDS,
    "causal": """
tokens = ["a", "b"]
[given]
S = [[1, 2], [0, "ln 3"]]
V = [[4], [8]]
[pass]
logits = [{ use = "mask", rule = "causal" }]
""",
    "undefined": """
[given]
S = [[1, -1]]
[pass]
logits = []
normalisation = "sum"
""",
    "by-hand": """
[given]
Q = [[1, 1]]
K = [[1, 1], [1, 0]]
V = [[10], [0]]
[paper]
places = 4
by_hand = { scaled = 2, exponentials = 2, row_sums = 2, weights = 2, outputs = 1 }
""",
    "letters": """
[given]
Q = [["a", 1]]
K = [[1, 0], [0, "b"]]
""",
}


def tracer(*arguments: str | Path, stdin: str = TWO_WORDS, code: int = 0, **more: Any) -> tuple[str, str]:
    """What a command prints on standard output and on standard error; its exit code is checked."""
    command = [sys.executable, "-m", "tracer", *map(str, arguments)]
    result = subprocess.run(command, input=stdin.encode(), capture_output=True, timeout=90, check=False, **more)
    assert result.returncode == code, result.stderr.decode()
    return result.stdout.decode(), result.stderr.decode()


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_worked_solution_is_the_golden_one(name: str) -> None:
    """The whole text of a small problem, word for word and number for number."""
    printed, _ = tracer("solve", "-", stdin=PROBLEMS[name])
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("TRACER_GOLDEN") == "write":
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(printed, "utf-8")
    assert printed == golden.read_text("utf-8")


FACTS = {  # what must stand in the golden texts, worked with a pencil
    "two-words": ["= 1·0 + 1·1 = 1", "= 1·1 + 1·1 = 2", "e/(e + e^2)", "0.2689   0.7311", "√2", "45"],
    "causal": ["E[2, 2] = e^Z[2, 2] = e^ln(3) = 3", "= 1/4 = 0.25", "= 3/4 = 0.75", "= 1/4·4 + 3/4·8 = 7"],
    "undefined": ["undefined: nothing can be divided by zero"],
    "by-hand": ["e^√2 + e^(√2/2) ≈ 6.1414 (by hand 6.13)", "0.6698   0.3302", "0.67    0.33", "6.6976"],
}


@pytest.mark.parametrize("name", FACTS)
def test_the_golden_texts_hold_the_numbers_from_the_pencil(name: str) -> None:
    """Scores of 1 and 2, shares of 1/4 and 3/4, e^1.41 = 4.10: worked without the program."""
    text = (GOLDEN / f"{name}.txt").read_text("utf-8")
    for fact in FACTS[name]:
        assert fact in text, fact


def test_a_dash_is_standard_input_and_output(tmp_path: Path) -> None:
    """`solve -` reads the problem from standard input; `-o -` prints, beside other files."""
    (tmp_path / "p.toml").write_text(TWO_WORDS)
    from_file, said = tracer("solve", tmp_path / "p.toml")
    assert said == ""
    assert tracer("solve", "-") == (from_file, "")
    printed, _ = tracer("solve", "-", "-o", "-", "-o", tmp_path / "a.txt")
    assert printed == from_file == (tmp_path / "a.txt").read_text("utf-8")


def test_a_problem_in_json_is_the_same_problem() -> None:
    """TOML and JSON with the same keys give the same text."""
    data = {"tokens": ["orange", "apple"], "given": {"X": [[0, 1], [1, 1]]}, "pass": {"logits": []}}
    assert tracer("solve", "-", stdin=json.dumps(data)) == tracer("solve", "-")


def test_json_on_standard_output() -> None:
    """`--json` prints the trace; it is what `-o trace.json` writes."""
    data = json.loads(tracer("solve", "-", "--json")[0])
    assert data["schema"] == "tracer/trace/1"
    weights = next(step for step in data["steps"] if step["id"] == "weights")
    assert weights["rows"] == weights["columns"] == ["orange", "apple"]
    assert [[cell["exact"] for cell in row] for row in weights["cells"]] == [
        ["1/2", "1/2"],
        ["e/(e + e^2)", "e^2/(e + e^2)"],
    ]
    assert [cell["decimal"] for cell in weights["cells"][1]] == ["0.2689", "0.7311"]
    assert weights["cells"][1][0]["inputs"] == ["exponentials[2,1]", "row_sums[2]"]


def test_details() -> None:
    """A summary has results only; steps work the first row; full works every row, and is the default here."""
    texts = {detail: tracer("solve", "-", "--detail", detail)[0] for detail in ("summary", "steps", "full")}
    assert [("Σ_c Q[1" in texts[d], "Σ_c Q[2" in texts[d]) for d in texts] == [
        (False, False),
        (True, False),
        (True, True),
    ]
    assert all("A ≈" in text for text in texts.values())
    assert len(texts["summary"]) < len(texts["steps"]) < len(texts["full"])
    assert tracer("solve", "-")[0] == texts["full"]


def test_one_row() -> None:
    """--row names a word or a number: that row is worked, the others stand as results."""
    by_word, by_number = tracer("solve", "-", "--row", "apple"), tracer("solve", "-", "--row", "2")
    assert by_word == by_number
    assert "Σ_j A[2, j]" in by_word[0]
    assert "Σ_j A[1, j]" not in by_word[0]
    assert "orange" in by_word[0]


def test_letters_get_numbers() -> None:
    """--let puts numbers in, one letter at a time or all; a number gives the text of the problem written with it."""
    text = PROBLEMS["letters"]
    symbolic, _ = tracer("solve", "-", stdin=text)
    half, _ = tracer("solve", "-", "--let", "a=2", stdin=text)
    numbers, _ = tracer("solve", "-", "--let", "a=2", "--let", "b=1/3", stdin=text)
    assert "b" in half
    assert len({symbolic, half, numbers}) == 3
    assert numbers == tracer("solve", "-", stdin=text.replace('"a"', "2").replace('"b"', '"1/3"'))[0]


def test_places() -> None:
    """--places says how many decimals a rounded value has."""
    assert "0.7310586" in tracer("solve", "-", "--places", "7")[0]
    assert "0.73\n" in tracer("solve", "-", "--places", "2")[0].replace(" ", "\n")


@pytest.mark.parametrize("suffix", ["txt", "json", "html", "pdf"])
def test_twice_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    """The same problem gives the same file, whenever and wherever it is written."""
    for name, seed in (("a", "1"), ("b", "2")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": f"UTC{seed}"}
        tracer("solve", "-", "-o", tmp_path / f"{name}.{suffix}", env=environment)
    assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


def test_several_files_at_once(tmp_path: Path) -> None:
    """As many -o as one likes; what was written is said on standard error, and not with --quiet."""
    names = [tmp_path / name for name in ("a.txt", "a.json", "a.HTML")]
    outputs = [argument for name in names for argument in ("-o", name)]
    printed, said = tracer("solve", "-", *outputs)
    assert printed == ""
    assert all(str(name) in said for name in names)
    assert said.count("\n") == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.HTML", "a.json", "a.txt"]
    assert tracer("solve", "-", *outputs, "--quiet") == ("", "")


def test_a_page_needs_nothing_else(tmp_path: Path) -> None:
    """The HTML file fetches nothing, and runs nothing but its own script."""
    tracer("solve", "-", "-o", tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text("utf-8")
    assert page.startswith("<!")
    for word in ("<script src", "<link", "<img", "http://www.w3.org/1999/xlink", "@import", "src=", "url(http"):
        assert word not in page, word
    assert page.count("<math") == page.count("</math>") > 10


def test_a_failed_run_leaves_the_old_file(tmp_path: Path) -> None:
    """A problem that is refused changes no file."""
    old = tmp_path / "sheet.txt"
    old.write_text("the old sheet")
    tracer("solve", "-", "-o", old, stdin="[given]\nX = [[1], [1, 2]]\n", code=2)
    assert old.read_text() == "the old sheet"
    assert list(tmp_path.iterdir()) == [old]
    tracer("solve", "-", "-o", old)
    assert old.read_text("utf-8") != "the old sheet"


def test_exit_codes_and_help() -> None:
    """0 for a worked problem and for help, 2 for a wrong command; the version is one line."""
    assert tracer("--version")[0].startswith("tracer ")
    assert "solve" in tracer("--help")[0]
    assert "--detail" in tracer("solve", "--help")[0]
    for wrong in ([], ["solv"], ["solve"], ["solve", "-", "--detail", "all"], ["schema", "answers"]):
        _, said = tracer(*wrong, code=2)
        assert "Traceback" not in said
    _, said = tracer("solve", "-", "--debug", stdin="X", code=1)
    assert "Traceback" in said


def test_it_speaks_utf_8_everywhere() -> None:
    """Where the terminal claims to know ASCII only, the text is UTF-8 all the same."""
    environment = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    assert tracer("solve", "-", env=environment) == tracer("solve", "-")


# Marking

APPLES = """
tokens = ["orange", "apple"]
[given]
X = [[0, 3], [2, 2]]
[pass]
logits = []
"""
RIGHT = '[written]\nscores = [["9", "6"], ["6", "8"]]\n'
SLIP = 'by = "Mia"\n[written]\nscores = [["9", "6"], ["7", "8"]]\nweights = [["0.95", "0.05"], ["0.27", "0.73"]]\n'


@pytest.fixture
def apples(tmp_path: Path) -> Path:
    """A problem; the scores of a right answer, and an answer with one slip that its weights are worked from."""
    for name, text in (("apples.toml", APPLES), ("right.toml", RIGHT), ("slip.toml", SLIP)):
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def test_all_accepted_is_0_and_something_not_is_1(apples: Path) -> None:
    """A blank cell is no wrong number; one wrong number is, and so is one that cannot be read."""
    problem = apples / "apples.toml"
    printed, said = tracer("check", problem, apples / "right.toml")
    assert ("All 4 numbers." in printed, said) == (True, "")
    tracer("check", problem, "-", stdin='[written]\nscores = [["9", ""]]\n')
    printed, said = tracer("check", problem, apples / "slip.toml", code=1)
    assert "S[2, 1] in Scores: you wrote 7, and your earlier numbers give 6." in " ".join(printed.split())
    assert said == ""
    tracer("check", problem, "-", stdin='[written]\nscores = [["nine", "6"]]\n', code=1)


def test_answers_come_from_standard_input_too(apples: Path) -> None:
    """`-` is told by its content: TOML, JSON or CSV; only one of the files can be it."""
    problem = apples / "apples.toml"
    by_name = tracer("check", problem, apples / "right.toml")
    assert tracer("check", problem, "-", stdin=RIGHT) == by_name
    assert tracer("check", problem, "-", stdin='{"written": {"scores": [[9, 6], [6, 8]]}}') == by_name
    assert tracer("check", problem, "-", stdin="scores\n9,6\n6,8\n") == by_name
    assert tracer("check", "-", apples / "right.toml", stdin=APPLES) == by_name
    _, said = tracer("check", "-", "-", stdin=RIGHT, code=2)
    assert said == "tracer: standard input: only one file can come from it; give the others by their names\n"


def test_feedback_is_written_in_any_format(apples: Path) -> None:
    """Feedback as PDF and HTML, marks as JSON, all at once; what was written is said, and the exit code is that of the marks."""
    names = [f"feedback.{suffix}" for suffix in ("pdf", "html", "json", "txt", "md", "tex")]
    outputs = [argument for name in names for argument in ("-o", apples / name)]
    printed, said = tracer("check", apples / "apples.toml", apples / "slip.toml", *outputs, code=1)
    assert (printed, said) == ("", f"wrote {', '.join(str(apples / name) for name in names)}\n")
    assert sorted(path.name for path in apples.iterdir()) == sorted([*names, "apples.toml", "right.toml", "slip.toml"])
    assert (apples / "feedback.pdf").read_bytes().startswith(b"%PDF-")
    assert "Mia" in (apples / "feedback.html").read_text("utf-8")
    assert json.loads((apples / "feedback.json").read_text("utf-8"))["by"] == "Mia"
    assert (apples / "feedback.txt").read_text("utf-8") == tracer(
        "check", apples / "apples.toml", apples / "slip.toml", code=1
    )[0]


def test_marks_as_json_are_what_the_schema_says(apples: Path) -> None:
    """`--json` prints what `-o marks.json` writes: verdicts by their codes, credit as fractions."""
    arguments = ("check", apples / "apples.toml", apples / "slip.toml", "--json")
    printed, _ = tracer(*arguments, code=1)
    tracer(*arguments[:-1], "-o", apples / "marks.json", code=1)
    assert printed == (apples / "marks.json").read_text("utf-8")
    jsonschema.Draft202012Validator(json.loads(tracer("schema", "marks")[0])).validate(json.loads(printed))
    data = json.loads(printed)
    assert (data["first_wrong"], data["accepted"], data["blanks"], data["credit"]) == ("scores[2,1]", 7, 8, "7")
    verdicts = [mark["verdict"] for mark in data["marks"]]
    assert verdicts == ["exact", "exact", "mistake", "exact", "exact", "exact", "carried", "carried"]
    assert data["marks"][2]["mistakes"] == ["added"]  # (2 + 0) + (2 + 3)


def test_three_audiences(apples: Path) -> None:
    """The student is spoken to, the teacher gets credits, the public a page about a page."""
    pages = {
        audience: tracer("check", apples / "apples.toml", apples / "slip.toml", "--for", audience, code=1)[0]
        for audience in ("student", "teacher", "audit")
    }
    assert pages["student"] == tracer("check", apples / "apples.toml", apples / "slip.toml", code=1)[0]
    assert "you wrote 7" in pages["student"]
    assert "7 of 8." in pages["teacher"]
    assert "the page prints 7" in pages["audit"]


def test_marks_in_german(apples: Path) -> None:
    """--lang de: the sentences, and the sentence of each mark in JSON; codes stay as they are."""
    arguments = ("check", apples / "apples.toml", apples / "slip.toml", "--lang", "de")
    assert tracer(*arguments, code=1)[0].startswith("Rückmeldung")
    marks = json.loads(tracer(*arguments, "--json", code=1)[0])["marks"]
    assert (marks[0]["verdict"], marks[0]["sentence"]) == ("exact", "Richtig.")


def test_a_second_printing_may_have_used_the_first(apples: Path) -> None:
    """The weights follow from the 7 of the first printing; without it they are wrong."""
    again = '[written]\nweights = [["", ""], ["0.27", "0.73"]]\n'
    alone = json.loads(tracer("check", apples / "apples.toml", "-", "--json", stdin=again, code=1)[0])
    both = ("check", apples / "apples.toml", "-", "--earlier", apples / "slip.toml", "--json")
    together = json.loads(tracer(*both, stdin=again)[0])
    assert "carried" not in [mark["verdict"] for mark in alone["marks"]]
    assert [mark["verdict"] for mark in together["marks"]] == ["missing", "missing", "carried", "carried"]


UNCHECKED = {
    "no such file": (["apples.toml", "nobody.csv"], "", "nobody.csv: cannot be read (No such file or directory)"),
    "no file of answers": (["apples.toml", "answers.docx"], "", "answers.docx: answers are not read from “.docx”"),
    "no TOML": (["apples.toml", "broken.toml"], "", "broken.toml: cannot be read"),
    "an unknown step": (["apples.toml", "-"], "masked\n1,2\n", "standard input: there is no step “masked”"),
    "a cell too many": (["apples.toml", "-"], "scores\n1,2,3\n", "standard input: scores[1,3] does not exist"),
    "an unknown step before": (
        ["apples.toml", "right.toml", "--earlier", "-"], "masked\n1,2\n",
        "right.toml: the earlier printing: there is no step “masked”",
    ),
    "no such problem": (["pears.toml", "right.toml"], "", "pears.toml: cannot be read"),
    "letters": (["-", "one.csv"], PROBLEMS["letters"], "standard input: the problem has letters without numbers: a"),
    "a format without marks": (["apples.toml", "slip.toml", "-o", "a.xlsx"], "", "marks are not written as .xlsx"),
    "an unknown format": (["apples.toml", "slip.toml", "-o", "a.doc"], "", "marks are not written as .doc"),
    "a folder that is not there": (["apples.toml", "slip.toml", "-o", "a/a.html"], "", "a/a.html: cannot be written"),
    "one of two formats": (["apples.toml", "slip.toml", "-o", "a.html", "-o", "a.doc"], "", "not written as .doc"),
    "an unknown audience": (["apples.toml", "slip.toml", "--for", "parents"], "", "'parents'"),
    "an unknown language": (["apples.toml", "slip.toml", "--lang", "tlh"], "", "“tlh”"),
    "no answers": (["apples.toml"], "", "SUBMISSION"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNCHECKED)
def test_what_cannot_be_checked_is_told_in_one_line(name: str, apples: Path) -> None:
    """Exit code 2, one line on standard error with the name of the file in front, nothing printed, nothing written."""
    (apples / "broken.toml").write_text("[written", "utf-8")
    (apples / "one.csv").write_text("scores\n1\n", "utf-8")
    (apples / "answers.docx").write_bytes(b"PK")
    before = sorted(apples.iterdir())
    arguments, stdin, message = UNCHECKED[name]
    printed, said = tracer("check", *arguments, stdin=stdin, code=2, cwd=apples, env={**os.environ, "PYTHONPATH": ROOT})
    assert printed == ""
    assert said.startswith("tracer: ")
    assert message in said
    assert said.count("\n") == 1
    assert sorted(apples.iterdir()) == before


def test_a_failed_check_leaves_the_old_feedback(apples: Path) -> None:
    """Answers that do not fit change no file, and the next ones replace it whole."""
    old = apples / "feedback.html"
    old.write_text("the old page", "utf-8")
    tracer("check", apples / "apples.toml", "-", "-o", old, stdin="masked\n1\n", code=2)
    assert old.read_text("utf-8") == "the old page"
    tracer("check", apples / "apples.toml", "-", "-o", old, stdin=RIGHT)
    assert old.read_text("utf-8").startswith("<!")
    assert not [path for path in apples.iterdir() if path.suffix == ".part"]


# Worksheets


@pytest.mark.parametrize("suffix", ["csv", "toml", "xlsx"])
def test_a_sheet_to_fill_in_and_its_key_are_answers(suffix: str, tmp_path: Path) -> None:
    """The key is all right, by the student's command; the sheet as it is handed out is blank, which is no mistake."""
    problem, sheet, key = (tmp_path / name for name in ("problem.toml", f"sheet.{suffix}", f"key.{suffix}"))
    problem.write_text(TWO_WORDS)
    said = tracer("sheet", problem, "--blank", "weights", "--for", "Ada", "-o", sheet, "--key", key)[1]
    assert said.strip() == f"wrote {sheet}, {key}"

    assert "4 of 4" in tracer("check", problem, key)[0]
    assert "Blank" in tracer("check", problem, sheet)[0]
    again = sheet.read_bytes()
    tracer("sheet", problem, "--blank", "weights", "--for", "Ada", "-o", sheet)
    assert sheet.read_bytes() == again


def test_what_cannot_be_filled_in_is_told_in_one_line(tmp_path: Path) -> None:
    """A solution is not written as CSV; a sheet without a box neither; nothing is written."""
    out = tmp_path / "a.csv"
    for arguments, why in (
        (("solve", "-"), "solutions are not written as .csv; known are: .html"),
        (("sheet", "-", "--level", "full"), "nothing is left blank on this sheet"),
    ):
        assert why in tracer(*arguments, "-o", out, code=2)[1]
        assert not out.exists()
