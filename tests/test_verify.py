"""Printed pages verify themselves: what stands is said to stand, and whatever somebody changes is found by its cell."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import jsonschema
import pikepdf
import pypdf
import pytest
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from strategies import problems
from test_pdf import APPLE, FILES, NAMES, ONE_OF_A_FOLDER, ROOT, failures, in_style, solved

import tracer
from tracer import cli, pages
from tracer.expr import num
from tracer.formats.pdf import pdf
from tracer.normal_form import normal_form
from tracer.pages.sheet import key, sheet
from tracer.pages.solution import only, solution, summary
from tracer.problem_file import from_dict, from_text
from tracer.sheet_told import again, told
from tracer.style import Style
from tracer.style_file import read, styled
from tracer.verifying import Verification, verify
from tracer.verifying.faces import texts
from tracer.worksheet import worksheet

pages.load()
HOUSE = ROOT / "examples/house-style/style/house.toml"
Instructions = list[Any]


@cache
def example(path: Path) -> bytes:
    return pdf(solution(solved(path)))


def apple() -> bytes:
    return example(APPLE)


@pytest.fixture
def verified(tmp_path: Path) -> Callable[[bytes], Verification]:
    def of(content: bytes) -> Verification:
        path = tmp_path / "a.pdf"
        path.write_bytes(content)
        return verify(path)

    return of


def sentences(found: Verification) -> list[str]:
    return [re.sub(r"^page \d+: ", "", finding.sentence) for finding in found.findings]


# What stands


@pytest.mark.parametrize("n", range(len(FILES)), ids=NAMES)
def test_every_example_stands(n: int, verified: Callable[[bytes], Verification]) -> None:
    """Letters, infinities, masks, several heads, repeated passes: everything that is printed stands."""
    found = verified(example(FILES[n]))
    assert sentences(found) == []
    assert found.remarks == ()
    assert found.numbers > 0


STYLES: list[tuple[list[str], dict[str, Any]]] = [
    ([], {"lang": "de"}),
    (["large-print"], {"size": "letter"}),
    (["slides"], {"lang": "de"}),
    (["one-page"], {}),
    ([], {"columns": 2, "times": "×", "vectors": "column", "margins": "30mm 10mm"}),
    ([], {"font": "DejaVu Sans", "course": "Linear algebra 1", "date": "1 May 2026"}),
]


@pytest.mark.parametrize(("names", "keys"), STYLES, ids=str)
@pytest.mark.parametrize("name", ["apple-and-orange", "letters"])
def test_every_style_stands(
    name: str, names: list[str], keys: dict[str, Any], verified: Callable[[bytes], Verification]
) -> None:
    """In every form, too."""
    trace = solved(ROOT / f"examples/{name}/problem.toml")
    style = trace.problem.paper.style
    for one in names:
        style = read(style, one)
    paper = replace(trace.problem.paper, style=styled(style, keys, "a test:"))
    trace = tracer.solve(replace(trace.problem, paper=paper))
    for detail in (summary, only(1)):
        found = verified(pdf(solution(trace, detail)))
        assert (sentences(found), found.remarks) == ([], ())


@settings(max_examples=10)  # printed twice each
@given(problems())
def test_any_solution_stands(data: dict[str, Any]) -> None:
    """The solution of any problem verifies, all of its numbers."""
    content = pdf(solution(tracer.solve(from_dict(data))))
    with NamedTemporaryFile(suffix=".pdf") as file:
        file.write(content)
        file.flush()
        assert sentences(verify(file.name)) == []


def test_what_the_library_made_stands(verified: Callable[[bytes], Verification]) -> None:
    """Arrays of floats; and a size that was put in by its name."""
    trace = tracer.attention([[1.5, 0.25]], [[1, 0], [0.1, 1]], [[1, 2], [3, 4]], mask="causal")
    assert verified(pdf(solution(trace))).stands
    open_ = tracer.solve(from_dict({"given": {"S": [[1, 2], [3, 4]]}}))
    assert open_.open_letters == ("d_k",)
    assert verified(pdf(solution(tracer.solve(open_.problem.let("d_k", num(2)))))).stands


@pytest.mark.parametrize("options", [{"linearize": True}, {"object_stream_mode": pikepdf.ObjectStreamMode.generate}])
def test_a_file_that_was_saved_again_stands(options: dict[str, Any], verified: Callable[[bytes], Verification]) -> None:
    """By a program that writes the same pages in another way."""
    out = BytesIO()
    with pikepdf.open(BytesIO(apple())) as opened:
        opened.save(out, **options)
    found = verified(out.getvalue())
    assert out.getvalue() != apple()
    assert (found.stands, found.numbers) == (True, 300)


# Keys

SHEETS = [("", "blank"), ("weights, outputs", "faded"), ("scores[2], weights[1,2]", "blank"), ("", "first-row")]


@pytest.mark.parametrize(("blank", "level"), SHEETS)
@pytest.mark.parametrize("name", ["apple-and-orange", "three-heads", "letters", "causal-mask"])
def test_every_key_stands_and_no_sheet_carries_anything(
    name: str, blank: str, level: str, verified: Callable[[bytes], Verification]
) -> None:
    """A key is made again blank for blank; what a student gets has neither problem nor key inside."""
    trace = solved(ROOT / f"examples/{name}/problem.toml")
    work = worksheet(trace, blank, level, {"weights": Fraction(3, 2)}, "Zoë “Z.” O'Hara 😀", "17")
    assert again(trace, json.loads(json.dumps(told(work)))) == work
    found = verified(pdf(key(work)))
    assert (sentences(found), found.remarks) == ([], ())
    assert sheet(work).attached == {}
    assert attached(pdf(sheet(work, form=True))) == {}
    with pytest.raises(tracer.TracerError, match="has no problem inside"):
        verified(pdf(sheet(work, form=True)))


def test_a_changed_key_is_named(verified: Callable[[bytes], Verification]) -> None:
    """A number in a box; and a sheet that was told another way."""
    content = pdf(key(worksheet(solved(APPLE), "weights")))
    assert sentences(
        verified(surgery(lambda opened: at(opened, "weights[2,1]", exchanged(opened, "3", "8")), content))
    ) == ["weights[2,1] prints 0.2861, but is 0.2361"]
    for changes in (
        {"asked": []},
        {"asked": ["weights", "outputs"]},
        {"blanks": ["weights[9,9]"]},
        {"blanks": None},
        {"points": {"weights": "-1"}},
        {"name": 3},
    ):
        with pytest.raises(tracer.TracerError, match="the problem inside it cannot be worked"):
            verified(surgery(lambda opened, changes=changes: retold(opened, changes), content))


def retold(opened: pikepdf.Pdf, changes: dict[str, Any]) -> None:
    page = json.loads(opened.attachments["page.json"].get_file().read_bytes())
    page["told"] |= changes
    opened.attachments["page.json"].obj.EF.F.write(json.dumps(page).encode())


# What is inside


def attached(content: bytes) -> dict[str, bytes]:
    """The files in a PDF, as another reader sees them."""
    return {name: files[0] for name, files in pypdf.PdfReader(BytesIO(content)).attachments.items()}


@pytest.mark.parametrize("n", ONE_OF_A_FOLDER, ids=lambda n: NAMES[n])
def test_the_problem_inside_is_the_problem(n: int) -> None:
    """What a page carries is read back as exactly the problem that was worked."""
    trace = solved(FILES[n])
    inside = solution(trace).attached
    assert from_text(inside["problem.json"].decode(), as_json=True) == trace.problem
    assert json.loads(inside["page.json"])["tracer"] == tracer.__version__


@settings(max_examples=50)
@given(problems())
def test_any_problem_is_read_back(data: dict[str, Any]) -> None:
    """The normal form of any problem says all of it."""
    problem = tracer.solve(from_dict(data)).problem
    assert from_text(json.dumps(normal_form(problem)), as_json=True) == problem


def test_the_files_inside_are_the_source(tmp_path: Path) -> None:
    """Two attachments, which a reader lists and a validator accepts; `tracer solve` reads the problem again."""
    found = attached(apple())
    assert sorted(found) == ["page.json", "problem.json"]
    (tmp_path / "problem.json").write_bytes(found["problem.json"])
    assert tracer.load(tmp_path / "problem.json") == solved(APPLE).problem
    assert failures(apple(), tmp_path / "a.pdf") == []
    with pikepdf.open(BytesIO(apple())) as opened:
        assert [str(spec.AFRelationship) for spec in opened.Root.AF] == ["/Source", "/Source"]


def test_only_pages_with_results_carry_anything() -> None:
    """A document carries what its page puts in, and nothing by itself."""
    document = solution(solved(APPLE))
    assert attached(pdf(replace(document, attached={}))) == {}


def test_every_place_has_a_name_of_its_own() -> None:
    """The index of the structure leads from each name to the element that bears it; no name stands twice."""
    with pikepdf.open(BytesIO(apple())) as opened:
        index = list(opened.Root.StructTreeRoot.IDTree.Names)
        names = [str(name) for name in index[::2]]
        assert names == sorted(set(names))
        assert [str(element.ID) for element in index[1::2]] == names
        assert {"weights[1,2]", "worked weights[1,2]", "X[1,1]"} <= set(names)


# What was changed


def operated(page: int, change: Callable[[Instructions], Instructions]) -> bytes:
    """The page of the apple with the content of a sheet changed, sign by sign."""
    return surgery(lambda opened: rewrite(opened, opened.pages[page], change))


def rewrite(opened: pikepdf.Pdf, page: pikepdf.Page, change: Callable[[Instructions], Instructions]) -> None:
    new = change(list(pikepdf.parse_content_stream(page)))
    page.Contents = opened.make_stream(pikepdf.unparse_content_stream(new))


def surgery(operate: Callable[[pikepdf.Pdf], Any], content: bytes | None = None) -> bytes:
    out = BytesIO()
    with pikepdf.open(BytesIO(content or apple())) as opened:
        operate(opened)
        opened.save(out)
    return out.getvalue()


def sequence(opened: pikepdf.Pdf, name: str) -> tuple[pikepdf.Page, int]:
    """The page and the marked sequence of a place."""
    index = list(opened.Root.StructTreeRoot.IDTree.Names)
    element = next(element for key, element in zip(index[::2], index[1::2], strict=True) if str(key) == name)
    while not isinstance(element.K[0], int):
        element = element.K[0]
    page = next(page for page in opened.pages if page.obj.objgen == element.Pg.objgen)
    return page, int(element.K[0])


def inside(instructions: Instructions, number: int) -> range:
    """Where a marked sequence stands among the signs of a page."""
    start = next(
        n
        for n, (operands, operator) in enumerate(instructions)
        if str(operator) == "BDC" and operands[1].get("/MCID") == number
    )
    end = next(n for n in range(start, len(instructions)) if str(instructions[n].operator) == "EMC")
    return range(start + 1, end)


def at(opened: pikepdf.Pdf, name: str, change: Callable[[Any], Any]) -> None:
    """Change each sign inside the marked sequence of a place; None takes it away."""
    page, number = sequence(opened, name)

    def changed(instructions: Instructions) -> Instructions:
        places = inside(instructions, number)
        new = [change(instructions[n]) for n in places]
        kept = [one for one in new if one is not None]
        return [*instructions[: places.start], *kept, *instructions[places.stop :]]

    rewrite(opened, page, changed)


def code(opened: pikepdf.Pdf, text: str, font: str = "Two-Math") -> bytes:
    """The code of a letter in a font of the file."""
    for one in opened.pages[0].Resources.Font.values():
        if str(one.BaseFont).endswith(font):
            codes = {said: number for number, said in texts(one.ToUnicode.read_bytes()).items()}
            return int(codes[text]).to_bytes(2, "big")
    raise AssertionError(font)


def exchanged(opened: pikepdf.Pdf, old: str, new: str) -> Callable[[Any], Any]:
    """Put one digit in the place of another, in shown text."""

    def change(one: Any) -> Any:
        if str(one.operator) != "Tj":
            return one
        shown = bytes(one.operands[0])
        pairs = [shown[n : n + 2] for n in range(0, len(shown), 2)]
        pairs = [code(opened, new) if pair == code(opened, old) else pair for pair in pairs]
        return pikepdf.ContentStreamInstruction([pikepdf.String(b"".join(pairs))], one.operator)

    return change


def test_one_digit_changed_is_named(verified: Callable[[bytes], Verification]) -> None:
    """In a matrix: 0.2361 becomes 0.2861."""
    content = surgery(lambda opened: at(opened, "weights[2,1]", exchanged(opened, "3", "8")))
    assert "0.2861" in "".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(content)).pages)
    found = verified(content)
    assert sentences(found) == ["weights[2,1] prints 0.2861, but is 0.2361"]
    assert found.findings[0].page == 6


def test_one_digit_of_a_worked_number_is_named(verified: Callable[[bytes], Verification]) -> None:
    """In its result, or on the way to it."""
    content = surgery(lambda opened: at(opened, "worked weights[2,1]", exchanged(opened, "6", "9")))
    assert sentences(verified(content)) == ["worked weights[2,1] prints 0.2391, but is 0.2361"]
    content = surgery(lambda opened: at(opened, "worked weights[2,1]", exchanged(opened, "9", "6")))
    assert sentences(verified(content)) == [
        "worked weights[2,1] prints “√33≈31.6477135.3203≈” in its working, where “√33≈31.9477135.3203≈” belongs"
    ]


def test_an_approximation_that_calls_itself_equal_is_named(verified: Callable[[bytes], Verification]) -> None:
    """= in the place of ≈."""
    content = surgery(lambda opened: at(opened, "worked weights[2,1]", exchanged(opened, "≈", "=")))
    (sentence,) = sentences(verified(content))
    assert sentence.startswith("worked weights[2,1] prints")
    assert "=0.2361" in sentence


def test_a_number_removed_is_named(verified: Callable[[bytes], Verification]) -> None:
    """Its glyphs, or its whole place in the structure."""

    def removed(one: Any) -> Any:
        return None if str(one.operator) == "Tj" else one

    found = verified(surgery(lambda opened: at(opened, "outputs[1,2]", removed)))
    assert sentences(found) == ["outputs[1,2] is not printed; it is 2.8231"]


def test_two_cells_exchanged_are_named(verified: Callable[[bytes], Verification]) -> None:
    """Both of them: by their glyphs, by their places on the page, by their names."""
    names = ("weights[2,1]", "weights[2,2]")

    def glyphs(opened: pikepdf.Pdf, kind: str) -> None:
        page, first = sequence(opened, names[0])
        _, second = sequence(opened, names[1])

        def swap(instructions: Instructions) -> Instructions:
            a, b = (
                next(n for n in inside(instructions, number) if str(instructions[n].operator) == kind)
                for number in (first, second)
            )
            instructions[a], instructions[b] = instructions[b], instructions[a]
            return instructions

        rewrite(opened, page, swap)

    expected = ["weights[2,1] prints 0.7491, but is 0.2361", "weights[2,2] prints 0.2361, but is 0.7491"]
    assert sentences(verified(surgery(lambda opened: glyphs(opened, "Tj")))) == expected
    assert sentences(verified(surgery(lambda opened: glyphs(opened, "Tm")))) == [
        "weights[2,1] reads 0.2361, but is not drawn as tracer draws it",
        "weights[2,2] reads 0.7491, but is not drawn as tracer draws it",
    ]

    def renamed(opened: pikepdf.Pdf) -> None:
        index = list(opened.Root.StructTreeRoot.IDTree.Names)
        a, b = (index[index.index(pikepdf.String(name)) + 1] for name in names)
        a.ID, b.ID = b.ID, a.ID

    assert sentences(verified(surgery(renamed))) == expected


def test_a_changed_map_to_text_is_named(verified: Callable[[bytes], Verification]) -> None:
    """A font that says of its 3 that it is an 8: every number with a 3 in it."""

    def remapped(opened: pikepdf.Pdf) -> None:
        for font in opened.pages[0].Resources.Font.values():
            if "Math" in str(font.BaseFont):
                map_ = font.ToUnicode.read_bytes()
                three = code(opened, "3").hex().encode()
                font.ToUnicode.write(map_.replace(b"<%s> <0033>" % three, b"<%s> <0038>" % three))

    found = sentences(verified(surgery(remapped)))
    assert "weights[2,1] prints 0.2861, but is 0.2361" in found
    assert not any(one.startswith("weights[2,2]") for one in found)


def test_a_number_that_reads_right_and_looks_wrong_is_named(verified: Callable[[bytes], Verification]) -> None:
    """Its glyph and its map changed together; white on white; not painted at all; or the letter drawn anew."""

    def remapped(opened: pikepdf.Pdf) -> None:
        spare, three = b"\xff\xfe", code(opened, "3")
        for font in opened.pages[0].Resources.Font.values():
            if "Math" in str(font.BaseFont):
                map_ = font.ToUnicode.read_bytes()
                font.ToUnicode.write(map_ + b"\n1 beginbfchar\n<%s> <0033>\nendbfchar" % spare.hex().encode())

        def change(one: Any) -> Any:
            if str(one.operator) != "Tj":
                return one
            shown = bytes(one.operands[0]).replace(three, spare)
            return pikepdf.ContentStreamInstruction([pikepdf.String(shown)], one.operator)

        at(opened, "weights[2,1]", change)

    drawn = "weights[2,1] reads 0.2361, but is not drawn as tracer draws it"
    assert sentences(verified(surgery(remapped)))[:1] == [drawn]

    def before(operands: list[Any], operator: str) -> Callable[[pikepdf.Pdf], None]:
        def change(opened: pikepdf.Pdf) -> None:
            page, number = sequence(opened, "weights[2,1]")

            def inserted(instructions: Instructions) -> Instructions:
                start = inside(instructions, number).start
                sign = pikepdf.ContentStreamInstruction(operands, pikepdf.Operator(operator))
                return [*instructions[:start], sign, *instructions[start:]]

            rewrite(opened, page, inserted)

        return change

    assert drawn in sentences(verified(surgery(before([1, 1, 1], "rg"))))
    assert drawn in sentences(verified(surgery(before([3], "Tr"))))


def test_a_letter_that_is_drawn_anew_is_named(verified: Callable[[bytes], Verification]) -> None:
    """The font's own 3 replaced by its 8: all text stays, the pages look wrong."""

    def redrawn(opened: pikepdf.Pdf) -> None:
        three, eight = (int.from_bytes(code(opened, digit), "big") for digit in "38")
        for font in opened.pages[0].Resources.Font.values():
            if "Math" in str(font.BaseFont):
                stream = font.DescendantFonts[0].FontDescriptor.FontFile2
                program, out = TTFont(BytesIO(stream.read_bytes())), BytesIO()
                glyphs = program["glyf"]
                glyphs[program.getGlyphName(three)] = glyphs[program.getGlyphName(eight)]
                program.save(out)
                stream.write(out.getvalue())

    assert sentences(verified(surgery(redrawn))) == ["has a font in which “3” is not drawn as tracer draws it"]


