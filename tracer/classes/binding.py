"""Many PDFs bound into one for printing, in a memory that does not grow with them. pikepdf's home.

pikepdf keeps everything that is put into a new PDF until that is saved: 0.2 MB for each sheet. So it only reads here;
what a page needs is written behind the pages before it, and objects that are there already are not written again.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

KEPT = ("/MediaBox", "/CropBox", "/Rotate", "/Resources", "/Contents")  # of a page; on paper there are no links
INHERITED = ("/MediaBox", "/CropBox", "/Rotate", "/Resources")
PAGES, CATALOG = 1, 2


def bind(papers: Iterable[tuple[str, Path]], to: Path, *, double_sided: bool) -> None:
    """Write all pages of the papers, one after another, with a bookmark for each; the same bytes every time.

    For printing on both sides every paper begins on an odd page, behind an empty one where it must.
    """
    import pikepdf

    with to.open("wb") as file:
        volume = Volume(file)
        for title, path in papers:
            with pikepdf.Pdf.open(path) as paper:
                volume.titles.append((title, len(volume.kids)))
                for page in paper.pages:
                    volume.add(page.obj)
                if double_sided and len(volume.kids) % 2:
                    volume.blank(paper.pages[-1].obj)
        volume.end()


class Volume:
    """A PDF that is written object by object."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.at = file, 0
        self.offsets = array("Q", [0] * (CATALOG + 1))  # where each object begins
        self.kids = array("Q")  # the numbers of the pages
        self.titles: list[tuple[str, int]] = []
        self.known: dict[bytes, int] = {}  # objects by their digests
        self.sum = sha256()
        self.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")

    def write(self, content: bytes) -> None:
        """Write on."""
        self.file.write(content)
        self.sum.update(content)
        self.at += len(content)

    def put(self, body: bytes, number: int = 0) -> int:
        """Write an object. Returns its number."""
        if not number:
            number = len(self.offsets)
            self.offsets.append(0)
        self.offsets[number] = self.at
        self.write(b"%d 0 obj\n%b\nendobj\n" % (number, body))
        return number

    def add(self, page: Any) -> None:
        """Write a page of another PDF, and what it needs."""
        here = {key: value for key in KEPT if (value := _of_page(page, key)) is not None}
        entries = [b"%b %b" % (key.encode(), self.text(value)) for key, value in here.items()]
        self.kids.append(self.put(b"<</Type /Page /Parent %d 0 R %b>>" % (PAGES, b" ".join(entries))))

    def blank(self, page: Any) -> None:
        """An empty page, as large as another."""
        size = self.text(_of_page(page, "/MediaBox"))
        self.kids.append(self.put(b"<</Type /Page /Parent %d 0 R /Resources <<>> /MediaBox %b>>" % (PAGES, size)))

    def text(self, value: Any) -> bytes:
        """A value as PDF writes it; what has a number of its own by the number that it has here."""
        import pikepdf

        match value:
            case None:
                return b"null"
            case bool():
                return b"true" if value else b"false"
            case int():
                return b"%d" % value
            case float() | Decimal():
                return f"{value:f}".encode()
            case pikepdf.Stream():
                raw = value.read_raw_bytes()
                entries = {key: item for key, item in value.items() if key != "/Length"}
                head = self.entries({**entries, "/Length": len(raw)})
                return self.known_as(b"<<%b>>\nstream\n%b\nendstream" % (head, raw))
            case pikepdf.Array() | pikepdf.Dictionary() if b" R" not in (whole := value.unparse(resolved=True)):
                return self.known_as(whole) if value.is_indirect else whole  # it refers to nothing
            case pikepdf.Dictionary():
                body = b"<<%b>>" % self.entries(dict(value.items()))
                return self.known_as(body) if value.is_indirect else body
            case pikepdf.Array():
                return b"[%b]" % b" ".join(map(self.text, value))
            case _:
                written: bytes = value.unparse()
                return written

    def entries(self, entries: dict[str, Any]) -> bytes:
        """The entries of a dictionary."""
        return b" ".join(
            b"%b %b" % (_name(key), self.text(value)) for key, value in entries.items() if key not in ("/Parent", "/P")
        )

    def known_as(self, body: bytes) -> bytes:
        """The reference to an object, which is written where there is none like it."""
        digest = sha256(body).digest()
        if digest not in self.known:
            self.known[digest] = self.put(body)
        return b"%d 0 R" % self.known[digest]

    def end(self) -> None:
        """Write what holds all together."""
        kids = b" ".join(b"%d 0 R" % number for number in self.kids)
        self.put(b"<</Type /Pages /Count %d /Kids [%b]>>" % (len(self.kids), kids), PAGES)
        outlines = self.outlines()
        self.put(b"<</Type /Catalog /Pages %d 0 R /PageMode /UseOutlines %b>>" % (PAGES, outlines), CATALOG)
        start, digest = self.at, self.sum.hexdigest()[:32].encode()
        self.write(b"xref\n0 %d\n0000000000 65535 f \n" % len(self.offsets))
        for offset in self.offsets[1:]:
            self.write(b"%010d 00000 n \n" % offset)
        trailer = b"trailer\n<</Size %d /Root %d 0 R /ID [<%b> <%b>]>>\nstartxref\n%d\n%%%%EOF\n"
        self.write(trailer % (len(self.offsets), CATALOG, digest, digest, start))

    def outlines(self) -> bytes:
        """A bookmark for each paper."""
        if not self.titles:
            return b""
        root = len(self.offsets)
        first, last = root + 1, root + len(self.titles)
        self.put(b"<</Type /Outlines /First %d 0 R /Last %d 0 R /Count %d>>" % (first, last, len(self.titles)))
        for number, (title, page) in enumerate(self.titles, first):
            beside = b"/Prev %d 0 R " % (number - 1) if number > first else b""
            beside += b"/Next %d 0 R " % (number + 1) if number < last else b""
            text = ("\ufeff" + title).encode("utf-16-be").hex().encode()
            place = b"/Title <%b> /Parent %d 0 R %b/Dest [%d 0 R /Fit]"
            self.put(b"<<" + place % (text, root, beside, self.kids[page]) + b">>")
        return b"/Outlines %d 0 R" % root


def _of_page(page: Any, key: str) -> Any:
    """An entry of a page, which it may have from what holds it."""
    while (value := page.get(key)) is None and key in INHERITED and "/Parent" in page:
        page = page["/Parent"]
    return value


def _name(key: str) -> bytes:
    """A name as PDF writes it."""
    import pikepdf

    written: bytes = pikepdf.Name(key).unparse()
    return written
