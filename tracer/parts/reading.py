"""The result in plain words: apple keeps 57 % of itself and takes 43 % from orange."""

from __future__ import annotations

from fractions import Fraction

from tracer.document import Em, Line, Math, Text
from tracer.expr import Expr, Row
from tracer.parts.words import listed
from tracer.trace import Trace
from tracer.views import CellView, StepView

FEW = 6


def reading(trace: Trace, weights: StepView, outputs: StepView | None, rows: tuple[int, ...]) -> list[Text]:
    """One sentence for each query row: where its attention goes, and what becomes of it."""
    found = []
    for row in rows:
        line = _attention(trace, weights, row)
        if line and outputs is not None and not weights[row, 0].undefined:
            line += _becomes(trace, outputs, row)
        if line:
            found.append(Text((*line, ".")))
    return found


def _attention(trace: Trace, weights: StepView, row: int) -> Line:
    query, keys = trace.problem.tokens[row], trace.problem.key_tokens
    cells = [weights[row, j] for j in range(weights.shape[1])]
    if any(cell.unknown for cell in cells):
        return ()
    by_sum = trace.problem.wiring.normalisation == "sum"
    if any(cell.undefined for cell in cells):
        way_out = " The softmax is the way out: e to any power is positive, so no row can add up to 0" if by_sum else ""
        return (Em(query), f" has no weights: they are undefined, because {_reason(cells)}.{way_out}")
    shares = [(share_of(cell), keys[j], j) for j, cell in enumerate(cells)]
    if all(share == 0 and not exactly for (share, exactly), _, _ in shares) or all(s == 0 for (s, _), _, _ in shares):
        return (Em(query), " may see no word at all, so it takes nothing from any")
    own = row if keys == trace.problem.tokens else None
    parts: list[Line] = []
    if own is not None and shares[own][0][0] > 0:
        parts.append(("keeps ", percent(shares[own][0]), " of itself"))
    taken = sorted((s for s in shares if s[2] != own and s[0][0] > 0), key=lambda s: (-s[0][0], s[2]))
    verbs: list[Line] = [
        ("takes " if n == 0 else "", percent(share), " from ", Em(key)) for n, (share, key, _) in enumerate(taken[:FEW])
    ]
    if len(taken) > FEW:
        verbs.append(("the rest from ", f"{len(taken) - FEW} other words"))
    if verbs:
        parts.append(listed(verbs))
    negative = any(share < 0 for (share, _), _, _ in shares)
    return (Em(query), " ", *listed(parts), *((", with negative weights besides",) if negative else ()))


def _reason(cells: list[CellView]) -> str:
    return next(c.undefined.reason for c in cells if c.undefined)


def share_of(cell: CellView) -> tuple[Fraction, bool]:
    """A weight in percent, rounded, and whether that is all of it; 0 only where nothing at all is taken."""
    number, is_equal = cell.rounded(2)
    if number.value == 0 and not is_equal:
        exact, _ = cell.rounded(30)
        return (Fraction(1, 1000) if exact.value >= 0 else Fraction(-1, 1000)), False
    return number.value * 100, is_equal


def percent(share: tuple[Fraction, bool]) -> str:
    """57 %, all, or less than 1 %."""
    value, is_equal = share
    if 0 < value < 1:
        return "less than 1\u00a0%"
    if value == 100 and not is_equal:
        return "nearly 100\u00a0%"
    return f"{value}\u00a0%"


def _becomes(trace: Trace, outputs: StepView, row: int) -> Line:
    """(2, 2) becomes (1.14, 2.43), by hand and rounded only at the end where the two differ."""
    cells = [outputs[row, c] for c in range(outputs.shape[1])]
    if len(cells) > FEW or any(cell.undefined or cell.unknown for cell in cells):
        return ()
    places = trace.tables.places_by_hand("outputs")
    new: Line = (Math(Row(tuple(cell.printed(places)[0] for cell in cells))),)
    hand = [cell.by_hand_written for cell in cells]
    if trace.problem.paper.by_hand and any(cell.by_hand_differs for cell in cells):
        by_hand = Row(tuple(number for number in hand if number is not None))
        new = (Math(by_hand), " when worked by hand, and ", *new, " when rounded only at the end")
    before = _before(trace, row, outputs)
    return (": its new vector is ", *new) if before is None else (": ", Math(before), " becomes ", *new)


def _before(trace: Trace, row: int, outputs: StepView) -> Expr | None:
    """The word's own vector, where the words are mixed as they are and nothing is projected."""
    given = trace.problem.given
    if "X" not in given or {"W_V", "V", "Y"} & set(given) or outputs.id != "outputs":
        return None
    X = trace["X"]
    if X.shape[0] != len(trace.problem.tokens):
        return None
    return Row(tuple(X[row, c].written for c in range(X.shape[1])))
