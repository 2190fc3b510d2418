"""The chase: a reminder that asks whether somebody was heard, and climbs the ladder until a named person has."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from walking import Clock, Talk, kinds, offered, texts

from bot.advice_log import AdviceLog, receipt, verify
from bot.advice_log.chases import asked
from bot.chasing import pressed, trail_said
from bot.clock import LONDON, NIGHT, deadline, is_bank_holiday, is_quiet, read, stamp
from bot.events import Chose, Do, Nudged
from bot.library import Library
from bot.models import By
from bot.pages import receipt_text
from bot.session import Desk
from bot.wire import REFUSED, STALE, Pressed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.session import Said

    Begin = Callable[..., Talk]

SETTLED = ("no_sign", "not_soon")
TO_REMINDER = (*SETTLED, "no_worry", "done", "done", "done", "no_needs", "only_me")
"""The answers in `new_partner` that lead to the offer of a reminder, with everything due today."""
BEFORE_CONTACT = ("no_sign", "soon", "no_worry", "done", "done", "done", "no_needs", "only_me")
"""The same, with something due within the hour."""


def due_now(somebody: Talk) -> list[int]:
    """Return the reminders of somebody that are due and have no status."""
    log, now = somebody.desk.log, stamp(somebody.desk.clock())
    return [number for number, due_at, _ in log.reminders(person=somebody.person.id) if due_at <= now]


def waiting(somebody: Talk) -> list[datetime]:
    """Return when the reminders that somebody waits for are due."""
    return [read(due_at) for _, due_at, _ in somebody.desk.log.reminders(person=somebody.person.id)]


def tick(somebody: Talk, status: str = "sent") -> list[int]:
    """Send what is due, as a channel does; returns it."""
    due = due_now(somebody)
    somebody.desk.nudged(due, status)
    return due


def at_the_next(somebody: Talk, clock: Clock) -> int:
    """Let time pass until the next reminder is due, and send it; returns it."""
    (clock.now,) = waiting(somebody)
    (sent,) = tick(somebody)
    return sent


def rows(log: AdviceLog) -> list[tuple[int, int, list[str]]]:
    """Return (series, rung, all that became of it) of each reminder, in order."""
    sql = "SELECT id, coalesce(nullif(series, 0), id), rung FROM reminders ORDER BY id"
    became = "SELECT status FROM reminder_status WHERE reminder = ? ORDER BY id"
    return [
        (series, rung, [row[0] for row in log.connection.execute(became, (one,))])
        for one, series, rung in log.connection.execute(sql).fetchall()
    ]


def chased(talk: Begin, clock: Clock, offer: str = "in_1_hour", who: str = "somebody") -> Talk:
    """Let somebody choose a reminder about something due today, and be sent it."""
    somebody = talk(who, area="demonstration", can_remind=True)
    somebody.go("new_partner", *TO_REMINDER, offer)
    at_the_next(somebody, clock)
    return somebody


# --- setting it ----------------------------------------------------------------------------------------


def test_it_says_how_many_come_when_the_last_and_how_to_stop(talk: Begin) -> None:
    """At noon, with something due today: five at most, the last at five, and what ends them."""
    somebody = talk(area="demonstration", can_remind=True)
    said = somebody.go("new_partner", *TO_REMINDER, "in_1_hour").out["replies"][0]["text"]
    assert "a message at 13:00" in said
    assert "5 messages at most, the last by 17:00" in said
    assert "/stop_reminders" in said
    assert "Saying that you were heard ends it" in said


@pytest.mark.parametrize(
    ("when", "answers", "offer", "most", "last"),
    [
        (datetime(2026, 11, 23, 12, 0, tzinfo=UTC), BEFORE_CONTACT, "in_15_minutes", 4, "13:00"),
        (datetime(2026, 11, 23, 23, 50, tzinfo=UTC), TO_REMINDER, "in_30_minutes", 1, "23:55"),
        (datetime(2026, 11, 23, 22, 0, tzinfo=UTC), TO_REMINDER, "in_30_minutes", 3, "23:45"),
        (datetime(2026, 3, 28, 23, 10, tzinfo=UTC), TO_REMINDER, "in_30_minutes", 2, "23:50"),
    ],
)
def test_there_are_as_many_as_fit_before_the_deadline(
    talk: Begin, clock: Clock, when: datetime, answers: tuple[str, ...], offer: str, most: int, last: str
) -> None:
    """What is due within the hour is asked about every quarter; late in the evening there are fewer, and all are today."""
    clock.now = when
    somebody = talk(area="demonstration", can_remind=True)
    said = somebody.go("new_partner", *answers, offer).out["replies"][0]["text"]
    times = []
    for _ in range(10):
        if not waiting(somebody):
            break
        times += waiting(somebody)
        at_the_next(somebody, clock)
    assert len(times) == most
    assert f"{most} messages at most" in said or (most == 1 and "one message" in said)
    assert times[-1].astimezone(LONDON).strftime("%H:%M") == last
    assert last in said


def test_a_window_that_cannot_remind_keeps_no_chase(talk: Begin, log: AdviceLog) -> None:
    """At a terminal or over HTTP nothing can be pushed: an alarm of one's own is advised, and nothing is kept."""
    talk(area="demonstration").go("new_partner", *TO_REMINDER, "in_1_hour")
    assert rows(log) == []


