"""The content of a page, sign by sign: what each marked sequence holds, as text and as strokes.

Source: ISO 32000-1, 8.4 (graphics state), 9.4 (text), 14.6 (marked content).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pikepdf

from tracer.verifying.faces import Face

PAINTS = {"f", "F", "f*", "B", "B*", "b", "b*", "S", "s", "sh", "INLINE IMAGE", "image"}
SHAPES = {"re", "m", "l", "c", "v", "y", "h", "w", "d"}
DEEPEST = 50  # forms inside forms


class Ink:
    """What stands inside one marked sequence."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.strokes: list[Any] = []


@dataclass(frozen=True, slots=True)
class State:
    """As much of the graphics state as tells whether, and how, glyphs are seen."""

    fill: tuple[Any, ...] = ()
    mode: int = 0
    alpha: float = 1.0
    face: Face | None = None
    size: float = 0.0
    matrix: tuple[float, ...] = ()


class Painting:
    """The content of one page: what is inside each marked sequence, and what is in none."""

    def __init__(self, page: pikepdf.Page, face: Callable[[Any], Face]) -> None:
        self.face = face
        self.sequences: dict[int, Ink] = {}
        self.others = [Ink()]
        self.taken: set[int] = set()
        self.paints: Counter[str] = Counter()
        self.marked: list[int | None] = []
        self.run(page.obj, page.resources, State(), 0)

    def take(self, number: int) -> Ink:
        """What stands in a marked sequence, from now on somewhere in the structure."""
        self.taken.add(number)
        return self.sequences.get(number) or Ink()

    def rest(self) -> list[str]:
        """The text that no part of the structure holds."""
        loose = [ink for number, ink in self.sequences.items() if number not in self.taken]
        return [text for ink in (*self.others, *loose) if (text := "".join(ink.text).strip())]

    def run(self, content: Any, resources: Any, state: State, depth: int) -> None:
        """Go through a content stream, sign by sign."""
        states, depth_of_marks = [state], len(self.marked)
        for instruction in pikepdf.parse_content_stream(content):
            operands, name = instruction.operands, str(instruction.operator)
            if name == "q":
                states.append(states[-1])
            elif name == "Q" and len(states) > 1:
                states.pop()
            elif name in ("BDC", "BMC"):
                self.begin(name, operands, resources)
            elif name == "EMC" and len(self.marked) > depth_of_marks:
                self.marked.pop()
                self.others.append(Ink())
            elif name == "Do":
                self.form(resources.XObject[str(operands[0])], resources, states[-1], depth)
            elif name in ("Tj", "TJ", "'", '"'):
                self.show(operands[-1], states[-1])
            elif name in PAINTS or name in SHAPES:
                self.paints[name] += name in PAINTS
                self.ink().strokes.append((name, *rounded(operands), states[-1].fill if name in PAINTS else ()))
            else:
                states[-1] = changed(states[-1], name, operands, resources, self.face)

    def begin(self, name: str, operands: Any, resources: Any) -> None:
        """A marked sequence begins, with a number or without."""
        number = None
        if name == "BDC":
            properties = operands[1]
            if isinstance(properties, pikepdf.Name):
                properties = resources.Properties[str(properties)]
            number = int(properties.MCID) if "/MCID" in properties else None
        self.marked.append(number)
        if number is None:
            self.others.append(Ink())

    def ink(self) -> Ink:
        """Where that goes which is painted now."""
        if not self.marked or self.marked[-1] is None:
            return self.others[-1]
        return self.sequences.setdefault(self.marked[-1], Ink())

    def form(self, thing: Any, resources: Any, state: State, depth: int) -> None:
        """A picture, or a piece of content of its own."""
        if str(thing.Subtype) == "/Form" and depth < DEEPEST:
            self.run(thing, thing.get("/Resources", resources), state, depth + 1)
        else:
            self.paints["image"] += 1

    def show(self, shown: Any, state: State) -> None:
        """Glyphs are painted."""
        ink, face = self.ink(), state.face
        pieces = shown if isinstance(shown, pikepdf.Array) else [shown]
        for piece in pieces:
            if face is not None and isinstance(piece, pikepdf.String):
                codes = face.codes(bytes(piece))
                ink.text += [face.text(code) for code in codes]
                ink.strokes.append((face.name, state.size, state.matrix, state.fill, state.mode, state.alpha, codes))


def changed(state: State, name: str, operands: Any, resources: Any, face: Callable[[Any], Face]) -> State:
    """The graphics state behind an operator."""
    told: dict[str, Any] = {name: getattr(state, name) for name in State.__slots__}
    if name in ("rg", "g", "k", "sc", "scn"):
        told["fill"] = (name, *rounded(operands))
    elif name == "Tr":
        told["mode"] = int(operands[0])
    elif name == "gs":
        told["alpha"] = float(resources.ExtGState[str(operands[0])].get("/ca", state.alpha))
    elif name == "Tf":
        told["face"], told["size"] = face(resources.Font[str(operands[0])]), float(operands[1])
    elif name == "Tm":
        told["matrix"] = rounded(operands)
    elif name in ("Td", "TD", "T*", "Tz", "Ts", "Tc", "Tw"):
        told["matrix"] = (*state.matrix, name, *rounded(operands))
    elif name == "BT":
        told["matrix"] = ()
    else:
        return state
    return State(**told)


def rounded(operands: Any) -> tuple[Any, ...]:
    """Numbers as they are compared; anything else as text."""
    found: list[Any] = []
    for one in operands:
        try:
            found.append(round(float(one), 2))
        except (TypeError, ValueError):
            found.append(str(one))
    return tuple(found)
