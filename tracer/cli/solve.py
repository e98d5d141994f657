"""tracer solve: work a problem step by step."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tracer.cli.asking import add_look, add_problem, traced, write_all

if TYPE_CHECKING:
    from tracer.pages import Details
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
    worked.add_argument("--under", metavar="RULES", action="append", default=[],
                       help="which cells change under the rules of pytorch-sdpa, torch-mha or onnx; may be "
                            "repeated")  # fmt: skip
    solve.add_argument("--form", default="solution",
                       choices=("solution", "summary", "slides", "ladder", "numerics"),
                       help="the solution, its results on one page, one step per slide, the same scores under "
                            "three normalisations side by side, or the pass in number formats from float64 to "
                            "float8")  # fmt: skip
    solve.add_argument(
        "--json", action="store_true", help="print the trace, or with --under what changes, as JSON instead of text"
    )
    add_look(solve)
    solve.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the worked solution, or write it."""
    from tracer import pages
    from tracer.formats import render, render_page

    if options.under:
        return _under(options)
    form = pages.form(options.form)
    trace = traced(options, form.styles)
    details = _details(options, trace) or form.detail

    def written(suffix: str) -> bytes:
        """The file of a suffix; one that holds the whole trace stands for a solution only."""
        if form.is_solution:
            return render(trace, lambda: form.page(trace, details), suffix)
        return render_page(lambda: form.page(trace, details), suffix)

    write_all(options, written)
    return 0


def _under(options: argparse.Namespace) -> int:
    """Print what changes under the rules of other software, or write it."""
    from tracer.errors import ProblemError
    from tracer.formats import render_under
    from tracer.pages.under import under
    from tracer.parts.compared import compare

    if options.form != "solution":
        raise ProblemError(f"--under makes a page of its own; leave --form {options.form} out")
    trace = traced(options)
    compared = compare(trace, options.under)
    write_all(options, lambda suffix: render_under(compared, lambda: under(trace, options.under), suffix))
    return 0


def _details(options: argparse.Namespace, trace: Trace) -> Details | None:
    """How much is worked, where the options say it."""
    from tracer.pages.solution import DETAILS, only
    from tracer.problem_file import row_number

    if options.row is not None:
        tokens = trace.problem.tokens
        by_number = options.row not in tokens and options.row.isdecimal()
        return only(row_number(int(options.row) if by_number else options.row, tokens, "--row"))
    return DETAILS.get(options.detail)
