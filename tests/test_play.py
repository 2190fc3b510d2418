"""The engine of exercises: what is said, what is asked, where somebody is then; nothing unasked, no way back, always an end."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import pytest
import yaml
from content import reworded, shipped
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playing import (
    STORIES,
    Player,
    curious_and_better,
    here,
    incurious_and_worse,
    scenario_of,
    shipped_stories,
    small_stories,
)

from bot import dialogue
from bot.asking import is_closed, open_question
from bot.checks.words import NATIONAL_LINES, NUMBER
from bot.events import Chose, Do, Marked, Open, Unclear
from bot.models import Mark, ReplyKind
from bot.scenarios import asking, play
from bot.scenarios.debrief import Met, debrief
from bot.scenarios.guide import NOBODYS
from bot.scenarios.moves import (
    BEGIN,
    DECIDE,
    GO_ON,
    KEEP_MINE,
    KEEP_NOT,
    KEEP_SHARED,
    OPEN_GUIDE,
    SKIP_GUIDE,
    WRITE_NOTHING,
    Again,
    Asked,
    Guided,
    Happened,
    Opened,
    Tapped,
    Why,
    Wrote,
)
from bot.scenarios.run import Group, Run, Stage
from bot.scenarios.story import Story
from bot.state import State
from bot.wording import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.events import Reply
    from bot.scenarios.moves import Move

SCENES = """
- id: morning
  title: The morning
  minutes: 10
  narrative: You see a mark.
  questions: 3
  facts:
    - {id: mark, prompt: "What does the mark look like?", short: The mark, text: It is blue., sources: [g-18]}
    - {id: told, asks: [has she told anybody], needs: [mark], text: She told her brother., sources: [H5]}
    - {id: brother, prompt: "What does he say?", needs: [told], text: He says nothing., sources: [H5]}
    - {id: moves, prompt: "Can she crawl?", text: She cannot., sources: [H9]}
    - {id: room, prompt: "How is the room?", text: It is warm., sources: [H2]}
  decisions:
    - id: first
      ask: What do you do?
      options:
        - {id: tell, label: Tell the lead, quality: better, says: Now somebody knows., sources: [H2]}
        - {id: wait, label: Wait and see, quality: worse, says: She goes home at four., sources: [H9], next: evening}
        - {id: pass_on, label: Pass his words on, quality: better, needs: [brother], says: He is heard., sources: [H5]}
    - id: then
      ask: And then?
      options:
        - {id: write, label: Write it down, quality: better, says: It is written., sources: [H11]}
        - {id: leave_it, label: Leave it, quality: partly, says: It is not written., sources: [H11]}
  injects:
    - {id: bell, text: The bell rings., after: first, sources: [H2]}
    - {id: call, text: Somebody calls., after: then.leave_it}
    - {id: clock, text: It strikes nine., minutes: 5}
    - {id: later_clock, text: It strikes ten., minutes: 7}
    - {id: visitor, text: A visitor comes.}
  live: mark_on_child
  hold: {discuss: "What was hard?", listen_for: [Only the facilitator reads this.]}
  reflect: What would help you?
- id: noon
  title: At noon
  minutes: 1
  narrative: It rains.
  injects:
    - {id: thunder, text: There is thunder.}
- id: evening
  title: The evening
  minutes: 5
  narrative: It is late.
  hold: {discuss: "What is known now?", before_deciding: true}
  decisions:
    - id: last
      ask: Do you ring?
      options:
        - {id: ring, label: Ring now, quality: better, says: Somebody answers., sources: [H2]}
        - {id: sleep, label: Sleep on it, quality: worse, says: Nobody knows., sources: [H2]}
- id: night
  title: The night
  minutes: 5
  narrative: It is dark.
  facts:
    - {id: light, prompt: "Is there light?", text: There is., sources: [H1]}
    - {id: after_brother, prompt: "And her brother?", needs: [brother], text: He sleeps., sources: [H5]}
  injects:
    - {id: owl, text: An owl is heard.}
