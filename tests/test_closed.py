"""Exact values without SymPy: our closed numbers are the numbers that SymPy finds, and are asked for instead of it."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import sympy
from flint import arb
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import MASKS, problems

from tracer.arithmetic import Undecided, Undefined, angles, ball, cas, closed, exact, infinite, terms
from tracer.composition import solve
from tracer.evaluate import Table, value
from tracer.expr import Add, Call, Constant, Div, Expr, Mul, Neg, Pow, exp, minus, num, sqrt
from tracer.notation.plain import plain
from tracer.numbers import read
from tracer.parts.working import decimals
from tracer.problem_file import from_dict
from tracer.show import show

ROOT = Path(__file__).parents[1]
BITS = 256

fractions = st.builds(Fraction, st.integers(-6, 6), st.integers(1, 4))
roots = st.builds(lambda n, q: Mul((num(q), sqrt(num(n)))), st.integers(0, 12), fractions)
exponents = st.one_of(fractions.map(num), roots, st.builds(lambda a, b: Add((a, num(b))), roots, fractions))
leaves = st.one_of(fractions.map(num), roots, exponents.map(exp))


def grown(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    """Formulas made of smaller ones by + − · / and small powers."""
    few = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        few.map(Add),
        few.map(Mul),
        st.builds(minus, inner, inner),
        st.builds(Div, inner, inner),
        st.builds(lambda x: Pow(x, num(2)), inner),
        st.builds(lambda x: sqrt(Pow(x, num(2))), leaves),
    )


formulas = st.recursive(leaves, grown, max_leaves=8)


def exactly(formula: Expr) -> Any:
    """The exact value, ours where it can be."""
    return value(formula, {}, Table({}, exact.Exact()))


def by_sympy(formula: Expr) -> Any:
    """The value as SymPy alone finds it."""
    return value(formula, {}, Table({}, cas.Symbolic()))


def enclosed(formula: Expr, bits: int = BITS) -> arb:
    """The value as a ball."""
    with ball.precision(bits):
        found = value(formula, {}, Table({}, ball.Ball()))
        return found.sign * arb(found.square).sqrt() if isinstance(found, ball.Root) else arb(found)


def is_small(difference: arb) -> bool:
    """Whether a ball holds 0, and nothing that is far from it."""
    return bool(difference.contains(0)) and bool(abs(difference) < 1e-30)


def both(formula: Expr) -> tuple[Any, Any]:
    """Our value, which must be a closed one, and SymPy's."""
    try:
        found = exactly(formula), by_sympy(formula)
    except Undefined:
        assume(False)
    assume(isinstance(found[0], Fraction | closed.Closed))
    return found


def text(formula: str) -> str:
    """The exact value of what is typed, on one line."""
    return show(exact.tree(exactly(read(formula))), plain)


@settings(max_examples=300)
@given(formulas)
def test_a_closed_value_is_the_one_that_sympy_finds(formula: Expr) -> None:
    """Ours, SymPy's and the enclosure are one number, to 30 digits and more; short differences expand to 0."""
    ours, theirs = both(formula)
    try:
        truth = enclosed(formula)
    except Undecided:
        assume(False)
    with ball.precision(BITS):
        assert is_small((enclosed(exact.tree(ours)) - truth) / (1 + abs(truth)))
        assert is_small((enclosed(cas.tree(theirs, num)) - truth) / (1 + abs(truth)))
    difference = exact._for_sympy(ours) - cas.number_of(theirs)
    if not cas.is_longer(difference, 60):
        assert sympy.expand(sympy.fraction(sympy.together(difference))[0]) == 0


@settings(max_examples=200)
@given(formulas, formulas)
def test_equality_is_equality_of_the_values(left: Expr, right: Expr) -> None:
    """Two closed values are equal exactly where their difference cannot be told from 0 at 2,000 bits."""
    (a, _), (b, _) = both(left), both(right)
    assume(not isinstance(a, Fraction) or not isinstance(b, Fraction))
    try:
        near = enclosed(minus(left, right), 2_000).contains(0)
    except Undecided:
        assume(False)
    assert (a == b) == bool(near)


@settings(max_examples=200)
@given(formulas, formulas, formulas)
def test_a_value_built_another_way_is_the_same(a: Expr, b: Expr, c: Expr) -> None:
    """The laws of arithmetic: order, brackets, cancelling, powers."""
    for one, other in (
        (Add((a, b, c)), Add((c, Add((b, a))))),
        (Mul((a, Add((b, c)))), Add((Mul((c, a)), Mul((b, a))))),
        (minus(a, b), Neg(minus(b, a))),
        (Div(Mul((a, c)), Mul((b, c))), Div(a, b)),
        (Div(Add((a, b)), c), Add((Div(a, c), Div(b, c)))),
        (exp(Add((a, b))), Mul((exp(a), exp(b)))),
        (Pow(Add((a, b)), num(2)), Add((Pow(a, num(2)), Mul((num(2), a, b)), Pow(b, num(2))))),
    ):
        try:
            x, y = exactly(one), exactly(other)
        except Undefined:
            continue
        if isinstance(x, Fraction | closed.Closed) and isinstance(y, Fraction | closed.Closed):
            assert x == y


