"""Work that is put on disk together: each piece kept or not by itself, told only when it is kept, and in its order."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("telegram.ext", reason="the Telegram channel is an extra")

from telegram import Update
from telegram.error import NetworkError

from bot.advice_log import AdviceLog
from bot.advice_log.chain import verify
from bot.channels.telegram.incoming import ChatLocks, DurableQueue, Incoming
from bot.channels.telegram.together import Together
from bot.channels.telegram.tries import Tries
from bot.errors import StoreError
from bot.session import Desk

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.library import Library

PROJECT = Path(__file__).resolve().parents[2]
AT = "2026-11-22T12:00:00Z"


def all_at_once(log: AdviceLog, works: list[Callable[[], object]]) -> list[object]:
    """Ask for all of it at once; returns what each came to, a result or what was raised."""

    async def ask() -> list[object]:
        together = Together(log)
        return list(await asyncio.gather(*map(together, works), return_exceptions=True))

    return asyncio.run(ask())


def test_what_comes_within_a_moment_is_one_commit(log: AdviceLog) -> None:
    """Twenty pieces of work, one writing to disk; each gets its own result."""
    said: list[str] = []
    log.connection.set_trace_callback(said.append)
    works = [lambda n=n: (log.receive(f"k{n}", "p", "{}", AT), n)[1] for n in range(20)]
    assert all_at_once(log, works) == list(range(20))
    log.connection.set_trace_callback(None)
    assert said.count("COMMIT") == 1
    assert len(log.received()) == 20


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["good", "fails late", "fails early", "is refused by the record"]), max_size=12))
def test_work_that_fails_takes_nothing_of_the_others_with_it(fates: list[str]) -> None:
    """Whatever fails in whatever place: its own rows go, all others stay, in their order, and the chain verifies."""
    with tempfile.TemporaryDirectory() as folder:
        log = AdviceLog.open(Path(folder) / "advice.db")

        def work(number: int, fate: str) -> int:
            with log.transaction():
                if fate == "fails early":
                    raise KeyError(number)
                log.append("reads", {"reader": "r", "action": "a", "session": str(number), "detail": "", "at": AT})
                if fate == "fails late":
                    raise KeyError(number)
                if fate != "good":
                    log.connection.execute("DELETE FROM reads")
            return number

        ended = all_at_once(log, [lambda n=n, fate=fate: work(n, fate) for n, fate in enumerate(fates)])
        good = [number for number, fate in enumerate(fates) if fate == "good"]
        assert [one for one in ended if isinstance(one, int)] == good
        for fate, one in zip(fates, ended, strict=True):
            assert isinstance(one, {"good": int, "is refused by the record": StoreError}.get(fate, KeyError))
        kept = [int(row[0]) for row in log.connection.execute("SELECT session FROM reads ORDER BY seq")]
        assert kept == good
        assert verify(log.connection) == (len(good), None)
        log.close()


def test_on_a_full_disk_nobody_is_told_of_what_is_not_there(log: AdviceLog) -> None:
    """Told that it worked and on disk are the same, whichever piece the disk had no room for; afterwards it works again."""
    pages = log.connection.execute("PRAGMA page_count").fetchone()[0]
    log.connection.execute(f"PRAGMA max_page_count = {pages + 12}")
    sizes = (10, 3000, 200_000, 10, 30_000, 20_000, 10)
    works = [lambda n=n, size=size: log.receive(f"k{n}", "p", "x" * size, AT) for n, size in enumerate(sizes)]
    ended = all_at_once(log, works)
    told = {f"k{n}" for n, one in enumerate(ended) if one is None}
    assert {key for key, _ in log.received()} == told
    assert "k2" not in told
    assert all(one is None or isinstance(one, StoreError) for one in ended)
    log.connection.execute("PRAGMA max_page_count = 1000000")
    assert all_at_once(log, [lambda: log.receive("later", "p", "{}", AT)]) == [None]
    assert "later" in {key for key, _ in log.received()}


def test_a_commit_that_fails_is_told_to_everybody(log: AdviceLog) -> None:
    """Where all is lost at the end, every piece has failed, and nothing is left of any."""

    def spoilt() -> None:
        log.receive("first", "p", "{}", AT)
        log.connection.execute("ROLLBACK")

    ended = all_at_once(
        log, [lambda: log.receive("before", "p", "{}", AT), spoilt, lambda: log.receive("after", "p", "{}", AT)]
    )
    assert all(isinstance(one, StoreError) for one in ended)
    assert log.received() == []


PROGRAM = """
import asyncio, os, signal, sys
from pathlib import Path
from bot.advice_log import AdviceLog
from bot.channels.telegram.together import Together
log = AdviceLog.open(Path(sys.argv[1]))
left = int(sys.argv[3])
def traced(said):
    global left
    if said == sys.argv[2]:
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
log.connection.set_trace_callback(traced)
together = Together(log)
async def one(number):
    for step in range(6):
        key = f"{number}-{step}"
        await together(lambda: log.receive(key, "p", "{}", "2026-11-22T12:00:00Z"))
        os.write(1, f"{key}\\n".encode())
