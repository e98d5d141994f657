"""Worksheets and their keys: the same boxes at the same places, and no answer anywhere in what a student gets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from functools import cache, reduce
from io import BytesIO
from itertools import product
from operator import mul
from pathlib import Path
from typing import Any, NamedTuple

import page
import pikepdf
import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracer
from tracer import generate
from tracer.document import Blank, Grid, Room, flat
from tracer.errors import TracerError
from tracer.evaluate import Key
from tracer.expr import Add, Call, Cell, Div, Expr, Mul, Named, Neg, Num
from tracer.formats import render_sheet
from tracer.generate.wishes import Wishes
from tracer.handed_in import cell_name
from tracer.marking import ACCEPTED
from tracer.notation.plain import plain
from tracer.pages import sheet
from tracer.problem_file import from_dict
from tracer.show import show
from tracer.views import decimal_text
from tracer.worksheet import ALPHABET, Worksheet, worksheet

ROOT = Path(__file__).parent.parent
LEVELS = ("blank", "first-row", "faded", "full")
USUAL, CAUSAL = Wishes(), Wishes(mask="causal", tokens=4, d_k=2, heads=2)
UNEVEN: dict[str, Any] = {
    "tokens": ["red", "ripe", "apple"],
    "given": {
        "Q": [["0.31", "1.7"], ["-1.1", "0.83"], ["0.59", "0.23"]],
        "K": [["1.3", "0.47"], ["-0.71", "1.9"], ["0.37", "-0.67"]],
        "V": [["5.3", "-1.7"], ["2.9", "3.1"], ["-4.7", "6.1"]],
    },
    "paper": {"places": 4},
}
BY_HAND = {
    **UNEVEN,
    "paper": {"places": 3, "by_hand": dict.fromkeys(("scaled", "exponentials", "row_sums", "weights", "outputs"), 2)},
}


@cache
def made(seed: int, wishes: Wishes = USUAL) -> tracer.Trace:
    return tracer.solve(generate.new(seed, wishes).problem)


def of(data: dict[str, Any], blank: str = "", level: str = "blank", **more: Any) -> Worksheet:
    return worksheet(tracer.solve(from_dict(data)), blank, level, **more)


# Where things are on the page


class Ink(NamedTuple):
    """A line or a frame, or a form field, on a page: its corners in points."""

    page: int
    kind: str
    corners: tuple[float, ...]


def ink(content: bytes) -> set[Ink]:
    """Every frame, every dotted line and every form field of a PDF, read from its own streams."""
    found = set()
    with pikepdf.open(BytesIO(content)) as file:
        for n, one in enumerate(file.pages):
            found |= {Ink(n, kind, corners) for kind, corners in strokes(one)}
            for field in one.get("/Annots", []):
                found.add(Ink(n, f"field {field.T}", tuple(round(float(x), 1) for x in field.Rect)))
    return found


def strokes(one: pikepdf.Page) -> Iterator[tuple[str, tuple[float, ...]]]:
    """What is stroked on a page: a closed path is a frame."""
    matrix, kept, path, dash = pikepdf.Matrix(), [], list[tuple[float, float]](), False
    for operands, operator in pikepdf.parse_content_stream(one):
        match str(operator):
            case "q":
                kept.append(matrix)
            case "Q":
                matrix = kept.pop()
            case "cm":
                matrix = pikepdf.Matrix(*map(float, operands)) @ matrix
            case "d":
                dash = len(operands[0]) > 0
            case "m":
                path = [matrix.transform((float(operands[0]), float(operands[1])))]
            case "l":
                path.append(matrix.transform((float(operands[0]), float(operands[1]))))
            case "S":
                corners = tuple(round(x, 1) for point in path for x in point)
                yield ("line" if dash else "frame"), corners


def frames(places: set[Ink]) -> set[Ink]:
    return {one for one in places if one.kind == "frame" and len(one.corners) == 10}


def lines(places: set[Ink]) -> set[Ink]:
    return {one for one in places if one.kind == "line"}


def same_for(seeds: range, wishes: Wishes, level: str) -> None:
    sheets = [worksheet(made(seed, wishes), "", level) for seed in seeds]
    places = [ink(render_sheet(work, ".pdf", form=True)) for work in sheets]
    for other in places[1:]:
        assert places[0] ^ other == set()
    for work, here in zip(sheets[:2], places, strict=False):
        assert {one for one in here if not one.kind.startswith("field")} == ink(render_sheet(work, ".pdf"))
        key = ink(render_sheet(work, ".pdf", key=True))
        assert frames(key) == frames(here)
        assert lines(key) <= lines(here)


@pytest.mark.parametrize("level", LEVELS)
def test_all_sheets_of_a_class_have_their_boxes_at_the_same_places(level: str) -> None:
    """And their lines: every seed of the same wishes; with fields to fill in or without; the key too."""
    same_for(range(3), USUAL, level)


@pytest.mark.full
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("wishes", "count"), [(USUAL, 30), (CAUSAL, 30), (Wishes(difficulty="easy"), 8), (Wishes(d_model=3), 8)], ids=str
)
def test_the_sheets_of_a_class_have_their_boxes_at_the_same_places(wishes: Wishes, count: int, level: str) -> None:
    """A class of thirty; some of each of several makes."""
    same_for(range(count), wishes, level)


def test_whoever_it_is_for_the_boxes_stay_where_they_are() -> None:
    """A name may be long, run from right to left, or be a picture."""
    names = ["", "Ann", "Maximiliana Freifrau von und zu Musterhausen-Beispielsdorf", "שלום עולם", "🍎 apple", "W" * 99]
    sheets = [worksheet(made(1), "", name=name) for name in names]
    places = [ink(render_sheet(work, ".pdf", form=True)) for work in sheets]
    boxes = [{one for one in here if one.kind == "frame" or "[" in one.kind} for here in places]
    assert all(here == boxes[0] for here in boxes)
    assert all(len(lines(places[0]) - lines(here)) == 1 for here in places[1:])  # the one that the name stands on


def test_words_do_not_move_boxes() -> None:
    """Short words, long ones, some from right to left, some that no font has."""
    kinds = [["a", "b", "c"], ["Wassermelone", "und", "Elektrizitätswerk"], ["שלום", "🍎", "w" * 60]]
    places = [ink(render_sheet(of({**UNEVEN, "tokens": words}), ".pdf")) for words in kinds]
    assert places[0] == places[1] == places[2]


@pytest.mark.parametrize("style", [{"size": "letter"}, {"size": "slides"}, {"columns": "2"}, {"text": "16pt"}], ids=str)
def test_nothing_stands_beyond_the_paper(style: dict[str, str]) -> None:
    """On other papers, in large print and in two columns; and no two boxes overlap."""
    paper = {**UNEVEN["paper"], **style}
    content = render_sheet(of({**UNEVEN, "paper": paper}), ".pdf", form=True)
    for one in pypdf.PdfReader(BytesIO(content)).pages:
        boxes = [tuple(map(float, field.get_object()["/Rect"])) for field in one.get("/Annots", [])]
        boxes = [box for box in boxes if box[2] > box[0]]
        for n, (left, low, right, high) in enumerate(boxes):
            assert 0 < left < right < float(one.mediabox.width) and 0 < low < high < float(one.mediabox.height)
            for x, y, to_x, to_y in boxes[:n]:
                assert right <= x or to_x <= left or high <= y or to_y <= low


def test_only_grey_is_on_paper() -> None:
    """Whoever copies it loses nothing."""
    with pikepdf.open(BytesIO(render_sheet(of(UNEVEN), ".pdf", key=True))) as file:
        for one in file.pages:
            for operands, operator in pikepdf.parse_content_stream(one):
                if str(operator) in ("rg", "RG"):
                    assert len({round(float(part), 2) for part in operands}) == 1
                assert str(operator) not in ("k", "K", "sc", "SC")


def test_the_same_sheet_is_the_same_bytes() -> None:
    """Every time: a class that is made again is no other class."""
    for more in ({}, {"key": True}, {"form": True}):
        first, second = (render_sheet(of(BY_HAND), ".pdf", **more) for _ in range(2))
        assert first == second


@pytest.mark.parametrize("more", [{}, {"key": True}, {"form": True}], ids=str)
@pytest.mark.parametrize("wishes", [USUAL, CAUSAL], ids=["usual", "causal"])
def test_it_can_be_heard(more: dict[str, bool], wishes: Wishes, tmp_path: Path) -> None:
    """A validator finds nothing against PDF/UA-1 in sheet, key and form."""
    path = tmp_path / "a.pdf"
    path.write_bytes(render_sheet(worksheet(made(3, wishes), "", "first-row"), ".pdf", **more))
    assert not page.validate_pdf(path, profile=page.ValidationProfile.PDF_UA_1).failures


@pytest.mark.full
def test_what_is_typed_stands_in_its_box(tmp_path: Path) -> None:
    """A PDF reader draws it there: every filled box has ink, every other none."""
    import subprocess

    from PIL import Image

    work = of(UNEVEN)
    boxes = sorted(map(cell_name, work.boxes))
    told = dict.fromkeys(boxes[::2], "0.34")
    writer = pypdf.PdfWriter()
    writer.append(pypdf.PdfReader(BytesIO(render_sheet(work, ".pdf", form=True))))
    for one in writer.pages:
        writer.update_page_form_field_values(one, told, auto_regenerate=False)
    writer.write(tmp_path / "a.pdf")
    subprocess.run(["pdftoppm", "-r", "72", "-png", tmp_path / "a.pdf", tmp_path / "a"], check=True)
    shots = [Image.open(path).convert("L") for path in sorted(tmp_path.glob("a-*.png"))]
    for n, one in enumerate(writer.pages):
        for field in one.get("/Annots", []):
            parent = field.get_object().get("/Parent")
            name = ".".join(part["/T"] for part in (parent, field.get_object()) if part)
            left, low, right, high = map(float, field.get_object()["/Rect"])
            if "[" not in name:
                continue
            inside = (int(left) + 3, int(shots[n].height - high) + 3, int(right) - 3, int(shots[n].height - low) - 3)
            assert (shots[n].crop(inside).getextrema()[0] < 128) == (name in told), name


# What a student gets


def told(content: bytes) -> str:
    """Everything that can be read out of a PDF: its text, its strings wherever they are, its other streams."""
    found = [one.extract_text() for one in pypdf.PdfReader(BytesIO(content)).pages]
    with pikepdf.open(BytesIO(content)) as file:
        pages = {one.Contents.objgen for one in file.pages}
        for one in file.objects:
            found += strings(one, set())
            if isinstance(one, pikepdf.Stream) and one.objgen not in pages and "/Length1" not in one:  # no font
                found.append(one.read_bytes().decode("latin-1"))
        for one in file.pages:
            for operands, operator in pikepdf.parse_content_stream(one):
                if str(operator) in ("BDC", "DP"):
                    found += strings(operands[1], set())
    return "\n".join(found)


def strings(thing: Any, seen: set[Any]) -> list[str]:
    """The strings directly in an object."""
    if isinstance(thing, pikepdf.String):
        return [str(thing)]
    if isinstance(thing, pikepdf.Array):
        return [text for part in thing if not getattr(part, "is_indirect", False) for text in strings(part, seen)]
    if isinstance(thing, pikepdf.Dictionary | pikepdf.Stream):
        parts = [part for _, part in thing.items() if not getattr(part, "is_indirect", False)]
        return [text for part in parts for text in strings(part, seen)]
    return []


def numbers(text: str) -> set[str]:
    """The numbers in a text that say something: of at least three digits; with a point; without their sign."""
    found = re.findall(r"(?<![\d.])\d+[.,]\d+(?!\d|em\b|\\linewidth)|\b\d+/\d+\b", text.replace("{,}", ","))
    return {number.replace(",", ".") for number in found if sum(map(str.isdigit, number)) > 2}


def spellings(cell: Any) -> set[str]:
    """How somebody may write a value."""
    rounded = {decimal_text(cell.rounded(places).number) for places in range(2, 7)} | {cell.by_hand or ""}
    exact = cell.exact_up_to(3)
    return numbers(" ".join(rounded)) | (numbers(show(exact, plain)) if exact else set())


def file_of(work: Worksheet, suffix: str, **more: bool) -> str:
    content = render_sheet(work, suffix, **more)
    return told(content) if suffix == ".pdf" else re.sub(r"<style.*?</style>", "", content.decode(), flags=re.DOTALL)


@pytest.mark.parametrize("suffix", [".pdf", ".tex", ".md", ".txt", ".html"])
@pytest.mark.parametrize("level", ["blank", "first-row", "faded"])
@pytest.mark.parametrize("data", [UNEVEN, BY_HAND], ids=["rounded once", "by hand"])
def test_no_answer_is_in_what_a_student_gets(data: dict[str, Any], level: str, suffix: str) -> None:
    """Not in its text, nor in what is read aloud, nor in its metadata; on the key they all are."""
    work = of(data, "", level)
    stands = set().union(*(spellings(work.trace[id_][at]) for id_, at in work.printed))
    given_ = numbers(str(data["given"]))
    answers = set().union(*(spellings(work.trace[id_][at]) for id_, at in work.blanks)) - stands - given_
    assert len(answers) > 20
    for more in ({}, {"form": True}):
        assert numbers(file_of(work, suffix, **more)) & answers == set()
    key = {number.rstrip("0") for number in numbers(file_of(work, suffix, key=True))}
    blanks = [work.trace[id_][at] for id_, at in work.blanks]
    right = numbers(" ".join(str(one.by_hand) if data is BY_HAND else str(one.decimal(4)) for one in blanks))
    assert {number.rstrip("0") for number in right} <= key


def test_no_blank_is_even_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sheet is made without asking what a blank comes to: no later change can let it slip."""
    from tracer.parts.scratch import Scratch

    work, looked = of(BY_HAND, "", "faded"), set[Key]()
    for name in ("result", "otherwise", "chain", "put"):
        method = getattr(Scratch, name)

        def watched(self: Scratch, cell: Any, *others: Any, method: Any = method) -> Any:
            looked.add(cell.key)
            return method(self, cell, *others)

        monkeypatch.setattr(Scratch, name, watched)
    sheet.sheet(work)
    assert looked and not looked & work.boxes
    sheet.key(work)
    assert work.boxes <= looked


