"""tracer new: a problem that is pleasant by hand."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracer.cli.asking import named
from tracer.errors import ProblemError
from tracer.language import languages

if TYPE_CHECKING:
    from tracer.generate import Certificate, Wishes

HOLDS, HOLDS_NOT = 0, 1
SIZES = {
    "tokens": "how many words (2 easy, 3 medium, 4 hard)",
    "d-k": "coordinates of a key: √d_k is nice for 4, 9, 16 (4 easy, 2 medium, 3 hard)",
    "d-model": "coordinates of a word: X and W_Q, W_K, W_V are given instead of Q, K, V",
    "heads": "heads (1)",
    "places": "decimals of a rounded number (2)",
}
WISHES = ("difficulty", *(name.replace("-", "_") for name in SIZES), "mask", "numbers", "steps", "exact_weights")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """What the command understands."""
    new = commands.add_parser(
        "new",
        help="make a problem that is pleasant by hand",
        description="Make a problem that is pleasant by hand, with a certificate of what was measured. The same seed "
        "and wishes give the same problem everywhere. With --check, measure a problem again: exit code 0 if its "
        "certificate holds, 1 if it does not.",
    )
    what = new.add_mutually_exclusive_group(required=True)
    what.add_argument("--seed", metavar="N", type=int, help="which problem: any whole number from 0")
    what.add_argument("--check", metavar="FILE", help="measure the certificate of this problem file again; - for stdin")
    for name, helps in SIZES.items():
        new.add_argument(f"--{name}", metavar="N", type=int, help=helps)
    new.add_argument("--mask", metavar="RULE", help="none, or causal: no word sees what comes after it (none)")
    new.add_argument("--numbers", metavar="KIND", help="integers, or fractions: halves among them (integers)")
    new.add_argument("--steps", metavar="STEPS", help="what is asked for (scores,scaled,weights,outputs); also query, "
                     "key, value, masked, exponentials, row_sums, projected")  # fmt: skip
    new.add_argument("--difficulty", metavar="LEVEL", help="easy, medium or hard (medium)")
    new.add_argument("--exact-weights", action="store_true", default=None,
                     help="logits that are logarithms of integers, so that every weight is a fraction")  # fmt: skip
    new.add_argument("--generator", metavar="N", type=int, help="an older generator, for its problems (the newest)")
    new.add_argument("-o", "--output", metavar="FILE", help="the problem file, in TOML; - for stdout, as without it")
    new.add_argument("--json", action="store_true", help="print problem and certificate as JSON")
    new.add_argument("--lang", metavar="CODE", help=f"the language of the words: {', '.join(languages())}")
    new.add_argument("--quiet", action="store_true", help="say nothing about the file that was written")
    new.add_argument("--debug", action="store_true", help="show where in the program an error arose")
    new.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Make a problem, or measure one again."""
    return _made(options) if options.check is None else _checked(options)


def _made(options: argparse.Namespace) -> int:
    from tracer.formats import write
    from tracer.generate import NEWEST, new
    from tracer.toml import loads

    output = options.output or "-"
    if output != "-" and Path(output).suffix.lower() != ".toml":
        raise ProblemError(f"-o {output}: a problem is written as .toml; tracer solve makes other files of it")
    generator = NEWEST if options.generator is None else options.generator
    made = new(options.seed, _wishes(options), generator, options.lang or "en")
    if output != "-":
        write({Path(output): made.text.encode()})
    if options.json:
        _print_json(made.certificate, problem=loads(made.text))
    elif output == "-":
        sys.stdout.write(made.text)
    if output != "-" and not options.quiet:
        minutes = round(made.certificate.work.minutes)
        print(f"wrote {output}, about {minutes} min of work; its certificate stands at its top", file=sys.stderr)
    return 0


def _wishes(options: argparse.Namespace) -> Wishes:
    from tracer.generate import Wishes
    from tracer.generate.wishes import size, steps

    told = {name: value for name in WISHES if (value := getattr(options, name)) is not None}
    for name in SIZES:
        if (value := told.get(name.replace("-", "_"))) is not None:
            size(name, value)
    if "steps" in told:
        told["steps"] = steps(told["steps"])
    return Wishes(**told)


def _checked(options: argparse.Namespace) -> int:
    from tracer.generate import check
    from tracer.generate.wishes import option
    from tracer.problem_file import text_of

    for name in (*WISHES, "generator", "lang", "output"):
        if getattr(options, name) is not None:
            raise ProblemError(f"{option(name)}: --check measures what the first line of the file tells; leave it out")
    name = named(options.check)
    try:
        found = check(text_of(options.check))
    except ProblemError as error:
        raise type(error)(f"{name}: {error}") from None
    if options.json:
        _print_json(found.certificate, says_so=found.says_so, is_the_seeds=found.is_the_seeds)
    else:
        sys.stdout.writelines(f"{line}\n" for line in found.lines())
    return HOLDS if found.holds else HOLDS_NOT


def _print_json(certificate: Certificate, **more: Any) -> None:
    data = {"schema": "tracer/new/1", **more, "certificate": certificate.data}
    print(json.dumps(data, ensure_ascii=False, indent=1))
