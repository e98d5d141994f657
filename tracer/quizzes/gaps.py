"""What is accepted in each box of a sheet, in exact decimals, and what is said about known mistakes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import NamedTuple

from tracer.errors import ProblemError
from tracer.evaluate import Key
from tracer.expr import Num
from tracer.judging.foreseen import Foreseen, Typed, foreseen
from tracer.judging.sentences import looks_like
from tracer.notation.plain import plain
from tracer.show import show
from tracer.views import CellView, decimal_text
from tracer.worksheet import Worksheet

DIGITS = 15  # that a platform's double precision holds for certain
HALF = Fraction(1, 2)
NEARLY = "Nearly: round to the places that are asked for, neither cut off nor one step too far."
INFINITE = {1: ("inf", "∞", "infinity", "+inf", "+∞"), -1: ("-inf", "−∞", "-∞", "−inf", "-infinity")}


class Response(NamedTuple):
    """All numbers from `low` to `high`, both included; the share of the points that they earn, and what is said.

    Half a unit beyond the lowest and the highest that rounds to an accepted one: a platform does not see places, and
    what it computes in doubles cannot go wrong there, for nobody types such a number with the places asked for.
    """

    low: Fraction
    high: Fraction
    share: Fraction
    says: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """A box: its cell, what a right number earns, and the right one as text with so many `places`.

    `responses` are tried in order. Where the value is no decimal, `spellings` are the texts that are right. A box with
    no points may stay empty, and whatever is in it is let pass.
    """

    id: str
    points: int
    places: int
    right: str
    responses: tuple[Response, ...] = ()
    spellings: tuple[str, ...] = ()


def gaps(sheet: Worksheet) -> dict[str, Gap]:
    """Every box of a sheet, by its cell's name. Points are scaled so that they are integers.

    Raises `ProblemError` where there is none, and for a value that a platform cannot hold.
    """
    trace = sheet.trace
    if trace.open_letters:
        raise ProblemError(
            f"the problem has letters without numbers: {', '.join(trace.open_letters)}; "
            f"give them with --let {trace.open_letters[0]}=1"
        )
    if not sheet.blanks:
        raise ProblemError("nothing is left blank, so there is nothing to ask; name a step with --blank")
    scale = lcm(*(sheet.worth(key[0]).denominator for key in sheet.blanks))
    asked = [key for key in sorted(sheet.blanks) if not _cell(sheet, key).infinite]
    known = foreseen(trace, sheet.blanks | sheet.printed, asked)
    found = {one.key: _gap(sheet, one, int(sheet.worth(one.key[0]) * scale)) for one in known}
    for key in sheet.boxes - found.keys():
        found[key] = _without_number(sheet, key, int(sheet.worth(key[0]) * scale) if key in sheet.blanks else 0)
    return {found[key].id: found[key] for key in sorted(found)}


def _cell(sheet: Worksheet, key: Key) -> CellView:
    return sheet.trace[key[0]][key[1]]


def _gap(sheet: Worksheet, one: Foreseen, points: int) -> Gap:
    say = sheet.trace.problem.paper.style.language
    right = _cell(sheet, one.key).rounded(one.places).number
    answers = [(Typed(right.value, right.value), Fraction(1), "")]
    answers += [(typed, Fraction(1), "") for typed in one.accepted if typed != answers[0][0]]
    if not all(_fits(typed, one.places) for typed, _, _ in answers):
        raise ProblemError(
            f"{_cell(sheet, one.key).id}: has more than the {DIGITS} digits that learning platforms compute with; "
            "leave its step out with --blank, or ask for fewer places"
        )
    answers += [(typed, HALF, say.text(NEARLY)) for typed in one.nearly]
    answers += [(typed, Fraction(0), looks_like(names, say)) for typed, names in one.mistaken]
    half = HALF / 10**one.places
    responses = tuple(
        Response(low - half, high + half, share, says)
        for (low, high), share, says in answers
        if _fits(Typed(low, high), one.places)
    )
    return Gap(_cell(sheet, one.key).id, points, one.places, decimal_text(right), responses)


def _fits(typed: Typed, places: int) -> bool:
    return all(abs(end) < Fraction(10) ** (DIGITS - places - 1) for end in typed)


def _without_number(sheet: Worksheet, key: Key, points: int) -> Gap:
    """A box for an infinite value, or one that may stay empty."""
    cell = _cell(sheet, key)
    places = sheet.trace.tables.places_by_hand(key[0])
    if cell.infinite:
        return Gap(cell.id, points, places, INFINITE[cell.infinite][0], (), INFINITE[cell.infinite])
    say = sheet.trace.problem.paper.style.language
    text = say.text("undefined") if cell.undefined else show(cell.printed(places)[0], plain)
    return Gap(cell.id, points, places, text, (), (text,))


def decimal(value: Fraction, places: int) -> str:
    """A number in ASCII digits, with as many places as it takes and at most so many."""
    while places and (value * 10 ** (places - 1)).denominator == 1:
        places -= 1
    return decimal_text(Num(value, places))
