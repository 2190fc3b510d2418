"""What is said in an exercise, as the object that channels take: like that of live guidance, and watermarked.

No message leaves here without the mark. It stands first, except before a line about danger, where 999 does.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from bot.models import ReplyKind
from bot.scenarios.run import Stage
from bot.transcript import reply_out
from bot.wording import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.events import Reply
    from bot.exercises.seats import Exercise, Seat
    from bot.library import Library

LOBBY = "do:lobby"
"""The open step of whoever has no seat yet."""


def marked(library: Library, reply: Reply) -> str:
    """Return the words of a reply with the watermark."""
    text = plain(library, reply)
    if reply.kind is ReplyKind.DANGER:  # "not real" has no place below a question about what is real
        return f"{text}\n[{library.lines['exercise_mark_beside_danger'].text}]"
    return f"[{library.lines['exercise_mark'].text}]\n{text}"


def out_of(library: Library, replies: Iterable[Reply], *, exercise: str, step: str, opened: str = "") -> dict[str, Any]:
    """Return what channels take; `opened` names what is open, so that a later tap can be seen to be late."""
    return {
        "exercise": exercise,
        "step": step,
        "open": opened,
        "closed": False,
        "replies": [reply_out(library, reply, marked(library, reply)) for reply in replies],
    }


def open_mark(exercise: Exercise, seat: Seat) -> str:
    """Name what is open at a seat: the same as long as the same answer is asked for, another once it was given."""
    if seat.run is None:
        return f"lead:{exercise.opened}:{int(exercise.held)}:{seat.asking}"
    run = seat.run
    guide = zlib.crc32(run.guide.encode()) if run.guide else 0
    counts = f"{len(run.found)}:{len(run.decided)}:{run.stops}:{int(run.wrote)}:{guide}"
    waiting = "" if run.stage is not Stage.OPENING else f":{exercise.opened > run.stops}"
    return f"{run.stage}:{run.scene}:{counts}{waiting}:{seat.asking}"
