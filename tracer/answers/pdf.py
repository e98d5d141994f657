"""A submission in a PDF: the fields of a worksheet that was filled in, read with pikepdf.

A field is named by its cell, "scores[2,3]"; one of a head below a field of that name, which makes "head1.scores[2,3]".
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from tracer.answers import readers
from tracer.errors import SubmissionError
from tracer.fields import short
from tracer.handed_in import Found, cell, submission
from tracer.submission import Submission, entry

TOLD = {"name": "by", "code": "code"}
MAX_FIELDS, MAX_NAME = 20_000, 300


@readers.register(".pdf")
def read(raw: bytes) -> Submission:
    """The submission. Raises `SubmissionError` for a file that is broken or locked, or has nothing to fill in."""
    import pikepdf

    try:
        with pikepdf.open(BytesIO(raw)) as file:
            form = file.Root.get("/AcroForm")
            texts = {} if form is None else dict(_texts(form))
    except pikepdf.PasswordError:
        raise SubmissionError("is locked with a password; save it without one") from None
    except (pikepdf.PdfError, AttributeError, TypeError, ValueError) as error:
        raise SubmissionError(f"is no PDF that can be read ({type(error).__name__}); save it again") from None
    cells = {name: text for name, text in texts.items() if "[" in name}
    if not cells:
        raise SubmissionError("has no boxes to fill in; make the sheet with --form, or hand in .csv or .toml")
    found = [Found(f"field “{short(name)}”", cell(name, "a field"), entry(text)) for name, text in cells.items()]
    return submission(found, {key: texts.get(name, "") for name, key in TOLD.items()})


def _texts(form: Any) -> Iterator[tuple[str, str]]:
    """Every field with its whole name and what was typed into it."""
    waiting = [("", field) for field in form.get("/Fields", [])]
    seen = 0
    while waiting:
        outer, field = waiting.pop()
        seen += 1
        if seen + len(waiting) > MAX_FIELDS:
            raise SubmissionError(f"has more than {MAX_FIELDS:,} fields")
        name = outer + str(field.get("/T", ""))
        inner = [kid for kid in field.get("/Kids", []) if "/T" in kid]
        waiting += [(f"{name}."[-MAX_NAME:], kid) for kid in inner]
        if not inner:
            yield name, str(field.get("/V", ""))
