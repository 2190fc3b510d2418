"""Where the engine meets the world: keys, typed words, silence, versions, reminders, and what is never kept."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from walking import Talk, actions_said, kinds, offered, texts

from bot.access import Person
from bot.advice_log import AdviceLog, export_rows, receipt, verify
from bot.clock import LONDON, read, stamp
from bot.errors import SetupError, ThinkchildError
from bot.events import Alarmed, Chose, Do, Marked, Open, WroteAs
from bot.library import Library
from bot.models import Evidence, Mark
from bot.reading import content_root
from bot.session import Desk
from bot.startup import open_library
from bot.state import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from walking import Clock

    from bot.events import Event
    from bot.session import Said

    Begin = Callable[..., Talk]

SETTLED = ("no_sign", "not_soon")
TO_REMINDER = (*SETTLED, "no_worry", "done", "done", "done", "no_needs", "only_me")
"""The answers in `new_partner` that lead to the offer of a reminder, with everything due today."""
BEFORE_CONTACT = ("no_sign", "soon", "no_worry", "done", "done", "done", "no_needs", "only_me")
"""The same, with something due within the hour."""
MARKER = "zyxwvutmarker"


def steps_kept(log: AdviceLog) -> list[str]:
    """Return the steps of all advice on record, oldest first."""
    return [row["step"] for row in export_rows(log)]


def asked(said: Said) -> str:
    """Return the step that is asked, without its flow."""
    return said.out["step"].split("/", 1)[-1]


# --- keys ----------------------------------------------------------------------------------------------


def test_the_same_key_gives_the_same_answer_and_is_kept_once(talk: Begin, log: AdviceLog) -> None:
    """A repeated event is answered word for word as the first time, and adds nothing to the record."""
    somebody = talk()
    first = somebody.say(Open("mark_on_child"), key="update-1")
    rows = verify(log.connection)[0]
    again = somebody.say(Open("mark_on_child"), key="update-1")
    assert again.out == first.out
    assert (again.outbox, again.nonce) == (first.outbox, first.nonce)
    assert (first.repeated, again.repeated) == (False, True)
    assert verify(log.connection) == (rows, None)


def test_the_same_key_wins_over_another_event(talk: Begin) -> None:
    """What counts is the key: an event that comes under a key already handled changes nothing."""
    somebody = talk()
    first = somebody.say(Open("mark_on_child"), key="update-1")
    assert somebody.say(Do("stop"), key="update-1").out == first.out
    assert asked(somebody.choose("no_sign")) == "danger_check/before_contact"


def test_a_repeated_key_is_answered_the_same_by_another_process(talk: Begin, log: AdviceLog, library: Library) -> None:
    """The answer is found in the record, so a program that was started anew gives it as well."""
    somebody = talk()
    first = somebody.say(Open("new_partner"), key="update-1")
    reopened = AdviceLog.open(log.path)
    other = Desk(reopened, library)
    assert other.handle(other.person("somebody"), Open("new_partner"), "update-1").out == first.out
    reopened.close()


def test_starting_afresh_twice_with_one_key_answers_the_same(talk: Begin, clock: Clock) -> None:
    """A turn that ends one session and begins another is answered the same when it is repeated."""
    somebody = talk()
    somebody.go("mark_on_child", *SETTLED)
    clock.on(hours=13)
    somebody.say("hello")
    first = somebody.say(Chose(("afresh",)), key="update-9")
    assert somebody.say(Chose(("afresh",)), key="update-9").out == first.out


# --- typed words ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "flow"),
    [
        ("I've seen a mark on a child", "mark_on_child"),
        ("the family won't engage", "family_wont_engage"),
        ("there's a new partner in the house", "new_partner"),
        ("can I share this information?", "information_sharing"),
        ("social care say no further action and I disagree", "professional_disagreement"),
    ],
)
def test_words_that_clearly_mean_a_flow_open_it(talk: Begin, words: str, flow: str) -> None:
    """What people say of the five situations opens the flow for it, danger first."""
    said = talk().say(words)
    assert said.out["flow"] == flow
    assert asked(said) == "danger_check/signs"


@pytest.mark.parametrize("words", ["2", "not_sure", "I'm not sure", "not sure", "Option 2", "I'M NOT SURE"])
def test_an_answer_can_be_said_by_number_or_in_words(talk: Begin, words: str) -> None:
    """The number, the id, the label or the short form of an option choose it."""
    somebody = talk()
    somebody.go("mark_on_child")
    assert asked(somebody.say(words)) == "danger_check/look"


@pytest.mark.parametrize("words", ["no", "fine", "she's safe", "none", "ok", "7", "0", "", "   ", "🙂", "\x00"])
def test_words_that_might_mean_no_danger_are_never_guessed(talk: Begin, words: str) -> None:
    """Nothing but the very words of the answer says that there is no danger; the question is asked again."""
    somebody = talk()
    somebody.go("mark_on_child")
    said = somebody.say(words)
    assert asked(said) == "danger_check/signs"
    assert offered(said) == ["yes_now", "not_sure", "no_sign"]
    assert not somebody.desk.log.current(somebody.person.id).stopped


@pytest.mark.parametrize(
    ("words", "step"),
    [
        ("why", "mobile"),
        ("Why?", "mobile"),
        ("help", "mobile"),
        ("/help", "mobile"),
        ("back", "danger_check/before_contact"),
        ("menu", "menu"),
        ("/menu", "menu"),
        ("change", "which_answer"),
        ("start", "danger_check/signs"),
        ("999", "emergency/card"),
        ("danger", "emergency/card"),
        ("resume", "danger_check/signs"),
    ],
)
def test_command_words_are_commands(talk: Begin, words: str, step: str) -> None:
    """A command can be typed at every step, with or without a slash."""
    somebody = talk()
    somebody.go("mark_on_child", *SETTLED)
    assert somebody.say(words).out["step"].endswith(step)


@pytest.mark.parametrize(
    "words", ["he's not breathing", "she has stopped breathing!!", "HE IS NOT BREATHING", "he has a knife"]
)
def test_danger_typed_in_the_middle_shows_the_card_and_the_question_waits(talk: Begin, words: str) -> None:
    """Danger typed at any question shows the 999 card; then the same question is asked."""
    somebody = talk()
    before = somebody.go("mark_on_child", *SETTLED)
    said = somebody.say(words)
    assert said.out["decision"] == "danger"
    assert kinds(said) == ["danger"]
    after = somebody.choose("rung_999")
    assert after.out["replies"][-1] == before.out["replies"][-1]


@pytest.mark.parametrize(
    "words", ["the family won't engage", "I've seen a mark on a child", "hello", "menu", "start", "why", "NFA"]
)
@pytest.mark.parametrize("begun", [False, True])
def test_words_do_not_push_an_alarm_aside(talk: Begin, words: str, begun: bool) -> None:
    """While the 999 card stands, words about anything else are answered with the card."""
    somebody = talk()
    if begun:
        somebody.go("mark_on_child")
    somebody.say("he's not breathing")
    said = somebody.say(words)
    assert kinds(said)[-1] == "danger"
    assert offered(said) == ["rung_999", "not_emergency"]


def test_danger_and_a_flow_in_one_message_lead_into_the_flow_after_999(talk: Begin) -> None:
    """A message that means danger and a flow shows the card first, then opens the flow with what comes next."""
    somebody = talk()
    assert kinds(somebody.say("I've seen a mark on a child and she is not breathing")) == ["danger"]
    said = somebody.choose("rung_999")
    assert said.out["flow"] == "mark_on_child"
    assert actions_said(said)["ring_social_care"] == "now"


def test_another_situation_in_the_middle_is_asked_about_not_opened(talk: Begin) -> None:
    """Words about another flow in the middle of one ask which is meant, and none of these leads to the menu."""
    somebody = talk()
    somebody.go("mark_on_child", *SETTLED)
    said = somebody.say("social care say no further action and I disagree")
    assert offered(said) == ["professional_disagreement", "menu"]
    said = somebody.choose("professional_disagreement")
    assert said.out["flow"] == "professional_disagreement"
    assert asked(said) == "danger_check/signs"


def test_words_about_nothing_we_know_get_the_safe_line_and_the_menu(talk: Begin) -> None:
    """What no flow covers is never guessed at: whom to tell today, 999, and the list."""
    said = talk().say("what is the capital of Peru")
    assert said.out["decision"] == "unknown"
    assert "999" in texts(said)
    assert "safeguarding lead, or someone senior" in texts(said)
    assert said.out["flow"] is None
    assert said.out["receipt"] is None


@pytest.mark.parametrize(
    ("words", "card"),
    [("my dad hits me and I'm scared", "for_a_child"), ("I'm worried about my own child", "for_a_parent")],
)
def test_a_child_or_a_parent_typing_is_recognised(talk: Begin, words: str, card: str) -> None:
    """A child or a parent who types is told where a person can be found, not taken through a flow (H24)."""
    said = talk().say(words)
    assert said.out["step"] == f"{card}/card"
    assert "999" in texts(said)


def test_a_name_or_number_is_answered_with_the_guard_and_not_repeated(talk: Begin, log: AdviceLog) -> None:
    """Words that could identify somebody are pointed out, not repeated, and understood all the same."""
    said = talk().say("I've seen a mark on a child, her name is Jessamine Arkwright, 07700 900123")
    assert said.guarded
    assert "could identify" in said.out["replies"][0]["text"]
    assert said.out["flow"] == "mark_on_child"
    everything = "".join(str(row) for row in export_rows(log)) + texts(said)
    assert "Jessamine" not in everything
    assert "900123" not in everything


def test_a_very_long_text_is_answered(talk: Begin) -> None:
    """A text too long to read is said to be so, with 999; danger near its start is still seen."""
    said = talk().say("blah " * 2000)
    assert "too long" in texts(said)
    assert "999" in texts(said)
    assert kinds(talk("other").say("he is not breathing. " + "blah " * 2000)) == ["danger"]


def test_words_that_are_no_answer_leave_the_question_open(talk: Begin) -> None:
    """Words between two tries at an answer leave the answer open: asked again, then the menu, and tapping goes on."""
    somebody = talk(area="demonstration")
    somebody.go("new_partner", *SETTLED)
    assert asked(somebody.say("hmm")) == "known"
    lost = somebody.say("wibble wobble")
    assert lost.out["step"] == "menu"
    assert "01632 960001" in texts(lost)
    assert "safeguarding lead" in texts(lost)
    assert offered(lost)[0] == "carry_on"
    assert asked(somebody.say("carry on")) == "known"
    assert "tell_lead" in actions_said(somebody.choose("no_worry"))


# --- label and receipt ---------------------------------------------------------------------------------


def test_label_and_receipt_come_after_the_first_answer(talk: Begin, log: AdviceLog) -> None:
    """After the first answer, once, the case is given a label and a receipt, so that no name is needed."""
    somebody = talk()
    opened = somebody.go("mark_on_child")
    assert "your receipt is" not in texts(opened)
    said = somebody.choose("no_sign")
    current = log.current(somebody.person.id)
    assert f"I'll call this case {current.label}; your receipt is {current.receipt}" in texts(said)
    assert said.out["receipt"] == current.receipt
    assert "your receipt is" not in texts(somebody.choose("not_soon"))
    somebody.say(Do("back"))
    assert "your receipt is" not in texts(somebody.choose("not_soon"))


def test_label_and_receipt_come_after_an_alarm_as_well(talk: Begin) -> None:
    """Whoever rang 999 first is given label and receipt with what comes next."""
    somebody = talk()
    somebody.say(Alarmed("mark_on_child"))
    assert "your receipt is" in texts(somebody.choose("rung_999"))


def test_a_label_typed_in_a_new_session_shows_what_was_advised(talk: Begin, log: AdviceLog) -> None:
    """The label of an earlier case, typed later, says when it was, the receipt, and what was advised."""
    somebody = talk()
    somebody.go("mark_on_child", *SETTLED, "not_mobile")
    earlier = log.current(somebody.person.id)
    somebody.say(Do("stop"))
    said = somebody.say(earlier.label.upper())
    assert said.out["session"] != earlier.session
    assert earlier.receipt in texts(said)
    assert "children's social care (before they leave" in texts(said)
    assert "999" in texts(said)


def test_nobody_sees_another_persons_case_by_its_label(talk: Begin, log: AdviceLog) -> None:
    """A label means something only to whoever was given it."""
    first, second = talk("first"), talk("second")
    first.go("mark_on_child", *SETTLED, "not_mobile")
    current = log.current(first.person.id)
    said = second.say(current.label)
    assert current.receipt not in texts(said)
    assert "social care (before" not in texts(said)


def test_two_people_have_sessions_of_their_own(talk: Begin) -> None:
    """What one person answers is never seen or changed by another, nor by the same id on another channel."""
    first, second = talk("first"), talk("second")
    first.go("mark_on_child", *SETTLED)
    second.go("new_partner")
    assert asked(first.say("what was that")) == "mobile"
    assert asked(second.say("what was that")) == "danger_check/signs"
    other_channel = Desk(first.desk.log, first.desk.library, channel="telegram")
    assert other_channel.person("first").id != first.person.id
    assert other_channel.question(other_channel.person("first")) is None


def test_somebody_who_may_not_converse_is_refused_and_nothing_is_kept(talk: Begin, log: AdviceLog) -> None:
    """Without a role there is no conversation."""
    somebody = talk()
    rows = verify(log.connection)[0]
    with pytest.raises(ThinkchildError, match="no access"):
        somebody.desk.handle(Person(somebody.person.id, frozenset()), Open("mark_on_child"), "k")
    assert verify(log.connection)[0] == rows


def test_an_unknown_area_is_said_at_once(log: AdviceLog, content: Library) -> None:
    """An area that does not exist is refused when the desk is made, with the ones there are."""
    with pytest.raises(SetupError, match="demonstration"):
        Desk(log, content, area="demonstratoin")


def test_the_open_question_can_be_read_without_a_turn(talk: Begin, log: AdviceLog) -> None:
    """What is asked now can be shown again without adding to the record."""
    somebody = talk()
    assert somebody.desk.question(somebody.person) is None
    said = somebody.go("mark_on_child", *SETTLED)
    rows = verify(log.connection)[0]
    assert somebody.desk.question(somebody.person) == said.out["replies"][-1]
    assert verify(log.connection)[0] == rows


# --- silence, stop, resume -----------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["hello", Chose(("mobile",)), Open("new_partner"), Do("help"), Do("begin")], ids=repr)
def test_after_a_long_silence_somebody_is_welcomed_back(talk: Begin, clock: Clock, given: str) -> None:
    """After more than twelve hours in the middle of a flow they are asked whether to carry on or start afresh."""
    somebody = talk()
    somebody.go("mark_on_child", *SETTLED)
    clock.on(hours=12, seconds=1)
    said = somebody.say(given)
    assert offered(said) == ["carry_on", "afresh"]
    assert "999" in texts(said)


def test_after_a_short_silence_nothing_is_asked(talk: Begin, clock: Clock) -> None:
    """Up to twelve hours the conversation simply goes on."""
    somebody = talk()
    somebody.go("mark_on_child", *SETTLED)
    clock.on(hours=12)
    assert "tell_lead" in actions_said(somebody.choose("mobile"))


def test_carrying_on_asks_about_danger_first(talk: Begin, clock: Clock) -> None:
    """Carrying on after a silence asks about danger, then the question that was open, in the same session."""
    somebody = talk()
    before = somebody.go("mark_on_child", *SETTLED)
    clock.on(hours=13)
    somebody.say("hello again")
    said = somebody.choose("carry_on")
    assert said.out["step"] == "danger_check/signs"
    said = somebody.choose(*SETTLED)
    assert said.out["replies"][-1] == before.out["replies"][-1]
    assert said.out["session"] == before.out["session"]


def test_starting_afresh_begins_a_new_session_with_the_greeting(talk: Begin, clock: Clock, log: AdviceLog) -> None:
    """Starting afresh ends the old session, and the new one has its own receipt."""
    somebody = talk()
    old = somebody.go("mark_on_child", *SETTLED)
    clock.on(hours=13)
    somebody.say("hello again")
    said = somebody.choose("afresh")
    assert said.out["session"] != old.out["session"]
    assert "Danger now" in texts(said)
    assert offered(said)[0] == "seen_or_told"
    new = somebody.go("new_partner", "no_sign")
    assert new.out["receipt"] not in {None, old.out["receipt"]}
    assert verify(log.connection)[1] is None


@pytest.mark.parametrize("between", [Do("menu"), Do("change"), WroteAs("parent")], ids=repr)
def test_danger_is_asked_again_also_if_something_was_asked_in_between(talk: Begin, clock: Clock, between: Do) -> None:
    """After a silence danger comes first also for somebody who left at the menu, a list or a card (P1)."""
    somebody = talk()
    somebody.go("mark_on_child", *SETTLED)
    said = somebody.say(between)
    choice = offered(said)[-1] if isinstance(between, WroteAs) else offered(said)[0]
    clock.on(hours=13)
    said = somebody.choose(choice)
    assert offered(said) == ["carry_on", "afresh"] or said.out["step"].endswith("danger_check/signs")


def test_an_alarm_waits_through_a_silence(talk: Begin, clock: Clock) -> None:
    """The 999 card left unanswered is still there the next day; danger typed after a silence raises it at once."""
    somebody = talk()
    somebody.go("mark_on_child", *SETTLED)
    clock.on(hours=13)
    assert kinds(somebody.say("he is not breathing")) == ["danger"]
    clock.on(hours=13)
    assert kinds(somebody.say("hello"))[-1] == "danger"


def test_a_child_typing_after_a_silence_gets_the_card_for_a_child(talk: Begin, clock: Clock) -> None:
    """Who is writing is settled first, also after a silence (H24)."""
    somebody = talk()
    somebody.go("mark_on_child", *SETTLED)
    clock.on(hours=13)
    assert somebody.say(WroteAs("child")).out["step"] == "for_a_child/card"


def test_after_a_finished_flow_and_a_silence_a_new_session_begins(talk: Begin, clock: Clock) -> None:
    """What was finished is not gone on with the next day."""
    somebody = talk()
    done = somebody.go("new_partner", *TO_REMINDER[:-1], "no_reminder")
    assert done.out["closed"]
    clock.on(hours=13)
    assert somebody.go("new_partner").out["session"] != done.out["session"]


def test_after_a_finished_flow_the_session_goes_on_for_a_while(talk: Begin) -> None:
    """Soon after the end another flow belongs to the same session, and answers can be changed."""
    somebody = talk()
    done = somebody.go("new_partner", *TO_REMINDER[:-1], "no_reminder")
    assert done.out["replies"][-1]["text"].startswith(somebody.desk.log.current(somebody.person.id).label)
    changed = somebody.say(Do("change", "known"))
    assert changed.out["session"] == done.out["session"]
    assert actions_said(somebody.choose("worrying"))["ring_social_care"] == "today"


def test_stop_begins_a_new_session(talk: Begin) -> None:
    """After stop the next thing said begins a session with another label and receipt."""
    somebody = talk()
    first = somebody.go("mark_on_child", "no_sign")
    assert first.out["receipt"] in texts(somebody.say("stop"))
    second = somebody.go("mark_on_child", "no_sign")
    assert second.out["session"] != first.out["session"]
    assert second.out["receipt"] != first.out["receipt"]


def test_opening_the_same_flow_again_carries_on_with_it(talk: Begin) -> None:
    """A flow opened a second time while it is open is carried on with, danger first, not begun anew."""
    somebody = talk()
    before = somebody.go("mark_on_child", *SETTLED)
    said = somebody.go("mark_on_child")
    assert said.out["step"] == "danger_check/signs"
    assert somebody.choose(*SETTLED).out["replies"][-1] == before.out["replies"][-1]


def test_choosing_the_open_flow_from_the_menu_carries_on_with_it(talk: Begin) -> None:
    """The open flow chosen once more from the menu is not stacked on itself."""
    somebody = talk()
    before = somebody.go("mark_on_child", *SETTLED)
    somebody.say("menu")
    said = somebody.choose("mark_on_child", *SETTLED)
    assert said.out["replies"][-1] == before.out["replies"][-1]
    kept = json.loads(somebody.desk.log.current(somebody.person.id).state)
    assert len(State.from_json(kept["state"]).runs) == 1


# --- versions ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Copy the content twice; in the second copy a question of one flow is put differently."""
    made = []
    for name in ("before", "after"):
        root = tmp_path_factory.mktemp(name)
        for part in ("dialogues", "knowledge"):
            shutil.copytree(content_root() / part, root / part)
        made.append(root)
    flow = made[1] / "dialogues" / "flows" / "new_partner.yaml"
    text = flow.read_text(encoding="utf-8")
    assert text.count("What do you already know?") == 1
    flow.write_text(text.replace("What do you already know?", "What do you know by now?"), encoding="utf-8")
    return made[0], made[1]


