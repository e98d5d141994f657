"""A problem as the file that a person would write: TOML with a matrix a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tracer.generate.search import Given, shapes
from tracer.generate.stream import Stream
from tracer.generate.wishes import Wishes
from tracer.generate.words import TITLE, WORDS
from tracer.language import Language
from tracer.problem import Problem
from tracer.problem_file import from_dict

LINE = 100  # characters, beyond which every row of a matrix has a line of its own


def data(wishes: Wishes, seed: int, given: Given, rounded: Iterable[str], say: Language) -> dict[str, Any]:
    """The tables of the problem file; the steps in `rounded` are written with the places that are wished."""
    logits = [{"use": "scale"}, *([{"use": "mask", "rule": wishes.mask}] if wishes.mask != "none" else [])]
    words = Stream("words", seed).some_of(WORDS, wishes.tokens)
    paper: dict[str, Any] = {"places": wishes.places}
    if rule := by_hand(wishes, rounded):
        paper["by_hand"] = rule
    if say.code != "en":
        paper["lang"] = say.code
    return {
        "title": say.text(TITLE, n=seed),
        "tokens": [say.text(word) for word in words],
        "given": given,
        "pass": {**({"n_heads": wishes.heads} if wishes.heads > 1 else {}), "logits": logits},
        "paper": paper,
    }


def by_hand(wishes: Wishes, rounded: Iterable[str]) -> dict[str, int]:
    """The rule for working by hand: every step is rounded, none where the work is exact."""
    return {} if wishes.exact_weights else dict.fromkeys(rounded, wishes.places)


def blank(wishes: Wishes, say: Language) -> Problem:
    """A problem of these wishes without numbers: all are 0."""
    zeros: Given = {name: [[0] * columns for _ in range(rows)] for name, (rows, columns) in shapes(wishes).items()}
    return from_dict(data(wishes, 0, zeros, (), say))


def toml(tables: Mapping[str, Any], comments: Sequence[str]) -> str:
    """The file, with comments at its top."""
    lines = [f"# {line}".rstrip() for line in comments] + [""]
    for key, value in tables.items():
        if isinstance(value, dict):
            lines += ["", f"[{key}]", *(f"{name} = {_value(one, name)}" for name, one in value.items())]
        else:
            lines.append(f"{key} = {_value(value, key)}")
    return "\n".join(lines) + "\n"


def _value(value: Any, key: str) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_value(one, name)}" for name, one in value.items()) + " }"
    if isinstance(value, list):
        items = [_value(one, "") for one in value]
        line = f"[{', '.join(items)}]"
        long = isinstance(value[0], list) and len(key) + 3 + len(line) > LINE
        return "[\n" + "".join(f"  {item},\n" for item in items) + "]" if long else line
    return json.dumps(value, ensure_ascii=False)
