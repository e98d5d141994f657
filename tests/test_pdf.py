"""Paper: what a PDF reader, a validator and a screen reader find, and that nothing leaves the page."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import cffi
import page
import pypdf
import pytest
from hypothesis import given, settings
from strategies import problems
from test_formats import BLOCKS

import tracer
from tracer import cli
from tracer.document import Document
from tracer.formats.pdf import pdf
from tracer.formats.pdf.job import Job
from tracer.formats.pdf.paper import job_of
from tracer.formats.pdf.weasy import Arrays, Later
from tracer.layout.box import Rule, Run, Shape, Words
from tracer.layout.piece import Piece
from tracer.pages import forms
from tracer.pages.solution import solution, summary
from tracer.press import Press
from tracer.problem_file import from_dict
from tracer.style import pixels, sides
from tracer.style_file import read

ROOT = Path(__file__).parent.parent
FILES = sorted([*ROOT.glob("examples/*/*.toml"), *ROOT.glob("examples/published/*/problem.toml")])
NAMES = [f"{path.parent.name}/{path.stem}" for path in FILES]
ONE_OF_A_FOLDER = [n for n, path in enumerate(FILES) if path.stem == "problem"]
APPLE = ROOT / "examples/apple-and-orange/problem.toml"
DIGITS = "".join(str(n) for n in range(10))
STRESS: dict[str, dict[str, Any]] = {
    "40 words of 60 letters, d_k 128": {
        "tokens": [f"{n:02d}" + "abcdefghij"[n % 10] * 58 for n in range(40)],
        "given": {x: [[(i * j) % 7 - 3 for j in range(128)] for i in range(40)] for x in "QK"},
        "pass": {"queries": [1]},
    },
    "numbers of 500 characters": {
        "tokens": ["a " * 30, "b" * 60, "שלום עולם", "😀 apple"],
        "given": {"X": [[f"{n}{DIGITS * 3}7/{n + 1}{DIGITS * 3}3" for n in (k, k + 4)] for k in range(1, 5)]},
        "pass": {"queries": [1]},
    },
    "no title, one number": {"title": "", "given": {"X": [[1]]}},
    "a title of 250 letters": {"title": "W" * 250, "given": {"X": [[1, "√2"], ["1e-9", "-1e9"]]}},
}


@cache
def solved(path: Path) -> tracer.Trace:
    return tracer.solve(tracer.load(path))


def in_style(document: Document, *names: str, **keys: str) -> Document:
    style = document.style
    for name in names:
        style = read(style, name)
    return replace(document, style=replace(style, **keys))


def reader(content: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(BytesIO(content))


def failures(content: bytes, path: Path) -> list[str]:
    path.write_bytes(content)
    return [str(failure) for failure in page.validate_pdf(path, profile=page.ValidationProfile.PDF_UA_1).failures]


# Heard


@pytest.mark.parametrize("n", ONE_OF_A_FOLDER, ids=lambda n: NAMES[n])
def test_every_example_is_accessible_and_always_the_same(n: int, tmp_path: Path) -> None:
    """A validator finds nothing against PDF/UA-1, and printing twice gives the same bytes."""
    document = solution(solved(FILES[n]))
    content = pdf(document)
    assert failures(content, tmp_path / "a.pdf") == []
    assert pdf(document) == content


@pytest.mark.parametrize("names", [["large-print"], ["slides"], ["one-page"], ["large-print", "slides"]])
@pytest.mark.parametrize("lang", ["en", "de"])
def test_every_style_is_accessible(names: list[str], lang: str, tmp_path: Path) -> None:
    """In every ready-made style and language too."""
    document = in_style(solution(solved(APPLE), summary), *names, lang=lang)
    assert failures(pdf(document), tmp_path / "a.pdf") == []


def elements(content: bytes, role: str) -> Iterator[Any]:
    """The elements of a role in the structure of a PDF, in reading order."""

    def walk(element: Any) -> Iterator[Any]:
        if isinstance(element, pypdf.generic.DictionaryObject):
            if element.get("/S") == f"/{role}":
                yield element
            kids = element.get("/K", [])
            for kid in kids if isinstance(kids, list) else [kids]:
                yield from walk(kid.get_object() if hasattr(kid, "get_object") else kid)

    yield from walk(reader(content).trailer["/Root"]["/StructTreeRoot"])


def test_formulas_are_spoken_and_matrices_are_tables() -> None:
    """Each worked number is a Formula with its words, each matrix a Table with headers of rows and columns."""
    content = pdf(solution(solved(APPLE)))
    said = [str(element["/Alt"]) for element in elements(content, "Formula")]
    assert (
        "score of orange with apple equals the sum over c from 1 to 3 of coordinate c of the query of orange times "
        "coordinate c of the key of apple, equals 0 times 2 plus 3 times 2 plus 0 times 0, equals 6"
    ) in said
    assert all(said)
    scopes = [str(element["/A"]["/Scope"]) for element in elements(content, "TH") if "/Scope" in element.get("/A", {})]
    assert {"/Row", "/Column"} == set(scopes)
    assert len(list(elements(content, "Table"))) > 10
    assert all(str(picture["/Alt"]).endswith(".") for picture in elements(content, "Figure"))


def test_bookmarks_lead_to_every_step() -> None:
    """The outline has the page's headings."""
    outline = reader(pdf(solution(solved(APPLE)))).outline

    def titles(entries: list[Any]) -> Iterator[str]:
        for entry in entries:
            yield from titles(entry) if isinstance(entry, list) else [entry.title]

    found = list(titles(outline))
    assert found[:2] == ["Apple next to an orange", "What is given"]
    assert "12. Attention weights" in found


