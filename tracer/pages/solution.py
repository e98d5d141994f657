"""The worked solution: what is given, every step with its reason and its numbers, what it means, what was checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby

from tracer.checks import Check, checks
from tracer.document import (
    Block,
    Chain,
    Checks,
    Document,
    Em,
    Equation,
    Grid,
    Heading,
    Inline,
    Line,
    Math,
    Text,
    Together,
    elided,
    rich,
)
from tracer.expr import (
    Add,
    Cell,
    Constant,
    Expr,
    Index,
    Join,
    Letter,
    Mul,
    Num,
    Pow,
    Sum,
    Tensor,
    length,
    num,
    walk,
)
from tracer.notation.plain import plain
from tracer.pages import conventions
from tracer.pages.reading import as_written, listed, reading
from tracer.problem import MAX_SIZE
from tracer.show import show
from tracer.trace import CellView, StepView, Trace

SHORT, LONGEST = 3, 14  # leaves of an exact value: put into a formula, and printed at all
MOST_WORKED = 400  # numbers worked line by line before a page works one row only
GIVEN_NAMES = {
    "X": "the words as vectors, one row each", "Y": "the other sequence, one row each", "Q": "queries", "K": "keys",
    "V": "values", "S": "scores", "A": "attention weights", "M": "mask", "Emb": "embedding table",
    "H": "the words as one-hot rows", "W_Q": "query weights", "W_K": "key weights", "W_V": "value weights",
    "W_O": "output weights", "b_Q": "query bias", "b_K": "key bias", "b_V": "value bias", "b_O": "output bias",
}  # fmt: skip
CHECKS = {
    "rows add up to 1": "The weights of each row add up to 1.",
    "weights a second way": "The weights, found a second way without any large exponential, agree:",
    "outputs lie between the values": "Each output lies between the smallest and the largest value of its column.",
    "outputs a second way": "The outputs, found a second way by moving from the first value towards the others, agree:",
}


@dataclass(frozen=True)
class Detail:
    """How much of each step is worked line by line: which query rows, which rows of keys and of plain matrices.

    `beside` says whether the comparisons beside the pass are shown at all.
    """

    worked: tuple[int, ...]
    others: tuple[int, ...]
    beside: bool


Details = Callable[[Trace, tuple[int, ...]], Detail]


def summary(trace: Trace, rows: tuple[int, ...]) -> Detail:
    """Results only."""
    return Detail((), (), False)


def steps(trace: Trace, rows: tuple[int, ...]) -> Detail:
    """The first row line by line, the others as results."""
    return Detail(rows[:1], (0,), True)


def full(trace: Trace, rows: tuple[int, ...]) -> Detail:
    """Every row line by line."""
    return Detail(rows, tuple(range(MAX_SIZE)), True)


def usual(trace: Trace, rows: tuple[int, ...]) -> Detail:
    """Every row, unless that would be more than anybody reads: then the first."""
    count = sum(step.shape[0] * (step.shape[1] if len(step.shape) > 1 else 1) for step in trace if step.kind == "calculate" and not step.name == "contributions")
    return (full if count <= MOST_WORKED else steps)(trace, rows)


def only(row: int) -> Details:
    """One row line by line, the others as results."""
    return lambda trace, rows: Detail((row,), (row,), True)


DETAILS: dict[str, Details] = {"summary": summary, "steps": steps, "full": full}


def solution(trace: Trace, detail: Details = usual, paper: str = "A4") -> Document:
    """The worked solution of a trace."""
    rows = trace.problem.wiring.queries or tuple(range(len(trace.problem.tokens)))
    page = _Page(trace, rows, detail(trace, rows))
    return Document(trace.problem.title, tuple(page.blocks()), trace.problem.source, paper=paper)


class _Page:
    """One page being written: a trace, the rows asked for, and those worked line by line."""

    def __init__(self, trace: Trace, rows: tuple[int, ...], detail: Detail) -> None:
        self.trace, self.rows, self.detail = trace, rows, detail
        self.places = trace.problem.paper.places
        self.number = 0
        self.exactly = _decimals if speaks_decimals(trace) else num

    def blocks(self) -> list[Block]:
        blocks: list[Block] = [*self.given(), conventions.card(self.trace), *self.letters()]
        for (a_pass, head), group in groupby(self.trace, key=lambda step: (_pass(step), step.head)):
            blocks += self.section(a_pass, head)
            for name, alike in groupby(group, key=lambda step: step.name):
                if name == "contributions":
                    blocks += self.contributions(list(alike))
                else:
                    for step in alike:
                        blocks += self.step(step) if self.is_shown(step) else []
        return [*blocks, *self.meaning(), *self.checked()]

    def letters(self) -> list[Block]:
        letters = self.trace.open_letters
        if not letters:
            return []
        names: Line = listed([(Math(Letter(name)),) for name in letters])
        verb = "is a letter" if len(letters) == 1 else "are letters"
        return [Text((*names, f" {verb} without a number, so the results stay formulas. Put numbers in with ",
                      f"--let {letters[0]}=2."), "note")]  # fmt: skip

    # What is given

    def given(self) -> list[Block]:
        blocks: list[Block] = [Heading("What is given", 2, "given")]
        for given in self.trace.given:
            blocks.append(self.given_grid(StepView(self.trace, given)))
        return blocks

    def given_grid(self, step: StepView) -> Grid:
        tensor = step.tensor
        name = GIVEN_NAMES.get(tensor.symbol, "")
        head = f" of head {tensor.id.split('.')[0].removeprefix('head')}" if tensor.id.startswith("head") else ""
        cells = tuple(tuple(cell.definition.entry(cell.at) for cell in row) for row in step.cells)
        if len(tensor.shape) == 1:
            cells = (tuple(row[0] for row in cells),)
            return Grid(Cell(tensor, ()), "=", ("",), _labels(tensor.axes[0].size), cells, (name + head,))
        return Grid(Cell(tensor, ()), "=", *self.labels(step), cells, (f"{name}{head}, {_size(tensor)}",))

    def labels(self, step: StepView) -> tuple[tuple[str, ...], tuple[str, ...]]:
        rows, *columns = step.labels
        n = step.tensor.shape
        return rows or _labels(n[0]), (columns[0] or _labels(n[1])) if columns else ("",)

    # Which steps, in which sections

    def is_shown(self, step: StepView) -> bool:
        return self.detail.beside or not self.is_beside(step)

    def is_beside(self, step: StepView) -> bool:
        """Whether nothing later is computed from it."""
        return step.id in self._beside

    @property
    def _beside(self) -> set[str]:
        if not hasattr(self, "_found"):
            used: set[str] = set()
            for step in reversed(list(self.trace)):
                if step.id in used or step.name in ("weights", "outputs", "joined", "projected"):
                    used |= {node.tensor.id for node in walk(step.formula) if isinstance(node, Cell)}
            last = {"weights", "outputs", "joined", "projected"}
            self._found = {s.id for s in self.trace if s.id not in used and s.name not in last}
        return self._found

    def section(self, a_pass: str, head: int | None) -> list[Block]:
        blocks: list[Block] = []
        if a_pass and a_pass != getattr(self, "_in_pass", ""):
            self._in_pass = a_pass
            blocks.append(Heading(f"Pass {a_pass}", 2, f"pass{a_pass}"))
        if head:
            blocks.append(Heading(f"Head {head}", 2, f"{f'pass{a_pass}.' if a_pass else ''}head{head}"))
        elif not a_pass and not getattr(self, "_begun", False):
            blocks.append(Heading("Step by step", 2, "steps"))
        elif any(s.head for s in self.trace):
            blocks.append(Heading("All heads together", 2, f"{f'pass{a_pass}.' if a_pass else ''}together"))
        self._begun = True
        return blocks

    # One step

    def step(self, step: StepView) -> list[Block]:
        self.number += 1
        title = f"{self.number}. {step.title}"
        opening: list[Block] = [Heading(title, 3, step.id), Text(rich(step.because), "why"), self.formula(step)]
        grid = self.grid(step)
        if self.is_copy(step):
            return [Together(tuple(opening))]
        chains = self.chains(step)
        blocks: list[Block] = [Together((*opening, *chains[:2])), *chains[2:]] if chains else []
        closing: tuple[Block, ...] = (*self.exact_grid(step, bool(chains)), grid, *self.hand_grid(step), *self.sums_note(step))
        return [*blocks, Together(closing)] if blocks else [Together((*opening, *closing))]

    def contributions(self, of_rows: list[StepView]) -> list[Block]:
        """What each word brings to each worked row: one grid a row."""
        shown = [of_rows[row] for row in self.detail.worked]
        if not shown:
            return []
        self.number += 1
        first = shown[0]
        grids = [replace(self.grid(step), remark=("to ", Em(self.trace.problem.tokens[row]))) for step, row in zip(shown, self.detail.worked, strict=True)]
        opening = (Heading(f"{self.number}. {first.title}", 3, first.id), Text(rich(first.because), "why"), self.formula(first), grids[0])
        return [Together(opening), *grids[1:]]

    def is_copy(self, step: StepView) -> bool:
        """The words themselves, under another name: nothing to show twice."""
        formula = step.formula
        return isinstance(formula, Cell) and formula.tensor.shape == step.shape and step.name in ("query", "key", "value")

    def formula(self, step: StepView) -> Equation:
        tensor = step.tensor
        own = tensor[tuple(Index(axis.index) for axis in tensor.axes)]
        matrix = as_product(step)
        if matrix is None:
            return Equation((("", own), ("=", step.formula)))
        product, shapes = matrix
        return Equation((("", Cell(tensor, ())), ("=", product), (", that is", own), ("=", step.formula)), ("sizes: " + shapes,))

    def chains(self, step: StepView) -> list[Chain]:
        if step.kind != "calculate":
            return []
        worked = self.detail.worked if step.tensor.axes[0].counts == "query" else self.detail.others
        return [self.chain(cell) for i in worked if i < step.shape[0] for cell in step.cells[i]]

    def chain(self, cell: CellView) -> Chain:
        formula = cell.formula
        assert formula is not None
        links: list[tuple[str, Expr]] = [("=", formula)]
        if cell.undefined:
            origin = getattr(cell.undefined, "origin", cell.key)
            if origin == cell.key:
                links.append(("=", cell.substitution(self.written)))
            return Chain(cell.name, _distinct(links), self.undefined(cell), cell.id)
        writes_all = all(self.short(c) is not None for c in cell.inputs)
        if writes_all:
            links.append(("=", cell.substitution(self.written)))
        exact = self.exact(cell)
        if exact is not None:
            links.append(("=", exact))
        if cell.unknown:
            return Chain(cell.name, _distinct(links), (), cell.id)
        is_short = exact is not None and length(exact) <= SHORT
        if not cell.infinite and not is_short and not all(self.is_rational(c) for c in cell.inputs):
            links.append(("≈", cell.substitution(self.rounded)))
        number, is_equal = cell.printed(self.places)
        links.append(("=" if is_equal else "≈", number))
        return Chain(cell.name, _distinct(links), self.by_hand(cell), cell.id, cell.definition.unit)  # type: ignore[union-attr]

    def is_rational(self, cell: CellView) -> bool:
        return isinstance(self.short(cell), Num)

    def short(self, cell: CellView) -> Expr | None:
        """An input as it is put into a formula exactly; None where only its decimal fits."""
        if cell.definition.formula is None:
            return cell.definition.entry(cell.at)
        return cell.exact_if_short(SHORT, self.exactly)

    def written(self, cell: CellView) -> Expr:
        short = self.short(cell)
        if short is not None:
            return short
        return Letter("?") if cell.undefined else cell.name if cell.unknown else cell.printed(self.places)[0]

    def rounded(self, cell: CellView) -> Expr:
        """An input as a decimal, where it is not short and rational."""
        short = self.short(cell)
        if short is not None and isinstance(short, Num) or cell.unknown:
            return short if short is not None else cell.name
        return cell.printed(self.places)[0]

    def exact(self, cell: CellView) -> Expr | None:
        return cell.exact_if_short(10**6 if cell.unknown else LONGEST, self.exactly)

    def by_hand(self, cell: CellView) -> Line:
        """What comes out by hand, where that is another number than the rounded one."""
        hand = cell.by_hand_number
        if hand is None or cell.infinite:
            return ()
        number, _ = cell.rounded(hand.places or 0)
        if number.value == hand.value:
            return ()
        return ("by hand ", Math(hand))

    def undefined(self, cell: CellView) -> Line:
        undefined = cell.undefined
        assert undefined is not None
        origin = getattr(undefined, "origin", cell.key)
        if origin == cell.key:
            return (f"undefined: {undefined.reason}",)
        at = CellView(self.trace, self.trace.definitions[origin[0]], origin[1])
        return ("undefined, because ", Math(at.name), " is")

    # Results as grids

    def shown_rows(self, step: StepView) -> list[int]:
        if step.tensor.axes[0].counts == "query" and not self.feeds_back(step):
            return list(self.rows)
        return list(range(step.shape[0]))

    def feeds_back(self, step: StepView) -> bool:
        """In all passes but the last every row is needed by the next."""
        return bool(_pass(step)) and _pass(step) != str(self.trace.problem.wiring.repeat)

    def grid(self, step: StepView) -> Grid:
        rows = self.shown_rows(step)
        cells = [[self.result(cell) for cell in step.cells[i]] for i in rows]
        equal = all(isinstance(c, str) or e for row in cells for c, e in row)
        labels, columns = self.labels(step)
        unit = (f"in degrees, {step.unit}",) if step.unit else ()
        shown = tuple(tuple(c for c, _ in row) for row in cells)
        return Grid(Cell(step.tensor, ()), "=" if equal else "≈", tuple(labels[i] for i in rows), columns, shown, unit)

    def result(self, cell: CellView) -> tuple[Expr | str, bool]:
        if cell.undefined:
            return "undefined", True
        if cell.unknown:
            exact = self.exact(cell)
            return (exact if exact is not None and length(exact) <= 40 else "see above"), True
        return cell.printed(self.places)

    def exact_grid(self, step: StepView, worked: bool) -> tuple[Block, ...]:
        """The exact values, where they are short and no line has shown them all."""
        if worked and self.detail.worked == self.rows or step.kind != "calculate":
            return ()
        rows = self.shown_rows(step)
        cells = [[None if c.undefined or c.unknown else c.exact_if_short(SHORT, self.exactly) for c in step.cells[i]] for i in rows]
        if any(c is None for row in cells for c in row) or all(isinstance(c, Num) for row in cells for c in row):
            return ()
        labels, columns = self.labels(step)
        return (Grid(Cell(step.tensor, ()), "=", tuple(labels[i] for i in rows), columns, tuple(map(tuple, cells)), ("exactly",)),)  # type: ignore[arg-type]

    def hand_grid(self, step: StepView) -> tuple[Block, ...]:
        """What comes out by hand, where the problem says how and something differs."""
        if not self.trace.problem.paper.by_hand or step.kind != "calculate" or self.is_beside(step):
            return ()
        rows = self.shown_rows(step)
        places = self.trace.problem.paper.by_hand.get(step.name, self.places)
        pairs = [[(cell, cell.by_hand_number) for cell in step.cells[i]] for i in rows]
        if any(hand is None for row in pairs for _, hand in row):
            return ()
        differ = any(hand is not None and cell.rounded(places)[0].value != hand.value for row in pairs for cell, hand in row)
        if not differ and places == self.places:
            return ()
        labels, columns = self.labels(step)
        cells = tuple(tuple(as_written(cell, hand) for cell, hand in row if hand is not None) for row in pairs)
        remark = f"by hand, rounded to {places} decimals at each step" + ("; digits differ because earlier steps were rounded" if differ else "")
        return (Grid(Cell(step.tensor, ()), "≈", tuple(labels[i] for i in rows), columns, cells, (remark,)),)

    def sums_note(self, step: StepView) -> tuple[Block, ...]:
        """Rounded weights that do not add up to 1 say so."""
        if step.name != "weights" or self.trace.open_letters:
            return ()
        off: list[Line] = []
        for i in self.shown_rows(step):
            cells = step.cells[i]
            if any(c.undefined for c in cells):
                return ()
            total = sum((c.rounded(self.places)[0].value for c in cells), Fraction(0))
            exactly = any(not c.rounded(self.places).is_equal for c in cells)
            if exactly and total != 1:
                off.append((Em(self.trace.problem.tokens[i]), ": ", Math(Num(total, self.places))))
        if not off:
            return ()
        return (Text(("The rounded weights of a row need not add up to exactly 1, because each is rounded by itself (",
                      *listed(off), "). The exact weights do.",), "note"),)  # fmt: skip

    # What it means, and what was checked

    def meaning(self) -> list[Block]:
        texts: list[Block] = []
        for step in self.trace:
            if step.name != "weights" or self.feeds_back(step):
                continue
            prefix = step.id.removesuffix("weights")
            outputs = self.trace[f"{prefix}outputs"] if f"{prefix}outputs" in self.trace else None
            read = reading(self.trace, step, outputs, list(self.rows))
            if step.head and read:
                texts.append(Text((f"In head {step.head}:",), "aside"))
            texts += read
        for given in self.trace.given:
            if given.tensor.id == "weights" and "outputs" in self.trace:
                texts += reading(self.trace, StepView(self.trace, given), self.trace["outputs"], list(self.rows))
        return [Heading("What it means", 2, "meaning"), *texts] if texts else []

    def checked(self) -> list[Block]:
        if self.trace.open_letters:
            return []
        entries = [(check.holds, self.statement(check)) for check in checks(self.trace, self.rows)]
        return [Together((Heading("Checked", 2, "checked"), Checks(tuple(entries))))] if entries else []

    def statement(self, check: Check) -> Line:
        head = f"Head {check.step.split('.')[-2].removeprefix('head')}: " if "head" in check.step else ""
        if "pass" in check.step:
            head = f"Pass {check.step.split('.')[0].removeprefix('pass')}. " + head
        words: list[Inline] = [head + CHECKS[check.name]]
        if check.formula is not None:
            tensor = self.trace[check.step].tensor
            own = tensor[tuple(Index(axis.index) for axis in tensor.axes)]
            words += [" ", Math(own), " = ", Math(check.formula), "."]
        if check.holds is None:
            words.append(" It does not apply here, because a value is undefined or the weights do not add up to 1.")
        elif not check.holds:
            words.append(" It does not hold here.")
        return tuple(words)


def _pass(step: StepView) -> str:
    return step.id.split(".")[0].removeprefix("pass") if step.id.startswith("pass") else ""


def _labels(n: int) -> tuple[str, ...]:
    return tuple(str(k) for k in range(1, n + 1))


def _size(tensor: Tensor) -> str:
    return " × ".join(map(str, tensor.shape))


def _distinct(links: list[tuple[str, Expr]]) -> tuple[tuple[str, Expr], ...]:
    """The links without those that say the same again, long sums with their middle left out."""
    kept: list[tuple[str, Expr]] = []
    seen: list[str] = []
    for sign, expr in links:
        text = show(expr, plain)
        if text not in seen:
            kept.append((sign, elided(expr)))
            seen.append(text)
    return tuple(kept)


def speaks_decimals(trace: Trace) -> bool:
    """Whether the problem is written in decimals, so that 9.08 is clearer than 227/25."""
    for given in trace.given:
        shape = given.tensor.shape
        at = [(i,) for i in range(shape[0])] if len(shape) == 1 else [(i, j) for i in range(shape[0]) for j in range(shape[1])]
        if any(isinstance(n, Num) and n.places for where in at for n in walk(given.entry(where))):
            return True
    return False


def _decimals(value: Fraction) -> Expr:
    """A rational number as a decimal, where it ends after a few places."""
    for places in range(1 if value.denominator > 1 else 0, 7):
        if (value * 10**places).denominator == 1:
            return Num(value, places or None)
    return Num(value)


def as_product(step: StepView) -> tuple[Expr, str] | None:
    """The step as one line about whole matrices, S = Q Kᵀ, and the sizes; None where it is no product of two."""
    formula, bias = step.formula, None
    if isinstance(formula, Add) and len(formula.terms) == 2 and isinstance(formula.terms[1], Cell):
        formula, bias = formula.terms[0], formula.terms[1]
    if isinstance(formula, Join):
        return None
    if not (isinstance(formula, Sum) and isinstance(formula.body, Mul) and len(step.shape) == 2):
        return None
    cells = formula.body.factors
    if len(cells) != 2 or not all(isinstance(cell, Cell) and len(cell.at) == 2 for cell in cells):
        return None
    row, column = (axis.index for axis in step.tensor.axes)
    left = next((c for c in cells if isinstance(c, Cell) and row in {i.name for i in c.at}), None)
    right = next((c for c in cells if isinstance(c, Cell) and column in {i.name for i in c.at}), None)
    if left is None or right is None or left is right or any(i.shift for c in (left, right) for i in c.at):
        return None
    sides: list[Expr] = []
    sizes = []
    for cell, outer in ((left, 0), (right, 1)):
        upright = cell.at[outer].name == (row, column)[outer]
        whole = Cell(cell.tensor, ())
        sides.append(whole if upright else Pow(whole, Constant("⊤")))
        shape = cell.tensor.shape if upright else cell.tensor.shape[::-1]
        sizes.append(f"({shape[0]} × {shape[1]})")
    product: Expr = Mul(tuple(sides))
    if bias is not None:
        product = Add((product, Cell(bias.tensor, ())))
    return product, f"{sizes[0]} · {sizes[1]} = {_size(step.tensor)}"


__all__ = ["DETAILS", "Details", "only", "solution", "usual"]
