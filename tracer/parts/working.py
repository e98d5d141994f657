"""One step worked: its title and reason, the formula, the numbers line by line, and the result as a grid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from tracer.checks import traits
from tracer.document import Block, Chain, Em, Equation, Grid, Heading, Line, Math, Text, Together, elided
from tracer.evaluate import Key
from tracer.expr import Call, Cell, Expr, Join, Num, is_wave, length, num, walk
from tracer.names import GRADIENTS, IN_ROWS, parts_of
from tracer.notation.plain import plain
from tracer.operations import indices
from tracer.parts.products import as_product
from tracer.parts.words import listed, rich
from tracer.problem import MAX_SIZE
from tracer.show import show
from tracer.tables import rounds_to
from tracer.trace import Trace
from tracer.views import SHORT, CellView, StepView

LONGEST = 14  # leaves of an exact value that is printed at all
SYMBOLIC = 60  # leaves of a symbolic value in a grid
GUARD_DIGITS = (0, 1, 2, 3, 4, 6)  # more digits of the numbers put in, where rounding would show
MOST_TERMS = 8  # terms of a sum before its middle is left out


@dataclass(frozen=True, slots=True)
class Detail:
    """How much is worked line by line: which query rows, which rows of keys and of plain matrices.

    `beside` says whether the comparisons beside the pass are shown at all.
    """

    worked: tuple[int, ...]
    others: tuple[int, ...]
    beside: bool

    @property
    def is_summary(self) -> bool:
        """Whether nothing is worked: then each result is shown once, as a decimal."""
        return not self.worked and not self.others


EVERY = tuple(range(MAX_SIZE))


class Working:
    """Works the steps of one trace for one page: the rows asked for, those worked, and a running number."""

    def __init__(self, trace: Trace, rows: tuple[int, ...], detail: Detail) -> None:
        self.trace, self.rows, self.detail = trace, rows, detail
        self.places = trace.problem.paper.places
        self.exactly: Callable[[Fraction], Expr] = decimals if trace.speaks_decimals else num
        self.beside = beside(trace)
        self.say = trace.problem.paper.style.language
        self.number = 0

    def heading(self, step: StepView) -> tuple[Block, ...]:
        """Number and title, the reason, and the formula."""
        self.number += 1
        return (
            Heading(f"{self.number}. {self.say.text(step.title)}", 3, step.id),
            Text(rich(self.say.text(step.because)), "why"),
            equation(step),
        )

    def step(self, step: StepView) -> list[Block]:
        """A step, in groups that stay on one page."""
        if is_renaming(step) and self.detail.is_summary:
            return []
        opening = self.heading(step)
        if is_renaming(step):
            return [Together(opening)]
        chains = self.chains(step)
        closing: tuple[Block, ...] = (*self.exact_grid(step), self.grid(step), *self.hand_grid(step), *self.sums(step))
        if not chains:
            return [Together((*opening, *closing))]
        return [Together((*opening, *chains[:2])), *chains[2:], Together(closing)]

    def in_rows(self, of_rows: list[StepView]) -> list[Block]:
        """A step that there is for each row, with a grid for each; of the backward pass, the first is worked."""
        steps = {int(parts_of(step.id)["row"]) - 1: step for step in of_rows}
        rows = [row for row in self.detail.worked if row in steps]
        if not rows:
            return []
        words = self.trace.problem.tokens
        said = IN_ROWS[of_rows[0].name].said
        grids = [self.grid(steps[row], self.say.line(said, word=Em(words[row]))) for row in rows]
        first = steps[rows[0]]
        chains = self.chains(first) if first.name in GRADIENTS else []
        if not chains:
            return [Together((*self.heading(first), grids[0])), *grids[1:]]
        return [Together((*self.heading(first), *chains[:2])), *chains[2:], *grids]

    # Line by line

    def chains(self, step: StepView) -> list[Chain]:
        """The worked numbers of a step."""
        if step.kind != "calculate":
            return []
        axis = step.tensor.axes[0]
        worked = axis.along(self.detail.worked) if axis.counts == "query" else self.detail.others
        return [self.chain(cell, step.unit) for i in worked if i < step.shape[0] for cell in step.row(i)]

    def chain(self, cell: CellView, unit: str) -> Chain:
        """One number: formula, numbers put in, exact value, decimal, as far as each says something new."""
        formula = cell.formula
        assert formula is not None
        links: list[tuple[str, Expr]] = [("=", formula)]
        if cell.undefined:
            if _origin(cell) == cell.key:
                links.append(("=", cell.substituted(self.put)))
            return Chain(cell.name, self.distinct(links), self.why_undefined(cell), cell.id)
        inputs = cell.inputs
        puts = [self.short(c) for c in inputs]
        if all(puts) or cell.unknown:
            links.append(("=", cell.substituted(self.put)))
        exact = cell.exact_up_to(SYMBOLIC if cell.unknown else LONGEST, self.exactly)
        if exact is not None and _says_more(exact, links[-1][1]):
            links.append(("=", exact))
        if cell.unknown:
            return Chain(cell.name, self.distinct(links), (), cell.id)
        number, is_equal = cell.printed(self.places)
        hand = self.differing(cell)
        if is_equal and not all(puts) and len(inputs) > 1:  # numbers put in are rounded, and the result still is not
            links = [links[0], ("≈", self.put_in(cell, number)), ("≈", number)]
            return Chain(cell.name, self.distinct(links), self.exactly_and(number, hand), cell.id, unit)
        is_short = exact is not None and length(exact) <= SHORT
        if not is_short and not cell.infinite and not all(isinstance(p, Num) for p in puts):
            links.append(("≈", self.put_in(cell, number)))
        links.append(("=" if is_equal else "≈", number))
        remark = self.say.line("by hand {number}", number=Math(hand)) if hand else ()
        return Chain(cell.name, self.distinct(links), remark, cell.id, unit)

    def put_in(self, cell: CellView, number: Expr) -> Expr:
        """The formula with rounded numbers put in, with as many digits as it takes to come to the printed result."""
        for more in GUARD_DIGITS:
            tree = cell.substituted(lambda c, places=self.places + more: self.put_decimal(c, places))  # type: ignore[misc]
            if not isinstance(number, Num) or rounds_to(tree, number):
                break
        return tree

    def short(self, cell: CellView) -> Expr | None:
        """An input as it is put into a formula exactly; None where only its decimal fits."""
        return cell.given if cell.given is not None else cell.exact_up_to(SHORT, self.exactly)

    def put(self, cell: CellView) -> Expr:
        """An input exactly where that is short, else its decimal."""
        short = self.short(cell)
        if short is not None:
            return short
        return cell.name if cell.undefined or cell.unknown else cell.printed(self.places)[0]

    def put_decimal(self, cell: CellView, places: int) -> Expr:
        """An input as a decimal, unless it is a short rational number."""
        short = self.short(cell)
        return short if isinstance(short, Num) else cell.printed(places)[0]

    def differing(self, cell: CellView) -> Num | None:
        """What comes out by hand, where the problem says how, and it is another number than the rounded one."""
        if not self.trace.problem.paper.by_hand or cell.infinite or cell.key[0] in self.beside:
            return None
        return cell.by_hand_number if cell.by_hand_differs else None

    def distinct(self, links: list[tuple[str, Expr]]) -> tuple[tuple[str, Expr], ...]:
        """The links without those that say the same again, long sums with their middle left out."""
        kept: dict[str, tuple[str, Expr]] = {}
        for sign, expr in links:
            kept.setdefault(show(expr, plain), (sign, elided(expr, MOST_TERMS)))
        return tuple(kept.values())

    def exactly_and(self, number: Expr, hand: Num | None) -> Line:
        """The exact result behind rounded numbers, and what comes out by hand where that is another."""
        if hand is None:
            return self.say.line("exactly {number}", number=Math(number))
        return self.say.line("exactly {number}, by hand {hand}", number=Math(number), hand=Math(hand))

    def why_undefined(self, cell: CellView) -> Line:
        """That there is no value, and why."""
        origin = _origin(cell)
        if origin == cell.key:
            reason = cell.undefined.reason if cell.undefined else ""
            return self.say.line("undefined: {reason}", reason=self.say.text(reason))
        return self.say.line("undefined, because {cell} is", cell=Math(cell.other(origin).name))

    # Results

    def grid(self, step: StepView, remark: Line = ()) -> Grid:
        """The result of a step, rounded."""
        rows = [[self.result(cell) for cell in step.row(i)] for i in shown(step)]
        sign = "=" if all(is_equal for row in rows for _, is_equal in row) else "≈"
        unit = self.say.line("in degrees, {unit}", unit=step.unit) if step.unit else ()
        return self._grid(step, sign, [[cell for cell, _ in row] for row in rows], remark or unit)

    def _grid(self, step: StepView, sign: str, cells: list[list[Expr | str]], remark: Line, view: str = "") -> Grid:
        rows = tuple(step.rows[i] for i in shown(step))
        ids = tuple(tuple(cell.id for cell in step.row(i)) for i in shown(step))
        return Grid(Cell(step.tensor, ()), sign, rows, step.columns, tuple(map(tuple, cells)), remark, ids, view=view)

    def result(self, cell: CellView) -> tuple[Expr | str, bool]:
        """An entry of the result, and whether it is equal to the value."""
        if cell.undefined:
            return self.say.text("undefined"), True
        if cell.unknown:
            return cell.exact_up_to(SYMBOLIC, self.exactly) or self.say.text("too long to print"), True
        return cell.printed(self.places)

    def exact_grid(self, step: StepView) -> tuple[Block, ...]:
        """The exact values, where they are short and not every line has shown them."""
        if step.kind != "calculate" or self.detail.worked == self.rows or self.detail.is_summary:
            return ()
        rows: list[list[Expr | str]] = []
        for i in shown(step):
            rows.append([])
            for cell in step.row(i):
                exact = self.exact_entry(cell)
                if exact is None:
                    return ()
                rows[-1].append(exact)
        if all(isinstance(exact, Num) for row in rows for exact in row):
            return ()
        return (self._grid(step, "=", rows, self.say.line("exactly"), "exact"),)

    def exact_entry(self, cell: CellView) -> Expr | None:
        """The exact value if it is short."""
        return None if cell.undefined or cell.unknown else cell.exact_up_to(SHORT, self.exactly)

    def hand_grid(self, step: StepView) -> tuple[Block, ...]:
        """What comes out by hand, where the problem says how and something differs."""
        if not self.trace.problem.paper.by_hand or step.kind != "calculate" or step.id in self.beside:
            return ()
        cells = [step.row(i) for i in shown(step)]
        hand: list[list[Expr | str]] = [[c.by_hand_written or "" for c in row] for row in cells]
        if any(number == "" for row in hand for number in row):
            return ()
        differ = any(c.by_hand_differs for row in cells for c in row)
        places = self.trace.tables.places_by_hand(step.id)
        if not differ and places == self.places:
            return ()
        if differ:
            remark = self.say.count(
                places,
                "by hand, rounded to {n} decimal at each step; digits differ because earlier steps were rounded",
                "by hand, rounded to {n} decimals at each step; digits differ because earlier steps were rounded",
            )
        else:
            remark = self.say.count(
                places,
                "by hand, rounded to {n} decimal at each step",
                "by hand, rounded to {n} decimals at each step",
            )
        return (self._grid(step, "≈", hand, (remark,), "by hand"),)

    def sums(self, step: StepView) -> tuple[Block, ...]:
        """Rounded weights that do not add up to 1 say so."""
        if step.name != "weights" or self.trace.open_letters or "rows add up to 1" not in traits(self.trace.problem):
            return ()
        off: list[Line] = []
        for i in shown(step):
            if any(cell.undefined for cell in step.row(i)):
                return ()
            rounded = [cell.rounded(self.places) for cell in step.row(i)]
            total = sum((r.number.value for r in rounded), Fraction(0))
            if total != 1 and not all(r.is_equal for r in rounded):
                word, number = Em(step.rows[i]), Math(Num(total, self.places))
                off.append(self.say.line("{word}: {sum}", word=word, sum=number))
        if not off:
            return ()
        line = self.say.line(
            "The rounded weights of a row need not add up to 1, because each is rounded by itself ({sums}). "
            "The exact weights do.",
            sums=listed(off, self.say),
        )
        return (Text(line, "note"),)


def _says_more(exact: Expr, before: Expr) -> bool:
    """Whether an exact value is worth its line: an arc cosine is not, nor waves that are hardly shorter than before."""
    nodes = list(walk(exact))
    if any(isinstance(node, Call) and node.function == "arccos" for node in nodes):
        return False
    return length(exact) + 1 < length(before) or not any(map(is_wave, nodes))


def equation(step: StepView) -> Equation:
    """The step's formula, as a product of whole matrices first where it is one."""
    assert step.formula is not None
    is_joined, say = isinstance(step.formula, Join), step.problem.paper.style.language
    own = Cell(step.tensor, ()) if is_joined else step.tensor[indices(step.tensor)]
    product = as_product(step)
    if product is None:
        return Equation((("", own), ("=", step.formula)))
    matrices, sizes = product
    sides = (("", Cell(step.tensor, ())), ("=", matrices), (say.text(", that is"), own), ("=", step.formula))
    return Equation(sides, say.line("sizes: {sizes}", sizes=sizes))


