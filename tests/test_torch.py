"""PyTorch's attention as an oracle: hundreds of random configurations, in float64.

What differs, and is told tracer: `is_causal` aligns at the top left; a scale multiplies; masks of
`nn.MultiheadAttention` are True where a key is hidden; and there a row that sees nothing is nan, where tracer has zeros.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tracer
from tracer.arrays import Array
from tracer.problem import Problem, Setting, Wiring

pytestmark = pytest.mark.full
FEW = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
TOP_LEFT = {"rule": "causal", "align": "top-left"}
small = st.integers(1, 4)


def close(ours: Any, theirs: Any) -> None:
    """Equal up to the rounding of doubles."""
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-10, atol=1e-11)


@FEW
@given(st.data())
def test_scaled_dot_product_attention(data: st.DataObject) -> None:
    """Batches, heads that share keys, boolean and additive masks, causal, any scale: the outputs agree, zeros included."""
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    batch, kv, group, n, m, d, d_v = (data.draw(small) for _ in range(7))
    rng, heads = np.random.default_rng(data.draw(st.integers(0, 2**32))), kv * group
    Q, K, V = (rng.standard_normal(shape) for shape in ((batch, heads, n, d), (batch, kv, m, d), (batch, kv, m, d_v)))
    shape = [data.draw(st.sampled_from([1, size])) for size in (batch, heads, n)] + [m]
    seen = rng.random(shape) < 0.7
    ours, theirs = data.draw(
        st.sampled_from(
            [
                ({}, {}),
                ({"mask": TOP_LEFT}, {"is_causal": True}),
                ({"mask": seen}, {"attn_mask": torch.tensor(seen)}),
                ({"bias": (B := np.where(seen, rng.standard_normal(shape), -np.inf))}, {"attn_mask": torch.tensor(B)}),
            ]
        )
    )
    factor = data.draw(st.sampled_from([None, 0.25, 2.0]))
    traces = tracer.batches(Q, K, V, scale=factor and 1 / factor, **ours)
    found = np.stack([trace.floats("outputs").reshape(heads, n, d_v) for trace in traces])
    q, k, v = map(torch.tensor, (Q, K, V))
    close(found, scaled_dot_product_attention(q, k, v, scale=factor, enable_gqa=True, **theirs))


@FEW
@given(st.data())
def test_multi_head_attention(data: st.DataObject) -> None:
    """Self- and cross-attention, biases, hidden keys, masks and padding of each sequence: outputs and every head's weights."""
    import torch

    batch, heads, n, m, width = (data.draw(small) for _ in range(5))
    d_model, rng = heads * width, np.random.default_rng(data.draw(st.integers(0, 2**32)))
    is_self, has_bias = data.draw(st.booleans()), data.draw(st.booleans())
    m = n if is_self else m
    module = torch.nn.MultiheadAttention(d_model, heads, bias=has_bias, batch_first=True, dtype=torch.float64)
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    X = rng.standard_normal((batch, n, d_model))
    Y = X if is_self else rng.standard_normal((batch, m, d_model))
    hidden, bias, padding = masks(data, rng, batch * heads, n, m)
    theirs: dict[str, Any] = {}
    if bias is not None:
        theirs["attn_mask"] = torch.tensor(bias)
    elif hidden is not None:
        theirs["attn_mask"] = torch.tensor(hidden)
    if padding is not None:
        kept = rng.integers(1, m + 1, batch)
        theirs["key_padding_mask"] = torch.tensor(np.arange(m) >= kept[:, None])
        if bias is not None:  # PyTorch wants both masks of one kind
            theirs["key_padding_mask"] = torch.zeros(batch, m, dtype=torch.float64).masked_fill(
                theirs["key_padding_mask"], -np.inf
            )
    x, y = torch.tensor(X), torch.tensor(Y)
    outputs, weights = module(x, y, y, need_weights=True, average_attn_weights=False, **theirs)
    averaged = module(x, y, y, need_weights=True, **theirs)[1]
    given_ = {f"W_{name}": Array(W) for name, W in zip("QKV", np.split(of(module.in_proj_weight), 3), strict=True)}
    given_["W_O"] = Array(of(module.out_proj.weight))
    if has_bias:
        given_ |= {f"b_{name}": Array(b) for name, b in zip("QKV", np.split(of(module.in_proj_bias), 3), strict=True)}
        given_["b_O"] = Array(of(module.out_proj.bias))
    for b in range(batch):
        own = slice(b * heads, (b + 1) * heads)
        extra: dict[str, Any] = {} if is_self else {"Y": Array(Y[b])}
        logits = [Setting("scale")]
        if bias is not None:
            extra["bias"] = tuple(map(Array, bias[own])) if heads > 1 else Array(bias[b])
            logits.append(Setting("bias"))
        elif hidden is not None:
            as_numbers = hidden.astype(int)
            extra["mask"] = tuple(map(Array, as_numbers[own])) if heads > 1 else Array(as_numbers[b])
            logits.append(Setting("mask", {"ones": "hidden"}))
        if padding is not None:
            logits.append(Setting("mask", {"rule": "padding", "length": int(kept[b])}))
        wiring = Wiring(projection="X W^T", n_heads=heads, n_kv_heads=heads, logits=tuple(logits))
        trace = tracer.solve(Problem({"X": Array(X[b]), **extra, **given_}, wiring=wiring))
        A = trace.floats("weights").reshape(heads, n, m)
        sees = A.sum(axis=2).all(axis=0)  # the queries that see something in every head
        close(A[:, sees], weights[b][:, sees])
        close(A.mean(axis=0)[sees], averaged[b][sees])
        close(trace.floats("projected")[sees], outputs[b][sees])


