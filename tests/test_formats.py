"""Every format says everything, keeps what people typed as text, and opens in its own program.

The files in golden/two-words.* show what each format looks like. After a wanted change write them anew, and read the
difference:  TRACER_GOLDEN=write python -m pytest tests/test_formats.py
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
import warnings
from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import numpy as np
import pypdf
import pytest
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from test_commands import PROBLEMS
from test_notation import EXAMPLES as EXPRESSIONS
from test_notation import O1, O2, M, Q, S, W, q, r, theta

import tracer
from tracer.arithmetic.floating import Floats
from tracer.document import (
    Blank,
    Block,
    Card,
    Chain,
    Checks,
    Document,
    Em,
    Equation,
    Field,
    Fields,
    Grid,
    Heading,
    Judged,
    Ledger,
    Link,
    Math,
    Picture,
    Room,
    Text,
    Together,
    Writing,
)
from tracer.drawing import Area, Drawing, Label, Stroke
from tracer.expr import Cell, Expr, Letter, Mul, Row, num, walk
from tracer.formats import documents, load, render, suffixes, traces
from tracer.formats.ipynb import variables
from tracer.notation.numpy_code import NumPyCode, lined_up
from tracer.pages.solution import solution
from tracer.problem_file import from_dict
from tracer.tex_words import words

ROOT = Path(__file__).parent.parent
GOLDEN = Path(__file__).parent / "golden"
FILES = sorted([*ROOT.glob("examples/*/*.toml"), *ROOT.glob("examples/published/*/problem.toml")])
NAMES = [f"{path.parent.name}/{path.stem}" for path in FILES]
ONE_OF_A_FOLDER = [n for n, path in enumerate(FILES) if path.stem == "problem"]
TYPED = ["<b>bold</b>", "שלום", "🍎", "50 %_&#$x$", "*[x](y)\\ `|~^", ":smile: @me", "w" * 60]
HOSTILE = {
    "title": "\\input{x} $x$ <script>alert(1)</script> & “x” # " + "t" * 150,
    "source": "1. 'Größe' „ąęŁ“ -- {x}",
    "tokens": TYPED,
    "given": {"X": [["√2", 1], ["1/3", -2], ["1e-9", 0], ["2e2", "ln 2"], [1, "-√3/2"], ["0.125", 3], [9, 9]]},
    "paper": {
        "symbols": {"weights": "α<%", "scores": "ש", "outputs": "x_<b>", "exponentials": "$y$"},
        "course": "1. Kurs <1>", "name": "N%_{}", "date": "1. 1.", "by_hand": {"scores": 2},
    },
}  # fmt: skip
WIDE = {"tokens": ["t" * 60, *"abcdefghijk"], "given": {"X": [[f"-{i}.{j:02d}" for j in range(30)] for i in range(12)]}}
STYLES: dict[str, dict[str, str]] = {
    "usual": {},
    "German": {"lang": "de", "times": "×", "vectors": "column", "course": "Größen", "date": "1. 1. 2026"},
    "large print": {"text": "18pt", "margins": "15mm 20mm", "size": "letter"},
}


def in_style(problem: tracer.Problem, **keys: str) -> tracer.Trace:
    """The trace of a problem whose page is of another style."""
    return tracer.solve(replace(problem, paper=replace(problem.paper, style=replace(problem.paper.style, **keys))))


@cache
def solved(n: int) -> tracer.Trace:
    return tracer.solve(tracer.load(FILES[n]))


@cache
def hostile() -> tracer.Trace:
    return tracer.solve(from_dict(HOSTILE))


def written(trace: tracer.Trace, suffix: str) -> str:
    return render(trace, lambda: solution(trace), suffix).decode()


DOCUMENTS = [suffix for suffix in suffixes() if load(suffix) or suffix in documents]
SOLUTIONS = sorted({*DOCUMENTS, *traces})


# Every format


@pytest.mark.parametrize("suffix", [".tex", ".md", ".ipynb"])
def test_the_file_is_the_golden_one(suffix: str) -> None:
    """The whole file of the smallest problem, so that a reader sees the format."""
    found = written(tracer.solve(from_dict(tomllib.loads(PROBLEMS["two-words"]))), suffix)
    golden = GOLDEN / f"two-words{suffix}"
    if os.environ.get("TRACER_GOLDEN") == "write":
        golden.write_text(found, "utf-8")
    assert found == golden.read_text("utf-8")


@pytest.mark.parametrize("suffix", SOLUTIONS)
def test_numbers_of_10_to_the_40_digits_are_no_trouble(suffix: str) -> None:
    """E to the power of 10^40 has its power of ten; a weight that nobody can compute says so; no traceback."""
    trace = tracer.solve(from_dict({"given": {"X": [["2e20", 1], ["1/3", -2], ["1e-9", 0]]}}))
    assert render(trace, lambda: solution(trace), suffix)


A = Cell(replace(S, symbol="A"), ())
DRAWING = Drawing(
    9,
    3,
    (Area(((0, 0), (1, 0), (1, 1)), 0.5), Stroke(((0, 0), (5, 2)), arrow=True, dash=(0.2, 0.2)), Label(1, 1, "mark")),
)
BLOCKS: list[tuple[Block, list[str]]] = [  # each kind of block, and words and numbers that must not get lost
    (Heading("opening", 2, "opening"), ["opening"]),
    (Text(("reason ", Em("apple"), " of ", Math(num(17))), "why"), ["reason", "apple", "17"]),
    (Text(("remark",), "note"), ["remark"]),
    (Equation((("", A), ("=", Mul((num(31), num(41)))), (", that is", num(59))), ("sized",)), ["31", "41", "59", "sized"]),
    (Chain(A, (("=", num(61)), ("≈", num(67))), ("by hand ", Math(num(71))), "A[1,1]", "°"), ["61", "67", "71", "hand"]),
    (Grid(A, "≈", ("upper",), ("left", "right"), ((num(73), "missing"),), ("noted",)), ["upper", "left", "73", "missing", "noted"]),
    (Grid(A, "", ("upper",), ("left", "right"), ((Judged("0.73", "✓", "fine"), Judged("7,9O", "✗", "amiss", "strong")),)), ["upper", "left", "0.73", "fine", "7,9O", "amiss"]),
    (Ledger(("heading", "second"), (((Link((Math(num(83)),), "A[1,1]"),), ("told",)),)), ["heading", "second", "83", "told"]),
    (Card("agreed", (("keyword", ("entry",)),)), ["agreed", "keyword", "entry"]),
    (Checks(((True, ("holds",)), (False, ("fails",)), (None, ("silent",)))), ["holds", "fails", "silent"]),
    (Picture(DRAWING, ("caption",), "an arrow and a triangle"), ["caption"]),
    (Grid(A, "", ("upper",), ("left", "right"), ((Blank("A[1,1]", "A of 1 and 1"), Blank("A[1,2]", "A of 1 and 2", num(89), num(83))),), is_fixed=True), ["upper", "left", "89", "83"]),
    (Room(((Writing(A, 1), Writing(A, 2, Chain(A, (("≈", num(97)),)))),), 2), ["A", "97"]),
    (Fields((Field("name", "Name", 3), Field("", "Code", 2, "K7Q", "of 24"))), ["Name", "Code", "K7Q", "of 24"]),
    (Together((Text(("inside",)), Heading("deeper", 3, "deeper"))), ["inside", "deeper"]),
]  # fmt: skip


@pytest.mark.parametrize("suffix", DOCUMENTS)
@pytest.mark.parametrize(("block", "said"), BLOCKS)
def test_every_format_writes_every_block(block: Block, said: list[str], suffix: str) -> None:
    """Nothing that a block says is lost in any format."""
    made = documents[suffix](Document("title", (block,), "somewhere"))
    if suffix == ".pdf":
        text = "".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(made)).pages)
    else:
        text = made.decode()
    for word in ["title", "somewhere", *said]:
        assert word in text, word


def test_every_kind_of_block_is_among_them() -> None:
    """A new block needs its row here, and with it a case in every format."""
    assert {type(block) for block, _ in BLOCKS} == set(get_args(Block))


@pytest.mark.parametrize("suffix", [".tex", ".md", ".txt", ".ipynb"])
def test_the_same_input_gives_the_same_bytes(suffix: str) -> None:
    """Solved twice, written twice: no date, no address, no order of a set."""
    assert written(tracer.solve(from_dict(HOSTILE)), suffix) == written(tracer.solve(from_dict(HOSTILE)), suffix)


@pytest.mark.parametrize("suffix", [".tex", ".md", ".txt"])
def test_the_house_decides_on_the_signs(suffix: str) -> None:
    """A decimal comma and a cross stand in every number and product, and the title block above."""
    style = {"decimal": ",", "times": "×", "course": "Algebra", "name": "Jane", "date": "May"}
    trace = in_style(from_dict(tomllib.loads(PROBLEMS["by-hand"])), **style)
    text = written(trace, suffix)
    comma, cross = ("{,}", r"\times") if suffix == ".tex" else (",", "×" if suffix == ".txt" else r"\times")
    assert f"0{comma}6698" in text
    assert "0.6698" not in text
    assert cross in text
    assert "·" not in "".join(re.findall(r"\d ?· ?\d", text))
    assert all(word in text for word in ("Algebra", "Jane", "May"))


# LaTeX


@pytest.mark.parametrize(
    ("typed", "source"),
    [
        ("<b>", "$<$b$>$"), ("50 %_&#", r"50 \%\_\&\#"), (r"\input{x}", r"$\backslash$input\{x\}"), ("$x$", r"$\mathdollar$x$\mathdollar$"),
        ("Größe", r"Grö{\ss}e"), ("„x“", ",,x``"), ("Łódź", r"{\L}ód\'{z}"), ("ą", "a"), ("α²", r"$\alpha$$^{2}$"),
        ("שלום", "{[}shin lamed vav final mem{]}"), ("🍎", "{[}red apple{]}"), ("我", "{[}U+6211{]}"),
        ("--", "-{}-"), ("[*]", "{[}{*}{]}"), ("a\nb\x00", "a b"), ("x" * 24, r"x" * 10 + r"\hspace{0pt}" + "x" * 10 + r"\hspace{0pt}xxxx"),
    ],
)  # fmt: skip
def test_what_people_type_is_text(typed: str, source: str) -> None:
    """Every sign stands for itself, and what pdflatex cannot set is spelled out."""
    assert words(typed) == source


def pdflatex(source: str, folder: Path) -> str:
    """The log of a run that must end well."""
    (folder / "a.tex").write_text(source, "utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "a.tex"]
    run = subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False)
    log = (folder / "a.log").read_text("latin-1")
    assert run.returncode == 0, re.findall(r"^!.*(?:\n.*){5}", log, re.MULTILINE)
    return log


def is_clean(log: str) -> bool:
    """No character is missing, and nothing sticks out by more than 2 points."""
    assert "Missing character" not in log
    assert [box for box in re.findall(r"Overfull \\hbox \(([\d.]+)pt", log) if float(box) > 2] == []
    return True


@pytest.mark.full
@pytest.mark.parametrize("n", ONE_OF_A_FOLDER, ids=lambda n: NAMES[n])
def test_every_example_compiles(n: int, tmp_path: Path) -> None:
    """Plain pdflatex sets the whole solution without an error and without a line that is too long."""
    assert is_clean(pdflatex(written(solved(n), ".tex"), tmp_path))


@pytest.mark.full
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("problem", [HOSTILE, WIDE], ids=["hostile", "wide"])
def test_everything_compiles(problem: dict[str, object], style: str, tmp_path: Path) -> None:
    """Whatever people type, however wide the matrices, in every style."""
    assert is_clean(pdflatex(written(in_style(from_dict(problem), **STYLES[style]), ".tex"), tmp_path))


@pytest.mark.full
def test_every_character_has_a_font_with_outlines(tmp_path: Path) -> None:
    """Whatever is typed is set from the fonts that LaTeX brings, upright, slanted and bold: no font is drawn in pixels."""
    typed = "".join(
        map(chr, [*range(0x20, 0x250), *range(0x370, 0x400), *range(0x2010, 0x2040), *range(0x2190, 0x2270)])
    )
    line = " ".join(typed)
    blocks = (
        Text((line,)),
        Text((line,), "why"),
        Text((line,), "note"),
        *(Heading(part, 2) for part in line.split("@")),
    )
    log = pdflatex(documents[".tex"](Document("title", blocks)).decode(), tmp_path)
    assert is_clean(log)
    assert "pk" not in log.rpartition("\n[")[2]


@pytest.mark.full
def test_every_block_and_every_expression_compiles(tmp_path: Path) -> None:
    """Each kind of block, and each row of the table of notations."""
    blocks = [block for block, _ in BLOCKS]
    blocks += [Equation((("", expr),)) for expr, *_ in EXPRESSIONS]
    assert is_clean(pdflatex(documents[".tex"](Document("title", tuple(blocks))).decode(), tmp_path))


# Markdown


def tokens(source: str):
    """What GitHub's Markdown makes of a page, blocks and what stands in them one after the other."""
    parser = MarkdownIt("gfm-like", {"linkify": False}).use(dollarmath_plugin, allow_space=False)
    for token in parser.parse(source):
        yield token
        yield from token.children or ()


