"""A worksheet as TOML to fill in, or its key: by, code, and the rows of each step, as `answers/toml.py` reads them."""

from __future__ import annotations

import json

from tracer.boxes import asked
from tracer.document import Document
from tracer.formats import worksheets
from tracer.submission import printable


@worksheets.register(".toml")
def toml(document: Document) -> bytes:
    """The file. Raises `RenderError` where the sheet has no box."""
    sheet = asked(document)
    say = document.style.language.text
    lines = [
        f"# {say('Type each number between its quotes. Where you have none, leave them empty.')}",
        f"title = {quoted(document.title)}",
        f"by = {quoted(sheet.by)}",
        f"code = {quoted(sheet.code)}",
        "",
        "[written]",
    ]
    for step, rows in sheet.matrices.items():
        lines += [f"{step} = [", *(f"  [{', '.join(map(quoted, row))}]," for row in rows), "]"]
    return ("\n".join(lines) + "\n").encode()


def quoted(text: str) -> str:
    """A text between quotes, as TOML and JSON write it."""
    return json.dumps(printable(text), ensure_ascii=False)
