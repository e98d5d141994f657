"""Questions for learning platforms: what a field accepts, what it says, and that platforms can read the files.

`moodle.py` and `qti.py` are the platforms: they read a file and mark what is typed, and know nothing of tracer.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import moodle
import pytest
import qti
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lxml import etree

from tracer import check, solve
from tracer.cli import main
from tracer.errors import ProblemError, UnknownName
from tracer.evaluate import Key
from tracer.expr import Num
from tracer.generate import Wishes, new
from tracer.judging.foreseen import Foreseen, foreseen
from tracer.marking import ACCEPTED, Mark, Verdict
from tracer.problem_file import from_dict
from tracer.quizzes import render
from tracer.quizzes.gaps import NEARLY, gaps
from tracer.submission import Submission, entry
from tracer.trace import Trace
from tracer.views import decimal_text
from tracer.worksheet import Worksheet, worksheet

WISHES = (
    Wishes(),
    Wishes(difficulty="easy", d_model=2),
    Wishes(mask="causal", exact_weights=True),
    Wishes(places=3),
)
ASKED = "scores,scaled,weights,outputs"
SCHEMAS = os.environ.get("TRACER_QTI_SCHEMAS", "")
BY_HAND = {"places": 2, "by_hand": {"scaled": 2, "weights": 2, "outputs": 2}}
ORANGE = {
    "tokens": ["orange", "apple"],
    "given": {"Q": [[0, 3], [2, 2]], "K": [[0, 1], [1, 1]], "V": [[4, 0], [1, 2]]},
    "paper": BY_HAND,
}
AWKWARD = {  # words that mean something in XML, in HTML, in TeX, and in Moodle's boxes
    "title": "A ]]> & <b> \\(x\\) $$",
    "tokens": ["{1:SA:=yes}", "}~#=%<&\\\"'"],
    "given": {"S": [[1, 2], [0, "√2"]], "V": [[4], [8]]},
    "pass": {"logits": []},
    "paper": {"symbols": {"weights": "{2:NM:=1}"}},
}
SELDOM = {
    "hidden keys": {"given": {"S": [["-inf", 4]], "V": [[4], [8]]}, "pass": {"logits": [{"use": "scale", "by": 2}]}},
    "no value": {"given": {"S": [[1, -1]], "V": [[1], [2]]}, "pass": {"logits": [], "normalisation": "sum"}},
    "one row of two": {"given": {"X": [[1, 0], [0, 1]]}, "pass": {"queries": [1]}},
    "two heads": {"given": {"X": [[1, 0], [0, 2]]}, "pass": {"n_heads": 2, "logits": [{"use": "mask", "rule": "causal"}]}},
    "rounded to integers": {"given": {"S": [[3, 1]], "V": [[10], [20]]}, "pass": {"logits": []}, "paper": {"places": 0}},
    "a shifted softmax": {"given": {"S": [[3, 1]], "V": [[10], [20]]}, "pass": {"normalisation": "softmax-shifted", "logits": []}},
    "awkward words": AWKWARD,
}  # fmt: skip


def sheet_of(
    problem: object, blank: str = ASKED, level: str = "blank", points: Mapping[str, Fraction] = {}
) -> Worksheet:
    """The worksheet of a problem."""
    trace = problem if isinstance(problem, Trace) else solve(from_dict(problem))
    return worksheet(trace, blank, level, points)


def typed_right(sheet: Worksheet) -> tuple[dict[Key, str], dict[Key, str]]:
    """The whole sheet as two people write it who make no mistake: exactly and rounded once, and by hand."""
    trace = sheet.trace
    cells = {key: trace[key[0]][key[1]] for key in sheet.blanks | sheet.printed if not trace[key[0]][key[1]].undefined}
    once = {key: cell.decimal(trace.tables.places_by_hand(key[0])) or "-inf" for key, cell in cells.items()}
    return once, {key: cell.by_hand or "-inf" for key, cell in cells.items()}


def marked(sheet: Worksheet, others: Mapping[Key, str], key: Key, text: str) -> Mark:
    """What `tracer check` makes of a number among others."""
    marks = check(sheet.trace, Submission({one: entry(raw) for one, raw in {**others, key: text}.items()}))
    return next(mark for mark in marks.marks if mark.key == key)


def around(one: Foreseen) -> Iterator[Fraction]:
    """Numbers at which the verdict may turn: the ends of each range, and what lies a unit or two beyond."""
    ranges = [*one.accepted, *one.nearly, *(typed for typed, _ in one.mistaken)]
    ends = {end for typed in ranges for end in typed}
    unit = Fraction(1, 10**one.places)
    yield from sorted({end + n * unit for end in ends for n in (-1, 0, 1)})


# What is accepted, against `tracer check`


@settings(max_examples=8)
@given(
    st.integers(0, 300),
    st.sampled_from(WISHES),
    st.sampled_from([ASKED, "weights,outputs", "outputs"]),
    st.sampled_from(["blank", "faded"]),
    st.data(),
)
def test_a_field_accepts_what_check_accepts(
    seed: int, wishes: Wishes, blank: str, level: str, data: st.DataObject
) -> None:
    """A number with the places asked for is accepted where check accepts it from somebody whose others are right.

    So with half the points for a slip of rounding.
    """
    try:
        sheet = sheet_of(solve(new(seed, wishes).problem), blank, level)
    except ProblemError:
        assume(False)
    one = data.draw(st.sampled_from(foreseen(sheet.trace, sheet.blanks | sheet.printed, sorted(sheet.blanks))))

    for number in data.draw(st.permutations([*around(one)]))[:6]:
        text = decimal_text(Num(number, one.places))
        marks = [marked(sheet, others, one.key, text) for others in typed_right(sheet)]
        is_right = any(mark.verdict in ACCEPTED for mark in marks)
        is_near = any(mark.verdict is Verdict.ROUNDING_SLIP for mark in marks)

        assert any(low <= number <= high for low, high in one.accepted) is is_right, (one.key, text)
        assert any(low <= number <= high for low, high in one.nearly) is (is_near and not is_right), (one.key, text)


def test_feedback_and_check_name_the_same_mistakes() -> None:
    """But for few numbers, where check sees a whole row and the platform one number."""
    shared = []
    for seed in range(2):
        sheet = sheet_of(solve(new(seed, Wishes()).problem), ASKED)
        for one in foreseen(sheet.trace, sheet.blanks, sorted(sheet.blanks)):
            for number in [*around(one)][::4]:
                names = {name for (low, high), names in one.mistaken if low <= number <= high for name in names}
                mark = marked(sheet, next(iter(typed_right(sheet))), one.key, decimal_text(Num(number, one.places)))
                if names and mark.verdict is Verdict.MISTAKE:
                    shared.append(bool(names & set(mark.mistakes)))
    assert len(shared) > 50
    assert sum(shared) >= 0.98 * len(shared)


def test_a_mistake_is_told_by_its_sentence() -> None:
    """Scores 3 and 3, √2 below: who forgets to divide writes 3.00 for 2.12, who divides by d_k 1.50."""
    box = gaps(sheet_of(ORANGE))["scaled[1,1]"]

    def said(number: str) -> tuple[Fraction, str]:
        value = Fraction(number)
        return next(((one.share, one.says) for one in box.responses if one.low <= value <= one.high), (Fraction(0), ""))

    assert box.right == "2.12"
    assert said("2.12") == (1, "")
    assert said("2.13") == (1, "")  # with 1.41 for √2
    assert said("2.11") == (Fraction(1, 2), NEARLY)
    assert said("3")[0] == 0
    assert said("3")[1].startswith("It looks as if the scores were not scaled. Divide every score by √d_k")
    assert "divided by d_k instead of √d_k, or the scores were scaled twice" in said("1.5")[1]
    assert said("7.77") == (0, "")


def test_responses_end_half_a_unit_beyond_and_are_exact() -> None:
    """2.12 is accepted from 2.115 to 2.125, as decimals: nobody who types two places can be on the border."""
    first, *_ = gaps(sheet_of(ORANGE))["scaled[1,1]"].responses

    assert first == (Fraction(2115, 1000), Fraction(2125, 1000), 1, "")


def test_points_are_scaled_to_integers() -> None:
    """A weight for one third and an output for one half of a point: 2 and 3."""
    found = gaps(sheet_of(ORANGE, "weights,outputs", points={"weights": Fraction(1, 3), "outputs": Fraction(1, 2)}))

    assert {id_.partition("[")[0]: gap.points for id_, gap in found.items()} == {"weights": 2, "outputs": 3}


@pytest.mark.parametrize(
    ("problem", "blank", "level", "error"),
    [
        ({"given": {"Q": [["a", 1]], "K": [[1, 0]]}}, "", "blank", "letters without numbers: a"),
        (ORANGE, ASKED, "full", "nothing is left blank"),
        (
            {"given": {"S": [[40, 0]], "V": [[1], [2]]}, "pass": {"logits": []}},
            "exponentials",
            "blank",
            "more than the 15 digits",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused(problem: object, blank: str, level: str, error: str) -> None:
    """Letters, a sheet without a blank, and numbers that a double cannot hold."""
    with pytest.raises(ProblemError, match=error):
        render([sheet_of(problem, blank, level)], "", "a.moodle.xml")


# Moodle


@settings(max_examples=4)
@given(st.integers(0, 300), st.sampled_from(WISHES), st.sampled_from(["blank", "faded", "first-row"]))
def test_moodle_gives_full_marks_to_who_makes_no_mistake(seed: int, wishes: Wishes, level: str) -> None:
    """Read as Moodle reads it, every box is there in order; both keys have every point in it."""
    try:
        sheet = sheet_of(solve(new(seed, wishes).problem), ASKED, level)
    except ProblemError:
        assume(False)
    category, (question,) = moodle.read(render([sheet], "Week 3/4", "a.moodle.xml"))
    keys = [cell.key for step in sheet.steps for row in step.cells for cell in row if cell.key in sheet.boxes]

    assert category == "$course$/top/Week 3//4"
    assert question.code == sheet.code
    assert len(question.boxes) == len(keys)
    assert sum(box.points for box in question.boxes) == sheet.total
    for written in typed_right(sheet):
        assert all(
            box.mark(written.get(key, ""))[0] == 1 for key, box in zip(keys, question.boxes, strict=True) if box.points
        )


def test_moodle_sees_the_answers_that_are_meant() -> None:
    """Each box of a question, answer by answer: share, number, tolerance and sentence."""
    sheet = sheet_of(ORANGE)
    _, (question,) = moodle.read(render([sheet], "", "a.moodle.xml"))
    meant = gaps(sheet)
    order = [cell.id for step in sheet.steps for row in step.cells for cell in row if cell.id in meant]

    for id_, box in zip(order, question.boxes, strict=True):
        assert box.points == meant[id_].points
        assert [float(one.share) for one in meant[id_].responses] == [one.share for one in box.answers]
        for one, answer in zip(meant[id_].responses, box.answers, strict=True):
            assert Fraction(answer.text) == (one.low + one.high) / 2
            assert answer.tolerance == float((one.high - one.low) / 2)
            assert answer.says == one.says.replace("&", "&amp;")


def test_moodle_s_first_answer_is_the_right_number() -> None:
    """It is the one that Moodle shows as the right answer, so no middle of a wider range may stand there."""
    sheet = sheet_of(ORANGE)
    _, (question,) = moodle.read(render([sheet], "", "a.moodle.xml"))

    right = {Fraction(gap.right) for gap in gaps(sheet).values()}
    assert {Fraction(box.answers[0].text) for box in question.boxes} == right


@pytest.mark.parametrize("name", SELDOM)
def test_moodle_reads_seldom_things(name: str) -> None:
    """What may stay empty is worth nothing, and no word opens a box or closes the text."""
    sheet = sheet_of(SELDOM[name], "")
    _, (question,) = moodle.read(render([sheet], "", "a.moodle.xml"))

    assert len(question.boxes) == len(sheet.boxes)
    assert sum(box.points for box in question.boxes) == sheet.total
    assert question.text.count("{#") == len(sheet.boxes)
    etree.fromstring(f"<div>{question.text}</div>")


def test_a_box_under_a_mask_may_stay_empty() -> None:
    """It is worth nothing and lets everything pass; Moodle shows what would stand there."""
    _, (question,) = moodle.read(render([sheet_of(SELDOM["hidden keys"], "scaled")], "", "a.moodle.xml"))
    hidden, seen = question.boxes

    assert (hidden.points, seen.points) == (0, 1)
    assert hidden.answers[0].text == "−∞"
    assert [hidden.mark(text)[0] for text in ("", "-inf", "7")] == [1, 1, 1]
    assert [seen.mark(text)[0] for text in ("2.0000", "4")] == [1, 0]
    assert "What a mask hides may stay empty." in question.text


def test_no_answer_stands_outside_the_boxes() -> None:
    """Without its boxes a question says no number that is left blank."""
    sheet = sheet_of(ORANGE)
    _, (question,) = moodle.read(render([sheet], "", "a.moodle.xml"))

    assert not re.findall(r"\d[.,]\d\d", question.text)


def test_formulas_are_tex_that_moodle_s_filter_finds() -> None:
    r"""Between \( and \); HTML's own signs are escaped in them; labels are headers of rows and columns."""
    _, (question,) = moodle.read(render([sheet_of(ORANGE)], "", "a.moodle.xml"))

    assert r"\(= \frac{S_{ij}}{\sqrt{d_{k}}}\)" in question.text
    assert '<th scope="row">orange</th>' in question.text
    assert '<th scope="col">apple</th>' in question.text
    assert question.text.count(r"\(") == question.text.count(r"\)")