# --- nobody answers ------------------------------------------------------------------------------------


def test_unanswered_each_comes_a_rung_higher_and_then_no_more(talk: Begin, clock: Clock, log: AdviceLog) -> None:
    """Five messages, an hour apart, on the rungs of the ladder; each is noted as sent, and as unanswered; then it is over."""
    somebody = chased(talk, clock)
    first = clock.now
    for rung in range(1, 5):
        at_the_next(somebody, clock)
        assert clock.now == first + timedelta(hours=rung)
    assert waiting(somebody) == []
    (series,) = {row[0] for row in rows(log)}
    assert rows(log) == [
        *((series, rung, ["sent", "unanswered"]) for rung in range(4)), (series, 4, ["sent"])
    ]  # fmt: skip
    assert verify(log.connection)[1] is None


def test_the_rung_is_named_in_the_chat_with_its_source_and_time_here(talk: Begin, clock: Clock) -> None:
    """Opening the second message names the case, the first rung, how long it may take in this area, and where that comes from."""
    somebody = chased(talk, clock)
    assert "ladder" not in texts(somebody.say(Do("resume")))
    at_the_next(somebody, clock)
    said = somebody.say(Do("resume"))
    (rung,) = [reply for reply in said.out["replies"] if "Worker to worker" in reply["text"]]
    assert "within the same day (invented)" in rung["text"]
    assert "Leave out anyone who may be part of the worry" in rung["text"]
    assert {"g-60", "g-59", "H14"} <= set(rung["sources"])
    assert "tell your safeguarding lead" in texts(said)


def test_an_area_without_times_names_the_rung_all_the_same(talk: Begin, clock: Clock) -> None:
    """Where nobody set a time the rung stands without one."""
    somebody = talk(can_remind=True)
    somebody.go("new_partner", *TO_REMINDER, "in_1_hour")
    at_the_next(somebody, clock)
    said = somebody.say(Nudged(asked(somebody.desk.log, somebody.person.id)[0].id, "not_yet"))
    assert "The next rung of the ladder, Worker to worker: " in texts(said)


# --- somebody answers ----------------------------------------------------------------------------------


def test_not_yet_names_the_next_rung_and_sets_the_next_one_from_now(talk: Begin, clock: Clock, log: AdviceLog) -> None:
    """Not heard climbs at once; the next message comes an hour after the answer, in the place of the one that waited."""
    somebody = chased(talk, clock)
    clock.on(minutes=50)
    somebody.say(Do("resume"))
    said = somebody.choose("not_yet")
    for words in ("ring again now", "Worker to worker", "I ask again at 14:50", "/stop_reminders"):
        assert words in texts(said)
    assert waiting(somebody) == [clock() + timedelta(hours=1)]
    assert [row[1:] for row in rows(log)] == [(0, ["sent", "not heard"]), (1, ["superseded"]), (1, [])]


