"""What the pictures show: facts about their marks, their texts, and how they reach a file."""

from __future__ import annotations

import re
from io import BytesIO
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pypdf
import pytest
from hypothesis import given, settings
from strategies import problems

import tracer
from tracer.decoding import at_once
from tracer.document import Document, Picture
from tracer.drawing import Area, Drawing, Label, Stroke, head, shaft
from tracer.expr import Num
from tracer.formats.html import html
from tracer.formats.pdf import pdf
from tracer.notation.plain import plain
from tracer.pictures import pictures
from tracer.pictures.composing import bounds
from tracer.pictures.heat import shade
from tracer.pictures.lettering import frame
from tracer.problem_file import from_dict
from tracer.show import show

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*/*.toml"))
MOVES = {"tokens": ["apple", "orange"], "given": {"X": [[2, 2], [0, 3]]}}
COSINE = {"pass": {"similarity": "cosine", "logits": [], "queries": ["apple"]}, "paper": {"places": 2}}
FORTY = {
    "tokens": [f"word {n}" for n in range(40)],
    "given": {
        "S": [[(i * 7 + j * 5) % 9 - 4 for j in range(40)] for i in range(40)],
        "V": [[n, -n] for n in range(40)],
    },
    "pass": {"logits": []},
}
FOREIGN = {"tokens": ["שלום", "<b>&", "яблоко", "x" * 60], "given": {"X": [[1, 2], [3, -1], [-2, 0], [0, 1]]}}
APPLE_SAYS = {
    "shapes": "X (2 × 2) is given. Q (2 × 2) comes from X. K (2 × 2) comes from X. S (2 × 2) comes from Q and K. A (2 × 2) comes from S. "
    "O (2 × 2) comes from A and V. V (2 × 2) comes from X.",
    "unit_square": None,
    "turning": None,
    "softmax_bars": "Bars for the softmax of apple. apple: score 1, exponential 2.72, weight 0.57. "
    "orange: score 0.71, exponential 2.03, weight 0.43.",
    "heat": "A heat map of the attention weights. apple gives apple 0.57, orange 0.43.",
    "links": None,
    "plane": "apple starts at (2, 2) and moves to (1.15, 2.43), 43 % of the way to orange. orange is at (0, 3).",
}
NOTHING_TO_SEE = {  # which pictures are still drawn
    "one word": ({"given": {"X": [[1, 2]]}}, set()),
    "equal words": ({"given": {"X": [[1, 2], [1, 2], [1, 2]]}}, {"shapes"}),
    "zero vectors": ({"given": {"X": [[0, 0], [0, 0], [0, 0]]}}, {"shapes"}),
    "tiny numbers": ({"given": {"X": [["1e-9", 0], [0, "1e-9"], ["2e-9", "1e-9"]]}}, {"shapes"}),
    "huge numbers": ({"given": {"X": [["1e300", 0], [0, "1e300"], ["2e300", "1e300"]]}}, {"shapes", "heat", "links"}),
    "letters": ({"given": {"X": [["a", 1], [2, "b"]]}}, {"shapes"}),
    "undefined": ({"given": {"S": [[1, -1]], "V": [[1, 2], [3, 4]]}, "pass": {"normalisation": "sum"}}, {"shapes"}),
}


def drawn(problem: dict) -> dict[str, Picture]:
    """Every picture of a problem."""
    trace = tracer.solve(from_dict(problem))
    return {name: picture for name in pictures if (picture := pictures[name](trace))}


def page(picture: Picture | None) -> bytes:
    assert picture is not None
    return html(Document("A picture", (picture,)))


def labels(drawing: Drawing) -> list[Label]:
    return [mark for mark in drawing.marks if isinstance(mark, Label)]


def text(label: Label) -> str:
    return label.text if isinstance(label.text, str) else show(label.text, plain)


def is_inside(drawing: Drawing) -> bool:
    left, top, right, bottom = bounds(drawing.marks)
    return left >= -1e-6 and top >= -1e-6 and right <= drawing.width + 1e-6 and bottom <= drawing.height + 1e-6


def meet(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] - 1e-6 and b[0] < a[2] - 1e-6 and a[1] < b[3] - 1e-6 and b[1] < a[3] - 1e-6


@pytest.mark.parametrize("name", list(pictures))
def test_each_picture_says_what_it_shows(name):
    """The apple that moves to the orange, told to who cannot see it."""
    picture = drawn(MOVES | COSINE).get(name)

    assert (picture.says.replace("\u00a0", " ") if picture else None) == APPLE_SAYS[name]


def test_the_projection_of_the_unit_square_says_its_area():
    """A shear keeps the area, a mirror turns it over, a projection flattens it."""
    weights = {"W_Q": [[1, 0], [1, 1]], "W_K": [[0, 1], [1, 0]], "W_V": [[1, 0], [0, 0]]}
    says = drawn({"given": {"X": [[1, 2], [2, 1]], **weights}})["unit_square"].says

    assert "Queries: the unit square becomes a parallelogram of area 1." in says
    assert "Keys: the unit square becomes a parallelogram of area 1, turned over." in says
    assert "Values: the unit square is flattened to a line." in says


@pytest.mark.parametrize("what", list(NOTHING_TO_SEE))
def test_there_is_no_picture_where_there_is_nothing_to_see(what):
    """One word, equal words, letters, undefined weights: no empty picture, and no crash."""
    problem, left = NOTHING_TO_SEE[what]

    assert set(drawn(problem)) <= left


def test_every_number_of_a_heat_map_is_the_printed_weight():
    """The certified decimal of each cell, row by row."""
    trace = tracer.solve(tracer.load(ROOT / "examples/apple-and-orange/problem.toml"))
    numbers = [label.text for label in labels(pictures["heat"](trace).drawing) if not isinstance(label.text, str)]

    assert numbers == [cell.printed(4)[0] for row in trace["weights"].cells for cell in row]


def test_a_heat_map_of_forty_words_has_whole_percents():
    """1600 weights on one page: a number, or nothing where it is less than half a percent."""
    picture = drawn(FORTY)["heat"]
    numbers = [label.text for label in labels(picture.drawing) if isinstance(label.text, Num)]

    assert picture.drawing.width < 45
    assert all(number.value.denominator == 1 for number in numbers)
    assert "whole percent" in picture.caption[0]


def contrast(paper: float, ink: float, shade: float, *, on_ink: bool) -> float:
    """The contrast ratio (WCAG 2.2) of a number on a cell, the shade mixed between paper and ink in sRGB."""

    def luminance(v: float) -> float:
        return v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4

    cell, number = luminance(paper + (ink - paper) * shade), luminance(paper if on_ink else ink)
    return (max(cell, number) + 0.05) / (min(cell, number) + 0.05)


@pytest.mark.parametrize(("paper", "ink"), [(1.0, 0.0), (18 / 255, 1.0)], ids=["light", "dark"])
def test_every_number_of_a_heat_map_can_be_read(paper, ink):
    """At least 4.5 to 1, in light and dark; and a larger weight is never paler."""
    shades = [shade(n / 1000) for n in range(1001)]

    assert shades == sorted(shades)
    assert all(contrast(paper, ink, s, on_ink=s > 0.5) >= 4.5 for s in shades)


def test_a_masked_word_has_no_bar_and_a_negative_score_lies_on_the_other_side():
    """−∞ is a dotted line; the bars of 2 and −1 begin at the same axis."""
    problem = {"given": {"S": [[2, -1, "-inf"]]}, "pass": {"logits": []}}
    drawing = drawn(problem)["softmax_bars"].drawing
    bars = [mark for mark in drawing.marks if isinstance(mark, Area)]

    assert any(isinstance(mark, Stroke) and mark.dash for mark in drawing.marks)
    assert bars[0].points[0][0] == pytest.approx(bars[1].points[1][0])
    assert "−∞" in [text(label) for label in labels(drawing)]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_label_of_an_example_lies_on_another(path):
    """Words and numbers stand apart, and within the picture."""
    problem = tracer.load(path)  # tokens that are decoded are drawn as the pass all at once
    trace = tracer.solve(problem if problem.wiring.prefill is None else at_once(problem))
    for name in pictures:
        if picture := pictures[name](trace):
            for a, b in combinations(labels(picture.drawing), 2):
                assert not meet(frame(a), frame(b)), (name, text(a), text(b))
            assert is_inside(picture.drawing), name


@given(problems())
@settings(max_examples=150)
def test_every_mark_lies_inside_its_picture(problem):
    """Whatever the problem: no mark beyond the edge, a text for each picture, the same picture every time."""
    trace = tracer.solve(from_dict(problem))
    for name in pictures:
        if picture := pictures[name](trace):
            assert is_inside(picture.drawing), name
            assert picture.says.endswith(".")
            assert page(pictures[name](trace)) == page(picture)


@given(problems(most=3))
@settings(max_examples=40)
def test_labels_in_the_plane_never_overlap(problem):
    """Placement is certain, not lucky: a label without a free place is left out."""
    if picture := pictures["plane"](tracer.solve(from_dict(problem))):
        for a, b in combinations(labels(picture.drawing), 2):
            assert not meet(frame(a), frame(b)), (text(a), text(b))


def test_an_arrow_ends_where_its_head_does():
    """The tip of the head is the end of the line; the shaft stops inside the head."""
    arrow = Stroke(((0, 0), (3, 4)), 0.1, arrow=True)

    assert head(arrow)[0] == (3, 4)
    assert 0 < shaft(arrow)[-1][0] < 3
    assert head(Stroke(((0, 0), (3, 4)))) == ()


@pytest.mark.parametrize("problem", [MOVES, FORTY, FOREIGN], ids=["apple", "forty", "foreign"])
def test_the_svg_of_every_picture_is_well_formed(problem):
    """XML that any program reads; every picture has a role and a text."""
    found = drawn(problem)
    page = html(Document("Pictures", tuple(found.values()))).decode()
    svgs = re.findall(r"<svg.*?</svg>", page, re.DOTALL)

    assert len(svgs) == len(found)
    for svg, picture in zip(svgs, found.values(), strict=True):
        root = ElementTree.fromstring(svg)
        assert root.get("role") == "img"
        assert root.get("aria-label") == picture.says
        written = {"".join(element.itertext()).replace("\u200b", "") for element in root.iter("text")}
        assert {label.text for label in labels(picture.drawing) if isinstance(label.text, str)} <= written


def test_the_pdf_has_the_labels_as_text():
    """Numbers and words of a picture can be searched and copied; Hebrew and Cyrillic are words like any other."""
    found = drawn(FOREIGN)
    reader = pypdf.PdfReader(BytesIO(pdf(Document("Pictures", tuple(found.values())))))
    written = "".join(page.extract_text() for page in reader.pages)

    for word in ("яблоко", "<b>&", "query", "coordinate 1", "(3, −1)"):
        assert word in written
    assert "שלום" in written or "םולש" in written


def test_a_picture_in_german_speaks_german():
    """Caption, text and decimal sign follow the language."""
    picture = drawn({**MOVES, **COSINE, "paper": {"places": 2, "lang": "de"}})["plane"]

    assert "apple beginnt bei (2; 2) und bewegt sich nach (1,15; 2,43)" in picture.says
