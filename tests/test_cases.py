"""A label used again: what was advised before, what has changed since, and what has to be gone over again."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from walking import Talk, kinds, offered, texts

from bot.advice_log import AdviceLog, receipt, verify
from bot.advice_log.marks import marks_of
from bot.cases import AT_A_TIME, CHANGES, in_parts, meant
from bot.clock import stamp
from bot.events import Chose, Do
from bot.pages import receipt_page, receipt_text
from bot.session import Desk
from bot.state import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Done
    from walking import Clock

    from bot.library import Library
    from bot.session import Said

    Begin = Callable[..., Talk]

SETTLED = ("no_sign", "not_soon")
NOT_MOBILE = (*SETTLED, "not_mobile")
"""In `mark_on_child`: urgent advice, with calls that are due now."""


def label_of(somebody: Talk) -> str:
    """Return the label of the session that somebody is in."""
    return str(somebody.desk.log.current(somebody.person.id).label)


def advised(talk: Begin, clock: Clock, who: str = "somebody") -> tuple[Talk, str]:
    """Let somebody be advised about a mark on a baby, stop, and come back the next day; returns them and the label."""
    somebody = talk(who)
    somebody.go("mark_on_child", *NOT_MOBILE)
    label = label_of(somebody)
    somebody.say(Do("stop"))
    clock.on(hours=26)
    return somebody, label


def marks(log: AdviceLog, code: str) -> list[tuple[str, str]]:
    """Return the marks on what a receipt advised."""
    held = receipt(log, code)
    return [(mark.mark, mark.about) for mark in marks_of(log, held.session)]


def option(change: str) -> str:
    """Return the answer that opens the flow about a change."""
    return {
        "new_partner": "new_person",
        "family_moved": "moved",
        "school_transition": "new_school",
        "missed_appointments": "missed_appointment",
        "mark_on_child": "new_mark",
    }[change]


# --- the label -----------------------------------------------------------------------------------------


def test_a_label_typed_again_begins_a_new_session_under_it(talk: Begin, clock: Clock, log: AdviceLog) -> None:
    """The same label gets a session and a receipt of its own; the earlier one stays as it was."""
    somebody, label = advised(talk, clock)
    before = log.current(somebody.person.id)
    kept = receipt_text(log, before.receipt)
    said = somebody.say(label)
    now = log.current(somebody.person.id)
    assert (now.label, now.session == before.session, now.receipt == before.receipt) == (label, False, False)
    assert said.out["step"] == "what_has_changed/which"
    assert receipt_text(log, before.receipt) == kept
    somebody.choose("new_mark", "no_sign")
    assert label_of(somebody) == label
    assert verify(log.connection)[1] is None


def test_it_opens_with_what_was_advised_and_danger_first(talk: Begin, clock: Clock, log: AdviceLog) -> None:
    """When, under which receipt, what was to be done by when, and whether anybody heard; the first words are 999."""
    somebody, label = advised(talk, clock)
    before = log.current(somebody.person.id)
    said = somebody.say(label)
    first = said.out["replies"][0]["text"]
    assert first.startswith("In danger: 999.")
    assert label in first
    assert "23 Nov 2026 12:00" in texts(said)
    assert before.receipt in texts(said)
    assert "children's social care (before they leave" in texts(said)
    assert "You have not told me that a named person heard you" in texts(said)
    assert "999" in said.out["replies"][-1]["text"]


def test_urgent_advice_is_said_again_as_still_standing(talk: Begin, clock: Clock) -> None:
    """What was due now or the same day is repeated until it is done, whatever has happened since (H41)."""
    somebody, label = advised(talk, clock)
    for _ in range(2):
        said = somebody.say(label)
        (standing,) = [r for r in said.out["replies"] if "still stands if it isn't done" in r["text"]]
        assert "social care" in standing["text"]
        assert "H41" in standing["sources"]
        nothing = somebody.choose("nothing_new")
        assert "nothing I advised is lifted" in texts(nothing)
        somebody.go("whole_family", "no_sign")
        somebody.say(Do("stop"))
        clock.on(hours=30)


@pytest.mark.parametrize(
    "form",
    [str.upper, str.title, lambda label: f"  {label}.", lambda label: label.replace(" ", "-"), lambda label: label.replace(" ", ""),
     lambda label: f"It's about {label} again", lambda label: f"case {label}!", lambda label: label[:-2] + label[-1] + label[-2]],
    ids=["capitals", "title", "stop", "hyphen", "one word", "words around", "case", "two letters changed over"],
)  # fmt: skip
def test_a_label_may_be_typed_as_people_type(talk: Begin, clock: Clock, form: Callable[[str], str]) -> None:
    """Capitals, stops, a few words around it or a slip of the finger are no matter."""
    somebody, label = advised(talk, clock)
    assert somebody.say(form(label)).out["step"] == "what_has_changed/which"
    assert label_of(somebody) == label


def test_a_slip_never_makes_another_label(content: Library) -> None:
    """Two words of the vocabulary are meant as they stand: a label that was not given is no slip of one that was."""
    words = content.content.vocabulary
    everything = [f"{colour} {thing}" for colour in words.label_colours for thing in words.label_things]
    for place, label in enumerate(everything):
        others = [other for other in everything if other != label][place % 7 :: 7]
        assert meant(others, label, words) in {"", label}
        assert meant([label], label, words) == label
        assert all(meant([label], other, words) == "" for other in others)


@given(st.text(max_size=60))
@settings(max_examples=300)
def test_no_text_breaks_the_search_for_a_label(content: Library, typed: str) -> None:
    """Whatever is typed is one of somebody's labels or none."""
    labels = ["amber kettle", "teal river"]
    assert meant(labels, typed, content.content.vocabulary) in {"", *labels}


