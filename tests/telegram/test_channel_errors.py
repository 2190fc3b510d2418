"""What the Telegram channel does when something fails inside: one sentence, nothing half done, nothing let slip."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("telegram.ext", reason="the Telegram channel is an extra")

from telegram.error import BadRequest, Forbidden, TimedOut

from bot.channels.telegram.channel import Channel
from bot.channels.telegram.incoming import ChatLocks, Incoming, Kind
from bot.channels.telegram.outgoing import Outgoing
from bot.channels.telegram.tries import Tries
from bot.clock import stamp
from bot.discreet import Discreet
from bot.errors import StoreError, ThinkchildError
from bot.session import Desk

if TYPE_CHECKING:
    from bot.advice_log import AdviceLog
    from bot.channels.telegram.layout import Message
    from bot.library import Library

SECRET = "Zebedee Quartermain"  # noqa: S105 - a name that must not be seen anywhere


class Post:
    """Takes the place of the sender: keeps what was sent, or fails as it is told to."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.alerts: list[str] = []
        self.fails: Exception | None = None

    async def send(self, chat: int, message: Message, *, repeat: bool = False) -> None:
        """Send a message."""
        if self.fails is not None:
            raise self.fails
        self.sent.append(f"{chat}: {'again: ' if repeat else ''}{message.plain}")

    async def answer_press(self, query: str, alert: str = "") -> None:
        """Answer a press."""
        self.alerts.append(f"{query}: {alert}")

    async def delete(self, chat: int, place: int) -> None:
        """Delete a message."""


class Desks:
    """A desk, a channel before it, and what came out."""

    def __init__(self, log: AdviceLog, content: Library) -> None:
        self.log = log
        self.desk = Desk(log, content, channel="telegram", can_remind=True)
        self.post = Post()
        self.outgoing = Outgoing(self.desk, self.post, ChatLocks())  # type: ignore[arg-type]
        self.tries = Tries(log)
        self.channel = Channel(self.desk, self.outgoing, "OurBot", self.tries)

    def take(self, text: str, number: int = 1, **parts: Any) -> None:
        """Let something come in."""
        incoming = Incoming(
            f"telegram:1:{number}:{number}",
            **{"kind": Kind.TEXT, "user": "7", "chat": 7, "message": number, "text": text} | parts,
        )
        person = self.desk.person(incoming.user)
        self.log.receive(incoming.key, person.id, incoming.to_json(), stamp(self.desk.clock()))
        asyncio.run(self.channel.take(incoming))


@pytest.fixture
def desks(log: AdviceLog, content: Library) -> Desks:
    """Return a desk on a record of its own."""
    return Desks(log, content)


@pytest.mark.parametrize(
    "error",
    [
        StoreError("The disk is full: make room."),
        ThinkchildError("You have no access here."),
        ValueError(SECRET),
        KeyError(SECRET),
    ],
)
def test_a_failed_turn_is_said_in_one_sentence(
    desks: Desks, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    """The store's own sentence is passed on, anything else is a fixed line; the next message works."""

    def fail(*_: Any, **__: Any) -> None:
        raise error

    with monkeypatch.context() as patched, caplog.at_level(logging.DEBUG):
        patched.setattr(Desk, "handle", fail)
        desks.take(f"it is about {SECRET}", kind=Kind.TEXT)
        desks.take("x:menu", 2, kind=Kind.PRESS, query="q")
    assert len(desks.post.sent) == 2
    assert SECRET not in caplog.text + "".join(desks.post.sent)
    said = str(error) if isinstance(error, ThinkchildError) else desks.desk.line_text("failed")
    assert desks.post.sent[0] == f"7: {said}"
    assert desks.post.alerts == ["q: "]
    assert desks.log.received() == []
    desks.take("/start", 3)
    assert "I am Thinkchild" in desks.post.sent[-1]


def test_what_could_not_be_sent_is_sent_when_it_can_be(desks: Desks) -> None:
    """A turn whose sending fails stays undelivered, is tried again, says so, and is then done with."""
    desks.post.fails = TimedOut()
    desks.take("/mark_on_child")
    assert len(desks.log.undelivered("telegram")) == 1
    asyncio.run(desks.outgoing.resend())
    desks.post.fails = None
    asyncio.run(desks.outgoing.resend())
    assert desks.post.sent[0].startswith("7: again: I've seen a mark")
    assert not desks.post.sent[1].startswith("7: again")
    assert desks.log.undelivered("telegram") == []
    asyncio.run(desks.outgoing.resend())
    asyncio.run(desks.outgoing.resend(everything=True))
    assert len(desks.post.sent) == 2


@pytest.mark.parametrize(("error", "status"), [(Forbidden("blocked"), "blocked"), (BadRequest("no"), "failed")])
def test_what_will_never_be_taken_is_noted(desks: Desks, error: Exception, status: str) -> None:
    """A person who blocked us, or a message that is refused, is not tried for ever."""
    desks.post.fails = error
    desks.take("/mark_on_child")
    assert desks.log.undelivered("telegram") == []
    assert desks.log.connection.execute("SELECT status FROM deliveries").fetchall() == [(status,)]


def test_a_line_that_could_not_be_sent_waits_in_the_inbox(desks: Desks) -> None:
    """What makes no turn is kept until it was answered."""
    desks.post.fails = TimedOut()
    desks.take("", kind=Kind.MEDIA)
    assert len(desks.log.received()) == 1
    desks.post.fails = None
    ((_, payload),) = desks.log.received()
    asyncio.run(desks.channel.take(Incoming.from_json(payload)))
    assert len(desks.post.sent) == 1
    assert desks.log.received() == []


def test_a_turn_taken_before_is_not_taken_again(desks: Desks) -> None:
    """The same update after a restart: no second turn, no second answer, nothing left in the inbox."""
    desks.take("/mark_on_child")
    said = list(desks.post.sent)
    desks.take("/mark_on_child")
    assert desks.post.sent == said
    assert desks.log.received() == []


def test_other_libraries_log_nothing_that_people_wrote() -> None:
    """Their records are reduced to who reports what kind of problem; ours lose the token, should it ever be in one."""
    form = Discreet("TOKEN")
    error = (ValueError, ValueError(SECRET), None)
    record = logging.LogRecord("telegram.ext", logging.ERROR, "f", 1, "got %s", (SECRET,), error)
    assert form.format(record).endswith("ERROR telegram.ext reports a problem (ValueError).")
    ours = logging.LogRecord("bot.channels", logging.INFO, "f", 1, "at %s", ("http://x/bot123:TOKEN/getMe",), None)
    assert "TOKEN" not in form.format(ours)
