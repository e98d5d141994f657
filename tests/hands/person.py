"""Somebody who works by hand: rounds what they write, goes on from it or from memory, leaves out, writes in their way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any
from zlib import crc32

from .quantity import HIDDEN, NEAR
from .work import Cell
from .writing import Text, Writing, rounded_to, write


@dataclass(frozen=True)
class Habits:
    """How somebody works.

    `places` of a step by its name, without head or pass. `goes_on` from "memory" (the calculator's full number), from
    what is "written", or "mixed": now this, now that. `scratch` is how many places a left-out step is noted with on
    scratch paper (None: it stays in the calculator).
    """

    places: Mapping[str, int]
    rounding: str = "half-up"
    goes_on: str = "written"
    writing: Writing = Writing()
    left_out: frozenset[str] = frozenset()  # steps, by id
    gaps: float = 0.0  # the share of cells that are left out
    scratch: Mapping[str, int] | None = None
    other_ways: bool = False
    seed: int = 0

    def leaves_out(self, cell: Cell) -> bool:
        """Whether nothing is written there."""
        return cell[0] in self.left_out or (self.gaps > 0 and self.chance("gap", cell) < self.gaps)

    def chance(self, *about: Any) -> float:
        """A number from 0 to 1, always the same for the same."""
        return crc32(repr((self.seed, about)).encode()) / 2**32


@dataclass(frozen=True)
class Slip:
    """One wrong cell: a number off by so much, or another text than was meant."""

    cell: Cell
    off: Decimal = Decimal(0)
    text: Text | None = None
    remembers: bool = False  # goes on from the number that was meant


@dataclass
class Hand:
    """The person at work. What is `written` is the submission; the rest is known to nobody else."""

    habits: Habits
    slip: Slip | None = None
    written: dict[Cell, Text | None] = field(default_factory=dict)  # None: left blank
    memory: dict[Cell, Decimal | None] = field(default_factory=dict)
    noted: dict[Cell, Decimal | None] = field(default_factory=dict)  # the written value, or that on scratch paper
    uses: defaultdict[Cell, set[Cell]] = field(default_factory=lambda: defaultdict(set))
    altered: set[Cell] = field(default_factory=set)  # cells with another number than the honest one
    current: Cell = ("", 0, 0)

    @property
    def other_ways(self) -> bool:
        return self.habits.other_ways

    def begin(self, cell: Cell) -> None:
        self.current = cell

    def look(self, cell: Cell) -> Decimal | None:
        self.uses[self.current].add(cell)
        text = self.written[cell]
        meant, seen = self.memory[cell], self.noted[cell]
        if self.slip and cell == self.slip.cell and self.slip.text:
            return meant if self.slip.remembers else seen
        if text and text.trimmed_to_integer:  # 1 for 1.004 means one: who remembers more would not write it so
            return seen
        match self.habits.goes_on:
            case "memory":
                return meant
            case "written":
                return seen
        return meant if self.habits.chance("look", cell, self.current) < 0.5 else seen

    def note(self, cell: Cell, value: Decimal | None, honest: Decimal | None, arranged: bool) -> None:
        name = cell[0].rpartition(".")[2]
        if self.slip and cell == self.slip.cell and value is not None:
            value += self.slip.off
            if self.slip.off or self.slip.text:
                self.altered.add(cell)
        if (value is None) != (honest is None) or (
            value is not None and honest is not None and value != honest and abs(value - honest) > NEAR
        ):
            self.altered.add(cell)
        self.memory[cell] = value
        self.written[cell] = None
        habits = self.habits
        if value is None:
            self.noted[cell] = None
        elif habits.leaves_out(cell):
            keep = habits.scratch is None or value == HIDDEN or arranged or habits.goes_on == "memory"
            self.noted[cell] = value if keep else rounded_to(value, habits.scratch[name], habits.rounding)  # type: ignore[index]
        else:
            text = write(value, habits.places[name], habits.writing, habits.rounding, name == "weights")
            if self.slip and cell == self.slip.cell and self.slip.text:
                text = self.slip.text
            self.written[cell], self.noted[cell] = text, text.value

    def submission(self, by: str = "somebody") -> dict[str, Any]:
        """What is handed in: the steps of which something is written, blanks as empty texts."""
        tables: dict[str, list[list[str]]] = {}
        for (id_, i, j), text in self.written.items():
            rows = tables.setdefault(id_, [])
            if i == len(rows):
                rows.append([])
            assert j == len(rows[i])
            rows[i].append(text.raw if text else "")
        return {"by": by, "written": {id_: rows for id_, rows in tables.items() if any(map(any, rows))}}


STEPS = (
    "embedding", "query", "key", "value", "query_norms", "key_norms", "cosines", "angles", "bilinear", "bilinear_scores",
    "scores", "scaled", "masked", "maxima", "exponentials", "row_sums", "weights", "contributions", "outputs", "joined",
    "projected",
)  # fmt: skip


def draw(rng: Random, ids: list[str]) -> tuple[Habits, dict[str, int] | None]:
    """Somebody, who has these steps before them; and the rule for places, where the problem declares one."""
    places = dict.fromkeys(STEPS, rng.randint(1, 5))
    if rng.random() < 0.4:
        places = {step: rng.choice((1, 2, 2, 3, 3, 4, 5)) for step in STEPS}
    left_out = frozenset(_left_out(rng, ids))
    declared = dict(places) if rng.random() < 0.4 else None
    shown = [places[id_.rpartition(".")[2]] for id_ in ids if id_ not in left_out]
    scratch = places if declared is not None else dict.fromkeys(STEPS, max(shown))
    return (
        Habits(
            places,
            rng.choice(("half-up", "half-up", "half-even", "cut")),
            rng.choice(("memory", "written", "written", "mixed")),
            Writing.draw(rng),
            left_out,
            rng.choice((0.0, 0.0, 0.05, 0.3)),
            rng.choice((scratch, None)),
            False,
            rng.randrange(10**9),
        ),
        declared,
    )


def _left_out(rng: Random, ids: list[str]) -> list[str]:
    """Steps that are not on the sheet; at least one is."""
    match rng.choice(("nothing", "besides", "some", "most")):
        case "nothing":
            found: list[str] = []
        case "besides":
            beside = ("query_norms", "key_norms", "cosines", "angles", "bilinear", "bilinear_scores", "contributions")
            found = [id_ for id_ in ids if id_.rpartition(".")[2] in beside]
        case "some":
            found = [id_ for id_ in ids if rng.random() < 0.3]
        case _:
            found = [id_ for id_ in ids if id_.rpartition(".")[2] not in ("weights", "outputs", "projected")]
    return found if len(found) < len(ids) else found[:-1]
