"""Encodings: what is done to words, or to queries and keys, before they are compared.

The trait "sizes are taken out" says that only the directions of queries and keys are left: of these one is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tracer.expr import Tensor
from tracer.options import Rack
from tracer.trace import Recorder

Encoding = Callable[[Recorder, Tensor, Mapping[str, Any]], Tensor]

word_encodings: Rack[Encoding] = Rack("encoding")
encodings: Rack[Encoding] = Rack("encoding")
