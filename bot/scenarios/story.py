"""A scenario by id, and what may follow what in it. Time only goes forward: a scene leads to later ones or to the end."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from bot.models.scenarios import END, Quality

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from bot.models.scenarios import Decision, Inject, Scenario, Scene, SceneFact, SceneOption

    Named = TypeVar("Named", SceneFact, Decision, SceneOption, Inject)


class Story:
    """One scenario, indexed. Two stories with the same version say the same words."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.scenes: dict[str, Scene] = {scene.id: scene for scene in scenario.scenes}
        self.places: dict[str, int] = {scene.id: place for place, scene in enumerate(scenario.scenes)}

    @property
    def id(self) -> str:
        """The id of the scenario."""
        return self.scenario.id

    @cached_property
    def compiled(self) -> str:
        """The scenario as canonical JSON: what a run is played from, whatever the file says by then."""
        return self.scenario.model_dump_json(by_alias=True, exclude_defaults=True)

    @cached_property
    def version(self) -> str:
        """The hash of everything the scenario says."""
        return hashlib.sha256(self.compiled.encode()).hexdigest()

    @property
    def first(self) -> Scene:
        """The scene it begins with."""
        return self.scenario.scenes[0]

    def default_next(self, scene: Scene) -> str:
        """Return what follows a scene when no option says otherwise: a scene, or the end."""
        if scene.next is not None:
            return scene.next
        place = self.places[scene.id] + 1
        return self.scenario.scenes[place].id if place < len(self.scenario.scenes) else END

    def follows(self, scene: Scene) -> tuple[str, ...]:
        """Return everything that may follow a scene, each once."""
        following = [self.default_next(scene)]
        for decision in scene.decisions:
            named = [option.next for option in decision.options if option.next]
            # The last option that names a scene decides, so a decision whose options all do overtakes what came before it.
            following = named if len(named) == len(decision.options) else [*named, *following]
        return tuple(dict.fromkeys(following))

    def next_after(self, scene: Scene, chosen: tuple[str, ...]) -> str:
        """Return what follows a scene once its options were chosen: the last that names a scene decides."""
        following = self.default_next(scene)
        for decision in scene.decisions:
            for option in decision.options:
                if option.next and f"{decision.id}.{option.id}" in chosen:
                    following = option.next
        return following

    @cached_property
    def before(self) -> dict[str, frozenset[str]]:
        """For each scene that is reached: the scenes that may have been played before it."""
        return self._spread(lambda ways: frozenset[str]().union(*ways))

    @cached_property
    def always_before(self) -> dict[str, frozenset[str]]:
        """For each scene that is reached: the scenes that were played before it, whatever was decided."""
        return self._spread(lambda ways: ways[0].intersection(*ways[1:]))

    def _spread(self, join: Callable[[list[frozenset[str]]], frozenset[str]]) -> dict[str, frozenset[str]]:
        """Carry sets of scenes forward through the file; what leads back or nowhere is left to the checks."""
        coming: dict[str, list[frozenset[str]]] = {self.first.id: [frozenset()]}
        reached: dict[str, frozenset[str]] = {}
        for scene in self.scenario.scenes:
            if scene.id not in coming:
                continue
            reached[scene.id] = join(coming[scene.id])
            for following in self.follows(scene):
                if self.places.get(following, -1) > self.places[scene.id]:
                    coming.setdefault(following, []).append(reached[scene.id] | {scene.id})
        return reached

    @cached_property
    def longest(self) -> int:
        """How many minutes the longest way takes."""
        total: dict[str, int] = {}
        for scene in reversed(self.scenario.scenes):
            after = [total[following] for following in self.follows(scene) if following in total]
            total[scene.id] = scene.minutes + max(after, default=0)
        return total[self.first.id]

    def fact(self, scene: str, fact: str) -> SceneFact:
        """Return a fact of a scene; raises KeyError when there is none."""
        return _named(self.scenes[scene].facts, fact)

    def decision(self, scene: str, decision: str) -> Decision:
        """Return a decision of a scene; raises KeyError when there is none."""
        return _named(self.scenes[scene].decisions, decision)

    def option(self, scene: str, decision: str, option: str) -> SceneOption:
        """Return an option; raises KeyError when there is none."""
        return _named(self.decision(scene, decision).options, option)

    def inject(self, scene: str, inject: str) -> Inject:
        """Return an inject; raises KeyError when there is none."""
        return _named(self.scenes[scene].injects, inject)

    def carriers(self, point: str) -> Iterator[SceneFact | SceneOption]:
        """Yield what meets an objective: facts, and better options, that cite it."""
        for scene in self.scenario.scenes:
            yield from (fact for fact in scene.facts if point in fact.sources)
            for decision in scene.decisions:
                yield from (
                    option
                    for option in decision.options
                    if option.quality is Quality.BETTER and point in option.sources
                )


def _named(items: Iterable[Named], name: str) -> Named:
    for item in items:
        if item.id == name:
            return item
    raise KeyError(name)
