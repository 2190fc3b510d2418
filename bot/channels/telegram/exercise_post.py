"""The post of exercises: what the hall said goes out, to each in order, and what others set off as soon as it is there.

Everything said to one chat is said while holding that chat. Each piece is noted once it was sent, and only then comes the next:
so after a stop it is only the first piece of somebody's post that may have come before, and it alone says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import re
import time
from collections import deque
from typing import TYPE_CHECKING

from telegram.error import TelegramError

from bot.channels.telegram.boards import Boards
from bot.channels.telegram.incoming import CHANNEL
from bot.channels.telegram.layout import messages
from bot.channels.telegram.outgoing import BLOCKED, LATER
from bot.clock import stamp
from bot.discreet import where
from bot.errors import StoreError
from bot.exercises.keeping import KEPT_DAYS, tidy
from bot.wire import question, to_a_lead

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from bot.channels.telegram.outgoing import Outgoing
    from bot.exercises.hall import Hall
    from bot.exercises.seats import Mail

LOGGER = logging.getLogger(__name__)
EVERY_SECONDS = 1.0
"""Between two looks at the clock, and at what another program put into the post."""
BREATH = 0.05
"""Seconds that pass at least between two looks, however often it is woken."""
AGAIN_SECONDS = 5.0
"""Before something is sent again that the network did not take."""
ENDING_SECONDS = 2.0
MANY, MANY_SECONDS, MOST_SECONDS = 20, 0.3, 0.7
"""So many answers in so many seconds are a group that taps at once: nobody waits longer than that for theirs."""
TIDY_SECONDS = 3600.0
"""Between two looks for exercises whose days are over."""
LINK = re.compile(r"https://t\.me/\w+\?start=join_\w+")


class Post:
    """Delivers what is said in exercises."""

    def __init__(self, hall: Hall, outgoing: Outgoing, days: int = KEPT_DAYS) -> None:
        self.hall, self.store, self.outgoing, self.days = hall, hall.store, outgoing, days
        self.boards = Boards(hall, outgoing)
        self._woken = asyncio.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._maybe: set[int] = set()
        """What may have arrived although that is not noted."""
        self._sent: set[int] = set()
        """What was sent, and could not be noted."""
        self._later: dict[str, float] = {}
        """Person -> when to try again."""
        self._answers: deque[float] = deque(maxlen=MANY)
        """When the last answers were taken."""
        self._done: list[str] = []
        """Keys that can leave the inbox."""

    def wake(self) -> None:
        """Look at everybody's post now."""
        self._woken.set()

    def done(self, key: str) -> None:
        """Let something leave the inbox at the next look: until then its key keeps it from being taken twice."""
        self._done.append(key)
        self._woken.set()

    def _leave(self) -> None:
        """Take out of the inbox what was dealt with: many at once cost as much as one."""
        if self._done:
            self.outgoing.desk.log.forget_received(*self._done)
            self._done.clear()

    async def counted(self) -> None:
        """Wait, while a whole group taps at once: all are counted, and seen on the board, before any is answered."""
        began = time.monotonic()
        self._answers.append(began)
        while len(self._answers) == MANY and (now := time.monotonic()) - self._answers[0] < MANY_SECONDS:
            if now - began > MOST_SECONDS:
                return
            await asyncio.sleep(BREATH)

    def recover(self) -> None:
        """Find what may have arrived before the last stop, and the boards that are still shown."""
        for person, _ in self.store.to_deliver(CHANNEL):
            self._maybe.update(mail.id for mail in self.store.waiting(person)[:1])
        self.boards.recover()

    async def deliver(self, person: str, chat: int, *, in_place: int | None = None) -> None:
        """Send somebody's post, in order; never raises. The chat has to be held."""
        try:
            while waiting := self.store.waiting(person):
                for mail in waiting:
                    if not await self._send(mail, chat, in_place=in_place, last=mail is waiting[-1]):
                        return
        except StoreError:
            LOGGER.error("The post of an exercise could not be read.")  # noqa: TRY400 - it was said where it happened
            self._later[person] = time.monotonic() + AGAIN_SECONDS

    async def _send(self, mail: Mail, chat: int, *, in_place: int | None, last: bool) -> bool:
        """Send one piece and note it; says whether the next may follow."""
        if mail.id not in self._sent:
            # A row of ways on under each of several messages would only be in the way.
            buttons = last or question(mail.out) is not None
            made = messages(mail.out, mail.nonce, self.outgoing.words, buttons=buttons)
            status, places = await self.outgoing.put_out(
                chat, made, "an exercise", in_place=in_place, repeat=mail.id in self._maybe
            )
            if status == LATER:
                self._maybe.add(mail.id)
                self._later[mail.person] = time.monotonic() + AGAIN_SECONDS
                return False
            if status == BLOCKED:
                self.boards.forget(mail.person)
                self.store.delivered([one.id for one in self.store.waiting(mail.person)], self._now())
                return False
            self._sent.add(mail.id)
            self.boards.note(mail, chat, places)
        self.store.delivered([mail.id], self._now())
        self._sent.discard(mail.id)
        self._maybe.discard(mail.id)
        await self._draw(mail, chat)
        return True

    async def _draw(self, mail: Mail, chat: int) -> None:
        """Send the link to a group as a picture, below the message that has it: it can be read from a wall."""
        found = LINK.search(mail.out["replies"][0]["text"]) if to_a_lead(mail.out) else None
        if found is None:
            return
        with contextlib.suppress(TelegramError, ImportError):
            mark = self.hall.library.lines["exercise_mark"].text
            await self.outgoing.sender.photo(chat, picture_of(found[0]), f"[{mark}]\n{found[0]}")

    def _now(self) -> str:
        return stamp(self.hall.clock())

    # --- what others set off ----------------------------------------------------------------------------

    async def run(self) -> None:
        """Look at everybody's post, for ever: as soon as it is woken, and every second; erase what is old."""
        ticked = tidied = 0.0
        try:
            while True:
                try:
                    if time.monotonic() - ticked >= EVERY_SECONDS:
                        ticked = time.monotonic()
                        self.hall.tick()
                    if not tidied or time.monotonic() - tidied >= TIDY_SECONDS:
                        tidied = time.monotonic()
                        tidy(self.store, self.hall.clock(), self.days)
                    self._look()
                    self._leave()
                except StoreError:
                    LOGGER.error("The exercises could not be looked at.")  # noqa: TRY400 - as above
                except Exception as error:  # noqa: BLE001 - the next round may do better, and exercises must go on
                    LOGGER.error("Looking at the exercises failed: %s.", where(error))  # noqa: TRY400
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), EVERY_SECONDS)
                self._woken.clear()
                await asyncio.sleep(BREATH)
        finally:
            with contextlib.suppress(StoreError):
                self._leave()
            if self._tasks:
                await asyncio.wait(self._tasks.values(), timeout=ENDING_SECONDS)

    def _look(self) -> None:
        """Begin to deliver to everybody who has post; nobody waits for anybody else."""
        now = time.monotonic()
        for person, chat in self.store.to_deliver(CHANNEL):
            if self._later.get(person, 0.0) <= now:
                self._begin(person, self._deliver_to(person, int(chat)))
        for board in self.boards.changed(now):
            self._begin(f"board {board.person}", self.boards.show(board))

    def _begin(self, name: str, work: Coroutine[None, None, None]) -> None:
        if name in self._tasks:
            work.close()
            return
        task = asyncio.create_task(work)
        self._tasks[name] = task
        task.add_done_callback(lambda _: self._tasks.pop(name, None))

    async def _deliver_to(self, person: str, chat: int) -> None:
        async with self.outgoing.locks.holding(chat):
            await self.deliver(person, chat)


async def prepare_stories(hall: Hall) -> None:
    """Have every story's questions ready, so that nobody's first one waits; beside all else."""
    for story in hall.stories.values():
        await asyncio.to_thread(hall.hearing.prepare, story)


def picture_of(link: str) -> bytes:
    """Draw a link as a QR code, as PNG; raises ImportError where the package that draws is missing."""
    import segno  # noqa: PLC0415 - of an extra; loaded when a group starts

    drawn = io.BytesIO()
    segno.make(link, error="m", micro=False).save(drawn, kind="png", scale=8, border=4)
    return drawn.getvalue()
