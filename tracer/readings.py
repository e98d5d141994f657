"""What a spreadsheet holds of a number: its value, the certified decimal, and how near the two have to be.

A spreadsheet computes in doubles. A computed number agrees with a certified one where they differ by at most half a
unit of the last printed place; of a large number the first twelve digits are enough.
"""

from __future__ import annotations

from fractions import Fraction
from math import isfinite
from typing import NamedTuple

from tracer.arithmetic import Reason
from tracer.expr import Mul, Num, Pow
from tracer.notation.plain import Plain
from tracer.problem import Paper
from tracer.show import show
from tracer.views import CellView

SYMBOLIC = 60  # leaves of a symbolic value that is printed
HALF_UNIT = 0.5000005  # of the last place: half of it, and what a double's half may be too large
LARGE = 1e-12  # of a number, where its digits end
NO_VALUE, OVERFLOW, NO_NUMBER = "#DIV/0!", "#NUM!", "#N/A"  # what spreadsheets write where there is no number


class Reading(NamedTuple):
    """A number in a spreadsheet.

    `stored` is the double nearest to the value, or what a spreadsheet writes where there is none; `certified` the value
    as a page prints it; `look` the number format of both; `near` how far apart the two may be.
    """

    stored: float | str
    certified: float | str
    look: str
    near: float | None = None


BEYOND = 400  # a power of ten that no double holds


def read(cell: CellView, paper: Paper) -> Reading:
    """What a spreadsheet holds of a cell."""
    say, plain, look = paper.style.language.text, Plain(paper.style.signs), fixed(paper.places)
    if cell.unknown:
        exact = cell.exact_up_to(SYMBOLIC)
        return Reading(NO_NUMBER, say("too long to print") if exact is None else show(exact, plain), look)
    if undefined := cell.undefined:
        return Reading(NO_VALUE if undefined.reason == Reason.BY_ZERO else OVERFLOW, say("undefined"), look)
    printed, _ = cell.printed(paper.places)
    if cell.infinite:
        return Reading(show(printed, plain), show(printed, plain), look)
    value = cell.tables.double(cell.key)
    stored: float | str = value if isfinite(value) else OVERFLOW
    match printed:
        case Mul((_, Pow(_, Num(exponent)))) if abs(exponent) > BEYOND:
            return Reading(stored, show(printed, plain), look)
        case Mul((Num(mantissa, places), Pow(_, Num(exponent)))):
            unit = Fraction(10) ** (int(exponent) - (places or 0))
            number, look = mantissa * Fraction(10) ** int(exponent), f"{fixed(places or 0)}E+00"
        case Num(number):
            unit = Fraction(1, 10**paper.places)
        case _:
            raise TypeError(f"{printed!r} is printed, and is no number")
    if stored == OVERFLOW or (number and not float(number)):  # too large for a double, or too small
        return Reading(stored, show(printed, plain), look)
    return Reading(stored, float(number), look, HALF_UNIT * float(unit) + LARGE * abs(float(number)))


def fixed(places: int) -> str:
    """The number format of so many decimals."""
    return f"0.{'0' * places}" if places else "0"
