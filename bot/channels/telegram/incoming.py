"""What came in: the few facts we need of an update, kept on disk before Telegram is told that we have it.

Names, pictures, places and files are never taken out of an update, so they are not in our memory either.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import OrderedDict
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from telegram import Update
from telegram.error import NetworkError
from telegram.ext import BaseUpdateProcessor

from bot.channels.telegram.together import Together
from bot.clock import stamp
from bot.errors import StoreError
from bot.wire import command_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
    from datetime import datetime

    from telegram import Document, Message

    from bot.channels.telegram.tries import Tries
    from bot.session import Desk

CHANNEL = "telegram"
LOGGER = logging.getLogger(__name__)
EXERCISE, JOIN, LEAD = "exercise", "join", "lead"
"""The commands that lead into exercises."""
LARGEST = 200_000
"""Bytes of an exercise that somebody sends."""
REMEMBERED = 10_000
"""Keys that a running process knows by heart, to drop what Telegram delivers twice."""


class Kind(StrEnum):
    """What somebody did."""

    TEXT = "text"
    PRESS = "press"
    EDIT = "edit"
    """Words in the place of those that were sent before."""
    MEDIA = "media"
    FILE = "file"
    """A document from somebody who may send exercises; `text` is where it can be fetched, or nothing if it is none."""
    GROUP = "group"
    """A command for us where others can read it."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One thing somebody did; `text` is what was typed, or what stands behind the pressed button."""

    key: str
    kind: Kind
    user: str
    chat: int
    message: int
    text: str = ""
    query: str = ""
    sent: int = 0
    """When Telegram took what was typed, in seconds since 1970; 0 where that is not looked at."""

    def __post_init__(self) -> None:
        # The library takes a field of any kind for what it should be, and what is on disk may be spoilt.
        texts, numbers = (self.key, self.user, self.text, self.query), (self.chat, self.message, self.sent)
        if not all(isinstance(one, str) for one in texts) or not all(type(one) is int for one in numbers):
            raise TypeError("an update with a field of another kind")

    def to_json(self) -> str:
        """Write it for the inbox, in ASCII: half a character, which people can send, is nothing SQLite keeps."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Incoming:
        """Read it from the inbox; raises ValueError, KeyError or TypeError when it is not one of ours."""
        held: dict[str, Any] = json.loads(text)
        return cls(**{**held, "kind": Kind(held["kind"])})


def incoming_of(
    update: Update,
    bot_id: str,
    username: str,
    flows: Collection[str],
    may_send: Callable[[str], bool] = lambda _: False,
) -> Incoming | None:
    """Return what an update means to us; None when it needs no answer. `may_send` says who may send a document.

    The message number is part of the key because update numbers begin anywhere after a quiet week: an old one
    that came again must not make a new message look answered.
    """
    query, message = update.callback_query, update.message or update.edited_message
    if query is not None and query.message is not None:
        shown = query.message
        kind = Kind.PRESS if shown.chat.type == "private" else Kind.GROUP
        key = f"{CHANNEL}:{bot_id}:{update.update_id}:{shown.message_id}"
        who, what = str(query.from_user.id), query.data or ""
        return Incoming(key, kind, who, shown.chat.id, shown.message_id, what, query.id)
    if message is None or message.from_user is None or message.from_user.is_bot:
        return None
    found = _kind(message, username, flows)
    if update.edited_message is not None:
        found = Kind.EDIT if found is Kind.TEXT else None
    if found is None:
        return None
    key = f"{CHANNEL}:{bot_id}:{update.update_id}:{message.message_id}"
    user = str(message.from_user.id)
    text = message.text or "" if found is not Kind.MEDIA else ""
    if found is Kind.MEDIA and message.document is not None and may_send(user):
        found, text = Kind.FILE, _script(message.document)
    sent = int(message.date.timestamp()) if found is Kind.TEXT else 0
    return Incoming(key, found, user, message.chat.id, message.message_id, text, sent=sent)


def _script(document: Document) -> str:
    """Return where an exercise can be fetched; nothing for any other file, of which nothing is looked at."""
    fits = (document.file_name or "").lower().endswith((".yaml", ".yml")) and 0 < (document.file_size or 0) <= LARGEST
    return document.file_id if fits else ""


def _kind(message: Message, username: str, flows: Collection[str]) -> Kind | None:
    if message.chat.type != "private":
        command = command_of(message.text or "")
        if command is None:
            return None
        ours = command[1].lower() == username.lower() if command[1] else command[0] in {*flows, EXERCISE}
        return Kind.GROUP if ours else None
    if message.text is not None:
        return Kind.TEXT
    return Kind.MEDIA if message.effective_attachment is not None else None


class DurableQueue(asyncio.Queue[object]):
    """PTB's queue of updates, which puts each on disk before PTB moves on and Telegram forgets it."""

    def __init__(
        self, desk: Desk, bot_id: str, locks: ChatLocks, tries: Tries, together: Together | None = None
    ) -> None:
        super().__init__()
        self.together = together or Together(desk.log)
        self.desk, self.bot_id, self.locks, self.tries = desk, bot_id, locks, tries
        self.username = ""
        self.last_update: datetime | None = None
        """When something last came in and was kept; None before anything has."""
        self.may_send: Callable[[str], bool] = lambda _: False
        """Who may send a document."""
        self._known: OrderedDict[str, None] = OrderedDict()
        self._kept: dict[int, Incoming | None] = {}
        """Number of an update -> what it means: on disk, and not queued yet."""

    async def keep_all(self, updates: Sequence[Update]) -> None:
        """Put what came together on disk in one writing; `put` then only queues it.

        What can't be kept so is left to `put`, which tries again and says what is wrong.
        """
        kept = await asyncio.gather(*map(self._keep, updates), return_exceptions=True)
        for update, incoming in zip(updates, kept, strict=True):
            if not isinstance(incoming, BaseException):
                self._kept[update.update_id] = incoming

    async def put(self, item: object) -> None:
        """Keep an update and queue what it means; anything else (PTB's own signals) passes.

        Raises NetworkError when the record cannot be written: PTB then asks Telegram for the update again.
        A webhook is answered with an error, after which Telegram sends it again. Any other exception would end PTB's
        polling for good, so none gets out.
        """
        if not isinstance(item, Update):
            await super().put(item)
            return
        try:
            number = item.update_id
            incoming = self._kept.pop(number) if number in self._kept else await self._keep(item)
        except StoreError:
            LOGGER.error("What came in could not be put on disk; Telegram is asked for it again.")  # noqa: TRY400
            raise NetworkError("not kept") from None
        except Exception as error:  # noqa: BLE001 - see above
            LOGGER.error("An update could not be read (%s) and is passed over.", type(error).__name__)  # noqa: TRY400
            return
        self.last_update = self.desk.clock()
        if incoming is not None:
            await super().put(incoming)

    def recover(self) -> int:
        """Queue what came in before the last stop and was not answered; returns how many."""
        count = 0
        for key, payload in self.desk.log.received():
            if not key.startswith(f"{CHANNEL}:{self.bot_id}:"):
                continue
            try:
                incoming = Incoming.from_json(payload)
            except (ValueError, KeyError, TypeError):
                self.desk.log.forget_received(key)
                continue
            self._new(key)
            self.tries.recovered(key)
            self.put_nowait(incoming)
            count += 1
        return count

    async def _keep(self, update: Update) -> Incoming | None:
        incoming = incoming_of(update, self.bot_id, self.username, self.desk.library.flows, self.may_send)
        if incoming is None or incoming.key in self._known:
            return None
        group = update.message.media_group_id if update.message else None
        album = f"album:{incoming.chat}:{group}"
        if group and not self._new(album):
            return None  # the pictures of an album come one by one; one refusal is enough
        person, now = self.desk.person(incoming.user), stamp(self.desk.clock())
        next_in_hand = 0 if self.locks.held(incoming.chat) else 1
        try:
            await self.together(
                lambda: self.desk.log.receive(incoming.key, person.id, incoming.to_json(), now, next_in_hand)
            )
        except BaseException:
            self._known.pop(album, None)
            raise
        # Not before it is on disk: else it would be passed over when it comes again. Brought twice at once, it counts once.
        return incoming if self._new(incoming.key) else None

    def _new(self, key: str) -> bool:
        """Remember a key; says whether it was new."""
        fresh = key not in self._known
        self._known[key] = None
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return fresh


class ChatLocks:
    """One lock a chat, first come first served, gone when nobody waits for it."""

    def __init__(self) -> None:
        self._locks: dict[int, tuple[asyncio.Lock, int]] = {}

    def held(self, chat: int) -> bool:
        """Say whether something is being said in a chat just now."""
        return chat in self._locks

    @asynccontextmanager
    async def holding(self, chat: int) -> AsyncIterator[None]:
        """Hold a chat: everything said there is said in order."""
        lock, waiting = self._locks.get(chat, (asyncio.Lock(), 0))
        self._locks[chat] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._locks[chat]
            if waiting == 1:
                del self._locks[chat]
            else:
                self._locks[chat] = (lock, waiting - 1)


class InOrder(BaseUpdateProcessor):
    """Several chats at once, each in order: one slow chat holds nobody else up."""

    BACKLOG = 4096
    """The base class takes its place before ours, so what merely waits for its chat needs places too."""

    def __init__(self, locks: ChatLocks) -> None:
        super().__init__(self.BACKLOG)
        self.locks = locks

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Wait for the chat's turn."""
        if not isinstance(update, Incoming):
            await coroutine
            return
        async with self.locks.holding(update.chat):
            await coroutine

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to tidy up."""
