"""The normalisations, against formulas written apart, and the laws that hold between them.

Oracles: NumPy, written here from the papers; the projection onto the simplex by bisection, which sorts nothing.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracer
from tracer.checks import checks
from tracer.errors import ProblemError, ShapeError
from tracer.expr import num
from tracer.formats.ipynb import variables
from tracer.notation.numpy_code import NumPyCode
from tracer.notation.plain import plain
from tracer.operations.normalisation import normalisations
from tracer.problem_file import from_dict
from tracer.show import show

TOLD: dict[str, dict[str, Any]] = {
    "softmax-temperature": {"temperature": "3/2"},
    "sigmoid": {"bias": "-1/2"},
    "softmax-online": {"block": 2},
}
SINKS = {"softmax-sink": {"sinks": ["1/3"]}}
NAMES = [name for name in normalisations if name != "sum"]
scores = st.lists(st.fractions(-4, 4, max_denominator=4).map(str), min_size=1, max_size=4)
rows = st.integers(1, 4).flatmap(
    lambda m: st.lists(st.lists(st.fractions(-4, 4, max_denominator=4).map(str), min_size=m, max_size=m), min_size=1, max_size=3)
)  # fmt: skip


def solved(S: list[list[Any]], use: str, mask: Any = None, **more: Any) -> tracer.Trace:
    """A pass over given scores with values that are all different."""
    given = {"S": S, "V": [[j + 1, (j - 1) ** 2] for j in range(len(S[0]))], **SINKS.get(use, {}), **more}
    if mask is not None:
        given["mask"] = mask
    wiring = {"logits": [] if mask is None else [{"use": "mask"}], "normalisation": {"use": use, **TOLD.get(use, {})}}
    return tracer.solve(from_dict({"given": given, "pass": wiring}))


def weights(S: list[list[Any]], use: str, **more: Any) -> np.ndarray:
    """The weights in certified digits."""
    return np.array([[float(cell.decimal(15)) for cell in row] for row in solved(S, use, **more)["weights"].cells])


def numbers(S: list[list[Any]]) -> np.ndarray:
    """The scores as doubles."""
    return np.array([[float(Fraction(str(score))) for score in row] for row in S])


# Against NumPy


def on_the_simplex(z: np.ndarray) -> np.ndarray:
    """The nearest point whose entries are not negative and add up to 1: the τ that cuts off just that, by bisection."""
    low, high = z.max() - 1, z.max()
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if np.maximum(z - middle, 0).sum() > 1 else (low, middle)
    return np.maximum(z - low, 0)


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max())
    return e / e.sum()


ORACLES = {
    "softmax": softmax,
    "softmax-shifted": softmax,
    "softmax-online": softmax,
    "softmax-off-by-one": lambda z: np.exp(z) / (1 + np.exp(z).sum()),
    "softmax-sink": lambda z: softmax(np.append(z, 1 / 3))[:-1],
    "sigmoid": lambda z: (1 + np.tanh((z - 0.5) / 2)) / 2,
    "softmax-base-2": lambda z: np.exp2(z) / np.exp2(z).sum(),
    "softmax-temperature": lambda z: softmax(z / 1.5),
    "sparsemax": on_the_simplex,
}


def test_every_normalisation_has_its_oracle() -> None:
    """None is registered without one, but the sum, whose weights need not exist."""
    assert set(ORACLES) == set(NAMES)


@pytest.mark.parametrize("use", NAMES)
@settings(max_examples=12)
@given(S=rows)
def test_the_weights_are_those_of_numpy(use: str, S: list[list[str]]) -> None:
    """Certified digits, floats and outputs agree with a computation written apart."""
    wanted, trace = np.array([ORACLES[use](z) for z in numbers(S)]), solved(S, use)
    certified = [[float(cell.decimal(15)) for cell in row] for row in trace["weights"].cells]
    np.testing.assert_allclose(certified, wanted, atol=1e-12)
    np.testing.assert_allclose(trace.floats("weights"), wanted, atol=1e-12)
    V = np.array([[j + 1, (j - 1) ** 2] for j in range(len(S[0]))])
    np.testing.assert_allclose(trace.floats("outputs"), wanted @ V, atol=1e-11)


@pytest.mark.parametrize("use", list(normalisations))
@settings(max_examples=8)
@given(data=st.data())
def test_a_masked_key_weighs_nothing(use: str, data: Any) -> None:
    """What may be seen weighs as if the rest were not there, and a row without any key is a row of zeros."""
    m = data.draw(st.integers(1, 4))
    S = data.draw(st.lists(st.lists(st.integers(1, 4), min_size=m, max_size=m), min_size=2, max_size=2))
    seen = data.draw(st.lists(st.integers(0, 1), min_size=m, max_size=m))
    trace = solved(S, use, mask=[seen, [0] * m])
    row, hidden = trace["weights"].cells
    assert [cell.decimal(9) for cell in hidden] == ["0.000000000"] * m
    kept = [j for j in range(m) if seen[j]]
    alone = weights([[S[0][j] for j in kept]], use)[0] if kept else []
    np.testing.assert_allclose([float(row[j].decimal(15)) for j in kept], alone, atol=1e-14)
    assert all(row[j].decimal(9) == "0.000000000" for j in range(m) if not seen[j])
    np.testing.assert_allclose(
        trace.floats("weights"), [[float(cell.decimal(15)) for cell in row], [0] * m], atol=1e-12
    )


@pytest.mark.parametrize("use", NAMES)
def test_what_an_entry_says_of_its_weights_holds(use: str) -> None:
    """Every check that its traits bring is there, and holds, on rows that are worked and masked."""
    for mask in (None, [[1, 0, 1], [0, 0, 0]]):
        trace = solved([[1, 2, -1], [0, 0, "1/2"]], use, mask=mask)
        found = {check.name: check.holds for check in checks(trace, (0, 1))}
        assert set(found.values()) == {True}
        adds_up = abs(sum(map(float, trace.floats("weights")[0])) - 1) < 1e-9
        assert adds_up is ("rows add up to 1" in found) is ("rows add up to 1" in normalisations[use].traits)


@pytest.mark.parametrize("use", list(normalisations))
@pytest.mark.parametrize("mask", [None, [[1, 0, 1], [0, 0, 0]]])
def test_its_numpy_source_computes_the_same(use: str, mask: Any) -> None:
    """The lines that a notebook runs give the floats of every step, masked or not."""
    trace = solved([[1, 2, 4], [1, 1, "1/2"]], use, mask=mask)
    names = variables([one.tensor for one in (*trace.given, *trace.steps)])
    writer, known = NumPyCode(names), {"np": np, **{names[g.tensor.id]: trace.floats(g.tensor.id) for g in trace.given}}
    with np.errstate(all="ignore"):
        for step in trace.steps:
            exec("\n".join(writer.step(step.tensor, step.formula)), known)
            np.testing.assert_allclose(known[names[step.id]], trace.floats(step.id), atol=1e-14, err_msg=step.id)


# Laws


@settings(max_examples=15)
@given(S=rows)
def test_off_by_one_is_a_softmax_with_one_more_key(S: list[list[str]]) -> None:
    """The same weights as a softmax with a key of score 0 beside the others, whose value is 0; so the outputs too."""
    more = tracer.solve(from_dict({
        "given": {"S": [[*row, 0] for row in S], "V": [*([j + 1, (j - 1) ** 2] for j in range(len(S[0]))), [0, 0]]},
        "pass": {"logits": []},
    }))  # fmt: skip
    off = solved(S, "softmax-off-by-one")
    for i in range(len(S)):
        assert [cell.decimal(12) for cell in more["weights"].row(i)] == [
            *(cell.decimal(12) for cell in off["weights"].row(i)), off["rest"][i].decimal(12)
        ]  # fmt: skip
        assert [c.decimal(12) for c in more["outputs"].row(i)] == [c.decimal(12) for c in off["outputs"].row(i)]


@settings(max_examples=10)
@given(S=rows)
def test_a_sink_of_logit_0_is_off_by_one(S: list[list[str]]) -> None:
    """e⁰ = 1 stands below the line."""
    np.testing.assert_array_equal(weights(S, "softmax-sink", sinks=[0]), weights(S, "softmax-off-by-one"))


@settings(max_examples=10)
@given(S=rows)
def test_base_2_is_a_softmax_of_scores_times_ln_2(S: list[list[str]]) -> None:
    """2^z = e^(z·ln 2), which is a temperature of 1/ln 2 as well."""
    times = [[f"({score})·ln(2)" for score in row] for row in S]
    np.testing.assert_array_equal(weights(S, "softmax-base-2"), weights(times, "softmax"))


@settings(max_examples=15)
@given(S=rows)
def test_sparsemax_is_exact_and_nearest(S: list[list[str]]) -> None:
    """From fractions come fractions that add up to exactly 1; no other point of the simplex is nearer to the scores."""
    trace = solved(S, "sparsemax")
    for z, cells in zip(S, trace["weights"].cells, strict=True):
        row = [Fraction(str(cell.exact.value)) for cell in cells]
        assert sum(row) == 1
        assert min(row) >= 0
        towards = [Fraction(score) - weight for score, weight in zip(z, row, strict=True)]
        chosen = sum(a * b for a, b in zip(towards, row, strict=True))
        assert all(
            towards[j] <= chosen for j in range(len(row))
        )  # (z − p)·(e_j − p) ≤ 0 for every corner: the projection


def test_sparsemax_as_published() -> None:
    """In two dimensions: sparsemax((t, 0)) is (1, 0) for t ≥ 1 and ((t + 1)/2, …) between. Martins and Astudillo, eq. (6)."""
    for t in ("-3/2", "-1", "-1/3", "0", "2/5", "1", "2"):
        number = Fraction(t)
        first = max(Fraction(0), min(Fraction(1), (number + 1) / 2))
        assert [cell.exact.value for cell in solved([[t, 0]], "sparsemax")["weights"].row(0)] == [first, 1 - first]


@pytest.mark.parametrize("use", NAMES)
@settings(max_examples=6)
@given(S=rows, added=st.fractions(-2, 2, max_denominator=2).filter(bool))
def test_only_differences_count_where_nothing_stands_outside(use: str, S: list[list[str]], added: Fraction) -> None:
    """A constant added to a row changes nothing, unless a sink does not take part, or each weight stands alone."""
    moved = [[str(Fraction(score) + added) for score in row] for row in S]
    is_same = np.allclose(weights(S, use), weights(moved, use), atol=1e-14)
    assert is_same is ("rows may be shifted" in normalisations[use].traits)


def test_letters_have_an_order_too() -> None:
    """The threshold of (a, 0) as a formula; with a number for a it is the number's; many letters are too long to print."""
    problem = from_dict({"given": {"S": [["a", 0]]}, "pass": {"logits": [], "normalisation": "sparsemax"}})
    assert show(tracer.solve(problem)["ranked"][0, 1].exact, plain) == "max_(2)(0, a)"
    known = tracer.solve(problem.let("a", num(Fraction(1, 2))))
    assert known["threshold"][0].exact == num(Fraction(-1, 4))
    assert solved([["a", "b", "c", "d", "f"]], "sparsemax")["ranked"][0, 1].exact is None


