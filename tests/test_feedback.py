"""What is seen after a hand calculation was checked: by its student, a teacher, and who checks a published page.

Golden files are the pages as a terminal shows them. After a wanted change write them anew, and read the difference:
TRACER_GOLDEN=write python -m pytest tests/test_feedback.py
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import jsonschema
import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import problems
from test_formats import tokens
from test_pages import Tags
from test_pdf import failures, overflowing
from test_schemas import schema
from test_screen import Places

import tracer
from tracer.answers import read_submission
from tracer.document import Card, Chain, Document, Grid, Heading, Judged, Ledger, Link, Text, flat
from tracer.errors import UnknownName
from tracer.formats import documents, load, render_marks
from tracer.formats.pdf.paper import job_of
from tracer.formats.txt import PlainText, txt
from tracer.judging import check
from tracer.marking import Mark, Marks, Verdict
from tracer.pages.feedback import audiences, feedback
from tracer.parts.verdicts import LOOKS, RULES, visible, written
from tracer.problem_file import from_dict
from tracer.submission import Submission, entry

GOLDEN = Path(__file__).parent / "golden"
V = Verdict
CREDIT = {V.MISSING: 0, V.UNREADABLE: 0, V.WRONG: 0, V.MISTAKE: Fraction(1, 4), V.ROUNDING_SLIP: Fraction(1, 2)}
FORMATS = [".html", ".pdf", ".txt", ".md", ".tex"]
for suffix in FORMATS:
    load(suffix)

APPLE = {"title": "Apple next to an orange", "tokens": ["orange", "apple"], "given": {"X": [[0, 3], [2, 2]]}}
SHEET = {  # one row not scaled, what follows from it, a blank, a slip of the pen
    "scores": [["9", "6"], ["6", "8"]],
    "scaled": [["6.36", "4.24"], ["6", "8"]],
    "weights": [["0.89", "0.11"], ["0.12", "0.88"]],
    "outputs": [["0.22", "2.89"], ["1,7 6", ""]],
}
CUT = {  # 6.36 cut off to 6.3, and a weight that comes from nowhere
    "scaled": [["6.3", "4.2"], ["4.2", "5.7"]],
    "weights": [["0.98", "0.11"], ["0.18", "0.82"]],
}
NOWHERE: dict[str, dict[str, Any]] = {
    "scaled[1,1]": {"verdict": V.ROUNDING_SLIP, "expected": "6.4", "sentence": "6.3 is cut off instead of rounded."},
    "weights[1,1]": {"verdict": V.WRONG, "expected": "0.89", "sentence": "It is not 0.98."},
    "weights[2,1]": {"verdict": V.BY_HAND},
    "weights[2,2]": {"verdict": V.BY_HAND},
}


def marked(
    told: dict[str, Any], sheet: Mapping[str, list[list[str]]], judged: Mapping[str, dict[str, Any]], by: str = ""
) -> Marks:
    """Marks made by hand: exact where nothing else is told."""
    trace, cells, marks = tracer.solve(from_dict(told)), {}, []
    for step in trace:
        for i, row in enumerate(sheet.get(step.id, ())):
            for j, raw in enumerate(row):
                at = (i, j)[: len(step.shape)]
                cell, wrote = step[at], entry(raw)
                verdict = V.MISSING if wrote.is_blank else V.UNREADABLE if wrote.number is None else V.EXACT
                known = judged.get(cell.id, {})
                verdict = known.get("verdict", verdict)
                reason = f"“{raw}” {wrote.reason}." if verdict is V.UNREADABLE else ""
                cells[cell.key] = wrote
                marks.append(
                    Mark(
                        cell.key,
                        cell.id,
                        wrote,
                        verdict,
                        Fraction(CREDIT.get(verdict, 1)),
                        known.get("expected", cell.decimal(2) or "undefined"),
                        known.get("own"),
                        tuple(known.get("mistakes", ())),
                        known.get("sentence", reason),
                    )
                )
    return Marks(trace, Submission(cells, by), tuple(marks))


def in_style(told: dict[str, Any], **keys: str) -> dict[str, Any]:
    return {**told, "paper": keys}


@cache
def apple(lang: str = "en") -> Marks:
    return check(from_dict(in_style(APPLE, lang=lang)), read_submission({"by": "student 17", "written": SHEET}))


def text(document: Document) -> str:
    """The page as a terminal shows it, its lines joined."""
    return re.sub(r"\s+", " ", txt(document, 80).decode())


def entries(document: Document) -> dict[str, str]:
    """What stands behind each keyword of the summary."""
    card = next(block for block in flat(document.blocks) if isinstance(block, Card))
    plain = PlainText(document.style)
    return {key: plain.line(line) for key, line in card.entries}


def paragraphs(document: Document) -> list[str]:
    plain = PlainText(document.style)
    return [plain.line(block.line) for block in flat(document.blocks) if isinstance(block, Text)]


# The pages


@pytest.mark.parametrize("lang", ["en", "de"])
@pytest.mark.parametrize("audience", list(audiences))
def test_the_page_is_the_golden_one(audience: str, lang: str) -> None:
    """The whole page in a terminal of 80 columns."""
    found = txt(feedback(apple(lang), audience), 80).decode()
    golden = GOLDEN / f"feedback-{audience}.{lang}.txt"
    if os.environ.get("TRACER_GOLDEN") == "write":
        golden.write_text(found, "utf-8")
    assert found == golden.read_text("utf-8")
    assert max(map(len, found.splitlines())) <= 80


def test_the_summary_is_to_be_acted_on_in_a_minute() -> None:
    """How much is right, the first slip and what it looks like, what to do, what follows, what is left."""
    told = entries(feedback(apple()))

    assert told["Right"].startswith("10 of 16 numbers. 1 of them is right by hand")
    assert told["First slip"] == (
        "Z[2, 1] in Scaled scores: you wrote 6, and your earlier numbers give ≈ 4.2426. "
        "It looks as if the scores were not scaled. Divide every score by √d_k, or by the number that the problem names: "
        "it takes out the growth that comes with more coordinates."
    )
    assert told["To do"] == "Work row “apple” in Scaled scores again; the section below shows how."
    assert "nothing to rework" in told["Follows"]
    assert told["Blank"] == "1 cell: O[2, 2] in Outputs."
    assert told["Unreadable"] == "1 cell holds something that is no number: O[2, 1] in Outputs."
    assert told["Steps"] == "Scores: 4 of 4, Scaled scores: 2 of 4, Attention weights: 2 of 4 and Outputs: 2 of 4."
    assert "Also wrong" not in told


def test_where_nothing_is_wrong_the_page_says_so_and_no_more() -> None:
    """All numbers right: one line, no section about a slip; no praise either."""
    right = {"scores": SHEET["scores"], "weights": [["0.89", "0.11"], ["0.20", "0.80"]]}
    page = feedback(marked(APPLE, right, {}))

    assert entries(page) == {
        "Right": "All 8 numbers.",
        "First slip": "None: no number is wrong.",
        "Steps": "Scores: 4 of 4 and Attention weights: 4 of 4.",
    }
    assert [block.text for block in flat(page.blocks) if isinstance(block, Heading)] == [
        "Step by step",
        "Scores",
        "Attention weights",
    ]
    assert entries(feedback(marked(APPLE, right, {}), "audit"))["Wrong"] == "Nothing is wrong."


def test_a_page_with_rounding_slips_only_is_not_called_clean() -> None:
    """0.88 for 0.89: nothing is wrong at its origin, and one number is off in the last place."""
    nearly = {"scores": SHEET["scores"], "weights": [["0.88", "0.11"], ["0.20", "0.80"]]}
    page = entries(feedback(marked(APPLE, nearly, {"weights[1,1]": {"verdict": V.ROUNDING_SLIP}}), "audit"))
    assert page["Wrong"] == "Nothing is wrong at its origin."
    assert page["Rounding"].startswith("1 number is off in the last place")


def test_one_mistake_is_said_once_for_all_that_it_explains() -> None:
    """Two scores not scaled: one sentence about the row, with what helps."""
    assert [line for line in paragraphs(feedback(apple())) if line.startswith("Mistake")] == [
        "Mistake, row “apple”: It looks as if the scores were not scaled. Divide every score by √d_k, or by the number "
        "that the problem names: it takes out the growth that comes with more coordinates."
    ]


def test_ties_between_mistakes_are_admitted() -> None:
    """What comes to the same number is named side by side; of many some, and that there are more; pairs are pairs."""

    def looks(*names: str) -> str:
        judged = {"scaled[2,1]": {"verdict": V.MISTAKE, "mistakes": names}}
        page = feedback(marked(APPLE, SHEET, judged), "audit")
        ledger = next(block for block in flat(page.blocks) if isinstance(block, Ledger))
        return PlainText(page.style).line(ledger.entries[0][-1])

    assert looks("not_scaled", "base_2") == (
        "It looks as if the scores were not scaled, or powers of 2 were taken instead of powers of e: "
        "each of these comes to this number."
    )
    assert looks("not_scaled+sign_slipped") == "It looks as if the scores were not scaled and a sign slipped."
    assert looks("not_scaled", "base_2", "base_10", "added").endswith(
        "Several different slips come to this number; from the number alone one cannot tell which."
    )


def test_credit_is_added_up_in_fractions() -> None:
    """Two halves and a quarter beside whole ones, on the sheet as a mixed number."""
    marks = marked(
        APPLE,
        CUT,
        {
            **NOWHERE,
            "scaled[1,2]": {"verdict": V.ROUNDING_SLIP},
            "weights[1,1]": {"verdict": V.MISTAKE, "mistakes": ("base_2",)},
        },
    )

    assert entries(feedback(marks, "teacher"))["Credit"] == "6 1/4 of 8."
    assert as_json(marks)["credit"] == "25/4"


def test_a_number_that_earns_nothing_is_said_why() -> None:
    """It follows from earlier numbers that leave nothing to work out: no talk of unknown mistakes."""
    why = "This follows from your earlier numbers, but these leave nothing to work out, so it does not count."
    judged = {"weights[1,1]": {"verdict": V.WRONG, "own": "0.50", "sentence": why}}
    sheet = {"weights": [["0.50", "0.11"], ["0.20", "0.80"]]}

    assert entries(feedback(marked(APPLE, sheet, judged)))["First slip"].endswith(why)


def test_a_slip_after_a_slip_is_worked_twice() -> None:
    """With the person's own earlier numbers, 6.3 among them, and with the right ones."""
    page = feedback(marked(APPLE, CUT, NOWHERE))
    own, right = (block for block in flat(page.blocks) if isinstance(block, Chain))
    plain = PlainText(page.style)

    assert [sign + plain.text(expr) for sign, expr in own.links] == [
        "=E[1, 1]/D[1]",
        "=e^6.3/(e^6.3 + e^4.2)",
        "≈0.8909",
    ]
    assert plain.text(right.links[-1][1]) == "0.8930"
    assert "Worked from your own earlier numbers it would be:" in text(page)
    assert "From the right earlier numbers it is:" in text(page)


