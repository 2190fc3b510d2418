"""Out to Telegram, with patience: it waits when told to, and tries again when the network fails."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from telegram import InputFile
from telegram.constants import ParseMode
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.channels.telegram.layout import again

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from telegram import Bot, InlineKeyboardMarkup

    from bot.channels.telegram.layout import Message

Result = TypeVar("Result")
LOGGER = logging.getLogger(__name__)
PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds between attempts when the network fails; what still fails stays in the record and is sent later."""
NEVER_LEFT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout"})
"""Causes after which the message certainly did not reach Telegram."""
AT_ONCE = 16
"""Calls in the air together: the HTTP library gets slower with more. Whoever waits to try again holds no place."""
BESIDE = 4
"""Places for calls that wait for no other."""
LONGEST_ALERT = 200


class StoppedError(NetworkError):
    """The process is ending, so nothing is waited for; what was not sent is sent after the next start."""


class Sender:
    """Sends, edits and deletes in one bot's name."""

    def __init__(self, bot: Bot, notice: Callable[[], str]) -> None:
        self.bot = bot
        self.notice = notice
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Wait for nothing from now on."""
        self._stopping.set()

    async def send(self, chat: int, message: Message, *, repeat: bool = False) -> int:
        """Send a message and return its number; `repeat` if it may have come before, as after an attempt of unknown fate.

        Telegram has no way to make a sending happen exactly once: where we do not know, safety advice is
        said twice rather than not at all, and says so.
        Raises Forbidden when the person blocked us, BadRequest when Telegram will not have it, NetworkError
        when it could not be reached.
        """
        maybe_sent = repeat

        async def attempt() -> int:
            nonlocal maybe_sent
            try:
                return await self._send_dressed(chat, again(message, self.notice()) if maybe_sent else message)
            except TelegramError as error:
                maybe_sent = maybe_sent or _unknown_fate(error)
                raise

        return await self.reach(attempt)

    async def edit(self, chat: int, place: int, message: Message) -> bool:
        """Show other words and buttons in a message that was sent; returns whether it was still there."""
        try:
            await self.reach(
                lambda: self.bot.edit_message_text(
                    message.html,
                    chat_id=chat,
                    message_id=place,
                    parse_mode=ParseMode.HTML,
                    reply_markup=message.keyboard,
                )
            )
        except BadRequest as error:
            return "not modified" in str(error).lower()
        return True

    async def document(self, chat: int, name: str, data: bytes, caption: str) -> None:
        """Send a file."""
        await self.reach(lambda: self.bot.send_document(chat, InputFile(data, filename=name), caption=caption))

    async def photo(self, chat: int, data: bytes, caption: str) -> None:
        """Send a picture."""
        await self.reach(lambda: self.bot.send_photo(chat, InputFile(data, filename="code.png"), caption=caption))

    async def fetch(self, file: str, most: int) -> bytes | None:
        """Download a file that somebody sent; None when it is longer than it may be."""
        held = await self.reach(lambda: self.bot.get_file(file))
        if (held.file_size or 0) > most:
            return None
        data = bytes(await self.reach(held.download_as_bytearray))
        return data if len(data) <= most else None

    # --- what may fail without harm ---------------------------------------------------------------------

    async def edit_once(self, chat: int, place: int, message: Message) -> float | None:
        """Show other words in a message, in one attempt that waits for no other call.

        Returns 0 when it was done, the seconds after which it may be tried again, or None when there is no such message.
        """
        try:
            await self.bot.edit_message_text(
                message.html,
                chat_id=chat,
                message_id=place,
                parse_mode=ParseMode.HTML,
                reply_markup=message.keyboard,
            )
        except RetryAfter as error:
            return _seconds(error)
        except BadRequest as error:
            return 0.0 if "not modified" in str(error).lower() else None
        except Forbidden:
            return None
        except TelegramError:
            return PAUSES[1]
        return 0.0

    async def mark_choice(self, chat: int, place: int, message: Message) -> None:
        """Show on a message which answer was given, if that can still be done."""
        html = ParseMode.HTML
        await self._once(
            lambda: self.bot.edit_message_text(message.html, chat_id=chat, message_id=place, parse_mode=html)
        )

    async def change_buttons(self, chat: int, place: int, keyboard: InlineKeyboardMarkup) -> None:
        """Show other buttons on a message, if that can still be done."""
        await self._once(
            lambda: self.bot.edit_message_reply_markup(chat_id=chat, message_id=place, reply_markup=keyboard)
        )

    async def answer_press(self, query: str, alert: str = "") -> None:
        """Let the pressed button come up again; too late is no matter, the work is done all the same."""
        text = alert[:LONGEST_ALERT] or None
        await self._once(lambda: self.bot.answer_callback_query(query, text=text, show_alert=bool(text)))

    async def delete(self, chat: int, place: int) -> None:
        """Delete a message, if we may."""
        with contextlib.suppress(TelegramError):
            await self.reach(lambda: self.bot.delete_message(chat, place))

    async def _once(self, attempt: Callable[[], Awaitable[object]]) -> None:
        with contextlib.suppress(TelegramError):
            async with self._slots:
                await attempt()

    # --- patience ---------------------------------------------------------------------------------------

    async def reach(self, attempt: Callable[[], Awaitable[Result]]) -> Result:
        """Make a call until it went through or there is no point in trying again now."""
        pauses = iter(PAUSES)
        while True:
            try:
                async with self._slots:
                    return await attempt()
            except RetryAfter as error:
                pause = _seconds(error)
            except (BadRequest, Forbidden, InvalidToken):  # the same call would fail again
                raise
            except TelegramError:
                left = next(pauses, None)
                if left is None:
                    raise
                pause = left
            await self._wait(pause)

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
        if self._stopping.is_set():
            raise StoppedError("the process is ending")

    async def _send_dressed(self, chat: int, message: Message) -> int:
        """Send as HTML; if Telegram cannot read that, plainly; if the buttons are refused, without them."""
        buttons = message.keyboard
        try:
            sent = await self.bot.send_message(chat, message.html, parse_mode=ParseMode.HTML, reply_markup=buttons)
        except BadRequest as error:
            if "chat not found" in str(error).lower():
                raise
            LOGGER.warning("Telegram did not take a message as it was; it is sent plainly.")
            try:
                sent = await self.bot.send_message(chat, message.plain, reply_markup=buttons)
            except BadRequest:
                if buttons is None:
                    raise
                sent = await self.bot.send_message(chat, message.plain)
        return sent.message_id


def _seconds(error: RetryAfter) -> float:
    """Return how long Telegram tells us to wait."""
    wanted = error.retry_after
    return wanted.total_seconds() if isinstance(wanted, timedelta) else float(wanted)


def _unknown_fate(error: TelegramError) -> bool:
    """Say whether a message may have arrived although sending it failed.

    The cause is that of the HTTP library where no answer came, and a ValueError where the answer was no JSON;
    any other answer of Telegram's means that it did not take the message.
    """
    cause = type(error.__cause__)
    lost = cause.__module__.partition(".")[0] == "httpx" and cause.__name__ not in NEVER_LEFT
    return lost or isinstance(error.__cause__, ValueError)
