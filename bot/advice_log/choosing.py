"""Which sessions are meant: by receipt, by whose they are, by case label, by time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.advice_log.log import AdviceLog


@dataclass(frozen=True, slots=True)
class Wanted:
    """What sessions have to be, all of it; nothing at all means every session. Times are UTC, as they are kept."""

    session: str | None = None
    person: str | None = None
    label: str | None = None
    since: str | None = None
    before: str | None = None


def as_code(typed: str) -> str:
    """Return a receipt code as it is compared: capitals and digits, nothing between them."""
    return "".join(letter for letter in typed.upper() if letter.isalnum())


def as_label(typed: str) -> str:
    """Return a case label as it is compared."""
    return " ".join(typed.lower().split())


def session_of(log: AdviceLog, code: str) -> str | None:
    """Return the session of a receipt code, however it was typed."""
    sql = "SELECT id FROM sessions WHERE replace(receipt, '-', '') = ?"
    row = log.connection.execute(sql, (as_code(code),)).fetchone() if as_code(code) else None
    return str(row[0]) if row else None


def person_of(log: AdviceLog, named: str) -> str | None:
    """Return the pseudonym of somebody who is named by it, by a member's id, or by a receipt of theirs.

    None if there is nobody of that name, or if all that was theirs has been erased.
    """
    named = named.strip()
    known = (
        "SELECT person FROM owners WHERE person = ?1 UNION SELECT person FROM addresses WHERE person = ?1 "
        "UNION SELECT person FROM inbox WHERE person = ?1"
    )
    if has_table(log, "members"):
        known += " UNION SELECT person FROM members WHERE id = ?1 OR person = ?1"
    row = log.connection.execute(known, (named,)).fetchone()
    if row is not None:
        return str(row[0])
    session = session_of(log, named)
    return log.owner(session) if session is not None else None


def chosen(log: AdviceLog, wanted: Wanted) -> list[str]:
    """Return the ids of the sessions that are all of what is wanted, oldest first.

    A session belongs to a period if it began in it, or anything was said in it then.
    """
    rows = log.connection.execute(
        "SELECT s.id FROM sessions s LEFT JOIN owners o ON o.session = s.id "
        "WHERE (?1 IS NULL OR s.id = ?1) AND (?2 IS NULL OR o.person = ?2) AND (?3 IS NULL OR s.label = ?3) "
        "AND ((?4 IS NULL AND ?5 IS NULL) OR (s.began_at >= coalesce(?4, '') AND s.began_at < coalesce(?5, '~')) "
        "OR EXISTS (SELECT 1 FROM turns t WHERE t.session = s.id AND t.at >= coalesce(?4, '') AND t.at < coalesce(?5, '~'))) "
        "ORDER BY s.seq",
        (wanted.session, wanted.person, wanted.label, wanted.since, wanted.before),
    )
    return [row[0] for row in rows]


def receipts(log: AdviceLog, sessions: Sequence[str]) -> dict[str, str]:
    """Return the receipt of each session."""
    rows = (
        log.connection.execute("SELECT id, receipt FROM sessions WHERE id = ?", (one,)).fetchone() for one in sessions
    )
    return dict(row for row in rows if row)


def has_table(log: AdviceLog, table: str) -> bool:
    """Say whether a record has a table: one of an earlier program lacks some."""
    sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    return log.connection.execute(sql, (table,)).fetchone() is not None
