"""Who sits at an open terminal now: so that a second one of the same name takes nobody's place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.clock import stamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.exercises.store import ExerciseStore

SEEN_EVERY = timedelta(seconds=5)
CLOSED = "-"
"""Stands for the time at which a terminal was last open once it was closed: before any time, and not nothing."""
LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Presence:
    """Notes whose terminals are open."""

    def __init__(self, store: ExerciseStore, clock: Callable[[], datetime]) -> None:
        self.store, self.clock = store, clock
        self._seen: dict[str, datetime] = {}

    def is_here(self, person: str, *, here: bool = True) -> None:
        """Note, every few seconds, that somebody's terminal is open, or that it is no more."""
        now = self.clock()
        if not here or now - self._seen.get(person, LONG_AGO) > SEEN_EVERY:
            self._seen[person] = now
            self.store.see(person, stamp(now) if here else CLOSED)

    def is_taken(self, person: str) -> bool:
        """Say whether somebody else sits there now, at another terminal."""
        return self.store.is_seen(person, stamp(self.clock() - 3 * SEEN_EVERY))

    def is_closed(self, person: str) -> bool:
        """Say whether somebody's terminal was open and is no more; of whoever has none, nothing is known."""
        return self.store.is_seen(person, CLOSED) and not self.is_taken(person)
