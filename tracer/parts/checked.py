"""What was checked, in sentences."""

from __future__ import annotations

from tracer.checks import Check, checks
from tracer.document import Block, Checks, Heading, Inline, Line, Math, Together
from tracer.operations import indices
from tracer.trace import Trace

STATEMENTS = {
    "rows add up to 1": "The weights of each row add up to 1.",
    "weights a second way": "The weights, found a second way without any large exponential, agree:",
    "outputs lie between the values": "Each output lies between the smallest and the largest value of its column.",
    "outputs a second way": "The outputs, found a second way by moving from the first value towards the others, agree:",
}


def checked(trace: Trace, rows: tuple[int, ...]) -> list[Block]:
    """Every check with its outcome; nothing for a pass with letters."""
    if trace.open_letters:
        return []
    entries = tuple((check.holds, statement(trace, check)) for check in checks(trace, rows))
    return [Together((Heading("Checked", 2, "checked"), Checks(entries)))] if entries else []


def statement(trace: Trace, check: Check) -> Line:
    """A check as a sentence, with its formula, and what it means where it does not hold."""
    step = trace[check.step]
    where = [f"pass {part[4:]}" if part.startswith("pass") else f"head {part[4:]}" for part in step.id.split(".")[:-1]]
    words: list[Inline] = [f"{', '.join(where).capitalize()}: " if where else "", STATEMENTS[check.name]]
    if check.formula is not None:
        words += [" ", Math(step.tensor[indices(step.tensor)]), " = ", Math(check.formula), "."]
    if check.holds is None:
        words.append(" It does not apply here, because a value is undefined or the weights do not add up to 1.")
    elif not check.holds:
        words.append(" It does not hold here.")
    return tuple(words)
