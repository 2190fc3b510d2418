"""A process that is deaf, stuck or turned away ends with a code that says which, and nothing is lost by it."""

from __future__ import annotations

import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("telegram.ext", reason="the Telegram channel is an extra")

from harness import BOT_TOKEN
from test_channel import FIRST, PROJECT, begin, bot_command, settled, until
from worlds import world_of

from bot.channels.telegram.polling import readable
from bot.channels.telegram.watchdog import REVOKED, STUCK, notify

if TYPE_CHECKING:
    from pathlib import Path

    from harness import TelegramWorld

SECRET_WORDS = "Zebedee Quartermain fell down the stairs"  # noqa: S105 - words that must not be seen anywhere
SOON = "import bot.channels.telegram.webhook as w; w.LOOK_EVERY = w.LOOK_AGAIN = 0.2"


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """Return where the record of one test is kept."""
    return tmp_path / "advice.db"


def comes_back(world: TelegramWorld, db: Path) -> None:
    """Start the program as it is, and see that it answers and told no secret."""
    world.clear_faults()
    world.command = bot_command(db)
    world.start_bot({"THINKCHILD_DEAF_SECONDS": None})
    begin(world.person("Bilal"))
    settled(world, db)
    log = world.bot_log()
    assert BOT_TOKEN.partition(":")[2] not in log
    assert SECRET_WORDS not in log
    assert "Traceback" not in log


def test_the_codes_are_those_of_the_documents() -> None:
    """70 is started again, 78 is not: the unit and the README say the same."""
    assert (STUCK, REVOKED) == (70, 78)


@pytest.mark.telegram
@pytest.mark.parametrize("mode", ["polling", "webhook"])
def test_a_deaf_process_ends(db: Path, mode: str) -> None:
    """Nothing is heard from Telegram for long: code 70; what came meanwhile is answered after the next start."""
    settings = {"THINKCHILD_DEAF_SECONDS": "5"}
    with world_of(mode, db, changed=SOON if mode == "webhook" else "", **settings) as world:
        alice = world.person("Alice")
        if mode == "webhook":
            world.fault("webhook", "reset", times=9999)
        world.fault("getWebhookInfo" if mode == "webhook" else "getUpdates", "reset", times=9999)
        alice.send("/start mark_on_child")
        assert world.wait_for_exit(40) == STUCK
        assert "has not been heard for 5 seconds" in world.bot_log()
        comes_back(world, db)
        alice.expect(buttons=FIRST)


@pytest.mark.telegram
def test_a_process_whose_polling_died_ends(db: Path) -> None:
    """Nobody asks for updates any more although all is well outside: code 70, long before the network would be blamed."""
    changed = (
        "import bot.channels.telegram.polling as p, bot.channels.telegram.incoming as i; p.IDLE = 2\n"
        "async def put(self, item):\n"
        "    raise RuntimeError('no more')\n"
        "i.DurableQueue.put = put"
    )
    with world_of("polling", db, changed=changed) as world:
        alice = world.person("Alice")
        alice.send("/start mark_on_child")
        assert world.wait_for_exit(40) == STUCK
        assert "Nobody asks Telegram" in world.bot_log()
        comes_back(world, db)
        alice.expect(buttons=FIRST)


@pytest.mark.telegram
def test_a_stuck_process_ends_and_says_where_without_what(db: Path) -> None:
    """Handling a message never ends: code 70, the place is in the log, what was typed is not; others are answered then."""
    changed = (
        "import time, bot.session as s\n"
        "def handle(self, person, given, key, asked=None):\n"
        "    time.sleep(3600)\n"
        "s.Desk.handle = handle"
    )
    # A fifth of it: it is stuck long before it could be called deaf, also on a slow machine.
    with world_of("polling", db, changed=changed, THINKCHILD_DEAF_SECONDS="25") as world:
        alice = world.person("Alice")
        alice.send(SECRET_WORDS)
        assert world.wait_for_exit(40) == STUCK
        assert "Where it stood" in world.bot_log()
        assert "channel.py" in world.bot_log()
        comes_back(world, db)


