"""Who is let in: invitations, the list, roles, the pace; and what everybody else is told."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from walking import Clock

from bot.access import Action, Reach, Role, may
from bot.advice_log import AdviceLog, verify
from bot.advice_log.members import Grant, code_in, enrol, member_by_id, member_of, members, written
from bot.channels.rest.talking import Sent, Talking
from bot.door import Door, Refusal, Rules, Welcome, invitation_in, link_payload
from bot.events import Do
from bot.session import Desk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Done

    from bot.library import Library

AT = "2026-11-23T12:00:00Z"
PRACTITIONER = Grant(("practitioner",), "Oak School")


@pytest.fixture
def door(log: AdviceLog, clock: Clock) -> Door:
    """Return a door that lets in only who was invited."""
    return Door(log, Rules(is_open=False), clock)


def put_on_list(log: AdviceLog, person: str, *roles: str, setting: str = "Oak School", reach: str = "own") -> str:
    """Let somebody in without a code; returns their number."""
    with log.transaction():
        return enrol(log, person, Grant(roles, setting, reach), made_by="console", at=AT).id


def test_a_stranger_is_turned_away_with_999_and_whom_to_tell(door: Door, library: Library) -> None:
    """Whoever was not let in may not converse, and hears of 999, of the lead, of social care and of Childline."""
    stranger = door.person("stranger")
    assert not may(stranger, Action.CONVERSE)
    assert door.meet(stranger, "a child is not breathing") is Refusal.NOT_ENROLLED
    said = library.lines["not_enrolled"].text
    assert said.startswith("In danger: 999.")
    for word in ("safeguarding lead", "social care", "Childline"):
        assert word in said
    assert library.lines["code_unknown"].text.index("999") < 160


def test_an_open_door_lets_everybody_converse_and_no_more(log: AdviceLog) -> None:
    """Open has to be chosen; then a stranger may converse, and do nothing else."""
    stranger = Door(log, Rules(is_open=True)).person("stranger")
    assert [action for action in Action if may(stranger, action)] == [Action.CONVERSE]
    assert "anybody" in Door(log, Rules(is_open=True)).notice()
    assert "Nobody is let in yet" in Door(log, Rules(is_open=False)).notice()


@pytest.mark.parametrize("form", ["{}", "/enrol {}", "  {} ", "/start in_{bare}", "{lower}"])
def test_an_invitation_lets_in_once(door: Door, form: str) -> None:
    """A code works however it is typed, and by its link; it works once, and for whoever came first."""
    code, _ = door.invite(PRACTITIONER)
    text = form.format(code, bare=code_in(code), lower=code.lower())
    assert door.meet(door.person("first"), text) is Welcome.LET_IN
    first = door.person("first")
    assert may(first, Action.CONVERSE)
    assert (first.setting, first.reach, first.roles) == ("Oak School", Reach.OWN, {Role.PRACTITIONER})
    assert door.meet(first, text) is Welcome.ALREADY_IN, "the same message delivered again"
    assert door.meet(door.person("second"), text) is Refusal.CODE_UNKNOWN
    assert not may(door.person("second"), Action.CONVERSE)


def test_an_invitation_for_several_works_as_often_as_it_says(door: Door) -> None:
    """The code of a staff meeting lets in so many, and then nobody."""
    code, _ = door.invite(PRACTITIONER, uses=2)
    met = [door.meet(door.person(name), code) for name in ("a", "a", "b", "c")]
    assert met == [Welcome.LET_IN, Welcome.ALREADY_IN, Welcome.LET_IN, Refusal.CODE_UNKNOWN]


def test_an_invitation_ends(door: Door, clock: Clock) -> None:
    """After its days an invitation lets nobody in."""
    code, _ = door.invite(PRACTITIONER, days=7)
    clock.now += timedelta(days=7, seconds=1)
    assert door.meet(door.person("late"), code) is Refusal.CODE_UNKNOWN


def test_the_code_stands_nowhere(door: Door, log: AdviceLog) -> None:
    """An invitation is kept as a hash: whoever reads the file cannot use it, and the chain holds who made which."""
    code, _ = door.invite(Grant(("lead",), "Oak School"), made_by="m-1234")
    door.meet(door.person("x"), code)
    held = b"".join(path.read_bytes() for path in log.path.parent.iterdir())
    assert code.encode() not in held
    assert code_in(code).encode() not in held
    rows = log.connection.execute("SELECT change, roles, made_by FROM enrolments ORDER BY seq").fetchall()
    assert rows == [("invited", "lead", "m-1234"), ("enrolled", "lead", "invitation")]
    assert verify(log.connection)[1] is None


def test_words_are_no_code(door: Door, log: AdviceLog) -> None:
    """Ten letters may be an ordinary message: "new partner" reaches the desk of a member, whatever it looks like."""
    put_on_list(log, "member", "practitioner")
    assert code_in("new partner") == "NEWPARTNER"
    assert door.meet(door.person("member"), "new partner") is None


def test_a_member_may_be_given_more_by_another_invitation(door: Door, log: AdviceLog) -> None:
    """A practitioner who is made a lead sends that code, and keeps their number; the next staff code takes nothing away."""
    put_on_list(log, "member", "practitioner")
    before = door.person("member").member
    code, _ = door.invite(Grant(("lead",), "Oak School", "all"))
    assert door.meet(door.person("member"), code) is Welcome.LET_IN
    for _ in range(2):
        after = door.person("member")
        assert (after.member, after.roles, after.reach) == (before, {Role.PRACTITIONER, Role.LEAD}, Reach.ALL)
        assert door.meet(after, door.invite(PRACTITIONER)[0]) is Welcome.ALREADY_IN


def test_whoever_goes_to_another_setting_leaves_their_roles_behind(door: Door, log: AdviceLog) -> None:
    """A lead of one school who uses another school's code is no lead there."""
    put_on_list(log, "lead", "practitioner", "lead", reach="all")
    code, _ = door.invite(Grant(("practitioner",), "Elm School"))
    assert door.meet(door.person("lead"), code) is Welcome.LET_IN
    after = door.person("lead")
    assert (after.roles, after.setting, after.reach) == ({Role.PRACTITIONER}, "Elm School", Reach.OWN)


