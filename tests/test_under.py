"""What changes under the rules of PyTorch and ONNX: the page says it, and the software really does it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

import tracer
from tracer import cli
from tracer.formats.txt import txt
from tracer.frameworks import frameworks, load
from tracer.notation.plain import plain
from tracer.pages.under import under
from tracer.parts.compared import Compared
from tracer.problem_file import from_dict
from tracer.show import show

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples/conventions/problem.toml"
LN3 = [["ln 3", 0], [0, "ln 3"]]
KEYS = [[1, 0], [0, 1], [1, 1]]
VALUES = [[12, 0], [0, 12], [12, 12]]
CAUSAL = {"use": "mask", "rule": "causal"}
load()


def compared(name: str, given: Mapping[str, Any], **wiring: Any) -> Compared:
    """A problem, and the same problem under the rules of a framework."""
    trace = tracer.solve(from_dict({"given": given, "pass": wiring}))
    return Compared(trace, frameworks[name], tuple(range(len(trace.problem.tokens))))


def cells(found: Compared) -> dict[str, str]:
    """The cells that change, each with its new value."""
    return {
        one.here.id: "nan" if one.there.undefined else show(one.there.exact or one.there.name, plain)
        for one in found.changes
    }


def differing(found: Compared) -> list[str]:
    return [effect.rule.about for effect in found.effects]


# By hand: e^ln 3 = 3, so that weights are quarters


def test_a_causal_mask_begins_at_the_other_corner() -> None:
    """Two queries, three keys. Here the first query sees two keys; in PyTorch, one."""
    given = {"Q": LN3, "K": KEYS, "V": VALUES}
    found = compared("pytorch-sdpa", given, logits=[{"use": "scale", "by": 1}, CAUSAL])
    assert differing(found) == ["Causal mask"]
    assert cells(found) == {
        "weights[1,1]": "1", "weights[1,2]": "0",
        "weights[2,1]": "1/4", "weights[2,2]": "3/4", "weights[2,3]": "0",
        "outputs[1,1]": "12", "outputs[1,2]": "0", "outputs[2,1]": "3", "outputs[2,2]": "9",
    }  # fmt: skip


def test_as_many_queries_as_keys_have_one_corner() -> None:
    """Then top-left and bottom-right are the same: the rule differs, and changes nothing."""
    found = compared("onnx", {"X": [[1, 2], [3, 4]]}, logits=["scale", CAUSAL])
    assert differing(found) == ["Causal mask"]
    assert cells(found) == {}
    assert "That changes nothing here." in printed(found.trace, "onnx")


def test_a_one_may_attend_or_must_not() -> None:
    """The mask (1, 0, 0) leaves the first key here, and hides it in nn.MultiheadAttention."""
    given = {"S": [["ln 3", 0, 0]], "V": VALUES, "mask": [[1, 0, 0]]}
    wiring = {"logits": ["mask"]}
    assert cells(compared("pytorch-sdpa", given, **wiring)) == {}
    found = compared("torch-mha", given, **wiring)
    assert cells(found) == {
        "weights[1,1]": "0", "weights[1,2]": "1/2", "weights[1,3]": "1/2", "outputs[1,1]": "6", "outputs[1,2]": "12",
    }  # fmt: skip


def test_a_row_without_any_key() -> None:
    """Its weights are 0 here, in SDPA and in ONNX; nn.MultiheadAttention, which hides a key where there is a 1, says nan."""
    given = {"S": [[1, 2], [3, 4]], "V": [[1], [2]], "mask": [[0, 0], [0, 0]]}
    for name in ("pytorch-sdpa", "onnx"):
        assert cells(compared(name, given)) == {}
    given["mask"] = [[1, 1], [0, 0]]
    assert set(cells(compared("torch-mha", given)).values()) >= {"nan"}
    assert [cells(compared("torch-mha", given))[f"weights[1,{j}]"] for j in (1, 2)] == ["nan", "nan"]
    assert cells(compared("torch-mha", given))["outputs[1,1]"] == "nan"


def test_weights_are_multiplied_from_the_other_side() -> None:
    """X W here, x Wᵀ in nn.MultiheadAttention: with W_V = (1 1; 0 1), (1, 2) becomes (1, 3) or (3, 2)."""
    given = {"X": [[1, 2]], "W_Q": [[1, 0], [0, 1]], "W_K": [[1, 0], [0, 1]], "W_V": [[1, 1], [0, 1]]}
    assert cells(compared("torch-mha", given)) == {"outputs[1,1]": "3", "outputs[1,2]": "2"}
    assert cells(compared("pytorch-sdpa", given)) == {}


def test_sizes_may_forbid_a_rule() -> None:
    """A weight matrix of three rows and two columns cannot be transposed; the page says so, and goes on."""
    given = {"X": [[1, 2, 3]], "W_Q": [[1, 0], [0, 1], [1, 1]], "W_K": [[1, 0], [0, 1], [1, 1]]}
    found = compared("torch-mha", given)
    assert [(e.rule.about, e.changes) for e in found.effects] == [("Vectors", None)]
    assert cells(found) == {}
    assert "With these sizes that cannot be done" in printed(found.trace, "torch-mha")


@pytest.mark.parametrize(
    ("wiring", "name", "expected"),
    [
        ({"similarity": "cosine"}, "pytorch-sdpa", ["Similarity"]),
        ({"normalisation": "sum"}, "onnx", ["Normalisation"]),
        ({"normalisation": "softmax-shifted"}, "onnx", []),
        ({"logits": ["scale", {"use": "softcap", "cap": 2}]}, "pytorch-sdpa", ["Softcap"]),
        ({"logits": ["scale", {"use": "softcap", "cap": 2}]}, "onnx", []),
        ({"logits": [{"use": "softcap", "cap": 2}, "scale"]}, "onnx", ["Order"]),
        ({"logits": [{"use": "scale", "by": 2}]}, "pytorch-sdpa", []),
        ({"logits": [{"use": "scale", "by": 2}]}, "torch-mha", ["Scale"]),
        ({"logits": []}, "torch-mha", ["Scale"]),
        ({"logits": ["scale", {"use": "temperature", "by": 2}, {"use": "alibi"}]}, "pytorch-sdpa", []),
        ({"logits": ["scale", {"use": "temperature", "by": 2}, {"use": "alibi"}]}, "torch-mha", ["Scale"]),
        ({"logits": ["scale", {"use": "alibi"}, {"use": "temperature", "by": 2}]}, "onnx", ["Order"]),
        ({"similarity": "negative-squared-distance"}, "onnx", ["Similarity"]),
        ({"encoding": ["l2-norm"]}, "torch-mha", ["Encoding"]),
        ({"encoding": ["l2-norm"]}, "pytorch-sdpa", []),
        ({"encoding": ["sinusoidal"]}, "torch-mha", []),
        ({}, "torch-mha", []),
    ],
)
def test_each_rule_by_its_keyword(wiring: dict[str, Any], name: str, expected: list[str]) -> None:
    """Which rule is not the problem's own."""
    assert differing(compared(name, {"X": [[1, 2], [3, 1]]}, **wiring)) == expected


