"""The spreadsheet: every computed number is a live formula, and LibreOffice comes to tracer's certified values."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import tracer
from tracer.errors import RenderError
from tracer.expr import (
    INFINITY,
    MINUS_INFINITY,
    ONE,
    ZERO,
    Add,
    AtMost,
    Axis,
    Call,
    Case,
    Cell,
    Constant,
    Div,
    Expr,
    Index,
    Is,
    IsNot,
    Join,
    Largest,
    Letter,
    Max,
    Mul,
    Named,
    Neg,
    Num,
    Pow,
    Ranked,
    Same,
    Sum,
    Tensor,
    exp,
    minus,
    num,
    sqrt,
    square,
    total,
)  # fmt: skip
from tracer.formats.xlsx import xlsx
from tracer.notation.spreadsheet import spreadsheet
from tracer.numbers import read
from tracer.pages.workbook import workbook
from tracer.problem import Written
from tracer.problem_file import from_dict
from tracer.references import Place, Sheets, a1
from tracer.show import show
from tracer.views import CellView

ROOT = Path(__file__).parent.parent
FILES = sorted([*ROOT.glob("examples/*/*.toml"), *ROOT.glob("examples/published/*/problem.toml")])
NAMES = [str(path.relative_to(ROOT).with_suffix("")).removesuffix("/problem").replace("/", "_") for path in FILES]
TYPED = ['=HYPERLINK("http://example.org","x")', "@SUM(1,2)", "+1", "-1", "'quoted'"]
HOSTILE = {"title": "=1+1", "source": "=cmd|' /C calc'!A0", "tokens": TYPED, "given": {"X": [[n, 1] for n in range(5)]}}
FORMS = {
    "shifted and masked": {"given": {"X": [[1, 0], [0, "√2"], [2, 1]]},
                           "pass": {"logits": [{"use": "scale"}, {"use": "mask", "rule": "causal"}],
                                    "normalisation": "softmax-shifted"}},
    "capped, then masked": {"given": {"X": [[3, 0], [0, "√2"], [2, 1]]},
                            "pass": {"logits": [{"use": "softcap", "cap": "5/2"}, {"use": "mask", "rule": "causal"}]}},
    "masked before it is scaled": {"given": {"X": [[1, 0], [0, 1]], "mask": [[0, 0], [1, 0]]},
                                   "pass": {"logits": [{"use": "mask"}, {"use": "scale"}]}},
    "masked, then made flat and near": {"given": {"X": [[1, 0], [0, "√2"], [2, 1]], "relative": [1, 0, "1/2", 2, 3]},
                                        "pass": {"logits": [{"use": "mask", "rule": "causal"}, {"use": "alibi"},
                                                            {"use": "temperature", "by": 2}, {"use": "relative"}]}},
    "a small network and columns": {"given": {"X": [[1, 2], [0, 1]], "W_1": [[1, 0]], "W_2": [["1/2", 1]], "v": [2]},
                                    "pass": {"similarity": "additive", "projection": "W x", "logits": []}},
    "shares of what is not masked": {"given": {"Q": [[1, 2], [3, 1]], "K": [[1, 1], [2, 0], [1, 3]],
                                               "V": [[1], [2], [3]], "mask": [[1, 0, 1], [0, 1, 1]]},
                                     "pass": {"logits": [{"use": "mask"}], "normalisation": "sum"}},
    "shares of what comes before": {"given": {"X": [[1, 2], [3, 1], [1, 1]]},
                                    "pass": {"logits": [{"use": "mask", "rule": "causal"}], "normalisation": "sum"}},
    "scores given, some of them masked": {"given": {"S": [[1, "-inf"], ["-inf", "-inf"]], "V": [[1], [2]]},
                                          "pass": {"logits": [{"use": "scale", "by": 2}]}},
    "given shares of masked scores": {"given": {"S": [[1, "-inf"], [2, 3]], "V": [[1], [2]]},
                                      "pass": {"logits": [], "normalisation": "sum"}},
    "columns, biases and a cosine": {"given": {"X": [[1, 2], [0, 1]], "W_Q": [[1, 2], [3, 4]], "b_Q": ["1/2", -1],
                                               "W_K": [[0, 1], [1, 1]], "W_V": [[2, 0], [0, 2]]},
                                     "pass": {"projection": "W x", "similarity": "cosine"}},
    "torch's matrices": {"given": {"X": [[1, 2], [0, 1]], "W_Q": [[1, 2]], "W_K": [["ln 2", "-1e-3"]],
                                   "W_V": [["π", "e^(1/2)"]]}, "pass": {"projection": "X W^T"}},
    "sparsemax of what is not masked": {"given": {"S": [[3, 1, 2], [1, 2, 3]], "mask": [[1, 0, 1], [0, 0, 0]], "V": [[1], [2], [3]]},
                                        "pass": {"logits": [{"use": "mask"}], "normalisation": "sparsemax"}},
    "sparsemax of what comes before": {"given": {"X": [[1, 0], [0, "1/2"], [1, 1]]},
                                       "pass": {"logits": [{"use": "mask", "rule": "causal"}], "normalisation": "sparsemax"}},
    "sinks and a mask": {"given": {"S": [[1, 2], [1, 2]], "sinks": ["1/2"], "mask": [[1, 0], [0, 0]], "V": [[1], [2]]},
                         "pass": {"logits": [{"use": "mask"}], "normalisation": "softmax-sink"}},
    "powers of 2 and a mask": {"given": {"X": [[1, 0], [0, "1/2"]]},
                               "pass": {"logits": [{"use": "mask", "rule": "causal"}], "normalisation": "softmax-base-2"}},
    "a sigmoid and a mask": {"given": {"X": [[1, 0], [0, "1/2"]]},
                             "pass": {"logits": [{"use": "mask", "rule": "causal"}],
                                      "normalisation": {"use": "sigmoid", "bias": "-ln 2"}}},
    "a temperature and a mask": {"given": {"X": [[1, 0], [0, "1/2"]]},
                                 "pass": {"logits": [{"use": "mask", "rule": "causal"}],
                                          "normalisation": {"use": "softmax-temperature", "temperature": 2}}},
    "a score no spreadsheet holds": {"given": {"X": [[40, 0], [0, 1]]}},
    "no length, no cosine": {"given": {"X": [[0, 0], [0, 1]]}},
    "small weights": {"given": {"X": [[5, 0], [0, 4]]}, "paper": {"places": 3}},
    "=1+1": HOSTILE,
}  # fmt: skip


@cache
def traced(name: str) -> tracer.Trace:
    if name in FORMS:
        return tracer.solve(from_dict(FORMS[name]))
    return tracer.solve(tracer.load(FILES[NAMES.index(name)]))


EVERY = [*NAMES, *FORMS]
BY_SUM = "examples_normalisation_opposite-by-sum"
AS_THEY_ARE = [  # one file of a folder, and the one whose sum is 0
    *(name for name in NAMES if "_" not in name.removeprefix("examples_") or name == BY_SUM), *FORMS
]  # fmt: skip


@cache
def file(name: str) -> bytes:
    return xlsx(traced(name))


@cache
def written(name: str) -> Any:
    return opened(file(name))


@cache
def places_of(name: str) -> Any:
    return workbook(traced(name)).places


def cells(name: str, trace: tracer.Trace | None = None) -> Iterator[tuple[str, str, CellView]]:
    """The sheet and the name of each computed cell, of this trace or one of the same shape."""
    places, trace = places_of(name), trace or traced(name)
    for step in trace:
        for row in step.cells:
            for cell in row:
                yield places[step.id].sheet, a1(*places[step.id].at(cell.at)), cell


def opened(content: bytes | Path, **how: Any) -> Any:
    return openpyxl.load_workbook(BytesIO(content) if isinstance(content, bytes) else content, **how)


# What a file holds


@pytest.mark.parametrize("name", EVERY)
def test_every_computed_number_is_a_formula_with_its_value_beside_it(name: str) -> None:
    """No result is typed in; and a program that computes nothing shows the value, as near as a double comes."""
    formulas, values = written(name), opened(file(name), data_only=True)
    for sheet, at, cell in cells(name):
        formula = formulas[sheet][at].value
        assert str(formula).startswith("="), (sheet, at)
        assert len(formula) < 8192
        decimal, value = cell.decimal(12), values[sheet][at].value
        if decimal is None or abs(float(decimal)) > 1e308:
            assert value in ("#DIV/0!", "#NUM!", "#N/A", "−∞")
        else:
            assert value == pytest.approx(float(decimal), rel=1e-11, abs=1e-12)


@pytest.mark.parametrize("name", EVERY)
def test_there_is_a_sheet_for_each_step_named_by_its_id(name: str) -> None:
    """The contents, what is given, the steps; all contributions are on one sheet. Links lead to sheets that there are."""
    trace = traced(name)
    book = written(name)
    wanted = [re.sub(r"row\d+\.", "", step.id) for step in trace]
    assert book.sheetnames == ["Contents", "Given", *dict.fromkeys(wanted)]
    assert all(len(sheet) <= 31 and not re.search(r"[][:*?/\\]", sheet) for sheet in book.sheetnames)
    links = [cell.hyperlink for sheet in book for row in sheet.iter_rows() for cell in row if cell.hyperlink]
    assert {link.location.split("!")[0].strip("'") for link in links} == set(book.sheetnames)


@pytest.mark.parametrize("name", EVERY)
def test_the_certified_values_stand_beside_the_computed_ones(name: str) -> None:
    """Each of them is the decimal that every page prints, typed in as a number."""
    book, places = written(name), traced(name).problem.paper.places
    for sheet, at, cell in cells(name):
        computed = book[sheet][at]
        certified = book[sheet].cell(computed.row + cell.definition.tensor.shape[0] + 3, computed.column)
        if cell.decimal(places) is None:
            assert certified.data_type == "s"
        elif certified.data_type == "n" and "E" not in certified.number_format:
            assert f"{certified.value:.{places}f}".replace("-0.0000", "0.0000") == cell.decimal(places)
            assert certified.number_format == computed.number_format


def test_inputs_look_different_from_results_without_any_colour() -> None:
    """An input is slanted in a thick frame, a result upright in a thin one, a certified value in a dotted one."""
    book = written("examples_apple-and-orange")
    given, computed, certified = book["Given"]["B7"], book["query"]["B8"], book["query"]["B15"]
    assert (given.font.i, given.border.left.style) == (True, "medium")
    assert (computed.font.i, computed.border.left.style) == (False, "thin")
    assert (certified.font.i, certified.border.left.style) == (False, "dotted")


def test_a_printed_sheet_has_its_labels_on_every_page() -> None:
    """Paper, margins and direction as the style says; as wide as the page; the row of labels repeated."""
    trace = traced("examples_apple-and-orange")
    style = replace(trace.problem.paper.style, size="letter", margins="1in 2cm")
    trace = tracer.solve(replace(trace.problem, paper=replace(trace.problem.paper, style=style)))
    sheet = opened(xlsx(trace))["weights"]
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (1, "portrait")
    assert (sheet.page_margins.top, round(sheet.page_margins.left, 2)) == (1, 0.79)
    assert (sheet.page_setup.fitToHeight, sheet.sheet_properties.pageSetUpPr.fitToPage) == (0, True)
    assert sheet.print_title_rows == "$7:$7"
    assert sheet.freeze_panes == "B8"
    assert sheet["B7"].value == "orange"


def test_what_a_person_typed_never_becomes_a_formula() -> None:
    """A word =HYPERLINK(…) is a word, marked so that it stays one when somebody edits the cell."""
    book = written("=1+1")
    labels = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value in TYPED]
    assert len(labels) > len(TYPED)
    for cell in [*labels, book["Contents"]["A1"]]:
        assert cell.data_type == "s"
        assert cell.quotePrefix is (cell.value[0] in "=+-@")
    assert book.properties.title == "=1+1"


def test_the_same_problem_gives_the_same_bytes(tmp_path: Path) -> None:
    """Today and tomorrow, in this process and in another."""
    path = ROOT / "examples/three-heads/problem.toml"
    again = tmp_path / "again.xlsx"
    subprocess.run([sys.executable, "-m", "tracer", "solve", path, "--quiet", "-o", again], check=True, cwd=ROOT)
    assert again.read_bytes() == xlsx(tracer.solve(tracer.load(path))) == file("examples_three-heads")


def test_a_letter_is_a_cell_in_which_a_number_is_typed() -> None:
    """Its name is letter_a; letters that differ by a capital only have names that differ by more."""
    problem = from_dict({"given": {"X": [["a", "2A"], ["x_1", "a"]]}})
    book = opened(xlsx(tracer.solve(problem)))
    letters = {name: cell.attr_text for name, cell in book.defined_names.items() if name.startswith("letter_")}
    assert letters == {
        "letter_a": "Given!$C$5",
        "letter_A_2": "Given!$C$6",
        "letter_x_1": "Given!$C$7",
    }
    assert book["Given"]["C5"].value == "=IF(ISNUMBER(B5),B5,NA())"
    assert [cell.value for cell in book["Given"][11]][1:] == ["=letter_a", "=2*letter_A_2"]


def test_a_formula_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says which cell, and what to do."""
    monkeypatch.setattr("tracer.formats.xlsx.LONGEST", 5)
    with pytest.raises(
        RenderError, match=r"formula in Contents!A3 has \d+ characters, a spreadsheet allows 5; .*format"
    ):
        xlsx(traced("examples_apple-and-orange"))


