"""Reading the record as a member: only what their role and setting allow, and noted in their name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from walking import Clock, Talk

from bot.advice_log import AdviceLog
from bot.advice_log.members import Grant, enrol
from bot.clock import stamp
from bot.door import Door, Rules
from bot.session import Desk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Done

    from bot.library import Library

AT = "2026-11-23T12:00:00Z"
PEOPLE = {
    "oak": Grant(("practitioner",), "Oak School"),
    "elm": Grant(("practitioner",), "Elm School"),
    "oak_lead": Grant(("lead",), "Oak School"),
    "wide": Grant(("lead",), "Council", "all"),
    "admin": Grant(("admin",), "Oak School"),
}


class Installation:
    """A record with two schools, a lead of one, a lead of all, and an admin."""

    def __init__(self, db: Path, content: Library, clock: Clock) -> None:
        self.db = db
        log = AdviceLog.open(db)
        log.keep_content(content.version, "shipped", content.compiled, stamp(clock()))
        desk = Desk(log, content, channel="telegram", door=Door(log, Rules(is_open=False), clock), clock=clock)
        with log.transaction():
            self.members = {
                name: enrol(log, log.person("telegram", name), grant, made_by="console", at=AT).id
                for name, grant in PEOPLE.items()
            }
        self.receipts = {}
        for name, who, flow in (
            ("oak", "oak", "mark_on_child"),
            ("elm", "elm", "new_partner"),
            ("oak staff", "oak", "allegation_about_staff"),
        ):
            talk = Talk(desk, desk.person(who))
            if name == "oak staff":
                talk.say("stop")
            talk.go(flow, "no_sign")
            current = log.current(talk.person.id)
            assert current is not None
            self.receipts[name] = current.receipt
        log.close()

    def reads(self) -> list[tuple[str, str]]:
        """Return who read what, as it is in the record."""
        log = AdviceLog.read(self.db)
        found = log.connection.execute("SELECT reader, action FROM reads ORDER BY seq").fetchall()
        log.close()
        return [tuple(row) for row in found]


@pytest.fixture
def here(tmp_path: Path, content: Library, clock: Clock) -> Installation:
    """Make the installation."""
    return Installation(tmp_path / "advice.db", content, clock)


@pytest.fixture
def log_as(here: Installation, command: Callable[..., Done]) -> Callable[..., Done]:
    """Return a way to give a command about the record as somebody."""

    def give(who: str, name: str, *arguments: str) -> Done:
        given = ("--as", here.members[who].upper()) if who else ()
        return command("log", *given, name, *arguments, "--db", str(here.db))

    return give


@pytest.mark.parametrize(
    ("who", "sees"),
    [("", {"oak", "elm", "oak staff"}), ("oak_lead", {"oak"}), ("wide", {"oak", "elm", "oak staff"})],
)
def test_a_lead_sees_what_they_may(here: Installation, log_as: Callable[..., Done], who: str, sees: set[str]) -> None:
    """Lists, receipts and exports hold the sessions that a lead may read, and no others; what is about staff least of all."""
    listed = log_as(who, "list").out
    assert {name for name, code in here.receipts.items() if code in listed} == sees
    for name, code in here.receipts.items():
        for command in ("show", "receipt"):
            done = log_as(who, command, code)
            assert (done.code == 0) == (name in sees)
            assert name in sees or "no receipt" in done.sentence()
    exported = json.dumps(json.loads(log_as(who, "export").out))
    assert {name for name, code in here.receipts.items() if code in exported} == sees
    reader = here.members[who] if who else "console"
    assert {name for name, _ in here.reads()} == {reader}
    assert len(here.reads()) == 1 + 2 * len(sees) + len(sees), "each reading is noted, and no refusal"


@pytest.mark.parametrize("in_the_middle", [False, True])
@pytest.mark.parametrize("erased", [False, True])
def test_what_is_said_again_of_staff_opens_to_no_lead_of_that_setting(
    here: Installation,
    log_as: Callable[..., Done],
    content: Library,
    clock: Clock,
    *,
    in_the_middle: bool,
    erased: bool,
) -> None:
    """Whoever types the label of a case about staff is told again what was advised: that session is as closed as the first."""
    log = AdviceLog.open(here.db)
    desk = Desk(log, content, channel="telegram", door=Door(log, Rules(is_open=False), clock), clock=clock)
    talk = Talk(desk, desk.person("oak"))
    label = log.current(talk.person.id).label
    talk.say("stop")
    clock.on(hours=26)
    if in_the_middle:
        talk.go("new_partner", "no_sign")
    talk.say(label)
    again = log.current(talk.person.id).receipt
    log.close()
    if erased and not in_the_middle:
        assert log_as("", "erase", "--receipt", here.receipts["oak staff"], "--yes").code == 0
    assert again != here.receipts["oak staff"]
    for code in (again, label):
        assert "no receipt" in log_as("oak_lead", "receipt", code).sentence()
    assert again not in log_as("oak_lead", "list").out
    assert again in log_as("wide", "list").out
    assert log_as("wide", "receipt", again).code == 0


def test_a_case_that_is_not_about_staff_stays_open_to_its_lead(
    here: Installation, log_as: Callable[..., Done], content: Library, clock: Clock
) -> None:
    """Somebody who comes back to a case, and does nothing else, is in the list, and their lead can read what they were told."""
    log = AdviceLog.open(here.db)
    desk = Desk(log, content, channel="telegram", door=Door(log, Rules(is_open=False), clock), clock=clock)
    talk = Talk(desk, desk.person("elm"))
    label = log.current(talk.person.id).label
    talk.say("stop")
    clock.on(hours=26)
    talk.say(label)
    again = log.current(talk.person.id).receipt
    log.close()
    assert again in log_as("wide", "list").out
    assert again not in log_as("oak_lead", "list").out


def test_who_has_read_is_shown_within_the_same_bounds(here: Installation, log_as: Callable[..., Done]) -> None:
    """A lead sees who read the sessions of their setting, not of others."""
    for code in here.receipts.values():
        log_as("", "receipt", code)
    said = log_as("oak_lead", "reads").out
    assert here.receipts["oak"] in said
    assert here.receipts["elm"] not in said
    assert here.receipts["oak staff"] not in said


@pytest.mark.parametrize(
    ("who", "name", "arguments"),
    [
        ("oak", "list", ()),
        ("oak", "verify", ()),
        ("admin", "list", ()),
        ("admin", "export", ()),
        ("oak_lead", "erase", ("--label", "amber anchor", "--yes")),
        ("oak_lead", "retain", ("--older-than", "400d")),
        ("oak_lead", "backup", ("b.db",)),
        ("oak_lead", "decrypt", ()),
        ("wide", "restore", ("b.db",)),
    ],
)
def test_each_command_asks_for_the_role_it_needs(
    log_as: Callable[..., Done], who: str, name: str, arguments: tuple[str, ...]
) -> None:
    """Practitioners read nothing here, admins keep the file but read no advice, leads read but neither erase nor copy."""
    assert "may not do that" in log_as(who, name, *arguments).sentence()


@pytest.mark.parametrize("who", ["oak_lead", "admin"])
def test_nobody_keeps_or_lets_go_of_what_is_about_their_own_staff(
    here: Installation, log_as: Callable[..., Done], who: str
) -> None:
    """Holding, releasing and erasing keep to the same bounds as reading: a hold on a case about a colleague stands (H17)."""
    staff, own = here.receipts["oak staff"], here.receipts["oak"]
    assert log_as("", "hold", staff, "--reason", "inquiry").code == 0
    assert log_as(who, "hold", own, "--reason", "complaint").code == 0
    assert "for somebody else" in log_as(who, "release", staff).sentence()
    assert "for somebody else" in log_as(who, "hold", here.receipts["elm"], "--reason", "x").sentence()
    listed = log_as(who, "holds").out
    assert own in listed
    assert staff not in listed
    assert staff in log_as("", "holds").out
    assert log_as(who, "release", own).code == 0
    if who == "admin":
        assert "for somebody else" in log_as(who, "erase", "--receipt", staff, "--yes").sentence()
        assert "for somebody else" in log_as(who, "erase", own, "--yes").sentence(), (
            "their person has such a session too"
        )
        assert log_as(who, "erase", "--receipt", own, "--yes").code == 0
        assert log_as(who, "retain", "--older-than", "1d", "--yes").code == 0
        left = log_as("", "list").out
        assert staff in left
        assert here.receipts["elm"] in left


def test_nobody_reads_as_somebody_unknown(command: Callable[..., Done], here: Installation) -> None:
    """A member who is none is named, and nothing is shown; the environment can set who reads."""
    assert "no member 'm-none'" in command("log", "--as", "m-none", "list", "--db", str(here.db)).sentence()


def test_the_environment_says_who_reads(
    here: Installation, command: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever gives a lead the command can fix in whose name it reads."""
    monkeypatch.setenv("THINKCHILD_AS", here.members["oak_lead"])
    assert here.receipts["elm"] not in command("log", "list", "--db", str(here.db)).out
    assert here.reads() == [(here.members["oak_lead"], "list")]
