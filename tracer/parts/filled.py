"""A step as somebody filled it in: the marked matrix, and below it a sentence for what is not simply right."""

from __future__ import annotations

from collections.abc import Sequence

from tracer.document import Block, Grid, Heading, Judged, Line, Text, Together
from tracer.expr import Cell
from tracer.marking import Mark, Verdict
from tracer.parts.judgement import Judgement
from tracer.parts.verdicts import LOOKS, visible, written
from tracer.parts.words import rich
from tracer.views import StepView

MANY = 6  # sentences about cells of one step; where there were more, one stands for all
SPEAKS = (Verdict.MISTAKE, Verdict.WRONG, Verdict.ROUNDING_SLIP, Verdict.UNREADABLE, Verdict.CARRIED, Verdict.MISSING)
SAID = {
    Verdict.MISTAKE: "Mistake, {places}: {told}",
    Verdict.WRONG: "Wrong, {places}: {told}",
    Verdict.ROUNDING_SLIP: "Rounding, {places}: {told}",
    Verdict.UNREADABLE: "Unreadable, {places}: {told}",
    Verdict.CARRIED: "Follows, {places}: {told}",
    Verdict.MISSING: "Blank: {places}.",
}
TOGETHER = {
    Verdict.WRONG: "not what the earlier numbers give, and no known mistake explains these numbers.",
    Verdict.ROUNDING_SLIP: "one or two units off in the last place, or cut off instead of rounded.",
    Verdict.UNREADABLE: "these cells hold something that is not a number.",
    Verdict.CARRIED: "worked correctly from an earlier number that is wrong; nothing to change in this step.",
}


def filled(judgement: Judgement, step: StepView, marks: Sequence[Mark]) -> Together:
    """The title of a step and its matrix with a verdict for each number."""
    return Together((Heading(judgement.title(step), 3, step.id), matrix(judgement, step, marks)))


def matrix(judgement: Judgement, step: StepView, marks: Sequence[Mark]) -> Grid:
    """The rows of a step in which anything was to be filled in."""
    say, found = judgement.say, {mark.key[1][: len(step.shape)]: mark for mark in marks}
    shown = sorted({at[0] for at in found})
    cells: list[tuple[Judged | str, ...]] = []
    for i in shown:
        row = [found.get(cell.at) for cell in step.row(i)]
        looks = [mark and (mark, LOOKS[mark.verdict]) for mark in row]
        cells.append(
            tuple(
                Judged(written(pair[0].entry.raw), pair[1].sign, say.text(pair[1].word), pair[1].tone) if pair else ""
                for pair in looks
            )
        )
    ids = tuple(tuple(cell.id for cell in step.row(i)) for i in shown)
    return Grid(Cell(step.tensor, ()), "", tuple(step.rows[i] for i in shown), step.columns, tuple(cells), (), ids)


def said(judgement: Judgement, step: StepView, marks: Sequence[Mark]) -> list[Block]:
    """What there is to say about a step, the gravest first; once for all cells that the same mistake explains."""
    found: list[Block] = []
    for verdict in SPEAKS:
        groups: dict[tuple[str, ...], list[Mark]] = {}
        for mark in marks:
            if mark.verdict is verdict:
                groups.setdefault(mark.mistakes, []).append(mark)
        for group in groups.values():
            found += told(judgement, step, group)
    return found


def told(judgement: Judgement, step: StepView, group: Sequence[Mark]) -> list[Block]:
    """The sentences about cells with the same verdict and the same mistake: one, or one each where that is few."""
    say, verdict = judgement.say, group[0].verdict
    one_for_all = verdict in (Verdict.MISTAKE, Verdict.CARRIED, Verdict.MISSING)
    if len({mark.sentence for mark in group}) > 1 and not one_for_all and len(group) <= MANY:
        return [block for mark in group for block in told(judgement, step, [mark])]
    return [Text(say.line(SAID[verdict], places=judgement.places(step, group), told=sentence(judgement, group)))]


def sentence(judgement: Judgement, group: Sequence[Mark]) -> Line:
    """The judge's own sentence where it is about one cell, or the same for all; else one about all of them."""
    mark = group[0]
    if mark.sentence and (mark.verdict is Verdict.MISTAKE or len({one.sentence for one in group}) == 1):
        return rich(visible(mark.sentence))
    return (judgement.say.text(TOGETHER.get(mark.verdict, TOGETHER[Verdict.WRONG])),)