small = st.integers(-2, 2)


@pytest.mark.parametrize("name", ["elu", "relu", "exp"])
@settings(max_examples=10)
@given(data=st.data())
def test_linear_attention_is_the_same_in_both_orders(name: str, data: Any) -> None:
    """φ(Q) (φ(K)ᵀ V) is (φ(Q) φ(K)ᵀ) V: exactly equal, and equal to a NumPy computation; undefined together."""
    n, m, d = data.draw(st.integers(1, 2)), data.draw(st.integers(1, 3)), data.draw(st.integers(1, 2))
    Q, K, V = (
        data.draw(st.lists(st.lists(small, min_size=width, max_size=width), min_size=rows, max_size=rows))
        for rows, width in ((n, d), (m, d), (m, 2))
    )
    wiring = {"encoding": [{"use": "feature-map", "map": name}], "logits": [], "normalisation": "sum"}
    trace = tracer.solve(from_dict({"given": {"Q": Q, "K": K, "V": V}, "pass": wiring}))
    one, other = trace["outputs"], trace["linear_outputs"]
    phi = {"elu": lambda x: np.where(x > 0, x + 1.0, np.exp(np.minimum(x, 0))), "relu": lambda x: np.maximum(x, 0.0),
           "exp": np.exp}[name]  # fmt: skip
    S = phi(np.array(Q)) @ phi(np.array(K)).T
    for i in range(n):
        for c in range(2):
            assert bool(one[i, c].undefined) is bool(other[i, c].undefined) is bool(S[i].sum() == 0)
            if not one[i, c].undefined:
                assert one[i, c].decimal(20) == other[i, c].decimal(20)
                assert math.isclose(
                    float(one[i, c].decimal(15)), S[i] @ np.array(V)[:, c] / S[i].sum(), abs_tol=1e-12, rel_tol=1e-9
                )
    if name == "relu":
        assert all(one[i, c].exact == other[i, c].exact for i in range(n) for c in range(2))