def test_another_problem_inside_is_found(verified: Callable[[bytes], Verification]) -> None:
    """The numbers on the page are then not those of the problem that it carries."""

    def other(opened: pikepdf.Pdf) -> None:
        problem = json.loads(opened.attachments["problem.json"].get_file().read_bytes())
        problem["given"]["X"][3][2] = "4"
        stream = opened.attachments["problem.json"].obj.EF.F
        stream.write(json.dumps(problem).encode())

    found = sentences(verified(surgery(other)))
    assert "X[4,3] prints 3, but is 4" in found
    assert "scores[4,4] prints 9, but is 16" in found
    assert not any("weights[1,1] prints" in one for one in found)


def test_changed_words_are_quoted(verified: Callable[[bytes], Verification]) -> None:
    """A number in a sentence; and what is read aloud in place of a formula."""

    def reworded(opened: pikepdf.Pdf) -> None:
        seven, nine = code(opened, "7", "Two-Text"), code(opened, "9", "Two-Text")

        def nines(part: Any) -> Any:
            return pikepdf.String(nine) if isinstance(part, pikepdf.String) and bytes(part) == seven else part

        def change(instructions: Instructions) -> Instructions:
            return [
                pikepdf.ContentStreamInstruction([pikepdf.Array(map(nines, operands[0]))], operator)
                if str(operator) == "TJ"
                else pikepdf.ContentStreamInstruction(operands, operator)
                for operands, operator in instructions
            ]

        rewrite(opened, opened.pages[-1], change)

    assert "prints “keeps 95 %”, where “keeps 75 %” belongs" in sentences(verified(surgery(reworded)))

    def respoken(opened: pikepdf.Pdf) -> None:
        index = list(opened.Root.StructTreeRoot.IDTree.Names)
        element = index[index.index(pikepdf.String("worked scores[1,2]")) + 1]
        element.Alt = pikepdf.String(str(element.Alt).replace("equals 6", "equals 7"))

    assert sentences(verified(surgery(respoken))) == [
        "worked scores[1,2] is read aloud as “equals 7”, but is “equals 6”"
    ]


