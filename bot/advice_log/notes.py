"""Facts about the running of an installation that no advice rests on: one row a name, changed in place, not chained."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

LAST_BACKUP = "last_backup"
"""When a backup was last written and found whole; the body is the record's head in it."""
KEY_CHECK = "key_check"
"""What the key of the pseudonyms makes of a fixed text, so that another key is noticed before everybody is a stranger."""


def put_note(connection: sqlite3.Connection, name: str, body: str, at: str) -> None:
    """Write a note in the place of the one of this name, inside the open transaction or in one of its own."""
    connection.execute("INSERT OR REPLACE INTO notes (name, body, at) VALUES (?, ?, ?)", (name, body, at))


def note(connection: sqlite3.Connection, name: str) -> tuple[str, str] | None:
    """Return (body, at) of a note; None if there is none, or the record is of a program that had no notes."""
    there = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'notes'"
    if connection.execute(there).fetchone() is None:
        return None
    row = connection.execute("SELECT body, at FROM notes WHERE name = ?", (name,)).fetchone()
    return (row[0], row[1]) if row else None