# The key


def answers(work: Worksheet) -> dict[str, tuple[Any, Any]]:
    """What stands in every box of the key, and in brackets below it."""
    grids = [block for block in flat(sheet.key(work).blocks) if isinstance(block, Grid)]
    boxes = [cell for grid in grids for row in grid.cells for cell in row if isinstance(cell, Blank)]
    assert len(boxes) == len(work.boxes)
    return {box.id: (box.answer, box.otherwise) for box in boxes}


def worked(places: dict[str, int] | None) -> dict[str, Decimal]:
    """The whole pass in decimals of fifty digits, written anew; each step rounded half up to its places, if any."""
    with localcontext() as context:
        context.prec = 50
        given_ = {name: [[Decimal(x) for x in row] for row in UNEVEN["given"][name]] for name in "QKV"}

        def written(step: str, value: Decimal) -> Decimal:
            if places is None:
                return value
            return value.quantize(Decimal(1).scaleb(-places[step]), ROUND_HALF_UP)

        found, three = dict[str, Decimal](), range(3)
        for i in three:

            def dot(a: Any, b: Any) -> Decimal:
                return sum((x * y for x, y in zip(a, b, strict=True)), Decimal(0))

            scores = [written("scores", dot(given_["Q"][i], given_["K"][j])) for j in three]
            scaled = [written("scaled", score / Decimal(2).sqrt()) for score in scores]
            exponentials = [written("exponentials", z.exp()) for z in scaled]
            total = written("row_sums", sum(exponentials, Decimal(0)))
            weights = [written("weights", e / total) for e in exponentials]
            outputs = [written("outputs", dot(weights, column)) for column in zip(*given_["V"], strict=True)]
            rows = {"scores": scores, "scaled": scaled, "exponentials": exponentials, "weights": weights}
            for name, row in {**rows, "outputs": outputs}.items():
                found |= {f"{name}[{i + 1},{n + 1}]": value for n, value in enumerate(row)}
            found[f"row_sums[{i + 1}]"] = total
    return found


