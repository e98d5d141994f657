"""Labels of rows and columns, broken over lines or set smaller until they fit."""

from __future__ import annotations

from tracer.formats.pdf.setting import Setting
from tracer.layout.box import Box, lines, scaled

REMARK = 0.92  # the size of labels and remarks
BROKEN = 8  # letters of a word that is broken where it would be set too small
SMALLEST = 0.65  # how small a label is set before its words are broken
WIDER = (1.0, 1.4, 2.0)  # than its place: lines of a label that is set smaller


def label(setting: Setting, text: str, most: float, size: float = REMARK, whole: int = BROKEN) -> Box:
    """A label, over several lines where it is long; words of no more than `whole` letters are not broken."""
    box = scaled(setting.boxes.upright(text), size)
    if box.width <= most:
        return box
    rows, current = [], ""
    for part in breakable(text, whole):
        if current and setting.boxes.upright(current + part).width * size > most:
            rows.append(current)
            current = ""
        current += part
    return scaled(lines([setting.boxes.upright(one.strip()) for one in [*rows, current]], 0.2), size)


def worded(setting: Setting, text: str, width: float, height: float, size: float = REMARK) -> Box:
    """A label in a place of one size: on one line, or on several where these are larger."""
    for whole in (len(text) + 1, BROKEN):
        tries = [label(setting, text, width * n, size, whole) for n in (len(text) + 1, *WIDER)]
        box = max(tries, key=lambda one: share(one, width, height))
        if share(box, width, height) >= SMALLEST:
            break
    return scaled(box, share(box, width, height))


def share(box: Box, width: float, height: float) -> float:
    """How much smaller a box is set to fit a place."""
    return min([1.0, *(room / size for room, size in ((width, box.width), (height, box.total)) if size > room)])


def breakable(text: str, most: int = 8) -> list[str]:
    """A label in parts between which a line may end: behind a space, and anywhere in a word longer than `most`."""
    words = [word + " " for word in text.split(" ")]
    return [part for word in words for part in ([word] if len(word) <= most else list(word))]
