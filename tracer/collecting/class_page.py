"""The page about a class: how it went, which step fails most, which mistakes are made, who may need help."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from statistics import median
from typing import Any

from tracer import mistakes
from tracer.collecting.changes import Change
from tracer.collecting.results import Results, decimal
from tracer.collecting.scoring import Score, step_of
from tracer.document import Block, Card, Document, Heading, Ledger, Line, Text
from tracer.language import Language
from tracer.marking import Verdict
from tracer.parts.reading import PERCENT
from tracer.problem import TITLE
from tracer.style import Style
from tracer.style_file import styled

HELP = Fraction(1, 2)  # of the points: who has less may need help
MOST = 12  # mistakes that are told
MADE = "Marked by tracer {version}."
STEPS = ("Step", "Points earned", "Wrong on sheets", "First mistake", "Left blank")
MISTAKES = ("Mistake", "Step", "Students", "Who")
REASONS = ("Name", "Points", "Why")
EVERYBODY = ("Name", "Code", "Points", "First mistake")


def class_page(told: Mapping[str, Any], results: Results, changes: Sequence[Change]) -> Document:
    """The page, in the style of the class. `told` is its spec."""
    mistakes.load()
    style = styled(Style(), told["paper"], "[paper]")
    title = style.language.text("Marks of the class: {title}", title=told["title"] or style.language.text(TITLE))
    page = _Page(results, style.language)
    blocks = [page.in_short(), *page.steps(), *page.mistakes(), *page.help(), *page.changes(changes), *page.everybody()]
    return Document(title, (*blocks, *page.strays()), style=style, made=MADE)


class _Page:
    def __init__(self, results: Results, say: Language) -> None:
        self.results, self.say = results, say
        self.there = [score for score in results.scores if score.is_handed_in]

    def in_short(self) -> Card:
        """How many, and how it went."""
        say, all_ = self.say.text, self.results.scores
        entries: list[tuple[str, Line]] = [
            (say("Handed in"), (say("{n} of {all}", n=len(self.there), all=len(all_)),)),
        ]
        if self.there:
            shares = sorted(score.points / score.of for score in self.there if score.of)
            middle = Fraction(median(shares)) if shares else Fraction(0)
            perfect = sum(share == 1 for share in shares)
            entries.append((say("Points"), (say("half of them have {percent} or more", percent=self.percent(middle)),)))
            entries.append((say("Everything right"), (str(perfect),)))
        if hardest := self.hardest():
            entries.append((say("Hardest step"), (hardest,)))
        return Card(say("In short"), tuple(entries), "short")

    def percent(self, share: Fraction) -> str:
        """A share as a whole percentage."""
        return self.say.text(PERCENT, n=decimal(100 * share, 0))

    # Steps

    @cached_property
    def shares(self) -> dict[str, tuple[Fraction, Fraction]]:
        """The points of each step over all students: earned, and of how many."""
        total: dict[str, tuple[Fraction, Fraction]] = {}
        for score in self.there:
            for step, (earned, of) in score.by_step().items():
                before = total.get(step, (Fraction(0), Fraction(0)))
                total[step] = before[0] + earned, before[1] + of
        return total

    @cached_property
    def wrong(self) -> Counter[str]:
        """On how many sheets a step has gone wrong at its origin."""
        return Counter(step for score in self.there for step in score.wrong_steps())

    def hardest(self) -> str:
        """The step in which most have gone wrong at its origin."""
        if not self.wrong:
            return ""
        step = max(self.shares, key=lambda one: self.wrong[one])
        n = self.wrong[step]
        return self.say.text("{step}: wrong on {n} sheets", step=self.named(step), n=n)

    def named(self, step: str) -> str:
        """A step in words: head1.row_sums is row sums of head 1."""
        *outer, name = step.split(".")
        told = self.say.text(name.replace("_", " "))
        return " · ".join([told, *outer]) if outer else told

    def steps(self) -> list[Block]:
        """For each step, the points earned, and how many have their first mistake there."""
        if not self.there:
            return []
        first = Counter(step_of(score.first_wrong) for score in self.there if score.first_wrong)
        blank = Counter(
            step_of(name)
            for score in self.there
            for name, cell in score.cells.items()
            if cell.verdict == Verdict.MISSING
        )
        rows = [
            (
                self.named(step),
                self.percent(earned / of) if of else "–",
                str(self.wrong[step]),
                str(first[step]),
                str(blank[step]),
            )
            for step, (earned, of) in self.shares.items()
        ]
        return [Heading(self.say.text("Step by step"), 2, "steps"), self.table(STEPS, rows)]

    # Mistakes

    def mistakes(self) -> list[Block]:
        """The mistakes that were named, the most frequent first."""
        made: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for score in self.there:
            for one in score.mistakes():
                made.setdefault(one, []).append(score.name)
        if not made:
            return []
        often = sorted(made.items(), key=lambda item: (-len(item[1]), item[0]))[:MOST]
        rows = [(self.what(names), self.named(step), str(len(who)), listed(who)) for (step, names), who in often]
        return [Heading(self.say.text("Mistakes"), 2, "mistakes"), self.table(MISTAKES, rows)]

    def what(self, names: tuple[str, ...]) -> str:
        """A mistake in words; several, of which it may be any."""
        racks = (mistakes.mistakes, mistakes.slips)
        first, *others = (self.say.text(rack[name].what) for name in names for rack in racks if name in rack)
        for other in others:
            first = self.say.text("{one}, or {other}", one=first, other=other)
        return first

    # Students

    def help(self) -> list[Block]:
        """Who may need help, and why."""
        rows = [(score.name, self.score(score), why) for score in self.results.scores if (why := self.why(score))]
        if not rows:
            return []
        return [Heading(self.say.text("Who may need help"), 2, "help"), self.table(REASONS, rows)]

    def why(self, score: Score) -> str:
        """Why somebody may need help; "" where there is no sign of that."""
        say = self.say.text
        if not score.file and not score.problem:
            return say("nothing was handed in")
        if score.problem:
            return score.problem
        if not score.of or score.points >= HELP * score.of:
            return ""
        if score.first_wrong:
            return say("less than half; the first mistake is in {step}", step=self.named(step_of(score.first_wrong)))
        return say("less than half; most of it is blank")

    def score(self, score: Score) -> str:
        """Points of how many."""
        return f"{decimal(score.points)} / {decimal(score.of)}" if score.of else "–"

    def everybody(self) -> list[Block]:
        """A line for each student."""
        rows = [(score.name, score.code, self.score(score), score.first_wrong or "–") for score in self.results.scores]
        return [Heading(self.say.text("Everybody"), 2, "everybody"), self.table(EVERYBODY, rows)]

    def changes(self, changes: Sequence[Change]) -> list[Block]:
        """Who changes against the marks before, and why."""
        if not changes:
            return []
        rows = [(one.name, f"{decimal(one.before)} → {decimal(one.after)}", "; ".join(one.reasons)) for one in changes]
        return [Heading(self.say.text("Changed since the last marking"), 2, "changes"), self.table(REASONS, rows)]

    def strays(self) -> list[Block]:
        """Files of which nobody knows whose they are."""
        if not self.results.strays:
            return []
        blocks: list[Block] = [Heading(self.say.text("Files that are nobody's"), 2, "strays")]
        return [*blocks, *(Text((reason,)) for _, reason in self.results.strays)]

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Ledger:
        """A table of words."""
        return Ledger(tuple(map(self.say.text, heads)), tuple(tuple((part,) for part in row) for row in rows))


def listed(names: Sequence[str], most: int = 6) -> str:
    """Names with commas, no more than a line holds."""
    more = f", … (+{len(names) - most})" if len(names) > most else ""
    return ", ".join(names[:most]) + more
