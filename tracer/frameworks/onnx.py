"""The ONNX operator Attention, versions 23 and 24, as in its specification and in the reference of onnx 1.23."""

from __future__ import annotations

from tracer.frameworks import Caution, Framework, Rule, frameworks
from tracer.frameworks.rewrites import has, top_left
from tracer.frameworks.shared import DOT, ONES_ARE_SEEN, ORDER, ROUNDS, SOFTMAX, ZEROS

RULES = (
    DOT,
    Rule("Scale", "Scores are divided by √d_k, unless scale says otherwise."),
    Rule("Order", "Scores are scaled first, then capped; then bias and mask are added.", ORDER),
    Rule(
        "Causal mask",
        "With is_causal=1 a query sees as many keys before its own as past_key holds. Where all keys are handed over "
        "as K there are none: the first query sees the first key (top-left).",
        top_left,
    ),
    ONES_ARE_SEEN,
    ZEROS,
    SOFTMAX,
    Rule("Heads", "Neighbouring query heads share a key head."),
)
CAUTIONS = (
    Caution(
        "With the keys that come before the first query as past_key, and the others as K, the last query sees the last "
        "key (bottom-right).",
        lambda problem: has(problem, "mask", "causal"),
    ),
    ROUNDS,
)

frameworks.register("onnx")(Framework("Attention", "ONNX, opset 23 and 24", RULES, CAUTIONS))
