"""Is this installation in order? Each thing is looked at, and said in a sentence with what to do about it.

It looks and changes nothing. What it cannot look at (no network, no token) it says, and does not count against anybody.
"""

from __future__ import annotations

import http.client
import os
import shutil
import stat
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfoNotFoundError

from bot.advice_log import AdviceLog, verify
from bot.advice_log.members import members
from bot.advice_log.notes import LAST_BACKUP, note
from bot.advice_log.opening import check_of, key_path, readable
from bot.areas import findings, release_problems
from bot.clock import read, shown, stamp
from bot.errors import ContentError, ThinkchildError
from bot.health import health
from bot.signing import signature_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from bot.library import Library

LITTLE, VERY_LITTLE = 1_000_000_000, 100_000_000
"""Bytes left on the disk: soon full, and about to lose turns."""
SKEW = timedelta(seconds=30)
"""By so much the clock may be wrong before a reminder is late and a receipt misleads."""
OVERDUE = timedelta(minutes=10)
SOON = timedelta(days=30)
"""So long before its review date a number is worth checking."""
DAY = timedelta(days=1)
NETWORK_SECONDS = 5.0


class Verdict(StrEnum):
    """How something is."""

    FINE = "fine"
    LOOK = "look"
    """It works, and somebody should look at it."""
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """How one thing is, in a sentence, and what to do about it."""

    about: str
    verdict: Verdict
    says: str
    do: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked at: the record, the content, and the settings that the service is started with."""

    db: Path
    area: str
    environ: Mapping[str, str]
    now: datetime
    online: bool
    backup_days: int
    load: Callable[[], Library]
    """Reads and proves the content; raises ContentError."""


def examine(patient: Patient) -> Iterator[Finding]:
    """Look at everything, one finding after the other; never raises for what may be wrong."""
    for about, look in (
        ("token", _token),
        ("clock", _clock),
        ("disk", _disk),
        ("files", _files),
        ("record", _record),
        ("backup", _backup),
        ("content", _content),
        ("service", _service),
        ("reminders", _reminders),
        ("people", _people),
    ):
        try:
            yield from look(patient)
        except ThinkchildError as error:
            yield Finding(about, Verdict.WRONG, str(error))


# --- what the service needs ---------------------------------------------------------------------------


def _token(patient: Patient) -> Iterator[Finding]:
    from bot.channels.telegram.settings import TOKEN, TOKEN_FILE, settings  # noqa: PLC0415 - only here

    if not patient.environ.get(TOKEN) and not patient.environ.get(TOKEN_FILE):
        yield Finding(
            "token",
            Verdict.UNKNOWN,
            "No Telegram token is set here, so it was not tried.",
            "Run this with the settings of the service.",
        )
        return
    given = settings(patient.environ)
    if not patient.online:
        yield Finding("token", Verdict.FINE, "The token has the form of one; it was not tried (--offline).")
        return
    status, _ = _answer_of(f"{given.base_url}{given.token}/getMe")
    if status == 200:  # noqa: PLR2004 - HTTP's word for yes
        yield Finding("token", Verdict.FINE, "Telegram takes the token.")
    elif status in {401, 404}:
        yield Finding(
            "token",
            Verdict.WRONG,
            "Telegram refuses the token.",
            "Ask @BotFather for the right one (/mybots), put it in place, and restart the service.",
        )
    else:
        yield Finding(
            "token",
            Verdict.UNKNOWN,
            "Telegram could not be asked about the token.",
            "Look at the network of this machine, and try again.",
        )


def _clock(patient: Patient) -> Iterator[Finding]:
    from bot.clock import LONDON  # noqa: PLC0415 - where the time zones are missing this is what fails

    try:
        here = patient.now.astimezone(LONDON)
    except (ZoneInfoNotFoundError, OSError):
        yield Finding("clock", Verdict.WRONG, "The time zone Europe/London is missing.", "Install the package tzdata.")
        return
    says = f"It is {here:%H:%M} in London on {here:%-d %B %Y}."
    theirs = None
    if patient.online:
        base = patient.environ.get("TELEGRAM_BASE_URL", "") or "https://api.telegram.org/"
        _, date = _answer_of(base)
        theirs = _date(date)
    if theirs is None:
        yield Finding(
            "clock", Verdict.UNKNOWN, f"{says} It was compared with no other clock.", "Compare it with your own watch."
        )
    elif abs(theirs - patient.now) > SKEW:
        off = int((patient.now - theirs).total_seconds())
        yield Finding(
            "clock",
            Verdict.WRONG,
            f"{says} That is {abs(off)} seconds {'ahead of' if off > 0 else 'behind'} Telegram's clock.",
            "Switch on time synchronisation (timedatectl set-ntp true).",
        )
    else:
        yield Finding("clock", Verdict.FINE, f"{says} Telegram's clock agrees.")


def _answer_of(url: str) -> tuple[int, str]:
    """Return (status, date) of a server's answer; 0 where none came. The address may hold a secret: nothing is said of it."""
    try:
        with urllib.request.urlopen(url, timeout=NETWORK_SECONDS) as answer:  # noqa: S310 - the operator's own setting
            return int(answer.status), str(answer.headers.get("Date", ""))
    except urllib.error.HTTPError as error:
        return error.code, str(error.headers.get("Date", ""))
    except (OSError, ValueError, http.client.HTTPException):
        return 0, ""


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _disk(patient: Patient) -> Iterator[Finding]:
    folder = patient.db.parent
    if not folder.is_dir():
        yield Finding(
            "disk", Verdict.WRONG, f"There is no folder {folder}.", "Make it, or name another file with --db."
        )
        return
    free = shutil.disk_usage(folder).free
    says = f"{free / 1_000_000_000:.1f} GB are free where the record lies."
    verdict = Verdict.WRONG if free < VERY_LITTLE else Verdict.LOOK if free < LITTLE else Verdict.FINE
    do = (
        ""
        if verdict is Verdict.FINE
        else "Make room: when the disk is full no turn can be kept, and people are told so."
    )
    yield Finding("disk", verdict, says, do)
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Finding(
            "disk",
            Verdict.WRONG,
            f"The folder {folder} cannot be written by whoever runs this.",
            "Run it as the user of the service, or give that user the folder.",
        )


