"""What `tracer.attention` takes, and what comes out at the edges: one token, empty rows, huge scores, every kind of number.

NumPy has the same pass written apart: scores, their largest subtracted, shares.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.errors import ProblemError, ShapeError, TracerError
from tracer.notation.plain import plain
from tracer.show import show

DRAW = np.random.default_rng(11)
Q, K, V = DRAW.normal(size=(2, 3)), DRAW.normal(size=(4, 3)), DRAW.normal(size=(4, 2))


def outputs(Q: Any, K: Any, V: Any, seen: Any = True, bias: Any = 0.0) -> Any:
    """Attention in NumPy; a row that sees nothing gives zeros."""
    Z = np.where(seen, Q @ K.T / np.sqrt(Q.shape[1]) + bias, -np.inf)
    m = Z.max(axis=1, keepdims=True)
    E = np.where(np.isneginf(Z), 0, np.exp(Z - np.where(np.isneginf(m), 0, m)))
    D = E.sum(axis=1, keepdims=True)
    return np.divide(E, D, out=np.zeros_like(E), where=D > 0) @ V


def first_score(one: Any) -> str:
    """The exact score of a query of one entry with a key of 3."""
    found = tracer.attention([[one]], [[3]], [[1]], scale=1)["scores"][0, 0].exact
    assert found is not None
    return show(found, plain)


@pytest.mark.parametrize(
    ("one", "score"),
    [
        (2, "6"),
        (True, "3"),
        (2**70, str(3 * 2**70)),
        (0.1, "3/10"),
        ("1/3", "1"),
        ("√2/2", "3·√2/2"),
        (Fraction(1, 3), "1"),
        (Decimal("0.1"), "3/10"),
        (np.int64(2), "6"),
        (np.float64(0.1), "3/10"),
        (np.float16(0.5), "3/2"),
    ],
)
def test_every_kind_of_number_is_the_number_it_names(one: Any, score: str) -> None:
    """A float is the shortest decimal that names it, and a fraction stays one."""
    assert first_score(one) == score


@pytest.mark.parametrize("kind", [object, str])
def test_arrays_of_fractions_and_of_texts(kind: type) -> None:
    """They are as exact as lists of them."""
    third = np.array([[Fraction(1, 3)], [Fraction(2, 3)]], dtype=object).astype(kind)
    trace = tracer.attention(third, np.array([[3]]), [[1]], scale=1)
    assert [show(row[0].exact, plain) for row in trace["scores"].cells if row[0].exact] == ["1", "2"]


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_a_float_of_fewer_bits_is_the_same_number(dtype: Any) -> None:
    """float32 has no 0.1: what is traced is the number that it holds, on paper and in floats."""
    tenth = np.full((1, 1), 0.1, dtype=dtype)
    trace = tracer.attention(tenth, [[1]], [[1]], scale=1)
    assert trace.floats("scores")[0, 0] == float(tenth[0, 0]) != 0.1
    assert abs(float(trace["scores"][0, 0].decimal(30) or "") - float(tenth[0, 0])) < 1e-17


def test_arrays_in_any_order_of_memory() -> None:
    """Turned, reversed, every second row: the same as a copy."""
    wide = DRAW.normal(size=(8, 6))
    a, b, c = np.asfortranarray(Q), wide[::2, ::2], V[::-1]
    found = tracer.attention(a, b, c).floats("outputs")
    assert np.array_equal(found, tracer.attention(a.copy("C"), b.copy(), c.copy()).floats("outputs"))


@pytest.mark.parametrize(
    ("n", "m", "d_k", "d_v"), [(1, 1, 1, 1), (1, 4, 3, 2), (4, 1, 1, 3), (2, 5, 1, 4), (5, 2, 3, 1)]
)
@pytest.mark.parametrize(
    ("mask", "seen"),
    [
        (None, lambda i, j, p: j >= 0),
        ("causal", lambda i, j, p: j <= i + p),
        ({"rule": "causal", "align": "top-left"}, lambda i, j, p: j <= i),
        ({"rule": "causal", "align": -2}, lambda i, j, p: j <= i - 2),
        ({"rule": "window", "left": 1, "right": 0}, lambda i, j, p: (i + p - 1 <= j) & (j <= i + p)),
        ({"rule": "window", "left": 0, "align": "top-left"}, lambda i, j, p: j >= i),
        ({"rule": "padding", "length": 1}, lambda i, j, p: j < 1),
        ({"rule": "padding", "length": 0}, lambda i, j, p: j < 0),
    ],
)
def test_every_mask_in_every_shape(n: int, m: int, d_k: int, d_v: int, mask: Any, seen: Any) -> None:
    """One token, one coordinate, values wider or narrower than keys, more queries than keys and fewer."""
    Q, K, V = DRAW.normal(size=(n, d_k)), DRAW.normal(size=(m, d_k)), DRAW.normal(size=(m, d_v))
    i, j = np.indices((n, m))
    expected = outputs(Q, K, V, seen(i, j, m - n))
    for normalisation in ("softmax", "softmax-shifted", "softmax-base-2"):
        shares = {"softmax-base-2": np.log(2)}.get(normalisation, 1.0)
        trace = tracer.attention(Q, K, V, mask=mask, normalisation=normalisation)
        wanted = expected if shares == 1 else outputs(Q * shares, K, V, seen(i, j, m - n))
        assert np.allclose(trace.floats("outputs"), wanted, atol=1e-12)


@pytest.mark.parametrize("normalisation", ["softmax", "softmax-shifted"])
def test_rows_and_columns_that_are_masked_altogether(normalisation: str) -> None:
    """A query that sees nothing gives zeros; a key that nobody sees weighs 0; a bias of −∞ does the same."""
    seen = np.array([[0, 0, 0, 0], [1, 0, 1, 0]])
    trace = tracer.attention(Q, K, V, mask=seen, normalisation=normalisation)
    assert np.allclose(trace.floats("outputs"), outputs(Q, K, V, seen), atol=1e-14)
    assert not trace.floats("weights")[:, [1, 3]].any()
    bias = np.where(seen, [[0.5], [2.0]], -np.inf)
    hidden = tracer.attention(Q, K, V, bias=bias, normalisation=normalisation)
    assert np.allclose(hidden.floats("outputs"), outputs(Q, K, V, seen, np.where(seen, bias, 0)), atol=1e-14)


@pytest.mark.parametrize("size", [1e4, -1e4, 1e9])
@pytest.mark.parametrize("normalisation", ["softmax", "softmax-shifted"])
def test_huge_scores_do_not_overflow(size: float, normalisation: str) -> None:
    """Also where e to the score is no double: the weights are, and they are found."""
    rows = np.array([[1.0, 0.5], [1.0, 1.0], [-1.0, 0.0]])
    trace = tracer.attention(size * rows[:, :1], rows[:, 1:], V[:3], scale=1, normalisation=normalisation)
    expected = outputs(size * rows[:, :1], rows[:, 1:], V[:3])
    assert np.allclose(trace.floats("outputs"), expected, atol=1e-13)
    assert trace["outputs"][0, 0].float == trace.floats("outputs")[0, 0]


@pytest.mark.parametrize("scores", [[709.7, 709.7], [710, 700], [720, -720], [-800, -801], [1000, 999, 1000]])
def test_a_weight_beside_an_overflow_is_right_too(scores: list[float]) -> None:
    """e^710 is no double and e^700 is one: its weight is e^−10 of the other's, not 0."""
    trace = tracer.attention([[1]], [[one] for one in scores], [[1]] * len(scores), scale=1)
    E = np.exp(np.array(scores) - max(scores))
    assert np.allclose(trace.floats("weights")[0], E / E.sum(), rtol=1e-12, atol=0)


