"""Typed words in the middle of a conversation: an answer, a question, another situation; never consent, never "no harm"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from walking import actions_said, kinds, offered, texts

from bot.answers import answers_of
from bot.asking import answers_given, open_question
from bot.dialogue import new_state, step
from bot.events import Alarmed, Chose, Do, Marked, Open, Unclear
from bot.kept import KeptWeights
from bot.library import read_content
from bot.lookup import Lookup
from bot.matching.options import exactly
from bot.models import AskStep
from bot.reading import content_root
from bot.replay import walk
from bot.routing import matcher_of
from bot.understanding import Understood, understand

if TYPE_CHECKING:
    from collections.abc import Callable

    from walking import Talk

    from bot.matching import Matcher
    from bot.state import State

    Begin = Callable[..., Talk]

SHIPPED = read_content(content_root()).library
assert SHIPPED is not None
LIBRARY = SHIPPED.at("england", "2026-11-21")
MATCHER: Matcher = matcher_of(LIBRARY, KeptWeights())
SIGNS = ("mark_on_child",)
LOOK = (*SIGNS, "not_sure")
SOON = (*SIGNS, "no_sign")
MOBILE = (*SOON, "not_soon")
WHAT = (*MOBILE, "mobile")
STAFF = ("allegation_about_staff", "no_sign", "not_soon", "harm")
CARD = ("card",)


def state_at(place: tuple[str, ...]) -> State:
    """Return the state after a flow was opened, or the card raised, and some options were chosen."""
    first, *rest = place
    state = step(LIBRARY, new_state(LIBRARY), Alarmed() if first == "card" else Open(first)).state
    for option in rest:
        state = step(LIBRARY, state, Chose((option,))).state
    return state


def read(place: tuple[str, ...], words: str) -> Understood:
    """Return what typed words mean at some place."""
    return understand(LIBRARY, state_at(place), words, MATCHER, Lookup(LIBRARY))


# --- answers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "words", "option"),
    [
        (MOBILE, "yes but she said he fell", "not_mobile"),
        (MOBILE, "yeah two days ago", "not_mobile"),
        (MOBILE, "yep hes 4 months old", "not_mobile"),
        (MOBILE, "dont know really she wont say", "dont_know"),
        (MOBILE, "no idea sorry", "dont_know"),
        (SOON, "yes dad at half 3", "soon"),
        (SOON, "maybe, not sure", "dont_know"),
        (SIGNS, "not really sure tbh", "not_sure"),
        (WHAT, "the child says her stepdad did it", "child_says"),
        (STAFF, "its the head or manager i think", "head"),
        (STAFF, "a foster carer", "elsewhere"),
        (MOBILE, "not crawling yet", "not_mobile"),
        (WHAT, "its a bite", "kind_or_place"),
        (WHAT, "bruise on her ear", "kind_or_place"),
    ],
)
def test_words_that_clearly_answer_choose(place: tuple[str, ...], words: str, option: str) -> None:
    """A yes or a don't know with more words after it, and the words of one label, answer the open question."""
    assert read(place, words).event == Chose((option,))


@pytest.mark.parametrize(
    ("place", "words", "near"),
    [
        (SIGNS, "no", ("no_sign",)),
        (SIGNS, "no sign of that", ("no_sign",)),
        (SIGNS, "none of that", ("no_sign",)),
        (SIGNS, "nothing like that", ("no_sign",)),
        (SIGNS, "not that I know", ("no_sign",)),
        (SIGNS, "no he isnt", ("no_sign",)),
        (SIGNS, "no hes fine", ("no_sign",)),
        (SIGNS, "shes ok", ("no_sign",)),
        (SIGNS, "not drowsy", ("no_sign",)),
        (SIGNS, "no fit, no overdose, no weapon", ("no_sign",)),
        (SOON, "no i dont think so", ("not_soon",)),
        (MOBILE, "no he gets about", ()),
        (MOBILE, "no not crawling", ()),
        (WHAT, "none of these really", ("none_of_these",)),
        (WHAT, "no story", ("story",)),
        (STAFF, "its not the head or manager", ()),
        (("new_partner", "no_sign", "not_soon"), "nothing worries me really", ("no_worry",)),
    ],
)
def test_words_that_may_mean_no_harm_are_named_and_asked_again(
    place: tuple[str, ...], words: str, near: tuple[str, ...]
) -> None:
    """A calm answer raises no alarm and is not taken: the option it nearly is is named, where it can only be that one."""
    found = read(place, words)
    assert isinstance(found.event, Unclear)
    assert found.event.near == near
    state = state_at(place)
    turn = step(LIBRARY, state, found.event)
    assert turn.state.runs == state.runs
    assert turn.replies[-1].options == open_question(LIBRARY, state).options


