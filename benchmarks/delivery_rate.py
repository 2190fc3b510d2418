"""Durable updates a second against plain python-telegram-bot in the same run: the second part of `delivery.py`."""

from __future__ import annotations

import json
import os
import select
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HERE = Path(__file__).resolve().parent
TOKEN = "1:rate"  # noqa: S105 - opens nothing
PATIENCE = 120.0
AIM = 0.8


@dataclass(frozen=True)
class Measured:
    """One run: updates a second, processor milliseconds of the bot for each, and what it said to the first chat."""

    rate: float
    cpu: float
    calls: list[Any]


def rates(folder: Path, *, updates: int, chats: int, rounds: int) -> None:
    """Measure both, in turns, and print rates and ratios."""
    command = [sys.executable, "-m", "bot", "telegram", "--db"]
    ours: dict[str, list[Measured]] = {"FULL": [], "NORMAL": []}
    plain: list[Measured] = []
    calls = folder / "calls.json"
    first = _run([*command, str(folder / "first.db")], min(updates, 30 * chats), chats)  # compiles the content, too
    calls.write_text(json.dumps(first.calls), encoding="utf-8")
    for number in range(rounds):
        for level, found in ours.items():
            found.append(_run([*command, str(folder / f"{level}{number}.db")], updates, chats, level))
        plain.append(_run([sys.executable, str(HERE / "delivery_plain.py"), str(calls)], updates, chats))
    _say("plain python-telegram-bot", plain)
    for level, found in ours.items():
        _say(f"durable, synchronous {level}", found)
    for level, found in ours.items():
        wall = statistics.median(a.rate / b.rate for a, b in zip(found, plain, strict=True))
        cpu = statistics.median(b.cpu / a.cpu for a, b in zip(found, plain, strict=True))
        print(f"durable {level} / plain{'':13} {wall:10.0%}  (aim: at least {AIM:.0%}); by processor time {cpu:.0%}")


def _say(name: str, found: list[Measured]) -> None:
    rate = statistics.median(one.rate for one in found)
    cpu = statistics.median(one.cpu for one in found)
    print(f"{name:32} {rate:10,.0f} updates a second; {cpu:.2f} ms of processor time each")


def _run(command: list[str], updates: int, chats: int, level: str = "FULL") -> Measured:
    """Start people and a bot, and wait until so many updates were answered."""
    stub = subprocess.Popen(
        [sys.executable, str(HERE / "delivery_stub.py"), str(updates), str(chats)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert stub.stdout is not None
    assert stub.stdin is not None
    port = stub.stdout.readline().strip()
    settings = {
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_BASE_URL": f"http://127.0.0.1:{port}/bot",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        "PYTHONPATH": str(ROOT),
        "THINKCHILD_SYNCHRONOUS": level,
        "THINKCHILD_ACCESS": "open",
        "THINKCHILD_PER_MINUTE": "0",
    }
    bot = subprocess.Popen(command, env={**os.environ, **settings}, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        _line(stub, bot)
        before = _rested(bot.pid)
        stub.stdin.write("go\n")
        stub.stdin.flush()
        found = json.loads(_line(stub, bot))
        used = _processor(bot.pid) - before
    finally:
        for process in (bot, stub):
            process.kill()
            process.wait()
        stub.stdout.close()
        stub.stdin.close()
    return Measured(updates / found["seconds"], 1000 * used / updates, found["calls"])


def _line(stub: subprocess.Popen[str], bot: subprocess.Popen[bytes]) -> str:
    """Return the next line of the stub, as long as the bot lives."""
    assert stub.stdout is not None
    end = time.monotonic() + PATIENCE
    while not select.select([stub.stdout], [], [], 0.2)[0]:
        if bot.poll() is not None or time.monotonic() > end:
            raise SystemExit(f"The bot did not answer everything (exit code {bot.poll()}).")
    return stub.stdout.readline()


def _rested(pid: int) -> float:
    """Wait until a bot has prepared all it prepares beside its start; returns its processor seconds so far."""
    end, before = time.monotonic() + PATIENCE, _processor(pid)
    while True:
        time.sleep(0.5)
        now = _processor(pid)
        if now - before < 0.03 or time.monotonic() > end:
            return now
        before = now


def _processor(pid: int) -> float:
    """Return the processor seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as there:
        begun = time.perf_counter()
        rates(Path(there), updates=int(sys.argv[1]), chats=int(sys.argv[2]), rounds=int(sys.argv[3]))
        sys.stderr.write(f"{time.perf_counter() - begun:.0f} s\n")
