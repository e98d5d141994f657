"""Small words: lists, sizes, and names of matrices inside sentences."""

from __future__ import annotations

import re

from tracer.document import Inline, Line, Math
from tracer.expr import Letter


def listed(parts: list[Line]) -> Line:
    """a, b and c."""
    line: list[Inline] = []
    for n, part in enumerate(parts):
        if n:
            line.append(" and " if n == len(parts) - 1 else ", ")
        line += part
    return tuple(line)


def rich(text: str) -> Line:
    """A sentence, with the names of matrices in it (W_Q) as formulas."""
    parts = re.split(r"\b([A-Z]_[A-Z]|d_[a-z]+)\b", text)
    return tuple(Math(Letter(part)) if n % 2 else part for n, part in enumerate(parts) if part)
