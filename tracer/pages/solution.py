"""The worked solution: what is given, every step with its reason and its numbers, what it means, what was checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import NamedTuple

from tracer.composition import solve
from tracer.decoding import at_once
from tracer.document import Block, Document, Heading, Picture, Text
from tracer.fields import whole
from tracer.handout import Told, carried, makers
from tracer.names import parts_of
from tracer.origins import origins
from tracer.parts.checked import checked
from tracer.parts.conventions import card
from tracer.parts.given import letters, what_is_given
from tracer.parts.reading import reading
from tracer.parts.saved import saved
from tracer.parts.special import special
from tracer.parts.words import headed, labels
from tracer.parts.working import EVERY, Detail, Working, beside, pass_of, shown
from tracer.pictures import pictures
from tracer.problem import MAX_SIZE, TITLE
from tracer.trace import Trace
from tracer.views import StepView

MOST_WORKED = 200  # numbers worked line by line before a page works one row only

PLACES = {  # behind which steps a picture stands: the last of them that there is
    "unit_square": ("query", "key", "value"),
    "softmax_bars": ("weights",),
    "heat": ("weights",),
    "links": ("weights",),
}
AT_ONCE = ("heat", "links", "plane")  # the pictures that say as much of tokens that are decoded
SUMMARY = ("heat", "plane")  # the pictures of a page without any line-by-line work

Details = Callable[[Trace, tuple[int, ...]], Detail]


def summary(trace: Trace, rows: tuple[int, ...]) -> Detail:
    """Results only."""
    return Detail((), (), beside=False)


def steps(trace: Trace, rows: tuple[int, ...]) -> Detail:
    """The first row line by line, the others as results; of tokens that are decoded the first as well."""
    prefill = trace.problem.wiring.prefill
    decoded = [row for row in rows if prefill is not None and row >= prefill]
    return Detail(tuple(dict.fromkeys((*rows[:1], *decoded[:1]))), (0,), beside=True)


def full(trace: Trace, rows: tuple[int, ...]) -> Detail:
    """Every row line by line."""
    return Detail(rows, EVERY, beside=True)


def usual(trace: Trace, rows: tuple[int, ...]) -> Detail:
    """Every row, unless that would be more than anybody reads: then the first."""
    sizes = [s.tensor.shape for s in trace.steps if s.kind == "calculate" and s.name != "contributions"]
    worked = sum(shape[0] * (shape[1] if len(shape) > 1 else 1) for shape in sizes)
    return (full if worked <= MOST_WORKED else steps)(trace, rows)


def only(row: int) -> Details:
    """One row line by line, the others as results."""
    return lambda trace, rows: Detail((row,), (row,), beside=True)


class Form(NamedTuple):
    """What is handed out: how much is worked, and the ready-made styles it is set in."""

    detail: str
    styles: tuple[str, ...]


FORMS = {
    "solution": Form("", ()),
    "summary": Form("summary", ("one-page",)),
    "slides": Form("steps", ("slides",)),
}
DETAILS: dict[str, Details] = {"summary": summary, "steps": steps, "full": full}


def solution(trace: Trace, detail: Details = usual) -> Document:
    """The worked solution of a trace; `detail` says how much of it is worked line by line."""
    rows = trace.problem.wiring.queries or tuple(range(len(trace.problem.tokens)))
    how, style = detail(trace, rows), trace.problem.paper.style
    blocks = [
        *special(trace),
        *what_is_given(trace),
        card(trace),
        *letters(trace),
        *_drawn(trace, how, "shapes"),
        *_steps(trace, rows, how),
        *saved(trace),
        *_meaning(trace, rows, _drawn(trace, how, "plane")),
        *checked(trace, rows),
    ]
    title = style.language.text(TITLE) if trace.problem.title == TITLE else trace.problem.title
    attached = carried("solution", trace, _told(how))
    return Document(title, tuple(blocks), trace.problem.source, style, origins(trace), labels(trace), attached=attached)


@makers.register("solution")
def again(trace: Trace, told: Told) -> Document:
    """The worked solution as it was asked for. Raises `ProblemError` where that is not told."""
    how = Detail(_places(told, "worked"), _places(told, "others"), told.get("beside") is True)
    return solution(trace, lambda trace, rows: how)


def _told(detail: Detail) -> Told:
    """How much is worked, in numbers that count from 1."""
    worked, others = ([n + 1 for n in places] for places in (detail.worked, detail.others))
    return {"worked": worked, "others": "every" if detail.others == EVERY else others, "beside": detail.beside}


def _places(told: Told, key: str) -> tuple[int, ...]:
    places = told.get(key)
    if places == "every":
        return EVERY
    return tuple(whole(n, key, 1, MAX_SIZE) - 1 for n in (places if isinstance(places, list) else [places]))


def _steps(trace: Trace, rows: tuple[int, ...], detail: Detail) -> Iterator[Block]:
    working, comparisons = Working(trace, rows, detail), beside(trace)
    headings, behind, is_decoded = _Sections(trace), _behind(trace), trace.problem.wiring.prefill is not None
    asked = (step for step in trace if step.tensor.axes[0].counts != "query" or shown(step))
    for section, group in groupby(asked, key=_section):
        yield from headings.of(section)
        for name, alike in groupby(group, key=lambda step: step.name):
            if name == "contributions":
                yield from working.contributions(list(alike))
                continue
            for step in alike:
                if (detail.beside and not is_decoded) or step.id not in comparisons:
                    yield from working.step(step)
                yield from _drawn(trace, detail, *behind.get(step.id, ()))


def _behind(trace: Trace) -> dict[str, list[str]]:
    """The pictures that stand behind each step; of decoded tokens those of all rows, at the end."""
    if trace.problem.wiring.prefill is not None:
        return {trace.steps[-1].id: ["heat", "links"]}
    found: dict[str, list[str]] = {}
    for name, steps in PLACES.items():
        last = [step.id for step in trace.steps if step.name in steps][-1:]
        for id_ in last:
            found.setdefault(id_, []).append(name)
    return found


def _drawn(trace: Trace, detail: Detail, *names: str) -> list[Picture]:
    """The pictures of these names that show something; of decoded tokens the same pass all at once."""
    wanted = [name for name in names if detail.beside or name in SUMMARY]
    if trace.problem.wiring.prefill is not None:
        wanted, trace = [name for name in wanted if name in AT_ONCE], solve(at_once(trace.problem))
    return [picture for name in wanted if (picture := pictures[name](trace))]


Section = tuple[tuple[str, str], ...]  # the parts of a pass that steps belong to, from the outside inwards
TOGETHER = {"head": "All heads together", "token": "All tokens together", "block": "All blocks together"}
TOGETHER_IN = {"head": "{place}: all heads together", "block": "{place}: all blocks together"}


def _section(step: StepView) -> Section:
    return tuple((part, number) for part, number in parts_of(step.id).items() if part != "row")


class _Sections:
    """The headings between the steps: passes, tokens, heads, blocks, and where these come together."""

    def __init__(self, trace: Trace) -> None:
        self.problem = trace.problem
        self.say = trace.problem.paper.style.language
        self.before: Section = ()

    def of(self, section: Section) -> Iterator[Block]:
        """The headings before a group of steps."""
        before, self.before = self.before, section
        in_pass = section[:1] if section[:1] and section[0][0] == "pass" else ()
        id_ = ".".join(part + number for part, number in section)
        if in_pass and in_pass != before[:1]:
            yield Heading(self.say.text("Pass {n}", n=section[0][1]), 2, id_.partition(".")[0])
        inner = section[len(in_pass) :]
        done = before[len(section) :] if before[: len(section)] == section else ()
        if done:
            yield Heading(self.together(inner, done[0][0]), 2, f"{id_}.together".lstrip("."))
        elif inner:
            yield Heading(self.title(inner), 2, id_)
        elif not in_pass:
            yield Heading(self.say.text("Step by step"), 2, "steps")

    def title(self, section: Section) -> str:
        """Token 3: “sat”; head 1."""
        title = headed("".join(f"{part}{number}." for part, number in section), self.say)
        (part, number), tokens = section[-1], self.problem.tokens
        if part == "prefill":
            return self.say.text("Tokens 1 to {n}, read together", n=str(self.problem.wiring.prefill))
        if part == "token" and tokens[int(number) - 1] != self.say.text("token {n}", n=number):
            return self.say.text("{place}: “{word}”", place=title, word=tokens[int(number) - 1])
        return title

    def together(self, section: Section, part: str) -> str:
        """What was worked apart comes together: all heads, in a token or in the pass."""
        if not section or part not in TOGETHER_IN:
            return self.say.text(TOGETHER["token" if part == "prefill" else part])
        return self.say.text(TOGETHER_IN[part], place=headed("".join(f"{p}{n}." for p, n in section), self.say))


def _meaning(trace: Trace, rows: tuple[int, ...], drawn: list[Picture]) -> list[Block]:
    """The result in plain words, head by head, for the last pass."""
    say, blocks = trace.problem.paper.style.language, list[Block]()
    last = str(trace.problem.wiring.repeat)
    for id_ in trace.tables.definitions:
        step = trace[id_]
        if step.name != "weights" or pass_of(step) not in ("", last):
            continue
        outputs = id_.removesuffix("weights") + "outputs"
        has_outputs = outputs in trace.tables.definitions
        read = reading(trace, step, trace[outputs] if has_outputs else None, rows)
        head = parts_of(id_).get("head")
        blocks += [*([Text(say.line("In head {n}:", n=head), "aside")] if head and read else []), *read]
    return [Heading(say.text("What it means"), 2, "meaning"), *blocks, *drawn] if blocks else []
