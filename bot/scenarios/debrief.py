"""What one way through an exercise adds up to: found and left, decided, met and missed. No score, no pass mark."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.asking import cut, line
from bot.events import Reply
from bot.models import ReplyKind
from bot.models.scenarios import Quality

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Protocol

    from bot.library import Library
    from bot.models.scenarios import Objective, Scene, SceneFact, SceneOption
    from bot.scenarios.run import Run
    from bot.scenarios.story import Story

    class At(Protocol):
        """Has the content and the story."""

        @property
        def library(self) -> Library: ...  # noqa: D102
        @property
        def story(self) -> Story: ...  # noqa: D102


FOUND, LEFT = "✓", "○"
"""Signs before a fact that came out, and one that nobody asked about; words say the same."""
MET_LINES = {"met": "debrief_met", "partly": "debrief_partly_met", "missed": "debrief_missed"}
LONGEST = 900
"""Characters of one message."""
LONGEST_POINT = 200
"""Characters of a learning point in the list; the page has all of it, and a rule has a title."""
SHORTENED = 110
"""Characters of a fact in the list; the page has all of it."""


class Met(StrEnum):
    """What became of an objective."""

    MET = "met"
    PARTLY = "partly"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class FactSeen:
    """One fact that was there to be found, and when it was (seconds), if it was."""

    scene: Scene
    fact: SceneFact
    at: int | None
    typed: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One decision, and when it was made (seconds)."""

    scene: Scene
    ask: str
    option: SceneOption
    at: int


@dataclass(frozen=True, slots=True)
class Point:
    """One objective and what became of it."""

    objective: Objective
    met: Met


@dataclass(frozen=True, slots=True)
class Debrief:
    """What one way adds up to."""

    facts: tuple[FactSeen, ...]
    choices: tuple[Choice, ...]
    points: tuple[Point, ...]

    @property
    def take_back(self) -> Objective:
        """One thing to take back: of the first point that was missed, else partly met, else the first of all."""
        order = (Met.MISSED, Met.PARTLY, Met.MET)
        return min(self.points, key=lambda point: order.index(point.met)).objective


def debrief(story: Story, run: Run) -> Debrief:
    """Add up one way; only what was in the scenes that were played counts as there to be found."""
    when = {found.fact: found for found in run.found}
    facts = tuple(
        FactSeen(scene, fact, when[fact.id].at if fact.id in when else None, fact.id in when and when[fact.id].typed)
        for scene in map(story.scenes.__getitem__, run.scenes)
        for fact in scene.facts
    )
    choices = tuple(
        Choice(
            story.scenes[one.scene],
            story.decision(one.scene, one.decision).ask,
            story.option(one.scene, one.decision, one.option),
            one.at,
        )
        for one in run.decided
    )
    points = tuple(Point(objective, _met(objective.point, facts, choices)) for objective in story.scenario.objectives)
    return Debrief(facts, choices, points)


def _met(point: str, facts: Iterable[FactSeen], choices: Iterable[Choice]) -> Met:
    """Say what became of a point: met by asking or by deciding well, partly by deciding partly well, or well and badly both."""
    chosen = [choice.option.quality for choice in choices if point in choice.option.sources]
    if Quality.BETTER in chosen or any(seen.at is not None and point in seen.fact.sources for seen in facts):
        return Met.PARTLY if Quality.WORSE in chosen else Met.MET
    return Met.PARTLY if Quality.PARTLY in chosen else Met.MISSED


def minutes(seconds: int) -> str:
    """Show how far into the exercise something was, as minutes and seconds."""
    return f"{seconds // 60}:{seconds % 60:02}"


def debrief_replies(table: At, run: Run) -> tuple[Reply, ...]:
    """Return a debrief as messages that fit a phone."""
    held = debrief(table.story, run)
    library = table.library
    parts: list[Reply] = []
    if held.facts:
        found = sum(seen.at is not None for seen in held.facts)
        head = line(library, "debrief_facts", count=f"{found} of {len(held.facts)}").text
        parts += _listed(head, _facts(held))
    if held.choices:
        parts += _listed(line(library, "debrief_choices").text, _choices(library, held))
    parts += _listed(line(library, "debrief_points").text, _points(library, held))
    take = held.take_back
    last = line(library, "debrief_take_back", answers=take.take_back)
    return (*parts, Reply(ReplyKind.CLOSE, last.text, (take.point,), step="debrief"))


def _facts(held: Debrief) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the facts, scene by scene: of one that came out, its question; of one that was left, what it would have told."""
    scene = ""
    for seen in held.facts:
        heading = f"{seen.scene.title}\n" if seen.scene.id != scene else ""
        scene = seen.scene.id
        asked = seen.fact.prompt or cut(seen.fact.text, SHORTENED)
        if seen.at is not None:
            yield f"{heading}{FOUND} {asked} ({minutes(seen.at)})", seen.fact.sources
        else:
            told = f": {cut(seen.fact.text, SHORTENED)}" if seen.fact.prompt else ""
            yield f"{heading}{LEFT} {asked}{told}", seen.fact.sources


def _choices(library: Library, held: Debrief) -> Iterator[tuple[str, tuple[str, ...]]]:
    for choice in held.choices:
        quality = library.lines[f"debrief_{choice.option.quality}"].text
        yield f"{minutes(choice.at)} '{choice.option.label}' {quality}", choice.option.sources


def _points(library: Library, held: Debrief) -> Iterator[tuple[str, tuple[str, ...]]]:
    for point in held.points:
        name = point.objective.point
        became = library.lines[MET_LINES[point.met]].text
        source = library.sources.get(name)  # it may have been taken out since the exercise began
        says = "" if source is None else getattr(source, "title", "") or cut(source.text, LONGEST_POINT)
        yield f"{became}: {says} ({name})", (name,)


def _listed(head: str, items: Iterable[tuple[str, tuple[str, ...]]]) -> list[Reply]:
    """Return a list as few messages, each short enough for a phone and with the sources of what it says."""
    made: list[Reply] = []
    text, sources = head, dict[str, None]()
    for item, cited in items:
        if len(text) + 1 + len(item) > LONGEST and text:
            made.append(Reply(ReplyKind.SAY, text, tuple(sources), step="debrief"))
            text, sources = "", {}
        text = f"{text}\n{item}" if text else item
        sources |= dict.fromkeys(cited)
    return [*made, Reply(ReplyKind.SAY, text, tuple(sources), step="debrief")]
