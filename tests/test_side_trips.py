"""What happens halfway: a side trip and the way back, an alarm in the middle, an answer that is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from walking import at, chose, do, options_of_reply, steps_said

from bot.asking import actions_so_far, open_question, urgency
from bot.events import Alarmed, Do, Marked
from bot.models import Mark, Urgency
from bot.replay import walk
from bot.state import State

if TYPE_CHECKING:
    from bot.dialogue import Turn
    from bot.library import Library

WAY = ("no_sign", "not_soon", "worrying")
"""Answers to the flow about a new partner, up to the question of what is in the way."""
SHARING = ("harm_feared", "professional", "go_on")


def advised(library: Library, state: State) -> list[str]:
    """Return what there is to do, in the order of the summary."""
    return [action.do for action in actions_so_far(library, state)]


def ended(library: Library, turn: Turn) -> Turn:
    """Answer whatever is asked with its first plain option, until the summary; prompts are done as they are."""
    for _ in range(40):
        question = open_question(library, turn.state)
        if walk(library, turn.state.runs[0]).closed and len(turn.state.runs) == 1:
            return turn
        plain = [option.id for option in question.options if option.id in {"go_on", "done", "others", "no_needs"}]
        turn = do(library, *chose(plain[0] if plain else question.options[-1].id), state=turn.state)
    raise AssertionError("no end")


def test_a_side_trip_leaves_what_both_flows_go_through_to_the_one_it_comes_back_to(library: Library) -> None:
    """Recording, tonight, the ladder and the summary come once, after the way back; what is asked is asked once."""
    before = at(library, "new_partner", *WAY)
    trip = do(library, *chose("sharing"), state=before.state)
    said: list[str] = []
    for event in chose(*SHARING):
        trip = do(library, event, state=trip.state)
        said += steps_said(trip)
    assert open_question(library, trip.state).step == open_question(library, before.state).step
    assert not [step for step in said if step.split("/")[0] in {"recording", "tonight", "being_heard", "close"}]
    after = ended(library, trip)
    assert {"record", "ask_who_acts", "press_for_answer"} <= set(advised(library, after.state))
    assert State.from_json(after.state.to_json()) == after.state


def test_a_flow_begun_by_itself_leaves_nothing_out(library: Library) -> None:
    """Only a side trip is short: the same flow from the menu records, settles tonight and closes."""
    turn = ended(library, at(library, "information_sharing", "no_sign", "not_soon", *SHARING[:2]))
    assert {"record", "ask_who_acts"} <= set(advised(library, turn.state))


def test_back_at_the_beginning_of_a_side_trip_leaves_it(library: Library) -> None:
    """Answers that came along are not asked again: back goes to the question the trip began from."""
    before = at(library, "new_partner", *WAY)
    trip = do(library, *chose("sharing"), Do("back"), state=before.state)
    assert open_question(library, trip.state).step == open_question(library, before.state).step
    assert len(trip.state.runs) == 1


def test_a_flow_that_is_open_is_not_offered_as_a_side_trip(library: Library) -> None:
    """What is open beneath cannot be opened on top of itself."""
    before = at(library, "new_partner", *WAY)
    assert "told_to_wait" in options_of_reply(open_question(library, before.state))
    trip = do(library, *chose("told_to_wait", "harm_feared", "social_care"), state=before.state)
    inner = do(library, *chose("may_i_share", "harm_feared", "professional"), state=trip.state)
    opened = {run.route for run in inner.state.runs}
    assert opened == {"new_partner", "professional_disagreement", "information_sharing"}
    assert "told_no" not in options_of_reply(open_question(library, inner.state))
    assert not any("told" in option for option in options_of_reply(open_question(library, inner.state)))


def test_an_alarm_in_the_middle_that_was_rung_counts_as_suspected_harm(library: Library) -> None:
    """Typed danger, then 'I have rung': the call to social care is advised now, and the calm way settles tonight."""
    calm = at(library, "family_wont_engage", "no_sign", "not_soon", "need")
    turn = do(library, Alarmed(), *chose("rung_999"), state=calm.state)
    assert {"ring_999", "ring_social_care"} <= set(advised(library, turn.state))
    assert urgency(library, turn.state) is Urgency.NOW
    assert open_question(library, turn.state).step == open_question(library, calm.state).step
    assert "harm_suspected" in walk(library, turn.state.runs[0]).meanings()
    later = do(library, *chose("not_worse"), state=turn.state)
    assert "agree_help" not in advised(library, later.state)


def test_an_alarm_that_was_none_changes_nothing(library: Library) -> None:
    """'It is not an emergency' goes back to where it was, and establishes nothing."""
    calm = at(library, "family_wont_engage", "no_sign", "not_soon", "need")
    turn = do(library, Alarmed(), *chose("not_emergency"), state=calm.state)
    assert advised(library, turn.state) == advised(library, calm.state)


def test_a_changed_answer_takes_back_what_could_warn(library: Library) -> None:
    """Whoever was told to talk with the parents and now fears harm is told not to."""
    turn = at(library, "family_wont_engage", "no_sign", "not_soon", "need", "not_worse")
    assert "agree_help" in advised(library, turn.state)
    changed = do(library, Do("change", "family_wont_engage/still_need"), *chose("worse"), state=turn.state)
    said = [reply for reply in changed.replies if reply.step == "undone"]
    assert len(said) == 1
    assert library.actions["agree_help"].says in said[0].text


def test_a_side_trip_gives_back_only_what_it_established_itself(library: Library) -> None:
    """Harm that was feared when the trip began, and is no longer, does not stay because of the trip."""
    turn = at(library, "new_partner", *WAY)
    trip = do(library, *chose("what_to_say"), state=turn.state)
    changed = do(library, Do("change", "new_partner/known"), *chose("no_worry"), state=trip.state)
    assert "harm_suspected" not in walk(library, changed.state.runs[0]).meanings()


def test_a_worry_settles_who_keeps_the_child_safe_tonight(library: Library) -> None:
    """A calm way on which something was marked as a worry asks who acts before anyone goes home."""
    turn = at(library, "new_partner", "no_sign", "not_soon", "no_worry")
    question = open_question(library, turn.state)
    marks = tuple((prompt.id, Mark.WORRY) for prompt in question.prompts)
    assert marks
    worried = ended(library, do(library, Marked(marks), state=turn.state))
    calm = ended(library, turn)
    assert "ask_who_acts" in advised(library, worried.state)
    assert "ask_who_acts" not in advised(library, calm.state)


def test_the_summary_puts_calls_for_help_before_writing_down(library: Library) -> None:
    """What is due today begins with whom to ring and tell."""
    turn = ended(library, at(library, "new_partner", *WAY))
    order = advised(library, turn.state)
    assert order.index("ring_social_care") < order.index("tell_lead") or order[0] == "ring_social_care"
    assert order.index("tell_lead") < order.index("record")