def _files(patient: Patient) -> Iterator[Finding]:
    for path in (patient.db, key_path(patient.db)):
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Finding("files", Verdict.WRONG, f"Others on this machine may read {path.name}.", f"chmod 600 {path}")
    if patient.db.exists() and not key_path(patient.db).exists():
        yield Finding(
            "files",
            Verdict.WRONG,
            "The key of the pseudonyms is not beside the record, so nobody's session is found.",
            f"Put {key_path(patient.db).name} back from its own backup.",
        )


def _record(patient: Patient) -> Iterator[Finding]:
    if not patient.db.exists():
        yield Finding(
            "record",
            Verdict.LOOK,
            f"There is no record at {patient.db} yet.",
            "It is made when the service first starts; else name it with --db.",
        )
        return
    log = AdviceLog.read(patient.db)
    try:
        with readable(log.path):
            count, broken = verify(log.connection)
            fits = note(log.connection, "key_check")
    finally:
        log.close()
    if broken is not None:
        yield Finding(
            "record",
            Verdict.WRONG,
            f"The record is broken at {broken}.",
            "Keep the file as it is, restore the last backup beside it, and ask who had access.",
        )
        return
    yield Finding("record", Verdict.FINE, f"The record holds: {count:,} rows, none changed.")
    path = key_path(patient.db)
    if fits is not None and path.exists():
        try:
            key = bytes.fromhex(path.read_text(encoding="ascii").strip())
        except (OSError, ValueError):
            key = b""
        if check_of(key) != fits[0]:
            yield Finding(
                "record",
                Verdict.WRONG,
                "The key beside the record is not the one it was made with: everybody is a stranger.",
                "Put the right key file back.",
            )


