"""How people write numbers: what each text is read as, and why the others are refused."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.arithmetic import ball
from tracer.evaluate import Table, value
from tracer.expr import Num
from tracer.notation.plain import plain
from tracer.numbers import MAX_CHARACTERS, Unreadable, read
from tracer.show import show

READ = [  # as written, as it is shown again, its value to ten digits
    (2, "2", 2.0),
    (-3, "−3", -3.0),
    ("2", "2", 2.0),
    ("+2", "2", 2.0),
    ("-0.5", "−0.5", -0.5),
    ("−1", "−1", -1.0),  # the true minus sign
    ("–1", "−1", -1.0),  # a dash, as word processors make it
    ("0.50", "0.50", 0.5),
    ("0,5", "0.5", 0.5),
    (".5", "0.5", 0.5),
    (",5", "0.5", 0.5),
    ("5.", "5", 5.0),
    (" 7 ", "7", 7.0),
    ("007", "7", 7.0),
    ("2e-3", "0.002", 0.002),
    ("2.5E2", "250", 250.0),
    ("1e3", "1000", 1000.0),
    ("12 %", "0.12", 0.12),
    ("12,5%", "0.125", 0.125),
    ("1/3", "1/3", 1 / 3),
    ("-1/3", "−1/3", -1 / 3),
    ("−2/−4", "1/2", 0.5),
    ("4/2", "2", 2.0),
    ("0.5/3", "0.5/3", 0.5 / 3),
    ("1÷4", "1/4", 0.25),
    ("√2", "√2", 1.4142135624),
    ("√2/2", "√2/2", 0.7071067812),
    ("-√2/2", "−√2/2", -0.7071067812),
    ("sqrt(2)", "√2", 1.4142135624),
    ("SQRT(2)", "√2", 1.4142135624),
    ("√(2/3)", "√(2/3)", 0.8164965809),
    ("2√3", "2·√3", 3.4641016151),
    ("2·3", "2·3", 6.0),
    ("2*3", "2·3", 6.0),
    ("2×3", "2·3", 6.0),
    ("(1+√2)/2", "(1 + √2)/2", 1.2071067812),
    ("1-√2", "1 − √2", -0.4142135624),
    ("1 - -1", "1 − (−1)", 2.0),
    ("2^10", "2^10", 1024.0),
    ("2^-1", "2^(−1)", 0.5),
    ("-2^2", "−2^2", -4.0),  # the power binds first, as on paper
    ("(-2)^2", "(−2)^2", 4.0),
    ("ln 2", "ln(2)", 0.6931471806),
    ("ln(2)", "ln(2)", 0.6931471806),
    ("log(2)", "ln(2)", 0.6931471806),
    ("30·tanh(1/5)", "30·tanh(1/5)", 5.9212596067),
    ("e", "e", 2.7182818285),
    ("e^(1/2)", "e^(1/2)", 1.6487212707),
    ("exp(1/2)", "e^(1/2)", 1.6487212707),
    ("e^-1", "e^(−1)", 0.3678794412),
    ("π", "π", 3.1415926536),
    ("pi/2", "π/2", 1.5707963268),
]
INFINITE = [("inf", "∞"), ("-inf", "−∞"), ("−∞", "−∞"), ("Infinity", "∞"), ("-INF", "−∞")]
LETTERS = [
    ("a", "a"),
    ("x_1", "x_1"),
    ("-a", "−a"),
    ("α", "α"),
    ("2a", "2·a"),
    ("a/2", "a/2"),
    ("a·b + 1", "a·b + 1"),
    ("√a", "√a"),
]
UNREADABLE = [
    ("", "is empty"),
    ("   ", "is empty"),
    ("1/0", "divides by zero"),
    ("1/0.0", "divides by zero"),
    ("abc", "the word “abc”"),
    ("two", "the word “two”"),
    ("nan", "the word “nan”"),
    ("1 +", "stops where a number should follow"),
    ("-", "stops where a number should follow"),
    ("√", "stops where a number should follow"),
    ("(1", "opens a bracket that it does not close"),
    ("1)", "goes on after the number"),
    ("()", "where a number should stand"),
    ("/2", "where a number should stand"),
    ("1//2", "where a number should stand"),
    ("2 $", "has “$” in it"),
    ("1_000", "has “_” in it"),
    ("0x10", ""),  # a digit right behind a letter, a number, a bracket: what is meant is anybody's guess
    ("1 000", ""),
    ("1,000.5", ""),
    ("1.2.3", ""),
    ("1 1/2", ""),
    ("3 4", ""),
    ("√2 3", ""),
    ("1;2", "has “;” in it"),
    ("__import__('os').system('x')", "has “_” in it"),
    ("2**3", "where a number should stand"),
    ("lambda: 1", "has “:” in it"),
    ("1e999", "has an exponent beyond ±400"),
    ("9" * 101, "is longer than 100 characters"),
    (10**100, "has more than 100 digits"),
    ("(" * 30 + "1" + ")" * 30, "has more than 20 brackets inside each other"),
]


@pytest.mark.parametrize(("written", "shown", "about"), READ)
def test_a_number_is_read_as_people_write_it(written: int | str, shown: str, about: float) -> None:
    """A number keeps its form on paper, and has the value that a person means by it."""
    number = read(written)
    assert show(number, plain) == shown
    with ball.precision(128):
        assert ball.to_float(value(number, {}, Table({}, ball.Ball()))) == pytest.approx(about, rel=1e-10)


@pytest.mark.parametrize(("written", "shown"), [*INFINITE, *LETTERS])
def test_infinity_and_letters_are_read(written: str, shown: str) -> None:
    """Infinity has many spellings; a letter, with an index or a factor, stays a letter."""
    assert show(read(written), plain) == shown


@pytest.mark.parametrize(("written", "reason"), UNREADABLE)
def test_what_is_no_number_says_why(written: int | str, reason: str) -> None:
    """A text that is no number is refused with the reason, and nothing in it is run."""
    with pytest.raises(Unreadable) as refused:
        read(written)
    assert reason in str(refused.value)


def test_a_decimal_is_exact_as_written() -> None:
    """0.1 is one tenth and remembers its one place; no binary fraction comes near it."""
    assert read("0.1") == Num(Fraction(1, 10), 1)
    assert read("0.100") == Num(Fraction(1, 10), 3)
    assert read("5") == Num(Fraction(5))


def test_the_longest_number_is_read_at_once() -> None:
    """A text of the greatest length, of whatever signs, is read or refused within the limits."""
    assert show(read("9" * MAX_CHARACTERS), plain) == "9" * MAX_CHARACTERS
    for nasty in (
        "-" * 99 + "1",
        "√" * 99 + "2",
        "+" * 100,
        "a" * 100,
        "2^" * 49 + "2",
        "1/" * 49 + "3",
        "e^" * 49 + "1",
    ):
        try:
            read(nasty)
        except Unreadable as reason:
            assert str(reason)


@given(st.fractions(max_denominator=999))
def test_every_fraction_is_read_back(number: Fraction) -> None:
    """What plain notation writes for a rational number is read as that number."""
    assert read(show(Num(number), plain)) == Num(number)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=5, min_value=-1000, max_value=1000))
def test_every_decimal_is_read_back(number: object) -> None:
    """A decimal text is read as exactly that decimal, its places included."""
    assert read(str(number)) == Num(Fraction(str(number)), 5)
