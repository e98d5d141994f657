"""What is given: every matrix with its name and size."""

from __future__ import annotations

from tracer.document import Block, Card, Grid, Heading, Line, Math, Text
from tracer.expr import Cell, Letter
from tracer.parts.words import listed
from tracer.trace import Trace
from tracer.views import StepView

NAMES = {
    "X": "the words as vectors, one row each", "Y": "the other sequence, one row each", "Q": "queries", "K": "keys",
    "V": "values", "S": "scores", "A": "attention weights", "M": "mask, 1 for “may attend”",
    "B": "bias, added to the scores", "Emb": "embedding table",
    "H": "the words as one-hot rows", "W_Q": "query weights", "W_K": "key weights", "W_V": "value weights",
    "W_O": "output weights", "b_Q": "query bias", "b_K": "key bias", "b_V": "value bias", "b_O": "output bias",
    "g_Q": "gain of the queries", "g_K": "gain of the keys",
    "W_1": "additive weights for the query", "W_2": "additive weights for the key",
    "v": "how much each feature counts", "W_S": "similarity weights",
    "r": "relative positions, one number for each distance",
    "s": "logits of the sinks, one for each head",
    "dO": "gradient of the loss with respect to the outputs", "dP": "gradient of the loss with respect to the result",
    "dJ": "gradient of the loss with respect to the joined heads",
    "K_P": "keys of earlier words", "V_P": "values of earlier words",
}  # fmt: skip

HIDING = "mask, 1 for “hidden”"  # a mask that is read the other way round


def note(trace: Trace) -> list[Block]:
    """What the problem says about its numbers."""
    say, entries = trace.problem.paper.style.language, trace.problem.note
    return (
        [Card(say.text("About these numbers"), tuple((term, (text,)) for term, text in entries.items()), "note")]
        if entries
        else []
    )


def what_is_given(trace: Trace) -> list[Block]:
    """A heading, and a grid for each given matrix."""
    say = trace.problem.paper.style.language
    return [Heading(say.text("What is given"), 2, "given"), *(grid(trace[given.tensor.id]) for given in trace.given)]


def grid(step: StepView) -> Grid:
    """A given matrix as it was written; a vector is a row."""
    cells = tuple(tuple(cell.written for cell in row) for row in step.cells)
    name = Cell(step.tensor, ())
    if len(step.shape) == 1:
        row_of = tuple(cell.id for (cell,) in step.cells)
        return Grid(name, "=", ("",), step.rows, (tuple(row[0] for row in cells),), _what(step), (row_of,))
    ids = tuple(tuple(cell.id for cell in row) for row in step.cells)
    return Grid(name, "=", step.rows, step.columns, cells, _what(step), ids)


def _what(step: StepView) -> Line:
    """The matrix in words, and its size."""
    say = step.problem.paper.style.language
    hides = any(setting.told.get("ones") == "hidden" for setting in step.problem.wiring.logits)
    name = say.text(HIDING if hides and step.symbol == "M" else NAMES.get(step.symbol, step.symbol))
    sizes = " × ".join(map(str, step.shape))
    if not step.id.startswith("head"):
        return (say.text("{matrix}, {sizes}", matrix=name, sizes=sizes),)
    head = int(step.id.split(".")[0].removeprefix("head"))
    wiring = step.problem.wiring
    group = wiring.n_heads // wiring.n_kv_heads if step.symbol[-1] in "KV" else 1
    if group == 1:
        return (say.text("{matrix} of head {head}, {sizes}", matrix=name, head=head, sizes=sizes),)
    heads = f"{group * (head - 1) + 1}–{group * head}"
    return (say.text("{matrix} of heads {heads}, {sizes}", matrix=name, heads=heads, sizes=sizes),)


def letters(trace: Trace) -> list[Block]:
    """What it means that some numbers are letters."""
    names, say = trace.open_letters, trace.problem.paper.style.language
    if not names:
        return []
    line = say.line(
        "{letters} is a letter without a number, so the results stay formulas. Put numbers in with --let {first}=2."
        if len(names) == 1
        else "{letters} are letters without a number, so the results stay formulas. "
        "Put numbers in with --let {first}=2.",
        letters=listed([(Math(Letter(name)),) for name in names], say),
        first=names[0],
    )
    return [Text(line, "note")]
