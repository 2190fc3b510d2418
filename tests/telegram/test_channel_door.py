"""The Telegram channel's door: strangers, invitations, roles, what a lead may read, and what is noted of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from test_channel import begin, bot_world, count, rows, settled

from bot.advice_log import AdviceLog
from bot.advice_log.members import Grant, enrol
from bot.door import Door

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness import Event, Person, TelegramWorld

pytestmark = pytest.mark.telegram


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the record of this module is kept."""
    return tmp_path_factory.mktemp("door") / "advice.db"


@pytest.fixture(scope="module")
def world(db: Path) -> Iterator[TelegramWorld]:
    """Start a bot that lets in only who was invited."""
    with bot_world(db, THINKCHILD_ACCESS="enrolled") as started:
        assert "Nobody is let in yet" in started.bot_log()
        yield started
        assert started.bot_running
        assert "Traceback" not in started.bot_log()


@pytest.fixture
def stranger(world: TelegramWorld, request: pytest.FixtureRequest) -> Person:
    """Return somebody who was never let in."""
    return world.person(f"Stranger {request.node.name}")


def code(db: Path, *roles: str, setting: str = "Oak School", reach: str = "own") -> str:
    """Make an invitation as an admin would, beside the running bot."""
    log = AdviceLog.open(db)
    try:
        return Door(log).invite(Grant(roles or ("practitioner",), setting, reach))[0]
    finally:
        log.close()


def let_in(
    world: TelegramWorld, db: Path, name: str, *roles: str, setting: str = "Oak School", reach: str = "own"
) -> Person:
    """Let somebody in by an invitation."""
    person = world.person(name)
    person.send(code(db, *roles, setting=setting, reach=reach))
    person.expect(contains="You are in")
    for role in ("lead", "admin"):  # each hears what they may do here, and nobody else does
        if role in roles:
            person.expect(contains=f"You are down as a{'n' * (role == 'admin')} {role}", strictly_next=True)
    person.expect(contains="I am Thinkchild", strictly_next=True)
    return person


def advised(world: TelegramWorld, db: Path, person: Person, flow: str = "mark_on_child") -> str:
    """Begin a conversation about something; returns its receipt."""
    begin(person, flow)
    settled(world, db)
    return str(
        rows(db, "SELECT s.receipt FROM sessions s JOIN turns t ON t.session = s.id ORDER BY t.seq DESC LIMIT 1")[0][0]
    )


def test_a_stranger_hears_of_999_and_of_nothing_else(
    stranger: Person, world: TelegramWorld, db: Path, lines: dict[str, str]
) -> None:
    """Whatever a stranger sends, no turn is made of it and no address is kept; 999, the lead and Childline are named."""
    before = [count(db, "sessions"), count(db, "addresses"), count(db, "turns")]
    for text in (
        "/start mark_on_child",
        "a child is not breathing",
        "/exercise",
        "/sessions",
        "/receipt",
        "WRONG-C2DE5",
    ):
        stranger.send(text)
        said = stranger.expect()
        assert said.text.startswith(("In danger: 999", "That code does not work"))
        assert "999" in said.text
        assert not said.buttons
    stranger.upload("photo", b"a picture")
    assert stranger.expect().text == lines["not_enrolled"].strip()
    settled(world, db)
    assert [count(db, "sessions"), count(db, "addresses"), count(db, "turns")] == before


def test_an_invitation_lets_in_by_its_link(stranger: Person, world: TelegramWorld, db: Path) -> None:
    """A tap on the link greets, and from then on all is as ever; for the next person the same link is used up."""
    link = "/start in_" + code(db).replace("-", "")
    stranger.send(link)
    assert "every reading is noted" in stranger.expect(contains="You are in").text
    stranger.expect(buttons=["Seen, heard or told"])
    begin(stranger)
    other = world.person("Too late")
    other.send(link)
    other.expect(contains="That code does not work")


def test_a_lead_reads_their_own_setting_and_it_is_noted(world: TelegramWorld, db: Path) -> None:
    """A lead lists and opens conversations of their setting; each reading is in the record; a practitioner opens none."""
    ours = advised(world, db, let_in(world, db, "Ours"))
    theirs = advised(world, db, let_in(world, db, "Theirs", setting="Elm School"))
    lead = let_in(world, db, "Lead", "practitioner", "lead")
    lead.send("/sessions")
    listed = lead.expect(contains=ours)
    assert theirs not in listed.text
    lead.send(f"/read {ours.lower()}")
    page = lead.expect(document=rf"^receipt-{ours}\.html$")
    assert "That you read it is noted" in page.text
    for refused in (theirs, "ZZZ-ZZZ", "amber anchor"):
        lead.send(f"/read {refused}")
        lead.expect(contains="no receipt with that code that you may read")
    settled(world, db)
    member = rows(db, "SELECT id FROM members WHERE roles LIKE '%lead%' AND setting = 'Oak School'")[-1][0]
    noted = rows(
        db,
        "SELECT action, coalesce((SELECT receipt FROM sessions WHERE id = session), '') FROM reads WHERE reader = ?",
        member,
    )
    assert noted == [("list", ""), ("receipt", ours)]
    nosy = let_in(world, db, "Nosy")
    for text in (f"/read {ours}", "/sessions", "/members", "/invite admin Oak School", f"/shut_out {member}"):
        nosy.send(text)
        nosy.expect(contains="not among those that you may use")