def test_variants_are_questions_with_numbers() -> None:
    """One question for each sheet, in order, in one category."""
    sheets = [sheet_of(solve(new(seed).problem)) for seed in (1, 2)]
    category, found = moodle.read(render(sheets, "Week 3", "a.moodle.xml"))

    assert category == "$course$/top/Week 3"
    assert [(one.name, one.code) for one in found] == [("Week 3 1", sheets[0].code), ("Week 3 2", sheets[1].code)]


# QTI 2.1


@pytest.mark.parametrize("name", ["orange", *SELDOM])
def test_a_package_is_as_qti_describes_it(name: str) -> None:
    """Everything stands where it may; every file is in the manifest, every name that is used is declared."""
    sheet = sheet_of(SELDOM.get(name, ORANGE), "")
    files = qti.files(render([sheet, sheet], "Week 3", "a.qti.zip"))

    for root in files.values():
        qti.check(root)
    manifest = files["imsmanifest.xml"]
    assert {one.get("href") for one in manifest.iter(f"{{{qti.CP}}}file")} == files.keys() - {"imsmanifest.xml"}
    items = {
        one.get("identifier"): one.get("href") for one in files["test.xml"].iter(f"{{{qti.QTI}}}assessmentItemRef")
    }
    assert len(items) == 2
    for identifier, href in items.items():
        assert files[href].get("identifier") == identifier
        _check_names(files[href])


