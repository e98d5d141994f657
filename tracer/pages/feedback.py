"""What is seen after a hand calculation was checked: by its student, by a teacher, by who checks a published page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from tracer import mistakes
from tracer.document import Block, Document, Heading
from tracer.marking import Mark, Marks
from tracer.origins import origins
from tracer.parts import short
from tracer.parts.conventions import card
from tracer.parts.filled import filled, said
from tracer.parts.judgement import Judgement
from tracer.parts.ledgers import credited, printed, rules
from tracer.parts.redone import first_slip
from tracer.parts.short import Teller
from tracer.parts.verdicts import visible
from tracer.parts.voices import PAGE, SHEET, YOU, Voice
from tracer.parts.words import labels
from tracer.problem import TITLE
from tracer.registry import Registry
from tracer.views import StepView

Part: TypeAlias = Callable[[Judgement, Voice], list[Block]]


class Audience(NamedTuple):
    """Whom a page is for: its title, how it speaks, what stands first, and what follows."""

    title: str
    voice: Voice
    summary: tuple[Teller, ...]
    parts: tuple[Part, ...]


audiences: Registry[Audience] = Registry("audience")


def feedback(marks: Marks, audience: str = "student") -> Document:
    """The page about a submission for one of the `audiences`: "student", "teacher" or "audit".

    Raises `UnknownName` for any other.
    """
    mistakes.load()
    of, judgement = audiences[audience], Judgement(marks)
    problem, say = marks.trace.problem, judgement.say
    title = say.text(TITLE) if problem.title == TITLE else problem.title
    blocks: list[Block] = [short.in_short(judgement, of.voice, of.summary)]
    for part in of.parts:
        blocks += part(judgement, of.voice)
    return Document(
        " · ".join(part for part in (say.text(of.title, title=title), visible(marks.submission.by)) if part),
        tuple(blocks),
        problem.source,
        problem.paper.style,
        origins(marks.trace),
        labels(marks.trace),
    )


def steps(
    judgement: Judgement, which: Sequence[tuple[StepView, list[Mark]]], *below: Callable[..., list[Block]]
) -> list[Block]:
    """Steps with their marks, in the order of the work, and what is said below each."""
    blocks: list[Block] = [Heading(judgement.say.text("Step by step"), 2, "steps")]
    for step, marks in which:
        blocks += [filled(judgement, step, marks), *(block for tell in below for block in tell(judgement, step, marks))]
    return blocks


def explained(judgement: Judgement, voice: Voice) -> list[Block]:
    """The steps, with a sentence for what is not simply right."""
    return steps(judgement, judgement.steps, said)


def defended(judgement: Judgement, voice: Voice) -> list[Block]:
    """The same with the credit of each number."""
    return steps(judgement, judgement.steps, said, credited)


def shown(judgement: Judgement, voice: Voice) -> list[Block]:
    """The steps as they are printed."""
    return steps(judgement, judgement.by_step(judgement.of(*short.PRINTED)))


def agreed(judgement: Judgement, voice: Voice) -> list[Block]:
    """How each number was judged, and the conventions of the pass."""
    return [rules(judgement), card(judgement.marks.trace)]


REST = (short.also_wrong, short.follows, short.rounding, short.unreadable, short.blank, short.steps)
audiences.register("student")(
    Audience("Feedback: {title}", YOU, (short.right, short.first, short.to_do, *REST), (first_slip, explained))
)
audiences.register("teacher")(
    Audience(
        "Marks: {title}",
        SHEET,
        (short.credit, short.right, short.first, *REST),
        (first_slip, defended, agreed),
    )
)
audiences.register("audit")(
    Audience(
        "Checked: {title}",
        PAGE,
        (short.right_of_printed, short.wrong, short.follows, short.rounding, short.unreadable, short.steps_of_printed),
        (printed, first_slip, shown),
    )
)
