"""Does a masked key stay masked? Behind a mask a logit step must leave −∞ as it is: e^(−∞) is 0, e^(−4) is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tracer.arithmetic import Undecided, Undefined, Unknown, ball, exact
from tracer.errors import ProblemError
from tracer.evaluate import Key, Table, substitute, value
from tracer.expr import MINUS_INFINITY, Axis, Expr, Index, IsNot, Tensor
from tracer.notation.plain import plain
from tracer.operations.scaling import logit_steps
from tracer.problem import Problem, Setting, Values
from tracer.show import show
from tracer.trace import Given, Recorder

GIVEN = "scores of −inf"
AGAINST = {GIVEN: f"give a mask matrix instead of {GIVEN}"}
FIRST = {"i": 0, "j": 0}  # a place like any other: what is done to −∞ does not hang on where it stands


@dataclass(frozen=True, slots=True)
class Hidden:
    """The scores when every key is masked."""

    shape: tuple[int, int]

    def entry(self, at: tuple[int, ...]) -> Expr:  # noqa: ARG002
        """−∞, everywhere."""
        return MINUS_INFINITY

    def count(self, number: Expr) -> int:
        """How many entries are this number: all, or none."""
        return self.shape[0] * self.shape[1] if number == MINUS_INFINITY else 0


def check_hidden(problem: Problem) -> None:
    """No logit step behind a mask makes a score of −∞ anything else. Raises `ProblemError` with what comes of it.

    The step's own formula says so: it is worked for a score of −∞, before anything is recorded.
    """
    if "A" in problem.given:
        return
    axes = Axis("i", len(problem.tokens), "query"), Axis("j", len(problem.key_tokens), "key")
    S, behind = Tensor("scores", "S", axes), ""
    if any(one.count(MINUS_INFINITY) for one in problem.of("S")):
        S, behind = replace(S, allowed=IsNot(S[Index("i"), Index("j")], MINUS_INFINITY)), GIVEN
    for n, setting in enumerate(problem.wiring.logits, 1):
        rec = Recorder(problem)
        Z = logit_steps[setting.use].run(rec, S, _told(rec, setting))
        if behind and setting.use != "mask" and (what := _leaks(rec, S)):
            advice = AGAINST.get(behind, f"put {setting.use} before {behind}")
            raise ProblemError(
                f"[pass] logits {n}, {setting.use}, meets scores that are masked already: of −∞ it makes {what}, so a "
                f"hidden key could weigh something again; {advice}"
            )
        if not behind and Z.allowed:
            behind = setting.use
            S = replace(S, allowed=Z.allowed)


def _told(rec: Recorder, setting: Setting) -> Mapping[str, Any]:
    """What the step is told in the first head, as far as it matters here."""
    given = {name: _tensor(rec, name, values) for name, values in rec.problem.given.items() if name != "ids"}
    told = {**given, "head": 1, "n_heads": rec.problem.wiring.n_heads, "d_k": 1, **setting.told}
    return {**told, "together": [told]}


def _tensor(rec: Recorder, name: str, values: Any) -> Tensor:
    one: Values = values[0] if isinstance(values, tuple) else values
    axes = tuple(Axis(letter, size) for letter, size in zip("ij", one.shape, strict=False))
    return rec.given(name, name, axes, one)


def _leaks(rec: Recorder, S: Tensor) -> str:
    """What the recorded step makes of −∞, where that is not −∞."""
    step = rec.steps[-1]
    given = {one.tensor.id: one for one in (*rec.given_, Given(S, Hidden((1, 1))))}
    table = Table(given, ball.Ball())
    formula = show(substitute(step.formula, FIRST, table, lambda key: _put(given, key)), plain)
    try:
        found = ball.decided(lambda bits: ball.infinite(value(step.formula, FIRST, Table(given, ball.Ball()))))
    except Unknown:
        return f"{formula}, and nobody knows with which sign"
    except (Undefined, Undecided) as reason:
        return f"{formula}: {reason}"
    if found == -1:
        return ""
    return f"{formula} = {show(exact.tree(value(step.formula, FIRST, Table(given, exact.Exact()))), plain)}"


def _put(given: Mapping[str, Given], key: Key) -> Expr:
    return given[key[0]].entry(key[1])
