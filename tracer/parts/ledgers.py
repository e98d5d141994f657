"""Marks number by number: for who has to defend them, and for who checks what is printed."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from tracer.document import Block, Card, Heading, Ledger, Line, Text
from tracer.marking import WRONG, Mark, Verdict
from tracer.parts.judgement import Judgement
from tracer.parts.verdicts import LOOKS, RULES, in_parts, number, written
from tracer.parts.voices import Voice
from tracer.views import StepView

MARKED = ("Number", "Verdict", "Written", "Expected", "From own numbers", "Credit")
CHECKED = ("Number", "Printed", "Correct", "From own numbers", "What it looks like")
SIMPLY_RIGHT = (Verdict.EXACT, Verdict.BY_HAND)
PARTS = (  # of a page that checks what is printed
    ("Wrong at its origin", "wrong", WRONG),
    ("Only follows from that", "follows", (Verdict.CARRIED,)),
    ("Rounding", "rounding", (Verdict.ROUNDING_SLIP,)),
    ("Not readable", "unreadable", (Verdict.UNREADABLE,)),
)


def credited(judgement: Judgement, step: StepView, marks: Sequence[Mark]) -> list[Block]:
    """The credit of a step, and for each number that is not simply right what was expected and why."""
    say = judgement.say
    total = in_parts(sum((mark.credit for mark in marks), Fraction(0)))
    line = say.line("Credit: {credit} of {all}.", credit=total, all=str(len(marks)))
    open_ = [mark for mark in marks if mark.verdict not in SIMPLY_RIGHT or mark.credit != 1]
    if not open_:
        return [Text(line)]
    rows = tuple((*_opening(judgement, mark), *_values(mark), (in_parts(mark.credit),)) for mark in open_)
    return [Text(line), ledger(judgement, MARKED, rows)]


def rules(judgement: Judgement) -> Card:
    """How each verdict on this page comes about, in the order in which they are tried."""
    say, found = judgement.say, {mark.verdict for mark in judgement.marks.marks}
    entries = tuple((say.text(LOOKS[one].word), say.line(rule)) for one, rule in RULES.items() if one in found)
    return Card(say.text("How each number is judged"), entries, "rules")


def printed(judgement: Judgement, voice: Voice) -> list[Block]:
    """What is wrong at its origin, what only follows from that, what is rounding: each with its own table."""
    say, blocks = judgement.say, list[Block]()
    for title, anchor, verdicts in PARTS:
        marks = judgement.of(*verdicts)
        if not marks:
            continue
        rows = tuple(((judgement.link(mark),), *_values(mark), judgement.looks_like(mark)) for mark in marks)
        blocks += [Heading(say.text(title), 2, anchor), ledger(judgement, CHECKED, rows)]
    return blocks


def ledger(judgement: Judgement, heads: Sequence[str], rows: Sequence[Sequence[Line]]) -> Ledger:
    """The columns in which anything stands."""
    told = [n for n in range(len(heads)) if any(row[n] and row[n] != ("",) for row in rows)]
    columns = tuple(judgement.say.text(heads[n]) for n in told)
    return Ledger(columns, tuple(tuple(row[n] for n in told) for row in rows))


def _opening(judgement: Judgement, mark: Mark) -> tuple[Line, Line]:
    return (judgement.link(mark),), (judgement.say.text(LOOKS[mark.verdict].word),)


def _values(mark: Mark) -> tuple[Line, Line, Line]:
    """What was written, what is expected, and what the person's own numbers give."""
    own: Line = (number(mark.from_yours),) if mark.from_yours else ()
    return (written(mark.entry.raw),), (number(mark.expected),), own
