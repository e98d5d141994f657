"""How people write numbers, and what a written number stands for."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from random import Random

from .quantity import DIGITS, GRID, HIDDEN, NEAR, Span, tidy

ROUNDINGS = {"half-up": ROUND_HALF_UP, "half-even": ROUND_HALF_EVEN, "cut": ROUND_DOWN}
FINE = Decimal("0.001")
LARGEST_BOTTOM, LARGEST_RADICAND = 30, 200


@dataclass(frozen=True)
class Writing:
    """One person's way: 0.57 · .57 · 0,57 · 57 % · 5.7e-1 · 4/7 · √5 · −0.57 · ≈ 0.57."""

    zeros: str = "kept"  # "kept" | "exact" (9, not 9.00, where it is 9) | "trimmed" (always without zeros at the end)
    comma: bool = False
    bare_point: bool = False
    minus: str = "-"
    percent: bool = False  # weights only
    scientific: bool = False  # small numbers
    fractions: bool = False
    roots: bool = False
    about: bool = False
    negative_zero: bool = False

    @classmethod
    def draw(cls, rng: Random) -> Writing:
        """Somebody's."""
        return cls(
            rng.choice(("kept", "exact", "exact", "trimmed")),
            rng.random() < 0.2,
            rng.random() < 0.15,
            rng.choice(("-", "-", "−")),
            rng.random() < 0.15,
            rng.random() < 0.05,
            rng.random() < 0.2,
            rng.random() < 0.15,
            rng.random() < 0.1,
            rng.random() < 0.3,
        )


@dataclass(frozen=True)
class Text:
    """What stands in a cell: the text, its value, its decimals (None where it is meant exactly), whether zeros went."""

    raw: str
    value: Decimal
    places: int | None
    trimmed_to_integer: bool = False

    @property
    def unit(self) -> Decimal:
        """One in the last written place; what is meant exactly has a fine one."""
        return FINE if self.places is None else Decimal(1).scaleb(-self.places)

    def stands_for(self, true: Decimal | None) -> Span:
        """All that it can mean; an integer is exact where the true value is one."""
        whole = true is not None and true != HIDDEN and abs(true - true.to_integral_value()) < NEAR
        exact = self.places is None or self.value == HIDDEN or ("integer" in self.kind and whole)
        return Span(self.value, self.value) if exact else Span(self.value, self.value).wider(self.unit / 2)

    @property
    def kind(self) -> str:
        """Whether it is written without any places."""
        return "integer" if re.fullmatch(r"[≈ ]*[-−]?\d+", self.raw) else "other"


def write(value: Decimal, places: int, how: Writing, rounding: str, is_weight: bool = False) -> Text:
    """A number on paper."""
    if value == HIDDEN:
        return Text(how.minus + ("inf" if how.zeros == "kept" else "∞"), HIDDEN, None)
    if text := _exactly(value, how):
        return text
    rounded = rounded_to(value, places, rounding)
    if not rounded and not how.negative_zero:
        rounded = abs(rounded)
    is_exact = abs(value - rounded) < GRID * 10
    if how.percent and is_weight and places >= 2:
        digits, left = _trimmed(f"{rounded * 100:.{places - 2}f}", how, is_exact)
        return Text(_styled(digits, how) + (" %" if how.comma else "%"), rounded, left + 2)
    if how.scientific and rounded and abs(rounded) < Decimal("0.1"):
        power = rounded.adjusted()
        mantissa = f"{rounded.scaleb(-power):.{places + power}f}"
        return Text(_styled(mantissa, replace(how, bare_point=False)) + f"e{power}", rounded, places)
    digits, left = _trimmed(f"{rounded:.{places}f}", how, is_exact)
    return Text(_styled(digits, how), rounded, left, left == 0 and not is_exact)


def rounded_to(value: Decimal, places: int, rounding: str) -> Decimal:
    """Rounded, or cut off, after so many decimals."""
    return tidy(value).quantize(Decimal(1).scaleb(-places), ROUNDINGS[rounding], context=DIGITS)


def _trimmed(digits: str, how: Writing, is_exact: bool) -> tuple[str, int]:
    """The digits as this person leaves them, and how many decimals these are."""
    if "." in digits and (how.zeros == "trimmed" or (how.zeros == "exact" and is_exact)):
        digits = digits.rstrip("0").rstrip(".")
    return digits, len(digits.partition(".")[2])


def _styled(digits: str, how: Writing) -> str:
    if how.bare_point and re.match(r"-?0\.", digits):
        digits = digits.replace("0.", ".", 1)
    text = digits.replace("-", how.minus).replace(".", "," if how.comma else ".")
    return "≈ " + text if how.about and "." in digits else text


def _exactly(value: Decimal, how: Writing) -> Text | None:
    if how.fractions:
        near = Fraction(value).limit_denominator(LARGEST_BOTTOM)
        if near.denominator > 1 and abs(Fraction(value) - near) < Fraction(GRID) * 10:
            exact = Decimal(near.numerator) / near.denominator
            return Text(str(near).replace("-", how.minus), exact, None)
    if how.roots and value:
        squared = value * value
        whole = squared.to_integral_value()
        rational = abs(value - value.to_integral_value()) < NEAR
        if abs(squared - whole) < NEAR and 1 < whole <= LARGEST_RADICAND and not rational:
            return Text((how.minus if value < 0 else "") + f"√{whole}", value, None)
    return None
