"""What is said about a cell: one sentence, kind and precise."""

from __future__ import annotations

from tracer.evaluate import Key
from tracer.judging.judge import Judge
from tracer.language import Language
from tracer.marking import Verdict
from tracer.mistakes import mistakes, slips

MOST_HELPED = 2  # mistakes that are all helped with
MOST_NAMED = 3  # of the mistakes that explain a number equally well


def sentence(judge: Judge, key: Key, expected: str | None, yours: str | None, say: Language) -> str:
    """The sentence about a judged cell: what is expected there, and what the earlier numbers give instead."""
    sign = judge.trace.problem.paper.style.signs.decimal
    right, own = on_paper(expected, sign), on_paper(yours, sign)
    match judge.verdicts[key]:
        case Verdict.EXACT:
            return say.text("Right.")
        case Verdict.BY_HAND:
            return say.text(
                "Right by hand: it follows from your rounded numbers. Rounded only here it is {right}.", right=right
            )
        case Verdict.CARRIED:
            return say.text(
                "Right from your earlier numbers, one of which is not; with the right ones it is {right}.", right=right
            )
        case Verdict.ROUNDING_SLIP:
            return say.text("Nearly: rounded, this is {right}.", right=own if yours else right)
        case Verdict.MISTAKE:
            return looks_like(judge.mistakes[key], say)
    if key in judge.guarded:
        return say.text(
            "This follows from your earlier numbers, but these leave nothing to work out, so it does not count. "
            "It should be {right}.",
            right=right,
        )
    if yours is not None:
        return say.text(
            "From your earlier numbers this is {yours}; with the right ones {right}.",
            yours=own,
            right=right,
        )
    return say.text("This should be {right}.", right=right)


def with_places(judge: Judge, key: Key, words: str, say: Language) -> str:
    """A sentence, and the places that the problem asks for where others are written: a note, and no error."""
    asked = judge.trace.problem.paper.by_hand.get(key[0].rpartition(".")[2])
    number = judge.numbers.get(key)
    if asked is None or number is None or number.places in (None, asked):
        return words
    true = judge.true(key)
    if true is not None and number.places < asked and true.low == number.value:  # zeros that say nothing
        return words
    note = say.count(asked, "One decimal is asked for here.", "{n} decimals are asked for here.")
    return f"{words} {note}"


def no_number(reason: str | None, say: Language) -> str:
    """The sentence about a cell without a number: the reason, if the language has it, or that nothing is there."""
    if reason is None:
        return say.text("Nothing is written here.")
    if say.code != "en" and reason not in say.sentences:
        return say.text("This could not be read as a number.")
    return say.text("This could not be read as a number: it {reason}.", reason=say.text(reason))


def on_paper(number: str | None, sign: str) -> str:
    """A number of a file as it stands in a sentence, with its decimal sign; a dash where there is none."""
    return "–" if number is None else number.replace("-", "−").replace("inf", "∞").replace(".", sign)


def _both(whats: list[str], say: Language) -> str:
    return whats[0] if len(whats) == 1 else say.text("{list} and {last}", list=whats[0], last=whats[1])


def looks_like(names: tuple[str, ...], say: Language) -> str:
    """What a mistake is and what helps; of several that fit equally well, all are named."""
    known = [[(mistakes if one in mistakes else slips)[one] for one in name.split("+")] for name in names]
    if len(names) > MOST_NAMED:
        return say.text("Several different slips come to this number; from the number alone one cannot tell which.")
    whats = [_both([say.text(one.what) for one in both], say) for both in known]
    helps = " ".join(say.text(one.helps) for both in known for one in both)
    if len(whats) == 1:
        return say.text("It looks as if {what}. {helps}", what=whats[0], helps=helps)
    *some, last = whats
    either = say.text("{one}, or {other}", one=", ".join(some), other=last)
    tied = say.text("It looks as if {either}: each of these comes to this number.", either=either)
    return f"{tied} {helps}" if len(whats) <= MOST_HELPED else tied
