"""The worked solution: what is given, every step with its reason and its numbers, what it means, what was checked."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from tracer.composition import solve
from tracer.decoding import at_once
from tracer.document import Block, Document, Heading, Picture, Text
from tracer.fields import whole
from tracer.handout import Told, carried, makers
from tracer.names import GRADIENTS, IN_ROWS, parts_of
from tracer.origins import origins
from tracer.pages import Details, Form, forms
from tracer.parts.checked import checked
from tracer.parts.conventions import card
from tracer.parts.given import letters, note, what_is_given
from tracer.parts.reading import reading
from tracer.parts.saved import saved
from tracer.parts.sections import Sections, section_of
from tracer.parts.special import special
from tracer.parts.words import labels
from tracer.parts.working import EVERY, Detail, Working, beside, pass_of, shown
from tracer.pictures import pictures
from tracer.problem import MAX_SIZE, TITLE
from tracer.trace import Trace

MOST_WORKED = 200  # numbers worked line by line before a page works one row only

PLACES = {  # behind which steps a picture stands: the last of them that there is
    "unit_square": ("query", "key", "value"),
    "turning": ("rotated_query",),
    "softmax_bars": ("weights",),
    "heat": ("weights",),
    "links": ("weights",),
}
AT_ONCE = ("heat", "links", "plane")  # the pictures that say as much of tokens that are decoded
SUMMARY = ("heat", "plane")  # the pictures of a page without any line-by-line work


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
    sizes = [s.tensor.shape for s in trace.steps if s.kind == "calculate" and s.name not in IN_ROWS]
    worked = sum(shape[0] * (shape[1] if len(shape) > 1 else 1) for shape in sizes)
    return (full if worked <= MOST_WORKED else steps)(trace, rows)


def only(row: int) -> Details:
    """One row line by line, the others as results."""
    return lambda trace, rows: Detail((row,), (row,), beside=True)


DETAILS: dict[str, Details] = {"summary": summary, "steps": steps, "full": full}


def solution(trace: Trace, detail: Details = usual) -> Document:
    """The worked solution of a trace; `detail` says how much of it is worked line by line."""
    rows = trace.problem.wiring.queries or tuple(range(len(trace.problem.tokens)))
    how, style = detail(trace, rows), trace.problem.paper.style
    blocks = [
        *note(trace),
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


forms.register("solution")(Form(solution, usual))
forms.register("summary")(Form(solution, summary, ("one-page",)))
forms.register("slides")(Form(solution, steps, ("slides",)))


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
    headings, behind, is_decoded = Sections(trace), _behind(trace), trace.problem.wiring.prefill is not None
    asked = (step for step in trace if step.tensor.axes[0].counts != "query" or shown(step))
    for (is_back, section), group in groupby(asked, key=lambda step: (step.name in GRADIENTS, section_of(step))):
        yield from headings.back(section) if is_back else headings.of(section)
        for name, alike in groupby(group, key=lambda step: step.name):
            if name in IN_ROWS:
                yield from working.in_rows(list(alike))
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
