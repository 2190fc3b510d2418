"""Words to a decision: danger, one flow, a choice between flows, or "I don't know".

Rules of this file
- It is pure: it is given parsed data, opens nothing, and knows no clock and no chance. The same words give the same answer.
- Danger is looked for first, by phrases that a safeguarding lead can edit (`knowledge/phrases/danger.yaml`). An alarm
  never hides the flow: `Routing.flow` is filled as it would have been without it.
- The flow is found by naive Bayes over words, pairs of words and pieces of words, weighted by how rare they are. It
  reads keywords. It does not understand a roundabout remark, and then it must ask or say that it does not know.
- Nothing typed is taken for consent, or for "there is no harm", unless it is those very words (`choose_option`).
- Only the first MAX_CHARS of a message are routed, and the first MAX_DANGER_CHARS looked through for danger.
- What is written about normalising holds for phrases, examples and messages alike, so that they can meet.
"""

from __future__ import annotations

import math
import re
import unicodedata
from array import array
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Tokens = tuple[str, ...]

MAX_CHARS = 2000
MAX_DANGER_CHARS = 6000
CANDIDATES = 3

# Calibrated on held-out messages; tests/test_matching.py measures them again.
OPEN_AT = 0.62
CHOOSE_AT = 0.18

_SMOOTHING = 0.1
_SEEN_IN = 2  # a feature met in fewer examples is left out
_PIECES = (3, 4, 5)
_PIECE_SHARE = 0.45  # of the weight of a message; the rest is words and pairs of words
_SHARPNESS = 3.0  # turns scores into shares of one

_GAP = 4  # words that may stand where a phrase says "..."
_SHORTHAND_WORDS = 3
_REPAIR_FROM = 5  # letters; shorter words have too many neighbours
_REPAIR_TWO_FROM = 9

_MARKUP = re.compile(r"<[^<>]{0,200}>")
_QUOTED = re.compile(r"\"[^\"]{1,400}\"|(?<!\w)'[^']{1,400}'(?!\w)")
_PAUSE = re.compile(r"\.{2,}")
_SENTENCE_END = re.compile(r"[.!?;]+(?=\s|$)")
_REPEATED = re.compile(r"([^\W\d_])\1{2,}")
_WORD = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)*")
_APOSTROPHES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u02bc": "'", "`": "'", "\u201c": '"', "\u201d": '"'})


class Decision(StrEnum):
    """What to do with a message."""

    danger = "danger"
    flow = "flow"
    choose = "choose"
    unknown = "unknown"


class Writer(StrEnum):
    """Who seems to be writing."""

    practitioner = "practitioner"
    child = "child"
    parent = "parent"
    outside_england = "outside_england"


@dataclass(frozen=True)
class Candidate:
    """A flow and its share of one, the rest going to the other flows and to messages no flow covers."""

    flow: str
    score: float


@dataclass(frozen=True)
class Routing:
    """Where a message leads. `flow` is set only when it would be opened without asking."""

    decision: Decision
    flow: str | None
    candidates: tuple[Candidate, ...]
    writer: Writer
    danger: bool
    danger_rule: str | None


@dataclass(frozen=True)
class DangerRule:
    """Phrases that raise the 999 card; see the head of `danger.yaml` for what each field means."""

    id: str
    any: tuple[str, ...]
    source: str
    unless: tuple[str, ...] = ()
    not_live: tuple[str, ...] = ()
    happening_now: tuple[str, ...] = ()


# Normalising ----------------------------------------------------------------------------------------------------


def _plain(text: str) -> str:
    """Fold what looks alike: width, case, accents, quotes; drop what cannot be seen, emoji and markup."""
    folded = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES)).casefold()
    seen = "".join(c for c in folded if c in "\n\t" or unicodedata.category(c) not in {"Mn", "Me", "Mc", "Cf", "Cc"})
    return _REPEATED.sub(r"\1", _PAUSE.sub(" ", _MARKUP.sub(" ", seen)))


def _words(plain: str, shorthand: Mapping[Tokens, Tokens]) -> list[str]:
    """Words without apostrophes, shorthand written out, the longest short form first."""
    raw = _WORD.findall(plain)
    bare = [word.replace("'", "") for word in raw]
    words: list[str] = []
    i = 0
    while i < len(raw):
        for n in range(min(_SHORTHAND_WORDS, len(raw) - i), 0, -1):
            full = shorthand.get(tuple(raw[i : i + n])) or shorthand.get(tuple(bare[i : i + n]))
            if full:
                words.extend(full)
                i += n
                break
        else:
            words.append(bare[i])
            i += 1
    return words


