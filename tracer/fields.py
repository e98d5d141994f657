"""Takes values out of a parsed file: each is what was expected, or there is one clear error that says where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tracer.errors import ProblemError, UnknownName
from tracer.registry import did_you_mean

MAX_TEXT = 300


def section(data: Mapping[str, Any], key: str) -> dict[str, Any]:
    """A table inside a table; empty where it is missing."""
    value = data.get(key, {})
    if not isinstance(value, dict):
        raise ProblemError(f"{key} is {kind(value)}; expected a table, written [{key}]")
    return value


def known_keys(table: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    """Raises `UnknownName` for a key that means nothing, with the likeliest one that does."""
    for key in table:
        if key not in known:
            raise UnknownName(
                f"{where} has the key “{short(key)}”, which means nothing there; {did_you_mean(key, known)}"
            )


def short(value: Any) -> str:
    """What was found, as far as an error message quotes it."""
    try:
        text = "".join(c if c.isprintable() else "�" for c in str(value))
    except ValueError:  # Python writes no integer of more than 4,300 digits
        return "a giant number"
    return text if len(text) <= 60 else text[:57] + "…"


def kind(value: Any) -> str:
    """What was found, in a word or two."""
    names = {
        bool: "true or false",
        int: "a number",
        str: f"the text “{short(value)}”",
        list: "a list",
        dict: "a table",
    }
    return names.get(type(value), f"“{short(value)}”")


def string(value: Any, where: str, most: int = MAX_TEXT) -> str:
    """A text of bearable length, without control characters."""
    if not isinstance(value, str):
        raise ProblemError(f"{where} is {kind(value)}; expected a text in quotes")
    if len(value) > most:
        raise ProblemError(f"{where} is longer than {most} characters; shorten it")
    return "".join(
        " " if c.isspace() else c for c in value if c.isprintable() or c.isspace() or c in "\u200d\u200f\u200e"
    )


def whole(value: Any, where: str, low: int, high: int) -> int:
    """A whole number between two bounds, or one clear error."""
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ProblemError(f"{where} is {short(value)}; expected a whole number from {low} to {high}")
    return value
