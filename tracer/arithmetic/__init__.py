"""How numbers are computed: one file an arithmetic.

    exact      6·√2, e^(1/2)/(1 + e^(1/2)): by the first of the four below that can hold a value
               closed_form (of `closed` numbers, whose sums are `terms`), infinite, angles, cas (SymPy's numbers)
    ball       an enclosure of each value, so that every printed digit is certain
    by_hand    like ball, rounded half-up at each written step
    floating   NumPy float64, a whole tensor at a time
    size       how long the exact value would be on paper

All but `floating` follow the protocol below, one cell at a time. `writing` makes trees of exact values.
"""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction
from typing import Any, Protocol


class Reason(StrEnum):
    """Why a value does not exist, in words a student understands. A page looks them up in its language."""

    BY_ZERO = "nothing can be divided by zero"
    ZERO_TIMES_INFINITY = "zero times infinity has no value"
    INFINITY_MINUS_INFINITY = "infinity minus infinity has no value"
    INFINITY_BY_INFINITY = "infinity divided by infinity has no value"
    POWER = "this power is no real number"
    ROOT = "the square root of a negative number is no real number"
    LOGARITHM = "the logarithm of zero or a negative number has no value"
    ARCCOS = "only numbers from −1 to 1 have an arccos"
    LETTER = "a letter stands where a number is needed"
    INFINITE = "the value is infinite"
    UNCERTAIN = "the value cannot be computed with certainty"
    TOO_LONG = "the value has more digits than are computed"


class Undefined(Exception):
    """A value that does not exist, with its reason."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class Unknown(Undefined):
    """A value that depends on a letter without a number."""


class Undecided(Exception):
    """The enclosure is too wide to tell: compute again with more digits."""


class Arithmetic(Protocol):
    """What `evaluate.value` asks of an arithmetic; each raises `Undefined` where there is no value."""

    def number(self, value: Fraction) -> Any:
        """A rational number."""

    def constant(self, name: str) -> Any:
        """π, e or ∞."""

    def letter(self, name: str) -> Any:
        """A number nobody has given."""

    def add(self, terms: list[Any]) -> Any:
        """The sum."""

    def multiply(self, factors: list[Any]) -> Any:
        """The product."""

    def divide(self, top: Any, bottom: Any) -> Any:
        """Top / bottom; by zero it is undefined."""

    def negate(self, body: Any) -> Any:
        """−body."""

    def power(self, base: Any, exponent: Any) -> Any:
        """Base to the power of exponent."""

    def call(self, function: str, body: Any) -> Any:
        """sqrt, exp, ln, tanh, sin, cos, arccos or abs of body."""

    def largest(self, of: list[Any]) -> Any:
        """The largest of the values."""

    def ranked(self, of: list[Any], rank: int) -> Any:
        """The value that stands at a rank, counted from 1, when they are sorted, the largest first."""

    def written(self, step: str, kind: str, value: Any) -> Any:
        """What is written down at the end of a step: the value, unless this arithmetic rounds."""