@pytest.mark.parametrize("given", ["she has stopped breathing", Do("danger"), Chose(("not_staff",)), Do("stop")])
def test_an_area_that_is_new_shuts_nobody_out(
    talk: Begin, log: AdviceLog, content: Library, clock: Clock, matchers: dict[str, Any], given: Event | str
) -> None:
    """Whoever began before the area had a pack begins anew with it: every message is answered, danger above all."""
    before = talk().go("mark_on_child", "no_sign", "not_soon", "not_mobile")
    pack = content.areas["demonstration"].model_copy(update={"id": "newshire"})
    later = Library(content.content.model_copy(update={"areas": (*content.content.areas, pack)}))
    log.keep_content(later.version, "later", later.compiled, stamp(clock()))
    desk = Desk(log, later, area="newshire", clock=clock)
    desk.shelf.matchers = matchers
    assert desk.question(desk.person("somebody")) is None
    said = Talk(desk, desk.person("somebody")).say(given)
    assert said.out["session"] != before.out["session"]
    assert "999" in texts(said)


def test_a_session_finishes_on_the_version_it_began_with(
    tmp_path: Path, roots: tuple[Path, Path], clock: Clock
) -> None:
    """When the content changes under a session it goes on with the old words, and is told on resuming."""
    log = AdviceLog.open(tmp_path / "versions.db")
    old = open_library(log, roots[0])
    assert open_library(log, roots[0]).version == old.version
    somebody = Talk(Desk(log, old, clock=clock), Desk(log, old).person("somebody"))
    before = somebody.go("new_partner", *SETTLED)
    assert "What do you already know?" in texts(before)
    log.close()

    log = AdviceLog.open(tmp_path / "versions.db")
    new = open_library(log, roots[1])
    assert new.version != old.version
    somebody = Talk(Desk(log, new, clock=clock), somebody.person)
    said = somebody.say("resume", key="r")
    assert "guidance has been updated" in texts(said)
    said = somebody.say(Chose(("no_sign",)), key="r1")
    said = somebody.say(Chose(("not_soon",)), key="r2")
    assert "What do you already know?" in texts(said)
    assert said.out["content_version"] == old.version
    assert said.out["replies"][-1] == before.out["replies"][-1]

    fresh = Talk(somebody.desk, somebody.desk.person("somebody else"))
    began = fresh.go("new_partner", *SETTLED)
    assert "What do you know by now?" in texts(began)
    assert began.out["content_version"] == new.version
    assert "guidance has been updated" not in texts(began)
    assert verify(log.connection)[1] is None
    log.close()


