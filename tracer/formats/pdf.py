"""A document as PDF, typeset by WeasyPrint. WeasyPrint's home."""

from __future__ import annotations

from typing import Any

from tracer.document import Document
from tracer.errors import RenderError
from tracer.formats import documents
from tracer.notation.css import css

MISSING = (
    "PDF needs the Pango library, which is not installed; on Debian or Ubuntu type  "
    "sudo apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0  (HTML and JSON work without it)"
)


@documents.register(".pdf")
def pdf(document: Document) -> bytes:
    """Pages with running title and page numbers, real text in a mathematical font; the same bytes every time.

    Raises `RenderError` where Pango is missing.
    """
    from tracer.page import page, templates

    try:
        import weasyprint
    except OSError:
        raise RenderError(MISSING) from None

    class OwnFilesOnly(weasyprint.urls.URLFetcher):  # type: ignore[misc]
        """The fonts beside the templates, and nothing else."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            if not url.startswith((templates() / "fonts").as_uri()):
                raise ValueError("a page fetches nothing")
            return super().fetch(url, headers)

    source = page(document, css, "print")
    written = weasyprint.HTML(string=source, base_url=templates().as_uri() + "/", url_fetcher=OwnFilesOnly())
    return bytes(written.write_pdf(pdf_identifier=b"tracer"))
