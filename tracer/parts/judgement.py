"""The marks of a submission as pages tell of them: step by step, by verdict, by mistake, and where in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from tracer.document import Em, Inline, Line, Link, Math
from tracer.language import Language
from tracer.marking import Mark, Marks, Verdict
from tracer.mistakes import mistakes, slips
from tracer.names import IN_ROWS, Names
from tracer.parts.words import labels, listed, rich, titled
from tracer.views import CellView, StepView

LINES = (("row {labels}", "rows {labels}"), ("column {labels}", "columns {labels}"))
MOST, MOST_MISTAKES = 6, 3  # cells that are named one by one, mistakes that explain a number equally well


@dataclass(frozen=True)
class Judgement:
    """The marks of a submission as pages tell of them: by step, by verdict, by mistake, and where in words."""

    marks: Marks

    @property
    def say(self) -> Language:
        """The language of the page."""
        return self.marks.trace.problem.paper.style.language

    @cached_property
    def steps(self) -> list[tuple[StepView, list[Mark]]]:
        """The steps of which anything was handed in, in the order of the work, with their marks."""
        found: dict[str, list[Mark]] = {}
        for mark in self.marks.marks:
            found.setdefault(mark.key[0], []).append(mark)
        ordered = [step.id for step in self.marks.trace.steps if step.id in found]
        return [(self.marks.trace[id_], found[id_]) for id_ in ordered]

    def of(self, *verdicts: Verdict) -> list[Mark]:
        """The marks with these verdicts, in the order of the work."""
        return [mark for _, marks in self.steps for mark in marks if mark.verdict in verdicts]

    def by_step(self, marks: Sequence[Mark]) -> list[tuple[StepView, list[Mark]]]:
        """Some of the marks, by step."""
        wanted = {mark.key for mark in marks}
        parted = [(step, [mark for mark in all_ if mark.key in wanted]) for step, all_ in self.steps]
        return [(step, some) for step, some in parted if some]

    def alike(self, mark: Mark) -> list[Mark]:
        """The cells of the same step that the same mistakes explain; the cell alone where none does."""
        if mark.verdict is not Verdict.MISTAKE:
            return [mark]
        found = self.of(Verdict.MISTAKE)
        return [one for one in found if (one.key[0], one.mistakes) == (mark.key[0], mark.mistakes)]

    # In words

    def cell(self, mark: Mark) -> CellView:
        """The number of the trace that a mark is about; in a submission a vector is a column."""
        step = self.marks.trace[mark.key[0]]
        return step[mark.key[1][: len(step.shape)]]

    def link(self, mark: Mark) -> Link:
        """The name of a cell, which leads to it."""
        cell = self.cell(mark)
        return Link((Math(cell.name),), cell.id)

    def name(self, mark: Mark) -> str:
        """What the number is called: score of apple with orange."""
        cell = self.cell(mark)
        names = Names(self.say, labels(self.marks.trace))
        return names.of(cell.definition.tensor, [str(n + 1) for n in cell.at])

    def title(self, step: StepView) -> str:
        """The title of a step; of one that there is for each row, with the row's word."""
        title = titled(step)
        if step.name not in IN_ROWS:
            return title
        word = self.marks.trace.problem.tokens[int(step.id.split(".")[-2].removeprefix("row")) - 1]
        return f"{title}, {self.say.text(IN_ROWS[step.name].said, word=word)}"

    def step(self, step: StepView) -> Link:
        """The title of a step, which leads to it."""
        return Link((self.title(step),), step.id)

    def places(self, step: StepView, marks: Sequence[Mark]) -> Line:
        """Where these marks of a step stand: all of them, whole rows, whole columns, or cell by cell."""
        everything = next(all_ for one, all_ in self.steps if one.id == step.id)
        if len(marks) == len(everything) > 1:
            return self.say.line("both numbers" if len(marks) == 2 else "all {n} numbers", n=str(len(marks)))
        for axis in range(len(step.shape)):
            if lines := complete(everything, marks, axis):
                labels = listed([(self.label(step, axis, n),) for n in lines], self.say)
                return self.say.line(LINES[axis][len(lines) > 1], labels=labels)
        cells: list[Line] = [(self.link(mark),) for mark in marks[:MOST]]
        if rest := len(marks[MOST:]):
            cells.append((self.say.text("{n} more", n=rest),))
        return listed(cells, self.say)

    def label(self, step: StepView, axis: int, n: int) -> Inline:
        """The word of a row or a column, or its number."""
        text = (step.rows, step.columns)[axis][n]
        return Em(text) if step.tensor.axes[axis].counts in ("query", "key") else text

    def everywhere(self, marks: Sequence[Mark]) -> Line:
        """Where these marks stand, step by step: S₁₂ in Scores and row apple in Attention weights; many are counted."""
        if len(marks) > MOST:
            return self.counted(marks)
        found = [
            self.say.line("{places} in {step}", places=self.places(step, some), step=self.step(step))
            for step, some in self.by_step(marks)
        ]
        return listed(found, self.say) if found else ()

    def counted(self, marks: Sequence[Mark]) -> Line:
        """How many of these marks stand in which step."""
        found = [
            self.say.line("{places} in {step}", places=str(len(some)), step=self.step(step))
            for step, some in self.by_step(marks)
        ]
        return listed(found, self.say) if found else ()

    def looks_like(self, mark: Mark) -> Line:
        """What the mistakes are that explain a number, ties admitted; nothing where none does."""
        if len(mark.mistakes) > MOST_MISTAKES:
            return (
                self.say.text(
                    "Several different slips come to this number; from the number alone one cannot tell which."
                ),
            )
        whats = [self.what(name) for name in mark.mistakes]
        if not whats:
            return ()
        if len(whats) == 1:
            return self.say.line("It looks as if {what}.", what=whats[0])
        *some, last = whats
        one = tuple(part for n, line in enumerate(some) for part in ((", ", *line) if n else line))
        either = self.say.line("{one}, or {other}", one=one, other=last)
        return self.say.line("It looks as if {either}: each of these comes to this number.", either=either)

    def what(self, name: str) -> Line:
        """What happened, in half a sentence; two mistakes at once are called "one+other"."""
        known = [(mistakes if one in mistakes else slips)[one] for one in name.split("+")]
        return listed([rich(self.say.text(one.what)) for one in known], self.say)


def complete(everything: Sequence[Mark], marks: Sequence[Mark], axis: int) -> list[int]:
    """The rows (axis 0) or columns (1) that these marks fill, if they fill whole ones of several cells; else none."""
    whole: dict[int, int] = {}
    some: dict[int, int] = {}
    for counts, counted in ((whole, everything), (some, marks)):
        for mark in counted:
            if len(mark.key[1]) > axis:
                counts[mark.key[1][axis]] = counts.get(mark.key[1][axis], 0) + 1
    are_whole = all(whole[n] == count > 1 for n, count in some.items())
    return sorted(some) if are_whole else []
