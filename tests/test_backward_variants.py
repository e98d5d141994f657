"""The backward pass through the variants, against slopes that know nothing of it.

The forward pass stands here once more, in a few lines of NumPy. Run with one given number moved by i · 10⁻³⁰ it gives the
slope of the loss to all digits of a double (Squire and Trapp 1998, the complex-step derivative); run by PyTorch, the
gradients that autograd finds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import matrices

import tracer
from tracer.checks import checks
from tracer.errors import ProblemError
from tracer.operations import backward
from tracer.operations.encodings import encodings, word_encodings
from tracer.problem_file import from_dict, from_text

STEP = 1e-30
STEPS = {"Q": "query", "K": "key", "V": "value", "S": "scores"}
SHARED_OUT = ("softmax", "softmax-shifted", "softmax-online", "softmax-temperature", "softmax-base-2")
NORMALISATIONS = (*SHARED_OUT, "softmax-off-by-one", "softmax-sink", "sigmoid")
numbers = st.sampled_from([-2, -1, 1, 2, "1/2", "-3/4", "0.3", "1.7"])


@st.composite
def passes(draw: Any) -> dict[str, Any]:
    """A pass with encodings, a list of logit steps, a normalisation, and one or two heads."""

    def one_of(*choices: Any) -> Any:
        return draw(st.sampled_from(choices))

    def matrix(rows: int, columns: int) -> list[list[Any]]:
        return draw(matrices(rows, columns, numbers))

    def of_heads(*sizes: int) -> Any:
        made = [matrix(*sizes) if len(sizes) == 2 else matrix(1, *sizes)[0] for _ in range(heads)]
        return made if heads > 1 and one_of(True, False) else made[0]

    n, heads, source = draw(st.integers(1, 3)), one_of(1, 2), one_of("X", "X", "W", "QKV", "S")
    d_k = one_of(2, 4) if source != "X" else 2
    d_model = 2 * one_of(1, 2) if source == "W" else heads * d_k
    m = n if source in ("X", "W") else draw(st.integers(1, 3))
    wiring: dict[str, Any] = {"n_heads": heads, "encoding": [], "logits": []}
    given: dict[str, Any] = {}
    if source in ("X", "W"):
        given["X"] = matrix(n, d_model)
        wiring["encoding"] += one_of([], [{"use": "sinusoidal", "base": 100}])
    if source == "W":
        given |= {f"W_{name}": matrix(d_model, heads * d_k) for name in "QKV"}
    if source == "QKV":
        given |= {"Q": matrix(n, heads * d_k), "K": matrix(m, heads * d_k)}
    if source == "S":
        given["S"] = of_heads(n, m)
    if source in ("QKV", "S"):
        given["V"] = matrix(m, heads * d_k)
    if source != "S":
        wiring["encoding"] += one_of([], [{"use": "l2-norm"}], [{"use": "rms-norm", "epsilon": one_of(0, "1/4")}])
        if wiring["encoding"][-1:] and wiring["encoding"][-1]["use"] == "rms-norm":
            given |= {name: matrix(1, d_k)[0] for name in one_of((), ("g_Q",), ("g_Q", "g_K"))}
        rotary = {"use": "rotary", "pairing": one_of("half", "adjacent"), "base": 10, "start": one_of(0, 3)}
        wiring["encoding"] += one_of([], [{**rotary, "dimensions": 2}], [rotary])
    steps = [{"use": "temperature", "by": one_of(2, "1/2")}, {"use": "bias"}, {"use": "relative"}, {"use": "alibi"}]
    wiring["logits"] = [step for step in draw(st.permutations(steps)) if one_of(True, False)]
    wiring["logits"] += one_of([], [{"use": "mask", "rule": "causal", "align": "top-left"}])
    used = {step["use"] for step in wiring["logits"]}
    if "bias" in used:
        given["bias"] = of_heads(n, m)
    if "relative" in used:
        given["relative"] = of_heads(n + m - 1)
    normalisation: dict[str, Any] = {"use": one_of(*NORMALISATIONS)}
    more = {"softmax-online": {"block": 2}, "softmax-temperature": {"temperature": one_of(2, "1/3")},
            "sigmoid": one_of({}, {"bias": "-1/2"})}  # fmt: skip
    wiring["normalisation"] = {**normalisation, **more.get(normalisation["use"], {})}
    if normalisation["use"] == "softmax-sink":
        given["sinks"] = matrix(1, heads)[0]
    given["dO"] = matrix(n, heads * d_k)
    return {"given": given, "pass": wiring}


def read(raw: Any) -> Any:
    """Nested lists of numbers as an array."""
    return np.array([read(x) for x in raw]) if isinstance(raw, list) else float(Fraction(raw))


def loss(leaf: dict[str, Any], wiring: dict[str, Any], xp: Any) -> Any:
    """L = sum of dO · O, by NumPy or by PyTorch."""
    heads, X = wiring["n_heads"], leaf.get("X")
    if wiring["encoding"][:1] and wiring["encoding"][0]["use"] == "sinusoidal":
        X = X + xp.asarray(waves(*X.shape))

    def whole(name: str) -> Any:
        return leaf[name] if name in leaf else X @ leaf[f"W_{name}"] if f"W_{name}" in leaf else X

    def own(name: str, h: int, flat: int) -> Any:
        return leaf[name][h] if leaf[name].ndim > flat else leaf[name]

    total = 0
    V = whole("V")
    width = V.shape[1] // heads
    for h in range(heads):
        columns = slice(h * width, (h + 1) * width)
        if "S" in leaf:
            Z = own("S", h, 2)
        else:
            Q, K = (encoded(whole(name)[:, columns], f"g_{name}", leaf, wiring, xp) for name in "QK")
            Z = Q @ K.T
        A = weights(Z, [own(name, h, flat) if name in leaf else None for name, flat in (("bias", 2), ("relative", 1))],
                    leaf["sinks"][h] if "sinks" in leaf else None, wiring, h, xp)  # fmt: skip
        total = total + (leaf["dO"][:, columns] * (A @ V[:, columns])).sum()
    return total


def waves(n: int, d: int) -> np.ndarray:
    """Sinusoidal positions with base 100."""
    angles = np.arange(n)[:, None] / 100 ** (np.arange(0, d, 2) / d)
    return np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(n, d)


def encoded(Q: Any, gain: str, leaf: dict[str, Any], wiring: dict[str, Any], xp: Any) -> Any:
    """Queries or keys of a head as they are compared."""
    n, d = Q.shape
    for step in wiring["encoding"]:
        if step["use"] == "l2-norm":
            Q = Q / xp.sqrt((Q * Q).sum(1))[:, None]
        if step["use"] == "rms-norm":
            Q = Q / xp.sqrt((Q * Q).mean(1) + float(Fraction(step["epsilon"])))[:, None] * leaf.get(gain, 1)
        if step["use"] == "rotary":
            r = step.get("dimensions", d)
            angle = (np.arange(n) + step["start"])[:, None] / 10.0 ** (np.arange(0, r, 2) / r)
            R = np.zeros((n, d, d)) + np.diag((np.arange(d) >= r) * 1.0)
            t = np.arange(r // 2)
            a, b = (t, t + r // 2) if step["pairing"] == "half" else (2 * t, 2 * t + 1)
            R[:, a, a] = R[:, b, b] = np.cos(angle)
            R[:, a, b], R[:, b, a] = -np.sin(angle), np.sin(angle)
            Q = xp.einsum("iab,ib->ia", xp.asarray(R) + 0 * Q[:, :1, None], Q)
    return Q


def weights(Z: Any, added: list[Any], sink: Any, wiring: dict[str, Any], h: int, xp: Any) -> Any:
    """The weights of a head."""
    n, m = Z.shape
    bias, relative = added
    i, j = np.arange(n)[:, None], np.arange(m)
    seen = np.ones((n, m))
    for step in wiring["logits"]:
        if step["use"] == "temperature":
            Z = Z / float(Fraction(step["by"]))
        if step["use"] == "bias":
            Z = Z + bias
        if step["use"] == "relative":
            Z = Z + relative[j - i + n - 1]
        if step["use"] == "alibi":
            Z = Z - xp.asarray(2.0 ** (-8 * (h + 1) / wiring["n_heads"]) * np.abs(i + m - n - j))
        if step["use"] == "mask":
            seen = (j <= i) * 1.0
    told = wiring["normalisation"]
    seen = xp.asarray(seen)
    if told["use"] == "sigmoid":
        return seen / (1 + xp.exp(-(Z + float(Fraction(told.get("bias", 0))))))
    slope = {"softmax-base-2": np.log(2)}.get(told["use"], 1 / float(Fraction(told.get("temperature", 1))))
    E = seen * xp.exp(Z * slope)
    rest = {"softmax-off-by-one": 1.0, "softmax-sink": sink if sink is None else xp.exp(sink)}.get(told["use"], 0.0)
    return E / (E.sum(1) + rest)[:, None]


def gradients(problem: dict[str, Any]) -> dict[str, np.ndarray]:
    """What the backward pass says about everything that is given, laid out as it is."""
    trace, heads = tracer.solve(from_dict(problem)), problem["pass"]["n_heads"]
    found = {}
    for name, raw in problem["given"].items():
        step = f"d_{STEPS.get(name, name)}"
        is_per_head = heads > 1 and np.ndim(read(raw)) > (1 if name in ("relative", "sinks", "g_Q", "g_K") else 2)
        ids = [f"head{h}.{step}" for h in range(1, heads + 1)] if is_per_head else [step]
        if name != "dO":
            found[name] = np.stack([trace.floats(id_) for id_ in ids]).reshape(np.shape(read(raw)))
    return found


def places(array: np.ndarray) -> Iterator[tuple[int, ...]]:
    """Every place of an array."""
    return iter(np.ndindex(array.shape))


@settings(max_examples=60)
@given(passes())
def test_every_gradient_is_the_slope_of_the_loss(problem: dict[str, Any]) -> None:
    """∂L/∂x of each given number is the imaginary part of the loss at x + i · 10⁻³⁰, in units of 10⁻³⁰."""
    leaf = {name: read(raw).astype(complex) for name, raw in problem["given"].items()}
    for name, array in gradients(problem).items():
        for at in places(array):
            moved = leaf[name].copy()
            moved[at] += 1j * STEP
            slope = loss({**leaf, name: moved}, problem["pass"], np).imag / STEP
            assert array[at] == pytest.approx(slope, rel=1e-8, abs=1e-9), (name, at)


@pytest.mark.full
@settings(max_examples=300)
@given(passes())
def test_every_gradient_is_that_of_autograd(problem: dict[str, Any]) -> None:
    """PyTorch, in float64, finds the same gradients."""
    import torch

    leaf = {name: torch.tensor(read(raw), requires_grad=name != "dO") for name, raw in problem["given"].items()}
    loss(leaf, problem["pass"], torch).backward()
    for name, array in gradients(problem).items():
        np.testing.assert_allclose(array, leaf[name].grad.numpy(), rtol=1e-8, atol=1e-9, err_msg=name)


# What a reader can follow with a pencil

PENCIL = """
tokens = ["a", "b"]
[given]
Q = [[0, 0], [0, 0]]
K = [[0, 0], [0, 0]]
V = [[6, 0], [0, 6]]
dO = [[1, 0], [1, 1]]
"""


def solved(more: str, given: str = PENCIL) -> tracer.Trace:
    """A pass all of whose scores are 0."""
    return tracer.solve(from_text(f"{given}\n{more}"))


def test_beside_a_rest() -> None:
    """Two scores of 0 and 1 more below the line: weights 1/3 each, and 1/3 is left over, which counts with gradient 0."""
    trace = solved('[pass]\nlogits = []\nnormalisation = "softmax-off-by-one"')
    assert trace.exact("d_weights").tolist() == [[6, 0], [6, 6]]
    third = Fraction(1, 3)
    assert trace.exact("row1.jacobian").tolist() == [[2 * third**2, -(third**2)], [-(third**2), 2 * third**2]]
    assert trace.exact("mean_gradients").tolist() == [[2], [4]]  # 6/3 + 0/3 + 0/3, 6/3 + 6/3 + 0/3
    assert trace.exact("d_scores").tolist() == [[4 * third, -2 * third], [2 * third, 2 * third]]


def test_the_gradient_of_a_sink() -> None:
    """A sink of 0 is the 1 below the line: what it gets is the rest, 1/3, times minus the mean, added up over rows."""
    trace = solved('sinks = [0]\n[pass]\nlogits = []\nnormalisation = "softmax-sink"')
    assert trace.exact("d_sink_logits").tolist() == [[Fraction(-2, 3)], [Fraction(-4, 3)]]
    assert trace.exact("d_sinks").tolist() == [[-2]]


def test_a_sigmoid_needs_no_jacobian() -> None:
    """At 0 its slope is 1/4, whatever the other scores are."""
    trace = solved('[pass]\nlogits = []\nnormalisation = "sigmoid"')
    assert trace.exact("d_scores").tolist() == [[Fraction(6, 4), 0], [Fraction(6, 4), Fraction(6, 4)]]
    assert "row1.jacobian" not in trace
    assert "mean_gradients" not in trace


def test_numbers_along_diagonals() -> None:
    """Relative positions get the sums of the diagonals of the scores' gradient, from below left to above right."""
    trace = solved("relative = [0, 0, 0]\n[pass]\nlogits = [{ use = 'relative' }, { use = 'temperature', by = 2 }]")
    assert trace.exact("d_tempered").tolist() == [[Fraction(3, 2), Fraction(-3, 2)], [0, 0]]
    assert trace.exact("d_relative_scores").tolist() == [[Fraction(3, 4), Fraction(-3, 4)], [0, 0]]
    assert trace.exact("d_relative").tolist() == [[0], [Fraction(3, 4)], [Fraction(-3, 4)]]


