"""Notes beside the record that this process is alive and hears, for `thinkchild health`."""

from __future__ import annotations

import asyncio
import logging
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.advice_log.running import keep_notes
from bot.errors import StoreError
from bot.health import WAITING, running_notes

if TYPE_CHECKING:
    from bot.advice_log import AdviceLog
    from bot.channels.telegram.hearing import Hearing
    from bot.channels.telegram.incoming import DurableQueue

LOGGER = logging.getLogger(__name__)


class Pulse:
    """Writes the notes now and then: what comes in pays nothing for them."""

    def __init__(self, log: AdviceLog, hearing: Hearing, queue: DurableQueue, every: float, deaf_after: float) -> None:
        self._log, self._hearing, self._queue = log, hearing, queue
        self._every, self._deaf_after = every, deaf_after
        self._state = WAITING

    @property
    def state(self) -> str:
        """What this process is doing."""
        return self._state

    @state.setter
    def state(self, state: str) -> None:
        """Note at once that it is doing something else now."""
        self._state = state
        self.write()

    def write(self) -> None:
        """Note how things are; a record that cannot be written is told by the notes growing old."""
        about = {
            "pid": os.getpid(),
            "mode": self._hearing.mode,
            "state": self._state,
            "every": self._every,
            "deaf_after": self._deaf_after,
        }
        made = running_notes(datetime.now(UTC), about, self._hearing.heard_at, self._queue.last_update)
        try:
            keep_notes(self._log, made)
        except StoreError:
            LOGGER.error("The record cannot be written, not even a sign of life.")  # noqa: TRY400 - health says so

    async def run(self) -> None:
        """Write for ever."""
        while True:
            self.write()
            await asyncio.sleep(self._every)
