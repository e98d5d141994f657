"""The result in plain words: apple keeps 57 % of itself and takes 43 % from orange."""

from __future__ import annotations

from fractions import Fraction
from typing import TypeAlias

from tracer.checks import traits
from tracer.document import Em, Line, Math, Text
from tracer.expr import Row
from tracer.language import Language
from tracer.parts.words import listed
from tracer.trace import Trace
from tracer.views import CellView, StepView

FEW = 6
PERCENT = "{n}\u00a0%"

Share: TypeAlias = tuple[Fraction, bool]


def reading(trace: Trace, weights: StepView, outputs: StepView | None, rows: tuple[int, ...]) -> list[Text]:
    """One sentence for each query row: where its attention goes, and what becomes of it."""
    say, found = trace.problem.paper.style.language, []
    for row in weights.tensor.axes[0].along(rows):
        attention = _attention(trace, weights, row)
        if attention and outputs is not None and not weights[row, 0].undefined:
            found.append(Text(_becomes(trace, outputs, row, attention)))
        elif attention:
            found.append(Text(say.line("{attention}.", attention=attention)))
    return found


def _attention(trace: Trace, weights: StepView, row: int) -> Line:
    """Apple keeps 57 % of itself and takes 43 % from orange."""
    say, word, keys = trace.problem.paper.style.language, Em(weights.rows[row]), trace.problem.key_tokens
    cells = [weights[row, j] for j in range(weights.shape[1])]
    if any(cell.unknown for cell in cells):
        return ()
    if any(cell.undefined for cell in cells):
        return say.line(
            "{word} has no weights: they are undefined, because {reason}. The softmax is the way out: e to any power "
            "is positive, so no row can add up to 0"
            if "rows may add up to 0" in traits(trace.problem)
            else "{word} has no weights: they are undefined, because {reason}",
            word=word,
            reason=say.text(_reason(cells)),
        )
    shares = [share_of(cell) for cell in cells]
    if all(share == 0 for share, _ in shares):
        return say.line("{word} may see no word at all, so it takes nothing from any", word=word)
    past, words = trace.problem.past, trace.problem.tokens
    own = past + weights.tensor.axes[0].first + row if keys[past:] == words else None
    kept: Line = (percent(shares[own], say),) if own is not None and shares[own][0] > 0 else ()
    taken = _taken(shares, keys, own, say)
    if kept and taken:
        line = say.line("{word} keeps {share} of itself and takes {shares}", word=word, share=kept, shares=taken)
    elif kept:
        line = say.line("{word} keeps {share} of itself", word=word, share=kept)
    elif taken:
        line = say.line("{word} takes {shares}", word=word, shares=taken)
    else:
        return say.line("{word} has negative weights only", word=word)
    if any(share < 0 for share, _ in shares):
        return say.line("{attention}, with negative weights besides", attention=line)
    if "weights stand alone" in traits(trace.problem):
        return say.line(
            "{attention}; each of these weights is found by itself, so they need not add up to {all}",
            attention=line,
            all=say.text(PERCENT, n="100"),
        )
    rest = weights.id.removesuffix("weights") + "rest"
    if rest not in trace:
        return line
    share = percent(share_of(trace[rest][row]), say)
    return say.line("{attention}; {share} of its attention goes to no word", attention=line, share=share)


def _taken(shares: list[Share], keys: tuple[str, ...], own: int | None, say: Language) -> Line:
    """43 % from orange and 3 % from the others: the largest shares first."""
    others = [j for j, (share, _) in enumerate(shares) if j != own and share > 0]
    others.sort(key=lambda j: -shares[j][0])
    parts = [say.line("{share} from {word}", share=percent(shares[j], say), word=Em(keys[j])) for j in others[:FEW]]
    if rest := len(others[FEW:]):
        parts.append((say.count(rest, "the rest from {n} other word", "the rest from {n} other words"),))
    return listed(parts, say) if parts else ()


def _reason(cells: list[CellView]) -> str:
    return next(c.undefined.reason for c in cells if c.undefined)


def share_of(cell: CellView) -> Share:
    """A weight in percent, rounded, and whether that is all of it; 0 only where nothing at all is taken."""
    number, is_equal = cell.rounded(2)
    if number.value == 0 and not is_equal:
        exact, _ = cell.rounded(30)
        return (Fraction(1, 1000) if exact.value >= 0 else Fraction(-1, 1000)), False
    return number.value * 100, is_equal


def percent(share: Share, say: Language) -> str:
    """57 %, all, or less than 1 %."""
    value, is_equal = share
    if 0 < value < 1:
        return say.text("less than {percent}", percent=say.text(PERCENT, n="1"))
    whole = say.text(PERCENT, n=str(value))
    return say.text("nearly {percent}", percent=whole) if value == 100 and not is_equal else whole


def _becomes(trace: Trace, outputs: StepView, row: int, attention: Line) -> Line:
    """…: (2, 2) becomes (1.14, 2.43), by hand and rounded only at the end where the two differ."""
    say, cells = trace.problem.paper.style.language, [outputs[row, c] for c in range(outputs.shape[1])]
    if len(cells) > FEW or any(cell.undefined or cell.unknown for cell in cells):
        return say.line("{attention}.", attention=attention)
    places, before = trace.tables.places_by_hand("outputs"), _before(trace, row, outputs)
    new = Math(Row(tuple(cell.printed(places)[0] for cell in cells)))
    hand = [cell.by_hand_written for cell in cells]
    if not (trace.problem.paper.by_hand and any(cell.by_hand_differs for cell in cells)):
        if before is None:
            return say.line("{attention}: its new vector is {new}.", attention=attention, new=new)
        return say.line("{attention}: {before} becomes {new}.", attention=attention, before=before, new=new)
    by_hand = Math(Row(tuple(number for number in hand if number is not None)))
    if before is None:
        return say.line(
            "{attention}: its new vector is {by_hand} when worked by hand, and {new} when rounded only at the end.",
            attention=attention,
            by_hand=by_hand,
            new=new,
        )
    return say.line(
        "{attention}: {before} becomes {by_hand} when worked by hand, and {new} when rounded only at the end.",
        attention=attention,
        before=before,
        by_hand=by_hand,
        new=new,
    )


def _before(trace: Trace, row: int, outputs: StepView) -> Math | None:
    """The word's own vector, where the words are mixed as they are and nothing is projected."""
    given = trace.problem.given
    if "X" not in given or {"W_V", "V", "Y"} & set(given) or outputs.id != "outputs":
        return None
    X = trace["X"]
    if X.shape[0] != len(trace.problem.tokens) or "encoded" in trace:
        return None
    return Math(Row(tuple(X[row, c].written for c in range(X.shape[1]))))
