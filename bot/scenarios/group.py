"""What a whole group's ways add up to: how many found and decided what. Counts alone; nobody can be told apart by name."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.scenarios.debrief import Met, debrief
from bot.scenarios.run import STOPS, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.models.scenarios import Decision, Scene, SceneFact, SceneOption
    from bot.scenarios.run import Run
    from bot.scenarios.story import Story

TALKS = STOPS - {Stage.OPENING}


@dataclass(frozen=True, slots=True)
class FactCount:
    """How many found a fact, of those who were in its scene."""

    scene: Scene
    fact: SceneFact
    found: int
    there: int


@dataclass(frozen=True, slots=True)
class OptionCount:
    """How many chose an option, of those who made its decision."""

    scene: Scene
    decision: Decision
    option: SceneOption
    chosen: int
    decided: int


@dataclass(frozen=True, slots=True)
class PointCount:
    """How many met an objective, partly or wholly, of all."""

    point: str
    met: int
    partly: int
    missed: int


@dataclass(frozen=True, slots=True)
class Picture:
    """The group's picture at one moment."""

    people: int
    away: int
    """How many of them have left it for now."""
    waiting: int
    stopped: frozenset[str]
    """The scenes at whose holding point somebody waits."""
    over: int
    scenes: tuple[tuple[Scene, int], ...]
    """How many are in each scene now."""
    facts: tuple[FactCount, ...]
    options: tuple[OptionCount, ...]
    points: tuple[PointCount, ...]

    def of_scene(self, scene: str) -> tuple[tuple[FactCount, ...], tuple[OptionCount, ...]]:
        """Return what concerns one scene."""
        facts = tuple(one for one in self.facts if one.scene.id == scene)
        return facts, tuple(one for one in self.options if one.scene.id == scene)


def picture(story: Story, runs: Sequence[Run], opened: int, away: Sequence[Run] = ()) -> Picture:
    """Add up where a group stands; `opened` is how many holding points its facilitator has opened.

    Those who are `away` count for what they found and decided, and nobody waits for them.
    """
    here, runs = runs, (*runs, *away)
    there = Counter(scene for run in runs for scene in run.scenes)
    now = Counter(run.scene for run in here if run.stage not in (Stage.OPENING, Stage.OVER))
    found = Counter(one.fact for run in runs for one in run.found)
    chosen = Counter((one.scene, one.decision, one.option) for run in runs for one in run.decided)
    decided = Counter((one.scene, one.decision) for run in runs for one in run.decided)
    scenes = [scene for scene in story.scenario.scenes if there[scene.id]]
    return Picture(
        people=len(runs),
        away=len(away),
        waiting=sum(run.stage in STOPS and opened <= run.stops for run in here),
        stopped=frozenset(run.scene for run in here if run.stage in TALKS and opened <= run.stops),
        over=sum(run.stage is Stage.OVER for run in runs),
        scenes=tuple((scene, now[scene.id]) for scene in scenes if now[scene.id]),
        facts=tuple(
            FactCount(scene, fact, found[fact.id], there[scene.id]) for scene in scenes for fact in scene.facts
        ),
        options=tuple(
            OptionCount(
                scene, decision, option, chosen[scene.id, decision.id, option.id], decided[scene.id, decision.id]
            )
            for scene in scenes
            for decision in scene.decisions
            for option in decision.options
        ),
        points=points(story, runs),
    )


def points(story: Story, runs: Iterable[Run]) -> tuple[PointCount, ...]:
    """Count what became of each objective, among those who have begun."""
    became = Counter(
        (point.objective.point, point.met) for run in runs if run.scenes for point in debrief(story, run).points
    )
    return tuple(
        PointCount(one.point, became[one.point, Met.MET], became[one.point, Met.PARTLY], became[one.point, Met.MISSED])
        for one in story.scenario.objectives
    )
