"""Every word of a page in every language, and a language added by translating one file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sentences import constants, sentences

import tracer
from tracer import cli
from tracer import language as languages
from tracer.document import Chain, Document, Equation, Grid, flat
from tracer.formats.html import html
from tracer.formats.txt import txt
from tracer.language import GAP, language
from tracer.names import GRADIENTS
from tracer.pages.solution import solution
from tracer.problem import TITLE
from tracer.problem_file import from_dict
from tracer.spoken import Spoken

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "tracer/languages").glob("*.toml"))
PROBLEMS = sorted((ROOT / "examples").glob("*/*.toml"))
X, W = [[1, 2], [0, 1], [2, 2], [1, 0]], [[1, 0], [0, 1]]
SELDOM = {  # what no example says
    "no words": {"given": {"X": X}},
    "keys of their own": {"given": {"Q": X, "K": W, "V": W}},
    "one coordinate, one decimal": {"given": {"X": [["1/3"], [2]]}, "paper": {"places": 1}},
    "by hand, one decimal": {
        "given": {"X": [["1/3", 1], [2, "√2"]]}, "paper": {"by_hand": {"scores": 1, "weights": 1, "outputs": 1}},
    },
    "by hand, shorter": {"given": {"X": [[1, 2], [3, 4]]}, "paper": {"by_hand": {"scores": 0}, "places": 1}},
    "every step by hand": {
        "given": {"X": X},
        "paper": {"by_hand": {"query_norms": 2, "key_norms": 2, "cosines": 2, "angles": 0, "exponentials": 3, "row_sums": 3}},
    },
    "given rounded": {"given": {"S": [["0.12", "0.5"]]}, "paper": {"rounded_given": {"S": 2}}},
    "a letter": {"given": {"S": [["a", 1]]}},
    "divided by a number": {"given": {"X": X}, "pass": {"logits": [{"use": "scale", "by": "√3"}]}},
    "the first query sees the first key": {
        "given": {"X": X, "Y": W}, "pass": {"logits": [{"use": "mask", "rule": "causal", "align": "top-left"}]},
    },
    "shifted": {"given": {"X": X}, "pass": {"normalisation": "softmax-shifted"}},
    "two heads twice": {
        "given": {"X": X, "W_Q": W, "W_K": W, "W_V": W, "W_O": W, "b_Q": [1, 0], "b_K": [0, 1], "b_V": [1, 1], "b_O": [0, 1]},
        "pass": {"n_heads": 2, "repeat": 2, "projection": "W x"},
    },
    "one key head": {
        "given": {"X": X, "W_Q": W, "W_K": [[1], [1]], "W_V": [[1], [1]]}, "pass": {"n_heads": 2, "n_kv_heads": 1},
    },
    "two key heads": {
        "given": {"Q": [[1, 0, 1, 0]], "K": [[1, 0]], "V": [[1, 0]]}, "pass": {"n_heads": 4, "n_kv_heads": 2},
    },
    "negative weights": {"given": {"A": [[2, -1], [-1, -1]], "V": W}},
    "nearly all": {"given": {"S": [[20, 0]]}, "pass": {"logits": []}},
    "many keys": {"given": {"A": [["1/8"] * 8, [1, *[0] * 7]], "V": [[1]] * 8}},
    "seven other keys": {"given": {"A": [["1/7"] * 7], "V": [[1]] * 7}},
    "undefined further on": {"given": {"S": [[1, -1], [1, 1]], "V": W}, "pass": {"normalisation": "sum", "logits": []}},
    "no zero vector has a cosine": {"given": {"X": [[0, 0], [1, 1]]}, "pass": {"similarity": "cosine"}},
    "infinitely large": {"given": {"X": [[100, 2], [3, 4]]}, "pass": {"normalisation": "sum"}},
}  # fmt: skip


def read(name: str) -> tracer.Problem:
    """An example, or one of the problems above."""
    return from_dict(SELDOM[name]) if name in SELDOM else tracer.load(ROOT / "examples" / f"{name}.toml")


NAMES = [*(f"{path.parent.name}/{path.stem}" for path in PROBLEMS), *SELDOM]


def in_language(name: str, code: str) -> Document:
    """The worked solution of a problem in a language."""
    problem = read(name)
    paper = replace(problem.paper, style=replace(problem.paper.style, lang=code))
    return solution(tracer.solve(replace(problem, paper=paper)))


def loud(sentence: str) -> str:
    """A sentence in capitals, but for its gaps: what is not in capitals on a page was never looked up."""
    pieces = re.split(r"(\{\w+\})", sentence)
    return "".join(piece if n % 2 else piece.upper() for n, piece in enumerate(pieces))


@pytest.fixture
def add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Adds a language: one file in a folder that has only this one."""

    def write(code: str, translate: Callable[[str], str], decimal: str = ".") -> None:
        pairs = [(json.dumps(s, ensure_ascii=False), json.dumps(translate(s), ensure_ascii=False)) for s in known]
        text = "\n".join([f'decimal = "{decimal}"', "[sentences]", *(f"{left} = {right}" for left, right in pairs)])
        (tmp_path / f"{code}.toml").write_text(text, "utf-8")

    known = sorted(language("de").sentences)
    monkeypatch.setattr(languages, "FOLDER", tmp_path)
    language.cache_clear()
    yield write
    language.cache_clear()


