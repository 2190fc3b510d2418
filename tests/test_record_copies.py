"""Copies of the record: taken while it is written, put back, refused; the key; a full disk; encryption; Datasette."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest
import yaml
from needed import missing
from sqlite_utils import Database

from bot.advice_log import AdviceLog, engine, heads, receipt, verify
from bot.advice_log.chain import digest
from bot.advice_log.datasette import metadata
from bot.advice_log.notes import LAST_BACKUP, note
from bot.advice_log.opening import key_path
from bot.advice_log.rows import TurnRow
from bot.advice_log.schema import CHAINED, migrations
from bot.errors import SetupError, StoreError
from bot.exercises.store import ExerciseStore, beside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from commands import Done
    from walking import Talk

AT = "2026-11-23T12:00:00Z"

WRITING = """
import sys, time
from pathlib import Path
from bot.advice_log import AdviceLog
log = AdviceLog.open(Path(sys.argv[1]))
print("ready", flush=True)
n = 0
while sys.argv[2] == "writes" or sys.stdin.readline():
    with log.transaction():
        log.begin_session(log.person("terminal", str(n)), label="x y", channel="terminal", area="england", content_version="v", at="2026-11-23T12:00:00Z")
    log.receive(str(n), "somebody", "a message that waits", "2026-11-23T12:00:00Z")
    n += 1
    time.sleep(0.002)  # others have to get a turn
