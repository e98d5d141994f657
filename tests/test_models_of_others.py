"""Attention as PyTorch and transformers have it, in double precision: what each library is told, and what tracer is.

PyTorch: flex_attention with its scores and masks as functions, grouped queries, modules in their fast path and their slow.
transformers: the attention function of each model, with random numbers for queries, keys and values.
"""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tracer
from tracer.problem import Setting

pytestmark = [pytest.mark.full, pytest.mark.filterwarnings("ignore")]
BATCH, HEADS, KV, N, D = 2, 4, 2, 5, 6
DRAW = np.random.default_rng(3)
Q, K, V = (DRAW.normal(size=(BATCH, heads, N, D)) for heads in (HEADS, KV, KV))
I, J = np.indices((N, N))
WORDS = np.array([0, 0, 1, 1, 1])  # which document each word belongs to
TABLE = DRAW.normal(size=(HEADS, 2 * N - 1))  # a bias for each head and distance
SLOPES = [2.0 ** (-2 * h) for h in range(1, HEADS + 1)]


def ours(step: str = "outputs", **told: Any) -> Any:
    """A step of the whole batch, [batch, heads, rows, columns]."""
    return np.stack([trace.floats(step) for trace in tracer.batches(Q, K, V, **told)])


def tensors(*arrays: Any) -> Any:
    """NumPy's as PyTorch's."""
    import torch

    return tuple(torch.tensor(one) for one in arrays)


def close(found: Any, expected: Any, far: float = 1e-10) -> None:
    """Equal up to the rounding of doubles, or of what is told."""
    np.testing.assert_allclose(found, expected.detach().numpy(), rtol=far, atol=far)


def by_distance(table: Any) -> Any:
    """A matrix for each head, from a number for each distance."""
    return np.array(table)[:, J - I + N - 1]


FLEX: dict[str, tuple[Any, Any, dict[str, Any]]] = {  # score_mod, mask_mod, and what tracer is told
    "plain": (None, None, {}),
    "softcap": (lambda t: lambda s, b, h, i, j: 2 * t.tanh(s / 2), None, {"softcap": 2}),
    "alibi": (
        lambda t: lambda s, b, h, i, j: s - t.tensor(SLOPES)[h] * (i - j).abs(),
        None,
        {"bias": -np.array(SLOPES)[:, None, None] * abs(I - J)},
    ),
    "relative bias": (
        lambda t: lambda s, b, h, i, j: s + t.tensor(TABLE)[h, j - i + N - 1],
        None,
        {"bias": by_distance(TABLE)},
    ),
    "causal": (None, lambda t: lambda b, h, i, j: i >= j, {"mask": "causal"}),
    "sliding window": (
        None,
        lambda t: lambda b, h, i, j: (i >= j) & (i - j <= 2),
        {"mask": "causal", "window": (2, None)},
    ),
    "documents": (
        None,
        lambda t: lambda b, h, i, j: (t.tensor(WORDS)[i] == t.tensor(WORDS)[j]) & (i >= j),
        {"mask": ("causal", WORDS[:, None] == WORDS)},
    ),
    "padding": (None, lambda t: lambda b, h, i, j: j < t.tensor([5, 3])[b], {"lengths": [5, 3]}),
    "prefix": (None, lambda t: lambda b, h, i, j: (i >= j) | (j < 2), {"mask": (I >= J) | (J < 2)}),
    "softcap and causal": (
        lambda t: lambda s, b, h, i, j: 3 * t.tanh(s / 3),
        lambda t: lambda b, h, i, j: i >= j,
        {"softcap": 3, "mask": "causal"},
    ),
}


@pytest.mark.parametrize("case", FLEX)
def test_flex_attention(case: str) -> None:
    """Run eagerly: functions of a score and its place, and block masks; two query heads share keys."""
    import torch
    from torch.nn.attention.flex_attention import create_block_mask, flex_attention

    score_mod, mask_mod, told = FLEX[case]
    block = create_block_mask(mask_mod(torch), BATCH, HEADS, N, N, device="cpu") if mask_mod else None
    theirs = flex_attention(
        *tensors(Q, K, V), score_mod=score_mod(torch) if score_mod else None, block_mask=block, enable_gqa=True
    )
    close(ours(**told), theirs)


