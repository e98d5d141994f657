"""QTI 2.1: a content package with one item for each sheet, and a test that gives everybody one of them.

An item scores itself with the standard's own operators: for each box the first range that holds what was typed adds
its points to SCORE, or says by FEEDBACK which modal feedback is shown. Formulas are MathML, which QTI 2.1 includes.

Source: IMS Question and Test Interoperability 2.1, Final (2012), Information Model and Content Packaging profile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from io import BytesIO
from typing import NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from tracer.document import Document
from tracer.notation.mathml import MathML
from tracer.page import written
from tracer.quizzes import quizzes
from tracer.quizzes.gaps import Gap, Response, decimal
from tracer.quizzes.question import UNSEEN, Formulas, Question, body, questions
from tracer.spoken import Spoken
from tracer.worksheet import Worksheet

MATHML = "http://www.w3.org/1998/Math/MathML"
LONGEST = 256  # characters of a label
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same sheets give the same bytes


class Range(NamedTuple):
    """What happens for the numbers of a range: points for SCORE, and a feedback that is shown, as texts; "" is none."""

    low: str
    high: str
    points: str
    feedback: str
    says: str


class Box(NamedTuple):
    """A box in an item: its variable, its name in words, and what happens; nothing does where it may stay empty."""

    variable: str
    name: str
    gap: Gap
    ranges: tuple[Range, ...]


class Item(NamedTuple):
    """A file of the package."""

    identifier: str
    question: Question
    file: str


@quizzes.register(".qti.zip")
def qti(sheets: Sequence[Worksheet], title: str) -> bytes:
    """The sheets as items of a QTI 2.1 package."""
    items = [
        Item(f"item{n:04}-{question.sheet.code}", question, f"items/item{n:04}.xml")
        for n, question in enumerate(questions(sheets, title), 1)
    ]
    values = {"title": title, "items": items}
    files = {"imsmanifest.xml": _filled("qti-manifest.xml.j2", items[0].question, values)}
    files["test.xml"] = _filled("qti-test.xml.j2", items[0].question, values)
    for item in items:
        files[item.file] = _item(item)
    return zipped(files)


def _item(item: Item) -> str:
    question = item.question
    spoken = Spoken(Document("", (), style=question.page.style, labels=question.page.labels))
    cells = {cell.id: cell for step in question.sheet.steps for row in step.cells for cell in row}
    boxes = [box(gap, spoken.inline(cells[id_].name)) for id_, gap in question.gaps.items()]
    names = {one.gap.id: one for one in boxes}
    mathml = Formulas(
        MathML(question.page.style.signs),
        lambda text: f'<math xmlns="{MATHML}"><mstyle displaystyle="true">{text}</mstyle></math>',
    )
    text = body(question, mathml, lambda blank: _entry(names[blank.id]))
    return _filled("qti-item.xml.j2", question, {"item": item, "question": question, "boxes": boxes, "body": text})


def box(gap: Gap, name: str) -> Box:
    """A box with its ranges in order."""
    variable = gap.id.replace("[", "_").replace(",", "_").replace("]", "").replace(".", "_")
    ranges = tuple(_range(gap, n, one, variable) for n, one in enumerate(gap.responses, 1))
    return Box(variable, name[:LONGEST], gap, ranges)


def _range(gap: Gap, n: int, one: Response, variable: str) -> Range:
    low, high = (decimal(end, gap.places + 1) for end in (one.low, one.high))
    points = decimal(one.share * gap.points, 1) if one.share else ""
    return Range(low, high, points, f"{variable}_{n}" if one.says else "", one.says)


def _entry(one: Box) -> str:
    """The element that a platform makes a field of."""
    length = max(len(one.gap.right) + 3, 6)
    return (
        f'<textEntryInteraction responseIdentifier="{one.variable}" expectedLength="{length}" '
        f'label="{escape(one.name)}"/>'
    )


def _filled(template: str, question: Question, values: Mapping[str, object]) -> str:
    return UNSEEN.sub("□", written(f"quizzes/{template}", question.page.style, values))


def zipped(files: dict[str, str]) -> bytes:
    """A zip archive of texts, always the same bytes."""
    archive = BytesIO()
    with ZipFile(archive, "w", ZIP_DEFLATED) as zip_:
        for name, text in files.items():
            zip_.writestr(_info(name), text)
    return archive.getvalue()


def _info(name: str) -> ZipInfo:
    info = ZipInfo(name, EPOCH)
    info.compress_type, info.create_system, info.external_attr = ZIP_DEFLATED, 3, 0o644 << 16
    return info
