"""Small words: lists, names of matrices inside sentences, titles of steps, labels of rows and columns."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tracer.document import Line, Math
from tracer.expr import Expr, Letter, sqrt
from tracer.language import Language
from tracer.names import located, parts_of
from tracer.trace import Trace
from tracer.views import StepView

NAMES = re.compile(r"(√?\b(?:[A-Z]_[A-Z1-9]|d_[a-z]+)\b)")


def listed(parts: Sequence[Line], say: Language) -> Line:
    """a, b and c."""
    line, *others = parts
    for part in others[:-1]:
        line = say.line("{list}, {next}", list=line, next=part)
    return say.line("{list} and {last}", list=line, last=others[-1]) if others else line


def listed_words(words: Sequence[str], say: Language) -> str:
    """The same of plain words."""
    return "".join(part for part in listed([(word,) for word in words], say) if isinstance(part, str))


def rich(text: str) -> Line:
    """A sentence, with the names of matrices and sizes in it (W_Q, √d_k) as formulas."""
    parts = NAMES.split(text)
    return tuple(Math(_name(part)) if n % 2 else part for n, part in enumerate(parts) if part)


def _name(text: str) -> Expr:
    return sqrt(Letter(text[1:])) if text.startswith("√") else Letter(text)


def titled(step: StepView) -> str:
    """The title of a step, with the pass and the head it belongs to; behind the token or the block where it has one."""
    say, parts = step.problem.paper.style.language, parts_of(step.id)
    title = say.text(step.title)
    if parts.keys() & {"prefill", "token", "block"}:
        return say.text("{place}: {title}", place=headed(step.id, say), title=title)
    return located(title, parts, say)


PARTS = {"pass": "pass {n}", "prefill": "tokens read together", "token": "token {n}", "head": "head {n}",
         "block": "block {n}"}  # fmt: skip


def whose(id_: str, say: Language) -> str:
    """The part of a pass that a step belongs to: "token 3, head 1"; nothing where there is only one."""
    return ", ".join(say.text(PARTS[part], n=n) for part, n in parts_of(id_).items() if part in PARTS)


def headed(id_: str, say: Language) -> str:
    """The same as the title of a panel: "Token 3, head 1"."""
    title = whose(id_, say)
    return title[:1].upper() + title[1:]


def labels(trace: Trace) -> dict[str, tuple[str, ...]]:
    """The words that the axes of queries and of keys count."""
    return {"query": trace.problem.tokens, "key": trace.problem.key_tokens}
