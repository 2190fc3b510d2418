"""Typed questions to facts: by likeness, in words and in meaning, to the wordings that the author gave.

Deterministic: the same words bring out the same fact. Where it is not sure it finds nothing, which is said; the prompts are
there to be tapped, and another wording can be tried.

Shorthand is written out and spelling put right, against the words of the story first, in the question and in the wordings
alike. A wording is as near as its meaning (a cosine) and `WORDS_COUNT` times the share of words in common; a fact is as near
as its two nearest wordings on average, since a single one may be near by chance, and a little nearer where it tells of what
was asked. Names count only in the meaning: they stand in half of all wordings, and "is Asha good at maths" is no question
about Asha's day. Where words alone are compared names have to count: often nothing else is in common.

Of 309 questions that a fact answers 86 in a hundred bring it out and 4 another fact; of 176 that none answers 5 in a hundred
bring one out (25 before names were left out). By words alone: 73, 3 and 5. On a second set, written afterwards and never tuned on, where
everything is put in other words: 75, 4 and 6; by words alone 52, 3 and 6. `tests/test_questions.py` prints them.
"""

from __future__ import annotations

import math
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

from bot.matching.normalise import plain, read_shorthand, words_of
from bot.matching.spelling import Speller
from bot.meaning import Meaning

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from bot.meaning import Keeps
    from bot.scenarios.story import Story

_EMPTY = """
a an the is are was were be been do does did has have had i we you he she it they him her them his their its my our me us to of in
on at by for from with and or but so can could would will there this that these those any some about what whats please tell ask
know if not now
"""
EMPTY = frozenset(_EMPTY.split())
"""Words that say nothing of what is asked about; "who", "when", "where" and "how" do."""
LONGEST = 300
"""Characters of a typed question that are read."""
WORDS_COUNT = 0.7
"""What words in common count beside the meaning."""
TOLD_COUNTS = 0.1
"""What it counts beside that when the fact itself has the words."""
_REPAIRED_FROM = 4
"""Letters of a word whose spelling is put right: "lol" is no Leila."""


class Finder:
    """Finds which fact of a scene some words ask about."""

    def __init__(
        self,
        story: Story,
        keeper: Keeps,
        shorthand: Mapping[str, str] | None = None,
        english: Iterable[str] = (),
        *,
        sure: float = 0.72,
        sure_by_words: float = 0.43,
    ) -> None:
        self._story = story
        self._shorthand = read_shorthand(shorthand or {})
        self._english = english
        self._sure, self._sure_by_words = sure, sure_by_words
        self._keeper = keeper

    def prepare(self) -> None:
        """Have the vectors ready, so that nobody's first question waits for them."""
        self._meaning.prepare()

    def find(self, words: str, among: Collection[str]) -> str:
        """Return the fact that words ask about, among those that may come out; nothing where it is not sure."""
        scores = self.scores(words, among)
        best = max(scores, key=lambda fact: scores[fact], default="")
        return best if best and scores[best] >= 1 else ""

    def scores(self, words: str, among: Collection[str]) -> dict[str, float]:
        """Return for each fact how near the words are to its two nearest wordings; from 1 on it is what they ask about."""
        asked = self._read(words[:LONGEST])
        near = self._meaning.near(asked)
        said = self._telling(asked, names=not near)
        alike: dict[str, list[float]] = {}
        for place, (fact, _) in enumerate(self._wordings):
            if fact in among:
                shared = self._shared(said, (self._nameless if near else self._tellings)[place])
                alike.setdefault(fact, []).append(near[place] + WORDS_COUNT * shared if near else shared)
        sure = self._sure if near else self._sure_by_words
        return {
            fact: (sum(sorted(ones)[-2:]) / len(ones[:2]) + TOLD_COUNTS * self._told(said, fact)) / sure
            for fact, ones in alike.items()
        }

    @cached_property
    def _written(self) -> list[tuple[str, str]]:
        return [
            (fact.id, wording)
            for scene in self._story.scenario.scenes
            for fact in scene.facts
            for wording in (*fact.asks, *((fact.prompt,) if fact.prompt else ()))
        ]

    @cached_property
    def _wordings(self) -> list[tuple[str, str]]:
        return [(fact, self._read(wording)) for fact, wording in self._written]

    @cached_property
    def _meaning(self) -> Meaning:
        return Meaning([wording for _, wording in self._wordings], self._keeper, keep=False)

    @cached_property
    def _spell(self) -> Speller:
        scenes = self._story.scenario.scenes
        told = [*(scene.narrative for scene in scenes), *(fact.text for scene in scenes for fact in scene.facts)]
        used = Counter(
            word
            for text in (*told, *(said for _, said in self._written))
            for word in words_of(plain(text), self._shorthand)
        )
        return Speller(used, {*self._english, *(word for full in self._shorthand.values() for word in full)})

    def _read(self, words: str) -> str:
        """Return words as they are compared: shorthand written out, spelling put right."""
        written_out = words_of(plain(words), self._shorthand)
        return " ".join(self._spell(word) if len(word) >= _REPAIRED_FROM else word for word in written_out)

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(
            _stem(word)
            for one in self._story.scenario.cast
            for word in words_of(plain(one.name), {})
            if " " not in one.name
        )

    def _telling(self, words: str, *, names: bool) -> frozenset[str]:
        """Return the words that say what is asked about, less their commonest endings."""
        return frozenset(
            stem for word in words.split() if word not in EMPTY and ((stem := _stem(word)) not in self._names or names)
        )

    @cached_property
    def _tellings(self) -> list[frozenset[str]]:
        return [self._telling(wording, names=True) for _, wording in self._wordings]

    @cached_property
    def _nameless(self) -> list[frozenset[str]]:
        return [self._telling(wording, names=False) for _, wording in self._wordings]

    @cached_property
    def _rarity(self) -> dict[str, float]:
        many = len(self._tellings) + 1
        found = Counter(word for words in self._tellings for word in words)
        return {word: math.log(many / (times + 1)) / math.log(many) for word, times in found.items()}

    def _shared(self, said: frozenset[str], wording: frozenset[str]) -> float:
        """Return the share of words in common, a rare one counting more: 1 for the same words, nothing for none."""
        whole = self._weight(said) + self._weight(wording)
        return 2 * self._weight(said & wording) / whole if whole else 0.0

    def _told(self, said: frozenset[str], fact: str) -> float:
        """Return how much of what was said the fact tells of, or its wordings do."""
        whole = self._weight(said)
        return self._weight(said & self._telling_of[fact]) / whole if whole else 0.0

    @cached_property
    def _telling_of(self) -> dict[str, frozenset[str]]:
        of: dict[str, frozenset[str]] = {}
        for fact in (fact for scene in self._story.scenario.scenes for fact in scene.facts):
            of[fact.id] = of.get(fact.id, frozenset()) | self._telling(self._read(fact.text), names=True)
        for (asked_about, _), telling in zip(self._wordings, self._tellings, strict=True):
            of[asked_about] |= telling
        return of

    def _weight(self, words: frozenset[str]) -> float:
        return sum(self._rarity.get(word, 1.0) for word in words)


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:  # noqa: PLR2004 - "his" is no plural
            return word.removesuffix(ending)
    return word