@pytest.mark.parametrize("other", [
    {"logits": [{"use": "mask", "rule": "causal"}]}, {"logits": [{"use": "scale"}]}, {"normalisation": "softmax"},
    {"similarity": "cosine"}, {"encoding": []},
])  # fmt: skip
def test_the_other_order_is_there_only_where_it_is_the_same(other: dict[str, Any]) -> None:
    """A mask, an exponential or another similarity between the three matrices, and they cannot be taken in any order."""
    wiring = {"encoding": [{"use": "feature-map"}], "logits": [], "normalisation": "sum", **other}
    trace = tracer.solve(from_dict({"given": {"X": [[1, 2], [0, 1]]}, "pass": wiring}))
    assert "linear_outputs" not in trace


# What a page says


def said(use: str, S: list[list[Any]]) -> str:
    """A worked solution as text."""
    from tracer.formats.txt import txt
    from tracer.pages.solution import solution

    return " ".join(txt(solution(solved(S, use))).decode().split())


@pytest.mark.parametrize("use", list(normalisations))
def test_no_page_says_that_rows_add_up_where_they_do_not(use: str) -> None:
    """Neither a check, nor a reason, nor the remark on rounded weights."""
    page = said(use, [["1/3", "1/2", 1]])
    adds_up = "rows add up to 1" in normalisations[use].traits
    assert ("The weights of each row add up to 1." in page) is adds_up
    assert adds_up or not any(text in page for text in ("makes each row add up to 1", "The exact weights do"))


