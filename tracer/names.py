"""What the numbers of a pass are called in words: S[2, 1] is the score of apple with orange.

A name is made of the step's id, which says what the number is, and of the words that its indices stand for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from tracer.expr import Axis, Tensor
from tracer.language import Language

SYMBOLS = {  # of the steps by their names, in their order
    "embedding": "X", "positions": "PE", "encoded": "X′", "query": "Q", "key": "K", "value": "V",
    "query_sizes": "r", "normed_query": "Q′", "key_sizes": "s",
    "normed_key": "K′", "query_angles": "φ", "rotated_query": "Q′", "key_angles": "ψ", "rotated_key": "K′",
    "mapped_query": "Q′", "mapped_key": "K′",
    "input": "X", "key_cache": "K_C", "value_cache": "V_C", "past_key": "K_P", "past_value": "V_P",
    "query_norms": "‖q‖", "key_norms": "‖k‖",
    "cosines": "cos θ", "angles": "θ", "bilinear": "T", "bilinear_scores": "S_T",
    "query_features": "F", "key_features": "G", "activations": "T", "differences": "Δ", "carried_query": "U",
    "scores": "S", "expanded_scores": "S′", "scaled": "Z", "tempered": "Z", "capped": "Z", "biased": "Z",
    "alibi": "Z", "relative_scores": "Z", "masked": "Z",
    "maxima": "m", "correction": "r", "exponentials": "E", "row_sums": "D", "rest": "r",
    "ranked": "R", "candidates": "t", "threshold": "τ",
    "running_outputs": "U", "online_outputs": "O_B", "weights": "A", "contributions": "C", "outputs": "O",
    "key_values": "G", "key_sums": "g", "linear_outputs": "O′", "joined": "J", "projected": "P",
}  # fmt: skip
GRADIENTS = {  # the steps of the backward pass by their names, in their order
    "d_W_O": "dW_O", "d_b_O": "db_O", "d_joined": "dJ", "d_outputs": "dO", "d_value": "dV", "d_weights": "dA",
    "jacobian": "Jac", "d_logits": "dz", "mean_gradients": "μ", "d_sink_logits": "dz_s", "d_masked": "dZ",
    "d_bias": "dB", "d_biased": "dZ", "d_relative": "dr", "d_relative_scores": "dZ", "d_alibi": "dZ", "d_capped": "dZ",
    "d_tempered": "dZ", "d_scaled": "dZ", "d_scores": "dS", "d_g_Q": "dg_Q", "d_rotated_query": "dQ′",
    "d_normed_query": "dQ′",
    "d_query_sizes": "dr", "d_query": "dQ", "d_g_K": "dg_K", "d_rotated_key": "dK′", "d_normed_key": "dK′",
    "d_key_sizes": "ds",
    "d_key": "dK", "d_key_shared": "dK", "d_value_shared": "dV", "d_sinks": "ds",
    "d_W_Q": "dW_Q", "d_b_Q": "db_Q", "d_W_K": "dW_K", "d_b_K": "db_K", "d_W_V": "dW_V", "d_b_V": "db_V",
    "through_query": "dX_Q", "through_key": "dX_K", "through_value": "dX_V", "d_encoded": "dX′",
    "d_X": "dX", "d_Y": "dY", "d_embedding": "dX", "d_table": "dEmb",
}  # fmt: skip
SYMBOLS |= GRADIENTS


class OfRow(NamedTuple):
    """What a row's word is to a step of its own: behind the step's title, and as a title by itself."""

    said: str
    title: str


IN_ROWS = {  # steps that there are once for each row
    "contributions": OfRow("to {word}", "To “{word}”"),
    "activations": OfRow("for {word}", "For “{word}”"),
    "differences": OfRow("for {word}", "For “{word}”"),
    "jacobian": OfRow("row of {word}", "Row of “{word}”"),
    "d_logits": OfRow("row of {word}", "Row of “{word}”"),
}
WHOLES = {
    "query_norms": "the vector of the lengths of the queries",
    "key_norms": "the vector of the lengths of the keys",
    "cosines": "the matrix of the cosines",
    "angles": "the matrix of the angles",
}
CELLS = {  # by the step's name
    "X": "coordinate {column} of the vector of {row}",
    "Y": "coordinate {column} of the vector of {row}",
    "H": "entry {column} of the one-hot row of {row}",
    "embedding": "coordinate {column} of the vector of {row}",
    "input": "coordinate {column} of the vector of {row}",
    "positions": "coordinate {column} of the position of {row}",
    "encoded": "coordinate {column} of the vector of {row} with its position",
    "query_sizes": "size of the query of {row}",
    "normed_query": "coordinate {column} of the normed query of {row}",
    "key_sizes": "size of the key of {row}",
    "normed_key": "coordinate {column} of the normed key of {row}",
    "query_angles": "angle {column} of the query of {row}",
    "rotated_query": "coordinate {column} of the rotated query of {row}",
    "key_angles": "angle {column} of the key of {row}",
    "rotated_key": "coordinate {column} of the rotated key of {row}",
    "query": "coordinate {column} of the query of {row}",
    "key": "coordinate {column} of the key of {row}",
    "value": "coordinate {column} of the value of {row}",
    "mapped_query": "coordinate {column} of the mapped query of {row}",
    "mapped_key": "coordinate {column} of the mapped key of {row}",
    "key_cache": "coordinate {column} of the cached key of {row}",
    "value_cache": "coordinate {column} of the cached value of {row}",
    "past_key": "coordinate {column} of the cached key of {row}",
    "past_value": "coordinate {column} of the cached value of {row}",
    "query_norms": "length of the query of {row}",
    "key_norms": "length of the key of {row}",
    "cosines": "cosine of {row} with {column}",
    "angles": "angle of {row} with {column}",
    "query_features": "feature {column} of the query of {row}",
    "key_features": "feature {column} of the key of {row}",
    "activations": "activation {column} of {word} with {row}",
    "differences": "coordinate {column} of the query of {word} less the key of {row}",
    "carried_query": "coordinate {column} of the carried query of {row}",
    "scores": "score of {row} with {column}",
    "expanded_scores": "score of {row} with {column}, multiplied out",
    "bilinear_scores": "score of {row} with {column} through one matrix",
    "scaled": "scaled score of {row} with {column}",
    "tempered": "score of {row} with {column} at this temperature",
    "alibi": "score of {row} with {column} less the distance",
    "relative": "number {row} of the relative positions",
    "relative_scores": "score of {row} with {column} with relative positions",
    "capped": "capped score of {row} with {column}",
    "masked": "masked score of {row} with {column}",
    "biased": "score of {row} with {column} and its bias",
    "bias": "bias of {row} for {column}",
    "mask": "mask of {row} for {column}",
    "maxima": "row maximum of {row}",
    "correction": "correction of {row}",
    "exponentials": "exponential of {row} with {column}",
    "row_sums": "row sum of {row}",
    "rest": "what {row} leaves over",
    "ranked": "score of rank {column} of {row}",
    "candidates": "threshold of {row} for the first {column}",
    "threshold": "threshold of {row}",
    "running_outputs": "coordinate {column} of the running output of {row}",
    "online_outputs": "coordinate {column} of the output of {row} from all blocks",
    "weights": "weight of {row} on {column}",
    "contributions": "coordinate {column} of the contribution of {row} to {word}",
    "outputs": "coordinate {column} of the output of {row}",
    "linear_outputs": "coordinate {column} of the output of {row} in the other order",
    "joined": "coordinate {column} of the joined output of {row}",
    "projected": "coordinate {column} of the projected output of {row}",
    "d_projected": "gradient of coordinate {column} of the projected output of {row}",
    "d_joined": "gradient of coordinate {column} of the joined output of {row}",
    "d_outputs": "gradient of coordinate {column} of the output of {row}",
    "d_value": "gradient of coordinate {column} of the value of {row}",
    "d_value_shared": "gradient of coordinate {column} of the shared value of {row}",
    "d_weights": "gradient of the weight of {row} on {column}",
    "jacobian": "change of the weight of {word} on {row} with the logit of {column}",
    "d_logits": "gradient of the logit of {word} with {row}",
    "mean_gradients": "mean gradient of the weights of {row}",
    "d_sink_logits": "gradient of the sink in the row of {row}",
    "d_scores": "gradient of the score of {row} with {column}",
    "d_scaled": "gradient of the scaled score of {row} with {column}",
    "d_tempered": "gradient of the score of {row} with {column} at this temperature",
    "d_alibi": "gradient of the score of {row} with {column} less the distance",
    "d_relative": "gradient of number {row} of the relative positions",
    "d_relative_scores": "gradient of the score of {row} with {column} with relative positions",
    "d_biased": "gradient of the score of {row} with {column} and its bias",
    "d_bias": "gradient of the bias of {row} for {column}",
    "d_capped": "gradient of the capped score of {row} with {column}",
    "d_masked": "gradient of the masked score of {row} with {column}",
    "d_rotated_query": "gradient of coordinate {column} of the rotated query of {row}",
    "d_normed_query": "gradient of coordinate {column} of the normed query of {row}",
    "d_query_sizes": "gradient of the size of the query of {row}",
    "d_key_sizes": "gradient of the size of the key of {row}",
    "d_query": "gradient of coordinate {column} of the query of {row}",
    "d_rotated_key": "gradient of coordinate {column} of the rotated key of {row}",
    "d_normed_key": "gradient of coordinate {column} of the normed key of {row}",
    "d_key": "gradient of coordinate {column} of the key of {row}",
    "d_key_shared": "gradient of coordinate {column} of the shared key of {row}",
    "through_query": "gradient of coordinate {column} of {row} through the queries",
    "through_key": "gradient of coordinate {column} of {row} through the keys",
    "through_value": "gradient of coordinate {column} of {row} through the values",
    "d_encoded": "gradient of coordinate {column} of the vector of {row} with its position",
    "d_X": "gradient of coordinate {column} of the vector of {row}",
    "d_Y": "gradient of coordinate {column} of the vector of {row}",
    "d_embedding": "gradient of coordinate {column} of the vector of {row}",
}
ENTRIES = {1: "entry {row} of {name}", 2: "row {row}, column {column} of {name}"}  # of any other vector or matrix
WHERE = {  # the parts of a pass that a step can belong to, from the outside inwards
    "pass": "{name} in pass {pass}",
    "prefill": "{name} of the tokens read together",
    "token": "{name} of token {token}",
    "head": "{name} in head {head}",
    "block": "{name} of block {block}",
}
PLACE = re.compile(r"([a-z]+?)(\d*)\.")


def parts_of(id_: str) -> dict[str, str]:
    """The parts of a pass that a step's id names, with their numbers: {"token": "3", "head": "1"}."""
    return dict(PLACE.findall(id_))


