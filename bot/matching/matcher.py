"""Where a message leads: phrases and what was learned, put together."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from bot.matching import bands
from bot.matching.normalise import MAX_DANGER_CHARS, plain, read_shorthand, sentences_of, unquoted, words_of
from bot.matching.phrases import NearWords, Phrases

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.matching.bands import Cuts
    from bot.matching.learned import Learned
    from bot.matching.model import Arrays
    from bot.matching.normalise import Tokens
    from bot.matching.vectors import Encodes

CANDIDATES = 3
TOLD_COUNTS_LESS = 0.8
"""Who passes on somebody else's words is easily taken for them: the likeness has to be so much greater."""
BUILTIN = "builtin"
"""Says that this matcher alone decided."""
SENTENCE_BEGINS = "sentencebegins"
"""Stands before every sentence where the writer is looked for: "Childminder. My little man ..." says who writes."""
LEARNED_RULE = "like_an_emergency"
"""Named instead of a danger rule where no phrase was found and the message is like live emergencies."""


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
    matcher: str = BUILTIN
    """Who decided, as it stands in the record."""


@dataclass(frozen=True)
class DangerRule:
    """Phrases that raise the 999 card; see the head of `danger.yaml` for what each field means."""

    id: str
    any: tuple[str, ...]
    source: str
    unless: tuple[str, ...] = ()
    not_live: tuple[str, ...] = ()
    happening_now: tuple[str, ...] = ()


class Keeper(Protocol):
    """Keeps what was learned between starts, and brings a list of English words."""

    program: str
    """Names the program and the libraries that learned: another program must learn again."""

    def get(self, key: str) -> Arrays | None:
        """Give what was kept under a key; None when it is not there, or not whole."""

    def put(self, key: str, arrays: Arrays) -> None:
        """Keep what was learned, if that can be done."""

    def english(self) -> Sequence[str]:
        """Give words that are no misspelling."""

    def encoder(self) -> Encodes | None:
        """Give what makes sentence vectors, if there is such a thing."""

    def shipped(self) -> Arrays | None:
        """Give what was learned when the program was made, from the examples of that day."""


