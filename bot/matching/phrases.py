"""Phrases as leads write them in `knowledge/phrases`, found among words."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from bot.matching.normalise import plain, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bot.matching.normalise import Tokens

_ANY = r"\S*"
_GAP = 6  # words that may stand where a phrase says "..."
_REPAIR_FROM = 7  # letters; shorter words have too many neighbours that are words themselves
_REPAIR_TWO_FROM = 11


class Phrases:
    """Phrases as written in `knowledge/phrases`, each made into a pattern when its words first turn up."""

    def __init__(self, phrases: Iterable[str], shorthand: Mapping[Tokens, Tokens]) -> None:
        self.vocabulary: set[str] = set()
        self._phrases: list[tuple[list[frozenset[str]], str]] = []
        for phrase in phrases:
            needed, pattern = [], r"(?<!\S)"
            for part in phrase.split():
                if part == "...":
                    pattern += rf"(?:\S+ ){{0,{_GAP}}}"
                    continue
                read = ((words_of(plain(f.replace("_", " ")), shorthand), f[-1:]) for f in part.split("|"))
                forms = [(words, last == "*") for words, last in read if words]
                pattern += f"(?:{'|'.join(' '.join(words) + open_ * _ANY for words, open_ in forms)}) "
                self.vocabulary.update(word for words, _ in forms for word in words)
                if not any(open_ for _, open_ in forms):
                    needed.append(frozenset(words[0] for words, _ in forms))
            self._phrases.append((needed, pattern))

    def may_be_among(self, words: frozenset[str]) -> bool:
        """Tell whether all that one of these phrases needs is there, wherever it stands; saves looking for it."""
        return any(not any(words.isdisjoint(n) for n in needed) for needed, _ in self._phrases)

    def find(self, words: Sequence[str]) -> int | None:
        """At which word the first of these phrases begins."""
        present, line = frozenset(words), " ".join((*words, ""))
        likely = (p for needed, p in self._phrases if not any(present.isdisjoint(n) for n in needed))
        found = (match.start() for p in likely if (match := _pattern(p).search(line)))
        start = min(found, default=None)
        return None if start is None else line.count(" ", 0, start)


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


class NearWords:
    """Puts a misspelt word right when a word of the danger phrases is near and it is no word we know."""

    def __init__(self, right: Iterable[str], known: Iterable[str]) -> None:
        self._known = frozenset(known)
        self._longest = max(map(len, self._known), default=0) + 2
        self._near: dict[str, list[str]] = {}
        for word in sorted(w for w in right if len(w) >= _REPAIR_FROM):
            for key in self._shorn(word):
                self._near.setdefault(key, []).append(word)

    def __call__(self, word: str) -> str:
        """Give the word of a phrase that was meant, or the word itself."""
        if word in self._known or not _REPAIR_FROM <= len(word) <= self._longest:
            return word
        near = {w for key in self._shorn(word) for w in self._near.get(key, ()) if w[0] == word[0]}
        return min(near, key=lambda w: (abs(len(w) - len(word)), w), default=word)

    @staticmethod
    def _shorn(word: str) -> set[str]:
        """Give the word and what is left of it without a letter, or two: near words have one in common."""
        shorn = {word}
        for _ in range(2 if len(word) >= _REPAIR_TWO_FROM else 1):
            shorn |= {w[:i] + w[i + 1 :] for w in shorn for i in range(len(w))}
        return shorn
