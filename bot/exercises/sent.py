"""An exercise that a trainer sends as a file: read and checked; what is wrong with it in plain words, by line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.checks.scenarios import problems_of_scripts
from bot.library import read_scenario
from bot.scenarios.story import Story

if TYPE_CHECKING:
    from bot.library import Library

MOST_SHOWN = 15
LONGEST_PROBLEM = 200
NAME = "exercise.yaml"


@dataclass(frozen=True, slots=True)
class Read:
    """What a file is: a story and what is in it, or what is wrong with it."""

    story: Story | None
    says: str


def read_exercise(library: Library, data: bytes) -> Read:
    """Read an exercise, with all its mistakes."""
    scripts = read_scenario(data, NAME)
    problems = sorted(set(problems_of_scripts(library, scripts)))
    story = next((Story(one) for one in scripts.scenarios.values()), None)
    if story is not None and not problems:
        return Read(story, in_short(story))
    lines = [f"line {one.line}: {one.says[:LONGEST_PROBLEM]}" for one in problems[:MOST_SHOWN]]
    if len(problems) > MOST_SHOWN:
        lines.append(f"... and {len(problems) - MOST_SHOWN} more.")
    return Read(None, "\n".join(lines))


def in_short(story: Story) -> str:
    """Say how long an exercise takes, and what is in its scenes."""
    scenes = story.scenario.scenes
    listed = [
        f"{number}. {scene.title}: {_count(len(scene.facts), 'fact')}, {_count(len(scene.decisions), 'decision')}"
        for number, scene in enumerate(scenes, 1)
    ]
    return "\n".join((f"{story.scenario.minutes} minutes, {_count(len(scenes), 'scene')}", *listed))


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
