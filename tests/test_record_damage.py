"""Torn writes, flipped bits, files cut short: what opens is a whole beginning of the record, or it is refused in words."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.advice_log import AdviceLog, verify
from bot.advice_log.copying import proven
from bot.advice_log.heads import Head, head
from bot.advice_log.opening import key_path
from bot.advice_log.rows import TurnRow
from bot.advice_log.schema import CHAINED
from bot.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

AT = "2026-11-23T12:00:00Z"
PROVEN = (*CHAINED, "words", "compiled")
"""Tables of which no row may be other than it was where the record is said to hold."""
NAMES = {"label": "blue heron", "channel": "terminal", "area": "england", "content_version": "v", "at": AT}


def say(log: AdviceLog, session: str, n: int) -> None:
    """Add a turn of some size, in a transaction of its own."""
    turn = TurnRow(
        key=f"k{n}", event="chose", flow="new_partner", step=f"s{n}", decision="", matcher="", urgency="today", closed=False,
        stopped=False, content_version="v", state='{"given": "a"}',
        replies=[("say", f"s{n}", 0, ["H1"], "", f"Ring 999, line {n} of {m}. " * 9) for m in range(4)],
        superseded=[], said='{"replies": []}', nonce=f"n{n}", at=AT,
    )  # fmt: skip
    with log.transaction():
        log.add_turn(session, n, turn)


@dataclass(frozen=True, repr=False)
class Torn:
    """A record in the middle of being written: the file, its write-ahead log, and every head it ever had."""

    database: bytes
    wal: bytes
    key: bytes
    heads: tuple[Head, ...]
    rows: dict[str, list[tuple[object, ...]]]

    def lay_out(self, folder: Path, *, database: bytes | None = None, wal: bytes | None = None) -> Path:
        """Put it into a folder as a crash would have left it."""
        path = folder / "torn.db"
        for file in folder.glob("torn.db*"):
            file.unlink()
        path.write_bytes(self.database if database is None else database)
        path.with_name("torn.db-wal").write_bytes(self.wal if wal is None else wal)
        key_path(path).write_bytes(self.key)
        return path


def rows_of(connection: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    """Return every row that the proof covers."""
    return {table: sorted(connection.execute(f"SELECT * FROM {table}"), key=repr) for table in PROVEN}


@pytest.fixture(scope="module")
def torn(tmp_path_factory: pytest.TempPathFactory) -> Torn:
    """Write a record, half of it settled in the file and half still in the write-ahead log."""
    path = tmp_path_factory.mktemp("torn") / "whole.db"
    log = AdviceLog.open(path)
    with log.transaction():
        session, _ = log.begin_session(log.person("terminal", "one"), **NAMES)
    for n in range(1, 9):
        say(log, session, n)
    log.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    log.connection.execute("PRAGMA wal_autocheckpoint = 0")
    heads = [head(log.connection)]
    for n in range(9, 17):
        say(log, session, n)
        heads.append(head(log.connection))
    made = Torn(
        path.read_bytes(),
        path.with_name("whole.db-wal").read_bytes(),
        key_path(path).read_bytes(),
        tuple(one for one in heads if one is not None),
        rows_of(log.connection),
    )
    log.close()
    return made


def is_a_whole_beginning(torn: Torn, path: Path) -> None:
    """Open a record after a crash: it ends where some turn ended, all of it holds, and the next turn can be kept."""
    with closing(AdviceLog.open(path)) as log:
        found = head(log.connection)
        assert found in torn.heads
        assert verify(log.connection, [one for one in torn.heads if one.rows <= found.rows])[1] is None
        words = log.connection.execute("SELECT count(*) FROM words").fetchone()[0]
        lines = log.connection.execute(
            "SELECT (SELECT count(*) FROM turns) + (SELECT count(*) FROM advice) + (SELECT count(*) FROM outbox)"
        ).fetchone()[0]
        assert words == lines, "a turn is whole or not there"
        session = log.connection.execute("SELECT id FROM sessions").fetchone()[0]
        say(log, session, 99)
        assert verify(log.connection)[1] is None


def is_a_whole_beginning_or_refused(torn: Torn, path: Path) -> None:
    """The same, or it is refused in one sentence, and then nobody is told that all is well."""
    said = one_sentence_or(lambda: is_a_whole_beginning(torn, path))
    assert "\n" not in said


def one_sentence_or(does: Callable[[], object]) -> str:
    """Do something and return nothing, or the sentence with which it was refused."""
    try:
        does()
    except StoreError as error:
        return str(error)
    return ""


FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FEW
@given(share=st.floats(0, 1))
def test_a_write_ahead_log_cut_short_anywhere_leaves_whole_turns(torn: Torn, tmp_path: Path, share: float) -> None:
    """Wherever a crash cut it: the record ends with a whole turn, verifies, and goes on."""
    is_a_whole_beginning(torn, torn.lay_out(tmp_path, wal=torn.wal[: int(len(torn.wal) * share)]))


@FEW
@given(share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_bit_flipped_in_the_write_ahead_log_leaves_whole_turns(
    torn: Torn, tmp_path: Path, share: float, bit: int
) -> None:
    """A spoilt frame and all after it count as never written; what was before is whole."""
    wal = bytearray(torn.wal)
    wal[int(len(wal) * share)] ^= 1 << bit
    is_a_whole_beginning_or_refused(torn, torn.lay_out(tmp_path, wal=bytes(wal)))


@FEW
@given(share=st.floats(0, 1, exclude_max=True), junk=st.binary(min_size=1, max_size=5000))
def test_a_sector_of_something_else_in_the_write_ahead_log_leaves_whole_turns(
    torn: Torn, tmp_path: Path, share: float, junk: bytes
) -> None:
    """A torn page, half old and half new, or a sector of another file: the record ends before it."""
    place = int(len(torn.wal) * share)
    wal = torn.wal[:place] + junk + torn.wal[place + len(junk) :]
    is_a_whole_beginning_or_refused(torn, torn.lay_out(tmp_path, wal=wal))


@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # of the whole file, where examples are written out
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_bit_flipped_in_the_file_is_found_or_changed_nothing(
    torn: Torn, tmp_path: Path, share: float, bit: int
) -> None:
    """Whatever bit of the file flips: it is refused in one sentence, or every proven row is what it was."""
    database = bytearray(torn.database)
    database[int(len(database) * share)] ^= 1 << bit
    path = torn.lay_out(tmp_path, database=bytes(database))

    def holds() -> None:
        assert proven(path) in torn.heads
        with closing(AdviceLog.read(path)) as log:
            assert rows_of(log.connection) == torn.rows

    assert "\n" not in one_sentence_or(holds)


@FEW
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_short_is_refused(torn: Torn, tmp_path: Path, share: float) -> None:
    """A file that lost its end, with no write-ahead log to make up for it, is no record and is said to be none."""
    path = torn.lay_out(tmp_path, database=torn.database[: int(len(torn.database) * share)], wal=b"")
    with pytest.raises(StoreError) as refused:
        proven(path)
    assert "\n" not in str(refused.value)


def test_a_log_of_another_record_is_not_taken_for_ours(torn: Torn, tmp_path: Path) -> None:
    """A write-ahead log of another record can stand in for the whole of this one: the key and a noted head find it."""
    other = AdviceLog.open(tmp_path / "other.db")
    with other.transaction():
        other.begin_session("p", **NAMES)
    foreign = (tmp_path / "other.db-wal").read_bytes()
    other.close()
    path = torn.lay_out(tmp_path, wal=foreign)
    with pytest.raises(StoreError, match="head"):
        proven(path, [torn.heads[0]])
    with pytest.raises(StoreError, match="belongs to another record"):
        AdviceLog.open(path)


def test_a_spoilt_index_is_found_though_every_row_holds(tmp_path: Path) -> None:
    """An index that leads to the wrong person's rows changes no row; the check of the file finds it all the same."""
    path = tmp_path / "a.db"
    with closing(AdviceLog.open(path)) as log, log.transaction():
        for n in range(20):
            log.begin_session(log.person("terminal", str(n)), **NAMES)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = 'CREATE INDEX owners_person ON owners(salt)' WHERE name = 'owners_person'"
        )
        connection.commit()
    with pytest.raises(StoreError, match="no row of the record was changed"):
        proven(path)