# The files


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_sentence_is_in_every_language(path: Path) -> None:
    """Nothing is missing in a language's file, and nothing stands there that no page says."""
    known = set(language(path.stem).sentences)

    assert sentences() - known == set()
    assert known - constants() == set()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_translation_has_the_gaps_of_its_sentence(path: Path) -> None:
    """Each gap stands in the translation as often as in the sentence, wherever the language wants it."""
    for sentence, translation in language(path.stem).sentences.items():
        assert sorted(GAP.findall(translation)) == sorted(GAP.findall(sentence)), sentence
        assert translation.strip() == translation
        assert translation


def test_german_is_set_as_german_is() -> None:
    """Quotes are „…“, and a number is never parted from its percent sign."""
    for translation in language("de").sentences.values():
        assert "”" not in translation
        assert translation.count("„") == translation.count("“")
        assert " %" not in translation


# The pages


READ = ("aria-label", "aria-description", "alt", "alttext", "title", "summary", "placeholder")
VOID = ("meta", "link", "img", "br", "input", "hr", "wbr")


class Words(HTMLParser):
    # The words of a page: text outside formulas, scripts and style sheets, words inside formulas, attributes that are read.

    def __init__(self) -> None:
        super().__init__()
        self.inside: list[str] = []
        self.found: list[str] = []

    def handle_startendtag(self, tag, attrs):
        self.found += [value or "" for name, value in attrs if name in READ]

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.inside.append(tag)

    def handle_endtag(self, tag):
        self.inside.pop()

    def handle_data(self, data):
        if not {"math", "script", "style"} & set(self.inside) or "mtext" in self.inside:
            self.found.append(data)


def aloud(document: Document) -> Iterator[str]:
    """The formulas of a document as they are spoken."""
    spoken = Spoken(document)
    for block in flat(document.blocks):
        if isinstance(block, Equation):
            yield spoken.equation(block)
        elif isinstance(block, Chain):
            yield spoken.chain(block)
        elif isinstance(block, Grid):
            yield spoken.grid(block, range(len(block.rows)), range(len(block.columns)))


def words(*texts: str) -> set[str]:
    """The words of two letters or more."""
    return set(re.findall(r"[^\W\d_₀-₉]{2,}", " ".join(texts)))


def small(texts: Iterable[str], typed: set[str]) -> set[str]:
    """The words with small letters in them that nobody typed."""
    return {word for word in words(*texts) if word != word.upper()} - typed


@pytest.mark.parametrize("name", NAMES)
def test_no_english_is_left_on_a_page(name: str, add: Callable[..., None]) -> None:
    """In a language of capitals every word of every page is in capitals but for what somebody typed."""
    add("xx", loud)
    document, problem = in_language(name, "xx"), read(name)
    title = "" if problem.title == TITLE else problem.title
    noted = [*problem.note, *problem.note.values()]
    typed = words(title, problem.source, *noted, *problem.tokens, *problem.key_tokens) | {"Emb", "𝐻Emb", "model", "ln"}
    typed |= words("dP", *GRADIENTS.values())
    page = Words()
    page.feed(html(document).decode())

    assert small(page.found, typed | {"ln"}) == set()  # a picture says the score ln(2)
    assert small(aloud(document), typed) == set()
    assert small([txt(document).decode()], typed | {"sin", "cos", "arccos", "tanh", "ln", "max"}) == set()


# A third language


def test_a_language_is_one_file(add: Callable[..., None], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A file in the folder, and --lang, [paper] and --help know it; its sentences may turn the words round."""
    turned = {"{word} keeps {share} of itself and takes {shares}": "de {word} reste {share}, de {shares} prend"}
    add("fr", lambda sentence: turned.get(sentence, sentence), ",")
    problem = str(ROOT / "examples/apple-moves/problem.toml")

    assert cli.main(["solve", problem, "--lang", "fr"]) == 0
    out = capfd.readouterr().out
    assert "“apple” reste 57\u00a0%, de 43\u00a0% from “orange” prend:" in " ".join(
        out.replace("\u00a0", "~").split()
    ).replace("~", "\u00a0")
    assert cli.main(["solve", problem, "--lang", "de"]) == 2
    assert "no language has the code “de”" in capfd.readouterr().err
    with pytest.raises(SystemExit):
        cli.main(["solve", "--help"])
    assert "en, fr" in capfd.readouterr().out


def test_the_title_and_the_words_nobody_gave(add: Callable[..., None]) -> None:
    """A page without a title and without tokens names them in its language; what somebody typed stays."""
    add("de", lambda s: {"Attention, step by step": "Aufmerksamkeit", "token {n}": "Wort {n}"}.get(s, s))
    document = in_language("keys of their own", "de")
    grids = [block for block in flat(document.blocks) if isinstance(block, Grid)]

    assert document.title == "Aufmerksamkeit"
    assert grids[0].rows == ("Wort 1", "Wort 2", "Wort 3", "Wort 4")
    assert grids[1].rows == ("key 1", "key 2")
    assert in_language("apple-moves/problem", "de").title == "The apple moves to the orange"


def test_rows_are_named_in_the_page_s_language(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """--row takes the label that the page shows."""
    path = tmp_path / "problem.toml"
    path.write_text('given = { X = [[1, 0], [0, 1]] }\n[paper]\nlang = "de"')

    assert cli.main(["solve", str(path), "--row", "Token 2"]) == 0
    assert "Aufmerksamkeit, Schritt für Schritt" in capfd.readouterr().out
