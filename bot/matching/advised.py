"""A second matcher's suggestion put beside what our own found: it may be asked about, and opens nothing by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from bot.matching.matcher import CANDIDATES, Candidate, Decision, Writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.matching.matcher import Matcher, Routing


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a second matcher says: a flow, or none; and who is then said to have answered."""

    flow: str | None
    score: float
    says: str


class Adviser(Protocol):
    """A second matcher, wherever it is."""

    def ask(self, text: str) -> Suggestion:
        """Return what it suggests; never raises."""


class Advised:
    """A matcher with a second one beside it. Danger, and who is writing, are our own matcher's alone."""

    def __init__(self, own: Matcher, advise: Callable[[str], Suggestion]) -> None:
        self._own, self._advise = own, advise

    def route(self, text: str) -> Routing:
        """Where the message leads; the second matcher is not asked about danger, or what no practitioner wrote."""
        ours = self._own.route(text)
        if ours.danger or ours.writer is not Writer.practitioner:
            return ours
        return combined(ours, self._advise(text))

    def prepare(self) -> None:
        """Learn now, or fetch what was learned, so that the first message does not wait for it."""
        self._own.prepare()

    def scores(self, text: str) -> tuple[dict[str, float], float]:
        """Give our own matcher's scores."""
        return self._own.scores(text)


def combined(ours: Routing, second: Suggestion) -> Routing:
    """Put a suggestion beside what our own matcher found: first among a few to choose from.

    It is opened without asking only where our own matcher would open the very same flow.
    """
    if second.flow is None or second.flow == ours.flow:
        return replace(ours, matcher=second.says)
    others = [candidate for candidate in ours.candidates if candidate.flow != second.flow]
    candidates = (Candidate(second.flow, second.score), *others)[:CANDIDATES]
    return replace(ours, decision=Decision.choose, flow=None, candidates=candidates, matcher=second.says)
