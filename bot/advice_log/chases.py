"""Reminders that follow each other until somebody answers: a series, and what has become of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.advice_log.log import AdviceLog

SENT, ANSWERED, NOT_HEARD, UNANSWERED, STOPPED = "sent", "answered", "not heard", "unanswered", "stopped"
SUPERSEDED = "superseded"
"""What may become of a reminder, beside what a channel says of one that it could not send."""

_CHASE = (
    "SELECT r.id, coalesce(nullif(r.series, 0), r.id), r.rung, r.session, r.step, r.due_at, r.due_by, "
    "(SELECT t.at FROM reminders f JOIN turns t ON t.id = f.turn WHERE f.id = coalesce(nullif(r.series, 0), r.id)), "
    "(SELECT f.due_at FROM reminders f WHERE f.id = coalesce(nullif(r.series, 0), r.id)), "
    "r.turn, s.label, s.receipt, s.area, (SELECT t.content_version FROM turns t WHERE t.id = r.turn), "
    "coalesce((SELECT x.status FROM reminder_status x WHERE x.reminder = r.id ORDER BY x.id DESC LIMIT 1), '') AS standing "
    "FROM reminders r JOIN sessions s ON s.id = r.session JOIN owners o ON o.session = r.session "
)


@dataclass(frozen=True, slots=True)
class Chase:
    """One reminder of a series. `set_at` and `first_due` are those of the first; `status` is empty while it waits."""

    id: int
    series: int
    rung: int
    session: str
    step: str
    due_at: str
    by: str
    set_at: str
    first_due: str
    turn: int
    label: str
    receipt: str
    area: str
    content_version: str
    status: str


@dataclass(frozen=True, slots=True)
class Noted:
    """A reminder, and what became of it, in order: (status, when); nothing while it waits."""

    rung: int
    due_at: str
    became: tuple[tuple[str, str], ...]


def chase(log: AdviceLog, reminder: int) -> Chase | None:
    """Return a reminder; None when there is none, or whoever it was for was erased."""
    row = log.connection.execute(f"{_CHASE} WHERE r.id = ?", (reminder,)).fetchone()
    return _chase(row) if row else None


def asked(log: AdviceLog, person: str) -> list[Chase]:
    """Return the reminders that somebody was sent and has not answered, oldest series first."""
    rows = log.connection.execute(f"{_CHASE} WHERE o.person = ? AND standing = ? ORDER BY 2, r.id", (person, SENT))
    return [_chase(row) for row in rows]


def open_ones(log: AdviceLog, session: str) -> list[Chase]:
    """Return the reminders of a session that wait to be sent, or to be answered."""
    rows = log.connection.execute(
        f"{_CHASE} WHERE r.session = ? AND standing IN ('', ?) ORDER BY r.id", (session, SENT)
    )
    return [_chase(row) for row in rows]


def others_open(log: AdviceLog, one: Chase) -> list[int]:
    """Return the other reminders of a series that wait to be sent, or to be answered."""
    return [other.id for other in open_ones(log, one.session) if other.series == one.series and other.id != one.id]


def trail(log: AdviceLog, session: str) -> list[Noted]:
    """Return the reminders of a session and what became of each, in order."""
    columns = {row[1] for row in log.connection.execute("PRAGMA table_info(reminders)")}
    rung = "rung" if "rung" in columns else "0"  # a record from before reminders followed each other has no rungs
    rows = log.connection.execute(
        f"SELECT id, {rung}, due_at FROM reminders WHERE session = ? ORDER BY id", (session,)
    ).fetchall()
    became = "SELECT status, at FROM reminder_status WHERE reminder = ? ORDER BY id"
    return [Noted(at, due, tuple(log.connection.execute(became, (one,)).fetchall())) for one, at, due in rows]


def _chase(row: tuple[Any, ...]) -> Chase:
    return Chase(*row)
