"""Misspelt words put right, by their letters and by their sound, against words that people do use."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from rapidfuzz import process
from rapidfuzz.distance import OSA

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LETTERS_FROM = 4  # shorter words have too many neighbours
_TWO_LETTERS_FROM = 8
_SOUND_FROM = 3
_SOUND_LETTERS = 3  # letters that may differ where the sound is the same
_SOUND_SHARE = 0.55  # of a wrong letter, where the sound is the same
_COMMONER = 0.12  # what it counts for a word that it is common
_REMEMBERED = 20_000

_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"^(?:kn|gn|pn)", "n"),
        (r"^wr", "r"),
        (r"^sch", "sk"),
        (r"^wh", "w"),
        (r"mb$", "m"),
        (r"(?:eigh|aigh|igh)", "a"),
        (r"ough(?=t)", "a"),
        (r"ght", "t"),
        (r"(?:tch|tion|sion|cian|sh|ch)", "x"),
        (r"(?:dge|dg)", "j"),
        (r"(?:ph|th|v)", "f"),  # "wiv", "anuver", "fink"
        (r"g(?=[eiy])", "j"),
        (r"c(?=[eiy])", "s"),
        (r"(?:ck|q|c)", "k"),
        (r"x(?=s|$)", "ks"),
        (r"z", "s"),
        (r"(?<=[a-z])[aeiouyhw]+", ""),
        (r"^[aeiou]+", "a"),
        (r"(.)\1+", r"\1"),
    )
)


def sound(word: str) -> str:
    """Give a rough key of how a word sounds: words with one key are easily written for each other."""
    for pattern, key in _SOUNDS:
        word = pattern.sub(key, word)
    return word


class Speller:
    """Puts a word right that nobody uses, when one that people use is near. Makes no word of a word it knows."""

    def __init__(self, used: Mapping[str, int], known: Iterable[str] = ()) -> None:
        self._known = frozenset(used) | frozenset(known)
        self._used = used
        self._by_length: dict[int, list[str]] = {}
        self._by_sound: dict[str, list[str]] = {}
        for word in sorted(used):
            if len(word) >= _SOUND_FROM and word.isalpha():
                self._by_length.setdefault(len(word), []).append(word)
                self._by_sound.setdefault(sound(word), []).append(word)
        self._longest = max(self._by_length, default=0) + 2
        self._remembered: dict[str, str] = {}

    def __call__(self, word: str) -> str:
        """Give the word that was meant, or the word itself."""
        if word in self._known or not _SOUND_FROM <= len(word) <= self._longest or not word.isalpha():
            return word
        right = self._remembered.get(word)
        if right is None:
            right = self._right(word)
            if len(self._remembered) < _REMEMBERED:
                self._remembered[word] = right
        return right

    def _right(self, word: str) -> str:
        costs: dict[str, float] = {}
        alike = self._by_sound.get(sound(word), ())
        for near, distance, _ in process.extract(
            word, alike, scorer=OSA.distance, score_cutoff=_SOUND_LETTERS, limit=None
        ):
            costs[near] = _SOUND_SHARE * distance
        if len(word) >= _LETTERS_FROM:
            allowed = 2 if len(word) >= _TWO_LETTERS_FROM else 1
            for length in range(len(word) - allowed, len(word) + allowed + 1):
                choices = self._by_length.get(length, ())
                for near, distance, _ in process.extract(
                    word, choices, scorer=OSA.distance, score_cutoff=allowed, limit=None
                ):
                    costs.setdefault(near, distance + (near[0] != word[0]) * 0.5)
        if not costs:
            return word
        return min(costs, key=lambda near: (costs[near] - _COMMONER * math.log(self._used[near]), near))
