"""README.md is true: it names every variant with its options, every step and key, and what it tells to type works."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracer
from tracer import cli, pages
from tracer.frameworks import RACK as FRAMEWORKS
from tracer.names import IN_ROWS, SYMBOLS
from tracer.operations import SLOTS
from tracer.operations.masks import mask_rules
from tracer.problem_file import MATRICES, VECTORS, from_text
from tracer.wiring_file import PASS

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```([a-z]*)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
CODE = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", TEXT, flags=re.MULTILINE | re.DOTALL))


def row(name: str, heading: str) -> str:
    """The row of a table below a heading that opens with a name in code."""
    below = TEXT.split(f"\n### {heading}\n")[1].split("\n### ")[0]
    found = [line for line in below.splitlines() if re.match(rf'\| \[?`[^`]*\b{re.escape(name)}"?[ `]', line)]
    assert found, f"{heading} has no row for {name}"
    return found[0]


HEADINGS = {
    "encoding": "Encodings",
    "similarity": "Similarities",
    "logits": "Logit steps and masks",
    "normalisation": "Normalisations",
}


@pytest.mark.parametrize("slot", SLOTS)
def test_every_variant_has_its_row(slot: str) -> None:
    """With its options, those that must be told in bold, and the matrices that it needs."""
    for rack in SLOTS[slot]:
        for name in rack:
            line, operation = row(name, HEADINGS[slot]), rack[name]
            for needed in (*operation.needs, *operation.takes, *operation.options):
                assert f"`{needed}`" in line, (name, needed)
            assert re.findall(r"\*\*`(\w+)`\*\*", line) == [
                key for key, option in operation.options.items() if option.is_required
            ]


def test_every_mask_rule_has_its_row() -> None:
    """With its options."""
    for name in mask_rules:
        begin = f'`{{ use = "mask", rule = "{name}"' if name != "given" else '`{ use = "mask" }`'
        line = next(one for one in TEXT.splitlines() if one.startswith("| ") and begin in one)
        assert all(f"`{option}`" in line for option in mask_rules[name].options), name


def test_every_step_has_its_row() -> None:
    """By its id, or as row1.… or block1.… where there are several."""
    steps = TEXT.split("\n## The steps\n")[1].split("\n## ")[0]
    cells = [line.split(" | ")[0] for line in steps.splitlines() if line.startswith("| `")]
    said = {name for cell in cells for name in re.findall(r"`([\w.]+)`", cell)}
    said = {name.rpartition(".")[2] for name in said}
    assert said == SYMBOLS.keys()
    assert all(f"`row1.{step}`" in steps for step in IN_ROWS)


def test_every_key_is_there() -> None:
    """Those of [given] and [pass], the forms, the frameworks."""
    listing = next(block for language, block in BLOCKS if language == "toml" and "[given]" in block)
    words = set(re.findall(r"\w+", listing))
    assert words >= {*MATRICES, *VECTORS, *PASS}
    pages.load()
    assert all(f"`--form {name}`" in TEXT for name in pages.forms)
    assert all(f"`{name.replace('_', '-')}`" in TEXT for name in FRAMEWORKS)


def test_the_listing_is_a_problem() -> None:
    """It can be worked as it stands."""
    listing = next(block for language, block in BLOCKS if language == "toml" and "[given]" in block)
    assert tracer.solve(from_text(listing)).steps[-1].id == "outputs"


def test_models_can_be_written_so() -> None:
    """Each cell of the table is a wiring that is known, with what it needs given."""
    table = TEXT.split("| model | is |\n|---|---|\n")[1].split("\n\n")[0].splitlines()
    assert len(table) == 9
    for line in table:
        told = "\n".join(re.findall(r"`([^`]+)`", line))
        extra = "relative = [0, 1, 0]\n" * ("relative" in told) + "sinks = [1]\n" * ("sink" in told)
        trace = tracer.solve(from_text(f"[given]\nX = [[1, 0], [0, 1]]\n{extra}[pass]\n{told}"))
        assert trace.steps[-1].id == "outputs"


def test_commands_on_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that say which file they are about."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    lines = [line for language, block in BLOCKS if language == "sh" for line in block.splitlines()]
    found = [shlex.split(line, comments=True) for line in lines if re.match(r"tracer .*(examples/|cat\.toml)", line)]
    assert len(found) >= 10
    for words in found:
        assert cli.main(words[1:]) == 0, " ".join(words)


def test_the_refusal_is_as_printed() -> None:
    """A softcap behind a mask."""
    printed = next(" ".join(block.split()) for _, block in BLOCKS if "meets scores" in block)
    problem = """
        [given]
        X = [[1, 0], [0, 1]]
        [pass]
        logits = [{ use = "scale" }, { use = "mask", rule = "causal" }, { use = "softcap", cap = 4 }]"""
    with pytest.raises(tracer.ProblemError, match=re.escape(printed)):
        tracer.solve(from_text(problem))


def test_attention_as_it_is_called() -> None:
    """Each line of the block runs, and the shapes are those that it says."""
    block = next(block for language, block in BLOCKS if language == "python" and "window=(2, 0)" in block)
    rng = np.random.default_rng(0)
    known: dict[str, Any] = {name: rng.integers(-2, 3, (5, 2)) for name in ("Q", "K", "V", "dO")}
    known |= {"B": rng.integers(-2, 3, (5, 5)), "M": np.ones((5, 5), bool), "W": np.eye(2, dtype=int)}
    known |= {"Qs": rng.integers(-2, 3, (2, 4, 5, 2))[0], "Ks": rng.integers(-2, 3, (2, 5, 2))}
    known |= {"Vs": known["Ks"], "tracer": tracer}
    for line in block.splitlines():
        if "batches" in line:
            known["Qs"] = known["Ks"]
        exec(line, known)
        if line.startswith('trace.floats("weights")'):
            assert known["trace"].floats("weights").shape == (4, 5, 5)
    assert len(known["traces"]) == 2
