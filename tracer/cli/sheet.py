"""tracer sheet: a worksheet with blanks, and its key."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tracer.cli.asking import add_blanks, add_look, add_problem, points, traced
from tracer.errors import ProblemError


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """What the command understands."""
    sheet = commands.add_parser(
        "sheet",
        help="a worksheet with blanks, and its key",
        description="A worksheet: the given numbers, a box for every number to work out, and room for the working. Its "
        "key is the same sheet filled in, blank for blank at the same place.",
    )
    add_problem(sheet)
    add_blanks(sheet)
    sheet.add_argument("-o", "--output", metavar="FILE", action="append", default=[],
                       help="the sheet as .pdf, .html, .tex, .md or .txt, or as .xlsx, .csv or .toml to be filled in; "
                            "may be repeated; - for stdout")  # fmt: skip
    sheet.add_argument("--key", metavar="FILE", action="append", default=[], help="the key, in the same formats")
    sheet.add_argument("--form", action="store_true", help="a PDF whose boxes can be filled in on the screen")
    sheet.add_argument(
        "--for", dest="name", metavar="NAME", default="", help="the student's name, printed on the sheet"
    )
    sheet.add_argument("--seed", metavar="TEXT", default="", help="printed on the sheet")
    sheet.add_argument("--code", metavar="TEXT", default="", help="printed on the sheet, instead of its own code")
    add_look(sheet)
    sheet.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the sheet, or write it and its key."""
    from tracer.formats import render_sheet, write
    from tracer.worksheet import worksheet

    trace = traced(options)
    work = worksheet(trace, options.blank, options.level, points(options), options.name, options.seed, options.code)
    wanted = [(path, False) for path in options.output or ["-"]] + [(path, True) for path in options.key]
    if [path for path, _ in wanted].count("-") > 1:
        raise ProblemError("-: only one of sheet and key can go to standard output; give the other a name")
    rendered = {
        path: render_sheet(work, ".txt" if path == "-" else Path(path).suffix.lower(), key=is_key, form=options.form)
        for path, is_key in wanted
    }
    write({Path(path): content for path, content in rendered.items() if path != "-"})
    if "-" in rendered:
        sys.stdout.buffer.write(rendered["-"])
    if len(rendered) > ("-" in rendered) and not options.quiet:
        print("wrote " + ", ".join(path for path in rendered if path != "-"), file=sys.stderr)
    return 0