def test_what_is_put_upon_a_page_is_named(verified: Callable[[bytes], Verification]) -> None:
    """Text of another font, a white patch, a note."""

    def added(content: bytes) -> Callable[[pikepdf.Pdf], None]:
        def change(opened: pikepdf.Pdf) -> None:
            font = pikepdf.Dictionary(
                Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
            )
            opened.pages[1].Resources.Font.F1 = font
            opened.pages[1].contents_add(opened.make_stream(content))

        return change

    found = verified(surgery(added(b"BT /F1 12 Tf 100 100 Td (0.99) Tj ET")))
    assert [one.sentence for one in found.findings] == ["page 2: prints “0.99”, which does not belong there"]
    found = verified(surgery(added(b"1 1 1 rg 100 100 50 50 re f")))
    assert [one.sentence for one in found.findings] == [
        "page 2: has more lines or areas painted on it than tracer paints"
    ]

    def noted(opened: pikepdf.Pdf) -> None:
        note = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.FreeText, Rect=[0, 0, 9, 9], Contents="0.99"
        )
        annots = list(opened.pages[2].obj.get("/Annots", []))
        opened.pages[2].obj.Annots = pikepdf.Array([*annots, note])

    found = verified(surgery(noted))
    assert [one.sentence for one in found.findings] == ["page 3: has something put upon it: “FreeText”"]