@pytest.mark.parametrize(
    "words",
    [
        "hes dead",
        "no not breathing",
        "no, drowsy",
        "no, floppy",
        "not breathing right",
        "no he wont wake up",
        "dont know she wont wake",
        "yes but hes not breathing",
        "no bleeding and a fit",
        "shes not ok shes floppy",
        "not drowsy just unconscious",
        "no sign of her anywhere",
    ],
)
@pytest.mark.parametrize("place", [SIGNS, LOOK, MOBILE, WHAT], ids=lambda place: place[-1])
def test_in_doubt_an_answer_raises_the_card_and_the_question_waits(place: tuple[str, ...], words: str) -> None:
    """What may be live raises the 999 card, however it begins, and the open question is asked again after it."""
    found = read(place, words)
    state = state_at(place)
    turn = step(LIBRARY, state, found.event)
    assert open_question(LIBRARY, turn.state).step == "emergency/card", found.event
    after = step(LIBRARY, turn.state, Chose(("not_emergency",)))
    assert open_question(LIBRARY, after.state).step == open_question(LIBRARY, state).step


def test_two_that_fit_are_answered_with_the_more_worrying() -> None:
    """Bit of both is no answer: the more worrying one is advised, and the question asked again."""
    assert read(WHAT, "bit of both").event == Unclear(instead="two_fit")


def test_a_yes_with_a_question_answers_and_shows_what_we_know() -> None:
    """A question after a yes is not swallowed: what we surely know stands before what comes next, or how to ask."""
    known = read(MOBILE, "yes but do i need consent to share?")
    assert known.event == Chose(("not_mobile",))
    assert "consent-1" in known.said[0].sources
    unknown = read(MOBILE, "yes? why do you ask")
    assert unknown.event == Chose(("not_mobile",))
    assert unknown.said[0].step == "asked_as_well"


def test_a_mark_can_be_typed(talk: Begin) -> None:
    """At the curiosity prompts a number and a mark set it; other words leave every mark as it is."""
    somebody = talk()
    somebody.go("new_partner", "no_sign", "not_soon", "no_worry")
    assert somebody.say("2 worries me").out["replies"][-1]["prompts"][1]["mark"] == "worry"
    again = somebody.say("hmm")
    assert again.out["replies"][-1]["prompts"][1]["mark"] == "worry"
    assert "2 worries me" in again.out["replies"][-1]["text"]
    state = state_at(("new_partner", "no_sign", "not_soon", "no_worry"))
    assert not isinstance(understand(LIBRARY, state, "9 worries me", MATCHER, Lookup(LIBRARY)).event, Marked)


# --- the 999 card --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "done it",
        "done",
        "ive rung",
        "i have rung them",
        "yes ive rung 999",
        "they're on their way",
        "ambulance is coming",
        "police on the way now",
        "called them",
        "my colleague is calling 999",
        "I'm on the phone to them",
        "yes",
    ],
)
def test_other_words_for_having_rung_are_understood(words: str) -> None:
    """At the 999 card the ways of saying that it was rung choose that answer."""
    assert read(CARD, words).event == Chose(("rung_999",))


@pytest.mark.parametrize(
    "words",
    [
        "i havent rung",
        "not yet",
        "no",
        "no its fine",
        "its not an emergency",
        "not really an emergency",
        "i called mum",
        "called the school",
        "is it an emergency?",
        "yes she is bleeding",
        "hello",
        "thanks",
        "tell me its fine",
        "should i ring",
        "ok",
        "what is a LADO",
        "yes my dad hits me",
    ],
)
def test_nothing_else_typed_answers_the_card(words: str) -> None:
    """Only its very words say that it is not an emergency, and only that somebody rang says that they did."""
    turn = step(LIBRARY, state_at(CARD), read(CARD, words).event)
    assert open_question(LIBRARY, turn.state).step == "emergency/card"


