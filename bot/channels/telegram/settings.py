"""What the environment says about Telegram. The token is a secret: it is in no message, log line or repr."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.errors import SetupError
from bot.exercises.keeping import KEPT_DAYS, days_kept
from bot.network import is_loopback, read_secret

if TYPE_CHECKING:
    from collections.abc import Mapping

TOKEN, BASE_URL, BASE_FILE_URL = "TELEGRAM_BOT_TOKEN", "TELEGRAM_BASE_URL", "TELEGRAM_BASE_FILE_URL"
TOKEN_FILE = f"{TOKEN}_FILE"
REMINDER_SECONDS, DEAF_SECONDS = "THINKCHILD_REMINDER_SECONDS", "THINKCHILD_DEAF_SECONDS"
WEBHOOK_URL, WEBHOOK_LISTEN = "THINKCHILD_WEBHOOK_URL", "THINKCHILD_WEBHOOK_LISTEN"
WEBHOOK_SECRET_FILE = "THINKCHILD_WEBHOOK_SECRET_FILE"  # noqa: S105 - the name of a setting
TRAINERS, ANYONE = "THINKCHILD_TRAINERS", "anyone"
TELEGRAM = "https://api.telegram.org"
EVERY_SECONDS = 20.0
DEAF_AFTER, LEAST_DEAF = 300.0, 5.0
GET_ONE = f"write to @BotFather on Telegram, send /newbot, and set {TOKEN} to the token it answers with"
LISTEN = "127.0.0.1:8601"
CREDENTIALS = ("CREDENTIALS_DIRECTORY", "/run/secrets")
"""Where systemd (a variable names it) and containers put secrets: other people have no way in there."""


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Where Telegram brings updates, where we listen, and what shows that it is Telegram."""

    url: str
    host: str
    port: int
    secret: str = field(repr=False)

    @property
    def path_pattern(self) -> str:
        """The path of the address, as a pattern that fits nothing else."""
        return re.escape(urlsplit(self.url).path.rstrip("/"))


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
    deaf_seconds: float = DEAF_AFTER
    """After this long without a word from Telegram the process ends, to be started again."""
    webhook: WebhookSettings | None = None
    """How Telegram brings updates; None when we ask for them."""

    @property
    def bot_id(self) -> str:
        """The bot's own id: the public part of the token."""
        return self.token.partition(":")[0]

    @property
    def stuck_seconds(self) -> float:
        """After this long without a turn of its loop the process ends, to be started again."""
        return max(LEAST_DEAF, self.deaf_seconds / 5)


def settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings; raises SetupError with the sentence that helps."""
    token = _token(environ)
    return Settings(
        token,
        environ.get(BASE_URL, "").strip() or f"{TELEGRAM}/bot",
        environ.get(BASE_FILE_URL, "").strip() or f"{TELEGRAM}/file/bot",
        _seconds(environ, REMINDER_SECONDS, EVERY_SECONDS, 0.01, "the seconds between looks for reminders"),
        _trainers(environ.get(TRAINERS, "")),
        days_kept(environ),
        _seconds(environ, DEAF_SECONDS, DEAF_AFTER, LEAST_DEAF, "after how many seconds without Telegram it ends"),
        _webhook(environ),
    )


def _token(environ: Mapping[str, str]) -> str:
    """Read the token, from its variable or from the file that another variable names."""
    token, file, named = environ.get(TOKEN, "").strip(), environ.get(TOKEN_FILE, "").strip(), TOKEN
    if token and file:
        raise SetupError(f"Both {TOKEN} and {TOKEN_FILE} are set: keep one of them, better the file.")
    if file:
        token, named = read_secret(Path(file), TOKEN_FILE, make_one=GET_ONE, guarded=_guarded(file, environ)), file
    if not token:
        raise SetupError(f"There is no Telegram token: {GET_ONE}.")
    if re.fullmatch(r"\d+:[\w-]+", token, re.ASCII) is None:
        raise SetupError(f"{named} is not a Telegram token (digits, a colon, then letters): {GET_ONE}.")
    return token


def _guarded(file: str, environ: Mapping[str, str]) -> bool:
    """Say whether a file lies where systemd or a container puts secrets, whose folders keep others out."""
    folders = (environ.get(CREDENTIALS[0], ""), CREDENTIALS[1])
    return any(folder and Path(file).resolve().is_relative_to(Path(folder).resolve()) for folder in folders)


def _seconds(environ: Mapping[str, str], name: str, usual: float, least: float, what: str) -> float:
    wanted = environ.get(name, "").strip()
    try:
        seconds = float(wanted) if wanted else usual
    except ValueError:
        seconds = 0.0
    if not least <= seconds < float("inf"):
        raise SetupError(f"{name} is {what}: set it to {usual:.0f}, for instance.")
    return seconds


def _trainers(text: str) -> frozenset[str] | None:
    """Read who may start an exercise for a group; nobody, if nothing is said."""
    if text.strip().lower() == ANYONE:
        return None
    named = frozenset(one for part in text.split(",") if (one := part.strip()))
    if not all(one.isascii() and one.isdecimal() for one in named):
        says = f"{TRAINERS} is who may start exercises for a group: Telegram's numbers of people with commas between, or {ANYONE}."
        raise SetupError(says)
    return named


def _webhook(environ: Mapping[str, str]) -> WebhookSettings | None:
    """Read how Telegram brings updates; without an address we ask for them."""
    url, listen, file = (environ.get(name, "").strip() for name in (WEBHOOK_URL, WEBHOOK_LISTEN, WEBHOOK_SECRET_FILE))
    if not url:
        if listen or file:
            raise SetupError(f"{WEBHOOK_URL} is not set: set it to the https address that Telegram is to use.")
        return None
    says = (
        f"{WEBHOOK_URL} is the address that Telegram is to use: https, a name and a path, such as "
        "https://bot.example.org/telegram; no name of a user, no '?' and no '#'."
    )
    try:
        parts = urlsplit(url)
        secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
        if not secure or not parts.hostname or parts.port == 0:
            raise SetupError(says)
    except ValueError:
        raise SetupError(says) from None
    if parts.username or parts.password or "?" in url or "#" in url or not re.fullmatch(r"[!-~]+", url):
        raise SetupError(says)
    host, port = _listen(listen or LISTEN)
    secret = secrets.token_urlsafe(32)
    if file:
        secret = read_secret(Path(file), WEBHOOK_SECRET_FILE, guarded=_guarded(file, environ))
        if re.fullmatch(r"[\w-]{16,256}", secret, re.ASCII) is None:
            says = f"{WEBHOOK_SECRET_FILE}: Telegram takes letters, digits, '_' and '-' only, at most 256 of them: make a new one."
            raise SetupError(says)
    return WebhookSettings(url, host, port, secret)


def _listen(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not (port.isascii() and port.isdecimal()) or not 0 < int(port) < 65536:  # noqa: PLR2004 - ports end there
        raise SetupError(f"{WEBHOOK_LISTEN} is where this program listens, such as {LISTEN}: an address and a port.")
    return host, int(port)
