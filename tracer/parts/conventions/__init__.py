"""The convention card: everything that two honest people could do differently, said once.

Each part of the card yields what it has to say of a pass, a keyword and a sentence each; what a logit step or an
encoding agrees on stands in a table by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from tracer.document import Card, Line
from tracer.language import Language
from tracer.parts.conventions import numbers, places, scores, vectors
from tracer.problem import Setting
from tracer.trace import Trace

Entries: TypeAlias = Iterator[tuple[str, Line]]

ENCODINGS: Mapping[str, Callable[[Trace, Setting, Language], Entries]] = {
    "sinusoidal": vectors.positions,
    "rotary": vectors.rotation,
    "rms-norm": vectors.rms,
    "feature-map": vectors.feature_map,
}
LOGIT_STEPS: Mapping[str, Callable[[Trace, Setting, Language], Entries]] = {  # in the order of the card
    "temperature": scores.temperature,
    "softcap": scores.softcap,
    "alibi": places.alibi,
    "relative": places.relative,
    "bias": scores.bias,
}


def card(trace: Trace) -> Card:
    """What is agreed about this pass."""
    say = trace.problem.paper.style.language
    parts = (*BEFORE, *(() if "A" in trace.problem.given else TO_THE_WEIGHTS), *BEHIND)
    return Card(say.text("Conventions"), tuple(entry for part in parts for entry in part(trace, say)))


def _encodings(trace: Trace, say: Language) -> Entries:
    for setting in trace.problem.wiring.encoding:
        if setting.use in ENCODINGS:
            yield from ENCODINGS[setting.use](trace, setting, say)


def _logit_steps(trace: Trace, say: Language) -> Entries:
    for name, entries in LOGIT_STEPS.items():
        for setting in trace.problem.wiring.logits:
            if setting.use == name:
                yield from entries(trace, setting, say)


Part: TypeAlias = Callable[[Trace, Language], Entries]
BEFORE: tuple[Part, ...] = (vectors.projected, vectors.heads, _encodings)
TO_THE_WEIGHTS: tuple[Part, ...] = (scores.similarity, scores.scale, _logit_steps, places.mask, scores.normalisation)
BEHIND: tuple[Part, ...] = (
    numbers.gradients,
    numbers.counting,
    numbers.decimals,
    numbers.by_hand,
    numbers.rounded_given,
)