class Matcher:
    """Decides where a message leads. Making one is cheap; the examples are read at the first message."""

    def __init__(
        self,
        examples: Mapping[str, Sequence[str]],
        danger: Sequence[DangerRule],
        writers: Mapping[str, Sequence[str]],
        shorthand: Mapping[str, str],
        flows: Sequence[str],
        *,
        alike: Mapping[str, Sequence[str]] | None = None,
        cuts: Mapping[str, Cuts] | None = None,
        keeper: Keeper | None = None,
    ) -> None:
        self._examples = examples
        self._danger = danger
        self._writers = writers
        self._given_shorthand = shorthand
        self._flows = tuple(flows)
        self._alike = alike or {}
        self._given_cuts = cuts or {}
        self._keeper = keeper

    @property
    def kind(self) -> str:
        """What messages are matched by: `words` alone, or `vectors` too; each has cuts of its own."""
        return self._learned.kind

    @property
    def cuts(self) -> Cuts:
        """Say how sure it has to be."""
        return self._given_cuts.get(self.kind, bands.EARLIER)

    def route(self, text: str) -> Routing:
        """Where the message leads, who seems to be writing, and whether it speaks of danger."""
        rule = self.dangerous(text)
        scores, writers, likeness = self._scored(text)
        shares, cuts = bands.shares(scores), self.cuts
        if rule is None and likeness >= cuts.alarm_at:
            rule = LEARNED_RULE
        ranked = sorted((-shares.get(flow, 0.0), flow) for flow in self._flows)
        candidates = tuple(Candidate(flow, round(-share, 4)) for share, flow in ranked[:CANDIDATES])
        best = candidates[0].score if candidates else 0.0
        opened = best >= cuts.open_at
        band = Decision.flow if opened else Decision.choose if best >= cuts.choose_at else Decision.unknown
        return Routing(
            decision=Decision.danger if rule else band,
            flow=candidates[0].flow if opened else None,
            candidates=candidates,
            writer=self._writer(text, writers),
            danger=rule is not None,
            danger_rule=rule,
        )

    def dangerous(self, text: str) -> str | None:
        """Give the id of the first danger rule whose phrases the message has."""
        read = sentences_of(plain(text, MAX_DANGER_CHARS), self._shorthand)
        sentences = list(dict.fromkeys(tuple(self._repair(word) for word in words) for words in read))
        everything = frozenset(word for words in sentences for word in words)
        for rule, (any_, unless, not_live, now) in self._danger_phrases:
            for words in sentences if any_.may_be_among(everything) else ():
                if any_.find(words) is None or unless.find(words) is not None:
                    continue
                if not_live.find(words) is None or now.find(words) is not None:
                    return rule
        return None

    def prepare(self) -> None:
        """Learn now, or fetch what was learned, so that the first message does not wait for it."""
        self._learned  # noqa: B018 - made when first looked at

    def scores(self, text: str) -> tuple[dict[str, float], float]:
        """Give every label its score, and how like a live emergency the message is: what the bands are read off."""
        scores, _, danger = self._scored(text)
        return scores, danger

    def writer_scores(self, text: str) -> dict[Writer, float]:
        """Say how like a child's, a parent's or a message from outside England it is; from -1, not at all, to about 1."""
        return self._scored(text)[1]

    def _scored(self, text: str) -> tuple[dict[str, float], dict[Writer, float], float]:
        words = words_of(plain(text), self._shorthand)
        parts = bands.parts(sentences_of(plain(text, MAX_DANGER_CHARS), self._shorthand))
        if not words and not parts:
            return {}, {}, -1.0
        flows, writers, danger = self._learned.scores(words, parts)
        named = (Writer.child, Writer.parent, Writer.outside_england)
        return (
            dict(zip(self._learned.labels, flows.tolist(), strict=True)),
            dict(zip(named, writers.tolist(), strict=True)),
            danger,
        )

    def _writer(self, text: str, like: Mapping[Writer, float]) -> Writer:
        """Phrases settle it; where they say nothing, likeness to what such people write does."""
        whole = plain(text, MAX_DANGER_CHARS)
        read = sentences_of(unquoted(whole), self._shorthand)
        sentences = [[SENTENCE_BEGINS, *words] for words in read]
        phrases = self._writer_phrases
        own_words = [words[: phrases["reported"].find(words)] for words in sentences]

        def found(name: str, among: list[list[str]]) -> bool:
            return any(phrases[name].find(words) is not None for words in among)

        if not found("practitioner", sentences):
            for writer in (Writer.child, Writer.parent):
                if found(writer, own_words):
                    return writer
            told = unquoted(whole) != whole or own_words != sentences
            sure_from = self.cuts.writer_at + (TOLD_COUNTS_LESS if told else 0.0)
            nearest = max(like, key=lambda writer: like[writer], default=Writer.practitioner)
            if nearest is not Writer.outside_england and like.get(nearest, -1.0) >= sure_from:
                return nearest
        elsewhere = like.get(Writer.outside_england, -1.0) >= self.cuts.writer_at
        return Writer.outside_england if elsewhere or found("outside_england", sentences) else Writer.practitioner

    @cached_property
    def _shorthand(self) -> dict[Tokens, Tokens]:
        return read_shorthand(self._given_shorthand)

    @cached_property
    def _learned(self) -> Learned:
        from bot.matching.learned import Learned, Taught, learn  # noqa: PLC0415 - numpy is loaded when words are typed

        keeper = self._keeper
        if keeper is None:
            taught = Taught(self._examples, self._alike, self._given_shorthand)
            return Learned(learn(taught), taught)
        taught = Taught(self._examples, self._alike, self._given_shorthand, keeper.english())
        encoder = keeper.encoder()
        key = hashlib.sha256(f"{keeper.program}\n{taught.key(encoder.name if encoder else '')}".encode()).hexdigest()
        kept = keeper.get(key)
        if kept is not None:
            try:
                return Learned(kept, taught, encoder)
            except (KeyError, ValueError, IndexError, TypeError):
                pass  # not whole: what was kept is only a copy of what can be learned again
        arrays = learn(taught, encoder, keeper.shipped())
        keeper.put(key, arrays)
        return Learned(arrays, taught, encoder)

    @cached_property
    def _danger_phrases(self) -> list[tuple[str, list[Phrases]]]:
        rules = [(r.id, (r.any, r.unless, r.not_live, r.happening_now)) for r in self._danger]
        written = {phrases for _, lists in rules for phrases in lists}
        made = {phrases: Phrases(phrases, self._shorthand) for phrases in written}
        return [(rule, [made[phrases] for phrases in lists]) for rule, lists in rules]

    @cached_property
    def _repair(self) -> NearWords:
        known = set(self._learned.english)
        known.update(word for full in self._shorthand.values() for word in full)
        known.update(w for _, lists in self._danger_phrases for phrases in lists for w in phrases.vocabulary)
        return NearWords({word for _, lists in self._danger_phrases for word in lists[0].vocabulary}, known)

    @cached_property
    def _writer_phrases(self) -> dict[str, Phrases]:
        names = (*Writer, "reported")
        return {name: Phrases(self._writers.get(name, ()), self._shorthand) for name in names}
