"""Cases: the sessions that one person held under one label, and marks on what was advised in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.advice_log.log import AdviceLog

REASSESS, REVIEWED, HEARD = "reassess", "reviewed", "heard"
"""Something changed since, so it is to be gone over again; it was; a named person confirmed having heard."""


@dataclass(frozen=True, slots=True)
class CaseMark:
    """One mark on what a session advised."""

    mark: str
    about: str
    at: str


def labels_advised(log: AdviceLog, person: str) -> list[str]:
    """Return the labels under which somebody was advised something that is still on record."""
    rows = log.connection.execute(
        "SELECT DISTINCT s.label FROM owners o JOIN sessions s ON s.id = o.session WHERE o.person = ? "
        "AND EXISTS (SELECT 1 FROM turns t JOIN words w ON w.part = 'turns' AND w.row = t.id WHERE t.session = s.id AND t.flow <> '')",
        (person,),
    )
    return [row[0] for row in rows]


def sessions_under(log: AdviceLog, person: str, label: str) -> list[str]:
    """Return the sessions that somebody was advised in under a label, oldest first."""
    rows = log.connection.execute(
        "SELECT s.id FROM owners o JOIN sessions s ON s.id = o.session WHERE o.person = ? AND s.label = ? "
        "AND EXISTS (SELECT 1 FROM turns t WHERE t.session = s.id AND t.flow <> '') ORDER BY s.seq",
        (person, label),
    )
    return [row[0] for row in rows]


def advised_at(log: AdviceLog, session: str) -> str:
    """Return when a session last told somebody to do something; empty if it never did."""
    sql = "SELECT coalesce(max(t.at), '') FROM turns t JOIN advice a ON a.turn = t.id WHERE t.session = ? AND a.kind = 'act'"
    return str(log.connection.execute(sql, (session,)).fetchone()[0])


def add_mark(log: AdviceLog, session: str, turn: int, mark: str, about: str, at: str) -> None:
    """Mark what a session advised, inside the open transaction."""
    log.append("case_marks", {"session": session, "turn": turn, "mark": mark, "about": about, "at": at})


def marks_of(log: AdviceLog, session: str) -> list[CaseMark]:
    """Return the marks on what a session advised, oldest first; none in a record from before there were any."""
    if not log.connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'case_marks'").fetchone():
        return []
    rows = log.connection.execute("SELECT mark, about, at FROM case_marks WHERE session = ? ORDER BY id", (session,))
    return [CaseMark(*row) for row in rows]


def standing_marks(log: AdviceLog, session: str) -> list[CaseMark]:
    """Return what has changed since a session and was not gone over again, oldest first."""
    standing: dict[str, CaseMark] = {}
    for mark in marks_of(log, session):
        if mark.mark == REASSESS:
            standing.setdefault(mark.about, mark)
        elif mark.mark == REVIEWED:
            standing.pop(mark.about, None)
    return list(standing.values())
