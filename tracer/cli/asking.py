"""What several commands ask for: a problem in a house style, letters with numbers, files to write."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tracer.errors import ProblemError
from tracer.language import languages

if TYPE_CHECKING:
    from fractions import Fraction

    from tracer.expr import Expr
    from tracer.problem import Problem
    from tracer.trace import Trace

STDIN = "standard input"
LEAST = 40  # characters in a line of a terminal


def add_problem(command: argparse.ArgumentParser) -> None:
    """The problem file."""
    command.add_argument("problem", metavar="PROBLEM", help="a problem file in TOML or JSON; - for standard input")


def add_look(command: argparse.ArgumentParser) -> None:
    """Letters, house style, and how the command speaks."""
    command.add_argument(
        "--let", metavar="LETTER=NUMBER", action="append", default=[], help="put a number in for a letter"
    )
    command.add_argument(
        "--places", metavar="N", type=int, help="decimals of a rounded value, instead of the problem's own"
    )
    command.add_argument("--style", metavar="STYLE", action="append", default=[],
                         help="a house style: a .toml file, or a ready-made one such as large-print")  # fmt: skip
    command.add_argument("--lang", metavar="CODE", help=f"the language of the words: {', '.join(languages())}")
    command.add_argument("--paper", choices=("A4", "letter"), help="the paper of a PDF (A4)")
    command.add_argument("--quiet", action="store_true", help="say nothing about the files that were written")
    command.add_argument("--debug", action="store_true", help="show where in the program an error arose")


def add_blanks(command: argparse.ArgumentParser) -> None:
    """What is left blank on a sheet, and what it is worth."""
    command.add_argument("--blank", metavar="CELLS", default="",
                       help="what to leave blank: weights,outputs or scores[2] (a row) or weights[2,3]; without it "
                            "every step")  # fmt: skip
    command.add_argument("--level", metavar="LEVEL", default="blank",
                       help="how much is worked as an example: blank, first-row, faded, full (blank)")  # fmt: skip
    command.add_argument("--points", metavar="STEP=N", action="append", default=[],
                       help="what each right number of a step is worth (1): weights=2")  # fmt: skip


def points(options: argparse.Namespace) -> dict[str, Fraction]:
    """What a right number of each step is worth, as the options tell it."""
    return dict(map(_points, options.points))


def _points(text: str) -> tuple[str, Fraction]:
    from tracer import numbers
    from tracer.expr import Num

    step, _, raw = text.partition("=")
    try:
        number = numbers.read(raw)
    except numbers.Unreadable:
        number = None
    if not isinstance(number, Num) or number.value < 0:
        raise ProblemError(f"--points {text}: expected a step and a number from 0, such as  --points weights=2")
    return step.strip(), number.value


def traced(options: argparse.Namespace, styles: tuple[str, ...] = ()) -> Trace:
    """The trace of the problem that the options name, in the style they tell, behind `styles`."""
    from dataclasses import replace

    from tracer.fields import whole
    from tracer.problem_file import MAX_PLACES, load

    problem = load(options.problem)
    if options.places is not None:
        places = whole(options.places, "--places", 0, MAX_PLACES)
        problem = replace(problem, paper=replace(problem.paper, places=places))
    trace = _solved(_in_style(problem, options, styles), options.problem)
    for letter, number in map(_let, options.let):
        if letter not in trace.open_letters:
            known = ", ".join(trace.open_letters) or "none"
            raise ProblemError(
                f"--let {letter}: the problem has no such letter without a number; letters there are: {known}"
            )
        trace = _solved(trace.problem.let(letter, number), options.problem)
    return trace


def _in_style(problem: Problem, options: argparse.Namespace, styles: tuple[str, ...]) -> Problem:
    """The problem in the house style that the options tell: files first, then single keys."""
    from dataclasses import replace

    from tracer.style_file import read, styled

    style = problem.paper.style
    for name in (*styles, *options.style):
        style = read(style, name)
    if options.paper and style.size == "slides":
        raise ProblemError("--paper: slides have the shape of a screen; leave --paper or the slides out")
    told = {"lang": options.lang, "size": options.paper}
    style = styled(style, {key: value for key, value in told.items() if value}, "the command line:")
    style = replace(style, line=_line(style.line))
    return replace(problem, paper=replace(problem.paper, style=style))


def _line(usual: int) -> int:
    """The characters in a line of text: no more than a terminal shows."""
    from shutil import get_terminal_size

    return max(LEAST, min(usual, get_terminal_size().columns)) if sys.stdout.isatty() else usual


def _solved(problem: Problem, name: str) -> Trace:
    from tracer.composition import solve

    try:
        return solve(problem)
    except ProblemError as error:
        raise type(error)(f"{named(name)}: {error}") from None


def named(file: str) -> str:
    """What a file is called in an error."""
    return STDIN if file == "-" else file


def _let(text: str) -> tuple[str, Expr]:
    from tracer import numbers
    from tracer.expr import letters
    from tracer.real import not_real

    letter, equals, raw = text.partition("=")
    try:
        number = numbers.read(raw if equals else "")
    except numbers.Unreadable as reason:
        wrong = f"“{raw}” {reason}"
    else:
        wrong = f"“{raw}” is not a number" if letters(number) else not_real(number)
    if wrong:
        raise ProblemError(f"--let {text}: {wrong}; expected a letter and a number, such as  --let a=1/2")
    return letter.strip(), number


def write_all(options: argparse.Namespace, render: Callable[[str], bytes]) -> None:
    """Write each file that was asked for in the format of its suffix; on standard output text, or JSON."""
    from tracer.formats import write

    wanted = options.output or ["-"]
    suffixes = {
        path: ".json" if path == "-" and options.json else ".txt" if path == "-" else Path(path).suffix.lower()
        for path in wanted
    }
    if options.json and "-" not in suffixes:
        suffixes["-"] = ".json"
    rendered = {path: render(suffix) for path, suffix in suffixes.items()}
    write({Path(path): content for path, content in rendered.items() if path != "-"})
    if "-" in rendered:
        sys.stdout.buffer.write(rendered["-"])
    elif not options.quiet:
        print("wrote " + ", ".join(rendered), file=sys.stderr)
