"""What the examples show: every folder under examples/ gives the numbers that its page promises."""

from __future__ import annotations

import contextlib
import html
import io
import json
import re
import shlex
import subprocess
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import sympy

import tracer
from tracer import cli
from tracer.notation.plain import plain
from tracer.show import show

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
FOLDERS = sorted(path for path in EXAMPLES.iterdir() if path.is_dir())
PROBLEMS = sorted(EXAMPLES.glob("*/*.toml"))
TEACHING_ORDER = [
    "cherry-orange-phone", "table-of-cosines", "dot-or-cosine", "why-not-subtract",
    "normalisation", "normaliser-ladder", "apple-moves", "apple-and-orange",
    "one-hot-rows", "jane-visits-africa", "one-matrix-for-both", "bilinear-similarity", "additive-similarity",
    "known-weights", "causal-mask", "sliding-window", "padding", "additive-mask", "softcap", "temperature",
    "sinusoidal-positions", "rotary", "qk-norm", "alibi", "relative-positions", "off-by-one",
    "attention-sink", "sigmoid-attention", "sparsemax", "base-2", "linear-attention", "kv-cache", "online-softmax",
    "cross-attention",
    "conventions", "overflow",
    "three-heads", "grouped-queries", "again-and-again", "backward-pass", "letters", "house-style", "made", "real-head",
    "worksheet", "marking", "published",
]  # fmt: skip


@cache
def solved(name: str) -> tracer.Trace:
    """The trace of an example: "apple-moves" is its problem.toml, "apple-moves/to-the-phone" another file."""
    folder, _, file = name.partition("/")
    return tracer.solve(tracer.load(EXAMPLES / folder / f"{file or 'problem'}.toml"))


def decimals(name: str, step: str, places: int = 4) -> list[list[str]]:
    """A step of an example, every value rounded once; a vector is a column."""
    return [[cell.decimal(places) for cell in row] for row in solved(name)[step].cells]


def exactly(name: str, step: str) -> list[list[str]]:
    """A step of an example, every value exactly."""
    return [[show(cell.exact, plain) for cell in row] for row in solved(name)[step].cells]


def by_hand(name: str, step: str) -> list[list[str]]:
    """A step of an example, as it comes out when every written step is rounded."""
    return [[cell.by_hand for cell in row] for row in solved(name)[step].cells]


@cache
def printed(*arguments: str) -> str:
    """What `tracer solve` prints, with line breaks and runs of blanks made one blank."""
    out = io.TextIOWrapper(io.BytesIO())
    with contextlib.chdir(ROOT), contextlib.redirect_stdout(out):
        assert cli.main(["solve", *arguments]) == 0
    return " ".join(out.buffer.getvalue().decode().split())


