"""The sigmoid: each weight is found by itself, and no word competes with another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracer.expr import ONE, Add, Div, Neg, Tensor, exp
from tracer.operations import indices
from tracer.operations.normalisation import normalisations
from tracer.operations.sharing import weights
from tracer.options import NUMBER
from tracer.trace import Recorder


@normalisations.operation("sigmoid", traits=("weights stand alone",), bias=NUMBER)
def sigmoid(rec: Recorder, Z: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Turn each logit into a weight between 0 and 1 by itself; `bias` is b, added to every logit, 0 if it is not told.

    A[i, j] = 1 / (1 + exp(−(Z[i, j] + b)))        shape (n, m)

    Rows need not add up to 1; b = −ln m makes them begin near it. Source: Ramapuram et al. 2024, section 2.
    """
    logit = Z[indices(Z)]
    exponent = Neg(Add((logit, told["bias"]))) if "bias" in told else Neg(logit)
    because = "Each score is turned into a weight between 0 and 1 by itself: a score of 0 gives one half."
    if "bias" in told:
        because = "Each score gets the same bias and is turned into a weight between 0 and 1 by itself."
    return weights(rec, Z, Div(ONE, Add((ONE, exp(exponent)))), because)
