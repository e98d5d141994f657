"""Positions added to words, rotations, QK-norm: worked examples, laws, and the code of others as judges."""

from __future__ import annotations

import tomllib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracer
from tracer.errors import ProblemError
from tracer.notation.plain import plain
from tracer.operations.encodings import encodings, word_encodings
from tracer.operations.rotary import PAIRINGS
from tracer.problem_file import from_dict, from_text
from tracer.show import show

RNG = np.random.default_rng(11)


def some(*shape: int) -> np.ndarray:
    """Numbers with two decimals, so that what is written is what is computed with."""
    return RNG.integers(-150, 150, shape) / 100


def written(array: np.ndarray) -> Any:
    """An array as a problem file has it."""
    return [written(row) for row in array] if array.ndim else repr(float(array))


def solved(given: dict[str, Any], *encoding: Any, **wiring: Any) -> tracer.Trace:
    """A pass with these encodings."""
    return tracer.solve(from_dict({"given": given, "pass": {"encoding": list(encoding), **wiring}}))


def exactly(trace: tracer.Trace, id_: str) -> list[list[str]]:
    """All values of a step, as they are written exactly."""
    return [[show(cell.exact, plain) for cell in row] for row in trace[id_].cells]


def close(trace: tracer.Trace, id_: str, array: np.ndarray) -> None:
    """Floats agree to the last digits, and so do the certified decimals with ten places."""
    np.testing.assert_allclose(trace.floats(id_), array, rtol=1e-12, atol=1e-12, err_msg=id_)
    certified = [[float(cell.decimal(10)) for cell in row] for row in trace[id_].cells]
    np.testing.assert_allclose(certified, array.reshape(len(certified), -1), rtol=1e-9, atol=1e-9, err_msg=id_)


# NumPy, written from the papers and never from tracer