@pytest.mark.parametrize("typed", ["amber kettle he is not breathing", "amber knife", "kettle", "amber", "my amber kettle burned her", ""])  # fmt: skip
def test_words_that_say_more_than_a_label_are_no_label(content: Library, typed: str) -> None:
    """Words besides the label may be the point of it, and are read as words."""
    assert meant(["amber kettle"], typed, content.content.vocabulary) == ""


def test_danger_beside_a_label_is_danger(talk: Begin, clock: Clock) -> None:
    """A label with words of danger shows the 999 card, and nothing comes before it."""
    somebody, label = advised(talk, clock)
    assert kinds(somebody.say(f"{label} he is not breathing"))[0] == "danger"
    said = somebody.say(label)
    assert kinds(said)[-1] == "danger"
    assert offered(said) == ["rung_999", "not_emergency"]


def test_somebody_elses_label_is_only_words(talk: Begin, clock: Clock, log: AdviceLog, tmp_path: Path) -> None:
    """Nobody reaches another person's case by its label: they are told what those words are told where nobody has it."""
    _, label = advised(talk, clock)
    stranger = talk("a stranger")
    elsewhere = AdviceLog.open(tmp_path / "nobody.db")
    library = stranger.desk.library
    elsewhere.keep_content(library.version, "shipped", library.compiled, stamp(clock()))
    empty = Desk(elsewhere, library, clock=clock)
    empty.shelf.matchers = stranger.desk.shelf.matchers
    answer, other = stranger.say(label), Talk(empty, empty.person("a stranger")).say(label)
    elsewhere.close()
    assert [r["text"] for r in answer.out["replies"]] == [r["text"] for r in other.out["replies"]]
    assert answer.out["step"] != "what_has_changed/which"
    same_name = Desk(log, stranger.desk.library, channel="telegram", clock=clock)
    same_name.shelf.matchers = stranger.desk.shelf.matchers
    elsewhere = Talk(same_name, same_name.person("somebody"))
    assert elsewhere.say(label).out["step"] != "what_has_changed/which"


def test_a_label_in_the_middle_of_a_flow_leaves_the_question_open(talk: Begin, clock: Clock) -> None:
    """In the middle of something a label says what was advised, how to go on with it, and asks the open question again."""
    somebody, label = advised(talk, clock)
    before = somebody.go("new_partner", *SETTLED)
    said = somebody.say(label)
    assert said.out["session"] == before.out["session"]
    assert said.out["replies"][-1] == before.out["replies"][-1]
    assert "choose stop, then type" in texts(said)


def test_a_label_typed_the_next_day_needs_no_stop(talk: Begin, clock: Clock, log: AdviceLog) -> None:
    """Also where a flow was left open: what it advised so far is repeated, and the case begins again."""
    somebody = talk()
    somebody.go("mark_on_child", *NOT_MOBILE)
    label, first = label_of(somebody), log.current(somebody.person.id)
    clock.on(hours=20)
    said = somebody.say(label)
    assert said.out["step"] == "what_has_changed/which"
    assert said.out["session"] != first.session
    assert first.receipt in texts(said)


def test_a_label_typed_twice_is_one_session(talk: Begin, clock: Clock) -> None:
    """Typed again while it is asked what has changed, nothing begins once more; the same key never does."""
    somebody, label = advised(talk, clock)
    first = somebody.say(label, key="again")
    assert somebody.say(label, key="again").out == first.out
    second = somebody.say(label)
    assert second.out["session"] == first.out["session"]
    assert second.out["step"] == "what_has_changed/which"


# --- what has changed ----------------------------------------------------------------------------------