def formulas(source: str) -> list[str]:
    """Every formula of a page, as the parser finds them."""
    return [
        t.content for t in tokens(source) if t.type == "math_inline" or (t.type == "fence" and t.info.strip() == "math")
    ]


@pytest.mark.parametrize("n", [*range(len(FILES)), -1], ids=[*NAMES, "hostile"])
def test_markdown_is_what_it_seems(n: int) -> None:
    """Tables have as many cells in each row, no formula is torn, nothing typed becomes markup."""
    page = written(hostile() if n < 0 else solved(n), ".md")
    found = list(tokens(page))
    wide = 0
    for number, token in enumerate(found):
        if token.type == "tr_open":
            row = next(m for m in range(number, len(found)) if found[m].type == "tr_close")
            cells = sum(t.type in ("th_open", "td_open") for t in found[number:row])
            wide = cells if found[number - 1].type == "thead_open" else wide
            assert cells == wide
    assert not {t.type for t in found} & {"em_open", "s_open", "link_open", "image", "html_block", "code_block"}
    assert {t.content for t in found if t.type == "html_inline"} <= {"<span>", "</span>"}
    math = formulas(page)
    assert len(math) > 5
    assert all(source.count("{") == source.count("}") for source in math)
    assert all(source.count(r"\begin") == source.count(r"\end") for source in math)
    left = "".join(t.content for t in found if t.type == "text")
    assert "\\" not in left.replace(TYPED[4][7:9], "").replace("\\input", "")
    assert "$" not in "".join(t.content for t in found if t.type == "text" and t.content.strip() != "$")


