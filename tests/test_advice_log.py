"""The record: that it proves itself, that nobody can quietly change it, and what happens when the file is in trouble."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlite_utils import Database
from walking import Clock, Talk

from bot.advice_log import AdviceLog, export_rows, receipt, sessions, verify
from bot.advice_log import log as log_module
from bot.advice_log.schema import CHAINED, migrations
from bot.clock import stamp
from bot.errors import StoreError
from bot.events import Chose, Do, Open
from bot.session import Desk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.advice_log import Break
    from bot.library import Library

    Begin = Callable[..., Talk]

SETTLED = ("no_sign", "not_soon")
TO_REMINDER = (*SETTLED, "no_worry", "done", "done", "done", "no_needs", "only_me")


def columns() -> list[tuple[str, str]]:
    """Return (table, column) for every column of every chained table."""
    connection = sqlite3.connect(":memory:")
    migrations.apply(Database(connection))
    found = [(table, row[1]) for table in CHAINED for row in connection.execute(f"PRAGMA table_info({table})")]
    connection.close()
    return found


@pytest.fixture(scope="module")
def full_record(tmp_path_factory: pytest.TempPathFactory, content: Library) -> Path:
    """Make a record with rows of every kind: two sessions, changed advice, reminders, deliveries, an erased session."""
    path = tmp_path_factory.mktemp("record") / "advice.db"
    log, clock = AdviceLog.open(path), Clock()
    log.keep_content(content.version, "shipped", content.compiled, stamp(clock()))
    desk = Desk(log, content, can_remind=True, clock=clock)
    first, second = Talk(desk, desk.person("first")), Talk(desk, desk.person("second"))
    first.go("new_partner", *TO_REMINDER, "in_2_hours")
    first.say(Do("change", "known"))
    first.choose("worrying")
    last = second.go("mark_on_child", *SETTLED, "not_mobile")
    log.delivered(last.outbox, "sent", stamp(clock()))
    first.desk.stop_reminders(first.person)
    erase(log, last.out["session"])
    keep_what_evidence_needs(log, last.out["session"])
    first.say("why")
    log.close()
    return path


def keep_what_evidence_needs(log: AdviceLog, session: str) -> None:
    """Add two rows to each table that no conversation writes to."""
    at = "2026-11-23T12:00:00Z"
    turn = log.connection.execute("SELECT max(id) FROM turns").fetchone()[0]
    member = {"member": "m1", "roles": "lead", "setting": "here", "reach": "own", "made_by": "console", "at": at}
    with log.transaction():
        for word in ("one", "two"):
            log.append("holds", {"session": session, "status": word, "reason": "r", "made_by": "console", "at": at})
            log.append("reads", {"reader": "console", "action": word, "session": session, "detail": "d", "at": at})
            log.append("enrolments", {**member, "change": word})
            log.append("case_marks", {"session": session, "turn": turn, "mark": word, "about": "a", "at": at})


def erase(log: AdviceLog, session: str, *, tombstone: bool = True) -> None:
    """Remove the words of a session, and whose it was, after a tombstone; what `erase` will do."""
    with log.transaction():
        if tombstone:
            log.append("tombstones", {"session": session, "reason": "asked for", "at": "2026-11-23T12:00:00Z"})
        log.connection.execute("DELETE FROM words WHERE session = ?", (session,))
        log.connection.execute("DELETE FROM owners WHERE session = ?", (session,))


@pytest.fixture
def copy(full_record: Path, tmp_path: Path) -> Path:
    """Return a copy of the full record, to be tampered with."""
    path = tmp_path / "copy.db"
    shutil.copy(full_record, path)
    return path


def tamper(path: Path, *statements: str, **values: Any) -> None:
    """Change a record behind its back: with another program, and without the triggers."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        assert connection.execute(statement, values).rowcount != 0, statement
    connection.commit()
    connection.close()


def proof(path: Path) -> tuple[int, Break | None]:
    """Verify a record that lies in a file."""
    connection = sqlite3.connect(path)
    try:
        return verify(connection)
    finally:
        connection.close()


def ids(path: Path, table: str) -> list[Any]:
    """Return the ids of a table's rows, oldest first."""
    connection = sqlite3.connect(path)
    key = "version" if table == "content" else "id"
    found = [row[0] for row in connection.execute(f"SELECT {key} FROM {table} ORDER BY seq")]
    connection.close()
    return found


