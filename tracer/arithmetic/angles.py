"""Angles: q·π^k·arccos(c) with a fraction q and a closed number c, beside fractions.

The angles that are a rational part of a turn and have a cosine made of square roots are the multiples of 15° and
of 36°: the field of cos(2π/n) has the Galois group (ℤ/n)*/±1 (Washington 1997, chapter 2), and a number made of
square roots needs one in which every square is 1. So arccos(c)/π is irrational where c is no cosine of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

from tracer.arithmetic import Arithmetic, Reason, Undefined
from tracer.arithmetic.closed import Value, sign
from tracer.arithmetic.closed_form import ClosedForm, ours
from tracer.arithmetic.terms import Beyond
from tracer.arithmetic.writing import Number, product
from tracer.expr import Call, Constant, Expr, Pow, num

QUARTERS = {  # degrees -> the cosine, as {r: n} for the sum of n·√r/4
    0: {1: 4},
    15: {6: 1, 2: 1},
    30: {3: 2},
    36: {5: 1, 1: 1},
    45: {2: 2},
    60: {1: 2},
    72: {5: 1, 1: -1},
    75: {6: 1, 2: -1},
    90: {1: 0},
}


@dataclass(frozen=True, slots=True)
class Angle:
    """number · π^pi · arccos(cosine), without the last factor where there is no cosine; the number is not 0."""

    number: Fraction
    pi: int = 0
    cosine: Value | None = None

    def to(self, arithmetic: Arithmetic) -> Any:
        """The same in another arithmetic."""
        factors = [arithmetic.number(self.number)]
        if self.cosine is not None:
            inner = self.cosine if isinstance(self.cosine, Fraction) else self.cosine.to(arithmetic)
            factors.append(arithmetic.call("arccos", inner))
        if self.pi:
            factors.append(arithmetic.power(arithmetic.constant("π"), arithmetic.number(Fraction(self.pi))))
        return arithmetic.multiply(factors)

    def tree(self, number: Number) -> Expr:
        """The same as an expression."""
        pi: Expr = Constant("π") if abs(self.pi) == 1 else Pow(Constant("π"), num(abs(self.pi)))
        tops, bottoms = [pi] if self.pi > 0 else [], [pi] if self.pi < 0 else []
        if self.cosine is not None:
            cosine = number(self.cosine) if isinstance(self.cosine, Fraction) else self.cosine.tree(number)
            tops.append(Call("arccos", cosine))
        return product(self.number, tops, bottoms, number)

    def is_longer(self, leaves: int) -> bool:
        """Whether it is longer than so many leaves."""
        return leaves < 2 or (not isinstance(self.cosine, Fraction | None) and self.cosine.is_longer(leaves))


class Angles:
    """What is defined for angles and fractions, where at least one is an angle."""

    def constant(self, name: str) -> Angle:
        if name != "π":
            raise Beyond
        return Angle(Fraction(1), 1)

    def add(self, values: list[Any]) -> Any:
        raise Beyond

    def multiply(self, values: list[Any]) -> Angle | Fraction:
        number, pi, cosines = Fraction(1), 0, []
        for angle in _angles(values):
            number, pi = number * angle.number, pi + angle.pi
            cosines += [] if angle.cosine is None else [angle.cosine]
        if len(cosines) > 1:
            raise Beyond
        return _angle(number, pi, *cosines)

    def divide(self, top: Any, bottom: Any) -> Angle | Fraction:
        over, under = _angles([top, bottom])
        if under.cosine is not None:
            raise Beyond
        if not under.number:
            raise Undefined(Reason.BY_ZERO)
        return self.multiply([over, Angle(1 / under.number, -under.pi)])

    def negate(self, body: Any) -> Angle | Fraction:
        return self.multiply([Fraction(-1), body])

    def power(self, base: Any, exponent: Any) -> Any:
        raise Beyond

    def call(self, function: str, body: Any) -> Angle | Value:
        if function in ("sin", "cos"):
            return _wave(function, body)
        if function != "arccos":
            raise Beyond
        ours([body])
        for degrees, cosine in cosines().items():
            if body == cosine:
                return _angle(Fraction(degrees, 180), 1)
        closed = ClosedForm()
        if any(sign(closed.add([Fraction(1), value])) < 0 for value in (body, closed.negate(body))):
            raise Undefined(Reason.ARCCOS)
        return Angle(Fraction(1), 0, body)

    def largest(self, values: list[Any]) -> Any:
        raise Beyond

    def ranked(self, values: list[Any], rank: int) -> Any:
        raise Beyond


def _wave(function: str, body: Any) -> Value:
    """Sine or cosine of a known part of π; that of its other parts is `Beyond`."""
    if not isinstance(body, Angle) or body.pi != 1 or body.cosine is not None:
        raise Beyond
    degrees = body.number * 180 - (90 if function == "sin" else 0)
    degrees = abs(degrees) % 360
    degrees = min(degrees, 360 - degrees)
    if degrees not in cosines():
        raise Beyond
    return cosines()[int(degrees)]


@cache
def cosines() -> dict[int, Value]:
    """The cosines of the angles from 0° to 180° that are known, by degrees."""
    closed, found = ClosedForm(), {}
    for degrees, quarters in QUARTERS.items():
        roots = [closed.multiply([Fraction(n, 4), closed.call("sqrt", Fraction(r))]) for r, n in quarters.items()]
        found[degrees] = closed.add(roots)
        found[180 - degrees] = closed.negate(found[degrees])
    return found


def _angles(values: list[Any]) -> list[Angle]:
    """The values, fractions as angles too. Raises `Beyond` where none is an angle, or one is something else."""
    if not any(isinstance(value, Angle) for value in values) or not all(
        isinstance(value, Angle | Fraction) for value in values
    ):
        raise Beyond
    return [value if isinstance(value, Angle) else Angle(value) for value in values]


def _angle(number: Fraction, pi: int, cosine: Value | None = None) -> Angle | Fraction:
    return Angle(number, pi, cosine) if number and (pi or cosine is not None) else number
