"""How long mistakes are looked for: marks of any submission come in bearable time, and are always the same."""

from __future__ import annotations

TOTAL = 400_000  # numbers looked up, some ten seconds; a step that is calculated by hand needs a few hundred


class Patience:
    """The numbers that may still be looked up. Each step has an equal share of what those before it have left."""

    def __init__(self, steps: int, total: int = TOTAL) -> None:
        self.steps, self.left, self.end = steps, total, 0

    def next_step(self) -> None:
        """Begin the next step."""
        self.left = max(self.left, self.end)
        self.end = self.left - self.left // max(self.steps, 1)
        self.steps -= 1

    def look_up(self) -> None:
        """Count one number."""
        self.left -= 1

    @property
    def is_over(self) -> bool:
        """Whether the step has had its share."""
        return self.left < self.end
