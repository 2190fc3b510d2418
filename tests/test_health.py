"""`thinkchild health`: one sentence and an exit code, from what the service notes about itself; nothing is written."""

from __future__ import annotations

import fcntl
import hashlib
import json
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.advice_log import AdviceLog
from bot.advice_log.running import Note, keep_notes, notes
from bot.clock import stamp
from bot.health import (
    ANSWERING,
    ENDING,
    HEARTBEAT,
    LAST_POLL,
    LAST_UPDATE,
    WAITING,
    health,
    is_running,
    lock_beside,
    running_notes,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """Return a record with nothing in it."""
    path = tmp_path / "advice.db"
    AdviceLog.open(path).close()
    return path


@contextmanager
def service(db: Path) -> Iterator[None]:
    """Hold the lock, as a running service does."""
    with lock_beside(db).open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def note(db: Path, *, beat: float = 5, poll: float | None = 5, update: float | None = 3600, **about: Any) -> None:
    """Note how a service is doing: the seconds since each thing happened."""
    given = {"pid": 1, "mode": "polling", "state": ANSWERING, "every": 20.0, "deaf_after": 300.0, **about}
    ago = {name: None if s is None else NOW - timedelta(seconds=s) for name, s in (("poll", poll), ("update", update))}
    log = AdviceLog.open(db)
    try:
        keep_notes(log, running_notes(NOW - timedelta(seconds=beat), given, ago["poll"], ago["update"]))
    finally:
        log.close()


@pytest.mark.parametrize(
    ("noted", "well", "says"),
    [
        ({}, True, "Answering by polling; Telegram was heard at 23 Nov 2026 11:59 (2026-11-23T11:59:55Z). The last message came at 23 Nov 2026 11:00 (2026-11-23T11:00:00Z). Nothing waits."),
        ({"mode": "webhook", "update": None}, True, "Answering by webhook"),
        ({"beat": 79}, True, "Answering"),
        ({"beat": 81}, False, "no sign of life since"),
        ({"beat": -3600}, False, "no sign of life since"),
        ({"poll": 319}, True, "Answering"),
        ({"poll": 400}, False, "nothing was heard from Telegram since"),
        ({"poll": None}, False, "nothing was heard from Telegram"),
        ({"state": WAITING, "poll": None}, False, "waits until Telegram can be reached"),
        ({"state": ENDING}, False, "is ending"),
        ({"every": "often", "deaf_after": None}, True, "Answering"),
        ({"every": 1.0, "beat": 59}, True, "Answering"),
        ({"every": 1.0, "beat": 61}, False, "no sign of life"),
    ],
)  # fmt: skip
def test_what_is_said_of_a_running_service(db: Path, noted: dict[str, Any], well: bool, says: str) -> None:
    """Alive, stuck, deaf, waiting or ending: each has its sentence."""
    note(db, **noted)
    with service(db):
        found = health(db, NOW)
    assert (found.well, found.running) == (well, True)
    assert says in found.says
    assert "\n" not in found.says


def test_a_service_that_is_gone_is_not_well_however_fresh_its_notes(db: Path) -> None:
    """The lock goes with the process: no second is lost on a heartbeat that is still young."""
    note(db, beat=0, poll=0)
    found = health(db, NOW)
    assert not found.well
    assert not found.running
    assert "no service runs on this record; start 'thinkchild telegram'" in found.says


def test_a_service_of_an_earlier_program_has_no_notes(db: Path) -> None:
    """A lock and no notes: no sign of life, and no crash."""
    with service(db):
        assert "no sign of life" in health(db, NOW).says


def test_what_waits_is_counted(db: Path) -> None:
    """Updates to be handled, of this channel only."""
    note(db)
    log = AdviceLog.open(db)
    try:
        for key in ("telegram:1:1:1", "telegram:1:2:2", "rest:1"):
            log.receive(key, "p", "{}", stamp(NOW))
    finally:
        log.close()
    with service(db):
        found = health(db, NOW)
    assert found.waiting is not None
    assert (found.waiting.incoming, found.waiting.outgoing, found.waiting.oldest) == (2, 0, stamp(NOW))
    assert "Waiting: 2 to be handled, 0 answers to be sent." in found.says


@given(body=st.text(), at=st.text())
def test_a_note_that_is_no_note_is_survived(tmp_path_factory: pytest.TempPathFactory, body: str, at: str) -> None:
    """Whatever stands in the notes: a sentence, and never well by mistake."""
    db = tmp_path_factory.mktemp("odd") / "advice.db"
    log = AdviceLog.open(db)
    try:
        clean = {
            name: Note(body.encode(errors="replace").decode(), at.encode(errors="replace").decode())
            for name in (HEARTBEAT, LAST_POLL, LAST_UPDATE)
        }
        keep_notes(log, clean)
        assert clean.items() <= notes(log).items()
    finally:
        log.close()
    with service(db):
        assert not health(db, NOW).well


def test_something_that_is_no_record_is_said(tmp_path: Path) -> None:
    """No file, a folder, text, a database of somebody else: one sentence each."""
    text = tmp_path / "text.db"
    text.write_text("this is no database, though it is long enough to be looked at" * 20, encoding="ascii")
    for path in (tmp_path / "none.db", tmp_path, text):
        found = health(path, NOW)
        assert not found.well
        assert found.says
        assert "\n" not in found.says
    assert not (tmp_path / "none.db").exists()
    assert not is_running(tmp_path / "none.db")


def state_of(folder: Path) -> dict[str, str]:
    """Return every file with what is in it."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}


def command(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the command without a token."""
    told = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "bot", "health", *words], cwd=ROOT, env=told, capture_output=True, text=True, check=False
    )


def test_the_command_needs_no_token_and_writes_nothing(db: Path) -> None:
    """Exit code 0 and one sentence, or one JSON object; 1 when nobody answers; no byte beside the record changes."""
    now = datetime.now(UTC)
    log = AdviceLog.open(db)
    try:
        about = {"mode": "polling", "state": ANSWERING, "every": 20, "deaf_after": 300}
        keep_notes(log, running_notes(now, about, now, now))
        with service(db):
            before = state_of(db.parent)
            plain, machine = command("--db", str(db)), command("--db", str(db), "--json")
            assert {k: v for k, v in state_of(db.parent).items() if not k.endswith("-shm")} == {
                k: v for k, v in before.items() if not k.endswith("-shm")
            }
    finally:
        log.close()
    assert (plain.returncode, plain.stderr) == (0, "")
    assert len(plain.stdout.splitlines()) == 1
    found = json.loads(machine.stdout)
    assert found["well"] is True
    assert found["last_poll"] == stamp(now)
    assert found["waiting"] == {"incoming": 0, "oldest": None, "outgoing": 0}
    after = command("--db", str(db))
    assert (after.returncode, after.stderr) == (1, "")
    missing = command("--db", str(db.parent / "none.db"))
    assert missing.returncode == 1
    assert "There is no record" in missing.stdout