def located(name: str, parts: Mapping[str, str], say: Language) -> str:
    """A name with the parts of the pass that it belongs to: scores in head 1 of pass 2."""
    if parts.keys() == {"pass", "head"}:
        return say.text("{name} in head {head} of pass {pass}", name=name, **parts)
    for part in reversed(WHERE):
        if part in parts:
            name = say.text(WHERE[part], **{"name": name, part: parts[part]})
    return name


class Names:
    """Names in a language; `labels` has the words of rows and columns by what an axis counts: "query", "key".

    `letter` says a symbol, or an index that stands at no fixed place.
    """

    def __init__(
        self, say: Language, labels: Mapping[str, Sequence[str]], letter: Callable[[str], str] = lambda text: text
    ) -> None:
        self.say, self.labels, self.letter = say, labels, letter
        self._known: dict[tuple[Tensor, tuple[str, ...]], str] = {}

    def of(self, tensor: Tensor, indices: Sequence[str]) -> str:
        """The name of a cell, its indices as on paper: "2", "j"; of the whole tensor where there are none."""
        key = tensor, tuple(indices)
        if key not in self._known:
            self._known[key] = self._made(tensor, indices)
        return self._known[key]

    def _made(self, tensor: Tensor, indices: Sequence[str]) -> str:
        step = tensor.id.rpartition(".")[2]
        numbers = parts_of(tensor.id)
        word = self._place(Axis("i", 0, "query"), numbers.pop("row", ""))  # whom contributions go to
        name = self.say.text(WHOLES[step]) if step in WHOLES else self.letter(tensor.symbol)
        if indices:
            row, *column = (self._place(axis, index) for axis, index in zip(tensor.axes, indices, strict=True))
            template = CELLS.get(step, ENTRIES[len(indices)])
            name = self.say.text(template, name=name, row=row, column="".join(column), word=word)
        return located(name, numbers, self.say)

    def _place(self, axis: Axis, index: str) -> str:
        """A row or column by its word where it has one."""
        words = self.labels.get(axis.counts, ())[axis.first :]
        return words[int(index) - 1] if index.isdecimal() and int(index) <= len(words) else self.letter(index)
