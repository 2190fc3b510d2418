"""Routing messages to see how it goes: by the matcher as it is, or by one that never saw them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.kept import KeptWeights
from bot.matching.matcher import LEARNED_RULE
from bot.routing import new_matcher
from bot.upkeep.messages import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bot.library import Library
    from bot.matching import Cuts, Matcher, Routing
    from bot.matching.model import Arrays
    from bot.matching.vectors import Encodes

PARTS = 5
UNASKED = -1.0
"""The likeness of a message that nobody asked for: none at all."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A message, where it led, and how like a live emergency it is by what was learned alone."""

    message: Message
    routing: Routing
    likeness: float

    @property
    def about(self) -> str:
        """What the message is about."""
        return self.message.about

    @property
    def best(self) -> float:
        """The share of the flow that was found first."""
        return self.routing.candidates[0].score if self.routing.candidates else 0.0

    @property
    def flows(self) -> tuple[str, ...]:
        """The flows that were found, best first."""
        return tuple(candidate.flow for candidate in self.routing.candidates)

    @property
    def right_first(self) -> bool:
        """Whether the right flow was found first."""
        return self.flows[:1] == (self.about,)

    @property
    def by_phrase(self) -> bool:
        """Whether a phrase raised the alarm."""
        return self.routing.danger_rule not in {None, LEARNED_RULE}

    def band(self, cuts: Cuts) -> str:
        """Say what would be done, danger aside: opened, asked or unknown."""
        return "opened" if self.best >= cuts.open_at else "asked" if self.best >= cuts.choose_at else "unknown"


class LearnedForOnce:
    """Knows the English words, and keeps nothing: what a part of the examples taught is of no use to anybody else."""

    program = ""

    def get(self, key: str) -> Arrays | None:  # noqa: ARG002 - as every keeper has it
        """Give nothing."""
        return None

    def put(self, key: str, arrays: Arrays) -> None:
        """Keep nothing."""

    def english(self) -> list[str]:
        """Give words that are no misspelling."""
        return KeptWeights().english()

    def encoder(self) -> Encodes | None:
        """Give the sentence vectors that everybody has."""
        return KeptWeights().encoder()

    def shipped(self) -> Arrays | None:
        """Give what is shipped: the vectors of messages are as they are, whichever are left out."""
        return KeptWeights().shipped()


def try_out(matcher: Matcher, messages: Iterable[Message], *, likeness: bool = False) -> list[Tried]:
    """Route each message once; how like an emergency it is takes as long again, and only the cuts are read off it."""
    return [
        Tried(message, matcher.route(message.text), matcher.scores(message.text)[1] if likeness else UNASKED)
        for message in messages
    ]


def left_out(
    library: Library,
    *,
    parts: int = PARTS,
    likeness: bool = False,
    tell: Callable[[int, int], None] = lambda _part, _parts: None,
) -> list[Tried]:
    """Route every example by what the others taught: a fifth is left out, five times over; `tell` hears of each part.

    The result is in the order of the examples, part by part.
    """
    found: list[Tried] = []
    for part in range(parts):
        taught = {
            about: tuple(text for place, text in enumerate(texts) if place % parts != part)
            for about, texts in library.content.examples.items()
        }
        matcher = new_matcher(library, LearnedForOnce(), examples=taught)
        rest = [
            Message(text, about) for about, texts in library.content.examples.items() for text in texts[part::parts]
        ]
        found += try_out(matcher, rest, likeness=likeness)
        tell(part + 1, parts)
    return found
