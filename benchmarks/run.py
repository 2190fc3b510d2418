"""Speed and memory, side by side in one run: `python benchmarks/run.py`.

Everything is printed as a ratio to something measured in the same run, because seconds alone say more about the
machine than about us. Nothing here is asserted: the figures are to be read.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

from bot.advice_log import AdviceLog, TurnRow
from bot.checks import check_content
from bot.dialogue import is_closed, new_state, open_question, step
from bot.events import Chose, Open
from bot.replay import actions_of, say, walk
from bot.session import Desk
from bot.startup import open_library

ROOT = Path(__file__).resolve().parent.parent
BASE = "import yaml, jinja2, sqlite_utils"
START_AIM, TURN_AIM, MEMORY_AIM, CHECK_AIM, LOAD_AIM = 3.0, 1.2, 80, 3.0, 0.15
GROWTH = 10


def main() -> None:
    """Run every measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="starts measured of each kind (default 9)")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        engine(Path(folder))
        durable(Path(folder))
        start(Path(folder), rounds)
        content(Path(folder))


def engine(folder: Path) -> None:
    """Turns per second of the engine alone: whole conversations, the first answer to everything."""
    library = open_library(AdviceLog.open(folder / "engine.db")).at("england", "2026-11-21")
    turns, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < 2:
        for flow in library.flows:
            walk.cache_clear()  # as for somebody new
            say.cache_clear()
            actions_of.cache_clear()
            state = step(library, new_state(library), Open(flow)).state
            turns += 1
            while not is_closed(library, state):
                options = open_question(library, state).options
                state = step(library, state, Chose((options[0].id,))).state
                turns += 1
    rate = turns / (time.perf_counter() - begun)
    print(f"engine alone                 {rate:10,.0f} turns a second")


def durable(folder: Path) -> None:
    """A durable turn against one bare transaction that writes the same rows with the same `synchronous`."""
    log = AdviceLog.open(folder / "durable.db")
    desk = Desk(log, open_library(log))
    bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON", "foreign_keys = OFF"):
        bare.execute(f"PRAGMA {pragma}")
    schema = [
        row[0]
        for row in log.connection.execute(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('table', 'index')"
        )
    ]
    for statement in schema:
        bare.execute(statement)
    ours: list[float] = []
    theirs: list[float] = []
    writing: list[float] = []
    add_turn, began = log.add_turn, [0.0]

    def timed(session: str, n: int, turn: TurnRow) -> tuple[int, int]:
        began[0] = time.perf_counter()
        return add_turn(session, n, turn)

    log.add_turn = timed  # type: ignore[method-assign] # to tell the writing from the thinking
    for person in range(12):
        somebody = desk.person(str(person))
        given = Open("mark_on_child")
        while True:
            before = {table: _count(log.connection, table) for table in _tables(log.connection)}
            begun = time.perf_counter()
            said = desk.handle(somebody, given, uuid.uuid4().hex)
            ended = time.perf_counter()
            ours.append(ended - begun)
            writing.append(ended - began[0])
            theirs.append(_bare_turn(log.connection, bare, before))
            if said.out["closed"]:
                break
            given = Chose((said.out["replies"][-1]["options"][0]["id"],))
    mine, plain = statistics.median(ours), statistics.median(theirs)
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    print(f"durable turn                 {1 / mine:10,.0f} turns a second (median of {len(ours)})")
    print(f"bare transaction, same rows  {1 / plain:10,.0f} a second")
    part = statistics.median(a / b for a, b in zip(writing, theirs, strict=True))
    print(
        f"durable turn / bare          {ratio:10.2f}  (aim: at most {TURN_AIM}; the faster the disk, the more thinking shows)"
    )
    print(f"its writing alone / bare     {part:10.2f}  (hashing, digests, commit)")


def _tables(connection: sqlite3.Connection) -> list[str]:
    return [
        row[0]
        for row in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
    ]


