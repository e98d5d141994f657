"""tracer class: a problem, a sheet and a key for everybody on a roster."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tracer.cli.progress import Progress
from tracer.errors import ClassError

if TYPE_CHECKING:
    from tracer.classes.engines import Engine
    from tracer.classes.handing_out import Outcome

ALL_MADE, SOME_FAILED = 0, 1
TOLD = 3  # failures that are told on the screen; the manifest has all


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """What the command understands."""
    command = commands.add_parser(
        "class",
        help="a problem, a sheet and a key for everybody on a roster",
        description="Make a problem, a sheet and a key for everybody on a roster, all sheets in one PDF for printing, "
        "an index and a manifest. A second run makes only what is missing. Exit code 0 if everybody has a sheet, 1 if "
        "one could not be made.",
    )
    command.add_argument("spec", metavar="SPEC", help="what the class is set, in TOML; - for standard input")
    command.add_argument("roster", metavar="ROSTER", help="who is in it, in CSV; - for standard input")
    command.add_argument("-o", "--output", metavar="FOLDER", required=True, help="where everything goes")
    command.add_argument("--on", metavar="ENGINE", default="local", help="local: all cores of this machine; local=2: "
                         "so many processes; dask=tcp://HOST:PORT: the workers of a Dask scheduler")  # fmt: skip
    command.add_argument("--again", action="store_true",
                         help="also make anew what another spec or another version of tracer has made")  # fmt: skip
    command.add_argument("--json", action="store_true", help="print what was done as JSON")
    command.add_argument("--quiet", action="store_true", help="say nothing but what failed")
    command.add_argument("--debug", action="store_true", help="show where in the program an error arose")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Make a class, or what is missing of it."""
    from tracer.classes.engines import opened

    if options.spec == options.roster == "-":
        raise ClassError("standard input: only one file can come from it; give the other by its name")
    progress = Progress(is_shown=sys.stderr.isatty() and not options.quiet)
    engine = opened(options.on)
    try:
        outcome = _handed_out(options, engine, progress)
    except KeyboardInterrupt:
        progress.end()
        print(f"stopped; what is done stays in {options.output}, and the same command goes on", file=sys.stderr)
        raise
    finally:
        engine.close()
        progress.end()
    _say(options, outcome, progress.seconds)
    return SOME_FAILED if outcome.failed else ALL_MADE


def _handed_out(options: argparse.Namespace, engine: Engine, progress: Progress) -> Outcome:
    """Make the class; what is heavy is imported while the engine warms up."""
    from tracer.classes.handing_out import hand_out
    from tracer.classes.roster import read
    from tracer.classes.spec_file import load_spec

    spec, roster, folder = load_spec(options.spec), read(options.roster), Path(options.output)
    try:
        return hand_out(spec, roster, folder, engine, progress.show, again=options.again)
    except OSError as error:
        raise ClassError(
            f"{folder}: cannot be written to ({error.strerror or error}); what is done stays, and the same command "
            "goes on"
        ) from None


def _say(options: argparse.Namespace, outcome: Outcome, seconds: float) -> None:
    """What was done: a line, or JSON; what failed in any case."""
    for record in outcome.failed[:TOLD]:
        print(f"{record.name}: {record.failed}", file=sys.stderr)
    if len(outcome.failed) > TOLD:
        print(f"and {len(outcome.failed) - TOLD} more: see manifest.json", file=sys.stderr)
    if outcome.older and not options.quiet:
        print(f"{outcome.older} were made by another version of tracer and are kept; --again makes them anew",
              file=sys.stderr)  # fmt: skip
    if options.json:
        failed = [{"name": record.name, "code": record.code, "reason": record.failed} for record in outcome.failed]
        counts = {"made": outcome.made, "kept": outcome.kept, "older": outcome.older, "left": outcome.left}
        data = {"schema": "tracer/class-run/1", "folder": options.output, **counts, "failed": failed}
        print(json.dumps({**data, "seconds": round(seconds, 3)}, ensure_ascii=False))
    elif not options.quiet:
        counts = {
            "made": outcome.made,
            "kept": outcome.kept,
            "failed": len(outcome.failed),
            "no longer on the roster": outcome.left,
        }
        told = ", ".join(f"{n} {what}" for what, n in counts.items() if n or what == "made")
        print(f"{options.output}: {told}, in {seconds:.1f} s", file=sys.stderr)
