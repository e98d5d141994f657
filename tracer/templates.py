"""Where the templates, style sheets and fonts are."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path


@lru_cache
def templates() -> Path:
    """The folder with the templates: inside the installed package, or at the top of a checkout."""
    inside = Path(__file__).parent / "templates"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "templates"
