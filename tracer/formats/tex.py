r"""A document as a LaTeX article for plain pdflatex: LaTeX's base and recommended packages, nothing else.

What a person typed is text and never a command; what pdflatex has no characters for is spelled out in square brackets
(`tex_words.py`). Pictures are drawn with pdfTeX's own `\pdfliteral`, which needs no package. Of the house style,
`font`, `css` and `templates` have no meaning here.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from tracer import __version__
from tracer.aligned import RELATIONS, Rows, in_turn
from tracer.document import (
    FILLED,
    HEAD,
    LABEL,
    Blank,
    Block,
    Card,
    Chain,
    Checks,
    Document,
    Em,
    Entry,
    Equation,
    Field,
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
from tracer.drawing import Area, Drawing, Label, Point, Stroke, head, shaft
from tracer.expr import Expr
from tracer.formats import documents
from tracer.notation.latex import Latex, Level
from tracer.show import show
from tracer.style import Style, four
from tracer.tex_words import readable, words

POINTS = {"mm": 72.27 / 25.4, "cm": 722.7 / 25.4, "in": 72.27, "pt": 1.0}  # TeX's points in a length
PAPER = {
    "A4": ("a4paper", 210 / 25.4 * 72.27),
    "letter": ("letterpaper", 8.5 * 72.27),
    "slides": ("paperwidth=280mm,paperheight=157.5mm", 280 / 25.4 * 72.27),
}
INDENT = 1.5  # em before a displayed formula
ROWS = 36  # rows of a grid before it is cut
BOX = 4.2  # em that a box to fill in is wide
CHARACTER = 0.52  # em that a character of a grid takes
TALL, ROOM = 1.3, 0.15  # em: an entry that is taller than a line gets room above and below
SIGNS = {"=": " =", "≈": r" \approx", "": ""}
VERDICTS = {"✓": r"$\checkmark$", "✗": r"$\times$", "→": r"$\to$", "≈": r"$\approx$", "–": "--"}
TONES = {"": "{}", "light": r"\colorbox[gray]{{0.95}}{{{}}}", "strong": r"\colorbox[gray]{{0.82}}{{\bfseries {}}}"}
MARKS = {True: r"$\checkmark$", False: r"$\times$", None: "--"}
TEXTS = {"": "{}", "why": r"\textit{{{}}}", "note": r"{{\small {}}}", "aside": "{}"}
PREAMBLE = r"""% Written by tracer {version}. Typeset it with:  pdflatex FILE.tex
% What pdflatex has no characters for is spelled out in square brackets.
\documentclass[fleqn]{{article}}
\usepackage[utf8]{{inputenc}}
{language}\usepackage{{fix-cm}}
\usepackage[fontsize={text}]{{scrextend}}
\usepackage[{paper},{margins}]{{geometry}}
\usepackage{{amsmath,amssymb,array,booktabs,color,graphicx}}
\usepackage[expansion=false]{{microtype}}
\setlength{{\parindent}}{{0pt}}
\setlength{{\parskip}}{{0.5em plus 0.2em}}
\setlength{{\mathindent}}{{{indent}em}}
\setlength{{\emergencystretch}}{{6em}}
\setlength{{\jot}}{{0.5em}}
\allowdisplaybreaks
\newcommand{{\grid}}[1]{{\par\medskip\sbox0{{#1}}\hspace*{{\mathindent}}%
  \ifdim\wd0>\dimexpr\linewidth-\mathindent\relax\resizebox{{\dimexpr\linewidth-\mathindent}}{{!}}{{\usebox0}}%
  \else\usebox0\fi\par\medskip}}
\begin{{document}}
"""


@documents.register(".tex")
def tex(document: Document) -> bytes:
    """LaTeX source in UTF-8, the same bytes every time."""
    return Article(document.style).source(document).encode()


class Article:
    """Blocks as LaTeX, in one house style."""

    def __init__(self, style: Style) -> None:
        self.style, self.tex, self.level = style, Latex(style.signs), Level(style.signs)
        self.em = points(style.text)
        above, right, below, left = four(style.margins)
        self.margins = f"top={above},right={right},bottom={below},left={left}"
        self.paper, paper_width = PAPER[style.size]
        self.width = (paper_width - points(left) - points(right)) / self.em - INDENT
        self.rows = Rows(style.signs, words, self.width, self.fitted)

    def source(self, document: Document) -> str:
        """The whole article."""
        style, lang = self.style, self.style.language
        known = {"version": __version__, "paper": self.paper, "text": style.text, "margins": self.margins}
        babel = rf"\usepackage{{babel}}\babelprovide[import={lang.code},main]{{{lang.code}}}"
        language = f"\\IfFileExists{{babel-{lang.code}.ini}}{{{babel}}}{{}}\n" if lang.code != "en" else ""
        parts = [PREAMBLE.format(**known, language=language, indent=INDENT) + self.title(document)]
        parts += map(self.block, in_turn(document.blocks))
        return re.sub(r"\n\n(?=\\begin{(gather|align)\*})", "\n", "\n\n".join(parts)) + "\n\n\\end{document}\n"

    def title(self, document: Document) -> str:
        """The title block: course, name and date in one line, the title, the source."""
        style = self.style
        parts = []
        if style.course or style.name or style.date:
            beside = r"\quad ".join(words(part) for part in (style.name, style.date) if part)
            parts.append(rf"{words(style.course)}\hfill {beside}\par")
        parts.append(rf"{{\LARGE\bfseries\raggedright {words(document.title)}\par}}")
        if document.source:
            source = style.language.text("Source: {source}", source=document.source)
            parts.append(rf"{{\small\raggedright {words(source)}\par}}")
        return "\n".join(parts)

    def block(self, block: Block | list[Chain]) -> str:
        """One block, or the chains that follow each other."""
        match block:
            case list():
                return self.chains(block)
            case Heading(text, level):
                return rf"\{'section' if level < 3 else 'subsection'}*{{{words(text)}}}"
            case Text(line, kind):
                return TEXTS[kind].format(self.line(line))
            case Equation(_, remark):
                return display("gather*", self.equation(block, remark))
            case Grid():
                return self.grid(block)
            case Card(title, entries):
                return self.card(title, entries)
            case Checks(entries):
                items = "\n".join(rf"\item[{MARKS[holds]}] {self.line(line)}" for holds, line in entries)
                return f"\\begin{{itemize}}\n{items}\n\\end{{itemize}}"
            case Ledger(columns, entries):
                return self.ledger(columns, entries)
            case Room(entries, beside):
                return "\n".join(self.room(line, beside) for line in entries)
            case Fields(entries):
                return self.fields(entries)
            case Picture(drawing, caption, says):
                return self.picture(drawing, caption, says)
        raise TypeError(f"no way to write {block!r}")

    def line(self, line: Line) -> str:
        """Words and formulas."""
        parts = (
            words(p)
            if isinstance(p, str)
            else words(f"“{p.text}”")
            if isinstance(p, Em)
            else self.line(p.line)
            if isinstance(p, Link)
            else self.math(p.expr)
            for p in line
        )
        return "".join(parts)

    def math(self, expr: Expr) -> str:
        """A formula in a line of text."""
        return f"${show(expr, self.tex)}$"

    # Displayed formulas

    def chains(self, chains: Sequence[Chain]) -> str:
        """Worked numbers below each other, aligned at their first sign."""
        return display("align*", self.rows.chains(chains))

    def equation(self, equation: Equation, remark: Line) -> list[str]:
        """The formula, and in a row of its own what is said of it."""
        said = [rf"\text{{\small {self.line(remark)}}}"] if remark else []
        return [*self.rows.equation(equation), *said]

    def fitted(self, source: str, width: float) -> str:
        """What cannot be broken, set smaller."""
        return rf"\resizebox{{{width:.1f}em}}{{!}}{{$\displaystyle {source}$}}"

    # To be filled in

    def room(self, beside: Sequence[Writing], most: int) -> str:
        """Lines to write on, beside each other; what is worked already stands on them."""
        parts = [rf"\parbox[t]{{{0.98 / most:.3f}\linewidth}}{{{self.writing(one)}}}" for one in beside]
        return r"\par\noindent " + r"\hfill ".join(parts) + r"\par\vspace{1.1em}"

    def writing(self, writing: Writing) -> str:
        """A number's name and dotted lines, or its working."""
        if writing.chain is None:
            first = rf"$ {show(writing.name, self.level)} = $ \dotfill\mbox{{}}"
            return r"\\[1.1em] ".join([first, *[r"\mbox{}\dotfill\mbox{}"] * (writing.lines - 1)])
        chain = writing.chain
        links = " ".join(f"{RELATIONS[sign]} {show(expr, self.level)}" for sign, expr in chain.links)
        remark = rf" {{\small ({self.line(chain.remark)})}}" if chain.remark else ""
        return f"${show(chain.name, self.tex)} {links}${words(chain.unit)}{remark}"

    def fields(self, entries: Sequence[Field]) -> str:
        """Words with a line behind each."""
        total = sum(field.share for field in entries)
        parts = [
            rf"\makebox[{0.96 * field.share / total:.3f}\linewidth][l]"
            rf"{{{words(field.label)} {words(field.text) if field.text else chr(92) + 'dotfill'} {words(field.after)}}}"
            for field in entries
        ]
        return rf"\par\noindent {' '.join(parts)}\par"

    # Grids and tables

    def grid(self, grid: Grid) -> str:
        """A matrix with its labels, in as many pieces as the page wants."""
        remark = self.line(grid.remark)
        parts = [rf"\hspace*{{\mathindent}}{{\small {remark}}}\nopagebreak"] if remark else []
        most = int((self.width - 3) / CHARACTER)
        for columns in bands(grid, most, self.measure):
            cuts = range(0, len(grid.rows), ROWS)
            parts += [self.piece(grid, columns, range(len(grid.rows))[cut : cut + ROWS]) for cut in cuts]
        return "\n\n".join(parts)

    def piece(self, grid: Grid, columns: range, rows: range) -> str:
        """Some rows and columns of a grid as a table."""
        lines = [
            " & ".join([stacked(grid.rows[r], LABEL, "[t]{@{}l@{}}"), *(self.entry(grid.cells[r][c]) for c in columns)])
            for r in rows
        ]
        if any(grid.columns):
            top = ["", *(stacked(grid.columns[c], HEAD, "[b]{@{}r@{}}") for c in columns)]
            lines = [" & ".join(top) + r" \\ \midrule", *(f"{line} \\\\" for line in lines)]
        else:
            lines = [f"{line} \\\\" for line in lines]
        name = f"${show(grid.name, self.tex)}{SIGNS[grid.sign]}$\\quad\n"
        body = "\n".join(lines)
        table = f"\\begin{{tabular}}{{@{{}}l{'r' * len(columns)}@{{}}}}\n{body}\n\\end{{tabular}}"
        return f"\\grid{{{name}{table}}}"

    def entry(self, cell: Entry) -> str:
        """An entry of a grid; a word stands where there is no value."""
        if isinstance(cell, Blank):
            return rf"\framebox[{BOX}em]{{\rule[-0.8em]{{0pt}}{{2.2em}}{self.answer(cell)}}}"
        if isinstance(cell, Judged):
            return self.judged(cell)
        if isinstance(cell, str):
            return rf"\textit{{{words(cell)}}}"
        box = show(cell, self.rows.ruler)
        strut = rf"\rule[{-box.depth - ROOM:.2f}em]{{0pt}}{{{box.total + 2 * ROOM:.2f}em}}" if box.total > TALL else ""
        return strut + self.math(cell)

    def answer(self, cell: Blank) -> str:
        """What stands in a box on the key, another right answer in brackets below it; nothing on the sheet."""
        told = cell.answer or ""
        first = words(told) if isinstance(told, str) else f"${show(told, self.level)}$"
        if cell.otherwise is None:
            return first
        return rf"\raisebox{{-0.3em}}{{\shortstack{{{first}\\{{\scriptsize (${show(cell.otherwise, self.level)}$)}}}}}}"

    def judged(self, cell: Judged) -> str:
        """What was filled in, its verdict below."""
        lines = textwrap.wrap(readable(cell.text), FILLED) or [""]
        verdict = rf"\scriptsize {VERDICTS.get(cell.sign, words(cell.sign))} {words(cell.word)}"
        body = r" \\ ".join([*map(words, lines), verdict])
        return TONES[cell.tone].format(rf"\begin{{tabular}}{{@{{}}r@{{}}}}{body}\end{{tabular}}")

    def measure(self, cell: Entry) -> int:
        """How wide an entry is, in characters."""
        if isinstance(cell, Blank):
            return int(BOX / CHARACTER) + 1
        if isinstance(cell, Judged):
            return max(min(len(readable(cell.text)), FILLED), len(cell.word)) + 2
        wide = self.rows.widths((cell,)) if isinstance(cell, str) else self.rows.measure(cell)
        return int(wide / CHARACTER) + 1

    def card(self, title: str, entries: Sequence[tuple[str, Line]]) -> str:
        """Keywords in bold, and a paragraph for each."""
        key = max(self.rows.widths((key,)) for key, _ in entries) * 1.15 + 0.5
        rows = "\n".join(rf"\textbf{{{words(key)}}} & {self.line(line)} \\" for key, line in entries)
        columns = (
            rf"@{{}}p{{{key:.1f}em}}>{{\raggedright\arraybackslash}}p{{{self.width + INDENT - key - 1.5:.1f}em}}@{{}}"
        )
        table = f"\\begin{{tabular}}{{{columns}}}\n\\toprule\n{rows}\n\\bottomrule\n\\end{{tabular}}"
        return f"\\subsection*{{{words(title)}}}\n{table}"

    def ledger(self, columns: Sequence[str], entries: Sequence[Sequence[Line]]) -> str:
        """A table whose columns are as wide as what stands in them asks for, and together as wide as the page."""
        rows = [tuple((head,) for head in columns), *entries]
        asked = [min(max(self.rows.widths(row[n]) for row in rows) + 1, self.width / 2) for n in range(len(columns))]
        share = min(1.0, (self.width + INDENT - 1.5 * len(columns)) / sum(asked))
        sides = "".join(rf">{{\raggedright\arraybackslash}}p{{{wide * share:.1f}em}}" for wide in asked)
        lines = [" & ".join(self.line(part) for part in row) + r" \\" for row in rows]
        body = "\n".join([lines[0] + r" \midrule", *lines[1:]])
        return f"{{\\small\\begin{{tabular}}{{@{{}}{sides}@{{}}}}\n\\toprule\n{body}\n\\bottomrule\n\\end{{tabular}}}}"

    # Pictures

    def picture(self, drawing: Drawing, caption: Line, says: str) -> str:
        """The drawing with its caption; what it shows is said in a comment, for who reads the source."""
        fits = min(1.0, self.width / drawing.width)
        body = f"\\scalebox{{{fits:.4f}}}{{%\n{self.drawing(drawing)}}}"
        said = "\n".join(f"% {line}" for line in textwrap.wrap(readable(says), 100))
        return f"{said}\n\\begin{{center}}\n{body}\n\n{{\\small {self.line(caption)}}}\n\\end{{center}}"

    def drawing(self, drawing: Drawing) -> str:
        """Lines and areas as PDF operators, labels as LaTeX, both from the lower left corner."""
        em, height = self.em * 72 / 72.27, drawing.height
        ink = "\n".join(self.ink(mark, em, height) for mark in drawing.marks if not isinstance(mark, Label))
        labels = "\n".join(self.label(mark, height) for mark in drawing.marks if isinstance(mark, Label))
        size = f"({drawing.width:.3f},{height:.3f})"
        return (
            f"\\setlength{{\\unitlength}}{{{self.em:.3f}pt}}\\begin{{picture}}{size}%\n"
            f"\\put(0,0){{\\pdfliteral{{q 1 J 1 j\n{ink}\nQ}}}}%\n{labels}\n\\end{{picture}}"
        )

    def ink(self, mark: Stroke | Area, em: float, height: float) -> str:
        """A line or an area as PDF operators."""

        def path(points: Sequence[Point]) -> str:
            places = (f"{x * em:.2f} {(height - y) * em:.2f}" for x, y in points)
            return " ".join(f"{place} {'l' if n else 'm'}" for n, place in enumerate(places))

        grey = f"{1 - mark.shade:.3f}"
        if isinstance(mark, Area):
            return f"{grey} g {path(mark.points)} h f"
        dash = " ".join(f"{length * em:.2f}" for length in mark.dash)
        drawn = f"{grey} G {mark.width * em:.2f} w [{dash}] 0 d {path(shaft(mark))} S"
        return f"{drawn}\n{grey} g {path(head(mark))} h f" if head(mark) else drawn

    def label(self, label: Label, height: float) -> str:
        """Words or a formula at a place."""
        text = words(label.text) if isinstance(label.text, str) else self.math(label.text)
        size = label.size * self.em
        set_ = rf"\fontsize{{{size:.2f}}}{{{size * 1.2:.2f}}}\selectfont {text}"
        if label.on_ink:
            set_ = rf"\color[gray]{{1}}{set_}"
        side = {"start": "l", "middle": "c", "end": "r"}[label.at]
        return rf"\put({label.x:.3f},{height - label.y:.3f}){{\makebox[0pt][{side}]{{{set_}}}}}%"


def display(environment: str, rows: Sequence[str]) -> str:
    """Rows in a displayed environment of amsmath."""
    body = " \\\\\n".join(rows)
    return f"\\begin{{{environment}}}\n{body}\n\\end{{{environment}}}"


def stacked(label: str, most: int, how: str) -> str:
    """A label, a long one on several lines."""
    lines = textwrap.wrap(readable(label), most) or [""]
    if len(lines) == 1:
        return words(lines[0])
    body = r" \\ ".join(map(words, lines))
    return rf"\begin{{tabular}}{how}{body}\end{{tabular}}"


def points(length: str) -> float:
    """A length such as 20mm in TeX's points."""
    found = re.fullmatch(r"([\d.]+)(\w+)", length)
    assert found
    return float(found[1]) * POINTS[found[2]]
