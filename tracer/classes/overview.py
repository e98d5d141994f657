"""The index of a class, for the teacher: who has which seed, code and files, as CSV and as a page with links."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from tracer.classes.manifest import Manifest, Record
from tracer.classes.spec import Spec

COLUMNS = ("name", "id", "email", "code", "seed", "sheet", "key", "failed")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet program would work out, whoever typed it


def as_csv(students: Iterable[Record]) -> bytes:
    """A line for each student, in the order of the roster; with the mark by which Excel knows UTF-8."""
    told = ((one.name, one.id, one.email, one.code, str(one.seed), *_papers(one), one.failed) for one in students)
    return table([COLUMNS, *told])


def table(rows: Iterable[Sequence[str]]) -> bytes:
    """CSV that spreadsheet programs open; nothing that somebody typed is a formula in them."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerows([f"'{field}" if field.startswith(FORMULA) else field for field in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def as_html(spec: Spec, manifest: Manifest, students: Iterable[Record]) -> bytes:
    """The same as a page."""
    from tracer.document import Document
    from tracer.page import filled

    rows = [(one, [(path, quote(path)) for path in _papers(one) if path]) for one in students]
    bound = [(path, quote(path)) for path in manifest.bound]
    document = Document(spec.title, (), style=spec.style)
    return filled("class.html.j2", document, {}, rows=rows, bound=bound).encode()


def _papers(one: Record) -> tuple[str, str]:
    """The first sheet and the first key of a student; none where they could not be made."""
    if one.failed:
        return "", ""
    first = [next((path for path in one.files if path.startswith(f"{folder}/")), "") for folder in ("sheets", "keys")]
    return first[0], first[1]
