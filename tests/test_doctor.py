"""What whoever looks after an installation is told: the doctor, the figures, the log."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from walking import Clock, Talk

from bot.access import Role
from bot.advice_log import AdviceLog
from bot.advice_log.members import Grant, enrol
from bot.advice_log.notes import LAST_BACKUP, put_note
from bot.clock import stamp
from bot.discreet import Discreet, Lines
from bot.doctor import Finding, Patient, Verdict, examine, is_well
from bot.errors import ContentError, Problem
from bot.metrics import text
from bot.session import Desk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from commands import Done

    from bot.library import Library

TOKEN = "123456:AAAA-a_secret_token"  # noqa: S105 - invented
AT = "2026-11-23T12:00:00Z"


@pytest.fixture
def db(tmp_path: Path, content: Library, clock: Clock) -> Path:
    """Make a record in good order: a turn, a member, a fresh backup."""
    path = tmp_path / "advice.db"
    log = AdviceLog.open(path)
    log.keep_content(content.version, "shipped", content.compiled, stamp(clock()))
    Talk(Desk(log, content, channel="telegram", can_remind=True, clock=clock), Desk(log, content).person("a")).go(
        "new_partner"
    )
    with log.transaction():
        enrol(log, "someone", Grant((str(Role.PRACTITIONER),)), made_by="console", at=AT)
        put_note(log.connection, LAST_BACKUP, "1:x", stamp(clock()))
    log.close()
    return path


def found(
    db: Path, content: Library, clock: Clock, *, area: str = "demonstration", online: bool = False, **environ: str
) -> dict[str, list[Finding]]:
    """Return what the doctor says of an installation, by what it is about."""
    said: dict[str, list[Finding]] = {}
    for one in examine(Patient(db, area, environ, clock(), online, 7, lambda: content)):
        said.setdefault(one.about, []).append(one)
    return said


def worst(findings: list[Finding]) -> Verdict:
    """Return the worst of some findings."""
    order = (Verdict.FINE, Verdict.UNKNOWN, Verdict.LOOK, Verdict.WRONG)
    return max((one.verdict for one in findings), key=order.index)


def test_what_is_in_order_is_said_to_be(db: Path, content: Library, clock: Clock) -> None:
    """A record that proves itself, room on the disk, a fresh backup, clean content and somebody let in are fine."""
    said = found(db, content, clock)
    for about in ("disk", "record", "backup", "content", "reminders", "people"):
        assert [one.verdict for one in said[about]] == [Verdict.FINE], said[about]
    assert "files" not in said
    assert "draft" in said["signatures"][0].says
    assert worst(said["area"]) is Verdict.WRONG, "the demonstration pack is invented"


def test_everything_wrong_says_what_to_do(db: Path, content: Library, clock: Clock) -> None:
    """Whatever is not in order names a command or a thing to do; nothing else has advice."""
    clock.now += timedelta(days=400)
    db.chmod(0o644)
    for findings in found(db, content, clock, area="england").values():
        for one in findings:
            assert one.says.endswith((".", ")."))
            assert bool(one.do) == (
                one.verdict in (Verdict.LOOK, Verdict.WRONG) or (one.verdict is Verdict.UNKNOWN and bool(one.do))
            )


def test_a_backup_that_is_old_or_was_never_made_is_wrong(db: Path, content: Library, clock: Clock) -> None:
    """After the days that were given, and where there is none at all."""
    clock.now += timedelta(days=8)
    assert found(db, content, clock)["backup"][0].verdict is Verdict.WRONG
    log = AdviceLog.open(db)
    log.connection.execute("DELETE FROM notes WHERE name = ?", (LAST_BACKUP,))
    log.close()
    assert "No backup" in found(db, content, clock)["backup"][0].says


def test_files_that_others_can_read_and_a_missing_key_are_wrong(db: Path, content: Library, clock: Clock) -> None:
    """The record and its key are for their owner alone; without the key nobody's session is found."""
    db.chmod(0o640)
    assert "Others on this machine" in found(db, content, clock)["files"][0].says
    db.chmod(0o600)
    key = db.with_name(db.name + ".key")
    kept = key.read_text()
    key.unlink()
    assert "not beside the record" in found(db, content, clock)["files"][0].says
    key.write_text("0" * 64 + "\n")
    key.chmod(0o600)
    assert any("not the one it was made with" in one.says for one in found(db, content, clock)["record"])
    key.write_text(kept)