@pytest.mark.parametrize("words", ["I'm not sure", "not sure", "dont know", "cant tell really", "maybe"])
def test_not_sure_at_the_card_means_ringing(talk: Begin, words: str) -> None:
    """Not being sure shows the signs and says that it is 999 too, as the danger check does; the card stays."""
    somebody = talk()
    somebody.say("he is not breathing")
    said = somebody.say(words)
    assert "Not sure is enough: ring 999" in said.out["replies"][0]["text"]
    assert kinds(said)[-1] == "danger"
    assert offered(said) == ["rung_999", "not_emergency"]


# --- small talk ----------------------------------------------------------------------------------------

PLEAS = [
    "can you just tell me it's fine",
    "confirm I don't need to refer",
    "just say shes ok",
    "is he safe",
    "so i dont need to ring then",
    "please tell me its nothing",
    "is it ok to leave it till monday",
]


@pytest.mark.parametrize("words", PLEAS)
def test_it_never_says_that_all_is_well(talk: Begin, words: str) -> None:
    """Asked to say that it's fine it says kindly that it can't, and asks again: the question, or the menu (H10)."""
    somebody = talk()
    first = somebody.say(words)
    assert "I can't say it" in first.out["replies"][0]["text"]
    assert first.out["step"] == "menu"
    somebody.go("mark_on_child", "no_sign", "not_soon")
    for _ in range(3):
        said = somebody.say(words)
        assert "I can't say it" in said.out["replies"][0]["text"]
        assert said.out["step"] == "mark_on_child/mobile"


@pytest.mark.parametrize(
    "words",
    [
        "the nursery tell me its nothing but she has a bruise",
        "manager says we dont need to refer and i disagree",
        "tell me what to do about a child with a bruise",
    ],
)
def test_a_situation_is_no_plea(words: str) -> None:
    """Somebody else's "it's nothing" is what the worry is about."""
    found = understand(LIBRARY, new_state(LIBRARY), words, MATCHER, Lookup(LIBRARY))
    assert found.event != Unclear(instead="cannot_say_safe")


@pytest.mark.parametrize("words", ["hello", "hi", "hiya anyone there", "Good morning!", "thanks", "thank you so much"])
def test_a_greeting_is_answered_kindly_and_shortly(talk: Begin, words: str) -> None:
    """A greeting or thanks gets a short line with 999 and the lead, and the menu or the open question."""
    somebody = talk()
    said = somebody.say(words)
    assert "no guidance here that fits" not in texts(said)
    assert "999" in said.out["replies"][0]["text"]
    assert "safeguarding lead" in said.out["replies"][0]["text"]
    assert len(said.out["replies"][0]["text"]) < 240
    assert said.out["step"] == "menu"
    somebody.go("mark_on_child", "no_sign")
    assert somebody.say(words).out["step"] == "mark_on_child/danger_check/before_contact"


def test_i_dont_know_shows_999_the_menu_and_the_lead(talk: Begin) -> None:
    """Not knowing what it is about is answered with 999, whom to tell and the list."""
    said = talk().say("I don't know")
    assert "999" in texts(said)
    assert "safeguarding lead, or someone senior who is not involved" in texts(said)
    assert said.out["step"] == "menu"


# --- questions and other situations --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "source"),
    [
        ("do i need consent to share", "consent-1"),
        ("what is a LADO", "g-98"),
        ("who is the LADO?", "g-98"),
        ("what happens after i refer", "g-96"),
    ],
)
def test_a_question_in_a_flow_is_looked_up_and_the_flow_goes_on(talk: Begin, words: str, source: str) -> None:
    """A typed question that we surely know about shows it with its sources, then the open question again."""
    somebody = talk()
    before = somebody.go("mark_on_child", "no_sign", "not_soon")
    said = somebody.say(words)
    assert source in said.out["replies"][0]["sources"]
    assert said.out["replies"][0]["text"].startswith("In danger: 999")
    assert said.out["replies"][-1] == before.out["replies"][-1]


