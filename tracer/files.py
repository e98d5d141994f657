"""The bytes of a file, or of standard input, no more than can be borne."""

from __future__ import annotations

import sys
from pathlib import Path


def at_most(size: int, path: str | Path) -> bytes:
    """What is in a file; `-` is standard input. Of a file that is larger than `size`, one byte more than that.

    Raises `OSError` where it cannot be read, `ValueError` for a path that no file can have.
    """
    if str(path) == "-":
        return sys.stdin.buffer.read(size + 1)
    with Path(path).open("rb") as file:
        return file.read(size + 1)