def test_not_yet_again_and_again_climbs_to_the_top_and_never_ends_in_nothing(talk: Begin, clock: Clock) -> None:
    """Each not yet names the next rung; at the top what is left to do, and that no more will come."""
    somebody = chased(talk, clock)
    for title in ("Worker to worker", "Manager to manager", "Senior managers", "The safeguarding partnership"):
        somebody.say(Do("resume"))
        said = somebody.choose("not_yet")
        assert title in texts(said)
        at_the_next(somebody, clock)
    somebody.say(Do("resume"))
    said = somebody.choose("not_yet")
    assert "There is no higher rung here, and that is not the end of it" in texts(said)
    assert "No more messages will come from me" in texts(said)
    assert "set an alarm of your own" in texts(said)
    assert waiting(somebody) == []


def test_yes_ends_it_only_with_who_keeps_the_child_safe_tonight(talk: Begin, clock: Clock, log: AdviceLog) -> None:
    """Heard is half of it: then who acts and who keeps the child safe; with both the chase ends, and the case says so."""
    somebody = chased(talk, clock)
    somebody.say(Do("resume"))
    said = somebody.choose("heard")
    assert said.out["step"] == "who_tonight/which"
    assert len(waiting(somebody)) == 1
    said = somebody.choose("said_who")
    assert "No more messages come about" in texts(said)
    assert waiting(somebody) == []
    assert [row[1:] for row in rows(log)] == [(0, ["sent", "answered"]), (1, ["answered"])]
    label = log.current(somebody.person.id).label
    somebody.say(Do("stop"))
    clock.on(hours=30)
    again = somebody.say(label)
    assert "You told me on 23 Nov 2026 13:00 that a named person had heard you, of: tell the" not in texts(again)
    assert "that a named person had heard you, of: tell your safeguarding lead" in texts(again)
    assert "You have not told me" not in texts(again)


def test_heard_but_nobody_said_who_is_not_yet(talk: Begin, clock: Clock, log: AdviceLog) -> None:
    """Whoever does not know who keeps the child safe tonight is not finished (H13): the next rung, and the next message."""
    somebody = chased(talk, clock)
    somebody.say(Do("resume"))
    said = somebody.choose("heard", "not_said")
    assert "Worker to worker" in texts(said)
    assert rows(log)[0][2] == ["sent", "not heard"]
    assert len(waiting(somebody)) == 1


def test_stop_these_stops_them(talk: Begin, clock: Clock, log: AdviceLog) -> None:
    """Rather no more of them: the series ends, and what was advised stays."""
    somebody = chased(talk, clock)
    somebody.say(Do("resume"))
    assert "No more reminders" in texts(somebody.choose("stop_chase"))
    assert waiting(somebody) == []
    assert [row[2] for row in rows(log)] == [["sent", "stopped"], ["stopped"]]


def test_the_command_stops_what_waits_and_what_was_asked(talk: Begin, clock: Clock, log: AdviceLog) -> None:
    """After /stop_reminders nothing comes, and nobody is asked about what had come."""
    somebody = chased(talk, clock)
    assert "No more reminders" in somebody.desk.stop_reminders(somebody.person)
    assert [row[2] for row in rows(log)] == [["sent", "stopped"], ["stopped"]]
    assert "named person" not in texts(somebody.say(Do("resume")))
    assert "No reminder was waiting" in somebody.desk.stop_reminders(somebody.person)


@pytest.mark.parametrize("words", ["resume", "start", "yes", "done"])
def test_opening_the_chat_with_words_asks_the_question(talk: Begin, clock: Clock, words: str) -> None:
    """Whatever somebody writes who comes from a reminder, with nothing else open, they are asked in full: nothing is guessed."""
    somebody = chased(talk, clock)
    said = somebody.say(words)
    assert said.out["step"] == "were_you_heard/which"
    assert offered(said) == ["heard", "not_yet", "stop_chase"]
    assert len(waiting(somebody)) == 1


def test_words_of_danger_are_danger_and_the_question_is_not_pushed_before_them(talk: Begin, clock: Clock) -> None:
    """Danger typed after a reminder is the 999 card; while it stands a tap on the reminder shows it again and settles nothing."""
    somebody = chased(talk, clock)
    assert kinds(somebody.say("he is not breathing"))[0] == "danger"
    (one,) = asked(somebody.desk.log, somebody.person.id)
    said = somebody.say(Nudged(one.id, "stop_chase"))
    assert kinds(said)[-1] == "danger"
    assert len(waiting(somebody)) == 1