@pytest.mark.parametrize(
    "words", ["how long do they have to answer", "what about his new stepdad", "do parents need to know"]
)
def test_a_question_we_are_not_sure_of_offers_situations(words: str) -> None:
    """A question that nothing surely answers is never swallowed: the nearest situations are offered."""
    found = read(MOBILE, words)
    assert isinstance(found.event, Unclear)
    assert found.event.flows


@pytest.mark.parametrize(
    "words", ["what do they mean", "what if he says no", "her name is Chloe Smith dob 12/03/2019", "dob 12/03/2019"]
)
def test_words_that_are_hardly_about_a_situation_offer_none(words: str) -> None:
    """A question that is only faintly like a situation, or a name and a birthday alone, is asked again: nothing is offered."""
    assert read(MOBILE, words).event == Unclear()


def test_a_name_hides_no_other_situation() -> None:
    """Words about another situation offer it, whether or not they name somebody."""
    found = read(MOBILE, "mum has a new boyfriend called Darren who has moved in")
    assert isinstance(found.event, Unclear)
    assert "new_partner" in found.event.flows


def test_what_may_be_several_situations_is_offered_in_between(talk: Begin) -> None:
    """Words in a flow that fit several situations offer them; none of these asks the open question again."""
    somebody = talk()
    before = somebody.go("private_fostering", "no_sign", "not_soon", "no_fear")
    said = somebody.say("his cousin has been hurting him")
    assert said.out["decision"] == "choose"
    assert "child_on_child_harm" in offered(said)
    assert len(offered(said)) == 4
    assert "999" in said.out["replies"][0]["text"]
    back = somebody.say("none of these")
    assert back.out["replies"][-1] == before.out["replies"][-1]


@pytest.mark.parametrize(
    ("words", "flow"),
    [
        ("yes", "new_partner"),
        ("yes please", "new_partner"),
        ("1", "new_partner"),
        ("no", "mark_on_child"),
        ("no thanks", "mark_on_child"),
        ("None of these", "mark_on_child"),
    ],
)
def test_a_yes_opens_the_one_situation_that_is_offered(talk: Begin, words: str, flow: str) -> None:
    """Where one situation is offered a yes opens it, and a no goes on with what was open."""
    somebody = talk()
    somebody.go("mark_on_child", "no_sign", "not_soon")
    assert offered(somebody.say("theres a new bloke living there")) == ["new_partner", "menu"]
    assert somebody.say(words).out["flow"] == flow


def test_more_about_what_is_open_is_no_other_situation() -> None:
    """Words about the very situation that is open are an answer that was not followed: asked again."""
    assert read(MOBILE, "he has a bruise on his arm").event == Unclear()


# --- the option lists ----------------------------------------------------------------------------------


def every_question() -> list[tuple[str, AskStep]]:
    """Return every question of the content with its place."""
    routes = LIBRARY.routes.values()
    return [(f"{r.id}/{s.id}", s) for r in routes for s in r.steps if isinstance(s, AskStep)]


@pytest.mark.parametrize(
    "begins", ["no", "not", "none of that", "no he isnt", "fine", "ok thats fine", "agreed", "nothing"]
)
def test_no_question_takes_a_calm_word_for_an_answer_that_means_no_harm(begins: str) -> None:
    """At every question of every flow: unless it is the very label, a calm word chooses no option of least concern."""
    from bot.answers import Choice  # noqa: PLC0415 - as the engine makes them

    answers = answers_of(LIBRARY)
    for where, question in every_question():
        worst = max(option.concern for option in question.options)
        choices = [
            Choice(o.id, o.label, o.short or o.label, guarded=o.concern == 0 < worst, also=o.also)
            for o in question.options
        ]
        found = answers.read(begins, choices).chosen
        lowest = {option.id for option in question.options if option.concern == 0 < worst}
        very_words = set(exactly(begins, [(c.id, c.label, c.short) for c in choices]))
        assert found not in lowest - very_words, where


