"""What the command line understands: one file a command. Everything heavy is imported where it is used."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from tracer import __version__
from tracer.errors import TracerError

if TYPE_CHECKING:
    import argparse

EXAMPLES = """examples:
  tracer solve problem.toml                        the worked solution in the terminal
  tracer solve problem.toml -o sheet.pdf -o sheet.html
  tracer solve problem.toml --row apple            one row in full, the others as results
  tracer solve symbols.toml --let a=2 --let b=1/3
  tracer solve problem.toml --form numerics        the same pass in float64 … float8
  tracer solve problem.toml --under onnx           which cells change under the rules of ONNX
  tracer check problem.toml answers.csv            what is right, and where the first mistake is
  tracer check problem.toml answers.csv -o feedback.pdf
  tracer new --seed 7 -o problem.toml              a problem that is pleasant by hand, with its certificate
  tracer take model.npz --head 3 --dimensions 4 --round-to 0.1 -o problem.toml
  tracer new --check problem.toml                  whether the certificate still holds
  tracer sheet problem.toml --blank weights,outputs -o sheet.pdf --key key.pdf
  tracer class spec.toml roster.csv -o out         a problem, a sheet and a key for everybody on a roster
  tracer mark out answers                          the marks of the class
  tracer quiz problem.toml -o questions.moodle.xml
  tracer verify key.pdf                            whether every number that it prints still stands
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns its exit code; 2 with one line on standard error where something must be put right."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if any(argument.lower().endswith(".pdf") for argument in arguments):
        from tracer.press import start

        start()  # before anything else, since it takes longest
    options = _parser().parse_args(arguments)
    from tracer.garbage import rarely, unsearched_at_exit

    unsearched_at_exit()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")
    try:
        with rarely():
            code: int = options.run(options)
        sys.stdout.flush()
    except TracerError as error:
        if options.debug:
            raise
        print(f"tracer: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except OSError as error:
        if options.debug:
            raise
        print(f"tracer: cannot write ({error.strerror or error}); nothing was changed", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    import argparse

    from tracer.cli import check, classes, mark, new, quiz, schema, sheet, solve, take, verify

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
    for command in (solve, sheet, check, new, take, classes, mark, verify, quiz, schema):
        command.add(commands)
    return parser