"""


@pytest.fixture
def other(log: AdviceLog) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Give a way to start another process that has the record open: it `writes`, or `waits`."""
    started: list[subprocess.Popen[str]] = []

    def start(does: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            [sys.executable, "-c", WRITING, str(log.path), does], stdin=pipe, stdout=pipe, stderr=pipe, text=True
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", process.communicate()[1]
        return process

    yield start
    for process in started:
        process.kill()
        for stream in (process.stdin, process.stdout, process.stderr):
            assert stream is not None
            with suppress(BrokenPipeError):
                stream.close()
        process.wait()


@pytest.fixture
def said(talk: Callable[..., Talk]) -> str:
    """Talk a little; returns the receipt."""
    return str(talk("one").go("mark_on_child", "no_sign", "not_soon", "not_mobile").out["receipt"])


def folder_of(path: Path) -> dict[str, bytes]:
    """Return every file beside a path, by name."""
    return {
        file.name: file.read_bytes() for file in path.parent.iterdir() if file.is_file() and file.suffix != ".db-shm"
    }


# --- backup ---------------------------------------------------------------------------------------------


def test_a_backup_is_taken_while_the_record_is_written(
    log: AdviceLog, said: str, other: Callable[..., subprocess.Popen[str]], command: Callable[..., Done], tmp_path: Path
) -> None:
    """Ten backups of a record that another process writes to without a pause: each verifies, each is a moment of it."""
    other("writes")
    ends = []
    for number in range(10):
        copy = tmp_path / "backups" / f"{number}.db"
        done = command("log", "backup", str(copy), "--db", str(log.path))
        assert done.code == 0, done.err
        with closing(AdviceLog.read(copy)) as held:
            assert verify(held.connection)[1] is None
            found = heads.head(held.connection)
            assert found is not None
            ends.append(found)
            assert held.connection.execute("SELECT count(*) FROM inbox").fetchone()[0] == 0
            assert receipt(held, said) is not None
        assert b"a message that waits" not in copy.read_bytes()
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
        assert [file.name for file in copy.parent.iterdir() if ".part-" in file.name] == []
    assert len({end.rows for end in ends}) > 1, "it was written to meanwhile"
    assert verify(log.connection, ends)[1] is None
    noted = note(log.connection, LAST_BACKUP)
    assert noted is not None
    assert noted[0] in {f"{end.rows}:{end.hash}" for end in ends}


@pytest.mark.usefixtures("said")
def test_a_backup_never_covers_what_is_no_backup(log: AdviceLog, command: Callable[..., Done], tmp_path: Path) -> None:
    """The record, its key and a file of somebody else's are left alone; an older backup is replaced."""
    mine = tmp_path / "letter.txt"
    mine.write_text("Dear all", encoding="utf-8")
    before = folder_of(log.path)
    for target in (log.path, key_path(log.path), mine, log.path.with_name(log.path.name + "-wal")):
        assert re.search(
            "no place|no backup of ours", command("log", "backup", str(target), "--db", str(log.path)).sentence()
        )
    assert folder_of(log.path) == before
    copy = tmp_path / "b" / "copy.db"
    for _ in range(2):
        assert command("log", "backup", str(copy), "--db", str(log.path)).code == 0


@pytest.mark.usefixtures("said")
def test_a_backup_of_a_broken_record_leaves_the_older_one(
    log: AdviceLog, command: Callable[..., Done], tmp_path: Path
) -> None:
    """A record that no longer proves itself is not copied over a backup that does."""
    copy = tmp_path / "b" / "copy.db"
    command("log", "backup", str(copy), "--db", str(log.path))
    whole = copy.read_bytes()
    log.connection.execute("DROP TRIGGER advice_is_never_changed")
    log.connection.execute("UPDATE advice SET urgency = 'never' WHERE n = 0")
    assert "broken at advice" in command("log", "backup", str(copy), "--db", str(log.path)).sentence()
    assert copy.read_bytes() == whole
    assert [file.name for file in copy.parent.iterdir()] == ["copy.db"]


@pytest.mark.usefixtures("said")
def test_the_key_is_copied_apart(log: AdviceLog, command: Callable[..., Done], tmp_path: Path) -> None:
    """`--key` writes the key to another folder, for its owner alone, and never over another key."""
    give = ("log", "backup", str(tmp_path / "b" / "copy.db"), "--db", str(log.path), "--key")
    assert "another folder" in command(*give, str(tmp_path / "b" / "copy.key")).sentence()
    key = tmp_path / "elsewhere" / "a.key"
    for _ in range(2):
        assert command(*give, str(key)).code == 0
    assert key.read_bytes() == key_path(log.path).read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    key.write_text("00" * 32, encoding="ascii")
    assert "something else" in command(*give, str(key)).sentence()
    assert key.read_text(encoding="ascii") == "00" * 32


FULL = """
import resource, sys
from pathlib import Path
from bot.advice_log import AdviceLog, copying
from bot.errors import StoreError
log = AdviceLog.read(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    copying.back_up(log, Path(sys.argv[2]))
except StoreError as error:
    print(error)
"""


@pytest.mark.usefixtures("said")
def test_a_disk_that_is_full_leaves_the_older_backup(
    log: AdviceLog, command: Callable[..., Done], tmp_path: Path
) -> None:
    """A backup for which there is no room is said in one sentence, leaves nothing half-written, and the older one whole."""
    copy = tmp_path / "b" / "copy.db"
    command("log", "backup", str(copy), "--db", str(log.path))
    whole = copy.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(log.path), str(copy)], capture_output=True, text=True, check=True
    )
    assert "could not be written" in done.stdout, done.stderr
    assert copy.read_bytes() == whole
    assert [file.name for file in copy.parent.iterdir()] == ["copy.db"]


# --- restore --------------------------------------------------------------------------------------------


@pytest.fixture
def backup(log: AdviceLog, command: Callable[..., Done], tmp_path: Path) -> Path:
    """Take a backup, and close the record."""
    copy = tmp_path / "b" / "copy.db"
    assert command("log", "backup", str(copy), "--db", str(log.path)).code == 0
    log.close()
    return copy


def test_a_record_is_restored_where_there_is_none(
    log: AdviceLog, said: str, backup: Path, command: Callable[..., Done], tmp_path: Path
) -> None:
    """On a new machine: the key first, then the backup; the conversation goes on where it was."""
    new = tmp_path / "new" / "advice.db"
    give = ("log", "restore", str(backup), "--db", str(new))
    assert "put your copy of it there first" in command(*give).sentence()
    assert not new.exists()
    new.parent.mkdir(exist_ok=True)
    shutil.copy(key_path(log.path), key_path(new))
    assert "verified" in command(*give).out
    with closing(AdviceLog.open(new)) as again:
        assert again.current(again.person("terminal", "one")).receipt == said  # type: ignore[union-attr]
        assert verify(again.connection)[1] is None
    assert stat.S_IMODE(new.stat().st_mode) == 0o600


