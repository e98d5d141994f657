"""Words for the rows of a problem, each looked up in the page's language."""

from __future__ import annotations

WORDS = ("apple", "pear", "plum", "cherry", "orange", "lemon", "melon", "grape", "peach", "banana", "kiwi", "quince")
TITLE = "Attention by hand: problem {n}"
