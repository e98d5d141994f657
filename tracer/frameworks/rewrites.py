"""The rewrites that rules are made of: a problem with one thing done another way, and what concerns a problem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tracer.expr import ONE, ZERO, Case
from tracer.operations.encodings import word_encodings
from tracer.operations.masks import USUAL_POLARITY, rule_of
from tracer.operations.normalisation import normalisations
from tracer.problem import PerHead, Problem, Setting, Values, Written
from tracer.trace import Trace
from tracer.wired import needed

Change = Callable[[Problem], Problem]
STANDS_FOR = {"temperature": "scale"}  # a temperature goes into the scale; whatever else is unknown is added as a bias


def rewired(problem: Problem, **slots: Any) -> Problem:
    """The problem with another wiring, and without the matrices that only what is gone has needed."""
    found = replace(problem, wiring=replace(problem.wiring, **slots))
    idle = needed(problem) - needed(found)
    return replace(found, given={name: values for name, values in problem.given.items() if name not in idle})


def has(problem: Problem, use: str, rule: str = "") -> bool:
    """Whether the logits have an operation; a mask, by a rule."""
    return any(step.use == use and rule in ("", rule_of(step.told)) for step in problem.wiring.logits)


def _telling(problem: Problem, use: str, rule: str, **told: Any) -> Problem:
    """The problem with an operation of the logits told something else."""
    steps = (
        Setting(step.use, {**step.told, **told}) if step.use == use and rule in ("", rule_of(step.told)) else step
        for step in problem.wiring.logits
    )
    return rewired(problem, logits=tuple(steps))


# Wiring


def by_dot(problem: Problem) -> Problem:
    """Scores are dot products."""
    return rewired(problem, similarity=Setting("dot"))


def by_softmax(problem: Problem) -> Problem:
    """Weights are a softmax; with or without the maximum subtracted, they are the same."""
    if "weights hang on differences" in normalisations[problem.wiring.normalisation.use].traits:
        return problem
    return rewired(problem, normalisation=Setting("softmax"))


def without(*uses: str) -> Change:
    """These operations are left out of the logits."""
    return lambda problem: rewired(problem, logits=tuple(s for s in problem.wiring.logits if s.use not in uses))


def without_encoding(problem: Problem) -> Problem:
    """Queries and keys are compared as they are; what is done to the words before is not its business."""
    return rewired(problem, encoding=tuple(step for step in problem.wiring.encoding if step.use in word_encodings))


def in_order(*uses: str) -> Change:
    """The logit steps come in this order; those it does not name stand where a bias is added."""

    def place(step: Setting) -> int:
        use = STANDS_FOR.get(step.use, step.use)
        return uses.index(use if use in uses else "bias")

    return lambda problem: rewired(problem, logits=tuple(sorted(problem.wiring.logits, key=place)))


def always_scaled(problem: Problem) -> Problem:
    """Scores are divided by √d_k, whatever the problem says."""
    if "S" in problem.given:
        return problem
    others = tuple(step for step in problem.wiring.logits if step.use not in ("scale", *STANDS_FOR))
    return rewired(problem, logits=(Setting("scale"), *others))


def transposed(problem: Problem) -> Problem:
    """Weight matrices have a row for each output: x Wᵀ."""
    if not any(name.startswith("W_") for name in problem.given):
        return problem
    return rewired(problem, projection="X W^T")


# Masks


def top_left(problem: Problem) -> Problem:
    """The first query sees the first key."""
    return _telling(problem, "mask", "causal", align="top-left")


def ones_are(meaning: str) -> Change:
    """A 1 of the mask matrix means "seen" or "hidden": read the other way, each 1 is a 0."""

    def change(problem: Problem) -> Problem:
        readings = {
            s.told.get("ones", USUAL_POLARITY)
            for s in problem.wiring.logits
            if s.use == "mask" and rule_of(s.told) == "given"
        }
        if readings <= {meaning}:
            return problem
        return replace(problem, given={**problem.given, "mask": _flipped(problem.given["mask"])})

    return change


def _flipped(mask: Values | PerHead) -> Values | PerHead:
    if isinstance(mask, tuple):
        return tuple(map(_flipped_one, mask))
    return _flipped_one(mask)


def _flipped_one(mask: Values) -> Values:
    n, m = mask.shape
    return Written(tuple(tuple(ZERO if mask.entry((i, j)) == ONE else ONE for j in range(m)) for i in range(n)))


def nan_where_all_is_masked(trace: Trace) -> Trace:
    """A row without any key is 0/0: the weights' formula without its case for masked keys, which weigh 0/D = 0."""
    steps = tuple(
        replace(step, formula=step.formula.then) if step.name == "weights" and isinstance(step.formula, Case) else step
        for step in trace.steps
    )
    return trace if steps == trace.steps else replace(trace, steps=steps)
