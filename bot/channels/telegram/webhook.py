"""Being told of updates by Telegram: a small server behind a proxy, which says "taken" only once an update is on disk.

PTB's own server is not used: it takes bodies of 100 MB from anybody, compares the secret letter by letter, and asks for
an update it cannot read for ever. What listens here is the same library, tornado, with one address.

* The secret comes in a header, set when the address was given to Telegram. It is in no address and no log line.
* Who does not know it gets 403 before a body is read.
* What could not be put on disk gets 500: Telegram sends it again.
"""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from telegram import Update
from telegram.error import InvalidToken, NetworkError, TelegramError
from tornado.httpserver import HTTPServer
from tornado.web import Application, HTTPError, RequestHandler, stream_request_body

from bot.channels.telegram.hearing import WANTED, Hearing, NowAndThen
from bot.errors import SetupError

if TYPE_CHECKING:
    from telegram import Bot, WebhookInfo

    from bot.channels.telegram.hearing import AnyApplication, Until
    from bot.channels.telegram.settings import WebhookSettings

LOGGER = logging.getLogger(__name__)
HEADER = "X-Telegram-Bot-Api-Secret-Token"
LARGEST = 2 * 1024 * 1024
"""Bytes of an update; the longest that Telegram makes are far below."""
PATIENCE = 30.0
"""Seconds that a caller may take over a request."""
AT_ONCE = 40
"""Updates that Telegram may bring together."""
RECENT = timedelta(minutes=5)
LOOK_EVERY, LOOK_AGAIN = 60.0, 10.0
"""Seconds between looks at whether Telegram still knows our address: as a rule, and after a look that failed."""


class Webhook(Hearing):
    """Listens, tells Telegram where, and looks now and then whether it still knows."""

    mode = "webhook"

    def __init__(self, given: WebhookSettings, stop: asyncio.Event) -> None:
        super().__init__(stop)
        self._given = given
        self._server: HTTPServer | None = None
        self._looking: asyncio.Task[None] | None = None
        self._now_and_then = NowAndThen()
        self._last_error: datetime | None = None

    async def begin(self, application: AnyApplication, until: Until) -> None:
        """Listen, then tell Telegram so. What waits there is never dropped."""
        handed = {"bot": application.bot, "queue": application.update_queue, "secret": self._given.secret}
        where = rf"{self._given.path_pattern}/?"
        app = Application(
            [(where, Hook, handed | {"now_and_then": self._now_and_then})],
            default_handler_class=_Nothing,
            log_function=lambda _: None,
        )
        self._server = HTTPServer(app, max_body_size=LARGEST, body_timeout=PATIENCE, idle_connection_timeout=PATIENCE)
        try:
            self._server.listen(self._given.port, self._given.host)
        except OSError as error:
            says = f"Nothing can listen on {self._given.host}:{self._given.port} ({error.strerror}): set another place in THINKCHILD_WEBHOOK_LISTEN."
            raise SetupError(says) from None
        await until(lambda: self._set(application.bot))
        self.heard()
        self._looking = asyncio.create_task(self._look(application.bot))

    async def end(self, application: AnyApplication) -> None:  # noqa: ARG002 - polling needs it
        """Listen no more. The address stays with Telegram, which keeps what comes until somebody listens again."""
        if self._looking is not None:
            self._looking.cancel()
        if self._server is not None:
            self._server.stop()
            await self._server.close_all_connections()

    async def _set(self, bot: Bot) -> None:
        await bot.set_webhook(
            self._given.url, allowed_updates=WANTED, max_connections=AT_ONCE, secret_token=self._given.secret
        )

    async def _look(self, bot: Bot) -> None:
        """Look for ever whether Telegram still brings its updates here: without any, silence is no bad sign."""
        pause = LOOK_EVERY
        while True:
            await asyncio.sleep(pause)
            try:
                info = await bot.get_webhook_info()
                self.heard()
                if info.url != self._given.url:
                    LOGGER.warning("Telegram was given another address for its updates, or none: it gets ours again.")
                    await self._set(bot)
                self._say_errors(info)
                pause = LOOK_EVERY
            except InvalidToken:
                self.was_refused()
                pause = LOOK_AGAIN
            except TelegramError as error:
                self._now_and_then(error)
                pause = LOOK_AGAIN

    def _say_errors(self, info: WebhookInfo) -> None:
        """Log, once each, that Telegram could not bring an update: mostly the proxy before us."""
        at = info.last_error_date
        if at is None or at == self._last_error or datetime.now(UTC) - at > RECENT:
            return
        self._last_error = at
        waiting = info.pending_update_count
        LOGGER.warning(
            "Telegram could not bring an update (%d waiting): look at the proxy before this server.", waiting
        )


class _Plain(RequestHandler):
    """Answers with one short sentence, and nothing about the program."""

    def set_default_headers(self) -> None:
        """Say what it is, and not who says it."""
        self.clear_header("Server")
        self.set_header("Content-Type", "text/plain; charset=utf-8")

    def write_error(self, status_code: int, **_: Any) -> None:  # noqa: ANN401 - as tornado calls it
        """Name the problem."""
        self.finish(HTTPStatus(status_code).phrase + "\n")

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:  # noqa: ANN401, ARG002 - as tornado calls it
        """Log nothing of what somebody sent; of our own mistakes only the kind."""
        if not isinstance(error, HTTPError):
            LOGGER.error("A request could not be answered (%s).", getattr(kind, "__name__", kind))


class _Nothing(_Plain):
    """Every other address."""

    def prepare(self) -> None:
        """Refuse."""
        raise HTTPError(HTTPStatus.NOT_FOUND)


@stream_request_body
class Hook(_Plain):
    """Takes one update."""

    SUPPORTED_METHODS = ("POST",)

    def initialize(self, bot: Bot, queue: asyncio.Queue[object], secret: str, now_and_then: NowAndThen) -> None:
        """Keep what the server hands on."""
        self.bot, self.queue, self.secret, self.now_and_then = bot, queue, secret, now_and_then
        self.parts: list[bytes] = []

    def prepare(self) -> None:
        """Refuse who does not know the secret, before anything of the body is read."""
        given = self.request.headers.get(HEADER, "")
        if not compare_digest(given.encode("utf-8", "replace"), self.secret.encode()):
            if self.now_and_then.may_say("secret"):
                LOGGER.warning("Somebody without the secret asked at the webhook, and was refused.")
            self.set_header("Connection", "close")
            raise HTTPError(HTTPStatus.FORBIDDEN)

    def data_received(self, chunk: bytes) -> None:
        """Gather the body; the server holds it to its limit."""
        self.parts.append(chunk)

    async def post(self) -> None:
        """Put an update on disk, and only then say that it was taken.

        What is an update and cannot be read is passed over: Telegram would bring it for ever, and nothing behind it.
        """
        try:
            data = json.loads(b"".join(self.parts))
        except (ValueError, RecursionError):
            raise HTTPError(HTTPStatus.BAD_REQUEST) from None
        if not isinstance(data, dict):
            raise HTTPError(HTTPStatus.BAD_REQUEST)
        try:
            update = Update.de_json(data, self.bot)
        except Exception as error:  # noqa: BLE001 - whatever PTB stumbles on
            LOGGER.error("An update could not be read (%s) and is passed over.", type(error).__name__)  # noqa: TRY400
            return
        try:
            await self.queue.put(update)
        except NetworkError:
            raise HTTPError(HTTPStatus.INTERNAL_SERVER_ERROR) from None
