"""Copies of the record: taken while it is used, put back, encrypted or not; each is checked before it counts.

A copy is written beside its place under another name and takes the place whole, or not at all.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from bot.advice_log import engine
from bot.advice_log.chain import FIRST, damaged, verify
from bot.advice_log.heads import Head, head
from bot.advice_log.log import AdviceLog
from bot.advice_log.notes import KEY_CHECK, LAST_BACKUP, note, put_note
from bot.advice_log.opening import check_of, key_beside, key_path, readable
from bot.errors import StoreError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_BESIDE = ("-wal", "-shm", "-journal")
"""Endings of the files that SQLite puts beside a database: they belong to it, and to no other in its place."""
_SHARED_MEMORY = "-shm"
_SHARED, _LENGTH = 0x40000002, 510
"""The bytes of the file on which everybody who has a database open holds a lock."""


def back_up(log: AdviceLog, target: Path) -> Head:
    """Write a copy of the record as it is now, also while others write; returns its head.

    Messages that wait for their turn are left out: they are nobody's record yet. The copy is for its owner only, and
    encrypted if the record is. Raises StoreError, and leaves what was there before, if it does not prove itself.
    """
    _refuse_to_cover(log.path, target)
    with _draft_of(target) as draft, _whole(target):
        with closing(engine.open_file(draft, isolation_level=None)) as copy:
            log.connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
            copy.execute("PRAGMA secure_delete = ON")
            copy.execute("DELETE FROM inbox")
            copy.execute("VACUUM")
        stands = proven(draft)
        _put_in_place(draft, target)
    return stands


def note_backup(log: AdviceLog, stands: Head, at: str) -> None:
    """Note in the record when it was last backed up, and how it ended then."""
    with log.transaction():
        put_note(log.connection, LAST_BACKUP, f"{stands.rows}:{stands.hash}", at)


def copy_key(db: Path, target: Path) -> None:
    """Copy the key of the pseudonyms to a file of its own; raises StoreError if something else is there already."""
    key = key_beside(db, in_use=True).hex()
    try:
        if target.exists():
            if target.read_text(encoding="ascii", errors="replace").strip() != key:
                raise StoreError(f"{target} is there already and holds something else: name another file for the key.")
            return
        with _draft_of(target) as draft:
            draft.write_text(key + "\n", encoding="ascii")
            _put_in_place(draft, target)
    except OSError as error:
        raise StoreError(f"The key cannot be copied to {target} ({error.strerror}): name another file.") from error


def restore(
    backup: Path, target: Path, expected: Sequence[Head] = (), *, replace: bool, aside: str
) -> tuple[Head, Path | None]:
    """Put a backup in the place of the record; returns its head, and where the record that was there lies now.

    Raises StoreError, and changes nothing, if the backup does not prove itself or lacks a head that was noted, if a
    record is there and `replace` was not said, if another program has that open, or if the key beside it does not fit.
    `aside` is the ending of the name under which a record that is there is kept.
    """
    if not backup.is_file():
        raise StoreError(f"There is no backup at {backup}: name the file that 'thinkchild log backup' wrote.")
    there = target.exists()
    if there and backup.samefile(target):
        raise StoreError(f"{backup} is the record itself: name the backup, and with --db where it should go.")
    stands = proven(backup, expected)
    _fits(backup, key_path(target))
    if there and not replace:
        raise StoreError(f"There is a record at {target}: say --replace to put it aside, or name another with --db.")
    kept = target.with_name(f"{target.name}.{aside}")
    with _draft_of(target) as draft, _whole(target):
        with (
            closing(AdviceLog.read(backup)) as source,
            closing(engine.open_file(draft, isolation_level=None)) as copy,
        ):
            source.connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
        proven(draft, expected)
        _settle(target)
        with _alone(target):
            _put_aside(target, kept)
            _put_in_place(draft, target)
    proven(target, expected)
    return stands, kept if there else None


def erased_since(kept: Path, target: Path) -> list[str]:
    """Return the receipts of sessions that were erased in one record and are whole in another, older one.

    It is empty too where the first cannot be read any more.
    """
    sql = "SELECT s.receipt FROM tombstones x JOIN sessions s ON s.id = x.session"
    try:
        with closing(AdviceLog.read(kept)) as before, closing(AdviceLog.read(target)) as now, readable(kept):
            gone = {row[0] for row in now.connection.execute(sql)}
            there = {row[0] for row in now.connection.execute("SELECT receipt FROM sessions")}
            return sorted({row[0] for row in before.connection.execute(sql)} & there - gone)
    except StoreError:
        return []


def convert(db: Path, key: str | None, new: str | None) -> int:
    """Write a database of ours anew with another key, or with none, in the place of the old one; returns its rows.

    The new one is found to hold the same before the old one goes. Raises StoreError if another program has it open.
    """
    with _draft_of(db) as draft, _whole(db), closing(_exclusively(db, key)) as source:
        source.execute(f"ATTACH DATABASE ? AS made KEY {engine.as_sql(new)}", (str(draft),))
        source.execute("SELECT sqlcipher_export('made')")
        source.execute("DETACH DATABASE made")
        with closing(engine.open_with(new, draft, isolation_level=None)) as made:
            rows = _counted(made)
            if rows != _counted(source) or (("head", 1) in rows.items() and verify(made)[1] is not None):
                raise StoreError(f"The new form of {db} does not hold the same: the old one stays as it is; try again.")
        _put_in_place(draft, db)
    return sum(rows.values())


def proven(path: Path, expected: Sequence[Head] = ()) -> Head:
    """Return the head of a record that proves itself, all of it; raises StoreError that names the first break."""
    with closing(AdviceLog.read(path)) as log, readable(path):
        _, broken = verify(log.connection, expected)
        if broken is not None:
            raise StoreError(f"The record in {path} is broken at {broken}.")
        if damage := damaged(log.connection):
            raise StoreError(f"The file {path} is damaged, though no row of the record was changed: {damage}.")
        return head(log.connection) or Head(0, FIRST)


def _fits(backup: Path, key: Path) -> None:
    """Refuse a backup beside another key than its own, and one with sessions where there is none."""
    with closing(AdviceLog.read(backup)) as log, readable(backup):
        in_use = log.connection.execute("SELECT 1 FROM owners LIMIT 1").fetchone() is not None
        noted = note(log.connection, KEY_CHECK)
    if not key.exists():
        if in_use:
            raise StoreError(f"The key file {key} is missing: put your copy of it there first, then restore.")
        return
    held = key_beside(key.with_name(key.name.removesuffix(".key")), in_use=in_use)
    if in_use and noted is not None and noted[0] != check_of(held):
        raise StoreError(f"The key file {key} belongs to another record than {backup}: put the right one there first.")


def _refuse_to_cover(db: Path, target: Path) -> None:
    """Refuse to write a backup over the record, over what stands beside it, or over a file that is no backup of ours."""
    ours = [db, key_path(db), *(db.with_name(db.name + ending) for ending in _BESIDE)]
    # A device is no file, and would be replaced by one if whoever runs this may do so.
    if any(target.resolve() == one.resolve() for one in ours) or (target.exists() and not target.is_file()):
        raise StoreError(f"{target} is no place for a backup: name a file of its own, best on another disk.")
    if target.exists() and target.stat().st_size:
        try:
            AdviceLog.read(target).close()
        except StoreError:
            raise StoreError(f"{target} is there already and is no backup of ours: name another file.") from None


def _exclusively(db: Path, key: str | None) -> sqlite3.Connection:
    """Open a database so that nobody else has it open until it is closed, with nothing left in files beside it."""
    source = engine.open_by_cipher(db, isolation_level=None, timeout=1.0)
    try:
        with readable(db):
            if key is not None:
                source.execute(f"PRAGMA key = {engine.as_sql(key)}")
            source.execute("PRAGMA journal_mode = DELETE")  # refused while anybody else has it open
            source.execute("PRAGMA locking_mode = EXCLUSIVE")
            source.execute("BEGIN EXCLUSIVE")
            source.execute("COMMIT")  # the lock stays until it is closed
    except StoreError as error:
        source.close()
        if any(word in str(error.__cause__).lower() for word in ("locked", "busy")):
            raise StoreError(_IN_USE.format(path=db)) from error
        raise
    except BaseException:
        source.close()
        raise
    return source


def _counted(connection: sqlite3.Connection) -> dict[str, int]:
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
    return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in names}


_IN_USE = "The database {path} is in use: stop the program that uses it (the bot, the server, a chat), then try again."


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep everybody else out of a database that may be damaged; raises StoreError if somebody has it open."""
    if not path.exists():
        yield
        return
    handle = os.open(path, os.O_RDWR)
    try:
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, _LENGTH, _SHARED)
        except OSError as error:
            raise StoreError(_IN_USE.format(path=path)) from error
        yield
    finally:
        os.close(handle)