@settings(max_examples=200)
@given(formulas, st.sampled_from([num, decimals]))
def test_a_closed_value_is_written_as_what_it_is(formula: Expr, number: Any) -> None:
    """The tree that a page shows has the value, whether its rational numbers are fractions or decimals."""
    ours, _ = both(formula)
    with ball.precision(BITS):
        truth = enclosed(exact.tree(ours, number)) if isinstance(ours, Fraction) else ours.to(ball.Ball())
        assert ball.agree(value(exact.tree(ours, number), {}, Table({}, ball.Ball())), truth)


WRITTEN = [  # what is typed, and its exact value on paper
    ("1/√2", "√2/2"),
    ("4/√17", "4/√17"),
    ("3/(2·√17)", "3/(2·√17)"),
    ("√(1/3)", "√3/3"),
    ("√(8/9)", "2·√2/3"),
    ("√12·√3", "6"),
    ("√6·√10", "2·√15"),
    ("√2·e^2/√3", "√6·e^2/3"),
    ("e", "e"),
    ("e^(1/2)·e^(1/2)", "e"),
    ("1/e", "e^(−1)"),
    ("√(4e^6)", "2·e^3"),
    ("√(3 + 2√2)", "1 + √2"),
    ("√(5 - 2√6)", "√3 − √2"),
    ("√2 - 1", "√2 − 1"),
    ("e - 1", "e − 1"),
    ("-1 - √2", "−1 − √2"),
    ("√3 + e^√3 + 2 + e + e^-2 + e^-1 + e^2 + √2", "2 + √3 + √2 + e^√3 + e + e^(−2) + e^(−1) + e^2"),
    ("(1 + √2)·e^√3", "(1 + √2)·e^√3"),
    ("(1 + √2)(1 - √2)", "−1"),
    ("1/(1 + √2)", "1/(1 + √2)"),
    ("e^2/(e^2 + e)", "e^2/(e^2 + e)"),
    ("e/(1 + e) + 1/(1 + e)", "1"),
    ("√2·e/(1 + e) + √2/(1 + e)", "√2"),
    ("(√2·e - e + 1)/(2 + 2e)", "(1 + (√2 − 1)·e)/(2 + 2·e)"),
    ("1/(1 + e) + 1/(1 + e^2) + 3", "3 + 1/(1 + e) + 1/(1 + e^2)"),
    ("-3e/(2 + 2√2)", "−3·e/(2 + 2·√2)"),
    ("ln(e^(√2/2))", "√2/2"),
    ("2^-3", "1/8"),
    ("(√2)^5", "4·√2"),
    ("π/4", "π/4"),
    ("3/π", "3/π"),
    ("-inf", "−∞"),
    ("e^(-inf)", "0"),
]


@pytest.mark.parametrize(("typed", "written"), WRITTEN)
def test_how_a_value_is_written(typed: str, written: str) -> None:
    """The order of the terms, the place of a root, what cancels."""
    assert text(typed) == written
    assert isinstance(exactly(read(typed)), (Fraction, *exact.OURS))


@pytest.mark.parametrize("typed", ["a + √2", "√(1 + √2)", "ln 2", "e^e", "2^√2", "π + 1", "√(e + 1)", "√π"])
def test_what_has_no_closed_form_is_left_to_sympy(typed: str) -> None:
    """Letters, nested roots, logarithms, towers of powers, sums with π."""
    assert isinstance(exactly(read(typed)), sympy.Basic)


@given(st.integers(1, 10**15), st.integers(1, 10**6))
def test_the_square_in_a_number(a: int, b: int) -> None:
    """√(a·b²) leaves a squarefree number under the root, as SymPy's factors say."""
    try:
        q, r = terms.root(Fraction(a * b * b))
    except terms.Beyond:
        return
    assert q * q * r == a * b * b
    assert all(power == 1 for power in sympy.factorint(r).values())


def test_a_root_too_hard_to_take_apart_is_not_taken_apart() -> None:
    """The product of three large primes may hide a square: SymPy has it, and the value is right."""
    p, q = 1_000_003, 1_000_033
    with pytest.raises(terms.Beyond):
        terms.root(Fraction(p * p * q))
    assert isinstance(exactly(sqrt(num(p * p * q))), sympy.Basic)


