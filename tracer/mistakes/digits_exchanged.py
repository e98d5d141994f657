"""Two neighbouring digits changed places."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tracer.mistakes import slip

PAIR = re.compile(r"(?=(\d)([.,]?)(\d))")


@slip(
    "digits_exchanged",
    "two digits were exchanged",
    "Compare what stands on the page with what the calculator shows, digit by digit.",
)
def digits_exchanged(text: str) -> Iterator[str]:
    """75 for 57, and 5.07 for 0.57: each pair of neighbours the other way round."""
    for pair in PAIR.finditer(text):
        left, point, right = pair.groups()
        if left != right:
            yield text[: pair.start()] + right + point + left + text[pair.end(3) :]
