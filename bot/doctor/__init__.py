"""Is this installation in order? Each thing is looked at, and said in a sentence with what to do about it.

It looks and changes nothing. What it cannot look at (no network, no token) it says, and does not count against anybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.doctor.kinds import Finding, Patient, Verdict
from bot.doctor.machine import clock, token
from bot.doctor.running import people, reminders, service
from bot.doctor.storage import backup, disk, files, record
from bot.doctor.words import content
from bot.errors import ThinkchildError

if TYPE_CHECKING:
    from collections.abc import Iterator


def examine(patient: Patient) -> Iterator[Finding]:
    """Look at everything, one finding after the other; never raises for what may be wrong."""
    for about, look in (
        ("token", token),
        ("clock", clock),
        ("disk", disk),
        ("files", files),
        ("record", record),
        ("backup", backup),
        ("content", content),
        ("service", service),
        ("reminders", reminders),
        ("people", people),
    ):
        try:
            yield from look(patient)
        except ThinkchildError as error:
            yield Finding(about, Verdict.WRONG, str(error))


def is_well(found: list[Finding]) -> bool:
    """Say whether nothing is wrong."""
    return not any(one.verdict is Verdict.WRONG for one in found)


__all__ = ["Finding", "Patient", "Verdict", "examine", "is_well"]
