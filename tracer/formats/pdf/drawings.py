"""A drawing as a piece: its lines and areas, and its labels set like all other formulas and words."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.document import Picture
from tracer.drawing import Area, Label, Stroke, head, shaft
from tracer.layout.box import Box, Mark, Rule, Shape, marks, scaled
from tracer.layout.piece import Node, Piece
from tracer.notation.boxes import Boxes
from tracer.show import show


def piece(picture: Picture, boxes: Boxes, most: float) -> Piece:
    """The drawing no wider than `most`, as one Figure with its text."""
    drawing = picture.drawing
    size = min(1.0, most / drawing.width)
    found = tuple(resized(mark, size) for one in drawing.marks for mark in drawn(one, boxes))
    return Piece(drawing.width * size, 0.0, drawing.height * size, Node("Figure", found, says=picture.says))


def drawn(mark: Stroke | Area | Label, boxes: Boxes) -> Iterator[Mark]:
    """One mark of a drawing as marks of a piece."""
    match mark:
        case Area(points, shade):
            yield Shape(0, 0, points, shade)
        case Stroke(_, width, shade, dash, arrow):
            yield Shape(0, 0, shaft(mark), shade, width, dash)
            if arrow:
                yield Shape(0, 0, head(mark), shade)
        case Label():
            yield from lettered(mark, boxes)


def lettered(label: Label, boxes: Boxes) -> Iterator[Mark]:
    """A label at its place."""
    box: Box = boxes.upright(label.text) if isinstance(label.text, str) else show(label.text, boxes)
    box = scaled(box, label.size)
    left = label.x - {"start": 0.0, "middle": box.width / 2, "end": box.width}[label.at]
    for mark in marks(box, left, label.y):
        yield mark._replace(shade=0.0) if label.on_ink and not isinstance(mark, Rule) else mark


def resized(mark: Mark, size: float) -> Mark:
    """A mark in a drawing that is set smaller."""
    if size == 1:
        return mark
    x, y = mark.x * size, mark.y * size
    match mark:
        case Rule(_, _, width, height):
            return Rule(x, y, width * size, height * size)
        case Shape(_, _, points, shade, width, dash):
            smaller = tuple((a * size, b * size) for a, b in points)
            return Shape(x, y, smaller, shade, width * size, tuple(part * size for part in dash))
        case _:
            return mark._replace(x=x, y=y, size=mark.size * size)
