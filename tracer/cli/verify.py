"""tracer verify: whether every number that a PDF prints still stands."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from tracer import __version__
from tracer.cli.asking import named
from tracer.errors import HandoutError

if TYPE_CHECKING:
    from tracer.verifying import Verification

STANDS, STANDS_NOT, UNREADABLE = 0, 1, 2
MOST = 40  # findings that a terminal shows


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """What the command understands."""
    verify = commands.add_parser(
        "verify",
        help="say whether a printed solution still stands",
        description="Work the problem that a PDF of tracer carries inside anew, and compare every number that is "
        "really printed. Exit code 0 if all of them stand, 1 if one does not, 2 if a file is no PDF of tracer.",
    )
    verify.add_argument("files", metavar="FILE", nargs="+", help="a PDF that tracer made; - for standard input")
    verify.add_argument("--style", metavar="STYLE", help="the house style it was made in, where that has a style sheet "
                        "or templates of its own")  # fmt: skip
    verify.add_argument("--json", action="store_true", help="print what was found as JSON instead of text")
    verify.add_argument("--quiet", action="store_true", help="say nothing about files that stand")
    verify.add_argument("--debug", action="store_true", help="show where in the program an error arose")
    verify.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Verify each file, whatever became of the others."""
    from tracer.style import Style
    from tracer.style_file import read
    from tracer.verifying import verify

    style = read(Style(), options.style) if options.style else None
    codes, told = [STANDS], list[dict[str, Any]]()
    for file in options.files:
        try:
            found = verify(file, style)
        except HandoutError as error:
            if options.debug:
                raise
            print(f"tracer: {named(file)}: {error}", file=sys.stderr)
            codes.append(UNREADABLE)
            told.append({"file": file, "error": str(error)})
            continue
        codes.append(STANDS if found.stands else STANDS_NOT)
        told.append({"file": file, **data(found)})
        if not options.json and not (options.quiet and found.stands):
            sys.stdout.writelines(f"{line}\n" for line in lines(named(file), found))
    if options.json:
        report = {"schema": "tracer/verification/1", "tracer": __version__, "files": told}
        print(json.dumps(report, ensure_ascii=False, indent=1))
    return max(codes)


def data(found: Verification) -> dict[str, Any]:
    """What became of a file, as schemas/verification.schema.json describes it."""
    findings = [
        {
            "kind": one.kind,
            "page": one.page,
            "cell": one.cell or None,
            "prints": one.prints,
            "expected": one.expected,
            "sentence": one.sentence,
        }
        for one in found.findings
    ]
    remarks = list(found.remarks)
    return {"version": found.version, "numbers": found.numbers, "stands": found.stands, "findings": findings,
            "remarks": remarks}  # fmt: skip


def lines(name: str, found: Verification) -> list[str]:
    """What became of a file, in a line, and a line for each thing that does not stand."""
    cells = len({one.cell for one in found.findings if one.cell})
    counted = f"{found.numbers} printed number{'s' if found.numbers != 1 else ''}"
    if found.stands:
        verdict = f"{counted}, all of them stand"
    elif cells:
        verdict = f"{cells} of {counted} {'do' if cells > 1 else 'does'} not stand"
    else:
        verdict = f"{counted} stand, but something else on its pages does not"
    findings = [f"  {one.sentence}" for one in found.findings[:MOST]]
    if len(found.findings) > MOST:
        findings.append(f"  … and {len(found.findings) - MOST} more; --json has all")
    return [f"{name}: {verdict} (made by tracer {found.version})", *findings, *(f"  {one}" for one in found.remarks)]