# Seen


def test_the_text_of_each_block_is_the_golden_one() -> None:
    """What copying gives, block by block, in reading order."""
    found = ""
    for block, _ in BLOCKS:
        text = "\n".join(sheet.extract_text() for sheet in reader(pdf(Document("title", (block,)))).pages)
        found += f"== {type(block).__name__}\n{text}\n"
    golden = ROOT / "tests/golden/blocks-in-pdf.txt"
    if os.environ.get("TRACER_GOLDEN") == "write":
        golden.write_text(found, "utf-8")
    assert found == golden.read_text("utf-8")


def reach(mark: Any) -> tuple[float, float]:
    """The leftmost and the rightmost place of a mark."""
    match mark:
        case Rule(x, _, width, _):
            return x, x + width
        case Run(x, _, size, glyphs):
            return x, x + size * sum(glyph.advance for glyph in glyphs)
        case Shape(x, _, points):
            return x + min(p[0] for p in points), x + max(p[0] for p in points)
        case Words(x, _, _, _):
            return x, x
    raise AssertionError(mark)


def reaches_of(piece: Piece) -> Iterator[tuple[float, float]]:
    for leaf, x, _, size in piece.root.leaves():
        for mark in leaf.marks:
            least, most = reach(mark)
            yield x + least * size, x + most * size
    yield from map(reach, piece.bars)


def overflowing(job: Job, document: Document) -> list[str]:
    """The pieces that reach beyond the column or are higher than a page."""
    above, right, below, left = sides(document.style.margins)
    width, height = (side * pixels("1mm") / job.em for side in document.style.paper)
    column, rows = width - (left + right) / job.em, height - (above + below) / job.em
    found = []
    for address, piece in job.pieces.items():
        reaches = list(reaches_of(piece)) or [(0.0, 0.0)]
        least, most = min(a for a, _ in reaches), max(b for _, b in reaches)
        if least < -0.05 or max(piece.width, most) > column + 0.05 or piece.height + piece.depth > rows:
            found.append(f"{address}: {piece.root.says[:80]} {least:.1f} to {most:.1f} of {column:.1f}")
    return found