def _check_names(item: etree._Element) -> None:
    """Whether every name in an item is declared, once, and each feedback is there."""
    declared = [one.get("identifier") for one in item if one.tag.endswith("Declaration")]
    assert len(declared) == len(set(declared))
    used = {
        one.get("identifier") for tag in ("variable", "setOutcomeValue") for one in item.iter(f"{{{qti.QTI}}}{tag}")
    }
    asked = [one.get("responseIdentifier") for one in item.iter(f"{{{qti.QTI}}}textEntryInteraction")]
    assert used | set(asked) <= set(declared)
    assert len(asked) == len(set(asked))
    shown = [one.text for one in item.iter(f"{{{qti.QTI}}}baseValue") if one.get("baseType") == "identifier"]
    assert sorted(shown) == sorted(qti.feedback(item))


if SCHEMAS:  # 1EdTech gives them only to who has registered

    def test_packages_are_valid_against_the_official_schemas() -> None:
        """The same, by 1EdTech's own schemas, wherever somebody has them."""
        item, packaging = (
            etree.XMLSchema(file=str(Path(SCHEMAS) / one)) for one in ("imsqti_v2p1.xsd", "imscp_v1p1.xsd")
        )
        for problem in (ORANGE, *SELDOM.values()):
            for file, root in qti.files(render([sheet_of(problem, "")], "", "a.qti.zip")).items():
                (packaging if file == "imsmanifest.xml" else item).assertValid(root)


