"""The Telegram channel: updates become events for the desk, and what the desk says becomes messages.

    settings.py   what the environment says
    hearing.py    how updates come: what the next two have in common
    polling.py    by asking for them
    webhook.py    by being told of them, with a secret
    incoming.py   what came in, kept on disk before Telegram is told that we have it
    tries.py      what kills the process is given up in the end
    layout.py     what was said, as messages and buttons
    sending.py    out again, with patience
    outgoing.py   what became of it: noted, sent again, reminders
    channel.py    one update at a time: from what somebody did to what is said
    exercising.py        the same for exercises, which are asked first
    exercise_presses.py  buttons of exercises
    exercise_lines.py    lines that are in nobody's post
    exercise_post.py     what is said in exercises goes out, also what others set off
    boards.py            the facilitators' boards, right while the group moves
    watchdog.py   ends a process that is deaf or stuck
    pulse.py      signs of life beside the record, for `thinkchild health`
    service.py    the process: start, hear, remind, stop

Nothing here is imported by the rest of the program, and python-telegram-bot is imported only in `run`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.channels.telegram.settings import Settings, settings
from bot.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path

    from bot.door import Rules


def run(
    log_path: Path,
    area: str,
    given: Settings,
    *,
    require_signed: bool = False,
    learn: bool = False,
    rules: Rules | None = None,
) -> int:
    """Answer on Telegram until told to stop; returns the exit code.

    Raises SetupError when something needed is missing, the token is refused, or another process is answering.
    """
    try:
        import telegram.ext  # noqa: F401, PLC0415 - an extra, which only this channel needs
    except ImportError:
        raise SetupError('Answering on Telegram needs one more package: pip install "thinkchild[telegram]".') from None
    from bot.channels.telegram.service import answer  # noqa: PLC0415

    return answer(log_path, area, given, require_signed=require_signed, learn=learn, rules=rules)


__all__ = ["Settings", "run", "settings"]