# --- hours and numbers ---------------------------------------------------------------------------------

DAY, NIGHT = "01632 960001", "01632 960002"


@pytest.mark.parametrize(
    ("when", "number", "other"),
    [
        (datetime(2026, 11, 23, 12, 0, tzinfo=UTC), DAY, NIGHT),
        (datetime(2026, 11, 23, 8, 29, tzinfo=UTC), NIGHT, DAY),
        (datetime(2026, 11, 23, 16, 59, tzinfo=UTC), DAY, NIGHT),
        (datetime(2026, 11, 23, 17, 0, tzinfo=UTC), NIGHT, DAY),
        (datetime(2026, 11, 28, 12, 0, tzinfo=UTC), NIGHT, DAY),
        (datetime(2026, 12, 25, 12, 0, tzinfo=UTC), NIGHT, DAY),
        (datetime(2026, 12, 28, 12, 0, tzinfo=UTC), NIGHT, DAY),
        (datetime(2026, 7, 6, 7, 45, tzinfo=UTC), DAY, NIGHT),
        (datetime(2026, 7, 6, 16, 15, tzinfo=UTC), NIGHT, DAY),
    ],
    ids=str,
)
def test_the_number_given_is_that_of_the_hour(
    talk: Begin, clock: Clock, when: datetime, number: str, other: str
) -> None:
    """In office hours the front door comes first, and the emergency duty team with it; at other times the team alone."""
    clock.now = when
    said = texts(talk(area="demonstration").go("mark_on_child", *SETTLED, "not_mobile"))
    assert number in said
    assert (other in said) is (number == DAY)
    assert other not in said or said.index(number) < said.index(other)
    assert f"{number} (invented)" in said


