"""What must hold of queries, keys and values."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from tracer.arithmetic import ball
from tracer.arithmetic.ball import Value
from tracer.expr import Call, Expr, Neg, Num
from tracer.generate.draft import BALL, Draft, largest, number, smallest
from tracer.generate.requirements import requirement
from tracer.problem import Written

LARGEST = 9  # a number, or a number below ln


@requirement(
    "friendly_numbers",
    "Every given number is an integer, a half, √d_k or the logarithm of an integer; none is beyond {high}.",
    "write --d-k 4, whose root is 2",
    high=lambda wishes: LARGEST,
    of_rows=False,
)
def friendly_numbers(draft: Draft) -> Value | None:
    """The largest number in the given ones, that under √ or ln left out of it; ∞ where one is written otherwise."""
    found = [
        _size(one, draft.wishes.d_k)
        for _, values in draft.trace.problem.tables()
        if isinstance(values, Written)
        for row in values.rows
        for one in row
    ]
    return largest([BALL.constant("∞") if size is None else number(size) for size in found])


def _size(written: Expr, d_k: int) -> Fraction | None:
    match written:
        case Num(value, None) if value.denominator <= 2:
            return abs(value)
        case Neg(body):
            return _size(body, d_k)
        case Call("sqrt", Num(value)) if value == d_k:
            return Fraction(1)
        case Call("ln", Num(value, None)) if value.denominator == 1:
            return value
    return None


@requirement("no_zero_query", "No query is zero.", "write more --d-k", low=lambda wishes: 1)
def no_zero_query(draft: Draft) -> Value | None:
    """The fewest numbers other than 0 in a query."""
    return _fewest(draft, "query")


@requirement("no_zero_key", "No key is zero.", "write more --d-k", low=lambda wishes: 1)
def no_zero_key(draft: Draft) -> Value | None:
    """The fewest numbers other than 0 in a key."""
    return _fewest(draft, "key")


@requirement("no_zero_value", "No value vector is zero.", "write more --d-k", low=lambda wishes: 1)
def no_zero_value(draft: Draft) -> Value | None:
    """The fewest numbers other than 0 in a value."""
    return _fewest(draft, "value")


def _fewest(draft: Draft, name: str) -> Value | None:
    return smallest([number(sum(ball.sign(x) != 0 for x in vector)) for vector in draft.vectors(name)])


@requirement("different_queries", "No two queries are equal, nor two keys.", "write more --d-k", low=lambda wishes: 1)
def different_queries(draft: Draft) -> Value | None:
    """The fewest numbers in which a query or a key differs from one before it."""
    return smallest([number(n) for name in ("query", "key") for n in _differences(draft, name)])


def _differences(draft: Draft, name: str) -> Iterator[int]:
    for head in draft.heads:
        for i in draft.rows:
            for j in range(i):
                pairs = zip(draft.vector(head, name, i), draft.vector(head, name, j), strict=True)
                yield sum(not ball.agree(a, b) for a, b in pairs)
