"""Other ways in which people find the same number, where what they start from is written."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.arithmetic.interval import Span
from tracer.evaluate import Key
from tracer.expr import Add, Div, Expr, Index, Mul, position
from tracer.judging.own import Own


def other_ways(own: Own, key: Key) -> Iterator[Span]:
    """What comes out of them on the person's own numbers."""
    step, at = key
    prefix, _, name = step.rpartition(".")
    dot = "." if prefix else ""
    for formula, names in WAYS.get(name, lambda *_: ())(own, prefix + dot, at):
        written = all(any(known[0] == one for known in own.numbers) for one in names)
        if written and (span := own.of(formula, key, own.table_with(own.read))) is not None:
            yield span


def _summed(own: Own, prefix: str, at: tuple[int, ...]) -> Iterator[tuple[Expr, list[str]]]:
    """An output as the sum of the contributions that were written down before."""
    name = f"{prefix}row{at[0] + 1}.contributions"
    if name in own.definitions:
        tensor = own.definitions[name].tensor
        yield Add(tuple(tensor[position(j), position(at[1])] for j in range(tensor.shape[0]))), [name]


def _from_scores(own: Own, prefix: str, at: tuple[int, ...]) -> Iterator[tuple[Expr, list[str]]]:
    """A cosine from the score, which is the dot product already, and the lengths."""
    names = [prefix + name for name in ("scores", "query_norms", "key_norms")]
    if all(name in own.definitions for name in names) and own.definitions[names[0]].formula is not None:
        S, q, k = (own.definitions[name].tensor for name in names)
        i, j = (Index(axis.index) for axis in S.axes)
        yield Div(S[i, j], Mul((q[i], k[j]))), names[:1]


WAYS = {"outputs": _summed, "cosines": _from_scores}
