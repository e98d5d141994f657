"""What a browser and a PDF reader see."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import pypdf
import pytest

import tracer
from tracer.formats import render
from tracer.formats.html import html
from tracer.formats.json import step as step_json
from tracer.formats.pdf import pdf
from tracer.pages.solution import full, only, solution, summary
from tracer.problem_file import from_dict

ROOT = Path(__file__).parent.parent
APPLE = ROOT / "examples/apple-and-orange/problem.toml"
HOSTILE = {
    "title": "<script>alert(1)</script> & “x”",
    "tokens": ["<b>bold</b>", "שלום", "🍎"],
    "given": {"X": [["√2", 1], ["1/3", -2], ["1e-9", 0]]},
}
WIDE = {
    "tokens": ["t" * 60] * 2 + ["u"] * 28,
    "given": {"X": [[f"-{i}.{j:02d}" for j in range(40)] for i in range(30)]},
}


def in_style(trace: tracer.Trace, **keys: str) -> tracer.Trace:
    """The same trace on a page of another style."""
    paper = replace(trace.problem.paper, style=replace(trace.problem.paper.style, **keys))
    return tracer.solve(replace(trace.problem, paper=paper))


@pytest.fixture(scope="module")
def apple() -> tracer.Trace:
    return tracer.solve(tracer.load(APPLE))


@pytest.fixture(scope="module")
def apple_pdf(apple) -> pypdf.PdfReader:
    return pypdf.PdfReader(BytesIO(pdf(solution(apple))))


class Tags(HTMLParser):
    # Checks that every element is closed in turn, and collects what would be fetched.

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "action")]
        if tag not in ("meta", "link", "img", "br", "mspace"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_html_page_is_one_file_that_fetches_nothing(apple):
    """No script, no link, no picture from elsewhere: the page works on a train. Links stay inside it."""
    page = html(solution(apple)).decode()
    tags = Tags()
    tags.feed(page)

    assert tags.open == []
    assert all(address.startswith("#") for address in tags.addresses)
    assert page.startswith("<!doctype html>")
    assert re.findall(r"url\((?!data:)", page) == []


def test_formulas_on_the_html_page_are_mathml(apple):
    """A score is real MathML: a name with an index, a sum of products, its value."""
    page = html(solution(apple)).decode()

    assert "<msub><mi>S</mi>" in page
    assert "<mfrac>" in page
    assert "<msqrt>" in page


def test_words_a_person_typed_stay_words():
    """A title with a script in it is printed, never run; Hebrew and emoji are words like any other."""
    page = html(solution(tracer.solve(from_dict(HOSTILE)))).decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert "שלום" in page
    assert "🍎" in page


def test_the_text_of_the_pdf_holds_every_number_in_order(apple, apple_pdf):
    """Copying a formula from the PDF gives its numbers in reading order, as characters."""
    text = re.sub(r"\s+", "", "".join(page.extract_text() for page in apple_pdf.pages))

    assert "S12=∑3c=1Q1cK2c=0·2+3·2+0·0=6" in text
    assert "Z12=S12√dk=6√3=2√3≈3.4641" in text
    assert "180.5761" in text


def test_the_pdf_has_page_numbers_a_running_title_and_embedded_fonts(apple_pdf):
    """Every page says which of how many it is, every page after the first carries the title; no font is missing."""
    count = len(apple_pdf.pages)
    for number, page in enumerate(apple_pdf.pages, 1):
        text = page.extract_text()

        assert f"{number} / {count}" in text
        assert number == 1 or "Apple next to an orange" in text
        for font in page["/Resources"]["/Font"].values():
            assert "+" in font.get_object()["/BaseFont"]


@pytest.mark.parametrize(("paper", "size"), [("A4", (595, 842)), ("letter", (612, 792))])
def test_the_paper_is_a4_or_letter(apple, paper, size):
    """The page has the size that was asked for, to the point."""
    reader = pypdf.PdfReader(BytesIO(pdf(solution(in_style(apple, size=paper), summary))))

    assert tuple(round(float(n)) for n in reader.pages[0].mediabox[2:]) == size


def test_rendering_twice_gives_the_same_bytes(apple):
    """The same problem gives the same file, today and tomorrow."""
    again = tracer.solve(tracer.load(APPLE))

    assert html(solution(apple)) == html(solution(again))
    assert pdf(solution(apple, summary)) == pdf(solution(again, summary))


def test_no_number_of_a_wide_matrix_leaves_the_page():
    """30 words of up to 60 letters with 40 coordinates: everything painted lies between the margins."""
    trace = tracer.solve(from_dict(WIDE))
    reader = pypdf.PdfReader(BytesIO(pdf(solution(trace, only(0)))))
    right = 595 - 15 / 25.4 * 72
    for page in reader.pages[:30]:
        places = []

        def visit(text, ctm, matrix, _font, _size, places=places):
            if text.strip():
                places.append(matrix[4] * ctm[0] + ctm[4])

        page.extract_text(visitor_text=visit)
        assert all(0 <= x <= right for x in places)


def test_no_line_of_the_text_is_wider_than_a_terminal_but_for_one_formula(apple):
    """Chains break at their signs, sentences at spaces."""
    text = render(apple, lambda: solution(apple, full), ".txt").decode()

    assert max(map(len, text.splitlines())) <= 100


def test_a_summary_has_no_line_by_line_work(apple):
    """--detail summary prints results only, --row works one row."""
    chains = {
        name: html(solution(apple, how)).decode().count('class="chain"')
        for name, how in (("summary", summary), ("row", only(1)), ("full", full))
    }

    assert chains["summary"] == 0 < chains["row"] < chains["full"]


@pytest.mark.full
def test_every_formula_in_latex_compiles(apple, tmp_path):
    """The LaTeX in the JSON output is LaTeX: pdflatex sets every step's formula."""
    formulas = [step_json(step)["formula"]["latex"] for step in apple]
    body = "\n".join(rf"\[ {formula} \]" for formula in formulas)
    source = rf"\documentclass{{article}}\usepackage{{amsmath}}\begin{{document}}{body}\end{{document}}"
    (tmp_path / "f.tex").write_text(source)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "f.tex"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)

    assert run.returncode == 0, run.stdout[-2000:]
