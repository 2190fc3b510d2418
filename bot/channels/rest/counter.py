"""One thread in which the desk works: what comes in is taken one thing after the other, and the network never waits."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Given = ParamSpec("Given")
Result = TypeVar("Result")
PATIENCE = 30.0
"""Seconds that a caller waits for an answer."""


class Counter:
    """Takes work in the order in which it came, so two messages of one sender are answered in theirs."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self.patience = patience
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="desk")

    async def do(self, work: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs) -> Result:
        """Do some work in its turn; raises TimeoutError to whoever waits too long, and does it all the same."""
        done = asyncio.get_running_loop().run_in_executor(self._thread, lambda: work(*args, **kwargs))
        return await asyncio.wait_for(asyncio.shield(done), self.patience)

    def close(self) -> None:
        """Finish what was begun."""
        self._thread.shutdown(wait=True)