def test_turned_back() -> None:
    """The first word is not turned, the second by half a radian; its gradient is turned back by as much."""
    given = PENCIL.replace("Q = [[0, 0], [0, 0]]\nK = [[0, 0], [0, 0]]", "Q = [[0, 0], [0, 0]]\nK = [[1, 0], [0, 1]]")
    trace = solved('[pass]\nlogits = []\nencoding = [{ use = "rotary", angles = [0.5] }]', given)
    d, back = trace.floats("d_rotated_query"), trace.floats("d_query")
    cos, sin = np.cos(0.5), np.sin(0.5)
    np.testing.assert_allclose(back[0], d[0])
    np.testing.assert_allclose(back[1], [d[1, 0] * cos + d[1, 1] * sin, -d[1, 0] * sin + d[1, 1] * cos])


# What the page checks


COLUMNS, THROUGH, ROWS = (
    "columns of Jacobians add up to 0",
    "gradients through the Jacobians",
    "gradients of a row add up to 0",
)
CHECKED: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("softmax", "softmax-base-2", "softmax-shifted", "softmax-online"), (COLUMNS, THROUGH, ROWS)),
    "softmax-off-by-one": (THROUGH,),
    "softmax-sink": (THROUGH,),
    "sum": (COLUMNS, THROUGH),
    "sigmoid": (),
}


