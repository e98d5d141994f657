"""The numbers of a page that another version of tracer has printed: each against the certified value of its cell."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tracer import numbers
from tracer.expr import Expr, Neg, Num
from tracer.notation.plain import Plain
from tracer.show import show
from tracer.trace import Trace
from tracer.verifying.comparing import bare, value
from tracer.verifying.finding import Finding
from tracer.verifying.printed import Leaf, Printed
from tracer.views import SHORT, CellView

NAME = re.compile(r"(?:(?P<view>[a-z ]+) )?(?P<step>[\w.]+)\[(?P<at>\d+(?:,\d+)?)\](?: \d+)?")


def certified(found: Printed, trace: Trace) -> Iterator[Finding | None]:
    """For each place that shows a cell of a trace as a plain number: what does not stand, or None where it does."""
    plain = Plain(trace.problem.paper.style.signs)
    for leaf in found.leaves:
        text = bare(value(leaf.text)).removesuffix("°")
        name, printed = NAME.fullmatch(leaf.id), plain_number(text)
        if not name or printed is None:
            continue
        cell = cell_of(trace, name["step"], name["at"])
        if cell is None:
            yield Finding("added", leaf.page, leaf.id, text)
            continue
        should, is_equal = as_it_is(cell, name["view"] or "", printed.places or 0)
        expected = should and plain_number(show(should, plain))
        if expected is None:
            continue
        if expected != printed:
            yield Finding("number", leaf.page, leaf.id, text, show(expected, plain))
        elif (leaf.sign or relation(leaf)) == "=" and not is_equal:
            yield Finding("sign", leaf.page, leaf.id, text)
        else:
            yield None


def plain_number(text: str) -> Num | None:
    """A number without fraction, root or power; None for any other text."""
    try:
        read = numbers.read(text)
    except numbers.Unreadable:
        return None
    body = read.body if isinstance(read, Neg) else read
    if not isinstance(body, Num) or (body.places is None and body.value.denominator > 1):
        return None
    return Num(-body.value, body.places) if isinstance(read, Neg) else body


def cell_of(trace: Trace, step: str, at: str) -> CellView | None:
    """A cell by its public name; None where the trace has none of that name."""
    try:
        return trace[step][tuple(int(n) - 1 for n in at.split(","))]
    except (KeyError, IndexError, ValueError, TypeError):
        return None


def as_it_is(cell: CellView, view: str, places: int) -> tuple[Expr | None, bool]:
    """What a place should print that looks at a cell in such a way, to so many places, and whether that is equal.

    None where there is no such value.
    """
    if cell.given is not None:
        return cell.given, True
    if cell.undefined:
        return None, True
    if cell.unknown or view == "exact":
        return cell.exact_up_to(SHORT), True
    if view == "by hand":
        return cell.by_hand_written, False
    return cell.printed(places)


def relation(leaf: Leaf) -> str:
    """The sign before the result of a worked number."""
    return next((sign for sign in reversed(leaf.text) if sign in "=≈"), "")
