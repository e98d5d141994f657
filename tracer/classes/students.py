"""Who gets what: every student's seed, code and file name, from who they are, so that nobody's change when others come.

The seed is drawn from SHA-256 of the class's seed and the student's identity. So whoever is added, leaves, or moves to
another line changes nobody's problem.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tracer.classes.roster import Entry
from tracer.classes.spec import Spec
from tracer.worksheet import coded

T = TypeVar("T", int, str)
SEEDS = range(10**8, 10**9)  # all of nine digits, so that they are as wide on every sheet
MAX_FILE = 60  # bytes of a name in the name of a file


@dataclass(frozen=True, slots=True)
class Student:
    """Somebody on the roster, with the seed of their problem and the code on their sheet."""

    entry: Entry
    seed: int
    code: str

    @property
    def file(self) -> str:
        """The name of their files, without a suffix: safe on every system, and nobody else's.

        The code makes it so: two names may look the same, and no system reserves a name that ends like this.
        """
        return "-".join(filter(None, (_safe(self.entry.name), self.code)))


def enrolled(spec: Spec, roster: Sequence[Entry], known: Mapping[str, tuple[int, str]]) -> list[Student]:
    """Everybody on the roster, in its order. Whoever is `known` already keeps their seed and code.

    Where two would come to the same, the one with the smaller digest has it: the order on the roster does not matter.
    """
    identities = [entry.identity for entry in roster]
    seeds = _distinct(identities, {who: seed for who, (seed, _) in known.items()}, lambda who, n: _seed(spec, who, n))
    codes = _distinct(identities, {who: code for who, (_, code) in known.items()}, lambda who, n: _code(spec, who, n))
    return [Student(entry, seeds[entry.identity], codes[entry.identity]) for entry in roster]


def _distinct(identities: Sequence[str], known: Mapping[str, T], draw: Callable[[str, int], T]) -> dict[str, T]:
    found, taken = dict(known), set(known.values())
    for who in sorted(set(identities) - known.keys(), key=_digest):
        n = 0
        while (drawn := draw(who, n)) in taken:
            n += 1
        found[who] = drawn
        taken.add(drawn)
    return found


def _seed(spec: Spec, who: str, n: int) -> int:
    return SEEDS[int.from_bytes(_digest(f"tracer class/1/{spec.seed}/{n}/{who}")[:16], "big") % len(SEEDS)]


def _code(spec: Spec, who: str, n: int) -> str:
    """The code of a student's sheet: another for another spec, so that no sheet is taken for one of another week."""
    return coded(f"tracer class/1/{spec.digest}/{n}/{who}")


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _safe(name: str) -> str:
    """The letters and digits of a name, of any script, and hyphens for all between them."""
    kept = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in unicodedata.normalize("NFC", name))
    return "-".join(kept.split()).encode()[:MAX_FILE].decode(errors="ignore").rstrip("-")