def test_the_page_says_where_the_rest_goes() -> None:
    """Half of the attention of a row of zeros with one more key goes to no word; sigmoids need not add up."""
    assert "50 % of its attention goes to no word" in said("softmax-off-by-one", [[0]])
    assert "they need not add up to 100 %" in said("sigmoid", [[0, 0, 0]])


# What cannot be


BAD: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {"normalisation": "softmax-sink"}, "[pass] normalisation, softmax-sink, needs the logits of the sinks"),
    ({"sinks": [1]}, {}, "[given] sinks has nothing to do, because [pass] normalisation is not “softmax-sink”"),
    ({"sinks": [1, 2]}, {"normalisation": "softmax-sink"}, "[given] sinks has 2 numbers, but the pass has 1 head;"),
    (
        {},
        {"normalisation": "softmax-temperature"},
        "softmax-temperature has no temperature; expected a positive number",
    ),
    ({}, {"normalisation": {"use": "softmax-temperature", "temperature": 0}}, "temperature: “0” is not positive"),
    ({}, {"normalisation": {"use": "sigmoid", "bias": "two"}}, "bias: “two”"),
    ({}, {"normalisation": {"use": "sparsemax", "bias": 1}}, "has the key “bias”; nothing can be told here"),
    ({}, {"encoding": [{"use": "feature-map", "map": "gelu"}]}, "map: “gelu” is not known"),
]


