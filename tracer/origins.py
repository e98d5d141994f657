"""Where every number comes from, in a few lines a step: `weights[i, j]` from `exponentials[i, j]` and `row_sums[i]`.

    scores[1…4, 1…4]      from  query[i, 1…3], key[j, 1…3]
    masked[1…2, 1]        from  scores[i, j]                    other cells of the step have other origins
    joined[1…4, 3…4]      from  head2.outputs[i, j − 2]

So a page can tell the origin of each of ten thousand cells and stay small.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from tracer.document import Along, Origin, Source
from tracer.evaluate import Table, Where, instantiate, piece_of
from tracer.expr import Case, Cell, Expr, Index, Join, Max, Pieces, Ranked, Sum, Tensor, children, walk
from tracer.trace import Trace

Ends = tuple[int, int]
Spans = dict[str, Ends]  # the indices that a sum runs through, with their first and last position


def origins(trace: Trace) -> tuple[Origin, ...]:
    """For the cells of every step: which cells they are computed from, in the order of the work."""
    return tuple(o for step in trace.steps for o in _of(step.tensor, step.formula, trace.tables.conditions))


def _of(tensor: Tensor, formula: Expr, table: Table) -> Iterator[Origin]:
    """The cells of a step, parted by where they come from: all together, unless the formula tells cases apart."""
    if any(isinstance(node, Cell) and any(index.less for index in node.at) for node in walk(formula)):
        yield from _row_by_row(tensor, formula, table)
        return
    if not any(isinstance(node, Case | Join | Pieces) for node in walk(formula)):
        everywhere = tuple((1, size) for size in tensor.shape)
        yield Origin(tensor.id, everywhere, _sources(formula, tensor, {}, {}, table))
        return
    *rows, _ = tensor.axes
    if not rows:
        yield from (Origin(tensor.id, (ends,), sources) for ends, sources in _runs(tensor, {}, formula, table))
        return
    begun: dict[tuple[Ends, tuple[Source, ...]], int] = {}  # a run of a row's cells -> the row where it began
    for i in range(1, rows[0].size + 2):
        runs = list(_runs(tensor, {rows[0].index: i - 1}, formula, table)) if i <= rows[0].size else []
        for run in [run for run in begun if run not in runs]:
            yield Origin(tensor.id, ((begun.pop(run), i - 1), run[0]), run[1])
        for run in runs:
            begun.setdefault(run, i)


def _row_by_row(tensor: Tensor, formula: Expr, table: Table) -> Iterator[Origin]:
    """A distance, j − i, is a place in step with j alone once the row is fixed."""
    rows, *columns = tensor.axes
    for i in range(rows.size):
        ranges = ((i + 1, i + 1), *((1, axis.size) for axis in columns))
        row = instantiate(formula, {rows.index: i}, table)
        yield Origin(tensor.id, ranges, _sources(row, tensor, {rows.index: i}, {}, table))


def _runs(tensor: Tensor, row: Where, formula: Expr, table: Table) -> Iterator[tuple[Ends, tuple[Source, ...]]]:
    """The cells of one row, or of a vector, parted where their origins change."""
    axis = tensor.axes[-1]
    places = range(1, axis.size + 1)
    each = [_sources(formula, tensor, {**row, axis.index: j - 1}, {}, table) for j in places]
    for sources, run in groupby(places, key=lambda j: each[j - 1]):
        js = list(run)
        yield (js[0], js[-1]), sources


def _sources(expr: Expr, of: Tensor, where: Where, spans: Spans, table: Table) -> tuple[Source, ...]:
    """The cells that a formula looks up, each range once; cases are decided at a place."""
    match expr:
        case Cell(tensor, at):
            return (Source(tensor.id, tuple(_along(index, of, spans) for index in at)),)
        case Case(when, then, otherwise):
            return _sources(then if table.holds(when, where) else otherwise, of, where, spans, table)
        case Sum(index, size, body) | Max(index, size, body) | Ranked(_, index, size, body):
            parts = _alike(index, size, body, where, table)
            each = (
                _sources(body, of, {**where, index: low}, {**spans, index: (low, high)}, table) for low, high in parts
            )
            return tuple(dict.fromkeys(source for sources in each for source in sources))
        case Join():
            return _sources(_part(expr, where[expr.index]), of, where, spans, table)
        case Pieces():
            body, within = piece_of(expr, where)
            return _sources(instantiate(body, within, table), of, where, spans, table)
    found = [source for child in children(expr) for source in _sources(child, of, where, spans, table)]
    return tuple(dict.fromkeys(found))


def _alike(index: str, size: int, body: Expr, where: Where, table: Table) -> list[Ends]:
    """The positions that a sum runs through, parted where a case in its body is decided otherwise."""
    cases = [node.when for node in walk(body) if isinstance(node, Case)]
    if not cases:
        return [(0, size - 1)]
    parts = []
    for _, run in groupby(range(size), key=lambda n: [table.holds(when, {**where, index: n}) for when in cases]):
        positions = list(run)
        parts.append((positions[0], positions[-1]))
    return parts


def _part(join: Join, n: int) -> Cell:
    """The part of a join that stands at column n, counted from its own first column."""
    before = 0
    for cell in join.parts:
        width = next(a.size for a, ix in zip(cell.tensor.axes, cell.at, strict=True) if ix.name == join.index)
        if n < before + width:
            return Cell(cell.tensor, tuple(ix - before if ix.name == join.index else ix for ix in cell.at))
        before += width
    raise IndexError(f"{join.index} = {n} lies beyond all parts")


def _along(index: Index, of: Tensor, spans: Spans) -> Along:
    """One axis of what is looked up: a range where a sum runs, else one place, fixed or in step with the cell's."""
    first = index.shift + 1
    if index.name is None:
        return Along(0, 0, first, first)
    if index.name in spans:
        low, high = spans[index.name]
        return Along(0, 0, index.scale * low + first, index.scale * high + first)
    axis = [axis.index for axis in of.axes].index(index.name)
    return Along(axis, index.scale, first - index.scale, first - index.scale)
