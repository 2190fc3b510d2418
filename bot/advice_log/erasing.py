"""Erasing sessions, and letting old ones go: the words go, whose they were goes, the chain stays and still verifies.

What is left of a session is its row, its receipt, the ids of steps and sources with their times, digests with no salt
beside them, and a tombstone that says why and when. Held sessions stay as they are.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.advice_log import engine
from bot.advice_log.holds import held
from bot.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.advice_log.log import AdviceLog

PATIENCE = 10.0
"""Seconds to wait for readers of the write-ahead log, in which what was erased would otherwise stand for a while."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What erasing would do: sessions that would go, and those that stay because a hold stands on them."""

    go: tuple[str, ...]
    stay: tuple[str, ...]
    reminders: int
    """Reminders that are still to come and would be stopped first."""


def plan(log: AdviceLog, sessions: Sequence[str]) -> Plan:
    """Say what erasing these sessions would do; those that were erased before are left out."""
    standing = held(log)
    gone = {row[0] for row in log.connection.execute("SELECT session FROM tombstones")}
    go = [one for one in sessions if one not in gone and one not in standing]
    stay = [one for one in sessions if one not in gone and one in standing]
    return Plan(tuple(go), tuple(stay), sum(len(log.reminders(session=one)) for one in go))


def unanswered(log: AdviceLog, person: str) -> int:
    """Return how many messages of somebody came in and wait for their turn."""
    return int(log.connection.execute("SELECT count(*) FROM inbox WHERE person = ?", (person,)).fetchone()[0])


def old(log: AdviceLog, before: str) -> list[str]:
    """Return the sessions that `retain` lets go: nothing was said in them since a time, and no chase is open since then.

    A case goes as a whole: while somebody said anything newer under the same label, its earlier sessions stay.
    """
    rows = log.connection.execute(
        "SELECT s.id, coalesce(o.person, s.id), s.label, max(s.began_at, coalesce((SELECT max(at) FROM turns t WHERE t.session = s.id), '')), "
        "EXISTS (SELECT 1 FROM tombstones x WHERE x.session = s.id), EXISTS (SELECT 1 FROM reminders r WHERE r.session = s.id "
        "AND r.due_at >= ? AND NOT EXISTS (SELECT 1 FROM reminder_status u WHERE u.reminder = r.id AND u.status <> 'sent')) "
        "FROM sessions s LEFT JOIN owners o ON o.session = s.id ORDER BY s.seq",
        (before,),
    ).fetchall()
    alive = {(person, label) for _, person, label, last_at, _, to_come in rows if last_at >= before or to_come}
    return [one for one, person, label, _, erased, _ in rows if not erased and (person, label) not in alive]


def erase(
    log: AdviceLog,
    sessions: Sequence[str],
    reason: str,
    at: str,
    *,
    person: str | None = None,
    made_by: str = "console",
) -> Plan:
    """Erase sessions in one transaction, those left out on which a hold stands; returns what was done.

    With a person also what is held of them beside their sessions: membership, messages that wait, and where to reach
    them, unless a reminder of a held session still has to reach them. Call `leave_nothing` afterwards.
    """
    with log.transaction():
        done = plan(log, sessions)
        people = {owner for one in done.go if (owner := log.owner(one)) is not None} | ({person} if person else set())
        for session in done.go:
            log.mark_reminders([number for number, _, _ in log.reminders(session=session)], "stopped", at)
            log.append("tombstones", {"session": session, "reason": reason, "at": at})
            log.connection.execute("DELETE FROM words WHERE session = ?", (session,))
            log.connection.execute("DELETE FROM owners WHERE session = ?", (session,))
        if person is not None:
            _forget(log, person, made_by, at)
        for one in people:
            _forget_address(log, one)
    return done


def _forget(log: AdviceLog, person: str, made_by: str, at: str) -> None:
    log.connection.execute("DELETE FROM inbox WHERE person = ?", (person,))
    for (member,) in log.connection.execute("SELECT id FROM members WHERE person = ?", (person,)).fetchall():
        log.connection.execute("DELETE FROM members WHERE id = ?", (member,))
        left = {"roles": "", "setting": "", "reach": "", "made_by": made_by, "at": at}
        log.append("enrolments", {"member": member, "change": "erased", **left})


def _forget_address(log: AdviceLog, person: str) -> None:
    """Forget where to reach somebody of whom nothing but held sessions is left; their next message notes it anew."""
    left = {row[0] for row in log.connection.execute("SELECT session FROM owners WHERE person = ?", (person,))}
    member = log.connection.execute("SELECT 1 FROM members WHERE person = ?", (person,)).fetchone()
    # A reminder of a held session still has to reach them: a hold must not cost a child the chase.
    if member is None and left <= held(log) and not log.reminders(person=person):
        log.connection.execute("DELETE FROM addresses WHERE person = ?", (person,))


def leave_nothing(log: AdviceLog, patience: float = PATIENCE) -> None:
    """Write the file anew without what was erased, and empty the write-ahead log.

    Raises StoreError where another program does not let go of it in so many seconds: what was erased is erased, but
    its bytes may stand in the file until this is done again.
    """
    until, written = time.monotonic() + patience, False
    while True:
        try:
            if not written:
                # What we delete is overwritten; this also takes what a program deleted that does not do so.
                log.connection.execute("VACUUM")
                written = True
            why = "another program is reading it"
            if not log.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                return
        except engine.operational() as error:
            why = str(error)
            if not any(word in why.lower() for word in ("locked", "busy")):
                raise StoreError(_LEFT.format(path=log.path, why=why)) from error
        if time.monotonic() > until:
            raise StoreError(_LEFT.format(path=log.path, why=why))
        time.sleep(0.1)


_LEFT = (
    "What was erased is erased, but its bytes may still stand in the files of {path} ({why}): run 'thinkchild log clean' "
    "until it says that nothing is left."
)
