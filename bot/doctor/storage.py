"""Where the record lies, whether it holds, and whether there is a copy of it."""

from __future__ import annotations

import os
import shutil
import stat
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.advice_log import AdviceLog, verify
from bot.advice_log.notes import LAST_BACKUP, note
from bot.advice_log.opening import check_of, key_path, readable
from bot.clock import read, shown
from bot.doctor.kinds import Finding, Patient, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

LITTLE, VERY_LITTLE = 1_000_000_000, 100_000_000
"""Bytes left on the disk: soon full, and about to lose turns."""
DAY = timedelta(days=1)


def disk(patient: Patient) -> Iterator[Finding]:
    """Say whether there is room where the record lies, and whether it may be written."""
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


def files(patient: Patient) -> Iterator[Finding]:
    """Say whether record and key are there for their owner, and for nobody else."""
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


def record(patient: Patient) -> Iterator[Finding]:
    """Say whether the record proves itself, and whether its key is the right one."""
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


def backup(patient: Patient) -> Iterator[Finding]:
    """Say when the record was last copied."""
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