def test_a_page_taken_out_is_noticed(verified: Callable[[bytes], Verification]) -> None:
    """Each of its numbers is missing; those of the other pages still stand."""
    with pikepdf.open(BytesIO(apple())) as opened:
        first = sequence(opened, "weights[2,1]")[0]
        number = next(n for n, page in enumerate(opened.pages) if page.obj.objgen == first.obj.objgen)
    found = verified(surgery(lambda opened: opened.pages.__delitem__(number)))
    assert any("weights[2,1]" in one for one in sentences(found))
    assert not any(one.startswith("X[1,1]") for one in sentences(found))


# Another version


def aged(opened: pikepdf.Pdf, version: str = "0.0.9") -> None:
    """The file as another version would have made it."""
    told = json.loads(opened.attachments["page.json"].get_file().read_bytes())
    opened.attachments["page.json"].obj.EF.F.write(json.dumps({**told, "tracer": version}).encode())


@pytest.mark.parametrize("n", ONE_OF_A_FOLDER, ids=lambda n: NAMES[n])
def test_results_of_another_version_stand(n: int, verified: Callable[[bytes], Verification]) -> None:
    """Each printed result is compared with the certified value of its cell."""
    found = verified(surgery(aged, example(FILES[n])))
    assert sentences(found) == []
    assert found.version == "0.0.9"
    assert any("made by tracer 0.0.9" in remark for remark in found.remarks)


