"""The HTML page: one file, found its way around in, that knows where every number comes from."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import tracer
from tracer.boxes import asked
from tracer.document import Blank, Card, Chain, Grid, Heading, Origin, Room, Source, Text, Together, flat
from tracer.formats.html import html
from tracer.notation.plain import plain
from tracer.origins import origins
from tracer.outline import sections
from tracer.pages.sheet import key, sheet
from tracer.pages.solution import full, solution, summary
from tracer.problem_file import from_dict
from tracer.show import show
from tracer.worksheet import Worksheet, worksheet

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*/problem.toml"))
APPLE = next(path for path in EXAMPLES if path.parent.name == "apple-and-orange")
MASKED = {
    "tokens": ["a", "b", "c"],
    "given": {"X": [[1, 2], [3, 4], [5, 6]]},
    "pass": {"logits": [{"use": "mask", "rule": "causal"}]},
}
CROWD = {
    "tokens": [f"w{i}" for i in range(30)],
    "given": {"X": [[f"{i}.{j:02d}" for j in range(40)] for i in range(30)]},
}


class Places(HTMLParser):
    # The ids of a page, where its links lead, and the texts of its scripts.

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.shown: list[str] = []
        self.links: list[str] = []
        self.scripts: list[str] = []
        self.inputs: list[dict[str, str | None]] = []
        self.policy = ""
        self.inside = False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.ids += [told["id"]] if "id" in told else []
        self.shown += [told["data-of"]] if "data-of" in told else []
        self.links += [told["href"]] if "href" in told else []
        self.policy = told["content"] if told.get("http-equiv") == "Content-Security-Policy" else self.policy
        self.inside = tag == "script"
        self.inputs += [told] if tag == "input" else []

    def handle_data(self, data):
        if self.inside:
            self.scripts.append(data)

    def handle_endtag(self, tag):
        self.inside = False


def cells_of(origin: Origin):
    return itertools.product(*(range(low, high + 1) for low, high in origin.ranges))


def looked_up(source: Source, at: tuple[int, ...]) -> set[str]:
    """The ids that a source stands for, seen from one cell."""
    ranges = [range(scale * at[axis] + first, scale * at[axis] + last + 1) for axis, scale, first, last in source.at]
    return {f"{source.step}[{','.join(map(str, place))}]" for place in itertools.product(*ranges)}


@pytest.fixture(scope="module")
def apple() -> tracer.Trace:
    return tracer.solve(tracer.load(APPLE))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_the_origins_of_a_cell_are_what_its_formula_looks_up(path):
    """Written in patterns, for every cell of every step of every example: neither more nor less."""
    trace = tracer.solve(tracer.load(path))
    told = set()
    for origin in origins(trace):
        for at in cells_of(origin):
            cell = trace[origin.step][tuple(n - 1 for n in at)]
            found = set().union(*(looked_up(source, at) for source in origin.sources))

            assert found == {each.id for each in cell.inputs}
            assert cell.id not in told
            told.add(cell.id)
    assert told == {cell.id for step in trace for row in step.cells for cell in row}


def test_origins_follow_a_mask_into_a_sum():
    """Shares by division under a causal mask: the sum of row i has the first i scores in it, no others."""
    trace = tracer.solve(from_dict({**MASKED, "pass": {**MASKED["pass"], "normalisation": "sum"}}))
    for origin in origins(trace):
        for at in cells_of(origin):
            found = set().union(*(looked_up(source, at) for source in origin.sources))
            assert found == {each.id for each in trace[origin.step][tuple(n - 1 for n in at)].inputs}


def test_a_masked_score_comes_from_no_number():
    """Under a causal mask the upper triangle is −∞ by rule; below it, each entry comes from its score."""
    masked = [o for o in origins(tracer.solve(from_dict(MASKED))) if o.step == "masked"]

    assert {at for o in masked if not o.sources for at in cells_of(o)} == {(1, 2), (1, 3), (2, 3)}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_every_id_is_given_once_and_every_link_leads_somewhere(path):
    """A cell shown in several places has its id in one of them; all links stay inside the page."""
    page = Places(html(solution(tracer.solve(tracer.load(path)))).decode())

    assert len(page.ids) == len(set(page.ids))
    assert set(page.shown) <= set(page.ids)
    for link in page.links:
        assert link.startswith("#")
        assert link[1:].replace("%5B", "[").replace("%5D", "]") in page.ids


def test_steps_and_cells_have_their_public_names_as_addresses(apple):
    """solution.html#weights[2,1] leads to the line where that weight is worked; a given number has an address too."""
    page = html(solution(apple)).decode()

    assert '<section id="weights" class="step">' in page
    assert '<p class="chain" id="weights[2,1]"><a class="name" href="#weights%5B2,1%5D"' in page
    assert '<td data-of="weights[2,1]">' in page
    assert '<td id="X[2,1]">' in page


