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
from tracer.notation.plain import plain
from tracer.show import show

WIDTH = 100
SIGNS = {True: "✓", False: "✗", None: "–"}
RULES = {1: "═", 2: "─"}


@documents.register(".txt")
def txt(document: Document) -> bytes:
    """UTF-8 text, at most 100 columns wide but for formulas that cannot be cut."""
    parts = [block(Heading(document.title, 1))]
    if document.source:
        parts.append(f"Source: {document.source}")
    parts += [block(b) for b in document.blocks]
    return ("\n\n".join(part for part in parts if part) + "\n").encode()


def text(expr: Expr | str) -> str:
    """A formula, or a word that stands in its place."""
    return expr if isinstance(expr, str) else show(expr, plain)


def line(parts: Line) -> str:
    """A line of words and formulas."""
    return "".join(p if isinstance(p, str) else f"“{p.text}”" if isinstance(p, Em) else text(p.expr) for p in parts)


def block(b: Block) -> str:
    """One block as text."""
    match b:
        case Heading(title, level):
            rule = RULES.get(level)
            return f"{title}\n{rule * min(len(title), WIDTH)}" if rule else title
        case Text(words):
            return textwrap.fill(line(words), WIDTH, break_long_words=False)
        case Equation(sides, remark):
            shown = " ".join(f"{sign} {text(expr)}".strip() for sign, expr in sides).replace(" , that", ", that")
            return f"    {shown}" + (f"    {line(remark)}" if remark else "")
        case Chain(name, links, remark, _, unit):
            return _chain(text(name), [(sign, text(expr)) for sign, expr in links], unit, line(remark))
        case Grid():
            return _grid(b)
        case Card(title, entries):
            wide = max(len(key) for key, _ in entries) + 2
            rows = [
                textwrap.fill(f"  {key:<{wide}}{line(words)}", WIDTH, subsequent_indent=" " * (wide + 2))
                for key, words in entries
            ]
            return "\n".join([title, *rows])
        case Checks(entries):
            return "\n".join(
                textwrap.fill(f"  {SIGNS[ok]} {line(words)}", WIDTH, subsequent_indent="    ") for ok, words in entries
            )
        case Picture(_, _, says):
            return textwrap.fill(f"[{says}]", WIDTH)
        case Together(blocks):
            return "\n\n".join(block(inner) for inner in blocks)


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


def _grid(grid: Grid) -> str:
    title = f"    {text(grid.name)} {grid.sign}" + (
        f"    ({line(grid.remark)})" if grid.remark and line(grid.remark) else ""
    )
    parts = [title]
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