@pytest.mark.parametrize("name", STRESS)
def test_nothing_leaves_the_page(name: str) -> None:
    """Long words, many columns, endless numbers: every piece stays in its column, every page prints."""
    trace = tracer.solve(from_dict(STRESS[name]))
    for styles in ([], ["large-print"]):
        document = in_style(solution(trace), *styles)
        assert overflowing(job_of(document), document) == []
    assert reader(pdf(solution(trace, summary))).pages


@settings(max_examples=40)  # a page each
@given(problems())
def test_no_formula_leaves_the_page(data: dict[str, Any]) -> None:
    """Of any problem, in large print on letter paper."""
    document = in_style(solution(tracer.solve(from_dict(data))), "large-print", size="letter")
    assert overflowing(job_of(document), document) == []


def test_long_numbers_lose_no_digit() -> None:
    """A number of hundreds of digits is broken over lines, and all of it is there."""
    trace = tracer.solve(from_dict(STRESS["numbers of 500 characters"]))
    text = re.sub(r"\s", "", "".join(sheet.extract_text() for sheet in reader(pdf(solution(trace))).pages))
    assert f"1{DIGITS * 3}7" in text
    assert f"5{DIGITS * 3}3" in text


# Handed out


@pytest.mark.parametrize("name", ["apple-and-orange", "cross-attention", "jane-visits-africa", "normalisation"])
def test_a_summary_is_one_page(name: str) -> None:
    """The results of a pass of one head fit one page."""
    form = forms["summary"]
    document = in_style(solution(solved(ROOT / f"examples/{name}/problem.toml"), form.detail), *form.styles)
    assert len(reader(pdf(document)).pages) == 1


def test_slides_have_one_step_each() -> None:
    """Every heading of a step begins a slide."""
    form = forms["slides"]
    document = in_style(solution(solved(APPLE), form.detail), *form.styles)
    sheets = [sheet.extract_text() for sheet in reader(pdf(document)).pages]
    begun = [number for text in sheets for number in re.findall(r"^(\d+)\. \w", text, re.MULTILINE)]
    assert begun == [str(n) for n in range(1, 15)]
    assert all(len(re.findall(r"^\d+\. \w", text, re.MULTILINE)) <= 1 for text in sheets)


def test_the_title_block_stands_on_the_first_page() -> None:
    """Course, name and date, where they are told."""
    document = in_style(solution(solved(APPLE), summary), course="Linear algebra", name="Ada L.", date="1 May 2026")
    assert "Linear algebra · Ada L. · 1 May 2026" in reader(pdf(document)).pages[0].extract_text()


def test_a_press_prints_the_same_bytes() -> None:
    """In a process of its own or in ours, one job after another."""
    document = solution(solved(APPLE), summary)
    press = Press()
    job = job_of(document)
    assert press.printed(job).content == press.printed(job).content == pdf(document)
    press.stop()


def test_a_module_may_come_later() -> None:
    """What stands for a module imports it when something of it is called."""
    assert Later("fractions").Fraction(1, 2) == Fraction(1, 2)


def test_an_array_is_as_long_as_its_content() -> None:
    """Whether its length is said or not; one without content is as long as is said."""
    ffi = Arrays(cffi.FFI())
    assert list(ffi.new("int[3]", [4, 5, 6])) == [4, 5, 6]
    assert list(ffi.new("int[2]")) == [0, 0]
    assert ffi.string(ffi.new("char[]", b"abc")) == b"abc"


def test_a_press_that_has_ended_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """One clear line, no traceback."""
    press = Press()
    press.process.kill()
    press.process.wait()
    with pytest.raises(tracer.RenderError, match="ended without an answer"):
        press.printed(job_of(solution(solved(APPLE), summary)))
    press.stop()


def test_forms_and_styles_on_the_command_line(tmp_path: Path) -> None:
    """Tracer solve --form slides --style large-print --lang de."""
    out = tmp_path / "a.pdf"
    options = ["--form", "slides", "--style", "large-print", "--lang", "de", "--quiet"]
    assert cli.main(["solve", str(APPLE), *options, "-o", str(out)]) == 0
    assert "Schritt für Schritt" in "".join(sheet.extract_text() for sheet in reader(out.read_bytes()).pages)