@pytest.mark.parametrize("flow", CHANGES)
def test_a_change_opens_its_flow_danger_first_and_marks_what_was_advised(
    talk: Begin, clock: Clock, log: AdviceLog, flow: str
) -> None:
    """A new partner, a move, a missed appointment or a new mark asks about danger, and marks earlier advice for reassessment."""
    somebody, label = advised(talk, clock)
    earlier = log.current(somebody.person.id).receipt
    somebody.say(label)
    said = somebody.choose(option(flow))
    assert (said.out["flow"], said.out["step"]) == (flow, f"{flow}/danger_check/signs")
    assert "999" in said.out["replies"][0]["text"]
    assert "I have marked it" in texts(said)
    assert "Nothing urgent in it is lifted" in texts(said)
    assert marks(log, earlier) == [("reassess", CHANGES[flow])]


def test_a_change_typed_in_words_marks_as_well(talk: Begin, clock: Clock, log: AdviceLog) -> None:
    """Whoever says the change in words instead of choosing it is led to the same flow, with the same mark."""
    somebody, label = advised(talk, clock)
    earlier = log.current(somebody.person.id).receipt
    somebody.say(label)
    assert somebody.say("there's a new partner in the house").out["flow"] == "new_partner"
    assert marks(log, earlier) == [("reassess", "a new partner or adult")]


def test_something_else_opens_the_flow_about_changes(talk: Begin, clock: Clock, log: AdviceLog) -> None:
    """Another change is looked at by itself; what it is decides whether anything is marked."""
    somebody, label = advised(talk, clock)
    earlier = log.current(somebody.person.id).receipt
    somebody.say(label)
    assert somebody.choose("something_else").out["step"] == "something_has_changed/danger_check/signs"
    assert marks(log, earlier) == []


def test_a_first_session_marks_nothing(talk: Begin, log: AdviceLog) -> None:
    """Where nothing was advised before there is nothing to go over again."""
    talk().go("new_partner", *SETTLED)
    assert log.connection.execute("SELECT count(*) FROM case_marks").fetchone() == (0,)


def test_while_marked_everything_says_so_until_it_was_gone_over(talk: Begin, clock: Clock, log: AdviceLog) -> None:
    """The opening, the receipt as text and as a page say what changed since; gone over with a lead, they no longer do."""
    somebody, label = advised(talk, clock)
    earlier = log.current(somebody.person.id).receipt
    said = "Advised on 23 Nov 2026 12:00; since then: a new partner or adult; not yet gone over again."
    somebody.say(label)
    somebody.choose("new_person", *SETTLED)
    somebody.say(Do("stop"))
    clock.on(hours=30)
    opened = somebody.say(label)
    assert said in texts(opened)
    assert offered(opened)[-1] == "gone_over"
    assert said in receipt_text(log, earlier)
    assert said in receipt_page(log, earlier)
    done = somebody.choose("gone_over")
    assert done.out["step"] == "what_has_changed/which"
    assert "gone_over" not in offered(done)
    assert "still due if it isn't done" in texts(done)
    assert marks(log, earlier) == [("reassess", "a new partner or adult"), ("reviewed", "a new partner or adult")]
    assert said not in receipt_text(log, earlier)
    somebody.choose("nothing_new")
    somebody.go("whole_family", "no_sign")
    somebody.say(Do("stop"))
    clock.on(hours=30)
    again = somebody.say(label)
    assert said not in texts(again)
    assert "gone_over" not in offered(again)
    assert "still stands if it isn't done" in texts(again)


def test_the_command_that_shows_a_session_says_so_as_well(
    talk: Begin, clock: Clock, log: AdviceLog, command: Callable[..., Done]
) -> None:
    """`log show` and `log receipt` name what changed since; of another session they say nothing of the kind."""
    somebody, label = advised(talk, clock)
    earlier = log.current(somebody.person.id).receipt
    somebody.say(label)
    somebody.choose("new_mark", "no_sign")
    later = log.current(somebody.person.id).receipt
    for name in ("show", "receipt"):
        shown = command("log", name, earlier, "--db", str(log.path))
        assert shown.code == 0
        assert "since then: a new mark or injury; not yet gone over again" in shown.out
        assert "not yet gone over" not in command("log", name, later, "--db", str(log.path)).out


def test_a_finished_flow_is_no_review(talk: Begin, clock: Clock, log: AdviceLog) -> None:
    """A flow gone through to its end is about the new fact; only the person can say that the old advice was gone over."""
    somebody, label = advised(talk, clock)
    earlier = log.current(somebody.person.id).receipt
    somebody.say(label)
    done = somebody.to_the_end(somebody.choose("new_person"))
    assert done.out["closed"]
    assert marks(log, earlier) == [("reassess", "a new partner or adult")]


