"""Files inside a PDF, which readers show in their list of attachments: the source of what is printed.

Source: ISO 32000-1, 7.11.4; /AF and /AFRelationship: ISO 32000-2, 14.13. A date would make the same page another file
every day, so that there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pydyf


def attach(pdf: Any, files: Mapping[str, bytes]) -> None:
    """Put files into a PDF, each under its name."""
    if not files:
        return
    names, specifications = pydyf.Array(), pydyf.Array()
    for name, content in sorted(files.items()):
        params = pydyf.Dictionary({"Size": len(content)})
        stream = pydyf.Stream(
            [content], {"Type": "/EmbeddedFile", "Subtype": "/application#2Fjson", "Params": params}, compress=True
        )
        pdf.add_object(stream)
        specification = pydyf.Dictionary(
            {
                "Type": "/Filespec",
                "F": pydyf.String(name),
                "UF": pydyf.String(name),
                "EF": pydyf.Dictionary({"F": stream.reference, "UF": stream.reference}),
                "AFRelationship": "/Source",
            }
        )
        pdf.add_object(specification)
        names += [pydyf.String(name), specification.reference]
        specifications.append(specification.reference)
    pdf.catalog["AF"] = specifications
    pdf.catalog.setdefault("Names", pydyf.Dictionary())["EmbeddedFiles"] = pydyf.Dictionary({"Names": names})
