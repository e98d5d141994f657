"""Whatever is wrong with the input: one clear line on standard error, exit 2, nothing half written, nothing run."""

from __future__ import annotations

import datetime
import os
import resource
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tracer.cli import main
from tracer.composition import solve
from tracer.errors import TracerError
from tracer.formats import render
from tracer.numbers import Unreadable, read
from tracer.pages.solution import solution
from tracer.problem_file import from_dict, from_text

GOOD = "[given]\nQ = [[1, 0]]\nK = [[1, 0], [0, 1]]\nV = [[1, 2], [3, 4]]\n"


def run(*arguments: str | Path, stdin: bytes = b"", **more: Any) -> subprocess.CompletedProcess[bytes]:
    """The command, in a process of its own, with a minute's patience."""
    command = [sys.executable, "-m", "tracer", *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=60, check=False, **more)


def refused(result: subprocess.CompletedProcess[bytes], *says: str) -> str:
    """Exit code 2, nothing on standard output, one line on standard error that says all this."""
    message = result.stderr.decode()
    assert result.returncode == 2, message
    assert result.stdout == b""
    assert message.startswith("tracer: ")
    assert message.count("\n") == 1, message
    assert len(message) < 500, message
    for words in says:
        assert words in message, message
    assert not {"Traceback", "sys.", "None", "Exception"} & set(message.split()), message
    return message


def refused_text(text: str | bytes, *says: str) -> str:
    """The same for a problem on standard input, and it names where that was."""
    return refused(run("solve", "-", stdin=text.encode() if isinstance(text, str) else text), "standard input", *says)