def _sentences(plain: str, shorthand: Mapping[Tokens, Tokens]) -> list[list[str]]:
    return [words for part in _SENTENCE_END.split(plain) if (words := _words(part, shorthand))]


# Phrases --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Place:
    """One place of a phrase: the words that may stand in it, and whether others may come before it."""

    alternatives: tuple[Tokens, ...]
    gap: bool

    def ends(self, words: Sequence[str], start: int) -> Iterator[int]:
        for tokens in self.alternatives:
            end = start + len(tokens)
            if end <= len(words) and all(_same(a, b) for a, b in zip(tokens, words[start:end], strict=True)):
                yield end


def _same(written: str, word: str) -> bool:
    return word.startswith(written[:-1]) if written.endswith("*") else word == written


def _fits(places: Sequence[_Place], words: Sequence[str], start: int) -> bool:
    """Whether the phrase stands in `words` from `start` on."""
    if not places:
        return True
    reach = range(start, min(start + _GAP, len(words)) + 1) if places[0].gap else (start,)
    return any(_fits(places[1:], words, end) for at in reach for end in places[0].ends(words, at))


class _Phrases:
    """Phrases, looked up by the word they begin with."""

    def __init__(self, phrases: Iterable[str], shorthand: Mapping[Tokens, Tokens]) -> None:
        self.by_first: dict[str, list[tuple[_Place, ...]]] = {}
        self.vocabulary: set[str] = set()
        for phrase in phrases:
            places = tuple(_places(phrase, shorthand))
            for first in sorted({tokens[0] for place in places[:1] for tokens in place.alternatives}):
                self.by_first.setdefault(first, []).append(places)
            self.vocabulary.update(w for place in places for tokens in place.alternatives for w in tokens)
        self._prefixes = tuple(first for first in self.by_first if first.endswith("*"))

    def find(self, words: Sequence[str]) -> int | None:
        """Where the first phrase found begins."""
        for start, word in enumerate(words):
            keys = [word, *(p for p in self._prefixes if _same(p, word))]
            if any(_fits(places, words, start) for key in keys for places in self.by_first.get(key, ())):
                return start
        return None


def _places(phrase: str, shorthand: Mapping[Tokens, Tokens]) -> Iterator[_Place]:
    gap = False
    for part in phrase.split():
        if part == "...":
            gap = True
            continue
        alternatives = []
        for alternative in part.split("|"):
            words = _words(_plain(alternative.replace("_", " ")), shorthand)
            if words and alternative.endswith("*"):
                words[-1] += "*"
            if words:
                alternatives.append(tuple(words))
        if alternatives:
            yield _Place(tuple(alternatives), gap)
            gap = False


# Misspellings of the words that matter most --------------------------------------------------------------------


def _deletes(word: str, depth: int) -> set[str]:
    found = {word}
    for _ in range(depth):
        found |= {w[:i] + w[i + 1 :] for w in found for i in range(len(w))}
    return found


