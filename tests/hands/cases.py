"""Worked cases from a seed, each with the truth about it: honest work, work with a mistake, work with one slip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from functools import wraps
from random import Random
from typing import Any

from . import mistakes, person, problems
from .bounds import Bounds, Exact
from .mistakes import Mistake
from .person import Habits, Hand, Slip
from .quantity import DIGITS, HIDDEN
from .work import Cell, Work, sequence
from .writing import rounded_to

CLEARLY = 3  # units of the last place; nearer than that it may pass for rounding
LARGEST, STEEPEST = Decimal(20_000), Decimal(15)


@dataclass(frozen=True)
class Case:
    """A problem, what somebody handed in, and the truth.

    `sound` are the written cells that follow honestly from the numbers before: they must be accepted. `wrong` are those
    beyond all rounding: they must not be, and `first` is the first of them. Whatever is in neither may be judged so or so.
    """

    seed: int
    problem: dict[str, Any]
    submission: dict[str, Any]
    habits: Habits
    order: tuple[Cell, ...]  # the written cells
    sound: frozenset[Cell]
    wrong: frozenset[Cell]
    code: str = ""
    mistake: Mistake | None = None
    slip: Slip | None = None

    @property
    def first(self) -> Cell | None:
        """The first cell that is wrong beyond all rounding."""
        return next((cell for cell in self.order if cell in self.wrong), None)


def precise(function: Callable[..., Any]) -> Callable[..., Any]:
    """With 60 digits."""

    @wraps(function)
    def inside(*args: Any, **named: Any) -> Any:
        with localcontext(DIGITS):
            return function(*args, **named)

    return inside


@precise
def exactly(problem: dict[str, Any]) -> tuple[dict[str, tuple[int, int]], dict[Cell, Decimal | None]]:
    """The sizes of all steps, and all their true values."""
    person_ = Exact()
    return Work(problem, person_).run().shapes, person_.values


def bearable(values: dict[Cell, Decimal | None]) -> bool:
    """Whether anybody would work this by hand: no enormous numbers."""
    for (id_, _, _), x in values.items():
        if x is not None and x != HIDDEN:
            name = id_.rpartition(".")[2]
            if abs(x) > (STEEPEST if name in ("scaled", "masked") else LARGEST):
                return False
    return True


def bearable_problem(rng: Random, wish: problems.Wish | None = None) -> tuple[Any, Any, Any]:
    """A problem that somebody would work by hand, its sizes, its true values."""
    while True:
        problem = problems.draw(rng, wish)
        try:
            shapes, true = exactly(problem)
        except ArithmeticError:
            continue
        if bearable(true) and shapes:
            return problem, shapes, true


def declare(problem: dict[str, Any], declared: dict[str, int] | None) -> None:
    """Write the rule for places into the problem."""
    if declared is not None:
        problem["paper"] = {"by_hand": declared}


@precise
def worked(problem: dict[str, Any], habits: Habits, mistake: Mistake | None = None, slip: Slip | None = None) -> Hand:
    """Somebody's work."""
    hand = Hand(habits, slip)
    Work(problem, hand, mistake).run()
    return hand


@precise
def honest(seed: int) -> Case:
    """Somebody who makes no mistake."""
    rng = Random(f"honest {seed}")
    problem, shapes, _ = bearable_problem(rng)
    habits, declared = person.draw(rng, list(shapes))
    if not habits.gaps and not any(x in id_ for id_ in habits.left_out for x in ("contributions", "scores", "norms")):
        habits = replace(habits, other_ways=rng.random() < 0.2)
    declare(problem, declared)
    hand = worked(problem, habits)
    order = tuple(cell for cell in sequence(shapes) if hand.written[cell])
    return Case(seed, problem, hand.submission(), habits, order, frozenset(order), frozenset())


