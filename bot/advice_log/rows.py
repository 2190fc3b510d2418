"""What goes into the record and comes out of it, as rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Current:
    """Somebody's latest session, with the state of its last turn."""

    session: str
    receipt: str
    label: str
    area: str
    content_version: str
    state: str
    turns: int
    stopped: bool
    closed: bool
    last_at: str


@dataclass(frozen=True, slots=True)
class TurnRow:
    """What one turn adds to the record; `replies` are (kind, step, run, sources, urgency, words)."""

    key: str
    event: str
    flow: str
    step: str
    decision: str
    matcher: str
    """Which matcher the decision came from; empty where nothing was typed."""
    urgency: str
    closed: bool
    stopped: bool
    content_version: str
    state: str
    replies: Sequence[tuple[str, str, int, Sequence[str], str, str]]
    superseded: Sequence[tuple[str, int]]
    said: str
    nonce: str
    at: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What a turn said, as it was kept: the same event gives this again."""

    outbox: int
    nonce: str
    said: str


def current_of(row: tuple[Any, ...]) -> Current:
    """Return a session with its last turn from a row in the order of its fields."""
    session, receipt, label, area, version, state, turns, stopped, closed, last_at = row
    return Current(session, receipt, label, area, version, state, turns, bool(stopped), bool(closed), last_at)
