"""What is certified of a problem, measured on the problem as its file says it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tracer.arithmetic import Undecided, Undefined, ball
from tracer.arithmetic.ball import Value
from tracer.composition import solve
from tracer.errors import ProblemError
from tracer.expr import Num
from tracer.generate.draft import Draft
from tracer.generate.generators import GENERATORS
from tracer.generate.plan import BITS, Pair, Plan, keys
from tracer.generate.problem_text import blank
from tracer.generate.requirements import Requirement
from tracer.generate.wishes import Wishes, said
from tracer.generate.work import SECONDS, Work, counted
from tracer.language import Language
from tracer.problem import Problem
from tracer.rounding import trimmed
from tracer.views import decimal_text

PLACES = range(3, 9)  # of a measured figure: the first that decides


@dataclass(frozen=True, slots=True)
class Finding:
    """A requirement, what was measured, and whether it holds."""

    requirement: Requirement
    wishes: Wishes
    figure: str
    holds: bool

    def sentence(self, say: Language) -> str:
        """What is required, with its bounds."""
        one = self.requirement
        parts = {
            "low": _text(one.low(self.wishes)) if one.low else "",
            "high": _text(one.high(self.wishes)) if one.high else "",
            "figure": self.figure,
        }
        return say.text(one.sentence, **{name: part.replace(".", say.decimal) for name, part in parts.items()})


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was measured of a problem, the work that it is, and the mistakes that it tells apart."""

    generator: int
    seed: int
    wishes: Wishes
    findings: tuple[Finding, ...]
    work: Work
    mistakes: Mapping[str, tuple[str, ...]]
    idle: tuple[tuple[str, str], ...]
    twins: tuple[tuple[str, str, str], ...]
    near: tuple[tuple[str, str, str], ...]

    @property
    def holds(self) -> bool:
        """Whether every requirement is met."""
        return all(finding.holds for finding in self.findings)

    @property
    def command(self) -> str:
        """The command that makes the problem."""
        return said(self.wishes, self.seed, self.generator)

    @property
    def data(self) -> dict[str, Any]:
        """The certificate for programs."""
        return {
            "generator": self.generator,
            "seed": self.seed,
            "command": self.command,
            "holds": self.holds,
            "requirements": [
                {
                    "name": finding.requirement.name,
                    "sentence": finding.sentence(Language()),
                    "measured": finding.figure,
                    "holds": finding.holds,
                }
                for finding in self.findings
            ],
            "work": {**self.work.counts, "minutes": float(self.work.minutes)},
            "mistakes": {step: list(names) for step, names in self.mistakes.items()},
            "idle": [list(one) for one in self.idle],
            "same": [list(pair) for pair in self.twins],
            "nearly_same": [list(pair) for pair in self.near],
        }

    def lines(self, say: Language) -> Iterator[str]:
        """The certificate as it stands at the top of a file."""
        yield self.command
        yield say.text("Checked: what follows was measured, and tracer new --check FILE measures it again.")
        yield ""
        for finding in self.findings:
            sign = "✓" if finding.holds else "✗"
            measured = "" if "{figure}" in finding.requirement.sentence else f" [{finding.figure}]"
            yield f"{sign} {finding.sentence(say)}{measured.replace('.', say.decimal)}"
        yield ""
        work = [f"{say.text(name)} {n} ({SECONDS[name]} s)" for name, n in self.work.counts.items()]
        yield say.text("The work, with the seconds for each: {work}.", work=", ".join(work))
        for step, names in self.mistakes.items():
            yield say.text("Mistakes in {step}: {names}.", step=step, names=", ".join(names))
        for step, name in self.idle:
            yield say.text("{name} in {step} changes nothing, whatever the numbers are.", name=name, step=step)
        for step, one, other in self.twins:
            yield say.text(
                "{one} and {other} in {step} may come to the same, whatever the numbers are.",
                one=one,
                other=other,
                step=step,
            )
        for step, one, other in self.near:
            yield say.text(
                "{one} and {other} in {step} come to nearly the same, whatever the numbers are: 2^z and e^(z/√2).",
                one=one,
                other=other,
                step=step,
            )


def certificate(problem: Problem, wishes: Wishes, seed: int, generator: int) -> Certificate:
    """Everything measured on a problem. Raises `ProblemError` where it is no problem of these wishes."""
    if generator not in GENERATORS:
        raise ProblemError(f"--generator {generator} is unknown; known are: {', '.join(map(str, GENERATORS))}")
    _fits(problem, wishes)
    made = GENERATORS[generator].plan(solve(problem), wishes)
    with ball.precision(BITS):
        draft = Draft(made, made.trace, range(wishes.tokens))
        measured = [(one, _measured(one, draft)) for one in GENERATORS[generator].entries()]
        findings = tuple(Finding(one, wishes, *found) for one, found in measured if found)
        work = counted(draft.tables, keys(made.asked))
    mistakes = {id_: tuple(dict.fromkeys(one.name for one in ones)) for id_, ones in made.wrong.items()}
    return Certificate(
        generator, seed, wishes, findings, work, mistakes, made.idle, _names(made, made.twins), _names(made, made.near)
    )


def _fits(problem: Problem, wishes: Wishes) -> None:
    """Sizes, wiring and places are as wished."""
    expected, paper = blank(wishes, Language()), problem.paper
    found, sizes = ({name: values.shape for name, values in one.tables()} for one in (problem, expected))
    if found != sizes:
        raise ProblemError(f"the file has {_sizes(found)}, but its first line tells of {_sizes(sizes)}; put one right")
    if problem.wiring != expected.wiring:
        raise ProblemError("[pass] is not what the first line tells; put one right")
    if {paper.places, *paper.by_hand.values()} != {wishes.places} or paper.rounded_given:
        raise ProblemError(f"[paper] has other places than --places {wishes.places} of the first line; put one right")


def _sizes(found: Mapping[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{name} {' × '.join(map(str, shape))}" for name, shape in found.items())


def _measured(one: Requirement, draft: Draft) -> tuple[str, bool] | None:
    """A figure as text, and whether it holds; None where there is nothing to measure."""
    try:
        value = one.measure(draft)
        return None if value is None else (_figure(value), one.holds(value, draft.wishes))
    except (Undecided, Undefined):
        return "?", False


def _figure(value: Value) -> str:
    if ball.infinite(value):
        return "∞"
    for places in PLACES:
        try:
            return _text(ball.nearest(value, places), places)
        except Undecided:
            continue
    raise Undecided


def _text(number: Fraction | int, places: int = PLACES[0]) -> str:
    return decimal_text(trimmed(Num(Fraction(number), places)))


def _names(made: Plan, pairs: Iterable[Pair]) -> tuple[tuple[str, str, str], ...]:
    """The step and the names of pairs of mistakes, each once."""
    found = {(id_, made.wrong[id_][n].name, made.wrong[id_][m].name) for id_, n, m in pairs}
    order = list(made.wrong)
    return tuple(sorted(found, key=lambda pair: (order.index(pair[0]), *pair[1:])))