@cache
def typed(*arguments: str) -> str:
    """The same, typed as a command of its own."""
    command = [sys.executable, "-m", "tracer", "solve", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return " ".join(done.stdout.split())


def softmax(logits: np.ndarray) -> np.ndarray:
    shares = np.exp(logits)
    return shares / shares.sum(axis=1, keepdims=True)


# Similarity


def test_cherry_is_like_an_orange_and_unlike_a_phone() -> None:
    """The pairs of cherry, orange and phone: dot products 12, 3, 0; cosines 4/√17, 1/√17, 0; angles 14°, 76°, 90°."""
    pairs = [(0, 1), (0, 2), (1, 2)]
    found = {
        step: [exactly("cherry-orange-phone", step)[i][j] for i, j in pairs] for step in ("scores", "cosines", "scaled")
    }
    assert found["scores"] == ["12", "3", "0"]
    assert found["cosines"] == ["4/√17", "1/√17", "0"]
    assert found["scaled"] == ["6·√2", "3·√2/2", "0"]
    rounded = {
        step: [decimals("cherry-orange-phone", step, 2)[i][j] for i, j in pairs] for step in ("cosines", "scaled")
    }
    assert rounded == {"cosines": ["0.97", "0.24", "0.00"], "scaled": ["8.49", "2.12", "0.00"]}
    assert [decimals("cherry-orange-phone", "angles", 0)[i][j] for i, j in pairs] == ["14", "76", "90"]


def test_the_page_of_the_cherry_shows_the_work() -> None:
    """Each chain goes from the formula through the numbers and the exact value to the decimal."""
    page = printed("examples/cherry-orange-phone/problem.toml")
    assert "S[1, 2] = Σ_c Q[1, c]·K[2, c] = 1·0 + 4·3 = 12" in page
    assert "= (1·0 + 4·3)/(√17·3) = 4/√17 ≈ 0.97" in page
    assert "Z[1, 2] = S[1, 2]/√d_k = 12/√2 = 6·√2 ≈ 8.49" in page
    assert "Z[1, 3] = S[1, 3]/√d_k = 3/√2 = 3·√2/2 ≈ 2.12" in page


def test_the_table_of_cosines() -> None:
    """Five words have the cosines 1, √2/2 and 0: an apple is halfway between an orange and a phone."""
    assert exactly("table-of-cosines", "cosines") == [
        ["1", "0", "√2/2", "0", "0"],
        ["0", "1", "√2/2", "0", "0"],
        ["√2/2", "√2/2", "1", "0", "0"],
        ["0", "0", "0", "1", "1"],
        ["0", "0", "0", "1", "1"],
    ]
    assert decimals("table-of-cosines", "scores", 2)[2] == ["0.71", "0.71", "1.00", "0.00", "0.00"]
    assert "(2·0 + 2·3 + 0·0)/(2·√2·3) = √2/2 ≈ 0.71" in printed("examples/table-of-cosines/problem.toml")


def test_the_larger_dot_product_is_not_the_greater_similarity() -> None:
    """a·b = 9.08 is larger than c·d = 9.04, and yet c and d, whose cosine is 1, are the more similar pair."""
    trace = solved("dot-or-cosine")
    dots, cosines = trace["scores"], trace["cosines"]
    assert (dots[0, 0].decimal(2), dots[1, 1].decimal(2)) == ("9.08", "9.04")
    assert (exactly("dot-or-cosine", "cosines")[0][0], exactly("dot-or-cosine", "cosines")[1][1]) == ("227/√51754", "1")
    assert (cosines[0, 0].decimal(4), cosines[1, 1].decimal(4)) == ("0.9978", "1.0000")


def test_an_elementwise_product_is_not_yet_a_dot_product() -> None:
    """The products 0.2·0.4 = 0.08 and 3·3 = 9 still have to be added: 9.08."""
    assert "0.2·0.4 + 3·3 = 9.08" in printed("examples/dot-or-cosine/problem.toml")


def test_products_with_opposite_signs_cancel() -> None:
    """(1, 0, −1) has the dot product 0 with (1, 0, 1), 2 with itself, and 3 with (2, 0, −1)."""
    assert exactly("dot-or-cosine/opposite-signs", "scores") == [["0", "2", "3"]]
    assert exactly("dot-or-cosine/opposite-signs", "cosines") == [["0", "1", "3/√10"]]
    assert decimals("dot-or-cosine/opposite-signs", "angles", 0) == [["90", "0", "18"]]
    page = printed("examples/dot-or-cosine/opposite-signs.toml")
    assert "1·1 + 0·0 + (−1)·1 = 0" in page
    assert "1·1 + 0·0 + (−1)·(−1) = 2" in page


# Normalisation


def test_shares_by_the_sum_rounded_once_and_by_hand() -> None:
    """1 and √2/2 divided by their sum are 0.59 and 0.41; worked from 0.71 they are 0.58 and 0.42."""
    assert decimals("normalisation", "weights", 2)[0] == ["0.59", "0.41"]
    assert by_hand("normalisation", "scores")[0] == ["1.00", "0.71"]
    assert by_hand("normalisation", "weights")[0] == ["0.58", "0.42"]
    page = typed("examples/normalisation/problem.toml")
    assert "≈ 0.59 (by hand 0.58)" in page
    assert "≈ 0.41 (by hand 0.42)" in page
    assert "digits differ because earlier steps were rounded" in page


def test_a_sum_of_zero_cannot_be_shared_out() -> None:
    """1 and −1 divided by their sum are undefined, because nothing can be divided by zero."""
    trace = solved("normalisation/opposite-by-sum")
    assert exactly("normalisation/opposite-by-sum", "row_sums") == [["0"]]
    for cell in trace["weights"].cells[0]:
        assert (cell.exact, cell.decimal(2), cell.float, cell.by_hand) == (None, None, None, None)
        assert cell.undefined.reason == "nothing can be divided by zero"
    page = typed("examples/normalisation/opposite-by-sum.toml")
    assert "1/0 (undefined: nothing can be divided by zero)" in page
    assert "“word” has no weights: they are undefined, because nothing can be divided by zero." in page


def test_the_softmax_is_the_way_out() -> None:
    """1 and −1 by the softmax are 0.88 and 0.12."""
    assert decimals("normalisation/opposite-by-softmax", "weights", 2) == [["0.88", "0.12"]]
    page = typed("examples/normalisation/opposite-by-softmax.toml")
    assert "takes 88 % from “same direction” and 12 % from “opposite direction”" in page


def test_the_softmax_of_two_and_of_four_cosines() -> None:
    """1 and √2/2 by the softmax are 0.57 and 0.43; 1, √2/2, 0 and 0 are 0.40, 0.30, 0.15 and 0.15."""
    assert decimals("normalisation/by-softmax", "weights", 2) == [["0.57", "0.43"]]
    assert exactly("normalisation/by-softmax", "weights")[0][0] == "e/(e + e^(√2/2))"
    assert exactly("normalisation/four-words-by-softmax", "scores")[0] == ["1", "√2/2", "0", "0"]
    assert decimals("normalisation/four-words-by-softmax", "weights", 2)[0] == ["0.40", "0.30", "0.15", "0.15"]
    assert "apple 0.40 0.30 0.15 0.15" in printed("examples/normalisation/four-words-by-softmax.toml")


# Mixing


@pytest.mark.parametrize(
    ("name", "worked", "rounded"),
    [
        ("apple-moves", ["1.14", "2.43"], ["1.15", "2.43"]),
        ("apple-moves/to-the-phone", ["2.86", "1.14"], ["2.85", "1.15"]),
    ],
)
def test_the_apple_moves(name: str, worked: list[str], rounded: list[str]) -> None:
    """The apple moves 43 % of the way to its neighbour; by hand it arrives at other last digits than rounded once."""
    assert by_hand(name, "weights")[0] == ["0.57", "0.43"]
    assert by_hand(name, "outputs")[0] == worked
    assert decimals(name, "outputs", 2)[0] == rounded


@pytest.mark.parametrize(
    ("file", "neighbour", "worked", "rounded"),
    [("problem", "orange", "(1.14, 2.43)", "(1.15, 2.43)"), ("to-the-phone", "phone", "(2.86, 1.14)", "(2.85, 1.15)")],
)
def test_the_page_says_where_the_apple_goes(file: str, neighbour: str, worked: str, rounded: str) -> None:
    """Plain words name both places, the one worked by hand first."""
    page = typed(f"examples/apple-moves/{file}.toml")
    assert f"“apple” keeps 57 % of itself and takes 43 % from “{neighbour}”: (2, 2) becomes {worked}" in page
    assert f"and {rounded} when rounded only at the end." in page


def test_a_whole_pass() -> None:
    """Apple next to an orange: 6/√3 = 2√3, e^(2√3) ≈ 31.9477, weight 0.2361, output (1.4983, 2.2065, 0.0369)."""
    X = np.array([[0, 3, 0], [2, 2, 0], [0, 0, 2], [0, 0, 3]])
    trace = solved("apple-and-orange")
    assert exactly("apple-and-orange", "scaled")[1] == ["2·√3", "8·√3/3", "0", "0"]
    assert decimals("apple-and-orange", "exponentials")[1] == ["31.9477", "101.3725", "1.0000", "1.0000"]
    assert decimals("apple-and-orange", "weights")[1] == ["0.2361", "0.7491", "0.0074", "0.0074"]
    assert decimals("apple-and-orange", "outputs")[1] == ["1.4983", "2.2065", "0.0369"]
    np.testing.assert_allclose(trace.floats("outputs"), softmax(X @ X.T / np.sqrt(3)) @ X, rtol=1e-13)
    assert "“apple” keeps 75 % of itself and takes 24 % from “orange”" in typed(
        "examples/apple-and-orange/problem.toml"
    )


def test_known_weights_mix_rectangular_values() -> None:
    """0.3, 0.4, 0.15 and 0.15 of the values (0, 3), (2, 2), (2, 2) and (3, 3) are exactly (1.55, 2.45)."""
    assert exactly("known-weights", "value") == [["0", "3"], ["2", "2"], ["2", "2"], ["3", "3"]]
    assert exactly("known-weights", "row2.contributions") == [
        ["0", "9/10"],
        ["4/5", "4/5"],
        ["3/10", "3/10"],
        ["9/20", "9/20"],
    ]
    assert decimals("known-weights", "outputs", 2)[1] == ["1.55", "2.45"]
    page = printed("examples/known-weights/problem.toml")
    assert "sizes: (4 × 3) · (3 × 2) = 4 × 2" in page
    assert "= 0.3·0 + 0.4·2 + 0.15·2 + 0.15·3 = 1.55" in page
    assert "its new vector is (1.55, 2.45)" in page


# Words, projections, the bilinear view


def test_a_lookup_is_a_product_with_one_hot_rows() -> None:
    """Words 1, 5 and 2 are rows 1, 5 and 2 of the table; W_Q, W_K and W_V make queries, keys and values of them."""
    assert exactly("one-hot-rows", "H") == [
        ["1", "0", "0", "0", "0"],
        ["0", "0", "0", "0", "1"],
        ["0", "1", "0", "0", "0"],
    ]
    assert exactly("one-hot-rows", "embedding") == [["1", "1", "0"], ["0", "0", "1"], ["0", "2", "0"]]
    assert exactly("one-hot-rows", "query") == [["1", "1"], ["1", "0"], ["0", "2"]]
    assert exactly("one-hot-rows", "key") == [["1", "1"], ["0", "1"], ["2", "0"]]
    assert exactly("one-hot-rows", "value") == [["2", "1"], ["1", "1"], ["0", "2"]]
    assert exactly("one-hot-rows", "scores") == [["2", "1", "2"], ["1", "0", "2"], ["2", "2", "0"]]


def test_the_page_of_the_lookup_shows_the_sizes() -> None:
    """seq_len × vocabulary times vocabulary × d_model, then seq_len × d_model times d_model × d_k."""
    page = printed("examples/one-hot-rows/problem.toml")
    assert "sizes: (3 × 5) · (5 × 3) = 3 × 3" in page
    assert "sizes: (3 × 3) · (3 × 2) = 3 × 2" in page
    assert "1·1 + 0·0 + 0·2 + 0·0 + 0·0 = 1" in page


def test_jane_visits_africa() -> None:
    """Q = X W_Qᵀ and K = X W_Kᵀ: jane attends to visits, visits to africa; the values are the second product."""
    X = np.array([[2, 0, 1], [0, 1, 1], [1, 0, 2]])
    W_Q, W_K, W_V = np.array([[[0, 1, 1], [1, 0, 1]], [[0, 0, 1], [0, 1, 0]], [[1, 0, 0], [0, 1, 1]]])
    trace = solved("jane-visits-africa")
    assert trace.floats("query").tolist() == (X @ W_Q.T).tolist()
    assert trace.floats("key").tolist() == (X @ W_K.T).tolist()
    assert trace.floats("value").tolist() == (X @ W_V.T).tolist()
    weights = softmax(X @ W_Q.T @ (X @ W_K.T).T / np.sqrt(2))
    np.testing.assert_allclose(trace.floats("weights"), weights, rtol=1e-14)
    np.testing.assert_allclose(trace.floats("outputs"), weights @ (X @ W_V.T), rtol=1e-14)
    assert decimals("jane-visits-africa", "weights") == [
        ["0.0879", "0.7337", "0.1784"],
        ["0.1400", "0.2840", "0.5760"],
        ["0.0743", "0.6200", "0.3057"],
    ]
    assert decimals("jane-visits-africa", "outputs")[1] == ["0.8560", "1.8600"]


def test_the_page_of_jane_names_the_convention() -> None:
    """The card says that words are rows and weights are transposed, and each query has its row of probabilities."""
    page = printed("examples/jane-visits-africa/problem.toml")
    assert "words are rows, multiplied by the transposed matrix: X Wᵀ (torch.nn.Linear)" in page
    assert "Q[1, 2] = Σ_a X[1, a]·W_Q[2, a] = 2·1 + 0·0 + 1·1 = 3" in page
    assert "jane 0.0879 0.7337 0.1784" in page


def test_queries_and_keys_act_as_one_matrix() -> None:
    """T = W_Q W_Kᵀ gives the same scores as q·k, by x T yᵀ, and T is not symmetric."""
    assert exactly("one-matrix-for-both", "bilinear") == [["1", "1"], ["2", "1"]]
    assert exactly("one-matrix-for-both", "scores") == [["4", "6"], ["4", "5"]]
    assert exactly("one-matrix-for-both", "bilinear_scores") == exactly("one-matrix-for-both", "scores")
    page = printed("examples/one-matrix-for-both/problem.toml")
    assert "T = W_Q·W_K^⊤" in page
    assert "The same scores come out, without queries and keys." in page


# Masks, two sequences, heads, repetition


def test_a_causal_mask_hides_what_comes_after() -> None:
    """Every weight above the diagonal is exactly 0, and the last row, which sees all, is what it was without a mask."""
    weights = exactly("causal-mask", "weights")
    assert [weights[i][j] for i in range(4) for j in range(i + 1, 4)] == ["0"] * 6
    assert weights[0] == ["1", "0", "0", "0"]
    assert decimals("causal-mask", "weights")[1] == ["0.2396", "0.7604", "0.0000", "0.0000"]
    assert weights[3] == exactly("apple-and-orange", "weights")[3]
    assert exactly("causal-mask", "masked")[0] == ["3·√3", "−∞", "−∞", "−∞"]
    page = printed("examples/causal-mask/problem.toml")
    assert "causal: a word sees itself and what came before" in page
    assert "E[1, 2] = e^Z′[1, 2] = e^(−∞) = 0" in page


def test_every_check_of_a_masked_pass_holds() -> None:
    """A mask does not make the rows add up to anything but 1, nor the outputs anything but a mixture."""
    for file in ("problem", "own-mask"):
        page = printed(f"examples/causal-mask/{file}.toml")
        assert "✓ The weights of each row" in page
        assert "✗" not in page
        assert "does not apply here" not in page


def test_a_row_that_may_see_nothing_takes_nothing() -> None:
    """A fully masked row has weights 0 and output 0, and where one word alone may be seen its weight is exactly 1."""
    weights = exactly("causal-mask/own-mask", "weights")
    assert weights[1] == ["1", "0", "0", "0"]
    assert weights[3] == ["0", "0", "0", "0"]
    assert exactly("causal-mask/own-mask", "outputs")[3] == ["0", "0", "0"]
    assert "“an” may see no word at all" in printed("examples/causal-mask/own-mask.toml")


def test_a_softcap_presses_large_scores_together() -> None:
    """4·tanh(s/4) makes 2.7974 and 3.2772 of the scores 3.4641 and 4.6188; a masked one is −∞ and weighs nothing."""
    X = np.array([[0, 3, 0], [2, 2, 0], [0, 0, 2], [0, 0, 3]])
    capped = 4 * np.tanh(X @ X.T / np.sqrt(3) / 4)
    weights = softmax(np.where(np.tri(4, dtype=bool), capped, -np.inf))
    np.testing.assert_allclose(solved("softcap").floats("capped"), capped, rtol=1e-14)
    np.testing.assert_allclose(solved("softcap").floats("outputs"), weights @ X, rtol=1e-14)
    assert exactly("softcap", "capped")[1] == ["4·tanh(√3/2)", "4·tanh(2·√3/3)", "0", "0"]
    assert decimals("softcap", "capped")[1] == ["2.7974", "3.2772", "0.0000", "0.0000"]
    assert exactly("softcap", "masked")[1][2:] == ["−∞", "−∞"]
    assert decimals("softcap", "weights")[1] == ["0.3823", "0.6177", "0.0000", "0.0000"]
    assert exactly("softcap", "weights")[1][2:] == ["0", "0"]
    page = printed("examples/softcap/problem.toml")
    assert "Softcap a score s becomes 4·tanh(s/4), which is never below −4 and never above 4." in page
    assert "Z′[2, 2] = 4·tanh(Z[2, 2]/4) = 4·tanh((8·√3/3)/4) = 4·tanh(2·√3/3) ≈ 4·tanh(4.6188/4) ≈ 3.2772" in page


def test_a_high_cap_hardly_matters() -> None:
    """With the cap 50 of Gemma 2 the apple's weights 0.2396 and 0.7604 become 0.2410 and 0.7590."""
    assert decimals("causal-mask", "weights")[1][:2] == ["0.2396", "0.7604"]
    assert decimals("softcap/as-in-gemma", "weights")[1][:2] == ["0.2410", "0.7590"]


def test_one_sequence_reads_another() -> None:
    """Two queries from X and three keys from Y make 2 × 3 weights; jane finds jane, visite finds visits."""
    X, Y = np.array([[2, 0], [0, 2]]), np.array([[1, 0, 1], [0, 1, 1], [0, 0, 2]])
    W_K, W_V = np.array([[2, 0], [0, 2], [0, 1]]), np.array([[1, 0], [0, 1], [1, 1]])
    weights = softmax(X @ (Y @ W_K).T / np.sqrt(2))
    np.testing.assert_allclose(solved("cross-attention").floats("weights"), weights, rtol=1e-14)
    np.testing.assert_allclose(solved("cross-attention").floats("outputs"), weights @ Y @ W_V, rtol=1e-14)
    assert decimals("cross-attention", "weights") == [["0.8943", "0.0529", "0.0529"], ["0.0454", "0.7679", "0.1867"]]
    assert "sizes: (2 × 2) · (2 × 3) = 2 × 3" in printed("examples/cross-attention/problem.toml")


def test_three_heads_of_two_columns_are_joined_and_projected() -> None:
    """2 + 2 + 2 columns make 6, and W_O brings them down to 3."""
    problem = solved("three-heads").problem
    X, W_Q, W_K, W_V, W_O = (
        np.array([[float(x.value) for x in row] for row in problem.matrix(name).rows])
        for name in ("X", "W_Q", "W_K", "W_V", "W_O")
    )
    heads = [slice(0, 2), slice(2, 4), slice(4, 6)]
    outputs = [softmax(X @ W_Q[:, h] @ (X @ W_K[:, h]).T / np.sqrt(2)) @ X @ W_V[:, h] for h in heads]
    trace = solved("three-heads")
    assert trace["joined"].shape == (3, 6)
    np.testing.assert_allclose(trace.floats("joined"), np.hstack(outputs), rtol=1e-14)
    np.testing.assert_allclose(trace.floats("projected"), np.hstack(outputs) @ W_O, rtol=1e-14)
    assert decimals("three-heads", "head1.weights")[0] == ["0.5035", "0.2483", "0.2483"]
    assert decimals("three-heads", "head3.weights")[0] == ["0.2483", "0.2483", "0.5035"]
    assert decimals("three-heads", "joined")[0] == ["0.7517", "0.9930", "0.4965", "0.7517", "0.9930", "0.7517"]
    assert decimals("three-heads", "projected")[0] == ["1.5035", "1.4895", "1.7448"]


def test_columns_of_one_matrix_are_matrices_of_their_own() -> None:
    """Splitting W_Q, W_K and W_V by columns, and listing a matrix for each head, is the same pass."""
    split, own = solved("three-heads"), solved("three-heads/own-matrices")
    for step in own:
        assert split.exact(step.id) == own.exact(step.id), step.id


def test_the_page_of_three_heads_joins_them() -> None:
    """The page has a part for each head, then the six columns and the product that brings them down."""
    page = printed("examples/three-heads/problem.toml", "--row", "red")
    assert [word in page for word in ("Head 1", "Head 2", "Head 3", "Heads joined")] == [True] * 4
    assert "P = J·W_O" in page
    assert "sizes: (3 × 6) · (6 × 3) = 3 × 3" in page


def test_the_same_step_again_and_again() -> None:
    """Outputs that go in again draw all words together: after three passes they agree in two decimals."""
    X = np.array([[0.0, 3], [2, 2], [4, 0]])
    for n in (1, 2, 3):
        length = np.linalg.norm(X, axis=1)
        X = softmax(X @ X.T / np.outer(length, length)) @ X
        np.testing.assert_allclose(solved("again-and-again").floats(f"pass{n}.outputs"), X, rtol=1e-13)
    assert decimals("again-and-again", "pass1.outputs", 2) == [["1.40", "2.12"], ["2.00", "1.70"], ["2.60", "1.23"]]
    assert decimals("again-and-again", "pass2.outputs", 2) == [["1.97", "1.71"], ["2.00", "1.68"], ["2.03", "1.66"]]
    assert decimals("again-and-again", "pass3.outputs", 2) == [["2.00", "1.68"]] * 3


def test_every_word_is_like_itself_in_every_pass() -> None:
    """The cosine of a vector with itself is 1 however long its exact coordinates are, and the angle is 0."""
    for n in (1, 2, 3):
        for i in range(3):
            assert decimals("again-and-again", f"pass{n}.cosines")[i][i] == "1.0000"
            assert decimals("again-and-again", f"pass{n}.angles")[i][i] == "0.0000"


def test_the_page_of_three_passes() -> None:
    """Each pass has its part of the page, and the last outputs stand at the end."""
    page = printed("examples/again-and-again/problem.toml")
    assert [f"Pass {n}" in page for n in (1, 2, 3)] == [True] * 3
    assert "phone 2.00 1.68" in page


# Letters


def test_a_pass_in_letters() -> None:
    """The score of (a, b) with (c, d) is a·c + b·d, its square root of two below it; nothing has a decimal."""
    assert exactly("letters", "scores") == [["a^2 + b^2", "a·c + b·d"], ["a·c + b·d", "c^2 + d^2"]]
    assert exactly("letters", "scaled")[0][1] == "√2·(a·c + b·d)/2"
    assert solved("letters").open_letters == ("a", "b", "c", "d")
    assert {cell.decimal(4) for row in solved("letters")["weights"].cells for cell in row} == {None}
    page = printed("examples/letters/problem.toml")
    assert "a, b, c and d are letters without a number, so the results stay formulas." in page
    assert "S[1, 2] = Σ_c Q[1, c]·K[2, c] = a·c + b·d" in page


@pytest.mark.parametrize("step", ["scores", "exponentials", "weights", "outputs"])
def test_letters_stand_for_numbers(step: str) -> None:
    """The formulas of a pass in letters give, with numbers for the letters, the pass of these numbers."""
    a, b, c, d = sympy.symbols("a b c d", real=True)
    found = solved("letters").exact(step).subs({a: 0, b: 3, c: 2, d: 2}).evalf(20)
    X = np.array([[0, 3], [2, 2]])
    Z = X @ X.T / np.sqrt(2)
    expected = {"scores": X @ X.T, "exponentials": np.exp(Z), "weights": softmax(Z), "outputs": softmax(Z) @ X}[step]
    np.testing.assert_allclose(np.array(found.tolist(), dtype=float), expected, rtol=1e-14)


def test_numbers_are_put_in_for_letters() -> None:
    """With --let a=0 --let b=3 --let c=2 --let d=2 the letters become the orange and the apple."""
    lets = [word for letter, number in zip("abcd", "0322", strict=True) for word in ("--let", f"{letter}={number}")]
    page = typed("examples/letters/problem.toml", *lets)
    assert "S[1, 2] = Σ_c Q[1, c]·K[2, c] = 0·2 + 3·2 = 6" in page
    assert "Z[1, 2] = S[1, 2]/√d_k = 6/√2 = 3·√2 ≈ 4.2426" in page
    assert "≈ 0.1070" in page
    assert "letters without a number" not in page


# Worksheets


def test_the_key_of_a_sheet_is_worked_by_hand() -> None:
    """The last number of melon is 2.92 when every step is rounded, and 2.93 rounded once."""
    assert by_hand("worksheet", "outputs")[2] == ["2.18", "2.92"]
    assert decimals("worksheet", "outputs", 2)[2] == ["2.18", "2.93"]
    from tracer.formats import render_sheet
    from tracer.worksheet import worksheet

    work = worksheet(solved("worksheet"), "scores, weights, outputs", "first-row")
    key, sheet = (render_sheet(work, ".txt", key=is_key).decode() for is_key in (True, False))
    assert "O[3, 2] ≈ 0.09·2 + 0.18·(−1) + 0.73·4 = 2.92" in key
    assert "2.93" in key
    assert "O[1, 2] ≈ 0.87·2 + 0.03·(−1) + 0.10·4 = 2.11" in sheet
    assert "2.92" not in sheet


# Marking


def test_a_class_is_marked() -> None:
    """One slip costs Anna one number, one mistake costs Ben two; Chloe is right by hand: e^1.73 ≈ 5.64, not 5.65."""
    trace = solved("marking")
    names = ("anna.toml", "ben.csv", "chloe.csv")
    answers = [tracer.read_submission(EXAMPLES / "marking" / "answers" / name) for name in names]
    anna, ben, chloe = (tracer.check(trace, one) for one in answers)
    assert [str(marks.credit) for marks in (anna, ben, chloe)] == ["19", "18", "20"]
    assert [marks.blanks for marks in (anna, ben, chloe)] == [4 + 4 + 4 + 1 + 4 + 3] * 3
    assert anna.first_wrong and anna.first_wrong.mistakes == ("digits_exchanged",)
    assert [mark.cell for mark in ben.marks if "divided_by_d_k" in mark.mistakes] == ["scaled[1,1]", "scaled[1,2]"]
    assert [mark.entry.raw for mark in chloe.marks if mark.verdict == "by_hand"] == [
        "3,16", "5,64", "10,80", "1,85", "0,27",
    ]  # fmt: skip


def test_the_page_of_the_class_shows_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Below each command, and below the few lines of Python, stands a part of what they print."""
    monkeypatch.chdir(ROOT)
    shown = 0
    for (language, code), (below, text) in pairwise(blocks(EXAMPLES / "marking" / "README.md")):
        if below != "text":
            continue
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        with contextlib.redirect_stdout(out):
            if language == "python":
                exec(code, {})
            else:
                cli.main(shlex.split(code)[1:])
        assert text in out.buffer.getvalue().decode()
        shown += 1
    assert shown == 5


# Made from a seed


def test_the_made_problems_are_those_of_their_seeds(capfd: pytest.CaptureFixture[str]) -> None:
    """The two commands print the two files, byte for byte."""
    folder = EXAMPLES / "made"
    for words, name in (
        (["--seed", "7"], "problem"),
        (["--seed", "4", "--exact-weights", "--mask", "causal"], "exact-weights"),
    ):
        assert cli.main(["new", *words]) == 0
        assert capfd.readouterr().out == (folder / f"{name}.toml").read_text("utf-8")


def test_the_rows_of_the_made_problems_add_up() -> None:
    """0.87 + 0.03 + 0.10 = 1, by hand too; 8/9 and 1/9."""
    assert decimals("made", "scores", 0)[0] == ["2", "-3", "-1"]
    assert decimals("made", "weights", 2) == by_hand("made", "weights")
    assert by_hand("made", "weights")[0] == ["0.87", "0.03", "0.10"]
    assert exactly("made/exact-weights", "weights")[1] == ["8/9", "1/9", "0"]


# Every file, every page


@pytest.mark.parametrize("path", PROBLEMS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_example_becomes_a_page(path: Path, tmp_path: Path) -> None:
    """Every example is worked without an error and written as text, HTML and JSON."""
    name = f"{path.parent.name}/{path.stem}"
    files = [tmp_path / f"page{suffix}" for suffix in (".txt", ".html", ".json")]
    tracer.save(solved(name), *files)
    text, page, data = (file.read_text("utf-8") for file in files)
    title = solved(name).problem.title
    assert text.startswith(title)
    assert f"<title>{title}</title>" in html.unescape(page)
    assert [step["id"] for step in json.loads(data)["steps"]] == [step.id for step in solved(name)]
    assert "✗" not in text


def commands(page: Path) -> list[list[str]]:
    """The `tracer` commands on a README page, in its code blocks and in its lines."""
    text = page.read_text("utf-8")
    lines = [line.strip() for _, block in blocks(page) for line in block.splitlines()]
    lines += re.findall(r"(?<!`)`(tracer solve [^`\n]+)`", text)
    ours = ("tracer solve", "tracer sheet", "tracer check", "tracer new")
    return [shlex.split(line, comments=True) for line in lines if line.startswith(ours)]


def test_backward_pass() -> None:
    """Weights 3/4, 1/4 and 1/3, 2/3: the gradients are fractions as far as W_Q, and the README says which to look at."""
    assert exactly("backward-pass", "weights") == [["3/4", "1/4"], ["1/3", "2/3"]]
    assert exactly("backward-pass", "row1.jacobian") == [["3/16", "−3/16"], ["−3/16", "3/16"]]
    assert exactly("backward-pass", "row1.d_logits") == [["−3/4"], ["3/4"]]
    assert exactly("backward-pass", "mean_gradients") == [["1"], ["4/3"]]
    assert exactly("backward-pass", "d_scaled") == [["−3/4", "3/4"], ["8/9", "−8/9"]]
    assert exactly("backward-pass", "d_b_K") == [["0"], ["0"]]
    assert exactly("backward-pass", "d_W_Q") == [["5/36", "−5/36"], ["8/9", "−8/9"]]


def blocks(page: Path) -> list[tuple[str, str]]:
    """The code blocks on a README page, each with its language."""
    return re.findall(r"^```([a-z]*)\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_every_folder_has_its_page_and_its_place() -> None:
    """Every example folder has a README.md and a problem.toml, and stands in the index in teaching order.

    The gallery has a problem.toml for each published page; `test_gallery.py` looks at its table.
    """
    assert [folder.name for folder in FOLDERS] == sorted(TEACHING_ORDER)
    index = (EXAMPLES / "README.md").read_text("utf-8")
    assert re.findall(r"^\| \[(.+?)\]\(\1\) \|", index, re.MULTILINE) == TEACHING_ORDER
    for folder in FOLDERS:
        if folder.name == "published":
            continue
        assert (folder / "problem.toml").is_file()
        told = [word for command in commands(folder / "README.md") for word in command if word.startswith("examples/")]
        named = {Path(word) for word in told if "/style/" not in word}
        files = [*folder.glob("*.toml"), *folder.glob("answers/*")]
        assert named == {file.relative_to(ROOT) for file in files}, folder.name


@pytest.mark.parametrize("folder", [EXAMPLES, *FOLDERS], ids=lambda folder: folder.name)
def test_every_command_on_a_page_runs(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """What a README.md tells a reader to type works, typed in the folder where examples/ is."""
    (tmp_path / "examples").symlink_to(EXAMPLES)
    monkeypatch.chdir(tmp_path)
    found = commands(folder / "README.md")
    assert found
    for words in found:
        codes = (0, 1) if words[1] == "check" else (0,)  # 1: checked, and not all is accepted
        assert cli.main(words[1:]) in codes, " ".join(words)
        out, err = capfd.readouterr()
        assert out or err.startswith("wrote ")
