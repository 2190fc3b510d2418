"""People talk to the Telegram channel: the real process, the real record, an emulated Telegram."""

from __future__ import annotations

import re
import sqlite3
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from harness import BOT_TOKEN, BOT_USERNAME, Event, ExpectationError, Person, TelegramWorld

from bot.library import read_content
from bot.reading import content_root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.telegram

PROJECT = Path(__file__).resolve().parents[2]
FIRST = ["Yes: 999", "I'm not sure", "No sign of that now"]
EVERYWHERE = ["Back", "Why?", "Menu", "999"]
AT_THE_END = ["Change", "Receipt", "Menu", "999"]
CHOICES = {
    "No sign of that now", "No", "No, gets about alone", "Story doesn't fit", "Go on",
    "Done: the rest is not known yet", "Not that I know of", "Only me", "No reminder",
}  # fmt: skip
"""Answers that lead through the flow about a mark on an older child."""


def bot_command(db: Path, *more: str) -> list[str]:
    """Return the command that starts the bot on a record."""
    return [sys.executable, "-m", "bot", "telegram", "--db", str(db), *more]


def bot_world(db: Path, **settings: str) -> TelegramWorld:
    """Return a world with the bot in it."""
    return TelegramWorld(bot_command(db), settings, cwd=PROJECT, ready_timeout=90.0)


