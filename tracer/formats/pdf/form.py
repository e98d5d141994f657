"""Form fields of a PDF: a box to fill in for each slot, named by its cell, with what it is for who hears the page.

A field's name has no full stop in PDF: head1.scores[1,2] is the field scores[1,2] below a field head1.
Source: ISO 32000-1, 12.7; ISO 14289-1, 7.18.
"""

from __future__ import annotations

from typing import Any

import pydyf

from tracer.layout.piece import Slot

HIDDEN, PRINTED = 2, 4  # flags of an annotation
CENTRED, READ_ONLY = 1, 1
LOOK = "/Helv 0 Tf 0 g"  # as large as the box holds, black


class Form:
    """The fields of one PDF, in the order of the page."""

    def __init__(self, pdf: Any) -> None:
        self.pdf = pdf
        self.fields = pydyf.Array()
        self.inner: dict[str, Any] = {}
        self.pages: list[Any] = []

    def field(self, slot: Slot, rectangle: tuple[float, ...], page: Any, number: int) -> Any:
        """The reference of a new field; `number` is its place in the structure's tree of parents."""
        *outer, name = slot.name.split(".")
        parent = self.parent(outer)
        field = pydyf.Dictionary(
            {
                "Type": "/Annot",
                "Subtype": "/Widget",
                "FT": "/Tx",
                "T": pydyf.String(name),
                "TU": pydyf.String(slot.says),
                "Rect": pydyf.Array([round(x, 2) for x in rectangle]),
                "P": page.reference,
                "F": PRINTED,
                "Q": CENTRED if "[" in name else 0,
                "DA": pydyf.String(LOOK),
                "MaxLen": 100,
                "StructParent": number,
            }
        )
        self.pdf.add_object(field)
        if parent is not None:
            field["Parent"] = parent.reference
        (self.fields if parent is None else parent["Kids"]).append(field.reference)
        self.pages.append(page)
        page.setdefault("Annots", pydyf.Array()).append(field.reference)
        return field.reference

    def parent(self, outer: list[str]) -> Any:
        """The field that fields of a head or a pass are below; None for those of the whole."""
        if not outer:
            return None
        path = ".".join(outer)
        if path not in self.inner:
            above = self.parent(outer[:-1])
            field = pydyf.Dictionary({"T": pydyf.String(outer[-1]), "Kids": pydyf.Array()})
            self.pdf.add_object(field)
            if above is not None:
                field["Parent"] = above.reference
            (self.fields if above is None else above["Kids"]).append(field.reference)
            self.inner[path] = field
        return self.inner[path]

    def close(self, code: str) -> None:
        """Enter the fields into the PDF, if there are any, and one that nobody sees, with the code of the sheet."""
        if not self.fields:
            return
        page = self.pages[0]
        known = {"FT": "/Tx", "T": pydyf.String("code"), "V": pydyf.String(code), "Ff": READ_ONLY, "F": HIDDEN}
        seen = {"Type": "/Annot", "Subtype": "/Widget", "Rect": pydyf.Array([0, 0, 0, 0]), "P": page.reference}
        self.pdf.add_object(field := pydyf.Dictionary({**seen, **known}))
        self.fields.append(field.reference)
        page["Annots"].append(field.reference)
        font = {"Type": "/Font", "Subtype": "/Type1", "BaseFont": "/Helvetica", "Encoding": "/WinAnsiEncoding"}
        fonts = pydyf.Dictionary({"Helv": pydyf.Dictionary(font)})
        self.pdf.catalog["AcroForm"] = pydyf.Dictionary(
            {
                "Fields": self.fields,
                "DA": pydyf.String(LOOK),
                "DR": pydyf.Dictionary({"Font": fonts}),
                "NeedAppearances": "true",
            }
        )
