"""tracer solve | schema: what the command line understands. Everything heavy is imported where it is used."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from tracer import __version__
from tracer.errors import ProblemError, TracerError

if TYPE_CHECKING:
    import argparse

    from tracer.expr import Expr
    from tracer.pages.solution import Details
    from tracer.problem import Problem
    from tracer.trace import Trace

RARELY = 100_000  # new objects before Python looks for cycles: a command is over soon
EXAMPLES = """examples:
  tracer solve problem.toml                        the worked solution in the terminal
  tracer solve problem.toml -o sheet.pdf -o sheet.html
  tracer solve problem.toml --row apple            one row in full, the others as results
  tracer solve symbols.toml --let a=2 --let b=1/3
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0, or 2 with one line on standard error."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if any(argument.lower().endswith(".pdf") for argument in arguments):
        from tracer.press import start

        start()  # before anything else, since it takes longest
    gc.set_threshold(RARELY)
    options = _parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")
    try:
        options.run(options)
        sys.stdout.flush()
    except TracerError as error:
        if options.debug:
            raise
        print(f"tracer: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
    except OSError as error:
        if options.debug:
            raise
        print(f"tracer: cannot write ({error.strerror or error}); nothing was changed", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    import argparse

    from tracer.language import languages

    class OneLine(argparse.ArgumentParser):
        """An error in one line, as all others are."""

        def error(self, message: str) -> NoReturn:
            self.exit(2, f"tracer: {message}; {self.prog} --help tells more\n")

    parser = OneLine(
        prog="tracer",
        description="Every step of an attention pass, exactly and numerically, as a worked solution.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"tracer {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    solve = commands.add_parser("solve", help="work a problem step by step", description="Work a problem step by step.")
    solve.add_argument("problem", metavar="PROBLEM", help="a problem file in TOML or JSON; - for standard input")
    solve.add_argument("-o", "--output", metavar="FILE", action="append", default=[],
                       help="write .html, .pdf, .tex, .md, .ipynb, .xlsx, .json or .txt, by suffix; may be repeated; "
                            "- for stdout")  # fmt: skip
    worked = solve.add_mutually_exclusive_group()
    worked.add_argument("--detail", choices=("summary", "steps", "full"),
                       help="results only, the first row worked, or every row (usual if not too long)")  # fmt: skip
    worked.add_argument(
        "--row", metavar="WORD", help="work one row in full, named by its word or number; the others as results"
    )
    solve.add_argument(
        "--let", metavar="LETTER=NUMBER", action="append", default=[], help="put a number in for a letter"
    )
    solve.add_argument(
        "--places", metavar="N", type=int, help="decimals of a rounded value, instead of the problem's own"
    )
    solve.add_argument("--form", choices=("solution", "summary", "slides"), default="solution",
                       help="the solution, its results on one page, or one step per slide")  # fmt: skip
    solve.add_argument("--style", metavar="STYLE", action="append", default=[],
                       help="a house style: a .toml file, or a ready-made one such as large-print")  # fmt: skip
    solve.add_argument("--lang", metavar="CODE", help=f"the language of the words: {', '.join(languages())}")
    solve.add_argument("--paper", choices=("A4", "letter"), help="the paper of a PDF (A4)")
    solve.add_argument("--json", action="store_true", help="print the trace as JSON instead of text")
    solve.add_argument("--quiet", action="store_true", help="say nothing about the files that were written")
    solve.add_argument("--debug", action="store_true", help="show where in the program an error arose")
    solve.set_defaults(run=_solve)

    schema = commands.add_parser("schema", help="print the JSON Schema of a file format")
    schema.add_argument("name", choices=("problem", "trace"), help="which format")
    schema.add_argument("--debug", action="store_true", help=argparse.SUPPRESS)
    schema.set_defaults(run=_schema)
    return parser


def _solve(options: argparse.Namespace) -> None:
    from tracer.formats import render, write
    from tracer.pages.solution import solution

    trace = _trace(options)
    detail = _detail(options, trace)
    wanted = options.output or ["-"]
    suffixes = {
        path: ".json" if path == "-" and options.json else ".txt" if path == "-" else Path(path).suffix.lower()
        for path in wanted
    }
    if options.json and "-" not in suffixes:
        suffixes["-"] = ".json"
    rendered = {path: render(trace, lambda: solution(trace, detail), suffix) for path, suffix in suffixes.items()}
    write({Path(path): content for path, content in rendered.items() if path != "-"})
    if "-" in rendered:
        sys.stdout.buffer.write(rendered["-"])
    elif not options.quiet:
        print("wrote " + ", ".join(rendered), file=sys.stderr)


def _trace(options: argparse.Namespace) -> Trace:
    from dataclasses import replace

    from tracer.fields import whole
    from tracer.problem_file import MAX_PLACES, load

    problem = load(options.problem)
    if options.places is not None:
        places = whole(options.places, "--places", 0, MAX_PLACES)
        problem = replace(problem, paper=replace(problem.paper, places=places))
    trace = _solved(_in_style(problem, options), options.problem)
    for letter, number in map(_let, options.let):
        if letter not in trace.open_letters:
            known = ", ".join(trace.open_letters) or "none"
            raise ProblemError(
                f"--let {letter}: the problem has no such letter without a number; letters there are: {known}"
            )
        trace = _solved(trace.problem.let(letter, number), options.problem)
    return trace


def _in_style(problem: Problem, options: argparse.Namespace) -> Problem:
    """The problem in the house style that the options tell: files first, then single keys."""
    from dataclasses import replace

    from tracer.pages.solution import FORMS
    from tracer.style_file import read, styled

    style = problem.paper.style
    for name in (*FORMS[options.form].styles, *options.style):
        style = read(style, name)
    if options.paper and style.size == "slides":
        raise ProblemError("--paper: slides have the shape of a screen; leave --paper or the slides out")
    told = {"lang": options.lang, "size": options.paper}
    style = styled(style, {key: value for key, value in told.items() if value}, "the command line:")
    return replace(problem, paper=replace(problem.paper, style=style))


def _solved(problem: Problem, name: str) -> Trace:
    from tracer.composition import solve

    try:
        return solve(problem)
    except ProblemError as error:
        raise type(error)(f"{'standard input' if name == '-' else name}: {error}") from None


def _let(text: str) -> tuple[str, Expr]:
    from tracer import numbers
    from tracer.expr import letters
    from tracer.problem_file import not_real

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


def _detail(options: argparse.Namespace, trace: Trace) -> Details:
    from tracer.pages.solution import DETAILS, FORMS, only, usual
    from tracer.problem_file import row_number

    if options.row is not None:
        tokens = trace.problem.tokens
        by_number = options.row not in tokens and options.row.isdecimal()
        return only(row_number(int(options.row) if by_number else options.row, tokens, "--row"))
    return DETAILS.get(options.detail or FORMS[options.form].detail, usual)


def _schema(options: argparse.Namespace) -> None:
    sys.stdout.write((Path(__file__).parent / "schemas" / f"{options.name}.schema.json").read_text("utf-8"))