def test_the_words_are_in_the_language_of_the_style() -> None:
    """German sheets have German names and sentences."""
    trace = traced("examples_apple-and-orange")
    style = replace(trace.problem.paper.style, lang="de")
    book = opened(xlsx(tracer.solve(replace(trace.problem, paper=replace(trace.problem.paper, style=style)))))
    assert book.sheetnames[:2] == ["Inhalt", "Gegeben"]
    assert "stimmen mit" in book["Inhalt"]["A3"].value


# Formulas


i, j, c = Index("i"), Index("j"), Index("c")
Q = Tensor("query", "Q", (Axis("i", 2), Axis("c", 3)))
K = Tensor("key", "K", (Axis("j", 2), Axis("c", 3)))
W = Tensor("W_Q", "W_Q", (Axis("c", 3), Axis("j", 2)))
T = Tensor("bilinear", "T", (Axis("a", 3), Axis("b", 3)))
b = Tensor("b_Q", "b", (Axis("c", 3),))
M = Tensor("mask", "M", (Axis("i", 2), Axis("j", 2)))
S = Tensor("scores", "S", (Axis("i", 2), Axis("j", 2)))
Z = Tensor("head1.masked", "Z", S.axes, allowed=Is(M[i, j], ONE))
SHEETS = Sheets(
    {"query": Place("query", 7, 1), "key": Place("key", 7, 1), "W_Q": Place("Given", 9, 1), "bilinear": Place("bilinear", 7, 1),
     "b_Q": Place("Given", 20, 1, across=True), "mask": Place("Given", 30, 1), "scores": Place("scores", 7, 1),
     "head1.masked": Place("head1.masked", 7, 1)},
    {"a": "letter_a"},
)  # fmt: skip
a, two = Letter("a"), num(2)
along, seen = Axis("c", 3), Axis("j", 2)
FORMULAS: list[tuple[Expr, str]] = [  # at i = 1, j = 0, c = 2
    (Q[i, c], "query!D9"),
    (b[c], "Given!D21"),
    (Named("d_k", num(3)), "3"),
    (sqrt(Named("d_k", num(3))), "SQRT(3)"),
    (Num(read("0.50").value, 2), "0.50"),  # type: ignore[union-attr]
    (read("1/3"), "1/3"),
    (read("√2/2"), "SQRT(2)/2"),
    (read("-2^2"), "-(2^2)"),
    (Pow(num(-2), two), "(-2)^2"),
    (read("ln 2"), "LN(2)"),
    (read("tanh(1/2)"), "TANH(1/2)"),
    (read("e^(1/2)"), "EXP(1/2)"),
    (read("e"), "EXP(1)"),
    (read("2π"), "2*PI()"),
    (read("2a"), "2*letter_a"),
    (read("12345678901234567890"), "1.2345678901234567E+19"),
    (read("1e400"), "(1*10^400)"),
    (Neg(Add((a, two))), "-(letter_a+2)"),
    (minus(a, num(-2)), "letter_a-(-2)"),
    (Div(a, Div(two, a)), "letter_a/(2/letter_a)"),
    (Largest((a, two)), "MAX(letter_a,2)"),
    (Largest((a, two), 2), "LARGE((letter_a,2),2)"),
    (Ranked(Index(None, 1, 1), "j", 2, Z[i, j]),
     "IF(COUNT('head1.masked'!B9:C9)<2,\"−∞\",LARGE('head1.masked'!B9:C9,2))"),
    (Div(minus(total(seen, Case(AtMost(j, i - 1), S[i, j], ZERO)), num(1)), two),
     'IF(COUNT(scores!B9:B9)<1,"−∞",(SUM(scores!B9:B9)-1)/2)'),
    (Neg(INFINITY), '-"∞"'),
    (Mul((Div(num(180), Constant("π")), Call("arccos", Q[i, c]))), "180/PI()*ACOS(MAX(-1,MIN(1,query!D9)))"),
    (total(along, Mul((Q[i, c], K[j, c]))), "SUMPRODUCT(query!B9:D9,key!B8:D8)"),
    (total(along, Mul((Q[i, c], W[c, j]))), "SUM(MMULT(query!B9:D9,Given!B10:B12))"),
    (total(along, Mul((W[c, j], W[c, i]))), "SUMPRODUCT(Given!B10:B12,Given!C10:C12)"),
    (total(Axis("c", 1), Mul((Q[i, c], K[j, c]))), "query!B9*key!B8"),
    (total(along, Q[i, c]), "SUM(query!B9:D9)"),
    (total(Axis("c", 2), Q[i, c + 1]), "SUM(query!C9:D9)"),
    (sqrt(total(along, square(Q[i, c]))), "SQRT(SUMSQ(query!B9:D9))"),
    (total(along, Add((Q[i, c], b[c]))), "(query!B9+Given!B21)+(query!C9+Given!C21)+(query!D9+Given!D21)"),
    (Sum("a", 3, Sum("b", 3, Mul((Q[i, Index("a")], T[Index("a"), Index("b")], K[j, Index("b")])))),
     "SUMPRODUCT(MMULT(query!B9:D9,bilinear!B8:D10),key!B8:D8)"),
    (exp(S[i, j]), "EXP(scores!B9)"),
    (exp(Z[i, j]), "IF('head1.masked'!B9=\"−∞\",0,EXP('head1.masked'!B9))"),
    (Div(Z[i, j], two), "IF('head1.masked'!B9=\"−∞\",\"−∞\",'head1.masked'!B9/2)"),
    (Max("j", 2, Z[i, j]), "IF(COUNT('head1.masked'!B9:C9)=0,\"−∞\",MAX('head1.masked'!B9:C9))"),
    (Case(Same(j, i), S[i, j], ZERO), "IF(1=2,scores!B9,0)"),
    (Case(AtMost(j, i), S[i, j], MINUS_INFINITY), 'IF(1<=2,scores!B9,"−∞")'),
    (Case(Is(M[i, j], ONE), exp(Z[i, j]), ZERO), "IF(Given!B32=1,EXP('head1.masked'!B9),0)"),
    (Case(IsNot(S[i, j], MINUS_INFINITY), S[i, j], ZERO), 'IF(scores!B9<>"−∞",scores!B9,0)'),
    (total(seen, Case(AtMost(j, i), S[i, j], ZERO)), "SUM(scores!B9:C9)"),
    (total(seen, Case(AtMost(j, i - 1), S[i, j], ZERO)), "SUM(scores!B9:B9)"),
    (total(seen, Case(AtMost(j, i - 2), S[i, j], ZERO)), "0"),
    (total(seen, Case(AtMost(i, j), S[i, j], ZERO)), "IF(2<=1,scores!B9,0)+IF(2<=2,scores!C9,0)"),
    (total(seen, Case(Is(M[i, j], ONE), S[i, j], ZERO)), 'SUMIF(Given!B32:C32,"=1",scores!B9:C9)'),
    (total(seen, Case(IsNot(S[i, j], MINUS_INFINITY), S[i, j], ZERO)), 'SUMIF(scores!B9:C9,"<>−∞",scores!B9:C9)'),
    (Join("c", (Q[i, c], K[i, c])), "query!D9"),
    (Join("j", (S[i, j], Z[i, j])), "scores!B9"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "text"), FORMULAS, ids=[text for _, text in FORMULAS])