def test_a_record_that_is_there_is_put_aside_and_never_overwritten(
    log: AdviceLog, said: str, backup: Path, command: Callable[..., Done]
) -> None:
    """Without --replace nothing happens; with it the old record is kept whole, and what was erased since is named."""
    with closing(AdviceLog.open(log.path)) as again, again.transaction():
        again.begin_session("later", label="x y", channel="t", area="england", content_version="v", at=AT)
    command("log", "erase", "--receipt", said, "--yes", "--db", str(log.path))
    give = ("log", "restore", str(backup), "--db", str(log.path))
    assert "--replace" in command(*give).sentence()
    done = command(*give, "--replace")
    assert done.code == 0, done.err
    assert f"thinkchild log erase --receipt {said} --yes" in done.out
    (aside,) = [file for file in log.path.parent.iterdir() if re.fullmatch(r"advice\.db\.before-[0-9TZ]+", file.name)]
    with closing(AdviceLog.read(aside)) as old, closing(AdviceLog.read(log.path)) as now:
        assert receipt(old, said).erased  # type: ignore[union-attr]
        assert not receipt(now, said).erased  # type: ignore[union-attr]
        assert old.connection.execute("SELECT count(*) FROM sessions").fetchone()[0] == 2
        assert verify(old.connection)[1] is None


def test_the_record_put_aside_is_whole_in_its_one_file(
    log: AdviceLog, backup: Path, command: Callable[..., Done], tmp_path: Path
) -> None:
    """What a crash had left in its write-ahead log is written into it first, so that nothing can part the two."""
    crashed = tmp_path / "crashed" / "advice.db"
    crashed.parent.mkdir()
    with closing(AdviceLog.open(log.path)) as again:
        with again.transaction():
            again.begin_session("later", label="x y", channel="t", area="england", content_version="v", at=AT)
        ends = heads.head(again.connection)
        for file in log.path.parent.glob("advice.db*"):
            if not file.name.endswith("-shm"):
                shutil.copy(file, crashed.parent)
    assert crashed.with_name("advice.db-wal").stat().st_size
    assert command("log", "restore", str(backup), "--replace", "--db", str(crashed)).code == 0
    (aside,) = crashed.parent.glob("advice.db.before-*")
    with closing(AdviceLog.read(aside)) as old:
        assert heads.head(old.connection) == ends


@pytest.mark.usefixtures("said")
def test_a_record_in_use_is_not_replaced(
    log: AdviceLog, backup: Path, other: Callable[..., subprocess.Popen[str]], command: Callable[..., Done]
) -> None:
    """While a bot has the record open, though it writes nothing just now, restoring is refused and nothing is changed."""
    process = other("waits")
    before = set(folder_of(log.path))
    assert "in use" in command("log", "restore", str(backup), "--replace", "--db", str(log.path)).sentence()
    assert set(folder_of(log.path)) == before
    assert process.stdin is not None
    process.communicate("go\n", timeout=30)
    assert process.returncode == 0
    assert command("log", "restore", str(backup), "--replace", "--db", str(log.path)).code == 0


def test_a_damaged_record_is_replaced_by_its_backup(
    log: AdviceLog, said: str, backup: Path, command: Callable[..., Done]
) -> None:
    """A record that cannot be opened any more, with a write-ahead log of its own beside it, gives way to the backup."""
    log.path.write_bytes(os.urandom(20_000))
    wal = log.path.with_name(log.path.name + "-wal")
    wal.write_bytes(os.urandom(5_000))
    assert "damaged" in command("log", "verify", "--db", str(log.path)).sentence()
    assert command("log", "restore", str(backup), "--replace", "--db", str(log.path)).code == 0
    assert command("log", "verify", "--db", str(log.path)).code == 0
    with closing(AdviceLog.open(log.path)) as again:
        assert receipt(again, said) is not None