def test_the_hour_is_that_of_the_answer(talk: Begin, clock: Clock) -> None:
    """A conversation that goes on into the evening names the team that is there in the evening."""
    somebody = talk(area="demonstration")
    somebody.go("mark_on_child", "no_sign")
    clock.now = datetime(2026, 11, 23, 19, 0, tzinfo=UTC)
    assert NIGHT in texts(somebody.choose("not_soon", "not_mobile"))


def test_where_no_hours_are_set_both_ways_are_named(talk: Begin) -> None:
    """Without an area nobody knows the hour: the council, and the emergency duty team for when it is shut."""
    said = texts(talk().go("mark_on_child", *SETTLED, "not_mobile"))
    assert "ask for children's social care" in said
    assert "ask for the emergency duty team" in said


def test_a_number_past_its_review_date_is_marked(log: AdviceLog, content: Library, clock: Clock) -> None:
    """A number that nobody has checked lately says so, and one that is current does not."""
    (invented,) = [area for area in content.content.areas if area.demonstration]
    contacts = {name: one.model_copy(update={"evidence": Evidence.PRIMARY}) for name, one in invented.contacts.items()}
    area = invented.model_copy(update={"id": "real", "demonstration": False, "contacts": contacts})
    real = Library(content.content.model_copy(update={"areas": (*content.content.areas, area)}))
    log.keep_content(real.version, "with a real area", real.compiled, stamp(clock()))
    for day, marked in ((22, True), (19, False)):
        clock.now = datetime(2027, 11, day, 12, 0, tzinfo=UTC)
        desk = Desk(log, real, area="real", clock=clock)
        said = texts(Talk(desk, desk.person(f"somebody on the {day}th")).go("mark_on_child", *SETTLED, "not_mobile"))
        assert DAY in said
        assert (f"{DAY} (check before use)" in said) is marked
        assert "invented" not in said


