"""An urgent correction reaches whoever is in the middle of a conversation; any other change waits for the next one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from content import keep, reworded
from walking import Talk, offered, texts

from bot.advice_log import AdviceLog, receipt, verify
from bot.clock import stamp
from bot.events import Alarmed, Chose, Do, Nudged, Open, WroteAs
from bot.examples import parse, run
from bot.from_receipt import written
from bot.library import Library
from bot.models import Line
from bot.pages import receipt_page, receipt_text
from bot.session import Desk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Done
    from walking import Clock

    from bot.session import Said

OLD = "On the head or face, or in pain or at all unwell: 999 first."
NEW = "On the head or face, in pain, sleepy or at all unwell: 999 first."
WHAT = "Sleepiness was missing from the signs that mean 999."
TO_ADVICE = ("no_sign", "not_soon", "not_mobile")


def put_right(library: Library, what: str = WHAT, *, name: str = "corrected_2026_11_23_1") -> Library:
    """Return a library with one urgent correction more."""
    who = {"name": "A Lead", "role": "designated safeguarding lead", "on": "2026-11-23"}
    line = Line.model_validate({"id": name, "text": what, "sources": ["H9"], "corrected": who})
    return Library(library.content.model_copy(update={"lines": (*library.content.lines, line)}))


@pytest.fixture
def mended(content: Library) -> Library:
    """Return the content with an action in other words, and the correction that says so."""
    return put_right(reworded(content, OLD, NEW))


@pytest.fixture
def after(log: AdviceLog, clock: Clock) -> Callable[..., Talk]:
    """Return a way to go on talking once the program has started with other content."""

    def start(somebody: Talk, library: Library, **settings: Any) -> Talk:
        keep(log, library)
        desk = Desk(log, library, clock=clock, **settings)
        desk.shelf.matchers = somebody.desk.shelf.matchers
        return Talk(desk, somebody.person)

    return start


def lines_of(library: Library, *names: str) -> list[str]:
    """Return fixed lines by name."""
    return [library.lines[name].text for name in names]


def said_lines(said: Said) -> list[str]:
    """Return what a turn said, reply by reply."""
    return [reply["text"] for reply in said.out["replies"]]


def test_the_next_message_is_told_what_changed_and_hears_it_anew(
    talk: Callable[..., Talk], after: Callable[..., Talk], mended: Library, log: AdviceLog
) -> None:
    """What was put right, the advice in its new words, and the open question again; the answer to the old words is not taken."""
    before = talk().go("mark_on_child", *TO_ADVICE)
    assert OLD in texts(before)
    somebody = after(talk(), mended)
    said = somebody.say(Chose(("not_staff",)))
    spoken = said_lines(said)
    assert spoken[:3] == [mended.lines["corrected"].text, WHAT, mended.lines["corrected_advice"].text]
    assert NEW in spoken[3]
    assert OLD not in texts(said)
    assert spoken[-2:] == [mended.lines["corrected_asked"].text, said_lines(before)[-1]]
    old = said_lines(before)
    assert spoken[3:-2] == [old[0].replace(OLD, NEW), old[1]], "the whole of that step, and no other"
    assert said.out["step"] == before.out["step"]
    assert said.out["session"] == before.out["session"]
    assert said.out["content_version"] == mended.version
    assert verify(log.connection)[1] is None


def test_the_advice_that_was_put_right_no_longer_stands_in_the_record(
    talk: Callable[..., Talk], after: Callable[..., Talk], mended: Library, log: AdviceLog, content: Library
) -> None:
    """The old words are marked as overtaken, the new ones stand, and the receipt names both versions."""
    talk().go("mark_on_child", *TO_ADVICE)
    said = after(talk(), mended).say(Do("why"))
    rows = log.connection.execute(
        "SELECT w.body, EXISTS (SELECT 1 FROM supersessions s WHERE s.advice = a.id) FROM advice a "
        "JOIN words w ON w.part = 'advice' AND w.row = a.id WHERE a.step = 'mark_on_child/baby_now' ORDER BY a.id"
    ).fetchall()
    assert [gone for _, gone in rows] == [1, 1, 0, 0], "a step of two messages, said twice"
    assert [(OLD in body, NEW in body) for body, _ in rows] == [
        (True, False),
        (False, False),
        (False, True),
        (False, False),
    ]
    code = said.out["receipt"]
    held = receipt(log, code)
    assert held is not None
    assert [turn.content_version for turn in held.turns] == [content.version] * 4 + [mended.version]
    for page in (receipt_text(log, code), receipt_page(log, code)):
        assert page is not None
        assert f"{content.version}, corrected to {mended.version}" in page
        assert WHAT in page


def test_an_example_made_of_it_ends_where_it_was_put_right(
    talk: Callable[..., Talk], after: Callable[..., Talk], content: Library, mended: Library, log: AdviceLog
) -> None:
    """An example is held on one version: what came after the correction is no part of it, and the file says so."""
    talk().go("mark_on_child", *TO_ADVICE)
    held = receipt(log, after(talk(), mended).say(Chose(("not_staff",))).out["receipt"])
    assert held is not None
    made = written(held, content)
    assert "the guidance was put right in the middle" in made
    assert "A mark on a baby" in made
    assert mended.lines["corrected"].text not in made
    assert run(parse(made, "made"), content) == []


def test_it_is_told_once_and_the_conversation_goes_on(
    talk: Callable[..., Talk], after: Callable[..., Talk], mended: Library, log: AdviceLog
) -> None:
    """From then on answers count again, on the corrected content, to the end."""
    talk().go("mark_on_child", *TO_ADVICE)
    somebody = after(talk(), mended)
    said = somebody.say(Chose(("not_staff",)))
    for _ in range(40):
        said = somebody.to_the_next(said)
        assert WHAT not in texts(said)
        if said.out["closed"]:
            break
    assert said.out["closed"]
    assert said.out["content_version"] == mended.version
    assert verify(log.connection)[1] is None


def test_any_other_change_waits_for_the_next_conversation(
    talk: Callable[..., Talk], after: Callable[..., Talk], content: Library
) -> None:
    """Without a correction the session finishes on the version it began with."""
    talk().go("mark_on_child", *TO_ADVICE)
    said = after(talk(), reworded(content, OLD, NEW)).say(Do("back"))
    assert said.out["content_version"] == content.version
    assert "put right" not in texts(said)


def test_a_conversation_that_began_with_a_correction_is_not_told_of_it(
    talk: Callable[..., Talk], after: Callable[..., Talk], mended: Library
) -> None:
    """Only what is newer than the conversation is told; two at once are told in their order."""
    somebody = after(talk(), mended)
    assert WHAT not in texts(somebody.go("mark_on_child", *TO_ADVICE))
    twice = put_right(
        put_right(mended, "First.", name="corrected_2026_11_23_2"), "Second.", name="corrected_2026_11_23_3"
    )
    assert said_lines(after(somebody, twice).say(Chose(("not_staff",))))[:3] == [
        mended.lines["corrected"].text,
        "First.",
        "Second.",
    ]


def until_told(somebody: Talk, said: Said, what: str = WHAT) -> Said:
    """Answer what is asked until a correction is told."""
    for _ in range(6):
        if what in said_lines(said):
            return said
        said = somebody.to_the_next(said)
    raise AssertionError("it was never told")


@pytest.mark.parametrize("danger", ["the alarm", "the first answer", "words", "a child", "the button"])
def test_what_means_danger_is_heard_as_if_nothing_had_changed(
    talk: Callable[..., Talk], after: Callable[..., Talk], mended: Library, content: Library, danger: str
) -> None:
    """The card comes, and nothing beside it, although the words before it were corrected; what was put right comes later."""
    talk().go("mark_on_child", *(() if danger == "the first answer" else TO_ADVICE))
    somebody = after(talk(), mended)
    given = {
        "the alarm": Alarmed(),
        "the first answer": Chose(("yes_now",)),
        "words": "she has stopped breathing",
        "a child": WroteAs("child"),
        "the button": Do("danger"),
    }
    said = somebody.say(given[danger])
    assert "999" in said_lines(said)[0]
    assert len(said_lines(said)) == 1
    assert said.out["content_version"] == content.version
    answered = somebody.choose(offered(said)[0] if danger != "a child" else offered(said)[-1])
    if danger != "a child":
        assert WHAT in said_lines(until_told(somebody, answered))


def test_danger_that_the_corrected_words_no_longer_offer_is_heard(
    talk: Callable[..., Talk], after: Callable[..., Talk], content: Library
) -> None:
    """An answer that meant 999 when it was read raises the card, whatever became of it since."""
    talk().go("mark_on_child")
    said = after(talk(), put_right(rewritten(content, '"id":"yes_now"', '"id":"yes_at_once"'))).say(Chose(("yes_now",)))
    assert said.out["replies"][0]["kind"] == "danger"


def rewritten(library: Library, old: str, new: str) -> Library:
    """Return a library in whose compiled form something stands in the place of something else."""
    assert old in library.compiled
    return Library(type(library.content).model_validate_json(library.compiled.replace(old, new)))


def without_step(library: Library, flow: str, step: str) -> Library:
    """Return a library in which a flow lacks a step; what led to it leads to what came after it."""
    held = json.loads(library.compiled)
    route = next(one for one in held["flows"] if one["id"] == flow)
    gone = next(one for one in route["steps"] if one["id"] == step)
    route["steps"].remove(gone)
    text = json.dumps(held, ensure_ascii=False).replace(f'"next": "{step}"', f'"next": "{gone["next"]}"')
    return Library(type(library.content).model_validate_json(text))


def without_action(library: Library, do: str) -> Library:
    """Return a library that never tells to do something."""
    held = json.loads(library.compiled)
    for step in (step for route in (*held["flows"], *held["blocks"]) for step in route["steps"] if "act" in step):
        step["act"] = [one for one in step["act"] if one["do"] != do] or step["act"]
    return Library(type(library.content).model_validate_json(json.dumps(held, ensure_ascii=False)))


@pytest.mark.parametrize(
    "change", ["an answer means 999 now", "advice is gone", "a call is gone", "an answer is called otherwise"]
)
def test_where_more_than_words_changed_the_flow_begins_again(
    talk: Callable[..., Talk], after: Callable[..., Talk], content: Library, change: str, log: AdviceLog
) -> None:
    """Nobody can say what the answers are worth then: all is asked anew, danger first, and calls for help still stand."""
    said = talk().go("mark_on_child", *TO_ADVICE)
    changed = {
        "an answer means 999 now": rewritten(content, '"id":"not_mobile",', '"id":"not_mobile","emergency":true,'),
        "advice is gone": without_step(content, "mark_on_child", "baby_ask"),
        "a call is gone": without_action(content, "get_medical_help"),
        "an answer is called otherwise": reworded(content, "Yes, either of those", "Yes, one of those"),
    }
    somebody = after(talk(), put_right(changed[change]))
    again = somebody.say(Chose((offered(said)[0],)))
    assert said_lines(again)[1:3] == [WHAT, somebody.desk.library.lines["corrected_begin"].text]
    assert again.out["step"] == "mark_on_child/danger_check/signs"
    assert again.out["session"] == said.out["session"]
    assert somebody.choose("no_sign").out["content_version"] == somebody.desk.library.version
    assert log.connection.execute("SELECT count(*) FROM supersessions").fetchone() == (0,)
    assert verify(log.connection)[1] is None


def test_a_finished_flow_of_the_conversation_counts_as_well(
    talk: Callable[..., Talk], after: Callable[..., Talk], content: Library
) -> None:
    """A step that is gone from a flow gone through before makes the open one begin again, and its advice is still said to stand."""
    first = talk()
    said = first.go("mark_on_child", *TO_ADVICE)
    first.say(Open("new_partner"))
    somebody = after(talk(), put_right(without_step(content, "mark_on_child", "baby_ask")))
    again = somebody.say(Do("why"))
    assert "still stands" in texts(again)
    assert again.out["step"].endswith("danger_check/signs")
    assert said.out["session"] == again.out["session"]


def test_after_a_long_silence_danger_is_asked_before_anything_is_put_right(
    talk: Callable[..., Talk], after: Callable[..., Talk], mended: Library, clock: Clock
) -> None:
    """Who comes back is welcomed, then asked about danger; the correction comes with the question after that."""
    talk().go("mark_on_child", *TO_ADVICE)
    clock.on(hours=30)
    somebody = after(talk(), mended)
    said = somebody.say(Chose(("not_staff",)))
    assert said.out["step"].startswith("welcome_back")
    said = somebody.choose("carry_on")
    assert said.out["step"] == "danger_check/signs"
    assert WHAT not in texts(said)
    assert WHAT in said_lines(until_told(somebody, said))


@pytest.mark.parametrize("command", ["resume", "begin"])
def test_whoever_comes_back_soon_is_not_told_that_they_finish_on_the_old_version(
    talk: Callable[..., Talk], after: Callable[..., Talk], mended: Library, command: Any
) -> None:
    """The correction takes them over, so the line about other updates would be wrong beside it."""
    talk().go("mark_on_child", *TO_ADVICE)
    said = after(talk(), mended).say(Do(command))
    assert WHAT in said_lines(said)
    assert mended.lines["versions_differ"].text not in said_lines(said)


def test_stopping_stops(talk: Callable[..., Talk], after: Callable[..., Talk], mended: Library) -> None:
    """Who leaves is not kept; the next conversation begins on the corrected content and needs no telling."""
    talk().go("mark_on_child", *TO_ADVICE)
    somebody = after(talk(), mended)
    assert WHAT not in texts(somebody.say(Do("stop")))
    begun = somebody.go("mark_on_child", *TO_ADVICE)
    assert NEW in texts(begun)
    assert WHAT not in texts(begun)


def test_earlier_advice_under_a_label_is_not_repeated_without_what_was_put_right(
    talk: Callable[..., Talk], after: Callable[..., Talk], mended: Library, log: AdviceLog, clock: Clock
) -> None:
    """A case that begins again says first that something in what was said then was wrong."""
    first = talk()
    first.to_the_end(first.go("mark_on_child", *TO_ADVICE))
    label = log.current(first.person.id).label
    clock.on(days=2)
    said = after(talk(), mended).say(label)
    assert said_lines(said)[0].startswith("In danger: 999. You have come back")
    assert said_lines(said)[1:3] == [mended.lines["corrected_since"].text, WHAT]
    again = after(talk(), mended)
    again.to_the_end(again.go("new_partner", "no_sign", "not_soon"))
    clock.on(days=2)
    assert WHAT in said_lines(again.say(label)), "the first of the three sessions is older than the correction"
    again.say(Open("new_partner"))
    assert WHAT in said_lines(again.say(label)), "in the middle of something else as well"


def test_a_reminder_does_not_repeat_what_was_put_right_without_saying_so(
    log: AdviceLog, content: Library, mended: Library, clock: Clock, after: Callable[..., Talk]
) -> None:
    """Whoever is asked whether they were heard is told first what was put right in what they were to say."""
    desk = Desk(log, content, clock=clock, can_remind=True)
    somebody = Talk(desk, desk.person("somebody"))
    log.remember_address(somebody.person.id, "terminal", "1")
    said = somebody.go("mark_on_child", *TO_ADVICE)
    while not any(name.startswith("in_") for name in offered(said)):
        said = somebody.to_the_next(said)
    somebody.choose(next(name for name in offered(said) if name.startswith("in_")))
    clock.on(hours=3)
    ((number, _, _),) = log.due("terminal", stamp(clock()))
    somebody.desk.nudged([number], "sent")
    somebody.say(Open("new_partner"))
    came = after(somebody, mended, can_remind=True).say(Nudged(number))
    assert came.out["step"].startswith("were_you_heard")
    told = said_lines(came)
    assert told[1:3] == [mended.lines["corrected_since"].text, WHAT]
    assert "You were to tell somebody" in told[3]


def test_a_flow_that_was_withdrawn_is_left(
    talk: Callable[..., Talk], after: Callable[..., Talk], content: Library, log: AdviceLog
) -> None:
    """Where the corrected content has no such flow any more, what was put right is said and the menu comes."""
    talk().go("mark_on_child", *TO_ADVICE)
    left = tuple(flow for flow in content.content.flows if flow.id != "mark_on_child")
    without = put_right(Library(content.content.model_copy(update={"flows": left})), "That guidance was withdrawn.")
    somebody = after(talk(), without)
    said = somebody.say(Chose(("not_staff",)))
    assert "That guidance was withdrawn." in said_lines(said)
    assert said.out["step"] == "menu"
    assert somebody.say(Open("new_partner")).out["flow"] == "new_partner"
    assert verify(log.connection)[1] is None


def test_a_number_that_was_put_right_reaches_who_was_given_the_old_one(
    log: AdviceLog, content: Library, clock: Clock, after: Callable[..., Talk]
) -> None:
    """The numbers of an area are content, too: the action that showed the old one is said again with the new one."""
    desk = Desk(log, content, area="demonstration", clock=clock)
    somebody = Talk(desk, desk.person("somebody"))
    told = texts(somebody.go("mark_on_child", *TO_ADVICE))
    number = next(
        contact.number
        for contact in content.areas["demonstration"].contacts.values()
        if contact.number and contact.number in told
    )
    right = put_right(reworded(content, number, "01632 960 999"), "A number was wrong.")
    said = after(somebody, right, area="demonstration").say(Chose(("not_staff",)))
    assert "01632 960 999" in texts(said)
    assert number not in texts(said)


def test_a_lead_writes_a_correction(command: Callable[..., Done], tmp_path: Path) -> None:
    """The command adds it to the content, which stays clean; what nobody may say, or rests on nothing, is not written."""
    from content import copy_shipped  # noqa: PLC0415 - a copy for this test alone

    copy_shipped(tmp_path)
    file = tmp_path / "dialogues" / "corrections.yaml"
    given = ("--name", "A Lead", "--role", "designated safeguarding lead", "--content", str(tmp_path))
    for what, source in (("Wait and see.", "H9"), ("The number was wrong.", "nothing-1"), (" . ", "H9")):
        assert command("correct", what, "--source", source, *given).code == 2
        assert "corrected_" not in file.read_text(encoding="utf-8")
    for number in (1, 2):
        assert command("correct", "The duty team's number was wrong.", "--source", "H25", *given).code == 0
        assert file.read_text(encoding="utf-8").count("corrected_") == number
    assert "Clean" in command("check", "--content", str(tmp_path)).out
    assert command("sign", "new_partner", *given).code == 0
    flow = tmp_path / "dialogues" / "flows" / "new_partner.yaml"
    text = flow.read_text(encoding="utf-8")
    flow.write_text(text.replace("What do you already know?", "What do you know by now?"), encoding="utf-8")
    done = command("correct", "A question was unclear.", "--source", "H25", *given)
    assert "until they are signed: new_partner." in done.out
