"""What ways through an exercise add up to, for one and for a group, against counting it all again from the moves."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest
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

from bot.models import ReplyKind
from bot.models.scenarios import Quality
from bot.scenarios import play
from bot.scenarios.debrief import LONGEST, Met, debrief, debrief_replies, minutes
from bot.scenarios.group import picture, points
from bot.scenarios.moves import BEGIN, DECIDE
from bot.scenarios.run import Decided, Found, Group, Run, Stage
from bot.scenarios.story import Story

if TYPE_CHECKING:
    from bot.events import Reply
    from bot.models.scenarios import Scenario

TRIED = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
SHOWN = 1000
"""Characters that a phone shows without making anybody scroll twice."""


# --- one way --------------------------------------------------------------------------------------------


def wandered(story: Story, data: st.DataObject, group: Group | None = None, most: int = 30) -> Player:
    """Return somebody who went some way through a story, choosing as they liked."""
    player = Player(story, group)
    for _ in range(data.draw(st.integers(0, most), label="moves")):
        if player.run.stage is Stage.OVER:
            break
        askable = [fact.id for fact in play.askable(player.table, player.run)]
        if play.waits(player.table, player.run):
            player.opens()
        elif askable and data.draw(st.booleans(), label="types"):
            player.ask(data.draw(st.sampled_from(askable), label="asks"))
        else:
            player.tap(data.draw(st.sampled_from(player.options), label="taps"))
    return player


def became(story: Story, run: Run, point: str) -> Met:
    """Say what became of a point, counted again from the run alone."""
    scenario = story.scenario
    found = {one.fact for one in run.found}
    told = [point in f.sources for scene in scenario.scenes for f in scene.facts if f.id in found]
    chosen = {(one.scene, one.decision, one.option) for one in run.decided}
    qualities = {
        option.quality
        for scene in scenario.scenes
        for decision in scene.decisions
        for option in decision.options
        if (scene.id, decision.id, option.id) in chosen and point in option.sources
    }
    if any(told) or Quality.BETTER in qualities:
        return Met.MET if Quality.WORSE not in qualities else Met.PARTLY
    return Met.PARTLY if Quality.PARTLY in qualities else Met.MISSED


@given(small_stories(most=4), st.data())
@TRIED
def test_a_debrief_holds_what_was_there_and_what_became_of_it(story: Story, data: st.DataObject) -> None:
    """Each fact of each scene that was played, found or left, and when; each decision in its order; each objective, once."""
    run = wandered(story, data).run
    held = debrief(story, run)
    played = [story.scenes[scene] for scene in run.scenes]
    assert [(seen.scene.id, seen.fact.id) for seen in held.facts] == [(s.id, f.id) for s in played for f in s.facts]
    when = {found.fact: (found.at, found.typed) for found in run.found}
    assert [(seen.at, seen.typed) for seen in held.facts] == [when.get(s.fact.id, (None, False)) for s in held.facts]
    assert [(one.scene.id, one.option.id, one.at) for one in held.choices] == [
        (one.scene, one.option, one.at) for one in run.decided
    ]
    assert [one.ask for one in held.choices] == [story.decision(one.scene, one.decision).ask for one in run.decided]
    objectives = story.scenario.objectives
    assert [(one.objective, one.met) for one in held.points] == [(o, became(story, run, o.point)) for o in objectives]
    for met in (Met.MISSED, Met.PARTLY, Met.MET):
        first = [one.objective for one in held.points if one.met is met]
        if first:
            assert held.take_back == first[0]
            break


def small(*qualities: str, cites: str = "H9", fact: str = "H2") -> Story:
    """Make one scene with a fact and one decision, whose options are of these qualities and all cite the same."""
    options = [
        {"id": f"o{n}", "label": f"Do {n}", "quality": one, "says": "Well.", "sources": [cites]}
        for n, one in enumerate(qualities)
    ]
    scene = {
        "id": "there",
        "title": "There",
        "minutes": 5,
        "narrative": "It rains.",
        "facts": [{"id": "rain", "prompt": "How much?", "text": "Much.", "sources": [fact]}],
        "decisions": [{"id": "do", "ask": "What now?", "options": options}],
    }
    return Story(scenario_of([scene]))


@pytest.mark.parametrize(("quality", "met"), [("better", Met.MET), ("partly", Met.PARTLY), ("worse", Met.MISSED)])
def test_deciding_meets_a_point_as_well_as_it_was_decided(quality: str, met: Met) -> None:
    """A better option that cites it meets it, a partly good one in part, a worse one not at all."""
    story = small(quality, "better" if quality != "better" else "worse")
    run = Run(Stage.OVER, "there", scenes=("there",), decided=(Decided("there", "do", "o0", 5),))
    assert debrief(story, run).points[0].met is met


@pytest.mark.parametrize(
    ("quality", "fact", "found", "met"),
    [
        ("partly", "H9", True, Met.MET),
        ("worse", "H9", True, Met.PARTLY),
        ("worse", "H9", False, Met.MISSED),
        ("worse", "H2", True, Met.MISSED),
    ],
)
def test_asking_meets_a_point_unless_what_was_decided_went_against_it(
    quality: str, fact: str, found: bool, met: Met
) -> None:
    """A fact that came out meets what it cites, in part where a worse option cites it too; another point's fact does not."""
    for story in [small(quality, "better", fact=fact)]:
        asked = (Found("there", "rain", typed=False, at=3),) if found else ()
        run = Run(Stage.OVER, "there", scenes=("there",), found=asked, decided=(Decided("there", "do", "o0", 5),))
        assert debrief(story, run).points[0].met is met


