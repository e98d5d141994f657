"""Random choices that come out the same on every machine and in every version: SHA-256, counted."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import TypeVar

T = TypeVar("T")
WORD = 2**64


class Stream:
    """Choices drawn one after another from the digests of "tracer new/1/7/0/0", "tracer new/1/7/0/1", …

    `of` names what the choices belong to: the generator, the seed, the attempt.
    """

    def __init__(self, *of: int | str) -> None:
        self.name, self.drawn = "/".join(["tracer new", *map(str, of)]), 0

    def below(self, n: int) -> int:
        """A whole number from 0 to n − 1, each as likely as the others."""
        while True:
            digest = sha256(f"{self.name}/{self.drawn}".encode()).digest()
            self.drawn += 1
            word = int.from_bytes(digest[:8], "big")
            if word < WORD - WORD % n:  # a word of the last, incomplete round would favour small numbers
                return word % n

    def one_of(self, choices: Sequence[T]) -> T:
        """One of the choices."""
        return choices[self.below(len(choices))]

    def some_of(self, choices: Sequence[T], count: int) -> list[T]:
        """So many different ones of the choices, in the order in which they were drawn."""
        left = list(choices)
        return [left.pop(self.below(len(left))) for _ in range(count)]
