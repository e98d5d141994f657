"""A problem written out in its normal form: what a problem file says, every key told, ready for JSON."""

from __future__ import annotations

from typing import Any

from tracer.notation.plain import plain
from tracer.problem import Problem, Setting, Values
from tracer.show import show
from tracer.style import Style
from tracer.style_file import IN_PROBLEMS

USUAL = Style()


def normal_form(asked: Problem) -> dict[str, Any]:
    """A problem in the keys of the problem file, its numbers in plain notation; `from_dict` reads it back.

    Of the house style it has the keys that a problem file may have, where they are not the usual ones.
    """
    wiring, paper = asked.wiring, asked.paper
    return {
        "title": asked.title,
        "source": asked.source,
        **({"note": dict(asked.note)} if asked.note else {}),
        "tokens": list(asked.tokens),
        "key_tokens": list(asked.key_tokens),
        "given": {
            name: [_numbers(one) for one in values] if isinstance(values, tuple) else _numbers(values)
            for name, values in asked.given.items()
        },
        "pass": {
            "projection": wiring.projection,
            "n_heads": wiring.n_heads,
            "n_kv_heads": wiring.n_kv_heads,
            **({"encoding": [_setting(setting) for setting in wiring.encoding]} if wiring.encoding else {}),
            "similarity": _named(wiring.similarity),
            "logits": [_setting(setting) for setting in wiring.logits],
            "normalisation": _named(wiring.normalisation),
            "queries": "all" if wiring.queries is None else [n + 1 for n in wiring.queries],
            "repeat": wiring.repeat,
            **({} if wiring.prefill is None else {"prefill": wiring.prefill}),
        },
        "paper": {
            "places": paper.places,
            "by_hand": dict(paper.by_hand),
            "rounded_given": dict(paper.rounded_given),
            "symbols": dict(paper.symbols),
            **{key: value for key in IN_PROBLEMS if (value := getattr(paper.style, key)) != getattr(USUAL, key)},
        },
    }


def _setting(setting: Setting) -> dict[str, Any]:
    return {"use": setting.use, **{key: _told(value) for key, value in setting.told.items()}}


def _named(setting: Setting) -> str | dict[str, Any]:
    """An operation by its name alone, where that says everything."""
    return _setting(setting) if setting.told else setting.use


def _told(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_told(one) for one in value]
    return value if isinstance(value, str | int) else show(value, plain)


def _numbers(values: Values) -> list[Any]:
    shape = values.shape
    if len(shape) == 1:
        return [show(values.entry((i,)), plain) for i in range(shape[0])]
    return [[show(values.entry((i, j)), plain) for j in range(shape[1])] for i in range(shape[0])]
