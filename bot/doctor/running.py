"""What it does: the service, its reminders, and whom it lets in."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.advice_log import AdviceLog
from bot.advice_log.members import members
from bot.advice_log.opening import readable
from bot.clock import stamp
from bot.doctor.kinds import Finding, Patient, Verdict
from bot.health import health

if TYPE_CHECKING:
    from collections.abc import Iterator

OVERDUE = timedelta(minutes=10)


def service(patient: Patient) -> Iterator[Finding]:
    """Say whether the service answers."""
    how = health(patient.db, patient.now)
    yield Finding(
        "service",
        Verdict.FINE if how.well else Verdict.LOOK,
        how.says,
        "" if how.well else "If it should run, look at its log and start it.",
    )


def reminders(patient: Patient) -> Iterator[Finding]:
    """Say whether anybody waits for a reminder that did not come."""
    if not patient.db.exists():
        return
    log = AdviceLog.read(patient.db)
    try:
        with readable(log.path):
            late = len(log.due("telegram", stamp(patient.now - OVERDUE)))
    finally:
        log.close()
    if late:
        yield Finding(
            "reminders",
            Verdict.WRONG,
            f"{late} reminder{'s are' if late > 1 else ' is'} more than ten minutes late.",
            "Start the service: what is due is sent at once.",
        )
    else:
        yield Finding("reminders", Verdict.FINE, "No reminder is late.")


def people(patient: Patient) -> Iterator[Finding]:
    """Say who is let in."""
    is_open = patient.environ.get("THINKCHILD_ACCESS", "") == "open"
    count = 0
    if patient.db.exists():
        log = AdviceLog.read(patient.db)
        try:
            with readable(log.path):
                count = sum(bool(one.grant.roles) for one in members(log))
        finally:
            log.close()
    if is_open:
        yield Finding(
            "people",
            Verdict.LOOK,
            "The service is open: anybody who finds it may use it.",
            "If that is not meant, unset THINKCHILD_ACCESS and invite people.",
        )
    elif not count:
        yield Finding(
            "people",
            Verdict.LOOK,
            "Nobody is let in yet.",
            "thinkchild people invite, for each person or once for a staff meeting.",
        )
    else:
        yield Finding("people", Verdict.FINE, f"{count} {'people are' if count > 1 else 'person is'} let in.")
