"""A document as an outline: each heading with what stands under it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tracer.document import Block, Card, Heading, Together


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands under it, and the sections inside it; a page may begin with one without a heading."""

    heading: Heading | None
    blocks: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()


def sections(blocks: Sequence[Block]) -> tuple[Section, ...]:
    """The blocks as an outline: each heading with what follows it, up to the next heading of its level."""
    return _nested(_headed(blocks))


def _headed(blocks: Sequence[Block]) -> list[Section]:
    """The blocks cut before every heading, and before every card, which is a section of its own."""
    found: list[Section] = []
    for block in blocks:
        if isinstance(block, Heading):
            found.append(Section(block))
            continue
        if isinstance(block, Card):
            found.append(Section(Heading(block.title, 2, block.anchor), (block,)))
            continue
        parts = _headed(block.blocks) if isinstance(block, Together) else [Section(None, (block,))]
        for part in parts:
            inside = (Together(part.blocks),) if isinstance(block, Together) and part.blocks else part.blocks
            if part.heading is None and found:
                found[-1] = Section(found[-1].heading, (*found[-1].blocks, *inside))
            else:
                found.append(Section(part.heading, inside))
    return found


def _nested(flat_sections: Sequence[Section]) -> tuple[Section, ...]:
    """Sections in a row, those of a deeper level put inside the one before them."""
    found: list[Section] = []
    inside: list[Section] = []
    for section in flat_sections:
        outer = found[-1].heading if found else None
        if section.heading and outer and section.heading.level > outer.level:
            inside.append(section)
            continue
        if found:
            found[-1] = Section(outer, found[-1].blocks, _nested(inside))
        found.append(section)
        inside = []
    if found:
        found[-1] = Section(found[-1].heading, found[-1].blocks, _nested(inside))
    return tuple(found)
