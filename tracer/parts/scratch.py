"""Scratch lines for the numbers of a step, as many as the working takes; and the working as one writes it by hand.

The numbers put in are those that stand on the sheet. Where `[paper] by_hand` says how numbers are rounded, these are
the rounded ones, and the result is what comes out of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import ceil

from tracer.document import Chain, Room, Said, Writing
from tracer.evaluate import Key
from tracer.expr import Call, Constant, Expr, Num, length, walk
from tracer.parts.working import GUARD_DIGITS, Working
from tracer.tables import fraction_of, rounds_to
from tracer.views import SHORT, CellView

NAME, NUMBER, RESULT, GAP = 2.5, 2.0, 4.0, 0.7  # em of handwriting: a name, a number put in, a result; between two
DIGIT, USUAL = 0.5, 2  # em of a decimal; decimals of a number that is so wide
SPACIOUS = 1.4  # times as much room where a working has a line of its own
BESIDE, MOST = 4, 4  # workings on one line, lines of one working: at most
READ = 8  # leaves of a formula in letters that fits a box
LARGEST = 99  # number in a fraction, or before a root, that one writes rather than its decimal


class Scratch:
    """The working of one trace's numbers on a sheet on which some of its steps stand."""

    def __init__(self, working: Working, there: Collection[str]) -> None:
        self.working, self.there = working, there
        self.paper, self.tables, self.say = working.trace.problem.paper, working.trace.tables, working.say
        self.column = self.paper.style.column
        self.exact: dict[Key, Expr | None] = {}

    # The room

    def room(self, rows: Sequence[Sequence[CellView]], unit: str, worked: Collection[Key]) -> Room:
        """Lines for every number of these rows; the working stands on the lines of those that are worked."""
        breadth = max(self.breadth(cell) for row in rows for cell in row)
        needed = NAME + breadth + RESULT
        beside, wide = min(BESIDE, int((self.column + GAP) / (needed + GAP))), max(map(len, rows))
        beside = ceil(wide / ceil(wide / max(beside, 1)))
        lines = ceil(breadth * SPACIOUS / max(self.column - NAME - RESULT, NUMBER)) if beside == 1 else 1
        writings = [
            [Writing(c.name, min(lines, MOST), self.chain(c, unit) if c.key in worked else None) for c in row]
            for row in rows
        ]
        return Room(tuple(tuple(row[n : n + beside]) for row in writings for n in range(0, len(row), beside)), beside)

    def breadth(self, cell: CellView) -> float:
        """How wide the numbers are that are put in, on the way through steps that are not on the sheet too."""
        return sum(self.wide(one) + (0 if self.is_seen(one) else self.breadth(one)) for one in cell.inputs)

    def wide(self, cell: CellView) -> float:
        """How wide a number is when it is put in; one that was only arranged is not written twice."""
        if cell.definition.kind == "calculate":
            return NUMBER + DIGIT * max(self.places(cell.key[0]) - USUAL, 0)
        return max(map(self.wide, cell.inputs), default=NUMBER) if self.is_seen(cell) else 0

    def is_seen(self, cell: CellView) -> bool:
        """Whether a number stands on the sheet, or will, perhaps under the name that it had before it was arranged."""
        if cell.formula is None or cell.key[0] in self.there:
            return True
        return cell.definition.kind != "calculate" and all(map(self.is_seen, cell.inputs))

    # The numbers

    def places(self, id_: str) -> int:
        """The decimals that a step's numbers are written with."""
        return self.tables.places_by_hand(id_) if self.paper.by_hand else self.paper.places

    def result(self, cell: CellView) -> Said:
        """A number as it is to be written: what comes out by hand where the problem says how."""
        if cell.undefined:
            return self.say.text("undefined")
        if cell.unknown:
            exact = self.working.result(cell)[0]
            return exact if not isinstance(exact, str) and length(exact) <= READ else self.put_in(cell)
        return self.by_hand(cell) or cell.printed(self.places(cell.key[0]))[0]

    def otherwise(self, cell: CellView) -> Expr | None:
        """Another way of writing it that is right: exactly, or the exact value rounded once."""
        if cell.undefined or cell.unknown or cell.infinite:
            return None
        rounded, is_equal = cell.printed(self.places(cell.key[0]))
        if not is_equal and (exact := self.exactly(cell)) is not None:
            return exact
        return rounded if self.by_hand(cell) is not None and cell.by_hand_differs else None

    def by_hand(self, cell: CellView) -> Num | None:
        """What comes out by hand, where the problem says how."""
        return cell.by_hand_written if self.paper.by_hand else None

    def exactly(self, cell: CellView) -> Expr | None:
        """The value as one writes it exactly: a fraction, or a short root or logarithm where no step is rounded."""
        if cell.key not in self.exact:
            self.exact[cell.key] = self.fraction(cell) or (None if self.paper.by_hand else self.root(cell))
        return self.exact[cell.key]

    def root(self, cell: CellView) -> Expr | None:
        """The value where it is short, of roots and logarithms: what a power of e comes to is written as a decimal."""
        exact = cell.exact_up_to(SHORT)
        return exact if exact is not None and all(map(is_plain, walk(exact))) else None

    def fraction(self, cell: CellView) -> Num | None:
        """The value where it is a fraction that one writes; seen from the numbers put in where these are exact."""
        exact = cell.exact_up_to(SHORT)
        if exact is None and all(map(self.is_exact, cell.inputs)):
            found = fraction_of(self.put_in(cell))
            exact = None if found is None else Num(found)
        return exact if isinstance(exact, Num) and exact.value.denominator <= LARGEST else None

    # The working

    def chain(self, cell: CellView, unit: str) -> Chain:
        """The numbers put in, the fraction that comes out of them, the result."""
        result = self.result(cell)
        if isinstance(result, str):
            return Chain(cell.name, (("=", self.put_in(cell)),), self.working.why_undefined(cell))
        if cell.unknown:
            return Chain(cell.name, self.working.distinct([("=", self.put_in(cell)), ("=", result)]))
        put_in, is_exact = self.coming_to(cell, result), all(map(self.is_exact, cell.inputs))
        links = [("=" if is_exact else "≈", put_in)]
        if not all(map(self.is_seen, cell.inputs)):
            links.insert(0, ("=" if all(map(self.is_exact, self.seen(cell))) else "≈", self.from_seen(cell)))
        is_equal = cell.printed(self.places(cell.key[0])) == (result, True)
        if is_exact and not is_equal and (fraction := self.fraction(cell)) is not None:
            links.append(("=", fraction))
        comes_to_it = isinstance(result, Num) and fraction_of(links[-1][1]) == result.value
        links.append(("=" if (is_exact and is_equal) or comes_to_it else "≈", result))
        return Chain(cell.name, self.working.distinct(links), (), "", unit)

    def coming_to(self, cell: CellView, result: Expr) -> Expr:
        """The formula with its numbers put in, these with as many digits as it takes to come to the result."""
        for more in GUARD_DIGITS:
            tree = self.put_in(cell, more)
            if not isinstance(result, Num) or rounds_to(tree, result):
                break
        return tree

    def put_in(self, cell: CellView, more: int = 0) -> Expr:
        """The formula with the numbers of the sheet put in, or with so many more digits of them."""
        return cell.substituted(lambda one: self.put(one, more))

    def from_seen(self, cell: CellView) -> Expr:
        """The same, and the formulas of steps that are not on the sheet in place of their numbers."""
        return cell.substituted(lambda one: self.put(one, 0) if self.is_seen(one) else self.from_seen(one))

    def seen(self, cell: CellView) -> list[CellView]:
        """The numbers of the sheet that it is worked from."""
        return [found for one in cell.inputs for found in ([one] if self.is_seen(one) else self.seen(one))]

    def put(self, cell: CellView, more: int) -> Expr:
        """A number as one puts it into the next formula; its name where it has none."""
        if cell.given is not None:
            return cell.given
        if cell.undefined or cell.unknown:
            return cell.name
        number, is_equal = cell.printed(self.places(cell.key[0]) + more)
        return self.by_hand(cell) or (number if is_equal else self.exactly(cell) or number)

    def is_exact(self, cell: CellView) -> bool:
        """Whether a number is put in as it is, and not rounded."""
        if cell.given is not None:
            return True
        if cell.undefined or cell.unknown:
            return False
        number, is_equal = cell.printed(self.places(cell.key[0]))
        if (hand := self.by_hand(cell)) is not None:
            return is_equal and hand == number
        return is_equal or self.exactly(cell) is not None


def is_plain(node: Expr) -> bool:
    """Whether this part of an exact value is written exactly: a small number, a root, a logarithm; no power of e."""
    match node:
        case Num(value):
            return max(abs(value.numerator), value.denominator) <= LARGEST
        case Call(function, _):
            return function in ("sqrt", "ln")
    return not isinstance(node, Constant)
