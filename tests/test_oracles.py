"""Other people's attention, and our own in plain NumPy, as judges of every step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import reference

import tracer
from tracer.problem_file import from_dict

RNG = np.random.default_rng(7)


def some(*shape: int) -> np.ndarray:
    """Numbers with two decimals, so that what is written is what is computed with."""
    return RNG.integers(-150, 150, shape) / 100


def written(array: np.ndarray) -> Any:
    """An array as a problem file has it."""
    return [written(row) for row in array] if array.ndim else repr(float(array))


def softmax(Z: np.ndarray) -> np.ndarray:
    """Rows of weights; a row without any key is 0."""
    E = np.exp(Z - np.where(np.isinf(Z.max(axis=1)), 0, Z.max(axis=1))[:, None])
    return E / np.where(E.sum(axis=1) == 0, 1, E.sum(axis=1))[:, None]


def close(trace: tracer.Trace, id_: str, array: np.ndarray) -> None:
    """Floats agree to the last digits, and so do the certified decimals with ten places."""
    np.testing.assert_allclose(trace.floats(id_), array, rtol=1e-12, atol=1e-12, err_msg=id_)
    certified = [[float(cell.decimal(10)) for cell in row] for row in trace[id_].cells]
    np.testing.assert_allclose(certified, array.reshape(len(certified), -1), rtol=1e-9, atol=1e-9, err_msg=id_)


@pytest.mark.parametrize("projection", ["X W", "X W^T", "W x"])
def test_multi_head_attention_with_biases(projection: str) -> None:
    """Two heads split from four columns, biases everywhere, joined and projected: each step is NumPy's."""
    n, d_model, heads, d_k = 3, 4, 2, 2
    X, b = some(n, d_model), {name: some(d_model) for name in "QKVO"}
    W = {name: some(d_model, d_model) for name in "QKVO"}
    kept = {f"W_{x}": written(W[x] if projection == "X W" else W[x].T) for x in "QKVO"}
    given = {"X": written(X), **kept, **{f"b_{x}": written(b[x]) for x in "QKVO"}}
    trace = tracer.solve(from_dict({"given": given, "pass": {"n_heads": heads, "projection": projection}}))
    Q, K, V = (X @ W[x] + b[x] for x in "QKV")
    outputs = []
    for h in range(heads):
        own = slice(h * d_k, (h + 1) * d_k)
        S = Q[:, own] @ K[:, own].T
        A = softmax(S / np.sqrt(d_k))
        outputs.append(A @ V[:, own])
        steps = {"query": Q[:, own], "key": K[:, own], "value": V[:, own], "scores": S, "scaled": S / np.sqrt(d_k),
                 "weights": A, "outputs": outputs[-1], "row2.contributions": A[1][:, None] * V[:, own]}  # fmt: skip
        for name, array in steps.items():
            close(trace, f"head{h + 1}.{name}", array)
    close(trace, "query", Q)
    close(trace, "joined", np.hstack(outputs))
    close(trace, "projected", np.hstack(outputs) @ W["O"] + b["O"])


@pytest.mark.parametrize(("n", "m"), [(3, 3), (2, 4), (4, 2)])
@pytest.mark.parametrize("align", ["bottom-right", "top-left"])
def test_causal_cross_attention_of_unequal_lengths(n: int, m: int, align: str) -> None:
    """Aligned at the end, the last query sees every key; aligned at the start, query i sees keys up to i."""
    X, Y, W = some(n, 3), some(m, 3), {name: some(3, 2) for name in "QKV"}
    mask = {"use": "mask", "rule": "causal", "align": align}
    given = {"X": written(X), "Y": written(Y), **{f"W_{x}": written(W[x]) for x in "QKV"}}
    trace = tracer.solve(from_dict({"given": given, "pass": {"logits": [{"use": "scale"}, mask]}}))
    seen = np.tri(n, m, m - n if align == "bottom-right" else 0, dtype=bool)
    Z = np.where(seen, (X @ W["Q"]) @ (Y @ W["K"]).T / np.sqrt(2), -np.inf)
    assert np.array_equal(np.isneginf(trace.floats("masked")), ~seen)
    close(trace, "weights", softmax(Z))
    close(trace, "outputs", softmax(Z) @ (Y @ W["V"]))


