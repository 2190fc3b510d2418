"""Who read what: a chained row for each reading, so that the record also tells who looked into it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.advice_log.choosing import has_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.advice_log.log import AdviceLog


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading: by whom (a member's id, or "console"), of which session, or of several at once."""

    reader: str
    action: str
    receipt: str
    """Empty where it was no single session."""
    detail: str
    at: str


def note_read(log: AdviceLog, reader: str, action: str, session: str, detail: str, at: str) -> None:
    """Note a reading in a transaction of its own; `session` is its id, or empty where it is no single one.

    `detail` is said in the log's own words, never in anybody else's. Raises StoreError when it cannot be noted.
    """
    note_reads(log, reader, action, [session], detail, at)


def note_reads(log: AdviceLog, reader: str, action: str, sessions: Sequence[str], detail: str, at: str) -> None:
    """Note one reading of several sessions, a row for each, all or none of them."""
    with log.transaction():
        for session in sessions:
            log.append("reads", {"reader": reader, "action": action, "session": session, "detail": detail, "at": at})


def can_hold_reads(log: AdviceLog) -> bool:
    """Say whether this record has a place for readings: one of an earlier program has none until it is opened anew."""
    return has_table(log, "reads")


def readings(log: AdviceLog, session: str | None = None) -> list[Reading]:
    """Return readings, oldest first: all of them, or those of one session."""
    if not can_hold_reads(log):
        return []
    rows = log.connection.execute(
        "SELECT r.reader, r.action, coalesce(s.receipt, ''), r.detail, r.at FROM reads r "
        "LEFT JOIN sessions s ON s.id = r.session WHERE ?1 IS NULL OR r.session = ?1 ORDER BY r.seq",
        (session,),
    )
    return [Reading(*row) for row in rows]
