"""Rotary positions: queries and keys are turned, pair by pair, by an angle that grows with the position."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tracer.expr import (
    Add,
    Axis,
    Call,
    Div,
    Expr,
    Index,
    Mul,
    Named,
    Piece,
    Pieces,
    Position,
    Tensor,
    minus,
    num,
    position,
)
from tracer.operations import indices
from tracer.operations.encodings import encodings
from tracer.operations.positions import BASE, wavelength
from tracer.options import NUMBERS, POSITIVE, one_of, whole_number
from tracer.trace import Recorder

FARTHEST = 1_000_000  # position from which anybody counts
TITLES = {"query": "Angles of the queries", "key": "Angles of the keys"}
ROTATED = {"query": "Rotated queries", "key": "Rotated keys"}
SPEEDS = {
    "query": "Every pair of coordinates has a speed of its own, and turns by that much more from each position to "
    "the next.",
    "key": "The keys turn at the same speeds, each as far as its own position says.",
}
REASONS = {
    "query": "Each pair of coordinates is an arrow in a plane; turning it by its angle changes its direction, and not "
    "its length.",
    "key": "The keys are turned in the same way, so that a score depends on how far apart two words are, and not on "
    "where they stand.",
}


class Pairing(NamedTuple):
    """Which two coordinates make pair t, of so many pairs; and what is said of it."""

    pair: Callable[[Index, int], tuple[Index, Index]]
    words: str


PAIRINGS = {
    "half": Pairing(lambda t, pairs: (t, t + pairs), "pair t is made of the coordinates t and t + {half}"),
    "adjacent": Pairing(lambda t, pairs: (2 * t, 2 * t + 1), "pair t is made of the coordinates 2t − 1 and 2t"),
}
USUAL_PAIRING = "half"


def first_position(told: Mapping[str, Any]) -> int:
    """The position of the first query or key: where the sequence begins, and so many words further behind a cache."""
    start = told.get("start", 0)
    begin = told.get("key_start", start) if told["name"] == "key" else start
    return int(begin) + int(told.get("before", 0))


def angles(rec: Recorder, Q: Tensor, told: Mapping[str, Any], width: int) -> Tensor:
    """The angle by which each pair of each row is turned.

    φ[i, t] = (i − 1 + start) · θ_t with θ_t = base^(−2(t − 1)/d), or with θ_t as given        shape (n, pairs), radians
    """
    row, t = indices(Q)[0], Index("t")
    place = Position(row + (first_position(told) - 1))
    size = Named("d_r", num(width)) if width < Q.shape[1] else Named("d_k", num(width))
    given: tuple[Expr, ...] | None = told.get("angles")
    if given is None:
        angle: Expr = Div(place, wavelength(told.get("base", num(BASE)), t, size))
    elif len(set(given)) == 1:
        angle = Mul((place, given[0]))
    else:
        angle = Pieces("t", tuple(Piece(position(n), 1, Mul((place, one))) for n, one in enumerate(given)))
    return rec.step(
        f"{told['name']}_angles",
        (Q.axes[0], Axis("t", width // 2)),
        angle,
        TITLES[told["name"]],
        SPEEDS[told["name"]],
    )


@encodings.operation(
    "rotary",
    base=POSITIVE,
    pairing=one_of(PAIRINGS),
    dimensions=whole_number(2, 512),
    angles=NUMBERS,
    start=whole_number(0, FARTHEST),
    key_start=whole_number(0, FARTHEST),
)
def rotary(rec: Recorder, Q: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Turn each pair (a, b) of coordinates of row i by the angle φ[i, t]; Q [n, d_k] -> Q′ [n, d_k].

    Q′[i, a] = Q[i, a] · cos φ[i, t] − Q[i, b] · sin φ[i, t]
    Q′[i, b] = Q[i, a] · sin φ[i, t] + Q[i, b] · cos φ[i, t]

    `pairing` says which coordinates are a and b: t and t + d/2 ("half"), or 2t − 1 and 2t ("adjacent"). With
    `dimensions` only the first so many coordinates are turned.

    Source: Su et al. 2021 (RoFormer), section 3.4.2, eq. (34), with adjacent pairs; halves in GPT-NeoX, in Llama and in
    the ONNX operator RotaryEmbedding, whose default they are.
    """
    d_k, name = Q.shape[1], told["name"]
    width = told.get("dimensions", d_k)
    F = angles(rec, Q, told, width)
    row, column = indices(Q)
    t = Index("t") if width > 2 else position(0)
    a, b = PAIRINGS[told.get("pairing", USUAL_PAIRING)].pair(t, width // 2)
    cos, sin = Call("cos", F[row, t]), Call("sin", F[row, t])
    pieces = [
        Piece(a, width // 2, minus(Mul((Q[row, a], cos)), Mul((Q[row, b], sin)))),
        Piece(b, width // 2, Add((Mul((Q[row, a], sin)), Mul((Q[row, b], cos))))),
    ]
    if width < d_k:
        pieces.append(Piece(column, d_k, Q[row, column]))
    return rec.step(
        f"rotated_{name}",
        Q.axes,
        Pieces(column.name or "", tuple(pieces)),
        ROTATED[name],
        REASONS[name],
        symbol=f"{Q.symbol}′",
    )
