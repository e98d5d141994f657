"""Who attends to whom: queries at the left, keys at the right, and lines as thick as the weights."""

from __future__ import annotations

from tracer.document import Picture
from tracer.drawing import Drawing, Label, Mark, Stroke
from tracer.parts.words import listed_words
from tracer.pictures import pictures
from tracer.pictures.composing import beside, fitted
from tracer.pictures.ink import MOST_PANELS, Print, all_equal, asked, every, inks, titled, whose
from tracer.pictures.lettering import shortened
from tracer.trace import Trace
from tracer.views import StepView

LEAST = 0.05  # a weight below it has no line
MOST = 12  # words in a column
SIZE, LINE, LABEL = 0.9, 1.7, 9.0  # of the words, from line to line, of a word (em)
ACROSS = {1: 9.0, 2: 7.5}  # between the columns, by how many panels there are
NARROW = 6.0
WIDTH, HAIR = 0.62, 0.03  # of a line for the weight 1, and beside that of any line
STRONG, WEAK = 0.85, 0.4  # the shade of a word's thickest line, and of its others


@pictures.register("links")
def links(trace: Trace) -> Picture | None:
    """The weights as lines; None where there are too few or too many words to see anything."""
    say, rows = trace.problem.paper.style.language, asked(trace)
    known = [(step, values) for step in every(trace, "weights") if (values := inks(step, rows))]
    shown = known[:MOST_PANELS]
    if not shown or len(rows) < 2 or not 2 < shown[0][0].shape[1] <= MOST or len(rows) > MOST:
        return None
    weights = [weight for _, values in shown for row in values for weight in row]
    if min(weights) < 0 or all_equal(weights):
        return None
    across = ACROSS.get(len(shown), NARROW)
    panels = [_panel(trace, step, rows, values, across) for step, values in shown]
    caption = [
        say.text(
            "Who attends to whom: the thicker the line, the larger the weight. Each word’s thickest line stands out."
        )
    ]
    if any(0 < weight < LEAST for weight in weights):
        caption.append(say.text("Weights below {least} have no line.", least="5\u00a0%"))
    return Picture(beside(panels), (" ".join(caption),), _says(trace, shown, rows))


def _panel(trace: Trace, step: StepView, rows: tuple[int, ...], values: list[list[float]], across: float) -> Drawing:
    """One head: a column of queries, a column of keys, each in the middle of its side."""
    queries = [shortened(step.rows[i], LABEL, SIZE) for i in rows]
    keys = [shortened(key, LABEL, SIZE) for key in step.columns]
    tall = LINE * max(len(queries), len(keys))
    left = [(tall - LINE * len(queries)) / 2 + LINE * (n + 0.5) for n in range(len(queries))]
    right = [(tall - LINE * len(keys)) / 2 + LINE * (j + 0.5) for j in range(len(keys))]
    weak: list[Mark] = []
    strong: list[Mark] = []
    for y, row in zip(left, values, strict=True):
        for z, weight in zip(right, row, strict=True):
            if weight >= LEAST:
                is_best = weight == max(row)
                line = Stroke(((0, y), (across, z)), HAIR + WIDTH * min(weight, 1.0), STRONG if is_best else WEAK)
                (strong if is_best else weak).append(line)
    base = 0.3 * SIZE
    words: list[Mark] = [Label(-0.5, y + base, w, "end", SIZE) for y, w in zip(left, queries, strict=True)]
    words += [Label(across + 0.5, y + base, w, "start", SIZE) for y, w in zip(right, keys, strict=True)]
    say = trace.problem.paper.style.language
    heads: list[Mark] = [
        Label(-0.5, -0.6, say.text("query"), "end", 0.75),
        Label(across + 0.5, -0.6, say.text("key"), "start", 0.75),
    ]
    if title := titled(trace, step):
        heads.append(Label(across / 2, -0.6, title, "middle"))
    return fitted([*weak, *strong, *words, *heads])


def _says(trace: Trace, shown: list[tuple[StepView, list[list[float]]]], rows: tuple[int, ...]) -> str:
    """For each word the one that it attends to most, with the weight."""
    say, print_ = trace.problem.paper.style.language, Print(trace)
    sentences = [say.text("Lines from each word to the words that it attends to.")]
    for step, values in shown:
        of = f" ({name})" if (name := whose(trace, step)) else ""
        for n, i in enumerate(rows):
            best = max(values[n])
            keys = [j for j, weight in enumerate(values[n]) if weight == best and weight >= LEAST]
            if not keys:
                continue
            sentences.append(
                say.text(
                    "The thickest line of {word} leads to {key} ({share}).",
                    word=step.rows[i] + of,
                    key=listed_words([step.columns[j] for j in keys], say),
                    share=print_.number(step[i, keys[0]]),
                )
            )
    return " ".join(sentences)
