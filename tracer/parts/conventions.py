"""The convention card: everything that two honest people could do differently, said once."""

from __future__ import annotations

from tracer.decoding import is_causal
from tracer.document import Card, Line, Math
from tracer.expr import ONE, Call, Div, Letter, Mul, Named, Neg, sqrt, walk
from tracer.language import Language
from tracer.operations.masks import ALIGNMENTS
from tracer.operations.projection import projections
from tracer.parts.words import listed
from tracer.problem import Problem, Setting
from tracer.trace import Trace

SIMILARITIES = {"dot": "the dot product of query and key.", "cosine": "the cosine of the angle between query and key."}
NORMALISATIONS = {
    "softmax": "softmax along each row: e to each logit, divided by the row's sum.",
    "softmax-shifted": "softmax along each row, the row's maximum subtracted first.",
    "softmax-online": "softmax along each row, found block by block with a running maximum and a running sum.",
    "sum": "each logit divided by the sum of its row.",
}


def card(trace: Trace) -> Card:
    """What is agreed about this pass."""
    problem, say = trace.problem, trace.problem.paper.style.language
    entries: list[tuple[str, Line]] = []
    if any(name.startswith("W_") for name in problem.given):
        entries.append((say.text("Vectors"), (say.text(projections[problem.wiring.projection].words),)))
    if problem.wiring.n_heads > 1:
        entries.append((say.text("Heads"), (_heads(problem, say),)))
    if "A" not in problem.given:
        normalisation = say.text(NORMALISATIONS[problem.wiring.normalisation.use])
        entries.append((say.text("Similarity"), (_similarity(problem, say),)))
        entries.append((say.text("Scale"), _scale(trace, say)))
        entries += _softcap(problem, say)
        entries.append((say.text("Mask"), (_mask(problem, say),)))
        entries.append((say.text("Normalisation"), (normalisation,)))
    counting = say.text("rows, columns and words count from 1; the first index is the query's row.")
    entries.append((say.text("Counting"), (counting,)))
    entries.append((say.text("Numbers"), (_numbers(problem, say),)))
    if problem.paper.by_hand:
        entries.append((say.text("By hand"), _by_hand(problem, say)))
    if problem.paper.rounded_given:
        entries.append((say.text("Given rounded"), _rounded_given(problem, say)))
    return Card(say.text("Conventions"), tuple(entries))


def _heads(problem: Problem, say: Language) -> str:
    wiring = problem.wiring
    heads = (
        say.text("{n} heads, each with its own weight matrices", n=wiring.n_heads)
        if any(isinstance(problem.given.get(f"W_{x}"), tuple) for x in "QKV")
        else say.text("{n} heads, each with its own columns of Q, K and V, in order", n=wiring.n_heads)
    )
    if wiring.n_kv_heads == wiring.n_heads:
        return say.text("{heads}.", heads=heads)
    return say.count(
        wiring.n_kv_heads,
        "{heads}; {n} key head, shared by all query heads.",
        "{heads}; {n} key heads, shared by neighbouring query heads.",
        heads=heads,
    )


def _similarity(problem: Problem, say: Language) -> str:
    if "S" in problem.given:
        return say.text("the scores are given.")
    return say.text(SIMILARITIES[problem.wiring.similarity.use])


def _scale(trace: Trace, say: Language) -> Line:
    step = next((s for s in trace.problem.wiring.logits if s.use == "scale"), None)
    if step is None:
        return say.line("the scores are not scaled.")
    if "by" in step.told:
        return say.line("scores are divided by {scale}.", scale=Math(step.told["by"]))
    if "d_k" in trace.open_letters:
        return say.line(
            "scores are divided by {scale}; d_k is not given and stays a letter (put it in with --let d_k=…).",
            scale=Math(sqrt(Letter("d_k"))),
        )
    size = next(node for s in trace.steps if s.name == "scaled" for node in walk(s.formula) if isinstance(node, Named))
    return say.line(
        "scores are divided by {scale}, with {size} coordinate in a key."
        if size.value == ONE
        else "scores are divided by {scale}, with {size} coordinates in a key.",
        scale=Math(sqrt(size)),
        size=(Math(size), " = ", Math(size.value)),
    )


def _softcap(problem: Problem, say: Language) -> list[tuple[str, Line]]:
    """What becomes of a score, in a pass that caps them."""
    cap = next((step.told["cap"] for step in problem.wiring.logits if step.use == "softcap"), None)
    if cap is None:
        return []
    score = Letter("s")
    line = say.line(
        "a score {score} becomes {capped}, which is never below {low} and never above {high}.",
        score=Math(score),
        capped=Math(Mul((cap, Call("tanh", Div(score, cap))))),
        low=Math(Neg(cap)),
        high=Math(cap),
    )
    return [(say.text("Softcap"), line)]


def _mask(problem: Problem, say: Language) -> str:
    step: Setting | None = next((s for s in problem.wiring.logits if s.use == "mask"), None)
    if problem.wiring.prefill is not None and (step is None or is_causal(step)):
        return say.text("causal by the order of the work: a token is compared with itself and what came before.")
    if step is None:
        return say.text("none: every word sees every word.")
    if step.told.get("rule", "given") == "causal":
        return say.text(
            "causal: a word sees itself and what came before ({alignment}); a masked score becomes −∞ and weighs 0, "
            "and a row that is masked altogether has weights 0.",
            alignment=say.text(ALIGNMENTS[step.told.get("align", "bottom-right")]),
        )
    return say.text(
        "as given: 1 means “may attend”; a masked score becomes −∞ and weighs 0, "
        "and a row that is masked altogether has weights 0."
    )


def _numbers(problem: Problem, say: Language) -> str:
    return say.count(
        problem.paper.places,
        "a decimal is exact as written. “=” stands only between equal numbers; “≈” stands before a number rounded "
        "once, half up, to {n} decimal. Where rounded numbers put into a formula would give another last digit, more "
        "of their digits are put in.",
        "a decimal is exact as written. “=” stands only between equal numbers; “≈” stands before a number rounded "
        "once, half up, to {n} decimals. Where rounded numbers put into a formula would give another last digit, more "
        "of their digits are put in.",
    )


def _by_hand(problem: Problem, say: Language) -> Line:
    places = [
        say.line("{step} {n}", step=say.text(step.replace("_", " ")), n=str(n))
        for step, n in problem.paper.by_hand.items()
    ]
    places.append(say.line("everything else {n}", n=str(problem.paper.places)))
    return say.line(
        "every written step is rounded half up before it is used, to so many decimals: {places}.",
        places=listed(places, say),
    )


def _rounded_given(problem: Problem, say: Language) -> Line:
    rule = [
        (say.count(n, "{matrix} to {n} decimal", "{matrix} to {n} decimals", matrix=name),)
        for name, n in problem.paper.rounded_given.items()
    ]
    return say.line(
        "these numbers are themselves rounded: {rule}. The results are those of the numbers as printed.",
        rule=listed(rule, say),
    )
