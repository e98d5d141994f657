"""A problem under the rules of other software: which rules differ from its own, and which cells change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tracer.document import Block, Card, Document, Grid, Heading, Ledger, Line, Math, Said, Text, Together
from tracer.errors import ProblemError
from tracer.expr import Cell
from tracer.handout import Told, carried, makers
from tracer.language import Language
from tracer.names import Names
from tracer.origins import origins
from tracer.parts.compared import Change, Compared, Effect, compare
from tracer.parts.conventions import card
from tracer.parts.words import labels, listed_words, rich, titled
from tracer.trace import Trace
from tracer.views import CellView, StepView

MOST = 40  # changed cells that are told one by one
NAN = "nan"
HEADS = ("Cell", "What it is", "Here", "Under these rules")


def under(trace: Trace, names: Sequence[str]) -> Document:
    """The problem under the rules of each framework. Raises `UnknownName` for one that is not known."""
    problem, style, compared = trace.problem, trace.problem.paper.style, compare(trace, names)
    listed = listed_words([_called(one) for one in compared.values()], style.language)
    blocks = [
        Text(
            style.language.line(
                "The same numbers by the rules of {framework}. What it has an argument for is handed over as this "
                "problem has it; what it has no argument for, it does its own way.",
                framework=listed,
            )
        ),
        card(trace),
        *(block for name, one in compared.items() for block in _framework(name, one)),
    ]
    title = style.language.text("{title}: under other rules", title=problem.title)
    attached = carried("under", trace, {"frameworks": list(compared)})
    return Document(title, tuple(blocks), problem.source, style, origins(trace), labels(trace), attached=attached)


@makers.register("under")
def again(trace: Trace, told: Told) -> Document:
    """The page as it was asked for. Raises `ProblemError` where that is not told."""
    names = told.get("frameworks")
    if not isinstance(names, list):
        raise ProblemError("the page does not say under whose rules it was made")
    return under(trace, [str(name) for name in names])


def _framework(name: str, compared: Compared) -> Iterator[Block]:
    say = _say(compared)
    yield Heading(_called(compared), 2, name)
    yield Text(_summary(compared))
    if compared.effects:
        entries = tuple((say.text(e.rule.about), _effect(compared, e)) for e in compared.effects)
        yield Card(say.text("What differs"), entries, f"{name}-differs")
    if compared.alike:
        alike = listed_words([say.text(rule.about) for rule in compared.alike], say)
        yield Text(say.line("As in this problem, or of no concern to it: {rules}.", rules=alike), "aside")
    for caution in compared.framework.cautions:
        if caution.concerns(compared.trace.problem):
            yield Text(rich(say.text(caution.says)), "aside")
    if compared.changes:
        yield Heading(say.text("Which cells change"), 3, f"{name}-cells")
        yield _cells(compared)
        yield from _grids(name, compared)


def _called(compared: Compared) -> str:
    return f"{compared.framework.name} ({compared.framework.version})"


def _say(compared: Compared) -> Language:
    return compared.trace.problem.paper.style.language


def _summary(compared: Compared) -> Line:
    """How many numbers change, in a sentence."""
    say, number, of = _say(compared), len(compared.changes), compared.results
    if number == 0:
        return say.line("Nothing changes: every weight and every output is the same.")
    return say.line("{n} of {of} weights and outputs change.", n=str(number), of=str(of))


def _effect(compared: Compared, effect: Effect) -> Line:
    """What the framework does, and what that alone changes."""
    say, said = _say(compared), rich(_say(compared).text(effect.rule.says))
    if effect.changes is None:
        return (*said, " ", *say.line("With these sizes that cannot be done, and is left as it is here."))
    number = effect.changes
    if number == 0 and len(compared.effects) > 1:
        return (*said, " ", *say.line("Alone, that changes nothing here; together with the others it may."))
    if number == 0:
        return (*said, " ", *say.line("That changes nothing here."))
    return (*said, " ", *say.line("Alone, that changes {n} of {of}.", n=str(number), of=str(compared.results)))


def _cells(compared: Compared) -> Ledger:
    """The cells that change, the first of them one by one: by name, old, new."""
    say, changes = _say(compared), compared.changes
    names = Names(say, labels(compared.trace))
    rows = [_change(names, change) for change in changes[:MOST]]
    if len(changes) > MOST:
        rows.append((say.line("and {n} more", n=str(len(changes) - MOST)), (), (), ()))
    return Ledger(tuple(map(say.text, HEADS)), tuple(rows))


def _change(names: Names, change: Change) -> tuple[Line, ...]:
    cell = change.here
    words = names.of(cell.definition.tensor, [str(n + 1) for n in cell.at])
    return ((cell.id,), (words,), _printed(change.here), _printed(change.there))


def _printed(cell: CellView) -> Line:
    """A number as a page prints it, ≈ before a rounded one; nan where there is none."""
    said, is_equal = _value(cell)
    shown: Line = (said,) if isinstance(said, str) else (Math(said),)
    return shown if is_equal else ("≈ ", *shown)


def _value(cell: CellView) -> tuple[Said, bool]:
    if cell.undefined:
        return NAN, True
    if cell.unknown:
        return cell.exact or cell.name, True
    return cell.printed(cell.tables.paper.places)


def _grids(name: str, compared: Compared) -> Iterator[Block]:
    """Each result that changes, whole, here and there."""
    say, ids = _say(compared), dict.fromkeys(change.here.key[0] for change in compared.changes)
    for id_ in ids:
        here, there = compared.trace[id_], compared.there[id_]
        yield Together(
            (
                Heading(titled(here), 3, f"{name}-{id_}"),
                _grid(here, compared.rows, say.line("here")),
                _grid(there, compared.rows, say.line("under these rules")),
            )
        )


def _grid(step: StepView, rows: tuple[int, ...], remark: Line) -> Grid:
    here = step.tensor.axes[0].along(rows)
    values = [[_value(cell) for cell in step.row(i)] for i in here]
    sign = "=" if all(is_equal for row in values for _, is_equal in row) else "≈"
    cells = tuple(tuple(said for said, _ in row) for row in values)
    return Grid(Cell(step.tensor, ()), sign, tuple(step.rows[i] for i in here), step.columns, cells, remark)
