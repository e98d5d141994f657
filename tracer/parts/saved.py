"""What a cache saves: the products of keys and values that are not computed again."""

from __future__ import annotations

from tracer.document import Card, Line
from tracer.language import Language
from tracer.parts.words import rich
from tracer.problem import Problem
from tracer.trace import Trace


def saved(trace: Trace) -> list[Card]:
    """For each token that is decoded, what is read from the cache; nothing where nothing is decoded."""
    problem, say = trace.problem, trace.problem.paper.style.language
    if problem.wiring.prefill is None:
        return []
    row = _products(problem)
    entries: list[tuple[str, Line]] = []
    every = 0
    if row:
        entries.append((say.text("Each word"), rich(_each(row, say))))
    for token in range(max(problem.wiring.prefill, 1), len(problem.tokens)):
        kept = problem.past + token
        every += kept * row
        entries.append((say.text("Token {n}", n=token + 1), (_read(kept, row, say),)))
    entries.append((say.text("All together"), (_all(problem, every, row, say),)))
    entries.append((say.text("The price"), (_price(trace, say),)))
    return [Card(say.text("What the cache saves"), tuple(entries), "saved")]


def _products(problem: Problem) -> int:
    """How many products the key and the value of one word cost: one for each entry of W_K and of W_V."""
    if "X" not in problem.given and "embedding" not in problem.given:
        return 0
    tables = [one for name, one in problem.tables() if name in ("W_K", "W_V")]
    return sum(one.shape[0] * one.shape[1] for one in tables)


def _each(row: int, say: Language) -> str:
    return say.text("its key and its value cost {row} products, one for each entry of W_K and W_V.", row=str(row))


def _read(kept: int, row: int, say: Language) -> str:
    read = say.count(
        kept,
        "{n} earlier key and its value are read from the cache",
        "{n} earlier keys and their values are read from the cache",
    )
    if not row:
        return say.text("{read}.", read=read)
    return say.text(
        "{read}: {kept}·{row} = {saved} products are not computed again.",
        read=read, kept=str(kept), row=str(row), saved=str(kept * row),
    )  # fmt: skip


def _all(problem: Problem, every: int, row: int, say: Language) -> str:
    if not row:
        return say.text("here keys and values are not projected, so no product is saved, only the reading of old rows.")
    return say.text(
        "{saved} products are saved. The keys and values of all {words} words cost {once}, once. The scores of earlier "
        "words are not needed again either: each new token has one row of them.",
        saved=str(every), words=str(len(problem.tokens)), once=str(len(problem.tokens) * row),
    )  # fmt: skip


def _price(trace: Trace, say: Language) -> str:
    """How many numbers are kept at the end: a key and a value of each key head for each token."""
    caches = [step.tensor for step in trace.steps if step.name in ("key_cache", "value_cache")]
    full = len(trace.problem.tokens) + trace.problem.past
    numbers = sum(full * cache.shape[1] for cache in caches if cache.shape[0] == full)
    each = numbers * trace.problem.wiring.n_kv_heads // trace.problem.wiring.n_heads
    return say.text("at the end the cache holds {numbers} numbers, and it grows with every token.", numbers=str(each))