def test_every_number_of_the_key_is_right() -> None:
    """Against the same pass worked in decimals of fifty digits by a program that shares nothing with this one."""
    for id_, value in worked(None).items():
        answer, otherwise = answers(of(UNEVEN))[id_]
        assert answer.value == Fraction(value.quantize(Decimal("0.0001"), ROUND_HALF_UP))
        assert otherwise is None


def test_with_a_rule_for_rounding_the_key_is_worked_by_hand() -> None:
    """What comes out when every step is rounded stands in the box; what the exact value rounds to in brackets below."""
    places, exactly = {"scores": 3, **BY_HAND["paper"]["by_hand"]}, worked(None)
    found, differing = answers(of(BY_HAND)), 0
    for id_, value in worked(places).items():
        answer, otherwise = found[id_]
        once = exactly[id_].quantize(value, ROUND_HALF_UP)
        assert answer.value == Fraction(value)
        assert (otherwise is None) == (once == value)
        assert otherwise is None or otherwise.value == Fraction(once)
        differing += once != value
    assert differing > 3


@pytest.mark.parametrize("wishes", [USUAL, CAUSAL, Wishes(exact_weights=True)], ids=["usual", "causal", "exact"])
def test_the_numbers_of_a_key_have_full_marks(wishes: Wishes) -> None:
    """Those in the boxes, and those in brackets below them."""
    for seed in range(2):
        work = worksheet(made(seed, wishes))
        first = {id_: show(answer, plain) for id_, (answer, _) in answers(work).items() if not isinstance(answer, str)}
        other = {id_: show(other, plain) for id_, (_, other) in answers(work).items() if other is not None}
        for told in (first, first | other):
            written = {step.id: [[told.get(cell.id, "") for cell in row] for row in step.cells] for step in work.steps}
            marks = tracer.check(work.trace, tracer.read_submission({"by": "the key", "written": written}))
            assert [mark for mark in marks.marks if mark.verdict not in ACCEPTED] == []
            assert marks.blanks >= len(work.blanks)


