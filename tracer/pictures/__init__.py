"""What can be drawn of a pass, one picture a file: trace -> picture, or None where there is nothing to see.

Floating point places the ink and prints no digit: a number in a picture is the one that the page prints, rounded
once from the certified value. A plotting library was measured and left out (CONTRIBUTING.md).
"""

from __future__ import annotations

from collections.abc import Callable

from tracer.document import Picture
from tracer.registry import Registry
from tracer.trace import Trace

pictures: Registry[Callable[[Trace], Picture | None]] = Registry("picture")

from tracer.pictures import shapes, unit_square, turning, softmax_bars, heat, links, plane  # noqa: E402, I001  the rack, as it is taught

__all__ = ["heat", "links", "pictures", "plane", "shapes", "softmax_bars", "turning", "unit_square"]