def _backup(patient: Patient) -> Iterator[Finding]:
    if not patient.db.exists():
        return
    log = AdviceLog.read(patient.db)
    try:
        with readable(log.path):
            last = note(log.connection, LAST_BACKUP)
    finally:
        log.close()
    do = "thinkchild log backup FILE, on another disk, and the key file apart from it."
    if last is None:
        yield Finding("backup", Verdict.WRONG, "No backup was ever made.", do)
        return
    age = patient.now - read(last[1])
    says = f"The last backup was made on {shown(read(last[1]))}."
    late = age > patient.backup_days * DAY
    yield Finding("backup", Verdict.WRONG if late else Verdict.FINE, says, do if late else "")


# --- what it says -------------------------------------------------------------------------------------


def _content(patient: Patient) -> Iterator[Finding]:
    try:
        library = patient.load()
    except ContentError as error:
        count = len(error.problems)
        yield Finding(
            "content",
            Verdict.WRONG,
            f"The content has {count} mistake{'s' if count > 1 else ''}, so nothing starts.",
            "thinkchild check names each with its line.",
        )
        return
    yield Finding(
        "content", Verdict.FINE, f"The content is clean: {len(library.flows)} flows, version {library.version[:12]}."
    )
    signed = sum(signature_of(library, flow) is not None for flow in library.flows)
    if signed < len(library.flows):
        yield Finding(
            "signatures",
            Verdict.LOOK,
            f"{signed} of {len(library.flows)} flows are signed as they stand; the others are shown as drafts.",
            "A safeguarding lead reads and signs them: thinkchild factcheck FLOW, thinkchild sign FLOW.",
        )
    else:
        yield Finding("signatures", Verdict.FINE, f"All {signed} flows are signed as they stand.")
    yield from _area(patient, library)


def _area(patient: Patient, library: Library) -> Iterator[Finding]:
    if patient.area not in library.areas:
        yield Finding(
            "area",
            Verdict.WRONG,
            f"There is no area '{patient.area}'.",
            "thinkchild area new begins one; --area names it.",
        )
        return
    area, today = library.areas[patient.area], patient.now.date().isoformat()
    if patient.area == "england":
        yield Finding(
            "area",
            Verdict.LOOK,
            "The area is England as a whole: no local number is known.",
            "thinkchild area new makes the pack of your own area.",
        )
        return
    for problem in release_problems(area, today):
        yield Finding("area", Verdict.WRONG, problem, f"thinkchild area check {patient.area}")
    later = [line for line in findings(library, area, (patient.now + SOON).date().isoformat()) if "review date" in line]
    if later:
        yield Finding(
            "area",
            Verdict.LOOK,
            f"Within 30 days: {'; '.join(later)}.",
            "Ring each number, then write the day you checked it and when to check it again.",
        )
    elif not release_problems(area, today):
        yield Finding("area", Verdict.FINE, f"The emergency duty team's number of {area.name} is checked and current.")


# --- what it does -------------------------------------------------------------------------------------


def _service(patient: Patient) -> Iterator[Finding]:
    how = health(patient.db, patient.now)
    yield Finding(
        "service",
        Verdict.FINE if how.well else Verdict.LOOK,
        how.says,
        "" if how.well else "If it should run, look at its log and start it.",
    )


def _reminders(patient: Patient) -> Iterator[Finding]:
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


def _people(patient: Patient) -> Iterator[Finding]:
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
        yield Finding("people", Verdict.FINE, f"{count} people are let in.")


def is_well(found: list[Finding]) -> bool:
    """Say whether nothing is wrong."""
    return not any(one.verdict is Verdict.WRONG for one in found)


__all__ = ["Finding", "Patient", "Verdict", "examine", "is_well"]
