"""Floating point of few bits: NumPy, ml_dtypes and PyTorch compute the same, number by number."""

from __future__ import annotations

import math
from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracer
from tracer.arithmetic import Unknown
from tracer.arithmetic.narrow import FORMATS, Format, Narrow
from tracer.parts.narrowed import Narrowed
from tracer.problem_file import from_dict

BY_NAME = {f.name: f for f in FORMATS}
FEW_BITS = [f for f in FORMATS if f.bits <= 16]


def dtype(format_: Format) -> np.dtype:
    """The type of NumPy or ml_dtypes that has this name."""
    return np.dtype(getattr(ml_dtypes, format_.name, None) or format_.name)


def every_number(format_: Format) -> np.ndarray:
    """All numbers of a format of at most 16 bits, as doubles."""
    bits = np.arange(2**format_.bits, dtype=f"uint{format_.bits}")
    with np.errstate(invalid="ignore"):  # nan
        return bits.view(dtype(format_)).astype(np.float64)


def same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


# By hand


def test_the_largest_numbers() -> None:
    """float16 ends at 65504, e4m3fn at 448, e5m2 at 57344; half a step beyond, what is too large begins."""
    assert BY_NAME["float16"].nearest(65519.99) == 65504
    assert BY_NAME["float16"].nearest(65520.0) == math.inf
    assert BY_NAME["float8_e4m3fn"].nearest(464.0) == 448
    assert math.isnan(BY_NAME["float8_e4m3fn"].nearest(464.1))
    assert BY_NAME["float8_e5m2"].nearest(-61440.0) == -math.inf


def test_e_to_the_twelfth() -> None:
    """e¹² = 162754.79…: float16 overflows, bfloat16 has 162816 nearest, e4m3fn, without ∞, says nan."""
    found = {name: Narrow(f).call("exp", 12.0) for name, f in BY_NAME.items()}
    assert found["float16"] == found["float8_e5m2"] == math.inf
    assert found["bfloat16"] == 162816
    assert math.isnan(found["float8_e4m3fn"])


def test_a_tie_goes_to_the_even_neighbour() -> None:
    """Between 2048 and 2050 float16 has no 2049, and between 2050 and 2052 no 2051."""
    assert BY_NAME["float16"].nearest(2049.0) == 2048
    assert BY_NAME["float16"].nearest(2051.0) == 2052


def test_sums_run_from_left_to_right() -> None:
    """2048 + 1 + 1 stays 2048 in float16, 1 + 1 + 2048 is 2050."""
    half = Narrow(BY_NAME["float16"])
    assert half.add([2048.0, 1.0, 1.0]) == 2048
    assert half.add([1.0, 1.0, 2048.0]) == 2050


def test_what_has_no_value() -> None:
    """1/0 is ∞, 0/0 and ∞ − ∞ are nan, ln 0 is −∞, √−1 is nan; a letter stays unknown."""
    half = Narrow(BY_NAME["float16"])
    assert half.divide(1.0, 0.0) == math.inf
    assert half.divide(-1.0, 0.0) == half.call("ln", 0.0) == -math.inf
    assert half.power(0.0, -1.0) == math.inf
    for nan in (
        half.divide(0.0, 0.0), half.add([math.inf, -math.inf]), half.call("sqrt", -1.0), half.power(-2.0, 0.5),
        half.call("arccos", 2.0), half.call("sin", math.inf), half.largest([1.0, math.nan]),
    ):  # fmt: skip
        assert math.isnan(nan)
    assert half.call("exp", -math.inf) == 0
    assert half.call("tanh", math.inf) == half.call("exp", 0.0) == 1
    with pytest.raises(Unknown):
        half.letter("a")


def test_powers_beyond_every_format() -> None:
    """e^(10^300) and 10^(10^300) overflow at once, e^(−10^300) underflows at once."""
    double = Narrow(BY_NAME["float64"])
    assert double.call("exp", 1e300) == double.power(10.0, 1e300) == math.inf
    assert double.call("exp", -1e300) == double.power(10.0, -1e300) == 0
    assert double.power(-2.0, 3.0) == -8


def test_a_number_beyond_all_doubles_is_too_large() -> None:
    """10^400 as a fraction."""
    assert BY_NAME["float64"].nearest(Fraction(10) ** 400) == math.inf
    assert BY_NAME["float64"].nearest(-(Fraction(10) ** 400)) == -math.inf


# Against NumPy and ml_dtypes


@pytest.mark.parametrize("format_", FORMATS, ids=lambda f: f.name)
def test_the_facts_are_those_of_ml_dtypes(format_: Format) -> None:
    """Bits, largest and smallest numbers, and the step from 1."""
    facts = ml_dtypes.finfo(dtype(format_))
    assert (facts.bits, facts.nmant + 1, facts.minexp) == (format_.bits, format_.digits, format_.least)
    assert (float(facts.max), float(facts.eps)) == (format_.largest, format_.epsilon)
    assert (float(facts.smallest_normal), float(facts.smallest_subnormal)) == (
        format_.smallest_normal,
        format_.smallest,
    )


@pytest.mark.parametrize("format_", FEW_BITS, ids=lambda f: f.name)
def test_every_number_of_a_format_stays_itself(format_: Format) -> None:
    """Each of the 256 or 65,536, and its shortest decimal names it."""
    for number in map(float, every_number(format_)[:: 1 if format_.bits == 8 else 31]):
        assert same(format_.nearest(number), number)
        if math.isfinite(number) and number:
            mantissa, power = format_.shortest(number)
            assert format_.nearest(mantissa * Fraction(10) ** power) == number


