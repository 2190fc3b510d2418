"""Exercises on Telegram: alone and in groups, with the real process, the real files and an emulated Telegram."""

from __future__ import annotations

import csv
import io
import re
import time
from typing import TYPE_CHECKING

import pytest
from harness import BOT_TOKEN, BOT_USERNAME, Event, Person, TelegramWorld
from test_channel import CHOICES, FIRST, begin, bot_world, rows, until

from bot.exercises.store import beside
from bot.exercises.writing import new_scenario

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.telegram

MARK = "[EXERCISE, not real]"
STORY = "agrees_and_nothing_changes"
TRAINERS = 6
BOARD = ["Next", "Hold", "Inject", "Show", "Who is here", "End"]
LEADS = [*BOARD, "999", "Leave"]
IN_IT = ["Why?", "999", "Leave"]
ONWARD = ("Begin", "Go on to decide", "Go on", "Nothing to write", "Back to exercise")
"""Buttons that lead on without saying anything of the story."""


def exercise_world(db: Path, **settings: str) -> TelegramWorld:
    """Return a world with the bot in it, in which the first people are trainers."""
    trainers = ",".join(str(1001 + number) for number in range(TRAINERS))
    world = bot_world(db, **{"THINKCHILD_TRAINERS": trainers} | settings)
    for number in range(TRAINERS):
        world.person(f"Trainer {number}")
    return world


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the record of this module is kept."""
    return tmp_path_factory.mktemp("exercises") / "advice.db"


@pytest.fixture(scope="module")
def running(db: Path) -> Iterator[TelegramWorld]:
    """Start the bot once for this module; each test talks to it as somebody else."""
    with exercise_world(db) as started:
        yield started


@pytest.fixture
def world(running: TelegramWorld) -> Iterator[TelegramWorld]:
    """Give the running bot; whatever happened, it must still be running, and its log must keep what is secret."""
    yield running
    running.clear_faults()
    sound(running)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[TelegramWorld]:
    """Give a bot of this test's own, to be killed."""
    with exercise_world(tmp_path / "advice.db") as started:
        yield started
        sound(started)


@pytest.fixture
def alice(world: TelegramWorld, request: pytest.FixtureRequest) -> Person:
    """Return somebody who has never written before."""
    return world.person(f"Alice {request.node.name}")


def sound(world: TelegramWorld) -> None:
    """Hold the bot to what its log may never show."""
    assert world.bot_running, world.bot_log()
    assert BOT_TOKEN.partition(":")[2] not in world.bot_log()
    assert "Traceback" not in world.bot_log()