"""


@cache
def story() -> Story:
    """Return a story with everything in it that a scene can hold."""
    objectives = [{"point": point, "take_back": f"Take {point} back."} for point in ("H9", "H2")]
    return Story(scenario_of(yaml.safe_load(SCENES), objectives=objectives))


def begun(group: Group | None = None) -> Player:
    """Return somebody who stands in the first scene."""
    player = Player(story(), group)
    return player if group is not None else after(player, BEGIN)


def after(player: Player, *options: str) -> Player:
    """Return a player who has tapped some options."""
    player.tap(*options)
    return player


def texts(said: tuple[Reply, ...]) -> list[str]:
    """Return what was said as texts."""
    return [reply.text for reply in said]


def unchanged(player: Player, move: Move) -> tuple[Reply, ...]:
    """Make a move that may change nothing, and return what is said to it."""
    before = player.run
    said = player.make(move)
    assert player.run == before
    return said


# --- opening --------------------------------------------------------------------------------------------


def test_the_opening_says_what_it_is_who_is_in_it_and_how_to_stop() -> None:
    """Before anything is told: title, about, warning, that it is a draft, cast; then whether to begin."""
    player = Player(story())
    said = texts(player.said)
    assert "A small story\nWhat this is about." in said[0]
    assert "999" in said[0]
    assert said[1] == "Anybody may stop."
    assert "is a draft" in said[2]
    assert "Ida: A baby." in said[3]
    assert player.options == [BEGIN]
    assert player.said[-1] == player.question


def test_beginning_tells_the_first_scene_and_asks_for_questions() -> None:
    """The scene is told with its number; what may be asked by tapping is what nothing has to be known for."""
    player = Player(story())
    said = player.tap(BEGIN)
    assert texts(said)[0] == "1. The morning\nYou see a mark."
    assert (player.run.stage, player.run.scene, player.run.scenes) == (Stage.ASKING, "morning", ("morning",))
    assert player.options == ["mark", "moves", "room", DECIDE]
    assert [option.short for option in player.question.options][:2] == ["The mark", "Can she crawl?"]


# --- asking ---------------------------------------------------------------------------------------------


def test_a_tapped_question_brings_its_fact_out_with_its_sources() -> None:
    """One fact, its words and sources, when it came and how; it is not on offer again."""
    player = begun()
    said = player.tap("mark")
    assert (said[0].text, said[0].sources) == ("It is blue.", ("g-18",))
    (found,) = player.run.found
    assert (found.scene, found.fact, found.typed, found.at) == ("morning", "mark", False, player.now)
    assert player.options == ["moves", "room", DECIDE]


def test_a_fact_that_has_no_prompt_comes_out_for_typed_words_alone() -> None:
    """It is never on a button; typed, it comes out once what it needs is known, and is noted as typed."""
    player = begun()
    refused = unchanged(player, Asked("told", player.later()))
    assert "Try other words" in refused[0].text
    player.tap("mark")
    assert "told" not in player.options
    assert player.ask("told")[0].text == "She told her brother."
    assert player.run.found[-1].typed


def test_a_fact_needs_what_has_to_be_known_before_it() -> None:
    """It is not on offer, neither by tap nor by words, until what it needs has come out."""
    player = begun()
    unchanged(player, Asked("brother", player.later()))
    unchanged(player, Tapped("brother", player.later()))
    player.tap("mark")
    player.ask("told")
    assert player.options == ["brother", "moves", "room", DECIDE]


def test_what_was_known_before_counts_in_a_later_scene() -> None:
    """A fact of the night needs one of the morning: whoever knows it may ask, whoever does not may not."""
    knows, does_not = begun(), begun()
    knows.tap("mark")
    knows.ask("told")
    knows.tap("brother")
    for player, offered in ((knows, ["light", "after_brother"]), (does_not, ["light"])):
        while player.run.scene != "night":
            player.tap(player.plainest())
        assert player.options == [*offered, DECIDE]


def test_there_is_time_for_so_many_questions_and_no_more() -> None:
    """The count is said; after the last one it goes on by itself, and what was not asked stays unsaid."""
    player = begun()
    assert "There is time for 3." in player.question.text
    player.tap("mark")
    assert "There is time for 2 more." in player.question.text
    player.tap("moves")
    assert "There is time for one more." in player.question.text
    said = texts(player.tap("room"))
    assert said[:2] == ["It is warm.", "There is no time for more questions here."]
    assert player.run.stage is Stage.DECIDING
    unchanged(player, Asked("told", player.later()))
    assert player.found == ["mark", "moves", "room"]


def test_a_question_that_brings_nothing_out_takes_no_time() -> None:
    """Words that nobody follows cost nothing."""
    player = begun()
    for _ in range(5):
        unchanged(player, Asked("", player.later()))
    assert "There is time for 3." in player.question.text


def test_what_is_known_is_not_told_twice() -> None:
    """Asked about again, in a scene's own time, it is said to be known; that takes no question, and notes nothing."""
    player = begun()
    player.tap("mark")
    said = unchanged(player, Asked("mark", player.later()))
    assert said[0].text == here().lines["exercise_known_already"].text
    assert "There is time for 2 more." in said[-1].text
    player.tap(DECIDE)
    assert "Tap an answer" in unchanged(player, Asked("mark", player.later()))[0].text


def test_where_nothing_is_left_to_ask_it_goes_on() -> None:
    """Once all that could come out is out, that is said, and the scene goes on."""
    player = begun()
    while player.run.scene != "night":
        player.tap(player.plainest())
    assert "There is time" not in player.question.text
    said = texts(player.tap("light"))
    assert said[:2] == ["There is.", "You have asked all there was to ask here."]
    assert player.run.stage is Stage.OVER


def test_nothing_comes_out_unasked() -> None:
    """Whoever asks nothing is told nothing of what there was to find until the debrief."""
    player = Player(story())
    said: list[Reply] = list(player.said)
    while player.run.stage is not Stage.OVER:
        said += player.tap(player.plainest())
    there = [fact.text for scene in story().scenario.scenes for fact in scene.facts]
    before = " ".join(reply.text for reply in said if reply.step != "debrief")
    assert not [text for text in there if text in before]
    assert player.found == []


