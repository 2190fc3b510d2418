"""Text to the pieces of words that the model knows: longest first, as BERT's uncased vocabulary wants it."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CJK = re.compile(r"([\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f])")
_LONGEST_WORD = 60
_REMEMBERED = 20_000


def _words(text: str) -> list[str]:
    """Small letters without accents; punctuation stands by itself, other signs (such as a pound's) do not."""
    if text.isascii() and text.replace(" ", "").isalnum():
        return text.lower().split()
    parts = []
    for c in unicodedata.normalize("NFD", _CJK.sub(r" \1 ", text).lower()):
        kind = unicodedata.category(c)
        if c.isspace() or kind.startswith("Z"):
            parts.append(" ")
        elif kind.startswith("P") or (c.isascii() and kind.startswith("S")):
            parts.append(f" {c} ")
        elif kind != "Mn" and not kind.startswith("C"):
            parts.append(c)
    return "".join(parts).split()


class WordPiece:
    """Cuts text into numbers of pieces. `numbers`: every piece and the row of its vector."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        self._numbers = numbers
        self._unknown, self._first, self._last = (numbers[name] for name in ("[UNK]", "[CLS]", "[SEP]"))
        self._longest = max(map(len, numbers), default=1)
        self._remembered: dict[str, tuple[int, ...]] = {}

    def __call__(self, text: str, limit: int) -> list[int]:
        """Give the pieces of a text between the marks of its beginning and end, `limit` at most."""
        pieces = [self._first]
        for word in _words(text):
            pieces += self._pieces(word)
            if len(pieces) >= limit - 1:
                break
        return [*pieces[: limit - 1], self._last]

    def _pieces(self, word: str) -> Sequence[int]:
        found = self._remembered.get(word)
        if found is None:
            found = self._cut(word)
            if len(self._remembered) < _REMEMBERED:
                self._remembered[word] = found
        return found

    def _cut(self, word: str) -> tuple[int, ...]:
        if len(word) > _LONGEST_WORD:
            return (self._unknown,)
        pieces: list[int] = []
        start = 0
        while start < len(word):
            mark = "##" if start else ""
            ends = range(min(len(word), start + self._longest), start, -1)
            end = next((end for end in ends if mark + word[start:end] in self._numbers), None)
            if end is None:
                return (self._unknown,)
            pieces.append(self._numbers[mark + word[start:end]])
            start = end
        return tuple(pieces)
