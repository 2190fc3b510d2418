"""The bot as a process that asks for updates, or is told of them; and with parts of it changed, to see it fail."""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING

from harness import TelegramWorld
from test_channel import PROJECT, bot_command, rows

if TYPE_CHECKING:
    from pathlib import Path

MODES = ("polling", "webhook")
PATH = "/from-telegram"


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def hook_settings(port: int, **more: str) -> dict[str, str]:
    """Return the settings of a bot that is told of updates."""
    return {
        "THINKCHILD_WEBHOOK_URL": f"http://127.0.0.1:{port}{PATH}",
        "THINKCHILD_WEBHOOK_LISTEN": f"127.0.0.1:{port}",
        **more,
    }


def world_of(mode: str, db: Path, *, start_bot: bool = True, changed: str = "", **settings: str) -> TelegramWorld:
    """Return a world whose bot hears in one of the two ways; `changed` is Python that alters the program first."""
    given = (hook_settings(free_port()) if mode == "webhook" else {}) | settings
    command = changed_command(db, changed) if changed else bot_command(db)
    return TelegramWorld(command, given, cwd=PROJECT, ready_timeout=90.0, start_bot=start_bot)


def changed_command(db: Path, changed: str) -> list[str]:
    """Return the command that starts the bot after some Python has run."""
    program = f"import sys\n{changed}\nsys.argv = ['thinkchild', 'telegram', '--db', {str(db)!r}]\n"
    return [sys.executable, "-c", program + "from bot.cli import main\nmain()"]


def turns_of(db: Path, person_chat: int) -> list[tuple[int, str]]:
    """Return (number in its session, decision) of the turns of whoever is in a chat."""
    found = rows(
        db,
        "SELECT t.n, t.decision FROM turns t JOIN owners o ON o.session = t.session "
        "JOIN addresses a ON a.person = o.person WHERE a.chat = ? ORDER BY t.seq",
        str(person_chat),
    )
    return [(int(n), str(decision)) for n, decision in found]


def became_of(db: Path, person_chat: int) -> list[str]:
    """Return what became of each thing said in a chat, in the order in which it was said."""
    found = rows(
        db,
        "SELECT d.status FROM outbox b JOIN turns t ON t.id = b.turn JOIN owners o ON o.session = t.session "
        "JOIN addresses a ON a.person = o.person LEFT JOIN deliveries d ON d.outbox = b.id WHERE a.chat = ? ORDER BY b.id",
        str(person_chat),
    )
    return [str(status) for (status,) in found]