# --- reminders -----------------------------------------------------------------------------------------


def waiting(somebody: Talk) -> list[datetime]:
    """Return when the reminders that somebody waits for are due."""
    return [read(due_at) for _, due_at, _ in somebody.desk.log.reminders(person=somebody.person.id)]


def test_a_reminder_is_set_where_one_can_be_sent(talk: Begin, clock: Clock) -> None:
    """A channel that can remind keeps the reminder and says when it comes."""
    somebody = talk(can_remind=True)
    somebody.go("new_partner", *TO_REMINDER)
    said = somebody.choose("in_2_hours")
    assert "a message at 14:00" in said.out["replies"][0]["text"]
    assert waiting(somebody) == [clock() + timedelta(hours=2)]


def test_the_offer_says_the_clock_time(talk: Begin) -> None:
    """Each reminder offered says when it would come."""
    said = talk(can_remind=True).go("new_partner", *TO_REMINDER)
    labels = [option["label"] for option in said.out["replies"][-1]["options"]]
    assert any("14:00" in label for label in labels)
    assert all(len(label) <= 40 for label in labels)


def test_an_alarm_of_ones_own_is_advised_where_none_can_be_sent(talk: Begin) -> None:
    """A window that cannot remind says so, names the time, and keeps no reminder."""
    somebody = talk()
    somebody.go("new_partner", *TO_REMINDER)
    said = somebody.choose("in_1_hour")
    assert "Set an alarm for 13:00" in said.out["replies"][0]["text"]
    assert waiting(somebody) == []