# --- the proof -----------------------------------------------------------------------------------------


def test_an_untouched_record_verifies(full_record: Path) -> None:
    """A record with rows of every kind proves itself, and says how many there are."""
    rows, broken = proof(full_record)
    assert broken is None
    assert all(ids(full_record, table) for table in CHAINED)
    assert rows == sum(len(ids(full_record, table)) for table in CHAINED)


def test_an_empty_record_verifies(log: AdviceLog, tmp_path: Path) -> None:
    """A record in which nothing has happened yet proves itself."""
    fresh = AdviceLog.open(tmp_path / "fresh.db")
    assert verify(fresh.connection) == (0, None)
    fresh.close()
    assert verify(log.connection) == (1, None)


@pytest.mark.parametrize("which", [0, -1], ids=["first", "last"])
@pytest.mark.parametrize(("table", "column"), columns())
def test_an_edited_value_names_the_row(copy: Path, table: str, column: str, which: int) -> None:
    """A single character changed in any column of any chained row is found, and the row is named."""
    row, key = ids(copy, table)[which], "version" if table == "content" else "id"
    connection = sqlite3.connect(copy)
    value = connection.execute(f"SELECT {column} FROM {table} WHERE {key} = ?", (row,)).fetchone()[0]
    connection.close()
    changed = value + 1000 if isinstance(value, int) else ("b" if value[:1] == "a" else "a") + value[1:]
    tamper(copy, f"UPDATE {table} SET {column} = :changed WHERE {key} = :row", changed=changed, row=row)
    broken = proof(copy)[1]
    assert broken is not None
    if column == "seq":
        assert "missing" in str(broken)  # the row stands at the end now; the gap is where it was
        return
    if (table, column) == ("tombstones", "session"):
        assert (
            broken.table == "sessions"
        )  # the first row that no longer holds is the erased session without a tombstone
        return
    assert broken.table == table
    assert broken.row == str(changed if column == key else row)
    assert table in str(broken)
    assert broken.row in str(broken)


@pytest.mark.parametrize("value", [None, b"\x00\xff", "", 17, 1.5, "\ud7ff💥", "x" * 70_000], ids=repr)
@pytest.mark.parametrize(
    ("table", "column"), [("sessions", "label"), ("turns", "event"), ("advice", "sources"), ("turns", "seq")]
)
def test_a_value_of_another_kind_names_the_row(copy: Path, table: str, column: str, value: Any) -> None:
    """A value of quite another kind is found as well, and never makes the check itself fall over."""
    if value is None:
        tamper(
            copy,
            "PRAGMA writable_schema = ON",
            f"UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '') WHERE name = '{table}'",
        )
    row = ids(copy, table)[0]
    tamper(copy, f"UPDATE {table} SET {column} = :value WHERE id = :row", value=value, row=row)
    broken = proof(copy)[1]
    assert broken is not None
    assert column == "seq" or (broken.table, broken.row) == (table, str(row))


def test_a_single_byte_of_the_file_that_is_no_text_any_more_names_the_row(copy: Path) -> None:
    """A byte flipped in the raw file, so that it is no longer readable as text, is found like any other."""
    connection = sqlite3.connect(copy)
    row, label = connection.execute("SELECT id, label FROM sessions ORDER BY seq LIMIT 1").fetchone()
    connection.close()
    raw = copy.read_bytes()
    assert raw.count(label.encode()) >= 1
    copy.write_bytes(raw.replace(label.encode(), b"\xff" + label.encode()[1:]))
    broken = proof(copy)[1]
    assert broken is not None
    assert (broken.table, broken.row) == ("sessions", row)


@pytest.mark.parametrize("table", [table for table in CHAINED if table != "tombstones"])
def test_a_deleted_row_is_missed(copy: Path, table: str) -> None:
    """A row taken out is found by the gap that it leaves."""
    key = "version" if table == "content" else "id"
    tamper(copy, f"DELETE FROM {table} WHERE {key} = :row", row=ids(copy, table)[0])
    broken = proof(copy)[1]
    assert broken is not None
    assert "missing" in broken.says


def test_a_tombstone_taken_away_is_missed(copy: Path) -> None:
    """Without its tombstone an erased session no longer verifies."""
    tamper(copy, "DELETE FROM tombstones")
    assert proof(copy)[1] is not None