@pytest.mark.parametrize(
    ("became", "taken"),
    [
        (("better", "partly", "worse"), "g-18"),
        (("better", "partly", "better"), "H2"),
        (("worse", "worse", "partly"), "H9"),
        (("better", "better", "better"), "H9"),
    ],
)
def test_one_thing_is_taken_back_from_what_was_missed_first(became: tuple[str, ...], taken: str) -> None:
    """Of the first point that was missed; else of the first that was partly met; else of the first of all."""
    cited = ("H9", "H2", "g-18")
    decisions = [
        {
            "id": f"d{n}",
            "ask": "What now?",
            "options": [
                {"id": f"o{m}", "label": f"Do {m}", "quality": one, "says": "Well.", "sources": [point]}
                for m, one in enumerate((quality, "worse"))
            ],
        }
        for n, (quality, point) in enumerate(zip(became, cited, strict=True))
    ]
    scene = {"id": "s", "title": "There", "minutes": 5, "narrative": "It rains.", "decisions": decisions}
    story = Story(scenario_of([scene], objectives=[{"point": one, "take_back": f"Take {one}."} for one in cited]))
    player = Player(story)
    player.tap(BEGIN, "o0", "o0", "o0")
    assert debrief(story, player.run).take_back.point == taken
    assert f"Take {taken}." in player.said[-1].text


def test_what_was_never_played_is_not_held_against_anybody() -> None:
    """Facts of scenes on another way are neither found nor left."""
    story = shipped_stories()["ready_explanation"]
    player = Player(story)
    player.tap(BEGIN)
    held = debrief(story, player.run)
    assert {seen.scene.id for seen in held.facts} == {"monday_morning"}
    assert len(held.facts) == 7


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00"), (9, "0:09"), (60, "1:00"), (3725, "62:05")])
def test_times_are_minutes_and_seconds(seconds: int, shown: str) -> None:
    """Counted from the beginning of the exercise."""
    assert minutes(seconds) == shown


# --- as messages ----------------------------------------------------------------------------------------