def test_damage_that_cannot_even_be_put_into_words_is_one_sentence(torn: Torn, tmp_path: Path) -> None:
    """Bytes that are no text, where the file describes itself, are said to be damage."""
    assert torn.database.count(b"CREATE TABLE head") == 1
    spoilt = torn.database.replace(b"CREATE TABLE head", b"CREATE T\xf3\xf3LE head")
    path = torn.lay_out(tmp_path, database=spoilt, wal=b"")
    for opens in (AdviceLog.open, AdviceLog.read, proven):
        with pytest.raises(StoreError, match="damaged"):
            opens(path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    """Mount a disk of one megabyte, where that is allowed; it goes when the test is over."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if shutil.which("mount") is None:
        pytest.skip("a small disk cannot be mounted here")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("a small disk cannot be mounted here")
    return disk


def test_a_disk_that_fills_up_keeps_every_turn_that_was_answered(small_disk: Path) -> None:
    """On a real disk that fills up: the turn that found no room is refused whole, the others stand, and room helps."""
    log = AdviceLog.open(small_disk / "a.db")
    try:
        with log.transaction():
            session, _ = log.begin_session(log.person("terminal", "one"), **NAMES)
        (small_disk / "filler").write_bytes(b"x" * 200_000)
        kept = 0
        with pytest.raises(StoreError) as refused:  # noqa: PT012 - it takes some turns to fill the disk
            for n in range(1, 10_000):
                say(log, session, n)
                kept = n
        assert "full" in str(refused.value)
        assert verify(log.connection)[1] is None
        assert log.connection.execute("SELECT count(*) FROM turns").fetchone()[0] == kept
        (small_disk / "filler").unlink()
        say(log, session, kept + 1)
        assert verify(log.connection)[1] is None
    finally:
        log.close()
        subprocess.run(["umount", str(small_disk)], check=False, capture_output=True)
