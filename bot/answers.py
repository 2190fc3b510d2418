"""What typed words say to an open question: one of its options, nearly one of them, or something else altogether.

Pure. The words it goes by stand in `knowledge/phrases/answers.yaml`. An option that may mean "no danger", "no harm" or
"they agreed" is never chosen here but by its very words or its number: then it is named as nearly understood, and asked again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.matching.normalise import plain, read_shorthand, words_of
from bot.matching.options import begins, exactly, never_guessed
from bot.matching.phrases import Phrases

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.library import Library

    Words = tuple[str, ...]

LISTS = (
    "agrees",
    "denies",
    "unsure",
    "both",
    "nothing_of_it",
    "says_little",
    "well",
    "denied_is_danger",
    "filler",
    "asks",
    "hello",
    "thanks",
    "pleads",
    "pleads_first",
)
"""What `answers.yaml` has to hold."""
PLEADS = "pleads"
UNSURE_OPTIONS = frozenset({"dont_know", "not_sure", "cannot_tell", "unsure", "unknown"})
LONGEST_ANSWER = 16
"""Words after a yes, or around the words of an option: whoever writes more tells of something, and answers nothing."""
TELLING = 4
"""Letters: a label of one shorter word is no sign of anything."""
_BEGIN, _END = "beginofmessage", "endofmessage"
_STOPS_AFTER_NO = re.compile(r"\W*[a-z]+\s*[^\w\s]")
_NO_WORDS = frozenset({"no", "not", "none", "nothing", "nobody", "never", "nor", "without", "neither", "nope"})


@dataclass(frozen=True, slots=True)
class Choice:
    """An option as it may be typed. One that is `guarded` may lower the alarm; `also` are more words that choose it."""

    id: str
    label: str
    short: str
    guarded: bool = False
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer comes to: the option it chooses, or those it nearly is.

    `attempt` says that the words are an answer even so, and no new subject; `asked` are the words after it that ask something.
    """

    chosen: str = ""
    near: tuple[str, ...] = ()
    attempt: bool = False
    both: bool = False
    asked: str = ""


