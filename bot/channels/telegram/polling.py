"""Asking Telegram for updates, and not taking one refusal, or one update that cannot be read, for the end."""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING, Any

from telegram import Update
from telegram.ext import ExtBot
from telegram.request import HTTPXRequest

from bot.channels.telegram.hearing import WANTED, Hearing, NowAndThen

if TYPE_CHECKING:
    import asyncio

    from bot.channels.telegram.hearing import AnyApplication, Until
    from bot.channels.telegram.incoming import DurableQueue
    from bot.channels.telegram.settings import Settings

LOGGER = logging.getLogger(__name__)
IDLE = 120.0
"""Seconds without a poll under way, or begun, after which the task that polls is dead; its own pauses are 30 at most."""


class Polling(Hearing):
    """Long polls, one after the other."""

    mode = "polling"

    def __init__(self, request: PollRequest) -> None:
        super().__init__(request.stop)
        self._request = request
        request.hearing = self

    def dead(self) -> bool:
        """Whether nobody asks any more."""
        return self._request.idle > IDLE

    async def begin(self, application: AnyApplication, until: Until) -> None:
        """Take a webhook away, if there is one, and ask from now on. What waits at Telegram is never dropped."""
        updater = application.updater
        assert updater is not None  # the builder was not told to leave it out
        await until(lambda: updater.start_polling(allowed_updates=WANTED, error_callback=NowAndThen()))
        self.last_heard = time.monotonic()

    async def end(self, application: AnyApplication) -> None:
        """Ask no more; what was fetched is acknowledged."""
        if application.updater is not None and application.updater.running:
            await application.updater.stop()


class KeepingBot(ExtBot[None]):
    """A bot that puts what came on disk in one writing, however much came together, before PTB hears of it."""

    def __init__(self, queue: DurableQueue, given: Settings, polls: PollRequest, calls: HTTPXRequest) -> None:
        super().__init__(
            given.token,
            base_url=given.base_url,
            base_file_url=given.base_file_url,
            request=calls,
            get_updates_request=polls,
        )
        self._queue = queue

    async def get_updates(self, *args: Any, **kwargs: Any) -> tuple[Update, ...]:  # noqa: ANN401 - as PTB calls it
        """Return what came; it is on disk, or PTB's queue will try again."""
        updates = await super().get_updates(*args, **kwargs)
        await self._queue.keep_all(updates)
        return updates


class PollRequest(HTTPXRequest):
    """Makes the requests for updates.

    One 401 or 404 would end PTB's polling for good and leave the process running, deaf. Here it counts as a
    gateway error, after which PTB asks again; many in a row end the process, which somebody will notice.

    One update that PTB cannot read would make it ask for the same batch for ever, and hear nothing else. Here a batch
    that is handed out a second time is looked through, and what cannot be read is left empty.
    """

    def __init__(self, stop: asyncio.Event) -> None:
        super().__init__(connection_pool_size=1)
        self.stop = stop
        self.hearing: Hearing | None = None
        self._under_way, self._last = 0, time.monotonic()
        self._batch = b""

    @property
    def idle(self) -> float:
        """Seconds since the last poll ended; 0 while one is under way."""
        return 0.0 if self._under_way else time.monotonic() - self._last

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:  # noqa: ANN401 - as PTB calls it
        """Make the request."""
        self._under_way += 1
        try:
            code, body = await super().do_request(*args, **kwargs)
        finally:
            self._under_way -= 1
            self._last = time.monotonic()
        if self.hearing is None:
            return code, body
        if code in {401, 404}:
            self.hearing.was_refused()
            return 502, body
        if code != 200:  # noqa: PLR2004 - the one that means it worked
            return code, body
        again, self._batch = body == self._batch, body
        made = readable(body) if again else body
        if made is None or not body.lstrip().startswith(b"{"):
            return code, body  # what stands between us and Telegram answered in its place
        self.hearing.heard()
        return code, made


def readable(body: bytes) -> bytes | None:
    """Return an answer with updates as PTB can read it; None when it is no such answer.

    An update that cannot be read keeps its number and loses everything else: so it is acknowledged, and not asked for again.
    """
    try:
        answer = json.loads(body)
        updates = answer["result"]
        kept = [_readable(update) for update in updates]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if kept == updates:
        return body
    LOGGER.error("An update could not be read and is passed over.")
    return json.dumps({**answer, "result": kept}).encode()


def _readable(update: dict[str, Any]) -> dict[str, Any]:
    try:
        Update.de_json(update, None)
    except Exception:  # noqa: BLE001 - whatever PTB stumbles on
        return {"update_id": int(update["update_id"])}
    return update
