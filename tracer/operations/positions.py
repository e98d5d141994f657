"""Sinusoidal positions: waves of many lengths, added to the words; the same word differs from place to place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracer.expr import Add, Call, Div, Expr, Index, Mul, Named, Piece, Pieces, Position, Pow, Tensor, num, position
from tracer.operations import indices
from tracer.operations.encodings import word_encodings
from tracer.options import POSITIVE
from tracer.trace import Recorder

BASE = 10_000


def wavelength(base: Expr, pair: Index, size: Named) -> Expr:
    """base^(2(t − 1)/d): what a position is divided by for the angle of pair t, of d/2 pairs."""
    return Pow(base, Div(Mul((num(2), Position(pair - 1))), size))


@word_encodings.operation("sinusoidal", base=POSITIVE)
def sinusoidal(rec: Recorder, X: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Add to each word what says at which place it stands; places count from 0.

    PE[i, 2t − 1] = sin((i − 1) / base^(2(t − 1)/d_model)),  PE[i, 2t] = cos of the same        X′ = X + PE [n, d_model]

    Source: Vaswani et al. 2017, section 3.5, with `base` 10000.
    """
    i, a = indices(X)
    width = X.shape[1]
    t = Index("t") if width > 2 else position(0)
    angle = Div(Position(i - 1), wavelength(told.get("base", num(BASE)), t, Named("d_model", num(width))))
    waves = Piece(2 * t, width // 2, Call("sin", angle)), Piece(2 * t + 1, width // 2, Call("cos", angle))
    P = rec.step(
        "positions",
        X.axes,
        Pieces(a.name or "", waves),
        "Positions",
        "Each place gets a vector of its own, made of waves: the first two coordinates swing fast, further ones "
        "more slowly.",
    )
    return rec.step(
        "encoded",
        X.axes,
        Add((X[i, a], P[i, a])),
        "Words with their positions",
        "Added to the word, the position makes the same word another one at each place: attention alone sees no order.",
        symbol=f"{X.symbol}′",
    )