def test_who_is_shut_out_is_a_stranger_again(door: Door, log: AdviceLog) -> None:
    """Without roles a member may do nothing, also where the door is open; what was done is in the chain."""
    member = put_on_list(log, "gone", "practitioner", "lead")
    with log.transaction():
        enrol(log, "gone", Grant(()), made_by="console", at=AT)
    for one in (door, Door(log, Rules(is_open=True))):
        assert one.person("gone").roles == frozenset()
        assert one.meet(one.person("gone"), "hello") is Refusal.NOT_ENROLLED
    assert member_by_id(log, member.upper()) is not None
    changes = log.connection.execute("SELECT change FROM enrolments WHERE member = ? ORDER BY seq", (member,))
    assert [row[0] for row in changes] == ["enrolled", "shut_out"]


def test_no_name_or_pseudonym_of_a_member_is_in_the_chain(log: AdviceLog) -> None:
    """What cannot be erased holds a member's number, roles and setting; not who they are."""
    with log.transaction():
        enrol(log, "pseudonym-1", Grant(("lead",), "Oak", name="Lead One"), made_by="console", at=AT)
    row = log.connection.execute("SELECT * FROM enrolments").fetchone()
    assert not {"pseudonym-1", "Lead One"} & set(map(str, row))
    found = member_of(log, "pseudonym-1")
    assert found is not None
    assert found.grant.name == "Lead One"
    assert members(log) == [found]


def test_a_pace_that_nobody_types_at_is_refused_and_recovers(log: AdviceLog, clock: Clock) -> None:
    """A minute's worth may come at once; more is not taken until time has passed; others are not held up."""
    door = Door(log, Rules(is_open=True, per_minute=30), clock)
    person = door.person("fast")
    assert [door.meet(person, "x") for _ in range(30)] == [None] * 30
    assert door.meet(person, "x") is Refusal.TOO_FAST
    assert door.meet(door.person("other"), "x") is None
    clock.now += timedelta(seconds=2)
    assert door.meet(person, "x") is None
    assert door.meet(person, "x") is Refusal.TOO_FAST


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 90), st.sampled_from("ab")), max_size=120))
def test_nobody_ever_sends_more_than_the_pace_allows(
    tmp_path_factory: pytest.TempPathFactory, sent: list[tuple[float, str]]
) -> None:
    """Whatever comes when: in no minute does anybody get more than two minutes' worth through."""
    log = AdviceLog.open(tmp_path_factory.mktemp("pace") / "a.db")
    clock = Clock()
    door = Door(log, Rules(is_open=True, per_minute=10), clock)
    taken: list[tuple[float, str]] = []
    begun = clock.now
    for pause, who in sent:
        clock.now += timedelta(seconds=pause)
        if door.meet(door.person(who), "x") is None:
            taken.append(((clock.now - begun).total_seconds(), who))
    log.close()
    for at, who in taken:
        assert sum(1 for other, name in taken if name == who and at <= other < at + 60) <= 20


@given(st.text(max_size=30))
def test_any_text_is_a_code_or_none(text: str) -> None:
    """Nothing typed makes the reading of codes fail."""
    found = invitation_in(text)
    assert found == "" or code_in(written(found)) == found == invitation_in("/start " + link_payload(found))