def waves(n: int, width: int, base: float = 10_000) -> np.ndarray:
    """Vaswani et al. 2017, section 3.5, with pos and i counted from 0 as there."""
    PE = np.zeros((n, width))
    for pos in range(n):
        for i in range(width // 2):
            PE[pos, 2 * i] = np.sin(pos / base ** (2 * i / width))
            PE[pos, 2 * i + 1] = np.cos(pos / base ** (2 * i / width))
    return PE


def rotated(Q: np.ndarray, pairing: str, base: float = 10_000, width: int = 0, start: int = 0) -> np.ndarray:
    """Each pair is a complex number, which a rotation multiplies by e^(i·m·θ)."""
    width = width or Q.shape[1]
    m, theta = np.arange(start, start + len(Q)), base ** (-np.arange(0, width, 2) / width)
    first, second = (
        (slice(0, width // 2), slice(width // 2, width))
        if pairing == "half"
        else (slice(0, width, 2), slice(1, width, 2))
    )
    turned = (Q[:, first] + 1j * Q[:, second]) * np.exp(1j * np.outer(m, theta))
    out = Q.copy()
    out[:, first], out[:, second] = turned.real, turned.imag
    return out


# Positions added to the words


@pytest.mark.parametrize(("width", "base"), [(2, 10_000), (4, 10_000), (6, 100)])
def test_sinusoidal_positions_are_those_of_the_paper(width: int, base: int) -> None:
    """Sines in odd columns, cosines in even ones, added to the words; queries, keys and values are made of the sum."""
    X = some(3, width)
    trace = solved({"X": written(X)}, {"use": "sinusoidal", "base": base})
    PE = waves(3, width, base)
    close(trace, "positions", PE)
    close(trace, "encoded", X + PE)
    for name in ("query", "key", "value"):
        close(trace, name, X + PE)


def test_positions_with_a_pencil() -> None:
    """In the second pair 10000^(2/4) = 100 is what a position is divided by."""
    trace = solved({"X": [[0, 0, 0, 0]] * 2}, "sinusoidal")
    assert exactly(trace, "positions") == [["0", "1", "0", "1"], ["sin(1)", "cos(1)", "sin(1/100)", "cos(1/100)"]]
    assert [cell.decimal(4) for cell in trace["positions"].row(1)] == ["0.8415", "0.5403", "0.0100", "1.0000"]


def test_positions_are_added_once() -> None:
    """What is fed back in as X stands where it stands already: there are positions before the first pass only."""
    trace = solved({"X": [[1, 0], [0, 1]]}, "sinusoidal", repeat=3)
    assert [step.id for step in trace if step.name in ("positions", "encoded")] == ["positions", "encoded"]
    np.testing.assert_array_equal(trace.floats("pass2.query"), trace.floats("pass1.outputs"))


def test_positions_are_added_to_looked_up_words() -> None:
    """One-hot rows pick their vectors, which then get their positions."""
    trace = solved({"embedding": [[1, 2], [3, 4]], "ids": [2, 2]}, "sinusoidal")
    close(trace, "encoded", np.array([[3, 4], [3, 4]]) + waves(2, 2))


def test_without_positions_order_does_not_matter() -> None:
    """The same two words in another order get the same outputs in that order; with positions they do not."""
    X = np.array([[1, 0], [0, 2], [3, 1]])
    for encoding, is_same in (([], True), (["sinusoidal"], False)):
        forth, back = (solved({"X": rows.tolist()}, *encoding).floats("outputs") for rows in (X, X[::-1]))
        assert np.allclose(forth, back[::-1]) is is_same


# Rotations


@pytest.mark.parametrize("pairing", ["half", "adjacent"])
@pytest.mark.parametrize("width", [0, 2, 4])
def test_rotations_are_products_of_complex_numbers(pairing: str, width: int) -> None:
    """Both pairings, all coordinates and only the first few, any base: queries, keys and scores."""
    Q, K = some(3, 6), some(4, 6)
    told = {"dimensions": width} if width else {}
    trace = solved({"Q": written(Q), "K": written(K)}, {"use": "rotary", "pairing": pairing, "base": 100, **told})
    close(trace, "rotated_query", rotated(Q, pairing, 100, width))
    close(trace, "rotated_key", rotated(K, pairing, 100, width))
    close(trace, "scores", rotated(Q, pairing, 100, width) @ rotated(K, pairing, 100, width).T)


def test_rotations_with_a_pencil() -> None:
    """A quarter turn makes (0, 1) of (1, 0), half a turn (−1, 0); by 60° it is (1/2, √3/2)."""
    trace = solved({"Q": [[1, 0]] * 4, "K": [[2, 0]] * 2}, {"use": "rotary", "angles": ["π/2"]})
    assert exactly(trace, "rotated_query") == [["1", "0"], ["0", "1"], ["−1", "0"], ["0", "−1"]]
    assert exactly(trace, "scores") == [["2", "0"], ["0", "2"], ["−2", "0"], ["0", "−2"]]
    sixty = solved({"Q": [[1, 0]] * 2, "K": [[1, 0]]}, {"use": "rotary", "angles": ["pi/3"]})
    assert exactly(sixty, "rotated_query")[1] == ["1/2", "√3/2"]
    assert show(trace["rotated_query"][1, 0].formula, plain) == "Q[2, 1]·cos(φ[2, 1]) − Q[2, 2]·sin(φ[2, 1])"


def test_the_angles_of_a_base() -> None:
    """With d = 4 and base 10000 the second pair turns a hundredth as fast as the first, whichever the pairing."""
    trace = solved({"Q": [[1, 2, 3, 4]] * 3, "K": [[1, 2, 3, 4]]}, "rotary")
    assert exactly(trace, "query_angles") == [["0", "0"], ["1", "1/100"], ["2", "1/50"]]
    assert exactly(trace, "key_angles") == [["0", "0"]]
    slower = solved({"Q": [[0] * 8] * 2, "K": [[0] * 8]}, "rotary")
    assert exactly(slower, "query_angles")[1] == ["1", "1/10", "1/100", "1/1000"]


def test_half_is_usual_as_in_onnx() -> None:
    """Without a pairing, coordinate t is turned with t + d/2."""
    Q = some(3, 4)
    close(solved({"Q": written(Q), "K": written(Q)}, "rotary"), "rotated_query", rotated(Q, "half"))


def test_angles_one_for_each_pair() -> None:
    """Told angles are the turns of the pairs in their order; coordinates without a pair stay as they are."""
    told = {"use": "rotary", "pairing": "adjacent", "dimensions": 4, "angles": ["π/2", "π"]}
    trace = solved({"Q": [[1, 2, 3, 4, 5]] * 2, "K": [[0] * 5]}, told)
    assert exactly(trace, "rotated_query")[1] == ["−2", "1", "−3", "−4", "5"]
    assert show(trace["query_angles"].formula, plain) == "{(i − 1)·π/2 if t = 1, (i − 1)·π if t = 2}"
    halves = solved({"Q": [[1, 2, 3, 4, 5]] * 2, "K": [[0] * 5]}, {**told, "pairing": "half"})
    assert exactly(halves, "rotated_query")[1] == ["−3", "−2", "1", "−4", "5"]


def test_queries_and_keys_may_start_at_other_places() -> None:
    """In a decoder's third step the query stands at position 2, the keys at 0, 1 and 2."""
    Q, K = some(1, 4), some(3, 4)
    trace = solved({"Q": written(Q), "K": written(K)}, {"use": "rotary", "start": 2, "key_start": 0})
    close(trace, "rotated_query", rotated(Q, "half", start=2))
    close(trace, "rotated_key", rotated(K, "half"))


SMALL = st.integers(-9, 9)
PAIRS = st.lists(st.tuples(SMALL, SMALL), min_size=2, max_size=3)
TURNS = st.sampled_from(["π/2", "π/3", "π/4", "-π/6", "π/12", "1", "1/2"])


@settings(max_examples=25, deadline=None)
@given(st.lists(SMALL, min_size=4, max_size=4), TURNS, TURNS, st.sampled_from(list(PAIRINGS)), st.integers(0, 3))
def test_a_rotation_keeps_lengths(row: list[int], one: str, other: str, pairing: str, start: int) -> None:
    """The length of a query is the root of a whole number, before and behind: exactly."""
    told = {"use": "rotary", "angles": [one, other], "pairing": pairing, "start": start}
    trace = solved({"Q": [row], "K": [row]}, told)
    assert trace["query_norms"][0].exact == solved({"Q": [row], "K": [row]})["query_norms"][0].exact


@settings(max_examples=20, deadline=None)
@given(PAIRS, TURNS | st.just("2π/5"), st.integers(1, 40))
def test_scores_depend_on_the_difference_of_positions_only(rows: list[tuple[int, int]], turn: str, later: int) -> None:
    """Moved to later positions together, queries and keys have the very same scores."""
    given = {"Q": list(map(list, rows)), "K": list(map(list, rows[::-1]))}
    now = solved(given, {"use": "rotary", "angles": [turn]})
    then = solved(given, {"use": "rotary", "angles": [turn], "start": later})
    for i, row in enumerate(now["scores"].cells):
        for j, cell in enumerate(row):
            assert cell.decimal(30) == then["scores"][i, j].decimal(30)


@settings(max_examples=10, deadline=None)
@given(PAIRS)
def test_no_angle_changes_nothing(rows: list[tuple[int, int]]) -> None:
    """With all angles 0, or one word alone at position 0, queries and keys stay exactly as they are."""
    given = {"Q": list(map(list, rows)), "K": list(map(list, rows))}
    trace = solved(given, {"use": "rotary", "angles": [0]})
    assert trace.exact("rotated_query") == trace.exact("query")
    assert trace.exact("scores") == solved(given).exact("scores")


def test_heads_are_turned_one_by_one() -> None:
    """Each head's queries are turned by the same angles; heads that share keys turn them alike."""
    X, W_Q, W_K = some(3, 4), some(4, 8), some(4, 4)
    given = {"X": written(X), "W_Q": written(W_Q), "W_K": written(W_K), "W_V": written(W_K)}
    trace = solved(given, "rms-norm", "rotary", n_heads=4, n_kv_heads=2)
    for h in range(4):
        Q, K = (X @ W_Q)[:, 2 * h : 2 * h + 2], (X @ W_K)[:, 2 * (h // 2) : 2 * (h // 2) + 2]
        Q, K = (M / np.sqrt((M**2).mean(axis=1, keepdims=True)) for M in (Q, K))
        close(trace, f"head{h + 1}.scores", rotated(Q, "half") @ rotated(K, "half").T)


# QK-norm


def test_norms_with_a_pencil() -> None:
    """(1, 7) has the mean square 25, so it is divided by 5; (3, 4) has the length 5. A gain multiplies coordinates."""
    given = {"Q": [[1, 7], [2, 14]], "K": [[-7, 1]], "g_Q": [10, "1/2"]}
    trace = solved(given, "rms-norm")
    assert exactly(trace, "query_sizes") == [["5"], ["10"]]
    assert exactly(trace, "normed_query") == [["2", "7/10"], ["2", "7/10"]]
    assert exactly(trace, "normed_key") == [["−7/5", "1/5"]]
    lengths = solved({"Q": [[3, 4]], "K": [[0, -2]]}, "l2-norm")
    assert exactly(lengths, "normed_query") == [["3/5", "4/5"]]
    assert exactly(lengths, "scores") == [["−4/5"]]


def test_an_epsilon_stands_under_the_root() -> None:
    """√((3² + 4²)/2 + 1/2) is √13, and a query of zeros is no longer divided by zero."""
    given = {"Q": [[3, 4], [0, 0]], "K": [[1, 1]]}
    assert exactly(solved(given, {"use": "rms-norm", "epsilon": "1/2"}), "query_sizes") == [["√13"], ["√2/2"]]
    plain_ = solved(given, "rms-norm")
    assert plain_["normed_query"][1, 0].undefined.reason == "nothing can be divided by zero"


ROWS = st.lists(st.lists(SMALL, min_size=3, max_size=3).filter(any), min_size=1, max_size=3)


@settings(max_examples=25, deadline=None)
@given(ROWS)
def test_the_mean_of_the_squares_becomes_one(rows: list[list[int]]) -> None:
    """Behind an RMS-norm the squares of each row add up to d_k, exactly."""
    Q = solved({"Q": rows, "K": rows}, "rms-norm").exact("normed_query")
    assert [sum(x**2 for x in Q.row(i)) for i in range(len(rows))] == [3] * len(rows)


@settings(max_examples=25, deadline=None)
@given(ROWS, ROWS)
def test_the_dot_product_of_unit_vectors_is_the_cosine(rows: list[list[int]], others: list[list[int]]) -> None:
    """Behind an L2-norm all rows have the length 1, and the scores are the cosines of the rows as they were."""
    trace = solved({"Q": rows, "K": others}, "l2-norm")
    assert {text for (text,) in exactly(trace, "query_norms")} == {"1"}
    cosines = solved({"Q": rows, "K": others}, similarity="cosine")
    for cell in (cell for row in trace["scores"].cells for cell in row):
        assert cell.decimal(20) == cosines["scores"][cell.key[1]].decimal(20)


@settings(max_examples=15, deadline=None)
@given(ROWS, st.integers(1, 50))
def test_size_no_longer_counts(rows: list[list[int]], factor: int) -> None:
    """Queries made larger give the same scores."""
    for norm in ("rms-norm", "l2-norm"):
        large = [[factor * x for x in row] for row in rows]
        one, other = (solved({"Q": Q, "K": rows}, norm).exact("scores") for Q in (rows, large))
        assert one == other


# Together, and what does not fit


def test_encodings_follow_each_other_in_their_order() -> None:
    """First normed and then turned, as in Qwen 3; a rotation keeps sizes, so without gains the order is all one."""
    Q = some(3, 4)
    given = {"Q": written(Q), "K": written(Q)}
    forth, back = solved(given, "rms-norm", "rotary"), solved(given, "rotary", "rms-norm")
    assert [step.id for step in forth][:4] == ["query_sizes", "normed_query", "query_angles", "rotated_query"]
    assert forth["rotated_query"].symbol == back["normed_query"].symbol == "Q′′"
    np.testing.assert_allclose(forth.floats("rotated_query"), back.floats("normed_query"), rtol=1e-12)


def test_letters_are_turned() -> None:
    """A query of letters, and an angle that is one: (a, b) turned by u is (a·cos u − b·sin u, …)."""
    trace = solved({"Q": [["a", "b"]] * 2, "K": [[1, 0]]}, {"use": "rotary", "angles": ["u"]})
    cell = trace["rotated_query"][1, 0]
    assert cell.unknown
    assert show(cell.exact, plain) == "a·cos(u) − b·sin(u)"
    assert trace.open_letters == ("a", "b", "u")


WIRED: list[tuple[dict[str, Any], list[Any], dict[str, Any]]] = [
    ({"X": [[1, 0, 2, "1/2"], [0, 3, 1, 1], [2, 1, 0, 1]]}, ["sinusoidal", "rms-norm", "rotary"], {}),
    ({"X": [[1, 0, 2, "1/2", 3, 1], [0, 3, 1, 1, 2, 5]]}, [{"use": "rotary", "dimensions": 2}], {"n_heads": 1}),
    ({"Q": [[1, 2, 3, 4, 5]] * 2, "K": [[5, 4, 3, 2, 1]] * 3, "V": [[1], [2], [4]]},
     [{"use": "rotary", "angles": ["π/4", 1], "dimensions": 4, "pairing": "adjacent", "key_start": 3}], {}),
    ({"X": [[1, 2], [3, 1]], "Y": [[0, 1], [1, 1], [2, 0]], "g_K": [2, "1/3"]},
     ["sinusoidal", {"use": "rms-norm", "epsilon": "0.01"}, {"use": "rotary", "angles": [1]}], {}),
    ({"X": [[1, 0, 2, 1], [0, 3, 1, 1]]}, ["rotary", "l2-norm"], {"n_heads": 2, "n_kv_heads": 1}),
]  # fmt: skip


def wired(n: int) -> tracer.Trace:
    """One of the passes above, with keys enough for its key heads."""
    given, encoding, wiring = WIRED[n]
    given = {**given, "W_K": [[1, 0], [0, 1], [1, 1], [0, 1]]} if "n_kv_heads" in wiring else given
    given = {**given, "W_V": given["W_K"]} if "n_kv_heads" in wiring else given
    return solved(given, *encoding, **wiring)


@pytest.mark.parametrize("n", range(len(WIRED)))
def test_numpy_code_and_exact_values_say_the_same(n: int) -> None:
    """The code of a notebook gives the floats, which lie at the certified decimals; the pages are written."""
    from tracer.formats.ipynb import variables
    from tracer.notation.numpy_code import NumPyCode

    trace = wired(n)
    names = variables([one.tensor for one in (*trace.given, *trace.steps)])
    space: dict[str, Any] = {"np": np, **{names[one.tensor.id]: trace.floats(one.tensor.id) for one in trace.given}}
    for step in trace.steps:
        for line in NumPyCode(names).step(step.tensor, step.formula):
            exec(line, space)
        np.testing.assert_allclose(space[names[step.id]], trace.floats(step.id), rtol=1e-12, err_msg=step.id)
        if step.name in ("positions", "encoded", "rotated_query", "rotated_key", "normed_query", "scores", "outputs"):
            close(trace, step.id, np.asarray(trace.floats(step.id)))


@pytest.mark.parametrize("n", range(len(WIRED)))
def test_a_key_has_full_marks_and_a_wrong_number_is_found(n: int) -> None:
    """A sheet with a box for every number, filled in: all right. With one slip in it: that one."""
    from tracer.formats import render_sheet
    from tracer.handed_in import from_dict as handed_in
    from tracer.worksheet import worksheet

    trace = wired(n)
    key = tomllib.loads(render_sheet(worksheet(trace, "", "blank"), ".toml", key=True).decode())
    marks = tracer.check(trace, handed_in(key))
    assert marks.accepted == marks.blanks > 0
    turned = next(step.id for step in trace if step.name in ("rotated_key", "normed_key"))
    pieces = key["written"]
    for part in turned.split("."):
        pieces = pieces[part]
    pieces[1][0] = "7.77"
    marks = tracer.check(trace, handed_in(key))
    assert marks.first_wrong and marks.first_wrong.cell == f"{turned}[2,1]"
    assert marks.accepted == marks.blanks - 1


def test_a_turn_is_told_to_who_cannot_see_it() -> None:
    """Each word's pair before and after; there is a picture only where queries are turned."""
    from tracer.pictures import pictures

    picture = pictures["turning"](solved({"Q": [[2, 0], [0, 1]], "K": [[1, 0]]}, {"use": "rotary", "angles": ["π/2"]}))
    assert picture
    assert picture.says == "Coordinates 1 and 2: token 1 stays at (2, 0). token 2 turns from (0, 1) to (−1, 0)."
    assert pictures["turning"](solved({"X": [[1, 0]]}, "sinusoidal")) is None
    assert pictures["turning"](solved({"Q": [["a", 1]], "K": [[1, 0]]}, "rotary")) is None


def test_sines_and_cosines_can_be_written() -> None:
    """Somebody may write sin(1), as the page does, and cos(π/3) is 1/2."""
    trace = solved({"Q": [["cos(π/3)", "sin(1)"]], "K": [[2, 0]]})
    assert exactly(trace, "scores") == [["1"]]
    assert trace["query"][0, 1].decimal(4) == "0.8415"


TWO = "[given]\nQ = [[1, 2]]\nK = [[3, 4]]\n"
THREE = "[given]\nQ = [[1, 2, 3]]\nK = [[3, 4, 5]]\n"
FOUR = "[given]\nQ = [[1, 2, 3, 4]]\nK = [[3, 4, 5, 6]]\n"
BAD: dict[str, tuple[str, ...]] = {
    TWO + "[pass]\nencoding = ['rotaty']": ("encoding 1", "“rotaty” is not known", "did you mean “rotary”?"),
    TWO + "[pass]\nencoding = 'rotary'": ("encoding is the text", "expected a list"),
    TWO + "[pass]\nencoding = ['rotary', 'rotary']": ("encoding 2 is a second rotary",),
    TWO + "[pass]\nencoding = ['l2-norm', 'rms-norm']": ("both l2-norm and rms-norm", "use one"),
    THREE + "[pass]\nencoding = ['rotary']": ("encoding 1, rotary", "in pairs", "have 3", "dimensions = 2"),
    "[given]\nQ = [[1]]\nK = [[3]]\n[pass]\nencoding = ['rotary']": ("have 1; give them an even number",),
    "[given]\nX = [[1, 2, 3]]\n[pass]\nencoding = ['sinusoidal']": ("encoding 1, sinusoidal", "X has 3 columns", "even"),
    TWO + "[pass]\nencoding = ['sinusoidal']": ("nothing to do", "no words are given"),
    "[given]\nS = [[1, 2]]\n[pass]\nencoding = ['rotary']": ("nothing to do", "scores S are given"),
    "[given]\nA = [[1]]\nV = [[1]]\n[pass]\nencoding = ['rms-norm']": ("nothing to do", "weights A are given"),
    FOUR + "[pass]\nencoding = [{ use = 'rotary', dimensions = 6 }]": ("dimensions = 6", "have 4", "at most"),
    FOUR + "[pass]\nencoding = [{ use = 'rotary', dimensions = 3 }]": ("dimensions = 3", "pairs", "even"),
    FOUR + "[pass]\nencoding = [{ use = 'rotary', dimensions = 0 }]": ("dimensions", "“0”", "from 2 to"),
    FOUR + "[pass]\nencoding = [{ use = 'rotary', angles = [1] }]": ("1 angle,", "4 coordinates are 2 pairs"),
    TWO + "[pass]\nencoding = [{ use = 'rotary', angles = [1, 2] }]": ("2 angles,", "2 coordinates are 1 pair;"),
    TWO + "[pass]\nencoding = [{ use = 'rotary', angles = 1 }]": ("angles", "no list of numbers"),
    TWO + "[pass]\nencoding = [{ use = 'rotary', angles = ['1/0'] }]": ("angles", "divides by zero"),
    TWO + "[pass]\nencoding = [{ use = 'rotary', angles = [1], base = 9 }]": ("both angles and base",),
    TWO + "[pass]\nencoding = [{ use = 'rotary', base = 0 }]": ("rotary, base", "“0” is not positive"),
    TWO + "[pass]\nencoding = [{ use = 'rotary', pairing = 'halves' }]": ("pairing", "did you mean “half”?"),
    TWO + "[pass]\nencoding = [{ use = 'rotary', start = -1 }]": ("start", "“-1”", "from 0 to"),
    TWO + "[pass]\nencoding = [{ use = 'rms-norm', epsilon = '-1e-6' }]": ("epsilon", "is negative"),
    TWO + "g_Q = [1, 2]\n": ("g_Q has nothing to do", "rms-norm"),
    TWO + "g_K = [1, 2, 3]\n[pass]\nencoding = ['rms-norm']": ("g_K has 3 numbers", "keys of a head have 2"),
}  # fmt: skip


@pytest.mark.parametrize("text", BAD)
def test_what_does_not_fit_is_said_in_one_line(text: str) -> None:
    """Where, what, expected, what to do; before the first step is recorded."""
    with pytest.raises(ProblemError) as error:
        tracer.solve(from_text(text))
    message = str(error.value)
    assert "\n" not in message
    for part in BAD[text]:
        assert part in message


@pytest.mark.parametrize("name", ["sinusoidal", "rotary", "rms-norm", "l2-norm"])
def test_every_encoding_says_what_it_changes(name: str) -> None:
    """The page names it, and its pictures, checks and sheets are those of any pass."""
    from tracer.formats.txt import txt
    from tracer.pages.solution import solution

    assert name in [*word_encodings, *encodings]
    page = txt(solution(solved({"X": [[1, 2], [3, 1]]}, name))).decode()
    assert "What is special in this pass" in page
    assert "✗" not in page
    assert "comes from X" in page


# The code of others


@pytest.mark.full
@pytest.mark.parametrize("n", [1, 5])
def test_halves_are_turned_as_in_llama(n: int) -> None:
    """transformers.models.llama: cos and sin of its own rotary embedding, put on by its own function."""
    import torch
    from transformers.models.llama.configuration_llama import LlamaConfig
    from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding, apply_rotary_pos_emb

    Q, K = some(n, 8), some(n, 8)
    config = LlamaConfig(hidden_size=16, num_attention_heads=2, head_dim=8)
    q, k = (torch.tensor(M, dtype=torch.float64)[None, None] for M in (Q, K))
    cos, sin = LlamaRotaryEmbedding(config)(q, torch.arange(n)[None])
    theirs = [one[0, 0].numpy() for one in apply_rotary_pos_emb(q, k, cos, sin)]
    trace = solved({"Q": written(Q), "K": written(K)}, "rotary")
    for name, array in zip(("rotated_query", "rotated_key"), theirs, strict=True):
        np.testing.assert_allclose(trace.floats(name), array, atol=1e-6)  # its angles are float32


@pytest.mark.full
def test_adjacent_pairs_are_turned_as_in_gpt_j() -> None:
    """transformers.models.gptj: its sines and cosines, on the first four of six coordinates."""
    import torch
    from transformers.models.gptj.modeling_gptj import apply_rotary_pos_emb, create_sinusoidal_positions

    Q = some(5, 6)
    sin, cos = torch.split(create_sinusoidal_positions(5, 4), 2, dim=-1)
    q = torch.tensor(Q, dtype=torch.float64)[None, :, None]
    theirs = apply_rotary_pos_emb(q[..., :4], sin[None], cos[None])[0, :, 0].numpy()
    trace = solved({"Q": written(Q), "K": written(Q)}, {"use": "rotary", "pairing": "adjacent", "dimensions": 4})
    np.testing.assert_allclose(trace.floats("rotated_query")[:, :4], theirs, atol=1e-6)
    np.testing.assert_array_equal(trace.floats("rotated_query")[:, 4:], Q[:, 4:])


@pytest.mark.full
def test_norms_are_those_of_pytorch() -> None:
    """torch.nn.functional.rms_norm with a weight and an epsilon, and normalize."""
    import torch
    from torch.nn.functional import normalize, rms_norm

    Q, g = some(4, 6), some(6)
    q = torch.tensor(Q, dtype=torch.float64)
    given = {"Q": written(Q), "K": written(Q), "g_Q": written(g)}
    trace = solved(given, {"use": "rms-norm", "epsilon": "1e-5"})
    close(trace, "normed_query", rms_norm(q, (6,), torch.tensor(g), 1e-5).numpy())
    close(trace, "normed_key", rms_norm(q, (6,), None, 1e-5).numpy())
    close(solved({"Q": written(Q), "K": written(Q)}, "l2-norm"), "normed_query", normalize(q, dim=1).numpy())
