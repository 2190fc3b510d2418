"""Words to a decision: danger, one flow, a choice between flows, or "I don't know".

Rules of this file
- It is pure: it is given parsed data, opens nothing, knows no clock and no chance. Same words, same answer.
- Danger is looked for first, by phrases that a safeguarding lead can edit. An alarm hides nothing: `flow` is
  filled as it would have been without it.
- The flow is found by naive Bayes over words, pairs of words and pieces of words, weighted by how rare they
  are. It reads keywords and does not understand a roundabout remark: then it must ask, or say so.
- Nothing typed is taken for consent, or for "there is no harm", unless it is those very words.
- Only the start of a message is read: MAX_CHARS to find the flow, MAX_DANGER_CHARS to look for danger.
"""

from __future__ import annotations

import math
import re
import unicodedata
from array import array
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property
from itertools import chain, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Tokens = tuple[str, ...]

MAX_CHARS = 2000
MAX_DANGER_CHARS = 6000
CANDIDATES = 3

# Calibrated on held-out messages; tests/test_matching.py measures them again.
OPEN_AT = 0.97
CHOOSE_AT = 0.2

_SMOOTHING = 0.1
_SEEN_IN = 2  # a feature met in fewer examples is left out
_PIECES = (3, 4)
_PIECE_SHARE = 0.45  # of the weight of a message; the rest is words and pairs of words
_SHARPNESS = 3.0  # turns scores into shares of one

_ANY = r"\S*"
_GAP = 6  # words that may stand where a phrase says "..."
_SHORTHAND_WORDS = 3
_REPAIR_FROM = 7  # letters; shorter words have too many neighbours that are words themselves
_REPAIR_TWO_FROM = 11

_MARKUP = re.compile(r"<[^<>]{0,200}>")
_QUOTED = re.compile(r"\"[^\"]{1,400}\"|(?<!\w)'[^']{1,400}'(?!\w)")
_PAUSE = re.compile(r"\.{2,}")
_SENTENCE_END = re.compile(r"[.!?;]+(?=\s|$)")
_REPEATED = re.compile(r"([^\W\d_])\1{2,}")
_UNSEEN = frozenset({"Mn", "Me", "Mc", "Cf", "Cc"})
_WORD = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)*")
_APOSTROPHES = str.maketrans("\u2018\u2019\u02bc`\u201c\u201d", "''''\"\"")


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


def _plain(text: str, limit: int = MAX_CHARS) -> str:
    """Fold what looks alike (width, case, accents, quotes) and drop markup and what cannot be seen."""
    folded = unicodedata.normalize("NFKD", text[:limit].translate(_APOSTROPHES)).casefold()[:limit]
    seen = folded
    if not (folded.isascii() and folded.isprintable()):
        seen = "".join(c for c in folded if c.isspace() or unicodedata.category(c) not in _UNSEEN)
    return _REPEATED.sub(r"\1", _PAUSE.sub(" ", _MARKUP.sub(" ", seen)))


def _words(plain: str, shorthand: Mapping[Tokens, Tokens]) -> list[str]:
    """Words without apostrophes, shorthand written out, the longest short form first."""
    raw = _WORD.findall(plain)
    bare = [word.replace("'", "") for word in raw]
    words: list[str] = []
    i = 0
    while i < len(raw):
        full: Tokens | None = None
        begins = (raw[i],) in shorthand or (bare[i],) in shorthand
        for n in range(_SHORTHAND_WORDS, 0, -1) if begins else ():
            full = shorthand.get(tuple(raw[i : i + n])) or shorthand.get(tuple(bare[i : i + n]))
            if full:
                break
        words.extend(full or bare[i : i + 1])
        i += n if full else 1
    return words


def _sentences(plain: str, shorthand: Mapping[Tokens, Tokens]) -> list[list[str]]:
    """Words, sentence by sentence."""
    return [words for part in _SENTENCE_END.split(plain) if (words := _words(part, shorthand))]


class _Phrases:
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
                read = ((_words(_plain(f.replace("_", " ")), shorthand), f[-1:]) for f in part.split("|"))
                forms = [(words, last == "*") for words, last in read if words]
                pattern += f"(?:{'|'.join(' '.join(words) + open_ * _ANY for words, open_ in forms)}) "
                self.vocabulary.update(word for words, _ in forms for word in words)
                if not any(open_ for _, open_ in forms):
                    needed.append(frozenset(words[0] for words, _ in forms))
            self._phrases.append((needed, pattern))

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


class _Repair:
    """Puts a misspelt word right when a word of the danger phrases is near and it is no word we know."""

    def __init__(self, right: Iterable[str], known: Iterable[str]) -> None:
        self._known = frozenset(known)
        self._longest = max(map(len, self._known), default=0) + 2
        self._near: dict[str, list[str]] = {}
        for word in sorted(w for w in right if len(w) >= _REPAIR_FROM):
            for key in self._shorn(word):
                self._near.setdefault(key, []).append(word)

    def __call__(self, word: str) -> str:
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


