"""A worksheet as a PDF that can be filled in: its fields, and how they are read back."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import page
import pikepdf
import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracer
from tracer.answers import recognised
from tracer.errors import SubmissionError
from tracer.formats import render_sheet
from tracer.handed_in import cell_name
from tracer.problem_file import from_dict
from tracer.worksheet import Worksheet, worksheet

ONE = {"given": {"X": [[0, 3], [2, 2], [1, 0]]}}
HEADS = {"given": {"X": [[1, 0, 2, 0], [0, 1, 0, 1]]}, "pass": {"n_heads": 2}}


def sheet(data: dict[str, object], blank: str = "") -> Worksheet:
    return worksheet(tracer.solve(from_dict(data)), blank, name="")


def form(data: dict[str, object], blank: str = "") -> bytes:
    return render_sheet(sheet(data, blank), ".pdf", form=True)


def filled(content: bytes, told: dict[str, str]) -> bytes:
    """The form as a PDF reader saves it: pypdf here, which writes the file anew and draws what was typed."""
    writer = pypdf.PdfWriter()
    writer.append(pypdf.PdfReader(BytesIO(content)))
    for one in writer.pages:
        writer.update_page_form_field_values(one, told, auto_regenerate=False)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def saved(content: bytes, **how: object) -> bytes:
    """The same file, written anew by qpdf."""
    out = BytesIO()
    with pikepdf.open(BytesIO(content)) as file:
        file.save(out, **how)
    return out.getvalue()


@pytest.mark.parametrize("data", [ONE, HEADS])
def test_each_box_is_a_field_named_by_its_cell(data: dict[str, object]) -> None:
    """With several heads a field stands below its head's: head1.scores[1,2]."""
    work = sheet(data)
    fields = pypdf.PdfReader(BytesIO(form(data))).get_fields()
    assert fields is not None
    boxes = {cell_name(key) for key in work.boxes}
    assert boxes == {name for name in fields if "[" in name}
    assert all(fields[name].get("/TU") for name in boxes)


def test_what_is_typed_is_read_back(tmp_path: Path) -> None:
    """Name, code and every number, in all spellings; what is left empty is blank."""
    told = {"name": "Zoë", "scores[1,1]": "9", "scores[1,2]": "−6", "weights[2,1]": "0,5", "weights[2,2]": "√2/2"}
    (tmp_path / "a.pdf").write_bytes(filled(form(ONE), told))
    found = tracer.read_submission(tmp_path / "a.pdf")
    assert (found.by, found.code) == ("Zoë", sheet(ONE).code)
    written = {cell_name(key): entry.raw for key, entry in found.cells.items() if not entry.is_blank}
    assert written == {name: text for name, text in told.items() if name != "name"}
    assert all(entry.number for entry in found.cells.values() if not entry.is_blank)
    assert len(found.cells) == len(sheet(ONE).boxes)


def test_a_form_is_heard(tmp_path: Path) -> None:
    """PDF/UA-1: each field is in the structure, with a description."""
    (tmp_path / "a.pdf").write_bytes(form(HEADS))
    failures = page.validate_pdf(tmp_path / "a.pdf", profile=page.ValidationProfile.PDF_UA_1).failures
    assert [str(failure) for failure in failures] == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (lambda: form(ONE)[:2000], "is no PDF that can be read"),
        (lambda: render_sheet(sheet(ONE), ".pdf"), "has no boxes to fill in; make the sheet with --form"),
        (lambda: saved(form(ONE), encryption=pikepdf.Encryption(owner="a", user="b")), "is locked with a password"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_so(content: object, says: str, tmp_path: Path) -> None:
    """One sentence: what is wrong, and what to do."""
    (tmp_path / "a.pdf").write_bytes(content())  # type: ignore[operator]
    with pytest.raises(SubmissionError, match=rf"a\.pdf: {says}"):
        tracer.read_submission(tmp_path / "a.pdf")


def test_fields_in_a_circle_end(tmp_path: Path) -> None:
    """A file that somebody made by hand may have a field below itself."""
    with pikepdf.open(BytesIO(form(ONE))) as file:
        field = file.Root.AcroForm.Fields[0]
        field["/Kids"] = pikepdf.Array([field] * 50)
        file.save(tmp_path / "a.pdf")
    with pytest.raises(SubmissionError, match="has more than"):
        tracer.read_submission(tmp_path / "a.pdf")


def test_a_pdf_without_a_name_is_recognised() -> None:
    """From standard input."""
    assert recognised(form(ONE)) == ".pdf"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**6), st.binary(min_size=1, max_size=3)), max_size=20))
def test_a_damaged_file_ends_in_numbers_or_in_one_error(changes: list[tuple[int, bytes]]) -> None:
    """Whatever happened to it on its way."""
    from tracer.answers.pdf import read

    content = bytearray(FORM)
    for place, new in changes:
        start = place % len(content)
        content[start : start + len(new)] = new
    try:
        read(bytes(content))
    except SubmissionError as error:
        assert "\n" not in str(error)


FORM = form(ONE, "scores")
