"""Exercises alone: one person in the hall, with a real file, the real matcher and the live engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from exercising import MARK, PRACTICE, practice
from exercising import house as house  # noqa: PLC0414 - a fixture

from bot.events import Open
from bot.exercises import lobby, pages
from bot.exercises.heard import Heard
from bot.exercises.seats import Role
from bot.library import Library

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from exercising import House, Visitor


@pytest.fixture
def alone(house: Callable[..., House]) -> Visitor:
    """Return somebody who has begun the small exercise alone."""
    sam = house().somebody("sam")
    sam.plays(sam.hall.stories[PRACTICE])
    sam.taps("Begin")
    return sam


def to_the_end(sam: Visitor) -> str:
    """Play the small exercise to its end, well enough."""
    sam.taps("Go on to decide")
    sam.taps("Tell the safeguarding lead now")
    sam.taps("Go on")
    sam.taps("Who tells Jo what, and where Robin sleeps")
    return sam.taps("Nothing to write")


def test_an_exercise_is_played_from_its_warning_to_its_debrief(house: Callable[..., House]) -> None:
    """Opening, warning and cast; asking; deciding; what happens; thinking; writing; and the debrief."""
    sam = house().somebody("sam")
    opening = sam.plays(practice())
    assert "Anybody may stop at any time" in opening
    assert "Robin: Five months old" in opening
    assert "Monday, 8.40" in sam.taps("Begin")
    assert "He lies where he is put" in sam.taps("What can Robin do by himself?")
    assert "scratch" in sam.types("is there any history?")  # no button leads there
    asked = sam.question_mail().out["replies"][-1]
    assert [option["short"] for option in asked["options"]] == ["Tell the lead", "Write it down", "Leave it"]
    feedback = sam.taps("Leave it: there is an explanation")
    assert "The explanation may be true" in feedback
    assert "Stop and think" in feedback
    assert "Monday, 15.00" in sam.taps("Go on")
    assert "would you have needed" in sam.taps("Who tells Jo what, and where Robin sleeps")
    assert "May that be kept" in sam.types("Somebody to ask")
    debrief = sam.taps("Don't keep it")
    assert "you found 2 of 3" in debrief
    assert "left something open for the child" in debrief
    assert "One thing to take back to practice" in debrief
    assert "everything is real" in debrief


def test_every_message_says_that_it_is_an_exercise(alone: Visitor) -> None:
    """The watermark stands in every single text, whatever it is about."""
    alone.types("gibberish xyzzy")
    alone.types("why")
    alone.types("999")
    alone.taps("The exercise")
    alone.types("call me on 07700 900123")
    to_the_end(alone)
    alone.types("hello")
    texts = alone.everything()
    assert len(texts) > 15
    assert [text for text in texts if "EXERCISE" not in text] == []


def test_before_a_line_about_danger_nothing_stands_not_even_the_mark(alone: Visitor) -> None:
    """999 comes first on the card that asks what is real."""
    assert alone.types("999").startswith("Is somebody really in danger")


def test_after_the_end_everything_is_real(alone: Visitor) -> None:
    """Whoever has had the debrief sits in no exercise any more."""
    to_the_end(alone)
    alone.types("a baby with a bruise")
    assert alone.last is Heard.ELSEWHERE


def test_the_same_message_is_taken_once(alone: Visitor) -> None:
    """A message that comes again changes nothing, and nothing is said to it again."""
    assert "He lies" in alone.types("1", key="telegram:7")
    assert alone.types("1", key="telegram:7") == ""
    assert alone.last is Heard.REPEATED
    place = alone.hall.place(alone.id)
    assert place is not None
    assert place.seat.run is not None
    assert len(place.seat.run.found) == 1


def test_a_button_counts_once_however_often_it_is_tapped(alone: Visitor) -> None:
    """The second tap on the same message finds it answered, also where another button is tapped."""
    before = alone.question_mail()
    assert "He lies" in alone.taps("What can Robin do by himself?", on=before)
    assert alone.taps("What can Robin do by himself?", on=before) == ""
    assert alone.last is Heard.STALE
    alone.taps("Go on to decide", on=before)
    assert alone.last is Heard.STALE


def test_a_strangers_button_is_refused(alone: Visitor, house: Callable[..., House]) -> None:
    """A button works for the one it was shown to."""
    mail = alone.question_mail()
    eve = house().somebody("eve")
    assert eve.hall.press(eve.id, mail.nonce, "can_he_move", "k") is Heard.REFUSED
    assert eve.hall.press(eve.id, "no-such-nonce-", "can_he_move", "k2") is Heard.REFUSED


def test_a_question_asked_twice_brings_out_nothing_else(alone: Visitor) -> None:
    """What is known is said to be known; no neighbouring fact comes out instead, and no question is used up."""
    assert "He lies" in alone.types("can he roll over yet")
    again = alone.types("can he roll over yet")
    assert "asked about that already" in again
    assert "one more" in again


def test_the_words_of_a_prompt_mean_it_also_once_it_was_asked(alone: Visitor) -> None:
    """Typed again, a prompt is known already, and not something that nobody here can tell."""
    assert "He lies" in alone.types("what can robin do by himself?")
    assert "asked about that already" in alone.types("what can robin do")


# --- real or exercise -----------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["real", "Real!", "this is real", "it's real", "/real"])
def test_the_word_real_leaves_at_once(alone: Visitor, words: str) -> None:
    """No question is asked of somebody who says that it is real."""
    assert "What follows is real" in alone.types(words)
    assert alone.last is Heard.REAL
    alone.types("help me")
    assert alone.last is Heard.ELSEWHERE


@pytest.mark.parametrize("how", ["999", "danger", "/danger", "emergency"])
def test_the_danger_button_asks_and_a_real_answer_leaves(alone: Visitor, how: str) -> None:
    """Real or exercise: real leaves at once, the exercise goes on where it was."""
    assert "or is this the exercise" in alone.types(how)
    assert "What do you want to know" in alone.taps("The exercise")
    assert "999" in alone.types(how)
    alone.taps("Real: leave now")
    assert alone.last is Heard.REAL


def test_a_real_child_in_no_danger_is_a_way_out_of_its_own(alone: Visitor) -> None:
    """Where nobody is in danger, live guidance begins at its menu and not with the 999 card."""
    alone.types("999")
    assert "What follows is real" in alone.taps("A real child")
    assert alone.last is Heard.REAL_CHILD
    alone.types("a mark on a child")
    assert alone.last is Heard.ELSEWHERE


def test_an_emergency_typed_to_that_question_is_taken_for_real(alone: Visitor) -> None:
    """In doubt it is real; what says neither is asked again."""
    alone.types("999")
    assert "or is this the exercise" in alone.types("hm")
    alone.types("she is not breathing")
    assert alone.last is Heard.REAL


def test_words_that_sound_like_an_emergency_bring_up_999_and_the_exercise_goes_on(alone: Visitor) -> None:
    """An alarm hides nothing: 999 first, then what the exercise says."""
    said = alone.types("he is floppy and i can't wake him")
    assert said.startswith("If that is real and now: 999")
    assert alone.last is Heard.TAKEN


def test_after_a_long_silence_typed_words_may_be_about_a_real_child(alone: Visitor) -> None:
    """Half an hour later it is asked; a button, or the number of one, is plainly an answer."""
    clock = alone.hall.clock
    clock.on(minutes=31)  # type: ignore[attr-defined]
    assert "He lies" in alone.types("1")
    clock.on(minutes=31)  # type: ignore[attr-defined]
    assert "still in an exercise" in alone.types("there is a mark on a baby here")
    alone.taps("Real: leave now")
    assert alone.last is Heard.REAL


def test_live_guidance_is_not_opened_inside_an_exercise_by_a_link(alone: Visitor) -> None:
    """A deep link says to leave first, so that nobody takes one for the other."""
    assert "don't open live guidance here" in alone.types(Open("new_partner"))


# --- least data -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["ring me on 07700 900123", "postcode is SW1A 1AA", "mail jo.bloggs@example.org"])
def test_identifiers_are_not_kept_and_not_repeated(alone: Visitor, words: str, tmp_path: Path) -> None:
    """What could identify somebody is said to be unwelcome, and is nowhere on the disk."""
    said = alone.types(words)
    assert alone.last is Heard.GUARDED
    assert words.rsplit(maxsplit=1)[-1] not in said
    assert words.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_names_of_the_story_are_nobodys(alone: Visitor) -> None:
    """A question about somebody in the cast is a question."""
    alone.types("what did baby Robin do, and is Jo ok")
    assert alone.last is Heard.TAKEN


def test_typed_words_are_never_on_the_disk(alone: Visitor, tmp_path: Path) -> None:
    """Questions, answers and nonsense leave no trace; what they brought out does."""
    alone.types("umbrella question about the history please")
    alone.types("marmalade")
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"umbrella" not in held
    assert b"marmalade" not in held


@pytest.mark.parametrize(
    ("choice", "kept", "in_own"),
    [("Keep it for me", True, True), ("Share it unnamed", True, False), ("Don't keep it", False, False)],
)
def test_a_reflection_is_kept_only_as_its_writer_says(
    house: Callable[..., House], choice: str, kept: bool, in_own: bool
) -> None:
    """For oneself, shared without a name, or not at all."""
    lead, (alone,), _ = house().group("Sam")
    place = alone.hall.place(alone.id)
    assert place is not None
    alone.taps("Go on to decide")
    alone.taps("Tell the safeguarding lead now")
    lead.types("next")
    alone.heard()
    alone.taps("Who tells Jo what, and where Robin sleeps")
    alone.types("I would have wanted a rhubarb to talk to")
    folder = alone.hall.store.path.parent
    assert b"rhubarb" not in b"".join(path.read_bytes() for path in folder.iterdir())  # not before the yes
    alone.taps(choice)
    assert (b"rhubarb" in b"".join(path.read_bytes() for path in folder.iterdir())) is kept
    page = pages.own_page(alone.hall.library, alone.hall.store, place.seat.id)
    assert ("rhubarb" in page) is in_own


def at_the_reflection(alone: Visitor) -> None:
    """Bring somebody to the question to oneself."""
    for label in ("Go on to decide", "Tell the safeguarding lead now", "Go on"):
        alone.taps(label)
    assert "Write a line or two" in alone.taps("Who tells Jo what, and where Robin sleeps")


def test_nobody_alone_is_asked_to_share_with_a_group(alone: Visitor) -> None:
    """There is no group: it is kept for oneself, or not."""
    at_the_reflection(alone)
    said = alone.types("I would have rung")
    assert "Keep it for me" in said
    assert "group" not in said
    assert "unnamed" not in said


def test_a_slip_is_no_reflection_and_a_second_line_does_not_lose_the_first(alone: Visitor) -> None:
    """A number that is no answer is not taken for somebody's thought; two lines are kept both."""
    at_the_reflection(alone)
    assert "did not follow" in alone.types("3")
    alone.types("rhubarb")
    alone.types("custard")
    place = alone.hall.place(alone.id)
    assert place is not None
    alone.taps("Keep it for me")
    page = pages.own_page(alone.hall.library, alone.hall.store, place.seat.id)
    assert "rhubarb" in page
    assert "custard" in page