def _features(words: Sequence[str], cut: dict[str, list[str]]) -> tuple[Counter[str], Counter[str]]:
    """Words and pairs of words; and pieces of words, marked so that the two never meet. `cut` remembers the pieces."""
    whole = Counter(words)
    whole.update(map(" ".join, pairwise(["^", *words, "$"])))
    for word in words:
        if word not in cut:
            edged = f"_{word}_"
            cut[word] = ["~" + edged[i : i + n] for n in _PIECES for i in range(len(edged) - n + 1)]
    return whole, Counter(chain.from_iterable(cut[word] for word in words))


class _Classifier:
    """Multinomial naive Bayes on rarity-weighted features, every label as likely as any other."""

    def __init__(self, examples: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self.labels = tuple(sorted(examples))
        cut: dict[str, list[str]] = {}
        documents = [[_features(words, cut) for words in examples[label]] for label in self.labels]
        seen_in: Counter[str] = Counter()
        for block in chain.from_iterable(chain.from_iterable(documents)):
            seen_in.update(block.keys())
        kept = {feature: n for feature, n in seen_in.items() if n >= _SEEN_IN}
        self._index = {feature: i for i, feature in enumerate(kept)}
        many = 1 + sum(map(len, documents))
        self._rarity = array("d", ((math.log(many / (1 + n)) + 1) ** 2 for n in kept.values()))
        self._weights = []
        for pairs in documents:
            sums: dict[int, float] = {}  # most features are met under few labels: the rest have one weight in common
            for pair in pairs:
                for i, weight in self._weigh(pair):
                    sums[i] = sums.get(i, 0.0) + weight
            fair = math.sqrt(many / len(documents) / (1 + len(pairs)))  # else labels with few examples hardly count
            whole = fair * math.fsum(sums.values()) + _SMOOTHING * len(kept)
            row = array("d", [math.log(_SMOOTHING / whole) if kept else 0.0]) * len(kept)
            for i, weight in sums.items():
                row[i] = math.log((fair * weight + _SMOOTHING) / whole)
            self._weights.append(row)

    def shares(self, words: Sequence[str]) -> dict[str, float]:
        """Give each label its share of one."""
        if not any(word in self._index for word in words):
            return {}  # pieces of words alone prove nothing: it may be no English at all
        weighed = self._weigh(_features(words, {}))
        scores = [math.fsum(weight * row[i] for i, weight in weighed) for row in self._weights]
        raised = [math.exp(_SHARPNESS * (score - max(scores))) for score in scores]
        return {label: part / math.fsum(raised) for label, part in zip(self.labels, raised, strict=True)}

    def _weigh(self, blocks: tuple[Counter[str], Counter[str]]) -> list[tuple[int, float]]:
        """Rarity times the damped count, each block brought to length one and then to its share."""
        index, rarity = self._index, self._rarity
        weighed: list[tuple[int, float]] = []
        for block, share in zip(blocks, (1 - _PIECE_SHARE, _PIECE_SHARE), strict=True):
            counts = [(index[feature], n) for feature, n in block.items() if feature in index]
            parts = [(i, rarity[i] if n == 1 else (1 + math.log(n)) * rarity[i]) for i, n in counts]
            length = share / (math.sqrt(math.fsum(weight * weight for _, weight in parts)) or 1.0)
            weighed.extend((i, weight * length) for i, weight in parts)
        return weighed


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
        self._given_shorthand = shorthand
        self._flows = tuple(flows)

    def route(self, text: str) -> Routing:
        """Where the message leads, who seems to be writing, and whether it speaks of danger."""
        rule = self.dangerous(text)
        words = _words(_plain(text), self._shorthand)
        shares = self._classifier.shares(words) if words else {}
        ranked = sorted((-shares.get(flow, 0.0), flow) for flow in self._flows)
        candidates = tuple(Candidate(flow, round(-share, 6)) for share, flow in ranked[:CANDIDATES])
        best = candidates[0].score if candidates else 0.0
        opened = best >= OPEN_AT
        band = Decision.flow if opened else Decision.choose if best >= CHOOSE_AT else Decision.unknown
        return Routing(
            decision=Decision.danger if rule else band,
            flow=candidates[0].flow if opened else None,
            candidates=candidates,
            writer=self._writer(text),
            danger=rule is not None,
            danger_rule=rule,
        )

    def dangerous(self, text: str) -> str | None:
        """Give the id of the first danger rule that the message fits."""
        read = _sentences(_plain(text, MAX_DANGER_CHARS), self._shorthand)
        sentences = [[self._repair(word) for word in words] for words in read]
        for rule, (any_, unless, not_live, now) in self._danger_phrases:
            for words in sentences:
                if any_.find(words) is None or unless.find(words) is not None:
                    continue
                if not_live.find(words) is None or now.find(words) is not None:
                    return rule
        return None

    def _writer(self, text: str) -> Writer:
        sentences = _sentences(_QUOTED.sub(" ", _plain(text, MAX_DANGER_CHARS)), self._shorthand)
        phrases = self._writer_phrases
        own_words = [words[: phrases["reported"].find(words)] for words in sentences]

        def found(name: str, among: list[list[str]]) -> bool:
            return any(phrases[name].find(words) is not None for words in among)

        if not found("practitioner", sentences):
            for writer in (Writer.child, Writer.parent):
                if found(writer, own_words):
                    return writer
        return Writer.outside_england if found("outside_england", sentences) else Writer.practitioner

    @cached_property
    def _shorthand(self) -> dict[Tokens, Tokens]:
        pairs = ([tuple(_WORD.findall(_plain(s))) for s in pair] for pair in self._given_shorthand.items())
        read = {short: full for short, full in pairs if short and full}
        return {short[:1]: () for short in read} | read  # so one look tells whether a short form may begin here

    @cached_property
    def _examples_read(self) -> dict[str, list[list[str]]]:
        given = self._examples.items()
        return {label: [_words(_plain(text), self._shorthand) for text in texts] for label, texts in given}

    @cached_property
    def _classifier(self) -> _Classifier:
        return _Classifier(self._examples_read)

    @cached_property
    def _danger_phrases(self) -> list[tuple[str, list[_Phrases]]]:
        rules = [(r.id, (r.any, r.unless, r.not_live, r.happening_now)) for r in self._danger]
        written = {phrases for _, lists in rules for phrases in lists}
        made = {phrases: _Phrases(phrases, self._shorthand) for phrases in written}
        return [(rule, [made[phrases] for phrases in lists]) for rule, lists in rules]

    @cached_property
    def _repair(self) -> _Repair:
        used = Counter(w for texts in self._examples_read.values() for words in texts for w in set(words))
        known = {word for word, times in used.items() if times >= _SEEN_IN}
        known.update(word for full in self._shorthand.values() for word in full)
        known.update(w for _, lists in self._danger_phrases for phrases in lists for w in phrases.vocabulary)
        return _Repair({word for _, lists in self._danger_phrases for word in lists[0].vocabulary}, known)

    @cached_property
    def _writer_phrases(self) -> dict[str, _Phrases]:
        names = (*Writer, "reported")
        return {name: _Phrases(self._writers.get(name, ()), self._shorthand) for name in names}


_NUMBER = re.compile(r"\s*(?:option|number|#)?\s*\(?(\d{1,2})[.):]?\s*")
_YES = frozenset(("yes", "y", "yeah", "yep", "yup"))
_UNSURE = {"do not know", "dont know", "i do not know", "i dont know", "dunno", "unsure"}
_UNSURE |= {"not sure", "im not sure", "i am not sure"}
# An option with one of these words may mean "no danger" or "they agreed", and is never guessed at.
_NEVER_GUESSED = re.compile(
    r"\b(?:no|not|none|nobody|nothing|never|without|safe|fine|ok|okay|well|settled|happy|calm|clear|resolved"
    r"|agree\w*|consent\w*|permission|allow\w*|accident\w*|explained)\b"
)


def choose_option(text: str, options: Sequence[tuple[str, str, str]]) -> str | None:
    """Give the id of the option that these words choose, or None when they are not clearly one of them.

    `options` are (id, label, short form) in the order shown. Taken are the number, the id, the label and the
    short form; "don't know" in other words; and a plain "yes" or the first words of a label where they begin
    one option alone, unless it may mean "no danger" or "they agreed": for that it must be the very words.
    """
    said = _flat(text)
    named = {option: {_flat(option), _flat(label), _flat(short)} for option, label, short in options}
    exact = [option for option, forms in named.items() if said and said in forms]
    number = _NUMBER.fullmatch(_plain(text))
    if number and 1 <= int(number[1]) <= len(options):
        exact.append(options[int(number[1]) - 1][0])
    if exact or not said:
        return _only(exact)
    if said in _UNSURE:
        return _only(option for option, forms in named.items() if forms & _UNSURE)
    start = "yes" if said in _YES else said
    begun = _only(o for o, forms in named.items() if any(f"{f} ".startswith(f"{start} ") for f in forms))
    return None if begun is None or any(map(_NEVER_GUESSED.search, named[begun])) else begun


def _flat(text: str) -> str:
    return " ".join(_words(_plain(text), {}))


def _only(found: Iterable[str]) -> str | None:
    ids = set(found)
    return ids.pop() if len(ids) == 1 else None
