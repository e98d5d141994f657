"""The convention card: everything that two honest people could do differently, said once."""

from __future__ import annotations

from tracer.document import Card, Line, Math
from tracer.expr import Letter, Named, sqrt, walk
from tracer.operations.masks import ALIGNMENTS
from tracer.operations.projection import projections
from tracer.problem import Problem, Setting
from tracer.trace import Trace

SIMILARITIES = {"dot": "the dot product of query and key", "cosine": "the cosine of the angle between query and key"}
NORMALISATIONS = {
    "softmax": "softmax along each row: e to each logit, divided by the row's sum",
    "softmax-shifted": "softmax along each row, the row's maximum subtracted first",
    "sum": "each logit divided by the sum of its row",
}


def card(trace: Trace) -> Card:
    """What is agreed about this pass."""
    problem = trace.problem
    entries: list[tuple[str, Line]] = []
    if any(name.startswith("W_") for name in problem.given):
        entries.append(("Vectors", (projections[problem.wiring.projection].words + ".",)))
    if problem.wiring.n_heads > 1:
        entries.append(("Heads", (_heads(problem),)))
    if "A" not in problem.given:
        entries.append(("Similarity", (_similarity(problem),)))
        entries.append(("Scale", _scale(trace)))
        entries.append(("Mask", (_mask(problem),)))
        entries.append(("Normalisation", (NORMALISATIONS[problem.wiring.normalisation] + ".",)))
    entries.append(("Counting", ("rows, columns and words count from 1; the first index is the query's row.",)))
    entries.append(("Numbers", (_numbers(problem),)))
    if problem.paper.by_hand:
        entries.append(("By hand", (_by_hand(problem),)))
    if problem.paper.rounded_given:
        entries.append(("Given rounded", (_rounded_given(problem),)))
    return Card("Conventions", tuple(entries))


def _heads(problem: Problem) -> str:
    wiring = problem.wiring
    own = any(isinstance(problem.given.get(f"W_{x}"), tuple) for x in "QKV")
    how = "each with its own weight matrices" if own else "each with its own columns of Q, K and V, in order"
    shared = (
        f"; {wiring.n_kv_heads} key heads, shared by neighbouring query heads"
        if wiring.n_kv_heads < wiring.n_heads
        else ""
    )
    return f"{wiring.n_heads} heads, {how}{shared}."


def _similarity(problem: Problem) -> str:
    if "S" in problem.given:
        return "the scores are given."
    return SIMILARITIES[problem.wiring.similarity] + "."


def _scale(trace: Trace) -> Line:
    step = next((s for s in trace.problem.wiring.logits if s.use == "scale"), None)
    if step is None:
        return ("the scores are not scaled.",)
    if "by" in step.told:
        return ("scores are divided by ", Math(step.told["by"]), ".")
    if "d_k" in trace.open_letters:
        return (
            "scores are divided by ",
            Math(sqrt(Letter("d_k"))),
            "; d_k is not given and stays a letter (put it in with --let d_k=…).",
        )
    scaled = next(
        node for s in trace.steps if s.name == "scaled" for node in walk(s.formula) if isinstance(node, Named)
    )
    return (
        "scores are divided by ",
        Math(sqrt(scaled)),
        ", with ",
        Math(scaled),
        " = ",
        Math(scaled.value),
        " coordinates in a key.",
    )


def _mask(problem: Problem) -> str:
    step: Setting | None = next((s for s in problem.wiring.logits if s.use == "mask"), None)
    if step is None:
        return "none: every word sees every word."
    after = "; a masked score becomes −∞ and weighs 0, and a row that is masked altogether has weights 0."
    if step.told.get("rule", "given") == "causal":
        align = ALIGNMENTS[step.told.get("align", "bottom-right")]
        return f"causal: a word sees itself and what came before ({align}){after}"
    return f"as given: 1 means “may attend”{after}"


def _numbers(problem: Problem) -> str:
    places = problem.paper.places
    return (
        "a decimal is exact as written. “=” stands only between equal numbers; “≈” stands before a number "
        f"rounded once, half up, to {places} decimal{'' if places == 1 else 's'}. Where rounded numbers put into a "
        "formula would give another last digit, more of their digits are put in."
    )


def _by_hand(problem: Problem) -> str:
    rule = ", ".join(f"{step.replace('_', ' ')} to {n}" for step, n in problem.paper.by_hand.items())
    others = problem.paper.places
    return f"every written step is rounded half up before it is used: {rule} decimals, everything else to {others}."


def _rounded_given(problem: Problem) -> str:
    rule = ", ".join(f"{name} to {n} decimals" for name, n in problem.paper.rounded_given.items())
    return f"these numbers are themselves rounded: {rule}. The results are those of the numbers as printed."
