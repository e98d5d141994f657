"""What was checked, in sentences."""

from __future__ import annotations

from tracer.checks import Check, checks
from tracer.document import Block, Checks, Heading, Line, Math, Together
from tracer.language import Language
from tracer.operations import indices
from tracer.parts.words import headed
from tracer.trace import Trace

STATEMENTS = {
    "decoded and all at once":
        "Worked token by token with a cache, and all at once with a causal mask: the same numbers.",
    "block by block": "The outputs found block by block are those that weights and values give: {formula}.",
    "rows add up to 1": "The weights of each row add up to 1.",
    "rows and rest add up to 1": "The weights of each row and what is left over add up to 1.",
    "weights lie between 0 and 1": "Each weight lies between 0 and 1.",
    "weights a second way": "The weights, found a second way without any large exponential, agree: {formula}.",
    "outputs lie between the values": "Each output lies between the smallest and the largest value of its column.",
    "outputs a second way":
        "The outputs, found a second way by moving from the first value towards the others, agree: {formula}.",
    "outputs lie between the values and 0":
        "Each output lies between the smallest and the largest of 0 and the values of its column.",
    "outputs in the other order": "The outputs in the other order are the outputs.",
    "columns of Jacobians add up to 0":
        "Each column of a Jacobian adds up to 0: whichever logit changes, the weights still add up to 1.",
    "gradients through the Jacobians":
        "The gradients of the logits are the same through the Jacobians and without them.",
    "gradients of a row add up to 0":
        "The gradients of the logits of each row add up to 0: the same number added to a whole row changes no weight.",
}  # fmt: skip
OUTCOMES = {
    False: "{statement} It does not hold here.",
    None: "{statement} It does not apply here, because a value is undefined or the weights do not add up to 1.",
}


def checked(trace: Trace, rows: tuple[int, ...]) -> list[Block]:
    """Every check with its outcome; nothing for a pass with letters."""
    if trace.open_letters:
        return []
    entries = tuple((check.holds, statement(trace, check)) for check in checks(trace, rows))
    heading = Heading(trace.problem.paper.style.language.text("Checked"), 2, "checked")
    return [Together((heading, Checks(entries)))] if entries else []


def statement(trace: Trace, check: Check) -> Line:
    """A check as a sentence, with its formula, and what it means where it does not hold."""
    step, say = trace[check.step], trace.problem.paper.style.language
    formula: Line = ()
    if check.formula is not None:
        formula = (Math(step.tensor[indices(step.tensor)]), " = ", Math(check.formula))
    said: Line = say.line(STATEMENTS[check.name], formula=formula)
    if not check.holds:
        said = say.line(OUTCOMES[check.holds], statement=said)
    return _where(step.id, said, say)


def _where(id_: str, said: Line, say: Language) -> Line:
    """The sentence with what it is about in front: pass and head, where there are several, or the token."""
    place = headed(id_, say)
    return say.line("{place}: {statement}", place=place, statement=said) if place else said
