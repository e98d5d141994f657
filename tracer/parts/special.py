"""What a pass does otherwise than the classic one: softmax(Q Kᵀ / √d_k) V, every word seeing every word."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.document import Card
from tracer.parts.words import rich
from tracer.problem import Problem, Setting
from tracer.trace import Trace

CHANGES = {  # by what an operation is called in a problem file: its keyword, and what it changes
    "sinusoidal": (
        "Positions",
        "A vector made of sines and cosines, another one for each place, is added to every word: the same word in two "
        "places is no longer the same.",
    ),
    "rotary": (
        "Rotation",
        "Queries and keys are turned before they are compared, further from place to place. Lengths stay, and a score "
        "depends on how far apart two words are.",
    ),
    "rms-norm": (
        "QK-norm",
        "Queries and keys are divided by the root of the mean of their squares before they are compared: large vectors "
        "no longer get large scores.",
    ),
    "l2-norm": (
        "QK-norm",
        "Queries and keys are divided by their lengths before they are compared, so that each score is the cosine of "
        "their angle.",
    ),
    "cosine": (
        "Cosine",
        "The score is the cosine of the angle between query and key instead of their dot product: only directions "
        "count, no lengths.",
    ),
    "additive": (
        "Additive",
        "A small network looks at query and key together, which may have different numbers of coordinates; no dot "
        "product is taken.",
    ),
    "negative-squared-distance": (
        "Distance",
        "The score is the squared distance of query and key with a minus sign instead of their dot product: equal "
        "vectors have the largest score, 0.",
    ),
    "bilinear": (
        "Bilinear",
        "A learned matrix stands between query and key: it says which coordinate of one goes with which of the other.",
    ),
    "temperature": (
        "Temperature",
        "All scores are divided by the same number once more. Above 1 the weights come closer together; below 1 they "
        "move apart.",
    ),
    "alibi": (
        "ALiBi",
        "Each score loses as much as the key is far away, times the head’s slope: near words weigh more, without "
        "vectors for positions.",
    ),
    "relative": (
        "Relative positions",
        "To each score a number is added that depends only on how far before or behind the query the key stands.",
    ),
    "softcap": (
        "Softcap",
        "Large scores are pressed below a cap before anybody compares them; small ones stay nearly as they are.",
    ),
    "mask": (
        "Mask",
        "Not every word may be seen: a hidden key gets the score −∞, so it weighs 0 and the others share its part.",
    ),
    "window": (
        "Sliding window",
        "A word sees only its neighbours: keys outside its window get the score −∞ and weigh 0. However long the text "
        "is, no row has more weights to work out than the window is wide.",
    ),
    "padding": (
        "Padding",
        "The last keys only fill the row up, so that texts of different lengths fit into one table. They get the score "
        "−∞ and weigh 0: the words share all the weight.",
    ),
    "bias": (
        "Bias",
        "A number of its own is added to each score: a key counts more or less than its vector says, and where the "
        "bias is −∞, not at all.",
    ),
    "softmax-shifted": (
        "Shifted softmax",
        "Each row's maximum is subtracted before e is raised to a score. No weight changes by that, and no number "
        "becomes too large.",
    ),
    "feature-map": (
        "Feature map",
        "Queries and keys lose their negative entries before they are compared, so that dot products can be weights "
        "without a softmax. Then keys and values can be multiplied first, and the work grows with the number of words, "
        "not with its square.",
    ),
    "softmax-off-by-one": (
        "Softmax off by one",
        "Below the line stands 1 more than the sum, so the weights of a row add up to less than 1: a word that finds "
        "nothing may attend to nothing.",
    ),
    "softmax-sink": (
        "Attention sink",
        "Each head has a logit of its own beside those of the words. This sink takes its share of the weight and "
        "brings no value, so the words share less than 1.",
    ),
    "sigmoid": (
        "Sigmoid",
        "Each score becomes a weight by itself, and words do not compete: the weights of a row may add up to more than "
        "1, or to nearly nothing.",
    ),
    "softmax-base-2": (
        "Base 2",
        "Powers of 2 stand in place of powers of e: a score that is 1 higher weighs twice as much instead of about 2.7 "
        "times.",
    ),
    "softmax-temperature": (
        "Temperature",
        "Every logit is divided by the temperature before e is raised to it: above 1 the weights become more alike, "
        "below 1 the largest stands out more.",
    ),
    "sparsemax": (
        "Sparsemax",
        "What stands above a threshold is the weight, and everything below weighs exactly 0; a softmax gives every "
        "word a little.",
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
MAPPED = (  # in place of "sum" where the scores are those of a feature map
    "Division by the sum",
    "The weights are the scores divided by their sum, in place of a softmax: behind the feature map no score is "
    "negative.",
)
SHARED = (
    "Shared keys",
    "Several query heads compare with the same keys and mix the same values: fewer keys and values have to be kept.",
)
BACKWARD = (
    "Backward pass",
    "After the attention the chain rule goes back through it, from the gradient of the result to the gradients of "
    "everything that was given. Models are trained with these.",
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
    if "dO" in problem.given:
        yield BACKWARD
    if "A" in problem.given:
        return
    used: list[Setting] = [*wiring.encoding, *([] if "S" in problem.given else [wiring.similarity]), *wiring.logits]
    for name in dict.fromkeys(map(_called, [*used, wiring.normalisation])):
        if name == "sum" and any(step.use == "feature-map" for step in used):
            yield MAPPED
        elif name in CHANGES:
            yield CHANGES[name]


def _called(setting: Setting) -> str:
    """The operation by its name; a mask by its rule's where that has a sentence of its own."""
    rule = setting.told.get("rule")
    return rule if rule in CHANGES else setting.use
