"""The structure of a PDF that is heard: every formula a Formula with its words, every matrix a Table with headers.

WeasyPrint tags the page's own elements, and every painted piece as one Figure with one marked sequence. A piece
marks each of its leaves itself; when all pages are written (`finish`, WeasyPrint's documented finisher) its Figure is
replaced by the piece's own tree, and what stands in the margins becomes an artifact, which nobody reads aloud.
Source: ISO 14289-1 (PDF/UA-1); ISO 32000-1, 14.7 and 14.8.
"""

from __future__ import annotations

from typing import Any

from tracer.layout.piece import Node


class Marked:
    """One painted piece on the stream of its page: its tree, and the marked sequences of its leaves."""

    def __init__(self, stream: Any, root: Node) -> None:
        self.stream, self.root = stream, root
        self.first = len(stream._tags or ()) - 1  # WeasyPrint has just opened this sequence
        self.sequences: dict[int, dict[str, int]] = {}

    def next(self, leaf: Node) -> None:
        """End the sequence of the last leaf, and begin that of this one; its number comes when the page is full."""
        if self.stream._tags is not None:
            from pydyf import Dictionary

            properties = self.sequences[id(leaf)] = Dictionary({"MCID": 0})
            self.stream.end_marked_content()
            self.stream.begin_marked_content("Span", properties)

    def artifact(self) -> None:
        """What follows is ornament."""
        if self.stream._tags is not None:
            self.stream.end_marked_content()
            self.stream.begin_marked_content("Artifact")


def finish(pdf: Any, marked: list[Marked]) -> None:
    """Put the trees of all painted pieces into the structure of the finished PDF, and margins outside of it."""
    root = _object(pdf, pdf.catalog["StructTreeRoot"])
    numbers = _object(pdf, root["ParentTree"])["Nums"]
    pages = dict(zip(numbers[::2], numbers[1::2], strict=True))
    on_page = {stream.reference: pages[n] for n, stream in enumerate(_streams(pdf)) if n in pages}
    for piece in marked:
        elements = on_page[piece.stream.reference]
        figure = _object(pdf, elements[piece.first])
        _Grafter(pdf, piece, elements, figure).graft()
    heard = _reachable(pdf, root)
    for stream in _streams(pdf):
        _hide_margins(stream, on_page[stream.reference], heard)


class _Grafter:
    """Replaces the Figure of one painted piece by the piece's own tree."""

    def __init__(self, pdf: Any, piece: Marked, elements: Any, figure: Any) -> None:
        self.pdf, self.piece, self.elements, self.figure = pdf, piece, elements, figure
        self.is_first = True

    def graft(self) -> None:
        """Put the piece's tree where its Figure was; a picture stays one."""
        figure, root = self.figure, self.piece.root
        if root.role == "Figure":
            return
        figure.pop("Alt", None)
        figure.pop("A", None)
        self.fill(figure, root)

    def fill(self, element: Any, node: Node) -> None:
        """An element's role, words, and kids."""
        from pydyf import Array, Dictionary

        element["S"] = f"/{node.role}"
        if node.scope:
            element["A"] = Dictionary({"O": "/Table", "Scope": f"/{node.scope}"})
        if not node.kids:
            self.leaf(element, node)
            return
        element["K"] = Array(self.kid(kid, element).reference for kid in node.kids)

    def kid(self, node: Node, parent: Any) -> Any:
        """A new element with all that a node holds."""
        element = self.new(parent)
        self.fill(element, node)
        return element

    def new(self, parent: Any, **keys: str) -> Any:
        """A new element below another."""
        from pydyf import Dictionary

        element = Dictionary({"Type": "/StructElem", "Pg": self.figure["Pg"], "P": parent.reference, **keys})
        self.pdf.add_object(element)
        return element

    def leaf(self, element: Any, node: Node) -> None:
        """The marked sequence of a leaf; a formula inside a table's cell is an element of its own."""
        from pydyf import Array, String

        if node.says and node.role != "Formula":
            inner = self.new(element, S="/Formula")
            element["K"] = Array([inner.reference])
            element = inner
        if node.says:
            element["Alt"] = String(node.says)
        if self.is_first:
            number, self.is_first = self.piece.first, False
            self.elements[number] = element.reference
        else:
            number = len(self.elements)
            self.piece.sequences[id(node)]["MCID"] = number
            self.elements.append(element.reference)
        element["K"] = Array([number])


def _object(pdf: Any, reference: Any) -> Any:
    return pdf.objects[int(reference.split()[0])]


def _streams(pdf: Any) -> list[Any]:
    pages = [_object(pdf, b"%d" % n) for n in pdf.pages["Kids"][::3]]
    return [_object(pdf, page["Contents"]) for page in pages]


def _reachable(pdf: Any, root: Any) -> set[int]:
    """The numbers of the elements that a reader gets to from the top."""
    found, waiting = set(), [root]
    while waiting:
        kids = waiting.pop().get("K", ())
        for kid in kids:
            if not isinstance(kid, int):
                number = int(kid.split()[0])
                found.add(number)
                waiting.append(pdf.objects[number])
    return found


def _hide_margins(stream: Any, elements: Any, heard: set[int]) -> None:
    """Marked sequences of elements that nobody gets to become artifacts."""
    tokens = stream.stream
    for n, token in enumerate(tokens):
        if token == b"BDC" and int(elements[tokens[n - 1]["MCID"]].split()[0]) not in heard:
            tokens[n - 2 : n + 1] = ["/Artifact", b"", b"BMC"]