def test_a_slip_in_the_first_step_is_worked_once() -> None:
    """Nothing was written before it, so there is only one way to work it."""
    page = feedback(apple())
    (worked,) = (block for block in flat(page.blocks) if isinstance(block, Chain))

    assert PlainText(page.style).text(worked.links[-1][1]) == "4.2426"


def test_a_matrix_says_what_became_of_each_number() -> None:
    """As written, with a sign and a word; only what is wrong stands out from afar."""
    scaled = next(b for b in flat(feedback(apple()).blocks) if isinstance(b, Grid) and b.ids[0][0] == "scaled[1,1]")

    assert scaled.cells == (
        (Judged("6.36", "✓", "right"), Judged("4.24", "✓", "right")),
        (Judged("6", "✗", "mistake", "strong"), Judged("8", "✗", "mistake", "strong")),
    )
    assert scaled.rows == ("orange", "apple")
    assert not scaled.is_calm


def test_every_verdict_has_a_look_and_a_rule() -> None:
    """No two look the same, in any language; what is accepted does not shout."""
    assert set(LOOKS) == set(RULES) == set(V)
    assert len({(look.sign, look.word) for look in LOOKS.values()}) == len(LOOKS)
    assert {verdict for verdict, look in LOOKS.items() if look.tone == "strong"} == {V.MISTAKE, V.WRONG}


