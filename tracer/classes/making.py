"""What a student gets: the problem, the sheet and the key, as files. The same student and spec give the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from threading import Lock
from typing import TypeAlias

from tracer import __version__
from tracer.classes.roster import Entry
from tracer.classes.spec import New, Spec, settled
from tracer.classes.students import Student, enrolled
from tracer.composition import solve
from tracer.errors import TracerError
from tracer.formats import render_sheet
from tracer.garbage import rarely
from tracer.generate import NEWEST, new
from tracer.problem import Problem
from tracer.problem_file import from_text
from tracer.style import Style
from tracer.worksheet import Worksheet, worksheet

PROBLEMS, SHEETS, KEYS = "problems", "sheets", "keys"  # the folders
Files: TypeAlias = Mapping[str, bytes]  # by their places in the folder of the class
ALONE = Lock()  # a precision, and WeasyPrint, belong to the whole process


def places(spec: Spec, student: Student) -> set[str]:
    """The places of all that a student gets."""
    papers = {f"{folder}/{student.file}{suffix}" for suffix in spec.formats for folder in (SHEETS, KEYS)}
    return {f"{PROBLEMS}/{student.file}.toml", *papers}


def make(spec: Spec, student: Student) -> Files:
    """The problem, and the sheet and the key in every format. Raises `TracerError` where they cannot be made."""
    text, problem = _problem(spec, student)
    sheet = _sheet(spec, student, problem)
    made = {f"{PROBLEMS}/{student.file}.toml": text.encode()}
    for suffix in spec.formats:
        made[f"{SHEETS}/{student.file}{suffix}"] = render_sheet(sheet, suffix, form=spec.form)
        made[f"{KEYS}/{student.file}{suffix}"] = render_sheet(sheet, suffix, key=True)
    return made


def variants(spec: Spec, count: int) -> list[Worksheet]:
    """So many sheets of a spec that are nobody's. The first ones are the same however many there are.

    Raises `TracerError` where one cannot be made.
    """
    spec = settled(spec, NEWEST)
    nobody = [Entry(f"variant {n}", "") for n in range(1, count + 1)]
    return [_sheet(spec, one, _problem(spec, one)[1]) for one in enrolled(spec, nobody, {})]


def outcome(spec: Spec, student: Student, version: str) -> Files | str:
    """What a student gets, or why it could not be made: one failure does not stop the others.

    The `version` is that of whoever asks: elsewhere there may be another, which might make other sheets.
    """
    if version != __version__:
        return f"the worker has tracer {__version__}, but {version} is wanted; install that there"
    try:
        with ALONE, rarely():
            return make(spec, student)
    except TracerError as error:
        return str(error)
    except Exception as error:
        return f"tracer has failed: {type(error).__name__}: {error}"


def _problem(spec: Spec, student: Student) -> tuple[str, Problem]:
    """The text of a student's problem file, and the problem in the style of the class."""
    if isinstance(spec.task, New):
        made = new(student.seed, spec.task.wishes, spec.task.generator, spec.task.style.lang)
        style = spec.task.style
        return made.text, looking(made.problem, spec.title or style.language.text("Attention by hand"), style)
    given = spec.task[student.seed % len(spec.task)]
    return given.text, looking(from_text(given.text), spec.title, given.style)


def looking(problem: Problem, title: str, style: Style) -> Problem:
    """The problem as a class sees it: in its style, under its title where it has one."""
    return replace(problem, title=title or problem.title, paper=replace(problem.paper, style=style))


def _sheet(spec: Spec, student: Student, problem: Problem) -> Worksheet:
    return worksheet(
        solve(problem), spec.blank, spec.level, spec.points, student.entry.name, str(student.seed), student.code
    )
