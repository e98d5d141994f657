"""What is agreed before anything is compared: words as rows or columns, heads, encodings."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.document import Line, Math
from tracer.language import Language
from tracer.operations.feature_map import USUAL_MAP
from tracer.operations.projection import projections
from tracer.operations.rotary import PAIRINGS, USUAL_PAIRING, first_position
from tracer.problem import Problem, Setting
from tracer.trace import Trace

FEATURE_MAPS = {
    "elu": "each entry x of queries and keys becomes x + 1 where x is positive, e to x elsewhere (elu + 1).",
    "relu": "each entry of queries and keys that is negative becomes 0.",
    "exp": "each entry x of queries and keys becomes e to x.",
}


def projected(trace: Trace, say: Language) -> Iterator[tuple[str, Line]]:
    """Whether a word is a row or a column beside a weight matrix."""
    if any(name.startswith("W_") for name in trace.problem.given):
        yield say.text("Vectors"), (say.text(projections[trace.problem.wiring.projection].words),)


def heads(trace: Trace, say: Language) -> Iterator[tuple[str, Line]]:
    """How many heads there are, and what each of them has of its own."""
    if trace.problem.wiring.n_heads > 1:
        yield say.text("Heads"), (_heads(trace.problem, say),)


def _heads(problem: Problem, say: Language) -> str:
    wiring = problem.wiring
    heads = (
        say.text("{n} heads, each with its own weight matrices", n=wiring.n_heads)
        if any(isinstance(problem.given.get(f"W_{x}"), tuple) for x in "QKV")
        else say.text("{n} heads, each with its own matrices", n=wiring.n_heads)
        if any(isinstance(problem.given.get(x), tuple) for x in "QKVSA")
        else say.text("{n} heads, each with its own columns of Q, K and V, in order", n=wiring.n_heads)
    )
    if wiring.n_kv_heads == wiring.n_heads:
        return say.text("{heads}.", heads=heads)
    return say.count(
        wiring.n_kv_heads,
        "{heads}; {n} key head, shared by all query heads.",
        "{heads}; {n} key heads, each shared by {group} neighbouring query heads.",
        heads=heads,
        group=wiring.n_heads // wiring.n_kv_heads,
    )


def positions(trace: Trace, setting: Setting, say: Language) -> Iterator[tuple[str, Line]]:
    """Where the words stand to which positions are added."""
    counted = say.text("they count from {start}: the first word stands at position {start}.", start=0)
    if "Y" in trace.problem.given:
        counted = f"{counted} {say.text('They are added to X; Y is used as it is given.')}"
    yield say.text("Positions"), (counted,)


def rotation(trace: Trace, setting: Setting, say: Language) -> Iterator[tuple[str, Line]]:
    """Which coordinates are turned together, and from where positions count."""
    told = setting.told
    turned = next(step.tensor.shape[1] for step in trace.steps if step.name == "query_angles")
    pairing = PAIRINGS[told.get("pairing", USUAL_PAIRING)].words
    words = say.text("the coordinates 1 and 2 are the only pair") if turned == 1 else say.text(pairing, half=turned)
    if "dimensions" in told:
        words = say.text("{pairing}; only the first {n} coordinates are turned (d_r)", pairing=words, n=2 * turned)
    yield say.text("Pairs"), (say.text("{pairing}. Angles are in radians: π is half a turn.", pairing=words),)
    start, key_start = (first_position({**told, "name": name}) for name in ("query", "key"))
    yield (
        say.text("Positions"),
        (
            say.text("they count from {start}: the first word stands at position {start}.", start=start)
            if start == key_start
            else say.text(
                "the first query stands at position {start}, the first key at position {key_start}.",
                start=start,
                key_start=key_start,
            ),
        ),
    )


def rms(trace: Trace, setting: Setting, say: Language) -> Iterator[tuple[str, Line]]:
    """What is added under the root."""
    epsilon = setting.told.get("epsilon")
    yield (
        say.text("QK-norm"),
        say.line("nothing is added to the mean of the squares.")
        if epsilon is None
        else say.line("{epsilon} is added to the mean of the squares, under the root.", epsilon=Math(epsilon)),
    )


def feature_map(trace: Trace, setting: Setting, say: Language) -> Iterator[tuple[str, Line]]:
    """What becomes of queries and keys."""
    yield say.text("Feature map"), (say.text(FEATURE_MAPS[setting.told.get("map", USUAL_MAP)]),)
