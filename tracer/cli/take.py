"""tracer take: one head of a real model, as a problem for paper."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracer.errors import ModelError
from tracer.language import languages

if TYPE_CHECKING:
    from tracer.problem import Problem


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """What the command understands."""
    take = commands.add_parser(
        "take",
        help="make a problem of one head of a real model",
        description="Make a problem of one head of a real model: pick layer, head, tokens and a few coordinates, and "
        "round the numbers. What is left out, and how far the weights are from the real ones, stands in the problem's "
        "note and on every page. Layers and heads count from 0, as in models.",
    )
    take.add_argument("model", metavar="MODEL", help="a .npz, .safetensors or .onnx file")
    take.add_argument("--inputs", metavar="FILE", help="an .npz with what the model is given: X, or its inputs by "
                      "name; and tokens")  # fmt: skip
    take.add_argument("--layer", metavar="N", type=int, default=0, help="which layer, or Attention node, from 0 (0)")
    take.add_argument("--head", metavar="N", type=int, default=0, help="which head, from 0 (0)")
    take.add_argument("--tokens", metavar="WORDS", help="the tokens to keep, by word or number from 1: The,cat,4; or "
                      "names for all, where the file has none")  # fmt: skip
    take.add_argument("--key-tokens", metavar="WORDS", help="the same for keys that are other words (cross-attention)")
    take.add_argument("--dimensions", metavar="N", type=int, help="how many coordinates to keep (all)")
    take.add_argument("--basis", choices=("turned", "own"), default="turned",
                      help="turned: new coordinates that hold as much of the scores as so few can; own: those of the "
                           "model with the largest share (turned)")  # fmt: skip
    take.add_argument("--round-to", metavar="STEP", help="round every number to a multiple of this: 0.1, 1/4 (not "
                      "rounded)")  # fmt: skip
    take.add_argument("--title", metavar="TEXT", default="", help="the heading")
    take.add_argument("-o", "--output", metavar="FILE", help="the problem file, in TOML; - for stdout, as without it")
    take.add_argument("--lang", metavar="CODE", default="en", help=f"the language of the words: "
                      f"{', '.join(languages())}")  # fmt: skip
    take.add_argument("--quiet", action="store_true", help="say nothing about the file that was written")
    take.add_argument("--debug", action="store_true", help="show where in the program an error arose")
    take.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the problem, and say what the note says."""
    from tracer.formats import write
    from tracer.models import from_file
    from tracer.models.taking import take
    from tracer.models.written import problem_text

    output = options.output or "-"
    if output != "-" and Path(output).suffix.lower() != ".toml":
        raise ModelError(f"-o {output}: a problem is written as .toml; tracer solve makes other files of it")
    layer = from_file(options.model, options.layer, options.inputs)
    layer, tokens, keys = _named(_spoken(layer, options.lang), _list(options.tokens), _list(options.key_tokens))
    small = take(
        layer,
        options.head,
        tokens=tokens,
        key_tokens=keys,
        dimensions=options.dimensions,
        basis=options.basis,
        round_to=options.round_to,
        title=options.title,
    )
    text = problem_text(small)
    if output == "-":
        sys.stdout.write(text)
        return 0
    write({Path(output): text.encode()})
    if not options.quiet:
        print(f"wrote {output}", file=sys.stderr)
        for term, text in small.note.items():
            print(f"  {term}: {text}", file=sys.stderr)
    return 0


def _spoken(layer: Problem, lang: str) -> Problem:
    from dataclasses import replace

    from tracer.style_file import styled

    style = styled(layer.paper.style, {"lang": lang}, "--lang")
    return replace(layer, paper=replace(layer.paper, style=style))


def _list(text: str | None) -> list[Any]:
    words = [] if text is None else [word.strip() for word in text.split(",")]
    return [int(word) if word.isdecimal() else word for word in words if word]


def _named(layer: Problem, tokens: list[Any], keys: list[Any]) -> tuple[Problem, list[Any], list[Any]]:
    """Words that are as many as the rows of a file without any are their names, else those that are kept."""
    from dataclasses import replace

    from tracer.problem import sizes

    n, m = sizes(layer)
    if not layer.tokens and len(tokens) == n and not any(isinstance(one, int) for one in tokens):
        layer, tokens = replace(layer, tokens=tuple(tokens)), []
    if not layer.key_tokens and len(keys) == m and not any(isinstance(one, int) for one in keys):
        layer, keys = replace(layer, key_tokens=tuple(keys)), []
    return layer, tokens, keys
