"""A line on a terminal that says how far something long has come."""

from __future__ import annotations

import sys
import time

OFTEN = 0.1  # seconds between two states of the line


class Progress:
    """A line on a terminal: how many are done, how fast, and how long the others take."""

    def __init__(self, *, is_shown: bool) -> None:
        self.is_shown, self.started, self.last, self.width = is_shown, time.monotonic(), 0.0, 0

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self.started

    def show(self, done: int, total: int, failed: int) -> None:
        """The line as it is now."""
        if not self.is_shown or (self.seconds - self.last < OFTEN and done < total):
            return
        self.last = self.seconds
        rate = done / self.seconds
        text = f"{done} of {total}, {rate:.1f} a second, {_duration((total - done) / rate)} left"
        self.write(text + (f", {failed} failed" if failed else ""))

    def write(self, text: str) -> None:
        """Put a text in place of the line."""
        sys.stderr.write(f"\r{text:<{self.width}}")
        sys.stderr.flush()
        self.width = len(text)

    def end(self) -> None:
        """Take the line away."""
        if self.width:
            self.write("")
            sys.stderr.write("\r")
            self.width = 0


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