@pytest.mark.parametrize("name", CHECKED)
def test_only_what_is_true_is_checked(name: str) -> None:
    """Gradients of a row add up to 0 where a number added to all its logits changes nothing; beside a rest it does."""
    given = PENCIL.replace("Q = [[0, 0], [0, 0]]\nK = [[0, 0], [0, 0]]", "S = [[1, 2], [1, 3]]")
    sinks = "sinks = [1]" if name == "softmax-sink" else ""
    told = f'use = "{name}"' + (", block = 1" if name == "softmax-online" else "")
    found = checks(solved(f"{sinks}\n[pass]\nlogits = []\nnormalisation = {{ {told} }}", given), (0, 1))
    of_gradients = {check.name: check.holds for check in found if check.name in (COLUMNS, THROUGH, ROWS)}
    assert of_gradients == dict.fromkeys(CHECKED[name], True)


# What cannot be worked

REFUSED = {
    "prefill": ("X = [[1], [2]]\ndO = [[1], [1]]", "prefill = 1", "take out prefill, or dO"),
    "a cache": ("X = [[1]]\npast_K = [[1]]\npast_V = [[1]]\ndO = [[1]]", "", "take out past_K and past_V, or dO"),
    "an encoding": ("X = [[1]]\ndO = [[1]]", "encoding = [{ use = 'feature-map' }]",
                    "not worked through feature-map ([pass] encoding 1); take dO out, or use one of sinusoidal, rotary"),
    "a similarity": ("X = [[1]]\ndO = [[1]]", "similarity = 'negative-squared-distance'", "use one of dot, cosine"),
    "a normalisation": ("X = [[1]]\ndO = [[1]]", "normalisation = 'sparsemax'", "not worked through sparsemax"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_worked_is_refused(name: str) -> None:
    """In one line that says where and why, before a step is recorded."""
    given_, wiring, says = REFUSED[name]
    with pytest.raises(ProblemError, match=re.escape(says)):
        tracer.solve(from_text(f"[given]\n{given_}\n[pass]\n{wiring}"))


def test_ways_back_lead_through_encodings_that_there_are() -> None:
    """The racks of the backward pass have names of the forward racks only."""
    assert set(backward.encodings) <= set(encodings)
    assert set(backward.word_encodings) <= set(word_encodings)


def test_its_numpy_source_computes_the_same(tmp_path: Path) -> None:
    """Diagonals, rotations, sizes and sinks in the notebook: each cell checks itself against the certified numbers."""
    given = PENCIL.replace("Q = [[0, 0], [0, 0]]\nK = [[0, 0], [0, 0]]", "Q = [[1, 2], [0, 1]]\nK = [[1, 0], [1, 1]]")
    wiring = 'encoding = [{ use = "rms-norm" }, { use = "rotary" }]\nnormalisation = "softmax-sink"'
    learnt = "relative = [1, 0, 2]\nbias = [[1, 0], [0, 2]]\nsinks = [1]\ng_Q = [1, 2]"
    logits = 'logits = [{ use = "relative" }, { use = "bias" }]'
    path = tmp_path / "pass.ipynb"
    tracer.save(solved(f"{learnt}\n[pass]\n{wiring}\n{logits}", given), path)
    cells = json.loads(path.read_text("utf-8"))["cells"]
    source = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    assert "dZ_relative.diagonal().sum(axis=0)" in source
    exec(source, {})
