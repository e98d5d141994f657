"""What a number earns, by its verdict, and what a right number of a step is worth: a file in TOML, or the usual rules.

[credit]
rounding_slip = 1          # the usual 1/2
carried = "1/2"
[points]                   # instead of the sheet's
weights = 2
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from tracer import numbers, toml
from tracer.errors import ProblemError
from tracer.expr import Num
from tracer.fields import known_keys, section, short
from tracer.judging import CREDIT
from tracer.marking import Verdict
from tracer.problem_file import text_of

USUAL = {verdict: CREDIT.get(verdict, Fraction(0)) for verdict in Verdict}
MOST = 1000


@dataclass(frozen=True, slots=True)
class Rules:
    """The credit of each verdict, and the points of steps that are not worth what the sheet says."""

    credit: Mapping[Verdict, Fraction] = field(default_factory=lambda: USUAL)
    points: Mapping[str, Fraction] = field(default_factory=dict)


def load(path: str | Path) -> Rules:
    """The rules in a file. Raises `ProblemError` with the file's name in front."""
    try:
        return from_table(toml.loads(text_of(path)))
    except ValueError as error:
        raise ProblemError(f"{path}: cannot be read: {error}; expected TOML such as  [credit]") from None
    except ProblemError as error:
        raise type(error)(f"{path}: {error}") from None


def from_table(data: Mapping[str, Any]) -> Rules:
    """The rules that a parsed file tells; what it does not tell is as usual."""
    known_keys(data, ("credit", "points"), "the rules")
    credit, points = section(data, "credit"), section(data, "points")
    known_keys(credit, tuple(Verdict), "[credit]")
    told = {Verdict(name): _number(value, f"[credit] {name}", 1) for name, value in credit.items()}
    return Rules(USUAL | told, {step: _number(value, f"[points] {step}", MOST) for step, value in points.items()})


def _number(value: Any, where: str, most: int) -> Fraction:
    try:
        number = numbers.read(str(value))
    except numbers.Unreadable:
        number = None
    if isinstance(value, bool) or not isinstance(number, Num) or not 0 <= number.value <= most:
        raise ProblemError(f'{where} is {short(str(value))}; expected a number from 0 to {most} such as "1/2"')
    return number.value
