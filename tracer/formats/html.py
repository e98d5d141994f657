"""A document as one HTML file: MathML, no script, nothing fetched."""

from __future__ import annotations

from tracer.document import Document
from tracer.formats import documents
from tracer.notation.mathml import mathml


@documents.register(".html")
def html(document: Document) -> bytes:
    """One self-contained file that any browser shows, on a phone too."""
    from tracer.page import page

    return page(document, mathml, "screen").encode()
