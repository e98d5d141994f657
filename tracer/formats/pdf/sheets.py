"""Worksheets set in type: boxes and lines to write on, at places that depend on nothing that stands on them."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.document import Chain, Field, Fields, Room, Writing
from tracer.formats.pdf.setting import GUTTER, INDENT, Setting, fitted
from tracer.layout.box import Box, Shape, marks, row, scaled, space
from tracer.layout.piece import Node, Piece, Slot, leaf, stacked
from tracer.show import show

LINE = 2.3  # from line to line, for handwriting: 8.5 mm at the usual size
LIFT = 0.6  # of a line on which one writes above the next
THIN, DOTS, SHADE = 0.05, (0.06, 0.22), 0.75  # of a line: how wide, its dots and gaps, how dark
SMALLEST = 0.45  # how small working is set before it is broken over its lines
LABEL, UPWARDS = 0.92, 1.4  # of a word at the top: its size, and how high somebody writes behind it


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
    boxes, first = setting.compact, LINE - LIFT
    if writing.chain is not None:
        box = worked(setting, writing.chain, width, height)
        base = min(max(first, box.height), height - box.depth)
        return leaf("Formula", box, x, base, setting.spoken.chain(writing.chain))
    name = fitted(row([show(writing.name, boxes), boxes.operator("=")]), width / 2)
    starts = [name.width, *[0.0] * (writing.lines - 1)]
    lines = [dotted(x + start, first + n * LINE, width - start) for n, start in enumerate(starts)]
    says = setting.say("room for {number}", number=setting.spoken.inline(writing.name))
    return Node("Formula", (*marks(name, x, first), *lines), says=says)


def worked(setting: Setting, chain: Chain, width: float, height: float) -> Box:
    """A worked number, as large as its lines hold it: on one line, or on several where it would be too small."""
    line = setting.chain(chain)
    one, size = row([line.name, *line.parts]), 1.0
    if height <= LINE or one.width * SMALLEST <= width:
        return scaled(one, min(1.0, width / one.width, height / one.total))
    while (box := scaled(line.within(width / size), size)).total > height and size > SMALLEST:
        size -= 0.05
    return scaled(box, min(1.0, height / box.total))


def fields(setting: Setting, told: Fields) -> Piece:
    """Words with a line behind each, beside each other."""
    total = sum(field.share for field in told.entries)
    x, nodes = 0.0, []
    for field in told.entries:
        width = setting.width * field.share / total
        nodes.append(_field(setting, field, x, width - GUTTER))
        x += width
    return stacked(nodes, setting.width, LINE)


def _field(setting: Setting, field: Field, x: float, width: float) -> Node:
    base, label = LINE - LIFT, scaled(row([setting.boxes.upright(field.label), space(0.4)]), LABEL)
    start = min(label.width, width / 2)
    left, free = x + start, width - start
    name = leaf("Span", fitted(label, start), x, base)
    if field.text:
        return Node("P", kids=(name, leaf("Span", fitted(setting.boxes.upright(field.text), free), left, base)))
    slot = Slot(field.id, field.label, left, base - UPWARDS, free, UPWARDS) if setting.is_form else None
    return Node("P", kids=(name, Node("Span", (dotted(left, base, free),), says=setting.say("to fill in"), slot=slot)))


def dotted(x: float, y: float, width: float) -> Shape:
    """A line to write on."""
    return Shape(x, y, ((0.0, 0.0), (width, 0.0)), SHADE, THIN, DOTS)


def framed(x: float, y: float, width: float, height: float) -> Shape:
    """A box to write in."""
    corners = ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height), (0.0, 0.0))
    return Shape(x, y, corners, SHADE, THIN)