class Answers:
    """The words of one content version, ready to be looked for."""

    def __init__(self, lists: Mapping[str, Sequence[str]], shorthand: Mapping[str, str]) -> None:
        self._shorthand = read_shorthand(shorthand)
        self._entries = {
            name: tuple(dict.fromkeys(filter(None, (self.words(entry) for entry in lists.get(name, ())))))
            for name in LISTS
        }
        self._single = {name: {words[0] for words in entries} for name, entries in self._entries.items()}
        denies_all = (f"{_BEGIN} {phrase} {_END}" for phrase in lists.get("nothing_of_it", ()))
        self._nothing_of_it = Phrases(denies_all, self._shorthand)
        self._pleads = Phrases((f"{_BEGIN} {phrase}" for phrase in lists.get("pleads", ())), self._shorthand)
        self._also: dict[tuple[str, ...], Phrases] = {}

    def words(self, text: str) -> Words:
        """Return the words of a message, shorthand written out."""
        return tuple(words_of(plain(text), self._shorthand))

    # --- an answer --------------------------------------------------------------------------------------

    def very_words(self, text: str, choices: Sequence[Choice]) -> str:
        """Return the option whose number, id, label or short form was typed, or nothing."""
        exact = exactly(text, _offered(choices))
        return exact[0] if len(exact) == 1 else ""

    def in_other_words(self, text: str, choices: Sequence[Choice]) -> str:
        """Return the option among whose other words (`also`) the whole message is, or nothing."""
        words = self.words(text)
        if len(words) > LONGEST_ANSWER:
            return ""
        after_yes = words[self._starts("agrees", words) :]
        core = tuple(word for word in after_yes if word not in self._single["filler"])
        found = [
            choice.id
            for choice in choices
            if choice.also
            and not choice.guarded
            and any(
                self._whole(choice.also).find((_BEGIN, *said, _END)) is not None
                for said in (words, after_yes, core)
                if said
            )
        ]
        return found[0] if len(found) == 1 else ""

    def read(self, text: str, choices: Sequence[Choice]) -> Reading:
        """Read a message as an answer to a question with these options."""
        offered = _offered(choices)
        named = self.very_words(text, choices) or self.in_other_words(text, choices)
        if named:
            return Reading(named, attempt=True)
        lowers = {choice.id for choice in choices if choice.guarded}
        guarded = lowers | never_guessed(offered)
        words = self.words(text)
        if not words:
            return Reading()
        if words in self._entries["both"]:
            return Reading(attempt=True, both=True)
        begun = begins(text, offered)
        if len(begun) == 1:
            return self._unless_guarded(begun[0], guarded)
        if (length := self._starts("unsure", words)) and not self._asks(words[length:]):
            return self._is_unsure(words[length:], choices, lowers)
        if length := self._starts("agrees", words):
            return self._agrees(words[length:], choices, guarded, text)
        return self._denies(text, words, choices, lowers, guarded)

    def _denies(
        self, text: str, words: Words, choices: Sequence[Choice], lowers: set[str], guarded: set[str]
    ) -> Reading:
        """Look for an option in what follows a no; a no that says nothing else is nearly the option that says no.

        "No, not crawling" may mean either answer: then no option is named, lest somebody take the wrong one.
        """
        length = self._starts("denies", words)
        after = words[length:] if "not" not in words[:length] else words
        contained = Reading()
        if not self.is_question(text):
            contained = self._has_words_of(after, choices, guarded)
            if not contained.attempt and after != words:
                contained = self._has_words_of(words, choices, guarded)  # "nothing worries me" is a label itself
        rest = set(after)
        little = rest <= self._single["says_little"] | self._single["well"]
        plain_no = (
            length and little and "not" not in words[:1] and not (rest & self._single["well"] and rest & _NO_WORDS)
        )
        if plain_no or self._nothing_of_it.find((_BEGIN, *words, _END)) is not None or self._all_well(words):
            denying = [c.id for c in choices if _first(self.words(c.label)) in _NO_WORDS]
            lowest = [c for c in denying if c in lowers] or denying or [c.id for c in choices if c.guarded]
            return Reading(near=tuple(lowest), attempt=True)
        if length and not contained.attempt:
            return Reading(attempt=len(words) <= LONGEST_ANSWER)
        return contained

    def _unless_guarded(self, option: str, guarded: set[str]) -> Reading:
        return Reading(near=(option,), attempt=True) if option in guarded else Reading(option, attempt=True)

    def _is_unsure(self, rest: Words, choices: Sequence[Choice], guarded: set[str]) -> Reading:
        """Take "don't know, she won't say" for the option that says so, unless it goes on to something else."""
        unsure = [choice.id for choice in choices if choice.id in UNSURE_OPTIONS]
        if len(rest) > LONGEST_ANSWER:
            return Reading(near=tuple(unsure))
        if len(unsure) != 1:
            return Reading(near=tuple(unsure), attempt=True)
        return Reading(unsure[0], attempt=True) if unsure[0] not in guarded or not rest else Reading(near=tuple(unsure))

    def _agrees(self, rest: Words, choices: Sequence[Choice], guarded: set[str], text: str) -> Reading:
        """Take "yes, but she said he fell" for the one option that begins with yes."""
        yes = [
            choice
            for choice in choices
            if any(w[:1] == ("yes",) for w in map(self.words, (choice.label, choice.short)))
        ]
        if len(yes) > 1:
            told = [
                c
                for c in yes
                if set(self.words(c.label)) & set(rest) - self._single["filler"] - self._single["says_little"]
            ]
            yes = told if len(told) == 1 else yes
        asked = " ".join(rest) if rest and self.is_question(text) else ""
        if len(yes) != 1:
            return Reading(near=tuple(choice.id for choice in yes), attempt=True, asked=asked)
        takes_back = bool(set(rest) & (_NO_WORDS - {"not", "nor", "without"} | self._single["well"]))
        if yes[0].id in guarded or len(rest) > LONGEST_ANSWER or takes_back:
            return Reading(near=(yes[0].id,), attempt=len(rest) <= LONGEST_ANSWER, asked=asked)
        return Reading(yes[0].id, attempt=True, asked=asked)

    def _has_words_of(self, words: Words, choices: Sequence[Choice], guarded: set[str]) -> Reading:
        """Find the one option whose label or short form stands in a short message, and is not denied there."""
        core = [word for word in words if word not in self._single["filler"] or word in _NO_WORDS]
        found: dict[str, int] = {}
        if len(words) > LONGEST_ANSWER:
            return Reading()
        for choice in choices:
            for form in (choice.label, choice.short):
                own = [word for word in self.words(form) if word not in self._single["filler"] or word in _NO_WORDS]
                enough = len(own) > 1 or (len(own) == 1 and len(own[0]) >= TELLING and len(core) <= len(own) + 1)
                places = [at for at in range(len(core) - len(own) + 1) if core[at : at + len(own)] == own]
                if own and enough and places:
                    found[choice.id] = max(found.get(choice.id, 0), len(own))
        longest = [option for option, length in found.items() if length == max(found.values())]
        if len(longest) != 1:
            return Reading(near=tuple(longest), attempt=bool(longest))
        label = next(choice for choice in choices if choice.id == longest[0])
        denied = set(core) & _NO_WORDS - set(self.words(label.label)) - set(self.words(label.short))
        if denied:
            return Reading(attempt=True)
        return self._unless_guarded(longest[0], guarded)

    # --- what is no answer ------------------------------------------------------------------------------

    def is_calm(self, text: str, *, learned: bool) -> bool:
        """Say whether a message that sounds an alarm is plainly an answer all the same, and says nothing more.

        Only a message all of whose words are known to say little, or that denies and says no more. `learned`:
        no phrase of a lead was found, only likeness. What it means is for the question to settle: it is asked again.
        """
        words = self.words(text)
        if not words or len(words) > LONGEST_ANSWER:
            return False
        if self._nothing_of_it.find((_BEGIN, *words, _END)) is not None:
            return True
        length = next((n for name in ("unsure", "agrees", "denies") if (n := self._starts(name, words))), 0)
        rest = set(words[length:])
        if not learned or (not length and not self._all_well(words)):
            return False
        says_little = rest <= self._single["says_little"] | self._single["well"]
        return says_little and not (rest & self._single["well"] and rest & _NO_WORDS)

    def _all_well(self, words: Words) -> bool:
        """Say whether a message is "she's fine now" and no more, with no "not" in it."""
        said, well = set(words), self._single["well"]
        return bool(said & well) and said <= well | self._single["says_little"] and not said & _NO_WORDS

    def denies_its_words(self, text: str, question: str) -> bool:
        """Say whether a message is nothing but "no ..., not ... or ..." of what a danger question names."""
        words = self.words(text)
        if not words or len(words) > LONGEST_ANSWER:
            return False
        if _STOPS_AFTER_NO.match(plain(text)) and words[1:2] and words[1] not in _NO_WORDS:
            return False  # "no, drowsy" denies something else
        asked = " ".join(("", *self.words(question), ""))
        rest, denied, fresh = list(words), False, False
        while rest:
            word = rest.pop(0)
            if word in _NO_WORDS or (fresh and word == "or"):
                denied, fresh = denied or word in _NO_WORDS, True
                continue
            if not denied or not fresh:
                return False
            taken = [word]
            while rest and f" {' '.join((*taken, rest[0]))} " in asked and rest[0] != "or":
                taken.append(rest.pop(0))
            if f" {' '.join(taken)} " not in asked or set(taken) & self._single["denied_is_danger"]:
                return False
            fresh = bool(rest) and (rest[0] in _NO_WORDS or rest[0] == "or")
            if rest and not fresh:
                return False
        return denied and words[-1] not in _NO_WORDS

    def says(self, name: str, words: Words) -> bool:
        """Say whether a whole message is one of the entries of a list."""
        return words in self._entries[name]

    def begins(self, name: str, words: Words) -> bool:
        """Say whether a message begins with one of the entries of a list."""
        return bool(self._starts(name, words))

    def aside(self, text: str) -> str:
        """Return "hello" or "thanks" where a message is that and no more, "pleads" where it wants to hear that all is well."""
        words = self.words(text)
        for name in ("hello", "thanks"):
            if words and self._made_of(words, self._entries[name]):
                return name
        while length := self._starts("pleads_first", words):
            words = words[length:]
        pleads = len(words) <= LONGEST_ANSWER and self._pleads.find((_BEGIN, *words)) is not None
        return PLEADS if pleads else ""

    def is_question(self, text: str) -> bool:
        """Say whether a message asks something."""
        words = self.words(text)
        for name in ("agrees", "unsure"):
            words = words[self._starts(name, words) :]
        while words and words[0] in self._single["filler"] and not self._asks(words):
            words = words[1:]
        return bool(words) and (text.rstrip().endswith("?") or self._asks(words))

    def _asks(self, words: Words) -> bool:
        return bool(self._starts("asks", words))

    def _starts(self, name: str, words: Words) -> int:
        """Return how many words the longest entry has that the message begins with."""
        return max((len(e) for e in self._entries[name] if words[: len(e)] == e), default=0)

    def _made_of(self, words: Words, entries: Sequence[Words]) -> bool:
        """Say whether a message is one of these entries, or a few of them after each other."""
        reached = {0}
        for at in range(min(len(words), LONGEST_ANSWER)):
            if at in reached:
                reached |= {at + len(e) for e in entries if words[at : at + len(e)] == e}
        return len(words) in reached

    def _whole(self, also: tuple[str, ...]) -> Phrases:
        if also not in self._also:
            self._also[also] = Phrases((f"{_BEGIN} {phrase} {_END}" for phrase in also), self._shorthand)
        return self._also[also]


_made: dict[str, Answers] = {}
"""Those of the content version asked for last: all views share it."""


def answers_of(library: Library) -> Answers:
    """Return the answering words of a library; made once for each version."""
    if library.version not in _made:
        _made.clear()
        _made[library.version] = Answers(library.content.answers, library.content.shorthand)
    return _made[library.version]


def _offered(choices: Sequence[Choice]) -> list[tuple[str, str, str]]:
    return [(choice.id, choice.label, choice.short) for choice in choices]


def _first(words: Words) -> str:
    return words[0] if words else ""