@pytest.mark.parametrize("cap", [0.5, 2, 30])
def test_softcapped_causal_attention(cap: float) -> None:
    """Scaled, capped, then masked, as in Gemma 2: every step is NumPy's, and a hidden key weighs exactly nothing."""
    X, W = some(4, 3) * 4, {name: some(3, 2) for name in "QKV"}
    steps = [{"use": "scale"}, {"use": "softcap", "cap": str(cap)}, {"use": "mask", "rule": "causal"}]
    given = {"X": written(X), **{f"W_{x}": written(W[x]) for x in "QKV"}}
    trace = tracer.solve(from_dict({"given": given, "pass": {"logits": steps}}))
    S = (X @ W["Q"]) @ (X @ W["K"]).T / np.sqrt(2)
    capped = cap * (np.exp(2 * S / cap) - 1) / (np.exp(2 * S / cap) + 1)
    seen = np.tri(4, dtype=bool)
    A = softmax(np.where(seen, capped, -np.inf))
    close(trace, "capped", capped)
    close(trace, "weights", A)
    close(trace, "outputs", A @ (X @ W["V"]))
    assert (trace.floats("weights")[~seen] == 0).all()
    assert np.array_equal(np.isneginf(trace.floats("masked")), ~seen)


def test_a_softcap_far_above_all_scores_changes_next_to_nothing() -> None:
    """c·tanh(s/c) is s − s³/(3c²) + …: with c = 10,000 the weights agree with uncapped ones to six decimals."""
    given = {"Q": written(some(3, 2)), "K": written(some(4, 2))}
    plain = tracer.solve(from_dict({"given": given, "pass": {"logits": []}}))
    capped = tracer.solve(from_dict({"given": given, "pass": {"logits": [{"use": "softcap", "cap": 10000}]}}))
    np.testing.assert_allclose(capped.floats("weights"), plain.floats("weights"), atol=1e-6)