@pytest.mark.parametrize("words", ["ok let's go", "Yes", "start"])
def test_where_there_is_only_to_go_on_any_yes_goes_on(house: Callable[..., House], words: str) -> None:
    """Nobody has to find the one word on the button."""
    sam = house().somebody("sam")
    sam.plays(sam.hall.stories[PRACTICE])
    assert "What do you want to know?" in sam.types(words)


def test_why_and_help_typed_are_answered(alone: Visitor) -> None:
    """Why shows the sources of what was heard last; help says what can be typed; neither is taken for a question."""
    assert "Nothing" not in alone.types("what did jo say, exactly?")
    assert "oxfordshire-q-22: Staff were not curious" in alone.types("why?")
    said = alone.types("help")
    assert "leave keeps your place" in said
    assert "What do you want to know?" in said


def test_a_thought_at_a_holding_point_is_no_mistake(alone: Visitor) -> None:
    """Whoever types an answer to what is to be talked over is not told that they were not followed."""
    alone.taps("Go on to decide")
    alone.taps("Tell the safeguarding lead now")
    said = alone.types("because she is nice, and it came before i asked")
    assert "yours to think or talk over" in said
    assert "did not follow" not in said
    assert "Stop and think" in said


def test_a_reflection_that_waited_in_memory_is_gone_after_a_restart(house: Callable[..., House]) -> None:
    """What may not be kept yet is not on the disk, so a restart loses it, and says so."""
    here = house()
    sam = here.somebody("sam")
    sam.plays(here.story)
    for label in ("Begin", "Go on to decide", "Tell the safeguarding lead now", "Go on"):
        sam.taps(label)
    sam.taps("Who tells Jo what, and where Robin sleeps")
    sam.types("rhubarb")
    here.restart(sam)
    assert "is gone" in sam.taps("Keep it for me")


