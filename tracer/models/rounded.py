"""Floats as numbers for paper: multiples of a step; and errors as a page tells them, never smaller than they are."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from math import floor
from typing import Any

import numpy as np

from tracer import numbers
from tracer.arrays import exactly
from tracer.errors import ModelError
from tracer.expr import Num
from tracer.language import Language
from tracer.parts.reading import PERCENT
from tracer.problem import Written

LEAST = Decimal("0.000001")


def step_of(text: str) -> Num:
    """The step that numbers are rounded to: "0.1", "1/4". Raises `ModelError` for what is no positive fraction."""
    try:
        found = numbers.read(text)
    except numbers.Unreadable:
        found = None
    if not isinstance(found, Num) or found.value <= 0:
        raise ModelError(f"round_to is “{text}”; expected a positive number such as 0.1 or 1/4")
    return found


def rounded(array: Any, step: Num) -> Written:
    """Each number as the nearest multiple of a step, half up, written as the step is: with decimals, or a fraction."""
    return Written(tuple(tuple(_nearest(x, step) for x in row) for row in np.asarray(array).tolist()))


def _nearest(x: float, step: Num) -> Num:
    exact = exactly(x)
    if not isinstance(exact, Num):
        raise ModelError(f"the model has the number {x}, which cannot be rounded")
    size = floor(abs(exact.value) / step.value + Fraction(1, 2)) * step.value
    value = size if exact.value >= 0 else -size
    return Num(value, step.places if value.denominator > 1 else None)


def at_most(error: float) -> str:
    """An error rounded up to two digits that count: 0.0731 is at most 0.074; none that is not 0 is below 0.000001."""
    if error == 0:
        return "0"
    exact = max(Decimal(error), LEAST)
    digits = Decimal(1).scaleb(exact.adjusted() - 1)
    return f"{exact.quantize(digits, rounding=ROUND_CEILING).normalize():f}"


def percent(share: float, say: Language) -> str:
    """A share in percent, rounded down: from 99 on with a decimal, so that 100 % is all of it."""
    whole = floor(100 * share + 1e-9)
    text = str(whole) if whole < 99 or share >= 1 else f"{floor(1000 * share) / 10:g}"
    return say.text(PERCENT, n=text.replace(".", say.decimal))