# --- any text, anywhere --------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        *(
            "yes",
            "no",
            "not",
            "none of that",
            "fine",
            "ok",
            "she's safe",
            "agreed",
            "they agreed",
            "mum consented",
            "dont know",
        ),
        *(
            "but",
            "she said he fell",
            "it is",
            "isnt",
            "and",
            "or",
            ",",
            "?",
            ".",
            "1",
            "2",
            "3",
            "99",
            "done",
            "rung",
            "both",
        ),
        *(
            "harm",
            "no harm",
            "nothing worries me",
            "None of these",
            "No sign",
            "No",
            "Not an emergency",
            "hello",
            "thanks",
        ),
        *(
            "do i need consent",
            "a new partner",
            "bruise",
            "knife",
            "my mum hits me",
            "in Scotland",
            "search bath",
            "H9",
            "go on",
        ),
    ]
)
TYPED = st.one_of(st.lists(PIECES, min_size=1, max_size=4).map(" ".join), st.text(max_size=40))


def flat(text: str) -> str:
    """Return the words of a text as options are compared."""
    return " ".join("".join(c if c.isalnum() else " " for c in text.lower().replace("'", "")).split())


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_any_text_leaves_the_question_open_or_answers_it_with_an_option_of_its_own(data: st.DataObject) -> None:
    """Whatever is typed, wherever: the open question waits, or has an option of its own; and nothing calm is guessed."""
    state = step(LIBRARY, new_state(LIBRARY), Open(data.draw(st.sampled_from(sorted(LIBRARY.flows))))).state
    for _ in range(data.draw(st.integers(0, 8), label="answered")):
        question = open_question(LIBRARY, state)
        state = step(LIBRARY, state, Chose((data.draw(st.sampled_from([o.id for o in question.options])),))).state
    for _ in range(4):
        text = data.draw(TYPED, label="typed")
        question = open_question(LIBRARY, state)
        asked: Any = walk(LIBRARY, state.top).open if state.top is not None and state.interrupt is None else None
        found = understand(LIBRARY, state, text, MATCHER, Lookup(LIBRARY))
        turn = step(LIBRARY, state, found.event)
        before, after = answers_given(LIBRARY, state), answers_given(LIBRARY, turn.state)
        if isinstance(found.event, Chose):
            offered_ids = {option.id for option in question.options} | set(LIBRARY.flows)
            assert set(found.event.options) <= offered_ids
            if asked is not None and isinstance(asked.step, AskStep):
                worst = max(option.concern for option in asked.step.options)
                calm = {o.id: o for o in asked.step.options if o.concern == 0 < worst}
                for option in (calm[chosen] for chosen in found.event.options if chosen in calm):
                    place = [o.id for o in question.options].index(option.id) + 1
                    words = {
                        flat(option.id.replace("_", " ")),
                        flat(option.label),
                        flat(option.short or ""),
                        str(place),
                    }
                    assert flat(text).replace("_", " ") in words | {f"option {place}", f"number {place}"}, text
        elif not isinstance(found.event, Do | Open | Marked):
            assert turn.state.runs == state.runs
            assert before == after or turn.state.interrupt is not None
        assert turn.replies
        if turn.state.stopped:
            return
        state = turn.state


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_an_alarm_is_not_typed_away(data: st.DataObject) -> None:
    """While the 999 card is up nothing typed but its very words, or a way of saying that somebody rang, takes it away."""
    state = state_at(("card",) if data.draw(st.booleans()) else MOBILE)
    state = step(LIBRARY, state, Alarmed()).state
    text = data.draw(TYPED, label="typed")
    found = understand(LIBRARY, state, text, MATCHER, Lookup(LIBRARY))
    turn = step(LIBRARY, state, found.event)
    gone = turn.state.interrupt is None or turn.state.interrupt.about != "emergency"
    if gone:
        assert isinstance(found.event, Chose)
        if found.event.options == ("not_emergency",):
            assert flat(text) in {"it is not an emergency", "not an emergency", "2", "option 2", "number 2"}


def test_advice_comes_as_if_the_answer_had_been_tapped(talk: Begin) -> None:
    """A typed answer leads where its button leads."""
    tapped, typed = talk("tapped"), talk("typed")
    for somebody in (tapped, typed):
        somebody.go("mark_on_child", "no_sign", "not_soon")
    assert actions_said(typed.say("yes but she said he fell")) == actions_said(tapped.choose("not_mobile"))
