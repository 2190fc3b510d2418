"""Exercises to Twine and back, as Twee 3 text: for trainers who would rather draw a story than write YAML.

What is written here can be played in Twine, changed there and brought back. `left_out` is no promise but a measurement: the text
is read back, and every difference is named. `not_played` names what stands in the file but Twine does not act on.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.models.scenarios import Scenario
from bot.scenarios.twee_form import header, read_story
from bot.scenarios.twee_pages import is_ours
from bot.scenarios.twee_plain import draft
from bot.scenarios.twee_reading import read_exercise
from bot.scenarios.twee_writing import START, passages_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.errors import Problem
    from bot.models.scenarios import Scene
    from bot.scenarios.twee_form import Passage

COLOURS = {"scene": "blue", "better": "green", "partly": "yellow", "worse": "red", "hold": "purple", "inject": "orange"}
"""Of tags, in Twine's map; the tags themselves say the same in words."""
START_OF_PASSAGE = re.compile(r"^::", re.MULTILINE)
STEP = 150
"""Between two passages on Twine's map: each scene is a row."""


@dataclass(frozen=True, slots=True)
class Twee:
    """An exercise as Twee 3, what that could not hold, and what Twine will not do with it."""

    text: str
    left_out: tuple[str, ...]
    not_played: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """What a Twine story became: data for a YAML file, what to look at, and what has to be put right first."""

    scenario_data: dict[str, Any]
    notes: tuple[str, ...]
    problems: tuple[Problem, ...] = ()


def to_twee(scenario: Scenario) -> Twee:
    """Return an exercise as a Twine story."""
    data = {"ifid": ifid(scenario.id), "format": "Harlowe", "start": START, "tag-colors": COLOURS, "zoom": 0.6}
    # A title is a name, which no format takes for markup: it stands as it is.
    title = START_OF_PASSAGE.sub("\\\\::", scenario.title)
    parts = [f":: StoryTitle\n{title}", f":: StoryData\n{json.dumps(data, indent=2)}"]
    parts += [f"{header(one.name, one.tags, at)}\n{one.text}" for one, at in _placed(passages_of(scenario))]
    text = "\n\n\n".join(parts) + "\n"
    return Twee(text, tuple(_lost(scenario, text)), tuple(_not_played(scenario)))


def from_twee(text: str, id: str, file: str = "story.twee") -> Imported:  # noqa: A002 - what it is
    """Read a Twine story, ours or a stranger's; whatever it holds, there are only sentences."""
    story = read_story(text, file)
    if story.problems:
        return Imported({}, story.told(), story.refused())
    found = (read_exercise if is_ours(story) else draft)(story, id)
    return Imported({} if story.problems else found, story.told(), story.refused())


def ifid(name: str) -> str:
    """Return the story's identifier in the form of a UUID: the same for the same exercise, whoever writes it out."""
    digits = hashlib.sha256(f"thinkchild exercise {name}".encode()).hexdigest().upper()
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-A{digits[17:20]}-{digits[20:32]}"


def _placed(passages: list[Passage]) -> Iterator[tuple[Passage, tuple[int, int]]]:
    """Yield passages with their places on the map."""
    row, column, before = 0, -1, ""
    for passage in passages:
        group = passage.name.partition("/")[0] if passage.name[0].islower() else ""
        row, column = (row, column + 1) if group == before else (row + 1, 0)
        before = group
        yield passage, (100 + STEP * column, 100 + STEP * row)


def _lost(scenario: Scenario, text: str) -> Iterator[str]:
    """Name each part that does not come back as it is: what has the same id as another, or characters no text file keeps."""
    back = Scenario.model_validate(from_twee(text, scenario.id).scenario_data)
    if back == scenario:
        return
    for key in type(scenario).model_fields:
        if key != "scenes" and getattr(back, key) != getattr(scenario, key):
            yield f"The {key.replace('_', ' ')} of the exercise does not come back from Twine as it stands."
    if len(back.scenes) < len(scenario.scenes):
        yield "Of scenes that have the same id, only the first is in the story."
    found = {scene.id: scene for scene in back.scenes}
    for scene in scenario.scenes:
        for key in type(scene).model_fields:
            if getattr(found.get(scene.id), key, None) != getattr(scene, key):
                yield f"Scene '{scene.id}': its {key.replace('_', ' ')} does not come back from Twine as it stands."


def _not_played(scenario: Scenario) -> Iterator[str]:
    """Name what Twine keeps but does nothing with, by scene."""
    for scene in scenario.scenes:
        for says in _kept_only(scene):
            yield f"Scene '{scene.id}': {says}"


def _kept_only(scene: Scene) -> Iterator[str]:
    typed = [fact.id for fact in scene.facts if not fact.prompt]
    if typed:
        yield f"only typed words bring out {', '.join(typed)}, and Twine has none: no link leads there."
    later = [item.id for item in scene.facts if item.needs]
    later += [option.id for decision in scene.decisions for option in decision.options if option.needs]
    if later:
        yield f"{', '.join(later)} can be chosen before what it needs is known."
    if scene.questions:
        yield f"the limit of {scene.questions} questions is not kept."
    alone = [inject.id for inject in scene.injects if not inject.after]
    if alone:
        yield f"{', '.join(alone)} comes at a time or when the facilitator says: no link leads there."
    if scene.live:
        yield f"the live guidance '{scene.live}' can't be gone through."
    if scene.hold:
        yield "nobody holds the story at the holding point: whoever reads goes on alone."
