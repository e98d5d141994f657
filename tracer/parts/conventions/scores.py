"""What is agreed from the scores to the weights, wherever their words stand."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product

from tracer.document import Line, Math
from tracer.expr import ONE, Call, Div, Letter, Mul, Named, Neg, Num, num, sqrt, walk
from tracer.language import Language
from tracer.parts.words import rich
from tracer.problem import Setting
from tracer.trace import Trace

SIMILARITIES = {
    "dot": "the dot product of query and key.",
    "cosine": "the cosine of the angle between query and key.",
    "additive": "additive (Bahdanau et al. 2015): v times tanh of W_1 on the query plus W_2 on the key.",
    "negative-squared-distance": "the squared distance of query and key, with a minus sign.",
    "bilinear": "bilinear (Luong et al. 2015, general): query times W_S times key.",
}
NORMALISATIONS = {
    "softmax": "softmax along each row: e to each logit, divided by the row's sum.",
    "softmax-shifted": "softmax along each row, the row's maximum subtracted first.",
    "softmax-off-by-one": "e to each logit, divided by 1 more than the row's sum.",
    "softmax-sink": "e to each logit, divided by the row's sum and e to the logit of the head's sink.",
    "sigmoid": "none over the row: each logit becomes a weight by itself, 1 divided by 1 plus e to minus the logit.",
    "softmax-base-2": "softmax along each row with base 2: 2 to each logit, divided by the row's sum.",
    "softmax-temperature": "softmax along each row at temperature {temperature}: e to each logit divided by "
    "{temperature}, divided by the row's sum.",
    "sparsemax": "sparsemax along each row: what stands above a threshold, chosen so that the row adds up to 1.",
    "softmax-online": "softmax along each row, found block by block with a running maximum and a running sum.",
    "sum": "each logit divided by the sum of its row.",
}
LIKE_A_MASK = -1000  # so large a number in a bias is meant as a mask


def similarity(trace: Trace, say: Language) -> Iterator[tuple[str, Line]]:
    """What a score is."""
    is_given = "S" in trace.problem.given
    sentence = "the scores are given." if is_given else SIMILARITIES[trace.problem.wiring.similarity.use]
    yield say.text("Similarity"), rich(say.text(sentence))


def scale(trace: Trace, say: Language) -> Iterator[tuple[str, Line]]:
    """What scores are divided by."""
    yield say.text("Scale"), _divisor(trace, say)


def _divisor(trace: Trace, say: Language) -> Line:
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


def temperature(trace: Trace, setting: Setting, say: Language) -> Iterator[tuple[str, Line]]:
    """What scores are divided by once more."""
    line = say.line("scores are divided by the temperature {number}.", number=Math(setting.told["by"]))
    yield say.text("Temperature"), line


def softcap(trace: Trace, setting: Setting, say: Language) -> Iterator[tuple[str, Line]]:
    """What becomes of a score, and between which numbers it stays."""
    cap = setting.told["cap"]
    score = Letter("s")
    line = say.line(
        "a score {score} becomes {capped}, which is never below {low} and never above {high}.",
        score=Math(score),
        capped=Math(Mul((cap, Call("tanh", Div(score, cap))))),
        low=Math(Neg(cap)),
        high=Math(cap),
    )
    yield say.text("Softcap"), line


def bias(trace: Trace, setting: Setting, say: Language) -> Iterator[tuple[str, Line]]:
    """What the bias does, and what a large number in it does not."""
    numbers = [
        one.entry(at)
        for name, one in trace.problem.tables()
        if name == "bias"
        for at in product(*map(range, one.shape))
    ]
    least = min((number.value for number in numbers if isinstance(number, Num)), default=Fraction(0))
    line = say.line("a matrix is added to the scores; where it is −∞, the key is masked.")
    if least <= LIKE_A_MASK:
        line += (" ", *say.line(
            "{number} is a number like any other and masks nothing: beside it other keys take nearly all the weight, "
            "but where all keys of a row have it, they share the weight as if it were not there.",
            number=Math(num(least)),
        ))  # fmt: skip
    yield say.text("Bias"), line


def normalisation(trace: Trace, say: Language) -> Iterator[tuple[str, Line]]:
    """How weights are made of logits."""
    chosen = trace.problem.wiring.normalisation
    told = {key: Math(one) for key, one in chosen.told.items()}
    yield say.text("Normalisation"), say.line(NORMALISATIONS[chosen.use], **told)
    if "bias" in told:
        yield say.text("Bias"), say.line("{bias} is added to every logit first.", bias=told["bias"])