def test_two_changes_are_two_marks_and_the_same_change_is_one(talk: Begin, clock: Clock, log: AdviceLog) -> None:
    """Each change is named once; gone over again, all of them are; the same change later marks anew."""
    somebody, label = advised(talk, clock)
    earlier = log.current(somebody.person.id).receipt
    for change in ("new_person", "new_person", "moved"):
        somebody.say(label)
        somebody.choose(change)
        somebody.say(Do("stop"))
        clock.on(hours=13)
    assert marks(log, earlier) == [("reassess", "a new partner or adult"), ("reassess", "a move")]
    somebody.say(label)
    somebody.choose("gone_over", "moved")
    assert marks(log, earlier)[2:] == [
        ("reviewed", "a new partner or adult"), ("reviewed", "a move"), ("reassess", "a move")
    ]  # fmt: skip


def test_what_was_not_offered_is_refused(talk: Begin, clock: Clock, log: AdviceLog) -> None:
    """Nobody can say that something was gone over again where nothing is marked, nor answer what was not asked."""
    somebody, label = advised(talk, clock)
    earlier = log.current(somebody.person.id).receipt
    somebody.say(label)
    for wrong in (Chose(("gone_over",)), Chose(("new_person", "moved")), Chose(()), Chose(("elsewhere",))):
        said = somebody.say(wrong)
        assert kinds(said)[0] == "error"
        assert said.out["step"] == "what_has_changed/which"
    assert marks(log, earlier) == []


def test_the_question_survives_in_the_record(talk: Begin, clock: Clock, log: AdviceLog, library: Library) -> None:
    """What is asked is kept as ids: the state reads back the same, and another process goes on with it."""
    somebody, label = advised(talk, clock)
    asked = somebody.say(label)
    kept = log.connection.execute("SELECT body FROM words WHERE part = 'turns' ORDER BY row DESC LIMIT 1").fetchone()[0]
    state = State.from_json(json.loads(kept)["state"])
    assert State.from_json(state.to_json()) == state
    other = Desk(AdviceLog.open(log.path), library, clock=clock)
    assert other.question(somebody.person) == asked.out["replies"][-1]
    assert Talk(other, somebody.person).choose("moved").out["flow"] == "family_moved"


# --- the third time ------------------------------------------------------------------------------------


def test_the_third_time_asks_for_a_talk_that_is_safe_by_default(talk: Begin, clock: Clock) -> None:
    """From the third session on the whole pattern goes to the lead, or someone senior who is not involved, never the one it is about."""
    somebody, label = advised(talk, clock)
    second = somebody.say(label)
    assert "pieces" not in texts(second)
    somebody.choose("new_mark", "no_sign")
    somebody.say(Do("stop"))
    clock.on(hours=30)
    for times in (3, 4):
        said = somebody.say(label)
        (third,) = [r for r in said.out["replies"] if "pieces" in r["text"]]
        assert f"{times} times about {label}" in third["text"]
        assert "your safeguarding lead, or someone senior who is not involved" in third["text"]
        assert "never that person" in third["text"]
        assert third["sources"]
        somebody.choose("moved", "no_sign")
        somebody.say(Do("stop"))
        clock.on(hours=30)


def test_every_message_of_a_long_case_fits_a_phone(talk: Begin, clock: Clock) -> None:
    """However often a case was spoken of, and however much was advised, each message has at most 600 characters."""
    somebody, label = advised(talk, clock)
    for flow in ("new_person", "moved", "new_school", "missed_appointment", "new_mark"):
        said = somebody.say(label)
        assert [r for r in said.out["replies"] if len(r["text"]) > 600] == []
        somebody.to_the_end(somebody.choose(flow))
        somebody.say(Do("stop"))
        clock.on(hours=30)
    said = somebody.say(label)
    assert [r for r in said.out["replies"] if len(r["text"]) > 600] == []
    assert "And before that: " in texts(said)


@given(st.lists(st.text(min_size=1, max_size=120).map(lambda text: re.sub(r"\s|;", "x", text)), max_size=30))
def test_items_are_joined_in_order_and_none_is_lost(items: list[str]) -> None:
    """A long list becomes several messages, in order, each short enough."""
    parts = in_parts(items)
    assert "; ".join(parts) == "; ".join(items)
    assert all(len(part) <= max(AT_A_TIME, 120) for part in parts)


def test_advice_of_another_flow_does_not_end_what_was_urgent(talk: Begin, clock: Clock) -> None:
    """A calmer second conversation takes nothing off the list: the baby's mark from the first is still there."""
    somebody, label = advised(talk, clock)
    somebody.say(label)
    somebody.to_the_end(somebody.choose("something_else"))
    somebody.say(Do("stop"))
    clock.on(hours=30)
    said = somebody.say(label)
    assert any("still stands" in r["text"] and "social care" in r["text"] for r in said.out["replies"])


def test_the_guard_does_not_take_a_label_for_a_name(talk: Begin, clock: Clock) -> None:
    """A label looks a little like a name; typed with capitals it is a label all the same."""
    somebody, label = advised(talk, clock)
    said: Said = somebody.say(label.title())
    assert not said.guarded