def test_the_open_question_of_another_case_comes_back_danger_first(talk: Begin, clock: Clock, log: AdviceLog) -> None:
    """A reminder answered in the middle of another conversation changes nothing there: danger once more, then the same question."""
    somebody = chased(talk, clock)
    somebody.say(Do("stop"))
    before = somebody.go("mark_on_child", *SETTLED)
    (one,) = asked(log, somebody.person.id)
    said = somebody.say(Nudged(one.id, "not_yet"))
    assert one.label in texts(said)
    assert said.out["session"] == before.out["session"]
    assert said.out["step"] == "danger_check/signs"
    said = somebody.choose(*SETTLED)
    assert said.out["replies"][-1] == before.out["replies"][-1]
    assert receipt(log, one.receipt).session != before.out["session"]


def test_a_reminder_that_was_sent_disturbs_nothing(talk: Begin, clock: Clock, log: AdviceLog) -> None:
    """Until it is answered a reminder adds no turn: the buttons of an open question still work."""
    somebody = talk(area="demonstration", can_remind=True)
    somebody.go("new_partner", *TO_REMINDER, "in_1_hour")
    before = somebody.go("mark_on_child", *SETTLED)
    turns = log.connection.execute("SELECT count(*) FROM turns").fetchone()
    at_the_next(somebody, clock)
    assert log.connection.execute("SELECT count(*) FROM turns").fetchone() == turns
    assert log.current(somebody.person.id).session == before.out["session"]
    assert somebody.choose("not_mobile").out["urgency"] == "now"


def test_an_answer_to_one_that_was_asked_again_since_counts_for_its_series(
    talk: Begin, clock: Clock, log: AdviceLog
) -> None:
    """Somebody who left the question open and answers it after the next message came ends the chase all the same."""
    somebody = chased(talk, clock)
    somebody.say(Do("resume"))
    at_the_next(somebody, clock)
    somebody.choose("heard", "said_who")
    assert waiting(somebody) == []
    assert [row[2][-1] for row in rows(log)] == ["unanswered", "answered", "answered"]


def test_two_cases_are_asked_about_one_after_the_other(talk: Begin, clock: Clock, log: AdviceLog) -> None:
    """Reminders of two cases do not mix: each answer counts for the case that was named."""
    somebody = talk(area="demonstration", can_remind=True)
    labels = []
    for _ in range(2):
        somebody.go("new_partner", *TO_REMINDER, "in_1_hour")
        labels.append(log.current(somebody.person.id).label)
        somebody.say(Do("stop"))
    clock.on(hours=1)
    assert len(tick(somebody)) == 2
    said = somebody.say(Do("begin"))
    assert labels[0] in texts(said)
    assert labels[1] not in texts(said)
    said = somebody.choose("heard", "said_who")
    assert f"No more messages come about {labels[0]}" in texts(said)
    assert f"This is about {labels[1]}" in texts(said)
    assert said.out["step"] == "were_you_heard/which"
    somebody.choose("not_yet")
    assert [row[2] for row in rows(log)][:2] == [["sent", "answered"], ["sent", "not heard"]]


def test_a_tap_on_the_second_of_two_counts_for_the_second(talk: Begin, clock: Clock, log: AdviceLog) -> None:
    """Where two cases wait, an answer to one leaves the other as it is, whichever is older; then that one is asked about."""
    somebody = talk(area="demonstration", can_remind=True)
    for _ in range(2):
        somebody.go("new_partner", *TO_REMINDER, "in_1_hour")
        somebody.say(Do("stop"))
    clock.on(hours=1)
    tick(somebody)
    first, second = asked(log, somebody.person.id)
    said = somebody.say(Nudged(second.id, "stop_chase"))
    assert [row[2][-1:] for row in rows(log) if row[0] == second.id] == [["stopped"], ["stopped"]]
    assert [row[2] for row in rows(log) if row[0] == first.id] == [["sent"], []]
    assert f"This is about {first.label}" in texts(said)


# --- buttons on the message ----------------------------------------------------------------------------


