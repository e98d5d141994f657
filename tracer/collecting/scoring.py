"""A submission with its points, as plain data: what is kept of it, and compared when a class is marked again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from tracer.classes.manifest import Record
from tracer.collecting.rules import Rules
from tracer.marking import WRONG, Marks, Verdict
from tracer.worksheet import Worksheet

TIES = 3  # mistakes that come to the same: more explain nothing


@dataclass(frozen=True, slots=True)
class Cell:
    """A number that was asked for: what became of it, and what it was worth and earned."""

    verdict: str
    written: str
    worth: Fraction
    earned: Fraction
    mistakes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """A student's sheet, marked. `file` is what they handed in, "" nothing; `problem` why it could not be marked."""

    identity: str
    name: str
    id: str
    code: str
    file: str
    cells: Mapping[str, Cell]
    first_wrong: str = ""
    problem: str = ""
    others: tuple[str, ...] = field(default=())

    @property
    def points(self) -> Fraction:
        """What was earned."""
        return sum((cell.earned for cell in self.cells.values()), Fraction(0))

    @property
    def of(self) -> Fraction:
        """What could be earned."""
        return sum((cell.worth for cell in self.cells.values()), Fraction(0))

    @property
    def is_handed_in(self) -> bool:
        """Whether there is anything to mark."""
        return bool(self.file) and not self.problem

    def count(self, *verdicts: Verdict) -> int:
        """How many numbers have one of these verdicts."""
        return sum(cell.verdict in verdicts for cell in self.cells.values())

    def by_step(self) -> dict[str, tuple[Fraction, Fraction]]:
        """The points of each step: earned, and of how many."""
        found: dict[str, tuple[Fraction, Fraction]] = {}
        for name, cell in self.cells.items():
            step = step_of(name)
            earned, worth = found.get(step, (Fraction(0), Fraction(0)))
            found[step] = earned + cell.earned, worth + cell.worth
        return found

    def wrong_steps(self) -> set[str]:
        """The steps in which a number is wrong at its origin."""
        return {step_of(name) for name, cell in self.cells.items() if cell.verdict in WRONG}

    def mistakes(self) -> set[tuple[str, tuple[str, ...]]]:
        """The mistakes that may explain a number, each with its step; several where they come to the same."""
        return {(step_of(name), cell.mistakes) for name, cell in self.cells.items() if 1 <= len(cell.mistakes) <= TIES}


def step_of(cell: str) -> str:
    """The step of a cell: scores of scores[2,3]."""
    return cell.partition("[")[0]


def scored(student: Record, work: Worksheet, marks: Marks | None, rules: Rules, file: str, problem: str = "") -> Score:
    """The points of a sheet. A number that was asked for and is not there has none."""
    found = {} if marks is None else {mark.key: mark for mark in marks.marks}
    cells = {}
    for step in work.steps:
        worth = rules.points.get(step.id, rules.points.get(step.name, work.worth(step.id)))
        for cell in (cell for row in step.cells for cell in row if cell.key in work.blanks):
            mark = found.get(cell.key)
            verdict = mark.verdict if mark else Verdict.MISSING
            earned = rules.credit[verdict] * worth
            told = (mark.entry.raw.strip(), mark.mistakes) if mark else ("", ())
            cells[cell.id] = Cell(verdict, told[0], worth, earned, told[1])
    first = next((name for name, cell in cells.items() if cell.verdict in WRONG), "")
    return Score(student.identity, student.name, student.id, student.code, file, cells, first, problem)
