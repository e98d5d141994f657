"""Token by token with a cache, and block by block: the same numbers as all at once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracer import pages
from tracer.arithmetic import Undefined, ball
from tracer.checks import checks
from tracer.composition import solve
from tracer.decoding import at_once
from tracer.errors import ProblemError
from tracer.evaluate import place, value
from tracer.formats.txt import txt
from tracer.mistakes import load, mistakes
from tracer.origins import origins
from tracer.pages.solution import DETAILS
from tracer.pages.under import under
from tracer.parts.compared import compare
from tracer.problem import Problem
from tracer.problem_file import from_dict
from tracer.rewriting import Tensors
from tracer.trace import Trace
from tracer.worksheet import worksheet

BITS = 128
WORDS = [[1, 0], [0, 1], [1, 1], [2, 0]]
DECODED = {"given": {"X": WORDS, "W_K": [[1, 0], [1, 1]], "W_V": [[2, 0], [0, 3]]}, "pass": {"prefill": 2}}
small = st.integers(-3, 3)


def agree(one: Trace, id_: str, other: Trace, again: str) -> bool:
    """Whether two steps are enclosed by balls that can hold the same numbers, cell by cell."""
    shape = one[id_].shape
    with ball.precision(BITS):
        tables = one.tables.balls(BITS), other.tables.balls(BITS)
        places = product(*map(range, shape))
        return other[again].shape == shape and all(
            ball.agree(tables[0][id_, at], tables[1][again, at]) for at in places
        )


def matrix(draw: Any, rows: int, columns: int) -> list[list[int]]:
    """Small whole numbers."""
    return [[draw(small) for _ in range(columns)] for _ in range(rows)]


@st.composite
def decodings(draw: Any) -> Problem:
    """A pass token by token: heads, shared keys, W_O, masks, softcap, a cache that is given, other normalisations."""
    n, heads = draw(st.integers(2, 4)), draw(st.sampled_from([(1, 1), (2, 2), (2, 1)]))
    told: dict[str, Any] = {"X": matrix(draw, n, 2)}
    told |= {
        "W_Q": matrix(draw, 2, heads[0]),
        "W_K": matrix(draw, 2, heads[1]),
        "W_V": matrix(draw, 2, 2 * heads[1]),
    }
    if draw(st.booleans()):
        told["W_O"] = matrix(draw, 2 * heads[0], 2)
    past = draw(st.integers(0, 2))
    if past:
        told |= {"past_K": matrix(draw, past, heads[1]), "past_V": matrix(draw, past, 2 * heads[1])}
    logits: list[dict[str, Any]] = [{"use": "scale"}]
    if draw(st.booleans()):
        logits.append({"use": "softcap", "cap": 2})
    if draw(st.booleans()):
        logits.append({"use": "mask", "rule": "causal"})
    if draw(st.booleans()):
        told["mask"] = [[draw(st.integers(0, 1)) for _ in range(n + past)] for _ in range(n)]
        logits.append({"use": "mask"})
    normalisation = draw(st.sampled_from(["softmax", "softmax-shifted", {"use": "softmax-online", "block": 2}]))
    wiring = {
        "n_heads": heads[0],
        "n_kv_heads": heads[1],
        "logits": logits,
        "normalisation": normalisation,
        "prefill": draw(st.integers(0, n - 1)),
    }
    return from_dict({"given": told, "pass": wiring})


@settings(max_examples=25)
@given(decodings())
def test_cached_equals_full(problem: Problem) -> None:
    """Worked token by token, a pass comes to what it comes to all at once with a causal mask."""
    trace, full = solve(problem), solve(at_once(problem))
    last = trace.steps[-1].id
    assert last == full.steps[-1].id or "bilinear" in full.steps[-1].id
    assert agree(trace, last, full, last)
    assert np.allclose(trace.floats(last), full.floats(last))
    assert checks(trace, range(len(problem.tokens)))[0].holds


def test_the_rows_of_a_cache_are_exactly_those_of_the_keys() -> None:
    """Key for key and value for value, the cache holds what the pass without one works at once."""
    trace = solve(from_dict(DECODED))
    full = solve(at_once(trace.problem))
    assert trace.exact("token4.key_cache") == full.exact("key")
    assert trace.exact("token4.value_cache") == full.exact("value")
    assert trace.exact("outputs") == full.exact("outputs")
    assert trace["token3.key_cache"].rows == ("token 1", "token 2", "token 3")
    assert trace["token4.scores"].rows == ("token 4",)
    assert [cell.id for cell in trace["token4.row4.contributions"].row(0)] == [
        "token4.row4.contributions[1,1]",
        "token4.row4.contributions[1,2]",
    ]


def test_a_given_cache_is_what_another_pass_left_behind() -> None:
    """Keys and values of two words given, and two more worked: the last two rows of the whole pass."""
    full = solve(at_once(from_dict(DECODED)))
    told = {name: values for name, values in DECODED["given"].items() if name != "X"}
    told |= {"X": WORDS[2:], "past_K": [[1, 0], [1, 1]], "past_V": [[2, 0], [0, 3]]}
    logits = [{"use": "scale"}, {"use": "mask", "rule": "causal"}]
    trace = solve(from_dict({"given": told, "pass": {"logits": logits}}))
    assert trace.exact("outputs") == full.exact("outputs")[2:, :]
    assert trace.problem.key_tokens == ("past 1", "past 2", "token 1", "token 2")


def decoded_in_numpy(X: Any, W: dict[str, Any], heads: int, kv_heads: int) -> Any:
    """The loop of a model that writes, written apart: one row of scores for each new word."""
    keys: list[Any] = []
    values: list[Any] = []
    rows = []
    for x in X:
        keys.append((x @ W["K"]).reshape(kv_heads, -1))
        values.append((x @ W["V"]).reshape(kv_heads, -1))
        q, found = (x @ W["Q"]).reshape(heads, -1), []
        for h in range(heads):
            kv = h * kv_heads // heads
            scores = np.array([q[h] @ key[kv] for key in keys]) / np.sqrt(q.shape[1])
            weights = np.exp(scores - scores.max())
            found.append((weights / weights.sum()) @ np.array([value[kv] for value in values]))
        rows.append(np.concatenate(found) @ W["O"])
    return np.array(rows)


@pytest.mark.parametrize(("heads", "kv_heads"), [(1, 1), (2, 2), (4, 2), (4, 1)])
def test_decoding_is_the_loop_of_a_model(heads: int, kv_heads: int) -> None:
    """Multi-head, grouped and multi-query, with W_O, against a loop over tokens in NumPy."""
    random = np.random.default_rng(7)
    X = random.integers(-2, 3, (4, 3))
    sizes = {"Q": (3, 2 * heads), "K": (3, 2 * kv_heads), "V": (3, 3 * kv_heads), "O": (3 * heads, 3)}
    W = {name: random.integers(-2, 3, size) for name, size in sizes.items()}
    told = {"X": X.tolist(), **{f"W_{name}": values.tolist() for name, values in W.items()}}
    wiring = {"n_heads": heads, "n_kv_heads": kv_heads, "prefill": 1}
    trace = solve(from_dict({"given": told, "pass": wiring}))
    assert np.allclose(trace.floats("projected"), decoded_in_numpy(X, W, heads, kv_heads))


# Block by block


def online(S: list[list[Any]], V: list[list[Any]] | None, block: int, mask: Any = None) -> Trace:
    """A pass over given scores whose softmax reads `block` keys at once."""
    told = {"S": S, **({"V": V} if V else {}), **({"mask": mask} if mask else {})}
    wiring = {
        "logits": [{"use": "mask"}] if mask else [],
        "normalisation": {"use": "softmax-online", "block": block},
    }
    return solve(from_dict({"given": told, "pass": wiring}))


@settings(max_examples=30)
@given(st.data())
def test_online_equals_softmax_for_every_block_size(data: Any) -> None:
    """Whatever the block and the mask, weights and outputs are those of the softmax; a fully masked row gives 0."""
    n, m = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 5))
    S, V = matrix(data.draw, n, m), matrix(data.draw, m, 2)
    mask = data.draw(st.none() | st.just([[data.draw(st.integers(0, 1)) for _ in range(m)] for _ in range(n)]))
    trace = online(S, V, data.draw(st.integers(1, 6)), mask)
    usual = replace(trace.problem.wiring, normalisation=from_dict({"given": {"S": S}}).wiring.normalisation)
    full = solve(replace(trace.problem, wiring=usual))
    for id_ in ("weights", "outputs"):
        assert agree(trace, id_, full, id_)
    assert agree(trace, "online_outputs", full, "outputs")
    assert not any(trace.tables.undefined((step.id, at)) for step in trace for at in product(*map(range, step.shape)))
    assert np.allclose(trace.floats("online_outputs"), full.floats("outputs"))


def test_a_block_by_pencil() -> None:
    """Scores ln 1, ln 2 | ln 4, ln 8: maximum ln 2, then ln 8; the correction is 1/4, the sum 3/2·1/4 + 3/2 = 15/8."""
    trace = online([["ln 1", "ln 2", "ln 4", "ln 8"]], [[15], [0], [15], [30]], 2)
    told = {id_: str(trace.exact(id_)[0]) for id_ in ("block1.row_sums", "block2.correction", "block2.row_sums")}
    assert told == {"block1.row_sums": "3/2", "block2.correction": "1/4", "block2.row_sums": "15/8"}
    assert str(trace.exact("block2.running_outputs")[0]) == "315/8"
    assert str(trace.exact("online_outputs")[0]) == "21"
    assert trace["block2.exponentials"].tensor.axes[1].first == 2


def test_a_row_that_sees_nothing_in_its_first_block() -> None:
    """Its maximum is −∞ and nothing is to be corrected; no −∞ − (−∞) is ever computed."""
    trace = online([[0, 0, "ln 3", 0], [0, 0, 0, 0]], [[1], [2], [4], [8]], 2, [[0, 0, 1, 1], [0, 0, 0, 0]])
    assert trace["block1.maxima"][0].infinite == -1
    assert [str(x) for x in trace.exact("block2.correction")] == ["0", "0"]
    assert [str(x) for x in trace.exact("online_outputs")] == ["5", "0"]


def test_without_values_there_are_no_running_outputs() -> None:
    """Scores alone give weights alone."""
    trace = online([[0, 1, 2]], None, 2)
    assert [step.id for step in trace.steps][-1] == "weights"
    assert not any(step.name in ("running_outputs", "online_outputs") for step in trace.steps)


# Everything else that looks at a trace


BLOCKS = {"use": "softmax-online", "block": 2}


@pytest.mark.parametrize("wiring", [{"prefill": 0}, {"prefill": 2, "normalisation": BLOCKS}, {"normalisation": BLOCKS}])
def test_origins_and_mistakes_know_these_steps(wiring: dict[str, Any]) -> None:
    """Each cell knows where it comes from, and every mistake can be tried on every step."""
    load()
    trace = solve(from_dict({"given": {**DECODED["given"], "W_Q": [[1, 1], [0, 1]]}, "pass": wiring}))
    assert {origin.step for origin in origins(trace)} == {step.id for step in trace.steps}
    for step in trace.steps:
        tensors = Tensors(trace.tables.definitions, step.id.removesuffix(step.name))
        for name in mistakes:
            for formula in mistakes[name].rewrites(step, tensors):
                with suppress(Undefined):
                    value(formula, place(step.tensor, tuple(0 for _ in step.tensor.axes)), trace.tables.balls(64))


def test_a_blank_named_without_its_token_means_that_of_every_token() -> None:
    """Outputs are worked in each token; the rows put together at the end are no work."""
    blanks = worksheet(solve(from_dict(DECODED)), "outputs").blanks
    assert {key[0] for key in blanks} == {"prefill.outputs", "token3.outputs", "token4.outputs"}


@pytest.mark.parametrize("prefill", [0, 1, 2])
def test_a_decoded_word_has_the_relative_positions_of_the_whole_pass(prefill: int) -> None:
    """The number of a distance is the same one, whether a word is worked beside the others or alone."""
    told = {"X": WORDS[:3], "relative": ["1/2", -1, 2, "1/3", 0]}
    problem = from_dict({"given": told, "pass": {"logits": ["relative"], "prefill": prefill}})
    trace, full = solve(problem), solve(at_once(problem))
    assert agree(trace, "outputs", full, "outputs")
    assert [cell.decimal(3) for cell in trace["token3.relative_scores"].row(0)] == [
        cell.decimal(3) for cell in full["relative_scores"].row(2)
    ]


@pytest.mark.parametrize("normalisation", ["softmax-off-by-one", {"use": "sigmoid", "bias": -1}, "sparsemax"])
@pytest.mark.parametrize("form", ["solution", "ladder", "numerics"])
def test_every_page_of_decoded_words(normalisation: Any, form: str) -> None:
    """A word by itself has one row, which is not the first of the pass: pages and their checks know that."""
    pages.load()
    wiring = {"prefill": 1, "normalisation": normalisation, "logits": []}
    trace = solve(from_dict({"given": {"X": WORDS[:3]}, "pass": wiring}))
    assert b"token 3" in txt(pages.forms[form].page(trace, DETAILS["full"]))


@pytest.mark.parametrize("name", ["pytorch-sdpa", "torch-mha", "onnx"])
def test_decoded_words_under_the_rules_of_a_framework(name: str) -> None:
    """Each token's one row is looked at, by its place in the pass."""
    trace = solve(from_dict({"given": {"X": WORDS[:3]}, "pass": {"prefill": 1, "similarity": "cosine"}}))
    found = compare(trace, [name])[name]
    assert {one.here.key[0] for one in found.changes} >= {"token3.weights"} or not found.changes
    assert found.results == (1 + 2 + 3) + 2 * 3 + 2 * 3  # weights, the outputs of each token, those of all together
    assert txt(under(trace, [name]))


