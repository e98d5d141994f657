"""A sheet as one question: its text with formulas and boxes, and what stands behind the boxes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any, NamedTuple

from tracer.document import Blank, Document, Equation, Fields, Room, Said, Text, flat
from tracer.errors import ProblemError
from tracer.expr import Expr, Num
from tracer.notation.plain import Plain
from tracer.page import filled
from tracer.pages.sheet import sheet as page_of
from tracer.quizzes.gaps import Gap, gaps
from tracer.show import Notation, show
from tracer.worksheet import Worksheet

UNSEEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML cannot hold


@dataclass(frozen=True, slots=True)
class Question:
    """One question: its name in the platform's list, its sheet, the page that is asked, and the boxes on it."""

    name: str
    sheet: Worksheet
    page: Document
    gaps: dict[str, Gap]

    @property
    def lang(self) -> str:
        """The code of its language."""
        return self.page.style.lang

    @property
    def total(self) -> int:
        """All points together."""
        return sum(gap.points for gap in self.gaps.values())


class Formulas(NamedTuple):
    """How a platform takes formulas: their notation, and what stands around one so that it is seen as one."""

    notation: Notation[str]
    wrap: Callable[[str], str]


def questions(sheets: Sequence[Worksheet], title: str) -> list[Question]:
    """A question for each sheet, numbered where there are several."""
    digits = len(str(len(sheets)))
    names = [f"{title} {n:0{digits}}" for n in range(1, len(sheets) + 1)] if len(sheets) > 1 else [title]
    found: list[Question] = []
    for sheet, name in zip(sheets, names, strict=True):
        try:
            found.append(_question(sheet, name))
        except ProblemError as error:
            raise type(error)(f"“{name}”: {error}") from None
    return found


def _question(sheet: Worksheet, name: str) -> Question:
    """The page without what only paper needs: fields for name and date, and room for the working."""
    page, behind = page_of(sheet), gaps(sheet)
    blocks = [block for block in flat(page.blocks) if not isinstance(block, Fields | Room)]
    task = next(n for n, block in enumerate(blocks) if isinstance(block, Text))
    blocks[task] = Text(tuple(_task(sheet, behind)))
    return Question(name, sheet, replace(page, blocks=tuple(blocks)), behind)


def _task(sheet: Worksheet, behind: dict[str, Gap]) -> list[str]:
    """What is to be done, and how numbers are typed."""
    paper = sheet.trace.problem.paper
    say = paper.style.language
    places, *others = sorted({gap.places for gap in behind.values() if gap.points})
    told = [
        say.text("Work out the number for every empty box."),
        say.text("Round each number to as many decimals as its step asks for.")
        if others
        else say.count(places, "Round to {n} decimal.", "Round to {n} decimals."),
        say.text("Go on with the rounded numbers.") if paper.by_hand else "",
        say.text("Type decimals, no fractions."),
        say.text("What a mask hides may stay empty.") if sheet.optional else "",
    ]
    return [" ".join(part for part in told if part)]


def body(question: Question, formulas: Formulas, box: Callable[[Blank], str]) -> str:
    """The text of a question as HTML that is XML too, with `box` for every box."""
    plain = Plain(question.page.style.signs)

    def formula(expr: Expr, sign: str = "") -> str:
        before = formulas.notation.operator(sign) if sign else ""
        return formulas.wrap(before + show(expr, formulas.notation))

    def equation(block: Equation) -> str:
        sides = [
            f"{escape(sign)} {formula(expr)}" if sign.startswith(",") else formula(expr, sign)
            for sign, expr in block.sides
        ]
        return " ".join(sides).replace(" ,", ",")

    def entry(cell: Blank | Said) -> str:
        if isinstance(cell, Blank):
            return box(cell)
        if isinstance(cell, str | Num):
            return escape(cell if isinstance(cell, str) else show(cell, plain))
        return formula(cell)

    typeset: dict[str, Callable[[Any], str]] = {"math": formula, "equation_of": equation, "entry": entry}
    return filled("quizzes/body.html.j2", question.page, typeset).strip()
