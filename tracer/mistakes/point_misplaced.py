"""The decimal point is at another place."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tracer.mistakes import slip

NUMERAL = re.compile(r"([-−+≈=~\s]*)(\d*)([.,]?)(\d*)(\s*%?)")
FURTHEST = 2  # places


@slip(
    "point_misplaced",
    "the decimal point was misplaced",
    "Estimate first: is the number nearer to 0.1, to 1 or to 10?",
)
def point_misplaced(text: str) -> Iterator[str]:
    """5.7 and 0.057 for 0.57: the point moved by one or two places, the digits as they are."""
    numeral = NUMERAL.fullmatch(text.strip())
    if numeral is None or not any(digit in "123456789" for digit in text):
        return
    sign, whole, point, decimals, percent = numeral.groups()
    for by in range(-FURTHEST, FURTHEST + 1):
        if by:
            digits = "0" * FURTHEST + whole + decimals + "0" * max(0, by - len(decimals))
            border = FURTHEST + len(whole) + by
            left, right = digits[:border].lstrip("0") or "0", digits[border:]
            yield sign + left + (point or ".") * bool(right) + right + percent