def shown(step: StepView) -> list[int]:
    """The rows of a step that are asked for; in all passes but the last every row is, the next one needs it."""
    wiring, axis = step.problem.wiring, step.tensor.axes[0]
    is_asked = wiring.queries and axis.counts == "query" and pass_of(step) in ("", str(wiring.repeat))
    return axis.along(wiring.queries or ()) if is_asked else list(range(axis.size))


def is_renaming(step: StepView) -> bool:
    """The words themselves under another name: nothing to show twice."""
    formula = step.formula
    return isinstance(formula, Cell) and formula.tensor.shape == step.shape and step.name in ("query", "key", "value")


def beside(trace: Trace) -> frozenset[str]:
    """The steps beside the pass, which nothing later is computed from: comparisons, contributions, Jacobians."""
    results = {"weights", "outputs", "joined", "projected", *GRADIENTS} - IN_ROWS.keys()
    used: set[str] = set()
    for step in reversed(trace.steps):
        if step.id in used or step.name in results:
            used |= {node.tensor.id for node in walk(step.formula) if isinstance(node, Cell)}
    return frozenset(step.id for step in trace.steps if step.id not in used and step.name not in results)


def pass_of(step: StepView) -> str:
    """The number of the pass a step belongs to, where there are several."""
    return step.id.split(".")[0].removeprefix("pass") if step.id.startswith("pass") else ""


def decimals(value: Fraction) -> Expr:
    """A rational number as a decimal, where that ends after a few places: 9.08 rather than 227/25."""
    for places in range(7):
        if 10**places % value.denominator == 0:
            return Num(value, places or None)
    return Num(value)


def _origin(cell: CellView) -> Key:
    found: Key = getattr(cell.undefined, "origin", cell.key)
    return found