async def main():
    await asyncio.gather(*(one(number) for number in range(8)))
asyncio.run(main())
"""
"""Eight chats, each of which is told of six things that were kept; it dies at the given statement."""


@pytest.mark.parametrize(("at", "number"), [("COMMIT", 2), ("COMMIT", 5), ("SAVEPOINT part", 21), ("RELEASE part", 30)])
def test_what_was_told_before_a_kill_is_on_disk(tmp_path: Path, at: str, number: int) -> None:
    """Killed in the middle of a writing: whatever anybody was told is there, and the record opens and verifies."""
    db = tmp_path / "advice.db"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(db), at, str(number)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    log = AdviceLog.open(db)
    kept = {key for key, _ in log.received()}
    told = set(done.stdout.split())
    assert told
    assert told <= kept
    assert len(told) % 8 == 0  # a writing is there for all of them or for none
    log.close()


# --- what comes in --------------------------------------------------------------------------------------


def update(number: int, chat: int = 7) -> Update:
    """Return a message as Telegram brings it."""
    who = {"id": chat, "is_bot": False, "first_name": "Alice"}
    message = {
        "message_id": number,
        "date": 0,
        "chat": {"id": chat, "type": "private"},
        "from": who,
        "text": f"word {number}",
    }
    found = Update.de_json({"update_id": number, "message": message}, None)
    assert found is not None
    return found


def queue_on(log: AdviceLog, content: Library) -> DurableQueue:
    """Return a queue as a bot has it."""
    return DurableQueue(Desk(log, content, channel="telegram"), "1", ChatLocks(), Tries(log))


def test_a_batch_is_on_disk_in_its_order_before_any_of_it_is_queued(log: AdviceLog, content: Library) -> None:
    """One commit for all of it; a process that comes after takes it up in the same order, nines before tens."""
    numbers = [8, 9, 10, 11, 99, 100, 101]
    said: list[str] = []

    async def come() -> list[str]:
        queue = queue_on(log, content)
        log.connection.set_trace_callback(said.append)
        await queue.keep_all([update(number) for number in numbers])
        log.connection.set_trace_callback(None)
        assert queue.empty()
        assert [Incoming.from_json(payload).message for _, payload in log.received()] == numbers
        for number in numbers:
            await queue.put(update(number))
        await queue.keep_all([update(numbers[0])])  # brought again
        await queue.put(update(numbers[0]))
        return [queue.get_nowait().text for _ in range(queue.qsize())]  # type: ignore[attr-defined]

    assert asyncio.run(come()) == [f"word {number}" for number in numbers]
    assert said.count("COMMIT") == 1
    after = queue_on(log, content)
    assert after.recover() == len(numbers)
    assert [after.get_nowait().message for _ in numbers] == numbers  # type: ignore[attr-defined]


def test_what_could_not_be_kept_is_asked_for_again_and_then_kept(
    log: AdviceLog, content: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record that fails for a while: Telegram is not told that we have it, and when it comes again it counts."""

    def fail(*_: object) -> None:
        raise StoreError("no room")

    async def come() -> object:
        queue = queue_on(log, content)
        with monkeypatch.context() as patched:
            patched.setattr(AdviceLog, "receive", fail)
            await queue.keep_all([update(5)])
            with pytest.raises(NetworkError):
                await queue.put(update(5))
        assert queue.empty()
        await queue.keep_all([update(5)])
        await queue.put(update(5))
        return queue.get_nowait()

    assert getattr(asyncio.run(come()), "message", 0) == 5
    assert len(log.received()) == 1