def test_no_lead_reads_about_staff_of_their_own_setting(world: TelegramWorld, db: Path) -> None:
    """What is about a colleague opens to a lead of all settings from elsewhere, and to nobody of the same setting (H17)."""
    receipt = advised(world, db, let_in(world, db, "Worried", setting="Ash School"), "allegation_about_staff")
    same = let_in(world, db, "Same", "lead", setting="Ash School", reach="all")
    elsewhere = let_in(world, db, "Elsewhere", "lead", setting="Council", reach="all")
    same.send("/sessions")
    assert receipt not in same.expect().text
    same.send(f"/read {receipt}")
    same.expect(contains="no receipt with that code that you may read")
    elsewhere.send("/sessions")
    elsewhere.expect(contains=receipt)
    elsewhere.send(f"/read {receipt}")
    elsewhere.expect(document=rf"^receipt-{receipt}\.html$")


def test_an_admin_invites_and_shuts_out_from_the_phone(world: TelegramWorld, db: Path) -> None:
    """An admin makes an invitation, sees who is let in, and shuts somebody out, who is a stranger from then on."""
    admin = let_in(world, db, "Admin", "admin")
    admin.send("/invite")
    admin.expect(contains="/invite practitioner and then")
    admin.send("/invite lead")
    admin.expect(contains="/invite practitioner and then")
    admin.send("/invite practitioner Fir School")
    found = re.search(r"\?start=(in_\w{10})", admin.expect(contains="works once").text)
    assert found is not None
    guest = world.person("Invited")
    guest.send(f"/start {found[1]}")
    guest.expect(contains="You are in")
    event: Event = guest.expect(buttons=["Seen, heard or told"])
    settled(world, db)
    member = rows(db, "SELECT id FROM members WHERE setting = 'Fir School'")[0][0]
    admin.send("/members")
    admin.expect(contains=member)
    log = AdviceLog.open(db)
    with log.transaction():
        for number in range(70):
            enrol(
                log,
                f"person {number}",
                Grant(("practitioner",), "S" * 60, name=f"Person {number}"),
                made_by="console",
                at="2026-11-23T12:00:00Z",
            )
    log.close()
    admin.send("/members")
    listed = ""
    while not all(f"Person {number} " in listed for number in range(70)):
        listed += admin.expect(contains="Person").text + "\n"
    admin.send(f"/shut_out {member}")
    admin.expect(contains="is shut out")
    guest.press("Seen, heard or told", on=event)
    guest.expect(contains="whom the service that runs it has let in")
    admin.send("/sessions")
    admin.expect(contains="not among those that you may use")


def test_a_trainer_by_role_leads_and_a_guest_joins_by_the_code(world: TelegramWorld, db: Path) -> None:
    """Whoever was let in as a trainer starts an exercise; its code is all that a guest needs, and it opens nothing else."""
    trainer = let_in(world, db, "Trainer", "trainer")
    trainer.send("/exercise start ready_explanation")
    found = re.search(r"[A-Z2-9]{4}-[A-Z2-9]{4}", trainer.expect(contains="EXERCISE").text)
    while found is None:
        found = re.search(r"[A-Z2-9]{4}-[A-Z2-9]{4}", trainer.expect().text)
    guest = world.person("Guest at a training day")
    guest.send(f"/join {found[0]} Sam")
    guest.expect(contains="EXERCISE")
    guest.send("999")
    guest.expect(contains="999 now")
    guest.press("Real: leave now")
    guest.expect(contains="In danger: 999. This assistant answers people")
    guest.send("/start mark_on_child")
    guest.expect(contains="whom the service that runs it has let in")
    practitioner = let_in(world, db, "No trainer")
    practitioner.send("/exercise start ready_explanation")
    practitioner.expect(contains="trainer")
    settled(world, db)


def test_too_much_at_once_is_not_taken(tmp_path: Path, lines: dict[str, str]) -> None:
    """Beyond the pace nothing is read, and that is said each time, with 999; a pressed 999 always works."""
    db = tmp_path / "advice.db"
    with bot_world(db, THINKCHILD_PER_MINUTE="1") as world:
        person = world.person("Fast")
        asked = begin(person)
        person.send("one too many")
        person.expect(contains=lines["too_fast"][:40])
        person.press("999", on=asked)
        person.expect(contains="999", buttons=["I have rung 999"])
