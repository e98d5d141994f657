"""The HTML page in a real browser: axe, the Nu validator, phones, keyboards, fingers."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pypdf
import pytest
import test_feedback
from browser import Browser

import tracer
from tracer.formats.html import html
from tracer.pages.feedback import audiences, feedback
from tracer.pages.solution import only, solution
from tracer.problem_file import from_dict

pytestmark = pytest.mark.full

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*/problem.toml"))
CHECKERS = Path(os.environ.get("TRACER_CHECKERS", ROOT / ".venv/node_modules"))
HARD = {
    "hostile": {
        "title": "<script>alert(1)</script> & “x”" + "y" * 80,
        "tokens": ["<b>bold</b>", "שלום", "🍎" * 30],
        "given": {"X": [["√2", 1], ["1/3", -2], ["1e-9", 0]]},
    },
    "wide": {
        "tokens": ["t" * 60] * 2 + ["u"] * 10,
        "given": {"X": [[f"-{i}.{j:02d}" for j in range(40)] for i in range(12)]},
    },
    "large print": {"given": {"X": [[1, 2], [3, 4]]}, "paper": {"text": "18pt", "course": "c" * 70}},
    "no title": {"title": "", "given": {"X": [[1, 2], [3, 4]]}},
}
NUMBER = "document.activeElement.closest('td, .chain')"
CELL = f"({NUMBER}.dataset.of || {NUMBER}.id)"
PANEL = "document.getElementById('whence')"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, Path]:
    """Every example, and pages that are hard to set, as files."""
    folder = tmp_path_factory.mktemp("pages")
    traces = {path.parent.name: tracer.solve(tracer.load(path)) for path in EXAMPLES}
    made = {name: html(solution(trace)) for name, trace in traces.items()}
    made |= {
        name: html(solution(tracer.solve(from_dict(told)), *[only(0)] * (name == "wide")))
        for name, told in HARD.items()
    }
    made |= {f"feedback-{name}": html(feedback(test_feedback.apple("de"), name)) for name in audiences}
    made["feedback-hostile"] = html(
        test_feedback.filled_in([raw for raw in test_feedback.HOSTILE if raw.isprintable()])
    )
    for name, text in made.items():
        (folder / f"{name}.html").write_bytes(text)
    return {name: folder / f"{name}.html" for name in made}


@pytest.fixture
def apple(browser, pages):
    """The first example on a desk."""
    browser.errors.clear()
    browser.open(pages["apple-and-orange"].as_uri())
    return browser


def quiet(browser: Browser, path: Path) -> bool:
    """Whether no page complained, and none asked for anything but itself."""
    asked = {url.partition("#")[0] for url in browser.requests}
    browser.requests.clear()
    return not browser.errors and asked <= {path.as_uri()}


@pytest.mark.parametrize(
    "name", [*(path.parent.name for path in EXAMPLES), *(f"feedback-{name}" for name in audiences)]
)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_no_violation(browser, pages, name, dark):
    """With the panel open, in light and in dark, on a desk and on a phone; nothing is asked of the network."""
    browser.errors.clear()
    browser.open(pages[name].as_uri(), *((360, 740) if dark else (1280, 900)), dark=dark, touch=dark)
    browser.run((CHECKERS / "axe-core/axe.min.js").read_text() + "; 0")
    browser.run("document.querySelectorAll('a.name, td[tabindex]')[3].focus()")
    found = browser.run(
        "axe.run(document, {resultTypes: ['violations']})"
        ".then((r) => r.violations.map((v) => `${v.id}: ${v.nodes[0].html.slice(0, 200)}`))"
    )

    assert found == []
    assert quiet(browser, pages[name])


def test_the_nu_validator_finds_no_error(pages):
    """And has nothing to warn of, on any page."""
    command = ["java", "-jar", CHECKERS / "vnu-jar/build/dist/vnu.jar", "--format", "json", *pages.values()]
    told = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False).stderr

    assert [f"{m['message']}: {m.get('extract', '')}" for m in json.loads(told)["messages"]] == []


@pytest.mark.parametrize("width", [360, 320])
def test_a_phone_shows_every_page_without_scrolling_sideways(browser, pages, width):
    """Only wide grids, and formulas that cannot be broken, scroll inside themselves."""
    for path in pages.values():
        browser.open(path.as_uri(), width, 640, touch=True)

        assert browser.run("document.scrollingElement.scrollWidth") <= width, path


def test_what_one_touches_is_large_enough(browser, pages):
    """On a phone every entry, link and button is at least 24 pixels high and wide."""
    browser.open(pages["apple-and-orange"].as_uri() + "#weights[2,1]", 360, 640, touch=True)
    small = browser.run(
        "[...document.querySelectorAll('td[tabindex], nav a, summary, button, .anchor, a.name, #whence a')]"
        ".map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])"
        ".filter(([, r]) => r.width && (r.width < 24 || r.height < 24)).map(([e]) => e)"
    )

    assert small == []


def test_a_marked_number_says_which_of_ones_own_numbers_it_follows_from(browser, pages):
    """What follows from a slip leads back to the slip; what goes into a step that is not on the page is seen through."""
    browser.errors.clear()
    browser.open(pages["feedback-student"].as_uri())
    browser.run("document.getElementById('weights[2,1]').focus()")
    said = browser.run("document.getElementById('aloud').textContent")

    assert "weights[2,1] : 0.12 → folgt" in " ".join(said.split())
    assert said.index("kommt von") < said.index("scaled[2,1] : 6 ✗ Fehler") < said.index("geht in")
    browser.run("document.getElementById('scores[1,1]').focus()")
    assert "keine andere Zahl auf dieser Seite" in browser.run("document.getElementById('aloud').textContent")
    assert not browser.errors


def test_a_number_says_where_it_comes_from_and_where_it_goes(apple):
    """Focus on a weight tells its exponential, its row sum, and the outputs; all are marked where they are shown."""
    apple.run("document.getElementById('weights[2,1]').querySelector('a').focus()")
    said = apple.run("document.getElementById('aloud').textContent")

    assert "weights[2,1] ≈ 0.2361" in " ".join(said.replace("≈", "≈ ").split())
    assert said.index("comes from") < said.index("exponentials[2,1]") < said.index("row_sums[2]")
    assert said.index("goes into") < said.index("outputs[2,1]")
    marked = apple.run(
        "[...document.querySelectorAll('td.from, td.into, .chain.from, .chain.into')].map((e) => e.dataset.of || e.id)"
    )
    assert {"exponentials[2,1]", "row_sums[2]", "outputs[2,1]", "row2.contributions[1,1]"} <= set(marked)
    tags = apple.run("[...document.querySelectorAll('figure[data-tag]')].map((e) => e.dataset.tag)")
    assert set(tags) == {"from", "into"}


def test_what_the_page_does_not_show_is_seen_through(apple):
    """The queries are the words themselves and have no numbers of their own: a score comes from the words."""
    apple.run("document.getElementById('scores[1,2]').querySelector('a').focus()")
    marked = apple.run("[...document.querySelectorAll('td.from, .chain.from')].map((e) => e.id)")

    assert marked == [f"X[{i},{c}]" for i in (1, 2) for c in (1, 2, 3)]


def test_a_grid_is_one_stop_for_tab_and_arrows_move_inside_it(apple):
    """Arrow keys, Home and End stay in the grid; Enter goes to the line where the number is worked; Escape closes."""
    apple.run("document.querySelector('a.anchor').focus()")
    stops = apple.run(
        "[...document.querySelectorAll('table')].map((t) => t.querySelectorAll('td[tabindex=\"0\"]').length)"
    )
    assert set(stops) == {1}

    apple.run("document.querySelector('[data-of=\"weights[1,1]\"]').focus()")
    for key, cell in (("ArrowRight", "[1,2]"), ("ArrowDown", "[2,2]"), ("End", "[2,4]"), ("ArrowRight", "[2,4]"), ("Home", "[2,1]"),
                      ("ArrowLeft", "[2,1]")):  # fmt: skip
        apple.press(key)
        assert apple.run(CELL) == f"weights{cell}"
    assert not apple.run(f"{PANEL}.hidden")

    apple.press("Enter")
    apple.run("new Promise((done) => setTimeout(done, 100))")
    assert apple.run("document.activeElement.matches('a.name')")
    assert apple.run(CELL) == "weights[2,1]"

    apple.press("Escape")
    assert apple.run(f"{PANEL}.hidden")
    assert apple.run("document.querySelectorAll('td.here, td.from, td.into, .chain.here').length") == 0
    assert apple.errors == []


def test_tab_leads_into_the_panel_and_links_there_lead_on_and_back(apple):
    """From a weight to its exponential by Tab and Enter; the browser's Back returns to the weight."""
    apple.run("document.querySelector('[data-of=\"weights[2,1]\"]').focus()")
    apple.press("Tab")
    assert apple.run(f"{PANEL}.contains(document.activeElement)")
    apple.run(f"{PANEL}.querySelector('.from a').focus()")
    apple.press("Enter")
    apple.run("new Promise((done) => setTimeout(done, 100))")
    assert apple.run(CELL) == "exponentials[2,1]"

    apple.run(f"{PANEL}.querySelector('.back button').click()")
    apple.run("new Promise((done) => setTimeout(done, 300))")
    assert apple.run(CELL) == "weights[2,1]"


