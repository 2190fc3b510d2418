"""Bad input of every kind, a little of each and always the same; `fuzz.py` goes on for as long as there is time.

What has to hold stands with each target: `fuzz_content.py`, `fuzz_talk.py`, `fuzz_http.py`, `fuzz_files.py`, `fuzz_kill.py`,
`fuzz_settings.py`. The defects it found have tests of their own at the end of this file.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import fuzz
import pytest
from fuzz_common import Target, run
from hypothesis import strategies as st

from bot.errors import LONGEST_SENTENCE, LONGEST_SHOWN, Problem, near_miss, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from commands import Done

    from bot.advice_log import AdviceLog

HERE = Path(__file__).parent
TARGETS = fuzz.targets()


@pytest.mark.parametrize("target", TARGETS, ids=[target.name for target in TARGETS])
def test_bad_input_of_this_kind_is_survived(target: Target, tmp_path: Path) -> None:
    """Nothing crashes, hangs, leaks or is half-written, whatever comes in there."""
    if target.name in fuzz.NEED_TELEGRAM and find_spec("telegram") is None:
        pytest.skip("the Telegram library is not installed")
    with target.entry(tmp_path) as try_one:
        tried = run(target, try_one, target.examples)
    assert tried.error is None, f"{tried.told()}\n{tried.last!r}"
    assert tried.cases >= target.examples // 2, "hardly anything was tried"


def test_a_defect_is_found_and_made_small() -> None:
    """A run says that something failed, and with which smallest input: a check that can't fail is none."""

    def fails_from_seven(number: int) -> None:
        assert number < 7

    target = Target("numbers", "numbers", st.integers(0, 10**6), None, 100)  # type: ignore[arg-type] # no entry is needed
    for seed in (None, 5):
        tried = run(target, fails_from_seven, 100, seed)
        assert isinstance(tried.error, AssertionError)
        assert tried.last == 7


def _script(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(HERE / "fuzz.py"), *words, "--save", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=os.environ)


def test_the_longer_run_says_what_it_tried(tmp_path: Path) -> None:
    """The script tries for the time it is given, counts, and ends with 0 where nothing failed."""
    done = _script("--minutes", "0.03", "--seed", "7", "--only", "sent", "--only", "files", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "seed 7" in done.stdout
    for name in ("sent", "files"):
        assert any(
            line.startswith(name) and "cases" in line and "a second" in line for line in done.stdout.splitlines()
        )
    assert not list(tmp_path.iterdir())


def test_the_longer_run_saves_what_failed(tmp_path: Path) -> None:
    """Where something failed the script ends with 1, names the file with the smallest input, and how to try again."""
    done = _script("--minutes", "0.02", "--seed", "3", "--only", "broken", folder=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    (saved,) = tmp_path.glob("broken-*.bin")
    assert saved.read_bytes() == b"b'\\x07'"
    assert str(saved) in done.stdout
    assert "--seed 3" in done.stdout
    assert "AssertionError" in saved.with_suffix(".txt").read_text()


def test_a_target_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A mistyped target is one sentence with those that there are."""
    done = _script("--only", "contents", folder=tmp_path)
    assert done.returncode == 2
    assert "content" in done.stderr


# --- what was found ------------------------------------------------------------------------------------


def test_an_index_that_is_damaged_is_no_record_that_holds(log: AdviceLog, command: Callable[..., Done]) -> None:
    """Rows that an index hides are as they were, and yet nobody finds them: verify says that the file is damaged."""
    log.connection.execute("PRAGMA writable_schema = ON")
    log.connection.execute(
        "INSERT INTO sqlite_master SELECT type, 'x', tbl_name, rootpage, replace(sql, 'sessions(', 'sessions (') FROM sqlite_master WHERE 0"
    )
    root = log.connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'advice_turn'").fetchone()[0]
    log.connection.execute("UPDATE sqlite_master SET rootpage = ? WHERE name = 'outbox_turn'", (root,))
    log.close()
    done = command("log", "verify", "--db", str(log.path))
    assert "damaged" in done.sentence()


@pytest.mark.parametrize("words", [("list",), ("list", "--json"), ("export",), ("verify",), ("head",)])
def test_a_damaged_table_is_one_sentence(log: AdviceLog, command: Callable[..., Done], words: tuple[str, ...]) -> None:
    """A command that meets a page of the file that is none says so, and nobody sees a traceback."""
    roots = log.connection.execute(
        "SELECT name, rootpage FROM sqlite_master WHERE name IN ('turns', 'sessions', 'reads', 'holds')"
    ).fetchall()
    size = log.connection.execute("PRAGMA page_size").fetchone()[0]
    log.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    log.close()
    data = bytearray(log.path.read_bytes())
    for _, page in roots:
        data[(page - 1) * size : page * size] = b"\x5a" * size
    log.path.write_bytes(bytes(data))
    done = command("log", *words, "--db", str(log.path))
    assert "damaged" in done.sentence()


def test_a_backup_takes_the_place_of_no_device(log: AdviceLog, command: Callable[..., Done], tmp_path: Path) -> None:
    """What is no plain file is no place for a backup: it would be gone, and a file in its stead."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert "no place for a backup" in command("log", "backup", str(pipe), "--db", str(log.path)).sentence()
    assert pipe.is_fifo()


def test_an_error_repeats_little_and_nothing_that_a_screen_obeys() -> None:
    """What was sent is repeated in a few letters, without control characters, and is not searched for near misses for ever."""
    assert len(shown("m" * 400_000)) <= LONGEST_SHOWN + 3
    assert shown("a\x1b[2J\n\u202eb") == "a\\x1b[2J\\n\\u202eb"
    assert not near_miss("m" * 400_000, ["m" * 400_000])
    problem = Problem("x.yaml", 1, "unknown_key", "\u202e" + "y" * 5_000)
    assert problem.says.isprintable()
    assert len(problem.says) < LONGEST_SENTENCE + 20


def test_a_setting_with_a_line_break_is_still_one_sentence(
    command: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that holds a line break does not break the sentence that names it."""
    monkeypatch.setenv("THINKCHILD_TOKEN_FILE", "a/b\nc")
    assert "a/b\\nc" in command("serve").sentence()


@pytest.mark.parametrize("field", ["key", "kind", "user", "chat", "message", "text", "query"])
def test_an_update_with_a_field_of_another_kind_is_no_update(field: str) -> None:
    """What is on disk to be answered has text where text belongs: else it would fail in the middle of a turn, at each start."""
    pytest.importorskip("telegram")
    from bot.channels.telegram.incoming import Incoming, Kind  # noqa: PLC0415 - an extra

    held = json.loads(Incoming("k", Kind.PRESS, "1", 2, 3, "x:menu", "q").to_json())
    assert Incoming.from_json(json.dumps(held)).text == "x:menu"
    for odd in ([], {"a": 1}, None, True, 1.5):
        with pytest.raises((TypeError, ValueError)):
            Incoming.from_json(json.dumps({**held, field: odd}))
