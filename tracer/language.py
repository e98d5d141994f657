"""The words of a page in another language. English stands in the code; `languages/` has one file for each other one.

A sentence is looked up whole, with its gaps: "{word} keeps {share} of itself". So a translator changes the order
of the words as the language wants it, and a language is added by translating one file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from tracer.errors import UnknownName
from tracer.registry import did_you_mean

FOLDER = Path(__file__).parent / "languages"
GAP = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Language:
    """A language: its code for `lang=`, its decimal sign, and its sentences by the English ones."""

    code: str = "en"
    decimal: str = "."
    sentences: Mapping[str, str] = field(default_factory=dict)

    def line(self, sentence: str, **parts: Any) -> tuple[Any, ...]:
        """A sentence with its gaps filled: by words, by formulas, or by lines of both."""
        filled: list[Any] = []
        for n, piece in enumerate(_pieces(self.sentences.get(sentence, sentence))):
            part = parts[piece] if n % 2 else piece
            filled += part if isinstance(part, tuple) else (part,) if part != "" else ()
        return tuple(filled)

    def text(self, sentence: str, **parts: str | int) -> str:
        """A sentence with its gaps filled by words."""
        pieces = _pieces(self.sentences.get(sentence, sentence))
        return "".join([str(parts[piece]) if n % 2 else piece for n, piece in enumerate(pieces)])

    def count(self, n: int, one: str, many: str, **parts: str | int) -> str:
        """The sentence for one, or the sentence for many, with {n} filled."""
        return self.text(one if n == 1 else many, n=n, **parts)


@cache
def _pieces(sentence: str) -> tuple[str, ...]:
    """A sentence cut at its gaps: words, name of a gap, words, …"""
    return tuple(GAP.split(sentence))


def languages() -> list[str]:
    """The codes of all languages there are."""
    return ["en", *sorted(path.stem for path in FOLDER.glob("*.toml"))]


@lru_cache
def language(code: str) -> Language:
    """The language of a code such as "de". Raises `UnknownName` with the codes that are known."""
    if code == "en":
        return Language()
    if code not in languages():
        raise UnknownName(f"no language has the code “{code}”; {did_you_mean(code, languages())}")
    with (FOLDER / f"{code}.toml").open("rb") as file:
        table = tomllib.load(file)
    return Language(code, table["decimal"], table["sentences"])