@pytest.mark.parametrize("n", [*range(len(FILES)), -1], ids=[*NAMES, "hostile"])
def test_markdown_works_before_the_formula(n: int) -> None:
    """GitHub reads a line as Markdown first: without knowing dollars, the parser still leaves each formula whole."""
    page = written(hostile() if n < 0 else solved(n), ".md")
    ignorant = MarkdownIt("gfm-like", {"linkify": False})
    inline = [t for t in ignorant.parse(page) if t.type == "inline"]
    assert not {c.type for t in inline for c in t.children} & {"em_open", "s_open", "link_open", "hardbreak"}
    read = "".join("".join(c.content for c in t.children) + "\n" for t in inline)
    kept = [t.content for t in tokens(page) if t.type == "math_inline" and not t.content.startswith("`")]
    assert all(f"${source}$" in read for source in kept)


@pytest.mark.parametrize("typed", TYPED)
def test_markdown_keeps_what_people_typed(typed: str) -> None:
    """A reader sees the very characters."""
    text = MarkdownIt("gfm-like", {"linkify": False}).render(written(hostile(), ".md"))
    seen = re.sub("<[^>]*>", "", text)
    escaped = typed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert escaped in seen


# The notebook


def notebook(n: int) -> dict:
    data = json.loads(written(hostile() if n < 0 else solved(n), ".ipynb"))
    return {**data, "cells": joined(data["cells"])}