TEXTS = {  # what is in the file, and what the one line must say
    "not TOML": ("Q = [[1, 0]", "cannot be read", "Unclosed array", "expected TOML"),
    "a plain letter to the teacher": ("Dear teacher, the matrix is 1 0", "cannot be read", "expected TOML"),
    "broken JSON": ('{"given": {"Q": [[1, 0]]', "cannot be read", "line 1"),
    "JSON that is a list": ("[[1, 0], [0, 1]]", "expected"),
    "JSON that is null": ('{"given": null}', "given", "expected a table"),
    "an empty file": ("", "[given] is missing or empty", "X = "),
    "nothing but blanks": ("\n\n  \n", "[given] is missing or empty"),
    "nothing given": ("[given]\n", "[given] is missing or empty"),
    "a missing matrix": ("[given]\nK = [[1, 0]]\nV = [[1, 0]]\n", "queries are missing", "give Q"),
    "keys missing": ("[given]\nQ = [[1, 0]]\nV = [[1, 0]]\n", "keys are missing", "give K"),
    "only a mask": ("[given]\nmask = [[1]]\n", "missing"),
    "ragged rows": ("[given]\nX = [[1, 0], [0]]\n", "X row 2", "1 number", "row 1 has 2"),
    "an empty row": ("[given]\nX = [[1, 0], []]\n", "X row 2", "empty"),
    "an empty matrix": ("[given]\nX = []\n", "X", "empty", "expected a matrix"),
    "a vector for a matrix": ("[given]\nX = [1, 0]\n", "X", "list of numbers", "expected a list of rows"),
    "a number for a matrix": ("[given]\nX = 3\n", "X", "expected a matrix"),
    "a row that is a number": ("[given]\nX = [[1], 2]\n", "X row 2", "expected a list of numbers"),
    "a number that is a list": ("[given]\nX = [[1], [[2]]]\n", "X row 2, column 1", "a list", "expected a number"),
    "a number that is a table": ("[given]\nX = [[{ a = 1 }]]\n", "X row 1, column 1", "a table", "expected a number"),
    "a number that is a date": (
        "[given]\nX = [[2026-01-01]]\n",
        "X row 1, column 1",
        "2026-01-01",
        "expected a number",
    ),
    "a number that is true": ("[given]\nX = [[true]]\n", "X row 1, column 1", "true", "expected a number"),
    "a number that is null": ('{"given": {"X": [[null]]}}', "X row 1, column 1", "expected a number"),
    "a number in words": ('[given]\nX = [["two"]]\n', "X row 1, column 1", "“two”", "expected a number"),
    "code": (
        "[given]\nX = [[\"__import__('os').system('x')\"]]\n",
        "X row 1, column 1",
        "__import__",
        "expected a number",
    ),
    "one divided by zero": ('[given]\nX = [["1/0"]]\n', "X row 1, column 1", "“1/0” divides by zero"),
    "divided by a hidden zero": ('[given]\nX = [["1/(1-1)"]]\n', "X row 1, column 1", "divided by zero"),
    "divided by a well hidden zero": ('[given]\nX = [["1/(√2·√3-√6)"]]\n', "X row 1, column 1"),
    "the root of a negative": ('[given]\nX = [["√(-2)"]]\n', "X row 1, column 1", "negative"),
    "the logarithm of zero": ('[given]\nX = [["ln 0"]]\n', "X row 1, column 1", "logarithm"),
    "not a number": ("[given]\nX = [[nan]]\n", "X row 1, column 1", "nan"),
    "infinity": ("[given]\nX = [[inf]]\n", "X row 1, column 1", "infin"),
    "infinity in a weight": ('[given]\nA = [["-inf"]]\nV = [[1]]\n', "A row 1, column 1", "infin"),
    "plus infinity in a score": ("[given]\nS = [[inf]]\n", "S row 1, column 1"),
    "a huge integer": (f"[given]\nX = [[1{'0' * 500}]]\n", "X row 1, column 1", "digits"),
    "a giant integer": (f"[given]\nX = [[1{'0' * 5000}]]\n", "digits"),
    "a giant integer in JSON": ('{"given": {"X": [[1' + "0" * 5000 + "]]}}", "digits"),
    "a huge exponent": ("[given]\nX = [[1e999999999]]\n", "X row 1, column 1", "exponent"),
    "a tower of powers": ('[given]\nX = [["9^9^9^9^9"]]\n', "X row 1, column 1"),
    "a long text": (f'[given]\nX = [["{"1" * 1000}"]]\n', "X row 1, column 1", "longer than"),
    "too many brackets": ('{"given": {"X": ' + "[" * 5000 + "]" * 5000 + "}}", ""),
    "too many rows": (f"[given]\nX = {[[1]] * 600}\n", "X has 600 rows", "at most 512"),
    "too many scores": (f"[given]\nX = {[[1] * 2] * 400}\n", "160,000 scores", "at most 10,000"),
    "too much work": (f"[given]\nX = {[[1] * 500] * 90}\n", "multiplications", "at most"),
    "sizes that disagree": ("[given]\nX = [[1, 0]]\nW_Q = [[1], [1], [1]]\n", "W_Q is 3 × 1", "X is 1 × 2"),
    "queries unlike keys": ("[given]\nQ = [[1, 0]]\nK = [[1, 0, 0]]\n", "queries", "2", "keys", "3"),
    "values unlike keys": ("[given]\nQ = [[1]]\nK = [[1], [2]]\nV = [[1]]\n", "V is 1 × 1", "2 keys", "2 × 1"),
    "a mask of the wrong size": (GOOD + "mask = [[1]]\n", "mask is 1 × 1", "1 × 2"),
    "a mask of twos": (GOOD + "mask = [[1, 2]]\n", "mask row 1, column 2", "0 or 1"),
    "a bias of the wrong size": ("[given]\nX = [[1]]\nW_Q = [[1]]\nb_Q = [1, 2]\n", "b_Q has 2", "W_Q is 1 × 1"),
    "W_O of the wrong size": (GOOD + "W_O = [[1]]\n", "W_O is 1 × 1", "2 columns"),
    "heads that do not divide": (GOOD + "[pass]\nn_heads = 3\n", "3 heads", "2 columns"),
    "heads of two counts": (
        "[given]\nX = [[1]]\nW_Q = [[[1]], [[1]]]\nW_K = [[[1]], [[1]], [[1]]]\n",
        "W_K",
        "3",
        "2 heads",
    ),
    "negative heads": (GOOD + "[pass]\nn_heads = -1\n", "n_heads", "-1", "from 1"),
    "a thousand repeats": ("[given]\nX = [[1]]\n[pass]\nrepeat = 1000\n", "repeat", "1000", "from 1 to"),
    "repeats that do not fit": ("[given]\nX = [[1]]\nW_V = [[1, 2]]\n[pass]\nrepeat = 2\n", "repeat", "1 column", "2"),
    "tokens of the wrong count": ('tokens = ["a", "b"]\n' + GOOD, "tokens", "2", "1"),
    "a token that is a table": ("tokens = [{ a = 1 }]\n" + GOOD, "tokens 1", "expected a text"),
    "an endless title": (f'title = "{"a" * 1000}"\n' + GOOD, "title", "longer than 300"),
    "ids without a table": ("[given]\nids = [1]\n", "embedding", "ids"),
    "an id beyond the table": ("[given]\nembedding = [[1], [2]]\nids = [3]\n", "ids", "1 to 2"),
    "an unknown key": (GOOD + "[pass]\nsimilarty = 'dot'\n", "“similarty”", "did you mean “similarity”?"),
    "an unknown matrix": ("[given]\nW_q = [[1]]\n", "“W_q”", "did you mean “W_Q”?"),
    "an unknown table": (GOOD + "[papier]\n", "“papier”", "did you mean “paper”?"),
    "an unknown similarity": (GOOD + "[pass]\nsimilarity = 'cosin'\n", "“cosin”", "did you mean “cosine”?"),
    "an unknown normalisation": (GOOD + "[pass]\nnormalisation = 'sofmax'\n", "“sofmax”", "did you mean “softmax”?"),
    "an unknown projection": (GOOD + "[pass]\nprojection = 'W X'\n", "“W X”", "did you mean “"),
    "an unknown logit step": (GOOD + "[pass]\nlogits = [{ use = 'scal' }]\n", "“scal”", "did you mean “scale”?"),
    "an unknown mask rule": (GOOD + "[pass]\nlogits = [{ use = 'mask', rule = 'casual' }]\n", "“casual”", "“causal”?"),
    "an unknown setting": (GOOD + "[pass]\nlogits = [{ use = 'scale', bye = 2 }]\n", "“bye”", "did you mean “by”?"),
    "logits as numbers": (GOOD + "[pass]\nlogits = [2]\n", "logits 1", "expected a name, or a table"),
    "a scale of zero": (GOOD + "[pass]\nlogits = [{ use = 'scale', by = 0 }]\n", "by", "zero"),
    "a scale that is no number": (GOOD + "[pass]\nlogits = [{ use = 'scale', by = 'ln 0' }]\n", "by"),
    "a scale beyond all size": (GOOD + "[pass]\nlogits = [{ use = 'scale', by = '9^9^9^9' }]\n", "by"),
    "an infinite scale": (GOOD + "[pass]\nlogits = [{ use = 'scale', by = 'inf' }]\n", "by"),
    "a softcap without a cap": (
        GOOD + "[pass]\nlogits = [{ use = 'softcap' }]\n",
        "logits 1, softcap",
        "no cap",
        "positive",
    ),
    "a cap of zero": (GOOD + "[pass]\nlogits = [{ use = 'softcap', cap = 0 }]\n", "logits 1", "cap", "positive"),
    "a negative cap": (GOOD + "[pass]\nlogits = [{ use = 'softcap', cap = '1-√2' }]\n", "cap", "positive"),
    "a hidden cap of zero": (GOOD + "[pass]\nlogits = [{ use = 'softcap', cap = '√2·√3-√6' }]\n", "cap", "positive"),
    "a cap in words": (
        GOOD + "[pass]\nlogits = [{ use = 'softcap', cap = 'fifty' }]\n",
        "logits 1, softcap, cap",
        "“fifty”",
        "30",
    ),
    "an infinite cap": (
        GOOD + "[pass]\nlogits = [{ use = 'softcap', cap = 'inf' }]\n",
        "logits 1, softcap, cap",
        "infinite",
    ),
    "a cap that is a list": (
        GOOD + "[pass]\nlogits = [{ use = 'softcap', cap = [30] }]\n",
        "softcap, cap",
        "no number",
    ),
    "a softcap that hits": (
        GOOD + "[pass]\nlogits = [{ use = 'softcap', caps = 2 }]\n",
        "“caps”",
        "did you mean “cap”?",
    ),
    "a softcap behind a mask": (
        GOOD
        + "[pass]\nlogits = [{ use = 'mask', rule = 'causal' }, { use = 'scale' }, { use = 'softcap', cap = 2 }]\n",
        "masked already",
        "put softcap before mask",
    ),
    "a softcap behind scores of −∞": (
        "[given]\nS = [[0, -inf]]\n[pass]\nlogits = [{ use = 'softcap', cap = 2 }]\n",
        "masked already",
        "instead of scores of −inf",
    ),
    "a scale twice": (GOOD + "[pass]\nlogits = [{ use = 'scale' }, { use = 'scale' }]\n", "logits 2", "second scale"),
    "a mask without a mask": (GOOD + "[pass]\nlogits = [{ use = 'mask' }]\n", "logits 1, mask, needs a mask matrix"),
    "an idle mask": (GOOD + "mask = [[1, 1]]\n[pass]\nlogits = []\n", "mask has nothing to do"),
    "an idle matrix": (GOOD + "W_Q = [[1, 0], [0, 1]]\n", "W_Q has nothing to do", "Q itself is given"),
    "an unknown query row": (GOOD + "[pass]\nqueries = ['pear']\n", "“pear”"),
    "a query row beyond the last": (GOOD + "[pass]\nqueries = [7]\n", "queries", "7", "from 1 to 1"),
    "places without end": (GOOD + "[paper]\nplaces = 1000\n", "places", "1000", "from 0 to"),
    "places in words": (GOOD + "[paper]\nplaces = 'four'\n", "places", "four", "whole number"),
    "a rule for an unknown step": (
        GOOD + "[paper]\nby_hand = { weigths = 2 }\n",
        "“weigths”",
        "did you mean “weights”?",
    ),
    "bytes that are no text": (b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe", "UTF-8"),
    "a zero byte": ("[given]\nX = [[1]]\n\x00", "cannot be read"),
    "ten megabytes": (b"# comment\n" * 1_000_000, "larger than 1 MB"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_bad_problem_ends_in_one_clear_line(name: str, tmp_path: Path, capsys: Any) -> None:
    """Where, what was found, what was expected: in one line, with exit code 2, and no file."""
    text, *says = TEXTS[name]
    path = tmp_path / "problem.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    code = main(["solve", str(path), "-o", str(tmp_path / "sheet.html")])
    printed = capsys.readouterr()
    ended = subprocess.CompletedProcess([], code, printed.out.encode(), printed.err.encode())
    refused(ended, f"{path}: ", *says)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["not TOML", "code", "too many brackets", "bytes that are no text", "ten megabytes"])
def test_a_bad_problem_on_standard_input(name: str) -> None:
    """The same in a process of its own, where the problem comes through a pipe."""
    text, *says = TEXTS[name]
    refused_text(text, *says)


def test_the_message_names_the_file(tmp_path: Path) -> None:
    """A problem in a file is complained about under the file's name."""
    path = tmp_path / "homework 1.toml"
    path.write_text("[given]\nX = [[1, 0], [0]]\n")
    refused(run("solve", path), str(path), "X row 2")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A file that is missing, a folder, or not allowed to be read: the system's own reason is passed on."""
    refused(run("solve", tmp_path / "no.toml"), "no.toml", "No such file")
    refused(run("solve", tmp_path), "Is a directory")
    locked = tmp_path / "locked.toml"
    locked.write_text(GOOD)
    locked.chmod(0)
    if os.geteuid() != 0:  # root may read everything
        refused(run("solve", locked), "locked.toml", "Permission denied")


def test_code_in_a_problem_is_never_run(tmp_path: Path) -> None:
    """Texts that look like Python, a shell or a template stay texts."""
    trap = tmp_path / "trap"
    for code in (f"__import__('os').mkdir('{trap}')", f"$(mkdir {trap})", f"{{{{ open('{trap}', 'w') }}}}"):
        text = f'title = "{code}"\ntokens = ["{code}"]\n{GOOD}'
        assert run("solve", "-", "-o", tmp_path / "a.html", stdin=text.encode()).returncode == 0
        refused_text(f'[given]\nX = [["{code}"]]\n', "X row 1, column 1")
    assert not trap.exists()


@pytest.mark.parametrize("name", ["sheet.docx", "sheet", "sheet.", "sheet.htm"])
def test_an_unknown_suffix(tmp_path: Path, name: str) -> None:
    """A suffix that nobody writes is said before anything is written, with those that are."""
    result = run("solve", "-", "-o", tmp_path / "first.txt", "-o", tmp_path / name, stdin=GOOD.encode())
    message = refused(result, "there is no format")
    assert ".html" in message
    assert list(tmp_path.iterdir()) == []


def test_an_output_folder_that_does_not_exist(tmp_path: Path) -> None:
    """No folder is made, and none of the other files is written either."""
    result = run("solve", "-", "-o", tmp_path / "a.txt", "-o", tmp_path / "no" / "b.txt", stdin=GOOD.encode())
    refused(result, str(tmp_path / "no" / "b.txt"), "No such file or directory", "nothing was changed")
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_is_a_folder(tmp_path: Path) -> None:
    """A folder in the place of the file stays as it is."""
    (tmp_path / "a.txt").mkdir()
    refused(run("solve", "-", "-o", tmp_path / "a.txt", stdin=GOOD.encode()), "a.txt")
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_full_disk(tmp_path: Path) -> None:
    """Where the disk is full nothing is half written: the old file stays, no other one is left."""
    old = tmp_path / "sheet.html"
    old.write_text("the old sheet")

    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    arguments = ("solve", "-", "-o", tmp_path / "first.txt", "-o", old)
    refused(run(*arguments, stdin=GOOD.encode(), preexec_fn=small_disk), "cannot be written", "nothing was changed")
    assert [p.name for p in tmp_path.iterdir()] == ["sheet.html"]
    assert old.read_text() == "the old sheet"


def test_a_full_disk_behind_standard_output() -> None:
    """Where standard output cannot take the text, one line says so."""
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "tracer", "solve", "-"]
        result = subprocess.run(command, input=GOOD.encode(), stdout=full, stderr=subprocess.PIPE, check=False)
    assert result.returncode == 2
    assert result.stderr.decode().count("\n") == 1
    assert "No space left" in result.stderr.decode()


def test_a_reader_who_stops_reading() -> None:
    """`tracer solve … | head -1` ends in silence."""
    program = f"{sys.executable} -m tracer solve - --detail full | head -1"
    text = f"[given]\nX = {[[1, 2, 3]] * 6}\n"
    result = subprocess.run(["bash", "-c", program], input=text.encode(), capture_output=True, check=False)
    assert result.stderr == b""


LETTERS = '[given]\nQ = [["a", "b"]]\nK = [[1, 0], [0, 1]]\n'


@pytest.mark.parametrize(
    ("let", "says"),
    [
        ("a", ("--let a", "expected a letter and a number")),
        ("a=", ("--let a=", "is empty", "expected a letter and a number")),
        ("=2", ("--let", "letter")),
        ("a=b", ("--let a=b", "“b” is not a number")),
        ("a=1/0", ("--let a=1/0", "divides by zero")),
        ("a=two", ("--let a=two", "“two”")),
        ("a=inf", ("--let a=inf",)),
        ("a=ln 0", ("--let a=ln 0",)),
        ("a=9^9^9^9", ("--let a=9^9^9^9",)),
        ("z=2", ("--let z", "no such letter", "a, b")),
    ],
)
def test_mistakes_in_let(let: str, says: tuple[str, ...]) -> None:
    """--let wants a letter of the problem, and a number."""
    refused(run("solve", "-", "--let", let, stdin=LETTERS.encode()), *says)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("orangutan", ("--row", "“orangutan”", "did you mean “orange”?")),
        ("0", ("--row", "0", "from 1 to 3")),
        ("4", ("--row", "4", "from 1 to 3")),
        ("and", ("--row", "labels 2 rows", "number")),
        ("", ("--row", "“”")),
    ],
)
def test_mistakes_in_row(row: str, says: tuple[str, ...]) -> None:
    """--row wants a word that labels one row, or a row's number."""
    text = 'tokens = ["orange", "and", "and"]\n[given]\nX = [[1], [2], [3]]\n'
    refused(run("solve", "-", "--row", row, stdin=text.encode()), *says)


