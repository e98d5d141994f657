"""Reads the section [pass] of a problem file: which operations make up the pass, and what each of them is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracer.errors import ProblemError, ShapeError
from tracer.fields import kind, known_keys, string, whole
from tracer.operations import SLOTS, entry
from tracer.options import told
from tracer.problem import MAX_SIZE, Setting, Wiring

MAX_HEADS = 64
MAX_REPEAT = 8
PASS = ("projection", "n_heads", "n_kv_heads", "encoding", "similarity", "logits", "normalisation", "queries", "repeat",
        "prefill")  # fmt: skip


def wiring_of(table: Mapping[str, Any], given: Mapping[str, Any]) -> Wiring:
    """The wiring that a table says; its `queries` are read when the words are known. Raises `ProblemError`."""
    known_keys(table, PASS, "[pass]")
    heads, kv_heads = _heads(table, given)
    return Wiring(
        _name(table.get("projection", "X W"), "projection"),
        heads,
        kv_heads,
        _settings(table.get("encoding", []), "encoding", '[{ use = "rotary" }]'),
        setting(table.get("similarity", "dot"), "similarity", "similarity"),
        _logits(table, given),
        setting(table.get("normalisation", "softmax"), "normalisation", "normalisation"),
        None,
        whole(table.get("repeat", 1), "[pass] repeat", 1, MAX_REPEAT),
        whole(table["prefill"], "[pass] prefill", 0, MAX_SIZE) if "prefill" in table else None,
    )


def _heads(table: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[int, int]:
    n_heads = table.get("n_heads")
    lists = {name: len(values) for name, values in given.items() if isinstance(values, tuple)}
    for name, count in lists.items():
        wanted = table.get("n_kv_heads", n_heads) if name[-1] in "KV" else n_heads
        if wanted is None:
            n_heads = count
        elif count != wanted:
            raise ShapeError(
                f"[given] {name} lists {count} matrices, but [pass] has {wanted} heads for it; give one matrix per head"
            )
    heads = whole(1 if n_heads is None else n_heads, "[pass] n_heads", 1, MAX_HEADS)
    kv_heads = whole(table.get("n_kv_heads", heads), "[pass] n_kv_heads", 1, MAX_HEADS)
    if heads % kv_heads:
        raise ShapeError(
            f"[pass] n_heads = {heads} is no multiple of n_kv_heads = {kv_heads}; each key head serves equally many"
        )
    return heads, kv_heads


def _name(value: Any, key: str) -> str:
    if not isinstance(value, str):
        raise ProblemError(f"[pass] {key} is {kind(value)}; expected a name in quotes")
    return string(value, f"[pass] {key}")


def _logits(table: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[Setting, ...]:
    if "logits" in table:
        return _settings(table["logits"], "logits", '[{ use = "scale" }, { use = "mask", rule = "causal" }]')
    usual = ["scale", *(name for name in ("bias", "mask") if name in given)]
    return tuple(map(Setting, usual))


def _settings(raw: Any, slot: str, example: str) -> tuple[Setting, ...]:
    if not isinstance(raw, list):
        raise ProblemError(f"[pass] {slot} is {kind(raw)}; expected a list such as {example}")
    return tuple(setting(one, slot, f"{slot} {n}") for n, one in enumerate(raw, 1))


def setting(raw: Any, slot: str, where: str) -> Setting:
    """The name of an operation, or a table that says what else it is told. Raises `ProblemError`."""
    where = f"[pass] {where}"
    table = {"use": raw} if isinstance(raw, str) else raw
    if not isinstance(table, dict) or not isinstance(table.get("use"), str):
        raise ProblemError(f'{where} is {kind(raw)}; expected a name, or a table such as {{ use = "{_first(slot)}" }}')
    use = string(table["use"], where)
    options = entry(slot, use, table, where).options
    return Setting(use, told({key: one for key, one in table.items() if key != "use"}, options, f"{where}, {use}"))


def _first(slot: str) -> str:
    return next(iter(SLOTS[slot][0]))
