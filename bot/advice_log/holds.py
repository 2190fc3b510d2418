"""Holds: a session that a review, an inquiry or a complaint needs is neither erased nor let go, until it is released."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.advice_log.choosing import has_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.advice_log.log import AdviceLog

HELD, RELEASED = "held", "released"


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold that stands: on which session, why, by whom, since when."""

    session: str
    receipt: str
    label: str
    reason: str
    made_by: str
    at: str


def holds(log: AdviceLog) -> list[Hold]:
    """Return the holds that stand, oldest first; none in a record of a program that had none."""
    if not has_table(log, "holds"):
        return []
    rows = log.connection.execute(
        "SELECT h.session, s.receipt, s.label, h.reason, h.made_by, h.at FROM holds h JOIN sessions s ON s.id = h.session "
        "WHERE h.status = ? AND h.seq = (SELECT max(seq) FROM holds WHERE session = h.session) ORDER BY h.seq",
        (HELD,),
    )
    return [Hold(*row) for row in rows]


def held(log: AdviceLog) -> set[str]:
    """Return the sessions on which a hold stands."""
    return {one.session for one in holds(log)}


def hold(log: AdviceLog, sessions: Sequence[str], reason: str, made_by: str, at: str) -> None:
    """Hold sessions; one that is held already gets the new reason beside the old."""
    _change(log, sessions, HELD, reason, made_by, at)


def release(log: AdviceLog, sessions: Sequence[str], reason: str, made_by: str, at: str) -> list[str]:
    """Release those of the sessions that are held; returns them."""
    standing = held(log)
    freed = [session for session in sessions if session in standing]
    _change(log, freed, RELEASED, reason, made_by, at)
    return freed


def _change(log: AdviceLog, sessions: Sequence[str], status: str, reason: str, made_by: str, at: str) -> None:
    with log.transaction():
        for session in sessions:
            row = {"session": session, "status": status, "reason": reason, "made_by": made_by, "at": at}
            log.append("holds", row)