@settings(max_examples=4)
@given(st.integers(0, 300), st.sampled_from(WISHES))
def test_an_item_scores_itself(seed: int, wishes: Wishes) -> None:
    """Both keys have every point; nothing typed has none; one number less costs what it is worth."""
    try:
        sheet = sheet_of(solve(new(seed, wishes).problem), points={"weights": Fraction(2)})
    except ProblemError:
        assume(False)
    item = qti.files(render([sheet], "", "a.qti.zip"))["items/item0001.xml"]

    for written in typed_right(sheet):
        typed = {_variable(sheet, key): text for key, text in written.items() if key in sheet.blanks}
        assert qti.score(item, typed) == (float(sheet.total), set())
        del typed["weights_1_1"]
        assert qti.score(item, typed) == (float(sheet.total) - 2, set())
    assert qti.score(item, {}) == (0.0, set())


def _variable(sheet: Worksheet, key: Key) -> str:
    return re.sub(r"\W+", "_", sheet.trace[key[0]][key[1]].id).rstrip("_")


def test_an_item_names_the_mistake_and_the_cell() -> None:
    """3.00 for 2.12 shows the sentence about scaling; 2.11 has half of the point."""
    item = qti.files(render([sheet_of(ORANGE)], "", "a.qti.zip"))["items/item0001.xml"]
    _, (shown,) = qti.score(item, {"scaled_1_1": "3.00"})

    assert re.match(r".*orange.*: It looks as if the scores were not scaled\.", qti.feedback(item)[shown])
    assert qti.score(item, {"scaled_1_1": "2.11"})[0] == 0.5


