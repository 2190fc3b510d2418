"""Never lost, never twice: whatever the network does, by polling and by webhook; what people see, what the record holds."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from harness import BOT_TOKEN, Event, Person, TelegramWorld
from test_channel import FIRST, PROJECT, begin, count, rows, settled, until
from test_channel_process import keep_as_received
from worlds import MODES, became_of, turns_of, world_of

from bot.advice_log import AdviceLog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.telegram

HELP = "At any point: back"


@pytest.fixture(scope="module", params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    """Return how the bot hears."""
    return str(request.param)


@pytest.fixture(scope="module")
def db(mode: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the record of this module and mode is kept."""
    return tmp_path_factory.mktemp(mode) / "advice.db"


@pytest.fixture(scope="module")
def running(mode: str, db: Path) -> Iterator[TelegramWorld]:
    """Start one bot for all tests of a mode; each talks to it as somebody else."""
    with world_of(mode, db, THINKCHILD_REMINDER_SECONDS="0.5") as started:
        yield started


@pytest.fixture
def world(running: TelegramWorld, db: Path) -> Iterator[TelegramWorld]:
    """Give the running bot; afterwards nothing may wait, the record must verify, and the log keep what is secret."""
    yield running
    running.clear_faults()
    if not running.bot_running:
        running.start_bot()
    settled(running, db)
    log = AdviceLog.read(db)
    try:
        assert rows(db, "SELECT count(DISTINCT key), count(*) FROM turns") == [(count(db), count(db))]
    finally:
        log.close()
    verified = thinkchild("log", "verify", "--db", str(db))
    assert verified.returncode == 0, verified.stdout + verified.stderr
    written = running.bot_log()
    assert BOT_TOKEN.partition(":")[2] not in written
    assert "Traceback" not in written


@pytest.fixture
def alice(world: TelegramWorld, request: pytest.FixtureRequest) -> Person:
    """Return somebody who has never written before."""
    return world.person(f"Alice {request.node.name}")


