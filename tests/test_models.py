"""Real models: what is read is what the model computes; what is left out for paper is told, and measured."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracer
from tracer.cli import main
from tracer.errors import ModelError, TracerError
from tracer.models.layer import divisor, readable
from tracer.models.rounded import at_most
from tracer.models.taking import take
from tracer.notation.plain import plain
from tracer.problem import Problem
from tracer.show import show

EXAMPLE = Path(__file__).parents[1] / "examples" / "real-head"


def softmax(Z: Any) -> Any:
    """Each row's exponentials over their sum, in NumPy."""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


def saved(folder: Path, **arrays: Any) -> str:
    """The path of an .npz with these arrays."""
    np.savez(folder / "model.npz", **arrays)
    return str(folder / "model.npz")


@pytest.fixture
def head(tmp_path: Path) -> tuple[str, Any]:
    """A file with two heads of five tokens, and its arrays."""
    draw = np.random.default_rng(7)
    arrays = {name: draw.normal(size=(2, 5, 8)) for name in "QKV"}
    return saved(tmp_path, **arrays, tokens=["Ġthe", "Ġcat", "ting", "Ġthe", "Ġmat"], source="a model"), arrays


# What is read


def test_queries_keys_and_values_of_each_head(head: tuple[str, Any]) -> None:
    """softmax(Q Kᵀ/√8) V in each head, as NumPy has it."""
    path, arrays = head
    trace = tracer.solve(tracer.from_npz(path))
    for h in range(2):
        A = softmax(arrays["Q"][h] @ arrays["K"][h].T / np.sqrt(8))
        assert np.allclose(trace.floats(f"head{h + 1}.weights"), A, atol=1e-14)
        assert np.allclose(trace.floats(f"head{h + 1}.outputs"), A @ arrays["V"][h], atol=1e-14)


def test_names_in_small_letters_and_a_batch_of_one(tmp_path: Path) -> None:
    """q, k, v [1, heads, seq_len, d_k] with fewer key heads than query heads, causal, with a scale of its own."""
    draw = np.random.default_rng(1)
    q, k, v = draw.normal(size=(1, 4, 3, 2)), draw.normal(size=(1, 2, 3, 2)), draw.normal(size=(1, 2, 3, 2))
    trace = tracer.solve(tracer.from_npz(saved(tmp_path, q=q, k=k, v=v, is_causal=True, scale=0.25)))
    Z = np.where(np.tri(3, dtype=bool), q[0, 3] @ k[0, 1].T / 4, -np.inf)
    assert np.allclose(trace.floats("head4.weights"), softmax(Z), atol=1e-14)


@pytest.mark.parametrize(
    ("names", "turned"),
    [
        (("model.layers.{}.self_attn.{}_proj.weight", "q", "k", "v", "o"), True),
        (("bert.encoder.layer.{}.attention.self.{}.weight", "query", "key", "value", None), True),
        (("decoder.layers.{}.self_attn.{}.weight", "q_proj", "k_proj", "v_proj", "out_proj"), True),
    ],
)
def test_weights_by_the_names_of_a_checkpoint(names: Any, turned: bool, tmp_path: Path) -> None:
    """Layer 1's own projections, torch's [d_out, d_in], turned to X W."""
    draw = np.random.default_rng(2)
    pattern, *parts = names
    W = {(n, part): draw.normal(size=(4, 4)) for n in range(2) for part in parts if part}
    X = draw.normal(size=(3, 4))
    file = saved(tmp_path, X=X, n_heads=2, **{pattern.format(n, part): array for (n, part), array in W.items()})
    trace = tracer.solve(tracer.from_npz(file, 1))
    Q, K = X @ W[1, parts[0]].T, X @ W[1, parts[1]].T
    assert np.allclose(trace.floats("head2.weights"), softmax(Q[:, 2:] @ K[:, 2:].T / np.sqrt(2)), atol=1e-13)


