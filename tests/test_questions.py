"""Questions typed in exercises: how often the right fact comes out, a wrong one, or nothing (figures with `-s`)."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml

from bot.kept import KeptWeights
from bot.library import read_scenarios
from bot.models.scenarios import Scenario
from bot.reading import content_root
from bot.scenarios.finding import LONGEST, Finder
from bot.scenarios.story import Story

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.library import Library

SETS: dict[str, dict[str, Any]] = {
    name: yaml.safe_load((Path(__file__).parent / "data" / f"questions_{name}.yaml").read_text(encoding="utf-8"))
    for name in ("dev", "test")
}


class Figures(NamedTuple):
    """Shares: of questions that a fact answers, of those that none does, of chatter, and of questions asked once more."""

    right: float
    wrong: float
    answered_anyway: float
    chatter: float
    asked_again: float


@pytest.fixture(scope="module")
def stories() -> dict[str, Story]:
    """Return the shipped exercises."""
    return {name: Story(scenario) for name, scenario in read_scenarios(content_root()).scenarios.items()}


@pytest.fixture
def finders(stories: dict[str, Story], content: Library) -> dict[str, Finder]:
    """Return a finder for each, as an exercise has it."""
    keeper = KeptWeights()
    english = keeper.english()
    return {name: Finder(story, keeper, content.content.shorthand, english) for name, story in stories.items()}


def facts(story: Story, scene: str) -> set[str]:
    return {fact.id for fact in story.scenes[scene].facts}


def figures(questions: dict[str, Any], stories: dict[str, Story], finders: dict[str, Finder]) -> Figures:
    """Ask every question in its scene, and those that a fact answers once more when it is known already."""
    right, wrong, anyway, chatter, again = [list[bool]() for _ in Figures._fields]
    for name, scenes in questions.items():
        for scene, asked in scenes.items() if name != "chatter" else ():
            find, among = finders[name].find, facts(stories[name], scene)
            for fact, words in ((fact, words) for fact, several in asked["asked"].items() for words in several):
                found = find(words, among)
                right.append(found == fact)
                wrong.append(found not in {fact, ""})
                again.append(find(words, among - {fact}) != "")
            anyway += [find(words, among) != "" for words in asked["nothing"]]
            chatter += [find(words, among) != "" for words in questions["chatter"]]
    return Figures(*(sum(one) / len(one) for one in (right, wrong, anyway, chatter, again)))


def shown(title: str, reached: Figures) -> None:
    said = ", ".join(f"{name.replace('_', ' ')} {share:.1%}" for name, share in reached._asdict().items())
    sys.stdout.write(f"\n{title}: {said}")


@pytest.mark.parametrize("name", SETS)
def test_every_question_is_asked_in_a_scene_that_there_is(name: str, stories: dict[str, Story]) -> None:
    """A fact that is gone would be a question that nothing can answer; of the first set, every fact is asked for."""
    questions = {story: scenes for story, scenes in SETS[name].items() if story != "chatter"}
    assert set(questions) == set(stories)
    for story, scenes in questions.items():
        assert set(scenes) == set(stories[story].scenes)
        for scene, asked in scenes.items():
            known = facts(stories[story], scene)
            assert set(asked["asked"]) == known if name == "dev" else set(asked["asked"]) <= known


@pytest.mark.parametrize("name", SETS)
def test_the_fact_that_is_asked_about_comes_out(
    name: str, stories: dict[str, Story], finders: dict[str, Finder]
) -> None:
    """And hardly ever another: the floors stand a little below what was reached."""
    reached = figures(SETS[name], stories, finders)
    shown(f"{name}, with meaning", reached)
    assert reached.right >= 0.80
    assert reached.wrong <= 0.04
    assert reached.answered_anyway <= 0.05
    assert reached.chatter <= 0.03
    assert reached.asked_again <= 0.15


@pytest.mark.parametrize("name", SETS)
def test_without_vectors_less_is_found_and_hardly_more_is_wrong(
    name: str, stories: dict[str, Story], finders: dict[str, Finder], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words alone find most questions still."""
    monkeypatch.setenv("THINKCHILD_MODEL", "none")
    reached = figures(SETS[name], stories, finders)
    shown(f"{name}, by words alone", reached)
    assert reached.right >= 0.65
    assert reached.wrong <= 0.05
    assert reached.answered_anyway <= 0.07
    assert reached.chatter <= 0.06
    assert reached.asked_again <= 0.13
