"""Biases that depend on the distance of two words only: ALiBi, and learned relative positions."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from tracer.expr import Add, Call, Expr, Index, Mul, Position, Pow, Tensor, minus, num
from tracer.operations import indices, logit_symbol
from tracer.operations.alignment import ALIGN, aligned
from tracer.operations.scaling import logit_steps
from tracer.options import NUMBERS
from tracer.trace import Recorder

EXPONENT = 8  # the last head's slope is 2 to the power of −8


@logit_steps.operation("alibi", slopes=NUMBERS, align=ALIGN)
def alibi(rec: Recorder, S: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Take from each score as much as the key is far away: attention with linear biases.

    Z[i, j] = S[i, j] − s · |i − j|        shape (n, m); s = 2^(−8h/n_heads) in head h, or the h-th of `slopes`

    The paper has keys before the query only, where this is its s · (j − i). With more keys than queries the last query
    stands where the last key does, unless `align` says otherwise. Source: Press, Smith and Lewis 2022, section 3.
    """
    distance = Call("abs", minus(Position(aligned(S, told)), Position(Index("j"))))
    return rec.step(
        "alibi",
        S.axes,
        minus(S[indices(S)], Mul((slope(told), distance))),
        "Scores less the distance",
        "A word loses the more, the farther away it is: near words are preferred, without any vectors for positions. "
        "Each head has a slope of its own, so some see far and others only their neighbours.",
        symbol=logit_symbol(S),
        allowed=S.allowed,
    )


def slope(told: Mapping[str, Any]) -> Expr:
    """The slope of this head: the one that is told, else 2^(−8h/n_heads)."""
    if "slopes" in told:
        own: Expr = told["slopes"][told["head"] - 1]
        return own
    exponent = Fraction(-EXPONENT * told["head"], told["n_heads"])
    return num(Fraction(2) ** int(exponent)) if exponent.denominator == 1 else Pow(num(2), num(exponent))


@logit_steps.operation("relative", needs=("relative",))
def relative(rec: Recorder, S: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Add a learned number for the distance of the key from the query.

    Z[i, j] = S[i, j] + r[j − i + n]        shape (n, m); r has a number for each distance from −(n − 1) to m − 1

    Source: Raffel et al. 2020, section 2.1 (T5), whose far distances share one number.
    """
    n = len(rec.problem.tokens)
    return rec.step(
        "relative_scores",
        S.axes,
        Add((S[indices(S)], told["relative"][Index("j", 1, n - 1 - S.axes[0].first, "i")])),
        "Scores with relative positions",
        "What is added hangs on the distance of two words alone and not on where they stand: the same number all along "
        "a diagonal.",
        symbol=logit_symbol(S),
        allowed=S.allowed,
    )