def test_mistakes_in_places() -> None:
    """--places wants a whole number of decimals."""
    refused(run("solve", "-", "--places", "99", stdin=GOOD.encode()), "--places", "99", "from 0 to")
    refused(run("solve", "-", "--places", "-1", stdin=GOOD.encode()), "--places", "-1", "from 0 to")


STRANGE = [
    '<script>alert("1")</script>',
    "سلام",
    "🍎",
    "a & b",
    "it's",
    "e\u0301",
    "\u202eevil\u202c",
    "x" * 300,
    "{{ 7 * 7 }}",
    "\t",
    "",
]


def test_any_text_can_be_a_token(tmp_path: Path) -> None:
    """Words of every script are shown as they are, and never become markup."""
    words = [repr_toml(word) for word in STRANGE]
    text = f"title = {words[0]}\nsource = {words[0]}\ntokens = [{', '.join(words)}]\n[given]\nX = {[[1, 0]] * len(words)}\n"
    for suffix in ("txt", "json", "html"):
        result = run("solve", "-", "-o", "-", "-o", tmp_path / f"a.{suffix}", "--detail", "steps", stdin=text.encode())
        assert result.returncode == 0, result.stderr.decode()
    page = (tmp_path / "a.html").read_text("utf-8")
    assert page.count("<script") == 3  # the page's own two, and their data
    assert "&lt;script&gt;" in page
    assert "49" not in [word.strip() for word in page.replace("<", " ").split()]
    for word in ("سلام", "🍎", "a &amp; b"):
        assert word in page
    assert "<script>" in (tmp_path / "a.txt").read_text("utf-8")


