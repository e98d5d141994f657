"""The operation table: every operation on one tiny example, in every view. Each row can be checked with a pencil.

Formula, numbers put in, exact value, four decimals, and what comes out by hand with two decimals at each step.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import pytest

import tracer
from tracer import numbers
from tracer.arithmetic import Undefined, ball, cas, floating
from tracer.arithmetic.ball import Ball, precision, rounded
from tracer.arithmetic.exact import Exact, tree
from tracer.arithmetic.interval import Interval, between
from tracer.evaluate import Table, value
from tracer.expr import INFINITY, MINUS_INFINITY, Call, Expr
from tracer.notation import numpy_code
from tracer.notation.plain import plain
from tracer.operations.encodings import encodings, word_encodings
from tracer.operations.feature_map import feature_maps
from tracer.operations.masks import mask_rules
from tracer.operations.normalisation import normalisations
from tracer.operations.projection import projections
from tracer.operations.scaling import logit_steps
from tracer.operations.similarity import similarities
from tracer.problem_file import from_dict
from tracer.show import show

PASSES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "X W and a bias": ({"X": [[1, 2]], "W_Q": [[3, 0], ["1/2", 1]], "b_Q": [10, 20]}, {}),
    "X W^T": ({"X": [[1, 2]], "W_Q": [[3, 0], ["1/2", 1]], "W_K": [[1, 0], [0, 1]]}, {"projection": "X W^T"}),
    "W x": ({"X": [[1, 2]], "W_Q": [[3, 0], ["1/2", 1]], "W_K": [[1, 0], [0, 1]]}, {"projection": "W x"}),
    "sinusoidal": ({"X": [[1, 2], [3, 4]]}, {"encoding": [{"use": "sinusoidal"}]}),
    "rotary": (
        {"Q": [[0, 0], [1, 2]], "K": [[3, 0], [4, 1]]},
        {"encoding": [{"use": "rotary", "angles": ["π/3"]}]},
    ),
    "rotary, of a base": (
        {"Q": [[1, 0, 0, 2], [0, 3, 0, 1]], "K": [[1, 0, 0, 0]]},
        {"encoding": [{"use": "rotary", "pairing": "adjacent"}]},
    ),
    "rms-norm": ({"Q": [[1, 7]], "K": [[2, 1]], "g_K": [2, 1]}, {"encoding": [{"use": "rms-norm"}]}),
    "l2-norm": ({"Q": [[3, 4]], "K": [[1, 1]]}, {"encoding": [{"use": "l2-norm"}]}),
    "dot": ({"Q": [[2, -1]], "K": [[1, 4], [3, "√2"]]}, {}),
    "cosine": ({"Q": [[1, 4]], "K": [[0, 3], [1, 4]]}, {"similarity": "cosine"}),
    "bilinear": ({"X": [[1, 2], [0, 1]], "W_Q": [[1], [2]], "W_K": [[3], [-1]]}, {}),
    "scale by a number": ({"S": [[6, 3]]}, {"logits": [{"use": "scale", "by": "√2"}]}),
    "softcap": ({"S": [[2, 0, -2, "ln 3"]]}, {"logits": [{"use": "softcap", "cap": 2}]}),
    "additive": (
        {"Q": [[1, 2]], "K": [[3]], "W_1": [[1], [-1]], "W_2": [[1]], "v": [2]},
        {"similarity": "additive", "logits": []},
    ),
    "distance": (
        {"Q": [[1, 4]], "K": [[1, 4], [3, "√2"]]},
        {"similarity": "negative-squared-distance", "logits": []},
    ),
    "general": (
        {"Q": [[1, 2]], "K": [[3, 1, 0]], "W_S": [[1, 0, 2], [0, -1, 1]]},
        {"similarity": "bilinear", "logits": []},
    ),
    "temperature": ({"S": [[6, 3]]}, {"logits": [{"use": "temperature", "by": "1/2"}]}),
    "alibi": ({"S": [[1, 3], [1, 3]]}, {"logits": [{"use": "alibi", "slopes": ["1/4"]}]}),
    "relative": ({"S": [[1, 2]], "relative": [5, "1/2"]}, {"logits": [{"use": "relative"}]}),
    "causal mask": ({"S": [[1, 2], [3, 4]]}, {"logits": [{"use": "mask", "rule": "causal"}]}),
    "window": ({"S": [[1, 2, 3]] * 3}, {"logits": [{"use": "mask", "rule": "window", "left": 1, "right": 0}]}),
    "padding": ({"S": [[1, 2, 3]]}, {"logits": [{"use": "mask", "rule": "padding", "length": 2}]}),
    "hidden ones": ({"S": [[1, 2]], "mask": [[1, 0]]}, {"logits": [{"use": "mask", "ones": "hidden"}]}),
    "bias": ({"S": [[1, 2]], "bias": [["1/2", "-inf"]]}, {"logits": [{"use": "bias"}]}),
    "given mask": ({"S": [[1, 2]], "mask": [[1, 0]]}, {"logits": [{"use": "mask"}]}),
    "softmax": ({"S": [[1, 0]], "V": [[2, 0], [0, 4]]}, {"logits": []}),
    "softmax-shifted": ({"S": [[3, 1]]}, {"logits": [], "normalisation": "softmax-shifted"}),
    "softmax-online": (
        {"S": [[0, "ln 2", "ln 4"]]},
        {"logits": [], "normalisation": {"use": "softmax-online", "block": 2}},
    ),
    "sum": ({"S": [[1, "√2/2"], [1, -1]]}, {"logits": [], "normalisation": "sum"}),
    "softmax-off-by-one": ({"S": [["ln 2", 0]]}, {"logits": [], "normalisation": "softmax-off-by-one"}),
    "softmax-sink": ({"S": [["ln 2", 0]], "sinks": ["ln 4"]}, {"logits": [], "normalisation": "softmax-sink"}),
    "sigmoid": ({"S": [["ln 3", 1]]}, {"logits": [], "normalisation": "sigmoid"}),
    "sigmoid and a bias": (
        {"S": [["ln 3"]]},
        {"logits": [], "normalisation": {"use": "sigmoid", "bias": "-ln 3"}},
    ),
    "softmax-base-2": ({"S": [[2, -1]]}, {"logits": [], "normalisation": "softmax-base-2"}),
    "softmax-temperature": (
        {"S": [[2, 1]]},
        {"logits": [], "normalisation": {"use": "softmax-temperature", "temperature": 2}},
    ),
    "sparsemax": ({"S": [[0, 2, "3/2"]]}, {"logits": [], "normalisation": "sparsemax"}),
    "feature-map elu": (
        {"Q": [[1, "-ln 2"]], "K": [[0, 1]], "V": [[6]]},
        {"encoding": [{"use": "feature-map"}], "logits": [], "normalisation": "sum"},
    ),
    "feature-map relu": ({"Q": [[1, -2]], "K": [[0, 1]]}, {"encoding": [{"use": "feature-map", "map": "relu"}]}),
    "feature-map exp": ({"Q": [[1, -2]], "K": [[0, 1]]}, {"encoding": [{"use": "feature-map", "map": "exp"}]}),
    "two heads": ({"A": [["1/2", "1/2"]], "V": [[1, 2], [3, 4]], "W_O": [[1], [1]]}, {"n_heads": 2}),
    "lookup": ({"embedding": [[1, 2], [3, 4]], "ids": [2, 1]}, {}),
    "the words themselves": ({"X": [["1/2", 2]]}, {}),
    "causal mask, top left": (
        {"S": [[1, 2, 3], [1, 2, 3]]},
        {"logits": [{"use": "mask", "rule": "causal", "align": "top-left"}]},
    ),
}
ROWS: list[tuple[str, str, str, str, str | None, str | None, str | None]] = [
    ("softmax-online", "block2.correction[1]", "e^(m[1][1] − m[2][1])", "e^(ln(2) − ln(4))", "1/2", "0.5000", "0.50"),
    (
        "softmax-online",
        "block2.row_sums[1]",
        "D[1][1]·γ[2][1] + Σ_j E[2][1, j]",
        "3/2·1/2 + 1",
        "7/4",
        "1.7500",
        "1.75",
    ),
    (
        "X W and a bias",
        "query[1,1]",
        "(Σ_a X[1, a]·W_Q[a, 1]) + b_Q[1]",
        "(1·3 + 2·1/2) + 10",
        "14",
        "14.0000",
        "14.00",
    ),
    ("X W^T", "query[1,2]", "Σ_a X[1, a]·W_Q[2, a]", "1·1/2 + 2·1", "5/2", "2.5000", "2.50"),
    ("W x", "query[1,2]", "Σ_a W_Q[2, a]·X[1, a]", "1/2·1 + 1·2", "5/2", "2.5000", "2.50"),
    (
        "sinusoidal",
        "positions[2,1]",
        "sin(1/10000^(2·0/d_model))",
        "sin(1/10000^(2·0/2))",
        "sin(1)",
        "0.8415",
        "0.84",
    ),
    ("sinusoidal", "encoded[2,2]", "X[2, 2] + PE[2, 2]", "4 + cos(1)", "4 + cos(1)", "4.5403", "4.54"),
    ("rotary", "query_angles[2,1]", "1·π/3", "1·π/3", "π/3", "1.0472", "1.05"),
    (
        "rotary",
        "rotated_query[2,1]",
        "Q[2, 1]·cos(φ[2, 1]) − Q[2, 2]·sin(φ[2, 1])",
        "1·cos(π/3) − 2·sin(π/3)",
        "1/2 − √3",
        "-1.2321",
        "-1.24",
    ),
    (
        "rotary",
        "rotated_key[2,2]",
        "K[2, 1]·sin(ψ[2, 1]) + K[2, 2]·cos(ψ[2, 1])",
        "4·sin(π/3) + 1·cos(π/3)",
        "1/2 + 2·√3",
        "3.9641",
        "3.97",
    ),
    ("rotary, of a base", "query_angles[2,2]", "1/10000^(2·1/d_k)", "1/10000^(2·1/4)", "1/100", "0.0100", "0.01"),
    (
        "rotary, of a base",
        "rotated_query[2,2]",
        "Q[2, 1]·sin(φ[2, 1]) + Q[2, 2]·cos(φ[2, 1])",
        "0·sin(1) + 3·cos(1)",
        "3·cos(1)",
        "1.6209",
        "1.62",
    ),
    ("rms-norm", "query_sizes[1]", "√((Σ_c Q[1, c]^2)/d_k)", "√((1^2 + 7^2)/2)", "5", "5.0000", "5.00"),
    ("rms-norm", "normed_query[1,2]", "Q[1, 2]/ρ[1]", "7/5", "7/5", "1.4000", "1.40"),
    ("rms-norm", "normed_key[1,1]", "K[1, 1]/σ[1]·g_K[1]", "2/(√10/2)·2", "4·√10/5", "2.5298", "2.53"),
    ("l2-norm", "key_sizes[1]", "√(Σ_c K[1, c]^2)", "√(1^2 + 1^2)", "√2", "1.4142", "1.41"),
    ("l2-norm", "normed_key[1,1]", "K[1, 1]/σ[1]", "1/√2", "√2/2", "0.7071", "0.71"),
    ("dot", "scores[1,1]", "Σ_c Q[1, c]·K[1, c]", "2·1 + (−1)·4", "−2", "-2.0000", "-2.00"),
    ("dot", "scores[1,2]", "Σ_c Q[1, c]·K[2, c]", "2·3 + (−1)·√2", "6 − √2", "4.5858", "4.59"),
    ("dot", "query_norms[1]", "√(Σ_c Q[1, c]^2)", "√(2^2 + (−1)^2)", "√5", "2.2361", "2.24"),
    ("dot", "key_norms[2]", "√(Σ_c K[2, c]^2)", "√(3^2 + √2^2)", "√11", "3.3166", "3.32"),
    ("dot", "scaled[1,1]", "S[1, 1]/√d_k", "−2/√2", "−√2", "-1.4142", "-1.41"),
    (
        "cosine",
        "cosines[1,1]",
        "(Σ_c Q[1, c]·K[1, c])/(‖q[1]‖·‖k[1]‖)",
        "(1·0 + 4·3)/(√17·3)",
        "4/√17",
        "0.9701",
        "0.97",
    ),
    (
        "cosine",
        "angles[1,1]",
        "180/π·arccos(cos θ[1, 1])",
        "180/π·arccos(4/√17)",
        "180·arccos(4/√17)/π",
        "14.0362",
        "14.07",
    ),
    ("cosine", "cosines[1,2]", "(Σ_c Q[1, c]·K[2, c])/(‖q[1]‖·‖k[2]‖)", "(1·1 + 4·4)/(√17·√17)", "1", "1.0000", "1.00"),
    ("cosine", "angles[1,2]", "180/π·arccos(cos θ[1, 2])", "180/π·arccos(1)", "0", "0.0000", "0.00"),
    ("cosine", "scores[1,1]", "cos θ[1, 1]", "4/√17", "4/√17", "0.9701", "0.97"),
    ("bilinear", "bilinear[1,2]", "Σ_c W_Q[1, c]·W_K[2, c]", "1·(−1)", "−1", "-1.0000", "-1.00"),
    (
        "bilinear",
        "bilinear_scores[1,2]",
        "Σ_a (Σ_b X[1, a]·T[a, b]·X[2, b])",
        "(1·3·0 + 1·(−1)·1) + (2·6·0 + 2·(−2)·1)",
        "−5",
        "-5.0000",
        "-5.00",
    ),
    ("bilinear", "scores[1,2]", "Σ_c Q[1, c]·K[2, c]", "5·(−1)", "−5", "-5.0000", "-5.00"),
    ("scale by a number", "scaled[1,1]", "S[1, 1]/√2", "6/√2", "3·√2", "4.2426", "4.24"),
    ("softcap", "capped[1,1]", "2·tanh(S[1, 1]/2)", "2·tanh(2/2)", "2·tanh(1)", "1.5232", "1.52"),
    ("softcap", "capped[1,2]", "2·tanh(S[1, 2]/2)", "2·tanh(0/2)", "0", "0.0000", "0.00"),
    ("softcap", "capped[1,3]", "2·tanh(S[1, 3]/2)", "2·tanh(−2/2)", "−2·tanh(1)", "-1.5232", "-1.52"),
    ("softcap", "capped[1,4]", "2·tanh(S[1, 4]/2)", "2·tanh(ln(3)/2)", "1", "1.0000", "1.00"),
    ("softcap", "exponentials[1,4]", "e^Z[1, 4]", "e^1", "e", "2.7183", "2.72"),
    ("additive", "query_features[1,1]", "Σ_a Q[1, a]·W_1[a, 1]", "1·1 + 2·(−1)", "−1", "-1.0000", "-1.00"),
    ("additive", "row1.activations[1,1]", "tanh(F[1, 1] + G[1, 1])", "tanh(−1 + 3)", "tanh(2)", "0.9640", "0.96"),
    ("additive", "scores[1,1]", "Σ_c v[c]·tanh(F[1, c] + G[1, c])", "2·tanh(−1 + 3)", "2·tanh(2)", "1.9281", "1.93"),
    ("distance", "row1.differences[2,1]", "Q[1, 1] − K[2, 1]", "1 − 3", "−2", "-2.0000", "-2.00"),
    ("distance", "scores[1,1]", "−(Σ_c (Q[1, c] − K[1, c])^2)", "−((1 − 1)^2 + (4 − 4)^2)", "0", "0.0000", "0.00"),
    (
        "distance",
        "scores[1,2]",
        "−(Σ_c (Q[1, c] − K[2, c])^2)",
        "−((1 − 3)^2 + (4 − √2)^2)",
        "8·√2 − 22",
        "-10.6863",
        "-10.69",
    ),
    (
        "distance",
        "expanded_scores[1,2]",
        "−‖q[1]‖^2 + 2·(Σ_c Q[1, c]·K[2, c]) − ‖k[2]‖^2",
        "−√17^2 + 2·(1·3 + 4·√2) − √11^2",
        "8·√2 − 22",
        "-10.6863",
        "-10.68",
    ),
    ("general", "carried_query[1,3]", "Σ_a Q[1, a]·W_S[a, 3]", "1·2 + 2·1", "4", "4.0000", "4.00"),
    ("general", "scores[1,1]", "Σ_b U[1, b]·K[1, b]", "1·3 + (−2)·1 + 4·0", "1", "1.0000", "1.00"),
    ("temperature", "tempered[1,1]", "S[1, 1]/(1/2)", "6/(1/2)", "12", "12.0000", "12.00"),
    ("alibi", "alibi[2,1]", "S[2, 1] − 1/4·|2 − 1|", "1 − 1/4·|2 − 1|", "3/4", "0.7500", "0.75"),
    ("alibi", "alibi[1,2]", "S[1, 2] − 1/4·|1 − 2|", "3 − 1/4·|1 − 2|", "11/4", "2.7500", "2.75"),
    ("relative", "relative_scores[1,2]", "S[1, 2] + r[2]", "2 + 1/2", "5/2", "2.5000", "2.50"),
    ("causal mask", "masked[1,1]", "S[1, 1]", "1", "1", "1.0000", "1.00"),
    ("causal mask", "masked[1,2]", "−∞", "−∞", "−∞", None, None),
    ("causal mask", "exponentials[1,2]", "e^Z[1, 2]", "e^(−∞)", "0", "0.0000", "0.00"),
    ("causal mask", "weights[1,2]", "0", "0", "0", "0.0000", "0.00"),
    ("causal mask", "weights[1,1]", "E[1, 1]/D[1]", "e/e", "1", "1.0000", "1.00"),
    ("window", "masked[3,1]", "−∞", "−∞", "−∞", None, None),
    ("window", "masked[3,2]", "S[3, 2]", "2", "2", "2.0000", "2.00"),
    ("window", "masked[2,3]", "−∞", "−∞", "−∞", None, None),
    ("padding", "masked[1,2]", "S[1, 2]", "2", "2", "2.0000", "2.00"),
    ("padding", "weights[1,3]", "0", "0", "0", "0.0000", "0.00"),
    ("hidden ones", "masked[1,1]", "−∞", "−∞", "−∞", None, None),
    ("hidden ones", "weights[1,2]", "E[1, 2]/D[1]", "e^2/e^2", "1", "1.0000", "1.00"),
    ("bias", "biased[1,1]", "S[1, 1] + B[1, 1]", "1 + 1/2", "3/2", "1.5000", "1.50"),
    ("bias", "biased[1,2]", "−∞", "−∞", "−∞", None, None),
    ("bias", "weights[1,2]", "0", "0", "0", "0.0000", "0.00"),
    ("given mask", "masked[1,1]", "S[1, 1]", "1", "1", "1.0000", "1.00"),
    ("given mask", "masked[1,2]", "−∞", "−∞", "−∞", None, None),
    ("softmax", "exponentials[1,1]", "e^S[1, 1]", "e^1", "e", "2.7183", "2.72"),
    ("softmax", "row_sums[1]", "Σ_j E[1, j]", "e + 1", "1 + e", "3.7183", "3.72"),
    ("softmax", "weights[1,1]", "E[1, 1]/D[1]", "e/(1 + e)", "e/(1 + e)", "0.7311", "0.73"),
    ("softmax", "weights[1,2]", "E[1, 2]/D[1]", "1/(1 + e)", "1/(1 + e)", "0.2689", "0.27"),
    ("softmax", "row1.contributions[2,2]", "A[1, 2]·V[2, 2]", "1/(1 + e)·4", "4/(1 + e)", "1.0758", "1.08"),
    ("softmax", "outputs[1,1]", "Σ_j A[1, j]·V[j, 1]", "e/(1 + e)·2 + 1/(1 + e)·0", "2·e/(1 + e)", "1.4621", "1.46"),
    ("softmax-shifted", "maxima[1]", "max_j S[1, j]", "max(3, 1)", "3", "3.0000", "3.00"),
    ("softmax-shifted", "exponentials[1,2]", "e^(S[1, 2] − m[1])", "e^(1 − 3)", "e^(−2)", "0.1353", "0.14"),
    ("softmax-shifted", "weights[1,2]", "E[1, 2]/D[1]", "e^(−2)/(1 + e^(−2))", "e^(−2)/(1 + e^(−2))", "0.1192", "0.12"),
    ("sum", "row_sums[1]", "Σ_j S[1, j]", "1 + √2/2", "1 + √2/2", "1.7071", "1.71"),
    ("sum", "weights[1,1]", "S[1, 1]/D[1]", "1/(1 + √2/2)", "1/(1 + √2/2)", "0.5858", "0.58"),
    ("sum", "weights[2,1]", "S[2, 1]/D[2]", "1/0", None, None, None),
    ("softmax-off-by-one", "row_sums[1]", "1 + Σ_j E[1, j]", "1 + (2 + 1)", "4", "4.0000", "4.00"),
    ("softmax-off-by-one", "rest[1]", "1/D[1]", "1/4", "1/4", "0.2500", "0.25"),
    ("softmax-off-by-one", "weights[1,1]", "E[1, 1]/D[1]", "2/4", "1/2", "0.5000", "0.50"),
    ("softmax-sink", "row_sums[1]", "e^s[1] + Σ_j E[1, j]", "e^ln(4) + (2 + 1)", "7", "7.0000", "7.00"),
    ("softmax-sink", "rest[1]", "e^s[1]/D[1]", "e^ln(4)/7", "4/7", "0.5714", "0.57"),
    ("softmax-sink", "weights[1,2]", "E[1, 2]/D[1]", "1/7", "1/7", "0.1429", "0.14"),
    ("sigmoid", "weights[1,1]", "1/(1 + e^(−S[1, 1]))", "1/(1 + e^(−ln(3)))", "3/4", "0.7500", "0.75"),
    ("sigmoid", "weights[1,2]", "1/(1 + e^(−S[1, 2]))", "1/(1 + e^(−1))", "1/(1 + e^(−1))", "0.7311", "0.73"),
    (
        "sigmoid and a bias",
        "weights[1,1]",
        "1/(1 + e^(−(S[1, 1] − ln(3))))",
        "1/(1 + e^(−(ln(3) − ln(3))))",
        "1/2",
        "0.5000",
        "0.50",
    ),
    ("softmax-base-2", "exponentials[1,2]", "2^S[1, 2]", "2^(−1)", "1/2", "0.5000", "0.50"),
    ("softmax-base-2", "weights[1,1]", "E[1, 1]/D[1]", "4/(9/2)", "8/9", "0.8889", "0.89"),
    ("softmax-temperature", "exponentials[1,2]", "e^(S[1, 2]/T)", "e^(1/2)", "e^(1/2)", "1.6487", "1.65"),
    ("sparsemax", "ranked[1,2]", "S[1, (2)]", "max_(2)(0, 2, 3/2)", "3/2", "1.5000", "1.50"),
    ("sparsemax", "candidates[1,2]", "((Σ_(r ≤ 2) R[1, r]) − 1)/2", "((2 + 3/2) − 1)/2", "5/4", "1.2500", "1.25"),
    ("sparsemax", "threshold[1]", "max_k t[1, k]", "max(1, 5/4, 5/6)", "5/4", "1.2500", "1.25"),
    ("sparsemax", "weights[1,1]", "max(S[1, 1] − τ[1], 0)", "max(0 − 5/4, 0)", "0", "0.0000", "0.00"),
    ("sparsemax", "weights[1,2]", "max(S[1, 2] − τ[1], 0)", "max(2 − 5/4, 0)", "3/4", "0.7500", "0.75"),
    (
        "feature-map elu",
        "mapped_query[1,2]",
        "max(Q[1, 2], 0) + e^(−max(−Q[1, 2], 0))",
        "max(−ln(2), 0) + e^(−max(−(−ln(2)), 0))",
        "1/2",
        "0.5000",
        "0.50",
    ),
    ("feature-map elu", "key_values[2,1]", "Σ_j K′[j, 2]·V[j, 1]", "2·6", "12", "12.0000", "12.00"),
    ("feature-map elu", "key_sums[2]", "Σ_j K′[j, 2]", "2", "2", "2.0000", "2.00"),
    (
        "feature-map elu",
        "linear_outputs[1,1]",
        "(Σ_a Q′[1, a]·G[a, 1])/(Σ_a Q′[1, a]·g[a])",
        "(2·6 + 1/2·12)/(2·1 + 1/2·2)",
        "6",
        "6.0000",
        "6.00",
    ),
    ("feature-map relu", "mapped_query[1,2]", "max(Q[1, 2], 0)", "max(−2, 0)", "0", "0.0000", "0.00"),
    ("feature-map exp", "mapped_key[1,2]", "e^K[1, 2]", "e^1", "e", "2.7183", "2.72"),
    ("two heads", "head2.value[1,1]", "V[1, 2]", "2", "2", "2.0000", "2.00"),
    ("two heads", "head2.outputs[1,1]", "Σ_j A[1, j]·V(2)[j, 1]", "1/2·2 + 1/2·4", "3", "3.0000", "3.00"),
    ("two heads", "joined[1,2]", "O(2)[1, 1]", "3", "3", "3.0000", "3.00"),
    ("two heads", "projected[1,1]", "Σ_a J[1, a]·W_O[a, 1]", "2·1 + 3·1", "5", "5.0000", "5.00"),
    ("lookup", "embedding[1,2]", "Σ_v H[1, v]·Emb[v, 2]", "0·2 + 1·4", "4", "4.0000", "4.00"),
    ("the words themselves", "query[1,1]", "X[1, 1]", "1/2", "1/2", "0.5000", "0.50"),
    ("the words themselves", "value[1,2]", "X[1, 2]", "2", "2", "2.0000", "2.00"),
    ("causal mask, top left", "masked[1,2]", "−∞", "−∞", "−∞", None, None),
    ("causal mask, top left", "masked[2,2]", "S[2, 2]", "2", "2", "2.0000", "2.00"),
]


def cell(name: str, place: str) -> Any:
    """One number of a pass in the table."""
    given, wiring = PASSES[name]
    trace = tracer.solve(from_dict({"given": given, "pass": wiring, "paper": {"places": 2}}))
    step, at = re.fullmatch(r"(.*)\[(.*)\]", place).groups()
    return trace[step][tuple(int(n) - 1 for n in at.split(","))]


def text(expr: Expr | None) -> str | None:
    """A formula on one line."""
    return None if expr is None else show(expr, plain)


@pytest.mark.parametrize(("name", "place", "formula", "numbers", "exact", "decimal", "hand"), ROWS)
def test_an_operation_in_every_view(
    name: str, place: str, formula: str, numbers: str, exact: str | None, decimal: str | None, hand: str | None
) -> None:
    """One row of the operation table."""
    found = cell(name, place)
    views = (text(found.formula), text(found.substitution), text(found.exact), found.decimal(4), found.by_hand)
    assert views == (formula, numbers, exact, decimal, hand)


def test_every_operation_has_its_row() -> None:
    """No operation is registered without a row in the table."""
    used = {name for name, *_ in ROWS}
    assert used == set(PASSES)
    wirings = [wiring for _, wiring in PASSES.values()]
    logits = [step for wiring in wirings for step in wiring.get("logits", [{"use": "scale"}])]
    assert set(projections) == {wiring.get("projection", "X W") for wiring in wirings}
    assert set(similarities) == {wiring.get("similarity", "dot") for wiring in wirings}
    chosen = [wiring.get("normalisation", "softmax") for wiring in wirings]
    assert set(normalisations) == {one if isinstance(one, str) else one["use"] for one in chosen}
    maps = [one.get("map", "elu") for wiring in wirings for one in wiring.get("encoding", [])]
    assert set(feature_maps) == set(maps)
    assert set(logit_steps) == {step["use"] for step in logits}
    assert {*word_encodings, *encodings} == {one["use"] for wiring in wirings for one in wiring.get("encoding", [])}
    assert set(mask_rules) == {step.get("rule", "given") for step in logits if step["use"] == "mask"}


def test_nothing_is_divided_by_zero() -> None:
    """1 and −1 add up to 0, so their shares do not exist; the reason is said where it begins."""
    found = cell("sum", "weights[2,1]")
    assert isinstance(found.undefined, Undefined)
    assert found.undefined.reason == "nothing can be divided by zero"
    assert found.float is None


@pytest.mark.parametrize(
    ("value", "places", "result", "is_equal"),
    [
        ("1/8", 2, "13/100", False),  # a tie goes away from zero
        ("-1/8", 2, "-13/100", False),
        ("1/2", 0, "1", False),
        ("-1/2", 0, "-1", False),
        ("1/4", 2, "1/4", True),
        ("1/3", 3, "333/1000", False),
        ("2/3", 3, "667/1000", False),
        ("0", 0, "0", True),
        ("149/100", 0, "1", False),
        ("12345", -2, "12300", False),
        ("12350", -2, "12400", False),
    ],
)
def test_half_goes_away_from_zero(value: str, places: int, result: str, is_equal: bool) -> None:
    """A number is rounded once, a tie away from zero, and = is kept for equal numbers."""
    with precision(128):
        assert rounded(Ball().number(Fraction(value)), places) == (Fraction(result), is_equal)


TIES: list[tuple[str, int, str, bool]] = [
    ("(√2-1)·(√2+1)/2", 0, "1", False),  # exactly 1/2, and no enclosure can tell
    ("(√2-1)·(√2+1)/8", 2, "0.13", False),
    ("(√5+1)·(√5-1)/4", 2, "1.00", True),
    ("e^(ln 2)/4", 1, "0.5", True),
    ("1e-30", 4, "0.0000", False),
    ("1 + 1e-60", 4, "1.0000", False),
    ("0.5 - 1e-60", 0, "0", False),
    ("0.5 + 1e-60", 0, "1", False),
]


@pytest.mark.parametrize(("written", "places", "decimal", "is_equal"), TIES)
def test_hidden_ties_are_settled(written: str, places: int, decimal: str, is_equal: bool) -> None:
    """A value that is secretly a decimal, or a hair away from a tie, is rounded as it should be."""
    trace = tracer.solve(from_dict({"given": {"S": [[written]]}, "pass": {"logits": [{"use": "scale", "by": 1}]}}))
    number = trace["scaled"][0, 0]
    assert (number.decimal(places), number.rounded(places).is_equal) == (decimal, is_equal)


LARGE: list[tuple[str, str]] = [  # a score, and e to its power with three digits
    ("700", "1.0142·10^304"),
    ("-700", "9.8597·10^(−305)"),
    ("10000", "8.8068·10^4342"),
    ("-10000", "1.1355·10^(−4343)"),
    ("1000000", "3.0332·10^434294"),
]


@pytest.mark.parametrize(("score", "printed"), LARGE)
def test_large_scores_are_printed_with_a_power_of_ten(score: str, printed: str) -> None:
    """An exponential may overflow a float; its digits are still certain, and the weight of the only key is 1."""
    trace = tracer.solve(from_dict({"given": {"S": [[score]]}, "pass": {"logits": []}}))
    assert text(trace["exponentials"][0, 0].printed(4)[0]) == printed
    assert trace["weights"][0, 0].decimal(4) == "1.0000"


def test_an_angle_of_equal_vectors_is_zero_whatever_the_numbers() -> None:
    """A word makes an angle of 0° with itself, and 180° with its opposite, in irrational numbers too."""
    for number in ("√2", "1+√2", "ln 2", "√2+√3", "0.1"):
        rows = {"Q": [[number, 1]], "K": [[number, 1], [f"-({number})", -1]]}
        trace = tracer.solve(from_dict({"given": rows}))
        assert [trace["angles"][0, j].decimal(2) for j in (0, 1)] == ["0.00", "180.00"]
        assert [trace["cosines"][0, j].decimal(2) for j in (0, 1)] == ["1.00", "-1.00"]
        assert trace["angles"][0, 0].float == pytest.approx(0, abs=1e-5)


def test_a_right_angle_by_hand_is_ninety_degrees() -> None:
    """By hand, too, a value that is whole is whole: 0°, 90° and 180°."""
    trace = tracer.solve(from_dict({"given": {"Q": [[1, 0]], "K": [[1, 0], [0, 1], [-1, 0]]}}))
    assert [trace["angles"][0, j].by_hand for j in range(3)] == ["0.0000", "90.0000", "180.0000"]


def test_a_problem_can_be_written_in_python() -> None:
    """tracer.Problem takes rows of numbers and texts as a problem file does, and names the words itself."""
    import tracer

    trace = tracer.solve(tracer.Problem({"X": [[0, 3], [2, 2]], "W_Q": [["√2", 1], [0, "1/3"]]}))

    assert trace["query"][1, 1].decimal(4) == "2.6667"
    assert trace.problem.tokens == ("token 1", "token 2")


def test_equal_cosines_of_irrational_vectors_share_equally() -> None:
    """Eight keys in one direction weigh 1/8 each, which two decimals round to 0.13, however hidden the tie is."""
    given = {
        "X": [["2/3"]] * 8,
        "Y": [["1/2"], *[["√5"]] * 7],
        "W_Q": [["-0.05"]],
        "W_K": [["√2/2"]],
        "b_K": ["1/2"],
    }
    trace = tracer.solve(from_dict({"given": given, "pass": {"similarity": "cosine"}}))
    assert {cell.decimal(2) for row in trace["weights"].cells for cell in row} == {"0.13"}
    assert trace["weights"][0, 0].decimal(10) == "0.1250000000"


def test_a_length_that_cancels_to_zero_is_zero() -> None:
    """√2·√3 − √6 is 0, and so is its length; only the cosine with it does not exist."""
    trace = tracer.solve(from_dict({"given": {"X": [["√2", "√6"]], "W_Q": [["√3"], [-1]], "W_K": [[1], [1]]}}))
    assert (text(trace["query"][0, 0].exact), text(trace["query_norms"][0].exact)) == ("0", "0")
    assert trace["query_norms"][0].undefined is None
    assert trace["cosines"][0, 0].undefined.reason == "nothing can be divided by zero"


def test_every_arithmetic_knows_the_same_functions() -> None:
    """A function of one number has an exact value, an enclosure, a double, and NumPy source."""
    assert set(ball.FUNCTIONS) == set(cas.FUNCTIONS) == set(floating.FUNCTIONS) == set(numpy_code.FUNCTIONS)


TANHS: dict[str, Callable[[], Any]] = {
    "0": lambda: mpmath.mpf(0),
    "1/3": lambda: mpmath.mpf(1) / 3,
    "-5/4": lambda: mpmath.mpf("-1.25"),
    "√2": lambda: mpmath.sqrt(2),
    "ln 2": lambda: mpmath.log(2),
    "-2·ln 3": lambda: -2 * mpmath.log(3),
    "-1e-9": lambda: mpmath.mpf("-1e-9"),
    "40": lambda: mpmath.mpf(40),
}


@pytest.mark.parametrize("written", TANHS)
def test_a_hyperbolic_tangent_is_the_same_everywhere(written: str) -> None:
    """Enclosed, exact and in floating point it is (e^(2x) − 1)/(e^(2x) + 1), which mpmath finds with 70 digits."""
    formula = Call("tanh", numbers.read(written))
    with mpmath.workdps(100):
        square = mpmath.exp(2 * TANHS[written]())
        truth = Fraction(mpmath.nstr((square - 1) / (square + 1), 70))
    with precision(256):
        enclosed = value(formula, {}, Table({}, Ball()))
        assert ball.nearest(enclosed, 60) == ball.nearest(Ball().number(truth), 60)
        exactly = tree(value(formula, {}, Table({}, Exact())))
        assert ball.agree(value(exactly, {}, Table({}, Ball())), enclosed)
    found = floating.Floats({}).fold(formula, {}).array
    assert found == pytest.approx(float(truth), rel=1e-15)


@pytest.mark.parametrize(
    ("written", "is_"),
    [("0", "0"), ("ln 2", "3/5"), ("-ln 3", "−4/5"), ("ln(3)/2", "1/2"), ("-1/2", "−tanh(1/2)"), ("2", "tanh(2)")],
)
def test_exact_hyperbolic_tangents(written: str, is_: str) -> None:
    """0 at 0, odd, and a rational number at the logarithm of one: tanh(ln 2) = (4 − 1)/(4 + 1)."""
    assert text(tree(value(Call("tanh", numbers.read(written)), {}, Table({}, Exact())))) == is_


def test_a_hyperbolic_tangent_of_infinity_is_one() -> None:
    """tanh(±∞) = ±1, exactly, enclosed and in floating point."""
    for x, is_ in ((INFINITY, 1), (MINUS_INFINITY, -1)):
        formula = Call("tanh", x)
        assert value(formula, {}, Table({}, Exact())) == is_
        assert value(formula, {}, Table({}, Ball())) == is_
        assert floating.Floats({}).fold(formula, {}).array == is_


def test_a_hyperbolic_tangent_of_a_span_grows_with_it() -> None:
    """Everything that tanh can be between −1 and 2 lies between tanh(−1) and tanh(2), and nothing else does."""
    with precision(128):
        span = Interval().call("tanh", between(Fraction(-1), Fraction(2)))
        assert ball.agree(span.low, ball.arb(-1).tanh())
        assert ball.agree(span.high, ball.arb(2).tanh())


def test_a_cap_is_never_reached() -> None:
    """Tanh of a million differs from 1 in its 868,589th digit: it is about 1, and not 1."""
    trace = tracer.solve(from_dict({"given": {"S": [[1000000]]}, "pass": {"logits": [{"use": "softcap", "cap": 1}]}}))
    number, is_equal = trace["capped"][0, 0].rounded(4)
    assert (number.value, is_equal) == (1, False)