LATE = [
    datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
    datetime(2026, 11, 23, 22, 30, tzinfo=UTC),
    datetime(2026, 11, 23, 23, 59, tzinfo=UTC),
    datetime(2026, 7, 6, 22, 45, tzinfo=UTC),
    datetime(2026, 7, 6, 23, 30, tzinfo=UTC),
    datetime(2026, 10, 24, 22, 30, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    datetime(2026, 10, 25, 22, 30, tzinfo=UTC),
    datetime(2027, 3, 27, 23, 30, tzinfo=UTC),
    datetime(2027, 3, 28, 0, 30, tzinfo=UTC),
    datetime(2027, 3, 28, 22, 30, tzinfo=UTC),
]
"""Midday, late evenings in winter and summer, and around both changes of the clocks."""


@pytest.mark.parametrize("when", LATE, ids=str)
@pytest.mark.parametrize("answers", [TO_REMINDER, BEFORE_CONTACT])
def test_a_reminder_comes_before_the_deadline(
    talk: Begin, clock: Clock, when: datetime, answers: tuple[str, ...]
) -> None:
    """Whatever is offered comes within the hour, or before the day is over in London, as the action is due (P9)."""
    clock.now = when
    for number in range(4):
        somebody = talk(f"somebody {number}", can_remind=True)
        choices = offered(somebody.go("new_partner", *answers))
        if number >= len(choices) - 1:
            break
        somebody.choose(choices[number])
        (due,) = waiting(somebody)
        assert due >= when.replace(second=0)
        if answers is BEFORE_CONTACT:
            assert due - when <= timedelta(hours=1)
        else:
            assert due.astimezone(LONDON).date() == when.astimezone(LONDON).date()
    assert number >= 2


def test_another_reminder_takes_the_place_of_the_first(talk: Begin, clock: Clock) -> None:
    """A reminder chosen anew replaces the earlier one, so that only one message comes."""
    somebody = talk(can_remind=True)
    somebody.go("new_partner", *TO_REMINDER, "in_2_hours")
    somebody.say(Do("change", "reminder"))
    somebody.choose("in_30_minutes")
    assert waiting(somebody) == [clock() + timedelta(minutes=30)]
    somebody.say(Do("change", "reminder"))
    somebody.choose("no_reminder")
    assert waiting(somebody) == []


def test_the_same_reminder_chosen_again_comes_once(talk: Begin, clock: Clock) -> None:
    """Choosing the same reminder once more, later, moves it; it does not come twice."""
    somebody = talk(can_remind=True)
    somebody.go("new_partner", *TO_REMINDER, "in_2_hours")
    somebody.say(Do("change", "reminder"))
    clock.on(minutes=10)
    somebody.choose("in_2_hours")
    assert waiting(somebody) == [clock() + timedelta(hours=2)]


def test_a_changed_answer_before_the_reminder_is_asked_for_withdraws_it(talk: Begin) -> None:
    """When the answer that led to the offer is changed, the reminder does not come."""
    somebody = talk(can_remind=True)
    somebody.go("new_partner", *TO_REMINDER, "in_2_hours")
    somebody.say(Do("change", "phone"))
    somebody.choose("others")
    assert waiting(somebody) == []


def test_no_reminder_stands_that_comes_after_the_deadline_of_a_changed_answer(talk: Begin, clock: Clock) -> None:
    """A reminder for today gives way when a changed answer makes something due before contact (P9)."""
    somebody = talk(can_remind=True)
    somebody.go("new_partner", *TO_REMINDER, "in_2_hours")
    somebody.say(Do("change", "before_contact"))
    somebody.choose("soon", "in_15_minutes")
    assert waiting(somebody) == [clock() + timedelta(minutes=15)]


def test_reminders_can_be_stopped(talk: Begin, log: AdviceLog) -> None:
    """Stopping reminders stops one's own, says so, and says when there was none."""
    first, second = talk("first", can_remind=True), talk("second", can_remind=True)
    for somebody in (first, second):
        somebody.go("new_partner", *TO_REMINDER, "in_2_hours")
    assert "No more reminders" in first.desk.stop_reminders(first.person)
    assert waiting(first) == []
    assert len(waiting(second)) == 1
    assert "No reminder was waiting" in first.desk.stop_reminders(first.person)
    assert verify(log.connection)[1] is None


# --- what is kept, and what never is -------------------------------------------------------------------


def everything_on_disk(folder: Path) -> bytes:
    """Return the bytes of every file in a folder."""
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file())


