"""The hash chain: each row's hash covers the row and the hash before it, over all chained tables in one order."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.advice_log.heads import by_row
from bot.advice_log.schema import CHAINED, LATER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bot.advice_log.heads import Head

FIRST = "thinkchild"
WORDS_OF = {"turns": "state_digest", "advice": "words_digest", "outbox": "words_digest"}
"""The column of a chained row that holds the digest of its words."""


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where the record no longer proves itself."""

    table: str
    row: str
    seq: int
    says: str

    def __str__(self) -> str:
        return f"{self.table} row {self.row} (number {self.seq} of the record): {self.says}"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def digest(body: str, salt: str) -> str:
    """Return the salted digest that a chained row keeps of words that stand beside the chain."""
    return _sha256(f"{salt}\0{body}")


def link(before: str, table: str, row: Mapping[str, object]) -> str:
    """Return the hash of a row: over the hash before it, its table, and every column but the hash."""
    left_out = {"hash", *(column for part, column in LATER if part == table and not row.get(column))}
    told = json.dumps(
        [table, {key: row[key] for key in sorted(row) if key not in left_out}],
        separators=(",", ":"),
        ensure_ascii=False,
        default=repr,
    )
    return _sha256(f"{before}\n{told}")


def rows_in_order(connection: sqlite3.Connection) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield every chained row with its table, in the order it was written; a record of an earlier program has fewer tables."""
    there = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    order = connection.execute(
        " UNION ALL ".join(
            f"SELECT seq, '{table}' AS part, rowid AS place FROM {table}" for table in CHAINED if table in there
        )
        + " ORDER BY seq"
    ).fetchall()
    for _, table, place in order:
        cursor = connection.execute(f"SELECT * FROM {table} WHERE rowid = ?", (place,))
        names, row = [column[0] for column in cursor.description], cursor.fetchone()
        if row is None:
            raise sqlite3.DatabaseError("database disk image is malformed: a row is not where its index says")
        yield table, dict(zip(names, row, strict=True))


def damaged(connection: sqlite3.Connection) -> str:
    """Say what SQLite finds wrong with the file itself, or nothing: a spoilt index finds somebody else's rows."""
    found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    return "" if found == "ok" else " ".join(str(found).split()).removeprefix("*** in database main *** ")


def verify(connection: sqlite3.Connection, expected: Sequence[Head] = ()) -> tuple[int, Break | None]:
    """Check the whole record; returns how many rows it has, and the first break if there is one.

    Heads that were noted elsewhere have to be in it, each at its own row: else its end was cut off, or it was made anew.
    It reads one moment of the record, also while others write, and takes no text for granted.
    """
    factory, connection.text_factory = connection.text_factory, _any_text
    connection.execute("BEGIN")
    try:
        return _verify(connection, by_row(expected))
    except KeyError as error:  # a flipped bit in the schema gives a column another name
        raise sqlite3.DatabaseError("malformed: a column is not where it belongs") from error
    finally:
        connection.execute("ROLLBACK")
        connection.text_factory = factory


def _any_text(data: bytes) -> str:
    """Read text that somebody may have spoilt: a byte that is no text has to be found, not stumbled over."""
    return data.decode("utf-8", "surrogateescape")


def _verify(connection: sqlite3.Connection, noted: Mapping[int, Sequence[Head]]) -> tuple[int, Break | None]:
    before, expected = FIRST, 0
    erased = {row[0] for row in connection.execute("SELECT session FROM tombstones")}
    for table, row in rows_in_order(connection):
        expected += 1
        seq = row["seq"]
        name = str(row.get("id", row.get("version", "?")))
        if not isinstance(seq, int) or seq < expected:
            return expected - 1, Break(table, name, expected, "its number in the record was changed")
        if seq > expected:
            return expected - 1, Break(table, name, seq, f"{seq - expected} row(s) before it are missing")
        if link(before, table, row) != row["hash"]:
            return expected, Break(table, name, seq, "it was changed, or the row before it was, after it was written")
        says = _words_hold(connection, table, row, erased)
        if says:
            return expected, Break(table, name, seq, says)
        before = str(row["hash"])
        for one in noted.get(seq, ()):
            if not one.fits(before):
                return expected, Break(table, name, seq, f"it is not what it was when the head {one} was noted")
    head = connection.execute("SELECT seq, hash FROM head").fetchone()
    if head is None or tuple(head) != (expected, before):
        return expected, Break(
            "head", "1", expected, "the end of the record does not match: rows were cut off or added"
        )
    for rows, heads in noted.items():
        if rows > expected:
            says = f"its end was cut off: it had {rows:,} rows when the head {heads[0]} was noted"
            return expected, Break("head", "1", expected, says)
    return expected, None


def _words_hold(connection: sqlite3.Connection, table: str, row: Mapping[str, object], erased: set[str]) -> str:
    """Say what is wrong with the words beside a chained row, or nothing."""
    if table == "content":
        held = connection.execute("SELECT body FROM compiled WHERE version = ?", (row["version"],)).fetchone()
        if held is None or _sha256(str(held[0])) != row["version"]:
            return "the content kept for this version is not the content it names"
    if table == "sessions":
        held = connection.execute("SELECT person, salt FROM owners WHERE session = ?", (row["id"],)).fetchone()
        if held is None:
            return "" if row["id"] in erased else "whose it is was removed without a tombstone"
        return "" if digest(held[0], held[1]) == row["owner_digest"] else "whose it is was changed"
    column = WORDS_OF.get(table)
    if column is None:
        return ""
    held = connection.execute(
        "SELECT salt, body, session FROM words WHERE part = ? AND row = ?", (table, row["id"])
    ).fetchone()
    if held is None:
        turn = row["id"] if table == "turns" else row["turn"]
        session = connection.execute("SELECT session FROM turns WHERE id = ?", (turn,)).fetchone()
        return "" if session and session[0] in erased else "its words were removed without a tombstone"
    return "" if digest(held[1], held[0]) == row[column] else "its words were changed"