def test_the_message_itself_says_nothing_about_anybody(talk: Begin) -> None:
    """The words and answers on a locked screen name no child, case, setting or danger."""
    somebody = talk(can_remind=True)
    (reply,) = somebody.desk.nudge()["replies"]
    words = " ".join([reply["text"], *(option["label"] for option in reply["options"])]).lower()
    for giving in ("child", "safe", "social", "lead", "999", "heard", "case", "concern", "police", "school", "family"):
        assert giving not in words
    assert [option["label"] for option in reply["options"]] == ["Yes", "Not yet", "Stop these"]


def test_a_button_works_for_its_owner_until_it_was_answered(talk: Begin, clock: Clock, log: AdviceLog) -> None:
    """Before it was sent, for another person, out of range or not ours at all it is refused; answered, it is stale."""
    somebody, other = talk(area="demonstration", can_remind=True), talk("other", can_remind=True)
    somebody.go("new_partner", *TO_REMINDER, "in_1_hour")
    library = somebody.desk.library
    ((number, _, _),) = log.reminders()
    assert pressed(log, library, f"chase-{number}:o0", somebody.person) == REFUSED
    at_the_next(somebody, clock)
    assert pressed(log, library, f"chase-{number}:o0", other.person) == REFUSED
    for data in (
        f"chase-{number}:o3",
        f"chase-{number}:back",
        f"chase-0{number}x:o0",
        "chase-:o0",
        f"chase-{number + 50}:o0",
    ):
        assert pressed(log, library, data, somebody.person) == REFUSED
    assert pressed(log, library, "abcdefghijkl:o0", somebody.person) is None
    found = pressed(log, library, f"chase-{number}:o1", somebody.person)
    assert isinstance(found, Pressed)
    somebody.say(found.event)
    assert pressed(log, library, f"chase-{number}:o1", somebody.person) == STALE
    turn = somebody.say(found.event)
    assert "That is settled" in texts(turn)
    assert Counter(status for row in rows(log) for status in row[2])["not heard"] == 1


# --- what ends or moves it -----------------------------------------------------------------------------


def test_withdrawn_advice_ends_its_chase_also_when_it_was_asked_already(
    talk: Begin, clock: Clock, log: AdviceLog
) -> None:
    """When the answer that led to it is changed nothing more comes, and nobody is asked about it."""
    somebody = chased(talk, clock)
    somebody.say(Do("change", "phone"))
    somebody.choose("others")
    assert waiting(somebody) == []
    assert [row[2][-1] for row in rows(log)] == ["superseded", "superseded"]
    assert "named person" not in texts(somebody.say(Do("resume")))


def test_a_new_reminder_at_the_same_step_takes_over(talk: Begin, clock: Clock, log: AdviceLog) -> None:
    """Chosen anew the chase begins anew, and the old one is over."""
    somebody = chased(talk, clock)
    somebody.say(Do("change", "reminder"))
    somebody.choose("in_30_minutes")
    assert waiting(somebody) == [clock() + timedelta(minutes=30)]
    assert [row[2][-1:] for row in rows(log)] == [["superseded"], ["superseded"], []]
    assert rows(log)[-1][1] == 0


@pytest.mark.parametrize("status", ["blocked", "failed"])
def test_whoever_cannot_be_reached_is_not_chased_further(
    talk: Begin, clock: Clock, log: AdviceLog, status: str
) -> None:
    """Somebody who blocked us gets no further message; that it could not be sent is on record."""
    somebody = talk(area="demonstration", can_remind=True)
    somebody.go("new_partner", *TO_REMINDER, "in_1_hour")
    (clock.now,) = waiting(somebody)
    tick(somebody, status)
    assert [row[1:] for row in rows(log)] == [(0, [status])]
    assert waiting(somebody) == []


def test_a_reminder_noted_twice_is_noted_once(talk: Begin, clock: Clock, log: AdviceLog) -> None:
    """Sent again after a crash it is still one reminder, sent once, with one that follows."""
    somebody = chased(talk, clock)
    before = rows(log)
    somebody.desk.nudged([row[0] for row in before], "sent")
    assert rows(log) == before


