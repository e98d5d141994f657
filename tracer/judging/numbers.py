"""What should stand in a cell, as text: the right number, and the one that follows from the person's own."""

from __future__ import annotations

from tracer.arithmetic import Undecided, Undefined, ball
from tracer.evaluate import Key, place
from tracer.evaluate import value as value_of
from tracer.expr import INFINITY, MINUS_INFINITY, Expr, Num
from tracer.judging.judge import Judge
from tracer.notation.plain import plain
from tracer.rounding import trimmed
from tracer.show import show
from tracer.trace import Trace


def right(trace: Trace, key: Key, places: int | None) -> str | None:
    """The true value, with so many decimals; without their number, with the paper's where it takes them."""
    cell = trace[key[0]][key[1]]
    if places is not None and not cell.infinite:
        return cell.decimal(places)
    return None if cell.undefined else ascii_(cell.printed(trace.problem.paper.places)[0])


def ascii_(number: Expr) -> str:
    """A number as files have it: -0.5, -inf."""
    return show(number, plain).replace("−", "-").replace("∞", "inf")


def places_of(judge: Judge, key: Key) -> int | None:
    """The places that a number was written with, where it was written as a decimal."""
    number = judge.numbers.get(key)
    return number.places if number else None


def from_yours(judge: Judge, key: Key) -> str | None:
    """What the earlier numbers give as they are written, to the places that were written; None where nothing does."""
    definition = judge.own.definitions[key[0]]
    if definition.formula is None:
        return None
    where = place(definition.tensor, key[1])
    try:
        with ball.precision(ball.PRECISIONS[0]):
            value = value_of(definition.formula, where, judge.own.as_written)
            return _text(value, places_of(judge, key), judge.trace.problem.paper.places)
    except (Undefined, Undecided, OverflowError):
        return None


def _text(value: ball.Value, written: int | None, otherwise: int) -> str:
    if side := ball.infinite(value):
        return ascii_(INFINITY if side > 0 else MINUS_INFINITY)
    places = otherwise if written is None else written
    number = Num(ball.nearest(value, places), places)
    is_whole = written is None and ball.fraction_of(value) == number.value
    return ascii_(trimmed(number) if is_whole else number)
