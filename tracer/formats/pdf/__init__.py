"""A document as PDF: WeasyPrint sets the words and turns the pages, our own layout the formulas. WeasyPrint's home.

paper.py               a document made ready for the printer
setting.py, grids.py   blocks as pieces: formulas, worked numbers in columns, matrices in brackets
measures.py            how wide and high a matrix is
sheets.py, labels.py   boxes and lines to write on; words that a place has to hold
drawings.py            pictures as pieces
job.py, work.py        what goes to the printer, and the process that prints (press.py)
painting.py            pieces on WeasyPrint's page
weasy.py               WeasyPrint itself
tags.py                what each of them is to somebody who hears the page
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from tracer.formats import documents
from tracer.press import RUNNING

if TYPE_CHECKING:
    from tracer.document import Document
    from tracer.formats.pdf.job import Job, Sheet

SIZES = [n / 100 for n in range(100, 54, -3)]  # of the text, until all of it fits one page
READABLE = 0.73  # where no size does


@documents.register(".pdf")
def pdf(document: Document) -> bytes:
    """Pages with running title and page numbers, real text, tagged as PDF/UA-1; the same bytes every time.

    Raises `RenderError` where Pango is missing.
    """
    from tracer.formats.pdf.paper import job_of
    from tracer.style import PIXELS, pixels

    press = _press()

    def sheet(size: float) -> Sheet:
        text = f"{pixels(document.style.text) / PIXELS['pt'] * size:.2f}pt"
        return press(job_of(replace(document, style=replace(document.style, text=text))))

    if document.style.fit != "one-page":
        return press(job_of(document)).content
    sheets = cache(sheet)
    fitting = bisect_left(SIZES, True, key=lambda size: sheets(size).pages == 1)
    return sheets(SIZES[fitting] if fitting < len(SIZES) else READABLE).content


def _press() -> Callable[[Job], Sheet]:
    """The running press, which has imported WeasyPrint by now; without one it is imported here."""
    if RUNNING:
        return RUNNING[0].printed
    from tracer.formats.pdf.painting import printed

    return printed
