"""Additive, bilinear and distance similarities: their laws, and the same numbers from NumPy and PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import read
from strategies import matrices

import tracer
from tracer.errors import ProblemError
from tracer.formats import render_sheet
from tracer.handed_in import from_dict as from_written
from tracer.notation.plain import plain
from tracer.operations.projection import projections
from tracer.problem_file import from_dict
from tracer.show import show
from tracer.worksheet import worksheet

EXAMPLES = Path(__file__).parent.parent / "examples"
DISTANCE = "negative-squared-distance"
sizes = st.integers(1, 3)


def solved(data: dict[str, Any], **wiring: Any) -> tracer.Trace:
    """A pass whose scores go into the softmax as they are."""
    return tracer.solve(from_dict({"given": data, "pass": {"logits": [], **wiring}}))


def example(name: str) -> tracer.Trace:
    folder, _, file = name.partition("/")
    return tracer.solve(tracer.load(EXAMPLES / folder / f"{file or 'problem'}.toml"))


def exactly(trace: tracer.Trace, step: str) -> list[list[str]]:
    return [[show(cell.exact, plain) for cell in row] for row in trace[step].cells]


def array(rows: Any) -> np.ndarray:
    return np.array([[float(read(x)) for x in row] for row in rows])


@st.composite
def compared(draw: Any, equal_widths: bool) -> dict[str, Any]:
    """Queries and keys, as many columns in each or not."""
    n, m, d_q, d_k = (draw(sizes) for _ in range(4))
    return {"Q": draw(matrices(n, d_q)), "K": draw(matrices(m, d_q if equal_widths else d_k))}


@settings(max_examples=25)
@given(compared(equal_widths=False), st.data())
def test_additive_scores_are_those_of_numpy(data: dict[str, Any], draw: st.DataObject) -> None:
    """S = tanh(Q W_1 + K W_2) v for each pair, whatever the widths; with W_1 and W_2 as rows or as columns."""
    d_a = draw.draw(sizes)
    W_1, W_2 = (draw.draw(matrices(len(data[name][0]), d_a)) for name in "QK")
    v = draw.draw(matrices(1, d_a))[0]
    F, G = array(data["Q"]) @ array(W_1), array(data["K"]) @ array(W_2)
    expected = np.tanh(F[:, None] + G[None]) @ array([v])[0]
    for projection in projections:
        turned = projection != "X W"
        own = {name: [list(row) for row in zip(*W, strict=True)] if turned else W for name, W in
               {"W_1": W_1, "W_2": W_2}.items()}  # fmt: skip
        trace = solved({**data, **own, "v": v}, similarity="additive", projection=projection)
        np.testing.assert_allclose(trace.floats("scores"), expected, rtol=1e-12, atol=1e-12)
    for i in range(len(F)):
        np.testing.assert_allclose(trace.floats(f"row{i + 1}.activations"), np.tanh(F[i] + G), rtol=1e-12, atol=1e-12)


@settings(max_examples=25)
@given(compared(equal_widths=True))
def test_a_distance_is_zero_for_equal_vectors_and_below_zero_for_others(data: dict[str, Any]) -> None:
    """S[i, j] = −‖q − k‖², found by subtracting and from dot products and lengths, exactly the same."""
    trace = solved(data, similarity=DISTANCE)
    Q, K = array(data["Q"]), array(data["K"])
    expected = -((Q[:, None] - K[None]) ** 2).sum(axis=2)
    np.testing.assert_allclose(trace.floats("scores"), expected, rtol=1e-12, atol=1e-12)
    assert exactly(trace, "scores") == exactly(trace, "expanded_scores")
    assert exactly(solved({"X": data["Q"]}, similarity=DISTANCE), "scores")[0][0] == "0"


@settings(max_examples=25)
@given(matrices(3, 2))
def test_for_keys_of_one_length_subtracting_is_multiplying(words: list[list[Any]]) -> None:
    """Where all keys are equally long, half the negative squared distances have the weights of the dot products."""
    K = [["3/5", "4/5"], [1, 0], ["-√2/2", "√2/2"]]
    halved = solved({"Q": words, "K": K}, similarity=DISTANCE, logits=[{"use": "scale", "by": 2}])
    weights = solved({"Q": words, "K": K}).floats("weights")
    np.testing.assert_allclose(halved.floats("weights"), weights, rtol=1e-12)


@settings(max_examples=25)
@given(compared(equal_widths=False), st.data())
def test_bilinear_scores_are_those_of_numpy(data: dict[str, Any], draw: st.DataObject) -> None:
    """S = Q W_S Kᵀ, whatever the widths."""
    W = draw.draw(matrices(len(data["Q"][0]), len(data["K"][0])))
    trace = solved({**data, "W_S": W}, similarity="bilinear")
    expected = array(data["Q"]) @ array(W) @ array(data["K"]).T
    np.testing.assert_allclose(trace.floats("scores"), expected, rtol=1e-12, atol=1e-12)


@settings(max_examples=25)
@given(compared(equal_widths=True))
def test_with_ones_on_the_diagonal_bilinear_is_the_dot_product(data: dict[str, Any]) -> None:
    """W_S = 1 changes nothing."""
    one = np.eye(len(data["Q"][0]), dtype=int).tolist()
    assert exactly(solved({**data, "W_S": one}, similarity="bilinear"), "scores") == exactly(solved(data), "scores")


def test_lengths_and_cosines_stand_beside_every_similarity_that_has_them() -> None:
    """Norms and cosines are recorded where queries and keys have as many columns, and cannot be where they have not."""
    own = {"W_1": [[1], [0]], "v": [1]}
    alike = {"Q": [[1, 2]], "K": [[2, 1]], "W_2": [[1], [1]], **own}
    unlike = {"Q": [[1, 2]], "K": [[3]], "W_2": [[1]], **own}
    assert "cosines" in solved(alike, similarity="additive")
    assert "cosines" not in solved(unlike, similarity="additive")
    assert solved(unlike, similarity="additive")["scores"][0, 0].decimal(4) == "0.9993"  # tanh 4


def test_each_head_has_matrices_of_its_own() -> None:
    """Lists give each head its W_1, W_2 and v, or its W_S; one matrix serves all."""
    Q, K = [[1, 2]], [[1, 0], [0, 1]]
    given = {"Q": [Q, Q], "K": [K, K], "W_S": [[[1, 0], [0, 1]], [[0, 1], [1, 0]]]}
    heads = solved(given, similarity="bilinear")
    assert [exactly(heads, f"head{h}.scores") for h in (1, 2)] == [[["1", "2"]], [["2", "1"]]]
    given = {"Q": [Q, Q], "K": [K, K], "W_1": [[0], [0]], "W_2": [[1], [-1]], "v": [[1], [3]]}
    heads = solved(given, similarity="additive")
    assert [exactly(heads, f"head{h}.scores")[0][0] for h in (1, 2)] == ["tanh(1)", "3·tanh(1)"]


X2 = {"X": [[1, 0], [0, 1]]}
REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "widths that differ under a dot product": ({"Q": [[1, 2]], "K": [[1]]}, {}, "dot product needs as many"),
    "widths that differ under a distance": ({"Q": [[1, 2]], "K": [[1]]}, {"similarity": DISTANCE}, "needs as many"),
    "no v": ({**X2, "W_1": [[1], [1]], "W_2": [[1], [1]]}, {"similarity": "additive"}, "additive, needs v"),
    "no W_S": (X2, {"similarity": "bilinear"}, "bilinear, needs W_S"),
    "a W_S of another similarity": ({**X2, "W_S": [[1, 0], [0, 1]]}, {}, 'similarity is not "bilinear"'),
    "a v of another similarity": ({**X2, "v": [1]}, {}, 'similarity is not "additive"'),
    "a W_S beside scores": (
        {"S": [[1]], "W_S": [[1]]}, {"similarity": "bilinear"}, "W_S has nothing to do, because the scores S are given",
    ),
    "a W_S too narrow": ({**X2, "W_S": [[1], [1]]}, {"similarity": "bilinear"}, "W_S is 2 × 1; it needs 2 columns"),
    "a W_1 too high": (
        {**X2, "W_1": [[1], [1], [1]], "W_2": [[1], [1]], "v": [1]},
        {"similarity": "additive"},
        "W_1 is 3 × 1; it needs 2 rows, one for each column of the queries",
    ),
    "a W_2 with other features than v": (
        {**X2, "W_1": [[1], [1]], "W_2": [[1, 1], [1, 1]], "v": [1]},
        {"similarity": "additive"},
        "W_2 is 2 × 2; it needs 1 columns, one for each number of v",
    ),
    "a W_1 as columns": (
        {"X": [[1, 0]], "W_1": [[1], [1]], "W_2": [[1, 1]], "v": [1]},
        {"similarity": "additive", "projection": "X W^T"},
        "W_1 is 2 × 1; it needs 1 rows",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_said(case: str) -> None:
    """Matrices that are missing, that nobody uses, or that have another size are refused in one sentence."""
    given, wiring, words = REFUSED[case]
    with pytest.raises(ProblemError) as error:
        solved(given, **wiring)
    assert words in str(error.value)


# The examples


def test_a_full_feature_cannot_be_raised_much() -> None:
    """Additive: tanh(ln 3) = 4/5 and tanh(ln 9) = 40/41; “who” finds Jane and “where” finds Africa."""
    trace = example("additive-similarity")
    assert exactly(trace, "row1.activations") == [["4/5", "4/5"], ["0", "4/5"], ["0", "40/41"]]
    assert exactly(trace, "scores") == [["8", "4", "200/41"], ["200/41", "4", "8"]]


def test_orange_is_most_like_itself() -> None:
    """Subtracting gives orange 0 to itself and −2 to cherry; the dot product gives 9 and 12."""
    trace = example("why-not-subtract")
    assert exactly(trace, "scores") == [["0", "−2", "−20"], ["−2", "0", "−18"], ["−20", "−18", "0"]]
    assert exactly(trace, "row2.differences") == [["−1", "−1"], ["0", "0"], ["−3", "3"]]
    X = [[1, 4], [0, 3], [3, 0]]
    assert exactly(solved({"X": X}), "scores")[1] == ["12", "9", "0"]
    unit = [[1, 0], ["3/5", "4/5"], [0, 1]]
    halved = example("why-not-subtract/equal-lengths").floats("weights")
    np.testing.assert_allclose(halved, solved({"X": unit}).floats("weights"), rtol=1e-14)


def test_the_matrix_between_pairs_a_person_with_who() -> None:
    """Bilinear: who asks for a person, and W_S knows in which coordinate of a key a person is."""
    assert exactly(example("bilinear-similarity"), "scores") == [["2", "−1", "0"], ["0", "−1", "2"]]


# What a person writes


def verdicts(trace: tracer.Trace, **written: Any) -> list[str]:
    """How each number is judged, in the order of the work."""
    return [mark.verdict.value for mark in tracer.check(trace.problem, from_written({"written": written})).marks]


def test_a_score_may_come_from_the_rounded_numbers_written_before_it() -> None:
    """T = (0.96, 0.8) is tanh 2 and tanh 1.1 to one or two places; 10 · 0.96 + 0.8 = 10.4 then is right for the score."""
    given = {"Q": [[1]], "K": [[1]], "W_1": [[1, "1/2"]], "W_2": [[1, "0.6"]], "v": [10, 1]}
    trace = solved(given, similarity="additive")
    rounded = {"row1.activations": [["0.96", "0.8"]], "scores": [["10.4"]]}
    assert verdicts(trace, **rounded)[-1] != "wrong"
    assert verdicts(trace, **rounded | {"scores": [["10.9"]]})[-1] in ("wrong", "mistake")
    trace = solved({"Q": [["√2"]], "K": [["√3"]]}, similarity=DISTANCE)
    assert verdicts(trace, **{"row1.differences": [["-0.3"]], "scores": [["-0.09"]]})[-1] != "wrong"  # −0.1010 exactly


def test_the_key_of_a_sheet_has_full_marks() -> None:
    """Every number of these passes, handed in as it is printed, is right."""
    for name in ("additive-similarity", "why-not-subtract", "bilinear-similarity"):
        trace = example(name)
        printed = {step.id: [[cell.decimal(4) for cell in row] for row in step.cells] for step in trace}
        assert set(verdicts(trace, **printed)) <= {"exact"}


def test_a_given_vector_stands_on_a_printed_sheet() -> None:
    """A vector has no word beside it; v, or a bias, is printed on a worksheet all the same."""
    assert render_sheet(worksheet(example("additive-similarity"), "scores"), ".pdf").startswith(b"%PDF")


# Other programs


@pytest.mark.full
def test_additive_and_bilinear_scores_of_pytorch() -> None:
    """torch.nn.Linear and tanh, as tutorials write Bahdanau's attention; torch.nn.Bilinear for Luong's."""
    import torch

    torch.manual_seed(3)
    first, second, last = (torch.nn.Linear(*size, bias=False, dtype=torch.float64) for size in ((2, 4), (3, 4), (4, 1)))
    between = torch.nn.Bilinear(2, 3, 1, bias=False, dtype=torch.float64)
    Q, K = torch.randn(2, 2, dtype=torch.float64), torch.randn(5, 3, dtype=torch.float64)
    with torch.no_grad():
        additive = last(torch.tanh(first(Q)[:, None] + second(K)[None]))[..., 0].numpy()
        pairs = Q[:, None].expand(2, 5, 2).reshape(10, 2), K[None].expand(2, 5, 3).reshape(10, 3)
        bilinear = between(*pairs).reshape(2, 5).numpy()

    def texts(tensor: Any) -> list[Any]:
        return [texts(row) if row.ndim else repr(float(row)) for row in tensor.detach()]

    given = {"Q": texts(Q), "K": texts(K)}
    own = {"W_1": texts(first.weight), "W_2": texts(second.weight), "v": texts(last.weight)[0]}
    ours = solved({**given, **own}, similarity="additive", projection="X W^T").floats("scores")
    np.testing.assert_allclose(ours, additive, rtol=1e-12, atol=1e-14)
    ours = solved({**given, "W_S": texts(between.weight)[0]}, similarity="bilinear").floats("scores")
    np.testing.assert_allclose(ours, bilinear, rtol=1e-12, atol=1e-14)
