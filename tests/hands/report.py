"""What `tracer.check` says of simulated people, held against the truth. Only this file knows of tracer.

python -m tests.hands.report 300              300 honest people, 300 with each mistake, 300 with one slip
python -m tests.hands.report 50 not_scaled    one mistake only;  honest, slip  likewise
python -m tests.hands.report --show not_scaled 17    one case in full
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import tracer
from tracer.marking import ACCEPTED, WRONG, Mark, Marks, Verdict
from tracer.problem_file import from_dict
from tracer.submission import Submission, entry

from . import cases, mistakes
from .cases import Case
from .work import Cell

MANY = 3  # names that help nobody
NOT_TRUE = (*WRONG, Verdict.UNREADABLE)


def submitted(case: Case) -> Submission:
    """What somebody wrote, as tracer reads it."""
    written = case.submission["written"]
    return Submission(
        {
            (id_, (i, j)): entry(raw)
            for id_, rows in written.items()
            for i, row in enumerate(rows)
            for j, raw in enumerate(row)
        },
        case.submission["by"],
    )


def marked(case: Case) -> Marks:
    """Tracer's marks."""
    return tracer.check(from_dict(case.problem), submitted(case))


def cell_of(mark: Mark) -> Cell:
    """A mark's cell as this simulator calls it."""
    id_, place = mark.key
    return (id_, place[0], place[1] if len(place) > 1 else 0)


@dataclass(frozen=True)
class Finding:
    """What came out for one case: what is not as it must be, and whether a mistake was found and named."""

    case: Case
    faults: tuple[str, ...] = ()  # of the first wrong cell; of an honest person all
    accused: tuple[str, ...] = ()  # cells that follow honestly from a mistake and were not accepted
    found: bool = True
    named: bool = True
    admitted: bool = True  # named itself, not only another one with the same numbers
    names: int = 0  # how many are named for the first wrong cell
    slips: int = 0  # cells called rounding slips though nobody cut off


def _faults(case: Case, marks: Marks, what: tuple[Verdict, ...]) -> tuple[str, ...]:
    """Cells that follow honestly from the earlier ones, and were not accepted."""
    return tuple(
        f"{mark.cell} = {mark.entry.raw!r} is {mark.verdict}{' ' + ','.join(mark.mistakes) if mark.mistakes else ''}, "
        f"expected {mark.expected}, from yours {mark.from_yours}"
        for mark in marks.marks
        if mark.verdict in what and cell_of(mark) in case.sound
    )


def _unmarked(case: Case, marks: Marks) -> tuple[str, ...]:
    cells = {cell_of(mark) for mark in marks.marks}
    return tuple(f"{cell} has no mark" for cell in case.order if cell not in cells)


def _slips(case: Case, marks: Marks) -> int:
    if case.habits.rounding == "cut":
        return 0
    return sum(mark.verdict is Verdict.ROUNDING_SLIP and cell_of(mark) in case.sound for mark in marks.marks)


def honest(seed: int) -> Finding:
    """Nothing that an honest person writes is wrong, or unreadable."""
    case = cases.honest(seed)
    marks = marked(case)
    return Finding(case, _faults(case, marks, NOT_TRUE) + _unmarked(case, marks), slips=_slips(case, marks))


def mistaken(code: str, seed: int) -> Finding:
    """The first wrong cell is found and named; what follows honestly is accepted."""
    case = cases.mistaken(code, seed)
    marks = marked(case)
    accused, slips, first = _faults(case, marks, NOT_TRUE), _slips(case, marks), marks.first_wrong
    assert case.first
    if first is None or case.order.index(cell_of(first)) > case.order.index(case.first):
        verdict = next((mark.verdict for mark in marks.marks if cell_of(mark) == case.first), "not marked")
        return Finding(case, (f"{case.first} is {verdict}, not wrong",), accused, False, False, False, 0, slips)
    if code in first.mistakes:
        return Finding(case, (), accused, names=len(first.mistakes), slips=slips)
    names = ", ".join(first.mistakes) or "nothing"
    fault = f"{first.cell} = {first.entry.raw!r} is called {names}, expected {first.expected}"
    tied = bool(cases.ties(case) & set(first.mistakes))
    return Finding(case, (fault,), accused, cell_of(first) not in case.sound, tied, False, 0, slips)


def slipped(seed: int) -> Finding:
    """One wrong number costs one cell."""
    case = cases.slipped(seed)
    marks = marked(case)
    assert case.first
    faults: list[str] = []
    accepted = ACCEPTED if case.habits.rounding != "cut" else (*ACCEPTED, Verdict.ROUNDING_SLIP)
    for mark in marks.marks:
        cell = cell_of(mark)
        if cell == case.first and mark.verdict not in (*WRONG, Verdict.ROUNDING_SLIP):
            faults.append(f"{mark.cell} = {mark.entry.raw!r} is wrong and was called {mark.verdict}")
        elif cell in case.sound and mark.verdict not in accepted:
            faults.append(f"{mark.cell} = {mark.entry.raw!r} is sound and was called {mark.verdict}")
    return Finding(case, tuple(faults), found=not faults)


