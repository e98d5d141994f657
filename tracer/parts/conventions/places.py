"""What is agreed about where words stand: how a distance counts, and who may see whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tracer.decoding import is_causal
from tracer.document import Line, Math
from tracer.expr import num
from tracer.language import Language
from tracer.operations.alignment import ALIGNMENTS, USUAL
from tracer.operations.masks import POLARITIES, USUAL_POLARITY, rule_of
from tracer.operations.relative import slope
from tracer.parts.words import listed
from tracer.problem import Setting
from tracer.trace import Trace

WINDOWS = {  # by the sides that end
    frozenset({"left", "right"}): "window: a word sees itself, up to {left} before it and up to {right} after it "
    "({alignment})",
    frozenset({"left"}): "window: a word sees nothing that is more than {left} before it ({alignment})",
    frozenset({"right"}): "window: a word sees nothing that is more than {right} after it ({alignment})",
}
LOOKING_BACK = "window: a word sees itself and up to {left} before it ({alignment})"
INFINITE = {  # what masks by the way, by the given matrix
    "scores": "as the scores say: −∞ hides a key",
    "bias": "as the bias says: −∞ hides a key",
}


def alibi(trace: Trace, setting: Setting, say: Language) -> Iterator[tuple[str, Line]]:
    """How much a score loses with the distance."""
    n = trace.problem.wiring.n_heads
    slopes = [slope({**setting.told, "head": head + 1, "n_heads": n}) for head in range(n)]
    line = say.line(
        "a score loses the distance of its two words times the slope {slope} ({alignment})."
        if n == 1
        else "a score loses the distance of its two words times its head’s slope, in order {slope} ({alignment}).",
        slope=listed([(Math(one),) for one in slopes], say),
        alignment=_standing(setting.told, say),
    )
    yield say.text("ALiBi"), line


def relative(trace: Trace, setting: Setting, say: Language) -> Iterator[tuple[str, Line]]:
    """Which numbers the distances have."""
    line = say.line(
        "the number of a distance is added to the score, from {least}, the first, to {most}, the last.",
        least=Math(num(1 - len(trace.problem.tokens))),
        most=Math(num(len(trace.problem.key_tokens) - 1)),
    )
    yield say.text("Relative positions"), line


def mask(trace: Trace, say: Language) -> Iterator[tuple[str, Line]]:
    """Every mask of the pass, and what becomes of what it hides."""
    yield say.text("Mask"), (_masks(trace, say),)


def _masks(trace: Trace, say: Language) -> str:
    masks = [setting for setting in trace.problem.wiring.logits if setting.use == "mask"]
    if trace.problem.wiring.prefill is not None and all(map(is_causal, masks)):
        return say.text("causal by the order of the work: a token is compared with itself and what came before.")
    rules = [RULES[rule_of(setting.told)](setting.told, say) for setting in masks]
    hidden = {given.tensor.id.rpartition(".")[2] for given in trace.given if given.tensor.allowed}
    rules += [say.text(sentence) for name, sentence in INFINITE.items() if name in hidden]
    if not rules:
        return say.text("none: every word sees every word.")
    return say.text(
        "{rules}; a masked score becomes −∞ and weighs 0, and a row that is masked altogether has weights 0.",
        rules="; ".join(rules),
    )


def _causal(told: Mapping[str, Any], say: Language) -> str:
    return say.text("causal: a word sees itself and what came before ({alignment})", alignment=_sight(told, say))


def _window(told: Mapping[str, Any], say: Language) -> str:
    sides = {side: told[side] for side in ("left", "right") if side in told}
    sentence = LOOKING_BACK if sides.get("right") == 0 and "left" in sides else WINDOWS[frozenset(sides)]
    return say.text(sentence, alignment=_sight(told, say), **sides)


def _padding(told: Mapping[str, Any], say: Language) -> str:
    return say.count(
        told["length"],
        "padding: only the first key is a word, what comes behind it fills the row up",
        "padding: only the first {n} keys are words, what comes behind them fills the row up",
    )


def _given(told: Mapping[str, Any], say: Language) -> str:
    return say.text(POLARITIES[told.get("ones", USUAL_POLARITY)].words)


RULES: Mapping[str, Callable[[Mapping[str, Any], Language], str]] = {
    "causal": _causal,
    "window": _window,
    "padding": _padding,
    "given": _given,
}


def _sight(told: Mapping[str, Any], say: Language) -> str:
    """Which query sees which key, where one of them is the last that it sees."""
    align = told.get("align", USUAL)
    return say.text(ALIGNMENTS[align].sees) if align in ALIGNMENTS else _counted(align, say)


def _standing(told: Mapping[str, Any], say: Language) -> str:
    """Which query stands where a key does, so that their distance is 0."""
    align = told.get("align", USUAL)
    return say.text(ALIGNMENTS[align].stands) if align in ALIGNMENTS else _counted(align, say)


def _counted(before: int, say: Language) -> str:
    return say.count(before, "{n} key comes before the first query’s own", "{n} keys come before the first query’s own")