def test_a_package_has_the_same_bytes_every_time() -> None:
    """No time of day and no order of chance is in it."""
    assert render([sheet_of(ORANGE)], "", "a.qti.zip") == render([sheet_of(ORANGE)], "", "a.qti.zip")


# The command, and German


def test_the_command_writes_all_formats(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One command from problem files to what a platform imports."""
    problems = [tmp_path / f"{seed}.toml" for seed in (1, 2)]
    for seed, path in enumerate(problems, 1):
        path.write_text(new(seed).text, "utf-8")
    files = [tmp_path / "q.moodle.xml", tmp_path / "q.qti.zip"]

    assert main(["quiz", *map(str, problems), "--blank", "outputs", "-o", str(files[0]), "-o", str(files[1])]) == 0
    assert "wrote" in capsys.readouterr().err
    _, questions = moodle.read(files[0].read_bytes())
    assert [len(one.boxes) for one in questions] == [6, 6]
    assert len(qti.files(files[1].read_bytes())) == 4


def test_variants_come_from_the_spec_of_a_class(tmp_path: Path) -> None:
    """One spec, any number of questions; the first ones stay what they are when more are asked for."""
    spec, file = tmp_path / "spec.toml", tmp_path / "q.moodle.xml"
    spec.write_text('title = "Week 3"\n[new]\ndifficulty = "easy"\n[sheet]\nblank = "outputs"\n', "utf-8")
    codes = []
    for count in ("2", "3"):
        assert main(["quiz", str(spec), "--variants", count, "-o", str(file), "--quiet"]) == 0
        category, questions = moodle.read(file.read_bytes())
        assert category == "$course$/top/Week 3"
        codes.append([one.code for one in questions])

    assert codes[0] == codes[1][:2]
    assert len(set(codes[1])) == 3


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["p.toml", "--variants", "2", "-o", "q.qti.zip"], "expected a spec"),
        (["p.toml", "p.toml", "--variants", "2", "-o", "q.qti.zip"], "expected one spec"),
        (["p.toml", "--variants", "2", "--blank", "weights", "-o", "q.qti.zip"], "write it there, in [sheet]"),
        (["p.toml", "-o", "q.xml"], "expected a name with .moodle.xml, .qti.zip"),
        (["p.toml", "--blank", "wieghts", "-o", "q.qti.zip"], "did you mean “weights”?"),
        (["-", "-", "-o", "q.qti.zip"], "only one problem can come from it"),
    ],
)
def test_the_command_refuses_in_one_line(
    arguments: list[str],
    error: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What was found, what was expected; and nothing is written."""
    monkeypatch.chdir(tmp_path)
    Path("p.toml").write_text(new(1).text, "utf-8")

    assert main(["quiz", *arguments]) == 2
    assert error in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["p.toml"]


def test_an_unknown_format_names_those_there_are() -> None:
    """In the library too."""
    with pytest.raises(UnknownName, match=r"\.moodle\.xml, \.qti\.zip"):
        render([sheet_of(ORANGE)], "", "a.doc")


def test_a_question_in_german() -> None:
    """Task, titles and what is said of mistakes; numbers in the text have a comma, answers a point."""
    problem = from_dict({**ORANGE, "given": {**ORANGE["given"], "V": [["0.5", 0], [1, 2]]}})
    paper = replace(problem.paper, style=replace(problem.paper.style, lang="de"))
    _, (question,) = moodle.read(render([sheet_of(solve(replace(problem, paper=paper)))], "", "a.moodle.xml"))

    assert "Rechne die Zahl für jedes leere Kästchen aus. Runde auf 2 Nachkommastellen." in question.text
    assert "<td>0,5</td>" in question.text
    assert any(one.says.startswith("Vermutlich: ") for box in question.boxes for one in box.answers)
