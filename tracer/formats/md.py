r"""A document as Markdown that GitHub renders, and that reads as plain text too.

Traps of GitHub's formulas, and what is done about them. Displayed formulas stand in ```math fences, in which Markdown
changes nothing. A formula in a line stands between dollars, where Markdown works first and the formula is set from
what it leaves over:

    \\ \{ \% \,     lose their backslash          \\ is written \cr; the others stand in $`…`$, where nothing is lost
    )_{ic} … )_{jc} becomes italic between the _  a blank after the _, which then opens nothing
    |               ends the cell of a table      \vert
    < and >         begin a tag                   \lt and \gt
    a$x$            is no formula                 a blank or an opening bracket always stands before the dollar
    *…$x$*          italics end in no formula     reasons are quotations, not italics

What people typed has a backslash before every sign that would mean something. GitHub finds dollars, @ and :emoji: in
the finished text, where a backslash is gone: they stand in a <span>.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tracer.aligned import Rows, in_turn
from tracer.document import (
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
    Writing,
    bands,
)
from tracer.expr import Neg, Num
from tracer.formats import documents
from tracer.notation.latex import Latex
from tracer.notation.plain import Plain
from tracer.show import show
from tracer.style import Style

WIDTH = 100  # characters of a table before it is cut into bands
COLUMN = 46.0  # em that a formula may be wide on GitHub's page
SIGNS = {"=": " =", "≈": r" \approx", "": ""}
RELATIONS = {"=": "=", "≈": r"\approx"}
BLANK, LINE = r"\_" * 5, r"\_" * 12  # to fill in: an entry of a matrix, a name
MARKS = {True: "✓", False: "✗", None: "–"}
MEANS_SOMETHING = re.compile(r"[\\`*_\[\]<>#|~&$@]|:(?=[\w+-]+:)")
IN_OTHER_WAYS = {
    "<": "&lt;",
    ">": "&gt;",
    "&": "&amp;",
    "$": r"<span>\$</span>",
    "@": "<span>@</span>",
    ":": "<span>:</span>",
}
BEGINS_A_LIST = re.compile(r"^([-+=]|\d+(?=[.)]))")
SHOWN_AS_WRITTEN = re.compile(r"\\[^A-Za-z]")
EMPHASIS = re.compile(r"(?<![A-Za-z0-9])_")


@documents.register(".md")
def md(document: Document) -> bytes:
    """GitHub's Markdown in UTF-8."""
    return Page(document.style).source(document).encode()


