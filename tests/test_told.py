"""What pages of decoded, blockwise and backward passes tell: their mask, their marks, where one is, the numbers put in."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import tracer
from tracer.composition import solve
from tracer.document import Grid
from tracer.expr import Cell, Num
from tracer.formats.pdf.measures import Places
from tracer.formats.pdf.paper import Paper
from tracer.formats.txt import txt
from tracer.notation.latex import Latex
from tracer.notation.mathml import MathML
from tracer.notation.plain import plain
from tracer.pages.sheet import sheet
from tracer.pages.solution import solution
from tracer.problem_file import from_dict
from tracer.show import Signs, show
from tracer.worksheet import worksheet

EXAMPLES = Path(__file__).parent.parent / "examples"


def page(name: str) -> str:
    """The worked solution of an example as text, on one line."""
    problem = tracer.load(EXAMPLES / name / "problem.toml")
    return " ".join(txt(solution(solve(problem))).decode().split())


def decoded(prefill: int) -> str:
    """Four words that are decoded, as text on one line."""
    told = {"given": {"X": [[1, 0], [0, 1], [1, 1], [2, 0]]}, "pass": {"prefill": prefill}}
    return " ".join(txt(solution(solve(from_dict(told)))).decode().split())


def test_a_decoded_pass_does_not_say_that_every_word_sees_every_word() -> None:
    """What is read together has a causal mask; words that come one by one need none."""
    assert "Mask causal: a word sees itself and what came before" in decoded(2)
    assert "Mask causal by the order of the work" in decoded(0)
    assert "every word sees every word" not in decoded(2) + decoded(1) + decoded(0)


@pytest.mark.parametrize(
    ("prefill", "heading"),
    [(1, "Token 1 "), (2, "Tokens 1 and 2, read together"), (3, "Tokens 1 to 3, read")],
)
def test_the_heading_says_which_tokens_are_read_together(prefill: int, heading: str) -> None:
    """One is token 1, two are 1 and 2, three are 1 to 3."""
    assert heading in decoded(prefill)


def test_marks_are_told() -> None:
    """What [4] above a letter says stands on the card of conventions; where nothing is marked, nothing does."""
    assert "[4] above a letter marks what is worked when token 4 has been read." in decoded(2)
    assert "[2] above a letter marks what is worked in block 2." in page("online-softmax")
    assert "above a letter" not in page("letters")


def test_a_block_is_headed_by_its_keys() -> None:
    """The second block of two keys."""
    assert "Block 2: “cherry” to “phone”" in page("online-softmax")


def test_a_largest_of_a_part_says_of_which() -> None:
    """The maximum of a block runs over its keys only; that of a whole row needs no bound."""
    online = solve(tracer.load(EXAMPLES / "online-softmax/problem.toml"))["block1.maxima"].formula
    whole = solve(from_dict({"given": {"S": [[1, 2]], "V": [[1], [2]]}, "pass": {"normalisation": "softmax-shifted"}}))

    assert online is not None
    assert show(online, plain) == "max_(j ≤ 2) S[i, j]"
    assert show(online, Latex(Signs())).startswith(r"\max_{j \le 2}")
    assert "<mi>j</mi><mo>≤</mo><mn>2</mn>" in show(online, MathML(Signs()))
    formula = whole["maxima"].formula
    assert formula is not None and show(formula, plain).startswith("max_j ")


def test_numbers_are_put_in_where_a_long_way_ends_at_a_short_fraction() -> None:
    """The gradient of W_Q in the example: 1·(−3/4) + 1·8/9 = 5/36."""
    assert "= 1·(−3/4) + 1·8/9 = 5/36 ≈ 0.1389" in page("backward-pass")


def test_what_the_cache_saves_says_what_one_word_costs() -> None:
    """W_K and W_V have four entries each, so a word costs eight products."""
    assert "its key and its value cost 8 products, one for each entry of W_K and W_V" in page("kv-cache")


def test_printed_decimals_on_a_sheet_are_not_set_small() -> None:
    """A place of a worked matrix holds −1.0986 without making it smaller than nine tenths."""
    work = worksheet(solve(tracer.load(EXAMPLES / "backward-pass/problem.toml")), "weights")
    setting = Paper(sheet(work)).setting
    tensor = work.trace["query"].tensor
    long, short = (
        Places(setting, Grid(Cell(tensor, ()), "", ("cats",), ("1",), ((Num(Fraction(value), 4),),)))
        for value in ("-1.0986", "-1")
    )
    natural = setting.boxes.upright("−1.0986").width

    assert long.columns[0].boxes[0].width >= 0.9 * natural
    assert long.widths == short.widths


def test_the_error_of_a_real_head_says_what_is_compared() -> None:
    """Held against the whole sentence the weights differ by more: there the tokens left out have their share."""
    layer, kept = tracer.from_npz(EXAMPLES / "real-head/head.npz"), [0, 2, 3, 4, 5, 7]
    small = tracer.take(layer, 0, tokens=[n + 1 for n in kept], dimensions=3, round_to="0.5")
    whole = tracer.take(layer, 0, dimensions=3, round_to="0.5")
    with np.load(EXAMPLES / "real-head/head.npz") as arrays:
        scores = arrays["Q"].astype(float) @ arrays["K"].astype(float).T / np.sqrt(32)
    real = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    among = real[np.ix_(kept, kept)]
    weights = solve(small).floats("weights")

    assert "among the tokens kept" in small.note["Error"]
    assert "among the tokens kept" not in whole.note["Error"]
    assert np.abs(weights - among / among.sum(axis=1, keepdims=True)).max() <= 0.06
    assert np.abs(weights - among).max() > 0.14
    assert "lengths and angles are not those of the real head" in small.note["Queries and keys"]
