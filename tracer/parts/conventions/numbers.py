"""What is agreed about numbers: what dX stands for, how they are counted, and how they are rounded."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.document import Line, Math
from tracer.expr import Cell, Letter
from tracer.language import Language
from tracer.names import GRADIENTS
from tracer.parts.words import listed
from tracer.problem import Problem
from tracer.trace import Trace


def gradients(trace: Trace, say: Language) -> Iterator[tuple[str, Line]]:
    """What dX stands for, and which gradient is given."""
    given = next((one.tensor for one in trace.given if one.tensor.id.startswith("d_")), None)
    if given is None:
        return
    line = say.line(
        "{dX} is the derivative of the loss with respect to {X}, number by number: how many times a small change of "
        "the number the loss changes. {dO} is given; the loss itself is not needed.",
        dX=Math(Letter("dX")),
        X=Math(Letter("X")),
        dO=Math(Cell(given, ())),
    )
    yield say.text("Gradients"), line


def counting(trace: Trace, say: Language) -> Iterator[tuple[str, Line]]:
    """Where counting begins."""
    line = say.text("rows, columns and words count from 1; the first index is the query's row.")
    yield say.text("Counting"), (line,)


def decimals(trace: Trace, say: Language) -> Iterator[tuple[str, Line]]:
    """What = and ≈ say."""
    yield say.text("Numbers"), (_numbers(trace.problem, say),)


def by_hand(trace: Trace, say: Language) -> Iterator[tuple[str, Line]]:
    """To how many decimals every written step is rounded, where it is."""
    if trace.problem.paper.by_hand:
        yield say.text("By hand"), _by_hand(trace.problem, say)


def rounded_given(trace: Trace, say: Language) -> Iterator[tuple[str, Line]]:
    """Which given numbers are themselves rounded."""
    if trace.problem.paper.rounded_given:
        yield say.text("Given rounded"), _rounded_given(trace.problem, say)


def _numbers(problem: Problem, say: Language) -> str:
    return say.count(
        problem.paper.places,
        "a decimal is exact as written. “=” stands only between equal numbers; “≈” stands before a number rounded "
        "once, half up, to {n} decimal. Where rounded numbers put into a formula would give another last digit, more "
        "of their digits are put in.",
        "a decimal is exact as written. “=” stands only between equal numbers; “≈” stands before a number rounded "
        "once, half up, to {n} decimals. Where rounded numbers put into a formula would give another last digit, more "
        "of their digits are put in.",
    )


def _by_hand(problem: Problem, say: Language) -> Line:
    places = [say.line("{step} {n}", step=_called(step, say), n=str(n)) for step, n in problem.paper.by_hand.items()]
    places.append(say.line("everything else {n}", n=str(problem.paper.places)))
    return say.line(
        "every written step is rounded half up before it is used, to so many decimals: {places}.",
        places=listed(places, say),
    )


def _called(step: str, say: Language) -> Line:
    """A step in words; one of the backward pass by its symbol."""
    return (Math(Letter(GRADIENTS[step])),) if step in GRADIENTS else (say.text(step.replace("_", " ")),)


def _rounded_given(problem: Problem, say: Language) -> Line:
    rule = [
        (say.count(n, "{matrix} to {n} decimal", "{matrix} to {n} decimals", matrix=name),)
        for name, n in problem.paper.rounded_given.items()
    ]
    return say.line(
        "these numbers are themselves rounded: {rule}. The results are those of the numbers as printed.",
        rule=listed(rule, say),
    )
