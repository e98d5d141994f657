"""The same numbers found another way, beside the pass: what some wirings have in common with others."""

from __future__ import annotations

from tracer.expr import Tensor
from tracer.operations import bilinear, linear, projection
from tracer.operations.encodings import encodings
from tracer.taken import Given, one
from tracer.trace import Recorder


def in_the_other_order(rec: Recorder, Q: Tensor, K: Tensor, V: Tensor) -> None:
    """Linear attention, where dot products of mapped queries and keys are shared out by their sum, nothing between."""
    wiring = rec.problem.wiring
    is_mapped = any(setting.use == "feature-map" for setting in wiring.encoding)
    is_linear = (wiring.similarity.use, wiring.logits, wiring.normalisation.use) == ("dot", (), "sum")
    if is_mapped and is_linear:
        linear.other_order(rec, Q, K, V)


def through_one_matrix(rec: Recorder, given: Given, X: Tensor | None, Y: Tensor | None, h: int, kv: int) -> None:
    """The bilinear view, where both weight matrices are given without biases and the score is their dot product."""
    W_Q, W_K = given.get("W_Q"), given.get("W_K")
    if W_Q is None or W_K is None or "b_Q" in given or "b_K" in given or rec.problem.wiring.similarity.use != "dot":
        return
    if any(setting.use in encodings for setting in rec.problem.wiring.encoding):
        return
    if rec.problem.past or rec.problem.wiring.prefill is not None:  # the cache has keys, and not the words behind them
        return
    if isinstance(W_Q, list) is not isinstance(W_K, list) or X is None or Y is None or h != kv:
        return
    axis = projection.projections[rec.problem.wiring.projection].inputs_axis
    W, U = (W_Q[h], W_K[kv]) if isinstance(W_Q, list) and isinstance(W_K, list) else (one(W_Q), one(W_K))
    width = W.shape[1 - axis] // (1 if isinstance(W_Q, list) else rec.problem.wiring.n_heads)
    start = 0 if isinstance(W_Q, list) else h * width
    T = bilinear.bilinear(rec, W, U, axis, range(start, start + width))
    bilinear.bilinear_scores(rec, X, T, Y)