def test_a_terminal_shows_only_what_is_not_right_in_full() -> None:
    """A step that is right is one line; a teacher's page has it in full on paper."""
    shown = txt(feedback(apple()), 80).decode()

    assert "\nScores    ✓ 4 right\n" in shown
    assert shown.count("✓ right") == 6


def test_a_teacher_can_defend_each_mark() -> None:
    """Credit for each number and step and in all, what was expected, the rule behind each verdict, the conventions."""
    page = feedback(apple(), "teacher")
    ledgers = [block for block in flat(page.blocks) if isinstance(block, Ledger)]
    cards = {block.title: dict(block.entries) for block in flat(page.blocks) if isinstance(block, Card)}
    plain = PlainText(page.style)
    rows = [[plain.line(part) for part in row] for ledger in ledgers for row in ledger.entries]

    assert entries(page)["Credit"] == "12 of 16."
    assert "Credit: 2 of 4." in paragraphs(page)
    assert ["Z[2, 1]", "mistake", "6", "4.2426", "0"] in rows
    assert ["A[2, 1]", "follows", "0.12", "0.20", "0.12", "1"] in rows
    assert set(cards["How each number is judged"]) == {
        "blank", "unreadable", "right", "right by hand", "follows", "mistake",
    }  # fmt: skip
    assert "Scale" in cards["Conventions"]