# --- deciding -------------------------------------------------------------------------------------------


def test_decisions_come_one_by_one_and_get_what_the_author_says() -> None:
    """After the last question each decision is asked in the order of the file; feedback has its sources."""
    player = begun()
    player.tap(DECIDE)
    assert player.question.text == "What do you do?"
    said = player.tap("tell")
    assert (said[0].text, said[0].sources) == ("Now somebody knows.", ("H2",))
    assert player.question.text == "And then?"
    assert player.tap("write")[0].text == "It is written."
    assert player.decided == ["first.tell", "then.write"]
    assert [one.at for one in player.run.decided] == [player.now - 10, player.now]


def test_an_option_comes_to_mind_only_to_whoever_found_what_it_needs() -> None:
    """It is not on offer, and cannot be tapped, before that."""
    player = begun()
    player.tap(DECIDE)
    assert player.options == ["tell", "wait"]
    unchanged(player, Tapped("pass_on", player.later()))
    knows = begun()
    knows.tap("mark")
    knows.ask("told")
    knows.tap("brother")
    assert knows.options == ["tell", "wait", "pass_on"]
    assert knows.tap("pass_on")[0].text == "He is heard."


def test_an_option_may_lead_elsewhere_than_the_scene() -> None:
    """Whoever waits goes to the evening without noon; the rest of the scene comes first."""
    waits, tells = begun(), begun()
    for player, option in ((waits, "wait"), (tells, "tell")):
        player.tap(DECIDE, option, "write")
        assert player.run.scene == "morning"
        player.tap(GO_ON, GO_ON, WRITE_NOTHING)
    assert waits.run.scenes == ("morning", "evening")
    assert tells.run.scenes == ("morning", "noon")


# --- what happens ---------------------------------------------------------------------------------------


def test_an_inject_after_a_decision_comes_with_it() -> None:
    """After any option of the decision, or after one alone; with its sources, each once."""
    player = begun()
    player.tap(DECIDE)
    said = player.tap("tell")
    assert [(reply.text, reply.sources) for reply in said[1:2]] == [("Then: The bell rings.", ("H2",))]
    assert "Then: Somebody calls." in texts(player.tap("leave_it"))
    assert player.run.injected == (
        "morning.clock",
        "morning.later_clock",
        "morning.visitor",
        "morning.bell",
        "morning.call",
    )
    other = begun()
    other.tap(DECIDE, "tell", "write")
    assert "morning.call" not in other.run.injected


def test_the_clock_brings_what_is_due_in_the_scene() -> None:
    """So many minutes after the scene was entered, each once, soonest first; nothing before it begins or after its scene."""
    player = Player(story())
    assert play.due(player.table, player.run) is None
    assert play.timed(player.table, player.run, 10_000) == ()
    player.later(100)
    player.tap(BEGIN)
    entered = player.now
    assert play.due(player.table, player.run) == entered + 300
    assert play.timed(player.table, player.run, entered + 299) == ()
    assert play.timed(player.table, player.run, entered + 300) == ("morning.clock",)
    assert play.timed(player.table, player.run, entered + 420) == ("morning.clock", "morning.later_clock")
    assert texts(player.happens("morning.clock"))[0] == "Then: It strikes nine."
    assert play.due(player.table, player.run) == entered + 420
    assert play.timed(player.table, player.run, entered + 420) == ("morning.later_clock",)
    assert unchanged(player, Happened("morning.clock", player.later())) == ()
    while player.run.scene == "morning":
        player.tap(player.plainest())
    assert play.due(player.table, player.run) is None
    assert unchanged(player, Happened("morning.later_clock", player.later())) == ()


@pytest.mark.parametrize("inject", ["evening.clock", "morning.nothing", "morning", "", ".", "clock", "first.tell"])
def test_what_does_not_belong_here_does_not_happen(inject: str) -> None:
    """An inject of another scene, or of none, changes nothing and says nothing."""
    assert unchanged(begun(), Happened(inject, 50)) == ()


def test_something_that_happens_leaves_the_question_open() -> None:
    """It is told, and the open question is asked again, as it stood."""
    player = begun()
    player.tap("mark")
    question, run = player.question, player.run
    said = player.happens("morning.visitor")
    assert texts(said) == ["Then: A visitor comes.", question.text]
    assert replace(player.run, injected=run.injected) == run


def test_alone_what_a_facilitator_would_send_comes_before_deciding() -> None:
    """Once the questions are over, with what the clock did not bring by then; where there are none, with the scene, or on leaving it."""
    player = begun()
    assert "morning.visitor" not in player.run.injected
    assert texts(player.tap(DECIDE))[:3] == [
        "Then: It strikes nine.",
        "Then: It strikes ten.",
        "Then: A visitor comes.",
    ]
    player.tap("tell", "write", GO_ON, GO_ON)
    noon = texts(player.tap(WRITE_NOTHING))
    assert noon[:2] == ["2. At noon\nIt rains.", "Then: There is thunder."]
    while player.run.scene != "night":
        player.tap(player.plainest())
    assert player.run.stage is Stage.ASKING
    assert texts(player.tap(DECIDE))[:2] == ["Then: An owl is heard.", "That was all."]