def test_what_another_file_left_beside_it_is_not_taken_for_the_backups(
    log: AdviceLog, backup: Path, command: Callable[..., Done], tmp_path: Path
) -> None:
    """A write-ahead log that a lost record left behind would stand in for the whole backup: it is put aside."""
    ghost = AdviceLog.open(tmp_path / "ghost" / "advice.db")
    with ghost.transaction():
        ghost.begin_session("p", label="ghost", channel="t", area="e", content_version="v", at=AT)
    left = (tmp_path / "ghost" / "advice.db-wal").read_bytes()
    ghost.close()
    log.path.unlink()
    log.path.with_name(log.path.name + "-wal").write_bytes(left)
    assert command("log", "restore", str(backup), "--db", str(log.path)).code == 0
    with closing(AdviceLog.open(log.path)) as again, closing(AdviceLog.read(backup)) as held:
        assert heads.head(again.connection) == heads.head(held.connection)


def test_a_backup_that_is_damaged_or_too_old_is_not_restored(
    log: AdviceLog, said: str, backup: Path, command: Callable[..., Done], tmp_path: Path
) -> None:
    """A flipped bit, a file cut short, something else, or a backup without the head that was noted: nothing is touched."""
    whole, before = backup.read_bytes(), folder_of(log.path)
    place = whole.rfind(said.encode())
    give = ("log", "restore", str(backup), "--replace", "--db", str(log.path))
    for spoilt in (whole[: len(whole) // 2], b"hello" * 999, b"", whole[:place] + b"\x00" + whole[place + 1 :]):
        backup.write_bytes(spoilt)
        assert command(*give).sentence()
        assert folder_of(log.path) == before
    backup.write_bytes(whole)
    assert "cut off" in command(*give, "--expect", "99999:" + "ab" * 10).sentence()
    assert folder_of(log.path) == before
    assert "no backup at" in command("log", "restore", str(tmp_path / "none"), "--db", str(log.path)).sentence()
    assert "the record itself" in command("log", "restore", str(log.path), "--db", str(log.path)).sentence()


@pytest.mark.usefixtures("said")
def test_another_records_key_is_noticed(
    log: AdviceLog,
    backup: Path,
    command: Callable[..., Done],
) -> None:
    """A key of another record is refused, when opening and when restoring: everybody would be a stranger."""
    key = key_path(log.path)
    right = key.read_bytes()
    key.write_text("ab" * 32, encoding="ascii")
    with pytest.raises(StoreError, match="belongs to another record"):
        AdviceLog.open(log.path)
    give = ("log", "restore", str(backup), "--replace", "--db", str(log.path))
    assert "belongs to another record" in command(*give).sentence()
    key.write_bytes(right)
    AdviceLog.open(log.path).close()


# --- what the operator chooses --------------------------------------------------------------------------


@pytest.mark.parametrize(("chosen", "level"), [(None, 2), ("full", 2), (" EXTRA ", 3), ("normal", 1), ("", 2)])
def test_the_operator_chooses_what_a_power_cut_may_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: str | None, level: int
) -> None:
    """THINKCHILD_SYNCHRONOUS sets SQLite's level, and full is what is taken when nobody chose."""
    monkeypatch.delenv(engine.SYNCHRONOUS, raising=False)
    if chosen is not None:
        monkeypatch.setenv(engine.SYNCHRONOUS, chosen)
    with closing(AdviceLog.open(tmp_path / "a.db")) as log:
        assert log.connection.execute("PRAGMA synchronous").fetchone()[0] == level


@pytest.mark.parametrize("chosen", ["off", "0", "FULL; DROP TABLE words", "no"])
def test_no_level_that_promises_nothing_can_be_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: str
) -> None:
    """`off` and anything that is no level is refused in one sentence."""
    monkeypatch.setenv(engine.SYNCHRONOUS, chosen)
    with pytest.raises(SetupError, match="full, extra or normal"):
        AdviceLog.open(tmp_path / "a.db")