def test_a_fused_projection(tmp_path: Path) -> None:
    """GPT-2's c_attn [d, 3d] has queries, keys and values side by side; c_proj is [d_in, d_out] as well."""
    draw = np.random.default_rng(3)
    W, b, P, X = draw.normal(size=(4, 12)), draw.normal(size=12), draw.normal(size=(4, 4)), draw.normal(size=(3, 4))
    names = {"h.0.attn.c_attn.weight": W, "h.0.attn.c_attn.bias": b, "h.0.attn.c_proj.weight": P}
    trace = tracer.solve(tracer.from_npz(saved(tmp_path, X=X, n_heads=1, **names)))
    Q, K, V = np.split(X @ W + b, 3, axis=1)
    assert np.allclose(trace.floats("projected"), softmax(Q @ K.T / 2) @ V @ P, atol=1e-13)


@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize("reach", [4, 1])
def test_a_transformer_lens_cache(scaled: bool, reach: int, tmp_path: Path) -> None:
    """Scale and mask are found by the cache's own pattern; rotated queries are those that are compared."""
    draw = np.random.default_rng(4)
    q, k, v = (draw.normal(size=(1, 4, 2, 8)) for _ in range(3))
    visible = np.tri(4, dtype=bool) & ~np.tri(4, 4, -reach - 1, dtype=bool)
    pattern = np.stack(
        [
            softmax(np.where(visible, q[0, :, h] @ k[0, :, h].T / (np.sqrt(8) if scaled else 1), -np.inf))
            for h in range(2)
        ]
    )
    names = {
        "hook_q": 0 * q,
        "hook_k": 0 * k,
        "hook_rot_q": q,
        "hook_rot_k": k,
        "hook_v": v,
        "hook_pattern": pattern[None],
    }
    cache = {f"blocks.3.attn.{name}": array for name, array in names.items()}
    for problem in (tracer.from_cache(cache, 3), tracer.from_npz(saved(tmp_path, **cache), 3)):
        assert np.allclose(tracer.solve(problem).floats("head2.weights"), pattern[1], atol=1e-12)


def test_a_pattern_that_is_no_softmax_is_refused() -> None:
    """A cache whose pattern its scores do not give is not passed off as attention."""
    q = np.ones((3, 1, 2))
    cache = {f"blocks.0.attn.hook_{name}": q for name in "qkv"} | {
        "blocks.0.attn.hook_pattern": np.tri(3)[None] / [1, 5, 5]
    }
    with pytest.raises(ModelError, match="something else to its scores"):
        tracer.from_cache(cache, 0)


def test_tokens_become_words() -> None:
    """The marks of tokenizers go; pieces of words and equal words can be told apart."""
    assert readable(["The", "Ġcat", "ting", "Ġthe", "Ġthe"]) == ("The", "cat", "-ting", "the₁", "the₂")
    assert readable(["[CLS]", "un", "##able", "."]) == ("[CLS]", "un", "-able", ".")
    assert readable(["▁a", "Ċ", " "]) == ("a", "⏎", "␣")


@pytest.mark.parametrize(("scale", "says"), [(0.125, "√64"), (1 / 3, "√9"), (32**-0.5, "√32"), (0.3, "1/0.3")])
def test_what_scores_are_divided_by(scale: float, says: str) -> None:
    """A model's factor, as the divisor that people know."""
    assert show(divisor(scale), plain) == says


# What is left out, and told


def test_the_whole_head_has_no_error(head: tuple[str, Any]) -> None:
    """Nothing left out, nothing rounded: the weights are the model's."""
    path, _ = head
    small = tracer.take(tracer.from_npz(path), 1)
    assert "real head’s by at most 0, the outputs by at most 0." in small.note["Error"]
    real = tracer.solve(tracer.from_npz(path)).floats("head2.weights")
    assert np.abs(tracer.solve(small).floats("weights") - real).max() < 1e-14


def test_the_error_is_that_of_the_numbers_on_the_page(head: tuple[str, Any]) -> None:
    """What the note says is measured on the rounded numbers, against the real head among the tokens kept."""
    path, arrays = head
    keep = [0, 1, 3]
    small = tracer.take(tracer.from_npz(path), 0, tokens=["cat", "the₁", 4], dimensions=3, round_to="1/4")
    assert small.tokens == ("the₁", "cat", "the₂")
    real = softmax(arrays["Q"][0][keep] @ arrays["K"][0][keep].T / np.sqrt(8))
    Q, K = (np.array([[float(x.value) for x in row] for row in small.given[name].rows]) for name in "QK")
    assert np.array_equal(4 * Q, np.round(4 * Q))
    error = np.abs(softmax(Q @ K.T / np.sqrt(8)) - real).max()
    said = float(small.note["Error"].split("at most ")[1].split(",")[0])
    assert error <= said <= 1.1 * error
    dropped = softmax(arrays["Q"][0] @ arrays["K"][0].T / np.sqrt(8))[keep][:, [2, 4]].sum(axis=1).max()
    share = float(small.note["Tokens"].split("at most ")[1].split(" %")[0])
    assert 100 * dropped <= share <= 100 * dropped + 1


