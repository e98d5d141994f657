"""The backward pass against derivatives that know nothing of it: differences of the loss, PyTorch, a pencil."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import matrices, problems

import tracer
from tracer.problem_file import from_dict

STEP = Decimal("1e-20")  # of a difference: with 80 digits some 40 of the quotient are right
RESULTS = ("projected", "joined", "outputs")
NAMES = {"Q": "query", "K": "key", "V": "value", "S": "scores", "A": "weights"}

Place = tuple[int, ...]


@st.composite
def passes(draw: Any, **wanted: Any) -> dict[str, Any]:
    """A pass with a gradient of its result, a softmax or a sum, of any wiring."""
    problem = draw(problems(**wanted).filter(lambda p: "repeat" not in p["pass"] and has_values(p["given"])))
    rows, columns = np.shape(result(reference.floats(problem)))
    problem["given"]["dO"] = draw(matrices(rows, columns, st.sampled_from([-2, -1, 0, 1, "1/2", "3/4"])))
    return problem


def has_values(matrices: dict[str, Any]) -> bool:
    """Whether anything is mixed."""
    return bool({"V", "X", "ids"} & matrices.keys())


def result(steps: dict[str, Any]) -> Any:
    """What the pass ends in."""
    return steps[next(name for name in RESULTS if name in steps)]


def gradient_ids(problem: dict[str, Any], name: str) -> list[str]:
    """Where the gradient of a given matrix stands: one step, or one for each head."""
    raw, wiring = problem["given"][name], problem["pass"]
    step = "d_" + NAMES.get(name, {"embedding": "table"}.get(name, name))
    if name in ("ids", "X", "Y", "embedding", "W_O", "b_O") or not reference.per_head(raw, 1 if name[0] == "b" else 2):
        return [step]
    shared = name in ("K", "V") and 1 < wiring["n_kv_heads"] < wiring["n_heads"]
    if name in ("K", "V") and wiring["n_kv_heads"] == 1:
        return [step]
    return [f"head{h}.{step}{'_shared' if shared else ''}" for h in range(1, len(raw) + 1)]


def gradients(problem: dict[str, Any], trace: tracer.Trace) -> dict[str, np.ndarray]:
    """The gradient of everything that is given, in the layout of what is given."""
    found = {}
    for name in problem["given"]:
        if name not in ("dO", "ids", "mask"):
            ids = gradient_ids(problem, name)
            arrays = [trace.floats(id_) for id_ in ids]
            found[name] = (
                arrays[0] if np.ndim(arrays[0]) == np.ndim(_read(problem["given"][name])) else np.stack(arrays)
            )
    return found


def _read(raw: Any) -> Any:
    return np.array([_read(x) for x in raw]) if isinstance(raw, list) else float(reference.read(raw))


def places(raw: Any, at: Place = ()) -> Iterator[Place]:
    """Every place of a nested list."""
    if not isinstance(raw, list):
        yield at
        return
    for n, part in enumerate(raw):
        yield from places(part, (*at, n))


def moved(raw: Any, at: Place, by: Decimal) -> Any:
    """A nested list with one number made larger."""
    if not at:
        return format(reference.read(raw) + by, "f")
    return [moved(part, at[1:], by) if n == at[0] else part for n, part in enumerate(raw)]


def loss(problem: dict[str, Any]) -> Decimal:
    """L = sum of dO · O: a loss whose gradient with respect to O is dO."""
    O = result(reference.worked(problem))
    return sum(reference.read(d) * o for row, out in zip(problem["given"]["dO"], O, strict=True)
               for d, o in zip(row, out, strict=True))  # fmt: skip


def difference(problem: dict[str, Any], name: str, at: Place) -> float:
    """The slope of the loss along one given number, from two neighbours of the whole pass."""
    with localcontext(Context(prec=reference.DIGITS, traps=[])):
        ends = [
            loss({**problem, "given": {**problem["given"], name: moved(problem["given"][name], at, by)}})
            for by in (STEP, -STEP)
        ]
        return float((ends[0] - ends[1]) / (2 * STEP))


def exists(problem: dict[str, Any]) -> bool:
    """Whether the loss is a number: no sum of a row is 0, no vector of length 0 has a direction."""
    return not loss(problem).is_nan()


@settings(max_examples=150)
@given(passes(most_heads=4).filter(exists))
def test_every_gradient_is_the_slope_of_the_loss(problem: dict[str, Any]) -> None:
    """∂L/∂x of each given number is what the loss changes by when x is moved a little, for any loss with ∂L/∂O = dO."""
    trace = tracer.solve(from_dict(problem))
    for name, array in gradients(problem, trace).items():
        for at in places(problem["given"][name]):
            if np.isfinite(array[at]) or problem["pass"]["similarity"] == "dot":  # a hidden key may have no direction
                assert array[at] == pytest.approx(difference(problem, name, at), rel=1e-9, abs=1e-9), (name, at)


@pytest.mark.full
@settings(max_examples=400)
@given(passes(most_heads=4, most=5, normalisations=("softmax", "softmax-shifted")).filter(exists))
def test_every_gradient_is_that_of_autograd(problem: dict[str, Any]) -> None:
    """PyTorch, in float64, differentiates a forward pass of its own and finds the same gradients."""
    trace = tracer.solve(from_dict(problem))
    expected = autograd(problem)
    for name, array in gradients(problem, trace).items():
        there = np.isfinite(array) | (problem["pass"]["similarity"] == "dot")
        np.testing.assert_allclose(array[there], expected[name][there], rtol=1e-9, atol=1e-9, err_msg=name)


def autograd(problem: dict[str, Any]) -> dict[str, np.ndarray]:
    """The gradients of all given matrices, by PyTorch."""
    import torch

    given, wiring, heads, kv_heads, logits = reference.settings(problem)
    leaf = {
        name: torch.tensor(_read(raw), dtype=torch.float64, requires_grad=name not in ("mask", "dO", "ids"))
        for name, raw in given.items()
    }
    X = leaf["embedding"][leaf["ids"].long() - 1] if "ids" in given else leaf.get("X")
    Y = leaf.get("Y", X)
    by_rows = wiring["projection"] == "X W"

    def each(letter: str, source: Any, count: int) -> list[Any]:
        M, W, b = leaf.get(letter), leaf.get(f"W_{letter}"), leaf.get(f"b_{letter}")
        if M is None and W is not None:
            M = torch.einsum("ia,...ac->...ic" if by_rows else "ia,...ca->...ic", source, W)
            M = M if b is None else M + b.unsqueeze(-2)
        M = source if M is None else M
        parts = list(M) if M.ndim == 3 else M.split(M.shape[1] // count, dim=1)
        return [parts[h * count // heads] for h in range(heads)]

    outputs = []
    for h, V in enumerate(each("V", Y, kv_heads)):
        if "A" in leaf:
            A = leaf["A"][h] if leaf["A"].ndim == 3 else leaf["A"]
        else:
            if "S" in leaf:
                S, d_k = (leaf["S"][h] if leaf["S"].ndim == 3 else leaf["S"]), None
            else:
                Q, K = each("Q", X, heads)[h], each("K", Y, kv_heads)[h]
                is_cosine = wiring["similarity"] == "cosine"
                S = torch.cosine_similarity(Q[:, None], K[None], dim=2) if is_cosine else Q @ K.T
                d_k = K.shape[1]
            A = _torch_weights(S, d_k, given, logits)
        outputs.append(A @ V)
    O = torch.cat(outputs, dim=1)
    if "W_O" in leaf:
        O = torch.nn.functional.linear(O, leaf["W_O"].T if by_rows else leaf["W_O"], leaf.get("b_O"))
    O.backward(leaf["dO"])
    return {name: np.zeros(one.shape) if one.grad is None else one.grad.numpy() for name, one in leaf.items()}


def _torch_weights(S: Any, d_k: int | None, given: Any, logits: Any) -> Any:
    import torch

    n, m = S.shape
    allowed = torch.ones(n, m, dtype=torch.bool)
    for step in logits:
        if step["use"] == "scale":
            S = S / (float(reference.read(step["by"])) if "by" in step else np.sqrt(d_k))
        elif step["use"] == "softcap":
            cap = float(reference.read(step["cap"]))
            S = cap * torch.tanh(S / cap)
        else:
            allowed = torch.tensor(
                [[reference.may_attend(step, given, i, j, n, m) for j in range(m)] for i in range(n)]
            )
    A = torch.softmax(S.masked_fill(~allowed, -1e300), dim=1)  # no −∞: a fully masked row would be nan
    return A.masked_fill(~allowed, 0.0)


# What a reader can follow with a pencil

PENCIL = """
tokens = ["a", "b"]
[given]
Q = [[1, 0], [0, 0]]
K = [["ln 3", 0], [0, 0]]
V = [[4, 0], [0, 4]]
dO = [[1, 0], [0, 1]]
[pass]
logits = []
"""


def test_with_a_pencil() -> None:
    """Weights 3/4 and 1/4 in row 1, 1/2 and 1/2 in row 2: everything behind them can be done in one's head."""
    trace = tracer.solve(tracer.problem_file.from_text(PENCIL))
    worked = {
        "weights": [[Fraction(3, 4), Fraction(1, 4)], [Fraction(1, 2), Fraction(1, 2)]],
        "d_value": [[Fraction(3, 4), Fraction(1, 2)], [Fraction(1, 4), Fraction(1, 2)]],  # Aᵀ dO
        "d_weights": [[4, 0], [0, 4]],  # dO Vᵀ
        "row1.jacobian": [
            [Fraction(3, 16), Fraction(-3, 16)],
            [Fraction(-3, 16), Fraction(3, 16)],
        ],  # ¾·(1 − ¾) and −¾·¼
        "row2.jacobian": [[Fraction(1, 4), Fraction(-1, 4)], [Fraction(-1, 4), Fraction(1, 4)]],
        "row1.d_logits": [[Fraction(3, 4)], [Fraction(-3, 4)]],  # 4·3/16 + 0
        "row2.d_logits": [[-1], [1]],
        "mean_gradients": [[3], [2]],
        "d_scores": [[Fraction(3, 4), Fraction(-3, 4)], [-1, 1]],  # ¾·(4 − 3), ¼·(0 − 3)
        "d_key": [[Fraction(3, 4), 0], [Fraction(-3, 4), 0]],  # dSᵀ Q
    }
    for name, rows in worked.items():
        assert trace.exact(name).tolist() == rows, name
    assert [str(x) for x in trace.exact("d_query")] == ["3*log(3)/4", "0", "-log(3)", "0"]  # dS K