def test_in_a_group_it_comes_when_the_facilitator_sends_it() -> None:
    """Never by itself; sent, it comes to whoever is in the scene, and to whoever comes into it later, once."""
    player = begun(Group(1))
    player.tap(BEGIN, DECIDE)
    assert player.run.injected == ()
    player.group(Group(1, ("morning.visitor", "noon.thunder")))
    assert "Then: A visitor comes." in texts(player.happens("morning.visitor"))
    assert player.happens("morning.visitor") == ()
    player.tap("tell", "write", GO_ON)
    player.opens()
    player.group(Group(2, ("morning.visitor", "noon.thunder")))
    assert "Then: There is thunder." in texts(player.tap(WRITE_NOTHING))
    assert player.happens("noon.thunder") == ()
    late = begun(Group(1, ("morning.visitor",)))
    assert "Then: A visitor comes." in texts(late.tap(BEGIN))


# --- holding points -------------------------------------------------------------------------------------


def at_the_stop(group: Group | None) -> Player:
    """Return somebody at the first holding point."""
    player = begun(group)
    if group is not None:
        player.tap(BEGIN)
    return after(player, DECIDE, "tell", "write", GO_ON)


def test_alone_a_holding_point_is_a_moment_to_think() -> None:
    """The question of the talk, and a way on; never what the facilitator listens for."""
    player = at_the_stop(None)
    assert player.question.text == "Stop and think: What was hard?"
    assert player.options == [GO_ON]
    assert not any("Only the facilitator" in text for text in texts(player.said))
    player.tap(GO_ON)
    assert player.run.stage is Stage.REFLECTING


def test_a_group_waits_until_the_facilitator_opens_the_holding_point() -> None:
    """Nothing that a trainee does leads past it; what the facilitator opens does, one holding point at a time."""
    player = at_the_stop(Group(1))
    assert asking.waits(player.table, player.run)
    assert "The facilitator goes on" in player.question.text
    assert player.options == []
    for move in (Tapped(GO_ON, 90), Asked("mark", 90), Again(90), Wrote(90), Opened(90), Tapped(DECIDE, 90)):
        assert unchanged(player, move)[-1] == player.question
    player.opens()
    assert (player.run.stage, player.run.stops) == (Stage.REFLECTING, 2)
    player.tap(WRITE_NOTHING, GO_ON)
    assert player.run.scene == "evening"
    assert asking.waits(player.table, player.run), "each holding point is opened for itself"


def test_a_group_begins_when_the_facilitator_says_so() -> None:
    """The opening is a holding point too."""
    player = begun(Group())
    assert "It begins when the facilitator says so" in player.said[-1].text
    assert unchanged(player, Tapped(BEGIN, 5))
    assert texts(player.opens())[0].startswith("1. The morning")


def test_what_was_opened_stays_open_for_whoever_comes_late() -> None:
    """A late joiner need not wait where the group has been, but waits where it waits now."""
    late = begun(Group(3))
    assert late.options == [BEGIN]
    late.tap(BEGIN, DECIDE, "tell", "write", GO_ON)
    assert late.options == [GO_ON]
    late.tap(GO_ON, WRITE_NOTHING, GO_ON)
    assert (late.run.stage, late.run.stops) == (Stage.STOP_FIRST, 2)
    late.tap(GO_ON)
    assert late.run.stage is Stage.DECIDING


def test_before_deciding_the_stop_comes_first() -> None:
    """Where the scene says so, the talk comes before its decisions and not after them."""
    player = at_the_stop(None)
    player.tap(GO_ON, WRITE_NOTHING, GO_ON)
    assert player.question.text == "Stop and think: What is known now?"
    player.tap(GO_ON)
    assert player.question.text == "Do you ring?"
    assert player.tap("ring")[1].text.startswith("4. The night")


# --- the live guidance ----------------------------------------------------------------------------------


def as_it_is(replies: tuple[Reply, ...]) -> list[Reply]:
    """Return what live guidance says, without whom one could really ring and without a conversation's own values."""
    said = []
    for reply in replies:
        text = reply.text
        for name, value in NOBODYS.items():
            text = text.replace("{" + name + "}", value)
        said.append(replace(reply, text=text, actions=tuple(replace(one, contacts=()) for one in reply.actions)))
    return said


def without_way_back(said: list[Reply]) -> list[Reply]:
    """Return what was said without the way back to the exercise, which has to be on the question, and there alone."""
    back = [option.id for reply in said for option in reply.options if option.id == SKIP_GUIDE]
    assert back == [SKIP_GUIDE], "one way back, on the open question"
    return [replace(one, options=tuple(o for o in one.options if o.id != SKIP_GUIDE)) for one in said]


CALM = ("no_sign", "not_soon", "go_on", "done", "no_needs", "no_reminder")
"""Answers that nobody gives who is worried."""
LIVE = sorted({scene.live for name in STORIES for scene in shipped_stories()[name].scenario.scenes if scene.live})