def test_rows_put_in_another_order_are_found(copy: Path) -> None:
    """Two rows that change places are found at the first of them."""
    first, second = ids(copy, "advice")[:2]
    connection = sqlite3.connect(copy)
    (one,), (two,) = (
        connection.execute("SELECT seq FROM advice WHERE id = ?", (row,)).fetchone() for row in (first, second)
    )
    connection.close()
    tamper(
        copy,
        "UPDATE advice SET seq = -1 WHERE id = :first", "UPDATE advice SET seq = :one WHERE id = :second",
        "UPDATE advice SET seq = :two WHERE id = :first", first=first, second=second, one=one, two=two,
    )  # fmt: skip
    broken = proof(copy)[1]
    assert broken is not None
    assert (broken.table, broken.row) == ("advice", str(second))


def test_a_tail_cut_off_is_found(copy: Path) -> None:
    """Rows cut off at the end are found, though every row left is sound."""
    for table in ("outbox", "advice", "turns"):
        tamper(copy, f"DELETE FROM {table} WHERE id = :row", row=ids(copy, table)[-1])
    broken = proof(copy)[1]
    assert broken is not None


def test_the_last_row_cut_off_is_found(copy: Path) -> None:
    """The very last row leaves no gap; the head of the record misses it."""
    tamper(copy, "DELETE FROM outbox WHERE seq = (SELECT seq FROM head)")
    broken = proof(copy)[1]
    assert broken is not None
    assert broken.table == "head"


def test_a_row_put_in_is_found(copy: Path) -> None:
    """A row added by somebody else does not fit the chain."""
    tamper(
        copy,
        "INSERT INTO deliveries SELECT id + 1000, outbox, 'sent', at, (SELECT seq + 1 FROM head), hash FROM deliveries",
        "UPDATE head SET seq = seq + 1",
    )
    broken = proof(copy)[1]
    assert broken is not None
    assert broken.table == "deliveries"


@pytest.mark.parametrize("part", ["turns", "advice", "outbox"])
def test_edited_words_are_found(copy: Path, part: str) -> None:
    """Words stand beside the chain; changing them is found all the same, and so is changing their salt."""
    before = copy.read_bytes()
    for change in ("body = body || ' '", "body = upper(body)", "salt = 'x' || salt"):
        copy.write_bytes(before)
        row = next(row for row in reversed(ids(copy, part)))
        tamper(copy, f"UPDATE words SET {change} WHERE part = :part AND row = :row", part=part, row=row)
        broken = proof(copy)[1]
        assert broken is not None, change
        assert (broken.table, broken.row, broken.says) == (part, str(row), "its words were changed")


def test_words_taken_away_without_a_tombstone_are_found(copy: Path) -> None:
    """Words that are gone without a tombstone for their session are found."""
    row = ids(copy, "advice")[0]
    tamper(copy, "DELETE FROM words WHERE part = 'advice' AND row = :row", row=row)
    broken = proof(copy)[1]
    assert broken is not None
    assert (broken.table, broken.row) == ("advice", str(row))
    assert "without a tombstone" in broken.says


def test_words_put_back_after_they_were_erased_have_to_be_the_same(copy: Path) -> None:
    """Nobody can put other words in the place of those that were erased."""
    connection = sqlite3.connect(copy)
    row = connection.execute(
        "SELECT a.id FROM advice a WHERE NOT EXISTS (SELECT 1 FROM words w WHERE w.part = 'advice' AND w.row = a.id)"
    ).fetchone()[0]
    connection.close()
    tamper(copy, "INSERT INTO words VALUES ('advice', :row, 's', 'salt', 'You need not ring anyone.')", row=row)
    broken = proof(copy)[1]
    assert broken is not None
    assert broken.row == str(row)


def test_whose_a_session_is_cannot_be_changed(copy: Path) -> None:
    """A session given to somebody else, or to nobody, is found."""
    before = copy.read_bytes()
    for statement in ("UPDATE owners SET person = 'x' || person", "DELETE FROM owners"):
        copy.write_bytes(before)
        tamper(copy, statement)
        broken = proof(copy)[1]
        assert broken is not None
        assert broken.table == "sessions"


