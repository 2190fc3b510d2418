"""The ways through a story against brute force: every combination of decisions walked one by one."""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playing import POINTS, STORIES, scenario_of, shipped_stories, small_stories

from bot.models.scenarios import END, Quality
from bot.scenarios.knowing import can_be_known
from bot.scenarios.story import Story

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.models.scenarios import Scene

TRIED = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PLAIN = small_stories(most=5, needs=False, whole=False)


# --- brute force ----------------------------------------------------------------------------------------


def every_choice(scene: Scene) -> Iterator[tuple[str, ...]]:
    """Yield everything that can be decided in a scene: one option of each decision."""
    decided = [[f"{decision.id}.{option.id}" for option in decision.options] for decision in scene.decisions]
    yield from product(*decided)


def leads_to(story: Story, scene: Scene, chosen: tuple[str, ...]) -> str:
    """Say where some choices lead: the last that names a scene decides, else the scene itself, else the file's order."""
    named = {f"{d.id}.{option.id}": option.next for d in scene.decisions for option in d.options}
    last = [named[one] for one in chosen if named[one]]
    if last:
        return last[-1]
    ids = [one.id for one in story.scenario.scenes]
    return scene.next or [*ids, END][ids.index(scene.id) + 1]


def every_way(story: Story) -> Iterator[tuple[str, ...]]:
    """Yield every row of scenes that can be played from the first to the end."""
    open_ways = [(story.scenario.scenes[0].id,)]
    while open_ways:
        way = open_ways.pop()
        scene = next(one for one in story.scenario.scenes if one.id == way[-1])
        for following in {leads_to(story, scene, chosen) for chosen in every_choice(scene)}:
            if following == END:
                yield way
            else:
                open_ways.append((*way, following))


def knowledge_after(story: Story, way: tuple[str, ...]) -> set[frozenset[str]]:
    """Return everything somebody can know after some scenes, whichever questions they spent their time on."""
    known = {frozenset[str]()}
    for name in way:
        scene = next(one for one in story.scenario.scenes if one.id == name)
        asked = [(one, 0) for one in known]
        while asked:
            state, spent = asked.pop()
            if scene.questions is not None and spent == scene.questions:
                continue
            for fact in scene.facts:
                if fact.id not in state and state.issuperset(fact.needs):
                    known.add(state | {fact.id})
                    asked.append((state | {fact.id}, spent + 1))
    return known


# --- the story says the same -----------------------------------------------------------------------------


@given(PLAIN)
@TRIED
def test_what_follows_a_scene_is_what_some_choices_lead_to(story: Story) -> None:
    """`follows` names each scene that some choices lead to, once, and no other; `next_after` says which."""
    for scene in story.scenario.scenes:
        led = {chosen: leads_to(story, scene, chosen) for chosen in every_choice(scene)}
        assert sorted(story.follows(scene)) == sorted(set(led.values()))
        for chosen, following in led.items():
            assert story.next_after(scene, chosen) == following
            assert story.next_after(scene, tuple(reversed(chosen))) == following, "the order of the file decides"


@given(PLAIN)
@TRIED
def test_what_comes_before_a_scene_is_what_some_way_or_every_way_holds(story: Story) -> None:
    """`before` is what some way to a scene holds, `always_before` what every way does; both know each scene that is reached."""
    led: dict[str, list[frozenset[str]]] = {}
    for way in every_way(story):
        for place, scene in enumerate(way):
            led.setdefault(scene, []).append(frozenset(way[:place]))
    assert story.before == {scene: frozenset().union(*ways) for scene, ways in led.items()}
    assert story.always_before == {scene: ways[0].intersection(*ways) for scene, ways in led.items()}


@given(PLAIN)
@TRIED
def test_the_longest_way_is_the_longest_of_all(story: Story) -> None:
    """`longest` adds up the minutes of the way that takes most of them."""
    minutes = {scene.id: scene.minutes for scene in story.scenario.scenes}
    assert story.longest == max(sum(minutes[scene] for scene in way) for way in every_way(story))


@given(PLAIN, st.data())
@TRIED
def test_what_can_be_known_is_what_some_questions_bring_out(story: Story, data: st.DataObject) -> None:
    """Facts can be known at once by a scene if some questions on some way (or on every way) leave somebody with all of them."""
    ways = {way[: place + 1] for way in every_way(story) for place in range(len(way))}
    by = data.draw(st.sampled_from(sorted({way[-1] for way in ways})))
    known = [knowledge_after(story, way) for way in ways if way[-1] == by]
    facts = [fact.id for scene in story.scenario.scenes for fact in scene.facts]
    for wanted in (*combinations(facts, 1), *combinations(facts, 2), ()):
        there = [any(state.issuperset(wanted) for state in states) for states in known]
        assert can_be_known(story, wanted, by, always=False) is any(there), wanted
        assert can_be_known(story, wanted, by, always=True) is all(there), wanted


