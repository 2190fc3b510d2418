"""Facts about the running of this installation, beside the record and no part of it: notes, tries, what waits.

No advice rests on any of it. A note is one row a name, changed in place; how often an update was tried is a number in
its row of the inbox; neither is chained.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.advice_log.notes import put_note
from bot.advice_log.opening import readable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.advice_log.log import AdviceLog


@dataclass(frozen=True, slots=True)
class Note:
    """What was noted last under a name, and when."""

    body: str
    at: str


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits: updates that came in (the oldest since when, if any), and answers not known to have gone out."""

    incoming: int
    oldest: str | None
    outgoing: int


def keep_notes(log: AdviceLog, notes: Mapping[str, Note]) -> None:
    """Note facts, each in the place of the one before; all of them or none. Raises StoreError."""
    with log.transaction():
        for name, note in notes.items():
            put_note(log.connection, name, note.body, note.at)


def notes(log: AdviceLog) -> dict[str, Note]:
    """Return every note by its name; none in a record that an earlier program made. Raises StoreError."""
    with readable(log.path):
        there = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'notes'"
        if log.connection.execute(there).fetchone() is None:
            return {}
        rows = log.connection.execute("SELECT name, body, at FROM notes").fetchall()
    return {name: Note(body, at) for name, body, at in rows}


def backlog(log: AdviceLog, channel: str) -> Backlog:
    """Return how much of a channel waits; raises StoreError."""
    with readable(log.path):
        incoming, oldest = log.connection.execute(
            "SELECT count(*), min(at) FROM inbox WHERE substr(key, 1, ?) = ?", (len(channel) + 1, f"{channel}:")
        ).fetchone()
        (outgoing,) = log.connection.execute(
            "SELECT count(*) FROM outbox o JOIN turns t ON t.id = o.turn JOIN sessions s ON s.id = t.session "
            "WHERE s.channel = ? AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.outbox = o.id) "
            "AND EXISTS (SELECT 1 FROM words w WHERE w.part = 'outbox' AND w.row = o.id)",
            (channel,),
        ).fetchone()
    return Backlog(incoming, oldest, outgoing)


def tries(log: AdviceLog, key: str) -> int:
    """Return how often handling an update was begun by a process that then died; 0 if it is not in the inbox."""
    with readable(log.path):
        row = log.connection.execute("SELECT attempts FROM inbox WHERE key = ?", (key,)).fetchone()
    return int(row[0]) if row else 0


def count_try(log: AdviceLog, key: str) -> None:
    """Note on disk, before it is begun, that handling an update is tried once more."""
    with log.transaction():
        log.connection.execute("UPDATE inbox SET attempts = attempts + 1 WHERE key = ?", (key,))


def survived(log: AdviceLog, key: str) -> None:
    """Note that handling an update failed and the process lived on: that is no reason to give the update up."""
    with log.transaction():
        log.connection.execute("UPDATE inbox SET attempts = 0 WHERE key = ?", (key,))
