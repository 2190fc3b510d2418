"""Lines about exercises that are in nobody's post: each with the watermark. What was answered leaves the inbox."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bot.channels.telegram.layout import line_message
from bot.errors import StoreError
from bot.exercises.heard import Heard
from bot.exercises.speaking import marked

if TYPE_CHECKING:
    from bot.channels.telegram.exercise_post import Post
    from bot.channels.telegram.incoming import Incoming
    from bot.exercises.hall import Hall
    from bot.session import Desk

LOGGER = logging.getLogger(__name__)


class Lines:
    """Says what belongs to no turn."""

    def __init__(self, hall: Hall, post: Post, desk: Desk) -> None:
        self.hall, self.post, self.desk = hall, post, desk
        self.store, self.sender = hall.store, post.outgoing.sender

    def marked(self, text: str) -> str:
        """Return a text with the watermark."""
        return f"[{self.hall.library.lines['exercise_mark'].text}]\n{text}"

    async def say(self, incoming: Incoming, line_id: str, **values: str) -> Heard:
        """Send a line that is in nobody's post."""
        await self.send(incoming, marked(self.hall.library, self.hall.line(line_id, **values)))
        return Heard.TAKEN

    async def send(self, incoming: Incoming, text: str) -> None:
        """Send a text that has the watermark."""
        await self.sender.send(incoming.chat, line_message(text))
        if incoming.query:
            await self.sender.answer_press(incoming.query)
        self.forget(incoming)

    async def refuse(self, incoming: Incoming, line_id: str) -> Heard:
        """Let a button come up again, and say why it does nothing."""
        await self.sender.answer_press(incoming.query, self.desk.line_text(line_id))
        self.forget(incoming)
        return Heard.TAKEN

    def forget(self, incoming: Incoming) -> None:
        """Take something out of the inbox that was dealt with; failing that, its key keeps it from being taken twice."""
        try:
            self.desk.log.forget_received(incoming.key)
        except StoreError:
            LOGGER.error("The inbox could not be tidied.")  # noqa: TRY400 - it was said where it happened