@cache
def with_live(flow: str) -> Story:
    """Return a story in which nothing is but a flow to go through."""
    scene = {"id": "there", "title": "There", "minutes": 5, "narrative": "You open it.", "live": flow}
    return Story(scenario_of([scene], objectives=[{"point": "H9", "take_back": "Ask."}]))


@pytest.mark.parametrize("flow", LIVE)
@pytest.mark.parametrize("worried", [True, False])
def test_the_live_guidance_says_what_it_says_in_earnest(flow: str, *, worried: bool) -> None:
    """Through the whole flow, answer by answer, word for word; then the exercise goes on."""
    library = shipped().at("demonstration", "2026-11-21")
    player = Player(with_live(flow), library=library)
    player.tap(BEGIN)
    turn = dialogue.step(library, dialogue.new_state(library), Open(flow))
    said = list(player.tap(OPEN_GUIDE))
    assert "word for word" in said[0].text
    assert without_way_back(said[1:]) == as_it_is(turn.replies)
    reminded = 0
    for _ in range(60):
        question = open_question(library, turn.state)
        assert player.options == [*(option.id for option in question.options), SKIP_GUIDE]
        calm = [one.id for one in question.options if one.id in CALM]
        option = calm[0] if calm and not worried else question.options[0].id
        turn = dialogue.step(library, turn.state, Chose((option,)))
        said = list(player.make(Guided(Chose((option,)), player.later())))
        if turn.reminder is not None:
            assert said.pop(0).text == "In an exercise no reminder is set."
            reminded += 1
        if is_closed(library, turn.state):
            break
        assert without_way_back(said) == as_it_is(turn.replies)
    count = len(turn.replies)
    assert said[:count] == as_it_is(turn.replies)
    assert said[count].text == "That was the real guidance. Back to the exercise."
    assert (player.run.stage, player.run.guide) == (Stage.OVER, "")
    assert reminded == int(worried)


@pytest.mark.parametrize("flow", LIVE)
def test_nobody_real_is_named_in_an_exercise(flow: str) -> None:
    """No number of any area, no contact, no receipt: what would be rung in earnest is not shown."""
    library = shipped().at("demonstration", "2026-11-21")
    player = Player(with_live(flow), library=library)
    player.tap(BEGIN)
    said, earnest = list(player.tap(OPEN_GUIDE)), ""
    while player.run.guide:
        state = State.from_json(player.run.guide)
        option = open_question(library, state).options[0].id
        turn = dialogue.step(library, state, Chose((option,)))
        earnest += " ".join(plain(library, reply) for reply in turn.replies)
        said += player.make(Guided(Chose((option,)), player.later()))
    shown = " ".join(plain(library, reply) for reply in said)
    assert not set(NUMBER.findall(shown)) - NATIONAL_LINES
    assert set(NUMBER.findall(earnest)) - NATIONAL_LINES, "in earnest there are numbers, or this test tests nothing"
    assert not [action for reply in said for action in reply.actions if action.contacts]
    assert not [name for name in NOBODYS if "{" + name + "}" in shown]


def test_the_guidance_can_be_left_at_any_question_and_passed_by() -> None:
    """The way back leads on to the next part of the scene; not opening it does too."""
    passed, left = after(begun(), DECIDE, "tell", "write"), after(begun(), DECIDE, "tell", "write")
    assert passed.options == [OPEN_GUIDE, GO_ON]
    passed.tap(GO_ON)
    left.tap(OPEN_GUIDE, "no_sign", SKIP_GUIDE)
    assert passed.run.stage is left.run.stage is Stage.STOP
    assert left.run.guide == ""


def test_what_is_done_in_the_guidance_stays_in_it() -> None:
    """Back, why, menu, marks and words that are not followed go to the guidance; nothing of the exercise changes."""
    player = after(begun(), DECIDE, "tell", "write", OPEN_GUIDE, "no_sign", "not_soon")
    before = player.run
    for event in (Do("why"), Do("back"), Do("menu"), Do("again"), Unclear(), Chose(("carry_on",)), Do("danger")):
        said = player.make(Guided(event, player.later()))
        assert said
        assert replace(player.run, guide=before.guide) == before
    assert SKIP_GUIDE in player.options
    asked = Player(with_live("new_partner"))
    asked.tap(BEGIN, OPEN_GUIDE, "no_sign", "not_soon", "no_worry")
    prompt = asked.question.prompts[0].id
    asked.make(Guided(Marked(((prompt, Mark.WORRY),)), asked.later()))
    assert asked.question.prompts[0].mark is Mark.WORRY


def test_stopping_the_guidance_ends_it_and_not_the_exercise() -> None:
    """Whoever stops it is back in the scene; that advice is kept under a receipt is not said, since none is."""
    player = after(begun(), DECIDE, "tell", "write", OPEN_GUIDE, "yes_now")
    said = player.make(Guided(Do("stop"), player.later()))
    assert texts(said)[0] == "That was the real guidance. Back to the exercise."
    assert not any("receipt" in text for text in texts(said))
    assert player.run.stage is Stage.STOP


