"""How long an exact value would be on paper, in leaves, without computing it.

A bound, but for brackets that are multiplied out, so that nobody waits for a number too long to print:
after a softmax the exact values of a second pass have hundreds of thousands of leaves.
"""

from __future__ import annotations

from fractions import Fraction

from tracer.expr import WAVE


class Size:
    """Values are counts of leaves."""

    def number(self, value: Fraction) -> int:
        return 1

    def constant(self, name: str) -> int:
        return 1

    def letter(self, name: str) -> int:
        return 1

    def add(self, terms: list[int]) -> int:
        return sum(terms)

    def multiply(self, factors: list[int]) -> int:
        return sum(factors)

    def divide(self, top: int, bottom: int) -> int:
        return top + bottom

    def negate(self, body: int) -> int:
        return body

    def power(self, base: int, exponent: int) -> int:
        return base + exponent

    def call(self, function: str, body: int) -> int:
        return body + WAVE if function in ("sin", "cos") else body

    def largest(self, of: list[int]) -> int:
        return max(of)

    def ranked(self, of: list[int], rank: int) -> int:
        return max(of)

    def written(self, step: str, kind: str, value: int) -> int:
        return value
