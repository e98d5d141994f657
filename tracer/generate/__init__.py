"""Problems that are pleasant by hand, with a certificate.

stream.py          choices that come out the same everywhere
wishes.py          what is wished, and how it is said as a command
plan.py            what all drafts have in common; draft.py: numbers put in
requirements/      what a problem must be like, one entry each; work.py: how much work it is
search.py          numbers drawn until they meet the requirements
generators.py      what they are drawn from, and what is required, by the number of the generator
certificate.py     what was measured
problem_text.py    the problem as a file
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import count, takewhile

from tracer.arithmetic import ball
from tracer.composition import solve
from tracer.errors import ProblemError
from tracer.fields import whole
from tracer.generate.certificate import Certificate, certificate
from tracer.generate.generators import GENERATORS, NEWEST, numbered
from tracer.generate.plan import BITS, Plan
from tracer.generate.problem_text import blank, data, toml
from tracer.generate.requirements import requirements
from tracer.generate.search import Tally
from tracer.generate.stream import Stream
from tracer.generate.wishes import COMMAND, MAX_SEED, Wishes, heard
from tracer.language import Language, language
from tracer.problem import Problem
from tracer.problem_file import from_dict, from_text


@dataclass(frozen=True, slots=True)
class Made:
    """A problem that was made, its certificate, and its file."""

    problem: Problem
    certificate: Certificate
    text: str


def new(seed: int, wishes: Wishes | None = None, generator: int = NEWEST, lang: str = "en") -> Made:
    """The problem of a seed: the same on every machine, in every version that knows the generator.

    Attempts are numbered; the first that meets every requirement wins. Raises `ProblemError` where none does.
    """
    wishes, say = wishes or Wishes(), language(lang)
    whole(seed, "--seed", 0, MAX_SEED)
    made_by, tally = numbered(generator), Tally()
    common = _common(generator, wishes, lang)
    attempts = count()
    while tally.drafts < made_by.patience and not tally.is_hopeless:
        with ball.precision(BITS):
            given = made_by.search(common, Stream(generator, seed, next(attempts)), tally)
        if given is None:
            continue
        tables = data(wishes, seed, given, common.rounded, say)
        found = certificate(from_dict(tables), wishes, seed, generator)
        if found.holds:
            text = toml(tables, list(found.lines(say)))
            return Made(from_text(text), found, text)
    raise ProblemError(_hopeless(wishes, tally))


@dataclass(frozen=True, slots=True)
class Checked:
    """A certificate measured again on a file: what it is now, and whether the file says the same.

    `says_so` tells whether the certificate in the file has these figures, `is_the_seeds` whether its seed gives the
    numbers that stand there.
    """

    problem: Problem
    certificate: Certificate
    says_so: bool
    is_the_seeds: bool

    def lines(self) -> Iterator[str]:
        """The certificate as it is now, and what became of it."""
        say = self.problem.paper.style.language
        yield from self.certificate.lines(say)
        yield ""
        if self.holds:
            yield say.text("The certificate holds: everything was measured again on this file.")
            return
        yield say.text("The certificate in this file does not hold.")
        if not self.is_the_seeds:
            yield say.text("The given numbers are not those of the seed: somebody has changed them.")
        elif not self.says_so:
            yield say.text("The file says something else than was measured: somebody has changed its first lines.")
        if self.certificate.holds:
            yield say.text("Above is what it should say: every requirement is met.")

    @property
    def holds(self) -> bool:
        """Whether every requirement is met, and the file is what its first lines tell."""
        return self.certificate.holds and self.says_so and self.is_the_seeds


FACT = re.compile(r"[✓✗∞]|\d+(?:[.,]\d+)?|[a-z]\w*_\w+")  # signs, figures, names: all but the wording


def check(text: str) -> Checked:
    """Measure a file that `new` wrote, as it is now. Raises `ProblemError` where it is no such file."""
    top = list(takewhile(lambda line: line.startswith("#"), text.splitlines()))
    if not top or not top[0][1:].strip().startswith(COMMAND):
        raise ProblemError(f"the first line is no certificate; expected a file that begins with  # {COMMAND}")
    wishes, seed, generator = heard(top[0][1:].strip())
    problem = from_text(text)
    found = certificate(problem, wishes, seed, generator)
    measured = "\n".join(found.lines(problem.paper.style.language))
    return Checked(
        problem,
        found,
        FACT.findall("\n".join(top)) == FACT.findall(measured),
        new(seed, wishes, generator).problem.given == problem.given,
    )


@lru_cache(maxsize=16)
def _common(generator: int, wishes: Wishes, lang: str) -> Plan:
    """What all problems of these wishes have in common."""
    return numbered(generator).plan(solve(blank(wishes, language(lang))), wishes)


def _hopeless(wishes: Wishes, tally: Tally) -> str:
    """The requirement that was met most seldom, and what to wish instead."""
    met = tally.met
    name = min(met, key=lambda one: (sum(met[one]) + 1) / (len(met[one]) + 1))  # few tries tell little
    rarest, times = requirements[name], sum(met[name])
    return (
        f"no problem with these wishes was found in {tally.drafts} drafts; hardest was {name}, met by {times} of "
        f"{len(met[name])}: “{rarest.said(wishes, Language())}” To make it easier, {rarest.relax}"
        + ", or another --seed"
        * (times > 0)
    )


__all__ = ["GENERATORS", "NEWEST", "Certificate", "Checked", "Made", "Wishes", "check", "new"]
