"""Reads a spec: a file in TOML in which everything has a default.

title = "Attention by hand"     # above every sheet
seed  = 2026                    # of the class: with another, everybody gets another problem
[new]                           # what is wished of each problem, as `tracer new` understands it
difficulty = "easy"
[sheet]                         # what is asked for, as `tracer sheet` understands it
blank = "weights, outputs"
[paper]                         # as in a problem file; and style = "house.toml"
lang = "de"
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from tracer import toml
from tracer.classes.spec import Given, New, Spec, sha256
from tracer.composition import solve
from tracer.errors import ProblemError, UnknownName
from tracer.fields import kind, known_keys, section, short, string, whole
from tracer.formats import documents, is_written, worksheets, written
from tracer.generate.generators import GENERATORS
from tracer.generate.problem_text import blank as without_numbers
from tracer.generate.wishes import MAX_SEED, Wishes, option
from tracer.problem_file import from_text, text_of
from tracer.registry import did_you_mean
from tracer.style import Style
from tracer.style_file import IN_PROBLEMS, read, styled
from tracer.worksheet import listed, worksheet

TASKS = ("problem", "problems", "new")
TOP = ("title", "seed", *TASKS, "sheet", "paper", "formats", "form", "double_sided")
SHEET = ("blank", "level", "points")
WISHES = tuple(wish.name for wish in fields(Wishes))
POINTS = re.compile(r"\d{1,4}(/[1-9]\d{0,3}|\.\d{1,4})?")
MAX_PROBLEMS = 1000


def load_spec(path: str | Path) -> Spec:
    """The spec in a TOML file; the files that it names are looked for beside it. `-` is standard input.

    Raises `ProblemError` with the file's name in front.
    """
    name, beside = ("standard input", Path()) if str(path) == "-" else (str(path), Path(path).parent)
    try:
        return from_table(_table(text_of(path)), beside)
    except ProblemError as error:
        raise type(error)(f"{name}: {error}") from None


def _table(text: str) -> dict[str, Any]:
    try:
        return toml.loads(text)
    except ValueError as error:
        raise ProblemError(f'cannot be read: {error}; expected TOML such as  title = "Attention by hand"') from None


def from_table(data: Mapping[str, Any], beside: Path) -> Spec:
    """The spec that a parsed file describes. Raises `ProblemError`, which says where, what and what was expected."""
    if "given" in data:
        raise ProblemError('is a problem file; expected a spec, such as a file with the line  problem = "problem.toml"')
    known_keys(data, TOP, "the spec")
    if len(named := [key for key in TASKS if key in data]) > 1:
        raise ProblemError(f"has {' and '.join(named)}; keep the one that is meant")
    sheet, paper = section(data, "sheet"), section(data, "paper")
    known_keys(sheet, SHEET, "[sheet]")
    known_keys(paper, ("style", *IN_PROBLEMS), "[paper]")
    look = Look(paper, beside)
    task = _new(section(data, "new"), look) if "new" in named or not named else _given(data[named[0]], look)
    spec = Spec(
        task,
        {},
        string(data.get("title", ""), "title").strip(),
        whole(data.get("seed", 0), "seed", 0, MAX_SEED),
        ", ".join(_listed(sheet.get("blank", ""), "[sheet] blank")),
        string(sheet.get("level", "blank"), "[sheet] level"),
        {step: _points(raw, f"[sheet] points.{step}") for step, raw in section(sheet, "points").items()},
        _formats(data.get("formats", "pdf")),
        _true(data.get("form", False), "form"),
        _true(data.get("double_sided", False), "double_sided"),
    )
    _fits(spec)
    return _with_told(spec, data, look)


def _with_told(spec: Spec, data: Mapping[str, Any], look: Look) -> Spec:
    """The spec with what decides what stands on its sheets; what other files say, by their digests."""
    told: dict[str, Any] = {
        "title": spec.title,
        "seed": spec.seed,
        "sheet": {
            "blank": spec.blank,
            "level": spec.level,
            "points": {step: str(worth) for step, worth in spec.points.items()},
        },
        "form": spec.form,
        "paper": {key: str(value) for key, value in look.keys.items()},
        "styles": look.digests(),
    }
    if isinstance(spec.task, New):
        told["new"] = section(data, "new")
    else:
        told["problems"] = [sha256(one.text.encode()) for one in spec.task]
    return replace(spec, told=told)


# What is worked


def _new(table: Mapping[str, Any], look: Look) -> New:
    known_keys(table, (*WISHES, "generator"), "[new]")
    told = {key: _wish(key, value) for key, value in table.items()}
    generator = told.pop("generator", 0)
    if generator and generator not in GENERATORS:
        raise ProblemError(f"[new] generator is {generator}; known are: {', '.join(map(str, GENERATORS))}")
    try:
        wishes = Wishes(**told)
    except ProblemError as error:
        named = {option(name): f"[new] {name}" for name in WISHES}
        first, _, rest = str(error).partition(" ")
        raise type(error)(f"{named.get(first, first)} {rest}") from None
    return New(wishes, generator, look.of(Style()))


def _wish(key: str, value: Any) -> Any:
    where = f"[new] {key}"
    if key == "exact_weights":
        return _true(value, where)
    if key == "steps":
        return tuple(_listed(value, where))
    if key in ("difficulty", "mask"):
        return string(value, where)
    return whole(value, where, 1, 1000)


def _given(names: Any, look: Look) -> tuple[Given, ...]:
    names = names if isinstance(names, list) else [names]
    if not 1 <= len(names) <= MAX_PROBLEMS:
        raise ProblemError(f"problems lists {len(names)} files; expected from 1 to {MAX_PROBLEMS}")
    return tuple(_problem(look.beside / string(name, "problem"), look) for name in names)


def _problem(path: Path, look: Look) -> Given:
    try:
        text = text_of(path)
        problem = from_text(text)
    except ProblemError as error:
        raise type(error)(f"{path}: {error}") from None
    return Given(text, look.of(problem.paper.style))


class Look:
    """How the pages look: what `[paper]` says, and the style files that it names."""

    def __init__(self, paper: Mapping[str, Any], beside: Path) -> None:
        self.beside = beside
        self.keys = {key: value for key, value in paper.items() if key != "style"}
        named = _listed(paper.get("style", []), "[paper] style")
        self.files = [str(beside / name) if Path(name).suffix else name for name in named]

    def of(self, style: Style) -> Style:
        """A problem's own style, behind it the style files, and behind these the keys."""
        for name in self.files:
            style = read(style, name)
        return styled(style, self.keys, "[paper]")

    def digests(self) -> list[str]:
        """What tells the style files apart: a ready-made one by its name, others by what stands in them."""
        return [_style_digest(Path(name)) if Path(name).suffix else name for name in self.files]