def test_after_a_restart_each_that_is_due_comes_once(
    talk: Begin, clock: Clock, content: Library, log: AdviceLog
) -> None:
    """Two processes, one after the other, on the same record: what was due while nothing ran is sent once, late rather than never."""
    somebody = talk(area="demonstration", can_remind=True)
    somebody.go("new_partner", *TO_REMINDER, "in_1_hour")
    clock.on(hours=3)
    other = AdviceLog.open(log.path)
    again = Talk(Desk(other, content, area="demonstration", can_remind=True, clock=clock), somebody.person)
    due = due_now(again)
    assert len(due) == 1
    again.desk.nudged(due, "sent")
    somebody.desk.nudged(due, "sent")
    assert due_now(somebody) == []
    assert [row[2] for row in rows(log)] == [["sent"], []]
    assert waiting(somebody) == [clock() + timedelta(hours=1)]
    other.close()


def test_what_came_too_late_is_asked_once_and_not_again(talk: Begin, clock: Clock, log: AdviceLog) -> None:
    """After a night without the program a reminder for yesterday still comes; there is nothing left to follow before its deadline."""
    somebody = talk(area="demonstration", can_remind=True)
    somebody.go("new_partner", *TO_REMINDER, "in_1_hour")
    clock.on(hours=20)
    tick(somebody)
    assert [row[1:] for row in rows(log)] == [(0, ["sent"])]
    assert "named person" in texts(somebody.say(Do("resume")))


def test_an_erased_person_is_sent_nothing(talk: Begin, clock: Clock, log: AdviceLog) -> None:
    """Once it is no longer known whose a session was, none of its reminders is due for anybody."""
    somebody = talk(area="demonstration", can_remind=True)
    somebody.go("new_partner", *TO_REMINDER, "in_1_hour")
    log.remember_address(somebody.person.id, "telegram", "1")
    clock.on(hours=1)
    assert len(log.due("telegram", stamp(clock()))) == 1
    log.connection.execute("DELETE FROM owners")
    assert log.due("telegram", stamp(clock())) == []
    assert pressed(log, somebody.desk.library, "chase-1:o0", somebody.person) == REFUSED


def test_the_receipt_tells_the_whole_trail(talk: Begin, clock: Clock, log: AdviceLog) -> None:
    """When each was due, at which rung, and what became of it stands on the receipt, in London time."""
    somebody = chased(talk, clock)
    somebody.say(Do("resume"))
    somebody.choose("not_yet")
    code = log.current(somebody.person.id).receipt
    trail = trail_said(log, log.current(somebody.person.id).session)
    assert trail[0] == "Reminder for 23 Nov 2026 13:00: sent 23 Nov 2026 13:00; not heard 23 Nov 2026 13:00."
    assert trail[-1] == "Reminder for 23 Nov 2026 14:00, rung 1 of the ladder: waiting."
    assert all(entry in receipt_text(log, code) for entry in trail)


def test_a_session_of_older_content_can_be_asked(talk: Begin, clock: Clock, log: AdviceLog, content: Library) -> None:
    """A conversation that goes on with content from before there was this question is asked it all the same."""
    ours = ("what_has_changed", "were_you_heard", "who_tonight")
    blocks = tuple(block for block in content.content.blocks if block.id not in ours)
    old = Library(content.content.model_copy(update={"blocks": blocks}))
    log.keep_content(old.version, "older", old.compiled, stamp(clock()))
    desk = Desk(log, old, area="demonstration", can_remind=True, clock=clock)
    Talk(desk, desk.person("somebody")).go("new_partner", *TO_REMINDER, "in_1_hour")
    somebody = talk(area="demonstration", can_remind=True)
    at_the_next(somebody, clock)
    said = somebody.say(Do("resume"))
    assert said.out["step"] == "were_you_heard/which"
    assert said.out["content_version"] == old.version


# --- times of every kind -------------------------------------------------------------------------------