def test_an_audit_parts_origins_from_what_follows() -> None:
    """Two tables; printed, correct, and what the page's own numbers give; nobody is addressed."""
    page = feedback(apple(), "audit")
    headings = [block.text for block in flat(page.blocks) if isinstance(block, Heading)]
    origin, follows, _ = (block for block in flat(page.blocks) if isinstance(block, Ledger))
    plain = PlainText(page.style)

    assert headings[:3] == ["Wrong at its origin", "Only follows from that", "Not readable"]
    assert [[plain.line(part) for part in row][:3] for row in origin.entries] == [
        ["Z[2, 1]", "6", "4.2426"],
        ["Z[2, 2]", "8", "5.6569"],
    ]
    assert [[plain.line(part) for part in row] for row in follows.entries] == [
        ["A[2, 1]", "0.12", "0.20", "0.12"],
        ["A[2, 2]", "0.88", "0.80", "0.88"],
    ]
    assert not re.search(r"\b[Yy]ou(r|rs)?\b", text(page).replace("Your earlier answer was used", ""))
    assert entries(page)["Right"].startswith("10 of 15 numbers")


def test_an_audit_leaves_out_what_is_not_printed() -> None:
    """A page that works one row only is shown with this row."""
    sheet = {"weights": [["0.89", "0.11"], ["", ""]]}
    page = feedback(marked(APPLE, sheet, {}), "audit")
    (grid,) = (block for block in flat(page.blocks) if isinstance(block, Grid))

    assert grid.rows == ("orange",)
    assert entries(page)["Right"] == "All 2 numbers."


