"""Opening the file of the record: what can be wrong with it, in one sentence, and the key beside it."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import sqlite3
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.advice_log import engine
from bot.advice_log.notes import KEY_CHECK, note, put_note
from bot.advice_log.schema import migrations
from bot.advice_log.tables import Database, Migrations
from bot.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what SQLite says into one sentence that says what to do."""
    try:
        yield
    except UnicodeDecodeError as error:
        # The library cannot even put into words what it found: the file holds bytes where it wrote text.
        raise StoreError(engine.why_no_database(path)) from error
    except engine.errors() as error:
        said = str(error).lower()
        if "locked" in said or "busy" in said:
            says = f"The database {path} is in use by another Thinkchild: wait a moment and try again, or name another with --db."
        elif "readonly" in said or "read-only" in said:
            says = f"The database {path} is read-only, so advice could not be kept: make it writable, or name another with --db."
        elif "full" in said:
            says = f"The disk that holds {path} is full, so nothing of this turn was kept: make room and try again."
        elif "not a database" in said or "malformed" in said or "corrupt" in said:
            says = engine.why_no_database(path)
        elif "no such table" in said or "no such column" in said or "append-only" in said:
            says = f"The database {path} is not one of ours ({error}): name another with --db."
        else:
            says = f"The database {path} cannot be used ({error}): name another with --db."
        raise StoreError(says) from error


def is_final(error: BaseException) -> bool:
    """Say whether an error would be the same on a disk that can be written: it is in use, or it is not ours."""
    return any(word in str(error).lower() for word in ("locked", "busy", "no such table"))


def check(path: Path, connection: sqlite3.Connection) -> None:
    """Raise StoreError, in one sentence, when the record cannot be reached any more."""
    with readable(path):
        if not path.exists():
            raise sqlite3.OperationalError("no such table: the file is gone")
        connection.execute("SELECT seq FROM head").fetchone()


KEY_BYTES = 32
PATIENCE = 5.0
"""Seconds to wait for another process that is making the same new record just now."""


def connect(path: Path, patience: float = PATIENCE) -> sqlite3.Connection:
    """Open a file of ours, making an empty one if it is not there; raises StoreError in one sentence."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            # Only its owner may read it; the files that SQLite puts beside it take after it.
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        return engine.open_file(path, timeout=patience, isolation_level=None, check_same_thread=False)
    except engine.errors(OSError) as error:
        raise StoreError(f"The database {path} cannot be opened ({error}): name another with --db.") from error


def prepare(
    connection: sqlite3.Connection, patience: float = PATIENCE, *, tables: Migrations = migrations, ours: str = "head"
) -> None:
    """Make the tables, or bring them up to date; a database of somebody else, which has none called `ours`, is left alone.

    Two processes may come to a new file at once: one makes the record, and the other waits and finds it made.
    """
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if names and not names & {ours, "_sqlite_migrations"}:
        raise sqlite3.OperationalError(f"no such table: {ours}")
    until = time.monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            database = Database(connection)
            if tables.pending(database):
                tables.apply(database)
            return  # noqa: TRY300 - the way out of the loop
        except engine.operational() as error:
            if time.monotonic() > until or not any(word in str(error) for word in ("locked", "busy", "already exists")):
                raise
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            time.sleep(0.05)


def _read_key(file: Path) -> bytes:
    try:
        key = bytes.fromhex(file.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise StoreError(f"The key file {file} cannot be read ({error}): put the right one back.") from error
    if len(key) != KEY_BYTES:
        raise StoreError(f"The key file {file} does not hold a whole key: put the right one back.")
    return key


def key_path(path: Path) -> Path:
    """Return where the key of the pseudonyms lies: beside the database."""
    return path.with_name(path.name + ".key")


def check_of(key: bytes) -> str:
    """Return what a key makes of a fixed text: it tells two keys apart, and leads back to neither."""
    return hmac.new(key, b"thinkchild: the key of this record", hashlib.sha256).hexdigest()[:32]


def know_key(connection: sqlite3.Connection, path: Path, key: bytes, *, in_use: bool) -> bool:
    """Note inside the open transaction which key a record is used with, and say whether that was new.

    Raises StoreError for another key than that which was noted: everybody would be a stranger.
    """
    noted = note(connection, KEY_CHECK)
    if noted is not None and noted[0] == check_of(key):
        return False
    if noted is not None and in_use:
        raise StoreError(
            f"The key file {key_path(path)} belongs to another record: put the right one back; without it nobody's session is found."
        )
    put_note(connection, KEY_CHECK, check_of(key), "")
    return True


def key_beside(path: Path, *, in_use: bool) -> bytes:
    """Return the key of the pseudonyms: a file beside the database that only its owner can read.

    Raises StoreError when the key is gone though it is in use: a new one would make everybody a stranger.
    """
    file = key_path(path)
    if file.exists():
        return _read_key(file)
    if in_use:
        raise StoreError(
            f"The key file {file} is missing: put it back beside the database; without it nobody's session is found."
        )
    key = secrets.token_bytes(KEY_BYTES)
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as out:
            out.write(key.hex() + "\n")
        try:
            os.link(draft, file)  # whole or not at all, and never over one that is there
        except FileExistsError:
            return _read_key(file)
        finally:
            draft.unlink()
    except OSError as error:
        raise StoreError(f"The key file {file} cannot be written ({error}): make the folder writable.") from error
    return key


def to_write(path: Path, patience: float) -> tuple[sqlite3.Connection, bytes]:
    """Open the record to write in it, making or bringing up to date what is not there; returns it with its key.

    Raises StoreError in one sentence.
    """
    connection = connect(path, patience)
    try:
        with readable(path):
            prepare(connection)
            # FULL unless somebody chose: a turn that was answered is on the disk, also after a power cut.
            connection.execute(f"PRAGMA synchronous = {engine.synchronous()}")
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA foreign_keys = ON")
            # Without this a REPLACE would slip past the triggers that keep rows from being deleted.
            connection.execute("PRAGMA recursive_triggers = ON")
            # A read-only file opens well and fails at the first answer: find out now.
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("UPDATE head SET seq = seq WHERE one = 1")
            in_use = connection.execute("SELECT 1 FROM owners LIMIT 1").fetchone() is not None
            key = key_beside(path, in_use=in_use)
            # Only a key that was just noted is written: opening writes nothing else.
            connection.execute("COMMIT" if know_key(connection, path, key, in_use=in_use) else "ROLLBACK")
            return connection, key
    except BaseException:
        connection.close()
        raise


def to_read(path: Path) -> sqlite3.Connection:
    """Open the record to read it only; raises StoreError in one sentence."""
    with readable(path):
        for how in ("mode=ro", "immutable=1"):
            connection = engine.open_file(f"{path.resolve().as_uri()}?{how}", uri=True, isolation_level=None)
            try:
                connection.execute("SELECT 1 FROM head").fetchone()
                return connection  # noqa: TRY300 - as below, it is the way out of the loop
            except BaseException as error:
                connection.close()
                # A disk that cannot be written has no room for the file that readers share; anything else is said.
                if how != "mode=ro" or not isinstance(error, engine.operational()) or is_final(error):
                    raise
    raise AssertionError("one of the two ways returned or raised")
