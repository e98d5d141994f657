"""Decoding: some tokens are read together, every later one by itself, with the keys and values of all before it kept.

How a pass is worked is not known here: `decode` is told, and says of which tokens and with which cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TypeAlias

from tracer.expr import Tensor
from tracer.finished import Done
from tracer.operations import cache
from tracer.operations.masks import rule_of
from tracer.problem import Problem, Setting
from tracer.taken import Given
from tracer.trace import Recorder, numbered

Logits: TypeAlias = tuple[Setting, ...]
OnePass: TypeAlias = Callable[[Recorder, Given, Tensor | None, Logits], Done]

CAUSAL = Setting("mask", {"rule": "causal"})
OF_WORDS = {"Q": "query", "K": "key", "V": "value"}  # given with a row for each word


def at_once(problem: Problem) -> Problem:
    """The pass that decoding must agree with: all tokens at once, and a causal mask."""
    wiring = problem.wiring
    return replace(problem, wiring=replace(wiring, prefill=None, logits=_causal(wiring.logits)))


def _causal(logits: Logits) -> Logits:
    """The logit steps with a causal mask: beside the masks that there are, else behind all others."""
    if any(map(is_causal, logits)):
        return logits
    place = next((n for n, setting in enumerate(logits) if setting.use == "mask"), len(logits))
    return (*logits[:place], CAUSAL, *logits[place:])


def is_causal(setting: Setting) -> bool:
    """Whether a logit step only hides what comes later, which no cache knows yet."""
    return setting.use == "mask" and rule_of(setting.told) == "causal"


def decode(rec: Recorder, given: Given, X: Tensor | None, one_pass: OnePass) -> Tensor:
    """The result of all tokens, each worked with `one_pass` when its turn comes."""
    results = []
    for words in _turns(rec.problem):
        with _under(rec, words):
            now = _of_words(rec, given, words)
            x = None if X is None else cache.rows(rec, "input", X, words, rec.problem.past + words.stop)
            done = one_pass(rec, now, x, _logits(rec.problem, words))
        assert done.result
        results.append(done.result)
        given = {**given, **_kept(rec.problem, done)}
    return cache.together(rec, results[0].id.rpartition(".")[2], results)


def _turns(problem: Problem) -> Iterator[range]:
    """Which tokens are worked together: the first ones, then one after another."""
    first = problem.wiring.prefill or 0
    if first:
        yield range(first)
    for token in range(first, len(problem.tokens)):
        yield range(token, token + 1)


def _under(rec: Recorder, words: range) -> AbstractContextManager[None]:
    """The part of the trace for these tokens; its mark is the number of the last of them."""
    is_first = words.start < (rec.problem.wiring.prefill or 0)
    return rec.under("prefill." if is_first else f"token{words.stop}.", f"[{words.stop}]")


def _logits(problem: Problem, words: range) -> Logits:
    """Tokens that are read together need the causal mask; a single one has nothing before it that it may not see."""
    if len(words) > 1:
        return _causal(problem.wiring.logits)
    return tuple(setting for setting in problem.wiring.logits if not is_causal(setting))


def _of_words(rec: Recorder, given: Given, words: range) -> Given:
    """What is given, with only the rows of these tokens where it has a row for each."""
    now, keys = dict(given), rec.problem.past + words.stop
    for name, values in given.items():
        tensors = values if isinstance(values, list) else [values]
        if name not in OF_WORDS and [axis.counts for axis in tensors[0].axes] != ["query", "key"]:
            continue
        called = OF_WORDS.get(name, name)
        if isinstance(values, Tensor):
            now[name] = cache.rows(rec, called, values, words, keys)
            continue
        cut = []
        for head, one in enumerate(values, 1):
            with rec.under(*numbered(head), head):
                cut.append(cache.rows(rec, called, one, words, keys))
        now[name] = cut
    return now


def _kept(problem: Problem, done: Done) -> Given:
    """The cache after a turn: the keys and values of each key head."""
    served = done.heads[:: problem.wiring.n_heads // problem.wiring.n_kv_heads]
    return {
        "past_K": [head.key for head in served if head.key],
        "past_V": [head.value for head in served if head.value],
    }
