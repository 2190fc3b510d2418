"""How we hear from Telegram: what asking (`polling`) and being told (`webhook`) have in common."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from telegram.error import Conflict

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

    from telegram.error import TelegramError
    from telegram.ext import Application

    AnyApplication = Application[Any, Any, Any, Any, Any, Any]
    Until = Callable[[Callable[[], Awaitable[object]]], Awaitable[object]]

LOGGER = logging.getLogger(__name__)
WANTED = ["message", "edited_message", "callback_query"]
"""The kinds of update that we ask for; whatever else comes is passed over."""
MOST_REFUSALS = 12
"""Refusals in a row, over about two minutes, before we believe that the token was taken back."""


class Hearing:
    """Brings updates to the queue, and knows when Telegram let itself be heard last."""

    mode: ClassVar[str]

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop, self._refusals = stop, 0
        self.last_heard = time.monotonic()
        self.heard_at: datetime | None = None
        """When Telegram last answered; None before it has."""

    @property
    def refused(self) -> bool:
        """Whether Telegram will not let us hear anything any more: the token was taken back."""
        return self._refusals >= MOST_REFUSALS

    def heard(self) -> None:
        """Note that Telegram answered."""
        self._refusals, self.last_heard, self.heard_at = 0, time.monotonic(), datetime.now(UTC)

    def was_refused(self) -> None:
        """Note a refusal of the token; after many in a row the process is to end."""
        self._refusals += 1
        if self.refused:
            self._stop.set()

    def dead(self) -> bool:
        """Whether nobody is asking Telegram any more, whatever the network is like."""
        return False

    async def begin(self, application: AnyApplication, until: Until) -> None:
        """Begin to hear; `until` tries something until it works."""
        raise NotImplementedError

    async def end(self, application: AnyApplication) -> None:
        """Hear no more: what was taken in is on disk, and the rest stays with Telegram."""
        raise NotImplementedError


class NowAndThen:
    """Logs what goes wrong: each kind once a minute, however often it happens."""

    SECONDS = 60.0

    def __init__(self) -> None:
        self._said: dict[str, float] = {}

    def may_say(self, kind: str) -> bool:
        """Say whether it is time to say this again."""
        now = time.monotonic()
        if now - self._said.get(kind, -self.SECONDS) < self.SECONDS:
            return False
        self._said[kind] = now
        return True

    def __call__(self, error: TelegramError) -> None:
        """Log that Telegram could not be asked."""
        kind = type(error).__name__
        if not self.may_say(kind):
            return
        if isinstance(error, Conflict):
            LOGGER.warning("Another program is answering with the same token: stop one of the two.")
        else:
            LOGGER.warning("Telegram could not be asked for messages (%s); trying again.", kind)