def test_many_cells_are_named_by_row_column_or_number() -> None:
    """The whole matrix, a row, a column, a few cells, many cells."""
    words = [f"w{n}" for n in range(1, 5)]
    told = {"tokens": words, "given": {"X": [[1, 2], [3, 4], [5, 6], [7, 8]]}}
    sheet = {"scores": [["0"] * 4] * 4}

    def blank(*cells: tuple[int, int]) -> str:
        judged = {f"scores[{i},{j}]": {"verdict": V.MISSING} for i, j in cells}
        return paragraphs(feedback(marked(told, sheet, judged)))[-1]

    square = [(i, j) for i in range(1, 5) for j in range(1, 5)]
    assert blank(*square) == "Blank: all 16 numbers."
    assert blank(*[(2, j) for j in range(1, 5)]) == "Blank: row “w2”."
    assert blank(*[(i, j) for i in (1, 3) for j in range(1, 5)]) == "Blank: rows “w1” and “w3”."
    assert blank(*[(i, 4) for i in range(1, 5)]) == "Blank: column “w4”."
    assert blank((1, 1), (2, 2)) == "Blank: S[1, 1] and S[2, 2]."
    assert blank(*[(i, j) for i, j in square if i != j]) == (
        "Blank: S[1, 2], S[1, 3], S[1, 4], S[2, 1], S[2, 3], S[2, 4] and 6 more."
    )


def test_steps_of_several_heads_say_whose_they_are() -> None:
    """And what goes to whom."""
    told = {"tokens": ["a", "b"], "given": {"X": [[1, 2], [3, 4]]}, "pass": {"n_heads": 2}}
    sheet = {"head1.scores": [["1", "3"], ["3", "9"]], "head2.row2.contributions": [["0"], ["4"]]}
    headings = [b.text for b in flat(feedback(marked(told, sheet, {})).blocks) if isinstance(b, Heading)]

    assert headings[1] == "Scores in head 1"
    assert headings[2].endswith("in head 2, to b")


def test_an_unknown_audience_is_an_error_with_a_proposal() -> None:
    with pytest.raises(UnknownName, match="did you mean “student”"):
        feedback(apple(), "studnt")


# The person's own numbers


@given(problems(most=2), st.randoms())
def test_what_is_written_exactly_changes_nothing(told: dict[str, Any], random: Any) -> None:
    """A pass in which somebody wrote the exact value of some numbers has the same values everywhere."""
    trace = tracer.solve(from_dict(told))
    cells = [cell for step in trace for row in step.cells for cell in row]
    short = {c.key: c.exact_up_to(3) for c in cells if not c.undefined and not c.infinite}
    own = replace(
        trace, written={key: expr for key, expr in short.items() if expr is not None and random.random() < 0.5}
    )

    for cell in cells:
        assert own[cell.key[0]][cell.key[1]].decimal(6) == cell.decimal(6)


def test_a_written_number_goes_into_all_that_follows() -> None:
    """Weights of ½ and ½ give the mean of the values, whatever the scores were."""
    half = {("weights", (0, j)): entry("1/2").number for j in (0, 1)}
    own = replace(tracer.solve(from_dict(APPLE)), written=half)

    assert [own["outputs"][0, c].decimal(2) for c in (0, 1)] == ["1.00", "2.50"]
    assert own["outputs"][1, 0].decimal(4) == apple().trace["outputs"][1, 0].decimal(4)


# Every format


@pytest.mark.parametrize("audience", list(audiences))
def test_every_link_leads_to_its_place(audience: str) -> None:
    """From the summary to each step and cell; no id is given twice; every element is closed."""
    page = documents[".html"](feedback(apple(), audience)).decode()
    places, tags = Places(page), Tags()
    tags.feed(page)

    assert tags.open == []
    assert len(places.ids) == len(set(places.ids))
    targets = {link[1:].replace("%5B", "[").replace("%5D", "]") for link in places.links}
    assert targets <= set(places.ids)
    assert {"scores", "scaled", "weights", "outputs", "scaled[2,1]"} <= targets


