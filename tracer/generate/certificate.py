"""What is certified of a problem, measured on the problem as its file says it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from tracer.arithmetic import Undecided, Undefined, ball
from tracer.arithmetic.ball import Value
from tracer.composition import solve
from tracer.errors import ProblemError
from tracer.generate.draft import Draft
from tracer.generate.generators import numbered
from tracer.generate.plan import BITS, Pair, Plan, keys
from tracer.generate.problem_text import blank, by_hand
from tracer.generate.requirements import Requirement, written
from tracer.generate.wishes import Wishes, said
from tracer.generate.work import SECONDS, Work, counted
from tracer.language import Language
from tracer.problem import Paper, Problem

PLACES = range(3, 9)  # of a measured figure: the first that decides
Remark: TypeAlias = tuple[str, tuple[str, ...]]  # a step, and mistakes in it
REMARKS = {
    "mistakes": "Mistakes in {step}: {names}.",
    "idle": "Without effect in {step}, whatever the numbers are: {names}.",
    "same": "The same answer in {step}, whatever the numbers are: {names}.",
    "nearly_same": "Nearly the same answer in {step}, since 2^z is nearly e^(z/√2): {names}.",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A requirement, what was measured, and whether it holds."""

    requirement: Requirement
    figure: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was measured of a problem, the work that it is, and the mistakes that it tells apart.

    `remarks` are, for each key of `REMARKS`, the mistakes of a step of which its sentence is true.
    """

    generator: int
    seed: int
    wishes: Wishes
    findings: tuple[Finding, ...]
    work: Work
    remarks: Mapping[str, tuple[Remark, ...]]

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
                    "sentence": finding.requirement.said(self.wishes, Language()),
                    "measured": finding.figure,
                    "holds": finding.holds,
                }
                for finding in self.findings
            ],
            "work": {**self.work.counts, "minutes": float(self.work.minutes)},
            **{
                kind: [{"step": step, "mistakes": list(names)} for step, names in told]
                for kind, told in self.remarks.items()
            },
        }

    def lines(self, say: Language) -> Iterator[str]:
        """The certificate as it stands at the top of a file."""
        yield self.command
        yield say.text("In brackets stands what was measured. To measure it again: tracer new --check FILE")
        yield ""
        for finding in self.findings:
            sign, sentence = "✓" if finding.holds else "✗", finding.requirement.said(self.wishes, say)
            yield f"{sign} {sentence} [{finding.figure.replace('.', say.decimal)}]"
        yield ""
        work = [f"{say.text(name)} {n} ({SECONDS[name]} s)" for name, n in self.work.counts.items()]
        yield say.text("The work, with the seconds for each: {work}.", work=", ".join(work))
        for kind, sentence in REMARKS.items():
            steps: dict[tuple[str, ...], list[str]] = {}
            for step, names in self.remarks[kind]:
                steps.setdefault(names, []).append(step)
            for names, ids in steps.items():
                yield say.text(sentence, step=", ".join(ids), names=", ".join(names))


def certificate(problem: Problem, wishes: Wishes, seed: int, generator: int) -> Certificate:
    """Everything measured on a problem. Raises `ProblemError` where it is no problem of these wishes."""
    made_by = numbered(generator)
    _fits(problem, wishes)
    made = made_by.plan(solve(problem), wishes)
    _is_rounded(problem.paper, wishes, made)
    with ball.precision(BITS):
        draft = Draft(made, made.trace, range(wishes.tokens), range(wishes.heads))
        measured = [(one, _measured(one, draft)) for one in made_by.entries()]
        findings = tuple(Finding(one, *found) for one, found in measured if found)
        work = counted(draft.tables, keys(made.asked))
    remarks = {
        "mistakes": tuple((id_, tuple(dict.fromkeys(one.name for one in ones))) for id_, ones in made.wrong.items()),
        "idle": tuple((id_, (name,)) for id_, name in made.idle),
        "same": tuple(_pairs(made, made.twins)),
        "nearly_same": tuple(_pairs(made, made.near)),
    }
    return Certificate(generator, seed, wishes, findings, work, remarks)


def _fits(problem: Problem, wishes: Wishes) -> None:
    """Sizes and wiring are as wished."""
    expected = blank(wishes, Language())
    found, sizes = ({name: values.shape for name, values in one.tables()} for one in (problem, expected))
    if found != sizes:
        raise ProblemError(f"the file has {_sizes(found)}, but its first line tells of {_sizes(sizes)}; put one right")
    if problem.wiring != expected.wiring:
        raise ProblemError("[pass] is not what the first line tells; put one right")


def _is_rounded(paper: Paper, wishes: Wishes, made: Plan) -> None:
    """Every step is rounded to the places that are wished."""
    if (paper.places, paper.by_hand, paper.rounded_given) != (wishes.places, by_hand(wishes, made.rounded), {}):
        raise ProblemError(f"[paper] rounds otherwise than --places {wishes.places} of the first line; put one right")


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
            return written(ball.nearest(value, places), places)
        except Undecided:
            continue
    raise Undecided


def _pairs(made: Plan, pairs: Iterable[Pair]) -> Iterator[Remark]:
    """The steps and the names of pairs of mistakes, each once, in the order of the work."""
    found = {(id_, made.wrong[id_][n].name, made.wrong[id_][m].name) for id_, n, m in pairs}
    order = list(made.wrong)
    for id_, *names in sorted(found, key=lambda pair: (order.index(pair[0]), *pair[1:])):
        yield id_, tuple(names)
