"""Which English sentences there are to translate: found in the code, wherever they stand."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tracer import frameworks, mistakes, names, spoken
from tracer.arithmetic import Reason
from tracer.collecting import class_page
from tracer.document import Document
from tracer.generate import words, work
from tracer.generate.certificate import REMARKS
from tracer.generate.requirements import requirements
from tracer.models import coordinates
from tracer.notation import speech
from tracer.operations import (
    additive,
    alignment,
    backward,
    cache,
    feature_map,
    heads,
    masks,
    norms,
    projection,
    qk_norm,
    rotary,
)
from tracer.pages import feedback, ladder, numerics, sheet, under
from tracer.parts import (
    checked,
    filled,
    given,
    judgement,
    ledgers,
    reading,
    sections,
    special,
    verdicts,
    voices,
)
from tracer.parts.conventions import places, scores, vectors
from tracer.parts.lost import CURED, FITS, HEADS, SENTENCES
from tracer.parts.words import PARTS
from tracer.pictures import shapes
from tracer.problem import TITLE

ROOT = Path(__file__).parent.parent
LOOKS_UP = {
    "line": slice(1),
    "text": slice(1),
    "say": slice(1),
    "count": slice(1, 3),
    "_told": slice(2, 5),
}  # and where their sentences stand
RECORDS = {
    "step": slice(3, 5),
    "gradient": slice(3, 4),
    "_jacobian": slice(4, 5),
    "_jacobians": slice(3, 4),
    "_mean": slice(3, 4),
}  # and of those that write a trace
TREES = [ast.parse(path.read_text("utf-8")) for path in sorted((ROOT / "tracer").rglob("*.py"))]
TEMPLATES = "".join(path.read_text("utf-8") for path in sorted((ROOT / "templates").rglob("*.j2")))
mistakes.load()
frameworks.load()
RULES = [frameworks.frameworks[name] for name in frameworks.frameworks]
KEPT = [  # sentences that stand in a table and are looked up by the program
    [TITLE, reading.PERCENT, Document("", ()).made, sheet.MADE],
    sheet.COLUMNS,
    *(class_page.STEPS, class_page.MISTAKES, class_page.REASONS, class_page.EVERYBODY, [class_page.MADE]),
    sheet.ACCEPTED,
    sheet.SIZES.values(),
    Reason,
    *((rack[name].what, rack[name].helps) for rack in (mistakes.mistakes, mistakes.slips) for name in rack),
    [step.replace("_", " ") for step in names.SYMBOLS if step not in names.GRADIENTS],
    *(table.values() for table in (projection.TITLES, projection.REASONS, projection.AS_THEY_ARE, projection.FED_BACK)),
    *(table.values() for table in (heads.TITLES, norms.TITLES, additive.TITLES, additive.REASONS)),
    *names.IN_ROWS.values(),
    feature_map.TITLES.values(),
    *(table.values() for table in (backward.TITLES, backward.heads.SHARED, backward.projection.TITLES)),
    *(table.values() for table in (backward.projection.REASONS, backward.similarity.REASONS)),
    [backward.normalisation.IN_SHORT, backward.logits.PASSED],
    [projection.projections[name].words for name in projection.projections],
    *(table.values() for table in (rotary.TITLES, rotary.SPEEDS, rotary.ROTATED, rotary.REASONS)),
    [pairing.words for pairing in rotary.PAIRINGS.values()],
    *(table.values() for table in (qk_norm.SIZES, qk_norm.LENGTHS, qk_norm.NORMED)),
    *(table.values() for table in (scores.SIMILARITIES, scores.NORMALISATIONS, vectors.FEATURE_MAPS, given.NAMES)),
    [places.LOOKING_BACK, given.HIDING],
    *(table.values() for table in (places.WINDOWS, places.INFINITE)),
    [polarity.words for polarity in masks.POLARITIES.values()],
    [said for one in alignment.ALIGNMENTS.values() for said in (one.sees, one.stands)],
    *special.CHANGES.values(),
    *(special.SHARED, special.CROSS, special.BACKWARD, special.DECODED, special.PAST),
    *(shapes.NORMALISATIONS.values(), ladder.COLUMNS, ladder.FAILURES.values(), *ladder.RUNGS.values()),
    [coordinates.RELATIVE],
    *cache.CACHES.values(),
    *cache.ROWS.values(),
    cache.OF_A_RULE,
    cache.TOGETHER.values(),
    PARTS.values(),
    sections.TOGETHER.values(),
    sections.TOGETHER_IN.values(),
    *(table.values() for table in (checked.STATEMENTS, checked.OUTCOMES)),
    *(table.values() for table in (filled.SAID, filled.TOGETHER, verdicts.RULES)),
    [look.word for look in verdicts.LOOKS.values()],
    [title for title, *_ in ledgers.PARTS],
    [words.TITLE, *words.WORDS, *work.SECONDS],
    *(HEADS, SENTENCES, SENTENCES.values(), [FITS, CURED]),
    *(numerics.TITLES, numerics.ASSUMED, numerics.ASSUMED.values(), under.HEADS),
    *((rule.about, rule.says) for one in RULES for rule in one.rules),
    [caution.says for one in RULES for caution in one.cautions],
    [requirements[name].sentence for name in requirements],
    REMARKS.values(),
    *(ledgers.MARKED, ledgers.CHECKED, *judgement.LINES),
    *(voices.YOU, voices.SHEET, voices.PAGE),
    [feedback.audiences[name].title for name in feedback.audiences],
    *(table.values() for table in (speech.SIGNS, speech.CONSTANTS, speech.FUNCTIONS, speech.LARGE)),
    [speech.RANKED],
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
    """The sentences that a call looks up, and the title and the reason that a step is recorded with."""
    if method in LOOKS_UP:
        for argument in call.args[LOOKS_UP[method]]:
            yield from _texts(argument)
    for argument in call.args[RECORDS.get(method, slice(0))]:
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
