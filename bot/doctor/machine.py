"""What the service needs from outside: its token, and a clock that is right."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from bot.clock import LONDON
from bot.doctor.kinds import Finding, Patient, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

SKEW = timedelta(seconds=30)
"""By so much the clock may be wrong before a reminder is late and a receipt misleads."""
NETWORK_SECONDS = 5.0


def token(patient: Patient) -> Iterator[Finding]:
    """Say whether Telegram takes the token."""
    from bot.channels.telegram.settings import TOKEN, TOKEN_FILE, settings  # noqa: PLC0415 - only here

    if not patient.environ.get(TOKEN) and not patient.environ.get(TOKEN_FILE):
        yield Finding(
            "token",
            Verdict.UNKNOWN,
            "No Telegram token is set here, so it was not tried.",
            "Run this with the settings of the service.",
        )
        return
    given = settings(patient.environ)
    if not patient.online:
        yield Finding("token", Verdict.FINE, "The token has the form of one; it was not tried (--offline).")
        return
    status, _ = _answer_of(f"{given.base_url}{given.token}/getMe")
    if status == 200:  # noqa: PLR2004 - HTTP's word for yes
        yield Finding("token", Verdict.FINE, "Telegram takes the token.")
    elif status in {401, 404}:
        yield Finding(
            "token",
            Verdict.WRONG,
            "Telegram refuses the token.",
            "Ask @BotFather for the right one (/mybots), put it in place, and restart the service.",
        )
    else:
        yield Finding(
            "token",
            Verdict.UNKNOWN,
            "Telegram could not be asked about the token.",
            "Look at the network of this machine, and try again.",
        )


def clock(patient: Patient) -> Iterator[Finding]:
    """Say what time it is here, and whether another clock agrees."""
    here = patient.now.astimezone(LONDON)
    says = f"It is {here:%H:%M} in London on {here:%-d %B %Y}."
    theirs = None
    if patient.online:
        base = patient.environ.get("TELEGRAM_BASE_URL", "") or "https://api.telegram.org/"
        _, date = _answer_of(base)
        theirs = _date(date)
    if theirs is None:
        yield Finding(
            "clock", Verdict.UNKNOWN, f"{says} It was compared with no other clock.", "Compare it with your own watch."
        )
    elif abs(theirs - patient.now) > SKEW:
        off = int((patient.now - theirs).total_seconds())
        yield Finding(
            "clock",
            Verdict.WRONG,
            f"{says} That is {abs(off)} seconds {'ahead of' if off > 0 else 'behind'} Telegram's clock.",
            "Switch on time synchronisation (timedatectl set-ntp true).",
        )
    else:
        yield Finding("clock", Verdict.FINE, f"{says} Telegram's clock agrees.")


def _answer_of(url: str) -> tuple[int, str]:
    """Return (status, date) of a server's answer; 0 where none came. The address may hold a secret: nothing is said of it."""
    try:
        with urllib.request.urlopen(url, timeout=NETWORK_SECONDS) as answer:  # noqa: S310 - the operator's own setting
            return int(answer.status), str(answer.headers.get("Date", ""))
    except urllib.error.HTTPError as error:
        return error.code, str(error.headers.get("Date", ""))
    except (OSError, ValueError, http.client.HTTPException):
        return 0, ""


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