def test_the_content_kept_cannot_be_changed(copy: Path) -> None:
    """The content of a version is part of the proof."""
    before = copy.read_bytes()
    for statement in ("UPDATE compiled SET body = replace(body, '999', '998')", "DELETE FROM compiled"):
        copy.write_bytes(before)
        tamper(copy, statement)
        broken = proof(copy)[1]
        assert broken is not None
        assert broken.table == "content"


def test_words_erased_after_a_tombstone_verify(talk: Begin, log: AdviceLog) -> None:
    """A session erased in order leaves its digests and a tombstone, and the record still proves itself."""
    said = talk("first").go("mark_on_child", *SETTLED, "not_mobile")
    talk("second").go("new_partner", *SETTLED)
    erase(log, said.out["session"])
    assert verify(log.connection)[1] is None
    kept = receipt(log, said.out["receipt"])
    assert kept is not None
    assert kept.erased == "asked for, 2026-11-23T12:00:00Z"
    assert all(line.words is None for turn in kept.turns for line in turn.said)
    assert log.owner(said.out["session"]) is None
    assert "No sign of that now" not in str(kept)
    assert talk("first").go("mark_on_child").out["session"] != said.out["session"]
    assert verify(log.connection)[1] is None


# --- append-only ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", [*CHAINED, "compiled", "words"])
def test_rows_are_never_changed_or_deleted(copy: Path, table: str) -> None:
    """Whoever opens the file with another program is refused, in words, when they change or delete a row."""
    connection = sqlite3.connect(copy)
    name = connection.execute(f"PRAGMA table_info({table})").fetchone()[1]
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        connection.execute(f"UPDATE {table} SET {name} = {name}")
    with pytest.raises(sqlite3.IntegrityError, match=r"never deleted|only after a tombstone"):
        connection.execute(f"DELETE FROM {table}")
    connection.close()


def test_words_go_only_after_a_tombstone(talk: Begin, log: AdviceLog) -> None:
    """Words can be erased only once a tombstone for their own session is written."""
    one, other = (talk(who).go("mark_on_child").out["session"] for who in ("one", "other"))
    with pytest.raises(StoreError, match="tombstone"):
        erase(log, one, tombstone=False)
    erase(log, one)
    with pytest.raises(StoreError, match="tombstone"):
        erase(log, other, tombstone=False)
    assert verify(log.connection)[1] is None


# --- reading it back -----------------------------------------------------------------------------------


def test_a_receipt_repeats_what_was_said_word_for_word(talk: Begin, log: AdviceLog) -> None:
    """A receipt says, turn by turn, exactly what was said, also after some of it was overtaken."""
    somebody = talk()
    said = [somebody.say(Open("mark_on_child"))]
    said += [somebody.choose(option) for option in (*SETTLED, "not_mobile")]
    said += [
        somebody.say(given)
        for given in ("why", Do("change", "mobile"), Chose(("mobile",)), "999", Chose(("rung_999",)))
    ]
    kept = receipt(log, said[-1].out["receipt"])
    assert kept is not None
    for turn, out in zip(kept.turns, said, strict=True):
        assert [line.words for line in turn.said] == [reply["text"] for reply in out.out["replies"]]
        assert [list(line.sources) for line in turn.said] == [reply["sources"] for reply in out.out["replies"]]
    assert {line.step for turn in kept.turns for line in turn.said if line.overtaken} >= {
        "mark_on_child/baby_now", "mark_on_child/baby_ask", "mark_on_child/mobile",
    }  # fmt: skip


@pytest.mark.parametrize(
    "write", [str, str.lower, lambda code: code.replace("-", ""), lambda code: f" {code[:2]} {code[2:]} "]
)
def test_a_receipt_code_can_be_typed_in_any_way(talk: Begin, log: AdviceLog, write: Callable[[str], str]) -> None:
    """Small letters, spaces and a missing dash do not matter in a code."""
    said = talk().go("mark_on_child", "no_sign")
    found = receipt(log, write(said.out["receipt"]))
    assert found is not None
    assert found.session == said.out["session"]


@pytest.mark.parametrize("code", ["", "???", "AAA-AAA", "'; DROP TABLE sessions; --", "%", "💥"])
def test_a_code_that_was_never_given_finds_nothing(talk: Begin, log: AdviceLog, code: str) -> None:
    """A code that nobody was given opens nothing."""
    talk().go("mark_on_child", "no_sign")
    assert receipt(log, code) is None


