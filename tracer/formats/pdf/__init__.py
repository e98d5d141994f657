"""A document as PDF: WeasyPrint sets the words and turns the pages, our own layout the formulas. WeasyPrint's home.

paper.py               a document made ready for the printer
setting.py, grids.py   blocks as pieces: formulas, worked numbers in columns, matrices in brackets
drawings.py            pictures as pieces
job.py, work.py        what goes to the printer, and the process that prints (press.py)
painting.py            pieces on WeasyPrint's page
weasy.py               WeasyPrint itself
tags.py                what each of them is to somebody who hears the page
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tracer.formats import documents
from tracer.press import RUNNING

if TYPE_CHECKING:
    from tracer.document import Document

SMALLER = (1.0, 0.92, 0.85, 0.78, 0.72, 0.66)  # of the size of the text, until all of it fits one page


@documents.register(".pdf")
def pdf(document: Document) -> bytes:
    """Pages with running title and page numbers, real text, tagged as PDF/UA-1; the same bytes every time.

    Raises `RenderError` where Pango is missing.
    """
    from tracer.formats.pdf.painting import printed
    from tracer.formats.pdf.paper import job_of
    from tracer.style import PIXELS, pixels

    press = RUNNING[0].printed if RUNNING else printed
    if document.style.fit != "one-page":
        return press(job_of(document)).content
    for smaller in SMALLER:
        text = f"{pixels(document.style.text) / PIXELS['pt'] * smaller:.2f}pt"
        sheet = press(job_of(replace(document, style=replace(document.style, text=text))))
        if sheet.pages == 1:
            break
    return sheet.content