# --- leaving and coming back ----------------------------------------------------------------------------


def test_a_run_survives_a_restart_and_a_leave(house: Callable[..., House]) -> None:
    """What was found stays found; coming back says where it stands."""
    here = house()
    sam = here.somebody("sam")
    sam.plays(here.story)
    sam.taps("Begin")
    sam.types("1")
    here.restart(sam)
    assert "He bumped himself" in sam.types("1")
    sam.types("leave")
    sam.types("hello")
    assert sam.last is Heard.ELSEWHERE
    again = sam.plays(here.story)
    assert "where you stopped" in again
    assert "What can Robin do by himself?" not in again  # asked already


def test_afresh_begins_at_the_beginning(alone: Visitor) -> None:
    """Whoever wants to can begin again, and the old run is over."""
    alone.types("1")
    again = alone.plays(alone.hall.stories[PRACTICE], afresh=True)
    assert "Shall we begin?" in again
    assert "What can Robin do by himself?" in alone.taps("Begin")


def test_a_run_is_played_on_the_story_it_began_with(house: Callable[..., House]) -> None:
    """A file that is changed meanwhile changes no run that goes on."""
    here = house()
    sam = here.somebody("sam")
    sam.plays(here.story)
    here.story = practice(narrative="Something else altogether.")
    here.restart(sam)
    assert "Jo hands Robin over" in sam.taps("Begin")


