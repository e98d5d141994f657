"""tracer solve: work a problem step by step."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tracer.cli.asking import add_look, add_problem, traced, write_all

if TYPE_CHECKING:
    from tracer.pages.solution import Details
    from tracer.trace import Trace


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """What the command understands."""
    solve = commands.add_parser("solve", help="work a problem step by step", description="Work a problem step by step.")
    add_problem(solve)
    solve.add_argument("-o", "--output", metavar="FILE", action="append", default=[],
                       help="write .html, .pdf, .tex, .md, .ipynb, .xlsx, .json or .txt, by suffix; may be repeated; "
                            "- for stdout")  # fmt: skip
    worked = solve.add_mutually_exclusive_group()
    worked.add_argument("--detail", choices=("summary", "steps", "full"),
                       help="results only, the first row worked, or every row (usual if not too long)")  # fmt: skip
    worked.add_argument(
        "--row", metavar="WORD", help="work one row in full, named by its word or number; the others as results"
    )
    solve.add_argument("--form", choices=("solution", "summary", "slides"), default="solution",
                       help="the solution, its results on one page, or one step per slide")  # fmt: skip
    solve.add_argument("--json", action="store_true", help="print the trace as JSON instead of text")
    add_look(solve)
    solve.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the worked solution, or write it."""
    from tracer.formats import render
    from tracer.pages.solution import FORMS, solution

    trace = traced(options, FORMS[options.form].styles)
    detail = _detail(options, trace)
    write_all(options, lambda suffix: render(trace, lambda: solution(trace, detail), suffix))
    return 0


def _detail(options: argparse.Namespace, trace: Trace) -> Details:
    from tracer.pages.solution import DETAILS, FORMS, only, usual
    from tracer.problem_file import row_number

    if options.row is not None:
        tokens = trace.problem.tokens
        by_number = options.row not in tokens and options.row.isdecimal()
        return only(row_number(int(options.row) if by_number else options.row, tokens, "--row"))
    return DETAILS.get(options.detail or FORMS[options.form].detail, usual)
