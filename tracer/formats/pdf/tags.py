"""The structure of a PDF that is heard: every formula a Formula with its words, every matrix a Table with headers.

WeasyPrint tags the page's own elements, and every painted piece as one Figure with one marked sequence. A piece
marks each of its leaves itself; when all pages are written (`finish`, WeasyPrint's documented finisher) its Figure is
replaced by the piece's own tree, and what stands in the margins becomes an artifact, which nobody reads aloud.
Source: ISO 14289-1 (PDF/UA-1); ISO 32000-1, 14.7 and 14.8.
"""

from __future__ import annotations

from typing import Any

import pydyf

from tracer.formats.pdf.form import Form
from tracer.layout.piece import Node, Slot


class Sequence:
    """The beginning of a marked sequence, whose number comes when the page is full."""

    number = 0

    def __str__(self) -> str:
        return f"/Span <</MCID {self.number}>> BDC"


class Marked:
    """One painted piece on the stream of its page: its tree, and the marked sequences of its leaves."""

    def __init__(self, stream: Any, root: Node) -> None:
        self.stream, self.root = stream, root
        self.first = len(stream._tags) - 1  # WeasyPrint has just opened this sequence
        self.sequences: list[Sequence] = []  # of all leaves but the first
        self.slots: list[tuple[float, ...]] = []  # of the leaves that can be filled in

    def slot(self, place: tuple[float, ...]) -> None:
        """The last leaf can be filled in, between these corners of the page."""
        self.slots.append(place)

    def next(self) -> None:
        """End the sequence of the last leaf, and begin that of another."""
        self.sequences.append(Sequence())
        self.stream.stream += [b"EMC", self.sequences[-1]]

    def artifact(self) -> None:
        """What follows is ornament."""
        self.stream.stream += [b"EMC", b"/Artifact BMC"]


class Element(pydyf.Object):  # type: ignore[misc]
    """An element of the structure, written at once: there are thousands."""

    def __init__(self, pdf: Any, parent: str | bytes, page: str | bytes) -> None:
        super().__init__()
        pdf.add_object(self)
        self.parent, self.page, self.content = text(parent), text(page), ""

    def holds(self, role: str, kids: str, others: str = "") -> None:
        """What the element is, and what it holds."""
        self.content = f"<</S/{role}/P {self.parent}/Pg {self.page}/K[{kids}]{others}>>"

    @property
    def data(self) -> bytes:
        """The element as it stands in the file."""
        return self.content.encode()


def text(reference: str | bytes) -> str:
    """A reference to an object, "12 0 R"."""
    return reference.decode() if isinstance(reference, bytes) else reference


def finish(pdf: Any, marked: list[Marked], code: str = "") -> None:
    """Put the trees of all painted pieces into the structure of the finished PDF, and margins outside of it.

    `code` is that of a form.
    """
    root = _object(pdf, pdf.catalog["StructTreeRoot"])
    numbers = _object(pdf, root["ParentTree"])["Nums"]
    pages = dict(zip(numbers[::2], numbers[1::2], strict=True))
    streams = _streams(pdf)
    on_page = {stream.reference: pages[n] for n, stream in enumerate(streams)}
    for stream in streams:
        _hide_margins(pdf, stream, on_page[stream.reference], root)
    form, named = Form(pdf), dict[str, str]()
    for piece in marked:
        elements = on_page[piece.stream.reference]
        _Grafter(pdf, piece, elements, form, numbers, named).graft(_object(pdf, elements[piece.first]))
    form.close(code)
    if named:
        _index(pdf, root, named)


