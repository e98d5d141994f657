"""The soft cap: large scores are pressed together before anybody compares them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracer.expr import Call, Div, Mul, Tensor
from tracer.operations import indices, logit_symbol
from tracer.operations.scaling import logit_steps
from tracer.options import POSITIVE, required
from tracer.trace import Recorder


@logit_steps.operation("softcap", cap=required(POSITIVE))
def softcap(rec: Recorder, S: Tensor, told: Mapping[str, Any]) -> Tensor:
    """Keep every score between −c and c, small ones nearly as they are; `cap` is c.

    Z[i, j] = c · tanh(S[i, j] / c)        shape (n, m)

    Not behind a mask: c · tanh(−∞) is −c, and a hidden key would be seen again (`hidden.py` refuses that). Source: the
    ONNX operator Attention, attribute softcap; Gemma 2 (Gemma Team 2024), section 2, with c = 50.
    """
    cap = told["cap"]
    return rec.step(
        "capped",
        S.axes,
        Mul((cap, Call("tanh", Div(S[indices(S)], cap)))),
        "Capped scores",
        "Small scores stay nearly as they are, and none gets beyond the cap: so no single word outshines all others.",
        symbol=logit_symbol(S),
    )