def test_a_broken_record_is_named_and_the_rest_is_looked_at_all_the_same(
    db: Path, content: Library, clock: Clock
) -> None:
    """A changed row is named; a file that is no database does not keep the doctor from the content."""
    log = AdviceLog.open(db)
    log.connection.execute("DROP TRIGGER turns_is_never_changed")
    log.connection.execute("UPDATE turns SET flow = 'fgm'")
    log.close()
    assert "turns row" in found(db, content, clock)["record"][0].says
    db.write_bytes(b"not a database at all, but long enough to be looked at" * 100)
    said = found(db, content, clock)
    assert said["record"][0].verdict is Verdict.WRONG
    assert said["content"][0].verdict is Verdict.FINE


def test_content_with_mistakes_is_wrong(db: Path, clock: Clock) -> None:
    """Nothing starts on broken content, and the doctor says so."""

    def broken() -> Library:
        raise ContentError([Problem("x.yaml", 1, "a-code", "wrong")])

    said = list(examine(Patient(db, "england", {}, clock(), online=False, backup_days=7, load=broken)))
    assert any(one.about == "content" and one.verdict is Verdict.WRONG for one in said)
    assert not is_well(said)


def test_a_late_reminder_is_wrong(db: Path, content: Library, clock: Clock) -> None:
    """A reminder that is due for ten minutes and was not sent means that somebody waits."""
    log = AdviceLog.open(db)
    session, person = log.connection.execute("SELECT session, person FROM owners").fetchone()
    (turn,) = log.connection.execute("SELECT id FROM turns").fetchone()
    log.remember_address(person, "telegram", "7")
    with log.transaction():
        log.add_reminder(turn, session, step="x", due_at=stamp(clock() - timedelta(minutes=11)), by="today")
    log.close()
    assert found(db, content, clock)["reminders"][0].verdict is Verdict.WRONG


def test_an_open_door_and_an_empty_one_are_to_be_looked_at(
    db: Path, content: Library, clock: Clock, tmp_path: Path
) -> None:
    """Open to everybody is said each time; so is a service that nobody may use."""
    assert "anybody" in found(db, content, clock, THINKCHILD_ACCESS="open")["people"][0].says
    assert "Nobody is let in" in found(tmp_path / "none.db", content, clock)["people"][0].says


# --- over the network ---------------------------------------------------------------------------------


