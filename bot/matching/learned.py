"""What the examples teach: made once from content, kept as plain arrays, and asked at every message.

Two things are learned together: which flow a message is like, and how much it is like a live emergency. Messages of
`danger_live` and `danger_not_live` teach the alarm alone, and lead to no flow.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from bot.matching import model
from bot.matching.bands import PART_COUNTS_LESS
from bot.matching.features import Alike, Cutter, vocabulary, weigh
from bot.matching.normalise import plain, read_shorthand, words_of
from bot.matching.spelling import Speller

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bot.matching.model import Arrays, Floats

LIVE, NOT_LIVE = "danger_live", "danger_not_live"
FORMAT = 1

# Chosen by leaving out the messages of one hand, then of another; between half and twice of each, nothing changed much.
_FIRMNESS = 1.0  # how little a single example is believed
_FAIR = 0.5  # how far flows with few examples are made up for
_OWN_WORDS = 0.3  # how far the text of a flow counts as an example of it
_ALARMS = 2.0  # how far messages about danger are believed
_COMMON_FROM = 3  # examples that have a word, before misspellings are taken for it


@dataclass(frozen=True)
class Taught:
    """All that the learning looks at."""

    examples: Mapping[str, Sequence[str]]
    own_words: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Text of each flow: its titles, questions and prompts."""
    alike: Mapping[str, Sequence[str]] = field(default_factory=dict)
    shorthand: Mapping[str, str] = field(default_factory=dict)

    def canonical(self) -> str:
        """Everything as text, for a hash."""
        parts = [
            FORMAT,
            {k: list(v) for k, v in self.examples.items()},
            {k: list(v) for k, v in self.own_words.items()},
            {k: list(v) for k, v in self.alike.items()},
            dict(self.shorthand),
        ]
        return json.dumps(parts, sort_keys=True, ensure_ascii=False)


def learn(taught: Taught, english: Sequence[str] = ()) -> Arrays:
    """Learn from the examples; takes some seconds. `english`: words that are no misspelling, whether used or not."""
    shorthand = read_shorthand(taught.shorthand)
    labels = sorted(set(taught.examples) - {LIVE, NOT_LIVE})
    read = [
        (label, words_of(plain(text), shorthand))
        for label in (*labels, LIVE, NOT_LIVE)
        for text in taught.examples.get(label, ())
    ]
    own = [(flow, words_of(plain(text), shorthand)) for flow in labels for text in taught.own_words.get(flow, ())]
    used: Counter[str] = Counter()
    for _, words in read:
        used.update(set(words))
    for _, words in own:
        used.update(dict.fromkeys(words, _COMMON_FROM))  # what we wrote ourselves is spelt right
    common = {word: times for word, times in used.items() if times >= _COMMON_FROM}
    spell = Speller(common, english)
    cut = Cutter(Alike(taught.alike, shorthand))
    documents = [(label, cut([spell(word) for word in words])) for label, words in (*read, *own)]
    index = vocabulary(blocks for _, blocks in documents)
    places, rarity = {feature: i for i, feature in enumerate(index)}, list(index.values())
    rows = [weigh(blocks, places, rarity) for _, blocks in documents]
    given = [label for label, _ in documents]
    del documents  # the largest of all
    arrays: Arrays = {}
    if rows and places and labels:
        arrays |= model.train(rows, len(places), *_targets(labels, given, len(read)), _FIRMNESS)
    arrays |= {
        "labels": _packed(labels),
        "features": _packed(places),
        "rarity": np.array(rarity, dtype=np.float32),
        "common": _packed(common),
        "times": np.array(list(common.values()), dtype=np.int32),
        "english": _packed(english),
    }
    return arrays


def _targets(labels: list[str], given: list[str], messages: int) -> tuple[Floats, Floats]:
    """Say what each example should score under each label and for danger, and how far it is believed."""
    targets = np.full((len(given), len(labels) + 1), -1.0, dtype=np.float32)
    column = {label: i for i, label in enumerate(labels)} | {LIVE: len(labels)}
    for row, label in zip(targets, given, strict=True):
        if label in column:
            row[column[label]] = 1.0
    sizes = Counter(given[:messages])
    fair = np.array([sizes[label] ** -_FAIR for label in given[:messages] if label in labels], dtype=np.float32)
    mean = float(fair.mean()) if fair.size else 1.0
    trust = [
        _OWN_WORDS if place >= messages else _ALARMS if label in {LIVE, NOT_LIVE} else sizes[label] ** -_FAIR / mean
        for place, label in enumerate(given)
    ]
    return targets, np.array(trust, dtype=np.float32)


class Learned:
    """Answers how like the examples a message is. `arrays` are what `learn` gave, perhaps kept in a file since."""

    def __init__(self, arrays: Arrays, taught: Taught) -> None:
        self._arrays = arrays
        self.labels = tuple(_unpacked(arrays["labels"]))
        self._places = {feature: i for i, feature in enumerate(_unpacked(arrays["features"]))}
        self._rarity: list[float] = arrays["rarity"].tolist()
        common = _unpacked(arrays["common"])
        used = dict(zip(common, arrays["times"].tolist(), strict=True))
        self._english = _unpacked(arrays["english"])
        self.spell = Speller(used, self._english)
        self.common = used
        self._cut = Cutter(Alike(taught.alike, read_shorthand(taught.shorthand)))
        if "weights" in arrays and not self._belong_together():
            raise ValueError("These arrays do not belong together.")

    @cached_property
    def english(self) -> frozenset[str]:
        """All words that are right as they stand."""
        return frozenset(self._english) | frozenset(self.common)

    def _belong_together(self) -> bool:
        starts, where, values, weights = (self._arrays[name] for name in ("starts", "where", "values", "weights"))
        return bool(
            weights.shape[1] == len(self.labels) + 1
            and len(starts) == len(self._places) + 1 == len(self._rarity) + 1
            and len(where) == len(values) == starts[-1]
            and (where < len(weights)).all()
            and np.isfinite(weights).all()
        )

    def scores(self, message: Sequence[str], parts: Sequence[Sequence[str]] = ()) -> tuple[Floats, float]:
        """Score a message under every label, and it and its parts for danger: the highest counts. -1 is not at all alike."""
        right = [[self.spell(word) for word in words] for words in (message, *parts)]
        rows = [weigh(self._cut(words), self._places, self._rarity) for words in right]
        flows, danger = np.full(len(self.labels), -1.0, dtype=np.float32), -1.0
        if "weights" not in self._arrays:
            return flows, danger
        weights = self._arrays["weights"]
        for place, words in enumerate(right):
            if not any(word in self._places for word in words):
                continue  # pieces of words alone prove nothing: it may be no English at all
            alike = model.likeness(self._arrays, rows[place])
            found = alike @ weights
            danger = max(danger, float(found[-1]) - (PART_COUNTS_LESS if place else 0.0))
            if place == 0:
                flows = found[:-1]
        return flows, danger


def _packed(words: Iterable[str]) -> model.Bytes:
    return np.frombuffer("\n".join(words).encode(), dtype=np.uint8)


def _unpacked(packed: model.Bytes) -> list[str]:
    text = packed.tobytes().decode()
    return text.split("\n") if text else []