def test_another_app_is_at_the_same_door(content: Library, log: AdviceLog, clock: Clock) -> None:
    """Over HTTP too a stranger is turned away, and a code greets; the same message again gets the greeting again."""
    door = Door(log, Rules(is_open=False), clock)
    talking = Talking(Desk(log, content, channel="rest", door=door, clock=clock))
    refused = talking.answer(Sent("ann", "a new partner has moved in", "1"))
    assert [item["text"] for item in refused] == [content.lines["not_enrolled"].text]
    assert log.connection.execute("SELECT count(*) FROM turns").fetchone() == (0,)
    code, _ = door.invite(PRACTITIONER)
    greeted = talking.answer(Sent("ann", code, "2"))
    assert greeted[0]["text"] == content.lines["let_in"].text
    assert any(content.lines["greeting"].text[:40] in item.get("text", "") for item in greeted)
    again = talking.answer(Sent("ann", code, "2"))
    assert again[0]["text"] == content.lines["already_in"].text
    assert talking.answer(Sent("ann", "a new partner has moved in", "3"))[-1]["custom"]["flow"] == "new_partner"
    settings_kept = log.connection.execute("SELECT DISTINCT setting FROM owners").fetchall()
    assert settings_kept == [("Oak School",)], "where its owner belonged stands with the session"


def test_the_desk_itself_refuses_who_may_not_converse(content: Library, log: AdviceLog, clock: Clock) -> None:
    """A channel that forgot the door gets nothing out of the desk."""
    desk = Desk(log, content, door=Door(log, Rules(is_open=False), clock), clock=clock)
    with pytest.raises(Exception, match="no access"):
        desk.handle(desk.person("stranger"), Do("begin"), "k")


# --- from the command line ----------------------------------------------------------------------------


def test_people_are_invited_listed_changed_and_shut_out(command: Callable[..., Done], tmp_path: Path) -> None:
    """An admin does all of it with five commands."""
    db = ("--db", str(tmp_path / "advice.db"))

    def give(*arguments: str) -> str:
        done = command("people", *arguments, *db)
        assert (done.code, done.err) == (0, "")
        return done.out

    assert give("list").startswith("Nobody is let in yet")
    out = give("invite", "--role", "lead", "--setting", "Oak School", "--bot", "@OakBot")
    code = out.split()[0]
    assert f"https://t.me/OakBot?start=in_{code_in(code)}" in out
    out = give("allow", "--role", "trainer", "--name", "T1", "4711", "4712")
    first, second = (line.split()[0] for line in out.splitlines())
    assert "practitioner and admin" in give("change", first, "--role", "practitioner", "--role", "admin")
    assert "is shut out" in give("shut-out", second.upper())
    out = give("list")
    assert "shut out" in out
    assert "practitioner and admin" in out
    log = AdviceLog.open(tmp_path / "advice.db")
    door = Door(log, Rules(is_open=False))
    assert door.person(log.person("telegram", "4711")).roles == {Role.PRACTITIONER, Role.ADMIN}
    assert door.person(log.person("telegram", "4712")).roles == frozenset()
    assert door.meet(door.person("new"), code) is Welcome.LET_IN
    log.close()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("invite", "--role", "lead"), "--setting"),
        (("invite", "--role", "admin", "--uses", "2"), "works once"),
        (("invite", "--setting", "x" * 61), "60 characters"),
        (("allow", "@ann"), "not a Telegram number"),
        (("change", "m-none"), "no member 'm-none'"),
        (("shut-out", "m-none"), "no member 'm-none'"),
        (("invite", "--role", "king"), "king"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(
    command: Callable[..., Done], tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    """Bad input ends with exit code 2 and what to do instead."""
    assert says in command("people", *arguments, "--db", str(tmp_path / "advice.db")).sentence()


@pytest.mark.parametrize("by_code", [True, False])
def test_an_invitation_can_be_taken_back(log: AdviceLog, command: Callable[..., Done], *, by_code: bool) -> None:
    """A code that got about lets nobody in any more, others do; who came in stays in; and the record says who took it back."""
    door = Door(log, Rules(is_open=False))  # by the clock that the command goes by
    code, _ = door.invite(PRACTITIONER, uses=30)
    other, _ = door.invite(PRACTITIONER)
    assert door.meet(door.person("early"), code) is Welcome.LET_IN
    listed = command("people", "list", "--db", str(log.path)).out
    number = next(line.split()[0] for line in listed.splitlines() if "for 29 more" in line)
    assert code_in(code) not in listed.replace("-", "")
    done = command("people", "withdraw", code.lower() if by_code else number, "--db", str(log.path))
    assert (done.code, number in done.out) == (0, True)
    assert door.meet(door.person("late"), code) is Refusal.CODE_UNKNOWN
    assert may(door.person("early"), Action.CONVERSE)
    assert door.meet(door.person("other"), other) is Welcome.LET_IN
    assert number not in command("people", "list", "--db", str(log.path)).out
    again = command("people", "withdraw", code, "--db", str(log.path))
    assert "no such invitation" in again.sentence()
    changes = log.connection.execute("SELECT change, made_by FROM enrolments ORDER BY seq").fetchall()
    assert ("withdrawn", "console") in changes
    assert verify(log.connection)[1] is None
