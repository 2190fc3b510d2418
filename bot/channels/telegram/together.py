"""Several chats' writing to disk in one: what comes within a moment is kept with one commit.

Putting something on disk for good takes as long for one turn as for twenty. Each piece of work is still a transaction of its
own: one that fails takes nothing of the others with it. Whoever asked goes on only when all of it is on the disk.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.advice_log import AdviceLog

Result = TypeVar("Result")
MOMENT = 0.008
"""Seconds to wait for others: far less than any call to Telegram takes."""


class Together:
    """Does work on the record for many chats, and commits it together."""

    def __init__(self, log: AdviceLog, moment: float = MOMENT) -> None:
        self.log, self.moment = log, moment
        self._waiting: list[tuple[Callable[[], object], asyncio.Future[object]]] = []

    async def __call__(self, work: Callable[[], Result]) -> Result:
        """Do one piece of work and return what it returned, or raise what it raised, once that is on the disk.

        Raises StoreError when the disk could not take it: then nothing of it was kept.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[object] = loop.create_future()
        if not self._waiting:
            loop.call_later(self.moment, self._commit)
        self._waiting.append((work, done))
        return await done  # type: ignore[return-value] # what its own work returned

    def _commit(self) -> None:
        """Do all that waits. No other coroutine runs meanwhile, so nobody else's writing gets in between."""
        waiting, self._waiting = self._waiting, []
        ended: list[tuple[asyncio.Future[object], object, Exception | None]] = []
        try:
            with self.log.together():
                ended += [(done, *_outcome(work)) for work, done in waiting]
        except Exception as error:  # noqa: BLE001 - each of those who wait is told
            ended = [(done, None, error) for _, done in waiting]
        for done, result, failed in ended:
            if done.cancelled():
                continue
            if failed is None:
                done.set_result(result)
            else:
                done.set_exception(failed)


def _outcome(work: Callable[[], object]) -> tuple[object, Exception | None]:
    try:
        return work(), None
    except Exception as error:  # noqa: BLE001 - it is raised where the work was asked for
        return None, error