def test_sessions_are_listed_newest_first_without_people(talk: Begin, log: AdviceLog) -> None:
    """The list says which flows, how urgent and how far, and nothing that leads to a person."""
    talk("one").go("mark_on_child", *SETTLED, "not_mobile")
    talk("two").go("new_partner", *TO_REMINDER[:-1], "no_reminder")
    listed = sessions(log)
    assert [session.flows for session in listed] == ["new_partner", "mark_on_child"]
    assert [session.urgency for session in listed] == ["today", "now"]
    assert [session.closed for session in listed] == [True, False]
    assert len(sessions(log, limit=1)) == 1
    assert log.person("terminal", "one") not in str(listed)


def test_an_export_holds_one_session_if_asked_and_never_a_person(talk: Begin, log: AdviceLog) -> None:
    """Rows to export are all of the record or one receipt's, oldest first, without anybody's pseudonym."""
    said = talk("one").go("mark_on_child", *SETTLED)
    talk("two").go("new_partner")
    everything, one = list(export_rows(log)), list(export_rows(log, said.out["receipt"].lower()))
    assert len(everything) == len(one) + 2
    assert {row["receipt"] for row in one} == {said.out["receipt"]}
    assert everything[: len(one)] == one
    for who in ("one", "two"):
        assert log.person("terminal", who) not in str(everything)


def test_deliveries_and_addresses(talk: Begin, log: AdviceLog) -> None:
    """What was said counts as undelivered until something is known of it, for people who can be reached."""
    somebody = talk()
    said = somebody.go("mark_on_child")
    assert log.undelivered("telegram") == []
    log.remember_address(somebody.person.id, "telegram", "42")
    assert log.address(somebody.person.id) == "42"
    assert [row[:3] for row in log.undelivered("telegram")] == [(said.outbox, said.nonce, "42")]
    assert log.undelivered("terminal") == []
    log.delivered(said.outbox, "sent", "2026-11-23T12:00:00Z")
    assert log.undelivered("telegram") == []
    assert verify(log.connection)[1] is None


def test_reminders_are_due_once_for_whoever_can_be_reached(talk: Begin, log: AdviceLog) -> None:
    """A reminder is due from its time on, until it is marked, and only for somebody with an address."""
    somebody = talk(can_remind=True)
    somebody.go("new_partner", *TO_REMINDER, "in_2_hours")
    assert log.due("telegram", "2026-11-23T14:00:00Z") == []
    log.remember_address(somebody.person.id, "telegram", "42")
    assert log.due("telegram", "2026-11-23T13:59:59Z") == []
    ((number, _, chat),) = log.due("telegram", "2026-11-23T14:00:00Z")
    assert chat == "42"
    with log.transaction():
        log.mark_reminders([number], "sent", "2026-11-23T14:00:01Z")
    assert log.due("telegram", "2026-11-24T14:00:00Z") == []


def test_a_button_is_found_by_its_nonce(talk: Begin, log: AdviceLog) -> None:
    """The nonce of a message leads to its session and turn; any other leads nowhere."""
    said = talk().go("mark_on_child")
    pressed = log.pressed(said.nonce)
    assert pressed is not None
    assert pressed[:2] == (said.out["session"], 1)
    assert log.pressed("nonsense") is None


def test_only_the_button_of_the_latest_turn_is_the_latest(talk: Begin, log: AdviceLog) -> None:
    """What somebody else was told changes nothing; a later turn, also of a new session, makes a button an old one."""
    first, other = talk(), talk("another")
    opened = first.go("mark_on_child")
    theirs = other.go("new_partner")
    assert log.is_latest(opened.nonce)
    again = first.say(Do("why"))
    assert log.is_latest(again.nonce)
    assert not log.is_latest(opened.nonce)
    afresh = first.say(Do("stop"))
    begun = first.go("mark_on_child")
    assert begun.out["session"] != again.out["session"]
    assert log.is_latest(begun.nonce)
    assert not log.is_latest(afresh.nonce)
    assert log.is_latest(theirs.nonce)
    assert not log.is_latest("nonsense")


def work(connection: sqlite3.Connection, ask: Callable[[], object]) -> int:
    """Return how many steps of the database it takes to ask something."""
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    connection.set_progress_handler(step, 1)
    ask()
    connection.set_progress_handler(None, 1)
    return steps


