"""What the environment says about Telegram. The token is a secret: it is in no message, log line or repr."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.errors import SetupError
from bot.exercises.keeping import KEPT_DAYS, days_kept

if TYPE_CHECKING:
    from collections.abc import Mapping

TOKEN, BASE_URL, BASE_FILE_URL = "TELEGRAM_BOT_TOKEN", "TELEGRAM_BASE_URL", "TELEGRAM_BASE_FILE_URL"
REMINDER_SECONDS = "THINKCHILD_REMINDER_SECONDS"
TRAINERS, ANYONE = "THINKCHILD_TRAINERS", "anyone"
TELEGRAM = "https://api.telegram.org"
EVERY_SECONDS = 20.0
GET_ONE = f"write to @BotFather on Telegram, send /newbot, and set {TOKEN} to the token it answers with"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where Telegram is, and as whom we answer."""

    token: str = field(repr=False)
    base_url: str = f"{TELEGRAM}/bot"
    base_file_url: str = f"{TELEGRAM}/file/bot"
    reminder_seconds: float = EVERY_SECONDS
    trainers: frozenset[str] | None = frozenset()
    """Who may start an exercise for a group: Telegram's numbers of people; None for anybody."""
    exercise_days: int = KEPT_DAYS
    """For how many days exercises are kept."""

    @property
    def bot_id(self) -> str:
        """The bot's own id: the public part of the token."""
        return self.token.partition(":")[0]


def settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings; raises SetupError with the sentence that helps."""
    token = environ.get(TOKEN, "").strip()
    if not token:
        raise SetupError(f"There is no Telegram token: {GET_ONE}.")
    if re.fullmatch(r"\d+:[\w-]+", token, re.ASCII) is None:
        raise SetupError(f"{TOKEN} is not a Telegram token (digits, a colon, then letters): {GET_ONE}.")
    wanted = environ.get(REMINDER_SECONDS, "").strip()
    try:
        seconds = float(wanted) if wanted else EVERY_SECONDS
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise SetupError(f"{REMINDER_SECONDS} is the seconds between looks for reminders: set it to 20, for instance.")
    return Settings(
        token,
        environ.get(BASE_URL, "").strip() or f"{TELEGRAM}/bot",
        environ.get(BASE_FILE_URL, "").strip() or f"{TELEGRAM}/file/bot",
        seconds,
        _trainers(environ.get(TRAINERS, "")),
        days_kept(environ),
    )


def _trainers(text: str) -> frozenset[str] | None:
    """Read who may start an exercise for a group; nobody, if nothing is said."""
    if text.strip().lower() == ANYONE:
        return None
    named = frozenset(one for part in text.split(",") if (one := part.strip()))
    if not all(one.isascii() and one.isdecimal() for one in named):
        says = f"{TRAINERS} is who may start exercises for a group: Telegram's numbers of people with commas between, or {ANYONE}."
        raise SetupError(says)
    return named