def test_a_touch_tells_the_same_and_the_panel_covers_no_touched_number(browser, pages):
    """On a phone, for a number in the upper and in the lower half of the screen."""
    browser.open(pages["apple-and-orange"].as_uri(), 360, 640, touch=True)
    for cell in ("row_sums[2]", "scores[2,3]"):
        number = f"[data-of='{cell}']"
        browser.tap(number)

        assert browser.run(f"document.querySelector(\"{number}\").matches('.here')")
        over, under = browser.run(
            f'[{PANEL}, document.querySelector("{number}")].map((e) => e.getBoundingClientRect()).map((r) => [r.top, r.bottom])'
        )
        assert over[1] <= under[0] or under[1] <= over[0]
    browser.tap("#meaning h2")
    assert browser.run(f"{PANEL}.hidden")


def test_pointing_tells_too(apple):
    """The mouse over a number for a moment is enough."""
    apple.point("[data-of='weights[2,1]']")

    assert not apple.run(f"{PANEL}.hidden")
    assert apple.run("document.querySelector('[data-of=\"weights[2,1]\"]').matches('.here')")


def test_steps_fold_and_a_link_to_a_cell_unfolds_its_step(apple, pages):
    """All at once by the buttons; an address with a cell opens the step and shows the number."""
    apple.run("document.querySelector('#fold button').click()")
    assert apple.run("document.querySelectorAll('.step > details[open]').length") == 0

    apple.run("location.hash = '#weights[2,1]'")
    apple.run("new Promise((done) => setTimeout(done, 300))")

    assert apple.run("document.querySelectorAll('.step > details[open]').length") == 1
    assert apple.run(CELL) == "weights[2,1]"
    top = apple.run("document.getElementById('weights[2,1]').getBoundingClientRect().top")
    assert 0 < top < 800