def said_of(player: Player) -> tuple[Reply, ...]:
    """Return the debrief of a player as messages."""
    return debrief_replies(player.table, player.run)


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("well", [True, False])
def test_a_debrief_can_be_read_on_a_phone_and_looked_up(name: str, *, well: bool) -> None:
    """Short messages; each names sources that are known; every fact, decision and objective is in one."""
    story = shipped_stories()[name]
    player = Player(story).to_the_end(curious_and_better if well else incurious_and_worse)
    said = said_of(player)
    assert tuple(player.said[-len(said) :]) == said, "the end says just this"
    assert all(len(reply.text) <= SHOWN for reply in said)
    assert all(reply.sources for reply in said)
    assert all(source in here().sources for reply in said for source in reply.sources)
    assert all(reply.step == "debrief" for reply in said)
    whole = "\n".join(reply.text for reply in said)
    held = debrief(story, player.run)
    found = sum(seen.at is not None for seen in held.facts)
    assert f"you found {found} of {len(held.facts)}" in whole
    for seen in held.facts:
        start = re.escape(("✓ " if seen.at is not None else "○ ") + (seen.fact.prompt or seen.fact.text)[:60])
        assert re.search(rf"^{start}", whole, re.MULTILINE), seen.fact.id
    for choice in held.choices:
        assert f"{minutes(choice.at)} '{choice.option.label}' " in whole
    for point in held.points:
        assert f"({point.objective.point})" in whole
        source = here().sources[point.objective.point]
        assert (getattr(source, "title", "") or source.text[:100]) in whole
    assert (said[-1].kind, said[-1].sources) == (ReplyKind.CLOSE, (held.take_back.point,))
    cited = {source for reply in said for source in reply.sources}
    assert cited >= {source for seen in held.facts for source in seen.fact.sources}
    assert cited >= {source for choice in held.choices for source in choice.option.sources}


def test_what_was_left_is_told_in_the_debrief_and_what_was_found_by_its_question() -> None:
    """Of a fact nobody asked about, the question and what it would have told; of one that came out, when."""
    story = shipped_stories()["ready_explanation"]
    player = Player(story)
    player.tap(BEGIN, "the_mark")
    player.ask("can_she_move")
    player.to_the_end(incurious_and_worse)
    whole = "\n".join(reply.text for reply in said_of(player))
    assert "✓ What do I see? (0:20)" in whole
    assert "✓ What can Ida do by herself? (0:30)" in whole
    assert "A bluish round mark" not in whole
    assert "○ What exactly did Kemi say?: On the form:" in whole
    assert "○ At breakfast, with nobody asking, Teddy told his spoon" in whole
    assert "you found 2 of 28" in whole


@given(st.data())
@TRIED
def test_messages_keep_to_their_length_whatever_is_written(data: st.DataObject) -> None:
    """However long facts and labels are, as long as the format allows them, no message grows past its length."""
    lengths = st.sampled_from([20, 60])
    facts = [
        {"id": f"f{n}", "prompt": "w" * data.draw(lengths), "text": "long " * 120, "sources": ["H2"]}
        for n in range(data.draw(st.integers(1, 12)))
    ]
    options = [
        {"id": f"o{n}", "label": "l" * data.draw(lengths), "quality": "better", "says": "Well.", "sources": ["H9"]}
        for n in range(2)
    ]
    decisions = [{"id": f"d{n}", "ask": "What now?", "options": options} for n in range(6)]
    scene = {
        "id": "s",
        "title": "t" * 60,
        "minutes": 5,
        "narrative": "It rains.",
        "facts": facts,
        "decisions": decisions,
    }
    scenes = [scene, *({**scene, "id": f"s{n}", "facts": []} for n in range(5))]
    player = Player(Story(scenario_of(scenes))).to_the_end(
        lambda one: data.draw(st.sampled_from(one.options)) if one.options else None
    )
    for reply in said_of(player)[:-1]:
        assert len(reply.text) <= LONGEST


def test_no_sign_stands_alone_for_what_became_of_something() -> None:
    """What is marked with a sign is said in words too, for whoever cannot see it or does not know it."""
    for sign, words in (("✓", "Met"), ("◐", "Partly"), ("○", "Still to take from it")):
        assert any(line.text == f"{sign} {words}" for line in here().content.lines)


# --- a group --------------------------------------------------------------------------------------------


