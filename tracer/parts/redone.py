"""The first slip worked in full: with the person's own earlier numbers, and with the right ones where that differs."""

from __future__ import annotations

from dataclasses import replace

from tracer.arithmetic import Undecided, Undefined
from tracer.document import Block, Chain, Heading, Text, Together
from tracer.evaluate import Key
from tracer.expr import Expr, Num
from tracer.marking import Mark
from tracer.parts.judgement import Judgement
from tracer.parts.verdicts import written
from tracer.parts.voices import Voice
from tracer.parts.working import Detail, Working
from tracer.trace import Trace

NOTHING = Detail((), (), beside=True)


def first_slip(judgement: Judgement, voice: Voice) -> list[Block]:
    """The first wrong number: what was written, and how it is worked."""
    mark, say = judgement.marks.first_wrong, judgement.say
    if mark is None:
        return []
    raw = written(mark.entry.raw)
    opening = (
        Heading(say.text(voice.first), 2, "first"),
        Text(say.line(voice.is_the, cell=judgement.link(mark), name=judgement.name(mark), written=raw)),
    )
    own, right = chains(judgement, mark)
    if own is None or right is None:
        return [Together(opening)]
    if own.links[-1] == right.links[-1]:
        return [Together((*opening, Text(say.line(voice.worked)), own))]
    return [
        Together((*opening, Text(say.line(voice.from_own)), own)),
        Together((Text(say.line("From the right earlier numbers it is:")), right)),
    ]


def chains(judgement: Judgement, mark: Mark) -> tuple[Chain | None, Chain | None]:
    """The number worked from what the person wrote before, and from the right numbers."""
    key = judgement.cell(mark).key
    return worked(own_trace(judgement, mark), key, mark), worked(judgement.marks.trace, key, mark)


def own_trace(judgement: Judgement, mark: Mark) -> Trace:
    """The pass with the person's numbers in all other steps, where there are any."""
    trace = judgement.marks.trace
    numbers: dict[Key, Expr] = {
        judgement.cell(one).key: one.entry.number
        for one in judgement.marks.marks
        if one.entry.number is not None and one.key[0] != mark.key[0]
    }
    once = replace(trace.problem, paper=replace(trace.problem.paper, by_hand={}))
    return replace(trace, problem=once, written=numbers)


def worked(trace: Trace, key: Key, mark: Mark) -> Chain | None:
    """One number worked line by line, to as many places as were written; None where that is beyond computing."""
    working, step = Working(trace, (), NOTHING), trace[key[0]]
    if isinstance(mark.entry.number, Num):
        working.places = max(working.places, mark.entry.number.places or 0)
    try:
        chain = working.chain(step[key[1]], step.unit)
    except (Undefined, Undecided):
        return None
    links = tuple(link for link in chain.links if not (trace.written and is_long_division(link[1])))
    return replace(chain, links=links, anchor="")


def is_long_division(expr: Expr) -> bool:
    """A fraction such as 1371/2047: exactly what rounded numbers come to, and of no use to anybody."""
    return isinstance(expr, Num) and expr.places is None and expr.value.denominator > 1
