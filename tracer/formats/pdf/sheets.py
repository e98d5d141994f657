"""Worksheets set in type: boxes and lines to write on, at places that depend on nothing that stands on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tracer.document import Chain, Field, Fields, Room, Writing
from tracer.formats.pdf.labels import worded
from tracer.formats.pdf.setting import GUTTER, INDENT, Setting, fitted, paragraph
from tracer.layout.box import EMPTY, Box, Shape, marks, row, scaled, space
from tracer.layout.piece import Node, Piece, Slot, leaf, stacked
from tracer.show import show

LINE = 2.3  # from line to line, for handwriting: 8.5 mm at the usual size
LIFT = 0.6  # of a line on which one writes above the next
THIN, DOTS, SHADE = 0.05, (0.06, 0.22), 0.75  # of a line: how wide, its dots and gaps, how dark
AIR, HANGING = 0.25, 1.2  # above and below a working, before its second line
SMALL, SMALLER = 0.8, (0.8, 0.75, 0.7, 0.65)  # how small working is set on one line, and on several
LABEL, UPWARDS, SHARE = 0.92, 1.4, 2.2  # of a word at the top: its size, the room above its line, a share's width


def room(setting: Setting, told: Room) -> Iterator[Piece]:
    """Lines to write on; a piece for those beside each other, so that a page may end below it."""
    width = (setting.width - INDENT - (told.beside - 1) * GUTTER) / told.beside
    for beside in told.entries:
        height = LINE * max(writing.lines for writing in beside)
        nodes = [
            _writing(setting, writing, INDENT + n * (width + GUTTER), width, height) for n, writing in enumerate(beside)
        ]
        yield stacked(nodes, setting.width, height)


def _writing(setting: Setting, writing: Writing, x: float, width: float, height: float) -> Node:
    """A number's name, and dotted lines behind it; or its working."""
    boxes, first = setting.level, LINE - LIFT
    if writing.chain is not None:
        box = worked(setting, writing.chain, width - AIR, height - AIR)
        base = min(max(first, box.height + AIR / 2), height - box.depth - AIR / 2)
        return leaf("Formula", box, x, base, setting.spoken.chain(writing.chain))
    name = fitted(row([show(writing.name, boxes), boxes.operator("=")]), width / 2)
    starts = [name.width, *[0.0] * (writing.lines - 1)]
    lines = [dotted(x + start, first + n * LINE, width - start) for n, start in enumerate(starts)]
    says = setting.say("room for {number}", number=setting.spoken.inline(writing.name))
    return Node("Formula", (*marks(name, x, first), *lines), says=says)


def worked(setting: Setting, chain: Chain, width: float, height: float) -> Box:
    """A worked number as large as its lines hold it, without its first links where it would be too small."""
    for n, (sign, expr) in enumerate(chain.links):
        opening = "≈" if any(sign == "≈" for sign, _ in chain.links[:n]) else sign
        shorter = replace(chain, links=((opening, expr), *chain.links[n + 1 :]))
        line = setting.chain(shorter, setting.level)
        parts = [row([line.name, line.parts[0]]), *line.parts[1:]]
        one = row(parts)
        if (size := min(1.0, width / one.width, height / one.total)) >= SMALL:
            return scaled(one, size)
        for size in SMALLER:
            box = scaled(paragraph(parts, width / size, HANGING), size)
            if box.total <= height:
                return box
    return scaled(one, size)


def fields(setting: Setting, told: Fields) -> Piece:
    """Words with a line behind each, as many beside each other as the column holds."""
    shares = [field.share for field in told.entries]
    nodes: list[Node] = []
    rows = list(cut(shares, setting.width / SHARE))
    for n, some in enumerate(rows):
        x, total = 0.0, sum(shares[some.start : some.stop])
        for field in told.entries[some.start : some.stop]:
            width = setting.width * field.share / total
            nodes.append(_field(setting, field, x, n * LINE, width - GUTTER))
            x += width
    return stacked(nodes, setting.width, LINE * len(rows))


def _field(setting: Setting, field: Field, x: float, y: float, width: float) -> Node:
    boxes, base, gap = setting.boxes, y + LINE - LIFT, space(0.4)
    label, after = fitted(scaled(row([boxes.upright(field.label), gap]), LABEL), width / 2), EMPTY
    left, free = x + label.width, width - label.width
    if field.after:
        after = scaled(row([gap, boxes.upright(field.after)]), LABEL)
        free -= after.width
    kids = [leaf("Span", label, x, base)]
    if field.text:
        text = worded(setting, field.text, free, LINE - AIR, 1.0)
        start = left + free - text.width if field.after else left
        kids.append(leaf("Span", text, start, min(base, y + LINE - text.depth)))
    else:
        is_slot = setting.is_form and field.id
        slot = Slot(field.id, field.label, left, base - UPWARDS, free, UPWARDS) if is_slot else None
        kids.append(Node("Span", (dotted(left, base, free),), says=setting.say("to fill in"), slot=slot))
    if field.after:
        kids.append(leaf("Span", after, left + free, base))
    return Node("P", kids=tuple(kids))


def dotted(x: float, y: float, width: float) -> Shape:
    """A line to write on."""
    return Shape(x, y, ((0.0, 0.0), (width, 0.0)), SHADE, THIN, DOTS)


def framed(x: float, y: float, width: float, height: float) -> Shape:
    """A box to write in."""
    return Shape(x, y, corners(width, height), SHADE, THIN)


def corners(width: float, height: float) -> tuple[tuple[float, float], ...]:
    """A rectangle, around from its upper left corner."""
    return (0.0, 0.0), (width, 0.0), (width, height), (0.0, height), (0.0, 0.0)


def cut(sizes: Sequence[float], most: float) -> Iterator[range]:
    """Ranges of neighbours that together are no larger than `most`; one alone may be."""
    start, used = 0, 0.0
    for n, size in enumerate(sizes):
        if n > start and used + size > most:
            yield range(start, n)
            start, used = n, 0.0
        used += size
    yield range(start, len(sizes))
