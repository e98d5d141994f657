"""tracer check: mark a hand calculation."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tracer.cli.asking import STDIN, add_look, add_problem, named, traced, write_all
from tracer.errors import ProblemError, SubmissionError

if TYPE_CHECKING:
    from tracer.marking import Marks

EVERYTHING_ACCEPTED, SOMETHING_NOT = 0, 1


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """What the command understands."""
    check = commands.add_parser(
        "check",
        help="mark a hand calculation",
        description="Mark a hand calculation: what is right, what is right by hand or from an earlier slip, where the "
        "first mistake is and which. Exit code 0 if every written number is accepted, 1 if one is not.",
    )
    add_problem(check)
    check.add_argument("submission", metavar="SUBMISSION", help="the written numbers: .toml, .json, .csv or .xlsx; "
                       "- for standard input")  # fmt: skip
    check.add_argument("-o", "--output", metavar="FILE", action="append", default=[],
                       help="the feedback as .html, .pdf, .tex, .md or .txt, the marks as .json; may be repeated; "
                            "- for stdout")  # fmt: skip
    check.add_argument("--for", dest="audience", choices=("student", "teacher", "audit"), default="student",
                       help="what the student is told, the teacher (with credit), or the public")  # fmt: skip
    check.add_argument("--earlier", metavar="FILE",
                       help="another printing of it, whose numbers this one may have used")  # fmt: skip
    check.add_argument("--json", action="store_true", help="print the marks as JSON instead of text")
    add_look(check)
    check.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the feedback, or write it."""
    from tracer.formats import render_marks
    from tracer.marking import ACCEPTED, Verdict
    from tracer.pages.feedback import feedback

    if [options.problem, options.submission, options.earlier].count("-") > 1:
        raise SubmissionError(f"{STDIN}: only one file can come from it; give the others by their names")
    marks = _checked(options)
    write_all(options, lambda suffix: render_marks(marks, lambda: feedback(marks, options.audience), suffix))
    accepted = all(mark.verdict in (*ACCEPTED, Verdict.MISSING) for mark in marks.marks)
    return EVERYTHING_ACCEPTED if accepted else SOMETHING_NOT


def _checked(options: argparse.Namespace) -> Marks:
    """The marks; an error begins with the name of the file that must be put right."""
    from tracer.answers import read_submission
    from tracer.judging import check

    trace = traced(options)
    submission = read_submission(options.submission)
    earlier = read_submission(options.earlier) if options.earlier else None
    try:
        return check(trace, submission, earlier)
    except SubmissionError as error:
        raise SubmissionError(f"{named(options.submission)}: {error}") from None
    except ProblemError as error:
        raise ProblemError(f"{named(options.problem)}: {error}") from None