def test_without_worked_lines_the_result_carries_the_id(apple):
    """In a summary the entry of the grid is where the link leads."""
    assert '<td id="weights[2,1]">' in html(solution(apple, summary)).decode()


def test_the_contents_list_has_every_heading(apple):
    """In order, steps inside their section."""
    page = html(solution(apple, full)).decode()
    contents = page.partition("<nav")[2].partition("</nav>")[0]

    assert re.findall(r">([^<]+)</a>", contents) == re.findall(r"<h[23]>([^<]+)</h[23]>", page)


def test_an_outline_puts_steps_inside_their_section():
    """A heading opens a section wherever it stands, a card is one of its own."""
    step = Together((Heading("1. Queries", 3, "query"), Text(("why",))))
    blocks = (Text(("before",)), Heading("Step by step", 2, "steps"), step, Text(("after",)), Card("Conventions", ()))
    before, steps, card = sections(blocks)

    assert before.heading is None
    assert [s.heading.text for s in steps.sections if s.heading] == ["1. Queries"]
    assert steps.sections[0].blocks == (Together((Text(("why",)),)), Text(("after",)))
    assert card.heading == Heading("Conventions", 2, "conventions")


def test_no_block_of_a_page_is_lost_in_its_outline(apple):
    """Every worked line and every grid of the document is on the page."""
    document = solution(apple, full)
    page = html(document).decode()
    blocks = tracer.document.flat(document.blocks)

    assert page.count('<p class="chain"') == sum(isinstance(b, Chain) for b in blocks)
    assert page.count('<figure class="grid"') == sum(isinstance(b, Grid) for b in blocks)


def test_the_page_forbids_itself_to_fetch_anything(apple):
    """Its own policy allows its data and scripts by their digests, fonts and pictures inside it, and nothing else."""
    page = Places(html(solution(apple)).decode())
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in page.scripts]

    assert [text[:2] for text in page.scripts] == ['{"', "{c", "{c"]
    assert page.policy.startswith("default-src 'none'; style-src 'unsafe-inline'; script-src ")
    assert all(f"'sha256-{digest}'" in page.policy for digest in digests)
    assert "http" not in page.policy


def test_the_script_and_its_data_are_small(apple):
    """The scripts have less than 6 kB, and 30 words with 40 coordinates need no more data than a page of 4 words, nearly."""
    page = Places(html(solution(apple)).decode())
    crowd = Places(html(solution(tracer.solve(from_dict(CROWD)))).decode())

    assert len("".join(page.scripts[1:]).encode()) < 6000
    assert len(crowd.scripts[0]) < 20_000
    assert json.loads(crowd.scripts[0])["names"]["weights"].count("□") == 1


def test_without_its_script_the_page_is_complete(apple):
    """All steps are unfolded, all numbers are there; what only a script could do is hidden."""
    page = html(solution(apple)).decode()

    assert page.count("<details open>") == 14
    assert '<p id="fold" hidden>' in page
    assert re.search(r'<div id="whence"[^>]* hidden>', page)


def test_the_page_speaks_german():
    """Headings of the page itself and the words of its script come from the language."""
    page = html(solution(tracer.solve(from_dict({**MASKED, "paper": {"lang": "de"}})))).decode()

    assert '<html lang="de">' in page
    for words in ("Inhalt", "kommt von", "geht in", "Alle Schritte einklappen", "und □ weitere"):
        assert words in page


