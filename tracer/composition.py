"""A pass composed from operations: similarity → logit steps → normalisation → mixing, in each head.

Nothing is computed here and no formula stands here: `solve` says which operation writes to the trace
when, and with which tensors. A variant is another entry in the wiring.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import groupby
from typing import Any

from tracer.decoding import Given, Head, Logits, Pass, decode
from tracer.expr import MINUS_INFINITY, ONE, ZERO, Axis, Index, IsNot, Num, Tensor
from tracer.operations import bilinear, cache, embedding, heads, mixing, projection
from tracer.operations.encodings import encodings, word_encodings
from tracer.operations.normalisation import normalisations
from tracer.operations.scaling import logit_steps
from tracer.operations.similarity import similarities
from tracer.problem import Problem, Values, Written, labelled
from tracer.shapes import check
from tracer.trace import Recorder, Trace

GIVEN_AS = {
    "Q": "query", "K": "key", "V": "value", "S": "scores", "A": "weights", "embedding": "table",
    "past_K": "past_key", "past_V": "past_value",
}  # fmt: skip
AXES = {
    "X": ("i query", "a"), "Y": ("j key", "a"), "Q": ("i query", "c"), "K": ("j key", "c"), "V": ("j key", "c"),
    "S": ("i query", "j key"), "A": ("i query", "j key"), "mask": ("i query", "j key"), "embedding": ("v", "a"),
    "bias": ("i query", "j key"), "past_K": ("j key", "c"), "past_V": ("j key", "c"),
}  # fmt: skip
SUPPLIED = [f"{kind}{letter}" for letter in "QKV" for kind in ("", "W_", "b_", "past_")]  # what no score needs itself
SYMBOLS = {"mask": "M", "embedding": "Emb", "bias": "B", "past_K": "K_P", "past_V": "V_P"}


def solve(problem: Problem) -> Trace:
    """Trace a pass: every intermediate as a formula, in order; token by token where the problem says `prefill`.

    Raises `ProblemError` where the sizes or names of the problem do not fit together.
    """
    problem = labelled(problem)
    check(problem)
    rec = Recorder(problem)
    given = _take_in(rec)
    X = _words(rec, given)
    work = _all_at_once if problem.wiring.prefill is None else _token_by_token
    for number in range(1, problem.wiring.repeat + 1):
        several = problem.wiring.repeat > 1
        with rec.under(f"pass{number}." if several else "", f"⟨{number}⟩" if several else ""):
            X = work(rec, given, X)
    return rec.trace()


def _all_at_once(rec: Recorder, given: Given, X: Tensor | None) -> Tensor | None:
    return one_pass(rec, given, X, rec.problem.wiring.logits).result


def _token_by_token(rec: Recorder, given: Given, X: Tensor | None) -> Tensor | None:
    return decode(rec, given, X, one_pass)


def _take_in(rec: Recorder) -> Given:
    """Every given matrix as a tensor; what is given per head carries the head's mark."""
    taken: Given = {}
    for name, values in rec.problem.given.items():
        if name == "ids":
            taken["H"] = _one_hot(rec, values)  # type: ignore[arg-type]
        elif isinstance(values, tuple):
            taken[name] = []
            for number, one in enumerate(values, 1):
                with rec.under(f"head{number}.", f"({number})"):
                    taken[name].append(_taken(rec, name, one))  # type: ignore[union-attr]
        else:
            taken[name] = _taken(rec, name, values)
    return taken


def _taken(rec: Recorder, name: str, values: Values) -> Tensor:
    letters = AXES.get(name, ("a", "c") if len(values.shape) == 2 else ("c",))
    axes = []
    for letter, size in zip(letters, values.shape, strict=True):
        index, _, counts = letter.partition(" ")
        if counts == "query" and size != len(rec.problem.tokens):  # X that only gives keys and values
            counts = "key"
        axes.append(Axis(index, size, counts, rec.problem.past if name in ("K", "V", "Y") and counts == "key" else 0))
    return rec.given(GIVEN_AS.get(name, name), SYMBOLS.get(name, name), tuple(axes), values)