def test_turned_coordinates_lose_nothing_where_there_are_as_many_as_tokens(head: tuple[str, Any]) -> None:
    """Scores of five tokens relative to the mean key have rank four: four new coordinates hold them all."""
    path, _ = head
    layer = tracer.from_npz(path)
    small, real = tracer.take(layer, 0, dimensions=4), tracer.solve(layer).floats("head1.weights")
    assert "100 %" in small.note["Queries and keys"]
    assert np.abs(tracer.solve(small).floats("weights") - real).max() < 1e-12


def test_own_coordinates_are_those_of_the_model(head: tuple[str, Any]) -> None:
    """The three with the largest Σ|q·(k − mean)|, as they are."""
    path, arrays = head
    small = tracer.take(tracer.from_npz(path), 0, dimensions=3, basis="own")
    Q, K = arrays["Q"][0], arrays["K"][0]
    shares = [np.abs(np.outer(Q[:, c], K[:, c] - K[:, c].mean())).sum() for c in range(8)]
    kept = sorted(np.argsort(shares)[-3:])
    assert np.allclose(small.given["Q"].array, Q[:, kept])
    assert f"numbers {', '.join(str(c + 1) for c in kept)}" in small.note["Queries and keys"]


def test_the_scale_stays_that_of_the_real_head(head: tuple[str, Any]) -> None:
    """√8, however few coordinates are kept."""
    small = tracer.take(tracer.from_npz(head[0]), 0, dimensions=2)
    assert show(small.wiring.logits[0].told["by"], plain) == "√8"


@settings(max_examples=10, deadline=None)
@given(
    st.integers(1, 5),
    st.integers(1, 6),
    st.sampled_from(["0.1", "1/4", "0.5", "0.01"]),
    st.booleans(),
    st.integers(0, 10**6),
)
def test_every_head_taken_is_a_problem_that_reads_back(n: int, d: int, step: str, causal: bool, seed: int) -> None:
    """Whatever is kept: the numbers are multiples of the step, and the file gives the same problem again."""
    from tracer.models.layer import layer
    from tracer.models.written import problem_text
    from tracer.problem_file import from_text

    draw = np.random.default_rng(seed)
    whole = layer({name: draw.normal(size=(5, 6)) for name in "QKV"}, is_causal=causal, tokens="abcde")
    small = take(whole, tokens=list(range(1, n + 1)), dimensions=d, round_to=step)
    again = from_text(problem_text(small))
    assert again.given.keys() == small.given.keys()
    assert again.note == small.note
    for values in (small.matrix("Q"), again.matrix("Q")):
        numbers = [values.entry(at).value for at in np.ndindex(*values.shape)]
        assert all((x / Fraction(step)).denominator == 1 for x in numbers)
    assert np.array_equal(tracer.solve(again).floats("weights"), tracer.solve(small).floats("weights"))


@given(st.floats(1e-12, 10))
def test_an_error_is_never_told_smaller_than_it_is(error: float) -> None:
    """At most two digits that count, rounded up."""
    assert Fraction(error) <= Fraction(at_most(error)) <= max(Fraction(error) * Fraction(11, 10), Fraction(1, 10**6))


# The example, the command, and what goes wrong


def test_the_example_is_made_as_its_page_says(tmp_path: Path, capsys: Any) -> None:
    """Both files of examples/real-head come out of head.npz by the commands of the README."""
    lines = [line for line in (EXAMPLE / "README.md").read_text().splitlines() if line.startswith("tracer take")]
    for line in lines:
        words = [word.strip('"') for word in line.split()[1:]]
        name = words[-1]
        words[1], words[-1] = str(EXAMPLE / "head.npz"), str(tmp_path / name)
        assert main(words) == 0
        assert (tmp_path / name).read_text() == (EXAMPLE / name).read_text()
    assert "wrote" in capsys.readouterr().err


