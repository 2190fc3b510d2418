"""The HTTP side: the formats of Rasa's REST channel, of its action server and of its `/model/parse`.

    settings.py   where we listen, and the token; what is refused before anything starts
    talking.py    one message of one sender: what it means to the desk, and what was said as JSON items
    actions.py    the same for a Rasa server that calls its custom action
    counter.py    one thread in which all of it happens, one thing after the other
    app.py        addresses, sizes, time limits, refusals
    service.py    the process: start, answer, end

Nothing here is imported by the rest of the program, and Starlette and uvicorn are imported only in `run`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.channels.rest.settings import Settings
from bot.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path

    from bot.door import Rules


def run(
    log_path: Path,
    area: str,
    given: Settings,
    *,
    only_actions: bool = False,
    require_signed: bool = False,
    rules: Rules | None = None,
) -> int:
    """Answer over HTTP until told to stop; returns the exit code.

    Raises SetupError when something needed is missing, or the address cannot be had.
    """
    try:
        import starlette  # noqa: F401, PLC0415 - an extra, which only this channel needs
        import uvicorn  # noqa: F401, PLC0415 - as above
    except ImportError:
        raise SetupError('Answering over HTTP needs two more packages: pip install "thinkchild[serve]".') from None
    from bot.channels.rest.service import answer  # noqa: PLC0415

    return answer(log_path, area, given, only_actions=only_actions, require_signed=require_signed, rules=rules)


__all__ = ["Settings", "run"]
