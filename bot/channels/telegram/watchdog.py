"""Ends a process that is deaf or stuck, so that whoever looks after it can start it anew.

Three things are watched: that the loop in which everything happens still turns, that Telegram is heard, and that
somebody still asks it. The first is watched from a thread of its own, because a loop that hangs can watch nothing.
"""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from bot.channels.telegram.hearing import Hearing

LOGGER = logging.getLogger(__name__)
STUCK = os.EX_SOFTWARE
"""Exit code (70) of a process that was deaf or stuck: start it again."""
REVOKED = os.EX_CONFIG
"""Exit code (78) of a process whose token was taken back: starting it again is no use before it has another."""
BEAT = 1.0
REARM = 5.0
"""Seconds between settings of the interpreter's own alarm."""


class Watchdog:
    """Has to hear from the loop every now and then, or it ends the process."""

    def __init__(self, stuck_seconds: float, deaf_seconds: float) -> None:
        self._stuck, self._deaf = stuck_seconds, deaf_seconds
        self._missed = 0
        self._over = threading.Event()
        self._armed = -REARM
        self.hearing: Hearing | None = None
        """What is to be heard; None until the beginning is over."""

    def __enter__(self) -> Self:
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        faulthandler.cancel_dump_traceback_later()

    async def run(self, stop: asyncio.Event) -> None:
        """Beat for ever; a process that hears nothing is told to stop."""
        while True:
            self._beat()
            if not stop.is_set() and (why := self.deaf()):
                LOGGER.error("%s: this process ends, to be started again.", why)
                stop.set()
            await asyncio.sleep(BEAT)

    def deaf(self) -> str:
        """Say why nothing can be heard; nothing, while it can, or once the token is known to be refused."""
        if self.hearing is None or self.hearing.refused:
            return ""
        if self.hearing.dead():
            return "Nobody asks Telegram for messages any more"
        if time.monotonic() - self.hearing.last_heard > self._deaf:
            return f"Telegram has not been heard for {self._deaf:.0f} seconds"
        return ""

    def _beat(self) -> None:
        self._missed = 0
        notify("WATCHDOG=1")
        if time.monotonic() - self._armed >= REARM:
            self._armed = time.monotonic()
            # A search that never ends keeps even our thread from running. This alarm needs no turn of its own, but
            # knows one exit code only: 1.
            faulthandler.dump_traceback_later(2 * self._stuck + REARM, exit=True)

    def _watch(self) -> None:
        """Count in a thread: each turn that passes without a beat. A machine that slept counts as one."""
        while not self._over.wait(BEAT):
            self._missed += 1
            if self._missed * BEAT >= self._stuck:
                sys.stderr.write(f"Stuck for {self._stuck:.0f} seconds: this process ends. Where it stood:\n")
                sys.stderr.flush()
                faulthandler.dump_traceback(all_threads=True)  # files, lines and functions: no values
                os._exit(STUCK)


def notify(state: str) -> None:
    """Tell systemd how we are, if it asked: see sd_notify(3)."""
    where = os.environ.get("NOTIFY_SOCKET", "")
    if not where:
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.connect(f"\0{where[1:]}" if where.startswith("@") else where)
            out.sendall(state.encode())
    except OSError as error:
        LOGGER.debug("systemd could not be told (%s).", type(error).__name__)