def test_it_looks_at_the_cat() -> None:
    """In the real head and on the page, two thirds of the weight of it go to cat."""
    real = tracer.solve(tracer.from_npz(EXAMPLE / "head.npz"))
    page = tracer.solve(tracer.load(EXAMPLE / "problem.toml"))
    for trace in (real, page):
        words = trace.problem.tokens
        assert 0.65 < trace.floats("weights")[words.index("it"), words.index("cat")] < 0.68
    assert page["weights"][5, 2].decimal(2) == "0.67"


def test_the_note_is_on_every_page(tmp_path: Path) -> None:
    """What was left out stands on the solution and on the sheet, in all formats of text."""
    problem = tracer.load(EXAMPLE / "by-hand.toml")
    for suffix in (".html", ".md", ".txt", ".tex", ".ipynb", ".json"):
        tracer.save(tracer.solve(problem), tmp_path / f"page{suffix}")
        text = (tmp_path / f"page{suffix}").read_text()
        assert "by at most 0.06, the outputs by at most 0.23" in " ".join(text.split()), suffix
    assert main(["sheet", str(EXAMPLE / "by-hand.toml"), "-o", str(tmp_path / "sheet.html"), "--quiet"]) == 0
    assert "by at most 0.06" in (tmp_path / "sheet.html").read_text()


def test_names_for_tokens_that_have_none(tmp_path: Path, capsys: Any) -> None:
    """As many words as rows are their names, in the page's language."""
    path = saved(tmp_path, **{name: np.eye(3) for name in "QKV"})
    assert main(["take", path, "--tokens", "The,cat,sat", "--round-to", "1", "--lang", "de"]) == 0
    file = tomllib.loads(capsys.readouterr().out)
    assert file["tokens"] == ["The", "cat", "sat"]
    assert file["title"] == "Ein echter Kopf liest „The cat sat“"
    assert "weichen von denen des echten Kopfes um höchstens 0 ab" in file["note"]["Fehler"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--head", "2"], "there is no head 2; this layer has the heads 0 to 1"),
        (["--tokens", "dog"], "tokens: no row is called “dog”; known are: the₁, cat, -ting, the₂, mat"),
        (["--tokens", "9"], "tokens is 9; expected a whole number from 1 to 5"),
        (["--dimensions", "0"], "dimensions is 0; keep at least 1"),
        (["--round-to", "-1"], "round_to is “-1”; expected a positive number such as 0.1 or 1/4"),
        (["--round-to", "a"], "round_to is “a”; expected a positive number such as 0.1 or 1/4"),
        (["-o", "page.html"], "-o page.html: a problem is written as .toml; tracer solve makes other files of it"),
        (["--lang", "xx"], "no language has the code “xx”"),
        (["--inputs", "nowhere.npz"], "nowhere.npz cannot be read as .npz"),
    ],
)
def test_mistakes_in_the_command(words: list[str], says: str, head: tuple[str, Any], capsys: Any) -> None:
    """One line each, and exit code 2."""
    assert main(["take", head[0], *words]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"a": np.ones(3)}, "has no Q, K and V, no X, and no weights of a layer; its tensors are a"),
        ({f"h.0.attn.{x}_proj.weight": np.eye(2) for x in "qkv"}, "not what goes into the layer; give X"),
        ({"Q": np.ones((2, 3, 4, 5, 6))}, "Q has the shape (2, 3, 4, 5, 6); expected a matrix, or one for each head"),
        (
            {"Q": np.ones((2, 2)), "K": np.ones((2, 3)), "V": np.ones((2, 2))},
            "the queries have 2 columns (d_k) and the keys 3",
        ),
        ({**{f"W_{x}": np.eye(4) for x in "QKVO"}, "X": np.eye(4)}, "does not say how many heads there are"),
        ({"Q": np.full((2, 2), np.nan), "K": np.ones((2, 2)), "V": np.ones((2, 2))}, "Q holds nan"),
    ],
)
def test_arrays_that_make_no_layer(arrays: Any, says: str, tmp_path: Path, capsys: Any) -> None:
    """The message says what is there, and what is expected."""
    assert main(["take", saved(tmp_path, **arrays), "--round-to", "1"]) == 2
    assert says in capsys.readouterr().err


