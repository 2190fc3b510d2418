"""Messages that were not understood, kept for a lead with the writer's consent: beside the record, and no part of it.

Not chained, never exported, and every row can go without a trace. A row holds no person, no session and no time, and its
id is drawn by chance, so that neither order nor id leads to a turn.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.advice_log.opening import readable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.advice_log.log import AdviceLog

_LETTERS = "23456789abcdefghjkmnpqrstvwxyz"


@dataclass(frozen=True, slots=True)
class Misunderstood:
    """One message: what was decided of it, and which flow was chosen in the end, if one was."""

    id: str
    day: str
    content_version: str
    decision: str
    candidates: tuple[str, ...]
    words: str
    chosen: str = ""


def new_id() -> str:
    """Draw an id that says nothing."""
    return "".join(secrets.choice(_LETTERS) for _ in range(8))


def keep(log: AdviceLog, one: Misunderstood) -> None:
    """Keep a message inside the open transaction; the same id twice is one message."""
    log.connection.execute(
        "INSERT OR IGNORE INTO misunderstood (id, day, content_version, decision, candidates, words, chosen) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (one.id, one.day, one.content_version, one.decision, json.dumps(one.candidates), one.words, one.chosen),
    )


def note_chosen(log: AdviceLog, one: str, flow: str) -> None:
    """Note inside the open transaction which flow was chosen after all."""
    log.connection.execute("UPDATE misunderstood SET chosen = ? WHERE id = ?", (flow, one))


def forget(log: AdviceLog, ids: Sequence[str]) -> None:
    """Take messages out inside the open transaction; what they held is overwritten."""
    for one in ids:
        log.connection.execute("DELETE FROM misunderstood WHERE id = ?", (one,))


def waiting(log: AdviceLog) -> list[Misunderstood]:
    """Return the messages that wait for a lead, by day; none in a record that an earlier program made."""
    with readable(log.path):
        there = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'misunderstood'"
        if log.connection.execute(there).fetchone() is None:
            return []
        rows = log.connection.execute(
            "SELECT id, day, content_version, decision, candidates, words, chosen FROM misunderstood ORDER BY day, id"
        ).fetchall()
    return [
        Misunderstood(one, day, version, decision, tuple(json.loads(candidates)), words, chosen)
        for one, day, version, decision, candidates, words, chosen in rows
    ]