def test_folded_steps_are_printed_unfolded(apple, tmp_path):
    """What the browser prints has every step, and neither contents nor buttons."""
    apple.run("document.querySelector('#fold button').click()")
    (tmp_path / "printed.pdf").write_bytes(apple.print())
    text = "".join(page.extract_text() for page in pypdf.PdfReader(tmp_path / "printed.pdf").pages)

    assert "Dividing by its sum makes each row add up to 1" in " ".join(text.split())
    assert "Fold all" not in text
    assert "Contents" not in text


def test_headings_of_steps_stay_headings(apple):
    """In the tree that screen readers are given, each step's title is a heading of level 3 inside its switch."""
    tree = apple.ask("Accessibility.getFullAXTree")["nodes"]
    headings = [
        node["name"]["value"]
        for node in tree
        if node.get("role", {}).get("value") == "heading"
        and any(p["name"] == "level" and p["value"]["value"] == 3 for p in node.get("properties", []))
    ]

    assert headings[:2] == ["1. Queries", "2. Keys"]
    assert len(headings) == 14


def test_a_link_to_what_is_not_there_does_no_harm(apple, pages):
    """Nonsense behind the # is ignored."""
    for nonsense in ("#nothing", "#%E0%A4%A", "#weights[9,9]", "#["):
        apple.open(pages["apple-and-orange"].as_uri() + nonsense)

    assert apple.errors == []