def _style_digest(path: Path) -> str:
    style = read(Style(), str(path))
    files = sorted(one for one in Path(style.templates).rglob("*") if one.is_file()) if style.templates else []
    return sha256(b"\0".join([path.read_bytes(), style.css.encode(), *(one.read_bytes() for one in files)]))


# What is asked for


def _fits(spec: Spec) -> None:
    """Whether such a sheet can be made at all: said once here, and not once for every student."""
    if isinstance(spec.task, New):
        traces = [solve(without_numbers(spec.task.wishes, spec.task.style.language))]
    else:
        traces = [solve(from_text(one.text)) for one in spec.task]
    for trace in traces:
        try:
            worksheet(trace, spec.blank, spec.level)
        except UnknownName as error:
            raise UnknownName(f"[sheet] {error}") from None
        except ProblemError as error:
            raise ProblemError(str(error).replace("--blank", "[sheet] blank")) from None
        known = dict.fromkeys(name for step in trace for name in (step.name, step.id))
        for step in spec.points:
            if step not in known:
                raise UnknownName(f"[sheet] points: there is no step “{short(step)}”; {did_you_mean(step, known)}")


def _points(value: Any, where: str) -> Fraction:
    if isinstance(value, bool) or not POINTS.fullmatch(str(value)):
        raise ProblemError(f'{where} is {short(value)}; expected points such as 2, "1/2" or 0.5')
    return Fraction(str(value))


def _formats(value: Any) -> tuple[str, ...]:
    found = dict.fromkeys(name.lower().removeprefix(".") for name in _listed(value, "formats"))
    if not found:
        raise ProblemError('formats is empty; expected some such as ["pdf", "html"]')
    for name in found:
        if not is_written(f".{name}", documents, worksheets):
            known = [one[1:] for one in written(documents, worksheets)]
            raise UnknownName(f"formats: there are no sheets in “{short(name)}”; {did_you_mean(name, known)}")
    return tuple(f".{name}" for name in found)


# Single values


def _listed(value: Any, where: str) -> list[str]:
    """A list of texts; a single text is a list of what stands between its commas outside brackets."""
    if isinstance(value, str):
        return listed(string(value, where))
    if not isinstance(value, list):
        raise ProblemError(f"{where} is {kind(value)}; expected a text, or a list of texts")
    return [string(one, f"{where}, entry {n},").strip() for n, one in enumerate(value, 1)]


def _true(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise ProblemError(f"{where} is {kind(value)}; expected true or false")
    return value