AROUND = [
    datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2027, 3, 27, 12, tzinfo=UTC),
    datetime(2026, 11, 20, 12, tzinfo=UTC), datetime(2026, 12, 24, 12, tzinfo=UTC), datetime(2027, 3, 25, 12, tzinfo=UTC),
]  # fmt: skip
"""Noons before both changes of the clocks, a weekend, Christmas and Easter."""
MOMENTS = st.builds(
    lambda day, seconds: day + timedelta(seconds=seconds), st.sampled_from(AROUND), st.integers(0, 40 * 3600)
)
STEPS = st.lists(
    st.sampled_from(["tick", "late", "resume", "heard", "said_who", "not_said", "not_yet", "restart"]), max_size=24
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(when=MOMENTS, steps=STEPS, answers=st.sampled_from([TO_REMINDER, BEFORE_CONTACT]), place=st.integers(0, 2))
def test_whenever_it_is_set_and_whatever_comes_the_promises_hold(
    content: Library,
    tmp_path_factory: pytest.TempPathFactory,
    when: datetime,
    steps: list[str],
    answers: tuple[str, ...],
    place: int,
) -> None:
    """In any order of answers, delays and restarts: before the deadline, never two at once, never more than was said, each sent once."""
    path: Path = tmp_path_factory.mktemp("chase") / "advice.db"
    clock = Clock(when)
    log = AdviceLog.open(path)
    log.keep_content(content.version, "shipped", content.compiled, stamp(when))
    somebody = _talking(log, content, clock)
    choices = offered(somebody.go("new_partner", *answers))[:-1]
    said: Said = somebody.choose(choices[place % len(choices)])
    set_at = read(stamp(clock()))
    by = By.BEFORE_CONTACT if answers is BEFORE_CONTACT else By.TODAY
    most = (
        int(said.out["replies"][0]["text"].partition(" messages at most")[0].rsplit(" ", 1)[-1])
        if "at most" in texts(said)
        else 1
    )
    for step in steps:
        if step in {"tick", "late"} and waiting(somebody):
            clock.now = max(clock.now, waiting(somebody)[0]) + timedelta(minutes=7 if step == "late" else 0)
            tick(somebody)
        elif step == "restart":
            log.close()
            log = AdviceLog.open(path)
            somebody = _talking(log, content, clock)
        elif step == "resume":
            somebody.say(Do("resume"))
        else:
            somebody.say(Chose((step,)))
        assert len(waiting(somebody)) <= 1
    for (due_at,) in log.connection.execute("SELECT due_at FROM reminders"):
        assert set_at - timedelta(minutes=1) < read(due_at) < deadline(by, set_at)
    sent = Counter(
        row[0] for row in log.connection.execute("SELECT reminder FROM reminder_status WHERE status = 'sent'")
    )
    assert all(times == 1 for times in sent.values())
    assert len(sent) <= most
    assert verify(log.connection)[1] is None
    log.close()


def _talking(log: AdviceLog, content: Library, clock: Clock) -> Talk:
    desk = Desk(log, content, area="demonstration", can_remind=True, clock=clock)
    return Talk(desk, desk.person("somebody"))


def test_what_can_wait_climbs_by_the_times_of_the_area(talk: Begin, clock: Clock, log: AdviceLog) -> None:
    """A referral that can wait until the next working day is chased in working mornings, as far apart as the area's rungs are."""
    clock.now = datetime(2026, 12, 23, 15, 0, tzinfo=UTC)
    somebody = talk(area="demonstration", can_remind=True)
    somebody.go("new_partner", *TO_REMINDER, "in_1_hour")
    turn, session = log.connection.execute("SELECT turn, session FROM reminders").fetchone()
    somebody.desk.stop_reminders(somebody.person)
    with log.transaction():
        log.add_reminder(turn, session, step="x", due_at="2026-12-24T09:00:00Z", by="one_working_day")
    times = []
    while waiting(somebody):
        at_the_next(somebody, clock)
        times.append(clock.now.astimezone(LONDON))
    assert [f"{at:%a %-d %b %H:%M}" for at in times] == [
        "Thu 24 Dec 09:00",  # asks
        "Tue 29 Dec 09:00",  # worker to worker: Christmas, Boxing Day, a weekend and its substitute lie between
        "Tue 29 Dec 11:00",  # manager to manager: the first rung may take the same day
        "Wed 30 Dec 09:00",  # senior managers: one working day
        "Tue 5 Jan 09:00",  # the partnership: three, with New Year between
    ]
    for at in times:
        assert not is_quiet(at, NIGHT)
        assert not is_bank_holiday(at.date())