def test_an_unknown_layer(tmp_path: Path) -> None:
    """The layers that there are, are told."""
    path = saved(
        tmp_path, X=np.eye(2), n_heads=1, **{f"h.{n}.attn.{x}_proj.weight": np.eye(2) for n in range(3) for x in "qkv"}
    )
    with pytest.raises(ModelError, match="there is no layer 7; this model has the layers 0 to 2"):
        tracer.from_npz(path, 7)


def test_a_file_of_another_kind(tmp_path: Path, capsys: Any) -> None:
    """Suffixes that are read are listed; pickled objects are never loaded."""
    assert main(["take", "model.bin"]) == 2
    assert "a model is read from .npz, .safetensors, .onnx" in capsys.readouterr().err
    np.savez(tmp_path / "evil.npz", Q=np.array([{}], dtype=object))
    with pytest.raises(ModelError, match="cannot be read as .npz"):
        tracer.from_npz(tmp_path / "evil.npz")


@pytest.mark.parametrize("extra", ["torch", "onnx", "safetensors"])
def test_without_the_library_the_command_that_gets_it(extra: str, monkeypatch: Any) -> None:
    """Extras are asked for by their name on PyPI."""
    monkeypatch.setitem(sys.modules, extra, None)
    reader = getattr(tracer, f"from_{extra}")
    with pytest.raises(TracerError, match=rf"pip install attention-tracer\[{extra}\]"):
        reader("model", [[1.0]])


def test_the_note_is_read_and_refused() -> None:
    """A table of texts."""
    problem = tracer.problem_file.from_text('[note]\nTokens = "six of nine"\n[given]\nX = [[1]]\n')  # type: ignore[attr-defined]
    assert problem.note == {"Tokens": "six of nine"}
    for text, says in (("note = 1", "note is a number; expected a table"), ("[note]\na = 1", "[note] a is a number")):
        with pytest.raises(tracer.ProblemError) as caught:
            tracer.problem_file.from_text(text + "\n[given]\nX = [[1]]")  # type: ignore[attr-defined]
        assert says in str(caught.value)


# Against the field's own code


def of(problem: Problem, step: str) -> Any:
    """What tracer comes to, in floats."""
    return tracer.solve(problem).floats(step)


@pytest.mark.full
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_multihead_attention_of_torch(data: Any) -> None:
    """Weights and outputs of nn.MultiheadAttention: biases, sizes of their own for keys and values, masks, batches."""
    import torch

    flag = st.booleans()
    heads, width, n, m = (data.draw(st.integers(1, 4)) for _ in range(4))
    cross, own, bias, first, masked = (data.draw(flag) for _ in range(5))
    torch.manual_seed(data.draw(st.integers(0, 999)))
    d = heads * width
    kdim, vdim = (3, 5) if cross and own else (None, None)
    module = torch.nn.MultiheadAttention(d, heads, bias=bias, kdim=kdim, vdim=vdim, batch_first=first).double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    x = torch.randn(n, d).double()
    others = (torch.randn(m, kdim or d).double(), torch.randn(m, vdim or d).double()) if cross else ()
    keys = m if cross else n
    hidden = torch.ones(n, keys, dtype=torch.bool).triu(1) if masked else None
    batched = data.draw(flag)
    inputs = [(one[None] if first else one[:, None]) if batched else one for one in (x, *others)]
    problem = tracer.from_torch(module, *inputs, attn_mask=hidden)
    trio = (x, *others) if cross else (x, x, x)
    real, weights = module(*trio, attn_mask=hidden, average_attn_weights=False)
    assert np.allclose(of(problem, "projected"), real.detach().numpy(), atol=1e-12)
    last = f"head{heads}.weights" if heads > 1 else "weights"
    assert np.allclose(of(problem, last), weights[-1].detach().numpy(), atol=1e-12)


