"""What a class is set: which problems, which sheet, and how it looks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, TypeAlias

from tracer.generate.wishes import Wishes
from tracer.style import Style


@dataclass(frozen=True, slots=True)
class New:
    """A problem of each student's own, from a generator; 0 stands for the newest, where none is told."""

    wishes: Wishes
    generator: int
    style: Style


@dataclass(frozen=True, slots=True)
class Given:
    """A problem file that several students get."""

    text: str
    style: Style


Task: TypeAlias = New | tuple[Given, ...]


@dataclass(frozen=True, slots=True)
class Spec:
    """What a class is set. `told` is what decides what stands on a sheet, as it was told.

    In which formats sheets are written, and how they are bound for printing, may change later: the sheets do not.
    """

    task: Task
    told: Mapping[str, Any]
    title: str = ""
    seed: int = 0
    blank: str = ""
    level: str = "blank"
    points: Mapping[str, Fraction] = field(default_factory=dict)
    formats: tuple[str, ...] = (".pdf",)
    form: bool = False
    double_sided: bool = False

    @property
    def generator(self) -> int | None:
        """The number of the generator that makes the problems; none where they are given."""
        return self.task.generator if isinstance(self.task, New) else None

    @property
    def style(self) -> Style:
        """How the pages for the teacher look."""
        return self.task.style if isinstance(self.task, New) else self.task[0].style

    @property
    def digest(self) -> str:
        """The SHA-256 digest of what was told: it tells specs apart."""
        return sha256(json.dumps(self.told, sort_keys=True, ensure_ascii=False).encode())


def settled(spec: Spec, generator: int) -> Spec:
    """The spec with the generator that makes its problems, where it does not tell one."""
    if not isinstance(spec.task, New) or spec.task.generator:
        return spec
    told = {**spec.told, "new": {**spec.told["new"], "generator": generator}}
    return replace(spec, task=replace(spec.task, generator=generator), told=told)


def sha256(content: bytes) -> str:
    """The digest by which contents are told apart."""
    return hashlib.sha256(content).hexdigest()
