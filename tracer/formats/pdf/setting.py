"""Blocks of a document set in type: formulas broken over lines, worked numbers in columns, matrices in brackets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from tracer.document import Chain, Document, Em, Equation, Inline, Line, Link
from tracer.expr import Add, Cell, Expr, Neg, Num
from tracer.layout.box import Box, lines, marks, row, scaled, space
from tracer.layout.font import math_font
from tracer.layout.piece import Node, Piece, leaf, stacked, whole
from tracer.notation.boxes import Boxes, Compact, Level
from tracer.notation.plain import Plain
from tracer.show import addends, show
from tracer.spoken import Spoken

NAMES = 4.0  # where the first sign of a chain stands, in em
INDENT = 1.5
LEADING = 0.45  # between the lines of one formula
BETWEEN = 0.5  # between formulas
REMARK = 0.92  # the size of a remark
RUNNING = 0.86  # of the line above every page
WIDEST = 0.75  # of the column: a formula that is not broken
CHUNK = 6  # digits of a number that is broken
TALLEST = 0.2  # of a page: what stays together
SHORT, SMALLEST, GUTTER = 0.75, 0.87, 0.7  # for two columns: how many must fit, how much smaller, what is between
MANY = 8  # worked numbers that are worth setting smaller
TOGETHER, TWICE = 3, 8  # worked numbers that stay on one page: below each other, in two columns


class Setting:
    """Sets the blocks of one document, on a page so wide and so high."""

    def __init__(self, document: Document, width: float, height: float, others: Callable[[str], Box]) -> None:
        style = document.style
        self.spoken, self.say, self.is_form = Spoken(document), style.language.text, document.is_form
        self.boxes = Boxes(math_font(), style.signs, others)
        self.compact = Compact(math_font(), style.signs, others)
        self.level = Level(math_font(), style.signs, others)
        self.plain = Plain(style.signs)
        self.width, self.height = width, height
        self.named: dict[str, int] = {}

    def id(self, cell: str, view: str = "") -> str:
        """The name of a place that shows a cell, each another one: "weights[1,2]", "worked weights[1,2]", "… 2"."""
        if not cell:
            return ""
        name = f"{view} {cell}".strip()
        count = self.named[name] = self.named.get(name, 0) + 1
        return name if count == 1 else f"{name} {count}"

    # Formulas

    def inline(self, expr: Expr) -> Piece:
        """A formula in a line of text, the limits of its sums beside them."""
        return whole(fitted(show(expr, self.compact), self.width * WIDEST), self.spoken.inline(expr))

    def running(self, text: str) -> Piece:
        """The line above every page but the first; as large whatever it says, and never read aloud."""
        box = fitted(scaled(self.boxes.upright(text), RUNNING), self.width)
        return Piece(self.width, 1.0, 0.3, Node("Artifact", marks(box)))

    def equation(self, equation: Equation) -> Piece:
        """All sides, over several lines if they are too wide."""
        parts: list[Box] = []
        for sign, expr in equation.sides:
            words = self.boxes.upright(sign + " ") if sign.startswith(",") else None
            before = words or (self.boxes.operator(sign) if sign else space(0))
            parts += [row([before, first]) if n == 0 else first for n, first in enumerate(self.parts(expr, self.boxes))]
        return whole(paragraph(parts, self.width - 2 * INDENT, 2.0), self.spoken.equation(equation))

    def parts(self, expr: Expr, boxes: Boxes) -> list[Box]:
        """An expression as boxes between which a line may end: before the signs of a sum."""
        if not isinstance(expr, Add):
            return self.unbroken(expr, show(expr, boxes))
        parts = []
        for sign, body, box in addends(expr.terms, boxes):
            first, *others = self.unbroken(body, box)
            parts += [row([boxes.operator(sign), first]) if sign else first, *others]
        return parts

    def unbroken(self, expr: Expr, box: Box) -> list[Box]:
        """A box that a line can hold; a number of hundreds of digits on one line of text, to be broken anywhere."""
        if box.width <= self.width * WIDEST:
            return [box]
        text = show(expr, self.plain)
        return [self.boxes.upright(text[n : n + CHUNK]) for n in range(0, len(text), CHUNK)]

    # Worked numbers

    def chains(self, chains: Sequence[Chain]) -> Iterator[Piece]:
        """Worked numbers below each other, or in two columns where most are short; a piece for what stays together."""
        half = (self.width - INDENT) / 2
        worked = {id(chain): self.chain(chain) for chain in chains}
        usual = sorted(chain.natural for chain in worked.values())[int(SHORT * (len(chains) - 1))]
        size = min(1.0, (half - GUTTER) / usual)
        if len(chains) > 2 and (size == 1 or (len(chains) > MANY and size >= SMALLEST)):
            boxes = {key: scaled(chain.within((half - GUTTER) / size), size) for key, chain in worked.items()}
            for group in together(chains, TWICE):
                yield self.columns(group, boxes, half)
            return
        for group in together(chains, TOGETHER):
            nodes: list[Node] = []
            y = 0.0
            for chain in group:
                box = worked[id(chain)].within(self.width - INDENT)
                if nodes and y + box.total > self.height * TALLEST:
                    yield stacked(nodes, self.width, y)
                    nodes, y = [], 0.0
                nodes.append(self.worked(chain, box, INDENT, y + box.height))
                y += box.total + BETWEEN
            yield stacked(nodes, self.width, y)

    def columns(self, group: Sequence[Chain], boxes: Mapping[int, Box], half: float) -> Piece:
        """Two columns, read down the first and then down the second; rows of both on one baseline."""
        rows = (len(group) + 1) // 2
        y, base = 0.0, []
        for n in range(rows):
            pair = [boxes[id(chain)] for chain in group[n::rows]]
            base.append(y + max(box.height for box in pair))
            y = base[-1] + max(box.depth for box in pair) + BETWEEN
        nodes = [
            self.worked(chain, boxes[id(chain)], INDENT + half * (n // rows), base[n % rows])
            for n, chain in enumerate(group)
        ]
        return stacked(nodes, self.width, y)

    def worked(self, chain: Chain, box: Box, x: float, y: float) -> Node:
        """A worked number at a place."""
        return leaf("Formula", box, x, y, self.spoken.chain(chain), id_=self.id(chain.anchor, "worked"))

    def chain(self, chain: Chain, boxes: Boxes | None = None) -> Worked:
        """Name, links and remark as boxes between which a line may end."""
        boxes = boxes or self.compact
        name = show(chain.name, boxes)
        parts: list[Box] = []
        for n, (sign, expr) in enumerate(chain.links, 1):
            pieces = self.parts(expr, boxes)
            pieces[0] = row([boxes.operator(sign), pieces[0]])
            if n == len(chain.links):
                pieces[-1] = row([pieces[-1], boxes.upright(chain.unit)])
            parts += pieces
        if chain.remark:
            remark = row([boxes.upright("("), self.words(chain.remark), boxes.upright(")")])
            parts.append(row([space(0.5), scaled(remark, REMARK)]))
        return Worked(name, tuple(parts))

    # Words

    def words(self, line: Line) -> Box:
        """A line of words and formulas as one box."""
        boxes = self.compact
        return row(
            boxes.upright(p)
            if isinstance(p, str)
            else boxes.upright(p.text)
            if isinstance(p, Em)
            else self.words(p.line)
            if isinstance(p, Link)
            else show(p.expr, boxes)
            for p in line
        )

    def broken(self, line: Line) -> list[Inline]:
        """A line in parts between which it may be broken: behind every space."""
        return [bit for part in line for bit in (re.split(r"(?<= )", part) if isinstance(part, str) else [part])]


@dataclass(frozen=True, slots=True)
class Worked:
    """A worked number before its lines are broken; the first signs of all of them stand below each other."""

    name: Box
    parts: tuple[Box, ...]

    @property
    def start(self) -> float:
        """Where the first sign stands."""
        return max(NAMES, self.name.width)

    @property
    def natural(self) -> float:
        """The width of all in one line."""
        return self.start + sum(part.width for part in self.parts)

    def within(self, width: float) -> Box:
        """All of it, in lines no wider than this."""
        body = paragraph(self.parts, width - self.start, 1.2)
        return row([space(self.start - self.name.width), self.name, body])


def paragraph(parts: Sequence[Box], width: float, hanging: float) -> Box:
    """Boxes in lines no wider than `width`; lines after the first begin a little further in."""
    rows: list[list[Box]] = [[]]
    used = 0.0
    for part in (fitted(part, width - hanging) for part in parts):
        if used + part.width > width and rows[-1]:
            rows.append([space(hanging)])
            used = hanging
        rows[-1].append(part)
        used += part.width
    return lines([row(line) for line in rows], LEADING)


def fitted(box: Box, width: float) -> Box:
    """A box no wider than this: what cannot be broken is set smaller."""
    return box if box.width <= width else scaled(box, width / box.width)


def together(chains: Sequence[Chain], most: int) -> Iterator[list[Chain]]:
    """Worked numbers that stay on one page: the cells of one row of a matrix, or a few of a vector."""

    def first(chain: Chain) -> int:
        cell = chain.name
        return cell.at[0].shift if isinstance(cell, Cell) and len(cell.at) > 1 else 0

    for _, alike in groupby(chains, key=first):
        group = list(alike)
        parts = -(-len(group) // most)
        size = -(-len(group) // parts)
        yield from (group[n : n + size] for n in range(0, len(group), size))


def is_plain_number(expr: Expr) -> bool:
    """A number that is the same as text: no fraction, no root."""
    body = expr.body if isinstance(expr, Neg) else expr
    return isinstance(body, Num) and (body.places is not None or body.value.denominator == 1)