@contextmanager
def _draft_of(target: Path) -> Iterator[Path]:
    """Give a file beside the target that only its owner may read, and take it away if it did not take the place."""
    draft = target.with_name(f"{target.name}.part-{secrets.token_hex(4)}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise StoreError(f"{target} cannot be written ({error.strerror}): name another file.") from error
    try:
        yield draft
    finally:
        for ending in ("", *_BESIDE):
            with suppress(OSError):
                draft.with_name(draft.name + ending).unlink(missing_ok=True)


@contextmanager
def _whole(target: Path) -> Iterator[None]:
    """Say in one sentence why a copy could not be made."""
    try:
        yield
    except engine.errors(OSError) as error:
        why = "the disk is full" if "full" in str(error) or "No space" in str(error) else str(error)
        raise StoreError(
            f"{target} could not be written ({why}): what was there before is as it was; put that right and try again."
        ) from error


def _settle(target: Path) -> None:
    """Write what stands in the write-ahead log of the old record into it, so that a crash now parts nothing from it.

    A record that is in use or damaged stays as it is: the first is refused next, and the second has nothing to lose.
    """
    if target.exists():
        with suppress(StoreError), readable(target), closing(engine.open_file(target, isolation_level=None)) as old:
            old.execute("PRAGMA journal_mode = DELETE")


def _put_aside(target: Path, kept: Path) -> None:
    """Keep what is there under another name, with what SQLite put beside it."""
    if target.exists():
        os.link(target, kept)
    for ending in _BESIDE:
        beside = target.with_name(target.name + ending)
        if ending == _SHARED_MEMORY:
            beside.unlink(missing_ok=True)  # it holds nothing that is not in the others
        elif beside.exists():
            beside.rename(kept.with_name(kept.name + ending))


def _put_in_place(draft: Path, target: Path) -> None:
    """Put a whole file in its place at once, and wait until that is on the disk."""
    _on_disk(draft)
    draft.replace(target)
    _on_disk(target.parent)


def _on_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
