"""House style: title block, paper, own CSS, own templates; what a style must not do is refused in one line."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pypdf
import pytest

import tracer
from tracer.cli import main
from tracer.errors import ProblemError, RenderError
from tracer.formats.html import html
from tracer.formats.pdf import pdf
from tracer.pages.solution import solution, summary
from tracer.style import Style
from tracer.style_file import read

APPLE = Path(__file__).parent.parent / "examples/apple-and-orange/problem.toml"


@pytest.fixture(scope="module")
def apple() -> tracer.Trace:
    return tracer.solve(tracer.load(APPLE))


def page(trace: tracer.Trace, **keys: str) -> str:
    """The summary as HTML, in a style."""
    return html(replace(solution(trace, summary), style=Style(**keys))).decode()


def house(folder: Path, **files: str) -> Path:
    """A folder with a style in it."""
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", ".", 1)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return folder / "house.toml"


def test_the_title_block_has_what_is_told(apple):
    """Course, name and date stand above the title, each only where the style tells it; all are escaped."""
    assert "titleblock" not in page(apple).partition("<body>")[2]

    told = page(apple, course="Linear algebra <2>", date="1 May")

    assert '<p class="titleblock"><span>Linear algebra &lt;2&gt;</span><i> · </i><span>1 May</span></p>' in told


def test_the_title_block_is_on_paper_too(apple):
    """The PDF has the same lines."""
    document = replace(solution(apple, summary), style=Style(course="Linear algebra", name="Ada"))
    text = pypdf.PdfReader(BytesIO(pdf(document))).pages[0].extract_text()

    assert text.index("Linear algebra") < text.index("Ada") < text.index("Apple next to an orange")


def test_paper_margins_font_and_size_are_the_styles(apple):
    """For printing from the browser; on the screen large print makes everything larger."""
    large = page(apple, size="letter", margins="15mm 20mm", text="21pt", font="Atkinson Hyperlegible, sans-serif")

    assert "@page { size: letter; margin: 15mm 20mm; }" in large
    assert 'body { font-family: "Atkinson Hyperlegible", sans-serif, var(--text); }' in large
    assert "html { font-size: min(200.0%, " in large
    assert "@media print { html { font-size: 21pt; } }" in large
    assert "html { font-size: min(100.0%, " in page(apple)


def test_own_css_comes_after_ours(apple, tmp_path):
    """A house's sheet has the last word."""
    path = house(tmp_path, house_toml='css = "own.css"', own_css="h1 { letter-spacing: 1px; }")
    text = page(apple, css=read(Style(), str(path)).css)

    assert text.index("h1 { letter-spacing: 1px; }") > text.index("h1 { font-size")
    assert text.index("h1 { letter-spacing: 1px; }") < text.index("</style>")


@pytest.mark.parametrize(
    "css",
    [
        "body { background: url(https://example.org/a.png) }",
        "body { background: URL( 'a.png' ) }",
        "@import 'https://example.org/a.css';",
        "</style><script>alert(1)</script>",
    ],
)
def test_css_that_would_fetch_or_leave_its_place_is_refused(tmp_path, css):
    """One line that names the sheet and what is wrong in it."""
    path = house(tmp_path, house_toml='css = "own.css"', own_css=css)

    with pytest.raises(ProblemError, match=r"own\.css: has “.*”; a page fetches nothing"):
        read(Style(), str(path))


def test_css_may_carry_its_pictures_with_it(tmp_path):
    """A data: address is inside the sheet."""
    css = "h1 { background: url(data:image/gif;base64,R0lGODlhAQABAAAAACw=) }"

    assert read(Style(), str(house(tmp_path, house_toml='css = "own.css"', own_css=css))).css == css


def test_own_templates_go_before_ours(apple, tmp_path):
    """A house changes one part of the page and takes the rest from us, on the screen and on paper."""
    own = "<p>House of {{ document.title }}</p>"
    path = house(tmp_path, house_toml='templates = "own"', own__page_html="")
    (tmp_path / "own" / "footer.html.j2").write_text(own)
    style = read(Style(), str(path))
    document = replace(solution(apple, summary), style=style)

    assert "<p>House of Apple next to an orange</p>" in html(document).decode()
    assert "Every digit printed is certain" not in html(document).decode()
    assert "House of Apple" in pypdf.PdfReader(BytesIO(pdf(document))).pages[-1].extract_text()


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{% for %}", "line 1: the template cannot be used"),
        ("{{ documnet.title }}", "'documnet' is undefined"),
        ("{{ document.__class__.__mro__ }}", "unsafe"),
        ('{% include "../../../etc/passwd" %}', "the template cannot be used"),
        ("{{ 1 / 0 }}", "division by zero"),
    ],
)
def test_a_template_that_fails_says_so_in_one_line(apple, tmp_path, template, says):
    """Templates of others run in a sandbox; what goes wrong in them is one error with the folder's name."""
    (tmp_path / "page.html.j2").write_text(template)

    with pytest.raises(RenderError, match=says) as error:
        page(apple, templates=str(tmp_path))

    assert str(tmp_path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('margins = "wide"', "expected a length such as"),
        ('text = "10px"', "expected a length such as"),
        ('size = "A5"', 'expected "A4" or "letter"'),
        ('font = "a; } body { color: red"', "expected names of fonts"),
        ("course = 7", "house.toml: course"),
        ('colour = "red"', "colour"),
        ('templates = "nowhere"', "there is no folder"),
    ],
)
def test_a_style_that_cannot_be_followed_is_one_error(tmp_path, capsys, line, says):
    """Exit status 2, one line, with the file and the key."""
    path = house(tmp_path, house_toml=line)

    assert main(["solve", str(APPLE), "--style", str(path)]) == 2

    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert says in lines[0]
    assert "house.toml" in lines[0]