# --- encryption -----------------------------------------------------------------------------------------


@pytest.fixture
def cipher() -> None:
    """Skip where the library is not there: it is an extra."""
    pytest.importorskip("sqlcipher3", reason="needs the extra 'encrypted'")


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """Make a key in a file."""
    file = tmp_path / "keys" / "db.key"
    engine.make_key(file)
    return file


@pytest.mark.usefixtures("cipher")
def test_an_encrypted_record_is_written_and_read_like_any_other(
    tmp_path: Path, key_file: Path, monkeypatch: pytest.MonkeyPatch, command: Callable[..., Done]
) -> None:
    """With a key named, no byte of any file says what it is; everything else works, backups too, encrypted."""
    monkeypatch.setenv(engine.KEY_FILE, str(key_file))
    path, copy = tmp_path / "r" / "a.db", tmp_path / "b" / "b.db"
    log = AdviceLog.open(path)
    with log.transaction():
        owner = log.person("terminal", "one")
        _, code = log.begin_session(owner, label="blue heron", channel="t", area="e", content_version="v", at=AT)
    for file in path.parent.iterdir():
        if not file.name.endswith((".key", "-shm")):
            assert b"blue heron" not in file.read_bytes(), file
            assert b"SQLite" not in file.read_bytes(), file
    assert verify(log.connection) == (1, None)
    with pytest.raises(StoreError, match="append-only"), log.transaction():
        log.connection.execute("UPDATE sessions SET label = 'x'")
    assert command("log", "backup", str(copy), "--db", str(path)).code == 0
    assert b"blue heron" not in copy.read_bytes()
    log.close()
    assert command("log", "erase", code, "--yes", "--db", str(path)).code == 0
    assert command("log", "restore", str(copy), "--replace", "--db", str(path)).code == 0
    assert code in command("log", "export", "--db", str(path)).out
    assert command("log", "clean", "--db", str(path)).code == 0
    with closing(ExerciseStore.open(beside(path))) as store:
        assert store.exercises() == []
    assert not engine.is_plain(beside(path))


@pytest.mark.usefixtures("cipher")
def test_the_wrong_key_or_none_is_one_sentence(
    tmp_path: Path, key_file: Path, monkeypatch: pytest.MonkeyPatch, command: Callable[..., Done]
) -> None:
    """Another key, no key, a key that others can read, a spoilt one and a plain file with a key named: said, and no more."""
    path, plain = tmp_path / "a.db", tmp_path / "plain.db"
    AdviceLog.open(plain).close()
    monkeypatch.setenv(engine.KEY_FILE, str(key_file))
    AdviceLog.open(path).close()
    heard = []

    def refused(*words: str) -> str:
        heard.append(command(*words).sentence())
        return heard[-1]

    give = ("log", "verify", "--db", str(path))
    assert "is not encrypted though" in refused("log", "verify", "--db", str(plain))
    right = key_file.read_text(encoding="ascii")
    key_file.write_text("ab" * 32, encoding="ascii")
    assert "does not open" in refused(*give)
    for spoilt in ("", "ab" * 31, "not hexadecimal" * 4, "'; --"):
        key_file.write_text(spoilt, encoding="ascii")
        assert "whole key" in refused(*give)
    key_file.write_text(right, encoding="ascii")
    key_file.chmod(0o644)
    assert "chmod 600" in refused(*give)
    key_file.chmod(0o600)
    assert command(*give).code == 0
    monkeypatch.setenv(engine.KEY_FILE, str(tmp_path / "none"))
    assert "cannot be read" in refused(*give)
    monkeypatch.delenv(engine.KEY_FILE)
    assert engine.KEY_FILE in refused(*give)
    assert right.strip() not in "".join(heard)
    assert "ab" * 20 not in "".join(heard)


