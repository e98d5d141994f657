"""The backward pass against derivatives that know nothing of it: differences of the loss, PyTorch, a pencil."""

from __future__ import annotations

import re
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
from tracer.checks import checks
from tracer.document import Heading, flat
from tracer.errors import ProblemError
from tracer.handed_in import cell_name
from tracer.handed_in import from_dict as submission
from tracer.names import GRADIENTS
from tracer.notation.plain import plain
from tracer.operations import backward
from tracer.operations.normalisation import normalisations
from tracer.operations.scaling import logit_steps
from tracer.operations.similarity import similarities
from tracer.pages.solution import solution
from tracer.problem_file import from_dict
from tracer.show import show

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


def test_arrays_and_their_gradients() -> None:
    """From the library: dO beside Q, K and V, and the gradients as arrays; here softmax rows of two equal scores."""
    trace = tracer.attention(np.zeros((2, 2)), np.eye(2), np.eye(2), given={"dO": np.eye(2)})
    assert trace.floats("d_weights").tolist() == [[1, 0], [0, 1]]
    assert trace["d_scores"][0, 0].exact == trace["d_scores"][1, 1].exact
    np.testing.assert_allclose(trace.floats("d_scores"), np.array([[0.25, -0.25], [-0.25, 0.25]]) / np.sqrt(2))


# What the page says


HEADS = """
tokens = ["a", "b"]
[given]
X = [[1, 2], [0, 1]]
W_O = [[1, 0], [1, 1]]
dO = [[1, 2], [3, 4]]
[pass]
n_heads = 2
logits = [{ use = "scale" }, { use = "softcap", cap = 3 }, { use = "mask", rule = "causal" }]
"""


def test_the_steps_in_their_order() -> None:
    """From the result to the words, the logit steps backwards, each head on its own."""
    trace = tracer.solve(tracer.problem_file.from_text(HEADS))
    names = [step.id for step in trace if step.name in GRADIENTS]
    of_head = ["outputs", "value", "weights", "masked", "capped", "scaled", "scores", "query", "key"]
    assert names[:2] == ["d_W_O", "d_joined"]
    assert [name for name in names if name.startswith("head2.d_")] == [f"head2.d_{name}" for name in of_head]
    assert names[-4:] == ["d_query", "d_key", "d_value", "d_X"]
    assert trace["d_X"].formula is not None
    assert show(trace["d_X"].formula, plain) == "dQ[i, a] + dK[i, a] + dV[i, a]"


def test_gradients_have_shape_and_symbol_of_what_they_belong_to() -> None:
    """DX is as large as X, and is called dX; where the house calls the weights α, their gradient is dα."""
    text = HEADS + '[paper]\nsymbols = { weights = "α" }'
    trace = tracer.solve(tracer.problem_file.from_text(text))
    for step in trace:
        if step.name.startswith("d_") and step.name != "d_logits":
            forward = trace[step.id.replace("d_", "", 1)]
            assert step.shape == forward.shape
            assert step.symbol == f"d{forward.symbol}"
    assert trace["head1.d_weights"].symbol == "dα"


def test_what_the_page_checks() -> None:
    """The Jacobians' columns and the rows of dZ add up to 0, and both ways to dZ agree."""
    checked = {check.name: check.holds for check in checks(tracer.solve(tracer.problem_file.from_text(PENCIL)), (0, 1))}
    names = ("columns of Jacobians add up to 0", "gradients through the Jacobians", "gradients of a row add up to 0")
    assert [checked[name] for name in names] == [True, True, True]


def test_the_page_has_a_heading_for_each_part() -> None:
    """Backward pass, then head by head, then all heads together, each with an address of its own."""
    document = solution(tracer.solve(tracer.problem_file.from_text(HEADS)))
    headings = [block for block in flat(document.blocks) if isinstance(block, Heading) and block.level == 2]
    found = [(block.text, block.anchor) for block in headings if "ackward" in str(block.text)]
    assert found == [
        ("Backward pass", "backward"),
        ("Backward through head 1", "backward-head1"),
        ("Backward through head 2", "backward-head2"),
        ("Backward through all heads together", "backward-together"),
    ]


# What people write, and what cannot be worked


def test_a_wrong_jacobian_is_carried_forward() -> None:
    """Whoever goes on correctly from a wrong Jacobian loses its cells and no others; capitals of a name do not matter."""
    trace = tracer.solve(tracer.problem_file.from_text(PENCIL))
    written = {
        "row1.jacobian": [["0.1875", "-0.1875"], ["-0.1875", "0.1875"]],
        "row2.JACOBIAN": [["0.25", "-0.25"], ["-0.35", "0.35"]],
        "row2.d_logits": [["-1.4"], ["1.4"]],  # 4·(−0.35)
        "D_Scores": [["0.75", "-0.75"], ["-1.4", "1.4"]],
    }
    marks = {cell_name(mark.key): mark for mark in tracer.check(trace, submission({"written": written})).marks}
    lost = sorted(name for name, mark in marks.items() if not mark.credit)
    assert lost == ["row2.jacobian[2,1]", "row2.jacobian[2,2]"]


REFUSED = {
    "repeat": ("X = [[1]]\ndO = [[1]]", "repeat = 2", "one pass"),
    "token by token": (
        "X = [[1], [2]]\ndO = [[1], [1]]",
        "prefill = 1",
        "not worked through a cache; take out prefill",
    ),
    "a cache": ("X = [[1]]\npast_K = [[1]]\npast_V = [[1]]\ndO = [[1]]", "", "take out past_K and past_V, or dO"),
    "no values": ("Q = [[1]]\nK = [[1]]\ndO = [[1]]", "", "none without values"),
    "a column too many": ("X = [[1, 2]]\ndO = [[1, 2, 3]]", "", "dO is 1 × 3, but the result of the pass is 1 × 2"),
    "the columns of W_O": ("X = [[1, 2]]\nW_O = [[1], [1]]\ndO = [[1, 2]]", "", "is 1 × 1"),
    "a list for each head": ("X = [[1]]\ndO = [[[1]]]", "", "nested 3 deep"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_worked_is_refused(name: str) -> None:
    """In one line that says where and why, before a step is recorded."""
    given_, wiring, says = REFUSED[name]
    with pytest.raises(ProblemError, match=re.escape(says)):
        tracer.solve(tracer.problem_file.from_text(f"[given]\n{given_}\n[pass]\n{wiring}"))


def test_every_operation_has_its_way_back_or_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operation that nobody has written a backward for is named, with those that there are."""
    monkeypatch.delitem(backward.logit_steps._entries, "softcap")
    with pytest.raises(
        ProblemError, match=r"not worked through softcap \(\[pass\] logits 2\).*scale, temperature, .*mask"
    ):
        tracer.solve(tracer.problem_file.from_text(HEADS))


def test_ways_back_lead_through_operations_that_there_are() -> None:
    """Each rack of the backward pass has names of the forward rack only."""
    for back, forward in ((backward.similarities, similarities), (backward.logit_steps, logit_steps),
                          (backward.normalisations, normalisations)):  # fmt: skip
        assert set(back) <= set(forward)
