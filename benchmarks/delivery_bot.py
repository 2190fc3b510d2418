"""Our real program, killed with -9 at a chosen point: `DIE_AT=POINT:N python benchmarks/delivery_bot.py telegram --db FILE`.

Nothing of it is replaced: it is only watched, and kills itself the N-th time it comes to a point: `polled` (updates have come
and none is kept), `commit<` and `commit>` (before and after something is put on disk), `call<` and `call>` (before and after
a call that people can see). Without DIE_AT it is the program.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("PTB_TIMEDELTA", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

if TYPE_CHECKING:
    from collections.abc import Iterator

SEEN = ("/sendMessage", "/sendDocument", "/editMessageText")


class Watch:
    """Counts how often a point was come to, and ends the process there."""

    def __init__(self, wanted: str) -> None:
        point, _, number = wanted.rpartition(":")
        self.point, self.left = point, int(number)

    def at(self, point: str) -> None:
        """Be at a point."""
        if point == self.point:
            self.left -= 1
            if not self.left:
                os.kill(os.getpid(), signal.SIGKILL)


def watch(wanted: str) -> None:
    """Watch the record and the calls."""
    from telegram.request import HTTPXRequest  # noqa: PLC0415 - the program decides what to load when

    from bot.advice_log import AdviceLog  # noqa: PLC0415 - as above

    watched = Watch(wanted)
    transaction, request = AdviceLog.transaction, HTTPXRequest.do_request

    @contextmanager
    def watched_transaction(self: AdviceLog) -> Iterator[None]:
        with transaction(self):
            yield
            watched.at("commit<")
        watched.at("commit>")

    async def watched_request(self: HTTPXRequest, url: str, *args: Any, **kwargs: Any) -> tuple[int, bytes]:  # noqa: ANN401 - as PTB calls it
        seen = url.endswith(SEEN)
        if seen:
            watched.at("call<")
        code, body = await request(self, url, *args, **kwargs)
        if seen:
            watched.at("call>")
        elif url.endswith("/getUpdates") and json.loads(body).get("result"):
            watched.at("polled")
        return code, body

    AdviceLog.transaction = watched_transaction  # type: ignore[method-assign]
    HTTPXRequest.do_request = watched_request  # type: ignore[method-assign]


if __name__ == "__main__":
    if os.environ.get("DIE_AT"):
        watch(os.environ["DIE_AT"])
    from bot.cli import main

    main()
