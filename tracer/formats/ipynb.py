"""A trace as a Jupyter notebook: each step with its reason and its formula, and a cell of NumPy that computes it again.

The code is written from the step's formula (`notation/numpy_code.py`), never from what somebody typed; the numbers
it is checked against are those of the worked solution. Outputs are stored, so that the notebook shows them unrun.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from tracer.document import Em, Line, Link
from tracer.expr import Cell, Tensor
from tracer.formats import traces
from tracer.names import IN_ROWS, SYMBOLS
from tracer.notation.latex import Latex
from tracer.notation.numpy_code import NumPyCode
from tracer.operations import indices
from tracer.parts.given import grid
from tracer.parts.products import as_product
from tracer.parts.words import rich, titled
from tracer.problem import Values
from tracer.rounding import trimmed
from tracer.show import show
from tracer.trace import Trace
from tracer.views import CellView, StepView, decimal_text

NAMES = {
    **SYMBOLS, "query_norms": "q_norm", "key_norms": "k_norm", "query_angles": "phi", "key_angles": "psi",
    "encoded": "X_encoded", "normed_query": "Q_normed", "normed_key": "K_normed", "rotated_query": "Q_rotated",
    "rotated_key": "K_rotated", "cosines": "cos_theta", "angles": "theta",
    "scaled": "Z", "capped": "Z_capped", "biased": "Z_biased", "bias": "B",
    "masked": "Z_masked", "table": "Emb", "mask": "M",
    "tempered": "Z_tempered", "alibi": "Z_alibi", "relative_scores": "Z_relative", "relative": "r",
    "expanded_scores": "S_expanded", "differences": "difference",
    "mapped_query": "Q_mapped", "mapped_key": "K_mapped", "threshold": "tau", "linear_outputs": "O_linear",
    "d_projected": "dP", "mean_gradients": "mu", "d_capped": "dZ_capped", "d_masked": "dZ_masked",
    "d_biased": "dZ_biased", "d_tempered": "dZ_tempered", "d_alibi": "dZ_alibi", "d_relative_scores": "dZ_relative",
    "d_query_sizes": "dQ_sizes", "d_key_sizes": "dK_sizes",
    "d_encoded": "dX_encoded", "d_normed_query": "dQ_normed", "d_normed_key": "dK_normed",
    "d_rotated_query": "dQ_rotated", "d_rotated_key": "dK_rotated",
    "d_key_shared": "dK_shared", "d_value_shared": "dV_shared",
}  # fmt: skip
CERTAIN = 6  # decimals that double precision is trusted with
TOLERANCE = "1e-6"  # how far from each other two numbers may be, relatively, that double precision takes for the same
LARGE, MANTISSA = 10**12, 9  # from here on a number is written with a power of ten, with so many decimals
OTHERWISE = {c: f"&#{ord(c)};" for c in "`*_[]<>#|~&"} | {c: f"<span>&#{ord(c)};</span>" for c in "\\$"}
KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


@traces.register(".ipynb")
def ipynb(trace: Trace) -> bytes:
    """The notebook, nbformat 4.5, the same bytes every time."""
    cells = list(Notebook(trace).cells())
    number = 0
    for n, cell in enumerate(cells, 1):
        cell["id"] = f"cell-{n}"
        if cell["cell_type"] == "code":
            number += 1
            cell["execution_count"] = number
            for output in cell["outputs"]:
                output["execution_count"] = number
    data = {"cells": cells, "metadata": KERNEL, "nbformat": 4, "nbformat_minor": 5}
    return (json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


class Notebook:
    """The cells of one trace."""

    def __init__(self, trace: Trace) -> None:
        style = trace.problem.paper.style
        self.trace, self.language, self.tex = trace, style.language, Latex(style.signs)
        self.places = min(trace.problem.paper.places, CERTAIN)
        self.names = variables([*(one.tensor for one in trace.given), *(step.tensor for step in trace.steps)])
        self.code = NumPyCode(self.names)

    def cells(self) -> Iterator[dict[str, Any]]:
        """Title, what is given, and the steps."""
        say, problem = self.language.text, self.trace.problem
        source = say("Source: {source}", source=typed(problem.source)) if problem.source else ""
        notes = [f"**{typed(term)}:** {typed(text)}" for term, text in problem.note.items()]
        style = problem.paper.style
        block = " · ".join(typed(part) for part in (style.course, style.name, style.date) if part)
        yield words([block, f"# {typed(problem.title)}", source, *notes, self.what_it_is()])
        if not self.trace.open_letters:
            yield code([*self.opening(), *(line for d in self.trace.given for line in self.given(d.tensor, d.values))])
        number = 0
        for _, group in groupby(self.trace, key=lambda step: step.name if step.name in IN_ROWS else step.id):
            steps = [step for step in group if step.name not in IN_ROWS or self.is_asked_for(step)]
            if steps:
                number += 1
                yield from self.steps(number, steps)

    def what_it_is(self) -> str:
        """What the notebook does; with letters, why it computes nothing."""
        say, letters = self.language.text, self.trace.open_letters
        if letters:
            return say(
                "{letters} stand for numbers that are not given, so there is nothing to compute here: "
                "each step has its formula only. Put numbers in with --let {first}=2.",
                letters=", ".join(letters),
                first=letters[0],
            )
        return say(
            "Each cell computes one step from the steps before it, and checks it against the worked solution. "
            "Run them from the top; then change a number and see what becomes of it: "
            "the checks will object, and may be deleted."
        )

    def is_asked_for(self, step: StepView) -> bool:
        """Whether a step that there is for each row is about a query that is worked."""
        rows = self.trace.problem.wiring.queries
        number = int(step.id.split(".")[-2].removeprefix("row"))
        return rows is None or number - 1 in rows

    def opening(self) -> list[str]:
        """The import, and the function that checks a step."""
        say = self.language.text
        quiet = say("where a number does not exist, NumPy answers nan or inf, without a warning")
        meaning = say("Hold computed numbers against those of the worked solution; nan means that none is printed.")
        return [
            "import numpy as np",
            "",
            f"np.set_printoptions(precision={self.places}, suppress=True)",
            f'np.seterr(all="ignore")  # {quiet}',
            "",
            "",
            "def check(computed, printed):",
            f'    """{meaning}"""',
            "    printed = np.array(printed, dtype=float)",
            "    there = ~np.isnan(printed)",
            f"    assert np.allclose(computed[there], printed[there], rtol={TOLERANCE}, atol={self.tolerance()})",
            "",
        ]

    def tolerance(self) -> str:
        """A little more than half of the last decimal that is printed."""
        return f"0.51e-{self.places}" if self.places < CERTAIN else TOLERANCE

    def given(self, tensor: Tensor, values: Values) -> list[str]:
        """A given matrix as an array, with its name in words and a comment for each row."""
        step = self.trace[tensor.id]
        remark = "".join(part for part in grid(step).remark if isinstance(part, str))
        entry = self.code.fold
        if len(values.shape) == 1:
            row = ", ".join(entry(values.entry((n,)), {}).text for n in range(values.shape[0]))
            return ["", f"# {comment(remark)}", f"{self.names[tensor.id]} = np.array([{row}], dtype=float)"]
        rows = [[entry(values.entry((i, j)), {}).text for j in range(values.shape[1])] for i in range(values.shape[0])]
        labels = step.rows if tensor.axes[0].counts else ()
        return [
            "",
            f"# {comment(remark)}",
            f"{self.names[tensor.id]} = np.array([",
            *listed(rows, labels),
            "], dtype=float)",
        ]

    def steps(self, number: int, steps: list[StepView]) -> Iterator[dict[str, Any]]:
        """A step in words and as code; what there is for each row shares its words."""
        first = steps[0]
        title = f"## {number}. {titled(first)}"
        because = rich(self.language.text(first.because))
        yield words([title, self.line(because), f"$$\n{self.formula(first)}\n$$"])
        if not self.trace.open_letters:
            for step in steps:
                yield self.computed(step)

    def formula(self, step: StepView) -> str:
        """The step's formula, as a product of whole matrices first where it is one."""
        assert step.formula is not None
        own = f"{show(step.tensor[indices(step.tensor)], self.tex)} = {show(step.formula, self.tex)}"
        product = as_product(step)
        if product is None:
            return own
        return rf"{show(Cell(step.tensor, ()), self.tex)} = {show(product[0], self.tex)}, \qquad {own}"

    def computed(self, step: StepView) -> dict[str, Any]:
        """The code of a step, its check, and what it prints."""
        assert step.formula is not None
        name = self.names[step.id]
        is_vector = len(step.shape) == 1
        rows = [[self.printed(cell) for cell in step.row(i)] for i in range(step.shape[0])]
        if is_vector:
            check = [f"check({name}, [{', '.join(row[0] for row in rows)}])"]
        else:
            check = [f"check({name}, [", *listed(rows, step.rows if step.tensor.axes[0].counts else ()), "])"]
        lines = [*self.code.step(step.tensor, step.formula), *self.why_not(step), *check, name]
        return code(lines, self.trace.tables.floats.text(step.id, self.places))

    def printed(self, cell: CellView) -> str:
        """The certain number that a cell is checked against; nan where there is none, or none in double precision."""
        if self.is_beyond(cell):
            return "np.nan"
        if cell.infinite:
            return "np.inf" if cell.infinite > 0 else "-np.inf"
        number, is_equal = cell.rounded(self.places)
        if abs(number.value) >= LARGE:
            mantissa, exponent = cell.tables.rounding.scientific(cell.key, MANTISSA)
            return f"{decimal_text(mantissa)}e{exponent}"
        return decimal_text(trimmed(number) if is_equal else number)

    def is_beyond(self, cell: CellView) -> bool:
        """Whether a number does not exist, or cannot be had in double precision."""
        if cell.undefined:
            return True
        value = float(self.trace.tables.floats[cell.key[0]][cell.at])
        if cell.infinite:
            return value != cell.infinite * float("inf")
        number = cell.decimal(self.places)
        return number is None or not abs(float(number) - value) <= float(self.tolerance()) + float(TOLERANCE) / 2 * abs(
            value
        )

    def why_not(self, step: StepView) -> list[str]:
        """Comments on the numbers that are not checked."""
        say = self.language.text
        cells = [cell for row in step.cells for cell in row]
        reasons = dict.fromkeys(cell.undefined.reason for cell in cells if cell.undefined)
        said = [f"np.nan: {say('undefined: {reason}', reason=say(reason))}" for reason in reasons]
        if any(not cell.undefined and self.is_beyond(cell) for cell in cells):
            said.append(f"np.nan: {say('double precision cannot hold this number, and the worked solution can')}")
        return [f"# {line}" for line in said]

    def line(self, line: Line) -> str:
        """A line of words and formulas."""
        return "".join(
            typed(p)
            if isinstance(p, str)
            else typed(p.text)
            if isinstance(p, Em)
            else self.line(p.line)
            if isinstance(p, Link)
            else f"${show(p.expr, self.tex)}$"
            for p in line
        )


