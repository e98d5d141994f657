"""A trace with blanks: which of its numbers are left for somebody to work out. Its key is the same sheet filled in.

sheet = worksheet(trace, "weights, outputs", "faded")
sheet.blanks        # the cells to fill in
sheet.printed       # the cells that stand there
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product

from tracer.errors import ProblemError
from tracer.evaluate import Key
from tracer.fields import short
from tracer.judging.asked import is_asked
from tracer.notation.plain import plain
from tracer.parts.working import beside, shown
from tracer.registry import Registry, did_you_mean
from tracer.show import show
from tracer.trace import Trace
from tracer.views import CellView, StepView

Level = Callable[[int, int, int], bool]
levels: Registry[Level] = Registry("level")
CALLED = re.compile(r"([^\[\]]+)(?:\[\s*(\d+)\s*(?:,\s*(\d+)\s*)?\])?")
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # no 0 and O, no 1 and I: a code is read and typed by people
CODE = 6


@levels.register("blank")
def blank(step: int, row: int, rows: int) -> bool:
    """Nothing is worked."""
    return True


@levels.register("first-row")
def first_row(step: int, row: int, rows: int) -> bool:
    """The first row of every step is worked, as an example."""
    return row > 0


@levels.register("faded")
def faded(step: int, row: int, rows: int) -> bool:
    """All rows but the last are worked in the first step, and one row less in each step after it.

    Source: Renkl & Atkinson 2003, fading worked-out steps.
    """
    return row >= rows - 1 - step


@levels.register("full")
def full(step: int, row: int, rows: int) -> bool:
    """Everything is worked: the solution on the sheet."""
    return False


@dataclass(frozen=True, slots=True)
class Worksheet:
    """A trace, the cells to fill in, and those that stand there; what is neither would give a blank away.

    `asked` are the steps with blanks or with worked rows, in the order of the work. `optional` cells have a box too,
    which may stay empty: a mask is there, or there is no value, and the sheet must not tell. `points` is what a right
    number of a step is worth, 1 where nothing is said. `name`, `seed` and `code` stand at the top of the sheet.
    """

    trace: Trace
    asked: tuple[str, ...]
    blanks: frozenset[Key]
    optional: frozenset[Key]
    printed: frozenset[Key]
    points: Mapping[str, Fraction] = field(default_factory=dict)
    name: str = ""
    seed: str = ""
    code: str = ""

    @property
    def steps(self) -> list[StepView]:
        """The steps that are on the sheet, in the order of the work."""
        there = {key[0] for key in self.boxes | self.printed}
        return [step for step in self.trace if step.id in there]

    def worth(self, id_: str) -> Fraction:
        """What a right number of a step is worth."""
        return self.points.get(id_, self.points.get(self.trace[id_].name, Fraction(1)))

    @property
    def boxes(self) -> frozenset[Key]:
        """All cells that can be filled in."""
        return self.blanks | self.optional

    @property
    def total(self) -> Fraction:
        """What the whole sheet is worth."""
        return sum((self.worth(key[0]) for key in self.blanks), Fraction(0))


def worksheet(
    trace: Trace,
    blank: str = "",
    level: str = "blank",
    points: Mapping[str, Fraction] | None = None,
    name: str = "",
    seed: str = "",
    code: str = "",
) -> Worksheet:
    """The worksheet of a trace. `blank` names what is asked for: "weights, scores[2], outputs[1,2]"; "" is every step.

    A blank leaves everything blank that follows from it: printed, it would give the number away. Raises
    `ProblemError` for a step or a cell that the pass does not have, `UnknownName` for an unknown level.
    """
    for step in points or {}:
        _steps(trace, step, "--points")
    called = _called(trace, blank) if blank.strip() else _everything(trace)
    asked = tuple(step.id for step in trace if any(key[0] == step.id for key in called))
    hidden = _hidden(trace, called, asked, levels[level])
    boxes = frozenset(key for key in called if hidden[key])
    blanks = frozenset(key for key in boxes if is_asked(trace, key))
    code = code or coded(f"{_given(trace)} {sorted(blanks)}")
    printed = _printed(trace, asked, hidden)
    return Worksheet(trace, asked, blanks, boxes - blanks, printed, points or {}, name, seed, code)


def _hidden(trace: Trace, called: frozenset[Key], asked: Sequence[str], is_left: Level) -> dict[Key, bool]:
    """Of every cell, whether it is left blank, or follows from one that is."""
    hidden: dict[Key, bool] = {}

    def is_hidden(cell: CellView) -> bool:
        if cell.key not in hidden:
            id_, (row, *_) = cell.key
            is_blank = cell.key in called and is_left(asked.index(id_), row, trace[id_].shape[0])
            hidden[cell.key] = is_blank or any(is_hidden(one) for one in cell.inputs)
        return hidden[cell.key]

    for step in trace:
        for cell in _cells(step):
            is_hidden(cell)
    return hidden


def _printed(trace: Trace, asked: Sequence[str], hidden: Mapping[Key, bool]) -> frozenset[Key]:
    """What stands on the sheet: the worked numbers of asked steps, and whole steps that these need."""
    aside, found = beside(trace), set[Key]()
    for step in trace:
        seen = {cell.key for cell in _cells(step) if not hidden[cell.key]}
        is_whole = step.kind == "calculate" and step.id not in aside and len(seen) == len(_cells(step))
        if step.id in asked or is_whole:
            found |= seen
        if step.id == asked[-1]:
            break
    return frozenset(found)


def coded(text: str) -> str:
    """A code of six letters and digits, the last of which checks the others."""
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    letters = [ALPHABET[(number >> 5 * n) % 32] for n in range(CODE - 1)]
    return "".join(letters) + ALPHABET[sum((n + 1) * ALPHABET.index(c) for n, c in enumerate(letters)) % 31]


def _given(trace: Trace) -> str:
    return " ".join(
        f"{name} {[show(values.entry(at), plain) for at in product(*map(range, values.shape))]}"
        for name, values in trace.problem.tables()
    )


def _everything(trace: Trace) -> frozenset[Key]:
    aside = beside(trace)
    steps = [step for step in trace if step.kind == "calculate" and step.id not in aside]
    return frozenset(cell.key for step in steps for cell in _cells(step))


def _called(trace: Trace, blank: str) -> frozenset[Key]:
    return frozenset(key for part in listed(blank) for key in _named(trace, part))


def listed(text: str) -> list[str]:
    """What stands between the commas outside brackets: "weights, scores[2,3]" is weights and scores[2,3]."""
    return [part.strip() for part in re.split(r",(?![^\[]*\])", text) if part.strip()]


def _named(trace: Trace, called: str) -> set[Key]:
    """The cells that "weights", "weights[2]" or "weights[2,3]" means; without a head or a pass, those of all."""
    match = CALLED.fullmatch(called)
    steps = _steps(trace, match[1].strip() if match else called, "--blank")
    assert match is not None  # a step's name matches
    if len({step.kind for step in steps}) > 1:  # rows are worked token by token, and then put together
        steps = [step for step in steps if step.kind == "calculate"]
    if steps[0].kind != "calculate":
        raise ProblemError(f"--blank: in {steps[0].id} nothing is calculated; name a step where something is")
    at = [int(n) - 1 for n in match.groups()[1:] if n]
    found = {key for step in steps for key in _matching(step, at)}
    if not found:
        size = " × ".join(map(str, steps[0].shape))
        raise ProblemError(f"--blank: “{short(called)}” does not exist: {steps[0].id} is {size}, counted from 1")
    return found


def _steps(trace: Trace, name: str, option: str) -> list[StepView]:
    """The steps of a name: one, or one in each head and pass."""
    steps = [step for step in trace if name in (step.id, step.name)]
    if not steps:
        known = dict.fromkeys(name for step in trace if step.kind == "calculate" for name in (step.name, step.id))
        raise ProblemError(f"{option}: there is no step “{short(name)}” in this pass; {did_you_mean(name, known)}")
    return steps


def _matching(step: StepView, at: Sequence[int]) -> list[Key]:
    """The cells of a step whose place begins so; a vector is a column."""
    return [cell.key for cell in _cells(step) if [*cell.at, 0][: len(at)] == list(at)]


def _cells(step: StepView) -> list[CellView]:
    """The cells of the rows that are asked for."""
    return [cell for i in shown(step) for cell in step.row(i)]
