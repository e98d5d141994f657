"""ONNX's conformance cases of the nodes around Attention (onnx 1.23.2), without their expanded twins.

| node | cases | pass | |
|---|---|---|---|
| RMSNormalization | 19 | 19 | the QK-norm; what is normalised together is one row |
| Softmax | 9 | 9 | of given scores; two of the cases come from PyTorch |
| FlexAttention | 11 | 11 | its graphs for scores and weights are run by ONNX, on what tracer finds |
| LinearAttention | 14 | 2 | update_rule "linear"; the others carry a state that decays or is corrected, which no step here does |
| RotaryEmbedding | 8 | 0 | their tables of cosines and sines are random numbers: no angle has both, so nothing is turned |

LogSoftmax, Hardmax and LayerNormalization are no parts of attention here. RotaryEmbedding is asked with tables that
belong to angles, below.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytestmark = [pytest.mark.full, pytest.mark.filterwarnings("ignore::RuntimeWarning")]
PASS = {
    "test_rms_normalization_": 19,
    "test_softmax_": 9,
    "test_flexattention": 11,
    "test_linear_attention_linear": 2,
}


@pytest.mark.parametrize("name", PASS)
def test_the_conformance_suite(name: str) -> None:
    """Onnx's own runner finds nothing wrong."""
    from onnx_backend import ran
    from onnx_field import FieldBackend

    wrong, count = ran(FieldBackend, f"{name}.*")
    assert wrong == {}
    assert count == PASS[name]


@pytest.mark.parametrize(
    ("heads", "pairs", "rest", "interleaved", "is_flat"),
    [(1, 1, 0, 0, False), (2, 2, 0, 0, True), (2, 2, 0, 1, False), (1, 2, 1, 0, True), (2, 1, 1, 1, False)],
)
def test_rotary_embedding(heads: int, pairs: int, rest: int, interleaved: int, is_flat: bool) -> None:
    """With real cosines and sines the node is the rotary encoding: both pairings, whole or part, any positions."""
    from onnx import TensorProto, helper
    from onnx.reference import ReferenceEvaluator
    from onnx_field import FieldBackend

    batch, n, d = 2, 2, 2 * (pairs + rest)
    rng = np.random.default_rng(heads)
    angles = np.arange(50)[:, None] * 100.0 ** -(np.arange(pairs) / pairs)
    given = {
        "X": rng.standard_normal((batch, n, heads * d) if is_flat else (batch, heads, n, d)),
        "cos": np.cos(angles),
        "sin": np.sin(angles),
        "at": rng.integers(0, 50, (batch, n)),
    }
    told: dict[str, Any] = {"interleaved": interleaved}
    told |= {"rotary_embedding_dim": 2 * pairs} if rest else {}
    told |= {"num_heads": heads} if is_flat or rest else {}
    node = helper.make_node("RotaryEmbedding", list(given), ["Y"], **told)
    types = {"at": TensorProto.INT64}
    info = [helper.make_tensor_value_info(k, types.get(k, TensorProto.DOUBLE), one.shape) for k, one in given.items()]
    out = helper.make_tensor_value_info("Y", TensorProto.DOUBLE, given["X"].shape)
    model = helper.make_model(
        helper.make_graph([node], "one", info, [out]), opset_imports=[helper.make_opsetid("", 23)]
    )
    (ours,) = FieldBackend.prepare(model).run(list(given.values()))
    (theirs,) = ReferenceEvaluator(model).run(None, given)
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)