def test_a_long_history_makes_no_turn_dearer(talk: Begin, log: AdviceLog) -> None:
    """To find where somebody is takes no more after two hundred turns than after two."""
    somebody = talk()
    said = somebody.go("mark_on_child")
    person = somebody.person.id
    few = [work(log.connection, lambda: log.current(person)), work(log.connection, lambda: log.is_latest(said.nonce))]
    for _ in range(200):
        said = somebody.say(Do("why"))
    many = [work(log.connection, lambda: log.current(person)), work(log.connection, lambda: log.is_latest(said.nonce))]
    assert all(after <= 1.2 * before for before, after in zip(few, many, strict=True)), (few, many)


# --- the key -------------------------------------------------------------------------------------------


def key_of(path: Path) -> Path:
    """Return the key file of a database."""
    return path.with_name(path.name + ".key")


def test_the_key_lies_beside_the_database_for_its_owner_only(log: AdviceLog) -> None:
    """The key of the pseudonyms is a file of 32 random bytes that only its owner can read."""
    assert stat.S_IMODE(key_of(log.path).stat().st_mode) == 0o600
    assert len(bytes.fromhex(key_of(log.path).read_text(encoding="ascii"))) == 32


def test_a_person_has_the_same_pseudonym_after_opening_again(log: AdviceLog) -> None:
    """Somebody is known again by their pseudonym, which is another for another key, and says nothing of the id."""
    again = AdviceLog.open(log.path)
    assert again.person("terminal", "12345") == log.person("terminal", "12345")
    again.close()
    other = AdviceLog.open(log.path.with_name("other.db"))
    assert other.person("terminal", "12345") != log.person("terminal", "12345")
    other.close()
    assert "12345" not in log.person("terminal", "12345")


def test_a_missing_key_is_said_and_not_made_anew_once_there_are_sessions(talk: Begin, log: AdviceLog) -> None:
    """With sessions on record a missing key stops everything, in words; without any a new one is made."""
    key_of(log.path).unlink()
    AdviceLog.open(log.path).close()
    talk().go("mark_on_child")
    key_of(log.path).unlink()
    with pytest.raises(StoreError, match=r"key file .* is missing: put it back"):
        AdviceLog.open(log.path)
    assert not key_of(log.path).exists()


@pytest.mark.parametrize("held", ["", "\n", "not hexadecimal", "00", "00" * 31, "ü"])
def test_a_spoilt_key_is_refused(log: AdviceLog, held: str) -> None:
    """A key file that does not hold a whole key is refused, so that nobody becomes a stranger, or easy to guess."""
    key_of(log.path).write_text(held, encoding="utf-8")
    with pytest.raises(StoreError, match="key file"):
        AdviceLog.open(log.path)


# --- trouble with the file -----------------------------------------------------------------------------


def test_a_damaged_file_is_said_in_one_sentence(copy: Path) -> None:
    """A file that is no database, or only half of one, is refused in words and left as it is."""
    whole = copy.read_bytes()
    for spoilt in (os.urandom(8192), b"SQLite format 3\x00" + os.urandom(8192), b"hello" * 400):
        copy.write_bytes(spoilt)
        with pytest.raises(StoreError, match="damaged"):
            AdviceLog.open(copy)
        assert copy.read_bytes() == spoilt
    copy.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreError):
        AdviceLog.open(copy)


def test_a_database_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    """A database that belongs to another program is not ours to write in."""
    path = tmp_path / "notes.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE notes (text TEXT)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="not one of ours"):
        AdviceLog.open(path)
    assert path.read_bytes() == before


def test_an_empty_file_becomes_a_record(tmp_path: Path) -> None:
    """An empty file, as made by touch, is filled."""
    path = tmp_path / "empty.db"
    path.touch()
    AdviceLog.open(path).close()
    assert proof(path) == (0, None)


def test_a_place_where_nothing_can_be_written_is_said(tmp_path: Path) -> None:
    """A folder in the place of the file, or a file in the place of a folder, is said in one sentence."""
    (tmp_path / "file").write_text("x", encoding="ascii")
    for path in (tmp_path, tmp_path / "file" / "advice.db"):
        with pytest.raises(StoreError, match=r"cannot be opened .*--db|cannot be used .*--db"):
            AdviceLog.open(path)


