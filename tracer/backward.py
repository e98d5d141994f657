"""The backward pass composed from operations: from the gradient of the result back to everything that was given.

Each step is the chain rule for one step of the forward pass, in reverse order; no formula stands here. What has been
used several times, a word as query, key and value, or keys by several heads, collects the gradients of all its uses.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass

from tracer.expr import Tensor
from tracer.finished import Done, Head, Passed
from tracer.operations.backward import (
    encodings,
    heads,
    logit_steps,
    mixing,
    name_of,
    normalisation,
    normalisations,
    projection,
    similarities,
    word_encodings,
)
from tracer.taken import GIVEN_AS, Given, one
from tracer.trace import Recorder, numbered

LETTERS = {GIVEN_AS[letter]: letter for letter in "QKVSA"}
LEARNT = {"bias": "d_bias", "relative": "d_relative", "g_Q": "d_g_Q", "g_K": "d_g_K", "sinks": "d_sink_logits"}


@dataclass(frozen=True, slots=True)
class Part:
    """The gradient of queries, keys or values that were made in one piece, and from what; `source` None: given."""

    name: str
    prefix: str
    mark: str
    gradient: Tensor
    source: Tensor | None
    W: Tensor | None
    b: Tensor | None


def backward(rec: Recorder, given: Given, done: Done) -> None:
    """Trace the backward pass, from the given gradient of the result."""
    result = done.result
    assert result
    dO = rec.given(f"d_{name_of(result)}", f"d{result.symbol}", result.axes, rec.problem.matrix("dO"))
    if "W_O" in given:
        dO = _through_output_weights(rec, given, done, dO)
    shares: dict[str, list[Tensor]] = {name: [] for name in (*LETTERS, *LEARNT)}
    start, several = 0, len(done.heads) > 1
    for number, head in enumerate(done.heads, 1):
        assert head.outputs
        with rec.under(*numbered(number), number) if several else nullcontext():
            own = heads.of_head(rec, head.outputs, dO, start) if several else dO
            for name, found in _through_head(rec, head, own).items():
                shares[name].append(found)
            for name in LEARNT.keys() & given.keys():
                shares[name].append(rec.made(LEARNT[name]))
        start += head.outputs.shape[1]
    _learnt(rec, given, shares)
    parts = [part for name in LETTERS for part in _parts(rec, given, done, name, shares[name])]
    for part in parts:
        _weights(rec, part)
    for words in dict.fromkeys(part.source for part in parts if part.source):
        _words(rec, given, words, [part for part in parts if part.source is words])


def _through_output_weights(rec: Recorder, given: Given, done: Done, dP: Tensor) -> Tensor:
    W_O = one(given["W_O"])
    assert done.joined
    projection.weights(rec, W_O, done.joined, dP)
    if "b_O" in given:
        projection.bias(rec, one(given["b_O"]), dP)
    return projection.inputs(rec, done.joined, W_O, dP)


def _through_head(rec: Recorder, head: Head, dO: Tensor) -> dict[str, Tensor]:
    """Back through mixing → normalisation → logit steps → similarity: the gradients of what the head was given."""
    Q, K, V, A = head.query, head.key, head.value, head.weights
    assert V
    found = {"value": mixing.values(rec, A, V, dO)}
    d = mixing.weights(rec, A, V, dO)
    if not head.logits:
        return {**found, "weights": d}
    *steps, normalised = head.logits
    d = normalisations[normalised.use](rec, normalised.before, A, d, normalised.told)
    for step in reversed(steps):
        d = logit_steps[step.use](rec, step.before, step.after, d, step.told)
    if Q is None or K is None:
        return {**found, "scores": d}
    compared = zip(("query", "key"), similarities[rec.problem.wiring.similarity.use](rec, Q, K, d), strict=True)
    return {**found, **{name: _before(rec, head.encoded[name], d) for name, d in compared}}


def _before(rec: Recorder, encoded: tuple[Passed, ...], d: Tensor) -> Tensor:
    """The gradient of queries or keys before their encodings."""
    for step in reversed(encoded):
        d = encodings[step.use](rec, step.before, step.after, d, step.told)
    return d


def _learnt(rec: Recorder, given: Given, shares: Mapping[str, list[Tensor]]) -> None:
    """What the heads say about a given matrix that they share, added up; the sinks are numbers of the heads' own."""
    for name in ("bias", "relative", "g_Q", "g_K"):
        if len(shares[name]) > 1 and not isinstance(given[name], list):
            heads.shared(rec, f"d_{name}", shares[name])
    if "sinks" in given:
        normalisation.sinks(rec, one(given["sinks"]), shares["sinks"])