@pytest.mark.telegram
@pytest.mark.parametrize("mode", ["polling", "webhook"])
def test_a_token_that_was_taken_back_ends_it_with_a_code_of_its_own(db: Path, mode: str) -> None:
    """Refused once it goes on; refused for good it says what to do and ends with 78, which no unit restarts."""
    changed = f"import bot.channels.telegram.hearing as h; h.MOST_REFUSALS = 3\n{SOON if mode == 'webhook' else ''}"
    method = "getWebhookInfo" if mode == "webhook" else "getUpdates"
    with world_of(mode, db, changed=changed) as world:
        world.fault(method, "status", code=401, description="Unauthorized")
        until(lambda: not world.faults())
        begin(world.person("Alice"))
        world.fault(method, "status", code=401, description="Unauthorized", times=9999)
        assert world.wait_for_exit(40) == REVOKED
        assert "refused the token" in world.bot_log()
        comes_back(world, db)


def test_the_interpreters_own_alarm_ends_what_lets_no_thread_run() -> None:
    """A search that never ends keeps even the watchdog's thread from running: the process ends all the same."""
    program = (
        "import asyncio, re\n"
        "from bot.channels.telegram import watchdog as w\n"
        "w.REARM = 0.5\n"
        "async def main():\n"
        "    task = asyncio.create_task(w.Watchdog.run(dog, asyncio.Event()))\n"
        "    await asyncio.sleep(0.1)\n"
        "    re.match('(a+)+$', 'a' * 60 + 'b')\n"
        "with w.Watchdog(0.5, 60) as dog:\n"
        "    asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, timeout=60, check=False)
    assert done.returncode in {1, STUCK}
    assert b"line 7 in main" in done.stderr


def test_systemd_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where systemd asked to be told it is, and a socket that is gone is no matter."""
    where = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(where))
        monkeypatch.setenv("NOTIFY_SOCKET", str(where))
        notify("READY=1")
        assert systemd.recv(100) == b"READY=1"
    where.unlink()
    notify("READY=1")
    monkeypatch.delenv("NOTIFY_SOCKET")
    notify("READY=1")


@pytest.mark.telegram
def test_systemd_hears_of_the_start_the_beats_and_the_end(db: Path, tmp_path: Path) -> None:
    """READY before Telegram is there, WATCHDOG again and again, STOPPING at the end."""
    where = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(where))
        systemd.settimeout(30)
        with world_of("polling", db, start_bot=False, NOTIFY_SOCKET=str(where)) as world:
            world.fault("getMe", "502")
            world.start_bot(wait=False)
            heard: list[bytes] = []
            while b"STATUS=Answering by polling." not in heard:
                heard.append(systemd.recv(200))
            assert any(one.startswith(b"READY=1\n") for one in heard)
            heard.clear()
            while heard.count(b"WATCHDOG=1") < 2:
                heard.append(systemd.recv(200))
            assert world.stop_bot() == 0
            while b"STOPPING=1" not in heard:
                heard.append(systemd.recv(200))


def test_an_unreadable_update_keeps_its_number_only() -> None:
    """What the library stumbles on is emptied, so that it is acknowledged; all else stays as it is."""
    good = b'{"ok": true, "result": [{"update_id": 1}]}'
    assert readable(good) == good
    bad = b'{"ok": true, "result": [{"update_id": 1, "message": {"text": "x"}}, {"update_id": 2}]}'
    assert readable(bad) == b'{"ok": true, "result": [{"update_id": 1}, {"update_id": 2}]}'
    for odd in (b"<html>", b"[]", b"{}", b'{"result": 3}', b'{"result": [{}]}', b"\xff", b"[" * 100_000):
        assert readable(odd) is None
