"""The convention card: everything that two honest people could do differently, said once."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product

from tracer.decoding import is_causal
from tracer.document import Card, Line, Math
from tracer.expr import ONE, Call, Cell, Div, Letter, Mul, Named, Neg, Num, num, sqrt, walk
from tracer.language import Language
from tracer.names import GRADIENTS
from tracer.operations.masks import ALIGNMENTS
from tracer.operations.projection import projections
from tracer.operations.relative import slope as alibi_slope
from tracer.operations.rotary import PAIRINGS, USUAL_PAIRING, first_position
from tracer.parts.words import listed, rich
from tracer.problem import Problem, Setting
from tracer.trace import Trace

SIMILARITIES = {
    "dot": "the dot product of query and key.",
    "cosine": "the cosine of the angle between query and key.",
    "additive": "additive (Bahdanau et al. 2015): v times tanh of W_1 on the query plus W_2 on the key.",
    "negative-squared-distance": "the squared distance of query and key, with a minus sign.",
    "bilinear": "bilinear (Luong et al. 2015, general): query times W_S times key.",
}
PLACES = {
    "bottom-right": "the last query stands where the last key does",
    "top-left": "the first query stands where the first key does",
}
NORMALISATIONS = {
    "softmax": "softmax along each row: e to each logit, divided by the row's sum.",
    "softmax-shifted": "softmax along each row, the row's maximum subtracted first.",
    "softmax-off-by-one": "e to each logit, divided by 1 more than the row's sum.",
    "softmax-sink": "e to each logit, divided by the row's sum and e to the logit of the head's sink.",
    "sigmoid": "none over the row: each logit becomes a weight by itself, 1 divided by 1 plus e to minus the logit.",
    "softmax-base-2": "softmax along each row with base 2: 2 to each logit, divided by the row's sum.",
    "softmax-temperature": "softmax along each row at the temperature {T} = {temperature}: e to each logit divided by "
    "{T}, over the row's sum.",
    "sparsemax": "sparsemax along each row: what stands above a threshold, chosen so that the row adds up to 1.",
    "softmax-online": "softmax along each row, found block by block with a running maximum and a running sum.",
    "sum": "each logit divided by the sum of its row.",
}
FEATURE_MAPS = {
    "elu": "each entry x of queries and keys becomes x + 1 where x is positive, e to x elsewhere (elu + 1).",
    "relu": "each entry of queries and keys that is negative becomes 0.",
    "exp": "each entry x of queries and keys becomes e to x.",
}

POLARITIES = {"seen": "as given: 1 means “may attend”", "hidden": "as given: 1 means “hidden”, 0 “may attend”"}
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
LIKE_A_MASK = -1000  # so large a number in a bias is meant as a mask


def card(trace: Trace) -> Card:
    """What is agreed about this pass."""
    problem, say = trace.problem, trace.problem.paper.style.language
    entries: list[tuple[str, Line]] = []
    if any(name.startswith("W_") for name in problem.given):
        entries.append((say.text("Vectors"), (say.text(projections[problem.wiring.projection].words),)))
    if problem.wiring.n_heads > 1:
        entries.append((say.text("Heads"), (_heads(problem, say),)))
    for setting in problem.wiring.encoding:
        if setting.use in ENCODINGS:
            entries += ENCODINGS[setting.use](trace, setting, say)
    if "A" not in problem.given:
        entries += _feature_map(problem, say)
        entries.append((say.text("Similarity"), rich(_similarity(problem, say))))
        entries.append((say.text("Scale"), _scale(trace, say)))
        entries += _temperature(problem, say)
        entries += _softcap(problem, say)
        entries += _distances(problem, say)
        entries += _bias(problem, say)
        entries.append((say.text("Mask"), (_mask(trace, say),)))
        entries += _normalisation(problem, say)
    entries += _gradients(trace, say)
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


def _positions(trace: Trace, setting: Setting, say: Language) -> Iterator[tuple[str, Line]]:
    """Where the words stand to which positions are added."""
    counted = say.text("they count from {start}: the first word stands at position {start}.", start=0)
    if "Y" in trace.problem.given:
        counted = f"{counted} {say.text('They are added to X; Y is used as it is given.')}"
    yield say.text("Positions"), (counted,)


def _rotation(trace: Trace, setting: Setting, say: Language) -> Iterator[tuple[str, Line]]:
    """Which coordinates are turned together, and from where positions count."""
    told = setting.told
    turned = next(step.tensor.shape[1] for step in trace.steps if step.name == "query_angles")
    pairing = PAIRINGS[told.get("pairing", USUAL_PAIRING)].words
    words = say.text("the coordinates 1 and 2 are the only pair") if turned == 1 else say.text(pairing, half=turned)
    if "dimensions" in told:
        words = say.text("{pairing}; only the first {n} coordinates are turned (d_r)", pairing=words, n=2 * turned)
    yield say.text("Pairs"), rich(say.text("{pairing}. Angles are in radians: π is half a turn.", pairing=words))
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


def _rms(trace: Trace, setting: Setting, say: Language) -> Iterator[tuple[str, Line]]:
    """What is added under the root."""
    epsilon = setting.told.get("epsilon")
    yield (
        say.text("QK-norm"),
        say.line("nothing is added to the mean of the squares.")
        if epsilon is None
        else say.line("{epsilon} is added to the mean of the squares, under the root.", epsilon=Math(epsilon)),
    )


def _l2(trace: Trace, setting: Setting, say: Language) -> Iterator[tuple[str, Line]]:
    """Which size queries and keys are brought to."""
    yield say.text("QK-norm"), say.line("every query and every key is divided by its length, nothing added to it.")


ENCODINGS = {"sinusoidal": _positions, "rotary": _rotation, "rms-norm": _rms, "l2-norm": _l2}


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


def _gradients(trace: Trace, say: Language) -> list[tuple[str, Line]]:
    """What dX stands for, and which gradient is given."""
    given = next((one.tensor for one in trace.given if one.tensor.id.startswith("d_")), None)
    if given is None:
        return []
    line = say.line(
        "{dX} is the derivative of the loss with respect to {X}, number by number: how many times a small change of "
        "the number the loss changes. {dO} is given; the loss itself is not needed.",
        dX=Math(Letter("dX")),
        X=Math(Letter("X")),
        dO=Math(Cell(given, ())),
    )
    return [(say.text("Gradients"), line)]


def _temperature(problem: Problem, say: Language) -> list[tuple[str, Line]]:
    """What scores are divided by once more."""
    by = next((step.told["by"] for step in problem.wiring.logits if step.use == "temperature"), None)
    if by is None:
        return []
    return [(say.text("Temperature"), say.line("scores are divided by the temperature {number}.", number=Math(by)))]


def _distances(problem: Problem, say: Language) -> list[tuple[str, Line]]:
    """How the distance of two words counts."""
    told = {step.use: step.told for step in problem.wiring.logits}
    entries: list[tuple[str, Line]] = []
    if "alibi" in told:
        n = problem.wiring.n_heads
        slopes = [alibi_slope({**told["alibi"], "head": head + 1, "n_heads": n}) for head in range(n)]
        line = say.line(
            "a score loses the distance of its two words times the slope {slope} ({alignment})."
            if n == 1
            else "a score loses the distance of its two words times its head’s slope, in order {slope} ({alignment}).",
            slope=listed([(Math(slope),) for slope in slopes], say),
            alignment=say.text(PLACES[told["alibi"].get("align", "bottom-right")]),
        )
        entries.append((say.text("ALiBi"), line))
    if "relative" in told:
        line = say.line(
            "to each score the number for its distance is added: the first is for {least}, the last for {most}; −1 is "
            "the word before.",
            least=Math(num(1 - len(problem.tokens))),
            most=Math(num(len(problem.key_tokens) - 1)),
        )
        entries.append((say.text("Relative positions"), line))
    return entries


def _bias(problem: Problem, say: Language) -> list[tuple[str, Line]]:
    """What the bias does, and what a large number in it does not."""
    if all(step.use != "bias" for step in problem.wiring.logits):
        return []
    numbers = [
        one.entry(at) for name, one in problem.tables() if name == "bias" for at in product(*map(range, one.shape))
    ]
    least = min((number.value for number in numbers if isinstance(number, Num)), default=Fraction(0))
    line = say.line("a matrix is added to the scores; where it is −∞, the key is masked.")
    if least <= LIKE_A_MASK:
        line += (" ", *say.line(
            "{number} is a number like any other and masks nothing: beside it other keys take nearly all the weight, "
            "but where all keys of a row have it, they share the weight as if it were not there.",
            number=Math(num(least)),
        ))  # fmt: skip
    return [(say.text("Bias"), line)]


def _mask(trace: Trace, say: Language) -> str:
    """Every mask of the pass, and what becomes of what it hides."""
    problem = trace.problem
    masks = [step for step in problem.wiring.logits if step.use == "mask"]
    if problem.wiring.prefill is not None and all(map(is_causal, masks)):
        return say.text("causal by the order of the work: a token is compared with itself and what came before.")
    rules = [_rule(step, say) for step in masks]
    hidden = {given.tensor.id.rpartition(".")[2] for given in trace.given if given.tensor.allowed}
    rules += [say.text(sentence) for name, sentence in INFINITE.items() if name in hidden]
    if not rules:
        return say.text("none: every word sees every word.")
    return say.text(
        "{rules}; a masked score becomes −∞ and weighs 0, and a row that is masked altogether has weights 0.",
        rules="; ".join(rules),
    )


def _normalisation(problem: Problem, say: Language) -> list[tuple[str, Line]]:
    chosen = problem.wiring.normalisation
    told = {"T": Math(Letter("T"))} | {key: Math(one) for key, one in chosen.told.items()}
    entries = [(say.text("Normalisation"), say.line(NORMALISATIONS[chosen.use], **told))]
    if "bias" in told:
        entries.append((say.text("Sigmoid bias"), say.line("{bias} is added to every logit first.", bias=told["bias"])))
    return entries


def _feature_map(problem: Problem, say: Language) -> list[tuple[str, Line]]:
    """What becomes of queries and keys, in a pass that maps them."""
    maps = [one for one in problem.wiring.encoding if one.use == "feature-map"]
    return [(say.text("Feature map"), (say.text(FEATURE_MAPS[one.told.get("map", "elu")]),)) for one in maps]


def _rule(step: Setting, say: Language) -> str:
    """One mask: what a word may see."""
    told = step.told
    align = told.get("align", "bottom-right")
    alignment = (
        say.text(ALIGNMENTS[align])
        if align in ALIGNMENTS
        else say.count(
            align, "{n} key comes before the first query’s own", "{n} keys come before the first query’s own"
        )
    )
    match told.get("rule", "given"):
        case "causal":
            sentence = "causal: a word sees itself and what came before ({alignment})"
            return say.text(sentence, alignment=alignment)
        case "window":
            sides = {side: told[side] for side in ("left", "right") if side in told}
            sentence = LOOKING_BACK if sides.get("right") == 0 and "left" in sides else WINDOWS[frozenset(sides)]
            return say.text(sentence, alignment=alignment, **sides)
        case "padding":
            one = "padding: only the first key is a word, what comes behind it fills the row up"
            several = "padding: only the first {n} keys are words, what comes behind them fills the row up"
            return say.count(told["length"], one, several)
    return say.text(POLARITIES[told.get("ones", "seen")])


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
    places = [say.line("{step} {n}", step=_called(step, say), n=str(n)) for step, n in problem.paper.by_hand.items()]
    places.append(say.line("everything else {n}", n=str(problem.paper.places)))
    return say.line(
        "every written step is rounded half up before it is used, to so many decimals: {places}.",
        places=listed(places, say),
    )


def _called(step: str, say: Language) -> Line:
    """A step in words; one of the backward pass by its symbol."""
    return (Math(Letter(GRADIENTS[step])),) if step in GRADIENTS else (say.text(step.replace("_", " ")),)


def _rounded_given(problem: Problem, say: Language) -> Line:
    rule = [
        (say.count(n, "{matrix} to {n} decimal", "{matrix} to {n} decimals", matrix=name),)
        for name, n in problem.paper.rounded_given.items()
    ]
    return say.line(
        "these numbers are themselves rounded: {rule}. The results are those of the numbers as printed.",
        rule=listed(rule, say),
    )
