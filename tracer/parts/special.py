"""What a pass does otherwise than the classic one: softmax(Q Kᵀ / √d_k) V, every word seeing every word."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.document import Card
from tracer.parts.words import rich
from tracer.problem import Problem, Setting
from tracer.trace import Trace

CHANGES = {  # by what an operation is called in a problem file: its keyword, and what it changes
    "cosine": (
        "Cosine",
        "The score is the cosine of the angle between query and key instead of their dot product: only directions "
        "count, no lengths.",
    ),
    "softcap": (
        "Softcap",
        "Large scores are pressed below a cap before anybody compares them; small ones stay nearly as they are.",
    ),
    "mask": (
        "Mask",
        "Not every word may be seen: a hidden key gets the score −∞, so it weighs 0 and the others share its part.",
    ),
    "softmax-shifted": (
        "Shifted softmax",
        "Each row's maximum is subtracted before e is raised to a score. No weight changes by that, and no number "
        "becomes too large.",
    ),
    "softmax-online": (
        "Online softmax",
        "Keys are read block by block. A running maximum, a running sum and running outputs are corrected whenever the "
        "maximum grows: the outputs come out the same, and no row of scores is ever kept as a whole.",
    ),
    "sum": (
        "Division by the sum",
        "The weights are the scores divided by their sum, without e: they can be negative, and do not exist where the "
        "sum is 0.",
    ),
}
SHARED = (
    "Shared keys",
    "Several query heads compare with the same keys and mix the same values: fewer keys and values have to be kept.",
)
DECODED = (
    "KV cache",
    "Tokens come one after another, as when a model writes. Keys and values of earlier words are kept in a cache, so "
    "each new token needs one row of scores, and nothing about the others is worked again.",
)
PAST = (
    "Given cache",
    "Keys and values of earlier words are given: they stand above the new ones, and can be attended to like these.",
)
CROSS = ("Two sequences", "The queries come from one sequence, keys and values from another: words ask, others answer.")


def special(trace: Trace) -> list[Card]:
    """One card with a sentence for each thing that is not as in the classic pass; nothing where all is."""
    say = trace.problem.paper.style.language
    entries = tuple((say.text(term), rich(say.text(sentence))) for term, sentence in _changes(trace.problem))
    return [Card(say.text("What is special in this pass"), entries, "special")] if entries else []


def _changes(problem: Problem) -> Iterator[tuple[str, str]]:
    wiring = problem.wiring
    if "Y" in problem.given:
        yield CROSS
    if problem.past:
        yield PAST
    if wiring.prefill is not None:
        yield DECODED
    if wiring.n_kv_heads < wiring.n_heads:
        yield SHARED
    if "A" in problem.given:
        return
    used: list[Setting] = [*wiring.encoding, *([] if "S" in problem.given else [wiring.similarity]), *wiring.logits]
    for name in dict.fromkeys(setting.use for setting in [*used, wiring.normalisation]):
        if name in CHANGES:
            yield CHANGES[name]
