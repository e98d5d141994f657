"""What becomes of a submission, in a minute: a line for each thing that matters, the most urgent first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from tracer.document import Card, Line, Link, Math
from tracer.marking import WRONG, Mark, Verdict
from tracer.parts.judgement import Judgement
from tracer.parts.redone import chains
from tracer.parts.verdicts import in_parts, number, visible, written
from tracer.parts.voices import Voice
from tracer.parts.words import listed, rich

RIGHT = (Verdict.EXACT, Verdict.BY_HAND)
PRINTED = tuple(verdict for verdict in Verdict if verdict is not Verdict.MISSING)

Told: TypeAlias = tuple[str, Line]
Teller: TypeAlias = Callable[[Judgement, Voice], Told | None]


def in_short(judgement: Judgement, voice: Voice, tellers: Sequence[Teller]) -> Card:
    """Those of the lines that have something to tell."""
    found = [told for teller in tellers if (told := teller(judgement, voice))]
    return Card(judgement.say.text("In short"), tuple(found), "summary")


def credit(judgement: Judgement, voice: Voice) -> Told:
    """The sum of all credits."""
    marks, say = judgement.marks, judgement.say
    return say.text("Credit"), say.line("{credit} of {all}.", credit=in_parts(marks.credit), all=str(marks.blanks))


def right(judgement: Judgement, voice: Voice) -> Told:
    """How many numbers are right, of all that were to be filled in."""
    return _right(judgement, judgement.marks.blanks)


def right_of_printed(judgement: Judgement, voice: Voice) -> Told:
    """How many numbers are right, of all that are printed."""
    return _right(judgement, len(judgement.of(*PRINTED)))


def _right(judgement: Judgement, all_: int) -> Told:
    say, found, by_hand = judgement.say, len(judgement.of(*RIGHT)), len(judgement.of(Verdict.BY_HAND))
    line = say.line("All {n} numbers.", n=str(all_)) if found == all_ else _some(judgement, found, all_)
    if by_hand:
        told = say.count(
            by_hand,
            "{n} of them is right by hand: it follows from earlier rounded numbers.",
            "{n} of them are right by hand: they follow from earlier rounded numbers.",
        )
        line = (*line, " ", told)
    return say.text("Right"), line


def _some(judgement: Judgement, found: int, all_: int) -> Line:
    return judgement.say.line("{n} of {all} numbers.", n=str(found), all=str(all_))


def first(judgement: Judgement, voice: Voice) -> Told:
    """The first wrong number, with what the earlier numbers give, and what is said of it; said too if there is none."""
    mark, say = judgement.marks.first_wrong, judgement.say
    if mark is None:
        return say.text("First slip"), say.line("None: no number is wrong.")
    line = say.line(
        voice.wrote,
        cell=judgement.link(mark),
        step=judgement.step(judgement.marks.trace[mark.key[0]]),
        written=written(mark.entry.raw),
        value=_value(judgement, mark),
    )
    is_explained = mark.verdict is Verdict.MISTAKE or is_guarded(mark)
    told = rich(visible(mark.sentence)) if is_explained else say.line("No known mistake explains it.")
    return say.text("First slip"), (*line, " ", *told)


def is_guarded(mark: Mark) -> bool:
    """Whether a wrong number does follow from the earlier ones, and earns nothing, for these leave nothing to do."""
    wrote = mark.entry.number
    return wrote is not None and mark.from_yours is not None and number(mark.from_yours) == Math(wrote)


def _value(judgement: Judgement, mark: Mark) -> Line:
    """What the earlier numbers give, as it is worked below; to the places written, where nothing is worked."""
    own, _ = chains(judgement, mark)
    if own is None or own.remark:
        return (number(mark.from_yours or mark.expected),)
    sign, value = own.links[-1]
    return (f"{sign} " if sign == "≈" else "", Math(value), own.unit)


def to_do(judgement: Judgement, voice: Voice) -> Told | None:
    """What to do about the first slip."""
    mark, say = judgement.marks.first_wrong, judgement.say
    if mark is None:
        return None
    step = judgement.marks.trace[mark.key[0]]
    again = say.line(
        "Work {places} in {step} again; {link} shows how.",
        places=judgement.places(step, judgement.alike(mark)),
        step=judgement.step(step),
        link=Link(say.line("the section below"), "first"),
    )
    return say.text("To do"), again


def also_wrong(judgement: Judgement, voice: Voice) -> Told | None:
    """The other numbers that are wrong in their own right."""
    mark = judgement.marks.first_wrong
    if mark is None:
        return None
    same = {one.key for one in judgement.alike(mark)}
    others = [one for one in judgement.of(*WRONG) if one.key not in same]
    return _told(judgement, others, "Also wrong", "{n} number: {where}.", "{n} numbers: {where}.")


def wrong(judgement: Judgement, voice: Voice) -> Told:
    """The numbers that are wrong at their origin; said too where there are none."""
    say = judgement.say
    found = _told(judgement, judgement.of(*WRONG), "Wrong", "{n} number: {where}.", "{n} numbers: {where}.")
    if found:
        return found
    is_clean = not judgement.of(Verdict.CARRIED, Verdict.ROUNDING_SLIP)
    return say.text("Wrong"), say.line("Nothing is wrong." if is_clean else "Nothing is wrong at its origin.")


def follows(judgement: Judgement, voice: Voice) -> Told | None:
    """The numbers that follow from a wrong one."""
    marks, say = judgement.of(Verdict.CARRIED), judgement.say
    if not marks:
        return None
    line = voice.follows_one if len(marks) == 1 else voice.follows_many
    return say.text("Follows"), say.line(line, n=str(len(marks)), where=judgement.counted(marks))


def rounding(judgement: Judgement, voice: Voice) -> Told | None:
    """The numbers that are off in the last places."""
    return _told(
        judgement,
        judgement.of(Verdict.ROUNDING_SLIP),
        "Rounding",
        "{n} number is off in the last place: {where}.",
        "{n} numbers are off in the last place: {where}.",
    )


def unreadable(judgement: Judgement, voice: Voice) -> Told | None:
    """The cells that hold no number."""
    return _told(
        judgement,
        judgement.of(Verdict.UNREADABLE),
        "Unreadable",
        "{n} cell holds something that is no number: {where}.",
        "{n} cells hold something that is no number: {where}.",
    )


def blank(judgement: Judgement, voice: Voice) -> Told | None:
    """The cells that were left blank."""
    return _told(judgement, judgement.of(Verdict.MISSING), "Blank", "{n} cell: {where}.", "{n} cells: {where}.")


def steps(judgement: Judgement, voice: Voice) -> Told:
    """How many numbers are right in each step, of all that were to be filled in."""
    return _steps(judgement, judgement.marks.marks)


def steps_of_printed(judgement: Judgement, voice: Voice) -> Told:
    """How many numbers are right in each step, of all that are printed."""
    return _steps(judgement, judgement.of(*PRINTED))


def _steps(judgement: Judgement, among: Sequence[Mark]) -> Told:
    say = judgement.say
    found = [
        say.line(
            "{step}: {n} of {all}",
            step=judgement.step(step),
            n=str(sum(mark.verdict in RIGHT for mark in marks)),
            all=str(len(marks)),
        )
        for step, marks in judgement.by_step(among)
    ]
    return say.text("Steps"), (*listed(found, say), ".")


def _told(judgement: Judgement, marks: Sequence[Mark], key: str, one: str, many: str) -> Told | None:
    if not marks:
        return None
    say, n = judgement.say, len(marks)
    return say.text(key), say.line(one if n == 1 else many, n=str(n), where=judgement.everywhere(marks))
