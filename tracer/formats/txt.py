"""A document as plain text, for the terminal and for files."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence
from itertools import zip_longest

from tracer.document import (
    FILLED,
    Blank,
    Block,
    Card,
    Chain,
    Checks,
    Document,
    Em,
    Entry,
    Equation,
    Fields,
    Grid,
    Heading,
    Judged,
    Ledger,
    Line,
    Link,
    Picture,
    Room,
    Text,
    Together,
    Writing,
    bands,
)
from tracer.expr import Expr
from tracer.formats import documents
from tracer.notation.plain import Plain
from tracer.show import show
from tracer.style import Style

SIGNS = {True: "✓", False: "✗", None: "–"}
RULES = {1: "═", 2: "─"}
EMPTY, LINE = "_____", "____________"  # to fill in: an entry of a matrix, a name
LAST = 24  # characters that the last column of a ledger wants at least, if it has so many


@documents.register(".txt")
def txt(document: Document, width: int | None = None) -> bytes:
    """UTF-8 text, as wide as the style or `width` says, but for formulas that cannot be cut."""
    style, text = document.style, PlainText(document.style, width)
    parts = [" · ".join(part for part in (style.course, style.name, style.date) if part)]
    parts.append(text.block(Heading(document.title, 1)))
    if document.source:
        parts.append(style.language.text("Source: {source}", source=document.source))
    parts += [text.block(b) for b in document.blocks]
    return ("\n\n".join(part for part in parts if part) + "\n").encode()


class PlainText:
    """Blocks as text, in the signs of one house style, so many columns wide."""

    def __init__(self, style: Style, width: int | None = None) -> None:
        self.plain, self.say, self.width = Plain(style.signs), style.language, width or style.line

    def text(self, expr: Expr) -> str:
        """A formula."""
        return show(expr, self.plain)

    def entry(self, cell: Entry) -> list[str]:
        """An entry of a grid, a word that stands in its place, or what was filled in, with its verdict below."""
        if isinstance(cell, Blank):
            others = [f"({self.text(cell.otherwise)})"] if cell.otherwise else []
            return [EMPTY] if cell.answer is None else self.entry(cell.answer) + others
        if isinstance(cell, Judged):
            return [*textwrap.wrap(cell.text, FILLED), f"{cell.sign} {cell.word}"]
        return [cell if isinstance(cell, str) else self.text(cell)]

    def line(self, parts: Line) -> str:
        """A line of words and formulas."""
        return "".join(
            p
            if isinstance(p, str)
            else self.quoted(p.text)
            if isinstance(p, Em)
            else self.line(p.line)
            if isinstance(p, Link)
            else self.text(p.expr)
            for p in parts
        )

    def filled(self, text: str, first: str = "", others: str = "") -> str:
        """A text in lines that fit."""
        return textwrap.fill(text, self.width, initial_indent=first, subsequent_indent=others, break_long_words=False)

    def quoted(self, word: str) -> str:
        """A word of the sentence that is being worked, in the language's quotes."""
        return self.say.text("“{word}”", word=word)

    def block(self, b: Block) -> str:
        """One block as text."""
        match b:
            case Heading(title, level):
                rule = RULES.get(level)
                return f"{title}\n{rule * min(len(title), self.width)}" if rule else title
            case Text(words):
                return self.filled(self.line(words))
            case Equation(sides, remark):
                parts = [f"{sign} {self.text(expr)}" for sign, expr in sides]
                shown = "".join(part if part.startswith(",") else f" {part.strip()}" for part in parts)
                return f"   {shown}" + (f"    {self.line(remark)}" if remark else "")
            case Chain(name, links, remark, _, unit):
                worked = [(sign, self.text(expr)) for sign, expr in links]
                return _chain(self.text(name), worked, unit, self.line(remark), self.width)
            case Grid():
                return self.grid(b)
            case Card(title, entries):
                wide = max(len(key) for key, _ in entries) + 2
                rows = [
                    textwrap.fill(f"  {key:<{wide}}{self.line(words)}", self.width, subsequent_indent=" " * (wide + 2))
                    for key, words in entries
                ]
                return "\n".join([title, *rows])
            case Checks(entries):
                return "\n".join(
                    textwrap.fill(f"  {SIGNS[ok]} {self.line(words)}", self.width, subsequent_indent="    ")
                    for ok, words in entries
                )
            case Picture(_, caption, says):
                return "\n".join(textwrap.fill(part, self.width) for part in (self.line(caption), f"[{says}]") if part)
            case Ledger(columns, entries):
                return self.ledger(columns, entries)
            case Room(entries):
                return "\n".join(self.room(writing) for beside in entries for writing in beside)
            case Fields(entries):
                return "   ".join(f"{one.label}: {one.text or LINE} {one.after}".rstrip() for one in entries)
            case Together((Heading(title), Grid() as grid)) if grid.is_calm:
                return f"{title}    {tally(grid)}"
            case Together(blocks):
                return "\n\n".join(self.block(inner) for inner in blocks)

    def grid(self, grid: Grid) -> str:
        """A matrix with its labels, in bands that fit the width."""
        remark = self.line(grid.remark)
        name = f"    {self.text(grid.name)} {grid.sign}".rstrip() + (f"    ({remark})" if remark else "")
        if grid.is_calm:
            return f"{name}    {tally(grid)}"
        parts = [name]
        for columns in bands(grid, self.width - 8, lambda cell: max(map(len, self.entry(cell)))):
            head = ["", *(grid.columns[c] for c in columns)]
            shown = [head] if any(head) else []
            for label, row in zip(grid.rows, grid.cells, strict=True):
                entries = [self.entry(row[c]) for c in columns]
                shown += map(list, zip_longest([label], *entries, fillvalue=""))
            wide = [max(len(row[n]) for row in shown) for n in range(len(head))]
            for line in shown:
                cells = [f"{line[0]:<{wide[0]}}", *(f"{cell:>{w}}" for cell, w in zip(line[1:], wide[1:], strict=True))]
                parts.append("      " + "   ".join(cells).rstrip())
            parts.append("")
        return "\n".join(parts).rstrip()

    def room(self, writing: Writing) -> str:
        """A number's name and a line to write on, or its working."""
        if writing.chain is not None:
            return self.block(writing.chain)
        name, others = f"    {self.text(writing.name)} = ", writing.lines - 1
        return "\n".join([name + "_" * (self.width - len(name)), *["    " + "_" * (self.width - 4)] * others])

    def ledger(self, columns: Sequence[str], entries: Sequence[Sequence[Line]]) -> str:
        """Columns below their heads, the last over several lines; entries below each other where that is too wide."""
        rows = [list(columns), *([self.line(part) for part in entry] for entry in entries)]
        wide = [max(len(row[n]) for row in rows) + 3 for n in range(len(columns) - 1)]
        left, last = sum(wide) + 4, max(len(row[-1]) for row in rows)
        if left + min(last, LAST) > self.width:
            return "\n\n".join(self.told(columns, row) for row in rows[1:])
        before = ["    " + "".join(f"{part:<{w}}" for part, w in zip(row, wide, strict=False)) for row in rows]
        lines = [self.filled(row[-1], start, " " * left) for start, row in zip(before, rows, strict=True)]
        return "\n".join(line.rstrip() or start.rstrip() for line, start in zip(lines, before, strict=True))

    def told(self, columns: Sequence[str], row: Sequence[str]) -> str:
        """One row of a wide ledger, an entry below the other."""
        told = [f"{head}: {part}" for head, part in zip(columns[1:], row[1:], strict=True) if part]
        return "\n".join([f"    {row[0]}", *(self.filled(line, " " * 6, " " * 8) for line in told)])


def tally(grid: Grid) -> str:
    """How many entries got which verdict: ✓ 12 right  ✓ 4 right by hand."""
    counts = Counter((cell.sign, cell.word) for row in grid.cells for cell in row if isinstance(cell, Judged))
    return "  ".join(f"{sign} {n} {word}" for (sign, word), n in counts.items())


def _chain(name: str, links: Sequence[tuple[str, str]], unit: str, remark: str, width: int) -> str:
    """All on one line where it fits, else a line for each link."""
    parts = [f"{sign} {shown}".strip() for sign, shown in links]
    parts = [*parts[:-1], parts[-1] + unit] + ([f"({remark})"] if remark else [])
    one = f"    {name} " + " ".join(parts)
    if len(one) <= width:
        return one
    indent = " " * (len(name) + 5)
    lines, current = [], f"    {name}"
    for part in parts:
        if len(current) + 1 + len(part) > width and current.strip() != name:
            lines.append(current)
            current = indent + part
        else:
            current += f" {part}"
    return "\n".join([*lines, current])
