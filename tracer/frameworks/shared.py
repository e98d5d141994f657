"""Rules that several frameworks have."""

from __future__ import annotations

from tracer.frameworks import Caution, Rule
from tracer.frameworks.rewrites import by_dot, by_softmax, in_order, ones_are, without

DOT = Rule("Similarity", "Scores are dot products of queries and keys; it knows no others.", by_dot)
NO_SOFTCAP = Rule("Softcap", "It has no softcap: scores go on as they are.", without("softcap"))
ORDER = in_order("scale", "softcap", "bias", "mask")
SCALE_FIRST = Rule("Order", "Scores are scaled first; then bias and mask are added.", ORDER)
ONES_ARE_SEEN = Rule("Mask matrix", "In a boolean attn_mask True (1) means “may attend”.", ones_are("seen"))
ZEROS = Rule("Fully masked row", "A row without any key has weights and outputs 0.")
SOFTMAX = Rule("Normalisation", "Weights are a softmax along each row; it knows no other.", by_softmax)

ROUNDS = Caution(
    "It rounds, in the number format of its inputs. Here its rules are applied to exact numbers; --form numerics shows "
    "what rounding does.",
    lambda problem: True,
)
