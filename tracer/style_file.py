"""Reads a house style: from `[paper]` of a problem file, from a file of its own, or a ready-made one by its name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tracer import toml
from tracer.errors import ProblemError, UnknownName
from tracer.fields import kind, known_keys, short, string
from tracer.language import language, languages
from tracer.registry import did_you_mean
from tracer.style import SIZES, Style, pixels
from tracer.templates import templates

MAX_BYTES = 1_000_000
LENGTH = re.compile(r"\d{1,3}(\.\d{1,2})?(mm|cm|in|pt)")
FAMILY = re.compile(r"[\w ,-]*")
FETCHES = re.compile(r"url\s*\(\s*['\"]?(?!data:)|@import|</", re.IGNORECASE)


def styled(style: Style, table: Mapping[str, Any], where: str) -> Style:
    """A style with some of its keys told. Raises `ProblemError` with where, what and what was expected."""
    known_keys(table, tuple(KEYS), where)
    told: dict[str, Any] = {key: KEYS[key](value, f"{where} {key}") for key, value in table.items()}
    return replace(style, **told)


def read(style: Style, name: str) -> Style:
    """A style with the keys of a file, or of a ready-made style such as "large-print".

    Raises `ProblemError` with the file's name in front.
    """
    ready = ready_made()
    path = ready.get(name, Path(name))
    if name not in ready and not path.suffix:
        near = did_you_mean(name, list(ready))
        raise UnknownName(f"--style: there is no style “{short(name)}”; give a .toml file, or a ready-made one: {near}")
    try:
        table = toml.loads(_text(path))
    except ValueError as error:
        raise ProblemError(f'{path}: cannot be read: {error}; expected TOML such as  decimal = ","') from None
    beside = {
        key: path.parent / string(table.pop(key), f"{path}: {key}") for key in ("css", "templates") if key in table
    }
    style = styled(style, table, f"{path}:")
    if "css" in beside:
        style = replace(style, css=_css(beside["css"]))
    if "templates" in beside:
        if not beside["templates"].is_dir():
            raise ProblemError(f"{path}: templates: there is no folder {beside['templates']}; expected a folder")
        style = replace(style, templates=str(beside["templates"]))
    return style


def ready_made() -> dict[str, Path]:
    """The files of the ready-made styles, by their names."""
    return {path.stem: path for path in sorted((templates() / "styles").glob("*.toml"))}


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ProblemError(f"{path}: cannot be read ({error.strerror or error}); expected a style in TOML") from None
    if len(raw) > MAX_BYTES:
        raise ProblemError(f"{path}: is larger than {MAX_BYTES // 1_000_000} MB")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ProblemError(f"{path}: is not UTF-8 text; save it as UTF-8") from None


def _css(path: Path) -> str:
    """A style sheet. A page fetches nothing, so that a sheet which would is refused."""
    css = _text(path)
    if found := FETCHES.search(css):
        raise ProblemError(f"{path}: has “{found.group()}”; a page fetches nothing, so put it in as a data: address")
    return css


def _one_of(*known: str) -> Callable[[Any, str], str]:
    def read_one(value: Any, where: str) -> str:
        if str(value) not in known:
            listed = " or ".join(f'"{name}"' for name in known)
            found = short(value) if isinstance(value, int) else kind(value)
            raise ProblemError(f"{where} is {found}; expected {listed}")
        return str(value)

    return read_one


def _length(least: str, most: str) -> Callable[[Any, str], str]:
    def read_length(value: Any, where: str) -> str:
        if not isinstance(value, str) or not LENGTH.fullmatch(value):
            raise ProblemError(f'{where} is {kind(value)}; expected a length such as "20mm" or "10.5pt"')
        if not pixels(least) <= pixels(value) <= pixels(most):
            raise ProblemError(f"{where} is {value}; expected a length from {least} to {most}")
        return value

    return read_length


def _margins(value: Any, where: str) -> str:
    """One to four lengths, as in CSS: above, right, below, left."""
    parts = value.split() if isinstance(value, str) else [value]
    if not 1 <= len(parts) <= 4:
        raise ProblemError(f'{where} is {kind(value)}; expected one to four lengths such as "20mm 25mm"')
    return " ".join(_length("0mm", "60mm")(part, where) for part in parts)


def _family(value: Any, where: str) -> str:
    if not isinstance(value, str) or not FAMILY.fullmatch(value):
        raise ProblemError(f'{where} is {kind(value)}; expected names of fonts such as "Libertinus Serif"')
    return value


def _language(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise ProblemError(f"{where} is {kind(value)}; expected one of {', '.join(languages())}")
    return language(value).code


KEYS: dict[str, Callable[[Any, str], str]] = {
    "lang": _language,
    "decimal": _one_of(".", ","),
    "times": _one_of("·", "×"),
    "vectors": _one_of("row", "column"),
    "size": _one_of(*SIZES),
    "columns": _one_of("1", "2"),
    "fit": _one_of("", "one-page"),
    "margins": _margins,
    "text": _length("6pt", "40pt"),
    "font": _family,
    "course": string,
    "name": string,
    "date": string,
}
IN_PROBLEMS = tuple(KEYS)  # css and templates name other files: only a style of one's own may do that
