"""Marks number by number: for who has to defend them, and for who checks what is printed."""

from __future__ import annotations

from collections.abc import Sequence

from tracer.document import Block, Card, Heading, Ledger, Line, Text
from tracer.marking import WRONG, Mark, Verdict
from tracer.parts.verdicts import LOOKS, RULES, Judgement, number, visible
from tracer.parts.voices import Voice
from tracer.views import StepView

SIMPLY_RIGHT = (Verdict.EXACT, Verdict.BY_HAND)
PARTS = (  # of a page that checks what is printed
    ("Wrong at its origin", "wrong", WRONG),
    ("Only follows from that", "follows", (Verdict.CARRIED,)),
    ("Rounding", "rounding", (Verdict.ROUNDING_SLIP,)),
    ("Not readable", "unreadable", (Verdict.UNREADABLE,)),
)


def credits(judgement: Judgement, step: StepView, marks: Sequence[Mark]) -> list[Block]:
    """The credit of a step, and for each number that is not simply right what was expected and why."""
    say = judgement.say
    total = str(sum(mark.credit for mark in marks))
    line = say.line("Credit: {credit} of {all}.", credit=total, all=str(len(marks)))
    open_ = [mark for mark in marks if mark.verdict not in SIMPLY_RIGHT or mark.credit != 1]
    if not open_:
        return [Text(line)]
    heads = ("Number", "Verdict", "Written", "Expected", "From own numbers", "Credit")
    rows = tuple(
        (*_opening(judgement, mark), *_values(mark), (str(mark.credit),)) for mark in open_
    )
    return [Text(line), Ledger(tuple(map(say.text, heads)), rows)]


def rules(judgement: Judgement) -> Card:
    """How each verdict on this page comes about, in the order in which they are tried."""
    say, found = judgement.say, {mark.verdict for mark in judgement.marks.marks}
    entries = tuple((say.text(LOOKS[one].word), say.line(rule)) for one, rule in RULES.items() if one in found)
    return Card(say.text("How each number is judged"), entries, "rules")


def printed(judgement: Judgement, voice: Voice) -> list[Block]:
    """What is wrong at its origin, what only follows from that, what is rounding: each with its own table."""
    say, blocks = judgement.say, list[Block]()
    heads = ("Number", "Printed", "Correct", "From own numbers", "What it looks like")
    for title, anchor, verdicts in PARTS:
        marks = judgement.of(*verdicts)
        if not marks:
            continue
        rows = tuple(
            ((judgement.link(mark),), *_values(mark), judgement.looks_like(mark)) for mark in marks
        )
        blocks += [Heading(say.text(title), 2, anchor), Ledger(tuple(map(say.text, heads)), rows)]
    return blocks


def _opening(judgement: Judgement, mark: Mark) -> tuple[Line, Line]:
    return (judgement.link(mark),), (judgement.say.text(LOOKS[mark.verdict].word),)


def _values(mark: Mark) -> tuple[Line, Line, Line]:
    """What was written, what is expected, and what the person's own numbers give."""
    own: Line = (number(mark.from_yours),) if mark.from_yours else ()
    return (visible(mark.entry.raw),), (number(mark.expected),), own
