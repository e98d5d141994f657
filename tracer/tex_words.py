r"""What people type as LaTeX text: nothing in it is a command, and plain pdflatex can set all of it.

A letter with an accent is written as TeX writes it, a sign of mathematics in math mode. What the fonts of pdflatex
do not have is spelled out by its name in square brackets: שלום is [shin lamed vav final mem], 🍎 is [red apple].
"""

from __future__ import annotations

import unicodedata

ESCAPED = {
    "\\": r"$\backslash$", "{": r"\{", "}": r"\}", "$": r"$\mathdollar$", "&": r"\&", "#": r"\#", "%": r"\%",
    "_": r"\_", "^": r"\^{}", "~": r"\~{}", "<": "$<$", ">": "$>$", "|": "$|$",
    '"': "''", "`": r"\`{}", "[": "{[}", "]": "{]}", "*": "{*}", "\u00a0": "~",
    "–": "--", "—": "---", "“": "``", "”": "''", "„": ",,", "‚": ",", "‘": "`", "’": "'", "…": r"\ldots{}",
    "«": r"$\ll$", "»": r"$\gg$", "§": r"$\mathsection$", "¶": r"$\mathparagraph$", "©": "(c)", "£": r"$\mathsterling$",
    "•": r"$\bullet$",
}  # fmt: skip
MATHEMATICS = {
    "−": "-", "×": r"\times", "·": r"\cdot", "÷": r"\div", "±": r"\pm", "≈": r"\approx", "≤": r"\le", "≥": r"\ge",
    "≠": r"\ne", "∞": r"\infty", "√": r"\surd", "∑": r"\sum", "→": r"\to", "←": r"\leftarrow", "↦": r"\mapsto",
    "°": r"^{\circ}", "ᵀ": r"^{\top}", "⊤": r"\top", "²": "^{2}", "³": "^{3}", "′": "'", "‖": r"\|", "⟨": r"\langle",
    "⟩": r"\rangle", "∈": r"\in", "✓": r"\checkmark",
}  # fmt: skip
GREEK_NAMES = (
    "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon varphi chi "
    "psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)
GREEK = dict(zip("αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ", GREEK_NAMES.split(), strict=True))
LETTERS = {"ß": r"{\ss}", "æ": r"{\ae}", "Æ": r"{\AE}", "ø": r"{\o}", "Ø": r"{\O}", "å": r"{\aa}", "Å": r"{\AA}",
           "œ": r"{\oe}", "Œ": r"{\OE}", "ł": r"{\l}", "Ł": r"{\L}", "ı": r"{\i}"}  # fmt: skip
ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u", "\u0307": ".",
    "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0323": "d", "\u0327": "c", "\u0331": "b",
}  # fmt: skip
AS_TYPED = frozenset("äöüÄÖÜáàâãçéèêëíìîïñóòôõúùûýÁÀÂÃÇÉÈÊËÍÌÎÏÑÓÒÔÕÚÙÛÝ")  # pdflatex reads these from UTF-8
SILENT = ("Cc", "Cf", "Mn", "Me")  # what only changes the characters around it
LIGATURES = frozenset("-',")  # two of them next to each other would become another sign
LONG_WORD, PIECE = 20, 10  # characters: a longer word may be broken, without a hyphen, after so many


def words(text: str) -> str:
    """A text as LaTeX source in which every character stands for itself, or is spelled out."""
    return " ".join(_word(word) for word in readable(text).split(" "))


def readable(text: str) -> str:
    """The text with everything spelled out that pdflatex cannot set."""
    parts: list[str] = []
    spelled: list[str] = []
    for raw in [*unicodedata.normalize("NFC", text), ""]:
        char = " " if raw.isspace() and raw != "\u00a0" else raw
        if char and not _is_settable(char):
            spelled += [_name(char)] if unicodedata.category(char) not in SILENT else []
            continue
        if spelled:
            parts.append(f"[{' '.join(spelled)}]")
            spelled = []
        parts.append(char)
    return "".join(parts)


def _word(word: str) -> str:
    pieces = [word[n : n + PIECE] for n in range(0, len(word), PIECE)] if len(word) > LONG_WORD else [word]
    return r"\hspace{0pt}".join(map(_piece, pieces))


def _piece(text: str) -> str:
    parts: list[str] = []
    for before, char in zip(" " + text, text, strict=False):
        parts.append("{}" * (before == char in LIGATURES) + _character(char))
    return "".join(parts)


def _is_settable(char: str) -> bool:
    return char in ESCAPED or (char.isprintable() and bool(_character(char)))


def _character(char: str) -> str:
    """A character as source; "" where pdflatex has no way to set it."""
    if char in ESCAPED:
        return ESCAPED[char]
    if char.isascii() or char in AS_TYPED:
        return char
    if char in MATHEMATICS:
        return f"${MATHEMATICS[char]}$"
    if char in GREEK:
        return rf"$\{GREEK[char]}$"
    if char in LETTERS:
        return LETTERS[char]
    base, *marks = list(unicodedata.normalize("NFD", char))
    if not marks or not (base.isascii() or base in GREEK):
        return ""
    accents = [ACCENTS[mark] for mark in marks if mark in ACCENTS]
    source = _character(base)
    if base in GREEK or len(accents) < len(marks):  # what cannot be put on the letter is left out: ą is a
        return source
    for accent in accents:
        source = rf"\{accent}{{{source}}}"
    return source


def _name(char: str) -> str:
    """What a character is called: shin, red apple, U+6211."""
    name = unicodedata.name(char, "")
    if not name or name.startswith("CJK UNIFIED"):
        return f"U+{ord(char):04X}"
    for before in ("LETTER ", "SYLLABLE "):
        name = name.rpartition(before)[2]
    return name.lower()