class Page:
    """Blocks as Markdown, in one house style."""

    def __init__(self, style: Style) -> None:
        self.style, self.tex, self.plain = style, Latex(style.signs), Plain(style.signs)
        self.rows = Rows(style.signs, in_formula, COLUMN, lambda source, width: source)

    def source(self, document: Document) -> str:
        """The whole page."""
        style, say = self.style, self.style.language.text
        parts = [paragraph(" · ".join(typed(part) for part in (style.course, style.name, style.date) if part))]
        parts.append(f"# {typed(document.title)}")
        if document.source:
            parts.append(paragraph(typed(say("Source: {source}", source=document.source))))
        parts += map(self.block, in_turn(document.blocks))
        return "\n\n".join(part for part in parts if part) + "\n"

    def block(self, block: Block | list[Chain]) -> str:
        """One block, or the chains that follow each other."""
        match block:
            case list():
                return self.chains(block)
            case Heading(text, level):
                return f"{'#' * level} {typed(text)}"
            case Text(line, "why"):
                return f"> {paragraph(self.line(line))}"
            case Text(line):
                return paragraph(self.line(line))
            case Equation(_, remark):
                shown = fence("gathered", self.rows.equation(block))
                return f"{shown}\n\n{self.line(remark)}" if remark else shown
            case Grid():
                return self.grid(block)
            case Card(title, entries):
                rows = "\n".join(f"- **{typed(key)}:** {self.line(line)}" for key, line in entries)
                return f"### {typed(title)}\n\n{rows}"
            case Checks(entries):
                return "\n".join(f"- {MARKS[holds]} {self.line(line)}" for holds, line in entries)
            case Ledger(columns, entries):
                told = [[typed(head) for head in columns], *([self.line(part) for part in row] for row in entries)]
                return table(told, "l" * len(columns))
            case Room(entries):
                return "\n".join(f"- {self.room(writing)}" for beside in entries for writing in beside)
            case Fields(entries):
                fields = [f"{typed(one.label)}: {typed(one.text) or LINE} {typed(one.after)}" for one in entries]
                return paragraph(" · ".join(field.rstrip() for field in fields))
            case Picture(_, caption, says):
                return f"> {self.line(caption)}\n>\n> {typed(says)}"
        raise TypeError(f"no way to write {block!r}")

    def chains(self, chains: Sequence[Chain]) -> str:
        """Worked numbers below each other, aligned at their first sign."""
        return fence("aligned", self.rows.chains(chains))

    def room(self, writing: Writing) -> str:
        """A number's name and a line to write on, or its working."""
        if writing.chain is None:
            return f"{inline(show(writing.name, self.tex) + ' =')} {LINE * 3}"
        links = [f"{RELATIONS[sign]} {show(expr, self.tex)}" for sign, expr in writing.chain.links]
        remark = f" ({self.line(writing.chain.remark)})" if writing.chain.remark else ""
        return inline(f"{show(writing.name, self.tex)} {' '.join(links)}") + typed(writing.chain.unit) + remark

    def grid(self, grid: Grid) -> str:
        """A matrix with its labels as tables; its name stands in the corner."""
        remark = self.line(grid.remark)
        name = inline(f"{show(grid.name, self.tex)}{SIGNS[grid.sign]}")
        parts = [remark] if remark else []
        for columns in bands(grid, WIDTH, self.measure):
            rows = [[name, *(typed(grid.columns[c]) for c in columns)]]
            for label, row in zip(grid.rows, grid.cells, strict=True):
                rows.append([f"**{typed(label)}**" if label else "", *(self.entry(row[c]) for c in columns)])
            parts.append(table(rows, "l" + "r" * len(columns)))
        return "\n\n".join(parts)

    def entry(self, cell: Entry) -> str:
        """An entry of a grid: a number as text, which reads better in the source, all else as a formula."""
        if isinstance(cell, Blank):
            other = f" ({self.entry(cell.otherwise)})" if cell.otherwise else ""
            return BLANK if cell.answer is None else self.entry(cell.answer) + other
        if isinstance(cell, Judged):
            word = f"**{typed(cell.word)}**" if cell.tone == "strong" else typed(cell.word)
            return f"{typed(cell.text)} {cell.sign} {word}".lstrip()
        if isinstance(cell, str):
            return typed(cell)
        number = cell.body if isinstance(cell, Neg) else cell
        if isinstance(number, Num) and (number.places is not None or number.value.denominator == 1):
            return show(cell, self.plain)
        return inline(show(cell, self.tex))

    def measure(self, cell: Entry) -> int:
        """How wide an entry is, in characters, when it is shown."""
        if isinstance(cell, Blank):
            return len(BLANK) if cell.answer is None else self.measure(cell.answer)
        if isinstance(cell, Judged):
            return len(f"{cell.text} {cell.sign} {cell.word}")
        return len(cell if isinstance(cell, str) else show(cell, self.plain))

    def line(self, line: Line) -> str:
        """Words and formulas."""
        return "".join(
            typed(p)
            if isinstance(p, str)
            else f"“{typed(p.text)}”"
            if isinstance(p, Em)
            else self.line(p.line)
            if isinstance(p, Link)
            else inline(show(p.expr, self.tex))
            for p in line
        )


def inline(source: str) -> str:
    """A formula in a line, so that what Markdown leaves over is still the formula."""
    source = source.replace(r" \\ ", r" \cr ").replace("|", r"\vert ").replace("<", r"\lt ").replace(">", r"\gt ")
    if SHOWN_AS_WRITTEN.search(source) or "`" in source:
        return f"$`{source.replace('`', chr(0x2019))}`$"
    return f"${EMPHASIS.sub('_ ', source.strip())}$"


def typed(text: str) -> str:
    """What people typed, so that every character stands for itself."""
    line = "".join(" " if c.isspace() and c != "\u00a0" else c for c in text)
    return MEANS_SOMETHING.sub(lambda sign: IN_OTHER_WAYS.get(sign[0], f"\\{sign[0]}"), line)


def paragraph(source: str) -> str:
    """A paragraph that begins with a number or a dash, and is no list for that."""
    return BEGINS_A_LIST.sub(lambda sign: f"{sign[0]}\\" if sign[0].isdigit() else f"\\{sign[0]}", source)


def in_formula(text: str) -> str:
    """Words inside a formula: MathJax takes them as they are, but for its own signs."""
    return "".join(c for c in text if c not in r"\{}$%#&_^~")


def fence(environment: str, rows: Sequence[str]) -> str:
    """Rows of a displayed formula."""
    body = " \\\\\n".join(rows)
    if len(rows) > 1 or "&" in body:
        body = f"\\begin{{{environment}}}\n{body}\n\\end{{{environment}}}"
    return f"```math\n{body}\n```"


def table(rows: Sequence[Sequence[str]], sides: str) -> str:
    """A table with pipes, its columns below each other in the source too."""
    wide = [max(3, *(len(row[n]) for row in rows)) for n in range(len(sides))]
    lines = [
        "| "
        + " | ".join(f"{cell:{'>' if side == 'r' else '<'}{w}}" for cell, side, w in zip(row, sides, wide, strict=True))
        + " |"
        for row in rows
    ]
    rule = (
        "| "
        + " | ".join("-" * (w - 1) + (":" if side == "r" else "-") for side, w in zip(sides, wide, strict=True))
        + " |"
    )
    return "\n".join([lines[0], rule, *lines[1:]])
