"""The gallery of published calculations: its table says what `tracer.check` finds, and so does each truth.json."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from test_published import FOLDERS, GALLERY, truth

import tracer
from tracer.marking import Mark, Verdict

PAGE = (GALLERY / "README.md").read_text("utf-8")
COUNTED = {  # verdict -> column of the table
    Verdict.WRONG: "origin",
    Verdict.MISTAKE: "origin",
    Verdict.CARRIED: "following",
    Verdict.ROUNDING_SLIP: "rounding",
}
gallery = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


@cache
def printed(folder: Path) -> list[Mark]:
    """The marks of every printed number; a second printing may have used the numbers of the first."""
    trace, first = (
        tracer.solve(tracer.load(folder / "problem.toml")),
        tracer.read_submission(folder / "submission.toml"),
    )
    again = [tracer.read_submission(file) for file in sorted(folder.glob("submission-*.toml"))]
    marks = [tracer.check(trace, first), *(tracer.check(trace, one, first) for one in again)]
    return [mark for some in marks for mark in some.marks if not mark.entry.is_blank]


def counted(folder: Path) -> list[int]:
    """How many numbers are printed, wrong at origin, only following, rounding."""
    n = Counter(COUNTED.get(mark.verdict) for mark in printed(folder))
    return [n.total(), n["origin"], n["following"], n["rounding"]]


@gallery
def test_the_table_says_what_is_found(folder: Path) -> None:
    """The row of an example has its folder, its title with the address of its source, its numbers, and a remark."""
    problem = tracer.load(folder / "problem.toml")
    title = problem.title.replace("<", "\\<")
    title = f"[{title}]({problem.source})" if problem.source else title
    start = " | ".join([f"| [{folder.name}]({folder.name})", title, *map(str, counted(folder))])
    (row,) = (line for line in PAGE.splitlines() if line.startswith(f"| [{folder.name}]("))
    assert row.startswith(f"{start} | ")
    assert re.fullmatch(r"[^|]{10,} \|", row.removeprefix(f"{start} | "))


@gallery
def test_an_independent_recomputation_finds_the_same(folder: Path) -> None:
    """Wrong at origin or rounding, and only following: as many numbers as truth.json, which tracer did not make."""
    n = Counter(entry["kind"] for entry in truth(folder)["not_exact_or_rounded"])
    _, origin, following, rounding = counted(folder)
    assert (n["origin"], n["propagated"]) == (origin + rounding, following)


def test_every_example_has_one_row() -> None:
    """Twelve folders, twelve rows, in the same order."""
    assert re.findall(r"^\| \[(.+?)\]\(\1\) \|", PAGE, re.MULTILINE) == [folder.name for folder in FOLDERS]
    assert len(FOLDERS) == 12


def test_a_d_k_that_is_not_said_is_found() -> None:
    """The scores of raschka-causal-renorm do not say d_k; the weights printed are those of d_k = 2."""
    folder = GALLERY / "raschka-causal-renorm"
    marks = tracer.check(tracer.load(folder / "problem.toml"), tracer.read_submission(folder / "submission.toml"))
    assert "the numbers fit d_k = 2" in next(line for line in PAGE.splitlines() if folder.name in line)
    assert marks.trace.open_letters == ()
    assert marks.trace["scaled"][1, 0].float == pytest.approx(0.4656 / 2**0.5)