def test_a_formula_as_a_spreadsheet_writes_it(formula: Expr, text: str) -> None:
    """Cells for entries, ranges for sums, IF for cases; brackets where a spreadsheet needs them."""
    assert SHEETS.formula(formula, {"i": 1, "j": 0, "c": 2}) == text


def test_a_formula_with_indices_stands_nowhere_on_a_sheet() -> None:
    """The notation alone knows no cells, and says so instead of writing nonsense."""
    for formula in (Q[i, c], Cell(Q, ()), total(along, a), Case(AtMost(i, j), a, ZERO), Join("c", (Q[i, c],))):
        with pytest.raises(TypeError):
            show(formula, spreadsheet)


# Recalculated by LibreOffice

ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>"""
NEW = "0.75"


def forgetful(content: bytes) -> bytes:
    """The same file with wrong values beside its formulas, so that only who computes them finds the right ones."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name.startswith("xl/worksheets/"):
                text = re.sub(rb"</f><v>[-+.0-9e]*</v>", b"</f><v>7</v>", text)
            new.writestr(name, text)
    return out.getvalue()


def first_number(trace: tracer.Trace) -> str:
    """The key under [given] whose first number is changed: what most of the pass hangs on."""
    return next(key for key in trace.problem.given if key not in ("ids", "mask"))


