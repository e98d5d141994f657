"""What the nodes that choose by position come to: the same in every fold, and what one would work out with a pencil."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from tracer.arithmetic.ball import Ball, precision
from tracer.arithmetic.floating import Floats
from tracer.arithmetic.interval import Interval
from tracer.evaluate import Table, instantiate, substitute, value
from tracer.expr import (
    ZERO,
    Add,
    AtMost,
    Axis,
    Call,
    Case,
    Constant,
    Every,
    Expr,
    Index,
    Join,
    Mul,
    Num,
    Piece,
    Pieces,
    Position,
    Tensor,
    every,
    minus,
    num,
    position,
)
from tracer.notation.plain import plain
from tracer.rewriting import at_cell
from tracer.show import show

i, j, c, t = (Index(letter) for letter in "ijct")
Q = Tensor("query", "Q", (Axis("i", 3), Axis("c", 4)))
r = Tensor("relative", "r", (Axis("d", 5),))
Z = Tensor("scaled", "Z", (Axis("i", 3), Axis("c", 4)))
D = Tensor("biased", "Z", (Axis("i", 3), Axis("j", 3)))

TURNED = Pieces(
    "c",
    (Piece(2 * t, 2, minus(Q[i, 2 * t], Q[i, 2 * t + 1])), Piece(2 * t + 1, 2, Add((Q[i, 2 * t], Q[i, 2 * t + 1])))),
)
HALVES = Pieces("c", (Piece(t, 2, Q[i, t + 2]), Piece(t + 2, 2, Mul((Position(t), Q[i, t])))))
FORMULAS: list[tuple[Tensor, Expr, list[list[int]]]] = [  # Q is 1 2 3 4, 5 6 7 8, 9 10 11 12; r is 10 20 30 40 50
    (Z, TURNED, [[-1, 3, -1, 7], [-1, 11, -1, 15], [-1, 19, -1, 23]]),
    (Z, HALVES, [[3, 4, 1, 4], [7, 8, 5, 12], [11, 12, 9, 20]]),
    (Z, Join("c", (Q[i, c + 1], Q[i, c + 3])), [[2, 3, 4, 4], [6, 7, 8, 8], [10, 11, 12, 12]]),
    (D, r[Index("j", 1, 2, "i")], [[30, 40, 50], [20, 30, 40], [10, 20, 30]]),
    (D, minus(Position(j), Position(i)), [[0, 1, 2], [-1, 0, 1], [-2, -1, 0]]),
    (D, Position(Index("j", 1, 2, "i")), [[3, 4, 5], [2, 3, 4], [1, 2, 3]]),
    (D, Case(Every((AtMost(j, i), AtMost(i - 1, j))), num(1), ZERO), [[1, 0, 0], [1, 1, 0], [0, 1, 1]]),
]


def definitions(tensor: Tensor, formula: Expr) -> dict[str, SimpleNamespace]:
    """Q and r as given, and a step with the formula."""
    given = {"query": np.arange(1, 13).reshape(3, 4), "relative": np.arange(10, 60, 10)}
    found = {
        one.id: SimpleNamespace(
            tensor=one, kind="given", formula=None, values=SimpleNamespace(array=given[one.id]),
            entry=lambda at, array=given[one.id]: Num(Fraction(int(array[at]))),
        )
        for one in (Q, r)
    }  # fmt: skip
    return {**found, tensor.id: SimpleNamespace(tensor=tensor, kind="calculate", formula=formula)}


def places(tensor: Tensor) -> Iterator[tuple[int, ...]]:
    """Every place of a tensor."""
    return np.ndindex(*tensor.shape)


@pytest.mark.parametrize(("tensor", "formula", "wanted"), FORMULAS)
def test_every_fold_comes_to_the_same(tensor: Tensor, formula: Expr, wanted: list[list[int]]) -> None:
    """Enclosed, spanned, in floats, put in, about one cell, and bound to a cell: one number."""
    known = definitions(tensor, formula)
    table, spans = Table(known, Ball()), Table(known, Interval())
    assert Floats(known)[tensor.id].tolist() == wanted
    with precision(64):
        for at in places(tensor):
            where = {axis.index: n for axis, n in zip(tensor.axes, at, strict=True)}
            number = wanted[at[0]][at[1]]
            put_in = substitute(formula, where, table, lambda key: known[key[0]].entry(key[1]))
            bound = at_cell(formula, tensor[tuple(map(position, at))])
            assert table[tensor.id, at] == spans[tensor.id, at].low == number
            assert all(value(one, {}, table) == number for one in (put_in, instantiate(formula, where, table), bound))


def test_what_is_written_about_one_cell() -> None:
    """An index that takes another away loses one name at a time; a piece is chosen; a position is a number."""
    table = Table({}, Ball())
    distance = r[Index("j", 1, 2, "i")]
    assert show(distance, plain) == "r[j−i+3]"
    assert show(instantiate(distance, {"i": 0}, table), plain) == "r[j+2]"
    assert show(instantiate(distance, {"j": 1}, table), plain) == "r[5−i]"
    assert show(instantiate(distance, {"i": 0, "j": 1}, table), plain) == "r[4]"
    assert show(instantiate(TURNED, {"i": 1, "c": 3}, table), plain) == "Q[2, 3] + Q[2, 4]"
    assert show(instantiate(Position(i - 1), {"i": 2}, table), plain) == "2"


def test_masks_are_joined_flat() -> None:
    """Nothing and one condition are one condition; two joined with a third are three."""
    a, b, d = AtMost(j, i), AtMost(i - 1, j), AtMost(j, position(1))
    assert every(None, None) is None
    assert every(None, a) == a
    assert every(every(a, b), d) == Every((a, b, d))


@pytest.mark.parametrize("function", ["sin", "cos"])
def test_a_wave_over_a_span_holds_its_top(function: str) -> None:
    """From 0 to 3 the sine goes up to 1 and the cosine down below −0.98: the ends alone would not tell."""
    spans = Interval()
    with precision(64):
        half = spans.divide(spans.number(Fraction(3)), spans.number(Fraction(2)))
        low_high = spans.add([half, spans.number(Fraction(0))])
        wide = type(half)(spans.number(Fraction(0)).low, spans.number(Fraction(3)).high)
        found = spans.call(function, wide)
        assert low_high.is_point
        assert found.low <= (0 if function == "sin" else -0.98)
        assert found.high >= 1


@pytest.mark.parametrize(
    ("degrees", "sine", "cosine"),
    [(0, "0", "1"), (30, "1/2", "√3/2"), (90, "1", "0"), (135, "√2/2", "−√2/2"), (-90, "−1", "0")],
)
def test_turns_by_known_angles_are_exact(degrees: int, sine: str, cosine: str) -> None:
    """The sine and cosine of parts of π are roots, not decimals."""
    from tracer.arithmetic.exact import Exact, tree

    table = Table({}, Exact())
    angle = Mul((num(Fraction(degrees, 180)), Constant("π")))
    assert [show(tree(value(Call(name, angle), {}, table)), plain) for name in ("sin", "cos")] == [sine, cosine]