@given(PLAIN)
@TRIED
def test_what_meets_an_objective_is_facts_and_better_options_that_cite_it(story: Story) -> None:
    """Nothing else carries a point: no partly good option, and no option that only follows from it."""
    for point in POINTS:
        told = [fact.id for scene in story.scenario.scenes for fact in scene.facts if point in fact.sources]
        options = [o for scene in story.scenario.scenes for d in scene.decisions for o in d.options]
        told += [o.id for o in options if o.quality is Quality.BETTER and point in o.sources]
        assert sorted(one.id for one in story.carriers(point)) == sorted(told)


# --- examples -------------------------------------------------------------------------------------------


def a_scene(name: str, **more: object) -> dict[str, object]:
    """Make a scene in which nothing is."""
    return {"id": name, "title": name, "minutes": 5, "narrative": "It rains.", **more}


def a_decision(name: str, *nexts: str | None) -> dict[str, object]:
    """Make a decision whose options lead to some scenes."""
    options = [
        {"id": f"o{n}", "label": f"Do {n}", "quality": "better", "says": "Well.", "sources": ["H2"], "next": following}
        for n, following in enumerate(nexts)
    ]
    return {"id": name, "ask": "What now?", "options": options}


def a_fact(name: str, *needs: str) -> dict[str, object]:
    """Make a fact that needs some others."""
    return {"id": name, "text": "It is so.", "prompt": "Is it?", "needs": needs, "sources": ["H2"]}


def test_without_any_next_the_scenes_follow_in_the_order_of_the_file() -> None:
    """The last scene of the file ends it."""
    story = Story(scenario_of([a_scene("one"), a_scene("two")]))
    assert [story.default_next(scene) for scene in story.scenario.scenes] == ["two", END]
    assert story.first.id == "one"
    assert story.longest == 10


def test_a_decision_that_always_leads_somewhere_overtakes_those_before_it() -> None:
    """What an earlier decision named is never reached, so that scene is no scene that follows."""
    scenes = [
        a_scene("one", decisions=[a_decision("a", "two", None), a_decision("b", "three", "end")]),
        a_scene("two"),
        a_scene("three"),
    ]
    story = Story(scenario_of(scenes))
    assert set(story.follows(story.first)) == {"three", END}
    assert story.next_after(story.first, ("a.o0", "b.o0")) == "three"
    assert "two" not in story.before


def test_ways_that_part_and_meet_again_share_what_lies_before_and_after() -> None:
    """Of two scenes side by side, either may have been played before what follows both, and neither always was."""
    scenes = [
        a_scene("one", decisions=[a_decision("a", "left", "right")]),
        a_scene("left", next="last", facts=[a_fact("l")]),
        a_scene("right", facts=[a_fact("r")]),
        a_scene("last", facts=[a_fact("both", "l", "r"), a_fact("either", "l")]),
    ]
    story = Story(scenario_of(scenes))
    assert story.before["last"] == {"one", "left", "right"}
    assert story.always_before["last"] == {"one"}
    assert not can_be_known(story, ["both"], "last", always=False)
    assert can_be_known(story, ["either"], "last", always=False)
    assert not can_be_known(story, ["either"], "last", always=True)


def test_a_story_that_leads_back_is_still_answered() -> None:
    """What leads back is left to the checks: nothing goes round for ever, and what is there is there."""
    story = Story(scenario_of([a_scene("one"), a_scene("two", next="one")]))
    assert story.follows(story.scenes["two"]) == ("one",)
    assert story.before == {"one": frozenset(), "two": frozenset({"one"})}
    assert story.longest == 10


def test_a_story_is_found_by_id_and_nothing_else_is() -> None:
    """Each part is found where it is; what is not there, or elsewhere, raises KeyError."""
    story = shipped_stories()["ready_explanation"]
    assert story.id == "ready_explanation"
    assert story.fact("monday_morning", "the_mark").prompt == "What do I see?"
    assert story.decision("monday_morning", "first_step").id == "first_step"
    assert story.option("monday_morning", "first_step", "watch").quality is Quality.WORSE
    assert story.inject("monday_morning", "nobody_free").after == "first_step"
    for wrong in (
        lambda: story.fact("thursday", "the_mark"),
        lambda: story.decision("nowhere", "first_step"),
        lambda: story.option("monday_morning", "lead_is_away", "watch"),
        lambda: story.inject("monday_morning", "first_step"),
    ):
        with pytest.raises(KeyError):
            wrong()


@pytest.mark.parametrize("name", STORIES)
def test_a_story_read_back_from_what_was_kept_is_the_same(name: str) -> None:
    """What a run is played from says the same words and has the same version; one changed word makes another."""
    story = shipped_stories()[name]
    again = Story(type(story.scenario).model_validate_json(story.compiled))
    assert (again.scenario, again.version) == (story.scenario, story.version)
    changed = Story(story.scenario.model_copy(update={"closing": f"{story.scenario.closing} Now."}))
    assert changed.version != story.version


@pytest.mark.parametrize("name", STORIES)
def test_every_way_through_a_shipped_exercise_ends_in_time(name: str) -> None:
    """Walked with every choice, each way ends, every scene is on one, and none takes longer than the exercise says."""
    story = shipped_stories()[name]
    ways = set(every_way(story))
    assert {scene for way in ways for scene in way} == set(story.scenes)
    assert max(sum(story.scenes[scene].minutes for scene in way) for way in ways) <= story.scenario.minutes