def test_typed_words_are_never_written_down(talk: Begin, log: AdviceLog, tmp_path: Path) -> None:
    """Whatever is typed, wherever, understood or not: not one byte of it reaches the disk."""
    somebody = talk()
    flow = "I've seen a mark on a child"
    for words in (flow, MARKER, f"{MARKER} is not breathing", "rung_999"):
        somebody.say(f"{words} {MARKER}" if words == flow else words)
    for words in (f"why {MARKER}", f"my name is {MARKER.title()}", f"{MARKER}@example.org", f"{MARKER} " * 1000, "1"):
        somebody.say(words)
    somebody.say(Chose((MARKER,)))
    somebody.say(Open(MARKER))
    somebody.say(Do("change", MARKER))
    somebody.say(Marked(((MARKER, Mark.WORRY),)))
    assert MARKER.encode() not in everything_on_disk(tmp_path).lower()
    assert log.connection.execute("SELECT count(*) FROM turns").fetchone()[0] == 13


def test_what_waits_to_be_handled_is_gone_once_it_is(talk: Begin, log: AdviceLog, tmp_path: Path) -> None:
    """What a channel received is on disk until its turn is kept, and then gone, also from the log of changes."""
    somebody = talk()
    log.receive("update-1", somebody.person.id, f'{{"text": "{MARKER}"}}', "2026-11-23T12:00:00Z")
    assert log.received() == [("update-1", f'{{"text": "{MARKER}"}}')]
    assert MARKER.encode() in everything_on_disk(tmp_path)
    somebody.say(MARKER, key="update-1")
    assert log.received() == []
    log.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    assert MARKER.encode() not in everything_on_disk(tmp_path)