def repr_toml(text: str) -> str:
    """A text as a TOML string."""
    return '"' + "".join(f"\\u{ord(c):04X}" if ord(c) < 0x10000 else c for c in text) + '"'


# Fuzzing: whatever comes in, only a TracerError comes out


texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40)
signs = st.text(alphabet="0123456789.,eE+-−–*·×/÷^()√%∞ aπxlnsqrt_1", max_size=30)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.integers(), st.floats().map(repr), st.floats(), signs, texts,
    st.sampled_from(["1/2", "√2", "-inf", "a", "x_1", "1e-400", "1e400", "e^1000", "9^9^9", 10**400, 0, 1]),
    st.dates(), st.times(), st.datetimes(), st.just(datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)),
)  # fmt: skip
nested = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=2))
small = st.one_of(
    st.integers(-3, 3), st.sampled_from(["1/2", "√2", "-inf", "a", "0", "1e200", "-1e-200", "ln 2", "1+√2"])
)
grids = st.integers(1, 3).flatmap(
    lambda columns: st.lists(st.lists(small, min_size=columns, max_size=columns), min_size=1, max_size=3)
)
vectors = st.lists(small, min_size=1, max_size=3)
NAMES = [
    "X",
    "Y",
    "embedding",
    "W_Q",
    "W_K",
    "W_V",
    "W_O",
    "Q",
    "K",
    "V",
    "S",
    "A",
    "mask",
    "bias",
    "ids",
    "b_Q",
    "b_O",
]
logits = st.one_of(
    nested,
    st.lists(
        st.fixed_dictionaries(
            {"use": st.sampled_from(["scale", "mask"]) | texts},
            optional={
                "by": small | nested,
                "rule": st.sampled_from(["causal", "given"]) | nested,
                "align": st.sampled_from(["top-left", "bottom-right"]) | nested,
            },
        ),
        max_size=3,
    ),
)
shapes = st.fixed_dictionaries(
    {"given": st.dictionaries(st.sampled_from(NAMES), grids | vectors | st.lists(grids, max_size=2), max_size=4)},
    optional={
        "tokens": st.lists(texts | st.integers(), max_size=3) | nested,
        "pass": st.fixed_dictionaries(
            {},
            optional={
                "projection": st.sampled_from(["X W", "X W^T", "W x"]) | nested,
                "similarity": st.sampled_from(["dot", "cosine"]) | nested,
                "normalisation": st.sampled_from(["softmax", "softmax-shifted", "sum"]) | nested,
                "n_heads": st.integers(1, 2) | nested,
                "n_kv_heads": st.integers(1, 2) | nested,
                "repeat": st.integers(1, 2) | nested,
                "queries": st.lists(st.integers(1, 3) | texts) | nested,
                "logits": logits,
                "encoding": nested,
            },
        ),
        "paper": st.fixed_dictionaries(
            {},
            optional={
                "places": st.integers(0, 8) | nested,
                "by_hand": st.dictionaries(st.sampled_from(["scores", "weights", "outputs"]), st.integers(0, 5))
                | nested,
                "symbols": st.dictionaries(st.sampled_from(["scores", "weights"]), texts) | nested,
                "rounded_given": nested,
            },
        ),
    },
)
anything = st.dictionaries(st.sampled_from(["given", "pass", "paper", "tokens", "title", "source"]) | texts, nested)


