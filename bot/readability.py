"""How old a reader has to be: the Flesch-Kincaid grade plus five years.

An estimate from sentence and word length (Kincaid and others, 1975); it says where to look, not what is good.
"""

from __future__ import annotations

import re

_SENTENCE = re.compile(r"[.!?:;·]+(?:\s|$)")
_WORD = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)?")
_VOWELS = re.compile(r"[aeiouy]+")
YEARS_AT_GRADE_NOUGHT = 5


def syllables(word: str) -> int:
    """Estimate the syllables of an English word by its groups of vowels; at least one."""
    word = word.lower().split("'")[0]
    count = len(_VOWELS.findall(word))
    silent_e = word.endswith("e") and not word.endswith(("le", "ee")) and count > 1
    silent_ed = word.endswith("ed") and not word.endswith(("ted", "ded")) and count > 1
    return max(1, count - silent_e - silent_ed)


def reading_age(text: str) -> float:
    """Return the reading age in years of a text; 0 for a text without words."""
    words = _WORD.findall(text)
    if not words:
        return 0.0
    sentences = max(1, len([part for part in _SENTENCE.split(text) if _WORD.search(part)]))
    grade = 0.39 * len(words) / sentences + 11.8 * sum(map(syllables, words)) / len(words) - 15.59
    return max(0.0, grade + YEARS_AT_GRADE_NOUGHT)
