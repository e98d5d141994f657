"""A pass composed from operations: similarity → logit steps → normalisation → mixing, in each head.

Nothing is computed here and no formula stands here: `solve` says which operation writes to the trace
when, and with which tensors. A variant is another entry in the wiring.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from itertools import groupby
from typing import Any

from tracer.backward import backward
from tracer.decoding import Logits, decode
from tracer.expr import Tensor
from tracer.finished import Done, Head, Passed
from tracer.operations import embedding, heads, mixing, projection
from tracer.operations.encodings import encodings, word_encodings
from tracer.operations.normalisation import normalisations
from tracer.operations.scaling import logit_steps
from tracer.operations.similarity import similarities
from tracer.other_ways import in_the_other_order, through_one_matrix
from tracer.problem import Problem, labelled
from tracer.shapes import check
from tracer.supply import Supply, below_past, supply
from tracer.taken import Given, of_head, one, take_in
from tracer.trace import Recorder, Trace, numbered


def solve(problem: Problem) -> Trace:
    """Trace a pass: every intermediate as a formula, in order; token by token where the problem says `prefill`.

    Raises `ProblemError` where the sizes or names of the problem do not fit together.
    """
    problem = labelled(problem)
    check(problem)
    rec = Recorder(problem)
    given = take_in(rec)
    X = _words(rec, given)
    work = _all_at_once if problem.wiring.prefill is None else _token_by_token
    for number in range(1, problem.wiring.repeat + 1):
        with rec.under(f"pass{number}.", f"⟨{number}⟩") if problem.wiring.repeat > 1 else nullcontext():
            X = work(rec, given, X)
    return rec.trace()


def _all_at_once(rec: Recorder, given: Given, X: Tensor | None) -> Tensor | None:
    return one_pass(rec, given, X, rec.problem.wiring.logits).result


def _token_by_token(rec: Recorder, given: Given, X: Tensor | None) -> Tensor | None:
    return decode(rec, given, X, one_pass)


def _words(rec: Recorder, given: Given) -> Tensor | None:
    X = one(given["X"]) if "X" in given else None
    if "H" in given:
        X = embedding.lookup(rec, one(given["H"]), one(given["embedding"]))
    for setting in rec.problem.wiring.encoding:
        if X is not None and setting.use in word_encodings:
            X = word_encodings[setting.use].run(rec, X, {**of_head(given, 0), **setting.told})
    return X


def one_pass(rec: Recorder, given: Given, X: Tensor | None, logits: Logits) -> Done:
    """All heads of one pass, joined and projected; the result is what would be fed back in."""
    wiring = rec.problem.wiring
    Y = one(given["Y"]) if "Y" in given else X
    group = wiring.n_heads // wiring.n_kv_heads
    supplies = {
        "query": supply(rec, given, "Q", X, wiring.n_heads),
        "key": supply(rec, given, "K", Y, wiring.n_kv_heads),
        "value": supply(rec, given, "V", Y, wiring.n_kv_heads),
    }
    worked = []
    for h in range(wiring.n_heads):
        with rec.under(*numbered(h + 1), h + 1) if wiring.n_heads > 1 else nullcontext():
            head = _head(rec, given, supplies, h, h // group, logits)
            if head.query and head.key:
                through_one_matrix(rec, given, X, Y, h, h // group)
        worked.append(head)
    joined, result = _together(rec, given, [head.outputs for head in worked if head.outputs])
    done = Done(X, Y, tuple(worked), joined, result)
    if "dO" in rec.problem.given:
        backward(rec, given, done)
    return done


def _together(rec: Recorder, given: Given, outputs: list[Tensor]) -> tuple[Tensor | None, Tensor | None]:
    """The outputs of all heads side by side, and what W_O makes of them; None where there are no values to mix."""
    if not outputs:
        return None, None
    joined = outputs[0] if len(outputs) == 1 else heads.join(rec, outputs)
    if "W_O" not in given:
        return joined, joined
    b_O = one(given["b_O"]) if "b_O" in given else None
    return joined, projection.project(rec, "projected", joined, one(given["W_O"]), b_O)


def _head(rec: Recorder, given: Given, supplies: dict[str, Supply], h: int, kv: int, logits: Logits) -> Head:
    """One head: similarity → logit steps → normalisation → mixing."""
    own, wiring = of_head(given, h), rec.problem.wiring
    Q, K, V = supplies["query"](h), supplies["key"](kv), supplies["value"](kv)
    context = {
        **own,
        "head": h + 1,
        "n_heads": wiring.n_heads,
        "d_k": K.shape[1] if K else None,
        "before": K.axes[0].first if K else rec.problem.past,
    }
    encoded: dict[str, tuple[Passed, ...]] = {}
    if Q and K:
        encoded = {"query": _encoded(rec, "query", Q, context), "key": _encoded(rec, "key", K, context)}
        Q, K = (done[-1].after if done else T for done, T in ((encoded["query"], Q), (encoded["key"], K)))
    K, V = below_past(rec, given, "K", K, kv), below_past(rec, given, "V", V, kv)
    S, A, passed = own.get("S"), own.get("A"), tuple[Passed, ...]()
    if Q and K:
        S = similarities[wiring.similarity.use].run(rec, Q, K, {**context, **wiring.similarity.told})
    if A is None:
        assert S
        passed = _weights(rec, S, {**context, "V": V}, logits)
        A = passed[-1].after
    O = mixing.mix(rec, A, V) if V else None
    if Q and K and V:
        in_the_other_order(rec, Q, K, V)
    return Head(Q, K, V, passed, A, O, encoded)


def _encoded(rec: Recorder, name: str, Q: Tensor, context: Mapping[str, Any]) -> tuple[Passed, ...]:
    """What queries or keys go through before they are compared."""
    passed = list[Passed]()
    for setting in rec.problem.wiring.encoding:
        if setting.use in encodings:
            told = {**context, "name": name, **setting.told}
            passed.append(Passed(setting.use, told, Q, encodings[setting.use].run(rec, Q, told)))
            Q = passed[-1].after
    return tuple(passed)


def _weights(rec: Recorder, S: Tensor, context: Mapping[str, Any], logits: Logits) -> tuple[Passed, ...]:
    """From scores to weights: the logit steps in their order, those of one name together; and the normalisation."""
    passed = list[Passed]()
    for use, group in groupby(logits, key=lambda setting: setting.use):
        told = [{**context, **setting.told} for setting in group]
        Z = logit_steps[use].run(rec, S, {**told[0], "together": told})
        passed.append(Passed(use, told[0], S, Z))
        S = Z
    last = rec.problem.wiring.normalisation
    operation = normalisations[last.use]
    own = {name: one for name, one in context.items() if name not in operation.options} | dict(last.told)
    return (*passed, Passed(last.use, own, S, operation.run(rec, S, own)))
