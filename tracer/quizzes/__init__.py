"""Worksheets -> questions of a learning platform, one for each: one file a format, called as a file's name ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, TypeAlias

from tracer.errors import UnknownName
from tracer.registry import Registry

if TYPE_CHECKING:
    from tracer.worksheet import Worksheet

RACK = ("moodle", "qti")  # every file that writes a format
Writer: TypeAlias = "Callable[[Sequence[Worksheet], str], bytes]"

quizzes: Registry[Writer] = Registry("quiz format")


def render(sheets: Sequence[Worksheet], title: str, path: str) -> bytes:
    """The sheets as questions, in the format that the end of a file's name tells.

    They are filed under `title`; where it is empty, under that of the first sheet.

    Raises `UnknownName` for an end that nobody writes, `ProblemError` for a sheet that cannot be a question.
    """
    from tracer.pages.sheet import sheet

    for name in RACK:
        import_module(f"{__name__}.{name}")
    ends = [end for end in quizzes if path.lower().endswith(end)]
    if not ends:
        raise UnknownName(f"{path}: no learning platform reads such a file; expected a name with {', '.join(quizzes)}")
    return quizzes[ends[0]](sheets, title or sheet(sheets[0]).title)
