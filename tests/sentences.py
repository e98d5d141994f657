"""Which English sentences there are to translate: found in the code, wherever they stand."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tracer import mistakes, names, spoken
from tracer.arithmetic import Reason
from tracer.collecting import class_page
from tracer.document import Document
from tracer.generate import words, work
from tracer.generate.certificate import REMARKS
from tracer.generate.requirements import requirements
from tracer.notation import speech
from tracer.operations import cache, heads, masks, norms, projection
from tracer.pages import feedback, sheet, solution
from tracer.parts import checked, conventions, filled, given, judgement, ledgers, reading, special, verdicts, voices
from tracer.parts.words import PARTS
from tracer.problem import TITLE

ROOT = Path(__file__).parent.parent
LOOKS_UP = {
    "line": slice(1),
    "text": slice(1),
    "say": slice(1),
    "count": slice(1, 3),
    "_told": slice(2, 5),
}  # and where their sentences stand
TREES = [ast.parse(path.read_text("utf-8")) for path in sorted((ROOT / "tracer").rglob("*.py"))]
TEMPLATES = "".join(path.read_text("utf-8") for path in sorted((ROOT / "templates").rglob("*.j2")))
mistakes.load()
KEPT = [  # sentences that stand in a table and are looked up by the program
    [TITLE, reading.PERCENT, Document("", ()).made, sheet.MADE],
    sheet.COLUMNS,
    *(class_page.STEPS, class_page.MISTAKES, class_page.REASONS, class_page.EVERYBODY, [class_page.MADE]),
    sheet.ACCEPTED,
    sheet.SIZES.values(),
    Reason,
    *((rack[name].what, rack[name].helps) for rack in (mistakes.mistakes, mistakes.slips) for name in rack),
    [step.replace("_", " ") for step in names.SYMBOLS],
    *(table.values() for table in (projection.TITLES, projection.REASONS, projection.AS_THEY_ARE, projection.FED_BACK)),
    *(table.values() for table in (heads.TITLES, norms.TITLES, masks.ALIGNMENTS)),
    [projection.projections[name].words for name in projection.projections],
    *(table.values() for table in (conventions.SIMILARITIES, conventions.NORMALISATIONS, given.NAMES)),
    *special.CHANGES.values(),
    *(special.SHARED, special.CROSS, special.DECODED, special.PAST),
    *cache.CACHES.values(),
    *cache.ROWS.values(),
    cache.OF_A_RULE,
    cache.TOGETHER.values(),
    PARTS.values(),
    solution.TOGETHER.values(),
    solution.TOGETHER_IN.values(),
    *(table.values() for table in (checked.STATEMENTS, checked.OUTCOMES)),
    *(table.values() for table in (filled.SAID, filled.TOGETHER, verdicts.RULES)),
    [look.word for look in verdicts.LOOKS.values()],
    [title for title, *_ in ledgers.PARTS],
    [words.TITLE, *words.WORDS, *work.SECONDS],
    [requirements[name].sentence for name in requirements],
    REMARKS.values(),
    *(ledgers.MARKED, ledgers.CHECKED, *judgement.LINES),
    *(voices.YOU, voices.SHEET, voices.PAGE),
    [feedback.audiences[name].title for name in feedback.audiences],
    *(table.values() for table in (speech.SIGNS, speech.CONSTANTS, speech.FUNCTIONS, speech.LARGE)),
    *(
        table.values()
        for table in (names.WHOLES, names.CELLS, names.ENTRIES, names.WHERE, spoken.MATRICES, spoken.VECTORS)
    ),
]


def sentences() -> set[str]:
    """Every sentence that some page may ask a language for."""
    found = {str(sentence) for table in KEPT for sentence in table}
    for tree in TREES:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                found |= set(_asked(node, ast.unparse(node.func).rpartition(".")[2]))
            if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["because"]:
                found |= set(_texts(node.value))
    return found | set(re.findall(r"\bsay\(\"([^\"]+)\"", TEMPLATES))


def _asked(call: ast.Call, method: str) -> Iterator[str]:
    """The sentences that a call looks up, and the title and the reason that `rec.step` records."""
    if method in LOOKS_UP:
        for argument in call.args[LOOKS_UP[method]]:
            yield from _texts(argument)
    elif method == "step":
        for argument in call.args[3:5]:
            yield from _texts(argument)


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)


def constants() -> set[str]:
    """Every text that stands in the code or is asked for in a template."""
    found = {node.value for tree in TREES for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    return {text for text in found if isinstance(text, str)} | sentences()