def joined(cells: list[dict]) -> list[dict]:
    return [{**cell, "source": "".join(cell["source"])} for cell in cells]


def sources(cells: list[dict]) -> list[str]:
    return [cell["source"] for cell in cells if cell["cell_type"] == "code"]


X, Y, I2 = [[1, 2], [0, "1/3"], ["√2", -1], [1, 0]], [[1, 1], [2, 0], [0, 1]], [[1, 0], [1, 1]]
SELDOM = {  # wirings that no example has
    "two heads twice, with biases": {
        "given": {"X": X, "W_Q": I2, "W_K": I2, "W_V": I2, "W_O": I2, "b_Q": [1, 0], "b_K": [0, 1], "b_V": [1, 1], "b_O": [0, 1]},
        "pass": {"n_heads": 2, "repeat": 2, "projection": "W x"},
    },
    "shared keys": {"given": {"Q": [[1, 0, 1, 0]], "K": [[1, 0]], "V": [[1, 0]]}, "pass": {"n_heads": 4, "n_kv_heads": 2}},
    "shifted, masked": {
        "given": {"X": X}, "pass": {"normalisation": "softmax-shifted", "logits": [{"use": "mask", "rule": "causal"}, {"use": "scale", "by": "√3"}]},
    },
    "capped, shifted, masked": {
        "given": {"X": X}, "pass": {"normalisation": "softmax-shifted", "logits": [{"use": "softcap", "cap": "√2"}, {"use": "scale"}, {"use": "mask", "rule": "causal"}]},
    },
    "shifted, a row masked": {
        "given": {"S": [[1, 2], ["-inf", "-inf"]], "V": I2}, "pass": {"normalisation": "softmax-shifted", "logits": []},
    },
    "sum of cosines, masked": {
        "given": {"X": X, "Y": Y}, "pass": {"similarity": "cosine", "normalisation": "sum", "logits": [{"use": "mask", "rule": "causal", "align": "top-left"}]},
    },
    "given weights": {"given": {"A": [["1/2", "1/2"], [1, 0]], "V": I2}},
    "some queries": {"given": {"X": X}, "pass": {"queries": [2, 4]}},
    "beyond double precision": {"given": {"X": [[200, 1], [3, 200]]}, "paper": {"places": 12}},
    "words of one length, relative positions": {
        "given": {"Q": X[:1], "K": Y, "relative": [1, 2, 3]}, "pass": {"encoding": ["l2-norm"], "logits": ["relative"], "normalisation": "softmax-off-by-one"},
    },
    "turned by whole angles": {"given": {"X": X}, "pass": {"encoding": [{"use": "rotary", "angles": [1]}]}},
    "turned by one angle": {"given": {"Q": [[1, 2, 0, 1]], "K": [[1, 2, 0, 1]]}, "pass": {"encoding": [{"use": "rotary", "angles": [0, 0]}]}},
    "hidden keys with negative values": {
        "given": {"S": [[1, 2], [2, 1]], "V": [[-1, 2], [-2, -3]]}, "pass": {"logits": [{"use": "mask", "rule": "padding", "length": 0}]},
    },
    "a zero vector": {"given": {"X": [[0, 0], [1, 2]]}, "pass": {"similarity": "cosine"}},
}  # fmt: skip


