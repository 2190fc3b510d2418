"""Typed questions to facts: by likeness, in words and in meaning, to the wordings that the author gave.

Deterministic: the same words bring out the same fact. Where it is not sure it finds nothing, which is said; the prompts are
there to be tapped, and another wording can be tried.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from bot.matching.normalise import plain, words_of
from bot.meaning import Meaning

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.meaning import Keeps
    from bot.scenarios.story import Story

EMPTY = frozenset(
    (
        *(
            "a",
            "an",
            "the",
            "is",
            "are",
            "was",
            "were",
            "be",
            "been",
            "do",
            "does",
            "did",
            "has",
            "have",
            "had",
            "i",
            "we",
        ),
        *(
            "you",
            "he",
            "she",
            "it",
            "they",
            "him",
            "her",
            "them",
            "his",
            "their",
            "its",
            "my",
            "our",
            "me",
            "us",
            "to",
            "of",
        ),
        *(
            "in",
            "on",
            "at",
            "by",
            "for",
            "from",
            "with",
            "and",
            "or",
            "but",
            "so",
            "can",
            "could",
            "would",
            "will",
            "there",
        ),
        *(
            "this",
            "that",
            "these",
            "those",
            "any",
            "some",
            "about",
            "what",
            "whats",
            "please",
            "tell",
            "ask",
            "know",
            "if",
        ),
    )
)
"""Words that say nothing of what is asked about; "who", "when", "where" and "how" do."""
LONGEST = 300
"""Characters of a typed question that are read."""


class Finder:
    """Finds which fact of a scene some words ask about."""

    def __init__(self, story: Story, keeper: Keeps, *, sure: float = 0.66, sure_by_words: float = 0.5) -> None:
        self._wordings = [
            (fact.id, wording)
            for scene in story.scenario.scenes
            for fact in scene.facts
            for wording in (*fact.asks, *((fact.prompt,) if fact.prompt else ()))
        ]
        self._meaning = Meaning([wording for _, wording in self._wordings], keeper)
        self._sure, self._sure_by_words = sure, sure_by_words

    def prepare(self) -> None:
        """Have the vectors ready, so that nobody's first question waits for them."""
        self._meaning.prepare()

    def find(self, words: str, among: Collection[str]) -> str:
        """Return the fact that words ask about, among those that may come out; nothing where it is not sure."""
        scores = self.scores(words, among)
        best = max(scores, key=lambda fact: scores[fact], default="")
        return best if best and scores[best] >= 1 else ""

    def scores(self, words: str, among: Collection[str]) -> dict[str, float]:
        """Return for each fact how near the words are to its nearest wording; from 1 on it is what they ask about."""
        words = words[:LONGEST]
        said = _telling(words)
        near = self._meaning.near(words)
        scores: dict[str, float] = {}
        for place, (fact, _) in enumerate(self._wordings):
            if fact not in among:
                continue
            shared = _shared(said, self._tellings[place])
            score = (near[place] + shared / 2) / self._sure if near else shared / self._sure_by_words
            scores[fact] = max(score, scores.get(fact, 0.0))
        return scores

    @cached_property
    def _tellings(self) -> list[frozenset[str]]:
        return [_telling(wording) for _, wording in self._wordings]


def _telling(words: str) -> frozenset[str]:
    """Return the words that say what is asked about, less their commonest endings."""
    return frozenset(_stem(word) for word in words_of(plain(words), {}) if word not in EMPTY)


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:  # noqa: PLR2004 - "his" is no plural
            return word.removesuffix(ending)
    return word


def _shared(said: frozenset[str], wording: frozenset[str]) -> float:
    """Return the share of words in common: 1 for the same words, nothing for none."""
    if not said or not wording:
        return 0.0
    return 2 * len(said & wording) / (len(said) + len(wording))
