"""The page in number formats: what is lost first, in which cell, and what subtracting the maximum does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import tracer
from tracer import cli, pages
from tracer.arithmetic.narrow import FORMATS
from tracer.formats.txt import txt
from tracer.parts.narrowed import LOST, NAN, OVERFLOW, UNDERFLOW, Narrowed, losses
from tracer.problem_file import from_dict

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples/overflow/problem.toml"
BY_NAME = {f.name: f for f in FORMATS}
pages.load()


def solved(given: dict[str, Any], **wiring: Any) -> tracer.Trace:
    return tracer.solve(from_dict({"given": given, "pass": wiring}))


def lost(trace: tracer.Trace, name: str) -> list[tuple[str, str]]:
    """The cells of which a format keeps no digit, in order."""
    rows = tuple(range(len(trace.problem.tokens)))
    return [(loss.cell.id, loss.word) for loss in losses(Narrowed(trace, BY_NAME[name]), rows)]


def printed(trace: tracer.Trace) -> str:
    form = pages.forms["numerics"]
    return " ".join(txt(form.page(trace, form.detail)).decode().split())


# What is lost


def test_e_to_the_twelfth_overflows_float16() -> None:
    """e¹² = 162754.79 > 65504; the row sum follows it, and the weight is ∞/∞. With the maximum subtracted it is 1."""
    given = {"S": [[12, 0]]}
    assert lost(solved(given, logits=[]), "float16")[0] == ("exponentials[1,1]", OVERFLOW)
    shifted = Narrowed(solved(given, logits=[], normalisation="softmax-shifted"), BY_NAME["float16"])
    assert shifted["exponentials", (0, 0)] == shifted["weights", (0, 0)] == 1


def test_the_sum_of_two_that_fit_may_not_fit() -> None:
    """e¹¹ = 59874 fits float16, twice that does not: the row sum overflows first."""
    trace = solved({"S": [[11, 11]]}, logits=[])
    assert lost(trace, "float16")[0] == ("row_sums[1]", OVERFLOW)


def test_what_is_given_may_not_fit() -> None:
    """70000 is beyond float16 before anything is computed; bfloat16, with few digits, holds 70144."""
    trace = solved({"Q": [[70000]], "K": [[0]]})
    assert lost(trace, "float16")[0] == ("query[1,1]", OVERFLOW)
    assert Narrowed(trace, BY_NAME["bfloat16"])["query", (0, 0)] == 70144


def test_a_small_weight_underflows() -> None:
    """e^−20 is less than half of float16's smallest number, 2^−24."""
    assert lost(solved({"S": [[-20, 0]]}, logits=[]), "float16") == [
        ("exponentials[1,1]", UNDERFLOW), ("weights[1,1]", UNDERFLOW),
    ]  # fmt: skip


def test_a_number_on_the_way_may_not_fit() -> None:
    """400 + 400 − 700 = 100 fits e4m3fn, which has no infinity: 400 + 400 is nan, and the page says why."""
    trace = solved({"Q": [[20, 20, -28]], "K": [[20, 20, 25]]}, logits=[])
    assert lost(trace, "float8_e4m3fn")[0] == ("scores[1,1]", OVERFLOW)
    assert "S[1, 1] = 100 would fit, but on the way a number comes out larger than 448" in printed(trace)


def test_all_digits_can_cancel() -> None:
    """2048 + 1 − 2048 is 0 in float16: no digit of the 1 is left."""
    trace = solved({"Q": [[2048, 1, -2048]], "K": [[1, 1, 1]]}, logits=[])
    assert lost(trace, "float16")[0] == ("scores[1,1]", LOST)
    assert lost(trace, "float32") == []


def test_e4m3fn_cannot_hold_a_masked_score() -> None:
    """It has no infinity: −∞ becomes nan. Every other format has it."""
    trace = solved({"S": [[0, 0]], "mask": [[1, 0]]}, logits=["mask"])
    assert lost(trace, "float8_e4m3fn")[0] == ("masked[1,2]", NAN)
    assert all(lost(trace, name) == [] for name in BY_NAME if name != "float8_e4m3fn")


# The page


def test_the_page_of_the_example() -> None:
    """The sentences name number, bound and cell, and say what subtracting the maximum does."""
    page = printed(tracer.solve(tracer.load(EXAMPLE)))
    assert (
        "float16: E[1, 1] = e^12 ≈ 162754.7914 is larger than 65504, the largest number there is: overflow in "
        "exponentials[1,1]. With the maximum subtracted nothing overflows." in page
    )
    assert "float8 e4m3fn: E[1, 1] = e^12 ≈ 162754.7914 is larger than 448" in page
    assert "bfloat16 162816 54.5" in page
    assert "float16 inf (overflow) 54.6" in page
    assert "float8 e4m3fn nan (overflow) 56" in page
    assert "float16 1 0.0003355 0 (underflow)" in page


def test_without_a_softmax_there_is_one_pass() -> None:
    """Given weights, and scores divided by their sum, have no maximum that could be subtracted."""
    passes: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
        ({"A": [["1/3", "2/3"]], "V": [[1], [2]]}, {}),
        ({"S": [[1, 2]]}, {"logits": [], "normalisation": "sum"}),
    )
    for given, wiring in passes:
        page = printed(solved(given, **wiring))
        assert "The pass in every format" in page
        assert "maximum subtracted" not in page


def test_heads_stand_one_below_the_other() -> None:
    """Two heads and what joins them."""
    X = [[1, 2], [3, 4]]
    page = printed(solved({"X": X, "W_Q": X, "W_K": X, "W_V": X, "W_O": X}, n_heads=2))
    assert page.index("Head 1") < page.index("Head 2") < page.index("All heads together")


def test_letters_have_no_format(capsys: pytest.CaptureFixture[str]) -> None:
    """The error says which letter, and how to put a number in; with it the page is made."""
    letters = str(ROOT / "examples/letters/problem.toml")
    assert cli.main(["solve", letters, "--form", "numerics"]) == 2
    assert "needs numbers, but a is a letter; put one in with --let a=2" in capsys.readouterr().err


def test_every_kind_of_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """HTML, PDF, LaTeX, Markdown and text; a workbook is none, and the error says what is."""
    files = [tmp_path / f"page{suffix}" for suffix in (".html", ".md", ".tex", ".txt")]
    options = [word for file in files for word in ("-o", str(file))]
    command = ["solve", str(EXAMPLE), "--form", "numerics", "--row", "visits"]
    assert cli.main([*command, "--quiet", *options]) == 0
    assert all("Row 2: visits" in file.read_text("utf-8") for file in files)
    assert all("Row 1: jane" not in file.read_text("utf-8") for file in files)
    assert cli.main([*command, "-o", str(tmp_path / "a.xlsx")]) == 2
    assert "such pages are not written as .xlsx; known are: .html" in capsys.readouterr().err


def test_a_tie_is_rounded_to_even() -> None:
    """Between 6 and 7 float8_e5m2 has no number, and no enclosure tells ln 3 / ln 3 + 11/2 from 13/2: it is 6."""
    trace = solved({"Q": [["ln 3", 1]], "K": [["2/ln 3", "9/2"]], "V": [[1]]}, logits=[])
    assert Narrowed(trace, BY_NAME["float8_e5m2"]).rounded(("scores", (0, 0))) == 6
    assert "6.5" in printed(trace)


def test_a_pass_without_any_result_says_so() -> None:
    """0/0: the weights have no value, so nothing can be off."""
    trace = solved({"S": [[0, 0]]}, logits=[], normalisation="sum")
    assert "without a value" in printed(trace)