def run(cells: list[dict]) -> dict[str, object]:
    """What the code cells leave behind; each gives the output that is stored with it."""
    names: dict[str, object] = {}
    for cell in cells:
        if cell["cell_type"] != "code":
            continue
        *lines, last = ast.parse(cell["source"]).body
        exec(compile(ast.Module(lines, []), "cell", "exec"), names)
        if cell["outputs"]:
            assert repr(eval(ast.unparse(last), names)) == "".join(cell["outputs"][0]["data"]["text/plain"])
        else:
            exec(compile(ast.Module([last], []), "cell", "exec"), names)
    return names


@pytest.mark.parametrize("n", [*range(len(FILES)), -1], ids=[*NAMES, "hostile"])
def test_a_notebook_computes_what_it_shows(n: int) -> None:
    """Run from the top, every check holds and every cell gives the output that is stored with it."""
    names, trace = run(notebook(n)["cells"]), hostile() if n < 0 else solved(n)
    assert bool(names) is not bool(trace.open_letters)
    if names and trace.problem.wiring.queries is None:
        assert set(variables([step.tensor for step in trace.steps]).values()) <= set(names)


@pytest.mark.parametrize("name", SELDOM)
def test_a_notebook_computes_every_wiring(name: str) -> None:
    """Heads, biases, masks, undefined values, and numbers that double precision does not have."""
    trace = tracer.solve(from_dict(SELDOM[name]))
    assert run(joined(json.loads(written(trace, ".ipynb"))["cells"]))


def test_a_notebook_of_arrays() -> None:
    """Floats of a library user are written as the shortest decimals that name them."""
    Q, K, V = np.random.default_rng(7).normal(size=(3, 5, 4))
    names = run(joined(json.loads(written(tracer.attention(Q, K, V, mask="causal"), ".ipynb"))["cells"]))
    assert np.array_equal(names["Q"], Q)


