"""What the examples teach: made once from content, kept as plain arrays, and asked at every message.

Three things are learned together: which flow a message is like, how much it is like a live emergency, and how much like one
that a child, a parent or somebody outside England would write. Messages for the last two lead to no flow.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from bot.matching import model, vectors
from bot.matching.bands import MOST_PART_WORDS, PART_COUNTS_LESS
from bot.matching.features import Alike, Cutter, vocabulary, weigh
from bot.matching.normalise import plain, read_shorthand, words_of
from bot.matching.spelling import Speller

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Literal

    from bot.matching.model import Arrays, Floats
    from bot.matching.vectors import Encodes

LIVE, NOT_LIVE = "danger_live", "danger_not_live"
WRITERS = ("writer_child", "writer_parent", "writer_outside_england")
"""Messages by people the guide is not for: they teach who is writing."""
WORKER = "writer_practitioner"
_NO_FLOW = {LIVE, NOT_LIVE, *WRITERS, WORKER}
FORMAT = 3

# Chosen by leaving out the messages of one hand, then of another; between half and twice of each, nothing changed much.
_FIRMNESS = 1.0  # how little a single example is believed
_FAIR = 0.5  # how far flows with few examples are made up for
_ALARMS = 2.0  # how far messages about danger are believed
_TELLING = 4  # letters of known words, before a message can be like an emergency
_FEW = 8  # words that tell where in a message to look for an emergency
_COMMON_FROM = 3  # examples that have a word, before misspellings are taken for it


@dataclass(frozen=True)
class Taught:
    """All that the learning looks at."""

    examples: Mapping[str, Sequence[str]]
    alike: Mapping[str, Sequence[str]] = field(default_factory=dict)
    shorthand: Mapping[str, str] = field(default_factory=dict)
    english: Sequence[str] = ()
    """Words that are no misspelling, whether used or not."""

    def key(self, encoder: str) -> str:
        """Name everything that decides what is learned, but for the program."""
        digest = hashlib.sha256(f"{FORMAT} {encoder} {len(self.english)}\n".encode())
        digest.update("\n".join(self.english).encode())
        parts = [
            {k: list(v) for k, v in self.examples.items()},
            {k: list(v) for k, v in self.alike.items()},
            dict(self.shorthand),
        ]
        digest.update(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode())
        return digest.hexdigest()


def learn(taught: Taught, encoder: Encodes | None = None, before: Arrays | None = None) -> Arrays:
    """Learn from the examples; takes most of a minute when everything is new.

    `before` is what was learned at another time: the vectors of messages that are still there are taken from it, and all of
    it when nothing has changed.
    """
    shorthand = read_shorthand(taught.shorthand)
    labels = sorted(set(taught.examples) - _NO_FLOW)
    read = [
        (label, words_of(plain(text), shorthand))
        for label in (*labels, LIVE, NOT_LIVE, *WRITERS, WORKER)
        for text in taught.examples.get(label, ())
    ]
    used: Counter[str] = Counter()
    for _, words in read:
        used.update(set(words))
    common = {word: times for word, times in used.items() if times >= _COMMON_FROM}
    spell = Speller(common, taught.english)
    cut = Cutter(Alike(taught.alike, shorthand))
    right = [[spell(word) for word in words] for _, words in read]
    documents = [cut(words) for words in right]
    index = vocabulary(documents)
    places, rarity = {feature: i for i, feature in enumerate(index)}, list(index.values())
    rows = [weigh(blocks, places, rarity) for blocks in documents]
    given = [label for label, _ in read]
    live = [place for place, label in enumerate(given) if label == LIVE]
    key = taught.key(encoder.name if encoder else "")
    arrays: Arrays = {"key": _packed([key])}
    before = before or {}
    if rows and places and labels:
        arrays |= model.postings(rows, len(places))
        if encoder is not None:
            arrays |= vectors.of_texts([" ".join(words) for words in right], encoder, before)
        if "key" in before and _unpacked(before["key"]) == [key]:
            arrays["weights"] = before["weights"]
        else:
            near = vectors.rows(arrays) if encoder is not None else None
            arrays["weights"] = model.solve(arrays, near, *_targets(labels, given), _FIRMNESS)
    return arrays | {
        "labels": _packed(labels),
        "features": _packed(places),
        "rarity": np.array(rarity, dtype=np.float32),
        "common": _packed(common),
        "times": np.array(list(common.values()), dtype=np.int32),
        "english": _packed(taught.english),
        "live": np.array(live, dtype=np.int32),
    }


def _targets(labels: list[str], given: list[str]) -> tuple[Floats, Floats]:
    """Say what each example should score under each label and for danger, and how far it is believed."""
    columns = [*labels, *WRITERS, LIVE]
    targets = np.full((len(given), len(columns)), -1.0, dtype=np.float32)
    column = {label: i for i, label in enumerate(columns)}
    for row, label in zip(targets, given, strict=True):
        if label in column:
            row[column[label]] = 1.0
    sizes = Counter(given)
    fair = np.array([sizes[label] ** -_FAIR for label in given if label in labels], dtype=np.float32)
    mean = float(fair.mean()) if fair.size else 1.0
    trust = [_ALARMS if label in _NO_FLOW else sizes[label] ** -_FAIR / mean for label in given]
    return targets, np.array(trust, dtype=np.float32)


class Learned:
    """Answers how like the examples a message is. `arrays` are what `learn` gave, perhaps kept in a file since."""

    def __init__(self, arrays: Arrays, taught: Taught, encoder: Encodes | None = None) -> None:
        self._arrays = arrays
        self._encoder = encoder if "vectors" in arrays else None
        self.kind: Literal["words", "vectors"] = "words" if self._encoder is None else "vectors"
        """Whether likeness is told by words alone, or by sentence vectors too."""
        self.labels = tuple(_unpacked(arrays["labels"]))
        self._places = {feature: i for i, feature in enumerate(_unpacked(arrays["features"]))}
        self._rarity: list[float] = arrays["rarity"].tolist()
        common = _unpacked(arrays["common"])
        used = dict(zip(common, arrays["times"].tolist(), strict=True))
        self._english = _unpacked(arrays["english"])
        self.spell = Speller(used, self._english)
        self.common = used
        self._cut = Cutter(Alike(taught.alike, read_shorthand(taught.shorthand)))
        self._alarm_words: dict[str, float] = {}
        if "weights" in arrays and not self._belong_together():
            raise ValueError("These arrays do not belong together.")

    @cached_property
    def english(self) -> frozenset[str]:
        """All words that are right as they stand."""
        return frozenset(self._english) | frozenset(self.common)

    @cached_property
    def _near(self) -> Floats | None:
        return None if self._encoder is None else vectors.rows(self._arrays)

    def _belong_together(self) -> bool:
        starts, where, values, weights = (self._arrays[name] for name in ("starts", "where", "values", "weights"))
        return bool(
            weights.shape[1] == len(self.labels) + len(WRITERS) + 1
            and len(starts) == len(self._places) + 1 == len(self._rarity) + 1
            and len(where) == len(values) == starts[-1]
            and (where < len(weights)).all()
            and (self._arrays["live"] < len(weights)).all()
            and np.isfinite(weights).all()
            and (self._encoder is None or len(self._arrays["vectors"]) == len(weights))
        )

    def scores(self, message: Sequence[str], parts: Sequence[Sequence[str]] = ()) -> tuple[Floats, Floats, float]:
        """Score a message under every label and for who writes it, and it and its parts for danger: the highest counts.

        -1 is not at all alike.
        """
        found, danger = np.full(len(self.labels) + len(WRITERS), -1.0, dtype=np.float32), -1.0
        if "weights" not in self._arrays:
            return found[: len(self.labels)], found[len(self.labels) :], danger
        weights = self._arrays["weights"]
        looked: list[tuple[bool, str, Floats]] = []
        for place, right in enumerate(self._worth_looking_at(message, parts)):
            if not any(word in self._places for word in right):
                continue  # pieces of words alone prove nothing: it may be no English at all
            row = weigh(self._cut(right), self._places, self._rarity)
            looked.append((place == 0, " ".join(right), model.words_in_common(self._arrays, row, len(weights))))
        near = self._vectors([text for _, text, _ in looked])
        for (whole, text, in_common), vector in zip(looked, near, strict=True):
            alike = model.likeness(in_common, vector)
            if whole:
                found = alike @ weights[:, :-1]
            if sum(len(word) for word in text.split() if word in self._places) >= _TELLING:
                danger = max(danger, float(alike @ weights[:, -1]) - (0.0 if whole else PART_COUNTS_LESS))
        return found[: len(self.labels)], found[len(self.labels) :], danger

    def _worth_looking_at(self, message: Sequence[str], parts: Sequence[Sequence[str]]) -> list[list[str]]:
        """Give the message, and those of its parts whose words are most at home in live emergencies, spelt right."""
        right = [[self.spell(word) for word in words] for words in parts]
        right.sort(key=lambda words: (-math.fsum(sorted(map(self._alarming, set(words)))[-_FEW:]), words))
        chosen: list[list[str]] = []
        for words in right:
            if words not in chosen and sum(map(len, chosen)) + len(words) <= MOST_PART_WORDS:
                chosen.append(words)
        return [[self.spell(word) for word in message], *chosen]

    def _alarming(self, word: str) -> float:
        """Say how much more often a word is met in live emergencies than elsewhere; 0 when it is not."""
        found = self._alarm_words.get(word)
        if found is None:
            place = self._places.get(word)
            found = 0.0
            if place is not None:
                rows = self._arrays["where"][self._arrays["starts"][place] : self._arrays["starts"][place + 1]]
                here, live = len(rows), int(np.isin(rows, self._arrays["live"]).sum())
                many, all_live = len(self._arrays["weights"]), len(self._arrays["live"])
                found = max(
                    0.0, math.log((live + 0.5) / (all_live + 1)) - math.log((here - live + 0.5) / (many - all_live + 1))
                )
            self._alarm_words[word] = found
        return found

    def _vectors(self, texts: list[str]) -> Sequence[Floats | None]:
        if self._encoder is None or self._near is None or not texts:
            return [None] * len(texts)
        return list(self._encoder(texts) @ self._near.T)


def _packed(words: Iterable[str]) -> model.Bytes:
    return np.frombuffer("\n".join(words).encode(), dtype=np.uint8)


def _unpacked(packed: model.Bytes) -> list[str]:
    text = packed.tobytes().decode()
    return text.split("\n") if text else []
