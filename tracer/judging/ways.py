"""Other ways in which people find the same number: from other written numbers, or with a rounded √d_k, e or π."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.arithmetic import ball
from tracer.arithmetic.interval import Span
from tracer.evaluate import Key, Table, rebuild
from tracer.evaluate import value as value_of
from tracer.expr import Add, Call, Cell, Constant, Div, Expr, Index, Mul, Num, Pow, position, walk
from tracer.judging.own import Own, every_key_seen
from tracer.judging.writing import is_integer

PLACES = range(1, 6)  # of a constant that somebody calculates with


def other_ways(own: Own, key: Key) -> Iterator[Span]:
    """What comes out of them on the person's own numbers."""
    step, at = key
    prefix, _, name = step.rpartition(".")
    dot = "." if prefix else ""
    for formula, source in WAYS.get(name, lambda *_: ())(own, prefix + dot, at):
        written = any(known[0] == source for known in own.numbers)
        if written and (span := own.of(formula, key, own.table_with(own.read))) is not None:
            yield span
    right = own.definitions[step].formula
    if right is None:
        return
    if own.hides and (span := own.of(every_key_seen(right), key, own.unmasked)) is not None:
        yield span
    usual = own.follows(key)
    if usual is None or is_integer(usual):
        return  # there is nothing to round in 0/√3 and e^0
    if not usual.is_bounded and (span := own.plainly(key)) is not None:
        yield span
    for places in PLACES:
        rounded = with_constants(right, places)
        if rounded != right and (span := own.of(rounded, key, own.table)) is not None:
            yield span


def with_constants(formula: Expr, places: int) -> Expr:
    """The formula with the numbers in it that are no results, √d_k, e and π, rounded to so many places."""
    match formula:
        case Call("exp", body):
            return Pow(_rounded(Constant("e"), places), with_constants(body, places))
        case Call("sqrt", body) if not any(isinstance(node, Cell) for node in walk(body)):
            return _rounded(formula, places)
        case Constant("π"):
            return _rounded(formula, places)
    return rebuild(formula, lambda part: with_constants(part, places))


def _rounded(constant: Expr, places: int) -> Num:
    value = value_of(constant, {}, Table({}, ball.Ball()))
    return Num(ball.decided(lambda _: ball.nearest(value, places), ball.FIRST))


def _summed(own: Own, prefix: str, at: tuple[int, ...]) -> Iterator[tuple[Expr, str]]:
    """An output as the sum of the contributions that were written down before."""
    first = own.definitions[f"{prefix}outputs"].tensor.axes[0].first
    name = f"{prefix}row{first + at[0] + 1}.contributions"
    if name in own.definitions:
        tensor = own.definitions[name].tensor
        yield Add(tuple(tensor[position(j), position(at[1])] for j in range(tensor.shape[0]))), name


def _from_scores(own: Own, prefix: str, at: tuple[int, ...]) -> Iterator[tuple[Expr, str]]:
    """A cosine from the score, which is the dot product already, and the lengths."""
    names = [prefix + name for name in ("scores", "query_norms", "key_norms")]
    if all(name in own.definitions for name in names) and own.definitions[names[0]].formula is not None:
        S, q, k = (own.definitions[name].tensor for name in names)
        i, j = (Index(axis.index) for axis in S.axes)
        yield Div(S[i, j], Mul((q[i], k[j]))), names[0]


WAYS = {"outputs": _summed, "cosines": _from_scores}
