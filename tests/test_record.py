"""The record as evidence: heads noted elsewhere, what is exported, what is erased and held, who read what."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from walking import Clock, Talk

from bot.advice_log import AdviceLog, erasing, heads, holds, receipt, verify
from bot.advice_log.chain import FIRST, link, rows_in_order
from bot.advice_log.exporting import bundle
from bot.advice_log.reads import note_read, readings
from bot.clock import stamp
from bot.errors import SetupError, StoreError
from bot.events import Open
from bot.pages import plainly
from bot.session import Desk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Done

    from bot.library import Library

SETTLED = ("no_sign", "not_soon")
TO_REMINDER = (*SETTLED, "no_worry", "done", "done", "done", "no_needs", "only_me")
AT = "2026-11-23T12:00:00Z"


@pytest.fixture
def two(log: AdviceLog, talk: Callable[..., Talk]) -> tuple[str, str]:
    """Make a record with two people: one waits for a reminder and can be reached; returns their receipts."""
    one, other = talk("one", can_remind=True), talk("other")
    first = one.go("new_partner", *TO_REMINDER, "in_2_hours")
    second = other.go("mark_on_child", *SETTLED, "not_mobile")
    for who in (one, other):
        log.remember_address(who.person.id, "telegram", f"chat-of-{who.person.id[:4]}")
    log.delivered(second.outbox, "sent", AT)
    return first.out["receipt"], second.out["receipt"]


def rebuilt(path: Path) -> None:
    """Change a word of an early row and make the whole chain anew, as somebody would who knows how it is made."""
    connection = sqlite3.connect(path, isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("UPDATE turns SET urgency = 'next_review' WHERE seq = (SELECT min(seq) FROM turns)")
    before = FIRST
    for table, row in list(rows_in_order(connection)):
        before = link(before, table, row)
        connection.execute(f"UPDATE {table} SET hash = ? WHERE seq = ?", (before, row["seq"]))
    connection.execute("UPDATE head SET hash = ?", (before,))
    connection.close()


def cut_off(path: Path, rows: int) -> None:
    """Take away what came after a row, and set the end to it, as somebody would who wants the rest forgotten."""
    connection = sqlite3.connect(path, isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    kept = next(row["hash"] for _, row in rows_in_order(connection) if row["seq"] == rows)
    for table in {table for table, _ in rows_in_order(connection)}:
        connection.execute(f"DELETE FROM {table} WHERE seq > ?", (rows,))
    connection.execute("UPDATE head SET seq = ?, hash = ?", (rows, kept))
    connection.close()


# --- heads ----------------------------------------------------------------------------------------------


def test_a_head_that_was_noted_still_holds_when_the_record_has_grown(
    log: AdviceLog, talk: Callable[..., Talk], command: Callable[..., Done]
) -> None:
    """A head printed today is found in the record tomorrow, typed with dashes, without, or in capitals."""
    somebody, db = talk(), ("--db", str(log.path))
    somebody.go("mark_on_child", "no_sign")
    noted = command("log", "head", *db).out.split()[0]
    somebody.choose("not_soon")
    for typed in (noted, noted.replace("-", ""), noted.upper(), noted.replace("-", " ")):
        assert "It holds the head noted." in command("log", "verify", "--expect", typed, *db).out
    whole = json.loads(command("log", "head", "--json", *db).out)
    assert command("log", "verify", "--expect", f"{whole['rows']}:{whole['hash']}", "--expect", noted, *db).code == 0


@pytest.mark.usefixtures("two")
def test_a_record_that_was_made_anew_is_found_by_a_head(log: AdviceLog, command: Callable[..., Done]) -> None:
    """Somebody who makes the whole chain anew passes `verify` alone, and never with a head that was noted before."""
    noted = heads.head(log.connection)
    assert noted is not None
    log.close()
    rebuilt(log.path)
    assert command("log", "verify", "--db", str(log.path)).code == 0
    said = command("log", "verify", "--expect", str(noted), "--db", str(log.path)).sentence()
    assert f"number {noted.rows} of the record" in said
    assert "it is not what it was when the head" in said


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("gone", [1, 2, 7])
def test_an_end_that_was_cut_off_is_found_by_a_head(log: AdviceLog, command: Callable[..., Done], gone: int) -> None:
    """An end cut off in good order leaves a record that verifies; the head that was noted says that rows are gone."""
    noted = heads.head(log.connection)
    assert noted is not None
    log.close()
    cut_off(log.path, noted.rows - gone)
    assert command("log", "verify", "--db", str(log.path)).code == 0
    said = command("log", "verify", "--expect", str(noted), "--db", str(log.path)).sentence()
    assert "its end was cut off" in said
    assert f"{noted.rows:,} rows" in said


def test_heads_are_collected_in_a_file_elsewhere(
    log: AdviceLog, talk: Callable[..., Talk], command: Callable[..., Done], tmp_path: Path
) -> None:
    """`log head --append` adds a line each time, after it found the earlier ones; a broken record adds none."""
    file, db, somebody = tmp_path / "heads.txt", ("--db", str(log.path)), talk()
    somebody.go("mark_on_child", "no_sign")
    command("log", "head", "--append", str(file), *db)
    file.write_text(f"# noted by the clerk\n\n{file.read_text(encoding='utf-8').strip()}", encoding="utf-8")
    somebody.choose("not_soon")
    command("log", "head", "--append", str(file), *db)
    assert len(heads.noted(file)) == 2
    assert "all 2 heads" in command("log", "verify", "--expect-file", str(file), *db).out
    log.close()
    rebuilt(log.path)
    before = file.read_bytes()
    assert "broken" in command("log", "head", "--append", str(file), *db).sentence()
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "typed", ["", "12", "12:", ":abc", "0:" + "a" * 20, "12:" + "a" * 19, "12:" + "g" * 20, "x", "💥"]
)
def test_what_is_no_head_is_refused(log: AdviceLog, command: Callable[..., Done], typed: str) -> None:
    """What is not a whole head proves nothing, and is refused in one sentence."""
    assert "is not a head" in command("log", "verify", "--expect", typed, "--db", str(log.path)).sentence()


def test_a_file_without_heads_is_refused(log: AdviceLog, command: Callable[..., Done], tmp_path: Path) -> None:
    """An empty file, one that is not there, and one with something else in it must not pass for a proof."""
    file = tmp_path / "heads.txt"
    give = ("log", "verify", "--expect-file", str(file), "--db", str(log.path))
    assert "cannot be read" in command(*give).sentence()
    file.write_text("# nothing yet\n", encoding="utf-8")
    assert "There is no head" in command(*give).sentence()
    file.write_text("shopping list\n", encoding="utf-8")
    assert "is not a head" in command(*give).sentence()
    file.write_bytes(b"\xff\xfe")
    assert "cannot be read" in command(*give).sentence()


def test_an_empty_record_has_no_head(tmp_path: Path, command: Callable[..., Done]) -> None:
    """There is nothing to note while nothing is in the record."""
    AdviceLog.open(tmp_path / "new.db").close()
    assert "no head to note" in command("log", "head", "--db", str(tmp_path / "new.db")).sentence()


# --- who read what --------------------------------------------------------------------------------------


def test_readings_on_the_console_are_in_the_record(
    log: AdviceLog, two: tuple[str, str], command: Callable[..., Done]
) -> None:
    """Whoever lists, shows, reprints or exports leaves a row; `verify`, `head` and `reads` leave none."""
    db = ("--db", str(log.path))
    for give in (
        ["list"],
        ["show", two[0]],
        ["receipt", two[0]],
        ["export", "--label", "no such"],
        ["verify"],
        ["head"],
    ):
        command("log", *give, *db)
    command("log", "export", *db)
    command("log", "reads", *db)
    found = readings(log)
    assert {one.reader for one in found} == {"console"}
    assert [(one.action, one.receipt) for one in found] == [
        ("list", ""), ("show", two[0]), ("receipt", two[0]), ("export", two[0]), ("export", two[1]),
    ]  # fmt: skip
    listed = command("log", "reads", two[1], *db).out
    assert "console: export" in listed
    assert "receipt" not in listed
    assert verify(log.connection)[1] is None


def test_a_copy_without_its_key_is_read_and_says_that_this_is_not_noted(
    log: AdviceLog, two: tuple[str, str], command: Callable[..., Done], tmp_path: Path
) -> None:
    """A copy is shown, unchanged to the byte, and standard error says that nobody will know."""
    copy = tmp_path / "elsewhere" / "copy.db"
    assert command("log", "backup", str(copy), "--db", str(log.path)).code == 0
    before = copy.read_bytes()
    done = command("log", "receipt", two[0], "--db", str(copy))
    assert two[0] in done.out
    assert "not noted" in done.err
    assert copy.read_bytes() == before


def test_nothing_is_shown_where_the_reading_could_not_be_noted(
    log: AdviceLog, two: tuple[str, str], command: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While another program holds the record for long, reading waits and then fails: no reading goes unnoted."""
    monkeypatch.setattr("bot.advice_log.log.BUSY_MILLISECONDS", 50)
    holder = sqlite3.connect(log.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    done = command("log", "show", two[0], "--db", str(log.path))
    assert "in use" in done.sentence()
    assert done.out == ""
    holder.execute("ROLLBACK")
    holder.close()


# --- export ---------------------------------------------------------------------------------------------


def test_an_export_of_a_person_holds_all_that_is_held_of_them_and_of_nobody_else(
    log: AdviceLog, two: tuple[str, str], talk: Callable[..., Talk], command: Callable[..., Done]
) -> None:
    """Sessions, answers, advice, deliveries, reminders, readings, membership: everything, but where to reach them."""
    one = talk("one").person.id
    note_read(log, "a-lead", "receipt", receipt(log, two[0]).session, "telegram", AT)  # type: ignore[union-attr]
    note_read(log, "m1", "list", "", "9 sessions", AT)
    log.connection.execute(
        "INSERT INTO members VALUES ('m1', ?, 'A Name', 'practitioner', 'here', 'own', ?)", (one, AT)
    )
    log.receive("k-waiting", one, "{}", AT)
    held = json.loads(command("log", "export", "--person", one, "--db", str(log.path)).out)
    (session,) = held["sessions"]
    assert session["receipt"] == two[0]
    said = [line["words"] for turn in session["turns"] for line in turn["said"]]
    kept = receipt(log, two[0])
    assert kept is not None
    assert said == [line.words for turn in kept.turns for line in turn.said]
    assert [turn["given"] for turn in session["turns"]] == [turn.given for turn in kept.turns]
    assert session["reminders"][0]["due_at"]
    assert [row["reader"] for row in session["readings"]] == ["a-lead", "console"]
    assert held["person"]["address_held_for"] == ["telegram"]
    assert held["person"]["memberships"][0]["name"] == "A Name"
    assert held["person"]["read_by_them"][0]["detail"] == "9 sessions"
    assert len(held["person"]["not_yet_answered"]) == 1
    for form in ("json", "csv", "html"):
        written = command("log", "export", "--person", one, "--format", form, "--db", str(log.path)).out
        assert "chat-of-" not in written
        assert two[1] not in written
        assert two[0] in written


def test_a_person_is_named_in_five_ways(
    log: AdviceLog,
    two: tuple[str, str],
    talk: Callable[..., Talk],
    command: Callable[..., Done],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By pseudonym, by member, by a receipt of theirs, or by channel and id, the id also from standard input."""
    one, db = talk("one").person.id, ("--db", str(log.path))
    log.connection.execute("INSERT INTO members VALUES ('m1', ?, '', 'practitioner', 'here', 'own', ?)", (one, AT))
    monkeypatch.setattr("sys.stdin", io.StringIO("one\n"))
    for named in (
        ("--person", one), ("--person", "m1"), ("--person", two[0].lower().replace("-", "")),
        ("--channel", "terminal", "--id", "one"), ("--channel", "terminal", "--id", "-"),
    ):  # fmt: skip
        held = json.loads(command("log", "export", *named, *db).out)
        assert [session["receipt"] for session in held["sessions"]] == [two[0]], named
        assert held["person"]["pseudonym"] == one, named


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("named", "says"),
    [
        (("--person", "nobody"), "Nothing is held"),
        (("--channel", "telegram", "--id", "1"), "Nothing is held"),
        (("--channel", "telegram"), "together"),
        (("--id", "1"), "together"),
        (("--person", "a", "--channel", "telegram", "--id", "1"), "either"),
        (("--receipt", "AAA-AAA"), "no receipt"),
        (("--label", "no such"), "no such session"),
        (("--from", "yesterday"), "is no day"),
        (("--to", "2026-13-01"), "is no day"),
        (("--from", "2030-01-01"), "no such session"),
    ],
)
def test_what_names_nothing_is_said_in_one_sentence(
    log: AdviceLog, command: Callable[..., Done], named: tuple[str, ...], says: str
) -> None:
    """Nobody gets an empty file for a slip in a name, and nothing is erased or held by one."""
    assert says in command("log", "export", *named, "--db", str(log.path)).sentence()
    assert command("log", "erase", *named, "--yes", "--db", str(log.path)).code == 2 or says == "no such session"
    assert says in command("log", "hold", *named, "--reason", "a review", "--db", str(log.path)).sentence()
    assert log.connection.execute("SELECT count(*) FROM tombstones").fetchone()[0] == 0


def test_a_period_is_days_in_london(log: AdviceLog, content: Library, command: Callable[..., Done]) -> None:
    """A session at half past midnight in British summer belongs to that day, though UTC was a day behind."""
    from datetime import UTC, datetime  # noqa: PLC0415

    clock = Clock(datetime(2026, 7, 9, 23, 30, tzinfo=UTC))
    desk = Desk(log, content, clock=clock)
    code = Talk(desk, desk.person("late")).go("mark_on_child", "no_sign").out["receipt"]
    for days, there in ((("2026-07-10", "2026-07-10"), True), (("2026-07-09", "2026-07-09"), False)):
        done = command("log", "export", "--from", days[0], "--to", days[1], "--db", str(log.path))
        assert (code in done.out) is there


def test_an_export_by_label_and_by_receipts(log: AdviceLog, two: tuple[str, str], command: Callable[..., Done]) -> None:
    """A label finds its sessions however it is typed; several receipts are several sessions."""
    kept = receipt(log, two[0])
    assert kept is not None
    found = json.loads(command("log", "export", "--label", kept.label.upper(), "--db", str(log.path)).out)
    assert [session["receipt"] for session in found["sessions"]] == [two[0]]
    both = command("log", "export", "--receipt", two[1], "--receipt", two[0], "--db", str(log.path)).out
    assert [session["receipt"] for session in json.loads(both)["sessions"]] == [two[1], two[0]]


@pytest.mark.usefixtures("two")
def test_every_row_of_a_session_is_in_its_export(log: AdviceLog) -> None:
    """Counted against the tables: no turn, line, delivery, reminder or status is left out of the bundle."""
    sessions = [row[0] for row in log.connection.execute("SELECT id FROM sessions ORDER BY seq")]
    held = bundle(log, sessions)["sessions"]
    counts = {
        "turns": sum(len(one["turns"]) for one in held),
        "advice": sum(len(turn["said"]) for one in held for turn in one["turns"]),
        "deliveries": sum(len(turn["deliveries"]) for one in held for turn in one["turns"]),
        "reminders": sum(len(one["reminders"]) for one in held),
        "reminder_status": sum(len(row["statuses"]) for one in held for row in one["reminders"]),
    }
    for table, count in counts.items():
        assert count == log.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0], table
    assert counts["reminders"] == 1
    assert counts["deliveries"] == 1


@pytest.mark.parametrize("cell", ["=1+1", "+44", "-1", "@x", "  =1", "\t=1", "\r1", "|calc", "%x"])
def test_no_cell_is_a_formula(cell: str) -> None:
    """A cell that a spreadsheet would run is written with an apostrophe before it; others are as they are."""
    assert plainly(cell) == f"'{cell}"
    assert plainly("Ring 999 now.") == "Ring 999 now."
    assert plainly("") == ""
    assert plainly(None) is None


def test_a_table_for_a_spreadsheet_runs_nothing(
    log: AdviceLog, two: tuple[str, str], command: Callable[..., Done]
) -> None:
    """Whatever stands in the record, no cell of the table begins like a formula."""
    session = receipt(log, two[0]).session  # type: ignore[union-attr]
    holds.hold(log, [session], "=HYPERLINK(1)", "console", AT)
    note_read(log, "@lead", "-1", session, "+x", AT)
    out = command("log", "export", "--format", "csv", "--db", str(log.path)).out
    cells = [cell for row in csv.reader(io.StringIO(out)) for cell in row]
    assert "'=HYPERLINK(1) (console)" in cells
    assert not [cell for cell in cells if cell[:1] in set("=+-@")]


# --- erase and retain -----------------------------------------------------------------------------------


def bytes_of(path: Path) -> bytes:
    """Return the bytes of the database and of everything that SQLite keeps beside it."""
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))


def test_an_erased_person_is_gone_from_the_bytes_of_every_file(
    log: AdviceLog, talk: Callable[..., Talk], two: tuple[str, str], command: Callable[..., Done]
) -> None:
    """After `log erase` no word said to them, no pseudonym, address, membership or waiting message is in any file."""
    many = [talk(f"many-{n}") for n in range(25)]
    for talker in many:
        talker.go("mark_on_child", *SETTLED, "not_mobile")
    one = talk("one").person.id
    log.connection.execute(
        "INSERT INTO members VALUES ('m1', ?, 'Zebedee Nobody', 'practitioner', 'here', 'own', ?)", (one, AT)
    )
    log.receive("k-waiting", one, "payload of one", AT)
    salts = [row[0] for row in log.connection.execute(
        "SELECT salt FROM words JOIN sessions ON id = session WHERE receipt = ?", (two[0],))]  # fmt: skip
    said = f"your receipt is {two[0]}".encode()
    secret = [
        one.encode(),
        b"Zebedee",
        b"payload of one",
        f"chat-of-{one[:4]}".encode(),
        said,
        *(salt.encode() for salt in salts),
    ]
    before = bytes_of(log.path)
    for part in secret:
        assert part in before, part
    log.close()
    asked = command("log", "erase", one, "--even-unanswered", "--db", str(log.path))
    assert "Would erase 1 session" in asked.out
    assert said in bytes_of(log.path)
    done = command("log", "erase", one, "--even-unanswered", "--yes", "--db", str(log.path))
    assert (done.code, done.err) == (0, "")
    assert "Backups taken before still hold it" in done.out
    after = bytes_of(log.path)
    for part in secret:
        assert part not in after, part
    again = AdviceLog.open(log.path)
    assert verify(again.connection)[1] is None
    assert receipt(again, two[0]).erased.startswith("asked for")  # type: ignore[union-attr]
    assert all(line.words for turn in receipt(again, two[1]).turns for line in turn.said)  # type: ignore[union-attr]
    assert again.connection.execute("SELECT count(*) FROM owners").fetchone()[0] == 26
    again.close()


def test_reminders_of_an_erased_person_are_stopped(
    log: AdviceLog, two: tuple[str, str], command: Callable[..., Done]
) -> None:
    """A reminder that was still to come is stopped first, and never sent to somebody who is forgotten."""
    assert log.due("telegram", "2027-01-01T00:00:00Z")
    done = command("log", "erase", two[0], "--yes", "--db", str(log.path))
    assert "Reminders stopped first: 1" in done.out
    assert log.due("telegram", "2027-01-01T00:00:00Z") == []
    assert log.connection.execute("SELECT status FROM reminder_status").fetchall() == [("stopped",)]


def test_one_session_is_erased_and_the_person_stays(
    log: AdviceLog, talk: Callable[..., Talk], command: Callable[..., Done]
) -> None:
    """`--receipt` erases that session alone: the address stays for the others, and so do their words."""
    somebody = talk()
    first = somebody.go("mark_on_child", *SETTLED, "not_mobile")
    log.remember_address(somebody.person.id, "telegram", "42")
    somebody.say("stop")
    second = somebody.go("new_partner", *SETTLED)
    assert first.out["receipt"] != second.out["receipt"]
    command("log", "erase", "--receipt", first.out["receipt"], "--yes", "--db", str(log.path))
    assert log.address(somebody.person.id) == "42"
    assert log.owner(second.out["session"]) == somebody.person.id
    assert log.owner(first.out["session"]) is None
    assert verify(log.connection)[1] is None


def test_somebody_who_is_erased_in_the_middle_begins_afresh(
    log: AdviceLog, talk: Callable[..., Talk], command: Callable[..., Done]
) -> None:
    """A running desk whose person is erased meanwhile opens a new session for their next answer, and does not fall over."""
    somebody = talk()
    first = somebody.go("mark_on_child", "no_sign")
    command("log", "erase", first.out["receipt"], "--yes", "--db", str(log.path))
    said = somebody.choose("not_soon")
    assert said.out["session"] != first.out["session"]
    assert said.out["replies"]
    repeated = somebody.desk.handle(somebody.person, "stop", "key-of-the-past")
    assert repeated.out
    assert verify(log.connection)[1] is None


def test_a_message_that_was_sent_twice_around_an_erasure_is_no_crash(
    log: AdviceLog, talk: Callable[..., Talk], command: Callable[..., Done]
) -> None:
    """The same message again, after the answer to it was erased, is known and gets no second turn."""
    somebody = talk()
    first = somebody.say(Open("mark_on_child"), "same")
    command("log", "erase", first.out["receipt"], "--yes", "--db", str(log.path))
    again = somebody.say(Open("mark_on_child"), "same")
    assert again.repeated
    assert log.connection.execute("SELECT count(*) FROM turns WHERE key = 'same'").fetchone()[0] == 1


def test_unanswered_messages_are_not_erased_by_the_way(
    log: AdviceLog, two: tuple[str, str], talk: Callable[..., Talk], command: Callable[..., Done]
) -> None:
    """A message that nobody answered yet stops an erasure, unless the operator says so."""
    log.receive("k", talk("one").person.id, "help", AT)
    said = command("log", "erase", two[0], "--yes", "--db", str(log.path)).sentence()
    assert "have not been answered yet" in said
    assert log.received()
    assert command("log", "erase", two[0], "--yes", "--even-unanswered", "--db", str(log.path)).code == 0
    assert not log.received()


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201, "asked by mum on 07700 900123"])
def test_a_reason_holds_nobody(log: AdviceLog, two: tuple[str, str], command: Callable[..., Done], reason: str) -> None:
    """A reason is kept for ever, so a long one, none, or one with a number in it is refused and nothing is done."""
    give = ("--reason", reason, "--db", str(log.path))
    assert "reason" in command("log", "erase", two[0], "--yes", *give).sentence()
    assert "reason" in command("log", "hold", two[0], *give).sentence()
    assert not holds.held(log)


@pytest.mark.usefixtures("two")
def test_erasing_everything_needs_a_name(log: AdviceLog, command: Callable[..., Done]) -> None:
    """`log erase --yes` alone erases nothing."""
    assert "Say whom or what" in command("log", "erase", "--yes", "--db", str(log.path)).sentence()
    assert "Name the person once" in command("log", "erase", "x", "--person", "y", "--db", str(log.path)).sentence()


def test_held_sessions_stay(log: AdviceLog, two: tuple[str, str], command: Callable[..., Done]) -> None:
    """A hold stops erase and retain in one sentence and with code 2; once it is released they go."""
    db = ("--db", str(log.path))
    assert two[0] in command("log", "hold", two[0], "--reason", "a complaint", *db).out
    assert "console: a complaint" in command("log", "holds", *db).out
    for give in (("erase", two[0], "--yes"), ("erase", "--receipt", two[0], "--yes"), ("erase", two[0])):
        assert "held" in command("log", *give, *db).sentence()
    both = command("log", "erase", "--receipt", two[0], "--receipt", two[1], "--yes", *db)
    assert both.code == 0
    assert two[0] in both.err
    assert "Erased 1 session" in both.out
    assert receipt(log, two[0]).erased == ""  # type: ignore[union-attr]
    assert receipt(log, two[1]).erased != ""  # type: ignore[union-attr]
    assert "erased before" in command("log", "hold", two[1], "--reason", "too late", *db).sentence()
    assert two[0] in command("log", "release", two[0], *db).out
    assert "None of these is held" in command("log", "release", two[0], *db).sentence()
    assert "Nothing is held." in command("log", "holds", *db).out
    assert command("log", "erase", two[0], "--yes", *db).code == 0
    assert verify(log.connection)[1] is None


def test_a_hold_keeps_the_reminder_that_is_to_come(
    log: AdviceLog, talk: Callable[..., Talk], command: Callable[..., Done]
) -> None:
    """Erasing somebody of whom one session is held forgets the rest, and where to reach them only once nothing is to come."""
    somebody, db = talk(can_remind=True), ("--db", str(log.path))
    first = somebody.go("new_partner", *TO_REMINDER, "in_2_hours")
    log.remember_address(somebody.person.id, "telegram", "42")

    def another() -> str:
        with log.transaction():
            names = {"label": "x y", "channel": "terminal", "area": "england"}
            return log.begin_session(somebody.person.id, **names, content_version="v", at=AT)[1]

    command("log", "hold", first.out["receipt"], "--reason", "a review", *db)
    for there in ("42", None):
        code = another()
        assert command("log", "erase", code, "--yes", *db).code == 0
        assert receipt(log, code).erased  # type: ignore[union-attr]
        assert receipt(log, first.out["receipt"]).erased == ""  # type: ignore[union-attr]
        assert log.address(somebody.person.id) == there
        somebody.desk.stop_reminders(somebody.person)


def talked(log: AdviceLog, content: Library, clock: Clock, who: str, *, days_ago: float, remind: bool = False) -> str:
    """Talk so many days ago; returns the receipt."""
    now = clock.now
    clock.on(days=-days_ago)
    talker = Talk(desk := Desk(log, content, can_remind=remind, clock=clock), desk.person(who))
    said = talker.go("new_partner", *TO_REMINDER, "in_2_hours") if remind else talker.go("new_partner", *SETTLED)
    clock.now = now
    return str(said.out["receipt"])


def test_retain_lets_old_sessions_go_and_no_others(log: AdviceLog, content: Library, clock: Clock) -> None:
    """Old sessions go; newer ones, held ones, those with a reminder to come, and the whole of a living case stay."""
    old = talked(log, content, clock, "old", days_ago=500)
    young = talked(log, content, clock, "young", days_ago=100)
    kept = talked(log, content, clock, "kept", days_ago=500)
    case = talked(log, content, clock, "case", days_ago=500)
    late = talked(log, content, clock, "late", days_ago=500, remind=True)
    session = {code: receipt(log, code).session for code in (old, young, kept, case, late)}  # type: ignore[union-attr]
    holds.hold(log, [session[kept]], "an inquiry", "console", AT)
    with log.transaction():
        label = receipt(log, case).label  # type: ignore[union-attr]
        newer, _ = log.begin_session(
            log.person("terminal", "case"), label=label, channel="terminal", area="england",
            content_version=content.version, at=stamp(clock()),
        )  # fmt: skip
        turn = log.connection.execute("SELECT max(id) FROM turns WHERE session = ?", (session[late],)).fetchone()[0]
        log.add_reminder(turn, session[late], step="x", due_at=stamp(clock()), by="today")
    clock.on(days=-400)
    cutoff = stamp(clock())
    plan = erasing.plan(log, erasing.old(log, cutoff))
    assert set(plan.go) == {session[old]}
    assert set(plan.stay) == {session[kept]}
    assert newer not in plan.go
    with log.transaction():
        log.mark_reminders([number for number, _, _ in log.reminders(session=session[late])], "answered", AT)
    assert set(erasing.plan(log, erasing.old(log, cutoff)).go) == {session[old], session[late]}


def test_retain_asks_before_it_does_anything(
    log: AdviceLog, content: Library, clock: Clock, command: Callable[..., Done]
) -> None:
    """Without --yes it says what would go; with it that goes, words and address, and the record verifies."""
    code = talked(log, content, clock, "old", days_ago=5000)
    person = log.person("terminal", "old")
    log.remember_address(person, "telegram", "42")
    give = ("log", "retain", "--older-than", "1000d", "--db", str(log.path))
    assert f"Would erase 1 session: {code}" in command(*give).out
    assert log.address(person) == "42"
    assert f"Erased 1 session: {code}" in command(*give, "--yes").out
    assert log.address(person) is None
    assert receipt(log, code).erased.startswith("older than 1000 days")  # type: ignore[union-attr]
    assert "nothing to erase" in command(*give, "--yes").out
    assert verify(log.connection)[1] is None
    for wrong in ("0", "-1", "a year", "1.5d", "", "400days", "999999999999"):
        assert "number of days" in command("log", "retain", "--older-than", wrong, "--db", str(log.path)).sentence()


@pytest.mark.usefixtures("two")
def test_what_another_program_still_reads_is_said_to_be_left(log: AdviceLog) -> None:
    """While somebody reads an old moment of the record, its bytes cannot go: that is said, and `clean` does it later."""
    reader = sqlite3.connect(log.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM words").fetchone()
    with pytest.raises(StoreError, match="thinkchild log clean"):
        erasing.leave_nothing(log, patience=0.2)
    reader.execute("ROLLBACK")
    reader.close()
    erasing.leave_nothing(log)
    assert log.path.with_name(log.path.name + "-wal").stat().st_size == 0


@pytest.mark.usefixtures("two")
def test_clean_leaves_nothing(log: AdviceLog, command: Callable[..., Done]) -> None:
    """`log clean` writes the file anew, and the record is the same."""
    rows = verify(log.connection)
    assert "Nothing of what was erased is left" in command("log", "clean", "--db", str(log.path)).out
    assert verify(log.connection) == rows


def test_clean_takes_what_another_program_left_in_the_bytes(log: AdviceLog, command: Callable[..., Done]) -> None:
    """A row deleted by a program that does not overwrite stands in the bytes still; after `log clean` it does not."""
    log.receive("k", "somebody", "words of a stranger", AT)
    log.close()
    with closing(sqlite3.connect(log.path, isolation_level=None)) as other:
        other.execute("PRAGMA secure_delete = OFF")
        other.execute("DELETE FROM inbox")
    assert b"words of a stranger" in bytes_of(log.path)
    assert command("log", "clean", "--db", str(log.path)).code == 0
    assert b"words of a stranger" not in bytes_of(log.path)


def test_an_erased_session_reads_as_erased_everywhere(
    log: AdviceLog, two: tuple[str, str], command: Callable[..., Done]
) -> None:
    """Shown, reprinted and exported it says that it was erased and why, and none of its words."""
    command("log", "erase", two[0], "--yes", "--reason", "asked for by letter", "--db", str(log.path))
    for give in (
        ["receipt", two[0]],
        ["receipt", two[0], "--html", "-"],
        ["export", "--receipt", two[0], "--format", "html"],
    ):
        out = command("log", *give, "--db", str(log.path)).out
        assert "asked for by letter" in out, give
        assert "[erased]" in out, give
        assert "Ring" not in re.sub(r"<style.*?</style>", "", out, flags=re.DOTALL), give


def test_a_file_of_heads_grows_by_a_line_or_says_why_not(tmp_path: Path) -> None:
    """A head is refused in words wherever it is parsed."""
    with pytest.raises(SetupError, match="is not a head"):
        heads.parse("nonsense")
    file = tmp_path / "heads"
    heads.note(file, heads.Head(3, "ab" * 32), AT)
    heads.note(file, heads.Head(4, "cd" * 32), AT)
    assert [str(one) for one in heads.noted(file)] == ["3:abab-abab-abab-abab-abab", "4:cdcd-cdcd-cdcd-cdcd-cdcd"]
    shutil.rmtree(tmp_path)
    with pytest.raises(SetupError, match="cannot be noted"):
        heads.note(file, heads.Head(3, "ab" * 32), AT)