@pytest.mark.parametrize("is_fast", [True, False])
def test_modules_of_torch(is_fast: bool) -> None:
    """nn.MultiheadAttention and the self_attn of an encoder layer, in the fast path and out of it."""
    import torch

    torch.manual_seed(0)
    torch.backends.mha.set_fastpath_enabled(is_fast)
    try:
        layer = torch.nn.TransformerEncoderLayer(8, 2, batch_first=True, dropout=0.0).double().eval()
        for module in (torch.nn.MultiheadAttention(8, 2, batch_first=True).double().eval(), layer.self_attn):
            X = torch.randn(1, 4, 8, dtype=torch.float64)
            with torch.no_grad():
                O, A = module(X, X, X, average_attn_weights=False)
            W, b = module.in_proj_weight, module.in_proj_bias
            q, k, v = (
                (X[0] @ w.T + c).reshape(4, 2, 4).swapaxes(0, 1) for w, c in zip(W.chunk(3), b.chunk(3), strict=True)
            )
            given = {"W_O": module.out_proj.weight.T, "b_O": module.out_proj.bias}
            trace = tracer.attention(q, k, v, given=given)
            close(trace.floats("weights"), A[0])
            close(trace.floats("projected"), O[0])
    finally:
        torch.backends.mha.set_fastpath_enabled(True)


def additive(seen: Any) -> Any:
    """A mask as transformers' functions take it: 0, or the least number of the type."""
    import torch

    return torch.tensor(np.where(seen, 0.0, np.finfo(np.float64).min))[None, None]


CAUSAL = I >= J
SINGLE = 1e-6  # their softmax is in float32
EAGER: dict[str, tuple[Any, dict[str, Any], dict[str, Any]]] = {  # the mask, what the function is told, and tracer
    "llama": (CAUSAL, {}, {"mask": "causal"}),
    "mistral": (CAUSAL & (I - J < 3), {}, {"mask": "causal", "window": (2, 0)}),
    "gemma2": (CAUSAL & (I - J < 3), {"softcap": 5.0}, {"mask": "causal", "window": (2, 0), "softcap": 5}),
    "qwen3": (CAUSAL & (J > 0), {}, {"mask": ("causal", J > 0)}),
    "gpt_oss": (
        CAUSAL,
        {},
        {"mask": "causal", "normalisation": "softmax-sink", "given": {"sinks": [0.5, -1, 2, "1/4"]}},
    ),
}


@pytest.mark.parametrize("name", EAGER)
def test_eager_attention_of_transformers(name: str) -> None:
    """Llama; Mistral's and Gemma 2's windows, and its cap; Qwen 3 with a first word left out; gpt-oss with its sinks."""
    import torch

    seen, options, told = EAGER[name]
    module = SimpleNamespace(
        num_key_value_groups=HEADS // KV,
        training=False,
        head_dim=D,
        sinks=torch.tensor([0.5, -1, 2, 0.25], dtype=torch.float64),
        config=SimpleNamespace(attn_logit_softcapping=options.get("softcap")),
    )
    run = import_module(f"transformers.models.{name}.modeling_{name}").eager_attention_forward
    O, A = run(module, *tensors(Q, K, V), additive(seen), scaling=D**-0.5, **options)
    close(ours("weights", **told)[:, :, 1:], A[:, :, 1:], SINGLE)  # where a row sees nothing, they have equal weights
    close(ours(**told)[:, :, 1:], O.swapaxes(1, 2)[:, :, 1:], SINGLE)


def test_partial_rotary_of_gpt_neox() -> None:
    """A quarter of the coordinates are turned, pair t being t and t + half of them."""
    import torch
    from transformers.models.gpt_neox import GPTNeoXConfig, modeling_gpt_neox

    config = GPTNeoXConfig(hidden_size=32, num_attention_heads=2, rotary_pct=0.25, num_hidden_layers=1, vocab_size=9)
    q, k = DRAW.normal(size=(2, 1, 2, N, 16))
    cos, sin = modeling_gpt_neox.GPTNeoXRotaryEmbedding(config)(
        torch.zeros(1, dtype=torch.float64), torch.arange(N)[None]
    )
    turned = modeling_gpt_neox.apply_rotary_pos_emb(*tensors(q, k), cos, sin)
    trace = tracer.attention(q[0], k[0], k[0], encoding=[{"use": "rotary", "dimensions": 4}])
    for name, theirs in zip(("query", "key"), turned, strict=True):  # their angles are float32
        np.testing.assert_allclose(trace.floats(f"rotated_{name}"), theirs[0].numpy(), rtol=1e-5, atol=1e-5)


