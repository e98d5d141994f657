"""What a person sees of a number that a spreadsheet stores as a double: the text that stands in the cell."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from math import isfinite

SURE = 12  # significant digits; a double has 15, and a computed one is not to be trusted to the last
LONGEST = 20  # digits in front of the point or zeros behind it, before a power of ten is written
LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]|\s')
FIXED = re.compile(r"[#?0,]*0(?:\.(?P<places>0+))?%?")
SCIENTIFIC = re.compile(r"0(?:\.(?P<places>0+))?E\+0+")


def seen(value: float, look: str) -> str:
    """The digits of a number in a number format such as 0.00, 0 % or General.

    Where the format has fewer places than the number, the number is rounded to them, half up, as it is on the screen.
    Otherwise the shortest decimal of the double counts, rounded to 12 significant digits.

        >>> seen(0.5678, "0.00"), seen(0.57, "0%"), seen(0.5, "0.00"), seen(0.1 + 0.2, "General")
        ('0.57', '57 %', '0.5', '0.3')
    """
    if not isfinite(value):
        return str(value)
    section = LITERAL.sub("", look.split(";", maxsplit=1)[0])
    with localcontext(prec=5000, rounding=ROUND_HALF_UP):
        number = Decimal(repr(value)).scaleb(2 if section.endswith("%") else 0)
        return digits(rounded(number, section)) + (" %" if section.endswith("%") else "")


def rounded(number: Decimal, section: str) -> Decimal:
    """The number to the places of its format, or to the digits that are sure."""
    if match := FIXED.fullmatch(section):
        last = Decimal(1).scaleb(-len(match["places"] or ""))
        if number != (short := number.quantize(last)):
            return short
    elif match := SCIENTIFIC.fullmatch(section):
        short = Context(prec=len(match["places"] or "") + 1, rounding=ROUND_HALF_UP).plus(number)
        if number != short:
            return short
    if number == number.to_integral_value():
        return number.to_integral_value()
    return Context(prec=SURE, rounding=ROUND_HALF_UP).plus(number).normalize()


def digits(number: Decimal) -> str:
    """A decimal without a power of ten, unless it would be very long."""
    return f"{number:f}" if abs(number.adjusted()) <= LONGEST else str(number)