@settings(max_examples=60)
@given(problems(masks=MASKS, most_heads=2))
def test_every_exact_value_of_a_pass_is_that_of_sympy(data: dict[str, Any]) -> None:
    """Of each cell of random passes; and the exact weights of a row add up to exactly 1, or are all 0."""
    data["pass"].pop("repeat", None)
    trace = solve(from_dict(data))
    theirs = Table(trace.tables.definitions, cas.Symbolic())
    for step in trace:
        for cell in (cell for row in step.cells for cell in row if not cell.undefined and not cell.infinite):
            if trace.tables.sizes[cell.key] > 100:
                continue
            ours = enclosed(exact.tree(trace.tables.exact[cell.key]))
            with ball.precision(BITS):
                difference = ours - enclosed(cas.tree(cas.number_of(theirs[cell.key]), num))
                assert is_small(difference / (1 + abs(ours))), cell.id
        if step.name == "weights" and not any(cell.undefined for row in step.cells for cell in row):
            for row in step.cells:
                values = [trace.tables.exact[cell.key] for cell in row]
                if all(isinstance(x, Fraction | closed.Closed) for x in values):
                    assert exact.Exact().add(values) in (1, 0)


# Angles


def test_the_known_cosines() -> None:
    """Each known cosine is the cosine of its angle, and its arccos in degrees is a whole number."""
    for degrees, cosine in angles.cosines().items():
        assert abs(sympy.N(exact._for_sympy(cosine) - sympy.cos(sympy.pi * degrees / 180), 50)) < 1e-45
        formula = Mul((Div(num(180), Constant("π")), Call("arccos", exact.tree(cosine))))
        assert exactly(formula) == degrees
    assert set(angles.cosines()) == set(range(0, 181, 15)) | {36, 72, 108, 144}


@given(st.integers(1, 30), st.integers(1, 30))
def test_other_angles_are_no_rational_part_of_a_turn(top: int, bottom: int) -> None:
    """The arccos of √(p/q) is a rational part of a turn only where SymPy finds one too."""
    cosine = sqrt(num(Fraction(min(top, bottom), max(top, bottom))))
    ours = exactly(Div(Call("arccos", cosine), Constant("π")))
    theirs = by_sympy(Div(Call("arccos", cosine), Constant("π")))
    assert isinstance(ours, Fraction) == isinstance(theirs, Fraction)
    if not isinstance(ours, Fraction):
        assert abs(sympy.N(exact._for_sympy(ours) - theirs, 50)) < 1e-45


# Infinity

VALUES = [num(0), num(2), num(-3), sqrt(num(2)), minus(num(1), sqrt(num(2))), Constant("∞"), Neg(Constant("∞"))]


def outcome(compute: Any, formula: Expr) -> Any:
    """A value as a tree, or the reason why there is none."""
    try:
        return show(exact.tree(compute(formula)), plain)
    except Undefined as undefined:
        return undefined.reason


@pytest.mark.parametrize("b", VALUES)
@pytest.mark.parametrize("a", VALUES)
def test_infinity_is_that_of_sympy(a: Expr, b: Expr) -> None:
    """Sums, products, quotients and powers of e with ∞, and those that have no value, for the same reason."""
    for formula in (Add((a, b)), Mul((a, b)), Div(a, b), exp(a), Neg(a)):
        assert outcome(exactly, formula) == outcome(by_sympy, formula) or isinstance(exactly(formula), closed.Closed), (
            formula
        )
    largest = exact.Exact().largest([exactly(a), exactly(b)])
    theirs = cas.Symbolic().largest([by_sympy(a), by_sympy(b)])
    assert outcome(lambda _: largest, a) == outcome(lambda _: theirs, a) or isinstance(largest, closed.Closed)


def test_infinities_compare() -> None:
    """There are two."""
    assert infinite.Infinite(-1) < infinite.Infinite(1)


# Without SymPy

PRINTED = """
import contextlib, io, sys
from tracer.cli import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    for suffix in ("txt", "html"):
        main(["solve", sys.argv[1], "-o", f"{sys.argv[2]}/page.{suffix}"])
print("sympy" in sys.modules)
"""


@pytest.mark.parametrize(
    ("name", "needs_sympy"),
    [("apple-and-orange", False), ("causal-mask", False), ("three-heads", False), ("letters", True), ("softcap", True)],
)
def test_a_page_imports_sympy_only_for_what_needs_it(name: str, needs_sympy: bool, tmp_path: Path) -> None:
    """Roots, powers of e, masks and several heads print as text and HTML without SymPy; letters and a tanh do not."""
    problem = str(ROOT / "examples" / name / "problem.toml")
    run = subprocess.run(
        [sys.executable, "-c", PRINTED, problem, str(tmp_path)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert run.stdout.split()[-1] == str(needs_sympy), run.stdout


def test_a_fraction_that_no_ball_holds_exactly_is_still_equal() -> None:
    """1/(2 + e^(ln 3)) is 1/5, whose own enclosure is a ball: "= 0.2", not "≈ 0.2000"."""
    trace = solve(from_dict({"given": {"S": [["ln 3", 0, 0]]}, "pass": {"logits": []}}))
    row = [trace.tables.rounding.printed(cell.key, 4) for cell in trace["weights"].row(0)]
    assert [(number.value, is_equal) for number, is_equal in row] == [(Fraction(n, 5), True) for n in (3, 1, 1)]