@pytest.mark.full
@pytest.mark.parametrize("name", ["GPT2", "Llama", "OPT", "Bert"])
@pytest.mark.parametrize("way", ["eager", "sdpa"])
@pytest.mark.filterwarnings("ignore")
def test_models_of_transformers(name: str, way: str) -> None:
    """The attentions that a tiny random model tells are ours, whichever way it computes them; it is left as it was."""
    import torch
    import transformers

    torch.manual_seed(5)
    sizes = (
        {"n_layer": 2, "n_head": 4, "n_embd": 16}
        if name == "GPT2"
        else {"num_hidden_layers": 2, "hidden_size": 16, "num_attention_heads": 4}
    )
    more = {
        "Llama": {"num_key_value_heads": 2, "intermediate_size": 8},
        "OPT": {"ffn_dim": 8, "word_embed_proj_dim": 16},
        "Bert": {"intermediate_size": 8},
    }
    config = getattr(transformers, f"{name}Config")(vocab_size=20, **sizes, **more.get(name, {}))
    model = getattr(transformers, f"{name}Model")._from_config(config, attn_implementation="eager").double().train()
    ids = torch.tensor([[1, 2, 3, 4, 5]])
    real = model.eval()(ids, output_attentions=True).attentions
    model.train().config._attn_implementation = way
    for at in range(2):
        problem = tracer.from_torch(model, ids, at=at, tokens="abcde")
        for h in range(4):
            assert np.allclose(of(problem, f"head{h + 1}.weights"), real[at][0, h].detach().numpy(), atol=1e-6)
    assert model.training
    assert model.config._attn_implementation == way


@pytest.mark.full
@pytest.mark.filterwarnings("ignore")
def test_attention_modules_of_transformers_show_their_weights() -> None:
    """GPT-2's, OPT's and BERT's queries are X W_Q + b_Q; Llama's are rotated, so Q and K are given as they are."""
    import torch
    from transformers import GPT2Config, LlamaConfig, OPTConfig
    from transformers.models.gpt2.modeling_gpt2 import GPT2Attention
    from transformers.models.llama.modeling_llama import LlamaAttention
    from transformers.models.opt.modeling_opt import OPTAttention

    torch.manual_seed(6)
    x = torch.randn(1, 5, 16).double()
    for module in (
        GPT2Attention(GPT2Config(n_head=4, n_embd=16), layer_idx=0),
        OPTAttention(OPTConfig(num_attention_heads=4, hidden_size=16), layer_idx=0),
        LlamaAttention(LlamaConfig(num_attention_heads=4, num_key_value_heads=2, hidden_size=16), layer_idx=0),
    ):
        module.config._attn_implementation = "eager"
        problem = tracer.from_torch(module.double(), x)
        is_rotated = isinstance(module, LlamaAttention)
        assert ("X" in problem.given) is not is_rotated
        assert [setting.use for setting in problem.wiring.logits] == ["scale", "mask"]
        if not is_rotated:
            module.config._attn_implementation = "sdpa"
            assert np.allclose(
                of(problem, "projected"), module.eval()(x, attention_mask=None)[0][0].detach().numpy(), atol=1e-6
            )


@pytest.mark.full
@pytest.mark.filterwarnings("ignore")
def test_attention_inside_torchs_own_layers() -> None:
    """nn.TransformerEncoder has a fast path that nobody can watch; its second layer is found all the same."""
    import torch

    torch.manual_seed(3)
    one = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    model = torch.nn.TransformerEncoder(one, 2, enable_nested_tensor=False).double()
    x = torch.randn(1, 4, 8).double()
    problem = tracer.from_torch(model, x, at=1, tokens="abcd")
    inner = model.eval().layers[0](x)
    real = model.layers[1].self_attn(inner, inner, inner, average_attn_weights=False)[1][0]
    assert np.allclose(of(problem, "head2.weights"), real[1].detach().numpy(), atol=1e-12)
    assert problem.source == "TransformerEncoder, layer 1"
    assert torch.backends.mha.get_fastpath_enabled()


@pytest.mark.full
def test_a_module_of_ones_own() -> None:
    """Known by the names of its projections where it never calls torch's function; what does more is refused."""
    import torch

    class Attention(torch.nn.Module):
        def __init__(self, times: float) -> None:
            super().__init__()
            self.num_heads, self.times = 2, times
            for name in "qkvo":
                setattr(self, f"{name}_proj", torch.nn.Linear(4, 4))

        def forward(self, x: Any) -> Any:
            q, k, v = (getattr(self, f"{name}_proj")(x).view(-1, 2, 2).transpose(0, 1) for name in "qkv")
            Z = self.times * q @ k.transpose(1, 2) / 2**0.5
            A = Z.masked_fill(torch.ones(len(x), len(x)).triu(1).bool(), -torch.inf).softmax(-1)
            return self.o_proj((A @ v).transpose(0, 1).reshape(-1, 4))

    x = torch.randn(3, 4).double()
    module = Attention(1).double()
    assert np.allclose(of(tracer.from_torch(module, x), "projected"), module(x).detach().numpy(), atol=1e-12)
    with pytest.raises(ModelError, match="computes something else than softmax"):
        tracer.from_torch(Attention(9).double(), x)
    with pytest.raises(ModelError, match="never calls scaled_dot_product_attention"):
        tracer.from_torch(torch.nn.Linear(4, 4).double(), x)
    with pytest.raises(ModelError, match="several sequences are several problems"):
        tracer.from_torch(torch.nn.MultiheadAttention(4, 2, batch_first=True).double(), torch.randn(2, 3, 4).double())


