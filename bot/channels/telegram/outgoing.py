"""What the desk said goes out, and the record is told what became of it: answers, answers again, reminders.

Everything said to one chat is said while holding that chat, so nothing overtakes anything.
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING

from telegram.error import BadRequest, Forbidden, TelegramError

from bot.channels.telegram.incoming import CHANNEL
from bot.channels.telegram.layout import messages, nudge_message
from bot.channels.telegram.together import Together
from bot.chasing import nonce_of
from bot.clock import stamp
from bot.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.channels.telegram.incoming import ChatLocks
    from bot.channels.telegram.layout import Message
    from bot.channels.telegram.sending import Sender
    from bot.session import Desk

LOGGER = logging.getLogger(__name__)
SENT, BLOCKED, FAILED = "sent", "blocked", "failed"
LATER = "later"
"""Not known to have arrived: it is to be tried again."""


class Outgoing:
    """Delivers turns and reminders, and remembers what could not be."""

    def __init__(self, desk: Desk, sender: Sender, locks: ChatLocks, together: Together | None = None) -> None:
        self.desk, self.sender, self.locks = desk, sender, locks
        self.together = together or Together(desk.log)
        self._unsent: set[int] = set()
        self._nudged: set[int] = set()

    @property
    def words(self) -> Mapping[str, str]:
        """How the marks of curiosity prompts are written out."""
        return self.desk.library.content.vocabulary.marks

    async def deliver(
        self,
        chat: int,
        outbox: int,
        made: Sequence[Message],
        *,
        in_place: int | None = None,
        repeat: bool = False,
    ) -> None:
        """Send all that a turn said and note what became of it; the chat has to be held."""
        status, _ = await self.put_out(chat, made, f"turn {outbox}", in_place=in_place, repeat=repeat)
        if status == LATER:
            self._unsent.add(outbox)
            return
        self._unsent.discard(outbox)
        try:
            await self.together(lambda: self.desk.log.delivered(outbox, status, stamp(self.desk.clock())))
        except StoreError:
            LOGGER.error("A delivery could not be noted; the answer will come again.")  # noqa: TRY400

    async def put_out(
        self, chat: int, made: Sequence[Message], what: str, *, in_place: int | None = None, repeat: bool = False
    ) -> tuple[str, list[int]]:
        """Send messages in their order; returns what became of them, and their numbers. The chat has to be held.

        The last message takes the place of the one with the number `in_place`, if that is still there.
        """
        places: list[int] = []
        try:
            for number, message in enumerate(made):
                last = number == len(made) - 1
                if in_place is not None and last and await self.sender.edit(chat, in_place, message):
                    places.append(in_place)
                    continue
                places.append(await self.sender.send(chat, message, repeat=repeat and number == 0))
        except Forbidden:
            return BLOCKED, places
        except BadRequest:
            LOGGER.error("Telegram refused what %s said.", what)  # noqa: TRY400 - the error may quote it
            return FAILED, places
        except TelegramError as error:
            LOGGER.warning("An answer could not be sent (%s); it is tried again.", type(error).__name__)
            return LATER, places
        return SENT, places

    async def resend(self, *, everything: bool = False) -> None:
        """Send again what may not have arrived: `everything` after a start, else what failed since."""
        if not everything and not self._unsent:
            return
        chats = dict.fromkeys(chat for _, _, chat, _ in self.desk.log.undelivered(CHANNEL))
        await asyncio.gather(*(self._resend_to(chat) for chat in chats))

    async def _resend_to(self, chat: str) -> None:
        async with self.locks.holding(int(chat)):
            for outbox, nonce, to, body in self.desk.log.undelivered(CHANNEL):
                if to != chat:
                    continue
                # Buttons of anything but the latest turn would only be refused.
                made = messages(json.loads(body), nonce, self.words, buttons=self.desk.log.is_latest(nonce))
                await self.deliver(int(chat), outbox, made, repeat=True)

    async def nudge(self) -> None:
        """Send the reminders that are due: one neutral line a chat, however many are due there."""
        due = self.desk.log.due(CHANNEL, stamp(self.desk.clock()))
        await asyncio.gather(*(self._nudge_one(chat) for chat in dict.fromkeys(chat for _, _, chat in due)))

    async def _nudge_one(self, chat: str) -> None:
        async with self.locks.holding(int(chat)):
            # Read again: a reminder may have been stopped while the chat was busy.
            now = stamp(self.desk.clock())
            due = [reminder for reminder, _, to in self.desk.log.due(CHANNEL, now) if to == chat]
            status = SENT
            if not due:
                return
            try:
                if not self._nudged.issuperset(due):  # sent before, if only noting it failed
                    # Its answers are those to the first; the others are asked about in the chat.
                    await self.sender.send(int(chat), nudge_message(self.desk.nudge(), nonce_of(due[0])))
            except Forbidden:
                status = BLOCKED
            except BadRequest:
                status = FAILED
            except TelegramError as error:
                LOGGER.warning("A reminder could not be sent (%s); it is tried again.", type(error).__name__)
                return
            self._nudged.update(due)
            self.desk.nudged(due, status)
