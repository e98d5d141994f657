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
from tracer.answers import read_submission
from tracer.boxes import asked
from tracer.formats.html import html
from tracer.judging import check
from tracer.pages import sheet as sheets
from tracer.pages.feedback import audiences, feedback
from tracer.pages.ladder import ladder
from tracer.pages.solution import only, solution
from tracer.problem_file import from_dict
from tracer.worksheet import worksheet

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
WORK = worksheet(tracer.solve(tracer.load(ROOT / "examples/apple-and-orange/problem.toml")), "scores, weights, outputs",
                 "first-row", seed="7")  # fmt: skip
SHEETS = ["sheet", "key", "sheet-hostile", "key-hostile", "sheet-wide", "sheet-heads-de"]
NUMBER = "document.activeElement.closest('td, .chain')"
CELL = f"({NUMBER}.dataset.of || {NUMBER}.id)"
HEADS = {"given": {"X": [[1, 0, "1/2", 0], [0, 1, 0, 1]]}, "pass": {"n_heads": 2}, "paper": {"lang": "de"}}
BOX, COUNT, TOLD = (
    "document.activeElement.name",
    *(f"document.getElementById('{id_}').textContent" for id_ in ("count", "told")),
)
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
    hostile, wide = (worksheet(tracer.solve(from_dict(HARD[name])), name="<b>Ada") for name in ("hostile", "wide"))
    heads = worksheet(tracer.solve(from_dict(HEADS)))
    made |= {"sheet": html(sheets.sheet(WORK)), "key": html(sheets.key(WORK)), "sheet-wide": html(sheets.sheet(wide))}
    made |= {
        "sheet-hostile": html(sheets.sheet(hostile)),
        "key-hostile": html(sheets.key(hostile)),
        "sheet-heads-de": html(sheets.sheet(heads)),
    }
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


LOOKS = ("light", "dark")
LOOKED_AT = [  # the examples, which share one style sheet, in light and in dark by turns; the other pages in both
    *((path.parent.name, LOOKS[n % 2]) for n, path in enumerate(EXAMPLES)),
    *((name, look) for name in (*(f"feedback-{name}" for name in audiences), *SHEETS) for look in LOOKS),
]


@pytest.mark.parametrize(("name", "look"), LOOKED_AT)
def test_axe_finds_no_violation(browser, pages, name, look):
    """With the panel open, in light and in dark, on a desk and on a phone; nothing is asked of the network."""
    dark = look == "dark"
    browser.errors.clear()
    browser.open(pages[name].as_uri(), *((360, 740) if dark else (1280, 900)), dark=dark, touch=dark)
    browser.run((CHECKERS / "axe-core/axe.min.js").read_text() + "; 0")
    browser.run("document.querySelectorAll('a.name, td[tabindex], td input')[3].focus()")
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


def test_no_number_of_a_table_is_cut_on_a_phone(browser, tmp_path):
    """2.7183 stays 2.7183: a table that is too wide scrolls, and none of its cells is narrower than its number."""
    path = tmp_path / "ladder.html"
    path.write_bytes(html(ladder(tracer.solve(tracer.load(ROOT / "examples/normaliser-ladder/problem.toml")))))
    browser.open(path.as_uri(), 360, 640, touch=True)

    cut = "[...document.querySelectorAll('.ledger td')].filter(cell => cell.scrollWidth > cell.clientWidth).length"
    assert browser.run(cut) == 0


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


# A worksheet that is filled in


@pytest.fixture
def blank(browser, pages):
    """The sheet on a desk, with nothing kept from before."""
    browser.errors.clear()
    browser.open(pages["sheet"].as_uri())
    browser.run("localStorage.clear()")
    browser.open(pages["sheet"].as_uri())
    return browser


def typed(browser: Browser, text: str) -> None:
    """Type into what has the focus."""
    browser.ask("Input.insertText", text=text)