def nobody(seed: int) -> Case:
    """A case of which only the seed is known."""
    return Case(seed, {}, {}, None, (), frozenset(), frozenset())  # type: ignore[arg-type]


def kinds() -> dict[str, Callable[[int], Finding]]:
    """Everything that can be simulated, by name."""
    return {
        "honest": honest,
        "slip": slipped,
        **{code: lambda seed, code=code: mistaken(code, seed) for code in mistakes.CODES},
    }


def findings(name: str, seeds: range) -> Iterator[Finding]:
    """Seed after seed. A crash is a finding too."""
    for seed in seeds:
        try:
            yield kinds()[name](seed)
        except Exception as crash:
            yield Finding(nobody(seed), (f"crash: {crash!r}",), (), False, False, False)


def share(found: list[Finding], good: Callable[[Finding], bool]) -> str:
    """How many in a hundred."""
    return f"{100 * sum(map(good, found)) / len(found):5.1f} %" if found else "    – "


def line(name: str, found: list[Finding]) -> str:
    """One line of the table; who cuts off is counted again apart."""
    if name in ("honest", "slip"):
        slips = sum(f.slips for f in found)
        return f"{name:26} as it must be {share(found, lambda f: not f.faults)}   called rounding slips: {slips} cells"
    cut = [f for f in found if f.case.habits and f.case.habits.rounding == "cut"]
    named = share(found, lambda f: f.named)
    return (
        f"{name:26} found {share(found, lambda f: f.found)}   named {named} (who cuts off: {share(cut, lambda f: f.named)})   "
        f"itself {share(found, lambda f: f.admitted)}   more than {MANY} names {share(found, lambda f: f.names > MANY)}   "
        f"sound cells accused {share(found, lambda f: bool(f.accused))}"
    )


def drawn(name: str, seed: int) -> Case:
    """The case itself."""
    alone = {"honest": cases.honest, "slip": cases.slipped}
    return alone[name](seed) if name in alone else cases.mistaken(name, seed)


def show(name: str, seed: int) -> None:
    """One case with what helps to understand it."""
    case = drawn(name, seed)
    print(json.dumps(case.problem["given"], ensure_ascii=False), json.dumps(case.problem["pass"], ensure_ascii=False))
    habits, shown = case.habits, {id_.rpartition(".")[2] for id_ in case.submission["written"]}
    places = {step: n for step, n in habits.places.items() if step in shown}
    print(f"{habits.rounding}, goes on from {habits.goes_on}, places {places}, declared: {'paper' in case.problem}")
    print("left out:", *sorted(habits.left_out), "\nscratch paper:", habits.scratch is not None, habits.writing)
    if case.mistake:
        ties = sorted(cases.ties(case))
        print(f"mistake: {case.mistake.way.steps} in {case.mistake.steps}, row {case.mistake.row}, column {case.mistake.column},"
              f" pick {case.mistake.pick}, ties {ties}")  # fmt: skip
    print("slip:", case.slip, "\nfirst wrong:", case.first)
    for id_, rows in case.submission["written"].items():
        print(f"  {id_} = " + "; ".join("  ".join(raw or "_" for raw in row) for row in rows))
    finding = kinds()[name](seed)
    for mark in marked(case).marks:
        cell = cell_of(mark)
        said = f"{mark.cell} {mark.entry.raw!r} {mark.verdict} {mark.mistakes}, expected {mark.expected}, from yours {mark.from_yours}"
        if cell in case.wrong or (cell in case.sound and mark.verdict in NOT_TRUE):
            print("  [sound]" if cell in case.sound else "  [wrong]", said)
        elif mark.verdict in WRONG:
            print("  [open] ", said)
    print(*finding.faults, *finding.accused, sep="\n")


def main(arguments: list[str]) -> None:
    """The command line."""
    if arguments[:1] == ["--show"]:
        show(arguments[1], int(arguments[2]))
        return
    count = int(arguments[0]) if arguments else 50
    for name in arguments[1:] or kinds():
        found = list(findings(name, range(count)))
        print(line(name, found), flush=True)
        for finding in found:
            cuts = finding.case.habits and finding.case.habits.rounding == "cut"
            for fault in (*finding.faults[:3], *(f"[accused] {x}" for x in finding.accused[:2])):
                print(f"    {finding.case.seed}{' (cuts off)' if cuts else ''}: {fault}")


if __name__ == "__main__":
    main(sys.argv[1:])