def _one_hot(rec: Recorder, ids: Values) -> Tensor:
    words = rec.problem.matrix("embedding").shape[0]
    rows = [
        [ONE if ids.entry((n,)) == Num(Fraction(v + 1)) else ZERO for v in range(words)] for n in range(ids.shape[0])
    ]
    axes = (Axis("i", ids.shape[0], "query"), Axis("v", words))
    return rec.given("H", "H", axes, Written(tuple(map(tuple, rows))))


def _words(rec: Recorder, given: Given) -> Tensor | None:
    X = _tensor(given["X"]) if "X" in given else None
    if "H" in given:
        X = embedding.lookup(rec, _tensor(given["H"]), _tensor(given["embedding"]))
    for setting in rec.problem.wiring.encoding:
        if X is not None and setting.use in word_encodings:
            X = word_encodings[setting.use].run(rec, X, {**_of_head(given, 0), **setting.told})
    return X


def _tensor(one: Tensor | list[Tensor]) -> Tensor:
    assert isinstance(one, Tensor)
    return one


def one_pass(rec: Recorder, given: Given, X: Tensor | None, logits: Logits) -> Pass:
    """All heads of one pass, joined and projected; the result is what would be fed back in."""
    wiring = rec.problem.wiring
    Y = _tensor(given["Y"]) if "Y" in given else X
    group = wiring.n_heads // wiring.n_kv_heads
    supply = {
        "query": _supply(rec, given, "Q", X, wiring.n_heads),
        "key": _supply(rec, given, "K", Y, wiring.n_kv_heads),
        "value": _supply(rec, given, "V", Y, wiring.n_kv_heads),
    }
    done = []
    for h in range(wiring.n_heads):
        several = wiring.n_heads > 1
        with rec.under(f"head{h + 1}." if several else "", f"({h + 1})" if several else "", h + 1 if several else None):
            done.append(_head(rec, given, supply, X, Y, h, h // group, logits))
    found = [head.outputs for head in done if head.outputs is not None]
    if not found:
        return Pass(done, None)
    O = found[0] if len(found) == 1 else heads.join(rec, found)
    if "W_O" not in given:
        return Pass(done, O)
    b_O = _tensor(given["b_O"]) if "b_O" in given else None
    return Pass(done, projection.project(rec, "projected", O, _tensor(given["W_O"]), b_O))


Supply = Callable[[int], Tensor | None]


def _supply(rec: Recorder, given: Given, letter: str, X: Tensor | None, parts: int) -> Supply:
    """Where a head gets its queries, keys or values: given, projected, or the words themselves."""
    name, direct, weight, bias = GIVEN_AS[letter], given.get(letter), given.get(f"W_{letter}"), given.get(f"b_{letter}")
    if letter != "V" and ("S" in given or "A" in given):
        return lambda part: None
    if isinstance(direct, list):
        return lambda part: direct[part]
    if direct is None and isinstance(weight, list) and X is not None:
        biases = bias if isinstance(bias, list) else [bias] * len(weight)
        return lambda part: projection.project(rec, name, X, weight[part], biases[part])
    if direct is None and X is None:
        return lambda part: None
    if direct is not None:
        whole = direct
    elif weight is not None and X is not None:
        whole = projection.project(rec, name, X, _tensor(weight), None if bias is None else _tensor(bias))
    elif X is not None:
        whole = projection.as_it_is(rec, name, X)
    return (
        (lambda part: whole)
        if parts == rec.problem.wiring.n_heads == 1
        else lambda part: heads.split(rec, name, whole, part, parts)
    )


def _head(
    rec: Recorder,
    given: Given,
    supply: dict[str, Supply],
    X: Tensor | None,
    Y: Tensor | None,
    h: int,
    kv: int,
    logits: Logits,
) -> Head:
    """One head: similarity → logit steps → normalisation → mixing."""
    wiring, own = rec.problem.wiring, _of_head(given, h)
    Q, K, V = supply["query"](h), supply["key"](kv), supply["value"](kv)
    start = K.axes[0].first if K else rec.problem.past
    context = {**own, "head": h + 1, "n_heads": wiring.n_heads, "d_k": K.shape[1] if K else None, "start": start}
    S, A = own.get("S"), own.get("A")
    if S is None and A is None and Q is not None and K is not None:
        Q, K = _encoded(rec, "query", Q, context), _encoded(rec, "key", K, context)
        K = _below_past(rec, given, "K", K, kv)
    V = _below_past(rec, given, "V", V, kv)
    if A is None:
        if S is not None:
            S = _masked_where_infinite(rec, S)
        elif Q is not None and K is not None:
            similarity = wiring.similarity
            S = similarities[similarity.use].run(rec, Q, K, {**context, **similarity.told})
        assert S is not None
        A = _weights(rec, S, {**context, "V": V}, logits)
    O = None if V is None else mixing.mix(rec, A, V)
    if Q is not None and K is not None:
        _through_one_matrix(rec, given, X, Y, h, kv)
    return Head(K, V, O)


def _below_past(rec: Recorder, given: Given, letter: str, new: Tensor | None, kv: int) -> Tensor | None:
    """The new keys or values below those of the cache, where there is one."""
    past, parts = given.get(f"past_{letter}"), rec.problem.wiring.n_kv_heads
    if past is None or new is None:
        return new
    if isinstance(past, Tensor):
        name = GIVEN_AS[f"past_{letter}"]
        past = past if parts == rec.problem.wiring.n_heads == 1 else heads.split(rec, name, past, kv, parts)
    return cache.below(rec, f"{GIVEN_AS[letter]}_cache", past[kv] if isinstance(past, list) else past, new)


def _of_head(given: Given, h: int) -> dict[str, Tensor]:
    """What is given to one head for its weights: its own matrix where there is one for each."""
    return {name: one[h] if isinstance(one, list) else one for name, one in given.items() if name not in SUPPLIED}


def _encoded(rec: Recorder, name: str, Q: Tensor, context: Mapping[str, Any]) -> Tensor:
    """Queries or keys as they are compared."""
    for setting in rec.problem.wiring.encoding:
        if setting.use in encodings:
            Q = encodings[setting.use].run(rec, Q, {**context, "name": name, **setting.told})
    return Q


def _weights(rec: Recorder, S: Tensor, context: Mapping[str, Any], logits: Logits) -> Tensor:
    """From scores to weights: the logit steps in their order, and the normalisation. Masks in a row are one step."""
    for use, group in groupby(logits, key=lambda setting: setting.use):
        told = [{**context, **setting.told} for setting in group]
        rules = [(str(one.get("rule", "given")), one) for one in told]
        S = logit_steps[use].run(rec, S, {**told[0], "rules": rules} if use == "mask" else told[0])
    normalisation = rec.problem.wiring.normalisation
    return normalisations[normalisation.use].run(rec, S, {**context, **normalisation.told})


def _masked_where_infinite(rec: Recorder, S: Tensor) -> Tensor:
    """Given scores of −∞ are masked keys."""
    values = rec.problem.given["S"]
    tables = values if isinstance(values, tuple) else (values,)
    n, m = S.shape
    if not any(
        t.entry((i, j)) == MINUS_INFINITY for t in tables if isinstance(t, Written) for i in range(n) for j in range(m)
    ):
        return S
    i, j = Index("i"), Index("j")
    return Tensor(S.id, S.symbol, S.axes, S.mark, IsNot(S[i, j], MINUS_INFINITY))


def _through_one_matrix(rec: Recorder, given: Given, X: Tensor | None, Y: Tensor | None, h: int, kv: int) -> None:
    """The bilinear view, where both weight matrices are given without biases and the score is their dot product."""
    W_Q, W_K = given.get("W_Q"), given.get("W_K")
    if W_Q is None or W_K is None or "b_Q" in given or "b_K" in given or rec.problem.wiring.similarity.use != "dot":
        return
    if any(setting.use in encodings for setting in rec.problem.wiring.encoding):
        return
    if rec.problem.past or rec.problem.wiring.prefill is not None:  # the cache has keys, and not the words behind them
        return
    if isinstance(W_Q, list) is not isinstance(W_K, list) or X is None or Y is None or h != kv:
        return
    axis = projection.projections[rec.problem.wiring.projection].inputs_axis
    W, U = (W_Q[h], W_K[kv]) if isinstance(W_Q, list) and isinstance(W_K, list) else (_tensor(W_Q), _tensor(W_K))
    width = W.shape[1 - axis] // (1 if isinstance(W_Q, list) else rec.problem.wiring.n_heads)
    start = 0 if isinstance(W_Q, list) else h * width
    T = bilinear.bilinear(rec, W, U, axis, range(start, start + width))
    bilinear.bilinear_scores(rec, X, T, Y)
