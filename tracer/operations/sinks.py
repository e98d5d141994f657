"""Softmaxes that may leave something over: part of the attention goes to a sink, which brings no value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracer.expr import ONE, Add, Div, Expr, Tensor, exp, position, total
from tracer.operations import indices
from tracer.operations.normalisation import normalisations
from tracer.operations.sharing import exponentials, row_sums, weights
from tracer.trace import Recorder


@normalisations.operation("softmax-off-by-one", traits=("rows leave something over",))
def off_by_one(rec: Recorder, Z: Tensor, told: Mapping[str, Any]) -> Tensor:
    """The softmax with 1 more below the line, so that a word may attend to nothing.

    A[i, j] = exp(Z[i, j]) / (1 + sum over j of exp(Z[i, j]))        shape (n, m)

    The same as a sink whose logit is 0. Source: Miller 2023, Attention is off by one.
    """
    return _with_a_sink(rec, Z, ONE)


@normalisations.operation("softmax-sink", needs=("sinks",), traits=("rows leave something over",))
def sink(rec: Recorder, Z: Tensor, told: Mapping[str, Any]) -> Tensor:
    """The softmax with a learned logit beside the words', one for each head: the sink takes weight and has no value.

    A[i, j] = exp(Z[i, j]) / (exp(s[h]) + sum over j of exp(Z[i, j]))        shape (n, m); s [n_heads] is given, `sinks`

    Source: OpenAI 2025, gpt-oss model card, on its attention; Xiao et al. 2024, StreamingLLM, section 3.3.
    """
    return _with_a_sink(rec, Z, exp(told["sinks"][position(told["head"] - 1)]))


def _with_a_sink(rec: Recorder, Z: Tensor, taken: Expr) -> Tensor:
    """`taken` is what the sink has in place of an exponential: in each row the same."""
    i, j = indices(Z)
    E = exponentials(rec, Z, exp(Z[i, j]))
    D = row_sums(rec, Z, Add((taken, total(Z.axes[1], E[i, j]))))
    rec.step(
        "rest",
        Z.axes[:1],
        Div(taken, D[i]),
        "What is left over",
        "This part of the attention goes to no word: it is much where no word has a high score.",
    )
    because = "The sum holds more than the words brought, so a word need not give all of its attention away."
    return weights(rec, Z, Div(E[i, j], D[i]), because)
