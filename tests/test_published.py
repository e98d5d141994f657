"""Twelve published hand calculations, recomputed here from the problem file alone and compared cell by cell.

Nothing of tracer is used for the recomputation: numbers are read as fractions, and a pass is worked in plain Python
with spans of 60-digit decimals. A number that is meant exactly is a span of one point. A printed 0.57 is the span from
0.565 to 0.575, so the same few lines also say what could have come out by hand.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from fractions import Fraction
from functools import cache
from math import nan
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import tracer
from tracer.expr import Num

ROOT = Path(__file__).parents[1]
GALLERY = ROOT / "examples" / "published"
FOLDERS = sorted(path for path in GALLERY.iterdir() if path.is_dir())
DIGITS = Context(prec=60)
NEAR = Decimal("1e-45")  # closer than that, two of these decimals are the same number
HIDDEN = Decimal("-Infinity")
UNSAID_D_K = 2  # raschka-causal-renorm starts from scores and does not say d_k: it is 2 in the book


class Span(NamedTuple):
    """All numbers from low to high."""

    low: Decimal
    high: Decimal

    def plus(self, other: Span) -> Span:
        """A sum."""
        return Span(self.low + other.low, self.high + other.high)

    def times(self, other: Span) -> Span:
        """A product."""
        ends = [a * b for a in self for b in other]
        return Span(min(ends), max(ends))

    def over(self, other: Span) -> Span | None:
        """A quotient; None where there may be nothing to divide by."""
        if other.low <= 0:
            return None
        return self.times(Span(1 / other.high, 1 / other.low))

    def exp(self) -> Span:
        """The number e to that power; a growing function, so its ends are those of the span."""
        return Span(self.low.exp(), self.high.exp())

    def sqrt(self) -> Span:
        """The square root, of what is not negative in it."""
        return Span(max(self.low, Decimal(0)).sqrt(), self.high.sqrt())

    def meets(self, other: Span) -> bool:
        """Whether some number is in both."""
        return self.low - NEAR <= other.high and other.low - NEAR <= self.high


ZERO = Span(Decimal(0), Decimal(0))
Matrix = list[list[Any]]


def point(raw: Any) -> Span:
    """A number that is meant exactly: 3, "0.25", "1/3", "6.3379e-02", "-inf"."""
    if str(raw) == "-inf":
        return Span(HIDDEN, HIDDEN)
    number = Fraction(str(raw))
    value = Decimal(number.numerator) / number.denominator
    return Span(value, value)


def places(raw: str) -> int:
    """The decimals that a number is written with."""
    mantissa, _, exponent = raw.partition("e")
    return len(mantissa.partition(".")[2]) - int(exponent or 0)


def rounding(raw: str, true: Span | None = None) -> Span:
    """All that a printed number can stand for; a quotient is meant exactly, an integer where the true value is one."""
    number = point(raw)
    is_integer = "." not in raw and true is not None and true.low == true.high == true.low.to_integral_value()
    if "/" in raw or is_integer or number.low == HIDDEN:
        return number
    half = Decimal(5).scaleb(-places(raw) - 1)
    return Span(number.low - half, number.high + half)


def half_up(value: Decimal, decimals: int) -> Decimal:
    return value.quantize(NEAR).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


# A pass, from its problem file


def total(terms: list[Span]) -> Span:
    found = ZERO
    for term in terms:
        found = found.plus(term)
    return found


def product(A: Matrix, B: Matrix) -> Matrix:
    """The matrix product A B."""
    return [
        [total([x.times(y) for x, y in zip(row, column, strict=True)]) for column in zip(*B, strict=True)] for row in A
    ]


def transposed(A: Matrix) -> Matrix:
    return [list(row) for row in zip(*A, strict=True)]


class Pass:
    """All steps of a problem. A step looks its inputs up as they are `written`, where they are."""

    def __init__(self, problem: dict[str, Any], written: dict[str, list[list[str]]] | None = None) -> None:
        self.given, self.wiring = problem["given"], problem["pass"]
        self.heads = self.wiring.get("n_heads", 1)
        self.rounded = problem.get("paper", {}).get("rounded_given", {}) if written else {}
        self.written, self.steps, self.prefix = written or {}, dict[str, Matrix](), ""
        outputs = [self.head(h) for h in range(self.heads)]
        self.prefix = ""
        if self.heads > 1:
            outputs = [self.keep("joined", [[x for row in rows for x in row] for rows in zip(*outputs, strict=True)])]
        if "W_O" in self.given:
            self.keep("projected", product(outputs[0], self.matrix("W_O", self.given["W_O"])))

    def matrix(self, name: str, raw: list[list[Any]]) -> Matrix:
        """Given numbers; where the file says that they are rounded, all that they can stand for."""
        is_rounded = name in self.rounded
        return [[rounding(x) if is_rounded and isinstance(x, str) else point(x) for x in row] for row in raw]

    def keep(self, name: str, found: Matrix) -> Matrix:
        """Note a step, and give later steps what is written for it."""
        found = [list(row) for row in found]
        self.steps[self.prefix + name] = found
        written = self.written.get(self.prefix + name) or [[""] * len(row) for row in found]
        pairs = [zip(*rows, strict=True) for rows in zip(written, found, strict=True)]
        return [[rounding(raw, true) if raw else true for raw, true in row] for row in pairs]

    def words(self, name: str, letter: str, h: int) -> Matrix | None:
        """The queries, keys or values of a head: given, projected, or the words themselves."""
        if letter in self.given:
            return self.matrix(letter, self.given[letter])
        if "X" not in self.given:
            return None
        W, found = self.given.get(f"W_{letter}"), self.matrix("X", self.given["X"])
        is_own = W is not None and isinstance(W[0][0], list)
        if W is not None:
            assert self.wiring["projection"] == "X W"
            found = product(found, self.matrix("W", W[h] if is_own else W))
        width = len(found[0]) // (1 if is_own else self.heads)
        return self.keep(name, [row[h * width % len(row) :][:width] for row in found])

    def head(self, h: int) -> Matrix:
        """One head, from its words to its outputs."""
        self.prefix = f"head{h + 1}." if self.heads > 1 else ""
        Q, K, V = self.words("query", "Q", h), self.words("key", "K", h), self.words("value", "V", h)
        Z = self.compared(Q, K) if Q and K else self.matrix("S", self.given["S"])
        d_k = len(K[0]) if K else UNSAID_D_K
        seen = [[True] * len(row) for row in Z]
        for step in self.wiring["logits"]:
            if step["use"] == "scale":
                root = point(d_k).sqrt()
                Z = self.keep("scaled", [[z if z.low == HIDDEN else z.over(root) for z in row] for row in Z])
            else:
                seen = [[self.is_seen(step, i, j) for j in range(len(row))] for i, row in enumerate(Z)]
                Z = self.keep("masked", self.where(seen, Z, point("-inf")))
        if self.wiring["normalisation"] == "softmax":
            Z = self.keep("exponentials", [[z.exp() for z in row] for row in Z])
        Z = self.where(seen, Z, ZERO)
        D = self.keep("row_sums", [[total(row)] for row in Z])
        A = self.keep("weights", [[z.over(d) for z in row] for row, (d,) in zip(Z, D, strict=True)])
        return self.keep("outputs", product(A, V)) if V else []

    def compared(self, Q: Matrix, K: Matrix) -> Matrix:
        """Lengths and cosines beside the pass, and the dot products, which are its scores."""
        assert self.wiring["similarity"] == "dot"
        q = self.keep("query_norms", [[total([x.times(x) for x in row]).sqrt()] for row in Q])
        k = self.keep("key_norms", [[total([x.times(x) for x in row]).sqrt()] for row in K])
        S = product(Q, transposed(K))
        self.keep(
            "cosines",
            [[s.over(a.times(b)) for s, (b,) in zip(row, k, strict=True)] for row, (a,) in zip(S, q, strict=True)],
        )
        return self.keep("scores", S)

    def is_seen(self, step: dict[str, Any], i: int, j: int) -> bool:
        """Whether a mask lets query i see key j."""
        return j <= i if step.get("rule") == "causal" else self.given["mask"][i][j] == 1

    @staticmethod
    def where(seen: list[list[bool]], Z: Matrix, otherwise: Span) -> Matrix:
        """The numbers that are seen, and something else in the places of the others."""
        pairs = [zip(*rows, strict=True) for rows in zip(seen, Z, strict=True)]
        return [[z if ok else otherwise for ok, z in row] for row in pairs]


# What is compared


def data(folder: Path, file: str) -> dict[str, Any]:
    """A TOML file, its decimals kept as they are written."""
    return tomllib.loads((folder / f"{file}.toml").read_text("utf-8"), parse_float=str)


@cache
def truth(folder: Path) -> dict[str, Any]:
    """What independent recomputation found about a printing, before this project began."""
    return json.loads((folder / "truth.json").read_text("utf-8"))


@cache
def recomputed(folder: Path) -> dict[str, Matrix]:
    """The exact steps, by this file."""
    with localcontext(DIGITS):
        return Pass(data(folder, "problem")).steps


@cache
def traced(folder: Path) -> tracer.Trace:
    """The same pass, by tracer."""
    problem = tracer.load(folder / "problem.toml")
    if folder.name == "raschka-causal-renorm":
        problem = problem.let("d_k", Num(Fraction(UNSAID_D_K)))
    return tracer.solve(problem)


def printings(folder: Path) -> dict[str, dict[str, list[list[str]]]]:
    """The printed numbers of a page; a second printing of the same quantity has a name of its own."""
    files = sorted(folder.glob("submission*.toml"), key=lambda file: len(file.stem))
    return {
        file.stem.removeprefix("submission").strip("-") or "main": data(folder, file.stem)["written"] for file in files
    }


def numbers(written: dict[str, list[list[str]]]) -> Iterator[tuple[str, int, int, str]]:
    """Every printed number with its place, counted from 0."""
    for step, rows in written.items():
        for i, row in enumerate(rows):
            for j, raw in enumerate(row):
                if raw:
                    yield step, i, j, raw


published = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


@published
def test_every_number_in_floating_point(folder: Path) -> None:
    """Every step is, in floating point, what an independent recomputation finds."""
    trace = traced(folder)
    for step, rows in recomputed(folder).items():
        expected = np.array([[nan if x is None else float(x.low) for x in row] for row in rows])
        found = trace.floats(step).reshape(expected.shape)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15, err_msg=step)


@published
def test_every_decimal_is_correctly_rounded(folder: Path) -> None:
    """Every cell, rounded to 0, 2, 4 and 12 places, has the digits of 60-digit arithmetic, a tie rounded up."""
    trace = traced(folder)
    with localcontext(DIGITS):
        for step, rows in recomputed(folder).items():
            for found, expected in zip(trace[step].cells, rows, strict=True):
                for cell, true in zip(found, expected, strict=True):
                    for decimals in (0, 2, 4, 12):
                        text = cell.decimal(decimals)
                        if true is None or true.low == HIDDEN:
                            assert text is None, cell.id
                        else:
                            assert Decimal(text) == half_up(true.low, decimals), cell.id
                            assert places(text) == decimals, cell.id


@published
def test_what_does_not_exist_is_undefined(folder: Path) -> None:
    """A cell is undefined exactly where the recomputation divides by zero."""
    trace = traced(folder)
    for step, rows in recomputed(folder).items():
        found = [[cell.undefined is None for cell in row] for row in trace[step].cells]
        assert found == [[true is not None for true in row] for row in rows], step


@published
def test_no_step_is_left_out(folder: Path) -> None:
    """Tracer records the same steps, with contributions and angles besides, and a projection before it is split."""
    besides = {"angles", "bilinear", "bilinear_scores", "contributions"}
    found = {step.id for step in traced(folder) if step.name not in besides} - {"query", "key", "value"}
    assert found == set(recomputed(folder)) - {"query", "key", "value"}


@published
def test_every_printed_number_is_explained(folder: Path) -> None:
    """A printed number is right, or follows from earlier printed ones, or is on the list of wrong ones."""
    wrong = {(entry["printing"], entry["cell"]): entry for entry in truth(folder)["not_exact_or_rounded"]}
    pages, exact = printings(folder), recomputed(folder)
    with localcontext(DIGITS):
        by_hand = {name: Pass(data(folder, "problem"), written).steps for name, written in pages.items()}
        for name, written in pages.items():
            for step, i, j, raw in numbers(written):
                true, where = exact[step][i][j], f"{step}[{i + 1},{j + 1}]"
                if "/" in raw or true.low == HIDDEN:
                    is_right = point(raw).meets(true)
                else:
                    is_right = Decimal(raw) == half_up(true.low, places(raw))
                follows = any(by_hand[page][step][i][j].meets(rounding(raw, true)) for page in (name, "main"))
                is_wrong = wrong.pop((name, where), None) is not None
                assert is_right or follows or is_wrong, (name, where, raw)
                assert not (is_right and is_wrong and "." in raw), (
                    name,
                    where,
                    raw,
                )  # 1 for 0.577 may be meant exactly
    assert wrong == {}


@published
def test_the_true_value_of_each_wrong_number(folder: Path) -> None:
    """Where a page is wrong, tracer gives the value that was found to be correct."""
    for entry in truth(folder)["not_exact_or_rounded"]:
        step, _, place = entry["cell"].removesuffix("]").partition("[")
        i, j = (int(n) - 1 for n in place.split(","))
        assert traced(folder)[step][i, j].float == pytest.approx(entry["correct"], rel=1e-9, abs=1e-9), entry["cell"]


@published
def test_all_printed_numbers_are_looked_at(folder: Path) -> None:
    """A page holds as many numbers as its list of wrong ones was made from, those it starts from included."""
    problem, written = data(folder, "problem"), printings(folder).values()
    rounded = [
        x for name in problem.get("paper", {}).get("rounded_given", {}) for row in problem["given"][name] for x in row
    ]
    assert sum(1 for page in written for _ in numbers(page)) + len(rounded) == truth(folder)["numbers"]


def test_a_d_k_that_nobody_says_stays_a_letter() -> None:
    """Given scores alone do not say d_k: the weights stay formulas until --let d_k=2 puts it in, as in the book."""
    folder = GALLERY / "raschka-causal-renorm"
    trace = tracer.solve(tracer.load(folder / "problem.toml"))
    assert trace.open_letters == ("d_k",)
    assert trace["weights"][1, 0].decimal(4) is None
    assert [cell.decimal(4) for cell in traced(folder)["weights"].cells[1][:2]] == ["0.5517", "0.4483"]