def _parts(rec: Recorder, given: Given, done: Done, name: str, shares: list[Tensor]) -> list[Part]:
    """The gradients as the forward pass made what they belong to: in one piece, or head by head."""
    if not shares:
        return []
    letter = LETTERS[name]
    direct, W, b = (given.get(key) for key in (letter, f"W_{letter}", f"b_{letter}"))
    count = _count(rec, name, direct)
    gradients = _shared(rec, name, shares, count)
    source = None if direct else done.X if name == "query" else done.Y
    if isinstance(direct, list) or isinstance(W, list):
        each = [of if isinstance(of, list) else [of] * count for of in (W, b)]
        return [
            Part(name, *numbered(n), gradient, source, W_n, b_n)
            for n, gradient, W_n, b_n in zip(range(1, count + 1), gradients, *each, strict=True)
        ]
    whole = heads.whole(rec, gradients) if count > 1 else gradients[0]
    assert not isinstance(b, list)
    return [Part(name, "", "", whole, source, W, b)]


def _count(rec: Recorder, name: str, direct: Tensor | list[Tensor] | None) -> int:
    """How many there are of something: a head of its own for each query head, or one that several share."""
    wiring = rec.problem.wiring
    if name in ("scores", "weights"):
        return wiring.n_heads if isinstance(direct, list) else 1
    return wiring.n_heads if name == "query" else wiring.n_kv_heads


def _shared(rec: Recorder, name: str, shares: list[Tensor], count: int) -> list[Tensor]:
    """One gradient for each: added up over the heads that share it."""
    size = len(shares) // count
    if size == 1:
        return shares
    if count == 1:
        return [heads.shared(rec, f"d_{name}", shares)]
    added = []
    for n in range(count):
        first, last = n * size + 1, (n + 1) * size
        with rec.under(f"head{n + 1}.", f"({first}–{last})"):
            added.append(heads.shared(rec, f"d_{name}_shared", shares[first - 1 : last]))
    return added


def _weights(rec: Recorder, part: Part) -> None:
    if part.source is None or part.W is None:
        return
    with rec.under(part.prefix, part.mark):
        projection.weights(rec, part.W, part.source, part.gradient)
        if part.b:
            projection.bias(rec, part.b, part.gradient)


def _words(rec: Recorder, given: Given, words: Tensor, parts: list[Part]) -> None:
    """The gradient of the words, from all parts that were made of them; and of the table that they come from."""
    if len(parts) == 1 and parts[0].W:
        gradient = projection.inputs(rec, words, parts[0].W, parts[0].gradient)
    else:
        gradient = projection.words(rec, words, [_path(rec, words, part) for part in parts])
    if name_of(words) == "encoded":
        use = next(setting for setting in rec.problem.wiring.encoding if setting.use in word_encodings)
        raw = rec.made("embedding") if "H" in given else one(given["X"])
        gradient, words = word_encodings[use.use](rec, raw, words, gradient, use.told), raw
    if "H" in given and name_of(words) == "embedding":
        projection.table(rec, one(given["H"]), one(given["embedding"]), gradient)


def _path(rec: Recorder, words: Tensor, part: Part) -> Tensor:
    if part.W is None:
        return part.gradient
    with rec.under(part.prefix, part.mark):
        return projection.path(rec, part.name, words, part.W, part.gradient)
