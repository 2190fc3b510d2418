"""One reply as messages that fit a phone (promise P11): a long list of things to do is said in two parts.

Pure. Nothing is left out or reworded; an area's own numbers are not counted, since they cannot be split from what
they belong to.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.models import ReplyKind

if TYPE_CHECKING:
    from bot.events import ActionShown, Reply
    from bot.library import Library

PHONE = 600
"""Characters of one message."""


def in_messages(library: Library, reply: Reply) -> tuple[Reply, ...]:
    """Return a reply as one message or more, each of which fits a phone."""
    if reply.kind is ReplyKind.ESCALATE and reply.rungs:
        heading = library.lines["ladder_here"].text
        return replace(reply, rungs=(), footnote=""), replace(reply, text=heading)
    if reply.kind is not ReplyKind.ACT:
        return (reply,)
    parts: list[list[ActionShown]] = [[]]
    room = PHONE - len(reply.text) - len(reply.footnote)
    for action in reply.actions:
        length = _length(action)
        if parts[-1] and length > room:
            parts.append([])
            room = PHONE - len(library.lines["and_also"].text) - len(reply.footnote)
        parts[-1].append(action)
        room -= length
    return tuple(
        replace(
            reply,
            text=reply.text if number == 0 else library.lines["and_also"].text,
            actions=tuple(part),
            sources=tuple(dict.fromkeys(source for action in part for source in action.sources)),
            footnote=reply.footnote if any(action.unconfirmed for action in part) else "",
        )
        for number, part in enumerate(parts)
    )


def _length(action: ActionShown) -> int:
    """Count an action as it is laid out: its number, its words, and who does it by when."""
    return len(action.text) + len(action.who) + len(action.by_text) + 16