def test_low_roots_and_brackets_do_not_grow(apple):
    """√3 is set in a root that cannot grow, a root over a fraction or a sum in one that can."""
    page = html(solution(apple)).decode()

    assert '<msqrt class="low"><mn>3</mn></msqrt>' in page
    assert "<msqrt><mrow><munderover>" in page


# A worksheet


def work(path: Path, level: str = "first-row") -> Worksheet:
    return worksheet(tracer.solve(tracer.load(path)), level=level, name="Ada <b>")


def digested(page: Places) -> list[str]:
    """The scripts of a page, whose digests its own policy must name, and no others."""
    allowed = re.findall(r"'sha256-([^']+)'", page.policy)
    assert {*allowed} == {base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in page.scripts}
    return page.scripts


def test_a_page_has_the_scripts_that_have_something_to_do_on_it(apple):
    """Folding on every page; where numbers come from on a solution; filling in on a sheet, and not on its key."""
    pages = (solution(apple), sheet(work(APPLE)), key(work(APPLE)))
    solved, blank, filled = (digested(Places(html(page).decode())) for page in pages)

    assert ["localStorage" in text for text in blank] == [False, True]
    assert [any(word in text for text in solved) for word in ("whence", "localStorage")] == [True, False]
    assert len(filled) == 1
    assert not any('id="whence"' in html(page).decode() for page in pages[1:])
    assert len(blank[1].encode()) < 4000


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_each_box_is_a_field_with_the_name_of_its_cell_and_words(path):
    """And what is typed into it is not changed by any keyboard: no capitals, no corrections, no suggestions."""
    blank = work(path)
    page = Places(html(sheet(blank)).decode())
    boxes = [told for told in page.inputs if told["name"] not in ("name", "date")]

    named = {f"{id_}[{','.join(str(n + 1) for n in at)}]" for id_, at in blank.boxes}
    assert {told["name"] for told in boxes} == named
    assert len(boxes) == len(named)
    assert all(told["aria-label"] and told["inputmode"] == "text" for told in boxes)
    assert all(told[key] == "off" for told in boxes for key in ("autocomplete", "autocapitalize", "autocorrect"))
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:].replace("%5B", "[").replace("%5D", "]") for link in page.links} <= {*page.ids}


@pytest.mark.parametrize(
    ("path", "level"),
    [(path, ("blank", "first-row", "faded")[n % 3]) for n, path in enumerate(EXAMPLES)],
    ids=lambda one: one if isinstance(one, str) else one.parent.name,
)
def test_no_answer_is_anywhere_in_what_a_student_gets(path, level):
    """Of the decimals of the key none is in the source, not in a script nor an attribute, unless the sheet prints it.

    The key's source has them all: so the search finds what there is to be found.
    """
    blank = work(path, level)
    student, teacher = (decimals(re.sub(r"<style>.*?</style>|<p class=\"aside hint\">.*?</p>", "", page, flags=re.DOTALL)) for page in
                        (html(sheet(blank)).decode(), html(key(blank)).decode()))  # fmt: skip
    if not blank.boxes:
        return
    boxes = asked(key(blank)).boxes
    answers = decimals(" ".join(box.text for box in boxes if box.says))
    shown = decimals(" ".join(box.text for box in boxes if not box.says))
    worked = [writing.chain for block in flat(sheet(blank).blocks) if isinstance(block, Room)
              for beside in block.entries for writing in beside if writing.chain]  # fmt: skip
    printed = {blank.trace[id_][at].name for id_, at in blank.printed}
    assert {chain.name for chain in worked} <= printed
    shown |= {text for chain in worked for _, side in chain.links for text in decimals(show(side, plain))}
    shown |= {text for block in flat(sheet(blank).blocks) if isinstance(block, Grid)
              for row in block.cells for cell in row if not isinstance(cell, Blank | str) for text in decimals(show(cell, plain))}  # fmt: skip

    shown |= decimals(" ".join(blank.trace.problem.note.values()))

    assert answers <= teacher
    assert student & answers <= shown


def decimals(text: str) -> set[str]:
    return {*re.findall(r"\d+[.,]\d{2,}(?!\d|em)", text)}