def counts(db: Path) -> dict[str, int]:
    """Return how many rows each table of the record has."""
    names = [row[0] for row in rows(db, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: rows(db, f"SELECT count(*) FROM [{name}]")[0][0] for name in names}


def settled(world: TelegramWorld, db: Path) -> None:
    """Wait until all that was sent to the bot has been dealt with and answered."""
    world.wait_until_fetched()
    until(lambda: rows(db, "SELECT count(*) FROM inbox") == [(0,)])
    until(lambda: rows(beside(db), "SELECT count(*) FROM mail WHERE delivered_at IS NULL") == [(0,)])


def nonce_of(event: Event) -> str:
    """Return which piece of post a message shows."""
    return next(button.data for button in event.buttons if button.data).partition(":")[0]


def told(person: Person, contains: str) -> Event:
    """Wait for a message of an exercise, which has the watermark."""
    return person.expect(contains=[MARK, contains])


def question(person: Person) -> Event:
    """Return the next message of an exercise that asks something."""
    while True:
        event = person.expect(kind="message")
        if [label for label in event.labels if label not in IN_IT]:
            return event


def starts_alone(person: Person, story: str = STORY) -> Event:
    """Begin an exercise alone; returns its first question."""
    person.send(f"/exercise {story}")
    person.expect(buttons=["Play alone", "Lead a group"])
    person.press("Play alone")
    return person.expect(buttons=["Begin", *IN_IT])


def starts_group(trainer: Person, story: str = STORY) -> tuple[str, str, Event]:
    """Start a group; returns its join code, the facilitators' code, and the board."""
    trainer.forget()
    trainer.send(f"/exercise start {story}")
    said = trainer.expect(contains="Join code", kind="message")
    codes = re.findall(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}\b", said.text)
    assert f"https://t.me/{BOT_USERNAME}?start=join_{codes[0].replace('-', '')}" in said.text
    return codes[0], codes[1], trainer.expect(buttons=LEADS, kind="message")


def joins(person: Person, code: str, name: str) -> None:
    """Join a group by its code, under a name."""
    person.send(f"/join {code}")
    told(person, "What shall we call you here?")
    person.send(name)
    told(person, "It begins when the facilitator says so")


def send_practice(trainer: Person, name: str = "practice", title: str = "A small practice") -> None:
    """Send the small exercise that `exercise new` writes, and see it taken."""
    trainer.forget()
    trainer.upload(f"{name}.yaml", new_scenario(name, title).encode())
    trainer.expect(contains=[MARK, f"{title}: 20 minutes, 2 scenes", "1. Monday, 8.40: 3 facts, 1 decision"])
    trainer.expect(buttons=["Play alone", "Lead a group"])


def practice_group(trainer: Person) -> tuple[str, str]:
    """Send the small exercise and start a group with it; returns the two codes."""
    send_practice(trainer)
    trainer.press("Lead a group")
    said = trainer.expect(contains="Join code", kind="message")
    trainer.expect(buttons=LEADS, kind="message")
    codes = re.findall(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}\b", said.text)
    return codes[0], codes[1]


# --- alone ----------------------------------------------------------------------------------------------


def test_a_whole_exercise_alone_by_tapping(world: TelegramWorld, alice: Person, db: Path) -> None:
    """From the list to the debrief and its page with taps alone: each message is marked, and the record has none of it."""
    settled(world, db)
    before = counts(db)
    alice.send("/exercise")
    listed = alice.expect(contains=[MARK, "The family that says yes to everything"])
    assert listed.labels[-1] == "999"
    alice.press(next(label for label in listed.labels if label.startswith("The family")))
    alice.expect(buttons=["Play alone", "Lead a group"])
    alice.press("Play alone")
    event = alice.expect(buttons=["Begin", *IN_IT])
    taps = 0
    while "As a page" not in event.labels:
        onward = [label for label in ONWARD if label in event.labels]
        alice.press(onward[0] if onward else event.labels[0], on=event)
        event = question(alice)
        taps += 1
        assert taps < 60, event
    assert "From here on everything is real" in event.text
    assert event.labels == ["As a page", "999"]
    alice.press("As a page")
    document = alice.expect(document=r"^debrief-\w+\.html$")
    assert document.text.startswith(MARK)
    assert "The family that says yes to everything" in alice.download(document).decode()
    settled(world, db)
    assert counts(db) == before
    assert all("EXERCISE" in message.text for message in alice.messages())
    alice.press("As a page", on=event)
    alice.expect(document=r"^debrief-\w+\.html$")


def test_a_typed_question_brings_a_fact_out(alice: Person) -> None:
    """What nobody offers can be asked in one's own words; the question comes again with the rest."""
    starts_alone(alice)
    alice.press("Begin")
    asked = question(alice)
    alice.send("what does Kit eat for breakfast on a school day and when did he last see a dentist?")
    before = len(asked.labels)
    alice.expect(contains=MARK, kind="message")
    again = question(alice)
    assert len(again.labels) <= before
    assert "999" in again.labels


def test_the_choice_is_marked_and_a_second_tap_counts_once(
    world: TelegramWorld, alice: Person, db: Path, lines: dict[str, str]
) -> None:
    """Two taps at once are one: the second is told so; the pressed message keeps its words and shows the choice."""
    event = starts_alone(alice)
    alice.forget()
    alice.press("Begin", on=event)
    alice.press("Begin", on=event)
    alice.expect(lines["already_answered"], kind="alert")
    settled(world, db)
    asked = [one for one in alice.messages() if "Go on to decide" in one.labels]
    assert len(asked) == 1
    shown = next(one for one in alice.messages() if one.message_id == event.message_id)
    assert shown.labels == []
    assert shown.text.endswith("✓ Begin")
    two = [label for label in asked[0].labels if label not in (*IN_IT, "Go on to decide")][:2]
    for label in two:  # different answers to one question: the first counts
        alice.press(label, on=asked[0])
    alice.expect(lines["already_answered"], kind="alert")
    settled(world, db)
    seat = "SELECT run FROM seats JOIN mail ON mail.exercise = seats.exercise WHERE nonce = ?"
    run = rows(beside(db), seat, nonce_of(asked[0]))[0][0]
    assert run.count('"fact"') == 1


def test_why_shows_where_something_comes_from(alice: Person, lines: dict[str, str]) -> None:
    """Why? cites the source of what was last told, and the question stays."""
    starts_alone(alice)
    alice.press("Begin")
    event = question(alice)
    alice.press(event.labels[0], on=event)
    question(alice)
    alice.press("Why?")
    told(alice, lines["why_heading"])
    assert "Go on to decide" in question(alice).labels


def test_leaving_keeps_the_place_and_coming_back_finds_it(alice: Person, lines: dict[str, str]) -> None:
    """Whoever leaves is in live guidance at once; /exercise offers to go on where it was left."""
    starts_alone(alice)
    alice.press("Begin")
    question(alice)
    alice.press("Leave")
    told(alice, lines["exercise_left"])
    alice.send("I've seen a mark on a child")
    assert MARK not in alice.expect(buttons=FIRST).text
    alice.send("/exercise")
    alice.expect(buttons=["Go on"])
    alice.press("Go on")
    told(alice, lines["exercise_resumed"])
    assert "Go on to decide" in question(alice).labels
    alice.send("/leave")
    told(alice, lines["exercise_left"])
    alice.send("/leave")
    told(alice, lines["exercise_left"])


def test_the_guidance_inside_an_exercise_is_marked_in_place(world: TelegramWorld, alice: Person, db: Path) -> None:
    """The real guidance is gone through inside: quick marks all count, in one message; nothing of it is in the record."""
    settled(world, db)
    before = counts(db)
    event = starts_alone(alice, "ready_explanation")
    while "Use the guidance" not in event.labels:
        onward = [label for label in ONWARD if label in event.labels]
        alice.press(onward[0] if onward else event.labels[0], on=event)
        event = question(alice)
    alice.press("Use the guidance", on=event)
    event = question(alice)
    while "1 ✓ known" not in event.labels:
        assert "Back to exercise" in event.labels
        alice.press(next(label for label in event.labels if label in CHOICES), on=event)
        event = question(alice)
    for label in ("1 ✓ known", "2 ! worries"):
        alice.press(label, on=event)
    alice.expect(contains=[MARK, "✓ known"], kind="edit")
    marked = alice.expect(contains=["✓ known", "! worries me"], kind="edit")
    assert marked.message_id == event.message_id
    alice.press("Back to exercise")
    assert "1 ✓ known" not in question(alice).labels
    alice.send("/leave")
    settled(world, db)
    assert counts(db) == before
    assert all("EXERCISE" in message.text for message in alice.messages())


# --- real, or the exercise -----------------------------------------------------------------------------


def test_999_inside_asks_and_real_brings_the_live_card(
    world: TelegramWorld, alice: Person, db: Path, lines: dict[str, str]
) -> None:
    """999 asks whether it is real; real leaves the exercise and the live card comes at once, and is in the record."""
    starts_alone(alice)
    settled(world, db)
    before = counts(db)["turns"]
    alice.press("999")
    asked = alice.expect(contains=lines["exercise_real_or_not"], buttons=["Real: leave now", "The exercise"])
    assert "EXERCISE" in asked.text
    alice.send("/help")
    alice.expect(contains=lines["exercise_real_or_not"], buttons=["Real: leave now", "The exercise"])
    alice.press("The exercise")
    alice.expect(buttons=["Begin", *IN_IT])
    assert counts(db)["turns"] == before
    alice.press("999")
    alice.expect(buttons=["Real: leave now"])
    alice.press("Real: leave now")
    told(alice, lines["exercise_left_real"])
    card = alice.expect(contains="999", buttons=["I have rung 999"])
    assert MARK not in card.text
    settled(world, db)
    assert counts(db)["turns"] == before + 1


@pytest.mark.parametrize("words", ["real", "/real", "this is real"])
def test_real_typed_leaves_at_once(world: TelegramWorld, words: str, lines: dict[str, str]) -> None:
    """Whoever types real is in live guidance with that message."""
    person = world.person(f"Real {words}")
    starts_alone(person)
    person.send(words)
    told(person, lines["exercise_left_real"])
    person.expect(buttons=["I have rung 999"])


def test_999_always_works_on_any_message(alice: Person) -> None:
    """The 999 of a message about exercises, with nobody in one, is the live one; so is that of live guidance within one."""
    alice.send("/exercise")
    alice.expect(contains=MARK)
    alice.press("999")
    alice.expect(buttons=["I have rung 999"])
    alice.press("I have rung 999")
    live = alice.expect(buttons=["Menu", "999"])
    starts_alone(alice)
    alice.press("999", on=live)
    alice.expect(buttons=["I have rung 999"])


def test_live_guidance_waits_meanwhile(alice: Person, lines: dict[str, str]) -> None:
    """A conversation that was begun stays where it is; its buttons do nothing inside an exercise, and go on after it."""
    event = begin(alice)
    starts_alone(alice)
    alice.press("No sign of that now", on=event)
    alice.expect(lines["exercise_live_first"], kind="alert")
    alice.send("/mark_on_child")
    told(alice, lines["exercise_live_first"])
    alice.send("/leave")
    told(alice, lines["exercise_left"])
    alice.press("No sign of that now", on=event)
    alice.expect(contains="before you next see")


def test_what_may_identify_somebody_is_deleted(world: TelegramWorld, alice: Person, db: Path) -> None:
    """A number in an exercise is no invented one: the message goes, and nothing of it is on the disk."""
    starts_alone(alice)
    alice.press("Begin")
    question(alice)
    alice.send("his nhs number is 943 476 5919")
    told(alice, "could identify a real person")
    alice.expect(kind="deleted")
    settled(world, db)
    for path in (*db.parent.glob("advice*"), *beside(db).parent.glob("*.exercises*")):
        assert b"943 476 5919" not in path.read_bytes()


def test_pictures_are_refused_unseen_also_in_an_exercise(world: TelegramWorld, alice: Person) -> None:
    """Nothing is ever opened; the refusal has the mark."""
    downloads = len(world.journal("getFile"))
    starts_alone(alice)
    alice.upload("photo.jpg", b"not looked at", kind="photo")
    told(alice, "I did not open it")
    alice.upload("story.yaml", new_scenario("mine", "Mine").encode())
    told(alice, "I did not open it")
    assert len(world.journal("getFile")) == downloads


# --- groups ---------------------------------------------------------------------------------------------


def test_a_group_from_its_code_to_its_debrief(  # noqa: PLR0915 - one exercise, as it is held
    world: TelegramWorld, db: Path, lines: dict[str, str]
) -> None:
    """One leads, three take part: by code, by link and late; next, hold, inject, say, show, who and end; counts, never names."""
    trainer = world.person("Trainer 0")
    settled(world, db)
    before = counts(db)
    code, _ = practice_group(trainer)
    photo = trainer.messages()
    assert any(one.kind == "photo" and one.text.startswith(MARK) for one in photo)
    ann, ben, cay, dan = (world.person(f"{name} of the group") for name in ("Ann", "Ben", "Cay", "Dan"))
    joins(ann, code.lower().replace("-", " "), "Ann")
    ben.send(f"/start join_{code.replace('-', '')}")
    told(ben, "What shall we call you here?")
    ben.send("ann")
    told(ben, "Somebody here is already called ann")
    ben.send("07700 900123")
    told(ben, lines["exercise_name_form"])
    ben.send("Ben")
    told(ben, "It begins when the facilitator says so")
    cay.send(f"/join {code} Cay")
    told(cay, "It begins when the facilitator says so")
    trainer.press("Who is here")
    told(trainer, "Ann, Ben, Cay")
    trainer.press("Next")
    for one in (ann, ben, cay):
        one.expect(contains=[MARK, "Jo hands Robin over"])
        one.expect(buttons=["What can he do?", "What did Jo say?", "Go on to decide"])
    trainer.expect(contains="3 here", kind="message")
    joins_late(dan, trainer, code)
    ann.press("What can he do?")
    told(ann, "He does not roll")
    trainer.expect(contains="1 of 4  What can Robin do by himself?", kind="edit")
    trainer.press("Hold")
    for one in (ann, ben, cay, dan):
        told(one, lines["exercise_held"])
    trainer.press("Next")
    for one in (ann, ben, cay, dan):
        told(one, lines["exercise_goes_on"])
    trainer.press("Inject")
    trainer.expect(contains=lines["exercise_which_inject"])
    trainer.press("colleague")
    for one in (ann, ben, cay, dan):
        told(one, "Babies bruise")
    trainer.send("say Please look up")
    for one in (ann, ben, cay, dan):
        told(one, "From the facilitator: Please look up")
    told(trainer, "Sent to 4")
    trainer.send("note They liked Jo")
    told(trainer, lines["exercise_noted"])
    for one, choice in ((ann, "Tell the lead"), (ben, "Tell the lead"), (cay, "Leave it")):
        one.press("Go on to decide")
        one.expect(buttons=["Tell the lead", "Leave it"])
        one.press(choice)
        told(one, "Stop and talk: What made the explanation easy to believe?")
    trainer.press("Show")
    shown = trainer.expect(contains=["2 of 3  Tell the safeguarding lead now", "3 waiting"])
    assert not any(name in shown.text for name in ("Ann", "Ben", "Cay", "Dan"))
    trainer.press("End")
    trainer.expect(contains=lines["exercise_end_sure"])
    trainer.press("End it now")
    ended = trainer.expect(contains=lines["exercise_ended"], buttons=["As a page", "As a table"])
    for one in (ann, ben, cay, dan):
        told(one, lines["exercise_ended_early"])
        own = one.expect(buttons=["As a page", "999"])
        one.press("As a page", on=own)
        page = one.download(one.expect(document=r"\.html$")).decode()
        assert "A small practice" in page
        assert "They liked Jo" not in page
    trainer.press("As a page", on=ended)
    page = trainer.download(trainer.expect(document=r"\.html$")).decode()
    assert "They liked Jo" in page
    assert not any(name in page for name in ("Ann", "Ben", "Cay", "Dan"))
    trainer.press("As a table", on=ended)
    table = list(csv.DictReader(io.StringIO(trainer.download(trainer.expect(document=r"\.csv$")).decode())))
    tells = next(row for row in table if row["what"].endswith("Tell the safeguarding lead now"))
    assert (tells["count"], tells["of"]) == ("2", "3")
    settled(world, db)
    assert counts(db) == before
    for one in (trainer, ann, ben, cay, dan):
        assert all(MARK in message.text for message in one.messages())


def joins_late(person: Person, trainer: Person, code: str) -> None:
    """Join a group that has begun: a latecomer begins when they like, and the board counts them."""
    person.send(f"/join {code} Dan")
    person.expect(buttons=["Begin"])
    person.press("Begin")
    person.expect(contains="Jo hands Robin over")
    person.expect(buttons=["Go on to decide"])
    trainer.expect(contains="Monday, 8.40: 4 here", kind="edit")


def test_a_facilitator_erases_what_is_over(world: TelegramWorld, db: Path, lines: dict[str, str]) -> None:
    """When it has ended its facilitator can erase it, once they are sure; then no page of it can be had."""
    trainer = world.person("Trainer 1")
    code, _, _ = starts_group(trainer)
    kim = world.person("Kim")
    joins(kim, code, "Kim")
    trainer.press("Next")
    event = question(kim)
    trainer.press("End")
    trainer.press("End it now")
    over = kim.expect(buttons=["As a page", "999"])
    ended = trainer.expect(contains=lines["exercise_ended"])
    trainer.press(lines["exercise_option_erase"], on=ended)
    trainer.press(lines["exercise_option_erase_now"])
    told(trainer, "Nothing of it is left here")
    settled(world, db)
    assert rows(beside(db), "SELECT count(*) FROM exercises WHERE join_code = ?", code) == [(0,)]
    for person, message, label in ((trainer, ended, "As a page"), (kim, over, "As a page"), (kim, event, "Leave")):
        person.press(label, on=message)
        person.expect(lines["refused"], kind="alert")
    kim.press("999", on=event)
    kim.expect(buttons=["I have rung 999"])


def test_a_second_facilitator_takes_over(world: TelegramWorld, lines: dict[str, str]) -> None:
    """With the other code a colleague leads as well, sees what the first one did on the board, and can go on from it."""
    trainer, second = world.person("Trainer 1"), world.person("Colleague")
    code, lead, _ = starts_group(trainer)
    eve = world.person("Eve of two")
    joins(eve, code, "Eve")
    second.send(f"/lead {lead}")
    told(second, code)
    board = second.expect(buttons=LEADS)
    trainer.press("Next")
    question(eve)
    changed = second.expect(contains="1 here, 0 waiting", kind="edit")
    assert changed.message_id == board.message_id
    assert changed.labels == LEADS
    second.send("/help")
    second.expect(buttons=LEADS, kind="message")
    trainer.press("Leave")
    told(trainer, lines["exercise_left"])
    second.press("Hold")
    told(eve, lines["exercise_held"])
    second.press("End")
    second.press("End it now")
    told(eve, lines["exercise_ended_early"])
    told(second, lines["exercise_ended"])
    assert not [one for one in trainer.messages() if lines["exercise_ended"] in one.text and MARK not in one.text]


def test_a_board_becomes_right_in_its_place(world: TelegramWorld) -> None:
    """Taps of a group show on the facilitator's board as it stands, with its buttons; benchmarks/exercises.py says how soon."""
    trainer = world.person("Trainer 2")
    code, _, _ = starts_group(trainer)
    people = [world.person(f"Quick {number}") for number in range(6)]
    for number, person in enumerate(people):
        person.send(f"/join {code} Q{number}")
        told(person, "It begins when the facilitator says so")
    trainer.press("Next")
    asked = [question(person) for person in people]
    trainer.expect(contains="6 here, 0 waiting", kind="message")
    for person, event in zip(people, asked, strict=True):
        person.press(event.labels[0], on=event)
    edited = trainer.expect(r"  6 of 6  ", kind="edit")
    assert edited.labels == LEADS
    trainer.press("End")
    trainer.press("End it now")


def test_who_left_hears_no_more_of_it(world: TelegramWorld, lines: dict[str, str]) -> None:
    """Somebody who left for something real is not called back by what the facilitator does."""
    trainer = world.person("Trainer 3")
    code, _, _ = starts_group(trainer)
    fay, gus = world.person("Fay"), world.person("Gus")
    joins(fay, code, "Fay")
    joins(gus, code, "Gus")
    fay.send("real")
    fay.expect(buttons=["I have rung 999"])
    trainer.press("Next")
    question(gus)
    trainer.send("say Hello all")
    told(gus, "Hello all")
    fay.expect_none(0.3)
    fay.send("/exercise")
    fay.expect(buttons=["Go on"])
    fay.press("Go on")
    told(fay, lines["exercise_resumed"])
    trainer.press("End")
    trainer.press("End it now")
    told(fay, lines["exercise_over"])  # nothing had begun for her, so there is nothing to look back on


def test_a_blocked_or_unreachable_trainee_holds_nobody_up(world: TelegramWorld, db: Path) -> None:
    """What cannot be sent to one is no matter for the others; what only failed comes later."""
    trainer = world.person("Trainer 4")
    code, _, _ = starts_group(trainer)
    names = ("Hal", "Ivy", "Joy")
    hal, ivy, joy = (world.person(name) for name in names)
    for person, name in zip((hal, ivy, joy), names, strict=True):
        joins(person, code, name)
    settled(world, db)
    hal.block()
    world.fault("sendMessage", "429", retry_after=3, times=1, match={"chat_id": ivy.chat_id})
    trainer.press("Next")
    began = time.monotonic()
    question(joy)
    assert time.monotonic() - began < 2.5
    question(ivy)
    settled(world, db)
    trainer.press("End")
    trainer.press("End it now")


def test_codes_cannot_be_guessed(alice: Person, lines: dict[str, str]) -> None:
    """A wrong code is refused; after five there is a wait, also for the right one."""
    for number in range(5):
        alice.send(f"/join AAAA-222{number + 2}")
        told(alice, lines["exercise_code_unknown"])
    alice.send("/join AAAA-2229")
    told(alice, lines["exercise_code_too_often"])


def test_only_a_trainer_starts_a_group(alice: Person) -> None:
    """Anybody else is told their own number and can play alone."""
    for ask in (f"/exercise start {STORY}", f"/start exercise_{STORY}"):
        alice.send(ask)
        if ask.startswith("/start"):
            alice.expect(buttons=["Lead a group"])
            alice.press("Lead a group")
        told(alice, f"your number is {alice.id}")
    alice.press("Play alone")
    alice.expect(buttons=["Begin"])


def test_two_taps_start_one_group(world: TelegramWorld, db: Path, lines: dict[str, str]) -> None:
    """A double tap on Lead a group makes one group and one code."""
    trainer = world.person("Trainer 5")
    trainer.send(f"/exercise {STORY}")
    event = trainer.expect(buttons=["Lead a group"])
    settled(world, db)
    before = rows(beside(db), "SELECT count(*) FROM exercises")[0][0]
    trainer.press("Lead a group", on=event)
    trainer.press("Lead a group", on=event)
    trainer.expect(lines["already_answered"], kind="alert")
    settled(world, db)
    assert rows(beside(db), "SELECT count(*) FROM exercises")[0][0] == before + 1


def test_an_unknown_exercise_names_the_near_miss(alice: Person) -> None:
    """A mistyped id is answered with the one that was probably meant."""
    alice.send("/exercise agrees_and_nothing_change")
    told(alice, f"Did you mean '{STORY}'?")


def test_somebody_elses_button_does_nothing(world: TelegramWorld, alice: Person, lines: dict[str, str]) -> None:
    """A button works for whom it was sent to."""
    event = starts_alone(alice)
    mallory = world.person("Mallory")
    mallory.send("/exercise")
    other = mallory.expect(contains=MARK)
    mallory.press_data(f"{nonce_of(event)}:o0", other)
    mallory.expect(lines["refused"], kind="alert")
    mallory.press_data(f"{nonce_of(event)}:leave", other)
    mallory.expect(lines["refused"], kind="alert")


def test_exercises_are_no_matter_for_group_chats(world: TelegramWorld, alice: Person, lines: dict[str, str]) -> None:
    """Where others can read it there is only the way to the private chat, which leads to the list."""
    within = alice.within(world.group("Team"))
    within.send(f"/exercise@{BOT_USERNAME}")
    refused = within.expect(contains=lines["group_refused"])
    assert refused.buttons[0].url == f"https://t.me/{BOT_USERNAME}?start=exercise"
    alice.send("/start exercise")
    told(alice, "Which one?")


def test_exercises_stand_in_the_menu_of_commands(world: TelegramWorld) -> None:
    """The ways in and out are commands that Telegram shows."""
    until(lambda: bool(world.commands()))
    assert {"exercise", "join", "leave"} <= set(world.commands())


# --- files ----------------------------------------------------------------------------------------------


def test_a_broken_file_is_answered_by_line(world: TelegramWorld) -> None:
    """Mistakes are named by line in plain words, few enough to read; what is no exercise is refused unseen."""
    trainer = world.person("Trainer 5")
    text = new_scenario("broken", "Broken").replace("quality: worse", "quality: bad")
    trainer.upload("broken.yml", text.encode())
    said = trainer.expect(contains=[MARK, "Mend this and send it again"])
    wrong = text.splitlines().index(next(line for line in text.splitlines() if "quality: bad" in line)) + 1
    assert f"line {wrong}: " in said.text
    assert sum(line.startswith("line ") for line in said.text.splitlines()) <= 15
    trainer.upload("broken.yaml", b"\x00\xff: [")
    told(trainer, "line 1")
    downloads = len(world.journal("getFile"))
    for name, data in (("story.txt", b"id: x"), ("large.yaml", b"#" * 200_001), ("empty.yaml", b"")):
        trainer.upload(name, data)
        told(trainer, "at most 200 kB")
    trainer.upload("photo.jpg", b"no", kind="photo")
    trainer.expect(contains="I did not open it")
    assert len(world.journal("getFile")) == downloads


def test_a_sent_exercise_is_its_trainers_alone_until_it_is_started(world: TelegramWorld, alice: Person) -> None:
    """A sound file is previewed and can be played; nobody else finds it by its id or in the list."""
    trainer = world.person("Trainer 5")
    send_practice(trainer, "only_mine", "Only mine")
    alice.send("/exercise only_mine")
    told(alice, "There is no exercise 'only_mine'")
    alice.send("/exercise")
    assert "Only mine" not in told(alice, "Which one?").text
    trainer.press("Play alone")
    trainer.expect(buttons=["Begin"])
    trainer.send("/leave")


# --- stops and starts -------------------------------------------------------------------------------------


def test_killed_in_the_middle_nothing_is_lost_or_done_twice(
    own: TelegramWorld, tmp_path: Path, lines: dict[str, str]
) -> None:
    """Killed while a group taps: after the start each tap counts once, all hear what they had not, and it goes on."""
    store = beside(tmp_path / "advice.db")
    trainer = own.person("Trainer 0")
    code, _ = practice_group(trainer)
    people = [own.person(f"P{number}") for number in range(4)]
    for number, person in enumerate(people):
        joins(person, code, f"P{number}")
    trainer.press("Next")
    asked = [question(person) for person in people]
    until(lambda: rows(store, "SELECT count(*) FROM mail WHERE delivered_at IS NULL") == [(0,)])
    own.fault("sendMessage", "502", times=500)
    for person, event in zip(people[:2], asked, strict=False):
        person.press("What can he do?", on=event)
    until(lambda: rows(store, "SELECT count(*) FROM seats WHERE run LIKE '%can_he_move%'") == [(2,)])
    own.kill_bot()
    own.clear_faults()
    for person, event in zip(people[2:], asked[2:], strict=False):
        person.press("What can he do?", on=event)
    people[0].press("What can he do?", on=asked[0])
    own.start_bot()
    for person in people[:2]:
        told(person, lines["sent_again"])
    for number, person in enumerate(people):
        if number > 1:
            assert lines["sent_again"] not in told(person, "He does not roll").text
        assert "What did Jo say?" in question(person).labels
    people[0].expect_none(0.3, kind="message")
    found = rows(store, "SELECT run FROM seats WHERE role = 'trainee'")
    assert [run.count('"fact"') for (run,) in found] == [1] * 4
    trainer.expect(contains="4 of 4  What can Robin do by himself?", timeout=15)
    trainer.press("End")
    trainer.press("End it now")
    for person in people:
        told(person, lines["exercise_ended_early"])


def test_killed_after_real_the_live_card_still_comes(own: TelegramWorld, tmp_path: Path) -> None:
    """Real was said and kept, and the bot was killed before live guidance could answer: it answers after the start."""
    alice = own.person("Alice")
    starts_alone(alice)
    own.fault("sendMessage", "502", times=500)
    alice.send("real")
    store = beside(tmp_path / "advice.db")
    until(lambda: rows(store, "SELECT count(*) FROM seats WHERE gone") == [(1,)])
    own.kill_bot()
    own.clear_faults()
    own.start_bot()
    alice.expect(buttons=["I have rung 999"])


def test_a_sent_exercise_can_be_played_after_a_restart(own: TelegramWorld) -> None:
    """What a trainer sent is still there for them when the bot comes back."""
    trainer = own.person("Trainer 0")
    send_practice(trainer)
    own.restart_bot()
    trainer.press("Lead a group")
    trainer.expect(contains="Join code", kind="message")


def test_without_a_file_of_exercises_live_guidance_goes_on(tmp_path: Path, lines: dict[str, str]) -> None:
    """A file that cannot be opened stops exercises alone: that is said, and logged once."""
    db = tmp_path / "advice.db"
    beside(db).write_bytes(b"no database at all, and long enough to be looked at" * 40)
    with exercise_world(db) as world:
        alice = world.person("Alice")
        alice.send("/exercise")
        alice.expect(contains=lines["failed"])
        begin(alice)
        assert "There are no exercises" in world.bot_log()
        sound(world)


def test_with_nobody_named_nobody_starts_a_group(tmp_path: Path) -> None:
    """Without the setting nobody is a trainer; with `anyone` everybody is."""
    with exercise_world(tmp_path / "none.db", THINKCHILD_TRAINERS="") as world:
        alice = world.person("Alice")
        alice.send(f"/exercise start {STORY}")
        told(alice, f"your number is {alice.id}")
        world.stop_bot()
        world.env["THINKCHILD_TRAINERS"] = "anyone"
        world.start_bot()
        starts_group(alice)