def _distance(a: str, b: str) -> int:
    """Letters added, left out, changed or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, last, row = row, before, [i]
        for j, y in enumerate(b, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                best = min(best, last[j - 2] + 1)
            row.append(best)
    return row[-1]


class _Repair:
    """Puts a misspelt word right when a word of the danger phrases is near and it is no word we know."""

    def __init__(self, right: Iterable[str], known: Iterable[str]) -> None:
        self._known = frozenset(known)
        self._near: dict[str, list[str]] = {}
        for word in sorted(w for w in right if len(w) >= _REPAIR_FROM and w.isalpha()):
            for key in _deletes(word, self._depth(word)):
                self._near.setdefault(key, []).append(word)

    def __call__(self, word: str) -> str:
        if len(word) < _REPAIR_FROM or word in self._known or len(word) > max(map(len, self._known), default=0) + 2:
            return word
        depth = self._depth(word)
        near = {w for key in _deletes(word, depth) for w in self._near.get(key, ()) if w[0] == word[0]}
        ranked = sorted((_distance(word, w), w) for w in near)
        return ranked[0][1] if ranked and ranked[0][0] <= depth else word

    @staticmethod
    def _depth(word: str) -> int:
        return 2 if len(word) >= _REPAIR_TWO_FROM else 1


# The classifier -------------------------------------------------------------------------------------------------


def _features(words: Sequence[str]) -> tuple[Counter[str], Counter[str]]:
    """Words and pairs of words; and pieces of words, marked so that the two never meet."""
    whole = Counter(words)
    whole.update(f"{a} {b}" for a, b in pairwise(["^", *words, "$"]))
    pieces: Counter[str] = Counter()
    for word, times in Counter(words).items():
        edged = f"_{word}_"
        for n in _PIECES:
            for i in range(len(edged) - n + 1):
                pieces["~" + edged[i : i + n]] += times
    return whole, pieces


class _Classifier:
    """Multinomial naive Bayes on rarity-weighted features, every label as likely as any other."""

    def __init__(self, examples: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self.labels = tuple(sorted(examples))
        index: dict[str, int] = {}
        seen_in = array("l")
        documents: list[tuple[int, tuple[tuple[array[int], array[int]], ...]]] = []
        for number, label in enumerate(self.labels):
            for words in examples[label]:
                blocks = []
                for block in _features(words):
                    ids = array("l", (index.setdefault(feature, len(index)) for feature in block))
                    blocks.append((ids, array("l", block.values())))
                    seen_in.extend([0] * (len(index) - len(seen_in)))
                    for i in ids:
                        seen_in[i] += 1
                documents.append((number, tuple(blocks)))
        kept = {old: new for new, old in enumerate(i for i, n in enumerate(seen_in) if n >= _SEEN_IN)}
        rarity = [math.log((1 + len(documents)) / (1 + n)) + 1 for n in seen_in if n >= _SEEN_IN]
        totals = [array("d", bytes(8 * len(kept))) for _ in self.labels]
        for number, pair in documents:
            counts = [[(kept[i], n) for i, n in zip(ids, times, strict=True) if i in kept] for ids, times in pair]
            for i, weight in _weigh(counts, rarity):
                totals[number][i] += weight
        self._index = {feature: kept[i] for feature, i in index.items() if i in kept}
        self._rarity = array("d", rarity)
        self._weights = []
        for row in totals:
            floor = math.log(sum(row) + _SMOOTHING * len(kept)) if kept else 0.0
            self._weights.append(array("d", (math.log(weight + _SMOOTHING) - floor for weight in row)))

    def shares(self, words: Sequence[str]) -> dict[str, float]:
        """A share of one for each label."""
        index = self._index
        counts = [[(index[f], n) for f, n in block.items() if f in index] for block in _features(words)]
        weighed = _weigh(counts, self._rarity)
        scores = [math.fsum(weight * row[i] for i, weight in weighed) for row in self._weights]
        raised = [math.exp(_SHARPNESS * (score - max(scores))) for score in scores]
        return {label: part / math.fsum(raised) for label, part in zip(self.labels, raised, strict=True)}


def _weigh(counts: Sequence[Sequence[tuple[int, int]]], rarity: Sequence[float]) -> list[tuple[int, float]]:
    """Rarity times the damped count, each block brought to length one and then to its share."""
    weighed: list[tuple[int, float]] = []
    for block, share in zip(counts, (1 - _PIECE_SHARE, _PIECE_SHARE), strict=True):
        parts = [(i, (1 + math.log(n)) * rarity[i]) for i, n in block]
        length = math.sqrt(math.fsum(weight * weight for _, weight in parts)) or 1.0
        weighed.extend((i, weight * share / length) for i, weight in parts)
    return weighed


# The matcher ----------------------------------------------------------------------------------------------------


class Matcher:
    """Decides where a message leads. Making one is cheap; the examples are read at the first message."""

    def __init__(
        self,
        examples: Mapping[str, Sequence[str]],
        danger: Sequence[DangerRule],
        writers: Mapping[str, Sequence[str]],
        shorthand: Mapping[str, str],
        flows: Sequence[str],
    ) -> None:
        self._examples = examples
        self._danger = danger
        self._writers = writers
        self._written_shorthand = shorthand
        self._flows = tuple(flows)

    def route(self, text: str) -> Routing:
        """Where the message leads, who seems to be writing, and whether it speaks of danger."""
        rule = self.dangerous(text)
        words = _words(_plain(text[:MAX_CHARS]), self._shorthand)
        shares = self._classifier.shares(words)
        ranked = sorted(((shares.get(flow, 0.0), flow) for flow in self._flows), key=lambda pair: (-pair[0], pair[1]))
        candidates = tuple(Candidate(flow, round(share, 6)) for share, flow in ranked[:CANDIDATES])
        band = self._band(candidates, shares) if words else Decision.unknown
        return Routing(
            decision=Decision.danger if rule else band,
            flow=candidates[0].flow if band is Decision.flow else None,
            candidates=candidates,
            writer=self._writer(text),
            danger=rule is not None,
            danger_rule=rule,
        )

    def dangerous(self, text: str) -> str | None:
        """The id of the first danger rule that the message fits."""
        repair = self._repair
        sentences = [[repair(w) for w in s] for s in _sentences(_plain(text[:MAX_DANGER_CHARS]), self._shorthand)]
        for rule, any_, unless, not_live, now in self._danger_phrases:
            for words in sentences:
                if any_.find(words) is None or unless.find(words) is not None:
                    continue
                if not_live.find(words) is None or now.find(words) is not None:
                    return rule
        return None

    @staticmethod
    def _band(candidates: Sequence[Candidate], shares: Mapping[str, float]) -> Decision:
        best = candidates[0].score if candidates else 0.0
        if best >= OPEN_AT:
            return Decision.flow
        return Decision.choose if best >= CHOOSE_AT else Decision.unknown

    def _writer(self, text: str) -> Writer:
        plain = _QUOTED.sub(" ", _plain(text[:MAX_DANGER_CHARS]))
        sentences = _sentences(plain, self._shorthand)
        phrases = self._writer_phrases

        def own_words(name: str) -> bool:
            for words in sentences:
                reported = phrases["reported"].find(words)
                if phrases[name].find(words[:reported]) is not None:
                    return True
            return False

        at_work = any(phrases["practitioner"].find(words) is not None for words in sentences)
        for writer in (Writer.child, Writer.parent):
            if not at_work and own_words(writer.value):
                return writer
        if any(phrases["outside_england"].find(words) is not None for words in sentences):
            return Writer.outside_england
        return Writer.practitioner

    @cached_property
    def _shorthand(self) -> dict[Tokens, Tokens]:
        pairs = ((_WORD.findall(_plain(k)), _WORD.findall(_plain(v))) for k, v in self._written_shorthand.items())
        return {tuple(short): tuple(full) for short, full in pairs if short and full and short != full}

    @cached_property
    def _example_words(self) -> dict[str, list[list[str]]]:
        return {
            label: [_words(_plain(text[:MAX_CHARS]), self._shorthand) for text in texts]
            for label, texts in self._examples.items()
        }

    @cached_property
    def _classifier(self) -> _Classifier:
        return _Classifier(self._example_words)

    @cached_property
    def _danger_phrases(self) -> list[tuple[str, _Phrases, _Phrases, _Phrases, _Phrases]]:
        made: dict[tuple[str, ...], _Phrases] = {}

        def phrases(written: tuple[str, ...]) -> _Phrases:
            if written not in made:
                made[written] = _Phrases(written, self._shorthand)
            return made[written]

        return [
            (r.id, phrases(r.any), phrases(r.unless), phrases(r.not_live), phrases(r.happening_now))
            for r in self._danger
        ]

    @cached_property
    def _repair(self) -> _Repair:
        used = Counter(word for texts in self._example_words.values() for words in texts for word in set(words))
        groups = [group for _, *groups in self._danger_phrases for group in groups]
        right = set().union(*(_.vocabulary for _, any_, *_rest in self._danger_phrases for _ in [any_]))
        known = {word for word, times in used.items() if times >= _SEEN_IN}
        return _Repair(right, known.union(*(group.vocabulary for group in groups)))

    @cached_property
    def _writer_phrases(self) -> dict[str, _Phrases]:
        names = (Writer.child, Writer.parent, Writer.outside_england, "practitioner", "reported")
        return {name: _Phrases(self._writers.get(name, ()), self._shorthand) for name in map(str, names)}


def danger_rules(data: Mapping[str, object]) -> tuple[DangerRule, ...]:
    """The rules of a parsed `danger.yaml`, each with the lists at the top of the file."""

    def listed(owner: Mapping[str, object], key: str) -> tuple[str, ...]:
        value = owner.get(key, ())
        return tuple(map(str, value)) if isinstance(value, list | tuple) else ()

    rules = data["danger_phrases"]
    if not isinstance(rules, list):
        raise TypeError("danger_phrases must be a list of rules")
    return tuple(
        DangerRule(
            id=str(rule["id"]),
            any=listed(rule, "any"),
            source=str(rule["source"]),
            unless=listed(rule, "unless"),
            not_live=listed(data, "not_live"),
            happening_now=listed(data, "happening_now"),
        )
        for rule in rules
    )