def with_another_number(trace: tracer.Trace) -> tracer.Trace:
    """The pass with another first number of its first matrix, and numbers for its letters."""
    problem, key = trace.problem, first_number(trace)
    values = problem.given[key]
    one = values[0] if isinstance(values, tuple) else values
    assert isinstance(one, Written)
    changed = Written(((read(NEW), *one.rows[0][1:]), *one.rows[1:]), one.is_vector)
    given = {**problem.given, key: (changed, *values[1:]) if isinstance(values, tuple) else changed}
    problem = replace(problem, given=given)
    for n, letter in enumerate(trace.open_letters):
        if letter in tracer.solve(problem).open_letters:
            problem = problem.let(letter, num(n + 2))
    return tracer.solve(problem)


def edited(name: str) -> bytes:
    """The file after a teacher has typed that number, and those of the letters, into it."""
    trace, book, out = traced(name), opened(file(name)), BytesIO()
    values = trace.problem.given[first_number(trace)]
    one = values[0] if isinstance(values, tuple) else values
    place = next(p for g in trace.given if g.values is one for p in [places_of(name)[g.tensor.id]])
    book[place.sheet][a1(*place.at((0,) * len(one.shape)))] = float(NEW)
    for row in book["Given"].iter_rows(max_col=2):
        if row[0].value in trace.open_letters:
            row[1].value = trace.open_letters.index(row[0].value) + 2
    book.save(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def recalculated(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """Every file, and every file with an input changed, after one start of LibreOffice has computed all of them."""
    folder = tmp_path_factory.mktemp("sheets")
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user/registrymodifications.xcu").write_text(ALWAYS)
    paths = []
    for n, name in enumerate(EVERY):
        as_it_is = [("as it is", forgetful(file(name)))] if name in AS_THEY_ARE else []
        for kind, content in (*as_it_is, ("changed", edited(name))):
            paths.append(folder / f"{n} {kind}.xlsx")
            paths[-1].write_bytes(content)
    command = ["soffice", "--headless", f"-env:UserInstallation={profile.as_uri()}", "--convert-to", "xlsx"]
    done = folder / "done"
    subprocess.run([*command, "--outdir", done, *paths], capture_output=True, timeout=600, check=True)
    return cache(lambda what: opened(done / f"{what}.xlsx", data_only=True))


def overflows(cell: CellView) -> bool:
    """Whether a number, or one that it is computed from, is too large for a double."""
    return cell.float is None or any(overflows(one) for one in cell.inputs)


def compare(book: Any, name: str, trace: tracer.Trace) -> None:
    """Every number of a sheet that was computed against the certified decimal, and against double precision."""
    places = trace.problem.paper.places
    for sheet, at, cell in cells(name, trace):
        value, decimal = book[sheet][at].value, cell.decimal(places)
        if cell.unknown:
            assert value in ("#N/A", "−∞", 0), (sheet, at)  # a masked key weighs 0, whatever its score is divided by
        elif cell.undefined:
            assert str(value).startswith("#"), (sheet, at, value)
        elif cell.infinite:
            assert value == "−∞"
        elif value == "#NUM!":
            assert overflows(cell), (sheet, at)
        else:
            unit = 10.0**-places
            assert value == pytest.approx(float(decimal or "nan"), rel=1e-12, abs=0.5000005 * unit), (sheet, at)
            assert value == pytest.approx(cell.float, rel=1e-9, abs=1e-5 if cell.key[0].endswith("angles") else 1e-12)


@pytest.mark.full
@pytest.mark.parametrize("name", AS_THEY_ARE)
def test_libreoffice_computes_the_certified_values(name: str, recalculated: Callable[[str], Any]) -> None:
    """Recalculated from wrong values on, every number is right, and the first sheet says so."""
    book = recalculated(f"{EVERY.index(name)} as it is")
    compare(book, name, traced(name))
    said = " ".join(str(row[0].value) for row in book["Contents"].iter_rows(max_row=20))
    assert (
        re.search(r"All \d+ numbers agree|The number agrees|Nothing to compare", said) or "no spreadsheet holds" in name
    )


@pytest.mark.full
@pytest.mark.parametrize("name", EVERY)
def test_another_input_flows_through_every_sheet(name: str, recalculated: Callable[[str], Any]) -> None:
    """With one input changed, the sheets show what tracer computes for the changed problem."""
    compare(recalculated(f"{EVERY.index(name)} changed"), name, with_another_number(traced(name)))


@pytest.mark.full
def test_a_changed_sheet_says_that_the_certified_values_belong_to_other_inputs(
    recalculated: Callable[[str], Any],
) -> None:
    """And one without a value says why there is none."""
    book = recalculated(f"{EVERY.index('examples_apple-and-orange')} changed")
    assert re.match(
        r"\d+ of 204 numbers agree .* belong to the inputs as they were given\.", book["Contents"]["A3"].value
    )
    undefined = recalculated(f"{EVERY.index(BY_SUM)} as it is")["weights"]
    texts = [cell.value for row in undefined.iter_rows() for cell in row]
    assert "#DIV/0!: undefined, because nothing can be divided by zero." in texts


@pytest.mark.full
def test_words_stay_words_after_libreoffice_has_read_them(recalculated: Callable[[str], Any]) -> None:
    """=HYPERLINK(…) in a label is still that text."""
    book = recalculated(f"{EVERY.index('=1+1')} as it is")
    assert book["Contents"]["A1"].value == "=1+1"
    assert [book["weights"].cell(7, n).value for n in range(2, 7)] == TYPED
