"""What opens the file: Python's own SQLite, or SQLCipher where a key is named; and what the operator may choose of it.

Two settings of the environment are read here and nowhere else: `THINKCHILD_DB_KEY_FILE`, the file (mode 600) whose key
encrypts the whole database, its write-ahead log included, and `THINKCHILD_SYNCHRONOUS`, what a power cut may take.
"""

from __future__ import annotations

import os
import re
import secrets
import sqlite3
import stat
import sys
from pathlib import Path
from typing import Any, cast

from bot.errors import SetupError

KEY_FILE = "THINKCHILD_DB_KEY_FILE"
SYNCHRONOUS = "THINKCHILD_SYNCHRONOUS"
LEVELS = ("full", "extra", "normal")
"""How soon a turn is on the disk; the first is what is taken when nobody chose."""
MAKE_ONE = "make one with: (umask 077; openssl rand -hex 32 > thinkchild.dbkey)"
PLAIN = b"SQLite format 3\x00"
"""How every database begins that is not encrypted."""
_KEY = re.compile(r"[0-9a-f]{64}", re.ASCII | re.IGNORECASE)
_CIPHER = "sqlcipher3.dbapi2"


def synchronous() -> str:
    """Return which level of SQLite's `synchronous` the operator chose; raises SetupError for a word that is none."""
    chosen = os.environ.get(SYNCHRONOUS, "").strip().lower() or LEVELS[0]
    if chosen not in LEVELS:
        raise SetupError(f"{SYNCHRONOUS} is {chosen!r}: set it to full, extra or normal, or leave it out for full.")
    return chosen


def key_file() -> Path | None:
    """Return the file whose key encrypts the database, if one is named."""
    named = os.environ.get(KEY_FILE, "").strip()
    return Path(named) if named else None


def read_key(file: Path) -> str:
    """Return the key in a file, 64 hexadecimal digits; raises SetupError that says what to do. No message holds it."""
    try:
        mode = file.stat().st_mode
        if not stat.S_ISREG(mode):
            raise SetupError(f"The key file {file} ({KEY_FILE}) is not a file; {MAKE_ONE}.")
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SetupError(f"Others can read the key file {file} ({KEY_FILE}): run 'chmod 600 {file}'.")
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SetupError(
            f"The key file {file} ({KEY_FILE}) cannot be read ({why}): put it back, or {MAKE_ONE}."
        ) from None
    if _KEY.fullmatch(text) is None:
        raise SetupError(f"The key file {file} ({KEY_FILE}) does not hold a whole key: put the right one back.")
    return text.lower()


def make_key(file: Path) -> None:
    """Make a new key in a file that only its owner may read; raises SetupError if one is there or it cannot be written."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as out:
            out.write(secrets.token_hex(32) + "\n")
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        raise SetupError(f"The key file {file} cannot be made ({error.strerror}): name another.") from error


def open_file(where: Path | str, **how: Any) -> sqlite3.Connection:  # noqa: ANN401 - what sqlite3.connect takes
    """Open a database, encrypted if a key is named; raises SetupError where the key or the library is missing."""
    file = key_file()
    return open_with(read_key(file) if file is not None else None, where, **how)


def open_with(key: str | None, where: Path | str, **how: Any) -> sqlite3.Connection:  # noqa: ANN401 - as above
    """Open a database with a key, or without one."""
    if key is None:
        return cast("sqlite3.Connection", sqlite3.connect(where, **how))
    connection = open_by_cipher(where, **how)
    connection.execute(f"PRAGMA key = {as_sql(key)}")
    return connection


def open_by_cipher(where: Path | str, **how: Any) -> sqlite3.Connection:  # noqa: ANN401 - as above
    """Open a database with the library that encrypts, which reads plain ones too until it is given a key."""
    connection = cast("sqlite3.Connection", _cipher().connect(str(where), **how))
    # A wrong key is told by what it does, in one sentence, and not by a library's own lines on standard error.
    connection.execute("PRAGMA cipher_log_level = NONE")
    return connection


def as_sql(key: str | None) -> str:
    """Write a key as SQL takes it: 64 hexadecimal digits stand for themselves, and nothing else can stand here."""
    if key is None:
        return "''"
    if _KEY.fullmatch(key) is None:
        raise ValueError("a key is 64 hexadecimal digits")
    return f"\"x'{key}'\""


def _cipher() -> Any:  # noqa: ANN401 - a module that has no types
    try:
        import sqlcipher3.dbapi2 as cipher  # noqa: PLC0415 - an extra; most installations do without
    except ImportError:
        raise SetupError(
            f"{KEY_FILE} is set, and encryption needs another library: run pip install 'thinkchild[encrypted]'."
        ) from None
    return cipher


def errors(*others: type[Exception]) -> tuple[type[Exception], ...]:
    """Return what either library raises, the two share no class, and others that are caught alike."""
    cipher = sys.modules.get(_CIPHER)
    return (*others, sqlite3.Error, *([cipher.Error] if cipher is not None else []))


def operational() -> tuple[type[Exception], ...]:
    """Return what either library raises when a file cannot be used just now."""
    cipher = sys.modules.get(_CIPHER)
    return (sqlite3.OperationalError, *([cipher.OperationalError] if cipher is not None else []))


def is_plain(path: Path) -> bool:
    """Say whether a file is a database that is not encrypted, by how it begins."""
    try:
        with path.open("rb") as file:
            return file.read(len(PLAIN)) == PLAIN
    except OSError:
        return False


def why_no_database(path: Path) -> str:
    """Say in one sentence why a file does not read as a database: damaged, or encrypted otherwise than we were told."""
    file, plain = key_file(), is_plain(path)
    if file is not None and plain:
        return (
            f"The database {path} is not encrypted though {KEY_FILE} is set, or it is damaged: "
            "run 'thinkchild log encrypt', or leave that setting out."
        )
    if file is not None:
        return f"The key in {file} does not open {path}, or it is damaged: name its own key, or restore a backup."
    hint = "" if plain else f"; if it is encrypted, name its key in {KEY_FILE}"
    return f"The database {path} is damaged: keep the file, restore a backup, or name another with --db{hint}."
