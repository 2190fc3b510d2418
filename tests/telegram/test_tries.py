"""One message that kills the process does not keep everybody else from being answered for ever."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("telegram.ext", reason="the Telegram channel is an extra")

from harness import BOT_TOKEN
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram import Update
from telegram.error import TimedOut
from test_channel import begin, rows, settled, until
from test_channel_errors import Desks
from worlds import turns_of, world_of

from bot.advice_log import AdviceLog
from bot.advice_log.running import tries
from bot.channels.telegram.incoming import ChatLocks, DurableQueue, Incoming, Kind
from bot.channels.telegram.together import Together
from bot.channels.telegram.tries import MOST, Tries
from bot.clock import stamp

if TYPE_CHECKING:
    from pathlib import Path

    from bot.library import Library


def update_of(number: int, text: str = "/help", chat: int = 7) -> Update:
    """Return an update as Telegram sends it."""
    who = {"id": chat, "is_bot": False, "first_name": "A"}
    message = {"message_id": number, "date": 0, "chat": {"id": chat, "type": "private"}, "from": who, "text": text}
    made = Update.de_json({"update_id": number, "message": message}, None)
    assert made is not None
    return made


class Died(BaseException):
    """Stands for the end of the process: nothing in it can be caught and gone on with."""


@pytest.fixture
def desks(log: AdviceLog, content: Library) -> Desks:
    """Return a desk on a record of its own."""
    return Desks(log, content)


def started(desks: Desks, *, deadly: set[str] = frozenset(), busy: bool = False) -> bool:  # type: ignore[assignment]
    """Start on what is in the inbox, and handle all of it; says whether the process lived."""
    desks.tries = desks.channel.tries = Tries(desks.log)
    desks.outgoing.together = Together(desks.log)  # what waited in the process before died with it
    locks = ChatLocks()
    queue = DurableQueue(desks.desk, "1", locks, desks.tries)
    queue.recover()
    live = desks.channel._dispatch

    async def dispatch(incoming: Incoming) -> None:
        if incoming.key in deadly:
            # Nothing that is still under way may reach the disk or anybody's phone after this.
            desks.log.connection.set_authorizer(lambda *_: sqlite3.SQLITE_DENY)
            desks.post.fails = TimedOut()
            raise Died
        if busy:
            await asyncio.sleep(0)
        await live(incoming)

    async def in_its_chat(one: Incoming) -> None:
        async with locks.holding(one.chat):
            await desks.channel.take(one)

    async def all_of_it() -> None:
        await desks.outgoing.resend(everything=True)
        found = []
        while not queue.empty():
            found.append(queue.get_nowait())
        tasks = [asyncio.ensure_future(in_its_chat(one)) for one in found if isinstance(one, Incoming)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    desks.channel._dispatch = dispatch  # type: ignore[method-assign]
    try:
        asyncio.run(all_of_it())
    except Died:
        return False
    finally:
        desks.channel._dispatch = live  # type: ignore[method-assign]
        if desks.log.connection.in_transaction:
            desks.log.connection.set_authorizer(None)
            desks.log.connection.rollback()
        desks.log.connection.set_authorizer(None)
        if deadly:
            desks.post.fails = None
    return True


def received(desks: Desks, number: int, chat: int, attempts: int = 1) -> str:
    """Put a message into the inbox as if it had just come in; returns its key."""
    one = Incoming(f"telegram:1:{number}:{number}", Kind.TEXT, str(chat), chat, number, "/help")
    person = desks.desk.person(one.user)
    desks.log.receive(one.key, person.id, one.to_json(), stamp(desks.desk.clock()), attempts)
    return one.key


def test_after_three_deaths_it_is_given_up_in_one_kind_line(desks: Desks) -> None:
    """Received and fatal; fatal after two more starts; the fourth start says so once, and answers everybody else."""
    key = received(desks, 1, 7)
    for death in range(1, MOST):
        assert tries(desks.log, key) == death
        assert not started(desks, deadly={key})
    assert tries(desks.log, key) == MOST
    received(desks, 2, 8)
    assert started(desks, deadly={key})
    assert [one for one in desks.post.sent if one.startswith("7: ")] == [f"7: {desks.desk.line_text('given_up')}"]
    assert any(one.startswith("8: ") and "At any point: back" in one for one in desks.post.sent)
    assert desks.log.received() == []
    assert "999" in desks.desk.line_text("given_up")


def test_who_merely_stood_beside_it_is_answered(desks: Desks) -> None:
    """Others whose messages were in hand at every death are answered before the cause is given up."""
    fatal = received(desks, 1, 7)
    for number in range(2, 12):
        received(desks, number, number + 10)
    starts = 0
    while not started(desks, deadly={fatal}, busy=True):
        starts += 1
        assert starts < MOST
    assert {one.partition(":")[0] for one in desks.post.sent if "At any point" in one} == {
        str(n + 10) for n in range(2, 12)
    }
    assert sum("could not handle" in one for one in desks.post.sent) == 1


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_nobody_but_the_cause_is_ever_given_up(
    tmp_path_factory: pytest.TempPathFactory, content: Library, data: st.DataObject
) -> None:
    """Any messages, any of them fatal: the starts come to an end, the fatal ones are given up, and all others answered."""
    log = AdviceLog.open(tmp_path_factory.mktemp("tries") / "advice.db")
    try:
        desks = Desks(log, content)
        chats = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=6))
        keys = [received(desks, n, chat, data.draw(st.integers(0, 1))) for n, chat in enumerate(chats, 1)]
        deadly = data.draw(st.sets(st.sampled_from(keys), max_size=2))
        starts = 0
        while not started(desks, deadly=deadly, busy=data.draw(st.booleans())):
            starts += 1
            assert starts <= (MOST + 1) * max(1, len(deadly))
        assert log.received() == []
        assert sum("could not handle" in one for one in desks.post.sent) == len(deadly)
        assert log.connection.execute("SELECT count(*) FROM turns").fetchone() == (len(keys) - len(deadly),)
    finally:
        log.close()


def test_a_failure_that_the_process_survives_is_no_try(desks: Desks) -> None:
    """Telegram cannot be reached for the whole of ten starts: the line still waits, and is said in the end."""
    desks.post.fails = TimedOut()
    desks.take("", kind=Kind.MEDIA)
    ((key, _),) = desks.log.received()
    for _ in range(10):
        assert started(desks)
        assert tries(desks.log, key) == 0
    desks.post.fails = None
    assert started(desks)
    assert desks.post.sent == [f"7: {desks.desk.line_text('media_refused')}"]
    assert desks.log.received() == []


def test_what_comes_to_a_free_chat_counts_as_tried_from_the_first_write(desks: Desks) -> None:
    """No second write is needed for it; what has to wait behind another message has not been tried."""

    async def come() -> None:
        locks = ChatLocks()
        queue = DurableQueue(desks.desk, "1", locks, Tries(desks.log))
        await queue.put(update_of(1))
        async with locks.holding(7):
            await queue.put(update_of(2))
            await queue.put(update_of(3, chat=8))

    asyncio.run(come())
    assert [tries(desks.log, f"telegram:1:{n}:{n}") for n in (1, 2, 3)] == [1, 0, 1]


def test_brought_twice_at_once_it_is_queued_once(desks: Desks) -> None:
    """Two deliveries of one update that are kept in the same moment are one thing to answer."""

    async def come() -> int:
        queue = DurableQueue(desks.desk, "1", ChatLocks(), Tries(desks.log))
        await asyncio.gather(*(queue.put(update_of(1)) for _ in range(3)))
        return queue.qsize()

    assert asyncio.run(come()) == 1
    assert len(desks.log.received()) == 1


def test_an_album_that_could_not_be_kept_is_still_refused_once_it_can(desks: Desks, monkeypatch: Any) -> None:
    """A record that fails at the first picture of an album: brought again, the album gets its one answer."""
    from telegram.error import NetworkError  # noqa: PLC0415

    from bot.errors import StoreError  # noqa: PLC0415

    def fail(*_: Any, **__: Any) -> None:
        raise StoreError("The disk is full: make room.")

    who = {"id": 7, "is_bot": False, "first_name": "A"}
    photo = [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]
    base = {"message_id": 1, "date": 0, "chat": {"id": 7, "type": "private"}, "from": who, "photo": photo}
    album = Update.de_json({"update_id": 1, "message": {**base, "media_group_id": "9"}}, None)
    queue = DurableQueue(desks.desk, "1", ChatLocks(), Tries(desks.log))
    with monkeypatch.context() as patched:
        patched.setattr(AdviceLog, "receive", fail)
        with pytest.raises(NetworkError):
            asyncio.run(queue.put(album))
    asyncio.run(queue.put(album))
    assert len(desks.log.received()) == 1


@pytest.mark.telegram
def test_a_process_that_really_dies_of_it_three_times(tmp_path: Path) -> None:
    """Killed as often as is allowed while one message is in hand: the next start says so, forgets it, and answers the others."""
    db = tmp_path / "advice.db"
    with world_of("polling", db, start_bot=False) as world:
        alice, bilal = world.person("Alice"), world.person("Bilal")
        silent = {"chat_id": alice.chat_id}
        for death in range(1, MOST + 1):
            calls = len(world.journal("sendMessage"))
            world.fault("sendMessage", "timeout", seconds=60, times=9, match=silent)
            world.start_bot()
            if death == 1:
                alice.upload("photo.jpg", b"x", "image/jpeg", kind="photo")
            until(lambda calls=calls: len(world.journal("sendMessage")) > calls, 30)
            assert rows(db, "SELECT attempts FROM inbox") == [(death,)]
            world.kill_bot()
            world.clear_faults()
        bilal.send("/start mark_on_child")
        world.start_bot()
        alice.expect(contains="could not handle one of your messages", strictly_next=True)
        bilal.expect(contains="I've seen a mark")
        begin(alice)
        settled(world, db)
        assert [n for n, _ in turns_of(db, alice.chat_id)] == [1]
        assert "given up" in world.bot_log()
        assert BOT_TOKEN.partition(":")[2] not in world.bot_log()
