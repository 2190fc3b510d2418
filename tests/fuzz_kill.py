"""Commands that write whole files, killed at any moment: what was there before is there whole, or what was to come is."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fuzz_common import HANGS, Target
from fuzz_files import Base, base_in, content_known, ended, rows_of
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = """
import sys
from bot.cli import main
import bot.cli_record, bot.cli_keeping, bot.advice_log.copying, bot.advice_log.erasing, bot.guard, bot.clock
sys.argv = ["thinkchild", *sys.argv[1:]]
print("ready", flush=True)
sys.stdin.readline()
main()
"""


@dataclass(frozen=True)
class Killed:
    """Which command, and after how many ten-thousandths of a second it is killed."""

    what: str
    after: int


cases = st.builds(Killed, st.sampled_from(["backup", "restore", "erase", "clean", "retain"]), st.integers(0, 600))


class Kills:
    """Kills commands on copies of one record."""

    def __init__(self, folder: Path, base: Base) -> None:
        self.folder, self.base, self.count = folder, base, 0
        self.older = folder / "older.db"
        self._put(folder / "first")
        assert ended("log", "backup", str(self.older), "--db", str(folder / "first" / "advice.db"))[0] == 0

    def _put(self, place: Path) -> Path:
        place.mkdir()
        for name, data in self.base.files.items():
            (place / name).write_bytes(data)
            (place / name).chmod(0o600)
        return place / "advice.db"

    def try_one(self, case: Killed) -> None:
        """Start a command on a copy, kill it, and look at what it left."""
        self.count += 1
        place = self.folder / f"case-{self.count}"
        db = self._put(place)
        out = place / "out.db"
        shutil.copy(self.older, out)
        before = out.read_bytes()
        words = {
            "backup": ["backup", str(out)],
            "restore": ["restore", str(out), "--replace"],
            "erase": ["erase", "--receipt", self.base.receipts[0], "--yes"],
            "clean": ["clean"],
            "retain": ["retain", "--older-than", "1d", "--yes"],
        }[case.what]
        if case.what == "erase":
            assert ended("log", "release", self.base.receipts[0], "--db", str(db))[0] == 0
        self._kill(["log", *words, "--db", str(db)], case.after)
        code, said = ended("log", "verify", "--db", str(db))
        assert code == 0, f"after {case.what} was killed: {said}"
        self._is_whole(out, before)
        if case.what == "erase":
            self._all_or_nothing(db)
        for left in place.iterdir():
            mode = left.stat().st_mode
            assert not mode & (stat.S_IRWXG | stat.S_IRWXO) or left == out, f"others may read {left.name}"
        shutil.rmtree(place)

    def _kill(self, words: list[str], after: int) -> None:
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        started = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env=env,
        )
        assert started.stdin is not None
        assert started.stdout is not None
        assert started.stdout.readline() == b"ready\n"
        started.stdin.write(b"\n")
        started.stdin.flush()
        time.sleep(after / 10_000)
        started.kill()
        started.wait(HANGS)
        started.stdin.close()
        started.stdout.close()

    @staticmethod
    def _is_whole(out: Path, before: bytes) -> None:
        """Hold that a file is what it was, or a whole record."""
        if out.read_bytes() != before:
            code, said = ended("log", "verify", "--db", str(out))
            assert code == 0, f"half a file was left: {said}"

    def _all_or_nothing(self, db: Path) -> None:
        """Hold that an erased session has no word left, and one that was not erased has all of them."""
        with closing(sqlite3.connect(db)) as connection:
            (session,) = connection.execute(
                "SELECT id FROM sessions WHERE receipt = ?", (self.base.receipts[0],)
            ).fetchone()
            (count,) = connection.execute("SELECT count(*) FROM words WHERE session = ?", (session,)).fetchone()
            (gone,) = connection.execute("SELECT count(*) FROM tombstones WHERE session = ?", (session,)).fetchone()
        found = rows_of(db)
        if gone:
            assert count == 0, "a tombstone stands, and words are left"
        else:
            assert all(found.get(key) == row for key, row in self.base.rows.items()), (
                "something went without a tombstone"
            )


@contextmanager
def kills(folder: Path) -> Iterator[Callable[[Killed], None]]:
    """Make the record once."""
    with content_known() as library:
        made = folder / "base"
        made.mkdir()
        before = os.umask(0o077)
        try:
            yield Kills(folder, base_in(made, library)).try_one
        finally:
            os.umask(before)


TARGETS = [Target("kill", "backup, restore, erase, retain and clean, killed at any moment", cases, kills, 8)]