@given(small_stories(most=3), st.integers(0, 5), st.data())
@TRIED
def test_a_groups_picture_counts_what_its_people_did(story: Story, people: int, data: st.DataObject) -> None:
    """Who is where, waits, has finished; of each fact and option how many of how many: counted again by hand."""
    group = Group(data.draw(st.integers(0, 3), label="opened"))
    players = [wandered(story, data, group, most=12) for _ in range(people)]
    runs = [player.run for player in players]
    opened = max([group.opened, *(player.table.group.opened for player in players if player.table.group)])
    seen = picture(story, runs, opened)
    assert seen.people == people
    assert seen.over == sum(run.stage is Stage.OVER for run in runs)
    tables = [play.Table(here(), story, Group(opened)) for _ in runs]
    assert seen.waiting == sum(play.waits(table, run) for table, run in zip(tables, runs, strict=True))
    now = Counter(run.scene for run in runs if run.stage not in {Stage.OPENING, Stage.OVER})
    assert {scene.id: count for scene, count in seen.scenes} == dict(now)
    been = {scene.id for scene in story.scenario.scenes if any(scene.id in run.scenes for run in runs)}
    assert {one.scene.id for one in (*seen.facts, *seen.options)} <= been
    assert len(seen.facts) == sum(len(story.scenes[scene].facts) for scene in been)
    for one in seen.facts:
        assert one.there == sum(one.scene.id in run.scenes for run in runs)
        assert one.found == sum(any(found.fact == one.fact.id for found in run.found) for run in runs)
        assert one.found <= one.there
    for option in seen.options:
        here_ = (option.scene.id, option.decision.id)
        made = [d.option for run in runs for d in run.decided if (d.scene, d.decision) == here_]
        assert (option.chosen, option.decided) == (made.count(option.option.id), len(made))
    begun = [run for run in runs if run.scenes]
    assert seen.points == points(story, runs)
    for point in seen.points:
        met = Counter(became(story, run, point.point) for run in begun)
        assert (point.met, point.partly, point.missed) == (met[Met.MET], met[Met.PARTLY], met[Met.MISSED])
        assert point.met + point.partly + point.missed == len(begun)


def test_a_groups_picture_is_in_the_order_of_the_story_whoever_came_first() -> None:
    """So that nobody can be told apart by their place in it; the order of people changes nothing."""
    story = shipped_stories()["plan_that_goes_on"]
    good, bad = Player(story).to_the_end(curious_and_better).run, Player(story).to_the_end(incurious_and_worse).run
    early = Player(story)
    early.tap(BEGIN, "ticks")
    one = picture(story, [good, bad, early.run], 9)
    assert one == picture(story, [early.run, bad, good], 9)
    places = [story.places[fact.scene.id] for fact in one.facts]
    assert places == sorted(places)
    facts, options = one.of_scene("meeting_eighteen")
    assert {fact.scene.id for fact in facts} | {option.scene.id for option in options} == {"meeting_eighteen"}
    assert [(fact.found, fact.there) for fact in facts if fact.fact.id == "ticks"] == [(2, 3)]
    assert [option.decided for option in options] == [2] * len(options)
    assert (one.people, one.over, one.waiting) == (3, 2, 0)


def test_a_groups_picture_holds_counts_and_content_alone() -> None:
    """Nothing in it comes from a person: no name, no time, no way from one decision to the next."""
    story = shipped_stories()["school_and_the_request"]
    fast, slow = Player(story), Player(story)
    for player, wait in ((fast, 1), (slow, 5000)):
        player.tap(BEGIN)
        player.later(wait)
        player.tap("pattern", DECIDE)
    assert picture(story, [fast.run], 0) == picture(story, [slow.run], 0)


def test_an_empty_group_has_a_picture() -> None:
    """Before anybody came, nothing is counted and nothing fails."""
    scenario: Scenario = shipped_stories()["ready_explanation"].scenario
    seen = picture(Story(scenario), [], 0)
    assert (seen.people, seen.waiting, seen.over, seen.scenes, seen.facts, seen.options) == (0, 0, 0, (), (), ())
    assert [one.point for one in seen.points] == [objective.point for objective in scenario.objectives]
    assert {(one.met, one.partly, one.missed) for one in seen.points} == {(0, 0, 0)}