def test_a_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    """The folder of the database is made when it is missing."""
    AdviceLog.open(tmp_path / "a" / "b" / "advice.db").close()
    assert (tmp_path / "a" / "b" / "advice.db").exists()


@pytest.fixture
def folder() -> Iterator[Path]:
    """Make a folder that a user without rights can reach: pytest's own are closed to others."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)
        Path(name).chmod(0o700)


def as_nobody(path: Path) -> str:
    """Open a record as a user without rights, and return what went wrong: root may write everywhere."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        try:
            if os.geteuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            AdviceLog.open(path).close()
            said = "opened"
        except StoreError as error:
            said = f"StoreError: {error}"
        except BaseException as error:  # noqa: BLE001 - whatever it was has to be told
            said = repr(error)
        os.write(writes, said.encode())
        os._exit(0)
    os.close(writes)
    with os.fdopen(reads, encoding="utf-8") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


def test_a_read_only_file_is_found_on_opening(full_record: Path, folder: Path) -> None:
    """A file that cannot be written is refused at once, not at the first answer."""
    path = folder / "advice.db"
    shutil.copy(full_record, path)
    shutil.copy(key_of(full_record), key_of(path))
    key_of(path).chmod(0o444)
    path.chmod(0o444)
    folder.chmod(0o777)
    said = as_nobody(path)
    assert said.startswith("StoreError"), said
    assert "read-only" in said


def test_a_read_only_folder_is_found_on_opening(full_record: Path, folder: Path) -> None:
    """A folder that cannot be written is refused at once, for a new record and for an old one."""
    shutil.copy(full_record, folder / "advice.db")
    (folder / "advice.db").chmod(0o666)
    folder.chmod(0o555)
    for name in ("advice.db", "new.db"):
        said = as_nobody(folder / name)
        assert said.startswith("StoreError"), said


def test_a_connection_that_may_only_read_keeps_nothing_and_says_so(talk: Begin, log: AdviceLog) -> None:
    """A database that becomes read-only under a running program is said so, and the turn is not half kept."""
    somebody = talk()
    somebody.go("mark_on_child")
    rows = verify(log.connection)[0]
    log.connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreError, match="read-only"):
        somebody.choose("no_sign")
    log.connection.execute("PRAGMA query_only = OFF")
    assert verify(log.connection) == (rows, None)
    assert somebody.choose("no_sign").out["step"].endswith("before_contact")


