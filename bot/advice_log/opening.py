"""Opening the file of the record: what can be wrong with it, in one sentence, and the key beside it."""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlite_utils import Database

from bot.advice_log.schema import migrations
from bot.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what SQLite says into one sentence that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        said = str(error).lower()
        if "locked" in said or "busy" in said:
            says = f"The database {path} is in use by another Thinkchild: wait a moment and try again, or name another with --db."
        elif "readonly" in said or "read-only" in said:
            says = f"The database {path} is read-only, so advice could not be kept: make it writable, or name another with --db."
        elif "full" in said:
            says = f"The disk that holds {path} is full, so nothing of this turn was kept: make room and try again."
        elif "not a database" in said or "malformed" in said or "corrupt" in said:
            says = f"The database {path} is damaged: keep the file, restore a backup, or name another with --db."
        elif "no such table" in said or "no such column" in said or "append-only" in said:
            says = f"The database {path} is not one of ours ({error}): name another with --db."
        else:
            says = f"The database {path} cannot be used ({error}): name another with --db."
        raise StoreError(says) from error


def bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Apply what newer programs added."""
    database = Database(connection)
    if migrations.pending(database):
        migrations.apply(database)


def key_beside(path: Path, connection: sqlite3.Connection) -> bytes:
    """Return the key of the pseudonyms: a file beside the database that only its owner can read.

    Raises StoreError when sessions exist and the key is gone: a new one would make everybody a stranger.
    """
    file = path.with_name(path.name + ".key")
    if file.exists():
        try:
            return bytes.fromhex(file.read_text(encoding="ascii").strip())
        except (OSError, ValueError) as error:
            raise StoreError(f"The key file {file} cannot be read ({error}): put the right one back.") from error
    if connection.execute("SELECT 1 FROM owners LIMIT 1").fetchone():
        raise StoreError(
            f"The key file {file} is missing: put it back beside the database; without it nobody's session is found."
        )
    key = secrets.token_bytes(32)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as out:
            out.write(key.hex() + "\n")
    except FileExistsError:
        return bytes.fromhex(file.read_text(encoding="ascii").strip())
    except OSError as error:
        raise StoreError(f"The key file {file} cannot be written ({error}): make the folder writable.") from error
    return key
