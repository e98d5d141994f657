"""The mistakes that people make, one file each: a rewrite of one step's formula, a name, a sentence that helps.

    @mistake("not_scaled", "the scores were not divided by √d_k", "Dot products grow with the number of …")
    def not_scaled(step: Step, tensors: Tensors) -> Iterator[Expr]:
        if step.name == "scaled":
            yield tensors["scores"][indices(step.tensor)]

A rewrite gets a step of the pass and yields the formulas, over the same indices, that somebody used instead: none where
the step cannot go wrong that way, several where it can in several places (each product that may be dropped). It is
evaluated on the person's own earlier numbers. `spellings` are slips of the pen: other texts that were meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import TypeAlias

from tracer.evaluate import Definition
from tracer.expr import Expr, Tensor
from tracer.registry import Registry
from tracer.trace import Step


@dataclass(frozen=True, slots=True)
class Tensors:
    """The tensors of a pass by their names, as a step sees them: its own head's, its pass's, or all heads'.

    `tensors["scores"]` is the handle, and None where there is no such step and no such given matrix.
    """

    definitions: Mapping[str, Definition]
    prefix: str  # of the step: "pass2.head1."

    def __getitem__(self, name: str) -> Tensor | None:
        parts = self.prefix.split(".")[:-1]
        for depth in range(len(parts), -1, -1):
            found = self.definitions.get(".".join([*parts[:depth], name]))
            if found is not None:
                return found.tensor
        return None


Rewrite: TypeAlias = Callable[[Step, Tensors], Iterable[Expr]]
Spelling: TypeAlias = Callable[[str], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake with a name: what happened, in half a sentence behind “it looks as if”, and one that helps."""

    name: str
    what: str
    helps: str
    rewrites: Rewrite


@dataclass(frozen=True, slots=True)
class Slip:
    """A slip of the pen: the texts that may have been meant."""

    name: str
    what: str
    helps: str
    meant: Spelling


mistakes: Registry[Mistake] = Registry("mistake")
slips: Registry[Slip] = Registry("slip of the pen")


def mistake(name: str, what: str, helps: str) -> Callable[[Rewrite], Rewrite]:
    """Decorator: put a rewrite into the rack."""

    def keep(rewrites: Rewrite) -> Rewrite:
        mistakes.register(name)(Mistake(name, what, helps, rewrites))
        return rewrites

    return keep


def slip(name: str, what: str, helps: str) -> Callable[[Spelling], Spelling]:
    """Decorator: put a slip of the pen into the rack."""

    def keep(meant: Spelling) -> Spelling:
        slips.register(name)(Slip(name, what, helps, meant))
        return meant

    return keep


def load() -> None:
    """Import every mistake."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
