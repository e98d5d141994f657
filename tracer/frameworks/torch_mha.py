"""torch.nn.MultiheadAttention, as in its documentation, and as PyTorch 2.13 does it with need_weights=True."""

from __future__ import annotations

from tracer.frameworks import Caution, Framework, Rule, frameworks
from tracer.frameworks.rewrites import (
    always_scaled,
    has,
    nan_where_all_is_masked,
    ones_are,
    top_left,
    transposed,
    without_encoding,
)
from tracer.frameworks.shared import DOT, NO_SOFTCAP, ROUNDS, SCALE_FIRST, SOFTMAX

RULES = (
    Rule(
        "Vectors",
        "A weight matrix has a row for each output, as in nn.Linear and in in_proj_weight: words are multiplied by its "
        "transpose, x Wᵀ.",
        transposed,
    ),
    Rule("Encoding", "Queries and keys are compared as they are projected.", without_encoding),
    DOT,
    Rule("Scale", "Scores are always divided by √d_k; there is no argument for it.", always_scaled),
    NO_SOFTCAP,
    SCALE_FIRST,
    Rule(
        "Causal mask",
        "Its causal masks (is_causal=True, or torch.triu) let the first query see the first key, however many keys "
        "there are (top-left).",
        top_left,
    ),
    Rule(
        "Mask matrix",
        "In a boolean attn_mask True (1) means “must not attend”, the opposite of elsewhere.",
        ones_are("hidden"),
    ),
    Rule(
        "Fully masked row",
        "A row without any key is 0/0: its weights and outputs are nan (with need_weights=False they are 0).",
        trace=nan_where_all_is_masked,
    ),
    SOFTMAX,
)
CAUTIONS = (
    Caution(
        "is_causal=True is only a hint that attn_mask is the causal mask, which has to be given as well.",
        lambda problem: has(problem, "mask", "causal"),
    ),
    Caution(
        "It has as many key heads as query heads, and would refuse shared ones; the comparison keeps them.",
        lambda problem: problem.wiring.n_kv_heads < problem.wiring.n_heads,
    ),
    Caution(
        "The weights that it returns are the mean over all heads, unless average_attn_weights=False.",
        lambda problem: problem.wiring.n_heads > 1,
    ),
    ROUNDS,
)

frameworks.register("torch-mha")(Framework("nn.MultiheadAttention", "PyTorch 2.13", RULES, CAUTIONS))
