"""TOML with the digits of its numbers as written, and without the keys that no computer has the memory for.

Python's tomllib keeps every beginning of a dotted key, a, a.b, a.b.c and so on: a key of 50,000 parts, a file of
100 kB, takes 10 GB. So a text is looked through before it is parsed, by the lexical rules of TOML 1.0.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

MAX_PARTS = 20
PART = (
    r'(?:"""(?:\\.|[^\\])*?"{3,5}' r"|'''.*?'{3,5}" r'|(?!""")"(?:\\.|[^"\\\n])*"' r"|(?!''')'[^'\n]*'" r"|[\w-]+)"
)  # a string of either kind, on several lines or on one, or a bare key
LEXEME = re.compile(rf"""\#[^\n]*|(?P<key>{PART}(?:[ \t]*\.[ \t]*{PART})*)|(?P<open>["'])""", re.DOTALL)


def loads(text: str) -> dict[str, Any]:
    """The tables of a TOML text; a number with a point is the text of its digits. Raises `ValueError`."""
    for lexeme in LEXEME.finditer(text):
        if lexeme["open"]:  # a string that does not end, which tomllib will say
            break
        if (key := lexeme["key"]) and key.count(".") >= MAX_PARTS and len(re.findall(PART, key, re.DOTALL)) > MAX_PARTS:
            raise ValueError(f"a key has more than {MAX_PARTS} parts")
    try:
        return tomllib.loads(text, parse_float=lambda digits: digits.replace("_", ""))
    except tomllib.TOMLDecodeError:
        raise
    except ValueError:
        raise ValueError("a number has more than 4,300 digits") from None