def test_what_the_clock_brings_comes_by_itself(house: Callable[..., House]) -> None:
    """An inject with minutes comes when they have passed, once, also while nobody types."""
    call = [{"id": "call", "text": "The phone rings.", "minutes": 5}]
    here = house(practice(injects=call))
    sam = here.somebody("sam")
    sam.plays(here.story)
    sam.taps("Begin")
    here.clock.on(minutes=4)
    here.hall.tick()
    assert sam.heard() == ""
    here.clock.on(minutes=2)
    here.hall.tick()
    assert "Then: The phone rings." in sam.heard()
    here.hall.tick()
    assert sam.heard() == ""


# --- the live guidance inside ---------------------------------------------------------------------------


def test_the_live_guidance_inside_is_word_for_word_and_leaves_nothing_behind(
    house: Callable[..., House], tmp_path: Path
) -> None:
    """It asks of danger first, is watermarked, understands typed words, offers the way back; no record is made."""
    here = house(practice(live="mark_on_child"))
    sam = here.somebody("sam")
    sam.plays(here.story)
    for label in ("Begin", "Go on to decide"):
        sam.taps(label)
    assert "Shall we go through it now" in sam.taps("Tell the safeguarding lead now")
    said = sam.taps("Use the guidance")
    assert here.content.lines["opening"].text.split("{")[1].partition("}")[2].strip()[:20] in said
    assert "is any of these so right now" in said
    further = sam.types("no sign of that now")
    assert MARK in further
    assert "is any of these so right now" not in further
    assert "Stop and think" in sam.taps("Back to exercise")
    assert [path.name for path in tmp_path.iterdir() if "advice" in path.name or path.name == "t.db"] == []