@contextmanager
def telegram(status: int, clock: Clock, skew: float = 0.0) -> Iterator[str]:
    """Answer as Telegram does, with a clock of its own."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(status)
            date = (clock() + timedelta(seconds=skew)).strftime("%a, %d %b %Y %H:%M:%S GMT")
            self.send_header("Date", date)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/bot"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "verdict"), [(200, Verdict.FINE), (401, Verdict.WRONG), (404, Verdict.WRONG), (502, Verdict.UNKNOWN)]
)
def test_the_token_is_tried(db: Path, content: Library, clock: Clock, status: int, verdict: Verdict) -> None:
    """A token that Telegram takes is fine, one that it refuses is wrong, and a gateway that fails says nothing of it."""
    with telegram(status, clock) as url:
        said = found(db, content, clock, online=True, TELEGRAM_BOT_TOKEN=TOKEN, TELEGRAM_BASE_URL=url)
    assert said["token"][0].verdict is verdict
    assert "secret" not in repr(said)


@pytest.mark.parametrize(
    ("skew", "verdict"), [(0, Verdict.FINE), (20, Verdict.FINE), (600, Verdict.WRONG), (-600, Verdict.WRONG)]
)
def test_the_clock_is_compared(db: Path, content: Library, clock: Clock, skew: float, verdict: Verdict) -> None:
    """A clock that is wrong by minutes makes reminders late, and is named with the seconds."""
    with telegram(200, clock, skew) as url:
        said = found(db, content, clock, online=True, TELEGRAM_BASE_URL=url)["clock"][0]
    assert said.verdict is verdict
    assert verdict is Verdict.FINE or "600 seconds" in said.says


def test_without_a_network_nothing_is_counted_against_anybody(db: Path, content: Library, clock: Clock) -> None:
    """Where nobody answers, token and clock are unknown, not wrong."""
    said = found(db, content, clock, online=True, TELEGRAM_BOT_TOKEN=TOKEN, TELEGRAM_BASE_URL="http://127.0.0.1:9/bot")
    assert said["token"][0].verdict is Verdict.UNKNOWN
    assert said["clock"][0].verdict is Verdict.UNKNOWN


def test_a_token_that_is_none_is_wrong_without_asking(db: Path, content: Library, clock: Clock) -> None:
    """What is no token at all is said before anybody is asked."""
    said = found(db, content, clock, TELEGRAM_BOT_TOKEN="hello")  # noqa: S106 - invented
    assert said["token"][0].verdict is Verdict.WRONG
    assert "BotFather" in said["token"][0].says


def test_the_command_ends_with_1_when_something_is_wrong(
    command: Callable[..., Done], db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a timer: exit code 1 where something is wrong; as JSON one object a finding."""
    for name in ("TELEGRAM_BOT_TOKEN", "TELEGRAM_BOT_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    done = command("doctor", "--db", str(db), "--offline", "--area", "demonstration")
    assert done.code == 1
    assert "WRONG  demonstration: this pack is invented" in done.out
    assert "wrong, " in done.out.splitlines()[-1]
    done = command("doctor", "--db", str(db), "--offline", "--json")
    assert {json.loads(line)["about"] for line in done.out.splitlines()} >= {
        "token",
        "disk",
        "record",
        "backup",
        "content",
    }


# --- figures ------------------------------------------------------------------------------------------


def test_the_figures_are_counts_and_times_alone(db: Path, clock: Clock) -> None:
    """Turns, kinds of lines, what waits and when the last backup was; no label, receipt or word."""
    log = AdviceLog.read(db)
    said = text(log, clock())
    label, receipt, person = log.connection.execute(
        "SELECT label, receipt, person FROM sessions JOIN owners ON owners.session = sessions.id"
    ).fetchone()
    log.close()
    assert 'thinkchild_turns_total{channel="telegram"} 1.0' in said
    assert "thinkchild_record_rows " in said
    assert "thinkchild_waiting_answers 1.0" in said
    assert re.search(r"thinkchild_last_backup_timestamp_seconds 1\.\d+e\+09", said)
    for secret in (label, receipt, person, "new_partner"):
        assert secret not in said


def test_prometheus_is_answered_on_this_machine_alone(db: Path, command: Callable[..., Done]) -> None:
    """The figures are served while the record is written by others; another address is refused."""
    assert "127.0.0.1" in command("metrics", "--db", str(db), "--listen", "0.0.0.0:9464").sentence()
    assert "HOST:PORT" in command("metrics", "--db", str(db), "--listen", "9464").sentence()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = [sys.executable, "-m", "bot", "metrics", "--db", str(db), "--listen", f"127.0.0.1:{port}"]
    running = subprocess.Popen(program, stderr=subprocess.PIPE, env={**os.environ})
    try:
        end = time.monotonic() + 30
        while True:
            try:
                said = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5).read().decode()
                break
            except OSError:
                assert time.monotonic() < end
                assert running.poll() is None, running.stderr.read() if running.stderr else ""
                time.sleep(0.05)
        assert "thinkchild_record_readable 1.0" in said
        assert "thinkchild_turns_total" in said
        db.write_bytes(b"spoilt" * 1000)
        said = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5).read().decode()
        assert "thinkchild_record_readable 0.0" in said
    finally:
        running.send_signal(signal.SIGTERM)
        assert running.wait(10) == 0
        if running.stderr:
            running.stderr.close()


# --- the log ------------------------------------------------------------------------------------------


def record(says: str, name: str = "bot.channels.telegram.channel", **more: object) -> logging.LogRecord:
    """Return something to be logged."""
    made = logging.LogRecord(name, logging.WARNING, "file.py", 1, says, (), None)
    made.__dict__.update(more)
    return made


def test_a_line_of_the_log_is_one_json_object() -> None:
    """For programs: time, level, where, what; and named figures, but nothing else that a record carries."""
    line = Lines("topsecret").format(record("A turn took long; token topsecret.", ms=120, words="a child called Sam"))
    held = json.loads(line)
    assert held["level"] == "WARNING"
    assert held["where"] == "channels.telegram.channel"
    assert held["says"] == "A turn took long; token ***."
    assert held["ms"] == 120
    assert "Sam" not in line
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", held["at"])


def test_what_other_libraries_say_is_not_repeated() -> None:
    """Their messages may hold a secret or words typed: only that there was one is said, in both forms."""
    for form in (Discreet("topsecret"), Lines("topsecret")):
        line = form.format(record("POST https://x/bot123:AAA/sendMessage a child called Sam", "httpx"))
        assert "Sam" not in line
        assert "httpx reports a problem" in line