@pytest.mark.parametrize("n", [*range(len(FILES)), -1], ids=[*NAMES, "hostile"])
def test_a_notebook_is_one(n: int) -> None:
    """It has the form of nbformat 4.5, with an id for each cell."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import nbformat
    nbformat.validate(nbformat.from_dict(notebook(n)))


def test_nothing_typed_is_code() -> None:
    """Without its comments and numbers, the code of a hostile problem has names of the field only."""
    code = "\n".join(sources(notebook(-1)["cells"]))
    known = {"np", "array", "float", "check", "computed", "printed", "there", "d_k"}
    names = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)} - known
    assert names == set("XQKVSZEDAO") | {f"C_{n}" for n in range(1, 8)} | {"q_norm", "k_norm", "cos_theta", "theta"}


def test_a_wrong_number_is_noticed() -> None:
    """A changed input makes the first check fail."""
    first, second, *_ = sources(notebook(NAMES.index("three-heads/problem"))["cells"])
    changed = first.replace("[1, 0, 1],  # red", "[1, 0, 2],  # red")
    assert changed != first
    with pytest.raises(AssertionError):
        exec(changed + "\n" + second, {})


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("three-heads/problem", "Q_head2 = Q[:, 2:4]"),
        ("three-heads/problem", "J = np.hstack([O_head1, O_head2, O_head3])"),
        ("three-heads/problem", "T_head2 = W_Q[:, 2:4] @ W_K[:, 2:4].T"),
        ("three-heads/problem", "S_T_head1 = X @ T_head1 @ X.T"),
        ("jane-visits-africa/problem", "Q = X @ W_Q.T"),
        ("jane-visits-africa/problem", "cos_theta = Q @ K.T / (q_norm[:, None] * k_norm)"),
        ("jane-visits-africa/problem", "Z = S / np.sqrt(d_k)"),
        ("jane-visits-africa/problem", "A = E / D[:, None]"),
        ("causal-mask/problem", "i, j = np.ogrid[:4, :4]"),
        ("causal-mask/problem", "Z_masked = np.where(j <= i, Z, -np.inf)"),
        ("causal-mask/own-mask", "A = np.where(M == 1, E / D[:, None], 0)"),
        ("again-and-again/problem", "Q_pass2 = O_pass1"),
        ("one-hot-rows/problem", "X = H @ Emb"),
        ("normalisation/opposite-by-sum", "# np.nan: undefined: nothing can be divided by zero"),
    ],
)
def test_the_code_is_what_a_teacher_would_write(name: str, line: str) -> None:
    """Matrix products, slices, sums along an axis."""
    assert line in "\n".join(sources(notebook(NAMES.index(name))["cells"])).splitlines()


def test_letters_leave_nothing_to_compute() -> None:
    """A symbolic pass has formulas only, and says why."""
    cells = notebook(NAMES.index("letters/problem"))["cells"]
    assert sources(cells) == []
    assert "there is nothing to compute here" in cells[0]["source"]


def has_value(node: Expr) -> bool:
    """Not a letter, nor a row or a whole matrix, which stand in sentences only; nor a place before the first."""
    if isinstance(node, Cell):
        return bool(node.at) and all(index.shift >= 0 for index in node.at)
    return not isinstance(node, Letter | Row)


WITH_VALUES = [expr for expr, *_ in EXPRESSIONS if all(map(has_value, walk(expr)))]


@pytest.mark.parametrize("expr", WITH_VALUES)
def test_a_formula_and_its_code_have_the_same_value(expr: Expr) -> None:
    """The NumPy source of each kind of expression gives what the fold over arrays gives."""
    random, sizes = np.random.default_rng(1), {"i": 2, "j": 2, "c": 1, "k": 3}
    definitions = {
        tensor.id: SimpleNamespace(
            tensor=tensor, formula=None, values=SimpleNamespace(array=random.uniform(0.1, 0.9, tensor.shape))
        )
        for tensor in (Q, S, W, M, q, theta, r, O1, O2)
    }
    writer = NumPyCode({id_: f"v{n}" for n, id_ in enumerate(definitions)})
    known = Floats(definitions).fold(expr, sizes)
    code = lined_up(writer.fold(expr, sizes), tuple(known.axes))
    names = {"np": np, **{writer.names[id_]: one.values.array for id_, one in definitions.items()}}
    exec("\n".join(writer.before), names)
    found = np.broadcast_to(eval(code.text, names), np.shape(known.array))
    assert np.allclose(found, known.array)


@pytest.mark.full
@pytest.mark.parametrize("name", ["three-heads/problem", "causal-mask/own-mask", "normalisation/opposite-by-sum"])
def test_jupyter_runs_it(name: str, tmp_path: Path) -> None:
    """A real kernel executes every cell, and the outputs stay the same."""
    path = tmp_path / "a.ipynb"
    path.write_text(written(solved(NAMES.index(name)), ".ipynb"), "utf-8")
    program = (
        "import sys, nbclient, nbformat\n"
        "notebook = nbformat.read(sys.argv[1], 4)\n"
        "before = [cell.get('outputs') for cell in notebook.cells]\n"
        "nbclient.NotebookClient(notebook, timeout=60).execute()\n"
        "assert before == [cell.get('outputs') for cell in notebook.cells]"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
