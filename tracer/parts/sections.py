"""The headings between the steps of a page: passes, tokens, heads, blocks, where these come together; the way back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from tracer.document import Block, Heading
from tracer.names import parts_of
from tracer.parts.words import headed
from tracer.trace import Trace
from tracer.views import StepView

Section: TypeAlias = tuple[tuple[str, str], ...]  # the parts of a pass that steps belong to, from the outside inwards
TOGETHER = {"head": "All heads together", "token": "All tokens together", "block": "All blocks together"}
TOGETHER_IN = {"head": "{place}: all heads together", "block": "{place}: all blocks together"}


def section_of(step: StepView) -> Section:
    """Where a step belongs."""
    return tuple((part, number) for part, number in parts_of(step.id).items() if part != "row")


class Sections:
    """The headings between the steps: passes, tokens, heads, blocks, and where these come together."""

    def __init__(self, trace: Trace) -> None:
        self.problem = trace.problem
        self.say = trace.problem.paper.style.language
        self.before: Section = ()
        self.is_back = False

    def of(self, section: Section) -> Iterator[Block]:
        """The headings before a group of steps."""
        before, self.before = self.before, section
        in_pass = section[:1] if section[:1] and section[0][0] == "pass" else ()
        id_ = ".".join(part + number for part, number in section)
        if in_pass and in_pass != before[:1]:
            yield Heading(self.say.text("Pass {n}", n=section[0][1]), 2, id_.partition(".")[0])
        inner = section[len(in_pass) :]
        done = before[len(section) :] if before[: len(section)] == section else ()
        if done:
            yield Heading(self.together(inner, done[0][0]), 2, f"{id_}.together".lstrip("."))
        elif inner:
            yield Heading(self.title(inner), 2, id_)
        elif not in_pass:
            yield Heading(self.say.text("Step by step"), 2, "steps")

    def title(self, section: Section) -> str:
        """Token 3: “sat”; head 1."""
        title = headed("".join(f"{part}{number}." for part, number in section), self.say)
        part, number = section[-1]
        match part:
            case "prefill":
                return self.read_together(self.problem.wiring.prefill or 0)
            case "token":
                return self.token(int(number))
            case "block":
                return self.block(title, int(number))
        return title

    def read_together(self, first: int) -> str:
        """Tokens 1 and 2, read together; one alone is a token like any other."""
        if first == 1:
            return self.token(1)
        if first == 2:
            return self.say.text("Tokens 1 and 2, read together")
        return self.say.text("Tokens 1 to {n}, read together", n=str(first))

    def token(self, number: int) -> str:
        """Token 3: “sat”; without a word where it has none."""
        title, word = self.say.text("Token {n}", n=number), self.problem.tokens[number - 1]
        has_word = word != self.say.text("token {n}", n=number)
        return self.say.text("{place}: “{word}”", place=title, word=word) if has_word else title

    def block(self, title: str, number: int) -> str:
        """Block 2: “cherry” to “phone”."""
        size = self.problem.wiring.normalisation.told["block"]
        first, *others = self.problem.key_tokens[(number - 1) * size : number * size]
        if not others:
            return self.say.text("{place}: “{word}”", place=title, word=first)
        return self.say.text("{place}: “{first}” to “{last}”", place=title, first=first, last=others[-1])

    def together(self, section: Section, part: str) -> str:
        """What was worked apart comes together: all heads, in a token or in the pass."""
        if not section or part not in TOGETHER_IN:
            return self.say.text(TOGETHER["token" if part == "prefill" else part])
        return self.say.text(TOGETHER_IN[part], place=headed("".join(f"{p}{n}." for p, n in section), self.say))

    def back(self, section: Section) -> Iterator[Block]:
        """The headings of the backward pass."""
        head = dict(section).get("head")
        if not self.is_back:
            yield Heading(self.say.text("Backward pass"), 2, "backward")
        if head:
            yield Heading(self.say.text("Backward through head {n}", n=head), 2, f"backward-head{head}")
        elif self.is_back and self.problem.wiring.n_heads > 1:
            yield Heading(self.say.text("Backward through all heads together"), 2, "backward-together")
        self.is_back = True