def test_every_line_said_is_on_record_with_its_version(talk: Begin, log: AdviceLog) -> None:
    """What was said is on record in the order it was said, word for word, with sources, urgency and version."""
    somebody = talk()
    said = [
        somebody.go("mark_on_child"),
        somebody.choose("no_sign"),
        somebody.choose("not_soon"),
        somebody.choose("not_mobile"),
    ]
    rows = list(export_rows(log))
    assert [row["words"] for row in rows] == [reply["text"] for turn in said for reply in turn.out["replies"]]
    assert {row["content_version"] for row in rows} == {said[0].out["content_version"]}
    assert said[-1].out["urgency"] == "now"
    kept = receipt(log, said[-1].out["receipt"])
    assert [turn.given for turn in kept.turns] == [
        "I've seen a mark or injury on a child",
        "No sign of that now",
        "No",
        "Yes, either of those",
    ]


def test_a_change_marks_the_earlier_advice_as_overtaken(talk: Begin, log: AdviceLog) -> None:
    """After a changed answer the advice it overtakes stays readable, marked; what still holds is not."""
    somebody = talk()
    somebody.go("mark_on_child", *SETTLED, "not_mobile")
    somebody.say(Do("change", "mobile"))
    somebody.choose("mobile")
    overtaken = {row["step"]: row["overtaken"] for row in export_rows(log) if row["kind"] == "act"}
    assert overtaken["mark_on_child/baby_now"]
    assert not overtaken["mark_on_child/any_mark"]


def test_the_object_said_has_the_agreed_keys(talk: Begin) -> None:
    """Every answer has the keys of the contract, whatever happened."""
    somebody = talk()
    for given in ("hello", Open("mark_on_child"), Chose(("no_sign",)), "999", Chose(("rung_999",)), "why", "stop"):
        out = somebody.say(given).out
        assert set(out) == {
            "session",
            "flow",
            "step",
            "decision",
            "replies",
            "urgency",
            "receipt",
            "closed",
            "content_version",
        }
        for reply in out["replies"]:
            assert set(reply) == {"kind", "text", "multiple", "options", "prompts", "sources", "actions"}
            assert reply["text"].strip()


def test_nothing_of_a_turn_is_kept_when_it_fails_half_way(talk: Begin, log: AdviceLog) -> None:
    """A turn that cannot be kept leaves the session exactly where it was."""
    somebody = talk()
    somebody.go("mark_on_child", *SETTLED)
    before = log.current(somebody.person.id)
    rows = verify(log.connection)[0]
    log.connection.execute("CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
    with pytest.raises(ThinkchildError, match="full"):
        somebody.choose("mobile")
    log.connection.execute("DROP TRIGGER full")
    assert log.current(somebody.person.id) == before
    assert verify(log.connection) == (rows, None)
    assert "tell_lead" in actions_said(somebody.choose("mobile"))


def test_steps_on_record_are_those_said(talk: Begin, log: AdviceLog) -> None:
    """Each line on record names the step it came from."""
    talk().go("new_partner", *SETTLED, "dont_know")
    assert "new_partner/unknown_now" in steps_kept(log)