def test_a_screen_reader_hears_a_table_with_verdicts() -> None:
    """Numbers and words in cells of a real table; the sign is for the eye."""
    page = documents[".html"](feedback(apple())).decode()

    assert (
        '<td id="scaled[2,1]" class="judged strong"><bdi>6</bdi> '
        '<span class="verdict"><i aria-hidden="true">✗</i> mistake</span></td>'
    ) in page


@pytest.mark.parametrize("lang", ["en", "de"])
@pytest.mark.parametrize("audience", list(audiences))
def test_the_pdf_is_accessible(audience: str, lang: str, tmp_path: Path) -> None:
    """A validator finds nothing against PDF/UA-1; numbers and verdicts are there to be copied."""
    content = documents[".pdf"](feedback(apple(lang), audience))

    assert failures(content, tmp_path / "a.pdf") == []
    assert documents[".pdf"](feedback(apple(lang), audience)) == content
    shown = "".join(sheet.extract_text() for sheet in pypdf.PdfReader(BytesIO(content)).pages)
    assert ("mistake" if lang == "en" else "Fehler") in shown


def test_a_wide_matrix_stays_on_the_page() -> None:
    """Twelve columns of long numbers and long verdicts, in large print too."""
    told = {"tokens": [f"word{n}" for n in range(12)], "given": {"X": [[n, 1] for n in range(12)]}}
    sheet = {"weights": [["0.123456"] * 12] * 12}
    judged = {f"weights[{i},{j}]": {"verdict": list(V)[(i + j) % 8]} for i in range(1, 13) for j in range(1, 13)}
    for paper in ({}, {"text": "18pt", "size": "letter"}):
        document = feedback(marked(in_style(told, **paper), sheet, judged), "teacher")
        assert overflowing(job_of(document), document) == []
    assert max(map(len, txt(document, 80).decode().splitlines())) <= 80


HOSTILE = ["<script>alert(1)</script>", "\\input{x}", "{{ 7*7 }}", "\u202e123", "\x00\x1b[31m\r\n\t", "שלום", "🍎" * 30,
           "a" + "\u0301" * 90, "| a | b |\n---", "*x* _y_ `z` $x$ [a](b) ![c](d)", "W" * 100, "\ud800", "\uffff", "#%&~^",
           "👨‍👩‍👧", "=1+1", " "]  # fmt: skip


def filled_in(raws: list[str]) -> Document:
    """A page on which somebody wrote these texts."""
    raws = (raws * 4)[:4]
    sheet = {"scores": [raws[:2], raws[2:]], "outputs": [raws[2:], raws[:2]]}
    wrong = {"scores[2,2]": {"verdict": V.WRONG, "sentence": f"“{raws[3]}” is not it."}}
    return feedback(marked(APPLE, sheet, wrong, raws[0]), "teacher")


@pytest.mark.parametrize("raw", HOSTILE)
def test_what_somebody_wrote_is_text(raw: str, tmp_path: Path) -> None:
    """Markup, control characters, other directions, stacks of accents: each page is whole and shows the text."""
    check_formats(filled_in([raw]), raw)
    found = failures(documents[".pdf"](filled_in([raw])), tmp_path / "a.pdf")
    assert [failure for failure in found if "NOTDEF" not in failure] == []  # an emoji, where no font has it


@settings(max_examples=20)
@given(st.lists(st.text(max_size=100), min_size=1, max_size=4))
def test_anything_written_is_text(raws: list[str]) -> None:
    """Of any characters at all."""
    check_formats(filled_in(raws), raws[0])