def masks(data: st.DataObject, rng: Any, count: int, n: int, m: int) -> tuple[Any, Any, Any]:
    """A boolean mask (True hides), an additive one, and whether keys are padded; None for none."""
    hidden = rng.random((count, n, m)) < 0.3
    bias = np.where(hidden, -np.inf, rng.standard_normal((count, n, m)))
    kind = data.draw(st.sampled_from(["none", "boolean", "additive"]))
    padding = data.draw(st.sampled_from([None, True]))
    return hidden if kind == "boolean" else None, bias if kind == "additive" else None, padding


def of(parameter: Any) -> Any:
    """A parameter's numbers."""
    return parameter.detach().numpy()


@settings(FEW, max_examples=60)
@given(st.data())
def test_keys_and_values_of_widths_of_their_own(data: st.DataObject) -> None:
    """kdim, vdim, add_bias_kv and add_zero_attn are other keys and values: what comes after them is the same."""
    import torch
    from torch.nn.functional import linear

    heads, n, m, width, kdim, vdim = (data.draw(small) for _ in range(6))
    d_model = heads * width
    more = {"add_bias_kv": data.draw(st.booleans()), "add_zero_attn": data.draw(st.booleans())}
    module = torch.nn.MultiheadAttention(d_model, heads, kdim=kdim, vdim=vdim, dtype=torch.float64, **more)
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    x, k, v = (torch.randn(rows, size, dtype=torch.float64) for rows, size in ((n, d_model), (m, kdim), (m, vdim)))
    outputs, weights = module(x, k, v, average_attn_weights=False)
    packed = kdim == vdim == d_model
    W = module.in_proj_weight.chunk(3) if packed else (
        module.q_proj_weight, module.k_proj_weight, module.v_proj_weight
    )  # fmt: skip
    Q, K, V = (linear(one, w, b) for one, w, b in zip((x, k, v), W, module.in_proj_bias.chunk(3), strict=True))
    if module.bias_k is not None:
        K, V = torch.cat((K, module.bias_k[0])), torch.cat((V, module.bias_v[0]))
    if module.add_zero_attn:
        K, V = (torch.cat((one, torch.zeros(1, d_model))) for one in (K, V))
    parts = [one.reshape(len(one), heads, width).transpose(0, 1) for one in (Q, K, V)]
    given_ = {"W_O": module.out_proj.weight.T, "b_O": module.out_proj.bias}
    trace = tracer.attention(*parts, given=given_)
    close(trace.floats("weights").reshape(weights.shape), weights)
    close(trace.floats("projected"), outputs)