@pytest.mark.parametrize(("given", "wiring", "message"), BAD, ids=[message[:40] for *_, message in BAD])
def test_what_cannot_be_is_said_in_one_line(given: dict[str, Any], wiring: dict[str, Any], message: str) -> None:
    """Where, what, expected; before the first step."""
    with pytest.raises((ProblemError, ShapeError)) as error:
        tracer.solve(from_dict({"given": {"Q": [[1]], "K": [[1], [2]], "V": [[1], [2]], **given}, "pass": wiring}))
    assert message.replace("“softmax-sink”", '"softmax-sink"') in str(error.value)
    assert "\n" not in str(error.value)


# Other people's


@pytest.mark.full
def test_the_sinks_are_those_of_gpt_oss() -> None:
    """The attention of gpt-oss in transformers: a logit beside each head's scores, dropped after the softmax."""
    import torch
    from transformers.models.gpt_oss.modeling_gpt_oss import eager_attention_forward

    generator = np.random.default_rng(5)
    Q, K, V = (generator.integers(-20, 20, (2, 3, 2)) / 10 for _ in range(3))
    sinks = generator.integers(-20, 20, 2) / 10
    module = torch.nn.Module()
    module.num_key_value_groups, module.sinks, module.training = 1, torch.tensor(sinks), False
    O, A = eager_attention_forward(module, *(torch.tensor(M)[None] for M in (Q, K, V)), None, scaling=2**-0.5)
    given = {
        name: [[[repr(float(x)) for x in row] for row in head] for head in M]
        for name, M in zip("QKV", (Q, K, V), strict=True)
    }
    trace = tracer.solve(from_dict({
        "given": {**given, "sinks": [repr(float(s)) for s in sinks]},
        "pass": {"n_heads": 2, "normalisation": "softmax-sink"},
    }))  # fmt: skip
    for h in (0, 1):
        np.testing.assert_allclose(trace.floats(f"head{h + 1}.weights"), A[0, h].numpy(), atol=1e-12)
        np.testing.assert_allclose(trace.floats(f"head{h + 1}.outputs"), O[0, :, h].numpy(), atol=1e-12)


@pytest.mark.full
def test_sigmoid_and_feature_map_are_those_of_torch() -> None:
    """torch.sigmoid of the biased scores; torch's elu and 1 more."""
    import torch

    S = [["1.5", "-0.25", 3], [0, "-7.125", "0.5"]]
    np.testing.assert_allclose(
        solved(S, "sigmoid").floats("weights"), torch.sigmoid(torch.tensor(numbers(S)) - 0.5).numpy(), atol=1e-15
    )
    wiring = {"encoding": [{"use": "feature-map"}], "logits": [], "normalisation": "sum"}
    trace = tracer.solve(from_dict({"given": {"X": S}, "pass": wiring}))
    mapped = torch.nn.functional.elu(torch.tensor(numbers(S))) + 1
    np.testing.assert_allclose(trace.floats("mapped_query"), mapped.numpy(), atol=1e-14)


def test_the_bias_of_a_sigmoid_is_not_the_bias_matrix() -> None:
    """A given matrix B is added by its logit step alone: σ(1 − 1) = σ(0), and with b = ln 3 it is 3/4."""
    for told, weight in (({}, "0.50"), ({"bias": "ln 3"}, "0.75")):
        wiring = {"logits": ["bias"], "normalisation": {"use": "sigmoid", **told}}
        trace = tracer.solve(from_dict({"given": {"S": [[1]], "bias": [[-1]]}, "pass": wiring}))
        assert trace["weights"][0, 0].decimal(2) == weight