def test_alibi_of_bloom() -> None:
    """Bloom adds s · j, which differs from s · |i − j| by a number for the whole row: the weights are the same."""
    import torch
    from transformers.models.bloom.modeling_bloom import build_alibi_tensor

    alibi = build_alibi_tensor(torch.ones(1, N), HEADS, torch.float64)
    theirs = tracer.attention(Q[0], K[0], V[0], bias=alibi, mask="causal")
    scale, _, mask = theirs.problem.wiring.logits
    given = {name: one for name, one in theirs.problem.given.items() if name != "bias"}
    wiring = replace(theirs.problem.wiring, logits=(scale, Setting("alibi"), mask))
    alone = tracer.solve(replace(theirs.problem, given=given, wiring=wiring))
    np.testing.assert_allclose(alone.floats("weights"), theirs.floats("weights"), rtol=1e-10)


def test_relative_bias_of_t5() -> None:
    """T5 does not scale, and adds a learnt number for each bucket of distances."""
    import torch
    from transformers.models.t5 import T5Config
    from transformers.models.t5.modeling_t5 import T5Attention

    torch.manual_seed(1)
    config = T5Config(d_model=8, d_kv=3, num_heads=2, dropout_rate=0.0, relative_attention_num_buckets=8)
    module = T5Attention(config, has_relative_attention_bias=True).double().eval()
    X = torch.randn(1, N, 8, dtype=torch.float64)
    with torch.no_grad():
        O = module(X)[0]
        bias = module.compute_bias(N, N)
    q, k, v = ((X[0] @ one.weight.T).reshape(N, 2, 3).swapaxes(0, 1) for one in (module.q, module.k, module.v))
    trace = tracer.attention(q, k, v, scale=1, bias=bias[0], given={"W_O": module.o.weight.T})
    close(trace.floats("projected"), O[0])


def test_cross_attention_of_whisper() -> None:
    """Queries of one sequence, keys and values of another; keys have no bias."""
    import torch
    from transformers.models.whisper import WhisperConfig
    from transformers.models.whisper.modeling_whisper import WhisperAttention

    torch.manual_seed(2)
    config = WhisperConfig(d_model=8, decoder_attention_heads=2)
    config._attn_implementation = "eager"
    module = WhisperAttention(8, 2, is_decoder=True, layer_idx=0, config=config).double().eval()
    X, Y = (torch.randn(1, n, 8, dtype=torch.float64) for n in (3, 5))
    with torch.no_grad():
        O, A = module(X, key_value_states=Y)[:2]
        q, k, v = (
            one(of)[0].reshape(-1, 2, 4).swapaxes(0, 1)
            for one, of in ((module.q_proj, X), (module.k_proj, Y), (module.v_proj, Y))
        )
    given = {"W_O": module.out_proj.weight.T, "b_O": module.out_proj.bias}
    trace = tracer.attention(q, k, v, given=given)
    close(trace.floats("weights"), A[0])
    close(trace.floats("projected"), O[0])


def test_tensors_with_gradients_and_of_few_bits() -> None:
    """Tensors are taken as they are: with gradients, turned, of 64-bit integers, of float16 and bfloat16."""
    import torch

    q, k, v = (torch.tensor(one[0], requires_grad=True) for one in (Q, K, V))
    close(tracer.attention(q, k, v).floats("outputs"), tensors(ours()[0])[0])
    whole = torch.tensor([[2**60 + 1]])
    trace = tracer.attention(whole, whole // whole, whole // whole, scale=torch.tensor(1))
    assert str(trace["scores"][0, 0].exact.value) == str(2**60 + 1)
    for kind in (torch.float16, torch.bfloat16, torch.float32):
        few = [torch.tensor(one[0]).to(kind) for one in (Q, K, V)]
        expected = torch.nn.functional.scaled_dot_product_attention(*(one.double() for one in few), enable_gqa=True)
        close(tracer.attention(*few).floats("outputs"), expected)
    seen = torch.tensor(CAUSAL, dtype=torch.uint8)
    assert np.array_equal(ours("weights", mask=seen), ours("weights", mask="causal"))
