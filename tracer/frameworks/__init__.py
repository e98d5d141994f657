"""The rules of other software, one file each: what it would do with a problem that is done differently here.

A rule is a rewrite: of the problem (another alignment, another reading of a mask matrix), or of the recorded steps
(a row without any key is nan). What the software has an argument for is handed over as the problem has it; what it has
no argument for, it does its own way. Each rule has been seen in the software itself: `tests/test_under.py` runs it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from tracer.problem import Problem
from tracer.registry import Registry
from tracer.trace import Trace


def unchanged(problem: Problem) -> Problem:
    """The problem as it is."""
    return problem


def as_recorded(trace: Trace) -> Trace:
    """The steps as they are."""
    return trace


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that people agree on: its keyword, and what the software does, in a sentence and as a rewrite."""

    about: str
    says: str
    problem: Callable[[Problem], Problem] = unchanged
    trace: Callable[[Trace], Trace] = as_recorded


@dataclass(frozen=True, slots=True)
class Caution:
    """Something else to know about a problem of some kind before one hands it over."""

    says: str
    concerns: Callable[[Problem], bool]


@dataclass(frozen=True, slots=True)
class Framework:
    """Software that computes attention: its name, the version whose rules these are, and the rules."""

    name: str
    version: str
    rules: tuple[Rule, ...]
    cautions: tuple[Caution, ...]


frameworks: Registry[Framework] = Registry("framework")
RACK = ("pytorch_sdpa", "torch_mha", "onnx")


def load() -> None:
    """Import every framework."""
    for name in RACK:
        import_module(f"{__name__}.{name}")