def test_a_working_comes_to_its_number() -> None:
    """From what stands left of a sign to what stands right of it: = where it is equal, and never = where it is not."""
    exactly = worked(None)
    for data in (UNEVEN, BY_HAND):
        work = of(data)
        rooms = [block for block in flat(sheet.key(work).blocks) if isinstance(block, Room)]
        chains = [one.chain for room in rooms for row in room.entries for one in row if one.chain]
        assert len(chains) == len(work.boxes)
        for chain in chains:
            values = [worth(expr) for _, expr in chain.links]
            for (sign, _), before, after in zip(chain.links[1:], values, values[1:], strict=False):
                if sign == "=":
                    assert abs(before - after) < Decimal("1e-25"), chain
                else:
                    assert Decimal("1e-25") < abs(before - after) < Decimal("0.006"), chain
            assert isinstance(chain.name, Cell)
            id_ = cell_name((chain.name.tensor.id, tuple(index.shift for index in chain.name.at)))
            is_exact = abs(exactly[id_] - values[0]) < Decimal("1e-25")
            assert (chain.links[0][0] == "=") == is_exact, chain


def worth(expr: Expr) -> Decimal:
    """What numbers put in come to, in decimals."""
    match expr:
        case Num(value):
            return Decimal(value.numerator) / Decimal(value.denominator)
        case Named(_, value):
            return worth(value)
        case Neg(body):
            return -worth(body)
        case Add(terms):
            return sum(map(worth, terms), Decimal(0))
        case Mul(factors):
            return reduce(mul, map(worth, factors))
        case Div(top, bottom):
            return worth(top) / worth(bottom)
        case Call("sqrt", body):
            return worth(body).sqrt()
        case Call("exp", body):
            return worth(body).exp()
    raise AssertionError(expr)


