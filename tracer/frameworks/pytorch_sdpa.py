"""torch.nn.functional.scaled_dot_product_attention, as in its documentation, and as PyTorch 2.13 does it on a CPU."""

from __future__ import annotations

from tracer.frameworks import Caution, Framework, Rule, frameworks
from tracer.frameworks.rewrites import has, top_left
from tracer.frameworks.shared import DOT, NO_SOFTCAP, ONES_ARE_SEEN, ROUNDS, SCALE_FIRST, SOFTMAX, ZEROS
from tracer.problem import Problem

RULES = (
    DOT,
    Rule("Scale", "Scores are divided by √d_k, unless scale= says otherwise."),
    NO_SOFTCAP,
    SCALE_FIRST,
    Rule(
        "Causal mask",
        "With is_causal=True the first query sees the first key, however many keys there are (top-left).",
        top_left,
    ),
    ONES_ARE_SEEN,
    ZEROS,
    SOFTMAX,
    Rule("Heads", "With enable_gqa=True neighbouring query heads share a key head."),
)


def _has_two_masks(problem: Problem) -> bool:
    return has(problem, "mask", "causal") and (has(problem, "mask", "given") or has(problem, "bias"))


CAUTIONS = (
    Caution(
        "By its documentation attn_mask and is_causal=True must not be given together; not every kernel refuses them. "
        "Put the causal mask into the matrix: attn_mask = mask & torch.ones(n, m, dtype=torch.bool).tril().",
        _has_two_masks,
    ),
    ROUNDS,
)

frameworks.register("pytorch-sdpa")(Framework("scaled_dot_product_attention", "PyTorch 2.13", RULES, CAUTIONS))
