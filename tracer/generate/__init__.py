"""Problems that are pleasant by hand, with a certificate.

stream.py          choices that come out the same everywhere
wishes.py          what is wished, and how it is said as a command
generators.py      how numbers are drawn, by the number of the generator
plan.py            what all drafts have in common; draft.py: numbers put in
requirements.py    what a problem must be like, one entry each; work.py: how much work it is
certificate.py     what was measured
problem_text.py    the problem as a file
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile

from tracer.arithmetic import ball
from tracer.composition import solve
from tracer.errors import ProblemError
from tracer.fields import whole
from tracer.generate.certificate import Certificate, certificate
from tracer.generate.generators import GENERATORS, NEWEST, Tally
from tracer.generate.plan import BITS, Plan
from tracer.generate.problem_text import blank, data, toml
from tracer.generate.requirements import requirements
from tracer.generate.stream import Stream
from tracer.generate.wishes import COMMAND, MAX_SEED, Wishes, heard
from tracer.language import language
from tracer.problem import Problem
from tracer.problem_file import from_dict, from_text


@dataclass(frozen=True, slots=True)
class Made:
    """A problem that was made, its certificate, and its file."""

    problem: Problem
    certificate: Certificate
    text: str
    attempts: int


def new(seed: int, wishes: Wishes | None = None, generator: int = NEWEST, lang: str = "en") -> Made:
    """The problem of a seed: the same on every machine, in every version that knows the generator.

    Attempts are numbered; the first that meets every requirement wins. Raises `ProblemError` where none does.
    """
    wishes, say = wishes or Wishes(), language(lang)
    whole(seed, "--seed", 0, MAX_SEED)
    if generator not in GENERATORS:
        raise ProblemError(f"--generator {generator} is unknown; known are: {', '.join(map(str, GENERATORS))}")
    made_by, tally = GENERATORS[generator], Tally(list)
    common = _common(generator, wishes, lang)
    for attempt in range(made_by.attempts):
        with ball.precision(BITS):
            given = made_by.search(common, Stream(generator, seed, attempt), tally)
        if given is None:
            continue
        tables = data(wishes, seed, given, common.rounded, say)
        found = certificate(from_dict(tables), wishes, seed, generator)
        if found.holds:
            text = toml(tables, list(found.lines(say)))
            return Made(from_text(text), found, text, attempt + 1)
    raise ProblemError(_hopeless(made_by.attempts, tally))


@dataclass(frozen=True, slots=True)
class Checked:
    """A certificate measured again on a file: what it is now, and whether the file says the same.

    `is_the_seeds` tells whether the seed gives these numbers; it does not where somebody has changed one.
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
        elif self.certificate.holds:
            yield say.text("Every requirement holds, but the certificate in the file says something else.")
        else:
            yield say.text("The certificate does not hold.")
        if not self.is_the_seeds:
            yield say.text("The numbers are not those of the seed: somebody has changed them.")

    @property
    def holds(self) -> bool:
        """Whether every requirement is met and the file says nothing else."""
        return self.certificate.holds and self.says_so


def check(text: str) -> Checked:
    """Measure a file that `new` wrote, as it is now. Raises `ProblemError` where it is no such file."""
    top = [line.removeprefix("#").strip() for line in takewhile(lambda line: line.startswith("#"), text.splitlines())]
    if not top or not top[0].startswith(COMMAND):
        raise ProblemError(f"the first line is no certificate; expected a file that begins with  # {COMMAND}")
    wishes, seed, generator = heard(top[0])
    problem = from_text(text)
    say = problem.paper.style.language
    found = certificate(problem, wishes, seed, generator)
    return Checked(
        problem,
        found,
        [line.strip() for line in found.lines(say)] == top,
        new(seed, wishes, generator).problem.given == problem.given,
    )


@lru_cache(maxsize=16)
def _common(generator: int, wishes: Wishes, lang: str) -> Plan:
    """What all problems of these wishes have in common."""
    return GENERATORS[generator].plan(solve(blank(wishes, language(lang))), wishes)


def _hopeless(attempts: int, tally: Tally) -> str:
    """The requirements that were met most seldom, and what to wish instead."""
    rarest = sorted(tally, key=lambda name: sum(tally[name]) / len(tally[name]))[:2]
    said = [
        f"{name} was met in {sum(tally[name])} of {len(tally[name])} tries ({requirements[name].relax})"
        for name in rarest
    ]
    return f"no problem with these wishes was found in {attempts} attempts: {'; '.join(said)}"


__all__ = ["GENERATORS", "NEWEST", "Certificate", "Checked", "Made", "Wishes", "check", "new"]