def variables(tensors: list[Tensor]) -> dict[str, str]:
    """A variable for each tensor: S, S_head1, O_pass2. Made from ids, so that no typed symbol becomes code."""
    names = {}
    for tensor in tensors:
        *where, name = tensor.id.split(".")
        rows = [part for part in where if part.startswith("row")]
        others = [part for part in where if not part.startswith("row")]
        marks = [part.removeprefix("row") for part in rows] + others
        names[tensor.id] = "_".join([NAMES.get(name, name), *marks])
    return names


def listed(rows: list[list[str]], labels: tuple[str, ...] = ()) -> list[str]:
    """Rows of numbers as the inside of a list, the entries below each other."""
    wide = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    lines = ["    [" + ", ".join(f"{entry:>{w}}" for entry, w in zip(row, wide, strict=True)) + "]," for row in rows]
    return [f"{line}  # {comment(label)}" for line, label in zip(lines, labels, strict=True)] if labels else lines


def comment(text: str) -> str:
    """What people typed, in a comment that it cannot leave."""
    return "".join(c if c.isprintable() else " " for c in text)


def typed(text: str) -> str:
    """What people typed, in a cell of words: no character of it is Markdown's, or begins a formula."""
    return "".join(OTHERWISE.get(c, c) if c.isprintable() else " " for c in text)


def words(parts: list[str]) -> dict[str, Any]:
    """A cell of words."""
    source = "\n\n".join(part for part in parts if part)
    return {"cell_type": "markdown", "metadata": {}, "source": source.splitlines(keepends=True)}


def code(lines: list[str], shown: str = "") -> dict[str, Any]:
    """A cell of code with what it shows."""
    outputs = [
        {"output_type": "execute_result", "metadata": {}, "data": {"text/plain": shown.splitlines(keepends=True)}}
    ]
    source = "\n".join(lines).splitlines(keepends=True)
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": outputs if shown else []}
