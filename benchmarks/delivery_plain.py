"""Plain python-telegram-bot that says what our bot said: `python benchmarks/delivery_plain.py CALLS.json`.

The same library with the same settings (chats beside each other and each in order, pool, calls in the air together), the same
calls with the same words and buttons, and nothing else: no record, no thinking. `delivery.py` measures ours against it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("PTB_TIMEDELTA", "1")
sys.modules["sniffio"] = None  # type: ignore[assignment] # as our service does, where it is not installed

from telegram import Bot, InlineKeyboardMarkup, Update  # noqa: E402
from telegram.ext import ApplicationBuilder, BaseUpdateProcessor, TypeHandler  # noqa: E402

from bot.channels.telegram.incoming import ChatLocks  # noqa: E402
from bot.channels.telegram.sending import AT_ONCE, BESIDE  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Awaitable

BACKLOG = 4096


class InOrder(BaseUpdateProcessor):
    """Several chats at once, each in order."""

    def __init__(self) -> None:
        super().__init__(BACKLOG)
        self.locks = ChatLocks()

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Wait for the chat's turn."""
        assert isinstance(update, Update)
        assert update.effective_chat is not None
        async with self.locks.holding(update.effective_chat.id):
            await coroutine

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to tidy up."""


class Parrot:
    """Says to each chat's n-th update what was said to the n-th update of the recording."""

    def __init__(self, recording: list[list[tuple[str, dict[str, str]]]]) -> None:
        self.recording = [
            [(method, given, _keyboard(given)) for method, given in calls] for calls in recording if calls
        ]
        self.heard: Counter[int] = Counter()
        self.slots = asyncio.Semaphore(AT_ONCE)

    async def take(self, update: Update, context: Any) -> None:  # noqa: ANN401 - PTB's context
        """Answer an update: what is sent in its order, all else beside it."""
        assert update.effective_chat is not None
        chat = update.effective_chat.id
        calls = self.recording[self.heard[chat] % len(self.recording)]
        self.heard[chat] += 1
        sent = [call for call in calls if call[0] == "sendMessage"]
        beside = [call for call in calls if call[0] != "sendMessage"]
        await asyncio.gather(
            self.in_turn(context.bot, update, sent), *(self.in_turn(context.bot, update, [call]) for call in beside)
        )

    async def in_turn(self, bot: Bot, update: Update, calls: list[tuple[str, dict[str, str], Any]]) -> None:
        """Make calls one after another."""
        for method, given, keyboard in calls:
            async with self.slots:
                await self.call(bot, update, method, given, keyboard)

    async def call(self, bot: Bot, update: Update, method: str, given: dict[str, str], keyboard: Any) -> None:  # noqa: ANN401 - a keyboard or None
        """Make one call."""
        assert update.effective_chat is not None
        chat, query = update.effective_chat.id, update.callback_query
        place = update.effective_message.message_id if update.effective_message else 0
        mode = given.get("parse_mode")
        if method == "sendMessage":
            await bot.send_message(chat, given["text"], parse_mode=mode, reply_markup=keyboard)
        elif method == "editMessageText":
            await bot.edit_message_text(given["text"], chat, place, parse_mode=mode, reply_markup=keyboard)
        elif method == "editMessageReplyMarkup":
            await bot.edit_message_reply_markup(chat, place, reply_markup=keyboard)
        elif method == "answerCallbackQuery" and query is not None:
            await bot.answer_callback_query(query.id)


def _keyboard(given: dict[str, str]) -> InlineKeyboardMarkup | None:
    return InlineKeyboardMarkup.de_json(json.loads(given["reply_markup"]), None) if "reply_markup" in given else None


def main() -> None:
    """Poll until killed."""
    parrot = Parrot(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    application = (
        ApplicationBuilder()
        .token(os.environ["TELEGRAM_BOT_TOKEN"])
        .base_url(os.environ["TELEGRAM_BASE_URL"])
        .concurrent_updates(InOrder())
        .connection_pool_size(AT_ONCE + BESIDE)
        .pool_timeout(10)
        .build()
    )
    application.add_handler(TypeHandler(Update, parrot.take))
    application.run_polling(allowed_updates=["message", "callback_query"])


if __name__ == "__main__":
    main()