@precise
def mistaken(code: str, seed: int) -> Case:
    """Somebody who makes this mistake once, or as long as it lasts, and goes on honestly."""
    rng = Random(f"{code} {seed}")
    while True:
        found = _penned(code, seed, rng) if code in mistakes.PEN else _mistaken(code, seed, rng)
        if found and found.first:
            return found


def _mistaken(code: str, seed: int, rng: Random) -> Case | None:
    mistake = mistakes.draw(code, rng)
    problem, shapes, true = bearable_problem(rng, mistake.way.wish)
    habits, declared = person.draw(rng, list(shapes))
    gone = [id_ for id_ in shapes if id_.rpartition(".")[2] in mistake.way.leaves_out]
    if rng.random() < 0.3:  # everything is on the sheet
        habits = replace(habits, left_out=frozenset(), gaps=0.0)
    shown = {id_ for id_ in shapes if id_.rpartition(".")[2] in mistake.way.places}
    habits = replace(habits, left_out=(habits.left_out | set(gone)) - shown)
    if len(habits.left_out) == len(shapes):
        return None
    habits = replace(habits, places={**habits.places, **mistake.way.places})
    if habits.scratch is not None:
        habits = replace(habits, scratch={**habits.scratch, **mistake.way.places})
    declared = declared and {**declared, **mistake.way.places}
    declare(problem, declared)
    mistake = _narrowed(
        mistake, {id_: shape for id_, shape in shapes.items() if id_ not in habits.left_out or mistake.way.whole}, rng
    )
    if mistake is None:
        return None
    return _judged(code, seed, problem, shapes, true, habits, declared, mistake, None)


def _narrowed(mistake: Mistake, shapes: dict[str, tuple[int, int]], rng: Random) -> Mistake | None:
    """The same in one step, one row or one cell, where that makes sense: of the steps that are written."""
    ids = [id_ for id_ in shapes if id_.rpartition(".")[2] in mistake.way.steps]
    if not ids:
        return None
    if mistake.way.whole:
        return mistake
    id_ = rng.choice(ids)
    rows, columns = shapes[id_]
    row, column = rng.randrange(rows), rng.randrange(columns)
    match rng.choice(("all", "step", "row", "cell")):
        case "all":
            name = id_.rpartition(".")[2]
            return replace(mistake, steps=tuple(x for x in ids if x.rpartition(".")[2] == name))
        case "step":
            return replace(mistake, steps=(id_,))
        case "row":
            return replace(mistake, steps=(id_,), row=row)
    return replace(mistake, steps=(id_,), row=row, column=column)


def _judged(code: str, seed: int, problem: Any, shapes: Any, true: Any, habits: Habits, declared: Any,
            mistake: Mistake | None, slip: Slip | None) -> Case | None:  # fmt: skip
    try:
        hand = worked(problem, habits, mistake, slip)
    except ArithmeticError:
        return None
    if not hand.altered or not bearable(hand.memory):
        return None
    ways = [Bounds(hand.written, true, habits.rounding == "cut", declared, other_ways=x) for x in (False, True)]
    try:
        for bounds in ways:
            Work(problem, bounds).run()
    except ArithmeticError:
        return None
    order = tuple(cell for cell in sequence(shapes) if hand.written[cell])
    sound = frozenset(order) - tainted(hand) - made_trivial(hand, true, shapes)
    wrong = frozenset(c for c in order if c not in sound and min(bounds.beyond(c) or 0 for bounds in ways) > CLEARLY)
    return Case(seed, problem, hand.submission(), habits, order, sound, wrong, code, mistake, slip)


def tainted(hand: Hand) -> set[Cell]:
    """Cells with a number that does not follow from what is written before, or from left-out cells worked honestly."""
    found = set(hand.altered)
    forgotten = {hand.slip.cell} if hand.slip and hand.slip.text and hand.slip.remembers else set()
    for cell, uses in hand.uses.items():  # in the order of the work
        if any(used in found and (hand.written[used] is None or used in forgotten) for used in uses):
            found.add(cell)
    return found