@settings(max_examples=600)
@given(signs | texts | st.integers())
def test_a_number_is_read_or_refused(raw: int | str) -> None:
    """Any text is a number or unreadable with a reason; nothing else ever comes out of it."""
    try:
        read(raw)
    except Unreadable as reason:
        assert str(reason)


@settings(max_examples=300)
@given(texts | st.text(alphabet="[]{}=\"',.\n#0123456789 XQKVS_given", max_size=60), st.booleans())
def test_a_text_is_a_problem_or_refused(text: str, as_json: bool) -> None:
    """Any text is a problem or is refused in one line."""
    _refused_in_one_line(lambda: from_text(text, as_json))


@settings(max_examples=400)
@given(anything)
def test_a_structure_is_a_problem_or_refused(data: dict[str, Any]) -> None:
    """Lists, tables, dates, huge numbers and nothing at all in any place: refused in one line."""
    _refused_in_one_line(lambda: from_dict(data))


@settings(max_examples=250)
@given(shapes)
@example({"given": {"Q": [[0], [0]], "X": [[0]]}})  # what the search has found so far
@example({"given": {"S": [[0, 0]], "X": [[1]]}})
@example({"given": {"S": [[[0, 0]]], "X": [[1]]}})
@example({"given": {"A": [[0], [0]], "X": [[0]]}})
@example({"given": {"A": [[[1, 1]]]}})
@example({"given": {"X": [[1000]]}})
@example({"given": {"X": [["1+√2", 1], [1, 0]]}})
@example({"given": {"X": [[1]]}, "pass": {"repeat": 2}})
def test_what_loads_is_worked_or_refused(data: dict[str, Any]) -> None:
    """What can be read is either refused with a reason, or worked and written as text and JSON."""
    problem = _refused_in_one_line(lambda: from_dict(data))
    trace = problem and _refused_in_one_line(lambda: solve(problem))
    if trace:
        for suffix in (".txt", ".json", ".html"):
            assert render(trace, lambda: solution(trace), suffix)


def _refused_in_one_line(act: Any) -> Any:
    try:
        return act()
    except TracerError as error:
        assert str(error)
        assert "\n" not in str(error)
        assert len(str(error)) < 1000
    return None


def test_the_examples_of_this_file_are_toml() -> None:
    """What is meant to be refused for its content is at least TOML or JSON."""
    assert tomllib.loads(GOOD)
    assert solve(from_text(GOOD))
