"""Other ways in which people find the same number: from other written numbers, or with a rounded √d_k, e or π."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from tracer.arithmetic import ball
from tracer.arithmetic.interval import Span
from tracer.evaluate import Key, Table, rebuild
from tracer.evaluate import value as value_of
from tracer.expr import (
    Add,
    Call,
    Cell,
    Constant,
    Div,
    Expr,
    Index,
    Mul,
    Neg,
    Num,
    Pow,
    Sum,
    position,
    square,
    total,
    walk,
)
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


def _from_activations(own: Own, prefix: str, at: tuple[int, ...]) -> Iterator[tuple[Expr, str]]:
    """An additive score from the activations that were written down before."""
    name, formula = f"{prefix}row{at[0] + 1}.activations", own.definitions[f"{prefix}scores"].formula
    if name in own.definitions and isinstance(formula, Sum) and isinstance(formula.body, Mul):
        v, _ = formula.body.factors
        T = own.definitions[name].tensor
        yield Sum(formula.index, formula.size, Mul((v, T[Index("j"), Index(formula.index)]))), name


def _from_differences(own: Own, prefix: str, at: tuple[int, ...]) -> Iterator[tuple[Expr, str]]:
    """A negative squared distance from the differences that were written down before."""
    name = f"{prefix}row{at[0] + 1}.differences"
    if name in own.definitions:
        tensor = own.definitions[name].tensor
        yield Neg(total(tensor.axes[1], square(tensor[Index("j"), Index(tensor.axes[1].index)]))), name


def _ways_to_scores(own: Own, prefix: str, at: tuple[int, ...]) -> Iterator[tuple[Expr, str]]:
    yield from _from_activations(own, prefix, at)
    yield from _from_differences(own, prefix, at)


def _from_scores(own: Own, prefix: str, at: tuple[int, ...]) -> Iterator[tuple[Expr, str]]:
    """A cosine from the score, which is the dot product already, and the lengths."""
    names = [prefix + name for name in ("scores", "query_norms", "key_norms")]
    if all(name in own.definitions for name in names) and own.definitions[names[0]].formula is not None:
        S, q, k = (own.definitions[name].tensor for name in names)
        i, j = (Index(axis.index) for axis in S.axes)
        yield Div(S[i, j], Mul((q[i], k[j]))), names[0]


Way: TypeAlias = Callable[[Own, str, tuple[int, ...]], Iterator[tuple[Expr, str]]]


def _through_jacobian(step: str) -> Way:
    """The gradient of a logit as it was found through its row's Jacobian before."""

    def way(own: Own, prefix: str, at: tuple[int, ...]) -> Iterator[tuple[Expr, str]]:
        formula, name = own.definitions[prefix + step].formula, f"{prefix}row{at[0] + 1}.d_logits"
        used = {node.tensor.id for node in walk(formula) if isinstance(node, Cell)} if formula else set()
        if f"{prefix}mean_gradients" in used and name in own.definitions:
            yield own.definitions[name].tensor[position(at[1])], name

    return way


LOGITS = (  # the gradients that may stand next to the normalisation
    "d_masked", "d_capped", "d_biased", "d_relative_scores", "d_alibi", "d_tempered", "d_scaled", "d_scores",
)  # fmt: skip
WAYS: dict[str, Way] = {
    "outputs": _summed,
    "scores": _ways_to_scores,
    "cosines": _from_scores,
    **{step: _through_jacobian(step) for step in LOGITS},
}
