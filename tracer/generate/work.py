"""How much work a pass is by hand: the pass evaluated in an arithmetic that counts.

Nothing is counted that nobody works out: a product with 0 or ±1, a term of 0, a number divided by 1 or by itself, e⁰, a
root that is taken already.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from fractions import Fraction

from tracer.arithmetic import ball
from tracer.arithmetic.ball import Ball, Value
from tracer.evaluate import Key, Table
from tracer.tables import Tables

SECONDS = {"multiplications": 6, "additions": 4, "divisions": 12, "exponentials": 12, "roots": 12}


@dataclass(frozen=True, slots=True)
class Work:
    """How many operations of each kind there are."""

    multiplications: int = 0
    additions: int = 0
    divisions: int = 0
    exponentials: int = 0
    roots: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """The operations that there are."""
        return {field.name: n for field in fields(self) if (n := getattr(self, field.name))}

    @property
    def minutes(self) -> Fraction:
        """How long it takes, at so many `SECONDS` an operation."""
        return Fraction(sum(SECONDS[name] * n for name, n in self.counts.items()), 60)


KINDS = {"exp": "exponentials", "sqrt": "roots"}


class Counting(Ball):
    """Balls, and the operations that somebody does who works them out."""

    def __init__(self) -> None:
        self.done: dict[str, int] = {}
        self.roots: list[Value] = []

    def _note(self, kind: str, n: int) -> None:
        self.done[kind] = self.done.get(kind, 0) + max(n, 0)

    def add(self, terms: list[Value]) -> Value:
        self._note("additions", sum(not _is(term, 0) for term in terms) - 1)
        return super().add(terms)

    def multiply(self, factors: list[Value]) -> Value:
        if not any(_is(factor, 0) for factor in factors):
            self._note("multiplications", sum(not (_is(factor, 1) or _is(factor, -1)) for factor in factors) - 1)
        return super().multiply(factors)

    def divide(self, top: Value, bottom: Value) -> Value:
        self._note("divisions", int(not (_is(top, 0) or _is(bottom, 1) or ball.agree(top, bottom))))
        return super().divide(top, bottom)

    def call(self, function: str, body: Value) -> Value:
        is_known = _is(body, 0) or ball.infinite(body)
        if function == "sqrt":
            is_known = is_known or _is(body, 1) or any(ball.agree(body, other) for other in self.roots)
            self.roots.append(body)
        self._note(KINDS[function], int(not is_known))
        return super().call(function, body)


def _is(value: Value, number: int) -> bool:
    """Whether no enclosure tells a value from a number."""
    return ball.agree(value, Ball().number(Fraction(number)))


def counted(tables: Tables, keys: Iterable[Key]) -> Work:
    """The work for these numbers and all that they follow from, each worked out once; given numbers are no work."""
    arithmetic, known = Counting(), tables.balls(ball.PRECISIONS[0])

    def given(key: Key) -> Value | None:
        return known[key] if tables.definitions[key[0]].formula is None else None

    table = Table(tables.definitions, arithmetic, given)
    for key in keys:
        table[key]
    return Work(**arithmetic.done)
