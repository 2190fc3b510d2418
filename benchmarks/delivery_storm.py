"""Kill -9, again and again, while people talk: the first and the third part of `delivery.py`."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING

from bot.advice_log import AdviceLog
from bot.channels.telegram.incoming import CHANNEL
from bot.clock import stamp

if TYPE_CHECKING:
    import random

    from delivery_people import Day
    from harness import TelegramWorld

ROOT = Path(__file__).resolve().parent.parent
HERE = Path(__file__).resolve().parent
POINTS = ("polled", "commit<", "commit>", "call<", "call>")
KILLED = -9
SETTINGS = {"THINKCHILD_ACCESS": "open", "THINKCHILD_PER_MINUTE": "0", "THINKCHILD_REMINDER_SECONDS": "0.5"}
AFTER_START = 1.2
"""Seconds after a start within which it is killed, where the moment is any."""


@dataclass
class Storm:
    """Starts the bot and kills it, in a thread of its own."""

    world: TelegramWorld
    db: Path
    kills: int
    chance: random.Random
    log: IO[bytes]
    done: int = 0
    where: Counter[str] = field(default_factory=Counter)
    starts: list[float] = field(default_factory=list)
    problem: str = ""
    thread: threading.Thread | None = None
    bot: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Begin to kill."""
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    @property
    def over(self) -> bool:
        """Whether all kills are done, or something went wrong."""
        return self.thread is None or not self.thread.is_alive()

    def _run(self) -> None:
        try:
            while self.done < self.kills and not self.problem:
                self._once()
            self.start()
        except Exception as error:  # noqa: BLE001 - the main thread says it
            self.problem = f"{type(error).__name__}: {error}"

    def start(self, die_at: str = "") -> None:
        """Start the bot, and note how long it takes until it asks for updates."""
        wanted = {
            **os.environ, **self.world.bot_environment, **SETTINGS,
            "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "DIE_AT": die_at, "OPENBLAS_NUM_THREADS": "1",
        }  # fmt: skip
        command = [sys.executable, str(HERE / "delivery_bot.py"), "telegram", "--db", str(self.db)]
        self.bot = subprocess.Popen(
            command, env=wanted, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log
        )

    def _once(self) -> None:
        """Start it and kill it: at any moment, or where it hurts most."""
        aimed = self.chance.random() < 0.6
        point = self.chance.choice(POINTS) if aimed else ""
        number = min(60, 1 + int(self.chance.expovariate(1 / 8)))
        polls, begun = self.world.poll_count(), time.monotonic()
        self.start(f"{point}:{number}" if point else "")
        assert self.bot is not None
        usual = statistics.median(self.starts) if self.starts else 2.0
        end = begun + (usual + 2 * AFTER_START if aimed else self.chance.uniform(0.05, usual + AFTER_START))
        asked = False
        while self.bot.poll() is None and time.monotonic() < end:
            time.sleep(0.01)
            if not asked and self.world.poll_count() > polls:
                asked = True
                self.starts.append(time.monotonic() - begun)
            if not asked and aimed and time.monotonic() < begun + 60:
                end = max(end, time.monotonic() + AFTER_START)
        by_itself = self.bot.poll()
        if by_itself is None:
            self.bot.kill()
            self.bot.wait()
        elif by_itself != KILLED:
            self.problem = f"the bot ended by itself with exit code {by_itself}"
            return
        self.where[point if by_itself == KILLED else "at any moment" if asked else "while it starts"] += 1
        self.done += 1

    def stop(self) -> None:
        """End the bot as an operator would."""
        if self.bot is not None and self.bot.poll() is None:
            self.bot.terminate()
            try:
                self.bot.wait(15)
            except subprocess.TimeoutExpired:
                self.bot.kill()
                self.bot.wait()


def settled(day: Day, db: Path, patience: float, *, due: bool = False) -> str:
    """Wait until all that was sent has been answered and noted; returns what is still open, if it does not end."""
    log = AdviceLog.read(db)
    try:
        end, quiet = time.monotonic() + patience, 0
        while quiet < 5:
            day.look(0.1)
            waiting = len(day.world.pending())
            inbox = log.connection.execute("SELECT count(*) FROM inbox").fetchone()[0]
            unsent = log.connection.execute(
                "SELECT count(*) FROM outbox o WHERE NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.outbox = o.id)"
            ).fetchone()[0]
            late = len(log.due(CHANNEL, stamp(datetime.now(UTC)))) if due else 0
            quiet = 0 if waiting or inbox or unsent or late else quiet + 1
            if time.monotonic() > end:
                return f"{waiting} updates not fetched, {inbox} not answered, {unsent} answers not sent, {late} reminders not sent"
        return ""
    finally:
        log.close()


def add_reminders(db: Path, people: list[int], each: int, over: float) -> int:
    """Give people reminders that come due over so many seconds from now; returns how many."""
    log = AdviceLog.open(db)
    try:
        now, count = datetime.now(UTC), 0
        for number in range(each):
            due = stamp(now + timedelta(seconds=over * number / each))
            for user in people:
                person = log.person(CHANNEL, str(user))
                turn, session, step = log.connection.execute(
                    "SELECT t.id, t.session, t.step FROM turns t JOIN owners o ON o.session = t.session WHERE o.person = ? ORDER BY t.id DESC",
                    (person,),
                ).fetchone()
                with log.transaction():
                    log.add_reminder(turn, session, step=step, due_at=due, by="today")
                count += 1
        return count
    finally:
        log.close()