def test_content_that_changes_meanwhile_stops_no_exercise(house: Callable[..., House]) -> None:
    """The guidance begins again with what it now says; a flow or a source that is gone is left out."""
    here = house(practice(live="mark_on_child"))
    sam = here.somebody("sam")
    sam.plays(here.story)
    for label in ("Begin", "Go on to decide", "Tell the safeguarding lead now", "Use the guidance"):
        sam.taps(label)
    content = here.content.content
    flows = tuple(flow for flow in content.flows if flow.id != "mark_on_child")
    points = tuple(point for point in content.points if point.id != "oxfordshire-q-22")
    here.content = Library(content.model_copy(update={"flows": flows, "points": points}))
    here.restart(sam)
    assert "Shall we go on?" in sam.types("no sign of that now")
    assert "Stop and think" in sam.taps("Go on")
    for label in ("Go on", "Who tells Jo what, and where Robin sleeps"):
        sam.taps(label)
    sam.types("why")
    assert "(oxfordshire-q-22)" in sam.taps("Nothing to write")
    seat = here.store.seats(here.store.exercises()[0].id, Role.TRAINEE)[0]
    assert "no such source" in pages.own_page(here.hall.library, here.store, seat.id)


def test_numbers_that_one_could_really_ring_are_left_out(house: Callable[..., House]) -> None:
    """An action inside an exercise names who, and no number of theirs."""
    here = house(practice(live="mark_on_child"))
    sam = here.somebody("sam")
    sam.plays(here.story)
    for label in ("Begin", "Go on to decide", "Tell the safeguarding lead now", "Use the guidance"):
        sam.taps(label)
    for _ in range(12):
        asked = sam.question_mail().out["replies"][-1]
        if not asked["options"] or "Back to exercise" not in [one["label"] for one in asked["options"]]:
            break
        if asked["prompts"]:
            sam.types("done")
            continue
        sam.taps(asked["options"][0]["label"])
    assert [text for text in sam.everything() if "0800 1111" in text or "0808" in text] == []


# --- the lobby ------------------------------------------------------------------------------------------


def test_the_list_leads_to_a_choice_and_to_the_exercise(house: Callable[..., House]) -> None:
    """List, one of them, alone or with a group; somebody who is no trainer cannot start a group."""
    here = house(trainers=["tess"])
    sam = here.somebody("sam")
    with here.store.transaction():
        lobby.offer(here.hall, sam.id)
    assert "<Practice>" in sam.heard()
    assert "Alone, or with a group" in sam.taps("Practice")
    assert "Only a trainer" in sam.taps("Lead a group")
    tess = here.somebody("tess")
    with here.store.transaction():
        lobby.offer_story(here.hall, tess.id, here.story)
    assert "Join code" in tess.taps("Lead a group")
    sam_again = here.somebody("sam")
    with here.store.transaction():
        lobby.offer_story(here.hall, sam_again.id, here.story)
    assert "Shall we begin?" in sam_again.taps("Play alone")


def test_whoever_left_is_offered_to_go_on(alone: Visitor) -> None:
    """The list begins with the exercise that was left."""
    alone.types("leave")
    with alone.hall.store.transaction():
        lobby.offer(alone.hall, alone.id)
    assert "where you stopped" in alone.taps("Go on")


def test_everybody_of_the_same_name_elsewhere_is_somebody_else(house: Callable[..., House]) -> None:
    """A pseudonym of exercises is not the one of live guidance, and names its channel."""
    here = house()
    assert here.store.person("telegram", "7") != here.store.person("terminal", "7")
    assert len({here.hall.person("7"), here.hall.person("8")}) == 2
    assert here.store.seats("none", Role.LEAD) == []
