"""A document as plain text, for the terminal and for files."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from tracer.document import (
    Block,
    Card,
    Chain,
    Checks,
    Document,
    Em,
    Equation,
    Grid,
    Heading,
    Line,
    Picture,
    Text,
    Together,
    bands,
)
from tracer.expr import Expr
from tracer.formats import documents
from tracer.notation.plain import Plain
from tracer.show import show
from tracer.style import Style

WIDTH = 100
SIGNS = {True: "✓", False: "✗", None: "–"}
RULES = {1: "═", 2: "─"}


@documents.register(".txt")
def txt(document: Document) -> bytes:
    """UTF-8 text, at most 100 columns wide but for formulas that cannot be cut."""
    style, text = document.style, PlainText(document.style)
    parts = [" · ".join(part for part in (style.course, style.name, style.date) if part)]
    parts.append(text.block(Heading(document.title, 1)))
    if document.source:
        parts.append(style.language.text("Source: {source}", source=document.source))
    parts += [text.block(b) for b in document.blocks]
    return ("\n\n".join(part for part in parts if part) + "\n").encode()


class PlainText:
    """Blocks as text, in the signs of one house style."""

    def __init__(self, style: Style) -> None:
        self.plain, self.say = Plain(style.signs), style.language

    def text(self, expr: Expr | str) -> str:
        """A formula, or a word that stands in its place."""
        return expr if isinstance(expr, str) else show(expr, self.plain)

    def line(self, parts: Line) -> str:
        """A line of words and formulas."""
        return "".join(
            p if isinstance(p, str) else self.quoted(p.text) if isinstance(p, Em) else self.text(p.expr) for p in parts
        )

    def quoted(self, word: str) -> str:
        """A word of the sentence that is being worked, in the language's quotes."""
        return self.say.text("“{word}”", word=word)

    def block(self, b: Block) -> str:
        """One block as text."""
        match b:
            case Heading(title, level):
                rule = RULES.get(level)
                return f"{title}\n{rule * min(len(title), WIDTH)}" if rule else title
            case Text(words):
                return textwrap.fill(self.line(words), WIDTH, break_long_words=False)
            case Equation(sides, remark):
                parts = [f"{sign} {self.text(expr)}" for sign, expr in sides]
                shown = "".join(part if part.startswith(",") else f" {part.strip()}" for part in parts)
                return f"   {shown}" + (f"    {self.line(remark)}" if remark else "")
            case Chain(name, links, remark, _, unit):
                return _chain(
                    self.text(name), [(sign, self.text(expr)) for sign, expr in links], unit, self.line(remark)
                )
            case Grid():
                return self.grid(b)
            case Card(title, entries):
                wide = max(len(key) for key, _ in entries) + 2
                rows = [
                    textwrap.fill(f"  {key:<{wide}}{self.line(words)}", WIDTH, subsequent_indent=" " * (wide + 2))
                    for key, words in entries
                ]
                return "\n".join([title, *rows])
            case Checks(entries):
                return "\n".join(
                    textwrap.fill(f"  {SIGNS[ok]} {self.line(words)}", WIDTH, subsequent_indent="    ")
                    for ok, words in entries
                )
            case Picture(_, caption, says):
                return "\n".join(textwrap.fill(part, WIDTH) for part in (self.line(caption), f"[{says}]") if part)
            case Together(blocks):
                return "\n\n".join(self.block(inner) for inner in blocks)

    def grid(self, grid: Grid) -> str:
        """A matrix with its labels, in bands that fit the width."""
        text = self.text
        remark = self.line(grid.remark)
        parts = [f"    {text(grid.name)} {grid.sign}" + (f"    ({remark})" if remark else "")]
        for columns in bands(grid, WIDTH - 8, lambda cell: len(text(cell))):
            head = ["", *(grid.columns[c] for c in columns)]
            rows = [[label, *(text(row[c]) for c in columns)] for label, row in zip(grid.rows, grid.cells, strict=True)]
            shown = [head, *rows] if any(head) else rows
            wide = [max(len(row[n]) for row in shown) for n in range(len(head))]
            for row in shown:
                cells = [f"{row[0]:<{wide[0]}}", *(f"{cell:>{w}}" for cell, w in zip(row[1:], wide[1:], strict=True))]
                parts.append("      " + "   ".join(cells).rstrip())
            parts.append("")
        return "\n".join(parts).rstrip()


def _chain(name: str, links: Sequence[tuple[str, str]], unit: str, remark: str) -> str:
    """All on one line where it fits, else a line for each link."""
    parts = [f"{sign} {shown}".strip() for sign, shown in links]
    parts = [*parts[:-1], parts[-1] + unit] + ([f"({remark})"] if remark else [])
    one = f"    {name} " + " ".join(parts)
    if len(one) <= WIDTH:
        return one
    indent = " " * (len(name) + 5)
    lines, current = [], f"    {name}"
    for part in parts:
        if len(current) + 1 + len(part) > WIDTH and current.strip() != name:
            lines.append(current)
            current = indent + part
        else:
            current += f" {part}"
    return "\n".join([*lines, current])