@pytest.mark.usefixtures("cipher")
def test_a_record_is_encrypted_given_another_key_and_decrypted(
    log: AdviceLog, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Callable[..., Done],
    other: Callable[..., subprocess.Popen[str]],
) -> None:  # fmt: skip
    """Each way it holds the same rows, nothing is left in clear, and a record in use is left alone."""
    ExerciseStore.open(beside(log.path)).close()
    whole, first, second = verify(log.connection), tmp_path / "k1", tmp_path / "k2"
    log.close()
    db = ("--db", str(log.path))
    process = other("waits")
    assert "is in use: stop the program" in command("log", "encrypt", "--key-file", str(first), *db).sentence()
    assert engine.is_plain(log.path)
    process.kill()
    process.wait()
    done = command("log", "encrypt", "--key-file", str(first), *db)
    assert done.code == 0, done.err
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    assert not engine.is_plain(log.path)
    assert not engine.is_plain(beside(log.path))
    for name, held in folder_of(log.path).items():
        assert said.encode() not in held, name
    assert "encrypted already" in command("log", "encrypt", "--key-file", str(second), *db).sentence()
    monkeypatch.setenv(engine.KEY_FILE, str(first))
    assert command("log", "encrypt", "--key-file", str(second), *db).code == 0
    assert "does not open" in command("log", "verify", *db).sentence()
    monkeypatch.setenv(engine.KEY_FILE, str(second))
    with closing(AdviceLog.open(log.path)) as again:
        assert verify(again.connection) == whole
    assert command("log", "decrypt", *db).code == 0
    assert "is not encrypted" in command("log", "decrypt", *db).out
    monkeypatch.delenv(engine.KEY_FILE)
    assert "Name the key" in command("log", "decrypt", *db).sentence()
    with closing(AdviceLog.open(log.path)) as again:
        assert verify(again.connection) == whole
        with pytest.raises(StoreError, match="append-only"), again.transaction():
            again.connection.execute("DELETE FROM turns")