def test_what_only_a_conversation_has_is_left_open_in_an_exercise() -> None:
    """A receipt, a label or a time is nobody's here."""
    spoken = reworded(shipped(), shipped().lines["help"].text, "Say {label} and {receipt} at {time}.")
    player = Player(with_live("new_partner"), library=spoken.at("england", "2026-11-21"))
    player.tap(BEGIN, OPEN_GUIDE)
    assert player.make(Guided(Do("help"), player.later()))[0].text == "Say ... and ... at ...."


# --- reflecting, and the end ------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", [KEEP_MINE, KEEP_NOT])
def test_a_reflection_is_asked_and_then_what_may_become_of_it(keep: str) -> None:
    """Its words are not in the run; whatever is said about keeping them, it goes on. Alone there is nobody to share with."""
    player = after(at_the_stop(None), GO_ON)
    assert player.question.text.startswith("What would help you?")
    assert player.options == [WRITE_NOTHING]
    unchanged(player, Tapped(keep, 100))
    player.make(Wrote(player.later()))
    assert player.run.wrote
    assert player.options == [KEEP_MINE, KEEP_NOT]
    unchanged(player, Tapped(WRITE_NOTHING, 120))
    player.tap(keep)
    assert (player.run.wrote, player.run.scene) == (False, "noon")


def test_the_end_is_said_kindly_with_the_debrief() -> None:
    """Closing words, what was found, decided and met, one thing to take back; then nothing is open any more."""
    player = Player(story()).to_the_end(incurious_and_worse)
    said = texts(player.said)
    assert "That was all." in said
    assert "Everything" not in said[-1]
    assert player.said[-1].kind is ReplyKind.CLOSE
    assert "One thing to take back to practice" in said[-1]
    assert "From here on everything is real." in said[-1]
    for move in (Tapped(GO_ON, 900), Asked("mark", 900), Opened(900), Wrote(900), Again(900)):
        assert "This exercise is over." in unchanged(player, move)[-1].text
    assert unchanged(player, Happened("night.owl", 900)) == ()


def test_why_shows_where_the_last_thing_told_comes_from() -> None:
    """Sources of the last fact, then of the last decision, however fast they followed each other; nothing at first."""
    player = begun()
    assert player.make(Why(10))[0].kind is not ReplyKind.CITE
    player.make(Tapped("mark", 20))
    player.make(Tapped("moves", 20))
    assert player.make(Why(20))[0].sources == ("H9",)
    player.make(Tapped(DECIDE, 20))
    player.make(Tapped("tell", 20))
    said = player.make(Why(20))
    assert (said[0].kind, said[0].sources) == (ReplyKind.CITE, ("H2",))
    assert said[-1] == player.question
    player.make(Tapped("leave_it", 20))
    assert player.make(Why(20))[0].sources == ("H11",)
    while player.run.scene != "night":
        player.make(Tapped(player.plainest(), 20))
    assert player.make(Why(20))[0].sources == ("H2",)
    knows = begun()
    for option in ("mark", "", "brother"):
        knows.make(Tapped(option, 20) if option else Asked("told", 20))
    while knows.run.scene != "night":
        knows.make(Tapped(knows.plainest(), 20))
    knows.make(Tapped("light", 20))
    assert knows.make(Why(20))[0].sources == ("H1",)


# --- moves that do not fit ------------------------------------------------------------------------------

