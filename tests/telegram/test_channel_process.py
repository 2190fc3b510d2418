"""The Telegram channel as a process: how it starts, stops, dies and comes back without losing anybody."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from harness import BOT_TOKEN, Event, Person, TelegramWorld
from test_channel import (
    CHOICES,
    PROJECT,
    asked,
    begin,
    bot_command,
    bot_world,
    count,
    on,
    rows,
    settled,
    until,
)

from bot.advice_log import AdviceLog
from bot.advice_log.members import Grant, enrol
from bot.channels.telegram.incoming import incoming_of
from bot.clock import stamp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.telegram

SECRET = BOT_TOKEN.partition(":")[2]


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """Return where the record of one test is kept."""
    return tmp_path / "advice.db"


@pytest.fixture
def world(db: Path) -> Iterator[TelegramWorld]:
    """Give a bot of its own, which looks for reminders often."""
    with bot_world(db, THINKCHILD_REMINDER_SECONDS="0.2") as started:
        yield started
        assert SECRET not in started.bot_log()
        assert "Traceback" not in started.bot_log()


def refused(db: Path, **environment: str) -> str:
    """Start the bot where it cannot start, and return its one sentence."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TELEGRAM_", "THINKCHILD_"))}
    done = subprocess.run(
        bot_command(db),
        env={**kept, **environment},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    said = [line for line in done.stderr.splitlines() if line and " INFO " not in line[:40]]
    assert len(said) == 1, done.stderr
    return said[0]


# --- starting --------------------------------------------------------------------------------------------


def test_without_a_token_it_says_how_to_get_one(db: Path) -> None:
    """No token, or something that is none: one sentence, exit code 2, and no file is made."""
    for environment in ({}, {"TELEGRAM_BOT_TOKEN": " "}, {"TELEGRAM_BOT_TOKEN": "hunter2-secret"}):
        said = refused(db, **environment)
        assert "@BotFather" in said
        assert "TELEGRAM_BOT_TOKEN" in said
        assert "hunter2" not in said
    assert not db.exists()


def test_a_refused_token_ends_it_with_one_sentence(world: TelegramWorld, tmp_path: Path) -> None:
    """Telegram says 401 or 404, again and again: exit code 2, and the token is not shown."""
    for token in ("5000000001:AArevokedrevokedrevoked", "5000000009:AAunknownunknownunknown"):
        told = {
            **world.bot_environment,
            "TELEGRAM_BOT_TOKEN": token,
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }
        if "unknown" in token:  # the emulator takes every well-formed token that is not revoked
            world.fault("getMe", "status", code=404, description="Not Found", times=9)
        said = refused(tmp_path / "other.db", **told)
        assert "refused the token" in said
        assert token.partition(":")[2] not in said


def test_a_setting_that_is_no_number_is_refused(db: Path) -> None:
    """How often reminders are looked for has to be a number of seconds."""
    for value in ("soon", "0", "-3", "inf", "nan"):
        assert "THINKCHILD_REMINDER_SECONDS" in refused(
            db, TELEGRAM_BOT_TOKEN=BOT_TOKEN, THINKCHILD_REMINDER_SECONDS=value
        )


def test_without_the_library_it_says_what_to_install(db: Path) -> None:
    """The extra is named when python-telegram-bot is not there."""
    program = (
        "import sys; sys.modules['telegram'] = None\n"
        "from bot.cli import main\n"
        f"sys.argv = ['thinkchild', 'telegram', '--db', {str(db)!r}]\nmain()"
    )
    told = {**os.environ, "TELEGRAM_BOT_TOKEN": BOT_TOKEN}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=told,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert 'pip install "thinkchild[telegram]"' in done.stderr


def test_a_second_process_does_not_answer_the_same_people(world: TelegramWorld, db: Path) -> None:
    """One record, one process: the second says so and ends; the first goes on, and its place is free after it."""
    said = refused(db, **world.bot_environment)
    assert "already answering" in said
    begin(world.person("Alice"))
    world.kill_bot()
    world.start_bot()


def test_it_waits_for_a_network_that_is_not_there_yet(db: Path) -> None:
    """Telegram cannot be reached at first: it starts as soon as it can be."""
    with TelegramWorld(bot_command(db), cwd=PROJECT, ready_timeout=90.0, start_bot=False) as world:
        world.fault("getMe", "502", times=1)
        world.fault("deleteWebhook", "reset", times=1)
        world.start_bot()
        begin(world.person("Alice"))
        assert "cannot be reached" in world.bot_log()


def test_one_refused_poll_does_not_leave_it_deaf(world: TelegramWorld) -> None:
    """A passing 401 or 404 on getUpdates is not taken for the end."""
    for code in (401, 404):
        world.fault("getUpdates", "status", code=code, description="Unauthorized")
        until(lambda: not world.faults())
        begin(world.person(f"Alice {code}"))


# --- stopping --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_when_told_to(world: TelegramWorld, number: signal.Signals) -> None:
    """A signal ends it with exit code 0, soon, even while it is told to wait with an answer."""
    alice = world.person("Alice")
    begin(alice)
    world.fault("sendMessage", "429", retry_after=60, times=9, match={"chat_id": alice.chat_id})
    alice.send("/help")
    until(lambda: world.journal("sendMessage")[-1]["status"] == 429)
    began = time.monotonic()
    assert world.stop_bot(number) == 0
    assert time.monotonic() - began < 30, "it was told to wait for a minute"
    world.clear_faults()
    world.start_bot()
    alice.expect(contains="At any point: back")


def test_conversations_go_on_after_a_restart(world: TelegramWorld) -> None:
    """State is in the record: buttons from before a restart work after it."""
    alice = world.person("Alice")
    event = begin(alice)
    world.restart_bot()
    alice.press("No sign of that now", on=event)
    event = alice.expect(contains="before you next see", buttons=["No"])
    world.kill_bot()
    alice.press("No", on=event)
    world.start_bot()
    alice.expect(contains="under six months")


# --- dying -----------------------------------------------------------------------------------------------


def test_killed_between_receiving_and_answering_it_answers_once(
    world: TelegramWorld, db: Path, lines: dict[str, str]
) -> None:
    """What was put on disk is answered after a kill, once, even if Telegram delivers it a second time."""
    alice = world.person("Alice")
    begin(alice)
    settled(world, db)
    before = count(db)
    world.kill_bot()
    alice.send("No sign of that now")
    keep_as_received(world, db)
    assert world.pending()
    world.start_bot()
    alice.expect(contains="before you next see", absent=lines["sent_again"])
    settled(world, db)
    alice.expect_none(0.5)
    assert count(db) == before + 1


def keep_as_received(world: TelegramWorld, db: Path) -> None:
    """Put what waits at Telegram into the inbox, as the bot does just before it would have been killed."""
    from telegram import Update  # noqa: PLC0415 - the tests that need no bot do without

    log = AdviceLog.open(db)
    try:
        for update in world.pending():
            incoming = incoming_of(Update.de_json(update), BOT_TOKEN.partition(":")[0], "", ())
            assert incoming is not None
            person = log.person("telegram", incoming.user)
            log.receive(incoming.key, person, incoming.to_json(), stamp(datetime.now(UTC)))
    finally:
        log.close()


def test_killed_before_the_answer_went_out_it_says_it_afterwards(
    world: TelegramWorld, db: Path, lines: dict[str, str]
) -> None:
    """A turn that was kept but not sent is sent after the next start, says that it may be a repeat, and works."""
    alice = world.person("Alice")
    event = begin(alice)
    settled(world, db)
    before = count(db)
    world.fault("sendMessage", "502", times=99)
    alice.press("No sign of that now", on=event)
    until(lambda: count(db) == before + 1)
    world.kill_bot()
    world.clear_faults()
    world.start_bot()
    alice.expect(contains=[lines["sent_again"], "I don't need names"])
    question = asked(alice)
    settled(world, db)
    alice.expect_none(0.5)
    assert count(db) == before + 1
    alice.press("No", on=question)
    alice.expect(contains="under six months")


def test_no_update_is_lost_or_taken_twice_under_repeated_kills(world: TelegramWorld, db: Path) -> None:
    """Messages keep coming while the bot is killed again and again: each becomes one turn, and each is answered."""
    people = [world.person(f"Person {number}") for number in range(4)]
    for person in people:
        begin(person)
    settled(world, db)
    before = count(db)
    for round_number in range(4):
        for person in people:
            person.send(f"/help{'' if round_number % 2 else ' '}".strip())
            person.send("/why")
        time.sleep(0.05 * round_number)
        world.kill_bot()
        world.start_bot(wait=False)
    world.wait_for_poll()
    settled(world, db)
    assert count(db) == before + 4 * 4 * 2
    assert rows(db, "SELECT count(DISTINCT key), count(*) FROM turns") == [(count(db), count(db))]
    for person in people:
        world.refresh()
        assert sum("At any point: back" in event.text for event in person.messages()) >= 4


# --- reminders --------------------------------------------------------------------------------------------


SOON = ("In 30 minutes", "30 min")
"""How the offer begins; late in the evening its time has a day, and only the short form fits the button."""


def to_reminder(world: TelegramWorld) -> Event:
    """Lead somebody to the offer of a reminder."""
    alice = world.person("Alice")
    event = begin(alice)
    while not any(label.startswith(SOON) for label in event.labels):
        alice.press(next(label for label in event.labels if label in CHOICES), on=event)
        event = asked(alice)
    return event


def make_due(db: Path, step: str) -> int:
    """Add a reminder like the one that was chosen, but due already; returns its number."""
    log = AdviceLog.open(db)
    try:
        turn, session = rows(db, "SELECT turn, session FROM reminders ORDER BY id DESC LIMIT 1")[0]
        with log.transaction():
            at = stamp(datetime.now(UTC) - timedelta(minutes=1))
            return log.add_reminder(turn, session, step=step, due_at=at, by="one_working_day")
    finally:
        log.close()


LATEST_STATUS = "SELECT (SELECT s.status FROM reminder_status s WHERE s.reminder = r.id ORDER BY s.id DESC LIMIT 1) FROM reminders r"
NUDGE_ANSWERS = ["Yes", "Not yet", "Stop these"]
"""What can be answered on a reminder itself."""


def nudged(world: TelegramWorld, db: Path, lines: dict[str, str]) -> tuple[Person, Event, int]:
    """Lead somebody to a reminder that has come; returns them, the reminder, and its number."""
    alice = world.person("Alice")
    event = to_reminder(world)
    alice.press(next(label for label in event.labels if label.startswith(SOON)), on=event)
    alice.expect(contains="message at")
    settled(world, db)
    alice.forget()
    number = make_due(db, "mark_on_child/being_heard/other")
    return alice, alice.expect(contains=lines["reminder_text"], timeout=15), number


def test_a_reminder_comes_once_says_nothing_and_survives_a_restart(
    world: TelegramWorld, db: Path, lines: dict[str, str]
) -> None:
    """A chosen reminder is kept; a due one is sent once, in words that give nothing away, also across restarts."""
    alice = world.person("Alice")
    event = to_reminder(world)
    offer = next(label for label in event.labels if label.startswith(SOON))
    alice.press(offer, on=event)
    alice.expect(contains="message at")
    settled(world, db)
    alice.forget()
    assert count(db, "reminders") == 1
    assert count(db, "reminder_status") == 0
    alice.expect_none(0.6)
    world.kill_bot()
    second = make_due(db, "mark_on_child/being_heard/other")
    world.start_bot()
    nudge = alice.expect(contains=lines["reminder_text"])
    assert nudge.text == lines["reminder_text"]
    assert nudge.labels == NUDGE_ANSWERS
    until(lambda: rows(db, "SELECT reminder, status FROM reminder_status") == [(second, "sent")])
    world.restart_bot()
    alice.expect_none(1.0)
    alice.send("/resume")
    assert alice.expect(contains="has a named person told you").labels[0].startswith("Yes")


def test_whoever_is_let_in_no_more_can_still_end_their_reminders(
    world: TelegramWorld, db: Path, lines: dict[str, str]
) -> None:
    """Reminders outlast being shut out, because the child is no safer for it; "Stop these" ends them, and all else is refused."""
    alice, nudge, _ = nudged(world, db, lines)
    log = AdviceLog.open(db)
    try:
        with log.transaction():
            person = log.connection.execute("SELECT person FROM owners ORDER BY rowid DESC LIMIT 1").fetchone()[0]
            enrol(log, person, Grant(()), made_by="console", at=stamp(datetime.now(UTC)))
    finally:
        log.close()
    alice.press("Not yet", on=nudge)
    alice.expect(contains="In danger: 999. This assistant answers people")
    alice.press("Stop these", on=nudge)
    alice.expect(contains=lines["reminder_off"])
    assert {status for (status,) in rows(db, LATEST_STATUS)} == {"stopped"}
    alice.send("/stop_reminders")
    alice.expect(contains="In danger: 999. This assistant answers people")


def test_a_reminder_is_answered_where_it_stands_and_climbs_until_somebody_heard(
    world: TelegramWorld, db: Path, lines: dict[str, str]
) -> None:
    """Not yet brings the next rung and the next message; yes is asked about once more, and ends it; a second tap does nothing."""
    alice, nudge, first = nudged(world, db, lines)
    alice.press("Not yet", on=nudge)
    alice.expect(contains="ring again now")
    alice.expect(contains="Worker to worker")
    alice.expect(contains="I ask again at")
    alice.press("Yes", on=nudge)
    alice.expect(kind="alert", contains=lines["already_answered"])
    following = rows(db, "SELECT id, series, rung FROM reminders WHERE series = ? ORDER BY id", first)
    assert {row[1:] for row in following} == {(first, 1)}
    waiting = "SELECT id FROM reminders r WHERE series = ? AND NOT EXISTS (SELECT 1 FROM reminder_status s WHERE s.reminder = r.id)"
    assert len(rows(db, waiting, first)) == 1
    assert (first, "not heard") in rows(db, "SELECT reminder, status FROM reminder_status")


def test_a_yes_on_the_locked_screen_is_asked_about_in_words_first(
    world: TelegramWorld, db: Path, lines: dict[str, str]
) -> None:
    """The words on a locked screen are vague, so yes to them ends nothing before who keeps the child safe was asked."""
    alice, nudge, first = nudged(world, db, lines)
    alice.press("Yes", on=nudge)
    event = alice.expect(contains="who keeps the child safe tonight")
    assert ("answered",) not in rows(db, "SELECT status FROM reminder_status")
    alice.press("Yes, both", on=event)
    alice.expect(contains="No more messages come about")
    settled(world, db)
    assert (first, "answered") in rows(db, "SELECT reminder, status FROM reminder_status")
    assert rows(db, "SELECT mark FROM case_marks") == [("heard",)]


def test_a_reminders_buttons_are_its_owners_alone(world: TelegramWorld, db: Path, lines: dict[str, str]) -> None:
    """Somebody else who sends what stands behind a button, or the owner who alters it, changes nothing."""
    alice, nudge, first = nudged(world, db, lines)
    mallory = world.person("Mallory")
    event = begin(mallory)
    before = rows(db, "SELECT reminder, status FROM reminder_status")
    mallory.press_data(on(nudge, "Stop these"), on=event)
    mallory.expect(kind="alert", contains=lines["refused"])
    for data in (f"chase-{first + 1}:o2", "chase-999999999999999:o0", f"chase-{first}:o7", "chase-x:o0", "chase-:o1"):
        alice.press_data(data, on=nudge)
        alice.expect(kind="alert", contains=lines["refused"])
    settled(world, db)
    assert rows(db, "SELECT reminder, status FROM reminder_status") == before


def test_a_reminder_waits_for_a_network_that_fails(world: TelegramWorld, db: Path, lines: dict[str, str]) -> None:
    """A reminder that cannot be sent is tried again, and only then noted as sent."""
    alice = world.person("Alice")
    event = to_reminder(world)
    alice.press(next(label for label in event.labels if label.startswith(SOON)), on=event)
    alice.expect(contains="message at")
    settled(world, db)
    world.fault("sendMessage", "502", times=3)
    make_due(db, "mark_on_child/being_heard/other")
    alice.expect(contains=lines["reminder_text"], timeout=15)
    until(lambda: rows(db, "SELECT status FROM reminder_status") == [("sent",)])


def test_stopping_reminders_stops_them(world: TelegramWorld, db: Path, lines: dict[str, str]) -> None:
    """After /stop_reminders (or with a hyphen) nothing comes; without any there is nothing to stop."""
    alice = world.person("Alice")
    event = to_reminder(world)
    alice.press(next(label for label in event.labels if label.startswith(SOON)), on=event)
    alice.expect(contains="message at")
    alice.send("/stop-reminders")
    alice.expect(contains=lines["reminder_off"])
    alice.send("/stop_reminders")
    alice.expect(contains=lines["reminder_none"])
    assert rows(db, "SELECT status FROM reminder_status") == [("stopped",)]


def test_a_reminder_to_somebody_who_blocked_us_is_not_tried_for_ever(world: TelegramWorld, db: Path) -> None:
    """Blocked is noted, and that is the end of it."""
    alice = world.person("Alice")
    event = to_reminder(world)
    alice.press(next(label for label in event.labels if label.startswith(SOON)), on=event)
    alice.expect(contains="message at")
    settled(world, db)
    alice.block()
    make_due(db, "mark_on_child/being_heard/other")
    until(lambda: rows(db, "SELECT status FROM reminder_status") == [("blocked",)])
    calls = len(world.journal("sendMessage"))
    time.sleep(0.8)
    assert len(world.journal("sendMessage")) == calls


# --- the record fails ---------------------------------------------------------------------------------------


def test_a_record_that_is_held_for_long_loses_nothing(world: TelegramWorld, db: Path) -> None:
    """While another program holds the record nothing is acknowledged; afterwards everything is answered, once."""
    alice = world.person("Alice")
    begin(alice)
    settled(world, db)
    before = count(db)
    log = AdviceLog.open(db)
    try:
        with log.transaction():
            alice.send("No sign of that now")
            time.sleep(6.5)  # longer than a turn waits for the lock
    finally:
        log.close()
    alice.expect(contains="before you next see", timeout=20)
    settled(world, db)
    assert count(db) == before + 1
