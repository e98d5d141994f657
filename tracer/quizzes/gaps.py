"""What is accepted in each box of a sheet, in exact decimals, and what is said about known mistakes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import NamedTuple

from tracer.arithmetic import Undefined
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

    `responses` are tried in order; where there are none, the box may stay empty, and whatever is in it is let pass.
    """

    id: str
    points: int
    places: int
    right: str
    responses: tuple[Response, ...] = ()


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
    rights = {key: _right(sheet, key) for key in sorted(sheet.blanks)}
    scale = lcm(*(sheet.worth(key[0]).denominator for key in rights))
    found = {
        one.key: _gap(sheet, one, rights[one.key], int(sheet.worth(one.key[0]) * scale))
        for one in foreseen(trace, sheet.blanks | sheet.printed, rights)
    }
    found |= {key: _open(sheet, key) for key in sheet.optional}
    return {found[key].id: found[key] for key in sorted(found)}


def _right(sheet: Worksheet, key: Key) -> Num:
    """The right number. Raises `ProblemError` where a platform cannot hold it."""
    cell, places = _cell(sheet, key), sheet.trace.tables.places_by_hand(key[0])
    try:
        number = cell.rounded(places).number
    except Undefined:
        number = None
    if number is None or not _fits(Typed(number.value, number.value), places):
        raise ProblemError(
            f"{cell.id} has more than the {DIGITS} digits that learning platforms compute with; "
            "leave its step out with --blank, or ask for fewer places"
        )
    return number


def _gap(sheet: Worksheet, one: Foreseen, right: Num, points: int) -> Gap:
    """A box; the right number goes before the range around it, for platforms show the first as the answer."""
    say = sheet.trace.problem.paper.style.language
    exactly = Typed(right.value, right.value)
    answers = [(exactly, Fraction(1), "")]
    answers += [(typed, Fraction(1), "") for typed in one.accepted if typed != exactly]
    answers += [(typed, HALF, say.text(NEARLY)) for typed in one.nearly]
    answers += [(typed, Fraction(0), looks_like(names, say)) for typed, names in one.mistaken]
    half = HALF / 10**one.places
    responses = tuple(
        Response(typed.low - half, typed.high + half, share, says)
        for typed, share, says in answers
        if _fits(typed, one.places)
    )
    return Gap(_cell(sheet, one.key).id, points, one.places, decimal_text(right), responses)


def _open(sheet: Worksheet, key: Key) -> Gap:
    """A box that may stay empty: a mask is there, or there is no value."""
    cell, places = _cell(sheet, key), sheet.trace.tables.places_by_hand(key[0])
    say = sheet.trace.problem.paper.style.language
    right = say.text("undefined") if cell.undefined else show(cell.printed(places)[0], plain)
    return Gap(cell.id, 0, places, right)


def _cell(sheet: Worksheet, key: Key) -> CellView:
    return sheet.trace[key[0]][key[1]]


def _fits(typed: Typed, places: int) -> bool:
    return all(abs(end) < Fraction(10) ** (DIGITS - places - 1) for end in typed)


def decimal(value: Fraction, places: int) -> str:
    """A number in ASCII digits, with as many places as it takes and at most so many."""
    while places and (value * 10 ** (places - 1)).denominator == 1:
        places -= 1
    return decimal_text(Num(value, places))
