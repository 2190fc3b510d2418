"""Is the Telegram service answering? Read from what it notes about itself, without its token and without writing.

A running service notes three things beside the record every now and then: that it is alive (`heartbeat`), when Telegram
last let itself be heard (`last_poll`), and when something last came in (`last_update`). It also holds a lock, which goes
with it however it ends.
"""

from __future__ import annotations

import fcntl
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.advice_log import AdviceLog
from bot.advice_log.running import Backlog, Note, backlog, notes
from bot.clock import read, shown_twice, stamp
from bot.errors import StoreError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

HEARTBEAT, LAST_UPDATE, LAST_POLL = "heartbeat", "last_update", "last_poll"
"""Names of the notes. The body of the first is JSON: pid, mode, state, every, deaf_after (the last two in seconds)."""
CHANNEL = "telegram"
ANSWERING, WAITING, ENDING = "answering", "waiting for Telegram", "ending"
"""What a service may be doing."""
BEAT_SECONDS = 20.0
MISSED = 4
"""Beats that may be missed before a service counts as stuck."""
LEAST = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Health:
    """How the service is: `says` in one sentence, and what that rests on."""

    well: bool
    says: str
    running: bool
    heartbeat: str | None = None
    mode: str | None = None
    state: str | None = None
    last_poll: str | None = None
    last_update: str | None = None
    waiting: Backlog | None = None


def lock_beside(log_path: Path) -> Path:
    """Return the file that the one process holds which answers on Telegram from a record."""
    return log_path.with_name(log_path.name + ".telegram.lock")


def is_running(log_path: Path) -> bool:
    """Say whether a process holds the lock; asks for a moment, and writes nothing."""
    try:
        with lock_beside(log_path).open("rb") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
    except OSError:
        pass
    return False


def health(log_path: Path, now: datetime) -> Health:
    """Say how the service on a record is; never raises for what may be wrong with it."""
    running = is_running(log_path)
    if not log_path.exists():
        return Health(
            False, f"There is no record at {log_path}, so nobody answers: start 'thinkchild telegram'.", running
        )
    try:
        log = AdviceLog.read(log_path)
        try:
            noted, waiting = notes(log), backlog(log, CHANNEL)
        finally:
            log.close()
    except StoreError as error:
        return Health(False, str(error), running)
    beat = noted.get(HEARTBEAT)
    about = _about(beat)
    at = {name: noted[name].at for name in (LAST_POLL, LAST_UPDATE) if name in noted}
    well, says = _judge(running, beat, about, at.get(LAST_POLL), now)
    if well or running:
        says += _aside(at.get(LAST_UPDATE), waiting)
    return Health(
        well,
        says,
        running,
        beat.at if beat else None,
        about.get("mode"),
        about.get("state"),
        at.get(LAST_POLL),
        at.get(LAST_UPDATE),
        waiting,
    )


def _about(beat: Note | None) -> dict[str, Any]:
    """Return what a heartbeat says; nothing if it cannot be read."""
    try:
        about = json.loads(beat.body) if beat else {}
    except ValueError:
        return {}
    return about if isinstance(about, dict) else {}


def _judge(
    running: bool, beat: Note | None, about: dict[str, Any], last_poll: str | None, now: datetime
) -> tuple[bool, str]:
    """Return whether the service is well, and the sentence that says so."""
    if not running:
        since = f" It was last alive at {_told(beat.at)}." if beat else ""
        return False, f"Not answering: no service runs on this record; start 'thinkchild telegram'.{since}"
    every, deaf_after = _seconds(about, "every", BEAT_SECONDS), _seconds(about, "deaf_after", 300.0)
    if beat is None:
        return (
            False,
            "Not answering: a service runs, but has given no sign of life yet; if that lasts, look at its log.",
        )
    if _since(beat.at, now) > max(LEAST, MISSED * every):
        since = _told(beat.at)
        return (
            False,
            f"Not answering: a service runs, but has given no sign of life since {since}; look at its log and restart it.",
        )
    if about.get("state") == WAITING:
        return False, "Not answering yet: the service waits until Telegram can be reached; look at the network."
    if about.get("state") == ENDING:
        return False, "Not answering: the service is ending."
    if last_poll is None or _since(last_poll, now) > deaf_after + every:
        since = f" since {_told(last_poll)}" if last_poll else ""
        return False, f"Not hearing: nothing was heard from Telegram{since}; look at the network and the log."
    return True, f"Answering by {about.get('mode', 'polling')}; Telegram was heard at {_told(last_poll)}."


def _aside(last_update: str | None, waiting: Backlog) -> str:
    """Say what last came in and what waits."""
    came = f" The last message came at {_told(last_update)}." if last_update else " No message has come yet."
    left = f" Waiting: {waiting.incoming} to be handled, {waiting.outgoing} answers to be sent."
    return came + (left if waiting.incoming or waiting.outgoing else " Nothing waits.")


def _told(at: str) -> str:
    """Show a noted time as it was in London, and as it was kept; one that cannot be read as it stands."""
    try:
        return shown_twice(at)
    except ValueError:
        return at


def _since(at: str, now: datetime) -> timedelta:
    """Return how long ago something was noted; a time that is none, or lies ahead, is as old as can be."""
    try:
        ago = now - read(at)
    except ValueError:
        return timedelta.max
    return ago if ago > -LEAST else timedelta.max


def _seconds(about: dict[str, Any], name: str, usual: float) -> timedelta:
    given = about.get(name)
    return timedelta(seconds=given if isinstance(given, int | float) and 0 < given < 10**6 else usual)


def running_notes(
    now: datetime,
    about: dict[str, Any],
    last_poll: datetime | None,
    last_update: datetime | None,
) -> dict[str, Note]:
    """Return what a service notes about itself: what has not happened since it began is left as it was."""
    made = {HEARTBEAT: Note(json.dumps(about), stamp(now))}
    for name, at in ((LAST_POLL, last_poll), (LAST_UPDATE, last_update)):
        if at is not None:
            made[name] = Note("", stamp(at))
    return made