def test_grouped_query_attention() -> None:
    """Four query heads and two key heads: heads 1 and 2 share the first, heads 3 and 4 the second."""
    Q, K, V = some(2, 8), some(3, 4), some(3, 4)
    given = {"Q": written(Q), "K": written(K), "V": written(V)}
    trace = tracer.solve(from_dict({"given": given, "pass": {"n_heads": 4, "n_kv_heads": 2}}))
    parts = []
    for h in range(4):
        q, kv = slice(2 * h, 2 * h + 2), slice(2 * (h // 2), 2 * (h // 2) + 2)
        parts.append(softmax(Q[:, q] @ K[:, kv].T / np.sqrt(2)) @ V[:, kv])
    close(trace, "joined", np.hstack(parts))


def test_the_library_takes_arrays_lists_and_texts() -> None:
    """`attention` computes on arrays what `solve` computes on a file; floats stand for their shortest decimals."""
    Q, K, V = some(3, 2), some(4, 2), some(4, 3)
    mask = RNG.integers(0, 2, (3, 4)).astype(bool)
    trace = tracer.attention(Q, K, V, mask=mask)
    close(trace, "outputs", softmax(np.where(mask, Q @ K.T / np.sqrt(2), -np.inf)) @ V)
    assert trace["query"][0, 0].exact == from_dict({"given": {"Q": written(Q), "K": written(K)}}).matrix("Q").entry(
        (0, 0)) or trace["query"][0, 0].decimal(2) == f"{Q[0, 0]:.2f}"  # fmt: skip
    causal = tracer.attention(Q.tolist(), K.tolist(), V.tolist(), mask="causal", scale=2)
    close(causal, "weights", softmax(np.where(np.tri(3, 4, 1, dtype=bool), Q @ K.T / 2, -np.inf)))
    texts = tracer.attention([["√2/2", "1/3"]], [["√2", 3], [0, 1]], [[1], [2]], scale=1, normalisation="sum")
    assert [cell.decimal(6) for cell in texts["weights"].cells[0]] == ["0.857143", "0.142857"]  # 2 and 1/3 of 7/3


def test_a_real_head_in_floating_point() -> None:
    """64 positions with 16 coordinates: every float of the pass is NumPy's."""
    Q, K, V = (RNG.standard_normal((64, 16)) for _ in range(3))
    trace = tracer.attention(Q, K, V, mask="causal", normalisation="softmax-shifted")
    A = softmax(np.where(np.tri(64, dtype=bool), Q @ K.T / 4, -np.inf))
    np.testing.assert_allclose(trace.floats("weights"), A, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(trace.floats("outputs"), A @ V, rtol=1e-10, atol=1e-14)


def test_the_two_references_agree() -> None:
    """The judges themselves: the decimal one and the NumPy one compute the same pass."""
    data = {
        "given": {"X": [[1, 2], ["1/3", "√2"]], "W_Q": [[1, 2], [0, 1]], "W_K": [[1, 0], [1, 1]], "W_O": [[1], [2]]},
        "pass": {"n_heads": 2, "logits": [{"use": "scale", "by": "2"}, {"use": "mask", "rule": "causal"}]},
    }
    exact, floats = reference.worked(data), reference.floats(data)
    assert set(exact) == set(floats)
    for name, array in floats.items():
        as_floats = np.array([[float(x) for x in row] for row in exact[name]])
        np.testing.assert_allclose(as_floats, array.reshape(as_floats.shape), rtol=1e-12, atol=1e-12, err_msg=name)


@pytest.mark.full
@pytest.mark.parametrize("case", ["plain", "causal", "mask", "scale"])
def test_scaled_dot_product_attention_of_pytorch(case: str) -> None:
    """torch.nn.functional.scaled_dot_product_attention, in double precision, gives the same outputs."""
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    Q, K, V = some(4, 3), some(4, 3), some(4, 2)
    mask = np.tri(4, dtype=bool)[::-1].copy()
    ours: dict[str, Any] = {"plain": {}, "causal": {"mask": "causal"}, "mask": {"mask": mask}, "scale": {"scale": 4}}
    theirs: dict[str, Any] = {
        "plain": {},
        "causal": {"is_causal": True},
        "mask": {"attn_mask": torch.tensor(mask)},
        "scale": {"scale": 0.25},
    }
    q, k, v = (torch.tensor(M[None, None]) for M in (Q, K, V))
    expected = scaled_dot_product_attention(q, k, v, **theirs[case])[0, 0].numpy()
    trace = tracer.attention(Q, K, V, **ours[case])
    np.testing.assert_allclose(trace.floats("outputs"), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.full
@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
def test_softcapped_attention_of_pytorch() -> None:
    """Torch's flex_attention, told to cap the scores and then to mask the later words, gives the same outputs."""
    import torch
    from torch.nn.attention.flex_attention import create_block_mask, flex_attention

    Q, K, V = some(4, 2) * 3, some(4, 2) * 3, some(4, 2)
    q, k, v = (torch.tensor(M[None, None]) for M in (Q, K, V))
    mask = create_block_mask(lambda b, h, i, j: j <= i, None, None, 4, 4, device="cpu")
    expected = flex_attention(q, k, v, lambda s, b, h, i, j: 3 * torch.tanh(s / 3), mask)[0, 0].numpy()
    steps = [{"use": "scale"}, {"use": "softcap", "cap": 3}, {"use": "mask", "rule": "causal"}]
    given = {"Q": written(Q), "K": written(K), "V": written(V)}
    trace = tracer.solve(from_dict({"given": given, "pass": {"logits": steps}}))
    np.testing.assert_allclose(trace.floats("outputs"), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.full
def test_multi_head_attention_of_pytorch() -> None:
    """torch.nn.MultiheadAttention: its packed weights, given as W_Q, W_K, W_V with “X W^T”, give its outputs."""
    import torch

    torch.manual_seed(7)
    theirs = torch.nn.MultiheadAttention(4, 2, batch_first=True, dtype=torch.float64)
    torch.nn.init.normal_(theirs.in_proj_bias)
    torch.nn.init.normal_(theirs.out_proj.bias)
    X = some(3, 4)
    with torch.no_grad():
        x = torch.tensor(X[None])
        outputs, weights = theirs(x, x, x, average_attn_weights=False)
        parts = dict(zip("QKV", np.split(theirs.in_proj_weight.numpy(), 3), strict=True))
        biases = dict(zip("QKV", np.split(theirs.in_proj_bias.numpy(), 3), strict=True))
        W_O, b_O = theirs.out_proj.weight.numpy(), theirs.out_proj.bias.numpy()
    given = {"X": X, **{f"W_{x}": parts[x] for x in "QKV"}, **{f"b_{x}": biases[x] for x in "QKV"}}
    numbers = {name: written(array) for name, array in {**given, "W_O": W_O, "b_O": b_O}.items()}
    trace = tracer.solve(from_dict({"given": numbers, "pass": {"n_heads": 2, "projection": "X W^T"}}))
    np.testing.assert_allclose(trace.floats("projected"), outputs[0].numpy(), rtol=1e-10, atol=1e-12)
    for h in (0, 1):
        np.testing.assert_allclose(trace.floats(f"head{h + 1}.weights"), weights[0, h].numpy(), rtol=1e-10)