def pattern(row: list[Decimal]) -> object:
    """What makes a row trivial: only one number that is not 0, or all the same; None where nothing does."""
    alone = [j for j, x in enumerate(row) if x]
    if len(alone) < 2:
        return alone
    return "the same" if all(x == row[0] for x in row) else None


def made_trivial(hand: Hand, true: dict[Cell, Decimal | None], shapes: dict[str, tuple[int, int]]) -> set[Cell]:
    """Cells worked from a row that a wrong answer made trivial: they earn nothing (MARKING section 2).

    A row that is trivial in the same way in truth is not meant.
    """
    rows = {}
    for id_, (n, columns) in shapes.items():
        places = hand.habits.places[id_.rpartition(".")[2]]
        for i in range(n):
            texts = {cell: text for j in range(columns) if (text := hand.written[cell := (id_, i, j)])}
            now = pattern([text.value for text in texts.values()])
            was = [
                rounded_to(x, places, "half-up") for cell in texts if (x := true[cell]) is not None and x.is_finite()
            ]
            rows[id_, i] = now is not None and (len(was) < len(texts) or now != pattern(was))
    found: set[Cell] = set()
    for cell, uses in hand.uses.items():
        if any(rows[id_, i] or ((id_, i, j) in found and not hand.written[id_, i, j]) for id_, i, j in uses):
            found.add(cell)
    return found


@precise
def ties(case: Case) -> frozenset[str]:
    """The other mistakes that put the same texts into the step of the first wrong cell."""
    if case.mistake is None or case.first is None:
        return frozenset()
    shapes, _ = exactly(case.problem)
    step, found = case.first[0], set()
    texts = case.submission["written"][step]
    for code, ways in mistakes.WAYS.items():
        for way in ways if code != case.code else ():
            if not any(x.rpartition(".")[2] in way.steps for x in shapes):
                continue
            for pick in range(4):
                other = replace(case.mistake, code=code, way=way, pick=pick)
                if other.steps and not any(x.rpartition(".")[2] in way.steps for x in other.steps):
                    other = replace(other, steps=None, row=None, column=None)
                try:
                    if worked(case.problem, case.habits, other).submission()["written"].get(step) == texts:
                        found.add(code)
                        break
                except ArithmeticError:
                    continue
    return frozenset(found)


def _penned(code: str, seed: int, rng: Random) -> Case | None:
    problem, shapes, true = bearable_problem(rng)
    habits, declared = person.draw(rng, list(shapes))
    declare(problem, declared)
    hand = worked(problem, habits)
    cells = [cell for cell, text in hand.written.items() if text and text.places]
    if not cells:
        return None
    cell = rng.choice(cells)
    texts = list(mistakes.PEN[code](hand.written[cell]))  # type: ignore[arg-type]
    if not texts:
        return None
    slip = Slip(cell, text=rng.choice(texts), remembers=habits.goes_on == "memory" and rng.random() < 0.5)
    return _judged(code, seed, problem, shapes, true, habits, declared, None, slip)


@precise
def slipped(seed: int) -> Case:
    """Somebody with one wrong number, clearly beyond rounding, who goes on from it."""
    rng = Random(f"slipped {seed}")
    while True:
        problem, shapes, true = bearable_problem(rng)
        habits, declared = person.draw(rng, list(shapes))
        declare(problem, declared)
        hand = worked(problem, habits)
        cells = [cell for cell, text in hand.written.items() if text and text.value != HIDDEN]
        if not cells:
            continue
        cell = rng.choice(cells)
        text = hand.written[cell]
        assert text
        units = rng.choice((rng.randint(4, 9), rng.randint(10, 99), rng.randint(100, 999)))
        places = max(text.places or 0, 1)
        off = rng.choice((1, -1)) * Decimal(units).scaleb(-places)
        found = _judged("slip", seed, problem, shapes, true, habits, declared, None, Slip(cell, off=off))
        if found and found.wrong == {cell}:
            return found