def test_without_the_library_a_key_is_one_sentence(
    tmp_path: Path, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever names a key without the extra is told what to install, and no plain file is made."""
    monkeypatch.setitem(sys.modules, "sqlcipher3", None)
    monkeypatch.setitem(sys.modules, "sqlcipher3.dbapi2", None)
    monkeypatch.setenv(engine.KEY_FILE, str(key_file))
    with pytest.raises(SetupError, match=r"thinkchild\[encrypted\]"):
        AdviceLog.open(tmp_path / "a.db")
    assert not (tmp_path / "a.db").exists() or not (tmp_path / "a.db").read_bytes()


# --- Datasette ------------------------------------------------------------------------------------------

HIDDEN = {"words", "compiled", "owners", "addresses", "members", "invitations", "inbox", "misunderstood", "notes"}


def test_the_file_for_datasette_speaks_of_the_record_as_it_is(log: AdviceLog, said: str) -> None:
    """Every question in it runs, every table and column it names exists, every table is explained or closed."""
    held = yaml.safe_load(metadata("a name: with 'signs'"))["databases"]["a name: with 'signs'"]
    assert held["allow_sql"] is False
    for name, query in held["queries"].items():
        wanted = dict.fromkeys(re.findall(r":(receipt|label)\b", query["sql"]), said)
        rows = log.connection.execute(query["sql"], wanted)
        assert rows.description, name
        assert (
            rows.fetchall()
            or name not in {"last_30_days", "advised_under_a_receipt", "not_delivered"}
            or (
                name == "last_30_days"  # the clock of the tests stands still in the past or the future
            )
        ), name
    there = {row[0] for row in log.connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")}
    assert set(held["tables"]) == there
    for table, about in held["tables"].items():
        columns = {row[1] for row in log.connection.execute(f"PRAGMA table_info({table})")}
        assert set(about.get("columns", {})) <= columns, table
        assert about.get("description") or about.get("allow") is False, table
    closed = {table for table, about in held["tables"].items() if about.get("allow") is False}
    assert closed >= HIDDEN
    assert not closed & {*CHAINED, "advice_report"}


def test_datasette_reads_a_backup(log: AdviceLog, said: str, command: Callable[..., Done], tmp_path: Path) -> None:
    """Real Datasette, where it is installed: it answers the questions, and shows no closed table."""
    datasette = shutil.which("datasette", path=f"{os.path.dirname(sys.executable)}:{os.environ.get('PATH', '')}")  # noqa: PTH120
    if datasette is None:
        missing("Datasette is not installed", "THINKCHILD_REQUIRE_DATASETTE")
    copy, about = tmp_path / "copy.db", tmp_path / "about.yaml"
    command("log", "backup", str(copy), "--db", str(log.path))
    assert command("log", "datasette", "--db", str(copy), "--out", str(about)).code == 0

    def ask(address: str) -> str:
        give = [datasette, str(copy), "--metadata", str(about), "--get", address]
        return subprocess.run(give, capture_output=True, text=True, check=False).stdout

    assert "Danger now" in ask(f"/copy/advised_under_a_receipt.json?receipt={said}&_shape=array")
    assert "mark_on_child" in ask("/copy/advice_report.json")
    for closed in sorted(HIDDEN):
        assert "Forbidden" in ask(f"/copy/{closed}.json"), closed
    assert "Forbidden" in ask("/copy.json?sql=select+*+from+owners")


def earlier(path: Path) -> tuple[AdviceLog, str]:
    """Make a record as the program before this one made it, with one session; returns it and the receipt."""
    connection = sqlite3.connect(path, isolation_level=None)
    migrations.apply(Database(connection), stop_before="m004_evidence")
    log = AdviceLog(path, connection, bytes(32))
    key_path(path).write_text("00" * 32, encoding="ascii")
    at = {"began_at": AT, "content_version": "v"}
    turn = TurnRow(
        key="k", event="open", flow="new_partner", step="s", decision="", matcher="", urgency="", closed=False, stopped=False,
        content_version="v", state='{"given": "begin"}', replies=[("say", "s", 0, ["H1"], "", "Ring 999.")], superseded=[],
        said="{}", nonce="n", at=AT,
    )  # fmt: skip
    with log.transaction():
        names = {"id": "s1", "receipt": "QX7-4M2", "label": "blue heron", "channel": "terminal", "area": "england"}
        log.append("sessions", {**names, **at, "owner_digest": digest("p1", "salt")})
        connection.execute("INSERT INTO owners VALUES ('s1', 'p1', 'salt')")
        number, _ = log.add_turn("s1", 1, turn)
        row = {"turn": number, "session": "s1", "step": "s", "due_at": AT, "due_by": "today"}
        log.append("reminders", row)
    return log, "QX7-4M2"


def test_an_earlier_programs_record_is_read_without_being_changed(command: Callable[..., Done], tmp_path: Path) -> None:
    """A record that lacks the newer tables can be listed, exported, verified and its head noted, as it is; then it is opened."""
    path = tmp_path / "old.db"
    log, code = earlier(path)
    noted = heads.head(log.connection)
    log.close()
    before = path.read_bytes()
    for give in (
        ["list"],
        ["show", code],
        ["export"],
        ["export", "--person", code],
        ["verify"],
        ["head"],
        ["holds"],
        ["reads"],
    ):
        done = command("log", *give, "--db", str(path))
        assert done.code == 0, (give, done.err)
        assert ("not noted" in done.err) is (give[0] in {"list", "show", "export"}), give
    assert path.read_bytes() == before
    assert command("log", "hold", code, "--reason", "a review", "--db", str(path)).code == 0
    assert command("log", "verify", "--expect", str(noted), "--db", str(path)).code == 0
    assert command("log", "release", code, "--db", str(path)).code == 0
    assert command("log", "erase", code, "--yes", "--db", str(path)).code == 0
    assert "none changed" in command("log", "verify", "--expect", str(noted), "--db", str(path)).out
