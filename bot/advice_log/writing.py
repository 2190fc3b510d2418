"""Adding rows: under the write lock, chained, and several transactions with one writing to disk."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from bot.advice_log.chain import link
from bot.advice_log.opening import readable
from bot.errors import StoreError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path


class Writing:
    """A record that can be written to: transactions, alone or together, and the rows they add."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.connection = connection
        self._head: tuple[int, str] = (0, "")
        self._grouped = False

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the write lock; everything inside is kept together or not at all.

        Inside `together` it is one part of that: kept or not by itself, and on the disk when `together` ends.
        """
        with readable(self.path), self._part() if self._grouped else self._whole():
            yield

    @contextmanager
    def together(self) -> Iterator[None]:
        """Hold the write lock for several transactions with one writing to disk; raises StoreError if that failed.

        Nothing of any of them is kept then, so nobody may be told of one before this has ended.
        """
        with readable(self.path), self._whole():
            self._grouped = True
            try:
                yield
            finally:
                self._grouped = False

    @contextmanager
    def _whole(self) -> Iterator[None]:
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            # Read once under the lock and written back once: nobody else can add a row meanwhile.
            begun = self._head = self.connection.execute("SELECT seq, hash FROM head").fetchone()
            yield
            if self._head != begun:
                self.connection.execute("UPDATE head SET seq = ?, hash = ?", self._head)
            self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    @contextmanager
    def _part(self) -> Iterator[None]:
        if not self.connection.in_transaction:  # a full disk may end all of it at once, and nothing may begin anew here
            raise StoreError(f"The database {self.path} gave up what was to be kept, so nothing of it was: try again.")
        begun = self._head
        self.connection.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            self._head = begun
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK TO part")
                self.connection.execute("RELEASE part")
            raise
        self.connection.execute("RELEASE part")

    def append(self, table: str, row: dict[str, Any]) -> int:
        """Add a chained row inside the open transaction; returns its number in the record."""
        seq, before = self._head
        if "id" not in row and table != "content":
            row = {"id": seq + 1, **row}  # its number in the record is as good an id as any, and needs no look-up
        row["seq"] = seq + 1
        row["hash"] = link(before, table, row)
        self.connection.execute(_insert(table, tuple(row)), tuple(row.values()))
        self._head = (seq + 1, row["hash"])
        return int(seq) + 1


@cache
def _insert(table: str, columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