def test_letters_are_compared_as_formulas() -> None:
    """With a letter among the scores, the mask's other reading changes the weights all the same."""
    given = {"S": [["a", 1]], "mask": [[1, 0]]}
    assert list(cells(compared("torch-mha", given))) == ["weights[1,1]", "weights[1,2]"]
    assert cells(compared("onnx", given)) == {}


# The page


def printed(trace: tracer.Trace, *names: str) -> str:
    return " ".join(txt(under(trace, names)).decode().split())


def test_the_page_of_the_example() -> None:
    """Seven cells of ten change in SDPA and ONNX, all ten in nn.MultiheadAttention; each old and new."""
    page = printed(tracer.solve(tracer.load(EXAMPLE)), "pytorch-sdpa", "torch-mha", "onnx")
    assert page.count("7 of 10 weights and outputs change.") == 2
    assert page.count("10 of 10 weights and outputs change.") == 1
    assert "weights[1,2] weight of now on b 0.25 0 " in page
    assert "weights[1,2] weight of now on b 0.25 nan" in page
    assert "attn_mask and is_causal=True must not be given together" in page


def test_a_classic_pass_is_the_same_everywhere() -> None:
    """softmax(Q Kᵀ/√d_k) V without a mask: nothing changes under any rules."""
    trace = tracer.solve(from_dict({"given": {"X": [[1, 2], [3, 1]]}}))
    assert printed(trace, *frameworks).count("Nothing changes: every weight and every output is the same.") == 3


