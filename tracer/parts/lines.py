"""Lines of text on a sheet of a spreadsheet: words, formulas on one line, worked numbers."""

from __future__ import annotations

from textwrap import wrap

from tracer.document import Chain, Em, Equation, Line, Link
from tracer.notation.plain import Plain
from tracer.show import show
from tracer.workbook import Sheet

LINE = 92  # characters of a line of words


def write(sheet: Sheet, text: str, role: str = "words", column: int = 0, width: int = LINE) -> None:
    """Words in lines of their own, which run on over the empty cells beside them."""
    for line in wrap(text, width) or [""]:
        sheet.put(sheet.next, column, line, role)


def plainly(line: Line, plain: Plain) -> str:
    """A line of words and formulas as text."""
    return "".join(
        part
        if isinstance(part, str)
        else f"“{part.text}”"
        if isinstance(part, Em)
        else plainly(part.line, plain)
        if isinstance(part, Link)
        else show(part.expr, plain)
        for part in line
    )


def formula(equation: Equation, plain: Plain) -> str:
    """A displayed formula on one line, and what is said behind it."""
    shown = " ".join(f"{sign} {show(side, plain)}".strip() for sign, side in equation.sides)
    return shown.replace(" , ", ", ") + _behind(equation.remark, plain)


def worked(chain: Chain, plain: Plain) -> str:
    """A worked number on one line: its name and all that it is equal to."""
    links = "".join(f" {sign} {show(side, plain)}" for sign, side in chain.links)
    return show(chain.name, plain) + links + chain.unit + _behind(chain.remark, plain)


def _behind(remark: Line, plain: Plain) -> str:
    return f"    ({plainly(remark, plain)})" if remark else ""