@pytest.mark.parametrize("format_", FORMATS, ids=lambda f: f.name)
@given(number=st.floats(width=32))
def test_rounding_is_that_of_ml_dtypes(format_: Format, number: float) -> None:
    """A float32 number, cast to the format."""
    with np.errstate(all="ignore"):
        cast = float(np.float32(number).astype(dtype(format_)))
    assert same(format_.nearest(number), cast)


@pytest.mark.parametrize("format_", FEW_BITS, ids=lambda f: f.name)
@settings(max_examples=200)
@given(data=st.data())
def test_one_operation_is_that_of_ml_dtypes(format_: Format, data: st.DataObject) -> None:
    """Sum, difference, product, quotient and square root of numbers of the format."""
    numbers = every_number(format_)
    a, b = (float(numbers[data.draw(st.integers(0, len(numbers) - 1))]) for _ in range(2))
    ours = Narrow(format_)
    with np.errstate(all="ignore"):
        x, y = (np.asarray(n).astype(dtype(format_)) for n in (a, b))
        assert same(ours.add([a, b]), float(x + y))
        assert same(ours.add([a, ours.negate(b)]), float(x - y))
        assert same(ours.multiply([a, b]), float(x * y))
        assert same(ours.divide(a, b), float(x / y))
        assert same(ours.call("sqrt", a), float(np.sqrt(x)))


@given(a=st.floats(width=32), b=st.floats(width=32))
def test_one_operation_is_that_of_numpy(a: float, b: float) -> None:
    """The same in float32, and in float64."""
    for name, numbers in (("float32", np.float32), ("float64", np.float64)):
        ours, x, y = Narrow(BY_NAME[name]), numbers(a), numbers(b)
        with np.errstate(all="ignore"):
            assert same(ours.add([a, b]), float(x + y))
            assert same(ours.multiply([a, b]), float(x * y))
            assert same(ours.divide(a, b), float(x / y))
            assert same(ours.call("sqrt", a), float(np.sqrt(x)))


def test_exponentials_are_rounded_correctly() -> None:
    """Every fiftieth float16, against NumPy's e^x in double precision, rounded once more by NumPy."""
    ours = Narrow(BY_NAME["float16"])
    for number in map(float, every_number(BY_NAME["float16"])[::50]):
        with np.errstate(all="ignore"):
            theirs = float(np.float16(np.exp(np.float64(number))))
        assert same(ours.call("exp", number), theirs)


# A whole pass


def written_apart(Q: list, K: list, V: list, numbers: type, shifted: bool) -> list[list[float]]:
    """Attention with scalars of a NumPy type, one operation at a time."""
    Q, K, V = ([[numbers(x) for x in row] for row in M] for M in (Q, K, V))
    root, outputs = np.sqrt(numbers(len(K[0]))), []
    for q in Q:
        scores = []
        for k in K:
            total = q[0] * k[0]
            for x, y in zip(q[1:], k[1:], strict=True):
                total = total + x * y
            scores.append(total / root)
        most = max(scores)
        exps = [np.exp(z - most if shifted else z) for z in scores]
        weights = [e / sum(exps[1:], exps[0]) for e in exps]
        row = []
        for c in range(len(V[0])):
            total = weights[0] * V[0][c]
            for a, v in zip(weights[1:], V[1:], strict=True):
                total = total + a * v[c]
            row.append(float(total))
        outputs.append(row)
    return outputs


@pytest.mark.parametrize("normalisation", ["softmax", "softmax-shifted"])
def test_a_pass_in_float16_is_that_of_numpy_scalars(normalisation: str) -> None:
    """Thirty passes with numbers up to 8, every output the same float16, nan included."""
    random = np.random.default_rng(5)
    for _ in range(30):
        Q, K, V = (random.integers(-32, 33, size=(3, 2)) / 4 for _ in range(3))
        given_ = {name: [[str(x) for x in row] for row in M] for name, M in (("Q", Q), ("K", K), ("V", V))}
        trace = tracer.solve(from_dict({"given": given_, "pass": {"normalisation": normalisation}}))
        with np.errstate(all="ignore"):
            theirs = written_apart(Q.tolist(), K.tolist(), V.tolist(), np.float16, normalisation != "softmax")
        found = Narrowed(trace, BY_NAME["float16"])
        ours = [[found["outputs", (i, c)] for c in range(2)] for i in range(3)]
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.full
@pytest.mark.parametrize("name", ["bfloat16", "float16", "float8_e4m3fn", "float8_e5m2"])
def test_rounding_and_operations_are_those_of_torch(name: str) -> None:
    """PyTorch on a CPU: casts to all four formats; sums, products, quotients and e^x of the two with 16 bits.

    But for e4m3fn, in which PyTorch writes the largest number for everything that is too large.
    """
    import torch

    kind, ours = getattr(torch, name), Narrow(BY_NAME[name])
    numbers = torch.randn(3_000, generator=torch.Generator().manual_seed(1)).exp() ** 3
    cast = numbers.to(kind)
    for a, b in zip(numbers.tolist(), cast.double().tolist(), strict=True):
        assert same(ours.format.nearest(a), b) or (name == "float8_e4m3fn" and a > 464 and b == 448)
    if BY_NAME[name].bits < 16:
        return
    x, y = cast[:1_500], cast[1_500:]
    theirs = (x + y, x * y, x / y, x.exp())
    for n, (a, b) in enumerate(zip(x.tolist(), y.tolist(), strict=True)):
        found = (ours.add([a, b]), ours.multiply([a, b]), ours.divide(a, b), ours.call("exp", a))
        for mine, tensor in zip(found, theirs, strict=True):
            assert same(mine, float(tensor[n]))
