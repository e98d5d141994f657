"""What honest rounding could have given in a cell, from what is written before it: generous spans, never too narrow.

A written number is all that it stands for (twice that where the person cuts off). Where nothing is written the span
runs through, wider by what a rounding on scratch paper could add: declared places, else the fewest that the submission
shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from .quantity import HIDDEN, Quantity, Span, span
from .work import Cell
from .writing import Text, rounded_to


@dataclass
class Exact:
    """Somebody with 60 digits, who never rounds."""

    values: dict[Cell, Decimal | None] = field(default_factory=dict)
    other_ways: bool = False

    def begin(self, cell: Cell) -> None:
        pass

    def look(self, cell: Cell) -> Decimal | None:
        return self.values[cell]

    def note(self, cell: Cell, value: Quantity | None, honest: Quantity | None, arranged: bool) -> None:
        self.values[cell] = value


@dataclass
class Bounds:
    """Somebody who keeps account of everything that it could be."""

    written: Mapping[Cell, Text | None]
    true: Mapping[Cell, Decimal | None]
    cuts: bool
    declared: Mapping[str, int] | None
    spans: dict[Cell, Span | None] = field(default_factory=dict)  # what the honest formula gives
    other_ways: bool = False

    def begin(self, cell: Cell) -> None:
        pass

    @cached_property
    def places(self) -> int:
        """The fewest places that any step with decimals shows."""
        most: dict[str, int] = {}
        for (id_, _, _), text in self.written.items():
            if text and text.places:
                most[id_] = max(most.get(id_, 0), text.places)
        return min(most.values(), default=0)

    def look(self, cell: Cell) -> Quantity | None:
        text, found = self.written[cell], self.spans[cell]
        if text:
            meant = text.stands_for(self.true[cell])
            return meant.wider(text.unit / 2) if self.cuts and meant.low != meant.high else meant
        if found is None or found.low == HIDDEN:
            return found
        name = cell[0].rpartition(".")[2]
        places = self.declared[name] if self.declared else self.places
        if found.low == found.high == rounded_to(found.low, places, "half-up"):
            return found
        return found.wider(Decimal(1).scaleb(-places) / (1 if self.cuts else 2))

    def note(self, cell: Cell, value: Quantity | None, honest: Quantity | None, arranged: bool) -> None:
        self.spans[cell] = None if value is None else span(value)

    def beyond(self, cell: Cell) -> Decimal | None:
        """By how many units of its last place a written number lies beyond all that; None where nobody can say."""
        text, found, true = self.written[cell], self.spans[cell], self.true[cell]
        if text is None or found is None:
            return None
        meant = text.stands_for(true)
        away = meant.away(found)
        if true is not None:
            away = min(away, meant.away(span(true)))
        return away / text.unit