ODD: list[Move] = [
    Tapped("", 5),
    Tapped("no_such_option", 5),
    Tapped("\x00💥", 5),
    Tapped("first.tell", 5),
    Tapped("after_brother", 5),
    Tapped(KEEP_SHARED, 5),
    Asked("", 5),
    Asked("light", 5),
    Asked("no_such_fact", 5),
    Asked("tell", 5),
    Guided(Chose(("nonsense",)), 5),
    Guided(Do("back"), 5),
    Happened("night.owl", 5),
    Happened("nowhere.nothing", 5),
    Wrote(5),
    Again(5),
    Why(5),
]
PLACES = {
    "opening": (),
    "asking": (BEGIN,),
    "deciding": (BEGIN, DECIDE),
    "second decision": (BEGIN, DECIDE, "tell"),
    "before the guidance": (BEGIN, DECIDE, "tell", "write"),
    "stop": (BEGIN, DECIDE, "tell", "write", GO_ON),
    "nothing to do": (BEGIN, DECIDE, "tell", "write", GO_ON, GO_ON, WRITE_NOTHING),
    "stop before deciding": (BEGIN, DECIDE, "wait", "write", GO_ON, GO_ON, WRITE_NOTHING),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("move", ODD, ids=repr)
def test_a_move_that_does_not_fit_changes_nothing(move: Move, place: str) -> None:
    """It is answered, the open question is asked again, and everything stands as it stood."""
    player = after(Player(story()), *PLACES[place])
    said = unchanged(player, move)
    if isinstance(move, Happened):
        assert said == ()
    else:
        assert said[-1] == player.question


def test_a_run_that_was_kept_otherwise_is_refused() -> None:
    """Text that is no run of this format raises ValueError, and nothing else."""
    good = json.loads(Player(story()).run.to_json())
    bad = [{**good, "format": 0}, {**good, "found": [{"x": 1}]}, {**good, "more": 1}, {"format": 1}, [], 3, None]
    bad += [{**good, "stage": "nowhere"}, {**good, "found": 3}, {**good, "decided": [3]}]
    for text in (*map(json.dumps, bad), "", "{", "[" * 10):
        with pytest.raises(ValueError, match=r"\w"):
            Run.from_json(text)


# --- any moves in any order -----------------------------------------------------------------------------


def ids_of(story: Story) -> list[str]:
    """Return every id of a story, and some of none."""
    found = [name for scene in story.scenario.scenes for name in _ids(scene.model_dump())]
    return [
        *found,
        "",
        "no_such_thing",
        BEGIN,
        DECIDE,
        GO_ON,
        OPEN_GUIDE,
        SKIP_GUIDE,
        KEEP_NOT,
        WRITE_NOTHING,
        "no_sign",
    ]


def _ids(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("id"), str):
            yield value["id"]
        for one in value.values():
            yield from _ids(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _ids(one)


def injects_of(story: Story) -> list[str]:
    """Return every inject of a story, and one of none."""
    return [
        *(f"{scene.id}.{one.id}" for scene in story.scenario.scenes for one in scene.injects),
        "s0.nothing",
        "",
        "x",
    ]


def any_move(data: st.DataObject, player: Player, ids: list[str], injects: list[str]) -> Move:
    """Draw a move: mostly one that fits, else any other."""
    at = player.later(data.draw(st.sampled_from([0, 1, 30, 100]), label="seconds"))
    fitting: list[Move] = [Tapped(option, at) for option in player.options]
    fitting += [Asked(fact.id, at) for fact in asking.askable(player.table, player.run)]
    if player.run.stage is Stage.REFLECTING:
        fitting.append(Wrote(at))
    foreign = st.one_of(
        st.builds(Tapped, st.sampled_from(ids), st.just(at)),
        st.builds(Asked, st.sampled_from(ids), st.just(at)),
        st.builds(Happened, st.sampled_from(injects), st.just(at)),
        st.sampled_from([Wrote(at), Opened(at), Again(at), Why(at)]),
        st.builds(
            lambda event: Guided(event, at),
            st.sampled_from(
                [Chose(("no_sign",)), Chose(()), Do("back"), Do("menu"), Do("danger"), Unclear(), Open("new_partner"), Do("stop")]
            ),
        ),
    )  # fmt: skip
    if not fitting or data.draw(st.integers(0, 3), label="fits") == 0:
        return data.draw(foreign, label="move")
    return data.draw(st.sampled_from(fitting), label="move")


def may_change(player: Player, move: Move) -> bool:
    """Say whether a move belongs where somebody is, worked out from what is on offer alone."""
    run, here_ = player.run, player.table.story.scenes.get(player.run.scene)
    match move:
        case Tapped():
            return move.option in player.options
        case Asked():
            return move.fact in {fact.id for fact in asking.askable(player.table, run)}
        case Happened():
            scene, _, name = move.inject.partition(".")
            there = {one.id for one in here_.injects} if here_ else set()
            return scene == run.scene and name in there and move.inject not in run.injected
        case Wrote():
            return run.stage is Stage.REFLECTING
        case Guided():
            return bool(run.guide)
        case Opened():
            return run.stage in {Stage.OPENING, Stage.STOP, Stage.STOP_FIRST}
        case _:
            return False


def all_is_well(player: Player, before: Run, move: Move, said: tuple[Reply, ...], asked: set[str]) -> None:
    """Hold one step against everything that is promised of any step; `asked` are the facts that were asked for so far."""
    run, story = player.run, player.table.story
    for now, then in ((run.found, before.found), (run.decided, before.decided), (run.scenes, before.scenes)):
        assert now[: len(then)] == then, "what was, stays"
    places = [story.places[scene] for scene in run.scenes]
    assert places == sorted(set(places)), "time goes forward"
    assert run.stops >= before.stops
    for many in (
        [found.fact for found in run.found],
        [(one.scene, one.decision) for one in run.decided],
        list(run.injected),
    ):
        assert len(many) == len(set(many)), "each thing once"
    if isinstance(move, Tapped | Asked):
        asked.add(move.option if isinstance(move, Tapped) else move.fact)
    assert {found.fact for found in run.found} <= asked, "nothing comes out unasked"
    for reply in said:
        assert reply.text
        for scene in story.scenario.scenes:
            for fact in scene.facts:
                if fact.text in reply.text and reply.step != "debrief":
                    assert fact.id in asked
                    assert run.knows(fact.id)
    for scene in story.scenario.scenes:
        in_it = sum(found.scene == scene.id for found in run.found)
        assert in_it <= (scene.questions or in_it)
    for one in run.decided:
        assert run.knows(*story.option(one.scene, one.decision, one.option).needs)
    if player.table.group is not None:
        assert run.stops <= player.table.group.opened
    if run.stage is not Stage.OVER:
        if said:
            assert said[-1].options == player.question.options, "what was offered last is what will be taken"
        assert bool(player.options) is not asking.waits(player.table, run)
    play.due(player.table, run)
    play.timed(player.table, run, player.now)


TRIED = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@given(st.one_of(small_stories(most=4), st.sampled_from(STORIES)), st.booleans(), st.data())
@TRIED
def test_no_order_of_moves_breaks_an_exercise(which: Story | str, in_group: bool, data: st.DataObject) -> None:
    """Whatever comes, valid, late or foreign: no error, no way back, nothing unasked, each thing once, and then an end."""
    story = shipped_stories()[which] if isinstance(which, str) else which
    player = Player(story, Group() if in_group else None)
    ids, injects, asked = ids_of(story), injects_of(story), set[str]()
    for _ in range(data.draw(st.integers(1, 25), label="moves")):
        if in_group and data.draw(st.integers(0, 3), label="facilitator") == 0:
            group = player.table.group or Group()
            sent = data.draw(st.sampled_from(injects), label="sent")
            player.group(Group(group.opened + data.draw(st.integers(0, 1), label="opens"), (*group.sent, sent)))
        move = any_move(data, player, ids, injects)
        before, fits = player.run, may_change(player, move)
        said = player.make(move)
        all_is_well(player, before, move, said, asked)
        if not fits:
            assert player.run == before, "what does not fit changes nothing"
    player.to_the_end(lambda one: one.plainest())
    assert player.run.stage is Stage.OVER


# --- the shipped exercises ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STORIES)
def test_played_well_a_shipped_exercise_meets_what_it_is_for(name: str) -> None:
    """Whoever asks and decides well meets every objective, and finds every fact on a button that there is time for."""
    story = shipped_stories()[name]
    player = Player(story).to_the_end(curious_and_better)
    held = debrief(story, player.run)
    assert {point.objective.point for point in held.points if point.met is not Met.MET} == set()
    for scene in map(story.scenes.__getitem__, player.run.scenes):
        prompted = sum(fact.prompt is not None for fact in scene.facts)
        found = sum(one.scene == scene.id for one in player.run.found)
        assert found == min(prompted, scene.questions or prompted), scene.id


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("in_group", [True, False])
def test_played_badly_a_shipped_exercise_ends_kindly(name: str, *, in_group: bool) -> None:
    """Whoever asks nothing and decides badly comes to the end too, with something missed and one thing to take back."""
    story = shipped_stories()[name]
    player = Player(story, Group() if in_group else None).to_the_end(incurious_and_worse)
    held = debrief(story, player.run)
    assert player.found == []
    missed = [point.objective for point in held.points if point.met is Met.MISSED]
    assert missed
    assert held.take_back == missed[0]
    assert missed[0].take_back in player.said[-1].text
    assert story.scenario.closing in texts(player.said)


@pytest.mark.parametrize("name", STORIES)
def test_every_option_of_a_shipped_exercise_can_be_chosen(name: str) -> None:
    """Asking for what it needs, each option of each decision is chosen once, and its own words are said, sourced."""
    story = shipped_stories()[name]
    facts = {fact.id: fact for scene in story.scenario.scenes for fact in scene.facts}
    chosen = set()
    options = [(s.id, d.id, o) for s in story.scenario.scenes for d in s.decisions for o in d.options]
    for scene, decision, option in options:
        wanted = set(option.needs)
        while more := {need for one in wanted for need in facts[one].needs} - wanted:
            wanted |= more
        player = Player(story)
        player.tap(BEGIN)
        while (scene, decision) not in {(one.scene, one.decision) for one in player.run.decided}:
            ready = [fact.id for fact in asking.askable(player.table, player.run) if fact.id in wanted]
            if ready:
                player.ask(ready[0])
            elif player.run.stage is Stage.DECIDING and asking.open_decision(player.table, player.run).id == decision:
                said = player.tap(option.id)
                assert (said[0].text, said[0].sources) == (option.says, option.sources)
                assert all(source in here().sources for source in said[0].sources)
            else:
                player.tap(player.plainest())
        chosen.add((player.run.decided[-1].decision, player.run.decided[-1].option))
    assert chosen == {(decision, option.id) for _, decision, option in options}


@pytest.mark.parametrize("name", STORIES)
def test_every_fact_of_a_shipped_exercise_can_be_found(name: str) -> None:
    """By its question or by words, once what it needs is known: each fact comes out in some run."""
    story = shipped_stories()[name]
    facts = {fact.id: (scene, fact) for scene in story.scenario.scenes for fact in scene.facts}
    for scene, fact in facts.values():
        wanted = {fact.id}
        while more := {need for one in wanted for need in facts[one][1].needs} - wanted:
            wanted |= more
        player = Player(story)
        player.tap(BEGIN)
        while not player.run.knows(fact.id):
            ready = [one for one in asking.askable(player.table, player.run) if one.id in wanted]
            if ready:
                player.tap(ready[0].id) if ready[0].prompt else player.ask(ready[0].id)
            else:
                player.tap(player.plainest())
        assert player.run.found[-1].scene == scene.id
