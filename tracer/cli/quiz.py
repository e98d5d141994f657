"""tracer quiz: worksheets as questions of a learning platform."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tracer.cli.asking import STDIN, add_blanks, add_look, points, traced
from tracer.errors import ProblemError

if TYPE_CHECKING:
    from tracer.worksheet import Worksheet

MOST = 1000  # variants


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """What the command understands."""
    quiz = commands.add_parser(
        "quiz",
        help="questions for Moodle and other learning platforms",
        description="A question for each problem: its worksheet, with a field for every empty box. A field accepts "
        "what tracer check accepts from somebody whose other numbers are right, and names the mistake that it may be.",
    )
    quiz.add_argument("problems", metavar="PROBLEM", nargs="+",
                      help="problem files, one for each variant; - for standard input")  # fmt: skip
    quiz.add_argument("--variants", metavar="N", type=int,
                      help="so many questions from the spec of a class, given instead of problems")  # fmt: skip
    add_blanks(quiz)
    quiz.add_argument("-o", "--output", metavar="FILE", action="append", required=True,
                      help="for Moodle .moodle.xml, for others a QTI 2.1 package, .qti.zip; repeatable")  # fmt: skip
    quiz.add_argument(
        "--title", metavar="TEXT", default="", help="what the questions are called (the first problem's title)"
    )
    add_look(quiz)
    quiz.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the questions."""
    from tracer.fields import string
    from tracer.formats import write
    from tracer.quizzes import render

    if options.problems.count("-") > 1:
        raise ProblemError(f"{STDIN}: only one problem can come from it; give the others by their names")
    sheets = (
        _variants(options) if options.variants is not None else [_sheet(options, name) for name in options.problems]
    )
    title = string(options.title, "--title").strip()
    write({Path(path): render(sheets, title, path) for path in options.output})
    if not options.quiet:
        print("wrote " + ", ".join(options.output), file=sys.stderr)
    return 0


def _variants(options: argparse.Namespace) -> list[Worksheet]:
    """The sheets of a class's spec, which says what is blank; its title is theirs."""
    from tracer.classes.making import variants
    from tracer.classes.spec_file import load_spec
    from tracer.fields import whole

    if len(options.problems) > 1:
        raise ProblemError("--variants: expected one spec of a class, and no other files")
    if options.blank or options.points or options.level != "blank":
        raise ProblemError("--variants: what is left blank stands in the spec; write it there, in [sheet]")
    return variants(load_spec(options.problems[0]), whole(options.variants, "--variants", 1, MOST))


def _sheet(options: argparse.Namespace, name: str) -> Worksheet:
    from tracer.worksheet import worksheet

    trace = traced(argparse.Namespace(**{**vars(options), "problem": name}))
    return worksheet(trace, options.blank, options.level, points(options))