def test_the_switch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--under writes every kind of page; a name nobody knows is an error that says which there are."""
    files = [tmp_path / f"page{suffix}" for suffix in (".html", ".md", ".tex", ".txt", ".pdf")]
    options = [word for file in files for word in ("-o", str(file))]
    assert cli.main(["solve", str(EXAMPLE), "--under", "onnx", "--under", "torch-mha", "--quiet", *options]) == 0
    assert all(file.stat().st_size > 1_000 for file in files)
    assert cli.main(["verify", str(files[-1]), "--quiet"]) == 0
    assert cli.main(["solve", str(EXAMPLE), "--under", "torch-mah"]) == 2
    assert "did you mean “torch-mha”?" in capsys.readouterr().err
    assert cli.main(["solve", str(EXAMPLE), "--under", "onnx", "--form", "slides"]) == 2
    assert "--under makes a page of its own; leave --form slides out" in capsys.readouterr().err
    assert cli.main(["solve", str(EXAMPLE), "--under", "onnx", "-o", str(tmp_path / "a.xlsx")]) == 2
    assert "differences are not written as .xlsx" in capsys.readouterr().err


def test_the_differences_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Rules and cells, here and there; null is nan. It is what its schema says."""
    assert cli.main(["solve", str(EXAMPLE), "--under", "onnx", "--under", "torch-mha", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    schema = json.loads((ROOT / "tracer/schemas/under.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(found)
    onnx, mha = found["under"]
    assert (onnx["name"], onnx["results"], len(onnx["changes"])) == ("onnx", 10, 7)
    assert [(rule["about"], rule["changes"]) for rule in onnx["differs"]] == [("Causal mask", 7)]
    assert onnx["changes"][1] == {
        "cell": "weights[1,2]",
        "here": {"exact": "1/4", "decimal": "0.2500"},
        "there": {"exact": "0", "decimal": "0.0000"},
    }
    assert mha["changes"][0]["there"] is None


# The software itself


def random_problem(seed: int, own_weights: bool) -> dict[str, Any]:
    """A problem of small numbers: two to four queries and keys, some masks, a scale or none, heads."""
    random = np.random.default_rng(seed)
    n, m, heads = random.integers(2, 5), random.integers(2, 5), int(random.integers(1, 3))

    def numbers(*shape: int) -> list[list[str]]:
        return [[str(x) for x in row] for row in random.integers(-8, 9, size=shape) / 4]

    width = 2 * heads
    if own_weights:
        given = {"X": numbers(n, width), "Y": numbers(m, width)}
        given |= {f"W_{x}": numbers(width, width) for x in "QKVO"}
    else:
        given = {"Q": numbers(n, width), "K": numbers(m, width), "V": numbers(m, width)}
    logits: list[Any] = [["scale"], [], [{"use": "scale", "by": 2}]][random.integers(3)]
    if random.integers(2):
        logits = [*logits, CAUSAL]
    if random.integers(2):
        given["mask"] = random.integers(0, 2, size=(n, m)).tolist()
        logits = [*logits, "mask"]
    return {"given": given, "pass": {"logits": logits, "n_heads": heads}}


def told(problem: dict[str, Any]) -> tuple[bool, np.ndarray | None, float]:
    """Causal or not, the mask matrix as it stands, and the number that scores are multiplied by."""
    logits = problem["pass"]["logits"]
    scale = next(
        (1 / np.sqrt(2) if step == "scale" else 0.5 for step in logits if step == "scale" or "by" in step), 1.0
    )
    mask = problem["given"].get("mask")
    return CAUSAL in logits, None if mask is None else np.array(mask, dtype=bool), float(scale)


def there(name: str, problem: dict[str, Any], step: str) -> np.ndarray:
    """What our page says of every head."""
    found = compared(name, problem["given"], **problem["pass"]).there
    several = problem["pass"]["n_heads"] > 1
    names = [f"head{h + 1}.{step}" for h in range(problem["pass"]["n_heads"])] if several else [step]
    return np.stack([found.floats(one) for one in names])


def in_heads(problem: dict[str, Any]) -> list[np.ndarray]:
    """Q, K and V as (1, heads, rows, 2)."""
    heads = problem["pass"]["n_heads"]
    arrays = [np.array(problem["given"][name], dtype=float) for name in "QKV"]
    return [x.reshape(1, len(x), heads, 2).swapaxes(1, 2) for x in arrays]


@pytest.mark.full
@pytest.mark.parametrize("seed", range(40))
def test_scaled_dot_product_attention_does_so(seed: int) -> None:
    """PyTorch's outputs are those under its rules."""
    import torch

    problem = random_problem(seed, own_weights=False)
    causal, mask, scale = told(problem)
    Q, K, V = map(torch.from_numpy, in_heads(problem))
    attend = None if mask is None else torch.from_numpy(mask)
    if causal and attend is not None:
        attend = attend & torch.ones(attend.shape, dtype=torch.bool).tril()
    found = torch.nn.functional.scaled_dot_product_attention(
        Q, K, V, attn_mask=attend, is_causal=causal and mask is None, scale=scale
    )
    np.testing.assert_allclose(there("pytorch-sdpa", problem, "outputs"), found[0].numpy(), atol=1e-12)


@pytest.mark.full
def test_scaled_dot_product_attention_refuses_two_masks() -> None:
    """attn_mask together with is_causal=True, where it is worked as its documentation writes it."""
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel

    X = torch.ones(1, 1, 2, 2)
    with (
        sdpa_kernel(SDPBackend.MATH),
        pytest.raises(RuntimeError, match="attn_mask should not be set when is_causal=True"),
    ):
        torch.nn.functional.scaled_dot_product_attention(X, X, X, attn_mask=torch.ones(2, 2).bool(), is_causal=True)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(40))
def test_multihead_attention_does_so(seed: int) -> None:
    """nn.MultiheadAttention's weights and outputs are those under its rules, nan included."""
    import torch

    problem = random_problem(seed, own_weights=True)
    given, heads = problem["given"], problem["pass"]["n_heads"]
    causal, mask, _ = told(problem)
    arrays = {name: torch.tensor(np.array(given[name], dtype=float)) for name in given if name != "mask"}
    module = torch.nn.MultiheadAttention(2 * heads, heads, bias=False, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        module.in_proj_weight.copy_(torch.cat([arrays["W_Q"], arrays["W_K"], arrays["W_V"]]))
        module.out_proj.weight.copy_(arrays["W_O"])
        X, Y = arrays["X"][None], arrays["Y"][None]
        hidden = torch.zeros(X.shape[1], Y.shape[1], dtype=torch.bool)
        if mask is not None:
            hidden |= torch.from_numpy(mask)
        if causal:
            hidden |= torch.ones(hidden.shape).triu(diagonal=1).bool()
        is_masked = causal or mask is not None
        outputs, weights = module(X, Y, Y, attn_mask=hidden if is_masked else None, average_attn_weights=False)
    np.testing.assert_allclose(there("torch-mha", problem, "weights"), weights[0].numpy(), atol=1e-12)
    projected = compared("torch-mha", given, **problem["pass"]).there.floats("projected")
    np.testing.assert_allclose(projected, outputs[0].numpy(), atol=1e-11)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(40))
def test_the_onnx_reference_does_so(seed: int) -> None:
    """Weights and outputs of the reference implementation, opsets 23 and 24, with a softcap every other time."""
    problem = random_problem(seed, own_weights=False)
    causal, mask, scale = told(problem)
    cap = 2.0 if seed % 2 else 0.0
    if cap:
        logits = problem["pass"]["logits"]
        scaled = sum(step == "scale" or "by" in step for step in logits)
        problem["pass"]["logits"] = [*logits[:scaled], {"use": "softcap", "cap": 2}, *logits[scaled:]]
    for opset in (23, 24):
        outputs, weights = onnx_reference(
            opset, in_heads(problem), mask, is_causal=int(causal), scale=scale, softcap=cap
        )
        np.testing.assert_allclose(there("onnx", problem, "outputs"), outputs[0], atol=1e-6)
        np.testing.assert_allclose(there("onnx", problem, "weights"), weights[0], atol=1e-6)


def onnx_reference(
    opset: int, arrays: list[np.ndarray], mask: np.ndarray | None, **attributes: Any
) -> list[np.ndarray]:
    """One node, Attention, run by onnx itself."""
    from onnx import TensorProto, helper
    from onnx.reference import ReferenceEvaluator

    feeds = dict(zip("QKV", arrays, strict=True)) | ({} if mask is None else {"mask": mask})
    kinds = {name: TensorProto.BOOL if name == "mask" else TensorProto.DOUBLE for name in feeds}
    inputs = [helper.make_tensor_value_info(name, kinds[name], list(feeds[name].shape)) for name in feeds]
    outputs = [helper.make_tensor_value_info(name, TensorProto.DOUBLE, None) for name in ("Y", "A")]
    node = helper.make_node("Attention", list(feeds), ["Y", "", "", "A"], qk_matmul_output_mode=3, **attributes)
    graph = helper.make_graph([node], "pass", inputs, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    return ReferenceEvaluator(model).run(None, feeds)