def test_a_database_in_use_is_waited_for_and_then_said_to_be(
    log: AdviceLog, content: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process that holds the database for long is waited for, and then named as the reason."""
    monkeypatch.setattr(log_module, "BUSY_MILLISECONDS", 80)
    second = AdviceLog.open(log.path)
    holder = sqlite3.connect(log.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="in use by another Thinkchild"):
        AdviceLog.open(log.path)
    desk = Desk(second, content)
    with pytest.raises(StoreError, match="in use by another Thinkchild"):
        desk.handle(desk.person("somebody"), Open("mark_on_child"), "k")
    holder.execute("ROLLBACK")
    holder.close()
    assert desk.handle(desk.person("somebody"), Open("mark_on_child"), "k").out["flow"] == "mark_on_child"
    second.close()


def test_a_full_disk_loses_nothing_that_was_kept(talk: Begin, log: AdviceLog) -> None:
    """When there is no more room the turn is refused in words, and once there is the conversation goes on."""
    somebody = talk()
    somebody.go("mark_on_child")
    pages = log.connection.execute("PRAGMA page_count").fetchone()[0]
    log.connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="full"):  # noqa: PT012 - it takes a few turns to fill the last pages
        for _ in range(50):
            somebody.say("why")
    before = log.current(somebody.person.id)
    assert verify(log.connection)[1] is None
    log.connection.execute("PRAGMA max_page_count = 1073741823")
    assert somebody.choose("no_sign").out["step"].endswith("before_contact")
    assert log.current(somebody.person.id).turns == before.turns + 1
    assert verify(log.connection)[1] is None


TALKING = """
import resource, sys, time
from pathlib import Path
from bot.advice_log import AdviceLog, verify
from bot.errors import StoreError
from bot.events import Do, Open
from bot.library import read_content
from bot.reading import content_root
from bot.session import Desk

library = read_content(content_root()).library
path, who, go = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
print("ready", flush=True)
while not go.exists():
    time.sleep(0.001)
log = AdviceLog.open(path)
log.keep_content(library.version, "shipped", library.compiled, "2026-11-23T12:00:00Z")
desk = Desk(log, library)
person = desk.person(who)
"""


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    """Start another process that talks to a desk, and wait until it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-c", TALKING + script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.fixture
def running() -> Iterator[list[subprocess.Popen[str]]]:
    """Collect processes that a test started, and end those still running."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("new", [False, True], ids=["an old record", "a new record"])
def test_several_processes_share_one_record(tmp_path: Path, running: list[subprocess.Popen[str]], new: bool) -> None:
    """Processes that talk at once on one database all get their answers, and the record verifies."""
    path, go = tmp_path / "shared.db", tmp_path / "go"
    if not new:
        AdviceLog.open(path).close()
    script = """
outs = [desk.handle(person, Open("mark_on_child"), "same" if n == 0 else f"{who}-{n}").outbox for n in range(12)]
print(outs[0], len(set(outs)))
"""
    running += [start(script, path, f"person-{n}", go) for n in range(3)]
    go.touch()
    said = []
    for process in running:
        out, error = process.communicate(timeout=60)
        assert process.returncode == 0, error
        said.append(out.split())
    assert len({first for first, _ in said}) == 1, "the same key is answered once"
    assert [count for _, count in said] == ["12"] * 3
    connection = sqlite3.connect(path)
    assert verify(connection)[1] is None
    assert connection.execute("SELECT count(*) FROM turns").fetchone()[0] == 3 * 11 + 1
    connection.close()
    assert len(key_of(path).read_text(encoding="ascii").strip()) == 64


def test_a_write_that_the_system_refuses_is_undone_whole(tmp_path: Path, running: list[subprocess.Popen[str]]) -> None:
    """A write that fails half-way, as on a full disk, is undone, and the next one works as if nothing had been."""
    path, go = tmp_path / "limited.db", tmp_path / "go"
    script = """
desk.handle(person, Open("mark_on_child"), "first")
largest = max(file.stat().st_size for file in path.parent.iterdir())
resource.setrlimit(resource.RLIMIT_FSIZE, (largest + 5000, resource.RLIM_INFINITY))
try:
    for n in range(20):
        desk.handle(person, Do("why"), f"refused-{n}")
    print("all were kept")
except StoreError as error:
    print("refused")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
turns = log.current(person.id).turns
desk.handle(person, Do("why"), "afterwards")
print(log.current(person.id).turns - turns, verify(log.connection)[1])
"""
    running.append(start(script, path, "somebody", go))
    go.touch()
    out, error = running[0].communicate(timeout=60)
    assert out.splitlines() == ["refused", "1 None"], error


def test_a_record_can_be_verified_while_it_is_written(tmp_path: Path, running: list[subprocess.Popen[str]]) -> None:
    """A record that another process is adding to proves itself as it was at one moment: no false alarm."""
    path, go = tmp_path / "busy.db", tmp_path / "go"
    script = """
for n in range(100000):
    desk.handle(person, Open("mark_on_child") if n == 0 else Do("why"), f"{n}")
    print(n, flush=True)
"""
    running.append(start(script, path, "somebody", go))
    go.touch()
    assert running[0].stdout is not None
    for _ in range(60):
        running[0].stdout.readline()
    counts = set()
    for _ in range(20):
        rows, broken = proof(path)
        assert broken is None
        counts.add(rows)
    assert len(counts) > 1, "it was written to meanwhile"


def test_a_process_killed_in_the_middle_leaves_a_whole_record(
    tmp_path: Path, running: list[subprocess.Popen[str]]
) -> None:
    """What was answered before a process was killed is all there, and nothing is half there."""
    path, go = tmp_path / "killed.db", tmp_path / "go"
    script = """
for n in range(100000):
    desk.handle(person, Open("mark_on_child") if n == 0 else Do("why"), f"{n}")
    print(n, flush=True)
"""
    running.append(start(script, path, "somebody", go))
    go.touch()
    assert running[0].stdout is not None
    for _ in range(20):
        answered = int(running[0].stdout.readline())
    running[0].kill()
    running[0].wait()
    log = AdviceLog.open(path)
    assert verify(log.connection)[1] is None
    assert log.current(log.person("terminal", "somebody")).turns >= answered + 1
    log.close()