@pytest.mark.full
def test_a_checkpoint_in_safetensors(tmp_path: Path) -> None:
    """GPT-2's names, heads told by config.json; a model with rotary positions is better run."""
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(8)
    module = torch.nn.MultiheadAttention(8, 2, batch_first=True).double()
    W = {"h.1.attn.c_attn.weight": module.in_proj_weight.T, "h.1.attn.c_attn.bias": module.in_proj_bias,
         "h.1.attn.c_proj.weight": module.out_proj.weight.T, "h.1.attn.c_proj.bias": module.out_proj.bias}  # fmt: skip
    path = tmp_path / "model.safetensors"
    save_file({name: one.detach().contiguous() for name, one in W.items()}, path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gpt2", "n_head": 2}))
    x = torch.randn(4, 8).double()
    np.savez(tmp_path / "x.npz", X=x.numpy(), tokens=list("abcd"))
    problem = tracer.from_safetensors(path, 1, tmp_path / "x.npz")
    hidden = torch.ones(4, 4, dtype=torch.bool).triu(1)
    real = module(x, x, x, attn_mask=hidden)[0].detach().numpy()
    assert np.allclose(of(problem, "projected"), real, atol=1e-12)
    assert problem.source == "model.safetensors, layer 1"
    (tmp_path / "config.json").write_text(
        json.dumps({"model_type": "llama", "rope_theta": 10000, "num_attention_heads": 2})
    )
    with pytest.raises(ModelError, match="run the model with from_torch"):
        tracer.from_safetensors(path, 1, tmp_path / "x.npz")


@pytest.mark.full
@pytest.mark.filterwarnings("ignore")
def test_the_attention_node_of_an_onnx_model(tmp_path: Path) -> None:
    """What reaches the node is made by the nodes before it; the result is the reference evaluator's."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    from onnx.reference import ReferenceEvaluator

    draw = np.random.default_rng(9)
    W = {name: draw.normal(size=(8, 8)) for name in ("a", "b", "c")}
    nodes = [helper.make_node("MatMul", ["x", name], [letter]) for name, letter in zip(W, "QKV", strict=True)]
    nodes.append(
        helper.make_node("Attention", list("QKV"), ["y"], q_num_heads=2, kv_num_heads=2, is_causal=1, scale=0.5)
    )
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.DOUBLE, [1, 4, 8])],
        [helper.make_tensor_value_info("y", TensorProto.DOUBLE, None)],
        [numpy_helper.from_array(array, name) for name, array in W.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 23)], ir_version=10)
    onnx.save(model, tmp_path / "m.onnx")
    x = draw.normal(size=(1, 4, 8))
    np.savez(tmp_path / "x.npz", x=x)
    problem = tracer.from_onnx(tmp_path / "m.onnx", 0, tmp_path / "x.npz")
    real = ReferenceEvaluator(model).run(None, {"x": x})[0][0]
    assert np.allclose(of(problem, "joined"), real, atol=1e-6)
    with pytest.raises(ModelError, match="the model’s input “x” is not given|input “x” is not given"):
        tracer.from_onnx(tmp_path / "m.onnx")
    with pytest.raises(ModelError, match="there is no Attention node 3"):
        tracer.from_onnx(tmp_path / "m.onnx", 3, tmp_path / "x.npz")


def test_no_extra_is_imported_by_the_command(head: tuple[str, Any]) -> None:
    """Taking a head from an .npz needs neither torch nor onnx nor safetensors."""
    code = f"import sys; from tracer.cli import main; main(['take', {head[0]!r}]); print({{'torch', 'onnx', 'safetensors'}} & set(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "set()"