# What is refused

X = {"X": WORDS}
Q, TWO = {"Q": [[1, 0]], "K": [[1, 0]], "V": [[1]]}, [[1, 0], [0, 1]]
REFUSED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (X, {"prefill": 4}, "reads all 4 tokens together"),
    (X, {"prefill": -1}, "prefill"),
    (X, {"prefill": "two"}, "prefill"),
    ({"S": TWO}, {"prefill": 1}, "S cannot be given"),
    ({"A": [["1/2", "1/2"]], "V": TWO}, {"prefill": 0}, "A cannot be given"),
    ({"X": TWO, "Y": WORDS}, {"prefill": 1}, "another sequence"),
    ({"Q": TWO, "K": TWO}, {"prefill": 1}, "no values"),
    (X, {"prefill": 1, "logits": [{"use": "mask", "rule": "causal", "align": "top-left"}]}, "top-left"),
    (X, {"prefill": 1, "logits": [{"use": "mask", "rule": "window", "left": 1, "align": 1}]}, "aligns the mask by 1"),
    (X, {"prefill": 1, "logits": [{"use": "alibi", "align": "top-left"}]}, "aligns the alibi “top-left”"),
    ({**X, "past_K": TWO}, {}, "past_V is missing"),
    ({**X, "past_K": TWO, "past_V": [[1, 2]]}, {}, "one key and one value"),
    ({**X, "past_K": [[1]], "past_V": TWO}, {}, "must be 1 × 2"),
    ({"S": TWO, "past_K": TWO}, {}, "past_K"),
    ({**X, "past_K": TWO, "past_V": TWO}, {"repeat": 2}, "cache of its own"),
    ({"S": TWO}, {"normalisation": "softmax-online"}, "no block"),
    ({"S": TWO}, {"normalisation": {"use": "softmax-online", "block": 0}}, "block"),
]


@pytest.mark.parametrize(("told", "wiring", "reason"), REFUSED)
def test_what_does_not_fit_is_refused(told: dict[str, Any], wiring: dict[str, Any], reason: str) -> None:
    """The message says what was found."""
    with pytest.raises(ProblemError, match=reason):
        solve(from_dict({"given": told, "pass": wiring}))


@pytest.mark.parametrize("told", [{}, {"start": 5}, {"start": 1, "key_start": 3}], ids=str)
def test_a_turn_goes_on_where_the_cache_ends(told: dict[str, int]) -> None:
    """Wherever positions begin, the third token stands two places behind the first: cached equals full."""
    rotary, words = {"use": "rotary", **told}, {"X": [[1, 0], [0, 1], [1, 1], [2, 0]]}
    cached = solve(from_dict({"given": words, "pass": {"encoding": [rotary], "prefill": 2}}))
    logits = ["scale", {"use": "mask", "rule": "causal"}]
    full = solve(from_dict({"given": words, "pass": {"encoding": [rotary], "logits": logits}}))
    np.testing.assert_allclose(cached.floats("outputs"), full.floats("outputs"), atol=1e-14)
    assert all(check.holds for check in checks(cached, (0, 1, 2, 3)))