# Which numbers are left blank

SIZES = {
    "scores": (3, 3),
    "scaled": (3, 3),
    "exponentials": (3, 3),
    "row_sums": (3,),
    "weights": (3, 3),
    "outputs": (3, 2),
}


def sources(key: Key) -> list[Key]:
    """What a number of the pass is computed from, written down by hand."""
    id_, (i, *rest) = key
    every = range(3)
    match id_:
        case "scaled":
            return [("scores", (i, rest[0]))]
        case "exponentials":
            return [("scaled", (i, rest[0]))]
        case "row_sums":
            return [("exponentials", (i, j)) for j in every]
        case "weights":
            return [("exponentials", (i, rest[0])), ("row_sums", (i,))]
        case "outputs":
            return [("weights", (i, j)) for j in every]
    return []


def follows(key: Key, blanks: frozenset[Key]) -> bool:
    return key in blanks or any(follows(one, blanks) for one in sources(key))


names = st.sampled_from(sorted(SIZES))
cells = st.builds(
    lambda name, row, column: f"{name}[{row}]" if column is None else f"{name}[{row},{min(column, (*SIZES[name], 1)[1])}]",
    names, st.integers(1, 3), st.none() | st.integers(1, 3),
)  # fmt: skip
TRACE = tracer.solve(from_dict(UNEVEN))