def test_results_of_another_version_are_named_where_they_do_not_stand(
    verified: Callable[[bytes], Verification],
) -> None:
    """A wrong digit, and a wrong =."""

    def wrong(opened: pikepdf.Pdf) -> None:
        aged(opened)
        at(opened, "weights[2,1]", exchanged(opened, "3", "8"))
        at(opened, "worked weights[2,2]", exchanged(opened, "≈", "="))

    assert sentences(verified(surgery(wrong))) == [
        "worked weights[2,2] prints 0.7491, but is not equal to it: ≈ belongs there",
        "weights[2,1] prints 0.2861, but is 0.2361",
    ]


# A house's own style


def test_a_house_style_is_given_again(tmp_path: Path) -> None:
    """Without it, the numbers stand; with it, the words and the look too."""
    path = tmp_path / "a.pdf"
    trace = solved(ROOT / "examples/house-style/problem.toml")
    path.write_bytes(pdf(in_style(solution(trace), str(HOUSE))))
    style = read(trace.problem.paper.style, str(HOUSE))
    trace = tracer.solve(replace(trace.problem, paper=replace(trace.problem.paper, style=style)))
    path.write_bytes(pdf(solution(trace)))
    without, with_ = verify(path), verify(path, read(Style(), str(HOUSE)))
    assert (without.stands, with_.stands) == (True, True)
    assert "--style" in without.remarks[0]
    assert with_.remarks == ()