def thinkchild(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a command, without a token."""
    return subprocess.run(
        [sys.executable, "-m", "bot", *words], cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False
    )


def seen(person: Person, text: str) -> list[Event]:
    """Return the messages of the bot in which a text stands, as the chat shows them now."""
    return [event for event in person.messages() if text in event.text]


# --- sending ---------------------------------------------------------------------------------------------

SENDING: dict[str, tuple[dict[str, Any], bool]] = {
    "429": ({"retry_after": 1}, False),
    "502": ({}, False),
    "reset": ({}, True),
    "timeout": ({"seconds": 30}, True),
    "garbage": ({}, True),
    "reset_after": ({}, True),
    "lost_reply": ({"seconds": 30}, True),
}
"""Each fault of a call, what it needs, and whether we cannot know then that the message did not arrive."""


def test_an_answer_comes_through_every_fault(world: TelegramWorld, db: Path, lines: dict[str, str]) -> None:
    """Each person whose answer meets a fault gets it, with a notice where it may be a repeat; the record has it once."""
    people = {kind: world.person(f"Meets {kind}") for kind in SENDING}
    for kind, person in people.items():
        world.fault("sendMessage", kind, match={"chat_id": person.chat_id}, **SENDING[kind][0])  # type: ignore[arg-type]
        person.send("/start mark_on_child")
    for kind, person in people.items():
        event = person.expect(buttons=FIRST, timeout=20)
        unknown = SENDING[kind][1]
        assert bool(seen(person, lines["sent_again"])) is unknown, kind
        arrived_before = kind in {"reset_after", "lost_reply"}
        assert len(seen(person, "I've seen a mark")) == (2 if arrived_before else 1), kind
        person.press("No sign of that now", on=event)
    for person in people.values():
        person.expect(contains="before you next see")
    settled(world, db)
    for kind, person in people.items():
        assert [n for n, _ in turns_of(db, person.chat_id)] == [1, 2], kind
        assert became_of(db, person.chat_id) == ["sent", "sent"], kind


def test_who_blocked_us_is_noted_and_others_are_answered(world: TelegramWorld, alice: Person, db: Path) -> None:
    """Nothing goes to a person who blocked the bot, it is not tried for ever, and they are answered when they come back."""
    event = begin(alice)
    settled(world, db)
    why = "Forbidden: bot was blocked by the user"
    world.fault("sendMessage", "status", code=403, description=why, match={"chat_id": alice.chat_id})
    alice.press("No sign of that now", on=event)
    begin(world.person("Bilal who did not block"))
    settled(world, db)
    assert became_of(db, alice.chat_id) == ["sent", "blocked"]
    alice.send("/back")
    alice.expect(contains="First: is any of these so")


@pytest.mark.parametrize(
    "why", ["query is too old and response timeout expired or query ID is invalid", "message is not modified: the same"]
)
def test_a_refused_courtesy_does_not_undo_the_work(world: TelegramWorld, db: Path, why: str) -> None:
    """The button counts although Telegram will not take what comes with it: the answer to the press, the mark on it."""
    person = world.person(f"Late {why[:5]}")
    event = begin(person)
    settled(world, db)
    for method in ("answerCallbackQuery", "editMessageText"):
        world.fault(method, "status", code=400, description=f"Bad Request: {why}", times=2)
    person.press("No sign of that now", on=event)
    person.expect(contains="before you next see", buttons=["No"])
    settled(world, db)
    world.clear_faults()
    assert became_of(db, person.chat_id) == ["sent", "sent"]


# --- hearing ---------------------------------------------------------------------------------------------


def twice(mode: str) -> list[tuple[str, str]]:
    """Return the faults that bring an update a second time."""
    if mode == "polling":
        return [("getUpdates", "duplicate"), ("getUpdates", "reset_after")]
    return [("webhook", "duplicate"), ("webhook", "lost_reply")]


def test_what_is_brought_twice_is_one_turn_with_one_answer(
    world: TelegramWorld, mode: str, alice: Person, db: Path
) -> None:
    """Telegram may bring an update again, at once or because our answer was lost: it counts once."""
    event = begin(alice)
    settled(world, db)
    for number, (method, kind) in enumerate(twice(mode)):
        world.fault(method, kind)  # type: ignore[arg-type]
        if number == 0:
            alice.press("No sign of that now", on=event)
            alice.expect(contains="before you next see")
        else:
            alice.send("/help")
            alice.expect(contains=HELP)
        until(lambda: not world.faults())
        settled(world, db)
        if number == 0:
            alice.expect_none(0.4, kind="message")
            assert len(seen(alice, "before you next see")) == 1
    time.sleep(0.4)
    settled(world, db)
    assert [n for n, _ in turns_of(db, alice.chat_id)] == [1, 2, 3]
    assert len(seen(alice, HELP)) == 1


def test_what_fails_on_the_way_is_brought_again(world: TelegramWorld, mode: str, alice: Person, db: Path) -> None:
    """A message is not lost because bringing it fails a few times."""
    begin(alice)
    kinds = ["reset"] * 2 if mode == "webhook" else ["502", "reset", "garbage"]
    for kind in kinds:
        world.fault("webhook" if mode == "webhook" else "getUpdates", kind)  # type: ignore[arg-type]
    alice.send("/help")
    alice.expect(contains=HELP, timeout=20)
    settled(world, db)
    assert [n for n, _ in turns_of(db, alice.chat_id)] == [1, 2]


def test_a_press_that_overtakes_words_leaves_everything_right(
    world: TelegramWorld, mode: str, alice: Person, db: Path
) -> None:
    """Words and presses queue apart, so a press may come before words sent earlier: both count, in the order they came."""
    event = begin(alice)
    settled(world, db)
    if mode == "webhook":
        world.fault("webhook", "delay", seconds=1.0)
    else:
        world.fault("getUpdates", "reorder")
    alice.send("/why")
    alice.press("No sign of that now", on=event)
    alice.expect(contains="before you next see")
    alice.expect(contains="Where that comes from", timeout=15)
    until(lambda: not world.faults())
    settled(world, db)
    open_now = alice.expect(contains="before you next see", buttons=["Yes, or soon", "No"])
    alice.press("No", on=open_now)
    alice.expect(contains="under six months")
    settled(world, db)
    assert [n for n, _ in turns_of(db, alice.chat_id)] == [1, 2, 3, 4]


def test_an_update_that_nobody_can_read_holds_nobody_up(world: TelegramWorld, alice: Person, db: Path) -> None:
    """One update that the library stumbles on is passed over, and what comes behind it is answered."""
    chat = {"id": alice.chat_id, "type": "private", "first_name": "A"}
    world.raw_update(message={"chat": chat, "from": {"no": "id"}, "text": "secret words"})
    alice.send("/help")
    alice.expect(contains=HELP, timeout=20)
    settled(world, db)
    assert "could not be read" in world.bot_log()
    assert "secret words" not in world.bot_log()


def test_while_the_record_cannot_be_written_nothing_is_acknowledged(
    world: TelegramWorld, alice: Person, db: Path
) -> None:
    """Another program holds the record for long: Telegram keeps what comes, and all of it is answered afterwards, once."""
    begin(alice)
    settled(world, db)
    log = AdviceLog.open(db)
    try:
        with log.transaction():
            alice.send("/help")
            time.sleep(6.0)  # longer than a turn waits for the lock
            assert len(world.pending()) == 1
    finally:
        log.close()
    alice.expect(contains=HELP, timeout=20)
    settled(world, db)
    assert [n for n, _ in turns_of(db, alice.chat_id)] == [1, 2]
    assert len(seen(alice, HELP)) == 1


def test_a_second_program_with_the_token_loses_nothing(
    world: TelegramWorld, mode: str, alice: Person, db: Path
) -> None:
    """Somebody else asks for updates with the same token: we are cut off for a moment, say so, and answer once."""
    if mode == "webhook":
        answer = world.call("getUpdates", timeout=0)
        assert answer.status == 409
    else:
        world.call("getUpdates", timeout=0)
        until(lambda: "Another program" in world.bot_log())
    begin(alice)
    settled(world, db)
    assert [n for n, _ in turns_of(db, alice.chat_id)] == [1]


# --- media -------------------------------------------------------------------------------------------------

FILE = {"file_id": "f", "file_unique_id": "u"}
MEDIA: dict[str, dict[str, Any]] = {
    "photo": {"photo": [{**FILE, "width": 1, "height": 1}], "caption": "look at this"},
    "document": {"document": {**FILE, "file_name": "exercise.yaml", "file_size": 10}},
    "voice": {"voice": {**FILE, "duration": 1}},
    "audio": {"audio": {**FILE, "duration": 1}},
    "video": {"video": {**FILE, "width": 1, "height": 1, "duration": 1}},
    "video note": {"video_note": {**FILE, "length": 1, "duration": 1}},
    "animation": {"animation": {**FILE, "width": 1, "height": 1, "duration": 1}},
    "sticker": {
        "sticker": {**FILE, "width": 1, "height": 1, "is_animated": False, "is_video": False, "type": "regular"}
    },
    "contact": {"contact": {"phone_number": "07700900123", "first_name": "Zebedee"}},
    "location": {"location": {"latitude": 51.5, "longitude": -0.1}},
    "venue": {"venue": {"location": {"latitude": 51.5, "longitude": -0.1}, "title": "Home", "address": "1 Road"}},
    "poll": {
        "poll": {
            "id": "1", "question": "Zebedee?", "options": [{"text": "Yes", "voter_count": 0, "persistent_id": "a"}],
            "total_voter_count": 0, "is_closed": False, "is_anonymous": True, "type": "regular",
            "allows_multiple_answers": False, "allows_revoting": False, "members_only": False,
        }
    },
    "dice": {"dice": {"emoji": "🎲", "value": 3}},
}  # fmt: skip


def test_no_kind_of_media_is_taken_or_downloaded(world: TelegramWorld, db: Path, lines: dict[str, str]) -> None:
    """Whatever is sent instead of words gets the one refusal, makes no turn, and is never fetched."""
    for number, (kind, part) in enumerate(MEDIA.items()):
        person = world.person(f"Sends {kind}")
        base = {"message_id": 910_000 + number, "date": int(time.time()), "chat": person.chat, "from": person.user}
        world.raw_update(message={**base, **part})
    for kind in MEDIA:
        person = world.person(f"Sends {kind}")
        person.expect(contains=lines["media_refused"])
        person.expect_none(0.0)
        assert turns_of(db, person.chat_id) == []
    settled(world, db)
    assert world.journal("getFile") == []
    kept = b"".join(path.read_bytes() for path in db.parent.iterdir() if path.is_file())
    assert b"07700900123" not in kept
    assert b"Zebedee" not in kept


def test_what_is_no_message_to_us_is_ignored(world: TelegramWorld, alice: Person, db: Path) -> None:
    """A channel's post, a reaction, somebody who left: no answer, no row, and the next one works."""
    begin(alice)
    settled(world, db)
    alice.forget()
    before = count(db)
    base = {"message_id": 920_000, "date": int(time.time()), "chat": alice.chat, "from": alice.user}
    channel = {"id": -1001234567890, "type": "channel", "title": "Channel"}
    world.raw_update(channel_post={"message_id": 1, "date": int(time.time()), "chat": channel, "text": "/start"})
    world.raw_update(message_reaction={
        "chat": alice.chat, "message_id": 1, "user": alice.user, "date": int(time.time()),
        "old_reaction": [], "new_reaction": [{"type": "emoji", "emoji": "👍"}],
    })  # fmt: skip
    world.raw_update(message={**base, "message_id": 920_001, "left_chat_member": alice.user})
    alice.send("/help")
    alice.expect(contains=HELP, strictly_next=True)
    settled(world, db)
    assert count(db) == before + 1


def test_a_changed_message_is_not_an_answer_but_danger_in_it_is_seen(
    world: TelegramWorld, alice: Person, db: Path, lines: dict[str, str]
) -> None:
    """Words put in the place of others answer nothing, and that is said; danger in them brings the 999 card."""
    begin(alice)
    settled(world, db)
    before = count(db)
    base = {"message_id": 930_000, "date": int(time.time()), "chat": alice.chat, "from": alice.user}
    world.raw_update(edited_message={**base, "edit_date": int(time.time()), "text": "No sign of that now"})
    alice.expect(contains=lines["edited_unread"][:60])
    settled(world, db)
    assert count(db) == before
    world.raw_update(edited_message={**base, "edit_date": int(time.time()) + 1, "text": "he is not breathing"})
    alice.expect(contains="Ring 999 now", buttons=["I have rung 999"])
    settled(world, db)
    assert count(db) == before + 1


def test_an_answer_that_was_held_up_says_what_it_answers(world: TelegramWorld, alice: Person, db: Path) -> None:
    """What was written an hour ago is answered with its time first, and 999 before that; what is fresh is not."""
    begin(alice)
    hour_ago = int(time.time()) - 3600
    base = {"message_id": 940_000, "date": hour_ago, "chat": alice.chat, "from": alice.user}
    world.raw_update(message={**base, "text": "No sign of that now"})
    said = alice.expect(contains="I could not answer sooner")
    assert said.text.startswith("In danger: 999.")
    alice.expect(contains="before you next see")
    settled(world, db)
    alice.send("No")
    assert "could not answer sooner" not in alice.expect().text


# --- dying and ending ----------------------------------------------------------------------------------------


def test_killed_once_it_was_received(world: TelegramWorld, alice: Person, db: Path, lines: dict[str, str]) -> None:
    """On disk and not handled: after the start it is answered, once, although Telegram brings it again."""
    event = begin(alice)
    settled(world, db)
    world.kill_bot()
    alice.press("No sign of that now", on=event)
    keep_as_received(world, db)
    assert world.pending()
    world.start_bot()
    alice.expect(contains="before you next see", absent=lines["sent_again"])
    settled(world, db)
    alice.expect_none(0.4, kind="message")
    assert [n for n, _ in turns_of(db, alice.chat_id)] == [1, 2]


def test_killed_once_it_was_handled(world: TelegramWorld, alice: Person, db: Path, lines: dict[str, str]) -> None:
    """The turn is kept and nothing was sent: it is sent after the start, says that it may be a repeat, and its buttons work."""
    event = begin(alice)
    settled(world, db)
    world.fault("sendMessage", "502", times=99, match={"chat_id": alice.chat_id})
    alice.press("No sign of that now", on=event)
    until(lambda: len(turns_of(db, alice.chat_id)) == 2)
    world.kill_bot()
    world.clear_faults()
    world.start_bot()
    alice.expect(contains=lines["sent_again"])
    question = alice.expect(buttons=["Yes, or soon", "No"])
    settled(world, db)
    assert [n for n, _ in turns_of(db, alice.chat_id)] == [1, 2]
    alice.press("No", on=question)
    alice.expect(contains="under six months")


def test_killed_once_it_was_sent(world: TelegramWorld, alice: Person, db: Path, lines: dict[str, str]) -> None:
    """Telegram has the answer and we did not note it: it comes a second time and says so; there is one turn."""
    begin(alice)
    settled(world, db)
    world.fault("sendMessage", "lost_reply", seconds=30, match={"chat_id": alice.chat_id})
    alice.send("/help")
    alice.expect(contains=HELP, absent=lines["sent_again"])
    world.kill_bot()
    world.start_bot()
    alice.expect(contains=[lines["sent_again"], HELP])
    settled(world, db)
    assert [n for n, _ in turns_of(db, alice.chat_id)] == [1, 2]
    assert became_of(db, alice.chat_id) == ["sent", "sent"]


def test_told_to_end_with_many_waiting(world: TelegramWorld, db: Path) -> None:
    """It ends with code 0; everybody who had written is answered before it ends or after the next start, once."""
    people = [world.person(f"Waits {number}") for number in range(6)]
    for person in people:
        begin(person)
    settled(world, db)
    for person in people:
        person.send("/help")
        person.send("/why")
    until(lambda: any(seen(person, HELP) for person in people))
    assert world.stop_bot(signal.SIGTERM) == 0
    world.start_bot()
    settled(world, db)
    for person in people:
        assert [n for n, _ in turns_of(db, person.chat_id)] == [1, 2, 3]
        assert len(seen(person, HELP)) == 1


def test_it_starts_while_telegram_is_down(world: TelegramWorld, mode: str, alice: Person, db: Path) -> None:
    """Telegram cannot be reached at the start: it waits, says so to whoever asks, and answers what came meanwhile."""
    world.stop_bot()
    alice.send("/start mark_on_child")
    world.fault("getMe", "502", times=3)
    world.fault("setWebhook" if mode == "webhook" else "deleteWebhook", "reset")
    world.start_bot(wait=False)
    until(lambda: "waits until Telegram" in thinkchild("health", "--db", str(db)).stdout, 30)
    world.wait_for_poll(since=0)
    alice.expect(buttons=FIRST, timeout=30)
    until(lambda: thinkchild("health", "--db", str(db)).returncode == 0, 20)
    said = thinkchild("health", "--db", str(db)).stdout
    assert re.match(rf"Answering by {mode}; Telegram was heard at \d+ \w+ 20", said)
    assert len(said.splitlines()) == 1


def test_health_tells_a_dead_process_at_once(world: TelegramWorld, db: Path) -> None:
    """However fresh its last sign of life is: when the process is gone, nobody is answering."""
    until(lambda: thinkchild("health", "--db", str(db)).returncode == 0)
    world.kill_bot()
    dead = thinkchild("health", "--db", str(db))
    assert dead.returncode == 1
    assert dead.stdout.startswith("Not answering: no service runs")