def check_formats(document: Document, raw: str) -> None:
    page, tags = documents[".html"](document).decode(), Tags()
    tags.feed(page)
    assert tags.open == []
    assert page.count("<script") == 3
    shown = written(raw)
    assert (
        shown.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace('"', "&#34;")
        .replace("'", "&#39;")
        in page
    )
    plain = txt(document, 80).decode()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", plain)
    found = list(tokens(documents[".md"](document).decode()))
    assert not {t.type for t in found} & {"em_open", "s_open", "link_open", "image", "html_block", "code_block"}
    assert "\\input{" not in documents[".tex"](document).decode()
    assert overflowing(job_of(document), document) == []
    assert documents[".pdf"](document)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("0.57", "0.57"), (" 1 000\n", "1 000"), ("1\u200b2", "1□2"), ("\u202e12", "□12"), ("a\x00b", "a□b"),
        ("e" + "\u0301" * 5, "e" + "\u0301" * 2), ("\ud800", "□"), ("👨‍👩‍👧", "👨‍👩‍👧"), ("\t\n", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_seen_is_a_box(raw: str, shown: str) -> None:
    """So that somebody finds the invisible character that kept a number from being read."""
    assert visible(raw) == shown


# JSON

MARKS = schema("marks")


def as_json(marks: Marks) -> dict[str, Any]:
    return json.loads(render_marks(marks, lambda: feedback(marks), ".json"))


def test_marks_as_json_are_what_their_schema_says() -> None:
    """Cell by cell, fractions as texts, null where there is nothing."""
    found = as_json(apple())
    MARKS.validate(found)

    assert {key: found[key] for key in ("by", "first_wrong", "accepted", "blanks", "credit")} == {
        "by": "student 17", "first_wrong": "scaled[2,1]", "accepted": 12, "blanks": 16, "credit": "12",
    }  # fmt: skip
    assert found["marks"][6] == {
        "cell": "scaled[2,1]", "written": "6", "verdict": "mistake", "mistake": "not_scaled", "mistakes": ["not_scaled"],
        "expected": "4.2426", "expected_from_yours": None, "credit": "0",
        "sentence": "It looks as if the scores were not scaled. Divide every score by √d_k, or by the number that the "
        "problem names: it takes out the growth that comes with more coordinates.",
    }  # fmt: skip


def test_marks_without_a_slip_have_no_first_wrong() -> None:
    found = as_json(marked(APPLE, {"query": [["0", "3"]], "row_sums": [["650"], [""]]}, {}))
    MARKS.validate(found)

    assert found["first_wrong"] is None
    assert [mark["cell"] for mark in found["marks"]] == ["query[1,1]", "query[1,2]", "row_sums[1]", "row_sums[2]"]


@pytest.mark.parametrize(
    "change",
    [{"verdict": "fine"}, {"cell": "scaled"}, {"credit": 0.25}, {"credit": "0.25"}, {"extra": 1}, {"mistake": None}],
)
def test_other_marks_are_not_valid(change: dict[str, Any]) -> None:
    """The schema is strict."""
    found = as_json(apple())
    found["marks"][6] |= change
    with pytest.raises(jsonschema.ValidationError):
        MARKS.validate(found)


@given(st.lists(st.text(max_size=100), min_size=4, max_size=4))
def test_json_holds_every_text(raws: list[str]) -> None:
    """As it was read."""
    found = as_json(marked(APPLE, {"scores": [raws[:2], raws[2:]]}, {}))
    MARKS.validate(found)
    assert [mark["written"] for mark in found["marks"]] == [entry(raw).raw for raw in raws]


def test_marks_have_no_notebook() -> None:
    """A format of traces only is refused by name."""
    with pytest.raises(UnknownName, match=r"marks are not written as \.ipynb; known are: \.html, \.json, \.md"):
        render_marks(apple(), lambda: feedback(apple()), ".ipynb")


def test_a_link_says_its_words_in_every_format() -> None:
    """Where a format leads nowhere, the words stay."""
    document = Document(
        "title",
        (
            Text(
                ("see ", Link(("there",), "title")),
            ),
        ),
    )
    for suffix in FORMATS:
        made = documents[suffix](document)
        shown = pypdf.PdfReader(BytesIO(made)).pages[0].extract_text() if suffix == ".pdf" else made.decode()
        assert "there" in shown