@pytest.mark.parametrize("kind", [bool, np.uint8, np.int64, np.float32])
@pytest.mark.parametrize("shape", [(4,), (2, 1), (1, 4), (2, 4), (1, 2, 4), (6, 1, 4), (6, 2, 1), (6, 2, 4)])
def test_masks_are_broadcast(kind: Any, shape: tuple[int, ...]) -> None:
    """A row for all queries, a column for all keys, one for each head: any type that holds 0 and 1."""
    q, k, v = DRAW.normal(size=(6, 2, 3)), DRAW.normal(size=(3, 4, 3)), DRAW.normal(size=(3, 4, 2))
    mask = (np.random.default_rng(len(shape)).random(shape) < 0.6).astype(kind)
    found = tracer.attention(q, k, v, mask=mask).floats("outputs")
    everywhere = np.broadcast_to(mask.astype(bool), (6, 2, 4))
    for h in range(6):
        assert np.allclose(found[h], outputs(q[h], k[h // 2], v[h // 2], everywhere[h]), atol=1e-13)


@pytest.mark.parametrize(
    "scale", [np.float32(0.5), np.float64(0.5), np.array(0.5), Fraction(1, 2), Decimal("0.5"), "1/2", 0.5]
)
def test_a_scale_of_any_kind(scale: Any) -> None:
    """Each is one half."""
    assert np.allclose(tracer.attention(Q, K, V, scale=scale).floats("scaled"), 2 * Q @ K.T, atol=1e-14)


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"Q": np.zeros((0, 3))}, r"Q has the shape \(0, 3\); expected a matrix with two axes, none of them empty"),
        ({"V": np.zeros((4, 0))}, r"V has the shape \(4, 0\)"),
        ({"Q": []}, "Q has 0 axes"),
        ({name: np.zeros((0, 2, 3)) for name in "QKV"}, "Q has 0 heads, K 0 and V 0"),
        ({"Q": Q + 1j}, "Q holds complex128; expected real numbers"),
        ({"Q": np.full((2, 3), np.nan)}, "Q holds nan; expected finite numbers"),
        ({"Q": [[float("nan")] * 3]}, "Q: “nan” is no number"),
        ({"Q": [[Decimal("NaN")] * 3]}, "Q: “NaN”"),
        ({"Q": np.array([["one"] * 3])}, "Q: “one”"),
        ({"scale": float("inf")}, "scale, by is no use: the number is infinite"),
        ({"scale": 0.0}, "scale, by is 0, and nothing can be divided by zero"),
        ({"softcap": np.float32("inf")}, "softcap, cap is no use: the number is infinite"),
        ({"softcap": float("nan")}, "“nan” is no number"),
        ({"mask": np.zeros((1, 1, 2, 4))}, "mask has the shape .* cannot be broadcast"),
        ({"mask": np.zeros((3, 4))}, "mask has the shape .* cannot be broadcast"),
        ({"mask": np.full((2, 4), 2)}, "must be 0 or 1"),
        ({"bias": np.full((2, 4), np.inf)}, "bias holds inf"),
    ],
)
def test_what_has_no_meaning_is_refused(told: dict[str, Any], says: str) -> None:
    """Before anything is traced, with what was found."""
    with pytest.raises(TracerError, match=says) as refused:
        tracer.attention(**({"Q": Q, "K": K, "V": V} | told))
    assert isinstance(refused.value, ProblemError | ShapeError)