@given(st.lists(names | cells, max_size=4), st.sampled_from(LEVELS))
def test_nothing_printed_follows_from_a_blank(called: list[str], level: str) -> None:
    """Whatever is left blank, by step, by row or by cell, and however much is worked."""
    work = worksheet(TRACE, ", ".join(called), level)
    assert not work.blanks & work.printed and not work.optional & (work.blanks | work.printed)
    assert not any(follows(key, work.blanks) for key in work.printed)
    asked = {name.split("[")[0] for name in called} or set(SIZES)
    assert set(work.asked) == asked
    assert {id_ for id_, _ in work.blanks} <= asked
    if level == "full":
        assert not work.blanks
    every = {(id_, at) for id_ in asked for at in product(*map(range, SIZES[id_]))}
    if level == "blank" and "[" not in "".join(called):
        assert work.blanks == every
    if level == "first-row" and "[" not in "".join(called):
        assert work.blanks == {key for key in every if key[1][0] > 0}


def test_a_level_fades() -> None:
    """One worked row less in each step; `full` has everything, `blank` nothing."""
    rows = {step: {at[0] for id_, at in of(UNEVEN, "", "faded").blanks if id_ == step} for step in SIZES}
    assert [len(rows[step]) for step in SIZES] == [1, 2, 3, 3, 3, 3]
    assert of(UNEVEN, "", "full").blanks == frozenset()
    assert len(of(UNEVEN, "", "blank").blanks) == 3 * 12 + 3 + 6


def test_points_are_added_up() -> None:
    """A right number is worth 1, or what its step is said to be worth; a step that is not there is an error."""
    with pytest.raises(TracerError, match="--points: there is no step “weight” in this pass; did you mean “weights”"):
        of(UNEVEN, points={"weight": Fraction(2)})
    work = of(UNEVEN, "row_sums, weights", points={"weights": Fraction(1, 2)})
    assert work.total == 3 + Fraction(9, 2)


def test_codes_are_stable_and_tell_variants_apart() -> None:
    """A code is printed, typed by people, and looked up a year later."""
    assert of(UNEVEN).code == "PLMXR6"
    codes = {worksheet(made(seed)).code for seed in range(20)} | {of(UNEVEN, "weights").code, of(UNEVEN).code}
    assert len(codes) == 22
    assert all(len(code) == 6 and set(code) <= set(ALPHABET) for code in codes)


@pytest.mark.parametrize(
    ("called", "level", "says"),
    [
        ("weihgts", "blank", "--blank: there is no step “weihgts” in this pass; did you mean “weights”?"),
        ("weights[9]", "blank", "--blank: “weights[9]” does not exist: weights is 3 × 3, counted from 1"),
        ("weights[0,1]", "blank", "--blank: “weights[0,1]” does not exist: weights is 3 × 3, counted from 1"),
        ("outputs[1,2,3]", "blank", "--blank: there is no step"),
        ("weights[", "blank", "--blank: there is no step"),
        ("[1,2]", "blank", "--blank: there is no step"),
        ("weights", "fadet", "level"),
        ("x" * 5000, "blank", "--blank: there is no step"),
    ],
)  # fmt: skip
def test_what_is_no_blank_says_so(called: str, level: str, says: str) -> None:
    """One line: what is wrong, and what to do."""
    with pytest.raises(TracerError) as error:
        worksheet(TRACE, called, level)
    assert says in str(error.value)
    assert "\n" not in str(error.value) and len(str(error.value)) < 400
