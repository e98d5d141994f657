"""What a problem gives, taken in: every given matrix as a tensor, a list of them where each head has its own."""

from __future__ import annotations

from fractions import Fraction
from typing import TypeAlias

from tracer.expr import ONE, ZERO, Axis, Num, Tensor
from tracer.problem import Values, Written
from tracer.trace import Recorder, numbered

Given: TypeAlias = dict[str, Tensor | list[Tensor]]

GIVEN_AS = {
    "Q": "query", "K": "key", "V": "value", "S": "scores", "A": "weights", "embedding": "table",
    "past_K": "past_key", "past_V": "past_value",
}  # fmt: skip
AXES = {
    "X": ("i query", "a"), "Y": ("j key", "a"), "Q": ("i query", "c"), "K": ("j key", "c"), "V": ("j key", "c"),
    "S": ("i query", "j key"), "A": ("i query", "j key"), "mask": ("i query", "j key"), "embedding": ("v", "a"),
    "bias": ("i query", "j key"), "sinks": ("h",), "past_K": ("j key", "c"), "past_V": ("j key", "c"),
}  # fmt: skip
SUPPLIED = [f"{kind}{letter}" for letter in "QKV" for kind in ("", "W_", "b_", "past_")]  # what no score needs itself
SYMBOLS = {
    "mask": "M", "embedding": "Emb", "bias": "B", "relative": "r", "sinks": "s", "past_K": "K_P", "past_V": "V_P",
}  # fmt: skip


def take_in(rec: Recorder) -> Given:
    """Every given matrix as a tensor; what is given per head carries the head's mark."""
    taken: Given = {}
    for name, values in rec.problem.given.items():
        if name == "ids":
            taken["H"] = _one_hot(rec, values)  # type: ignore[arg-type]
        elif name == "dO":
            continue  # `backward` takes it in, for it knows what it is the gradient of
        elif isinstance(values, tuple):
            taken[name] = []
            for number, one in enumerate(values, 1):
                with rec.under(*numbered(number)):
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


def one(given: Tensor | list[Tensor] | None) -> Tensor:
    """A matrix that is not a list per head."""
    assert isinstance(given, Tensor)
    return given


def of_head(given: Given, h: int) -> dict[str, Tensor]:
    """What is given to one head for its weights: its own matrix where there is one for each."""
    return {name: one[h] if isinstance(one, list) else one for name, one in given.items() if name not in SUPPLIED}