def saved(browser: Browser, folder: Path) -> Path:
    """Press the button, and wait for the file."""
    browser.ask("Page.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
    browser.events.clear()
    browser.run("document.getElementById('save').click()")
    browser.wait_for("Page.downloadWillBegin")
    while not any(m.get("params", {}).get("state") == "completed" for m in browser.events):
        browser.hear()
    (file,) = folder.glob("*.toml")
    return file


@pytest.mark.parametrize("name", ["apple-and-orange", "causal-mask", "three-heads", "cherry-orange-phone"])
def test_a_sheet_is_filled_in_and_saved_and_has_full_marks(browser, tmp_path, name):
    """By keyboard alone: each number of the key typed into its box, Enter to the next one, a name, the button."""
    work = worksheet(tracer.solve(tracer.load(ROOT / f"examples/{name}/problem.toml")), level="first-row")
    (tmp_path / "sheet.html").write_bytes(html(sheets.sheet(work)))
    browser.open((tmp_path / "sheet.html").as_uri())
    quiet(browser, tmp_path / "sheet.html")
    browser.run("localStorage.clear(); document.querySelector('td input').focus()")
    answers = [box.text for box in asked(sheets.key(work)).boxes if box.says]
    for text in answers:
        typed(browser, text)
        browser.press("Enter")
    browser.run("document.querySelector('[name=name]').focus()")
    typed(browser, 'Zoë "Z" Ö/N 🍎')

    assert browser.run(COUNT) == f"{len(answers)} of {len(answers)} filled in"
    file = saved(browser, tmp_path)
    assert file.name == f"answers Zoë Z Ö N {work.code}.toml"
    assert browser.run(TOLD) == f"Saved as “{file.name}”: {len(answers)} of {len(answers)} filled in."
    found = read_submission(file)
    assert (found.by, found.code) == ('Zoë "Z" Ö/N 🍎', work.code)
    marks = check(work.trace, found).marks
    assert work.blanks <= {mark.key for mark in marks}
    assert [(mark.cell, mark.entry.raw) for mark in marks if mark.credit != 1] == []
    assert quiet(browser, tmp_path / "sheet.html")


def test_what_is_typed_beside_the_numbers_is_in_the_file_for_people(blank, tmp_path):
    """Date and working stand in it as remarks, whatever signs are in them; numbers that no one can read stay texts."""
    blank.run("document.querySelector('[name=date]').value = '3 May'")
    blank.run("document.querySelector('textarea').value = '0·2 + 3·2\\n= 6 \\u007f\\ud800 # []'")
    blank.run("document.querySelector('td input').value = 'a \"quote\" \\\\ \\u0001'")
    file = saved(blank, tmp_path)
    text = file.read_text("utf-8")

    assert "# Date:\n# 3 May\n# Lines for your working: 1. Scores (12 points):\n# 0·2 + 3·2\n# = 6" in text
    assert "without a name" in blank.run(TOLD) or "Your name is not in it." in blank.run(TOLD)
    found = read_submission(file)
    assert (found.by, found.cells["scores", (1, 0)].raw) == ("", 'a "quote" \\')


def test_arrow_keys_and_enter_lead_from_box_to_box(blank):
    """Up, down, left and right over what is printed; inside a text the arrows move in the text."""
    blank.run("document.querySelector('[name=\"scores[2,1]\"]').focus()")
    for press, box in (("ArrowRight", "2,2"), ("ArrowDown", "3,2"), ("ArrowLeft", "3,1"), ("ArrowLeft", "3,1"), ("ArrowUp", "2,1"),
                       ("ArrowUp", "2,1"), ("Enter", "2,2"), ("Tab", "2,3")):  # fmt: skip
        blank.press(press)
        assert blank.run(BOX) == f"scores[{box}]"
    typed(blank, "12")
    blank.press("ArrowLeft")
    assert blank.run(f"[{BOX}, document.activeElement.selectionStart]") == ["scores[2,3]", 1]
    blank.press("ArrowLeft")
    blank.press("ArrowLeft")
    assert blank.run(BOX) == "scores[2,2]"
    blank.press("ArrowRight")
    blank.press("ArrowRight")
    assert blank.run(BOX) == "scores[2,4]"
    assert blank.errors == []


def test_what_is_typed_is_there_again_the_next_time(blank, pages):
    """In this browser, under the sheet's code; a button empties all boxes, once it was asked and answered."""
    blank.run("document.querySelector('td input').focus()")
    typed(blank, "0,57")
    blank.run("document.querySelector('textarea').parentNode.open = true; document.querySelector('textarea').focus()")
    typed(blank, "my way")
    blank.open(pages["sheet"].as_uri())
    assert blank.run(COUNT) == "1 of 33 filled in"
    assert blank.run("[document.querySelector('td input').value, document.querySelector('textarea').value]") == [
        "0,57",
        "my way",
    ]
    assert blank.run("document.querySelector('.working').open")

    for answer, left in ((False, "1 of 33 filled in"), (True, "0 of 33 filled in")):
        blank.events.clear()
        blank.run("setTimeout(() => document.getElementById('clear').click()); 0")
        blank.wait_for("Page.javascriptDialogOpening")
        blank.ask("Page.handleJavaScriptDialog", accept=answer)
        assert blank.run(COUNT) == left
    blank.open(pages["sheet"].as_uri())
    assert blank.run("document.querySelector('td input').value + document.querySelector('textarea').value") == ""


def test_a_browser_that_keeps_nothing_says_nothing(browser, pages, tmp_path):
    """Where storage is refused the sheet is filled in and saved all the same."""
    refuse = (
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } });"
    )
    script = browser.ask("Page.addScriptToEvaluateOnNewDocument", source=refuse)["identifier"]
    browser.errors.clear()
    browser.open(pages["sheet"].as_uri())
    browser.run("document.querySelector('td input').focus()")
    typed(browser, "6")
    browser.ask("Page.removeScriptToEvaluateOnNewDocument", identifier=script)

    assert browser.run(COUNT) == "1 of 33 filled in"
    assert read_submission(saved(browser, tmp_path)).cells["scores", (1, 0)].raw == "6"
    assert browser.errors == []


