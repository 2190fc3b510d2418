"""What each event does to a conversation: alarms, exits, commands, blocks, flows opened in the middle, odd input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from walking import actions_in, at, chose, do, finish, least, most, question_of, steps_said

from bot.asking import actions_so_far, answers_given, is_closed, open_question, unfinished, urgency
from bot.dialogue import DEEPEST, new_state, step, welcome_back
from bot.events import COMMANDS, Alarmed, Chose, Do, Marked, Open, Unclear, WroteAs
from bot.library import read_content
from bot.models import BY_URGENCY, URGENCY_ORDER, ActionClass, By, Mark, Moment, ReplyKind, Urgency
from bot.reading import content_root
from bot.replay import DONE
from bot.state import FORMAT, State

if TYPE_CHECKING:
    from bot.dialogue import Turn
    from bot.events import Command, Event, Reply
    from bot.library import Library

FLOWS = sorted(path.stem for path in (content_root() / "dialogues" / "flows").glob("*.yaml"))
GROUPS = (
    "seen_or_told",
    "family",
    "absent_or_moving",
    "young_people",
    "plans",
    "work",
    "special",
    "living",
)
"""The parts of the menu."""
SETTLED = ("no_sign", "not_soon")
"""The danger check, answered without any sign of danger."""
BABY = (*SETTLED, "not_mobile")
TO_THE_END = {
    "mark_on_child": (*SETTLED, "mobile", "none_of_these", "go_on", "done", "done", "done", "no_needs", "no_reminder"),
    "family_wont_engage": (
        *SETTLED,
        "need",
        "not_worse",
        "go_on",
        "done",
        "done",
        "done",
        "done",
        "no_needs",
        "no_reminder",
    ),
    "new_partner": (*SETTLED, "no_worry", "done", "done", "done", "no_needs", "no_reminder"),
    "information_sharing": (*SETTLED, "support", "professional", "done", "no_needs", "no_reminder"),
    "professional_disagreement": (*SETTLED, "plan_wrong", "social_care", "done", "done", "no_needs", "no_reminder"),
}


def asked(turn: Turn) -> str:
    """Return the name of the step that is asked, without its route."""
    question = question_of(turn)
    assert question is not None
    return question.step.split("/", 1)[-1]


def options_of(turn: Turn) -> list[str]:
    """Return the ids of what may be answered."""
    question = question_of(turn)
    assert question is not None
    return [option.id for option in question.options]


def to_the_end(library: Library, flow: str) -> tuple[str, ...]:
    """Return answers that lead through a flow to its summary: the least worrying ones, where none are written down."""
    if flow in TO_THE_END:
        return TO_THE_END[flow]
    given: list[str] = []
    turn = at(library, flow)
    while (question := question_of(turn)) is not None:
        event = least(library, question)
        given.append(DONE if isinstance(event, Marked) else getattr(event, "options", ())[-1])
        if given[-1] not in {option.id for option in question.options}:
            raise AssertionError(question)
        turn = do(library, *chose(given[-1]), state=turn.state)
    assert is_closed(library, turn.state)
    return tuple(given)


def is_card(turn: Turn) -> bool:
    """Say whether a turn ends with the 999 card."""
    return turn.replies[-1].kind is ReplyKind.DANGER and "999" in turn.replies[-1].text


# --- danger --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answers", [("yes_now",), ("not_sure", "one_of_these"), ("not_sure", "cannot_tell")])
@pytest.mark.parametrize("flow", FLOWS)
def test_an_emergency_answer_shows_the_card_and_then_what_to_do(
    library: Library, flow: str, answers: tuple[str, ...]
) -> None:
    """An answer that is an emergency shows the 999 card at once; once 999 was rung the flow says what comes next."""
    turn = at(library, flow, *answers)
    assert is_card(turn)
    assert options_of(turn) == ["rung_999", "not_emergency"]
    turn = do(library, *chose("rung_999"), state=turn.state)
    assert turn.replies[0].step == "after_999"
    assert actions_in(turn)["ring_999"] == By.NOW
    assert actions_in(turn)["ring_social_care"] == By.NOW
    assert urgency(library, turn.state) is Urgency.NOW
    assert "danger_check" not in asked(turn)


@pytest.mark.parametrize("answers", [("yes_now",), ("not_sure", "one_of_these")])
def test_what_is_no_emergency_is_asked_again(library: Library, answers: tuple[str, ...]) -> None:
    """Saying that it is not an emergency keeps no answer, and asks the same question again."""
    before = at(library, "mark_on_child", *answers[:-1])
    raised = do(library, *chose(answers[-1]), state=before.state)
    lowered = do(library, *chose("not_emergency"), state=raised.state)
    assert lowered.state.runs == before.state.runs
    assert question_of(lowered) == question_of(before)


@pytest.mark.parametrize("flow", FLOWS)
def test_typed_danger_before_a_flow_leads_into_it_after_999(library: Library, flow: str) -> None:
    """Typed danger that is about a flow shows the card, then opens the flow: the danger check is not asked in vain."""
    raised = do(library, Alarmed(flow))
    assert is_card(raised)
    assert not raised.state.runs
    rung = do(library, *chose("rung_999"), state=raised.state)
    assert steps_said(rung)[:2] == ["after_999", "opening"]
    assert actions_in(rung)["ring_social_care"] == By.NOW
    assert "danger_check" not in asked(rung)
    lowered = do(library, *chose("not_emergency"), state=raised.state)
    assert asked(lowered) == "danger_check/signs"
    assert lowered.state.runs[0].route == flow


def test_typed_danger_about_nothing_else_leads_to_the_menu(library: Library) -> None:
    """Typed danger that is about no flow shows the card, and then the menu."""
    for answer in ("rung_999", "not_emergency"):
        turn = do(library, Alarmed(), *chose(answer))
        assert turn.replies[-1].step == "menu"
        assert options_of(turn) == [*GROUPS, "who_is_writing"]
    assert is_card(do(library, Alarmed("no_such_flow")))


@pytest.mark.parametrize("answers", [(), SETTLED, (*BABY, "go_on"), (*BABY, "go_on", "done")])
def test_typed_danger_in_the_middle_leads_back_to_the_same_question(library: Library, answers: tuple[str, ...]) -> None:
    """Typed danger in the middle of a flow shows the card and then asks what was open, with every answer kept."""
    before = at(library, "mark_on_child", *answers)
    raised = do(library, Alarmed(), state=before.state)
    assert [reply.kind for reply in raised.replies] == [ReplyKind.DANGER]
    lowered = do(library, *chose("not_emergency"), state=raised.state)
    assert question_of(lowered) == question_of(before)
    assert lowered.state.runs == before.state.runs
    rung = do(library, *chose("rung_999"), state=raised.state)
    kept = {answer.key: answer for answer in rung.state.runs[0].answers}
    assert all(kept[answer.key] == answer for answer in before.state.runs[0].answers)
    asked, open_before = question_of(rung), question_of(before)
    assert asked is not None
    assert open_before is not None
    # The danger check itself is answered by having rung; any other question is asked again as it was.
    assert (asked.step == open_before.step) is bool(answers)


EVERY_COMMAND: tuple[Command, ...] = tuple(dict.fromkeys((*COMMANDS, "begin", "again")))
BESIDE_AN_ALARM: list[Event] = [
    *[Do(command) for command in EVERY_COMMAND if command != "stop"],
    Do("change", "mobile"),
    Open("mark_on_child"),
    Open("information_sharing"),
    Open("no_such_flow"),
    WroteAs("child"),
    WroteAs("parent"),
    WroteAs("outside_england"),
    Unclear(),
    Unclear(("mark_on_child", "new_partner")),
    Alarmed(),
    Alarmed("new_partner"),
    Chose(("mobile",)),
    Chose(("carry_on",)),
    Chose(()),
    Chose(("rung_999", "not_emergency")),
    Marked(()),
    Marked((("explanation", Mark.WORRY),)),
]


@pytest.mark.parametrize("event", BESIDE_AN_ALARM, ids=repr)
@pytest.mark.parametrize("raised_by", ["command", "words", "answer"])
def test_an_alarm_is_not_pushed_aside(library: Library, event: Event, raised_by: str) -> None:
    """While the 999 card stands, whatever else comes is answered with the card, until it is answered or all is stopped."""
    before = at(library, "mark_on_child")
    raise_it: dict[str, Event] = {"command": Do("danger"), "words": Alarmed(), "answer": Chose(("yes_now",))}
    raised = do(library, raise_it[raised_by], state=before.state)
    turn = do(library, event, state=raised.state)
    assert is_card(turn)
    assert options_of(turn) == ["rung_999", "not_emergency"]
    lowered = do(library, *chose("not_emergency"), state=turn.state)
    if isinstance(event, WroteAs):  # the card for whoever writes comes after the alarm, and then the open step (H24)
        assert asked(lowered) == "card"
        lowered = do(library, *chose("carry_on"), state=lowered.state)
    assert "danger_check/signs" in asked(lowered)
    rung = do(library, *chose("rung_999"), state=turn.state)
    answered = rung.state.runs[0].answers
    waiting = isinstance(event, WroteAs) or (isinstance(event, Open | Alarmed) and event.flow in library.flows)
    assert [answer.chosen for answer in answered] == ([("yes_now",)] if raised_by == "answer" or not waiting else [])


@pytest.mark.parametrize("event", BESIDE_AN_ALARM, ids=repr)
def test_an_alarm_before_any_flow_is_not_pushed_aside(library: Library, event: Event) -> None:
    """The 999 card that came first of all stands until it is answered, too."""
    turn = do(library, Alarmed(), event)
    assert is_card(turn)


def test_an_alarm_can_be_stopped_and_the_line_says_999(library: Library) -> None:
    """Stop works from the 999 card as from everywhere, and says 999 once more."""
    turn = do(library, Alarmed(), Do("stop"))
    assert turn.state.stopped
    assert "999" in turn.replies[-1].text


def test_not_sure_shows_concrete_signs_and_none_of_them_still_rings(library: Library) -> None:
    """Not being sure leads to signs to look for, and none of them but unsure to ringing now (decision 5)."""
    turn = at(library, "new_partner", "not_sure")
    assert asked(turn) == "danger_check/look"
    turn = do(library, *chose("none_but_unsure"), state=turn.state)
    assert actions_in(turn) == {"ring_social_care": By.NOW, "tell_lead": By.NOW}


@pytest.mark.parametrize("answer", ["soon", "dont_know"])
@pytest.mark.parametrize("flow", FLOWS)
def test_somebody_feared_soon_means_acting_before_they_leave(library: Library, flow: str, answer: str) -> None:
    """The child being with somebody feared before the next contact, or not knowing, means ringing before they leave."""
    turn = at(library, flow, "no_sign", answer)
    assert actions_in(turn)["ring_social_care"] == By.BEFORE_CONTACT
    assert urgency(library, turn.state) is Urgency.NOW


# --- exits ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("writer", "says"), [("child", "0800 1111"), ("parent", "0808 800 5000"), ("outside_england", "England")]
)
@pytest.mark.parametrize("answers", [None, SETTLED])
def test_who_is_no_practitioner_in_england_gets_a_card_of_their_own(
    library: Library, writer: Any, says: str, answers: tuple[str, ...] | None
) -> None:
    """A child, a parent or somebody outside England is told where to turn, with 999, and may leave or carry on."""
    before = new_state(library) if answers is None else at(library, "mark_on_child", *answers).state
    turn = do(library, WroteAs(writer), state=before)
    assert says in turn.replies[-1].text
    assert "999" in turn.replies[-1].text
    assert options_of(turn) == ["leave", "carry_on"]
    left = do(library, *chose("leave"), state=turn.state)
    assert left.state.stopped
    stayed = do(library, *chose("carry_on"), state=turn.state)
    assert question_of(stayed) == open_question(library, before)
    assert stayed.state.runs == before.runs


@pytest.mark.parametrize("who", ["child", "parent", "carry_on"])
def test_the_menu_has_a_button_for_a_child_or_a_parent(library: Library, who: str) -> None:
    """One fixed button of the menu asks who is writing; whoever works with children is back at the menu."""
    turn = do(library, Do("menu"), *chose("who_is_writing", who))
    wanted = {"child": "for_a_child/card", "parent": "for_a_parent/card", "carry_on": "menu"}
    assert turn.replies[-1].step == wanted[who]


# --- blocks and flows in the middle --------------------------------------------------------------------


@pytest.mark.parametrize(("option", "said"), [("what_to_say", "script"), ("tell_family", "not_first")])
def test_a_block_opened_from_a_question_says_its_words_and_comes_back(library: Library, option: str, said: str) -> None:
    """A block opened from a button says what it has to say and asks the same question again."""
    before = at(library, "mark_on_child", *BABY)
    turn = do(library, *chose(option), state=before.state)
    assert said in steps_said(turn)
    assert question_of(turn) == question_of(before)
    assert [run.answers for run in turn.state.runs] == [run.answers for run in before.state.runs]


def test_a_called_block_returns_to_the_step_after_it(library: Library) -> None:
    """A block that a flow calls is gone through in place, and the flow goes on after it."""
    turn = at(library, "mark_on_child", *SETTLED)
    assert asked(turn) == "mobile"
    turn = do(library, *chose("not_mobile", "go_on", "done", "done"), state=turn.state)
    assert asked(turn) == "brothers_and_sisters/others"
    turn = do(library, *chose("done"), state=turn.state)
    assert asked(turn) == "additional_needs/needs"


IN_THE_MIDDLE = [
    ("mark_on_child", BABY, "told_to_wait", "professional_disagreement"),
    ("family_wont_engage", (*SETTLED, "harm"), "sharing", "information_sharing"),
    ("family_wont_engage", (*SETTLED, "need", "not_worse"), "told_to_wait", "professional_disagreement"),
    ("new_partner", (*SETTLED, "dont_know"), "sharing", "information_sharing"),
    ("information_sharing", (*SETTLED, "not_sure", "professional"), "told_no", "professional_disagreement"),
    ("professional_disagreement", (*SETTLED, "not_sure", "other"), "may_i_share", "information_sharing"),
]


@pytest.mark.parametrize(("flow", "answers", "option", "opened"), IN_THE_MIDDLE)
def test_a_flow_opened_in_the_middle_leads_back_to_the_same_question(
    library: Library, flow: str, answers: tuple[str, ...], option: str, opened: str
) -> None:
    """A flow opened in the middle is gone through without a second danger check, and comes back where it began."""
    before = at(library, flow, *answers)
    turn = do(library, *chose(option), state=before.state)
    assert steps_said(turn)[0] == "opening"
    assert turn.state.runs[-1].route == opened
    assert "danger_check" not in asked(turn)
    turn = finish(library, turn.state, until=lambda t: len(t.state.runs) == 1)
    assert question_of(turn) == question_of(before)
    assert [run.answers for run in turn.state.runs] == [run.answers for run in before.state.runs]
    assert [run.route for run in turn.state.past] == [opened]
    assert turn.replies[-2].step == "back_to"


@pytest.mark.parametrize(
    "danger", [("no_sign", "soon"), ("no_sign", "dont_know"), ("not_sure", "none_but_unsure"), ("yes_now", "rung_999")]
)
def test_danger_answers_come_along_and_their_advice_is_not_said_twice(
    library: Library, danger: tuple[str, ...]
) -> None:
    """A flow opened from a button takes the danger answers along: neither asked again nor advised again."""
    before = at(library, "mark_on_child", *danger, "not_mobile")
    turn = do(library, *chose("told_to_wait"), state=before.state)
    assert asked(turn) == "risk"
    assert not actions_in(turn)
    inner = {(answer.path, answer.step, answer.chosen) for answer in turn.state.runs[-1].answers}
    outer = {(a.path, a.step, a.chosen) for a in before.state.runs[0].answers if a.path == "danger_check"}
    assert inner == outer


def test_a_danger_answer_changed_in_the_inner_flow_says_what_to_do(library: Library) -> None:
    """A danger answer that came along can be changed, and then what it advises is said like any other."""
    inner = at(library, "mark_on_child", *SETTLED, "mobile", "none_of_these", "told_to_wait")
    turn = do(library, Do("change", "danger_check/before_contact"), *chose("soon"), state=inner.state)
    assert actions_in(turn)["ring_social_care"] == By.BEFORE_CONTACT


FROM_HARM = [
    ("family_wont_engage", (*SETTLED, "harm", "sharing")),
    ("family_wont_engage", (*SETTLED, "need", "worse", "sharing")),
    ("family_wont_engage", ("no_sign", "soon", "need", "not_worse", "sharing")),
    ("new_partner", (*SETTLED, "worrying", "sharing")),
    ("new_partner", ("not_sure", "none_but_unsure", "dont_know", "sharing")),
    ("professional_disagreement", (*SETTLED, "harm_feared", "other", "may_i_share")),
    ("mark_on_child", (*BABY, "told_to_wait", "plan_wrong", "other", "may_i_share")),
]


@pytest.mark.parametrize(("flow", "answers"), FROM_HARM)
def test_sharing_opened_where_harm_is_suspected_never_talks_with_the_family_first(
    library: Library, flow: str, answers: tuple[str, ...]
) -> None:
    """Harm suspected in the outer flow holds in the one opened from it, whatever is answered there."""
    opened = at(library, flow, *answers)
    for inner in (("support", "professional"), ("support", "caller"), ("not_sure", "professional")):
        turn, advised = opened, set()
        for event in chose(*inner):
            turn = do(library, event, state=turn.state)
            advised |= set(actions_in(turn))
        assert "tell_lead" in advised
        assert "talk_with_family" not in advised
        assert "talk_with_family" not in {action.do for action in actions_so_far(library, turn.state)}


def test_sharing_opened_where_nothing_points_to_harm_is_open_with_the_family(library: Library) -> None:
    """Without harm suspected the family is talked with: the rule above is no accident."""
    turn = at(library, "family_wont_engage", *SETTLED, "need", "not_worse", "sharing", "support", "professional")
    assert "talk_with_family" in actions_in(turn)


def test_flows_nest_only_so_deep(library: Library) -> None:
    """So many flows can wait beneath each other; one more is refused in words, and the open question stays."""
    turn = at(library, "mark_on_child")
    for flow in ("new_partner", "family_wont_engage", "information_sharing", "professional_disagreement"):
        turn = do(library, Open(flow), state=turn.state)
    assert len(turn.state.runs) == DEEPEST
    refused = do(library, Open("new_partner"), state=turn.state)
    assert refused.replies[0].step == "too_deep"
    assert refused.state.runs == turn.state.runs
    assert question_of(refused) == question_of(turn)


def test_a_flow_opened_from_the_menu_in_the_middle_comes_back(library: Library) -> None:
    """Another flow can be opened from the menu in the middle; when it ends the first goes on where it was."""
    before = at(library, "mark_on_child", *SETTLED)
    turn = do(library, Do("menu"), *chose("information_sharing"), state=before.state)
    assert asked(turn) == "danger_check/signs"
    turn = finish(library, turn.state, until=lambda t: len(t.state.runs) == 1)
    assert question_of(turn) == question_of(before)


def test_a_flow_after_a_finished_one_begins_afresh_and_both_stay_on_record(library: Library) -> None:
    """When one flow has ended another can be opened, with a danger check of its own."""
    turn = at(library, "information_sharing", *TO_THE_END["information_sharing"])
    assert is_closed(library, turn.state)
    turn = do(library, Open("new_partner"), state=turn.state)
    assert asked(turn) == "danger_check/signs"
    assert [run.route for run in turn.state.past] == ["information_sharing"]
    assert [run.route for run in turn.state.runs] == ["new_partner"]


# --- resume --------------------------------------------------------------------------------------------


def test_resuming_asks_about_danger_first_and_then_goes_on(library: Library) -> None:
    """Whoever carries on after a break is asked about danger once more, then what was open (P1)."""
    before = at(library, "mark_on_child", *BABY)
    turn = do(library, Do("resume"), state=before.state)
    assert turn.replies[0].step == "resumed"
    assert question_of(turn).step == "danger_check/signs"
    turn = do(library, *chose(*SETTLED), state=turn.state)
    assert question_of(turn) == question_of(before)
    assert [run.answers for run in turn.state.runs] == [run.answers for run in before.state.runs]


def test_resuming_twice_asks_about_danger_once(library: Library) -> None:
    """While the danger check is what is open, it is not asked about again beneath itself."""
    for before in (
        at(library, "mark_on_child"),
        do(library, Do("resume"), state=at(library, "mark_on_child", *BABY).state),
    ):
        turn = do(library, Do("resume"), state=before.state)
        assert question_of(turn) == question_of(before)
        assert len(turn.state.runs) == len(before.state.runs)


def test_danger_found_on_resuming_shows_the_card_and_what_to_do(library: Library) -> None:
    """Danger that has come up meanwhile is acted on before the flow goes on."""
    before = at(library, "new_partner", *SETTLED)
    turn = do(library, Do("resume"), *chose("yes_now"), state=before.state)
    assert is_card(turn)
    turn = do(library, *chose("rung_999"), state=turn.state)
    assert actions_in(turn)["ring_social_care"] == By.NOW
    assert question_of(turn) == question_of(before)


def test_harm_found_on_resuming_holds_for_the_rest_of_the_flow(library: Library) -> None:
    """What is established on resuming counts on: nothing then waits for consent, and tonight is settled (P6, P13)."""
    before = at(library, "family_wont_engage", *SETTLED, "need")
    turn = do(library, Do("resume"), *chose("no_sign", "soon"), state=before.state)
    assert asked(turn) == "still_need"
    turn = do(library, *chose("not_worse"), state=turn.state)
    assert "agree_help" not in actions_in(turn)
    turn = finish(library, turn.state, until=lambda t: is_closed(library, t.state))
    assert "ask_who_acts" in {action.do for action in turn.replies[-1].actions}


def test_resuming_with_nothing_open_shows_the_menu_or_the_end(library: Library) -> None:
    """With nothing left to ask there is nothing to resume, and the menu is shown."""
    assert do(library, Do("resume")).replies[-1].step == "menu"
    ended = at(library, "new_partner", *TO_THE_END["new_partner"])
    assert do(library, Do("resume"), state=ended.state).replies[-1].step == "menu"


@pytest.mark.parametrize(("choice", "expected"), [("carry_on", "danger_check/signs"), ("afresh", None)])
def test_a_welcome_back_carries_on_or_starts_afresh(library: Library, choice: str, expected: str | None) -> None:
    """Somebody welcomed back chooses to carry on, danger first, or to start afresh."""
    before = at(library, "mark_on_child", *SETTLED)
    greeted = welcome_back(library, before.state)
    assert options_of(greeted) == ["carry_on", "afresh"]
    assert "999" in greeted.replies[-1].text
    turn = do(library, *chose(choice), state=greeted.state)
    assert turn.state.stopped == (expected is None)
    assert expected is None or question_of(turn).step == expected


# --- back and change -----------------------------------------------------------------------------------


@pytest.mark.parametrize("flow", FLOWS)
def test_back_leads_through_every_question_to_the_first(library: Library, flow: str) -> None:
    """Back asks the question before, and again the one before that when it is answered the same way."""
    answers = to_the_end(library, flow)
    for length in range(len(answers), 0, -1):
        before = at(library, flow, *answers[: length - 1])
        after = do(library, *chose(answers[length - 1]), state=before.state)
        back = do(library, Do("back"), state=after.state)
        assert question_of(back).step == question_of(before).step
        again = do(library, *chose(answers[length - 1]), state=back.state)
        assert question_of(again) == question_of(after)


def test_back_at_the_first_question_leaves_the_flow(library: Library) -> None:
    """There is nothing before the first question but the menu, or what waits beneath."""
    assert question_of(do(library, Do("back"), state=at(library, "new_partner").state)).step == "menu"
    assert do(library, Do("back")).replies[0].step == "nothing_before"
    outer = at(library, "mark_on_child", *BABY)
    inner = do(library, Open("new_partner"), Do("back"), state=outer.state)
    assert question_of(inner) == question_of(outer)


def test_back_cannot_leave_the_danger_check_of_a_resumed_conversation(library: Library) -> None:
    """The danger check that comes first on resuming is not backed out of."""
    turn = do(library, Do("resume"), Do("back"), state=at(library, "new_partner", *SETTLED).state)
    assert turn.replies[0].step == "nothing_before"
    assert question_of(turn).step == "danger_check/signs"


@pytest.mark.parametrize("event", [Do("menu"), WroteAs("child"), Unclear(("new_partner",)), Do("change")], ids=repr)
def test_back_leaves_what_was_asked_in_between(library: Library, event: Event) -> None:
    """Back from the menu, a card or a choice asks what was open."""
    before = at(library, "mark_on_child", *BABY)
    turn = do(library, event, Do("back"), state=before.state)
    assert question_of(turn) == question_of(before)


def test_a_changed_answer_keeps_what_still_applies(library: Library) -> None:
    """After a change the later answers that still apply stand, and only what is new on the way is asked."""
    ended = at(library, "mark_on_child", *TO_THE_END["mark_on_child"])
    turn = do(library, Do("change", "mobile"), state=ended.state)
    assert asked(turn) == "mobile"
    turn = do(library, *chose("not_mobile"), state=turn.state)
    assert is_closed(library, turn.state)
    assert actions_in(turn)["ring_social_care"] == By.BEFORE_CONTACT
    assert turn.replies[-1].kind is ReplyKind.CLOSE
    gone = {superseded.step for superseded in turn.superseded}
    assert {"mark_on_child/any_mark", "mark_on_child/what_is_it", "mark_on_child/lead_today"} <= gone
    assert "mark_on_child/recording/write" not in gone
    assert "mark_on_child/recording/write" not in {reply.step for reply in turn.replies}


def test_a_changed_answer_asks_what_no_longer_stands(library: Library) -> None:
    """A change that leads elsewhere asks the questions met there for the first time, then keeps the rest."""
    ended = at(library, "mark_on_child", *BABY, *TO_THE_END["mark_on_child"][4:])
    turn = do(library, Do("change", "mobile"), *chose("mobile"), state=ended.state)
    assert asked(turn) == "what_is_it"
    turn = do(library, *chose("child_says"), state=turn.state)
    assert is_closed(library, turn.state)
    assert actions_in(turn)["ring_social_care"] in {By.BEFORE_CONTACT, By.TODAY}
    assert "older_now" in steps_said(turn)


def test_a_change_back_brings_the_earlier_answers_back(library: Library) -> None:
    """Answers that a change set aside stand again when it is changed back."""
    ended = at(library, "mark_on_child", *TO_THE_END["mark_on_child"])
    turn = do(
        library,
        Do("change", "mobile"),
        *chose("not_mobile"),
        Do("change", "mobile"),
        *chose("mobile"),
        state=ended.state,
    )
    assert is_closed(library, turn.state)
    assert actions_so_far(library, turn.state) == actions_so_far(library, ended.state)


def test_the_same_answer_again_overtakes_nothing(library: Library) -> None:
    """Giving the same answer again changes nothing and marks nothing as overtaken."""
    before = at(library, "mark_on_child", *BABY, "go_on")
    turn = do(library, Do("change", "mobile"), *chose("not_mobile"), state=before.state)
    assert turn.superseded == ()
    assert question_of(turn) == question_of(before)
    assert len(turn.replies) == 1


def test_nothing_is_overtaken_before_the_new_answer_is_in(library: Library) -> None:
    """Asking for a change marks nothing; only the new answer does."""
    before = at(library, "mark_on_child", *BABY)
    turn = do(library, Do("change", "mobile"), state=before.state)
    assert turn.superseded == ()
    assert actions_in(turn) == {}


def test_changed_marks_change_what_is_said_of_worries(library: Library) -> None:
    """A worry taken back overtakes the advice that it brought, and one added brings it."""
    calm = at(library, "mark_on_child", *TO_THE_END["mark_on_child"])
    worried = do(library, Do("change", "curious"), Marked((("before", Mark.WORRY),)), *chose("done"), state=calm.state)
    assert actions_in(worried)["pass_on_known"] == By.BEFORE_YOU_GO_OFF_DUTY
    assert worried.replies[-1].summary.worries == ("whether anything was noted before",)
    again = do(library, Do("change", "curious"), Marked((("before", Mark.KNOWN),)), *chose("done"), state=worried.state)
    assert "mark_on_child/worried" in {superseded.step for superseded in again.superseded}
    assert again.replies[-1].summary.worries == ()
    assert "recording/write" not in steps_said(again)


def test_marks_given_again_show_as_they_come(library: Library) -> None:
    """While marks are given again they are shown as they come, and nothing is overtaken until all is done."""
    before = at(library, "mark_on_child", *TO_THE_END["mark_on_child"])
    turn = do(library, Do("change", "curious"), Marked((("before", Mark.WORRY),)), state=before.state)
    assert {p.id: p.mark for p in question_of(turn).prompts}["before"] is Mark.WORRY
    assert turn.superseded == ()


def test_change_offers_the_answers_given_so_far(library: Library) -> None:
    """Change without a name lists what was answered; choosing one asks it again."""
    before = at(library, "mark_on_child", *BABY)
    turn = do(library, Do("change"), state=before.state)
    assert [name.split("/", 1)[1] for name in options_of(turn)] == [
        "danger_check/signs",
        "danger_check/before_contact",
        "mobile",
    ]
    assert all(len(option.label) <= 40 and len(option.short) <= 20 for option in turn.replies[-1].options)
    turn = do(library, *chose(options_of(turn)[1]), state=turn.state)
    assert asked(turn) == "danger_check/before_contact"


def test_change_of_an_answer_never_given_offers_those_that_were(library: Library) -> None:
    """A name that is no answered question leads to the list, from which one can then be chosen."""
    before = at(library, "mark_on_child", *BABY)
    turn = do(library, Do("change", "no_such_question"), state=before.state)
    assert turn.replies[0].step == "choose_from_these"
    turn = do(library, *chose(options_of(turn)[-1]), state=turn.state)
    assert asked(turn) == "mobile"


def test_there_is_nothing_to_change_at_the_start(library: Library) -> None:
    """Before the first answer there is nothing to change, and the open question stays."""
    for before in (new_state(library), at(library, "new_partner").state):
        turn = do(library, Do("change"), state=before)
        assert turn.replies[0].step == "nothing_to_change"
        assert question_of(turn) == open_question(library, before)


# --- other commands ------------------------------------------------------------------------------------


def test_why_names_the_sources_of_what_was_last_said(library: Library) -> None:
    """Why cites the sources of the advice and the question that came after the last answer, and asks again."""
    before = at(library, "mark_on_child", *BABY)
    said = {source for reply in before.replies for source in reply.sources}
    turn = do(library, Do("why"), state=before.state)
    assert turn.replies[0].kind is ReplyKind.CITE
    assert set(turn.replies[0].sources) == said
    assert turn.state == before.state
    assert question_of(turn) == question_of(before)


@pytest.mark.parametrize("command", ["why", "help", "again"])
@pytest.mark.parametrize("answers", [None, (), BABY, TO_THE_END["mark_on_child"]])
def test_asking_in_between_changes_nothing(library: Library, command: Any, answers: tuple[str, ...] | None) -> None:
    """Why, help and once more leave the state as it was and end by asking what was open."""
    before = new_state(library) if answers is None else at(library, "mark_on_child", *answers).state
    turn = do(library, Do(command), state=before)
    assert turn.state == before
    assert question_of(turn) == open_question(library, before)


def test_the_menu_offers_every_flow_and_the_way_back(library: Library) -> None:
    """The menu offers its parts and each part its flows, says 999, and lets whoever is in the middle carry on."""
    first = do(library, Do("menu"))
    assert options_of(first) == [*GROUPS, "who_is_writing"]
    found: list[str] = []
    for group in GROUPS:
        part = do(library, *chose(group), state=first.state)
        *flows, back = options_of(part)
        assert "999" in part.replies[-1].text
        assert {library.flows[flow].group for flow in flows} == {group}
        assert options_of(do(library, *chose(back), state=part.state)) == options_of(first)
        assert asked(do(library, *chose(flows[-1]), state=part.state)) == "danger_check/signs"
        found += flows
    assert found == list(library.flows)
    assert "999" in first.replies[-1].text
    before = at(library, "new_partner", *SETTLED)
    turn = do(library, Do("menu"), state=before.state)
    assert options_of(turn)[0] == "carry_on"
    turn = do(library, *chose("carry_on"), state=turn.state)
    assert question_of(turn) == question_of(before)
    assert turn.state == before.state


@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_can_be_named_at_the_menu_without_its_part(library: Library, flow: str) -> None:
    """Whoever names a flow at the menu, or in one of its parts, is there at once."""
    for before in (do(library, Do("menu")), do(library, Do("menu"), *chose(library.flows[flow].group))):
        turn = do(library, *chose(flow), state=before.state)
        assert turn.state.runs[-1].route == flow
        assert asked(turn) == "danger_check/signs"


def test_begin_greets_and_offers_the_flows(library: Library) -> None:
    """The first thing said names 999 first, says what this is, and takes a choice at once."""
    greeted = do(library, Do("begin"))
    assert greeted.replies[0].text.startswith("Danger now")
    assert "No names" in greeted.replies[0].text
    turn = do(library, *chose("new_partner"), state=greeted.state)
    assert asked(turn) == "danger_check/signs"


def test_stop_ends_and_the_next_word_begins_afresh(library: Library) -> None:
    """After stop the next event begins a conversation that knows nothing of the last."""
    stopped = do(library, Do("stop"), state=at(library, "mark_on_child", *BABY).state)
    assert stopped.state.stopped
    turn = do(library, Open("new_partner"), state=stopped.state)
    assert turn == at(library, "new_partner")
    assert do(library, Do("stop")).replies[0].step == "stopped_empty"


# --- words that are not understood ---------------------------------------------------------------------


def test_words_not_understood_ask_again_in_other_words(library: Library) -> None:
    """Words that answer nothing are never guessed at: the question is asked again, put differently."""
    before = at(library, "mark_on_child")
    first = do(library, Unclear(), state=before.state)
    assert first.replies[0].step == "not_understood_first"
    assert first.replies[-1].text != question_of(before).text
    assert options_of(first) == options_of(before)
    assert first.state.runs == before.state.runs
    answered = do(library, *chose("no_sign"), state=first.state)
    assert answered.state.misses == 0


@pytest.mark.parametrize("flow", FLOWS)
def test_after_two_failures_the_menu_and_a_person_at_every_question(library: Library, flow: str) -> None:
    """At every question, of marks and reminders too: other words at first; then the menu, whom to ring, and the way back."""
    answers = to_the_end(library, flow)
    for length in range(len(answers)):
        before = at(library, flow, *answers[:length])
        if question_of(before) is None:
            continue
        first = do(library, Unclear(), state=before.state)
        assert first.replies[-1].text != question_of(before).text, question_of(before).step
        assert options_of(first) == options_of(before)
        second = do(library, Unclear(), state=first.state)
        assert [reply.step for reply in second.replies] == ["not_understood_again", "a_person", "menu"]
        assert "999" in second.replies[0].text
        assert "safeguarding lead" in second.replies[1].text
        assert "ask for children's social care" in second.replies[1].text
        assert second.state.runs == before.state.runs
        again = do(library, *chose("carry_on"), state=second.state)
        assert question_of(again) == question_of(before)
        assert again.state.misses == 0


def test_a_card_stays_whatever_is_typed_at_it(library: Library) -> None:
    """The 999 card and those of a child, a parent and somebody elsewhere are asked again, never left for the menu."""
    for raised in (Alarmed(), WroteAs("child"), WroteAs("parent"), WroteAs("outside_england")):
        turn = do(library, raised)
        card = question_of(turn).step
        for _ in range(4):
            turn = do(library, Unclear(), state=turn.state)
            assert question_of(turn).step == card
            assert "999" in question_of(turn).text
            assert len(turn.replies) == 1


def test_a_near_miss_names_the_option_and_its_number(library: Library) -> None:
    """What was nearly understood is named with its number, and nothing is chosen."""
    before = at(library, "mark_on_child")
    turn = do(library, Unclear(near=("no_sign",)), state=before.state)
    assert "“No sign of that now” (3)" in turn.replies[0].text
    assert "999" in turn.replies[0].text
    assert turn.state.runs == before.state.runs
    both = do(library, Unclear(instead="two_fit"), state=before.state)
    assert "worries you more" in both.replies[0].text


def test_none_of_these_goes_back_to_what_was_open(library: Library) -> None:
    """Offered another situation in between, none of these asks the open question again, with its answers kept."""
    before = at(library, "mark_on_child", *BABY)
    offered_now = do(library, Unclear(("new_partner", "home_education")), state=before.state)
    assert "999" in question_of(offered_now).text
    assert options_of(offered_now) == ["new_partner", "home_education", "menu"]
    turn = do(library, *chose("menu"), state=offered_now.state)
    assert question_of(turn) == question_of(before)
    assert turn.state.runs == before.state.runs


def test_words_that_again_name_no_situation_lead_to_the_menu(library: Library) -> None:
    """Whoever answers the choice of situations with words that lead to a choice again gets the menu and a person."""
    turn = do(library, Unclear(("new_partner",)), state=at(library, "mark_on_child").state)
    turn = do(library, Unclear(("home_education",)), state=turn.state)
    assert question_of(turn).step == "which_flow"
    turn = do(library, Unclear(("home_education",)), state=turn.state)
    assert question_of(turn).step == "menu"
    assert "a_person" in steps_said(turn)


def test_why_after_a_side_trip_cites_the_trip(library: Library) -> None:
    """Back from a side trip, why cites what the trip said last and the open question, not the list before it."""
    before = at(library, "mark_on_child", *BABY)
    listed = {source for reply in before.replies for source in reply.sources}
    back = do(library, *chose("what_to_say"), state=before.state)
    assert question_of(back) == question_of(before)
    said = {source for reply in back.replies if reply.step != "back_to" for source in reply.sources}
    cited = set(do(library, Do("why"), state=back.state).replies[0].sources)
    assert cited == said
    assert cited != listed
    again = do(library, *chose("go_on"), state=back.state)
    assert set(do(library, Do("why"), state=again.state).replies[0].sources) == set(question_of(again).sources)


def test_urgency_stands_while_an_answer_is_changed(library: Library) -> None:
    """Until the new answer is in, what was advised is due as it was."""
    before = at(library, "mark_on_child", *BABY)
    assert urgency(library, before.state) is Urgency.NOW
    turn = do(library, Do("change", "danger_check/signs"), state=before.state)
    assert urgency(library, turn.state) is Urgency.NOW
    calm = do(library, *chose("no_sign", "not_soon"), state=turn.state)
    assert urgency(library, calm.state) is Urgency.NOW


def test_words_about_several_flows_offer_them(library: Library) -> None:
    """Words that may be about several flows offer those, and before any flow none of these leads to the menu."""
    turn = do(library, Unclear(("new_partner", "mark_on_child", "no_such_flow")))
    assert options_of(turn) == ["new_partner", "mark_on_child", "menu"]
    assert "999" in turn.replies[-1].text
    assert question_of(do(library, *chose("menu"), state=turn.state)).step == "menu"
    assert asked(do(library, *chose("mark_on_child"), state=turn.state)) == "danger_check/signs"


ODD: list[Event] = [
    Chose(()),
    Chose(("no_such_option",)),
    Chose(("not_soon", "no_sign")),
    Chose(("",)),
    Chose(("\x00", "💥")),
    Chose(("mobile", "mobile", "not_mobile")),
    Chose(("done",)),
    Chose(("carry_on",)),
    Marked(()),
    Marked((("no_such_prompt", Mark.WORRY),)),
    Marked((("explanation", Mark.WORRY), ("nonsense", Mark.KNOWN))),
    Open("no_such_flow"),
    Open(""),
    Open("danger_check"),
    Open("emergency"),
    Unclear(("no_such_flow",)),
]


@pytest.mark.parametrize("event", ODD, ids=repr)
@pytest.mark.parametrize(
    "answers", [None, (), SETTLED, (*BABY, "go_on"), TO_THE_END["mark_on_child"][:-1], TO_THE_END["mark_on_child"]]
)
def test_odd_input_gets_a_reply_and_loses_nothing(
    library: Library, event: Event, answers: tuple[str, ...] | None
) -> None:
    """What cannot be an answer here is answered in words, and what was open is asked again."""
    before = new_state(library) if answers is None else at(library, "mark_on_child", *answers).state
    question = open_question(library, before)
    if isinstance(event, Chose) and event.options and set(event.options) <= {option.id for option in question.options}:
        pytest.skip("this is an answer here")
    if event == Marked(()) and question.prompts:
        pytest.skip("no mark is no answer, but nothing odd")
    turn = do(library, event, state=before)
    assert turn.replies[0].text
    assert turn.state.runs == before.runs
    assert [option.id for option in turn.replies[-1].options] == [option.id for option in question.options]


# --- marks, summary, reminders -------------------------------------------------------------------------


def test_marks_can_come_one_by_one(library: Library) -> None:
    """Marks are kept as they come, can be given again, and the last one moves on."""
    before = at(library, "mark_on_child", *BABY, "go_on")
    names = [prompt.id for prompt in question_of(before).prompts]
    turn = do(library, Marked(((names[1], Mark.WORRY),)), state=before.state)
    assert [prompt.mark for prompt in question_of(turn).prompts] == [None, Mark.WORRY, None, None]
    turn = do(library, Marked(((names[1], Mark.KNOWN), (names[0], Mark.UNKNOWN))), state=turn.state)
    assert [prompt.mark for prompt in question_of(turn).prompts] == [Mark.UNKNOWN, Mark.KNOWN, None, None]
    turn = do(library, Marked(((names[2], Mark.KNOWN), (names[3], Mark.KNOWN))), state=turn.state)
    assert asked(turn) == "men_known/men"


def test_done_leaves_the_rest_not_known_yet(library: Library) -> None:
    """Done keeps the marks that were given; what has none is not known yet, and the summary says so."""
    turn = at(library, "information_sharing", *TO_THE_END["information_sharing"][:-3])
    turn = do(library, Marked((("who_else", Mark.WORRY),)), *chose("done", "no_needs", "no_reminder"), state=turn.state)
    assert is_closed(library, turn.state)
    summary = turn.replies[-1].summary
    assert summary.worries == ("other children, and who has seen them",)
    assert summary.unknown == ("each child's day",)
    assert "pass_on_known" in {action.do for action in turn.replies[-1].actions}


@pytest.mark.parametrize("flow", FLOWS)
def test_the_summary_names_each_action_once_soonest_first(library: Library, flow: str) -> None:
    """The summary lists every action advised, each once, with the soonest time it was advised for, in order."""
    turn = at(library, flow, "no_sign", "soon")
    turn = finish(library, turn.state, until=lambda t: is_closed(library, t.state), calm=False)
    actions = turn.replies[-1].actions
    soon = [-URGENCY_ORDER[BY_URGENCY[action.by]] for action in actions]
    assert soon == sorted(soon)
    calls = [library.actions[action.do].is_ is ActionClass.PROTECT for action in actions]
    pairs = list(zip(soon, (not call for call in calls), strict=True))
    assert pairs == sorted(pairs), "of what is due alike, calls for help come first"
    assert len({action.do for action in actions}) == len(actions)
    assert next(action.by for action in actions if action.do == "ring_social_care") in {By.NOW, By.BEFORE_CONTACT}


def test_a_chosen_reminder_is_handed_on_with_what_it_has_to_precede(library: Library) -> None:
    """Choosing a reminder hands on the offer and the soonest deadline; declining hands on nothing."""
    before = at(library, "mark_on_child", *BABY, *TO_THE_END["mark_on_child"][4:-1], "only_me")
    assert options_of(before) == ["in_15_minutes", "in_30_minutes", "in_1_hour", "no_reminder"]
    turn = do(library, *chose("in_30_minutes"), state=before.state)
    assert turn.reminder is not None
    assert (turn.reminder.offer, turn.reminder.minutes, turn.reminder.by) == ("in_30_minutes", 30, By.NOW)
    assert turn.reminder.step == "mark_on_child/being_heard/reminder"
    declined = do(library, *chose("no_reminder"), state=before.state)
    assert declined.reminder is None
    assert is_closed(library, declined.state)


def test_a_reminder_that_comes_too_late_for_a_changed_answer_is_asked_again(library: Library) -> None:
    """A reminder chosen for today is not left standing when a changed answer makes something due within the hour (P9)."""
    ended = at(library, "new_partner", *TO_THE_END["new_partner"][:-1], "only_me", "in_2_hours")
    turn = do(library, Do("change", "danger_check/before_contact"), *chose("soon"), state=ended.state)
    assert asked(turn) == "being_heard/reminder"
    assert "in_2_hours" not in options_of(turn)


def test_a_phone_others_can_see_gets_no_reminder(library: Library) -> None:
    """Where somebody else may see the phone no reminder is offered, and a way that nobody reads is named."""
    turn = at(library, "new_partner", *TO_THE_END["new_partner"][:-1], "others")
    assert turn.reminder is None
    assert "being_heard/no_reminder" in steps_said(turn)
    assert is_closed(library, turn.state)


def test_answers_given_are_told_in_our_words(library: Library) -> None:
    """What was answered can be read back: the question, and the label or marks that we wrote."""
    turn = at(library, "mark_on_child", *BABY, "go_on")
    turn = do(library, Marked((("explanation", Mark.WORRY),)), *chose("done"), state=turn.state)
    given_so_far = {name.split("/", 1)[1]: answer for name, _, answer in answers_given(library, turn.state)}
    assert given_so_far["mobile"] == "Yes, either of those"
    assert "worries me" in given_so_far["curious"]


# --- any order, any number -----------------------------------------------------------------------------

SHIPPED = read_content(content_root()).library
assert SHIPPED is not None
OPTIONS = sorted(
    {option.id for route in SHIPPED.routes.values() for part in route.steps for option in getattr(part, "options", ())}
    | {"done", "no_reminder", "menu", "carry_on", "who_is_writing", "in_15_minutes", "no_such_option"}
)
PROMPTS = sorted(
    {prompt.id for route in SHIPPED.routes.values() for part in route.steps for prompt in getattr(part, "prompts", ())}
    | {"no_such_prompt"}
)
NAMES = st.sampled_from([*FLOWS, "danger_check", "no_such_flow", ""])
EVENTS = st.one_of(
    st.builds(Open, NAMES, moment=st.sampled_from(Moment)),
    st.builds(Chose, st.lists(st.sampled_from(OPTIONS) | st.text(max_size=3), max_size=3).map(tuple)),
    st.builds(Marked, st.lists(st.tuples(st.sampled_from(PROMPTS), st.sampled_from(Mark)), max_size=4).map(tuple)),
    st.builds(
        Do, st.sampled_from(EVERY_COMMAND), st.sampled_from(["", "", "mobile", "danger_check/signs", "nonsense"])
    ),
    st.builds(Alarmed, NAMES),
    st.builds(Unclear, st.lists(NAMES, max_size=3).map(tuple)),
    st.builds(WroteAs, st.sampled_from(["child", "parent", "outside_england"])),
)


def fitting(question: Reply) -> st.SearchStrategy[Event]:
    """Return answers that belong to a question: most of what people do."""
    choices = st.builds(
        lambda o, m: Chose((o,), moment=m), st.sampled_from([o.id for o in question.options]), st.sampled_from(Moment)
    )
    if not question.prompts:
        return choices
    marks = st.lists(st.tuples(st.sampled_from([p.id for p in question.prompts]), st.sampled_from(Mark)), max_size=4)
    return choices | st.builds(Marked, marks.map(tuple))


@given(data=st.data())
@settings(max_examples=120, deadline=None)
def test_no_order_of_events_breaks_a_conversation(data: st.DataObject) -> None:
    """Whatever comes, in whatever order: a reply, an open question or an end, the same each time, through JSON too."""
    library = SHIPPED.at("england", "2026-11-21")
    state = new_state(library)
    for _ in range(data.draw(st.integers(1, 30), label="events")):
        question = open_question(library, state)
        assert question.options
        event = data.draw(EVENTS | fitting(question) | fitting(question) | fitting(question), label="event")
        alarm = state.interrupt is not None and state.interrupt.about == "emergency"
        turn = step(library, state, event)
        assert turn == step(library, State.from_json(state.to_json()), event)
        assert State.from_json(turn.state.to_json()) == turn.state
        assert turn.replies
        assert all(reply.text for reply in turn.replies)
        state = turn.state
        asked_now = open_question(library, state)
        if not state.stopped and not (is_closed(library, state) and not turn.replies[-1].options):
            # Whatever was offered last is what will be accepted.
            assert [o.id for o in turn.replies[-1].options] == [o.id for o in asked_now.options]
        if isinstance(event, Alarmed) or event in {Do("danger"), *(Do("danger", s) for s in ("mobile", "nonsense"))}:
            assert is_card(turn)
        answered = isinstance(event, Chose) and event.options in {("rung_999",), ("not_emergency",)}
        if alarm and not answered and not state.stopped:
            assert is_card(turn)
        assert is_card(step(library, state, Do("danger")))
        urgency(library, state)
        answers_given(library, state)
        unfinished(library, state)


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_advice_once_given_stands_until_it_is_marked_as_overtaken(data: st.DataObject) -> None:
    """Every action advised is still among those that count, or its step was marked as overtaken."""
    library = SHIPPED.at("england", "2026-11-21")
    turn = step(library, new_state(library), Open(data.draw(st.sampled_from(FLOWS))))
    standing: dict[tuple[int, str], set[str]] = {}
    for _ in range(25):
        question = open_question(library, turn.state)
        names = [name for name, _, _ in answers_given(library, turn.state)]
        change = st.builds(Do, st.just("change"), st.sampled_from(names or [""]))
        turn = step(library, turn.state, data.draw(fitting(question) | fitting(question) | change))
        if turn.state.stopped:
            return
        for gone in turn.superseded:
            standing.pop((gone.run, gone.step), None)
        for reply in turn.replies:
            if reply.kind is ReplyKind.ACT:
                standing[reply.run, reply.step] = {action.do for action in reply.actions}
        if any(run.reopened for run in turn.state.runs):
            continue  # what counts is settled when the new answer is in
        counts = {action.do for action in actions_so_far(library, turn.state)}
        assert set().union(*standing.values()) <= counts


def test_a_state_of_another_format_is_refused_in_words(library: Library) -> None:
    """A state written by a program that numbers its states differently is not misread."""
    text = at(library, "mark_on_child", *BABY).state.to_json()
    assert f'"format":{FORMAT}' in text
    with pytest.raises(ValueError, match="format"):
        State.from_json(text.replace(f'"format":{FORMAT}', '"format":99'))


def test_the_state_holds_ids_only(library: Library) -> None:
    """A state holds no clock, no words and nobody's id: only answers by their ids."""
    turn = at(library, "mark_on_child", *BABY, "go_on")
    text = turn.state.to_json()
    assert "not_mobile" in text
    assert "Yes, either" not in text
    assert "202" not in text.replace(library.version, "")


@pytest.mark.parametrize("flow", FLOWS)
def test_the_most_worrying_answers_come_to_an_end_as_well(library: Library, flow: str) -> None:
    """Answering everything the most worrying way ends closed, with something due now."""
    turn = at(library, flow)
    for _ in range(40):
        question = question_of(turn)
        if question is None:
            break
        turn = do(library, most(library, question), state=turn.state)
    assert is_closed(library, turn.state)
    assert urgency(library, turn.state) is Urgency.NOW
