"""A problem with many decimals as a file that a person can read: TOML with a row a line."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

from tracer.generate.problem_text import toml
from tracer.normal_form import normal_form
from tracer.problem import Problem


def problem_text(problem: Problem) -> str:
    """The problem file."""
    data = normal_form(problem)
    wiring = data["pass"]
    tables: dict[str, Any] = {key: data[key] for key in ("title", "tokens", "key_tokens", "source")
                              if data.get(key)}  # fmt: skip
    if problem.note:
        tables["note"] = {json.dumps(term, ensure_ascii=False): text for term, text in problem.note.items()}
    tables["given"] = {name: _bare(values) for name, values in data["given"].items()}
    tables["pass"] = {key: wiring[key] for key in ("logits", "normalisation")}
    paper: dict[str, Any] = {"places": problem.paper.places}
    if problem.paper.style.lang != "en":
        paper["lang"] = problem.paper.style.lang
    tables["paper"] = paper
    return toml(tables, ())


def _bare(values: Any) -> Any:
    """Numbers without quotes where TOML has them: whole ones, and decimals whose digits a float gives back."""
    if isinstance(values, list):
        return [_bare(one) for one in values]
    text = values.replace("−", "-")
    try:
        number = json.loads(text)
    except ValueError:
        return text
    return number if isinstance(number, int) or Fraction(repr(number)) == Fraction(text) else text
