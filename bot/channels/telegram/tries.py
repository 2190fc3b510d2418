"""What kills the process is given up in the end: each update is counted on disk before it is tried again.

An update that is in the inbox at a start was in hand, or waited, when the last process ended. Without a count, one
that kills every process would keep everybody from being answered, at every start anew.

* What comes in while its chat is free is written down as tried once: that costs no further write.
* What is found at a start is counted before it is begun. A last try is made with nothing else of what was found in hand,
  so that what merely stood beside the cause is not given up with it.
* Where handling fails and the process lives, the count begins anew: only a death counts.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.advice_log import running
from bot.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.advice_log import AdviceLog

LOGGER = logging.getLogger(__name__)
MOST = 8
"""Processes that may die with an update in hand before it is given up: a machine that fails again and again is no reason to."""


class Tries:
    """Counts how often the updates found at the start were begun."""

    def __init__(self, log: AdviceLog) -> None:
        self._log = log
        self._found: set[str] = set()
        self._in_hand, self._alone = 0, False
        self._freed = asyncio.Event()

    def recovered(self, key: str) -> None:
        """Remember that an update was found in the inbox at the start."""
        self._found.add(key)

    @asynccontextmanager
    async def trying(self, key: str) -> AsyncIterator[bool]:
        """Count a try before it is made; gives whether it may be made. Raises StoreError when it cannot be counted."""
        if key not in self._found:
            yield True
            return
        self._found.discard(key)
        tried = running.tries(self._log, key)
        if tried >= MOST:
            LOGGER.error("A message is given up: the process died %d times while handling it.", tried)
            yield False
            return
        async with self._having(alone=tried == MOST - 1):
            running.count_try(self._log, key)
            yield True

    @asynccontextmanager
    async def _having(self, *, alone: bool) -> AsyncIterator[None]:
        """Have something that was found in hand, alone or beside others."""
        while self._alone or (alone and self._in_hand):
            self._freed.clear()
            await self._freed.wait()
        self._in_hand += 1
        self._alone = alone
        try:
            yield
        finally:
            self._in_hand -= 1
            self._alone = False
            self._freed.set()

    def survived(self, key: str) -> None:
        """Begin to count anew: handling failed, and what failed was not the process."""
        try:
            running.survived(self._log, key)
        except StoreError:
            LOGGER.error("The count of tries could not be set back.")  # noqa: TRY400 - it was said where it happened
