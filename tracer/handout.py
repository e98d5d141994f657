"""What a page carries inside, so that anybody can make it again and compare: its problem, and how it was asked for.

A page that shows results puts `carried(…)` into its document's `attached`, and registers, under the name of its own
file in `pages/`, how it is made again from the same words. A page for students carries nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tracer import __version__, numbers
from tracer.errors import ProblemError
from tracer.expr import Expr, Named, walk
from tracer.fields import string
from tracer.normal_form import normal_form
from tracer.notation.plain import plain
from tracer.problem import Problem, Setting
from tracer.problem_file import from_text
from tracer.registry import Registry
from tracer.show import show
from tracer.style import Style
from tracer.style_file import read, ready_made

if TYPE_CHECKING:
    from tracer.document import Document
    from tracer.trace import Trace

SCHEMA, PROBLEM, PAGE = "tracer/page/1", "problem.json", "page.json"
Told = Mapping[str, Any]

makers: Registry[Callable[[Trace, Told], Document]] = Registry("page")


@dataclass(frozen=True, slots=True)
class Handout:
    """What was read back out of a page: who made it, of what, and how it was asked for."""

    version: str
    problem: Problem
    let: Mapping[str, Expr]
    page: str
    told: Told
    is_own: bool  # whether a style sheet or templates belong to it that it does not carry


def carried(page: str, trace: Trace, told: Told) -> dict[str, bytes]:
    """The files inside a page: its problem in normal form, and how the page was asked for, `told` in JSON's values."""
    problem, let = _without_named(trace.problem)
    asked = {
        "schema": SCHEMA,
        "tracer": __version__,
        "page": page,
        "told": dict(told),
        "let": {letter: show(number, plain) for letter, number in let.items()},
        "look": _look(problem.paper.style),
    }
    return {PROBLEM: _written(normal_form(problem)), PAGE: _written(asked)}


def _look(style: Style) -> str:
    """The ready-made style whose style sheet it is; "own" where that or a template is a house's own; or ""."""
    if style.templates:
        return "own"
    ready = (name for name in ready_made() if style.css and read(Style(), name).css == style.css)
    return next(ready, "own" if style.css else "")


def _written(data: Mapping[str, Any]) -> bytes:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n"
    return text.encode("utf-8", "backslashreplace")


def _without_named(problem: Problem) -> tuple[Problem, dict[str, Expr]]:
    """A problem without the sizes that somebody has put in by name (√d_k, d_k = 4), and these."""
    let: dict[str, Expr] = {}

    def unnamed(setting: Setting) -> Setting:
        named = {node.name: node.value for value in setting.told.values() if not isinstance(value, str | int | tuple)
                 for node in walk(value) if isinstance(node, Named)}  # fmt: skip
        let.update(named)
        return Setting(setting.use) if named else setting

    return replace(problem, wiring=problem.wiring.each(unnamed)), let


def found(attached: Mapping[str, bytes]) -> Handout:
    """What a page carries. Raises `ProblemError` where it is not what tracer puts into a page."""
    try:
        asked = json.loads(attached[PAGE], parse_float=str)
        problem = from_text(attached[PROBLEM].decode("utf-8"), as_json=True)
        let = {letter: numbers.read(number) for letter, number in asked["let"].items()}
        version, page, look = (string(asked[key], key) for key in ("tracer", "page", "look"))
        if look in ready_made():
            style = replace(problem.paper.style, css=read(Style(), look).css)
            problem = replace(problem, paper=replace(problem.paper, style=style))
        return Handout(version, problem, let, page, dict(asked["told"]), look == "own")
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError):
        raise ProblemError(f"{PAGE} is not as tracer writes it; expected the schema {SCHEMA}") from None


def worked(handout: Handout) -> Trace:
    """The trace of the problem, worked anew. Raises `ProblemError` where that cannot be."""
    from tracer.composition import solve

    trace = solve(handout.problem)
    for letter, number in handout.let.items():
        trace = solve(trace.problem.let(letter, number))
    return trace


def made_again(handout: Handout) -> Document:
    """The page, made anew from its problem. Raises `ProblemError` where that cannot be."""
    return makers[handout.page](worked(handout), handout.told)