def test_without_its_script_a_sheet_can_be_filled_in_and_printed(browser, pages, tmp_path):
    """The boxes take what is typed, what only a script can do is hidden; on paper are boxes and lines, no buttons."""
    browser.ask("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(pages["sheet"].as_uri())
    browser.ask("Emulation.setScriptExecutionDisabled", value=False)
    assert browser.run("document.getElementById('bar').hidden && document.getElementById('clear').hidden")
    browser.run("document.querySelector('td input').focus()")
    typed(browser, "1234567")
    (tmp_path / "printed.pdf").write_bytes(browser.print())
    reader = pypdf.PdfReader(tmp_path / "printed.pdf")
    text = "".join(page.extract_text() for page in reader.pages)

    assert "1234567" in text
    assert not any(word in text for word in ("Save", "Clear", "filled in", "Write a number", "Lines for your working"))
    assert len(reader.pages) == 4


def test_boxes_on_paper_are_large_enough_to_write_in(blank):
    """18 by 9 mm, as in the PDF, and a line for each line of working; typed working is printed in place of the lines."""
    blank.ask("Emulation.setEmulatedMedia", media="print")
    lines = (
        "[...document.querySelectorAll('#scores .line')].filter((e) => e.getBoundingClientRect().width > 100).length"
    )
    wide, high = blank.run(
        "(({ width, height }) => [width, height])(document.querySelector('td input').getBoundingClientRect())"
    )
    assert (wide, high) == pytest.approx((18 * 96 / 25.4, 9 * 96 / 25.4), abs=0.5)
    assert blank.run(lines) == 12
    blank.run("document.querySelector('#scores textarea').value = 'my way'")
    assert blank.run(lines) == 0
    assert blank.run("document.querySelector('#scores textarea').getBoundingClientRect().height") > 20
    blank.ask("Emulation.setEmulatedMedia", media="")


def test_a_box_says_what_it_is_and_is_never_hidden_behind_the_bar(browser, pages):
    """To a screen reader “score of apple with orange”; on a phone the box with the focus stands above the bar."""
    browser.open(pages["sheet"].as_uri(), 360, 640, touch=True)
    tree = browser.ask("Accessibility.getFullAXTree")["nodes"]
    names = [node["name"]["value"] for node in tree if node.get("role", {}).get("value") == "textbox"]
    assert names[:4] == ["Name", "Date", "score of apple with orange", "score of apple with apple"]
    assert names[14] == "Lines for your working: 1. Scores (12 points)" or "weight of apple on orange" in names
    hidden = browser.run(
        "[...document.querySelectorAll('td input')].filter((box) => { box.focus(); const bar = document.getElementById('bar');"
        "return box.getBoundingClientRect().bottom > bar.getBoundingClientRect().top; }).map((box) => box.name)"
    )
    assert hidden == []