# What cannot be verified


def broken(problem: bytes) -> Callable[[pikepdf.Pdf], None]:
    return lambda opened: opened.attachments["problem.json"].obj.EF.F.write(problem)


def locked(content: bytes) -> bytes:
    out = BytesIO()
    with pikepdf.open(BytesIO(content)) as opened:
        opened.save(out, encryption=pikepdf.Encryption(owner="a", user="b"))
    return out.getvalue()


UNREADABLE: list[tuple[str, Callable[[bytes], bytes], str]] = [
    ("not a PDF", lambda _: b"a picture", "is not a PDF"),
    ("empty", lambda _: b"", "is not a PDF"),
    ("cut off", lambda content: content[: len(content) // 2], "is damaged or cut off"),
    ("encrypted", locked, "is encrypted"),
    ("not ours", lambda content: surgery(lambda opened: opened.attachments.clear(), content), "has no problem inside"),
    ("a broken problem", lambda content: surgery(broken(b"{"), content), "the problem inside it cannot be read"),
    ("no problem", lambda content: surgery(broken(b'{"given": {"X": "a"}}'), content), "[given] X is the text “a”"),
    (
        "sizes that do not fit",
        lambda content: surgery(broken(b'{"given": {"Q": [[1]], "K": [[1, 2]]}}'), content),
        "inside",
    ),
]


@pytest.mark.parametrize(("name", "make", "error"), UNREADABLE, ids=[name for name, *_ in UNREADABLE])
def test_what_cannot_be_verified_is_said_in_one_line(
    name: str, make: Callable[[bytes], bytes], error: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2."""
    path = tmp_path / "a.pdf"
    path.write_bytes(make(apple()))
    assert cli.main(["verify", str(path)]) == 2
    out, said = capsys.readouterr()
    assert out == ""
    assert said.startswith(f"tracer: {path}: ")
    assert error in said
    assert said.count("\n") == 1


PAGES: list[dict[str, Any]] = [
    {"schema": "tracer/page/2"},
    {"page": "no_such_page"},
    {"page": 3},
    {"told": []},
    {"told": {"worked": ["a"], "others": "every"}},
    {"told": {"worked": [9], "others": "every", "beside": True}},
    {"let": {"a": "b c"}},
    {"look": "../../etc"},
]


@pytest.mark.parametrize("changes", PAGES, ids=str)
def test_a_page_asked_for_in_vain_is_an_error(changes: dict[str, Any], tmp_path: Path) -> None:
    """Whatever stands in the file about how the page was asked for: one clear error, or a page that differs."""

    def change(opened: pikepdf.Pdf) -> None:
        told = json.loads(opened.attachments["page.json"].get_file().read_bytes())
        opened.attachments["page.json"].obj.EF.F.write(json.dumps({**told, **changes}).encode())

    path = tmp_path / "a.pdf"
    path.write_bytes(surgery(change))
    assert cli.main(["verify", str(path), "--quiet"]) in (0, 1, 2)


def damaged() -> Iterator[bytes]:
    """The file with some bytes lost, at many places."""
    content = apple()
    for n in range(0, len(content), len(content) // 12):
        yield content[:n] + content[n + 7 :]
        yield content[:n] + b"\x00<<[" + content[n + 4 :]


def test_damage_is_an_error_or_a_finding(tmp_path: Path) -> None:
    """Never a traceback."""
    path = tmp_path / "a.pdf"
    for content in damaged():
        path.write_bytes(content)
        assert cli.main(["verify", str(path), "--quiet"]) in (0, 1, 2)


# The command


def test_the_command_tells_what_stands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each file; 1 where something does not stand; JSON as its schema says."""
    good, bad = tmp_path / "good.pdf", tmp_path / "bad.pdf"
    good.write_bytes(apple())
    bad.write_bytes(surgery(lambda opened: at(opened, "weights[2,1]", exchanged(opened, "3", "8"))))
    assert cli.main(["verify", str(good)]) == 0
    assert capsys.readouterr().out == (
        f"{good}: 300 printed numbers, all of them stand (made by tracer {tracer.__version__})\n"
    )
    assert cli.main(["verify", str(good), str(bad)]) == 1
    assert capsys.readouterr().out.splitlines()[1:] == [
        f"{bad}: 1 of 300 printed numbers does not stand (made by tracer {tracer.__version__})",
        "  page 6: weights[2,1] prints 0.2861, but is 0.2361",
    ]
    assert cli.main(["verify", str(good), str(bad), str(tmp_path / "none.pdf"), "--json"]) == 2
    report = json.loads(capsys.readouterr().out)
    schema = json.loads((ROOT / "tracer/schemas/verification.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(report)
    assert [file.get("stands") for file in report["files"]] == [True, False, None]


@pytest.mark.parametrize("form", list(pages.forms))
def test_every_form_stands(form: str, tmp_path: Path) -> None:
    """As the command line makes them."""
    path = tmp_path / "a.pdf"
    assert cli.main(["solve", str(APPLE), "--form", form, "--quiet", "-o", str(path)]) == 0
    assert cli.main(["verify", str(path), "--quiet"]) == 0
