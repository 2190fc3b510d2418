"""The process that answers over HTTP: it starts once, answers, and ends cleanly when told to."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from typing import TYPE_CHECKING, Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot.advice_log import AdviceLog
from bot.channels.rest.app import Pages
from bot.channels.rest.counter import Counter
from bot.discreet import log_discreetly
from bot.door import Door
from bot.errors import SetupError
from bot.session import Desk
from bot.startup import open_library, second_matcher

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.types import ASGIApp

    from bot.channels.rest.settings import Settings
    from bot.door import Rules

LOGGER = logging.getLogger(__name__)
CHANNEL, HOSTED = "rest", "rasa"
"""Who comes by one is nobody who comes by the other, whatever they are called there."""
MOST_AT_ONCE = 200
"""Connections; who comes after is told to come again."""
HEAD_SECONDS = 15.0
"""How long the head of a request may take to arrive."""


def answer(
    log_path: Path, area: str, given: Settings, *, only_actions: bool, require_signed: bool, rules: Rules | None
) -> int:
    """Answer until told to stop; returns the exit code."""
    log_discreetly(given.token)
    with _listening(given) as listener:
        log = AdviceLog.open(log_path)
        counter = Counter()
        try:
            library = open_library(log)
            nlu = second_matcher(library)
            desks = [
                Desk(
                    log, library, area=area, channel=name, require_signed=require_signed, nlu=nlu, door=Door(log, rules)
                )
                for name in (CHANNEL, HOSTED)
            ]
            desks[0].prepare()  # the matcher is one for both
            app = Pages(counter, *desks).app(given.token, only_actions=only_actions)
            LOGGER.info("%s", desks[0].door.notice())
            asyncio.run(_serve(app, listener))
        finally:
            counter.close()
            log.close()
    return 0


@contextlib.contextmanager
def _listening(given: Settings) -> Iterator[socket.socket]:
    """Hold the address; raises SetupError when it cannot be had."""
    try:
        family, kind, number, _, place = socket.getaddrinfo(given.host, given.port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, number)
    except OSError as error:
        raise SetupError(f"{given.host} is no address of this machine ({error.strerror}): leave --host out.") from None
    with listener:
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(place)
        except OSError as error:
            raise SetupError(
                f"{given.host} port {given.port} cannot be used ({error.strerror}): name another with --port."
            ) from None
        yield listener


async def _serve(app: ASGIApp, listener: socket.socket) -> None:
    """Answer until a signal comes, then finish what was begun."""
    config = uvicorn.Config(
        app,
        http=Patient,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=MOST_AT_ONCE,
        timeout_graceful_shutdown=10,
    )
    server = Server(config)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, server.stop)
    host, port = listener.getsockname()[:2]
    LOGGER.info("Answering on http://%s:%d.", f"[{host}]" if ":" in host else host, port)
    await server.serve(sockets=[listener])
    LOGGER.info("Stopped.")


class Server(uvicorn.Server):
    """Ends with exit code 0 when told to stop: uvicorn itself would die of the signal once more."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to us."""
        yield

    def stop(self) -> None:
        """Take no more, and finish."""
        self.should_exit = True


class Patient(H11Protocol):
    """Waits for the head of a request, but not for ever: uvicorn alone would hold the place open."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as uvicorn calls it
        super().__init__(*args, **kwargs)
        self._waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Wait on where a head has only begun."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._wait()
        else:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._waiting is None:
            self._waiting = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
