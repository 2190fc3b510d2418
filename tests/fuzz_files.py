"""Files of the record that somebody, or some disk, has spoilt: every command ends with what it should, or one sentence.

What is held, for any damage and any command: it ends with 0, or with 2 and one sentence (1 for those that say how things
are); no traceback; `log verify` says that the record holds only if every row that is left, and its words, are those that were
written; and what a command was to write beside the record is there whole or not at all.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import tempfile
from contextlib import closing, contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, cast

import pytest
from fuzz_common import Spoil, Target, no_traceback, spoils
from hypothesis import strategies as st
from walking import Clock, Talk

from bot.advice_log import AdviceLog
from bot.advice_log.heads import head
from bot.advice_log.holds import hold
from bot.advice_log.reads import note_reads
from bot.advice_log.schema import CHAINED
from bot.cli import main
from bot.clock import stamp
from bot.events import Do
from bot.library import Library, read_content
from bot.reading import content_root
from bot.session import Desk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

AT = "2026-11-23T12:00:00Z"
PAGE = 4096
ENDS = (0, 2)
KEPT = ("new_partner", "mark_on_child")


# --- a command in this process ----------------------------------------------------------------------------


def ended(*words: str, typed: str = "") -> tuple[int, str]:
    """Give a command; returns its exit code, and all it printed."""
    with tempfile.TemporaryFile() as file, pytest.MonkeyPatch.context() as patch, tempfile.TemporaryFile() as given:
        given.write(typed.encode("utf-8", "surrogatepass"))
        given.seek(0)
        out = TextIOWrapper(cast("Any", file), encoding="utf-8", errors="backslashreplace", write_through=True)
        patch.setattr(sys, "argv", ["thinkchild", *words])
        into = TextIOWrapper(cast("Any", given), encoding="utf-8")
        patch.setattr(sys, "stdin", into)
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", out)
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        out.detach()
        into.detach()
        file.seek(0)
        return code, file.read().decode("utf-8", "replace")


@contextmanager
def content_known() -> Iterator[Library]:
    """Take the shipped content as checked: what is spoilt here is the record."""
    library = read_content(content_root()).library
    assert library is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.checks.load", lambda _root: library)
        patch.setattr("bot.startup.program_fingerprint", lambda: "this program")
        patch.setenv("THINKCHILD_MODEL", "none")
        yield library


# --- the record that is spoilt -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Base:
    """A whole record: its files, what is in it, its head, and a receipt of it."""

    files: dict[str, bytes]
    rows: dict[tuple[str, Any], tuple[Any, ...]]
    head: str
    receipts: tuple[str, ...]


def small(library: Library) -> Library:
    """Return content with two flows: else nearly all of the file would be content."""
    flows = tuple(flow for flow in library.content.flows if flow.id in KEPT)
    return Library(library.content.model_copy(update={"flows": flows, "examples": {}}))


def base_in(folder: Path, library: Library) -> Base:
    """Make a record with something of everything, the last of it still in the write-ahead log."""
    path = folder / "advice.db"
    log, clock = AdviceLog.open(path), Clock()
    little = small(library)
    log.keep_content(little.version, "earlier", little.compiled, stamp(clock()))
    desk = Desk(log, little, can_remind=True, clock=clock)
    ann, ben = Talk(desk, desk.person("ann")), Talk(desk, desk.person("ben"))
    first = ann.go("new_partner", "no_sign", "not_soon", "no_worry")
    gone = ben.go("mark_on_child", "no_sign", "not_soon", "not_mobile")
    log.delivered(first.outbox, "sent", AT)
    hold(log, [first.out["session"]], "a review", "console", AT)
    note_reads(log, "console", "show", [first.out["session"]], "", AT)
    with log.transaction():
        log.append("tombstones", {"session": gone.out["session"], "reason": "asked for", "at": AT})
        log.connection.execute("DELETE FROM words WHERE session = ?", (gone.out["session"],))
        log.connection.execute("DELETE FROM owners WHERE session = ?", (gone.out["session"],))
        log.connection.execute("INSERT INTO notes VALUES ('heartbeat', '{\"pid\": 1}', ?)", (AT,))
    log.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    log.receive("telegram:1:2:3", ann.person.id, '{"text": "waits"}', AT)
    for word in ("why", "back", "help"):
        ann.say(Do(word))
    files = {name: (folder / name).read_bytes() for name in ("advice.db", "advice.db-wal", "advice.db.key")}
    made = Base(
        files,
        rows_of(path),
        _full(log),
        tuple(r[0] for r in log.connection.execute("SELECT receipt FROM sessions ORDER BY seq")),
    )
    log.close()
    return made


def _full(log: AdviceLog) -> str:
    found = head(log.connection)
    assert found is not None
    return f"{found.rows}:{found.hash}"


def rows_of(path: Path) -> dict[tuple[str, Any], tuple[Any, ...]]:
    """Return every chained row and every word beside it, read without an index; raises sqlite3.Error."""
    found: dict[tuple[str, Any], tuple[Any, ...]] = {}
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = bytes
        for table in CHAINED:
            cursor = connection.execute(f"SELECT * FROM {table} NOT INDEXED")
            place = [column[0] for column in cursor.description].index("seq")
            found |= {(table, row[place]): tuple(row) for row in cursor}
        for row in connection.execute("SELECT part, row, salt, body FROM words"):
            found["words", (row[0], row[1])] = tuple(row)
        for row in connection.execute("SELECT session, person, salt FROM owners NOT INDEXED"):
            found["owners", row[0]] = tuple(row)
        for row in connection.execute("SELECT version, body FROM compiled NOT INDEXED"):
            found["compiled", row[0]] = tuple(row)
    return found


# --- cases -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Damage:
    """What happens to which file: bytes, two pages changed with each other, or the file is gone."""

    file: str
    changes: tuple[Spoil, ...] = ()
    pages: tuple[int, int] = (0, 0)
    gone: bool = False

    def apply(self, data: bytes) -> bytes:
        """Return the file after it."""
        for change in self.changes:
            data = change.apply(data)
        count = len(data) // PAGE
        if self.pages != (0, 0) and count > 1:
            one, two = (page % count for page in self.pages)
            parts = [data[place * PAGE : (place + 1) * PAGE] for place in range(count)]
            parts[one], parts[two] = parts[two], parts[one]
            data = b"".join(parts) + data[count * PAGE :]
        return data


@dataclass(frozen=True)
class Ruin:
    """A record with damage, and the commands that are then given."""

    damage: tuple[Damage, ...]
    commands: tuple[tuple[str, ...], ...]


COMMANDS: tuple[tuple[str, ...], ...] = (
    ("log", "list"),
    ("log", "list", "--json"),
    ("log", "show", "RECEIPT"),
    ("log", "receipt", "RECEIPT"),
    ("log", "receipt", "RECEIPT", "--html", "-"),
    ("log", "export", "--format", "json"),
    ("log", "export", "--format", "csv"),
    ("log", "export", "--format", "html"),
    ("log", "export", "--channel", "terminal", "--id", "ann"),
    ("log", "head"),
    ("log", "verify", "--expect", "HEAD"),
    ("log", "reads"),
    ("log", "holds"),
    ("log", "hold", "RECEIPT", "--reason", "a review"),
    ("log", "release", "RECEIPT"),
    ("log", "erase", "--receipt", "RECEIPT", "--yes"),
    ("log", "retain", "--older-than", "1d", "--yes"),
    ("log", "clean"),
    ("log", "backup", "OUT"),
    ("restore",),
    ("chat", "--json"),
    ("chat", "--json", "--person", "ann"),
    ("health",),
    ("doctor", "--offline"),
    ("metrics",),
    ("people", "list"),
    ("people", "allow", "--channel", "terminal", "--id", "ben", "--name", "Deputy", "--setting", "here"),
)
SAYS_HOW = {"health", "doctor"}
"""They say how things are, and end with 1 where they are not well."""
TYPED = '{"open": "new_partner"}\n{"text": "a new partner has moved in"}\n{"do": "why"}\n{"do": "stop"}\n'

damages = st.one_of(
    st.builds(
        Damage, st.sampled_from(["advice.db", "advice.db-wal"]), st.lists(spoils, min_size=1, max_size=3).map(tuple)
    ),
    st.builds(
        Damage,
        st.just("advice.db"),
        st.builds(Spoil, st.sampled_from(["flip", "set"]), st.integers(0, 999_999), st.integers(0, 255)).map(
            lambda one: (one,)
        ),
    ),
    st.builds(Damage, st.just("advice.db"), st.just(()), st.tuples(st.integers(1, 60), st.integers(1, 60))),
    st.builds(Damage, st.just("advice.db.key"), st.lists(spoils, min_size=1, max_size=2).map(tuple)),
    st.builds(Damage, st.sampled_from(["advice.db", "advice.db-wal", "advice.db.key"]), gone=st.just(value=True)),
)
ruins = st.builds(
    Ruin,
    st.lists(damages, min_size=1, max_size=2).map(tuple),
    st.lists(st.sampled_from(COMMANDS), min_size=1, max_size=3).map(tuple),
)


class Records:
    """Spoils copies of one record, and gives commands on them."""

    def __init__(self, folder: Path, base: Base) -> None:
        self.folder, self.base, self.count = folder, base, 0

    def try_one(self, ruin: Ruin) -> None:
        """Spoil a copy, verify it, give the commands."""
        self.count += 1
        place = self.folder / f"case-{self.count}"
        place.mkdir()
        try:
            self._try(ruin, place)
        finally:
            shutil.rmtree(place)

    def _try(self, ruin: Ruin, place: Path) -> None:
        files = dict(self.base.files)
        for damage in ruin.damage:
            if damage.gone:
                files.pop(damage.file, None)
            elif damage.file in files:
                files[damage.file] = damage.apply(files[damage.file])
        for name, data in files.items():
            (place / name).write_bytes(data)
            (place / name).chmod(0o600)
        db = place / "advice.db"
        self._verified(db)
        for command in ruin.commands:
            self._give(command, db)

    def _verified(self, db: Path) -> None:
        """Hold that `verify` passes nothing that was changed."""
        there = db.exists()
        code, said = ended("log", "verify", "--db", str(db))
        no_traceback(code, said, *ENDS)
        if code == 0:
            assert there
            found = rows_of(db)
            known = self.base.rows
            changed = {key for key, row in found.items() if known.get(key) != row}
            assert not changed, f"verify said {said!r}, and these were changed: {sorted(map(str, changed))[:5]}"
            # What was cut off at its end shows where a head was noted.
            expect, says = ended("log", "verify", "--db", str(db), "--expect", self.base.head)
            no_traceback(expect, says, *ENDS)
            left = {key for key in known if key[0] not in {"words", "owners", "compiled"}} - found.keys()
            assert (expect == 0) == (not left), f"a noted head was {'found' if expect == 0 else 'missed'}: {says}"
        else:
            assert len(said.strip().splitlines()) == 1, said

    def _give(self, command: tuple[str, ...], db: Path) -> None:
        out = db.with_name("out.db")
        names = {"RECEIPT": self.base.receipts[0], "HEAD": self.base.head, "OUT": str(out)}
        if command == ("restore",):
            words = ["log", "restore", str(db), "--db", str(out)]
            if (key := db.with_name("advice.db.key")).exists():
                shutil.copy(key, out.with_name("out.db.key"))
        else:
            words = [*(names.get(word, word) for word in command), "--db", str(db)]
        code, said = ended(*words, typed=TYPED if command[0] == "chat" else "")
        no_traceback(code, said, *((0, 1, 2) if command[0] in SAYS_HOW else ENDS))
        if code == 2 and command[0] != "chat" and "This reading is not noted" not in said:
            assert len(said.strip().splitlines()) <= 2, said
        if out.exists():
            assert code == 0, f"{words} ended with {code} and left a file"
            proof, says = ended("log", "verify", "--db", str(out))
            assert proof == 0, f"{words} left what does not verify: {says}"
            out.unlink()
        left = [one.name for one in db.parent.iterdir() if ".part-" in one.name]
        assert not left, f"{words} left {left}"


@contextmanager
def records(folder: Path) -> Iterator[Callable[[Ruin], None]]:
    """Make the record once."""
    with content_known() as library:
        made = folder / "base"
        made.mkdir()
        base = base_in(made, library)
        before = os.umask(0o077)
        try:
            yield Records(folder, base).try_one
        finally:
            os.umask(before)


TARGETS = [
    Target(
        "files",
        "the record's files with flipped bits, cut, with pages changed round or gone: every command, and what verify says",
        ruins,
        records,
        60,
    )
]
