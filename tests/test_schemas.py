"""The published JSON Schemas describe what tracer reads and what it writes, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from strategies import problems

import tracer
from tracer.composition import solve
from tracer.formats import render
from tracer.handed_in import TOP as WRITTEN_TOP
from tracer.names import IN_ROWS, SYMBOLS
from tracer.problem_file import PAPER, TOP, from_dict
from tracer.wiring_file import PASS

ROOT = Path(__file__).parent.parent
FILES = sorted([*ROOT.glob("examples/*/*.toml"), *ROOT.glob("examples/published/**/problem.toml")])
WORKED: list[dict[str, Any]] = [
    {"given": {"X": [[0, 3], [2, 2]]}},
    {"given": {"Q": [["a", 1]], "K": [[1, 0], [0, "b"]], "V": [[1], [2]]}},
    {"given": {"S": [[1, "√2/2", "-inf"]]}, "pass": {"logits": [], "normalisation": "softmax-shifted"}},
    {"given": {"S": [[1, -1]]}, "pass": {"logits": [], "normalisation": "sum"}},
    {"given": {"S": [[1000000, 2]]}, "pass": {"logits": []}},
    {"given": {"A": [["0.3", "0.7"]], "V": [[1, 2], [3, 4]]}, "paper": {"places": 2, "by_hand": {"outputs": 1}}},
    {"given": {"X": [[1, 2]], "Y": [[1, 0], [0, 1]]}, "tokens": ["q"], "key_tokens": ["<b>", "🍎"]},
    {"given": {"Q": [[1, 0]], "K": [[1, 0]], "mask": [[False]]}, "pass": {"logits": [{"use": "mask"}]}},
    {"given": {"X": [[1, 0], [0, 1]]}, "pass": {"logits": [{"use": "softcap", "cap": "5/2"}]}},
    {"given": {"X": [[1, 0], [0, 1]]}, "pass": {"n_heads": 2, "logits": [{"use": "mask", "rule": "causal"}]}},
    {"given": {"embedding": [[1, 0], [0, 1]], "ids": [2, 1]}, "pass": {"queries": [1]}},
    {"given": {"X": [[1, 2]], "W_1": [[1], [0]], "W_2": [[0], [1]], "v": ["1/2"]}, "pass": {"similarity": "additive"}},
    {"given": {"X": [[1, 2]], "W_S": [[1, 0], [0, "√2"]]}, "pass": {"similarity": {"use": "bilinear"}}},
    {"given": {"X": [[1, 2]], "relative": [0]}, "pass": {"logits": ["relative", {"use": "alibi", "slopes": [2]}]}},
    {"given": {"X": [[1, 2]]}, "pass": {"similarity": "negative-squared-distance", "logits": ["alibi"]}},
    {"given": {"S": [[1, 2]]}, "pass": {"logits": [{"use": "temperature", "by": "1/2"}]}},
    {"given": {"X": [[1, 2], [2, 1]]}, "pass": {"prefill": 1}, "paper": {"lang": "de", "times": "×"}},
    {"given": {"S": [[1, 2]], "V": [[1], [0]]}, "pass": {"normalisation": {"use": "softmax-online", "block": 1}}},
    {"given": {"X": [[1, 2]], "dO": [[1, 0]], "W_O": [[1, 0], [0, 1]]}},
]
BROKEN: list[tuple[str, Any]] = [
    ("nothing given", {}),
    ("an unknown key", {"given": {"X": [[1]]}, "titel": "a"}),
    ("an unknown matrix", {"given": {"W_q": [[1]]}}),
    ("a vector for a matrix", {"given": {"X": [1, 2]}}),
    ("a number that is true", {"given": {"X": [[True]]}}),
    ("a number that is null", {"given": {"X": [[None]]}}),
    ("a table without ids", {"given": {"embedding": [[1]]}}),
    ("an unknown similarity", {"given": {"X": [[1]]}, "pass": {"similarity": "cosin"}}),
    ("an unknown logit step", {"given": {"X": [[1]]}, "pass": {"logits": [{"use": "scal"}]}}),
    ("a setting of another step", {"given": {"X": [[1]]}, "pass": {"logits": [{"use": "mask", "by": 2}]}}),
    ("a softcap without a cap", {"given": {"X": [[1]]}, "pass": {"logits": [{"use": "softcap"}]}}),
    ("a temperature of nothing", {"given": {"X": [[1]]}, "pass": {"logits": [{"use": "temperature"}]}}),
    ("relative positions in rows", {"given": {"X": [[1]], "relative": "0"}, "pass": {"logits": ["relative"]}}),
    ("half a place", {"given": {"X": [[1]]}, "paper": {"places": 0.5}}),
    ("a rule for an unknown step", {"given": {"X": [[1]]}, "paper": {"by_hand": {"weigths": 2}}}),
    ("no heads", {"given": {"X": [[1]]}, "pass": {"n_heads": 0}}),
]


def schema(name: str) -> jsonschema.Draft202012Validator:
    """A published schema, itself checked against draft 2020-12."""
    found = json.loads((ROOT / "tracer" / "schemas" / f"{name}.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(found)
    return jsonschema.Draft202012Validator(found)


PROBLEM, TRACE, SUBMISSION = schema("problem"), schema("trace"), schema("submission")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_problem_file_is_valid(path: Path) -> None:
    """Each problem of the examples, and each published one, is what the schema says a problem is."""
    PROBLEM.validate(tomllib.loads(path.read_text("utf-8")))


@pytest.mark.parametrize(("name", "data"), BROKEN, ids=[name for name, _ in BROKEN])
def test_a_broken_problem_is_not_valid(name: str, data: Any) -> None:
    """What tracer refuses for its form, the schema refuses."""
    assert not PROBLEM.is_valid(data)
    with pytest.raises(Exception, match="."):
        solve(from_dict(data))


@pytest.mark.parametrize("data", WORKED, ids=lambda data: ", ".join(data["given"]))
def test_a_trace_is_what_its_schema_says(data: dict[str, Any]) -> None:
    """The JSON of a trace is valid, whatever the problem: letters, infinities, undefined values, heads."""
    PROBLEM.validate(data)
    TRACE.validate(json.loads(render(solve(from_dict(data)), lambda: None, ".json")))  # type: ignore[arg-type, return-value]


@settings(max_examples=25)
@given(problems(most=2))
def test_any_problem_and_its_trace_are_valid(data: dict[str, Any]) -> None:
    """Every random problem is valid, its trace too, and the problem inside the trace can be read again."""
    PROBLEM.validate(data)
    written = json.loads(render(solve(from_dict(data)), lambda: None, ".json"))  # type: ignore[arg-type, return-value]
    TRACE.validate(written)
    again = from_dict({key: value for key, value in written["problem"].items() if value})
    assert again.wiring == from_dict(data).wiring


def test_the_schema_knows_the_keys_that_the_reader_knows() -> None:
    """Schema and reader list the same keys."""
    top = PROBLEM.schema["properties"]
    assert list(top) == ["title", "source", "note", "tokens", "key_tokens", "given", "pass", "paper"]
    assert sorted(top) == sorted(TOP)
    assert sorted(top["pass"]["properties"]) == sorted(PASS)
    assert sorted(top["paper"]["properties"]) == sorted(PAPER)
    assert sorted(PROBLEM.schema["$defs"]["step"]["enum"]) == sorted(SYMBOLS)


WRITTEN: list[tuple[bool, dict[str, Any]]] = [
    (True, {"by": "student 17", "written": {"scores": [["9", "6"], [6, 0.8], ["", None]]}}),
    (True, {"by": 17, "title": "a", "source": "b", "written": {"row_sums": ["6.14", "", 4]}}),
    (True, {"written": {"head1.scores": [[1], []], "pass2.head1.row1.contributions": [[1]]}}),
    (True, {"written": {"pass2": {"head1": {"scores": [["1"]]}}}}),
    (True, {"written": {"token3": {"head1": {"row1": {"contributions": [["1"]]}}}, "row2": {"activations": [["1"]]}}}),
    (False, {"written": {"contributions": [["1"]]}}),
    (False, {"written": {"row1": {"scores": [["1"]]}}}),
    (False, {}),
    (False, {"written": {}}),
    (False, {"written": [[1]]}),
    (False, {"written": {"scores": 3}}),
    (False, {"written": {"scores": [[[1]]]}}),
    (False, {"written": {"weigths": [[1]]}}),
    (False, {"written": {"X": [[1]]}}),
    (False, {"written": {"row1.scores": [[1]]}}),
    (False, {"written": {"contributions": [[1]]}}),
    (False, {"writen": {}}),
    (False, {"by": [], "written": {"scores": [[1]]}}),
]


@pytest.mark.parametrize(("is_valid", "data"), WRITTEN, ids=str)
def test_a_submission_is_valid_where_it_can_be_read(is_valid: bool, data: dict[str, Any]) -> None:
    """The schema and the reader say the same."""
    assert SUBMISSION.is_valid(data) == is_valid
    try:
        tracer.read_submission(json.loads(json.dumps(data), parse_float=str))
    except tracer.SubmissionError:
        assert not is_valid
    else:
        assert is_valid


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("examples/published/*/submission*.toml")), ids=lambda path: path.parent.name
)
def test_the_published_submissions_are_what_the_schema_says(path: Path) -> None:
    """All of them."""
    SUBMISSION.validate(tomllib.loads(path.read_text("utf-8")))


def test_the_schema_of_submissions_knows_all_steps() -> None:
    """Every step of a pass, and those that there are for each row."""
    for name in SYMBOLS:
        id_ = f"head1.row1.{name}" if name in IN_ROWS else f"head1.{name}"
        SUBMISSION.validate({"written": {id_: [[1]]}})
    assert set(SUBMISSION.schema["properties"]) == set(WRITTEN_TOP)


@pytest.mark.parametrize("name", ["problem", "trace", "submission", "marks", "verification", "new", "under"])
def test_the_command_prints_the_schema(name: str) -> None:
    """`tracer schema problem` prints the schema file as it is."""
    printed = subprocess.run([sys.executable, "-m", "tracer", "schema", name], capture_output=True, check=True).stdout
    assert printed == (ROOT / "tracer" / "schemas" / f"{name}.schema.json").read_bytes()