class _Grafter:
    """Replaces the Figure of one painted piece by the piece's own tree; `named` are the elements with a name."""

    def __init__(self, pdf: Any, piece: Marked, elements: Any, form: Form, numbers: Any, named: dict[str, str]) -> None:
        self.pdf, self.piece, self.elements, self.form, self.numbers = pdf, piece, elements, form, numbers
        self.named = named
        self.sequences, self.slots = iter([None, *piece.sequences]), iter(piece.slots)

    def graft(self, figure: Any) -> None:
        """Put the piece's tree where its Figure was; a picture stays one."""
        root = self.piece.root
        if root.role == "Figure":
            return
        page, own = figure["Pg"], figure.reference
        self.unlink(figure)
        figure.pop("Alt", None)
        figure.pop("A", None)
        figure["S"] = f"/{root.role}"
        if root.kids:
            kids = [text(self.element(kid, own, page).reference) for kid in root.kids]
            figure["K"] = pydyf.Array(kids)
        else:
            figure["Alt"] = pydyf.String(root.says)

    def unlink(self, figure: Any) -> None:
        """A piece in a link is a part of it: WeasyPrint has made it a link of its own as well."""
        for kid in [kid for kid in figure["K"] if not isinstance(kid, int)]:
            figure["K"].remove(kid)
            _object(self.pdf, figure["Pg"])["Annots"].remove(_object(self.pdf, kid)["Obj"])

    def element(self, node: Node, parent: str | bytes, page: str | bytes) -> Element:
        """A node as an element, with all that it holds; a formula inside a cell is an element of its own."""
        element = Element(self.pdf, parent, page)
        others = f" /A <</O /Table /Scope /{node.scope}>>" if node.scope else ""
        if node.id:
            self.named[node.id] = text(element.reference)
            others += f"/ID({node.id})"
        if node.kids:
            kids = [text(self.element(kid, element.reference, page).reference) for kid in node.kids]
            element.holds(node.role, " ".join(kids), others)
        elif node.slot:
            inner = Element(self.pdf, element.reference, page)
            inner.holds("Form", self.field(node.slot, inner, page))
            element.holds(node.role, f"{self.sequence(element)} {text(inner.reference)}")
        elif node.says and node.role not in ("Formula", "Span"):
            inner = Element(self.pdf, element.reference, page)
            inner.holds("Formula", self.sequence(inner), _alternative(node))
            element.holds(node.role, text(inner.reference), others)
        else:
            element.holds(node.role, self.sequence(element), others + _alternative(node))
        return element

    def field(self, slot: Slot, element: Element, page: str | bytes) -> str:
        """A form field that belongs to this element, as an entry of it."""
        number = self.numbers[-2] + 1
        field = self.form.field(slot, next(self.slots), _object(self.pdf, page), number)
        self.numbers.extend([number, element.reference])
        return f"<</Type /OBJR /Obj {text(field)} /Pg {text(page)}>>"

    def sequence(self, element: Element) -> str:
        """The number of the next leaf's marked sequence, which belongs to this element."""
        sequence = next(self.sequences)
        if sequence is None:
            number = self.piece.first
            self.elements[number] = element.reference
        else:
            number = sequence.number = len(self.elements)
            self.elements.append(element.reference)
        return str(number)


def _index(pdf: Any, root: Any, named: dict[str, str]) -> None:
    """The names of all elements that have one, in order, as PDF wants it (ISO 32000-1, 14.7.2)."""
    tree = Element(pdf, "", "")
    tree.content = "<</Names[" + " ".join([f"({name}) {named[name]}" for name in sorted(named)]) + "]>>"
    root["IDTree"] = tree.reference


def _alternative(node: Node) -> str:
    return f" /Alt {pydyf.String(node.says).data.decode('latin-1')}" if node.says else ""


def _object(pdf: Any, reference: Any) -> Any:
    return pdf.objects[int(reference.split()[0])]


def _streams(pdf: Any) -> list[Any]:
    pages = [_object(pdf, b"%d" % n) for n in pdf.pages["Kids"][::3]]
    return [_object(pdf, page["Contents"]) for page in pages]


def _hide_margins(pdf: Any, stream: Any, elements: Any, root: Any) -> None:
    """Marked sequences of elements that are not below the top become artifacts."""
    document = _object(pdf, root["K"][0])
    heard = {text(reference) for reference in document["K"]}
    tokens = stream.stream
    for n, token in enumerate(tokens):
        if token == b"BDC" and "MCID" in tokens[n - 1]:
            own = elements[tokens[n - 1]["MCID"]]
            while (element := _object(pdf, own))["P"] != document.reference:
                own = element["P"]
            if text(own) not in heard:
                tokens[n - 2 : n + 1] = ["/Artifact", b"", b"BMC"]
