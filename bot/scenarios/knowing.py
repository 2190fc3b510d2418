"""What somebody who asks well can know by a scene: time enough to ask for all of it, in scenes that follow each other."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.scenarios.story import Story


def can_be_known(story: Story, facts: Iterable[str], by: str, *, always: bool) -> bool:
    """Say whether all of some facts can be known at once by the end of a scene: on every way to it, or on some way."""
    asked = _asked(story, facts)
    if asked is None or by not in story.before:
        return False
    if any(len(names) > (story.scenes[scene].questions or len(names)) for scene, names in asked.items()):
        return False
    scenes = sorted({*asked, by}, key=story.places.__getitem__)
    if scenes[-1] != by:
        return False
    if always:
        return story.always_before[by].issuperset(scenes[:-1])
    # Time goes forward, so two ways that meet in a scene make one: it is enough that each scene can follow the last.
    return all(one in story.before.get(after, ()) for one, after in pairwise(scenes))


def _asked(story: Story, facts: Iterable[str]) -> dict[str, set[str]] | None:
    """Return what has to be asked in each scene to know some facts; None where a need is a circle or comes too late."""
    homes = {fact.id: (scene.id, fact) for scene in story.scenario.scenes for fact in scene.facts}
    wanted: set[str] = set()
    more = set(facts)
    while more:
        wanted |= more
        more = {need for one in more for need in homes[one][1].needs} - wanted
    known: set[str] = set()
    asked: dict[str, set[str]] = {}
    for scene in story.scenario.scenes:
        here = {one for one in wanted if homes[one][0] == scene.id}
        while ready := {one for one in here - known if known.issuperset(homes[one][1].needs)}:
            known |= ready
        if here - known:
            return None
        if here:
            asked[scene.id] = here
    return asked
