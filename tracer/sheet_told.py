"""A worksheet in JSON's values, and read back: what its key carries inside, so that it can be made again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from tracer.errors import ProblemError
from tracer.evaluate import Key
from tracer.fields import kind, short, string
from tracer.trace import Trace
from tracer.worksheet import Worksheet

CELLS, WORDS = ("blanks", "optional", "printed"), ("name", "seed", "code")
FRACTION = re.compile(r"\d{1,9}(/[1-9]\d{0,8})?")


def told(work: Worksheet) -> dict[str, Any]:
    """A worksheet without its trace: which cells are blank and which stand there, and the words at its top."""
    return {
        "asked": list(work.asked),
        **{name: _ids(work.trace, getattr(work, name)) for name in CELLS},
        "points": {step: str(points) for step, points in work.points.items()},
        **{name: getattr(work, name) for name in WORDS},
    }


def again(trace: Trace, of: Mapping[str, Any]) -> Worksheet:
    """The worksheet of a trace that was told so. Raises `ProblemError` for a step or a cell that it does not have."""
    asked, points = of.get("asked"), of.get("points")
    if not isinstance(asked, list) or not isinstance(points, dict):
        raise ProblemError(
            f"the worksheet's steps are {kind(asked)}, its points {kind(points)}; expected a list, a table"
        )
    steps = tuple(string(step, "asked") for step in asked)
    blanks, optional, printed = (_keys(trace, of.get(name)) for name in CELLS)
    there = {key[0] for key in blanks | optional | printed}
    if not steps or not there.issuperset(steps):
        raise ProblemError(f"the worksheet asks for “{short(', '.join(steps))}”, of which no cell is on it")
    worth = {step: _fraction(text) for step, text in points.items()}
    name, seed, code = (string(of.get(word), word) for word in WORDS)
    return Worksheet(trace, steps, blanks, optional, printed, worth, name, seed, code)


def _ids(trace: Trace, keys: Iterable[Key]) -> list[str]:
    """The public names of cells, in the order of the work."""
    return [cell.id for step in trace for row in step.cells for cell in row if cell.key in keys]


def _keys(trace: Trace, ids: Any) -> frozenset[Key]:
    """The cells of these names."""
    known = {cell.id: cell.key for step in trace for row in step.cells for cell in row}
    for id_ in ids if isinstance(ids, list) else [ids]:
        if not isinstance(id_, str) or id_ not in known:
            raise ProblemError(f"there is no cell “{short(id_)}” in the pass")
    return frozenset(known[id_] for id_ in ids)


def _fraction(text: Any) -> Fraction:
    if not isinstance(text, str) or not FRACTION.fullmatch(text):
        raise ProblemError(f"points are “{short(text)}”; expected a fraction such as 3/2")
    return Fraction(text)
