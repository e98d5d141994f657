"""tracer mark: mark what a class has handed in."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tracer.errors import ClassError, ProblemError

if TYPE_CHECKING:
    from tracer.collecting.collect import Collected

ALL_MARKED, SOMETHING_LEFT = 0, 1
TOLD = 5  # of a kind, on the screen


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """What the command understands."""
    mark = commands.add_parser(
        "mark",
        help="mark what a class has handed in",
        description="Mark the answers of a class: points for everybody, a page of feedback each, and a page about the "
        "class. Answers are matched by the code on the sheet, or by a name. Marked again, with other rules or more "
        "answers, it tells who changes and why. Exit code 0 if every file was marked, 1 if one could not be.",
    )
    mark.add_argument("folder", metavar="FOLDER", help="the folder that tracer class has made")
    mark.add_argument("answers", metavar="ANSWERS", nargs="+", help="files with answers (.pdf, .csv, .xlsx, .toml, "
                      ".json), or folders of them")  # fmt: skip
    mark.add_argument("-o", "--output", metavar="FOLDER", help="where the marks go (FOLDER/marks)")
    mark.add_argument("--rules", metavar="FILE", help="what a number earns, in TOML: [credit] rounding_slip = 1")
    mark.add_argument("--feedback", metavar="FORMATS", default="pdf",
                      help="formats of the pages for students: pdf, html, pdf,html, or none (pdf)")  # fmt: skip
    mark.add_argument("--json", action="store_true", help="print the points as JSON")
    mark.add_argument("--quiet", action="store_true", help="say nothing but what could not be marked")
    mark.add_argument("--debug", action="store_true", help="show where in the program an error arose")
    mark.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Mark the class, and say what came of it."""
    from tracer.cli.progress import Progress
    from tracer.collecting.collect import collect
    from tracer.collecting.rules import Rules, load

    folder = Path(options.folder)
    out = Path(options.output) if options.output else folder / "marks"
    rules = load(options.rules) if options.rules else Rules()
    progress = Progress(is_shown=sys.stderr.isatty() and not options.quiet)
    try:
        found = collect(
            folder,
            [Path(path) for path in options.answers],
            rules,
            out,
            _formats(options.feedback),
            lambda done, total: progress.show(done, total, 0),
        )
    except OSError as error:
        raise ClassError(f"{out}: cannot be written to ({error.strerror or error})") from None
    finally:
        progress.end()
    _say(options, found, out)
    left = found.results.strays or any(score.problem for score in found.results.scores)
    return SOMETHING_LEFT if left else ALL_MARKED


def _formats(told: str) -> list[str]:
    from tracer.formats import documents, is_written

    found = [f".{name.strip().lower().removeprefix('.')}" for name in told.split(",") if name.strip()]
    if found == [".none"]:
        return []
    for suffix in found:
        if not is_written(suffix, documents):
            raise ProblemError(
                f"--feedback {told}: feedback is not written as {suffix[1:]}; expected pdf, html or none"
            )
    return found


def _say(options: argparse.Namespace, found: Collected, out: Path) -> None:
    from tracer.collecting.results import decimal

    scores, strays = found.results.scores, found.results.strays
    problems = [*(score.problem for score in scores if score.problem), *(reason for _, reason in strays)]
    for problem in problems[:TOLD]:
        print(problem, file=sys.stderr)
    if len(problems) > TOLD:
        print(f"and {len(problems) - TOLD} more: see class.html", file=sys.stderr)
    if options.json:
        students = [
            {"name": s.name, "id": s.id, "code": s.code, "points": str(s.points), "of": str(s.of)} for s in scores
        ]
        changes = [
            {"code": c.code, "before": str(c.before), "after": str(c.after), "why": c.reasons} for c in found.changes
        ]
        data = {"schema": "tracer/mark-run/1", "folder": str(out), "students": students, "changes": changes}
        print(json.dumps({**data, "left": problems}, ensure_ascii=False))
        return
    if options.quiet:
        return
    for change in found.changes[:TOLD]:
        told = f"{decimal(change.before)} → {decimal(change.after)}"
        print(f"{change.name}: {told}, {'; '.join(change.reasons)}", file=sys.stderr)
    if len(found.changes) > TOLD:
        print(f"and {len(found.changes) - TOLD} more: see changes.csv", file=sys.stderr)
    marked = sum(score.is_handed_in for score in scores)
    again = f", {len(found.changes)} changed" if found.is_again else ""
    print(f"{out}: {marked} of {len(scores)} marked{again}, {len(problems)} left", file=sys.stderr)