def rows(db: Path, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """Ask the record something, from outside."""
    connection = sqlite3.connect(f"file:{db}?mode=ro", uri=True, timeout=10)
    try:
        return connection.execute(query, values).fetchall()
    finally:
        connection.close()


def count(db: Path, table: str = "turns") -> int:
    """Return how many rows a table has."""
    return int(rows(db, f"SELECT count(*) FROM {table}")[0][0])


def until(ready: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for something to become so."""
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def settled(world: TelegramWorld, db: Path) -> None:
    """Wait until all that was sent to the bot has been dealt with and answered."""
    world.wait_until_fetched()
    unsent = "SELECT 1 FROM outbox o WHERE NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.outbox = o.id)"
    until(lambda: count(db, "inbox") == 0 and not rows(db, unsent))


def asked(person: Person) -> Event:
    """Return the next message that has buttons to answer with, or the last one of a conversation."""
    while True:
        event = person.expect()
        if event.labels[-4:] in (EVERYWHERE, AT_THE_END):
            return event


def begin(person: Person, flow: str = "mark_on_child") -> Event:
    """Open a flow by its link; returns the danger check."""
    person.send(f"/start {flow}")
    return person.expect(buttons=[*FIRST, *EVERYWHERE])


def on(event: Event, label: str) -> str:
    """Return what stands behind a button."""
    return next(button.data for button in event.buttons if button.text == label and button.data)


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the record of this module is kept."""
    return tmp_path_factory.mktemp("telegram") / "advice.db"


@pytest.fixture(scope="module")
def running(db: Path) -> Iterator[TelegramWorld]:
    """Start the bot once for this module; each test talks to it as somebody else."""
    with bot_world(db) as started:
        yield started


@pytest.fixture
def world(running: TelegramWorld) -> Iterator[TelegramWorld]:
    """Give the running bot; whatever happened, it must still be running, and its log must keep what is secret."""
    yield running
    running.clear_faults()
    assert running.bot_running, running.bot_log()
    log = running.bot_log()
    assert BOT_TOKEN.partition(":")[2] not in log
    assert "Traceback" not in log


@pytest.fixture
def alice(world: TelegramWorld, request: pytest.FixtureRequest) -> Person:
    """Return somebody who has never written before."""
    return world.person(f"Alice {request.node.name}")


# --- conversations ------------------------------------------------------------------------------------


def test_a_whole_conversation_from_a_link_to_the_receipt(world: TelegramWorld, alice: Person, db: Path) -> None:
    """A link opens the flow, buttons lead to its end, and the receipt comes as a page with every word."""
    event = begin(alice)
    seen = []
    while event.labels[-4:] != AT_THE_END:
        choice = next((label for label in event.labels if label in CHOICES), "")
        assert choice, event
        alice.press(choice, on=event)
        event = asked(alice)
        seen.append(choice)
        assert len(seen) < 40, seen
    code = rows(db, "SELECT receipt FROM sessions ORDER BY seq DESC LIMIT 1")[0][0]
    assert code in event.text
    assert event.labels == AT_THE_END
    alice.press("Receipt")
    document = alice.expect(document=rf"^receipt-{code}\.html$")
    assert code in document.text
    page = alice.download(document).decode()
    for said in rows(db, "SELECT words FROM advice_report WHERE receipt = ? AND kind = 'say'", code):
        assert said[0].split("&")[0].split("'")[0][:60] in page
    settled(world, db)
    delivered = (
        "SELECT DISTINCT d.status FROM deliveries d JOIN outbox o ON o.id = d.outbox JOIN turns t ON t.id = o.turn "
        "JOIN sessions s ON s.id = t.session WHERE s.receipt = ?"
    )
    assert rows(db, delivered, code) == [("sent",)]


def test_typed_words_open_the_flow_they_mean(alice: Person) -> None:
    """Somebody who writes what they saw is asked about danger first."""
    alice.send("I've seen a mark on a child")
    alice.expect(buttons=[*FIRST, *EVERYWHERE])


def test_a_flow_is_a_command_and_a_typed_label_is_an_answer(alice: Person) -> None:
    """A flow's id works as a command; an answer may be typed as it stands on its button."""
    alice.send("/mark_on_child")
    alice.expect(buttons=FIRST)
    alice.send("No sign of that now")
    alice.expect(contains="before you next see the child", buttons=["Yes, or soon", "Don't know", "No"])


def test_start_greets_with_the_situations(alice: Person, lines: dict[str, str]) -> None:
    """A bare start, or one with a payload that means nothing, greets and offers every part of the menu."""
    for text in ("/start", "/start nonsense", f"/start@{BOT_USERNAME}"):
        alice.send(text)
        greeting = alice.expect(contains=lines["greeting"].split(".")[0], buttons=["Seen, heard or told"])
        assert "Seen, heard or told" in greeting.text


def test_the_menu_of_commands_is_set(world: TelegramWorld, lines: dict[str, str]) -> None:
    """Every flow and every command stands in Telegram's own menu, danger first."""
    until(lambda: bool(world.profile().get("description")))
    commands = world.commands()
    library = read_content(content_root()).library
    assert library is not None
    assert next(iter(commands)) == "danger"
    short = {
        flow.id: flow.title for flow in library.flows.values() if len(flow.id) <= 32
    }  # Telegram takes no longer ones
    assert len(short) > 35
    assert short.items() <= commands.items()
    assert {"menu", "back", "why", "change", "stop", "help", "resume", "receipt", "stop_reminders"} <= set(commands)
    assert all(re.fullmatch(r"[a-z0-9_]{1,32}", name) and 0 < len(text) <= 256 for name, text in commands.items())
    assert world.profile()["description"] == lines["greeting"].strip()


def test_commands_work_in_the_middle_of_a_flow(alice: Person, lines: dict[str, str]) -> None:
    """Help, why, menu and back each answer and lose nothing; stop says under which receipt things are kept."""
    begin(alice)
    alice.send("/help")
    alice.expect(contains="At any point: back")
    alice.expect(buttons=FIRST)
    alice.send("/why")
    alice.expect(contains=lines["why_heading"])
    alice.expect(buttons=FIRST)
    alice.send("/menu")
    alice.expect(buttons=["Carry on"])
    alice.send("/back")
    alice.expect(buttons=FIRST)
    alice.send("/stop")
    stopped = alice.expect(contains="kept under receipt")
    assert stopped.labels == ["Menu", "999"]


def test_words_behind_a_command_are_read(alice: Person) -> None:
    """An emergency typed behind a command goes to 999 as it would without."""
    alice.send("/help he has stopped breathing")
    alice.expect(contains="Ring 999 now", buttons=["I have rung 999"])


@pytest.mark.parametrize(
    "text",
    ["<b>bold</b> & <script>alert(1)</script>", "😀👩‍👩‍👧‍👦 \u202eolleh\u202c مرحبا שלום", "&lt;&amp;&#x27;", "''; DROP TABLE turns; --", "/", "/nonsense", "."],
)  # fmt: skip
def test_odd_text_is_answered_and_never_repeated(world: TelegramWorld, text: str) -> None:
    """Markup, emoji, writing from right to left and nonsense get a sensible answer that does not quote them."""
    person = world.person(f"Odd {text[:12].encode().hex()}")
    begin(person)
    person.send(text)
    person.expect(contains="I did not follow that", absent=["script", "DROP", "مرحبا"])
    person.expect(buttons=EVERYWHERE)


def test_a_message_of_a_hundred_thousand_letters(world: TelegramWorld, alice: Person, db: Path) -> None:
    """A message longer than Telegram allows is answered with a plea to be brief, and the open question."""
    begin(alice)
    text = "it is a long story and " * 4400
    chat = {"id": alice.chat_id, "type": "private", "first_name": "A"}
    message = {"message_id": 900001, "date": int(time.time()), "chat": chat, "from": alice.user, "text": text}
    world.raw_update(message=message)
    alice.expect(contains="too long for me to read")
    settled(world, db)


def test_the_open_question_survives_every_press_of_a_global_button(alice: Person) -> None:
    """Back, Why? and Menu leave a way on, and what is left of the pressed message are the ways to menu and 999."""
    event = begin(alice)
    alice.press("Why?", on=event)
    alice.expect(contains="Where that comes from")
    alice.expect(buttons=FIRST)
    until(lambda: ["Menu", "999"] in [message.labels for message in alice.messages()])
    alice.press("Menu")
    alice.press("Carry on")
    alice.expect(buttons=FIRST)


# --- curiosity prompts --------------------------------------------------------------------------------


def to_prompts(person: Person) -> Event:
    """Go on to the first curiosity prompts."""
    event = begin(person)
    while "1 ✓ known" not in event.labels:
        person.press(next(label for label in event.labels if label in CHOICES), on=event)
        event = asked(person)
    return event


def test_marks_change_the_message_in_place(alice: Person) -> None:
    """Each mark is shown in the same message; the last goes on to what follows."""
    event = to_prompts(alice)
    numbers = [label for label in event.labels if label.endswith("known")]
    for number in range(1, len(numbers)):
        alice.press(f"{number} ! worries")
        edited = alice.expect(kind="edit", contains="! worries me")
        assert edited.message_id == event.message_id
        assert edited.text.count("! worries me") == number
    alice.press(f"{len(numbers)} ✓ known")
    following = asked(alice)
    assert following.message_id != event.message_id


def test_quick_taps_on_several_prompts_all_count(alice: Person, world: TelegramWorld, db: Path) -> None:
    """Marks tapped before the message had time to change are taken as well."""
    event = to_prompts(alice)
    for label in ("1 ✓ known", "2 ! worries", "3 ? not yet"):
        alice.press_data(on(event, label), event)
    settled(world, db)
    shown = next(message for message in alice.messages() if message.message_id == event.message_id)
    assert [word in shown.text for word in ("✓ known", "! worries me", "? not known yet")] == [True] * 3
    alice.forget()
    alice.press_data(on(event, "Done: the rest is not known yet"), event)
    assert asked(alice).message_id != event.message_id


# --- presses that must do nothing, or always something ---------------------------------------------------


def test_a_double_tap_answers_once(world: TelegramWorld, alice: Person, db: Path, lines: dict[str, str]) -> None:
    """The second of two taps on one button changes nothing and says so."""
    event = begin(alice)
    settled(world, db)
    before = count(db)
    alice.press("No sign of that now", on=event)
    alice.press("No sign of that now", on=event)
    alice.expect(lines["already_answered"], kind="alert")
    settled(world, db)
    assert count(db) == before + 1


def test_a_stale_tap_changes_nothing(world: TelegramWorld, alice: Person, db: Path, lines: dict[str, str]) -> None:
    """A button of an earlier question is answered with a hint, also with another answer than was given."""
    event = begin(alice)
    alice.press("No sign of that now", on=event)
    alice.expect(contains="before you next see", buttons=["No"])
    settled(world, db)
    before = rows(db, "SELECT * FROM turns")
    for label in ("I'm not sure", "Back", "Why?"):
        alice.press(label, on=event)
        alice.expect(lines["already_answered"], kind="alert")
    assert rows(db, "SELECT * FROM turns") == before


def test_a_stale_tap_shows_the_way_to_another_answer(world: TelegramWorld, alice: Person, db: Path) -> None:
    """The message that was tapped too late then carries Change, which asks its own question again."""
    event = begin(alice)
    alice.press("No sign of that now", on=event)
    alice.expect(contains="before you next see", buttons=["No"])
    settled(world, db)
    alice.press("I'm not sure", on=event)
    edited = alice.expect(kind="edit", buttons=["Change", "Menu", "999"])
    while edited.message_id != event.message_id or "Change" not in edited.labels:
        edited = alice.expect(kind="edit")
    alice.press("Change", on=edited)
    again = alice.expect(buttons=[*FIRST, *EVERYWHERE])
    assert again.message_id != event.message_id
    alice.press("Yes: 999", on=again)
    alice.expect(contains="999", buttons=["I have rung 999"])


def test_the_choice_is_marked_and_the_advice_stays(alice: Person) -> None:
    """A pressed message keeps its words, gains the answer and loses its buttons."""
    event = begin(alice)
    alice.press("I'm not sure", on=event)
    edited = alice.expect(kind="edit")
    assert edited.message_id == event.message_id
    assert edited.text.startswith(event.text)
    assert edited.text.endswith("✓ I'm not sure")
    assert edited.labels == []


@pytest.mark.parametrize(
    "data", ["x:o0", "{nonce}:o99", "{nonce}:m0k", "{nonce}:m99w", "{nonce}:stop", "{nonce}", ":", "'; DROP TABLE turns; --", "{nonce}:o0:o0", "é" * 30]
)  # fmt: skip
def test_forged_buttons_are_refused(world: TelegramWorld, db: Path, lines: dict[str, str], data: str) -> None:
    """Data behind a button that we never sent does nothing, whatever it says."""
    person = world.person(f"Forger {data.encode().hex()[:12]}")
    event = begin(person)
    settled(world, db)
    before = count(db)
    nonce = on(event, "Menu").partition(":")[0]
    person.press_data(data.replace("{nonce}", nonce), event)
    person.expect(lines["refused"], kind="alert")
    settled(world, db)
    assert count(db) == before


def test_nobody_presses_somebody_elses_buttons(
    world: TelegramWorld, alice: Person, db: Path, lines: dict[str, str]
) -> None:
    """A button of another person's turn is refused, and so is their receipt; only 999 helps whoever presses."""
    hers = begin(alice)
    bilal = world.person("Bilal the curious")
    his = begin(bilal)
    settled(world, db)
    before = count(db)
    for data in (
        on(hers, "No sign of that now"),
        on(hers, "Why?"),
        on(hers, "Why?").replace("why", "receipt"),
    ):
        bilal.press_data(data, his)
        bilal.expect(lines["refused"], kind="alert")
    settled(world, db)
    assert count(db) == before
    bilal.press_data(on(hers, "999"), his)
    bilal.expect(contains="Ring 999 now")
    alice.press("No sign of that now", on=hers)
    alice.expect(contains="before you next see")


def test_999_works_on_every_old_message(alice: Person) -> None:
    """The way to 999 is never stale, and the open question comes back after it."""
    event = begin(alice)
    alice.send("No sign of that now")
    alice.expect(contains="before you next see", buttons=["No"])
    alice.press("999", on=event)
    card = alice.expect(contains="Ring 999 now", buttons=["Not an emergency"])
    assert card.marked("bold")[0] in card.text
    assert card.marked("bold")[0].startswith("Ring 999 now")
    assert "It is not an emergency" in card.text
    alice.press("Not an emergency")
    alice.expect(contains="before you next see", buttons=["No"])


# --- what is refused -------------------------------------------------------------------------------------


def test_in_a_group_it_only_points_to_the_private_chat(
    world: TelegramWorld, alice: Person, db: Path, lines: dict[str, str]
) -> None:
    """Where others can read, no flow opens: a command for us gets a link, anything else gets nothing."""
    settled(world, db)
    before = count(db)
    here = alice.within(world.group("Nursery staff"))
    for text in (
        "hello",
        "I've seen a mark on a child",
        "/start@OtherBot",
        "/start",
        f"thanks @{BOT_USERNAME}",
    ):
        here.send(text)
    here.expect_none(0.5)
    for text, payload in (
        (f"/start@{BOT_USERNAME}", "begin"),
        (f"/start@{BOT_USERNAME} mark_on_child", "mark_on_child"),
        (f"/mark_on_child@{BOT_USERNAME}", "mark_on_child"),
        ("/mark_on_child", "mark_on_child"),
    ):
        here.send(text)
        here.expect(contains=lines["group_refused"])
        assert here.press("Open a private chat") == f"https://t.me/{BOT_USERNAME}?start={payload}"
    settled(world, db)
    assert count(db) == before
    assert not rows(db, "SELECT 1 FROM addresses WHERE chat = ?", str(here.chat_id))


def test_pictures_and_files_are_refused_unseen(
    world: TelegramWorld, alice: Person, db: Path, lines: dict[str, str]
) -> None:
    """A photo, voice message or document is never fetched, and its caption never read."""
    begin(alice)
    settled(world, db)
    before = count(db)
    for kind in ("photo", "voice", "document"):
        alice.upload("bruise.jpg", b"\xff\xd8", "image/jpeg", caption="he has stopped breathing", kind=kind)  # type: ignore[arg-type]
        alice.expect(contains=lines["media_refused"], absent="999 now")
    chat = {"id": alice.chat_id, "type": "private", "first_name": "A"}
    where = {"longitude": 0.1, "latitude": 51.5}
    base = {"date": int(time.time()), "chat": chat, "from": alice.user}
    world.raw_update(message={"message_id": 900002, "location": where, **base})
    alice.expect(contains=lines["media_refused"])
    settled(world, db)
    assert count(db) == before
    assert world.journal("getFile") == []


def test_an_album_is_refused_once(world: TelegramWorld, alice: Person, db: Path, lines: dict[str, str]) -> None:
    """Ten pictures sent as one album get one answer."""
    chat = {"id": alice.chat_id, "type": "private", "first_name": "A"}
    size = {"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}
    alice.send("/help")
    alice.expect(contains="At any point: back")
    for number in range(3):
        base = {"message_id": 900010 + number, "date": int(time.time()), "chat": chat, "from": alice.user}
        world.raw_update(message={**base, "photo": [size], "media_group_id": "77"})
    alice.expect(contains=lines["media_refused"])
    settled(world, db)
    alice.expect_none(0.3, kind="message")


def test_names_and_dates_of_birth_are_not_kept(
    world: TelegramWorld, alice: Person, db: Path, lines: dict[str, str]
) -> None:
    """Typed identifiers are pointed out, the message is deleted, and no file holds anything of it."""
    begin(alice)
    alice.send("His name is Zebedee Quartermain, born 03/04/2019")
    alice.expect(contains=lines["guarded"], absent="Zebedee")
    until(lambda: any(call["chat_id"] == alice.chat_id for call in world.journal("deleteMessage")))
    settled(world, db)
    connection = sqlite3.connect(db)
    try:
        dump = "\n".join(connection.iterdump())
    finally:
        connection.close()
    assert "Zebedee" not in dump
    until(lambda: not any(b"Zebedee" in file.read_bytes() for file in db.parent.glob(f"{db.name}*")))
    assert "Zebedee" not in world.bot_log()


def test_messages_about_the_chat_are_ignored(world: TelegramWorld, alice: Person, db: Path) -> None:
    """A message that Telegram writes itself, such as one of a new title, gets no answer and stays nowhere."""
    begin(alice)
    alice.forget()
    chat = {"id": alice.chat_id, "type": "private", "first_name": "A"}
    base = {"message_id": 900003, "date": int(time.time()), "chat": chat, "from": alice.user}
    world.raw_update(message={**base, "new_chat_title": "something"})
    alice.expect_none(0.7)
    settled(world, db)


# --- the network -------------------------------------------------------------------------------------------


def test_an_update_delivered_twice_is_answered_once(world: TelegramWorld, alice: Person, db: Path) -> None:
    """Telegram may deliver an update again; it is one turn and one answer."""
    begin(alice)
    settled(world, db)
    before = count(db)
    world.fault("getUpdates", "duplicate")
    alice.send("No sign of that now")
    alice.expect(contains="before you next see")
    until(lambda: not world.faults())
    world.wait_for_poll()
    settled(world, db)
    alice.expect_none(0.3, kind="message")
    assert count(db) == before + 1


def test_told_to_wait_it_waits_and_then_answers(world: TelegramWorld, alice: Person, db: Path) -> None:
    """After 429 the answer comes when Telegram allows it, once."""
    world.fault("sendMessage", "429", retry_after=1, match={"chat_id": alice.chat_id})
    alice.send("/mark_on_child")
    alice.expect(contains="I've seen a mark")
    alice.expect(buttons=FIRST)
    settled(world, db)
    alice.expect_none(0.3, kind="message")


def test_who_is_told_to_wait_holds_nobody_else_up(world: TelegramWorld, alice: Person) -> None:
    """While twenty chats have to wait, somebody else is answered at once."""
    waiting = [world.person(f"Waiting {number}") for number in range(20)]
    for person in waiting:
        world.fault("sendMessage", "429", retry_after=4, match={"chat_id": person.chat_id})
        person.send("/help")
    until(lambda: not world.faults())
    began = time.monotonic()
    begin(alice)
    assert time.monotonic() - began < 2
    for person in waiting:
        person.expect(contains="At any point: back")


@pytest.mark.parametrize("fault", ["502", "reset", "garbage"])
def test_a_failing_network_is_tried_again(world: TelegramWorld, db: Path, fault: Any) -> None:
    """What could not be sent at first is sent a moment later."""
    person = world.person(f"Patient {fault}")
    world.fault("sendMessage", fault, times=2, match={"chat_id": person.chat_id})
    person.send("/mark_on_child")
    person.expect(contains="I've seen a mark")
    person.expect(buttons=FIRST)
    settled(world, db)


def test_what_may_have_arrived_is_said_again_and_says_so(
    world: TelegramWorld, alice: Person, lines: dict[str, str]
) -> None:
    """When the fate of a message is unknown it comes again, and says that it may be a repeat."""
    world.fault("sendMessage", "reset_after", match={"chat_id": alice.chat_id})
    alice.send("/mark_on_child")
    alice.expect(contains=[lines["sent_again"], "I've seen a mark"])
    alice.expect(buttons=FIRST, absent=lines["sent_again"])


def test_a_query_that_is_too_old_does_not_prevent_the_work(world: TelegramWorld, alice: Person) -> None:
    """The press counts even if Telegram will not take the answer to it."""
    event = begin(alice)
    world.fault("answerCallbackQuery", "status", code=400, description="Bad Request: query is too old")
    world.fault("editMessageText", "status", code=400, description="Bad Request: message can't be edited")
    alice.press("No sign of that now", on=event)
    alice.expect(contains="before you next see", buttons=["No"])


def test_a_message_that_telegram_cannot_read_is_sent_plainly(world: TelegramWorld, alice: Person) -> None:
    """Were our markup ever wrong, the words would come all the same, with their buttons."""
    why = "Bad Request: can't parse entities: unsupported start tag"
    world.fault("sendMessage", "status", code=400, description=why, match={"chat_id": alice.chat_id})
    alice.send("/danger")
    card = alice.expect(contains="Ring 999 now", buttons=["I have rung 999"])
    assert card.entities == ()


def test_somebody_who_blocked_the_bot_holds_nobody_up(world: TelegramWorld, alice: Person, db: Path) -> None:
    """Being blocked is noted; others are answered, and so is the person when they come back."""
    bilal = world.person("Bilal who stays")
    blocked = "Forbidden: bot was blocked by the user"
    world.fault("sendMessage", "status", code=403, description=blocked, match={"chat_id": alice.chat_id})
    alice.send("/mark_on_child")
    begin(bilal)
    until(lambda: bool(rows(db, "SELECT 1 FROM deliveries WHERE status = 'blocked'")))
    alice.expect_none(0.3)
    alice.send("/help")
    alice.expect(contains="At any point: back")


# --- receipts ---------------------------------------------------------------------------------------------


def test_a_receipt_on_request(alice: Person, db: Path, lines: dict[str, str]) -> None:
    """Before any advice there is no receipt; after some there is, and after stopping it can still be had."""
    alice.send("/receipt")
    alice.expect(contains=lines["receipt_none"])
    begin(alice)
    for _ in range(2):
        alice.send("/receipt")
        document = alice.expect(document="^receipt-.*html$")
        assert "First: is any of these so right now" in alice.download(document).decode()
        alice.send("/stop")
        alice.expect(contains="Stopped.")
    assert rows(db, "SELECT count(*) FROM inbox") == [(0,)]


def test_no_message_is_longer_than_telegram_takes(world: TelegramWorld) -> None:
    """Whatever was sent in all these conversations was short enough, and none was refused for its form."""
    calls = world.journal("sendMessage") + world.journal("editMessageText")
    for call in calls:
        assert len(call["params"]["text"].encode("utf-16-le")) // 2 <= 4096
        assert call["status"] == 200 or call["fault"], call


def test_the_harness_would_notice_a_missing_answer(alice: Person) -> None:
    """A person to whom nothing was said waits in vain: the tests here can fail."""
    with pytest.raises(ExpectationError):
        alice.expect(timeout=0.2)