def _count(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def _bare_turn(ours: sqlite3.Connection, bare: sqlite3.Connection, before: dict[str, int]) -> float:
    """Write the rows that the last turn added into another file, and nothing else; returns the seconds."""
    added = []
    for table, count in before.items():
        order = {"words": "rowid_of_words"}.get(table)
        if order is None:
            rows = ours.execute(f"SELECT * FROM {table} LIMIT -1 OFFSET ?", (count,)).fetchall()
        else:
            newest = ours.execute("SELECT max(seq) FROM turns").fetchone()[0]
            turn = ours.execute("SELECT id FROM turns WHERE seq = ?", (newest,)).fetchone()[0]
            rows = ours.execute(
                "SELECT * FROM words WHERE (part = 'turns' AND row = ?1) OR (part = 'outbox' AND row IN (SELECT id FROM outbox WHERE turn = ?1)) "
                "OR (part = 'advice' AND row IN (SELECT id FROM advice WHERE turn = ?1))",
                (turn,),
            ).fetchall()
        added += [(f"INSERT OR REPLACE INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)] if rows else []
    head = ours.execute("SELECT seq, hash FROM head").fetchone()
    begun = time.perf_counter()
    bare.execute("BEGIN IMMEDIATE")
    for statement, rows in added:
        for row in rows:
            bare.execute(statement, row)
    bare.execute("INSERT OR REPLACE INTO head VALUES (1, ?, ?)", head)
    bare.execute("COMMIT")
    return time.perf_counter() - begun


def start(folder: Path, rounds: int) -> None:
    """Time from process start to the first reply, and memory, against importing three libraries."""
    db = str(folder / "start.db")
    chat = [sys.executable, "-m", "bot", "chat", "--json", "--db", db]
    _first_reply(chat)  # the first start of all checks and compiles the content
    replies: list[float] = []
    bases: list[float] = []
    for _ in range(rounds):
        replies.append(_first_reply(chat))
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", BASE], check=True, cwd=ROOT)
        bases.append(time.perf_counter() - begun)
    ratio = statistics.median(a / b for a, b in zip(replies, bases, strict=True))
    print(f"start to first reply         {statistics.median(replies) * 1000:10.0f} ms")
    print(f"python -c '{BASE}'  {statistics.median(bases) * 1000:.0f} ms")
    print(f"start / that                 {ratio:10.2f}  (aim: at most {START_AIM})")
    print(f"memory after a conversation  {_memory(chat):10.0f} MB  (aim: under {MEMORY_AIM})")


def content(folder: Path) -> None:
    """Checking all content, and loading it for a chat, as it is and with ten times the flows."""
    grown = folder / "grown"
    for part in ("dialogues", "knowledge"):
        shutil.copytree(ROOT / part, grown / part, ignore=shutil.ignore_patterns("schema", "nlu"))
    flows = sorted((ROOT / "dialogues" / "flows").glob("*.yaml"))
    for path in flows:
        for copy in range(1, GROWTH):
            text = path.read_text(encoding="utf-8")
            text = re.sub(r"^id: (\w+)$", rf"id: \1_{copy}", text, count=1, flags=re.MULTILINE)
            text = re.sub(
                r"^order: (\d+)$", lambda m, c=copy: f"order: {int(m[1]) + 1000 * c}", text, flags=re.MULTILINE
            )
            (grown / "dialogues" / "flows" / f"{path.stem}_{copy}.yaml").write_text(text, encoding="utf-8")
    once, many = _checked(ROOT), _checked(grown)
    print(f"check all content            {once:10.2f} s of processor time  (aim: under {CHECK_AIM})")
    print(f"with {GROWTH} times the flows      {many / once:10.2f} times as long")
    loads = []
    for root in (ROOT, grown):
        log = AdviceLog.open(folder / f"load-{root.name}.db")
        open_library(log, root)
        begun = time.process_time()
        open_library(log, root)
        loads.append(time.process_time() - begun)
    imports = min(
        _processor([sys.executable, "-c", "import bot.session, bot.startup, bot.channels.terminal"]) for _ in range(3)
    )
    print(
        f"loading it for a chat        {loads[0] * 1000:10.0f} ms, {loads[0] / (imports + loads[0]):.0%} of the start  (aim: at most {LOAD_AIM:.0%})"
    )
    print(f"with {GROWTH} times the flows      {loads[1] / loads[0]:10.2f} times as long")


def _checked(root: Path) -> float:
    """Return the processor seconds of reading, checking and proving a content root."""
    begun = time.process_time()
    library, problems = check_content(root)
    seconds = time.process_time() - begun
    if library is None or problems:
        raise SystemExit(f"The content in {root} is not clean: {problems[0]}")
    return seconds


def _processor(command: list[str]) -> float:
    """Return the processor seconds of a whole process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, cwd=ROOT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _first_reply(command: list[str]) -> float:
    """Return the seconds from starting a program to its first line."""
    begun = time.perf_counter()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env={**os.environ}
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        seconds = time.perf_counter() - begun
        process.communicate(b"")
    return seconds


def _memory(command: list[str]) -> float:
    """Return the resident memory in MB of a process that has had a conversation with typed words."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        for line in (
            {"do": "stop"},
            {"text": "a new partner has moved in"},
            {"choose": "no_sign"},
            {"choose": "not_soon"},
            {"choose": "worrying"},
            {"do": "why"},
        ):
            process.stdin.write(json.dumps(line) + "\n")
            process.stdin.flush()
            process.stdout.readline()
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
        process.communicate("")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


if __name__ == "__main__":
    main()
