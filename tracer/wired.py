"""Is everything that a problem names known, and has everything that it gives something to do?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from tracer.errors import ProblemError
from tracer.operations import SLOTS, backward, entry
from tracer.operations.projection import projections
from tracer.operations.similarity import similarities
from tracer.options import told
from tracer.problem import Problem, Setting
from tracer.registry import Registry, did_you_mean

LISTS = "encoding", "logits"  # the keys of [pass] that name operations in a list
NEEDED = {  # what [given] must have for an operation, in words
    "mask": 'a mask matrix; give one, or write rule = "causal"',
    "relative": "a vector relative, with a number for each distance from −(n − 1) to m − 1; give it under [given]",
    "sinks": "the logits of the sinks; give sinks = [0.5], a number for each head, under [given]",
    "bias": "a matrix bias to add to the scores; give one under [given]",
}


def check_names(problem: Problem) -> None:
    """Every operation is known, and is told what it can be told. Raises `ProblemError`."""
    wiring = problem.wiring
    if wiring.projection not in projections:
        raise ProblemError(
            f"[pass] projection = “{wiring.projection}” is not known; {did_you_mean(wiring.projection, projections)}"
        )
    for slot, settings in _slots(problem).items():
        for n, setting in enumerate(settings, 1):
            where = f"[pass] {slot}{f' {n}' if slot in LISTS else ''}"
            found = entry(slot, setting.use, setting.told, where)
            told(setting.told, found.options, f"{where}, {setting.use}")
            for name in found.needs:
                if name not in problem.given:
                    wanted = NEEDED.get(name, f"{name}; give it under [given]")
                    raise ProblemError(f"{where}, {setting.use}, needs {wanted}")
            if "dO" in problem.given and not any(setting.use in rack for rack in BACK[slot]):
                raise ProblemError(
                    f"[given] dO asks for the backward pass, which is not worked through {setting.use} ({where}); "
                    f"{_backward_through(slot)}"
                )
        _once(slot, settings)


BACK: dict[str, tuple[Registry[Any], ...]] = {  # the operations that can be gone back through
    "encoding": (backward.word_encodings, backward.encodings),
    "similarity": (backward.similarities,),
    "logits": (backward.logit_steps,),
    "normalisation": (backward.normalisations,),
}


def _backward_through(slot: str) -> str:
    return f"take dO out, or use one of {', '.join(name for rack in BACK[slot] for name in rack)}"


def _slots(problem: Problem) -> dict[str, tuple[Setting, ...]]:
    wiring = problem.wiring
    every: dict[str, tuple[Setting, ...]] = {
        "encoding": wiring.encoding,
        "similarity": (wiring.similarity,),
        "logits": wiring.logits,
        "normalisation": (wiring.normalisation,),
    }
    assert every.keys() == SLOTS.keys()
    return every


def _once(slot: str, settings: tuple[Setting, ...]) -> None:
    """Each operation stands once in its list; masks may stand behind each other, and are one step."""
    met: list[str] = []
    for use, group in groupby(settings, key=lambda setting: setting.use):
        count = len(list(group))
        number = len(met) + 1
        if use in met or (count > 1 and use != "mask"):
            again = number if use in met else number + 1
            advice = "put masks next to each other" if use == "mask" else "use each once, and put both into one"
            raise ProblemError(f"[pass] {slot} {again} is a second {use}; {advice}")
        met += [use] * count


def check_used(problem: Problem) -> None:
    """Nothing may be given that the pass has no use for: it would be ignored without a word."""
    given = problem.given
    idle: dict[str, str] = {}
    for name in "QKV":
        if name in given:
            idle |= {f"W_{name}": f"{name} itself is given", f"b_{name}": f"{name} itself is given"}
        if f"b_{name}" in given and f"W_{name}" not in given:
            idle[f"b_{name}"] = f"there is no W_{name}"
    if "S" in given or "A" in given:
        known = "the scores S are" if "S" in given else "the weights A are"
        idle |= dict.fromkeys(("Q", "K", "W_Q", "W_K", "b_Q", "b_K"), f"{known} given already")
        idle |= dict.fromkeys(similarities[problem.wiring.similarity.use].needs, f"{known} given already")
    if "A" in given:
        idle |= dict.fromkeys(("S", "mask", "bias", "relative", "sinks"), "the weights A are given already")
    if "embedding" in given and "X" in given:
        idle["X"] = "it is looked up in embedding"
    if "b_O" in given and "W_O" not in given:
        idle["b_O"] = "there is no W_O"
    wanted = needed(problem)
    for name, why in _idle():
        if name in given and name not in wanted:
            idle.setdefault(name, why)
    if "X" in given and _needs_no_source(problem):
        idle["X"] = "every matrix it would lead to is given"
    if "Y" in given and ("K" in given or "S" in given or "A" in given) and "V" in given:
        idle["Y"] = "keys and values are given themselves"
    for name, reason in idle.items():
        if name in given:
            raise ProblemError(f"[given] {name} has nothing to do, because {reason}; take one of the two out")


def _idle() -> Iterator[tuple[str, str]]:
    """Given matrices that only an operation of their own uses, and why they would have nothing to do without it."""
    yield "mask", '[pass] logits has no { use = "mask" }'  # whether a mask needs it, says its rule
    for slot, racks in SLOTS.items():
        for name, operation in ((name, rack[name]) for rack in racks for name in rack):
            why = f'has no {{ use = "{name}" }}' if slot in LISTS else f'is not "{name}"'
            yield from ((matrix, f"[pass] {slot} {why}") for matrix in (*operation.needs, *operation.takes))


def needed(problem: Problem) -> set[str]:
    """The given matrices that the operations of the pass need, or use where they are given."""
    found = (
        entry(slot, setting.use, setting.told, f"[pass] {slot}")
        for slot, settings in _slots(problem).items()
        for setting in settings
    )
    return {name for operation in found for name in (*operation.needs, *operation.takes)}


def _needs_no_source(problem: Problem) -> bool:
    given = problem.given
    scores_known = "S" in given or "A" in given or ("Q" in given and ("K" in given or "Y" in given))
    return scores_known and ("V" in given or "Y" in given)
